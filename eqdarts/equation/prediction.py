"""How far a prediction may be off: what is not known of the constants, and the noise of an observation.

The standard error of a prediction is √(g·C·gᵀ), with g its slopes by the constants and C their covariance (the delta
method: Bates & Watts 1988, section 2.3); an observation adds the variance of the noise. The form of the equation is
taken as known, as it is in C.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import sympy
from numpy.typing import ArrayLike

from eqdarts.equation.regression.model import Model
from eqdarts.equation.regression.report import FitReport
from eqdarts.errors import InputDataError, check_choice, shown, warn
from eqdarts.fit.covariance import residual_variance, spread_of_values
from eqdarts.formula.substitution import put_in
from eqdarts.formula.tape import tape
from eqdarts.losses.loss import Loss
from eqdarts.losses.noise import LossNoise
from eqdarts.simplify.singularities import with_limits

KINDS = ("observation", "mean")


class Interval(NamedTuple):
    """Predictions and their limits, arrays [n]: ``value, low, high = law.predict(X, interval=0.95)``.

    Three arrays, as predictions are one; ``pd.DataFrame(limits._asdict(), index=X.index)`` is a table of them.
    """

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray


def check_interval(level: object, kind: object) -> None:
    """Raise `InputDataError` unless this is a level, and a kind of interval."""
    if isinstance(level, bool) or not isinstance(level, (int, float, np.number)) or not 0 < float(level) < 1:
        raise InputDataError(f"interval={shown(level)}: expected a number between 0 and 1, such as 0.95")
    check_choice("kind", kind, KINDS)


def limits(
    fit: FitReport,
    columns: Sequence[str],
    X: np.ndarray,
    value: np.ndarray,
    level: float,
    kind: str = "observation",
    y_error: ArrayLike | None = None,
) -> Interval:
    """Limits of an observation, or of the mean of many, at rows X [n, d] where the equation has these values [n].

    They are infinite where the rows of the fit do not determine the value, or without these rows, as in a file, where
    they do not determine a constant that it depends on; and NaN where the equation is undefined, or the fit has no
    degrees of freedom. A warning says so.

    y_error: standard deviations of the errors of the observations; by default as the fit shows them

    Raises
    ------
    InputDataError
        If the size of the error of an observation is neither given nor known.
    """
    check_interval(level, kind)
    if isinstance(fit.noise, LossNoise):
        return _of_mean(fit, fit.noise.loss, columns, X, value, level, kind)
    error = None if kind == "mean" else _noise(fit, value, y_error)
    with np.errstate(all="ignore"):
        deviation = _deviations(fit, columns, X, value)
        if error is not None:
            deviation = np.hypot(deviation, error)
        reach = fit.reach(level) * deviation
        reach[~np.isfinite(value)] = np.nan
    if np.isinf(reach).any():
        warn(
            f"the rows of the fit do not determine {', '.join(fit.undetermined)}: the limits are infinite on "
            f"{int(np.isinf(reach).sum())} of {len(reach)} rows"
        )
    if fit.degrees_of_freedom <= 0 and fit.noise.known is None:
        warn("the equation has as many constants as the fit had rows: its errors, and so limits, are not known")
    return Interval(value, value - reach, value + reach)


def _of_mean(
    fit: FitReport, loss: Loss, columns: Sequence[str], X: np.ndarray, value: np.ndarray, level: float, kind: str
) -> Interval:
    """Limits of the mean by a loss: those of its score, so that a chance stays between 0 and 1."""
    if kind != "mean":
        raise InputDataError(
            f"limits of single observations are not known by loss={loss.name!r}; ask for those of the law itself by "
            'kind="mean" (--kind mean)'
        )
    with np.errstate(all="ignore"):
        score = loss.link.score(value)
        reach = fit.reach(level) * _deviations(fit, columns, X, value) / loss.link.slope(score)
        reach = np.where(np.isfinite(value), reach, np.nan)
        return Interval(value, loss.link.mean(score - reach), loss.link.mean(score + reach))


def _noise(fit: FitReport, value: np.ndarray, y_error: ArrayLike | None) -> np.ndarray:
    """The standard deviation [n] of an observation at these values of the equation."""
    if y_error is not None:
        try:
            given = np.broadcast_to(np.asarray(y_error, dtype=float), np.shape(value))
        except (TypeError, ValueError) as wrong:
            raise InputDataError(f"y_error: expected a number, or one for each of {len(value)} rows") from wrong
        if not (np.isfinite(given) & (given >= 0)).all():
            raise InputDataError("y_error: expected finite numbers that are not negative")
        return given
    if fit.noise.known is not None:
        raise InputDataError(
            "the errors of the rows were given, so those of new observations are not known: give y_error=, or ask for "
            'the limits of the law itself by kind="mean" (--kind mean)'
        )
    level = fit.residual_std / fit.noise.unit if fit.noise.depends_on_law else fit.residual_std
    return np.asarray(level * fit.noise.spreads(value))  # squares of large values would overflow


def _deviations(fit: FitReport, columns: Sequence[str], X: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Standard errors [n] of the values, by the covariance of the constants; those at a bound have no error."""
    slopes = _slopes(fit, columns, X, value)
    held = np.array([name in fit.at_bound for name in fit.names], dtype=bool)
    if fit.undetermined and fit.model is not None:
        return _by_rows(fit, fit.model, held, slopes)
    errors = np.where(held, 0.0, fit.std_errors)
    lost = np.isinf(errors)
    endless = (slopes[:, lost] != 0).any(axis=1)
    used = np.isfinite(errors) & (errors > 0)
    # In units of the errors, as constants may be 1e150 and 1e-9 beside each other.
    correlation = fit.covariance[np.ix_(used, used)] / np.outer(errors[used], errors[used])
    steps = slopes[:, used] * errors[used]
    deviation = np.sqrt(np.maximum(np.einsum("nk,kl,nl->n", steps, correlation, steps), 0.0))
    unknown = np.isnan(errors).any()
    return np.where(endless, np.inf, np.nan if unknown else deviation)


