"""Constants and starts of a system, fitted so that its integrated trajectories meet the observations.

A trajectory is cut into segments, each of which has a start of its own: multiple shooting without continuity (Bock
1981). Short segments find the constants from afar, and of chaotic systems nothing else can be asked. All segments, and
the copies that finite differences need, are integrated side by side, by Runge and Kutta's rule of fourth order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.optimize import least_squares

from eqdarts.dynamics.given import Curves
from eqdarts.dynamics.system import System
from eqdarts.fit.covariance import residual_variance, spread

# None of these is tuned.
_SUBSTEPS = (1, 2, 4, 8, 16)  # between observations
_TOLERANCE = 0.1  # of the noise that integration may err by
_LEAST_NOISE = 1e-5  # of a state's spread: integration is not more exact
_ENOUGH = 1e-5  # of the sum of squares: a step that gains less is the last
_FAR = 1e6  # times the spread: beyond it a trajectory has blown up
_DIFFERENCE = 1e-6  # relative step of finite differences, and the share by which they err


@dataclass(frozen=True, eq=False)
class Segments:
    """Observations cut into S segments of at most L + 1 times.

    Attributes
    ----------
    t : array [L + 1, S]
        The last time again where a segment has ended.
    x : array [k, L + 1, S]
    seen : bool array [L + 1, S]
    start : array [d, S]
        Where the curves are at the first time of each.
    scale, noise : array [k]
        Of each state its spread, and the standard deviation of an observation.
    u : array [steps, 3, m, S]
        Inputs at the beginning, middle and end of each step, `substeps` of them between two times.
    substeps : int
    """

    t: np.ndarray
    x: np.ndarray
    seen: np.ndarray
    start: np.ndarray
    scale: np.ndarray
    noise: np.ndarray
    u: np.ndarray
    substeps: int = 1

    @property
    def count(self) -> int:
        return self.t.shape[1]


@dataclass(frozen=True, eq=False)
class Shot:
    """A system fitted to segments.

    Attributes
    ----------
    system : System
    starts : array [d, S]
    loss : array [k]
        Mean squared residual of each state.
    errors : array [K]
        Standard errors of the constants; infinite where undetermined.
    """

    system: System
    starts: np.ndarray
    loss: np.ndarray
    errors: np.ndarray


def noise_of(curves: Sequence[Curves], scale: np.ndarray) -> np.ndarray:
    """The noise [k] of each state over all trajectories."""
    freedom = np.array([max(one.observations, 1) for one in curves], dtype=float)
    squares = np.array([[s.noise**2 for s in one.smooths] for one in curves])
    return np.maximum(np.sqrt(np.average(squares, axis=0, weights=freedom)), _LEAST_NOISE * scale)


def segments(curves: Sequence[Curves], length: int, scale: np.ndarray, substeps: int = 1) -> Segments:
    """Cut trajectories into pieces of about so many observations."""
    pieces = []
    for one in curves:
        n = one.observations
        ends = np.linspace(0, n, segments_of(n, length) + 1).round().astype(int)
        pieces += [(one, a, b) for a, b in pairwise(ends)]
    most = max(b - a for _, a, b in pieces)
    t = np.stack([np.pad(c.trajectory.t[a:b], (0, most - b + a), mode="edge") for c, a, b in pieces], axis=1)
    x = np.stack(
        [np.pad(c.trajectory.x[a:b].T, ((0, 0), (0, most - b + a)), mode="edge") for c, a, b in pieces], axis=2
    )
    seen = np.stack([np.arange(most) < b - a for _, a, b in pieces], axis=1)
    variables = curves[0].order * len(curves[0].smooths)
    start = np.concatenate([c.values(c.trajectory.t[a : a + 1])[:, :variables] for c, a, _ in pieces]).T
    h = np.repeat(np.diff(t, axis=0) / substeps, substeps, axis=0)  # [steps, S]
    times = t[0] + np.concatenate([np.zeros_like(h[:1]), np.cumsum(h, axis=0)])[:-1]
    stages = np.stack([times, times + h / 2, times + h], axis=1)  # [steps, 3, S]
    u = np.stack([c.trajectory.inputs(stages[..., k]) for k, (c, _, _) in enumerate(pieces)], axis=3)
    return Segments(t, x, seen, start, scale, noise_of(curves, scale), u, substeps)


def segments_of(times: int, length: int) -> int:
    """How many segments of about this length a trajectory of so many times has."""
    return max(1, round(times / length))


def integrate(system: System, given: Segments, constants: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Variables [L + 1, d, C, S] at the times of segments, of copies with constants [K, C] and starts [d, C, S]."""
    far = _FAR * np.max(given.scale) + np.abs(given.start).max()
    values, z, out = constants[..., None], starts, [starts]
    with np.errstate(all="ignore"):
        for j, gap in enumerate(np.diff(given.t, axis=0) / given.substeps):
            for i in range(given.substeps):
                u, now = given.u[j * given.substeps + i], given.t[j] + i * gap
                one = system.slope(z, u[0], now, values)
                two = system.slope(z + gap / 2 * one, u[1], now + gap / 2, values)
                three = system.slope(z + gap / 2 * two, u[1], now + gap / 2, values)
                four = system.slope(z + gap * three, u[2], now + gap, values)
                z = z + gap / 6 * (one + 2 * (two + three) + four)
            if not np.abs(z).max() < far:
                z = np.clip(np.nan_to_num(z, nan=far), -far, far)
            out.append(z)
    return np.stack(out)


