"""A table that a loss is to be taken of, or one line that says why it cannot be."""

from __future__ import annotations

from dataclasses import replace

from numpy.typing import ArrayLike

from eqdarts.data.cells import checked_weights
from eqdarts.data.table import Table
from eqdarts.losses.loss import Loss
from eqdarts.options_together import check_together


def weighed_for(loss: Loss, table: Table, sample_weight: ArrayLike | None, y_error: ArrayLike | None = None) -> Table:
    """The table with the weights of its rows.

    Raises
    ------
    InputDataError
        Naming the row, or the options that contradict each other.
    """
    check_together({"loss": loss}, y_error=y_error)
    weights = checked_weights(sample_weight, len(table))
    loss.check(table.y, weights, table.target)
    return replace(table, weights=weights)
