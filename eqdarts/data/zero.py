"""When is something zero? One ladder: shares of the variance of y, beyond what the spacing of doubles at y leaves.

What a law explains is the variance of y: 10¹¹ + 3·x has no less to find than 3·x. And of values near 10¹¹ a double
keeps no more than about 10⁻⁵, which no equation can be asked for. So losses are mean squared errors, less what
arithmetic at y leaves, in units of the variance of y, and the rungs below are such losses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from eqdarts.data.table import Table

_SPACINGS = 4.0  # of doubles at y that an exact law may be off, in the root mean square (not tuned)
_STORED = 1e-16  # of the size of y: what storing it as a double leaves, about half a spacing


@dataclass(frozen=True)
class Ladder:
    """Losses below which something is zero, the strictest first; none is tuned.

    Attributes
    ----------
    polished : float
        The fit of a formula is done: close to the square of the spacing of doubles, as the last digits of its constants
        say which simple numbers they may be.
    converged : float
        The fit of a graph is done: well below `exact`.
    proven : float
        An equation with few constants is the law, and ends the search; as strict as the fits are.
    exact : float
        A graph or an equation is exact: smaller losses differ by the order of operations only.
    summed : float
        A sum of given terms is exact: what it leaves is a difference of sums of squares, which holds fewer digits.
    unsettled : float
        Losses say nothing more before a fit has converged, after a few steps.
    quiet : float
        Data of which some graph leaves no more have no noise.
    """

    polished: float = 1e-31
    converged: float = 1e-26
    proven: float = 1e-26
    exact: float = 1e-24
    summed: float = 1e-14
    unsettled: float = 1e-8
    quiet: float = 1e-7

    @property
    def term(self) -> float:
        """The share of the standard deviation of y below which a term is nothing: its square is an exact loss.

        Such terms are what a readout leaves of a node that it does not need.
        """
        return float(np.sqrt(self.exact))


LADDER = Ladder()


@dataclass(frozen=True)
class Target:
    """What losses are measured by.

    Attributes
    ----------
    variance : float
        Of y; its mean square if it does not vary, and 1 if it is zero.
    rounding : float
        The mean square of what arithmetic on doubles of the size of y leaves.
    """

    variance: float
    rounding: float

    @classmethod
    def of(cls, y: np.ndarray, weights: np.ndarray | None = None) -> Target:
        """Of values y [n] with row weights [n]."""
        mean = np.average(y, weights=weights)
        variance = float(np.average((y - mean) ** 2, weights=weights))
        rounding = float(np.average(spacings(y) ** 2, weights=weights))
        constant = variance <= rounding
        return cls((float(np.average(y**2, weights=weights)) if constant else variance) or 1.0, rounding)

    @property
    def deviation(self) -> float:
        """The standard deviation of y."""
        return float(np.sqrt(self.variance))

    def loss(self, square: Any) -> Any:
        """Mean squared errors, a number or an array, as losses; infinite and undefined ones stay."""
        return np.maximum(square - self.rounding, 0.0) / self.variance


def measure_of(table: Table) -> Target:
    """What losses on a table are measured by."""
    return table.once(_measured)


def _measured(table: Table) -> Target:
    with np.errstate(over="ignore"):
        return Target.of(table.y, table.weights)


def spacings(y: Any) -> Any:
    """What arithmetic in their own precision leaves of values y, a number or an array."""
    return _SPACINGS * np.spacing(np.abs(y))


def stored(y: np.ndarray) -> np.ndarray:
    """The squares of what storing values y as doubles leaves; less than the squares of `spacings`."""
    return np.square(_STORED * y)


def fitted_below(y: np.ndarray, rung: float) -> np.ndarray:
    """The mean squared error [...] at which a fit to y [..., n] is done: such a loss, or what storing y leaves."""
    return rung * np.var(y, axis=-1) + np.mean(stored(y), axis=-1)
