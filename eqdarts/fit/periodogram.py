"""Frequencies at which a column explains a target: a periodogram for rows at any distances.

At every frequency ω the target is fitted by least squares with a trend and with amplitudes times cos(ωx) and sin(ωx)
(Lomb 1976, with the trend and the amplitudes fitted along: Zechmeister & Kürster 2009). The range of the column and the
spacing of its values decide on the grid: from half a period within the range to the highest frequency that neighbours
can tell from a lower one. Sums over the rows for the whole grid are matrix products, since e^{i(ω+ν)x} is a product.

A wave along two columns, such as sin(k·x − ω·t), has no frequency in either alone: at pairs of frequencies the target
is fitted with a plane and with cos and sin of ω₁x₁ + ω₂x₂.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import maximum_filter
from scipy.optimize import least_squares

from eqdarts.data.table import unevenly

_ROWS = 2000  # looked at, at the most
_MOST = 12_000  # frequencies of a grid
_FINE = 5  # frequencies of the grid to a width of a peak
_BEYOND = 4.0  # times the highest frequency of equal spacing, where the spacing is not equal
_ZOOMS, _POINTS = 7, 9  # of a peak, each four times as close, and frequencies looked at each time
_POLISHING = 40  # evaluations for each frequency, when they settle beside each other
_RIDGE = 1e-10  # share of the diagonal, where columns are nearly dependent
_NOTHING = 1e-9  # share of the target, left beside waves, in which there are no more
_TREND = 3  # rows that each column of a fit needs
# Of waves along two columns:
_PLANE_ROWS = 500  # looked at, at the most
_PLANE_LEAST = 12
_PLANE_MOST = 200_000  # pairs of a grid, a tenth of a second; not tuned
_PLANE_FINE = 2.5  # frequencies of the grid to a width of a peak
_PLANE_TOPS = 8  # of the grid that are fitted in any case: unequal weights raise harmonics on it
_PLANE_ZOOMS, _PLANE_POINTS = (
    14,
    9,
)  # of a peak, each twice as close, and frequencies of each column looked at each time
_PLANE_NEAR = 0.5  # widths of a peak within which a wave moves when another is known
_PLANE_ROUNDS = 3  # of moving each of several waves beside the others
_COLLINEAR = 0.9999  # two columns with a correlation as high are one
_PLANE_RIDGE = 1e-12  # share of the diagonal, where columns are nearly dependent


@dataclass(frozen=True, eq=False)
class Peaks:
    """Angular frequencies, the best first, and the share of what the trend leaves that each explains.

    Attributes
    ----------
    omega, gain : array [K]
    """

    omega: np.ndarray
    gain: np.ndarray


@dataclass(frozen=True, eq=False)
class Line:
    """A column centred and scaled to −1 … 1, and what it is needed for.

    Attributes
    ----------
    u : array [n]
    y, root : array [n]
        The target and the roots of the row weights.
    amplitudes : array [A, n]
        Given factors of the wave; none but 1 if there are none.
    half : float
        Half the range of the column.
    limit : float
        The highest angular frequency of u that the values can show.
    """

    u: np.ndarray
    y: np.ndarray
    root: np.ndarray
    amplitudes: np.ndarray
    half: float
    limit: float


def line_of(
    x: np.ndarray, y: np.ndarray, root: np.ndarray | float = 1.0, amplitude: np.ndarray | None = None
) -> Line | None:
    """The rows where all is finite, at most 2000 of them; None if nothing can be periodic there."""
    amplitudes = np.ones((0, len(y))) if amplitude is None else amplitude[None]
    roots = np.broadcast_to(np.asarray(root, dtype=float), y.shape)
    good = np.isfinite(x) & np.isfinite(y) & (roots > 0) & np.isfinite(amplitudes).all(axis=0)
    x, y, roots, amplitudes = x[good], y[good], roots[good], amplitudes[:, good]
    values = np.unique(x)
    if len(values) < 5 or not np.isfinite(values[-1] - values[0]):
        return None
    half = (values[-1] - values[0]) / 2
    closest = 0.5 * np.pi * (len(values) - 1)  # of equal spacing
    limit = min(np.pi * half / np.diff(values).min(), _BEYOND * closest, _MOST * np.pi / _FINE)
    places = unevenly(len(y), _ROWS)
    u = (x[places] - values[0]) / half - 1.0
    size = np.abs(amplitudes).max(axis=1, initial=0.0)[:, None]
    return Line(u, y[places], roots[places], amplitudes[:, places] / np.where(size > 0, size, 1.0), half, limit)


def peaks(line: Line, count: int, trend: int = 1, amplitude: int = 0, known: np.ndarray | None = None) -> Peaks:
    """The highest peaks beside waves of known frequencies.

    trend, amplitude: degrees of polynomials, lowered where the rows are few
    """
    beside = [] if known is None else [np.asarray(known, dtype=float) * line.half]
    waves = sum(len(k) for k in beside)
    trend, amplitude = _degrees(line, trend, amplitude, waves)
    task = _task(line, trend, amplitude, np.concatenate([*beside, np.zeros(0)]))
    step = np.pi / _FINE
    grid = 0.5 * np.pi + step * np.arange(max(1, int((line.limit * (1 - 1e-6) - 0.5 * np.pi) / step) + 1))
    gain = _gains(task, grid, regular=True)
    padded = np.concatenate([[-np.inf], gain, [-np.inf]])
    tops = np.flatnonzero((gain >= padded[:-2]) & (gain > padded[2:]))
    tops = tops[np.argsort(-gain[tops], kind="stable")][:count]
    omega, gain = _zoomed(task, grid[tops], step, line.limit)
    order = np.argsort(-gain, kind="stable")
    return Peaks(omega[order] / line.half, gain[order])


def _zoomed(task: _Task, omega: np.ndarray, width: float, limit: float) -> tuple[np.ndarray, np.ndarray]:
    """The highest points about peaks [K], and their gains."""
    gain = np.zeros(len(omega))
    for _ in range(_ZOOMS if len(omega) else 0):
        near = np.clip(omega[:, None] + width * np.linspace(-1, 1, _POINTS), 0.25 * np.pi, limit)  # [K, P]
        found = _gains(task, near.ravel(), regular=False).reshape(near.shape)
        at = found.argmax(axis=1)
        omega, gain = near[np.arange(len(at)), at], found[np.arange(len(at)), at]
        width /= 4
    return omega, gain


def successive(line: Line, count: int, trend: int = 1, amplitude: int = 0) -> Peaks:
    """One peak after the other, each beside the waves of those before it: what a sum of waves consists of."""
    omega, gain = np.zeros(0), np.zeros(0)
    for _ in range(count):
        found = peaks(line, 1, trend, amplitude, omega)
        if not len(found.omega) or _is_known(found.omega[0], omega):
            break
        omega, gain = np.append(omega, found.omega[0]), np.append(gain, found.gain[0])
        # Single peaks lean to their neighbours.
        omega = polished(line, omega, trend, amplitude) if len(omega) > 1 else omega
        if gain[-1] > 1.0 - _NOTHING:
            break
    return Peaks(omega, gain)


def polished(line: Line, omega: np.ndarray, trend: int = 1, amplitude: int = 0) -> np.ndarray:
    """Frequencies of a sum of waves at the least squares near them."""
    if not len(omega):
        return omega
    trend, amplitude = _degrees(line, trend, amplitude, len(omega))
    u, target, fixed, shapes = _weighted(line, trend, amplitude)

    def residual(at: np.ndarray) -> np.ndarray:
        angle = at[:, None, None] * u
        waves = np.stack([shapes * np.cos(angle), shapes * np.sin(angle)]).reshape(-1, len(u))
        Q = np.linalg.qr(np.concatenate([fixed, waves]).T)[0]
        return target - Q @ (Q.T @ target)

    found = least_squares(
        residual, omega * line.half, method="lm", xtol=1e-14, ftol=1e-14, gtol=1e-14, max_nfev=_POLISHING * len(omega)
    ).x
    near = np.isfinite(found).all() and (np.abs(found - omega * line.half) < np.pi).all() and (found > 0).all()
    return np.asarray(found / line.half) if near else omega


def _degrees(line: Line, trend: int, amplitude: int, waves: int) -> tuple[int, int]:
    """Of trend and amplitude, as many as the rows allow beside known waves."""
    room = len(line.u) // _TREND - 2 * waves
    amplitude = max(0, min(amplitude, (room - 2 - trend) // 2 - 1))
    return max(0, min(trend, room - 3 - 2 * amplitude)), amplitude


def chance(gain: np.ndarray, line: Line, trend: int = 1, amplitude: int = 0) -> np.ndarray:
    """About how likely noise has a peak as high as this, anywhere on the grid."""
    freedom = max(1.0, len(line.u) - trend - 1 - 2 * (amplitude + 1))
    tried = line.limit / np.pi * 2
    return np.asarray(np.minimum(1.0, tried * np.maximum(1.0 - gain, 1e-300) ** (freedom / 2)))


@dataclass(frozen=True, eq=False)
class _Task:
    """The target and what is fitted in any case, weighted; shapes are amplitudes of waves."""

    u: np.ndarray
    target: np.ndarray  # [n], without the frame's part, of length 1
    frame: np.ndarray  # [B, n], orthonormal
    shapes: np.ndarray  # [A, n]


def _weighted(line: Line, trend: int, amplitude: int) -> tuple[np.ndarray, ...]:
    """u, the target of magnitude 1, the trend's columns and the shapes of amplitudes, all weighted."""
    root = line.root / np.sqrt(np.mean(line.root**2))
    own = len(line.amplitudes) > 0
    shapes = line.amplitudes * root if own else np.polynomial.legendre.legvander(line.u, amplitude).T * root
    target = line.y / (np.abs(line.y).max() or 1.0) * root
    return line.u, target, np.polynomial.legendre.legvander(line.u, trend).T * root, shapes


