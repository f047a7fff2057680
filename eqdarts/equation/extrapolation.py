"""Where a model is asked about rows that its training table says nothing about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import sympy
from scipy.optimize import linprog
from scipy.spatial import ConvexHull, QhullError

from eqdarts.data.groups import Groups
from eqdarts.data.kept import Training
from eqdarts.data.noise import ADDITIVE
from eqdarts.equation.equation import Equation
from eqdarts.equation.front import Front
from eqdarts.equation.selection import credibility

_CREDIBLE = 50  # times less belief than the greatest share, and no less
_FACETS = 4  # columns up to which the facets of the hull are computed; beyond, a linear program for each row
_PROGRAMS = 10  # columns up to which these programs are solved; beyond, hardly a new row lies inside any hull
_HULL_ROWS = 2000  # training rows in a linear program
_SQUARES = 1e-280, 1e280  # mean squares that are exact; beyond, relative losses are
_ROUNDING = 1e-9  # of the unit cube, and of the largest y


def extrapolation(X: np.ndarray, front: Front, chosen: Equation, training: Training, threshold: float) -> pd.DataFrame:
    """A row per row of X [n, d]. See `DARTSRegressor.extrapolation`."""
    equations = _credible(front, chosen, training.observations)
    return _flagged(X, equations, _level(chosen, training), training, threshold)


def extrapolation_in_groups(
    X: np.ndarray,
    labels: Any,
    front: Front,
    chosen: Equation,
    training: Training,
    groups: Groups | None,
    threshold: float,
) -> pd.DataFrame:
    """The same of equations with constants by group, each row held against the training rows of its own group.

    labels: the group of each row, or of all   groups: of the training rows
    A group that `refit_group` added, whose rows nobody kept, is held against those of all groups.
    """
    own = chosen.by_group
    assert own is not None, "an equation of groups"
    equations, level = _credible(front, chosen, training.observations), _level(chosen, training)
    apart = groups is not None and any(e.by_group is not None and e.by_group.names for e in equations)
    places, parts = own.places(labels, len(X)), []
    for k in np.unique(places).tolist():
        label, at = own.labels[k], np.flatnonzero(places == k)
        near = training
        if groups is not None and apart and label in groups.labels:
            near = _within(training, groups.place == groups.labels.index(label))
        part = _flagged(X[at], [e.of_group(label) for e in equations], level, near, threshold)
        parts.append(part.set_axis(at, axis=0))
    return pd.concat(parts).sort_index()


def _within(training: Training, some: np.ndarray) -> Training:
    """With some of its rows and their ranges. some: bool [n]"""
    table = training.table.rows(some)
    return replace(training, table=table, low=table.X.min(axis=0), high=table.X.max(axis=0))


def _level(chosen: Equation, training: Training) -> float:
    """The level of the noise, by what the chosen equation leaves of the rows."""
    freedom = max(training.observations - chosen.n_constants, 1)
    level = training.noise.level(chosen.loss)
    if training.noise == ADDITIVE and not _SQUARES[0] < chosen.loss < _SQUARES[1]:
        size = float(np.abs(training.table.y).max())  # squares of such targets leave the doubles
        level = size * float(np.std(training.table.y / size) * np.sqrt(chosen.relative_loss)) if size else 0.0
    return level * float(np.sqrt(training.observations / freedom))


def _flagged(
    X: np.ndarray, equations: Sequence[Equation], level: float, training: Training, threshold: float
) -> pd.DataFrame:
    """equations: the chosen one, and others that a reader may believe as well"""
    columns = equations[0].columns
    used = [k for k, c in enumerate(columns) if any(sympy.Symbol(c) in e.expression.free_symbols for e in equations)]
    found = uncovered(X, columns, used, training.table.X, training.low, training.high)
    with np.errstate(all="ignore"):
        rounding = _ROUNDING * float(np.abs(training.table.y).max())
        residual_std = np.nan_to_num(level * training.noise.spreads(equations[0].predict(X)))
        gap = disagreement(X, equations) / np.maximum(residual_std, max(rounding, 1e-300))
    return with_flags(found, gap, threshold)


def uncovered(
    X: np.ndarray, columns: Sequence[str], used: Sequence[int], points: np.ndarray, low: np.ndarray, high: np.ndarray
) -> pd.DataFrame:
    """Of rows X [n, d] what training rows [m, d] do not cover: outside_range, columns, outside_hull.

    used: places of the columns that are looked at   low, high: of all training rows [d]
    """
    places = list(used)
    below_or_above = (X[:, places] < low[places]) | (X[:, places] > high[places])
    outside = np.asarray(below_or_above.any(axis=1))
    with np.errstate(all="ignore"):
        hull = outside_hull(X[:, places], points[:, places], low[places], high[places], outside)
    named = [", ".join(columns[places[k]] for k in np.flatnonzero(row)) for row in below_or_above]
    return pd.DataFrame({"outside_range": outside, "columns": named, "outside_hull": hull})


def with_flags(found: pd.DataFrame, gap: np.ndarray, threshold: float) -> pd.DataFrame:
    """With the disagreement [n] of equations, and whether a row is outside, or disagreement above the threshold."""
    hull = found["outside_hull"].fillna(False).to_numpy(dtype=bool)
    flagged = found["outside_range"].to_numpy() | hull | ~(gap <= threshold)
    return found.assign(disagreement=gap, flagged=flagged)


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
