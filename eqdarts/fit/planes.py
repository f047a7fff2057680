"""Waves along two columns, such as sin(k·x − ω·t): pairs of frequencies that the rows show.

Such a wave has no frequency in either column alone. At every pair the target is fitted by least squares with a plane
and with cos and sin of ω₁x₁ + ω₂x₂, as `eqdarts.fit.periodogram` does with one column. The grid is one product of
matrices; its peaks are fitted as they stand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import maximum_filter

from eqdarts.fit.periodogram import rows_of, spread

_ROWS = 500  # looked at, at the most
_LEAST_ROWS = 12
_MOST = 200_000  # pairs of a grid, a tenth of a second; not tuned
_FINE = 2.5  # frequencies of the grid to a width of a peak
_TOPS = 8  # of the grid that are fitted in any case: unequal weights raise harmonics on it
_ZOOMS, _POINTS = 14, 9  # of a peak, each twice as close, and frequencies of each column looked at each time
_NEAR = 0.5  # widths of a peak within which a wave moves when another is known
_ROUNDS = 3  # of moving each of several waves beside the others
_COLLINEAR = 0.9999  # two columns with a correlation as high are one
_NOTHING = 1e-9  # share of the target, left beside a plane, in which there is no wave
_RIDGE = 1e-12  # share of the diagonal, where columns are nearly dependent


@dataclass(frozen=True, eq=False)
class PlaneRows:
    """Two columns centred and scaled to −1 … 1, and what they are needed for.

    Attributes
    ----------
    u : array [2, n]
    half, limit : array [2]
        Half the range of each column, and the highest angular frequency of u that its values can show.
    target, root : array [n]
        The target without a plane, of length 1 and weighted; the roots of the row weights.
    frame : array [B, n]
        Orthonormal, weighted: the plane, and waves that are known.
    """

    u: np.ndarray
    half: np.ndarray
    limit: np.ndarray
    target: np.ndarray
    root: np.ndarray
    frame: np.ndarray

    def beside(self, omega: np.ndarray) -> PlaneRows:
        """The same with waves of pairs [K, 2] of frequencies of u as known; target: what they leave."""
        angle = omega @ self.u
        known = np.concatenate([self.frame, np.cos(angle) * self.root, np.sin(angle) * self.root])
        return replace(self, frame=_orthonormal(known), target=_without(_orthonormal(known), self.target))


def plane_rows(
    first: np.ndarray, second: np.ndarray, y: np.ndarray, root: np.ndarray | float = 1.0
) -> PlaneRows | None:
    """The rows where all is finite, at most 500; None if no wave can be seen along both columns.

    first, second, y: [n]   root: of the row weights
    """
    single = [rows_of(x, y, root) for x in (first, second)]
    good = np.flatnonzero(np.isfinite(first) & np.isfinite(second) & np.isfinite(y))
    if None in single or len(good) < _LEAST_ROWS:
        return None
    places = good[spread(len(good), _ROWS)]
    x = np.stack([first[places], second[places]])
    half = np.ptp(x, axis=1) / 2
    if not half.all() or abs(np.corrcoef(x)[0, 1]) > _COLLINEAR:
        return None
    u = (x - x.min(axis=1, keepdims=True)) / half[:, None] - 1
    roots = np.broadcast_to(np.asarray(root, dtype=float), y.shape)[places]
    frame = _orthonormal(np.vstack([np.ones(len(places)), u]) * roots)
    target = y[places] / (np.abs(y[places]).max() or 1.0) * roots
    left = _without(frame, target)
    if np.linalg.norm(left) <= _NOTHING * np.linalg.norm(target):
        return None
    limit = np.array([rows.limit for rows in single if rows is not None])
    return PlaneRows(u, half, limit, left / np.linalg.norm(left), roots, frame)


def plane_peaks(rows: PlaneRows, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The best pairs of angular frequencies [K, 2], and the share of the target [K] that each explains.

    The first of a pair is not negative, the second has any sign.
    """
    omega, gain = _tops(rows, count)
    return omega / rows.half, gain


