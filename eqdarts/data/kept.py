"""What a fitted model keeps of the table it was fitted on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from eqdarts.data.noise import ADDITIVE, Noise
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
        a row occurred, times those of the noise.
    observations : int
        Rows of the whole table with a positive weight.
    inflation : float
        Total weight of the whole table, for each unit of weight that is kept; 1 if all of it is.
    low, high : array [d]
        Least and greatest value of each column in the whole table.
    noise : Noise
    counts : array or None
        The weights without those of the noise.
    """

    table: Table
    observations: int
    inflation: float
    low: np.ndarray
    high: np.ndarray
    noise: Noise = ADDITIVE
    counts: np.ndarray | None = None

    @property
    def as_given(self) -> Table:
        """The table with the weights that it had before its noise was known."""
        return replace(self.table, weights=self.counts) if self.noise.depends_on_law else self.table


def keep(
    table: Table, observations: int, noise: Noise = ADDITIVE, counts: np.ndarray | None = None, most: int = MOST_VALUES
) -> Training:
    """The training table, or a random sample of a large one.

    observations: rows with a positive weight, before equal ones were merged
    counts: [n], the weights without those of the noise
    """
    low, high = table.X.min(axis=0), table.X.max(axis=0)
    if table.weights is not None and (table.weights == 1).all():
        table = replace(table, weights=None)
    if table.X.size <= most:
        return Training(table, observations, 1.0, low, high, noise, counts)
    # A generator of its own, so that the search's random numbers stay what they are.
    sample = np.random.default_rng(0).choice(len(table), max(1, most // table.X.shape[1]), replace=False)
    sample = np.sort(sample)
    kept = table.rows(sample)
    total, sampled = (len(part) if part.weights is None else part.weights.sum() for part in (table, kept))
    counted = None if counts is None else counts[sample]
    return Training(kept, observations, float(total / sampled), low, high, noise, counted)
