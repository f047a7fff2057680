"""How well the constants of a fitted formula are known, and how well it fits."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import sympy
from scipy import stats

from eqdarts.data.zero import Target
from eqdarts.equation.regression.minimise import Optimum
from eqdarts.equation.regression.model import Model
from eqdarts.fit.covariance import residual_variance, spread
from eqdarts.simplify.description import description_length


@dataclass(frozen=True, eq=False)
class FitReport:
    """What least squares says about the constants of one formula.

    Weights are relative: errors with a weight of 4 are half as large as those with a weight of 1, and their
    size is estimated from the residuals.

    Attributes
    ----------
    names : tuple of str
        The K fitted constants.
    values, std_errors : array [K]
        Standard errors are infinite where the rows do not determine a constant, and NaN at a bound or without
        degrees of freedom.
    covariance : array [K, K]
        s²·(JᵀWJ)⁻¹ at the optimum (Bates & Watts 1988, eq. 2.8); NaN where a standard error is not finite.
    rss : float
        Weighted residual sum of squares, in squared units of the target.
    observations, degrees_of_freedom : int
        Rows with a positive weight, and these less K.
    residual_std : float
        √(rss / degrees of freedom); NaN without any.
    aic, bic : float
        Of normal errors, their variance counted as a parameter.
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
    model: Model | None = field(default=None, repr=False)  # formula and rows, for intervals that need them

    def intervals(self, level: float) -> tuple[np.ndarray, np.ndarray]:
        """Asymptotic limits [K], [K] by Student's t."""
        reach = stats.t.ppf(0.5 + level / 2, self.degrees_of_freedom) if self.degrees_of_freedom > 0 else np.nan
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
    def correlation(self) -> pd.DataFrame:
        """Correlations of the constants [K, K]; NaN where an error is not finite."""
        with np.errstate(all="ignore"):
            matrix = self.covariance / np.outer(self.std_errors, self.std_errors)
        return pd.DataFrame(matrix, index=list(self.names), columns=list(self.names))

    def __str__(self) -> str:
        lines = [
            self.table.to_string(),
            f"residual standard deviation {self.residual_std:.6g} on {self.degrees_of_freedom} degrees of freedom",
            f"RSS {self.rss:.6g}, AIC {self.aic:.6g}, BIC {self.bic:.6g}, MDL {self.mdl:.6g}",
            f"{'converged' if self.converged else 'not converged'}: {self.message}; condition {self.condition:.2g}",
        ]
        if self.undetermined:
            lines.append(f"not determined by the rows: {', '.join(self.undetermined)}")
        return "\n".join(lines)


def report(
    model: Model,
    optimum: Optimum,
    *,
    confidence: float,
    fixed: dict[str, float],
    observations: int,
    expression: sympy.Expr,
    inflation: float = 1.0,
) -> FitReport:
    """The statistics of an optimum.

    observations: rows of the user's table with a positive weight
    expression: the formula with its numbers   inflation: rows of the table for each row of the model
    """
    theta, rows = optimum.theta, model.rows
    n, K = observations, len(theta)
    held = model.held(theta)
    _, J = model.linearise(theta)
    found = spread(np.nan_to_num(J.T, nan=0.0, posinf=0.0, neginf=0.0), held)
    freedom = n - K + int(held.sum())
    # In units of the scale, whose square may leave the range of doubles.
    inner_rss = optimum.loss * inflation
    unit = np.sqrt(residual_variance(optimum.loss, n, n - freedom))
    with np.errstate(over="ignore", under="ignore"):
        rss = float(np.float64(inner_rss) * model.scale * model.scale)
    with np.errstate(invalid="ignore"):
        errors = np.where(np.isinf(found.errors), np.inf, found.errors * unit)
    names = [c.name for c in model.constants]
    weights = np.ones(len(rows)) if rows.weights is None else rows.weights
    deviance = _deviance(inner_rss, n, weights, inflation) + 2 * n * np.log(model.scale)
    relative = float(Target.of(rows.y / model.scale, weights).loss(optimum.loss / weights.sum()))
    return FitReport(
        names=tuple(names),
        values=theta,
        std_errors=errors,
        covariance=found.inverse * unit * unit,
        rss=rss,
        observations=n,
        degrees_of_freedom=freedom,
        residual_std=float(unit * np.sqrt(inflation) * model.scale),
        aic=deviance + 2 * (K + 1),
        bic=deviance + np.log(n) * (K + 1),
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
        model=model,
    )


def _deviance(rss: float, n: int, weights: np.ndarray, inflation: float) -> float:
    """−2 log L of normal errors whose variance is rss/n over the weight of a row."""
    with np.errstate(divide="ignore"):
        return float(n * (np.log(2 * np.pi) + 1 + np.log(rss / n)) - inflation * np.log(weights).sum())