def _by_rows(fit: FitReport, model: Model, held: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """The same from the rows of the fit: they may determine a value though not all of its constants."""
    residual, J = model.linearise(fit.values)
    squares = float(residual @ residual)
    if fit.noise.known is None:
        unit = np.sqrt(residual_variance(squares, fit.degrees_of_freedom, 0))
    else:  # rows that are kept may be a part of those of the fit
        share = squares / (fit.rss / model.scale**2) if fit.rss > 0 else 1.0
        unit = fit.noise.known / model.scale * np.sqrt(share)
    return np.asarray(unit * spread_of_values(np.nan_to_num(J.T, nan=0.0, posinf=0.0, neginf=0.0), held, slopes))


def _slopes(fit: FitReport, columns: Sequence[str], X: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Derivatives [n, K] of the equation by its constants; their limit where they have one only, as the equation."""
    names = {symbol.name for symbol in fit.template.free_symbols}
    places = [k for k, name in enumerate(columns) if name in names]
    inputs, constants = tuple(sympy.Symbol(columns[k]) for k in places), tuple(map(sympy.Symbol, fit.names))
    rows = X[:, places]
    code = tape(fit.template, [*inputs, *constants])
    by = range(len(inputs), len(inputs) + len(constants))
    _, found = code.linearise(by, *rows.T, *fit.values)
    slopes = np.column_stack([np.zeros((len(X), 0)), *(np.broadcast_to(slope, len(X)) for slope in found)])
    at_limit = np.isfinite(value) & ~np.isfinite(slopes).all(axis=1)
    if at_limit.any():
        numbers = {c: sympy.Float(v) for c, v in zip(constants, fit.values, strict=True)}
        for k, constant in enumerate(constants):
            slope = put_in(sympy.diff(fit.template, constant), numbers)
            slopes[at_limit, k] = with_limits(slope, inputs, rows[at_limit], slopes[at_limit, k])
    return slopes