def successive_planes(rows: PlaneRows, count: int) -> tuple[np.ndarray, np.ndarray]:
    """One peak after the other, each beside those before it: what a sum of waves consists of.

    The share is of what the waves before it leave.
    """
    omega, gain = np.zeros((0, 2)), np.zeros(0)
    for _ in range(count):
        left = rows.beside(omega)
        size = np.linalg.norm(left.target)
        if size < _NOTHING:
            break
        top, height = _tops(left, 1)
        if not len(top):
            break
        omega, gain = np.concatenate([omega, top]), np.append(gain, height / size**2)
        for _ in range(_ROUNDS if len(omega) > 1 else 0):  # single peaks lean to their neighbours
            for k in range(len(omega)):
                omega[k], _ = _zoomed(rows.beside(np.delete(omega, k, axis=0)), omega[k], _NEAR * np.pi / _FINE)
    return omega / rows.half, gain


def plane_chance(gain: np.ndarray, n: int) -> np.ndarray:
    """About how likely noise on n rows has a peak as high as this."""
    freedom = max(1.0, min(n, _ROWS) - 5.0)
    return np.asarray(np.minimum(1.0, _MOST * np.maximum(1.0 - gain, 1e-300) ** (freedom / 2)))


def _tops(rows: PlaneRows, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The best pairs of frequencies of u, and their gains."""
    step = np.pi / _FINE
    share = min(1.0, np.sqrt(_MOST / (2 * np.prod(rows.limit / step + 1))))
    first, second = (step * np.arange(max(2, int(limit * share / step) + 1)) for limit in rows.limit)
    second = np.concatenate([-second[:0:-1], second])
    ahead = np.exp(1j * np.outer(first, rows.u[0])) * (rows.target * rows.root)
    power = np.abs(ahead @ np.exp(1j * np.outer(rows.u[1], second)))  # [G, H]
    power[0, second <= 0] = 0.0  # no wave, and other signs of the same waves
    tops = np.argwhere((power >= maximum_filter(power, 5, mode="constant")) & (power > 0))
    tops = tops[np.argsort(-power[tuple(tops.T)], kind="stable")][: max(count, _TOPS)]
    found = [_zoomed(rows, np.array([first[i], second[j]]), step) for i, j in tops]
    gain = np.array([height for _, height in found])
    order = np.argsort(-gain, kind="stable")[:count]
    return np.array([found[k][0] for k in order]).reshape(-1, 2), gain[order]


def _zoomed(rows: PlaneRows, omega: np.ndarray, width: float) -> tuple[np.ndarray, float]:
    """The highest point about a pair of frequencies, and its gain."""
    ways = np.stack(np.meshgrid(*2 * [np.linspace(-1, 1, _POINTS)], indexing="ij"), axis=-1).reshape(-1, 2)
    gain = 0.0
    for _ in range(_ZOOMS):
        trials = omega + width * ways
        found = _gains(rows, trials)
        omega, gain = trials[found.argmax()], float(found.max())
        width /= 2
    return (omega if omega[0] >= 0 else -omega), gain


def _gains(rows: PlaneRows, omega: np.ndarray) -> np.ndarray:
    """Share of the target [G] that waves of each pair [G, 2] of frequencies of u explain."""
    angle = omega @ rows.u
    waves = np.stack([np.cos(angle), np.sin(angle)], axis=1) * rows.root  # [G, 2, n]
    waves -= (waves @ rows.frame.T) @ rows.frame
    gram = waves @ waves.transpose(0, 2, 1)
    gram[:, [0, 1], [0, 1]] += _RIDGE * len(rows.target) + 1e-300
    overlap = waves @ rows.target
    gain = np.einsum("ga,ga->g", overlap, np.linalg.solve(gram, overlap[:, :, None])[:, :, 0])
    return np.where(np.isfinite(gain), np.clip(gain, 0.0, 1.0), 0.0)


def _orthonormal(columns: np.ndarray) -> np.ndarray:
    """A basis of columns [K, n]."""
    size = np.linalg.norm(columns, axis=1)
    _, s, right = np.linalg.svd(columns[size > 0] / size[size > 0, None], full_matrices=False)
    return np.asarray(right[s > 1e-9 * s[0]])


def _without(frame: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The target without what lies in the frame; twice, for rounding."""
    for _ in range(2):
        target = target - frame.T @ (frame @ target)
    return target
