"""How well the constants of a fitted formula are known, and how well it fits."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import sympy
from scipy import stats

from eqdarts.data.noise import ADDITIVE, Noise
from eqdarts.data.zero import Target
from eqdarts.equation.regression.column_errors import ColumnErrors
from eqdarts.equation.regression.minimise import Optimum
from eqdarts.equation.regression.model import Model
from eqdarts.fit.covariance import residual_variance, spread
from eqdarts.formula.pickled import KeepsFormulas
from eqdarts.formula.visible import visible_lines
from eqdarts.losses.noise import LossNoise
from eqdarts.simplify.description import description_length


@dataclass(frozen=True, eq=False)
class FitReport(KeepsFormulas):
    """What least squares says about the constants of one formula.

    Weights are relative: errors with a weight of 4 are half as large as those with a weight of 1, and their
    size is estimated from the residuals; but for errors that were given, which are taken at their word.

    Attributes
    ----------
    names : tuple of str
        The K fitted constants.
    values, std_errors : array [K]
        Standard errors are infinite where the rows do not determine a constant, and NaN at a bound or without
        degrees of freedom.
    covariance : array [K, K]
        s²·(JᵀWJ)⁻¹ at the optimum (Bates & Watts 1988, eq. 2.8), of given errors (JᵀWJ)⁻¹ with W = 1/error²; NaN where
        a standard error is not finite.
    rss : float
        Weighted residual sum of squares, in squared units of the target.
    observations, degrees_of_freedom : int
        Rows with a positive weight, and these less K.
    residual_std : float
        √(rss / degrees of freedom); NaN without any.
    aic, bic : float
        Of normal errors, their variance counted as a parameter unless it was given.
    mdl : float
        Nats to write down residuals and formula, as `eqdarts.equation.selection.choose` counts them.
    converged : bool
    message : str
        What ended the fit, in words.
    starts, starts_agreeing : int
        Starting points tried, and those that reached this optimum.
    condition : float
        Of the Jacobian with its columns scaled to length 1; infinite if constants are not determined.
    identifiable : bool
        Do the rows determine every constant?
    undetermined, at_bound : tuple of str
        The constants that they do not determine, and those that a bound holds.
    fixed : dict of str to float
        Constants that were given.
    confidence : float
        Of the intervals in `Equation.constants`.
    template : sympy.Expr
        The formula with symbols for its fitted constants.
    noise : Noise
        Its form, which stands in the weights, and whether the errors were given; or the loss.
    x_error : ColumnErrors or None
        Errors of columns that were taken in: `rss` and `chi_square` are sums of squared distances then, those along the
        columns included (`eqdarts.equation.regression.orthogonal`).
    deviance : float
        The sum of the loss over rows, which of counts and shares is the deviance; NaN of least squares. By a loss `aic`
        and `bic` are those of its likelihood (NaN where it has none), with the n of `bic` as many as there are rows,
        which may have weights, or of shares as there are trials; standard errors come of its information, or are those
        of M-estimates.
    """

    names: tuple[str, ...]
    values: np.ndarray
    std_errors: np.ndarray
    covariance: np.ndarray
    rss: float
    observations: int
    degrees_of_freedom: int
    residual_std: float
    aic: float
    bic: float
    mdl: float
    converged: bool
    message: str
    starts: int
    starts_agreeing: int
    condition: float
    identifiable: bool
    undetermined: tuple[str, ...]
    at_bound: tuple[str, ...]
    fixed: dict[str, float]
    confidence: float
    template: sympy.Expr
    noise: Noise = ADDITIVE
    deviance: float = np.nan
    x_error: ColumnErrors | None = None
    model: Model | None = field(default=None, repr=False)  # formula and rows, for intervals that need them

    def reach(self, level: float) -> float:
        """Standard errors to either limit of this level: by Student's t; normal where the errors were given."""
        if self.noise.known is not None:
            return float(stats.norm.ppf(0.5 + level / 2))
        return float(stats.t.ppf(0.5 + level / 2, self.degrees_of_freedom)) if self.degrees_of_freedom > 0 else np.nan

    @property
    def chi_square(self) -> float:
        """Residuals in units of the errors that were given, squared and added; NaN where none were."""
        return np.nan if self.noise.known is None else float(self.rss / self.noise.known / self.noise.known)

    def intervals(self, level: float) -> tuple[np.ndarray, np.ndarray]:
        """Asymptotic limits [K], [K] by Student's t; normal where the errors were given."""
        reach = self.reach(level)
        with np.errstate(all="ignore"):
            return self.values - reach * self.std_errors, self.values + reach * self.std_errors

    @property
    def table(self) -> pd.DataFrame:
        """A row per constant: value, std_error, low, high; those that were given have no error."""
        low, high = self.intervals(self.confidence)
        held = np.array(list(self.fixed.values()), dtype=float)
        columns = {
            "value": np.concatenate([self.values, held]),
            "std_error": np.concatenate([self.std_errors, np.zeros(len(held))]),
            "low": np.concatenate([low, held]),
            "high": np.concatenate([high, held]),
        }
        return pd.DataFrame(columns, index=pd.Index([*self.names, *self.fixed], dtype=object))

    @property
    def x_error_effect(self) -> pd.DataFrame:
        """The constants with the errors of the columns and as if every column were exact, a row for each.

        value, std_error: with them; value_exact, std_error_exact: without; change: of the value by them, relative to
        what it is without. A slope that was fitted without them is too flat (attenuation). Empty where none were taken
        in.
        """
        found = self.x_error
        if found is None:
            return pd.DataFrame(columns=["value", "std_error", "value_exact", "std_error_exact", "change"])
        with np.errstate(all="ignore"):
            change = self.values / found.values - 1
        columns = {
            "value": self.values, "std_error": self.std_errors, "value_exact": found.values,
            "std_error_exact": found.std_errors, "change": change,
        }  # fmt: skip
        return pd.DataFrame(columns, index=pd.Index(list(self.names), dtype=object))

    @property
    def correlation(self) -> pd.DataFrame:
        """Correlations of the constants [K, K]; NaN where an error is not finite."""
        with np.errstate(all="ignore"):
            matrix = self.covariance / np.outer(self.std_errors, self.std_errors)
        return pd.DataFrame(matrix, index=list(self.names), columns=list(self.names))

    def __str__(self) -> str:
        if isinstance(self.noise, LossNoise):
            return self._by_loss(self.noise)
        lines = [
            self.table.to_string(),
            f"residual standard deviation {self.residual_std:.6g} on {self.degrees_of_freedom} degrees of freedom",
            f"RSS {self.rss:.6g}, AIC {self.aic:.6g}, BIC {self.bic:.6g}, MDL {self.mdl:.6g}",
            f"{'converged' if self.converged else 'not converged'}: {self.message}; condition {self.condition:.2g}",
        ]
        if self.noise.known is not None:
            lines.append(f"errors as given: chi-square {self.chi_square:.6g}; standard errors do not depend on it")
        elif self.noise.depends_on_law:
            lines.append(f"noise: {self.noise.form}; residuals are weighted by it")
        if self.x_error is not None:
            lines.append(f"errors of columns as given: {self.x_error.text()}; distances are orthogonal")
            lines.append("constants with them and without:")
            lines += self.x_error_effect.to_string(float_format=lambda value: f"{value:.6g}").splitlines()
        if self.undetermined:
            lines.append(f"not determined by the rows: {', '.join(self.undetermined)}")
        return visible_lines("\n".join(lines))

    def _by_loss(self, noise: LossNoise) -> str:
        loss = noise.loss
        size = f"{'deviance' if loss.is_family else 'loss'} {self.deviance:.6g}"
        numbers = [("AIC", self.aic), ("BIC", self.bic), ("MDL", self.mdl)]
        lines = [
            self.table.to_string(),
            f"{loss!r}: {size} on {self.degrees_of_freedom} degrees of freedom",
            ", ".join(f"{name} {value:.6g}" for name, value in numbers if np.isfinite(value)),
            f"{'converged' if self.converged else 'not converged'}: {self.message}; condition {self.condition:.2g}",
        ]
        if loss.is_family:
            lines.insert(2, f"chi-square {self.chi_square:.6g}; standard errors are those of the family")
        if self.undetermined:
            lines.append(f"not determined by the rows: {', '.join(self.undetermined)}")
        return visible_lines("\n".join(lines))


