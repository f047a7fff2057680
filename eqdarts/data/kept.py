"""What a fitted model keeps of the table it was fitted on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Values of X that are kept. All rows of a table that is not larger, so that standard errors and resamples are those
#: of the whole table (16 MB); a random sample of a larger one, which fixes standard errors to a per cent.
MOST_VALUES = 2_000_000


@dataclass(frozen=True, eq=False)
class Training:
    """Rows of the training table.

    Attributes
    ----------
    X : array [m, d]
        All columns, in their own units; equal rows of the table may be merged.
    y : array [m]
    weights : array [m] or None
        Of the rows: those that the user gave, times how often the row occurred.
    observations : int
        Rows of the whole table with a positive weight.
    inflation : float
        Total weight of the whole table, for each unit of weight that is kept; 1 if all of it is.
    low, high : array [d]
        Least and greatest value of each column in the whole table.
    """

    X: np.ndarray
    y: np.ndarray
    weights: np.ndarray | None
    observations: int
    inflation: float
    low: np.ndarray
    high: np.ndarray


def keep(
    X: np.ndarray, y: np.ndarray, weights: np.ndarray | None, observations: int, most: int = MOST_VALUES
) -> Training:
    """The training table, or a random sample of a large one."""
    low, high = X.min(axis=0), X.max(axis=0)
    if weights is not None and (weights == 1).all():
        weights = None
    if X.size <= most:
        return Training(X, y, weights, observations, 1.0, low, high)
    # A generator of its own, so that the search's random numbers stay what they are.
    rows = np.sort(np.random.default_rng(0).choice(len(y), max(1, most // X.shape[1]), replace=False))
    kept = None if weights is None else weights[rows]
    total, sampled = (len(y), len(rows)) if weights is None or kept is None else (weights.sum(), kept.sum())
    return Training(X[rows], y[rows], kept, observations, float(total / sampled), low, high)
