"""What a fitted model keeps of the table it was fitted on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from eqdarts.data.table import Table

#: Values of X that are kept. All rows of a table that is not larger, so that standard errors and resamples are those
#: of the whole table (16 MB); a random sample of a larger one, which fixes standard errors to a per cent.
MOST_VALUES = 2_000_000


@dataclass(frozen=True, eq=False)
class Training:
    """Rows of the training table.

    Attributes
    ----------
    table : Table
        All columns, in their own units; equal rows may be merged. Weights are those that the user gave, times how often
        a row occurred.
    observations : int
        Rows of the whole table with a positive weight.
    inflation : float
        Total weight of the whole table, for each unit of weight that is kept; 1 if all of it is.
    low, high : array [d]
        Least and greatest value of each column in the whole table.
    """

    table: Table
    observations: int
    inflation: float
    low: np.ndarray
    high: np.ndarray


def keep(table: Table, observations: int, most: int = MOST_VALUES) -> Training:
    """The training table, or a random sample of a large one.

    observations: rows with a positive weight, before equal ones were merged
    """
    low, high = table.X.min(axis=0), table.X.max(axis=0)
    if table.weights is not None and (table.weights == 1).all():
        table = replace(table, weights=None)
    if table.X.size <= most:
        return Training(table, observations, 1.0, low, high)
    # A generator of its own, so that the search's random numbers stay what they are.
    sample = np.random.default_rng(0).choice(len(table), max(1, most // table.X.shape[1]), replace=False)
    kept = table.rows(np.sort(sample))
    total, sampled = (len(part) if part.weights is None else part.weights.sum() for part in (table, kept))
    return Training(kept, observations, float(total / sampled), low, high)
