"""When is something zero? One ladder: shares of the variance of y, beyond what the spacing of doubles at y leaves.

What a law explains is the variance of y: 10¹¹ + 3·x has no less to find than 3·x. And of values near 10¹¹ a double
keeps no more than about 10⁻⁵, which no equation can be asked for. So losses are mean squared errors, less what
arithmetic at y leaves, in units of the variance of y, and the rungs below are such losses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

#: The fit of a graph is done.
CONVERGED = 1e-26
#: An equation with few constants that leaves less is the law.
PROVEN = 1e-26
#: A graph or an equation is exact: losses below this differ by the order of operations only.
EXACT = 1e-24
#: Losses below this say little before a fit has converged.
UNSETTLED = 1e-8
#: A graph that leaves less shows data without noise.
QUIET = 1e-7
#: Terms with a smaller share of the standard deviation of y are what a readout leaves of a node that it does not need.
NEGLIGIBLE = 1e-12
_SPACINGS = 4.0  # of doubles at y that an exact law may be off, in the root mean square (not tuned)


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


def spacings(y: np.ndarray) -> np.ndarray:
    """What arithmetic leaves of values y [n]."""
    return _SPACINGS * np.spacing(np.abs(y))
