"""What rows say of rows that are near them: is y a function of these columns, and are residuals noise?

A row is predicted by a plane through its neighbours.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree
from scipy.stats import rankdata

from eqdarts.data.table import Table

_ASKED = 300  # rows that are predicted, at the most; not tuned
_DEVIATIONS = 2.0  # standard ones, by which noise may look as if rows knew of their neighbours
_TELLING = 0.5  # rows tell noise from a law that is not found yet, if all that noise looks like is above this share

#: Rows, their neighbours, and what fits planes through these: see `planes_of`.
Planes = tuple[np.ndarray, np.ndarray, np.ndarray]


def planes_of(X: np.ndarray) -> Planes:
    """Rows [q], their nearest others [q, k] by the ranks of the columns, and what fits planes through these: the first
    row of [q, 1 + m, k] gives their value at the row itself."""
    n, m = X.shape
    u = rankdata(X, axis=0) / n
    asked = np.linspace(0, n - 1, min(_ASKED, n)).astype(int)
    near = cKDTree(u).query(u[asked], range(1, min(2 * m + 4, n) + 1))[1][:, 1:]  # without the row itself
    offsets = u[near] - u[asked][:, None]  # [q, k, m]
    design = np.concatenate([np.ones((*near.shape, 1)), offsets], axis=2)
    return asked, near, np.linalg.pinv(design, rcond=1e-6)


def ambiguity(X: np.ndarray, y: np.ndarray, root_weights: np.ndarray | None = None) -> float:
    """Share of the variance of y [n] that the columns X [n, m] leave open, as far as neighbouring rows can tell.

    Rows are predicted by a plane through their neighbours: of a function of few columns hardly anything is left, and
    much where two rows agree in all columns but not in y.
    """
    return left_open(planes_of(X), y, root_weights)


def left_open(planes: Planes, y: np.ndarray, root_weights: np.ndarray | None = None) -> float:
    """The same where the planes are known."""
    root = np.ones(len(y)) if root_weights is None else root_weights
    asked, near, through = planes
    level = (through @ y[near][:, :, None])[:, 0, 0]  # [q]
    left = np.mean((root[asked] * (level - y[asked])) ** 2)
    return float(left / np.var(root * y))


def structure(planes: Planes, residual: np.ndarray) -> tuple[float, int]:
    """How little rows tell of the residuals [n] of their neighbours, and how many were asked.

    The square error of the planes of `ambiguity` through the ranks of the residuals, over what it is on average where
    residuals have nothing to do with each other: about 1 for noise, and next to nothing where they follow a smooth
    function of few columns. Ranks, as a few large residuals, such as at a pole, would decide alone.
    """
    asked, near, through = planes
    ranks = rankdata(residual) / len(residual) - 0.5
    weights = through[:, 0, :]  # [q, k]
    error = np.mean(((weights * ranks[near]).sum(axis=1) - ranks[asked]) ** 2)
    expected = (1.0 + np.mean((weights**2).sum(axis=1))) * np.mean(ranks**2)
    return float(error / expected), len(asked)


def holds_nothing(table: Table, residual: np.ndarray, sure: bool = False) -> bool:
    """Is what a graph leaves of the rows [n] noise, as far as neighbouring rows can tell?

    A graph that imitates a law leaves something smooth of it. sure: only if there are rows enough to see that
    """
    share, least = _heard(table, residual)
    return share > least and (least > _TELLING or not sure)


def holds_something(table: Table, residual: np.ndarray) -> bool:
    """Is it no noise, and are there rows enough to see that?"""
    share, least = _heard(table, residual)
    return share <= least and least > _TELLING


def _heard(table: Table, residual: np.ndarray) -> tuple[float, float]:
    """How little rows tell of residuals of their neighbours, and the least that noise may look like."""
    if not np.isfinite(residual).all():
        return 0.0, 0.0
    share, rows = structure(table.once(_planes), residual)
    return share, float(1.0 - _DEVIATIONS * np.sqrt(2.0 / rows))


def _planes(table: Table) -> Planes:
    return planes_of(table.X)
