"""Confidence intervals of fitted constants beyond the linear approximation: by profile and by resampling."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq

from eqdarts.data.table import Table
from eqdarts.equation.regression.minimise import local, sum_of_squares
from eqdarts.equation.regression.model import Model
from eqdarts.equation.regression.report import FitReport
from eqdarts.errors import InputDataError
from eqdarts.losses.noise import LossNoise

_FARTHEST = 200.0  # standard errors that a profile is followed before a limit counts as infinite
_LOST = 0.5  # most resamples whose fit may fail


def interval_limits(fit: FitReport, method: str, level: float, resampling: Resampling) -> tuple[np.ndarray, np.ndarray]:
    """Limits [K], [K] of the constants, "asymptotic", by "profile" or by "bootstrap".

    Raises
    ------
    InputDataError
        If the method is not for such a fit, or needs rows that are not kept.
    """
    if method == "asymptotic":
        return fit.intervals(level)
    if fit.x_error is not None and method == "bootstrap" and resampling.kind == "residual":
        raise InputDataError("resampling='residual' keeps the columns as they are, which have errors here; use 'pairs'")
    if isinstance(fit.noise, LossNoise):
        raise InputDataError(
            f"method={method!r} is of least squares, and the fit had loss={fit.noise.loss.name!r}; use "
            "method='asymptotic'"
        )
    if fit.model is None:
        raise InputDataError(f"method={method!r} needs the rows, which are not kept here; refit the equation")
    return profile(fit, fit.model, level) if method == "profile" else bootstrap(fit, fit.model, level, resampling)


def profile(report: FitReport, model: Model, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Limits [K], [K] at which the sum of squares, least over the other constants, reaches that of the level.

    |τ(θ_k)| = t(level), τ² = (S(θ_k) − S)/s² (Bates & Watts 1988, section 6.1). Infinite where it never does.
    """
    reach = report.reach(level)
    K = len(report.names)
    low, high = np.full(K, np.nan), np.full(K, np.nan)
    for k in range(K):
        error = report.std_errors[k]
        if np.isfinite(error) and error > 0 and np.isfinite(reach):
            low[k], high[k] = (_Profile(report, model, k).limit(sign, reach) for sign in (-1, 1))
        elif np.isinf(error):
            low[k], high[k] = -np.inf, np.inf
    return low, high


class _Profile:
    """The sum of squares as a function of one constant."""

    def __init__(self, report: FitReport, model: Model, k: int) -> None:
        keep = np.arange(len(report.names)) != k
        self._center, self._error = float(report.values[k]), float(report.std_errors[k])
        self._bounds = float(model.lower[k]), float(model.upper[k])
        self._least = sum_of_squares(model, report.values)
        known = report.noise.known
        self._variance = self._least / report.degrees_of_freedom if known is None else (known / model.scale) ** 2
        self._start = report.values[keep]
        # The constant becomes a column, so that one compiled formula serves all its values.
        self._rows = model.rows
        others = tuple(c for c, kept in zip(model.constants, keep, strict=True) if kept)
        self._model = replace(
            model, columns=(*model.columns, model.constants[k]), constants=others, rows=self._at(self._center),
            lower=model.lower[keep], upper=model.upper[keep],
        )  # fmt: skip
        self._known = {0.0: (self._start, 0.0)}

    def _at(self, value: float) -> Table:
        rows = self._rows
        return Table(np.column_stack([rows.X, np.full(len(rows), value)]), rows.y, weights=rows.weights)

    def tau(self, distance: float) -> float:
        """√((S − S_min)/s²) at so many standard errors from the optimum; infinite where undefined.

        Of a place where it was asked for it stays what it was: without noise another start has other rounding, of the
        size of τ itself.
        """
        if distance in self._known:
            return self._known[distance][1]
        model = self._model.on(self._at(self._center + distance * self._error))
        near = min(self._known, key=lambda d: abs(d - distance))
        start, _ = self._known[near]
        if len(start):
            found = local(model, start)
            if found is None:
                return np.inf
            start = found
        tau = float(np.sqrt(max(0.0, (sum_of_squares(model, start) - self._least) / self._variance)))
        self._known[distance] = start, tau
        return tau

    def limit(self, sign: int, reach: float) -> float:
        """Where τ reaches this value on one side, or the bound, if it does not up to there."""
        bound = self._bounds[0 if sign < 0 else 1]
        farthest = min(_FARTHEST, abs(bound - self._center) / self._error)
        inner, outer = 0.0, min(reach, farthest)
        while self.tau(sign * outer) < reach:
            if outer >= farthest:
                return bound
            inner, outer = outer, min(1.5 * outer, farthest)
        root = brentq(lambda d: min(self.tau(sign * d), 2 * reach) - reach, inner, outer, xtol=1e-4, rtol=1e-6)
        return self._center + sign * float(root) * self._error


@dataclass(frozen=True)
class Resampling:
    """How tables are drawn: "residual" keeps X and redraws the residuals, "pairs" redraws whole rows."""

    kind: str
    count: int
    seed: int


def bootstrap(report: FitReport, model: Model, level: float, resampling: Resampling) -> tuple[np.ndarray, np.ndarray]:
    """Percentile limits [K], [K] of the constants of resampled tables (Efron & Tibshirani 1993, chapters 9 and 13).

    Raises
    ------
    ArithmeticError
        If the fits of more than half the tables fail.
    """
    draws = resampled(report, model, resampling)
    fine = draws[np.isfinite(draws).all(axis=1)]
    if len(fine) < _LOST * len(draws) or len(fine) < 2:
        raise ArithmeticError(f"{len(draws) - len(fine)} of {len(draws)} resampled tables could not be fitted")
    low, high = np.quantile(fine, [0.5 - level / 2, 0.5 + level / 2], axis=0)
    return low, high


def resampled(report: FitReport, model: Model, resampling: Resampling) -> np.ndarray:
    """Constants [B, K] of resampled tables, each fitted from the constants of the table itself; NaN where it fails."""
    rng = np.random.default_rng(resampling.seed)
    rows, n, K = model.rows, len(model.rows), len(report.names)
    root = rows.roots
    value = np.broadcast_to(model.code.value(*rows.X.T, *report.values), (n,))
    # Residuals are smaller than errors, for the formula was fitted to them.
    residual = (rows.y - value) * root * np.sqrt(n / max(report.degrees_of_freedom, 1))
    residual = residual - residual.mean()
    out = np.full((resampling.count, K), np.nan)
    for b in range(resampling.count):
        drawn = rng.integers(n, size=n)
        new_y = value + residual[drawn] / root
        new = replace(rows, y=new_y) if resampling.kind == "residual" else rows.rows(drawn)
        theta = local(model.on(new), report.values)
        if theta is not None:
            out[b] = theta
    return out