def _task(line: Line, trend: int, amplitude: int, known: np.ndarray) -> _Task:
    u, target, fixed, shapes = _weighted(line, trend, amplitude)
    waves = [shape * wave(w * u) for w in known for shape in shapes for wave in (np.cos, np.sin)]
    columns = np.vstack([fixed, *waves])
    size = np.linalg.norm(columns, axis=1)
    columns = columns[size > 0] / size[size > 0, None]
    _, s, right = np.linalg.svd(columns, full_matrices=False)
    frame = right[s > 1e-9 * s[0]]
    for _ in range(2):
        target = target - frame.T @ (frame @ target)
    return _Task(u, target / (np.linalg.norm(target) or 1.0), frame, shapes)


def _gains(task: _Task, omega: np.ndarray, regular: bool) -> np.ndarray:
    """Share of the target [G] that waves of each frequency explain. regular: are the frequencies equally spaced?"""
    A = len(task.shapes)
    i, j = np.triu_indices(A)
    single = np.concatenate([task.shapes * task.target, (task.frame[:, None] * task.shapes).reshape(-1, len(task.u))])
    pairs = task.shapes[i] * task.shapes[j]
    sums = _regular_sums if regular else _sums
    at_one, at_two = sums(task.u, single, omega), sums(task.u, pairs, 2 * omega)  # [·, G], complex
    overlap = _real(at_one[:A].T)  # [G, 2A]
    inside = at_one[A:].T.reshape(len(omega), len(task.frame), A)
    inside = np.concatenate([inside.real, inside.imag], axis=2)  # [G, B, 2A]
    plain = pairs.sum(axis=1)[:, None]
    gram = np.empty((len(omega), 2 * A, 2 * A))
    for (a, b), p, q in zip(zip(i, j, strict=True), plain, at_two, strict=True):
        for c, d in {(a, b), (b, a)}:
            gram[:, c, d], gram[:, A + c, A + d] = (p + q.real) / 2, (p - q.real) / 2
            gram[:, c, A + d] = gram[:, A + d, c] = q.imag / 2
    diagonal = np.arange(2 * A)
    ridge = _RIDGE * np.abs(gram[:, diagonal, diagonal])
    gram -= np.einsum("gba,gbc->gac", inside, inside)
    gram[:, diagonal, diagonal] = np.maximum(gram[:, diagonal, diagonal], 0.0) + ridge + 1e-300
    solved = np.linalg.solve(gram, overlap[:, :, None])[:, :, 0]
    gain = np.einsum("ga,ga->g", overlap, solved)
    return np.where(np.isfinite(gain), np.clip(gain, 0.0, 1.0), 0.0)


