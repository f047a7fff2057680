"""A table that a loss is to be taken of, or one line that says why it cannot be."""

from __future__ import annotations

from dataclasses import replace

from numpy.typing import ArrayLike

from eqdarts.data.cells import checked_weights
from eqdarts.data.noise import Noise
from eqdarts.data.table import Table
from eqdarts.errors import InputDataError
from eqdarts.losses.loss import Loss
from eqdarts.losses.named import SQUARED
from eqdarts.losses.noise import LossNoise


def weighed_for(loss: Loss, table: Table, sample_weight: ArrayLike | None, y_error: ArrayLike | None = None) -> Table:
    """The table with the weights of its rows.

    Raises
    ------
    InputDataError
        Naming the row, or the options that contradict each other.
    """
    if y_error is not None:
        check_no_errors(loss)
    weights = checked_weights(sample_weight, len(table))
    loss.check(table.y, weights, table.target)
    return replace(table, weights=weights)


def check_no_errors(loss: Loss) -> None:
    """Raise `InputDataError`, unless it is least squares: errors of rows were given."""
    if loss != SQUARED:
        raise InputDataError(
            f"y_error belongs to least squares, and loss={loss.name!r} has its own idea of errors; leave one of them "
            "out"
        )


def check_unit_of_score(noise: Noise) -> None:
    """Raise `InputDataError` if units are given for a target that is exp or a chance of what is searched."""
    if isinstance(noise, LossNoise) and noise.loss.link.name != "identity":
        raise InputDataError(
            f"units: loss={noise.loss.name!r} searches a score, which has no unit, and not the target itself; leave "
            "units out"
        )
