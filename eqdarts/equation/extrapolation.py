"""Where a model is asked about rows that its training table says nothing about."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import sympy
from scipy.optimize import linprog
from scipy.spatial import ConvexHull, QhullError

from eqdarts.data.kept import Training
from eqdarts.equation.equation import Equation
from eqdarts.equation.front import Front
from eqdarts.equation.selection import credibility

_CREDIBLE = 50  # times less belief than the greatest share, and no less
_FACETS = 4  # columns up to which the facets of the hull are computed; beyond, a linear program for each row
_PROGRAMS = 10  # columns up to which these programs are solved; beyond, hardly a new row lies inside any hull
_HULL_ROWS = 2000  # training rows in a linear program
_ROUNDING = 1e-9  # of the unit cube, and of the largest y


def extrapolation(X: np.ndarray, front: Front, chosen: Equation, training: Training, threshold: float) -> pd.DataFrame:
    """A row per row of X [n, d]. See `DARTSRegressor.extrapolation`."""
    columns, equations = chosen.columns, _credible(front, chosen, training.observations)
    freedom = max(training.observations - chosen.n_constants, 1)
    level = training.noise.level(chosen.loss) * float(np.sqrt(training.observations / freedom))
    used = [k for k, c in enumerate(columns) if any(sympy.Symbol(c) in e.expression.free_symbols for e in equations)]
    low, high = training.low[used], training.high[used]
    below_or_above = (X[:, used] < low) | (X[:, used] > high)
    named = [", ".join(columns[used[k]] for k in np.flatnonzero(row)) for row in below_or_above]
    outside = np.asarray(below_or_above.any(axis=1))
    with np.errstate(all="ignore"):
        rounding = _ROUNDING * float(np.abs(training.table.y).max())
        residual_std = np.nan_to_num(level * training.noise.spreads(chosen.predict(X)))
        gap = disagreement(X, equations) / np.maximum(residual_std, max(rounding, 1e-300))
        hull = outside_hull(X[:, used], training.table.X[:, used], low, high, outside)
    return pd.DataFrame(
        {
            "outside_range": outside,
            "columns": named,
            "outside_hull": hull,
            "disagreement": gap,
            "flagged": outside | hull.fillna(False).to_numpy(dtype=bool) | ~(gap <= threshold),
        }
    )


def _credible(front: Front, chosen: Equation, observations: int) -> list[Equation]:
    """The chosen equation, and all others that a reader may believe as well."""
    belief = credibility(front, observations)
    least = belief.max() / _CREDIBLE
    return [chosen, *(e for e, share in zip(front, belief, strict=True) if share >= least and e is not chosen)]


def disagreement(X: np.ndarray, equations: Sequence[Equation]) -> np.ndarray:
    """Greatest less least prediction of the equations [n]; infinite where one is undefined."""
    values = np.stack([e.predict(X) for e in equations])
    return np.where(np.isfinite(values).all(axis=0), np.ptp(np.nan_to_num(values), axis=0), np.inf)


def outside_hull(
    X: np.ndarray, points: np.ndarray, low: np.ndarray, high: np.ndarray, outside_range: np.ndarray
) -> pd.Series:
    """Which rows of X [n, d] lie outside the convex hull of the points [m, d]; missing with too many columns."""
    out = pd.Series(outside_range, dtype="boolean")
    varies = high > low
    d = int(varies.sum())
    if d <= 1:
        return out
    if d > _PROGRAMS:
        out[~outside_range] = pd.NA
        return out
    width = (high - low)[varies]
    unit, cloud = ((a[:, varies] - low[varies]) / width for a in (X, points))
    inside = np.flatnonzero(~outside_range)
    if d <= _FACETS and len(cloud) > d:
        try:
            facets = ConvexHull(cloud).equations
        except QhullError:  # flat: the points lie in a plane
            pass
        else:
            out[inside] = (unit[inside] @ facets[:, :-1].T + facets[:, -1]).max(axis=1, initial=-np.inf) > _ROUNDING
            return out
    few = cloud[np.unique(np.linspace(0, len(cloud) - 1, min(_HULL_ROWS, len(cloud))).round().astype(int))]
    out[inside] = [not _is_mixture(row, few) for row in unit[inside]]
    return out


def _is_mixture(row: np.ndarray, points: np.ndarray) -> bool:
    """Is the row a convex combination of the points?"""
    equal = np.vstack([points.T, np.ones(len(points))])
    return bool(linprog(np.zeros(len(points)), A_eq=equal, b_eq=[*row, 1.0], method="highs").status == 0)