def _real(values: np.ndarray) -> np.ndarray:
    return np.concatenate([values.real, values.imag], axis=1)


def _sums(u: np.ndarray, weights: np.ndarray, omega: np.ndarray) -> np.ndarray:
    """Σ_n weights[k, n]·e^{iωu_n}, [k, G]."""
    return np.asarray(weights @ np.exp(1j * np.outer(u, omega)))


def _regular_sums(u: np.ndarray, weights: np.ndarray, omega: np.ndarray) -> np.ndarray:
    """The same for equally spaced frequencies: with G = a·b of them, one product of matrices a × n and n × b."""
    step = omega[1] - omega[0] if len(omega) > 1 else 0.0
    b = int(np.ceil(np.sqrt(len(omega))))
    a = -(-len(omega) // b)
    coarse = np.exp(1j * np.outer(omega[0] + step * b * np.arange(a), u))
    fine = np.exp(1j * np.outer(u, step * np.arange(b)))
    return np.stack([((coarse * w) @ fine).ravel()[: len(omega)] for w in weights])


def _is_known(omega: float, known: np.ndarray) -> bool:
    return bool((np.abs(known - omega) < 1e-9 * omega).any())


@dataclass(frozen=True, eq=False)
class Plane:
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

    def beside(self, omega: np.ndarray) -> Plane:
        """The same with waves of pairs [K, 2] of frequencies of u as known; target: what they leave."""
        angle = omega @ self.u
        known = np.concatenate([self.frame, np.cos(angle) * self.root, np.sin(angle) * self.root])
        return replace(self, frame=_orthonormal(known), target=_without(_orthonormal(known), self.target))


def plane_of(first: np.ndarray, second: np.ndarray, y: np.ndarray, root: np.ndarray | float = 1.0) -> Plane | None:
    """The rows where all is finite, at most 500; None if no wave can be seen along both columns.

    first, second, y: [n]   root: of the row weights
    """
    single = [line_of(x, y, root) for x in (first, second)]
    good = np.flatnonzero(np.isfinite(first) & np.isfinite(second) & np.isfinite(y))
    if None in single or len(good) < _PLANE_LEAST:
        return None
    places = good[unevenly(len(good), _PLANE_ROWS)]
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
    limit = np.array([line.limit for line in single if line is not None])
    return Plane(u, half, limit, left / np.linalg.norm(left), roots, frame)


def plane_peaks(plane: Plane, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The best pairs of angular frequencies [K, 2], and the share of the target [K] that each explains.

    The first of a pair is not negative, the second has any sign.
    """
    omega, gain = _plane_tops(plane, count)
    return omega / plane.half, gain


def successive_planes(plane: Plane, count: int) -> tuple[np.ndarray, np.ndarray]:
    """One peak after the other, each beside those before it: what a sum of waves consists of.

    The share is of what the waves before it leave.
    """
    omega, gain = np.zeros((0, 2)), np.zeros(0)
    for _ in range(count):
        left = plane.beside(omega)
        size = np.linalg.norm(left.target)
        if size < _NOTHING:
            break
        top, height = _plane_tops(left, 1)
        if not len(top):
            break
        omega, gain = np.concatenate([omega, top]), np.append(gain, height / size**2)
        for _ in range(_PLANE_ROUNDS if len(omega) > 1 else 0):  # single peaks lean to their neighbours
            for k in range(len(omega)):
                omega[k], _ = _plane_zoomed(
                    plane.beside(np.delete(omega, k, axis=0)), omega[k], _PLANE_NEAR * np.pi / _PLANE_FINE
                )
    return omega / plane.half, gain


def plane_chance(gain: np.ndarray, n: int) -> np.ndarray:
    """About how likely noise on n rows has a peak as high as this."""
    freedom = max(1.0, min(n, _PLANE_ROWS) - 5.0)
    return np.asarray(np.minimum(1.0, _PLANE_MOST * np.maximum(1.0 - gain, 1e-300) ** (freedom / 2)))


def _plane_tops(plane: Plane, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The best pairs of frequencies of u, and their gains."""
    step = np.pi / _PLANE_FINE
    share = min(1.0, np.sqrt(_PLANE_MOST / (2 * np.prod(plane.limit / step + 1))))
    first, second = (step * np.arange(max(2, int(limit * share / step) + 1)) for limit in plane.limit)
    second = np.concatenate([-second[:0:-1], second])
    ahead = np.exp(1j * np.outer(first, plane.u[0])) * (plane.target * plane.root)
    power = np.abs(ahead @ np.exp(1j * np.outer(plane.u[1], second)))  # [G, H]
    power[0, second <= 0] = 0.0  # no wave, and other signs of the same waves
    tops = np.argwhere((power >= maximum_filter(power, 5, mode="constant")) & (power > 0))
    tops = tops[np.argsort(-power[tuple(tops.T)], kind="stable")][: max(count, _PLANE_TOPS)]
    found = [_plane_zoomed(plane, np.array([first[i], second[j]]), step) for i, j in tops]
    gain = np.array([height for _, height in found])
    order = np.argsort(-gain, kind="stable")[:count]
    return np.array([found[k][0] for k in order]).reshape(-1, 2), gain[order]


def _plane_zoomed(plane: Plane, omega: np.ndarray, width: float) -> tuple[np.ndarray, float]:
    """The highest point about a pair of frequencies, and its gain."""
    ways = np.stack(np.meshgrid(*2 * [np.linspace(-1, 1, _PLANE_POINTS)], indexing="ij"), axis=-1).reshape(-1, 2)
    gain = 0.0
    for _ in range(_PLANE_ZOOMS):
        trials = omega + width * ways
        found = _plane_gains(plane, trials)
        omega, gain = trials[found.argmax()], float(found.max())
        width /= 2
    return (omega if omega[0] >= 0 else -omega), gain


def _plane_gains(plane: Plane, omega: np.ndarray) -> np.ndarray:
    """Share of the target [G] that waves of each pair [G, 2] of frequencies of u explain."""
    angle = omega @ plane.u
    waves = np.stack([np.cos(angle), np.sin(angle)], axis=1) * plane.root  # [G, 2, n]
    waves -= (waves @ plane.frame.T) @ plane.frame
    gram = waves @ waves.transpose(0, 2, 1)
    gram[:, [0, 1], [0, 1]] += _PLANE_RIDGE * len(plane.target) + 1e-300
    overlap = waves @ plane.target
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