def substeps_for(system: System, curves: Sequence[Curves], length: int, scale: np.ndarray) -> int:
    """So many steps between observations that integration errs by little of the noise."""
    before: np.ndarray | None = None
    for count in _SUBSTEPS:
        given = segments(curves, length, scale, count)
        now = integrate(system, given, system.constants[:, None], given.start[:, None])[:, : system.states, 0]
        if before is not None and np.nanmax(np.abs(now - before) / given.noise[:, None]) < _TOLERANCE:
            return count // 2
        before = now
    return _SUBSTEPS[-1]


def shoot(system: System, given: Segments, starts: np.ndarray | None = None, most: int = 30) -> Shot:
    """Fit constants and starts by least squares, each state in units of its noise.

    most: evaluations of the residuals
    """
    constants = system.constants
    K, (d, S), k = len(constants), given.start.shape, system.states
    first = np.concatenate([constants, (given.start if starts is None else starts).ravel()])
    seen = given.seen.ravel()
    unit = np.concatenate([np.maximum(np.abs(constants), 1e-3), np.repeat(np.resize(given.scale, d), S)])
    step = _DIFFERENCE * unit
    owner = np.broadcast_to(np.arange(S), given.seen.shape)[given.seen]  # the segment of each row [n]
    n = len(owner)

    def residuals(values: np.ndarray) -> np.ndarray:
        """[k, C, n] of copies [C, K + d·S]."""
        C = len(values)
        z = integrate(system, given, values[:, :K].T, values[:, K:].reshape(C, d, S).transpose(1, 0, 2))[:, :k]
        apart = (z - given.x.transpose(1, 0, 2)[:, :, None]) / given.noise[:, None, None]  # [L + 1, k, C, S]
        return apart.transpose(1, 2, 0, 3).reshape(k, C, -1)[..., seen]

    def at(values: np.ndarray) -> np.ndarray:
        return residuals(values[None]).ravel()

    def jacobian(values: np.ndarray) -> np.ndarray:
        copies = np.tile(values, (1 + K + d, 1))
        copies[np.arange(1, K + 1), np.arange(K)] += step[:K]
        for q in range(d):  # of all segments at once, as none depends on the start of another
            places = slice(K + q * S, K + (q + 1) * S)
            copies[1 + K + q, places] += step[places]
        found = residuals(copies)
        slopes = found[:, 1:] - found[:, :1]  # [k, K + d, n]
        out = np.zeros((k, n, K + d * S))
        out[..., :K] = slopes[:, :K].transpose(0, 2, 1) / step[:K]
        for q in range(d):
            out[:, np.arange(n), K + q * S + owner] = slopes[:, K + q] / step[K + q * S]
        return out.reshape(k * n, -1)

    method = "lm" if n * k >= len(first) else "trf"
    found = least_squares(
        at, first, jac=jacobian, method=method, x_scale=unit, max_nfev=most, ftol=_ENOUGH, xtol=1e-9, gtol=1e-10
    )
    loss = np.mean((found.fun.reshape(k, n) * given.noise[:, None]) ** 2, axis=1)
    variance = residual_variance(float(found.fun @ found.fun), n * k, len(first))
    errors = np.sqrt(variance) * spread(found.jac.T, rounding=_DIFFERENCE).errors[:K]
    return Shot(system.at(found.x[:K]), found.x[K:].reshape(d, S), loss, errors)
