"""Directions in which constants can move without a change of any value, and the simplest point along them.

Columns such as a radius and a diameter, an area, a ratio or a copy make a linear system (of values, or of their
logarithms) rank-deficient. Least squares then spread a law over all of them; one with few columns says the same.
"""

from __future__ import annotations

from itertools import combinations, islice
from math import comb

import numpy as np

_RANK = 1e-11  # singular values below this share of the largest are rounding; generous, as a refit has the last word
_NONE = 1e-15  # what stands for a singular value of rounding
_ZERO = 1e-9  # of the largest share in the sum
_MOST_POINTS = 5000  # that are compared
_MOST_DENOMINATOR = 12


def flat_directions(rows: np.ndarray, rounding: float = _RANK) -> np.ndarray:
    """Directions δ [k, K] along which Σ δ_i · rows_i is zero but for rounding; of length 1 for rows of unit length.

    rows: [K, n], finite   rounding: share of the largest singular value
    """
    sizes, directions, norms = decomposed(rows)
    return (directions / norms)[sizes <= rounding * sizes.max(initial=0.0)]


def inverse_of_squares(rows: np.ndarray) -> np.ndarray:
    """(R·Rᵀ)⁻¹ of R [K, n], finite; flat directions, which rounding hides, come out very long, not absent."""
    sizes, directions, norms = decomposed(rows)
    largest = max(1.0, sizes.max(initial=0.0))
    with np.errstate(over="ignore", invalid="ignore"):
        # Rows may be so short that squares of the directions leave the range of doubles.
        scaled = (directions / norms).T / np.where(sizes > _RANK * largest, sizes, _NONE * largest)
        return np.nan_to_num(scaled @ scaled.T, nan=0.0, posinf=0.0, neginf=0.0)


def lengths(rows: np.ndarray) -> np.ndarray:
    """Euclidean lengths [K] of rows [K, n], also of those whose squares leave the range of doubles."""
    with np.errstate(over="ignore", under="ignore"):
        found = np.asarray(np.linalg.norm(rows, axis=1))
        largest = np.abs(rows).max(axis=1, initial=0.0)
        beyond = ((found == 0) | np.isinf(found)) & (largest > 0) & np.isfinite(largest)
        unit = largest[beyond, None]
        found[beyond] = largest[beyond] * np.linalg.norm(rows[beyond] / unit, axis=1)
    return found


def decomposed(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Singular values [K] of rows [K, n] at unit length, largest first, the directions [K, K] that belong to them, and
    the lengths [K] that the rows were divided by: 1 for those without any."""
    norms = lengths(rows)
    norms = np.where((norms > 0) & np.isfinite(norms), norms, 1.0)
    # The triangle of a QR decomposition has the singular values of all rows.
    triangle = np.linalg.qr((rows / norms[:, None]).T, mode="r")
    _, sizes, directions = np.linalg.svd(triangle, full_matrices=True)
    return np.concatenate([sizes, np.zeros(len(rows) - len(sizes))]), directions, norms


def simplest_points(values: np.ndarray, directions: np.ndarray, sizes: np.ndarray) -> list[np.ndarray]:
    """The points values + Σ t_i·direction_i with as many zeros as the directions allow, simplest first.

    Fewer that are not zero count first, then round values, then zeros at the end. Of very many directions those are
    used up first that reach the last values.

    values: [K]   directions: [k, K]   sizes: [K], of what each value is multiplied with
    """
    # In shares of the sum, as constants may be 1e150 and 1e-9 beside each other.
    point, directions = values, directions * sizes
    kept = np.ones(len(values), dtype=bool)
    while len(directions) and comb(int(kept.sum()), len(directions)) > _MOST_POINTS:
        last = max(int(k) for k in np.flatnonzero(np.abs(directions).max(axis=0) > _ZERO))
        point, directions = _without(point, directions, sizes, last)
        kept[last] = False
    if not len(directions):
        return [point]
    found: dict[tuple[int, ...], np.ndarray] = {}
    for zeros in islice(combinations(np.flatnonzero(kept), len(directions)), _MOST_POINTS):
        inner = directions[:, zeros]
        if np.linalg.matrix_rank(inner, tol=_ZERO) < len(directions):
            continue
        new = point - np.linalg.solve(inner.T, (point * sizes)[list(zeros)]) @ directions / sizes
        new[list(zeros)] = 0.0
        new[np.abs(new * sizes) <= _ZERO * np.abs(new * sizes).max(initial=0.0)] = 0.0
        found.setdefault(tuple(np.flatnonzero(new).tolist()), new)
    return [new for _, _, new in sorted((_roughness(new), support, new) for support, new in found.items())]


def _without(point: np.ndarray, directions: np.ndarray, sizes: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The point with value k moved to zero, and the directions, in shares, that leave it there."""
    pivot = int(np.abs(directions[:, k]).argmax())
    along = directions[pivot] / directions[pivot, k]
    rest = np.delete(directions, pivot, axis=0)
    rest = np.linalg.qr((rest - np.outer(rest[:, k], along)).T)[0].T
    new = point - point[k] * sizes[k] * along / sizes
    new[k] = 0.0
    return new, rest


def _roughness(values: np.ndarray) -> tuple[int, float]:
    """How many are not zero, and how far these are from being small whole numbers."""
    some = np.abs(values[values != 0])
    return len(some), float(sum(map(_digits, some)))


def _digits(value: float) -> float:
    """q·log(1 + p) or so of a fraction p/q with a small q: whole numbers first, then small ones."""
    near = next((q for q in range(1, _MOST_DENOMINATOR + 1) if abs(q * value - round(q * value)) < _ZERO * q), None)
    return _MOST_DENOMINATOR * 10.0 if near is None else near * (1.0 + float(np.log1p(float(round(near * value)))))