def report(
    model: Model,
    optimum: Optimum,
    *,
    confidence: float,
    fixed: dict[str, float],
    observations: int,
    expression: sympy.Expr,
    inflation: float = 1.0,
    noise: Noise = ADDITIVE,
) -> FitReport:
    """The statistics of an optimum.

    observations: rows of the user's table with a positive weight
    expression: the formula with its numbers   inflation: rows of the table for each row of the model
    noise: whose weights the rows have
    """
    theta, rows = optimum.theta, model.rows
    n, K = observations, len(theta)
    held = model.held(theta)
    _, J = model.linearise(theta)
    found = spread(np.nan_to_num(J.T, nan=0.0, posinf=0.0, neginf=0.0), held)
    freedom = n - K + int(held.sum())
    # In units of the scale, whose square may leave the range of doubles.
    inner_rss = optimum.loss * inflation
    estimated = np.sqrt(residual_variance(optimum.loss, n, n - freedom))
    unit = estimated if noise.known is None else noise.known / model.scale / np.sqrt(inflation)
    with np.errstate(over="ignore", under="ignore"):
        rss = float(np.float64(inner_rss) * model.scale * model.scale)
    with np.errstate(invalid="ignore"):
        errors = np.where(np.isinf(found.errors), np.inf, found.errors * unit)
    names = [c.name for c in model.constants]
    weights = np.ones(len(rows)) if rows.weights is None else rows.weights
    known = None if noise.known is None else (noise.known / model.scale) ** 2
    deviance = _deviance(inner_rss, n, weights, inflation, known) + 2 * n * np.log(model.scale)
    parameters = K + (known is None)
    relative = float(Target.of(rows.y / model.scale, weights).loss(optimum.loss / weights.sum()))
    return FitReport(
        names=tuple(names),
        values=theta,
        std_errors=errors,
        covariance=found.inverse * unit * unit,
        rss=rss,
        observations=n,
        degrees_of_freedom=freedom,
        residual_std=float(estimated * np.sqrt(inflation) * model.scale),
        aic=deviance + 2 * parameters,
        bic=deviance + np.log(n) * parameters,
        mdl=description_length(relative, expression, n),
        converged=optimum.converged,
        message=optimum.message,
        starts=optimum.starts,
        starts_agreeing=optimum.agreeing,
        condition=found.condition,
        identifiable=not found.undetermined.any(),
        undetermined=tuple(c for c, lost in zip(names, found.undetermined, strict=True) if lost),
        at_bound=tuple(c for c, at in zip(names, held, strict=True) if at),
        fixed=fixed,
        confidence=confidence,
        template=model.form,
        noise=noise,
        model=model,
    )


def _deviance(rss: float, n: int, weights: np.ndarray, inflation: float, known: float | None) -> float:
    """−2 log L of normal errors whose variance is rss/n over the weight of a row, or a known one over that.

    NaN where a known one is zero, as that of an exact law by another loss, whose likelihood is not this.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        of_size = 1 + np.log(rss / n) if known is None else np.log(known) + np.float64(rss) / known / n
        return float(n * (np.log(2 * np.pi) + of_size) - inflation * np.log(weights).sum())
