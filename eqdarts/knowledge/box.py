"""Where shapes are checked: points spread over the range of the data and its margin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.stats import qmc

# None of these is tuned.
_POINTS = 9  # as a power of two, of the Sobol sequence
_CORNERS, _ROWS = 64, 200  # at the most
_LEAST_POSITIVE = 0.5  # of the least value: how far down a positive column goes


@dataclass(frozen=True, eq=False)
class Box:
    """A range for each column, and points in it.

    Attributes
    ----------
    low, high : array [d]
    points : array [m, d]
    spread : float
        Of the target, by which differences are measured.
    """

    low: np.ndarray
    high: np.ndarray
    points: np.ndarray
    spread: float

    @classmethod
    def of(cls, X: np.ndarray, y: np.ndarray, margin: float, power: int = _POINTS) -> Box:
        """Around the rows of a table, X [n, d] and y [n]. power: of two, how many points are spread in it"""
        low, high = around(X, margin)
        d = X.shape[1]
        sobol = qmc.Sobol(min(d, qmc.Sobol.MAXDIM), scramble=False).random_base2(power)
        sobol = sobol[:, np.arange(d) % sobol.shape[1]]
        corners = np.array(list(product((0.0, 1.0), repeat=d))) if 2**d <= _CORNERS else np.eye(d)
        inside = np.concatenate([corners, sobol])
        rows = X[np.unique(np.linspace(0, len(X) - 1, _ROWS).astype(int))]
        spread = float(np.ptp(y)) or float(np.abs(y).max()) or 1.0
        return cls(low, high, np.concatenate([low + inside * (high - low), rows]), spread)

    def with_columns(self, places: Sequence[int], values: Sequence[float]) -> np.ndarray:
        """The points with some columns at given values."""
        points = self.points.copy()
        points[:, list(places)] = values
        return points


def around(X: np.ndarray, margin: float) -> tuple[np.ndarray, np.ndarray]:
    """The range of each column of X [n, d] and a margin on both sides. Positive columns stay positive, and columns
    without negative values do not get any.

    Examples
    --------
    >>> around(np.array([[1.0, 0.0, -1.0], [11.0, 10.0, 9.0]]), 0.1)
    (array([ 0.5,  0. , -2. ]), array([12., 11., 10.]))
    """
    least, most = X.min(axis=0), X.max(axis=0)
    beyond = margin * (most - least)
    low, high = least - beyond, most + beyond
    low = np.where(least >= 0, np.maximum(low, _LEAST_POSITIVE * least), low)
    high = np.where(most <= 0, np.minimum(high, _LEAST_POSITIVE * most), high)
    return low, high
