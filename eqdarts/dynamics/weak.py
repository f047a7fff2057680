"""The weak form: what a right-hand side has to say of integrals of the states, without any derivative of data.

x' = f(x), multiplied by a smooth bump φ that is zero at its ends and integrated by parts, is −∫φ' x dt = ∫φ f(x) dt
(Gurevich, Reinbold & Grigoriev 2019, eq. 4; Messenger & Bortz 2021, eq. 2.3); with x'' on the left it is ∫φ'' x dt.
Bumps overlap, and the errors of their integrals with them: rows are whitened by the covariance that the curves have, to
first order that of f(x) included, so that each of them counts as one observation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eqdarts.dynamics.given import Curves

# None of these is tuned.
_POWER = 5  # of a bump (1 − s²)^p: with five derivatives zero at the ends, sums over even times are integrals
_PER_FREEDOM = 4.0  # half width of a bump, in distances at which a curve can bend
_LEAST_TIMES = 4.0  # the same, in distances of observations
_MOST_SHARE = 0.25  # of the time that a bump may take up to either side
_BUMPS = 2.0  # per degree of freedom of a curve
_FLOOR = 1e-9  # of the mean variance of a row, added to all: rounding


@dataclass(frozen=True, eq=False)
class WeakForm:
    """∫φ f over bumps φ against what it has to be, rows whitened.

    Attributes
    ----------
    columns : tuple of str
        Of the values.
    values : array [M, d]
        All columns at even, close times of all trajectories.
    integrate : array [J, M]
        Makes rows of the values of a right-hand side.
    target : array [J]
    """

    columns: tuple[str, ...]
    values: np.ndarray
    integrate: np.ndarray
    target: np.ndarray

    @property
    def constant(self) -> np.ndarray:
        """The rows [J] of the right-hand side 1."""
        return np.asarray(self.integrate.sum(axis=1))

    @property
    def spread(self) -> float:
        """The mean square of the target beside the best constant."""
        one = self.constant
        left = self.target - one * (one @ self.target) / (one @ one)
        return float(left @ left) / len(left) or 1.0


def weak_form(curves: Sequence[Curves], state: int, slopes: Sequence[np.ndarray] | None = None) -> WeakForm:
    """Of the equation of one state over all trajectories.

    slopes: of each trajectory the derivatives [M, d] of the right-hand side by the variables at its `grid`; None:
    errors of the right-hand side are left out of the covariance
    """
    parts = [_of_one(c, state, None if slopes is None else slopes[i]) for i, c in enumerate(curves)]
    rows, total = sum(len(p[1]) for p in parts), sum(p[0].shape[1] for p in parts)
    integrate = np.zeros((rows, total))
    row = column = 0
    for matrix, _ in parts:
        integrate[row : row + len(matrix), column : column + matrix.shape[1]] = matrix
        row, column = row + len(matrix), column + matrix.shape[1]
    values = np.concatenate([c.values(c.grid) for c in curves])
    return WeakForm(curves[0].columns, values, integrate, np.concatenate([p[1] for p in parts]))


def bumps(grid: np.ndarray, centres: np.ndarray, half: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(1 − s²)^p with s = (t − c)/half, and its first two derivatives by t: [J, M] each."""
    s = (grid - centres[:, None]) / half
    inside = np.maximum(1 - s**2, 0.0)
    p = _POWER
    first = -2 * p * s * inside ** (p - 1) / half
    second = (4 * p * (p - 1) * s**2 * inside ** (p - 2) - 2 * p * inside ** (p - 1)) / half**2
    return inside**p, first, second


def _of_one(curves: Curves, state: int, slopes: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """The whitened rows of one trajectory: [J, M] and [J]."""
    grid, curve = curves.grid, curves.smooths[state]
    start, end = curve.span
    length, n = end - start, curves.observations
    half = max(_PER_FREEDOM * length / curve.freedom, _LEAST_TIMES * length / n)
    half = min(half, _MOST_SHARE * length)
    count = int(np.clip(_BUMPS * curve.freedom, 8, n)) if curve.freedom < n else n
    centres = np.linspace(start + half, end - half, count)
    phi, first, second = bumps(grid, centres, half)
    step = grid[1] - grid[0]
    left = (second if curves.order == 2 else -first) * step
    right = phi * step
    root = left @ curve.basis(grid) @ curve.root
    pieces = [root]
    if slopes is not None:
        pieces = []
        for q, other in enumerate(curves.smooths):
            of_values = -right * slopes[:, q] + (left if q == state else 0.0)
            basis = of_values @ other.basis(grid)
            if curves.order == 2:
                basis = basis - (right * slopes[:, len(curves.smooths) + q]) @ other.basis(grid, 1)
            pieces.append(basis @ other.root)
    covariance = sum(piece @ piece.T for piece in pieces)
    covariance = covariance + np.eye(count) * _FLOOR * np.trace(covariance) / count
    white = np.linalg.inv(np.linalg.cholesky(covariance))
    return white @ right, white @ (left @ curve.at(grid))
