"""A smooth curve through noisy observations of one state, its derivatives, and how sure they are.

The curve is the mean of a Gaussian process whose third derivative is white noise, which is the smoothing spline of
degree 5 (Wahba 1978; Wahba 1990, sections 1.3 and 2.4). Its stiffness and the noise of the observations come of the
rows by restricted maximum likelihood (Wahba 1985), so that observations without noise are interpolated. The posterior
covariance of the coefficients says how sure a value, a slope or an integral is, smoothing included.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.interpolate import BSpline
from scipy.linalg import eigh, solve_triangular
from scipy.optimize import minimize_scalar

# None of these is tuned.
_DEGREE, _PENALISED = 5, 3  # of the spline, and the derivative whose square is the penalty
_MOST_KNOTS = 300  # a curve that takes more is not smooth on so few rows as dynamics have
_LEAST_GAP = 0.25  # of the median distance of times: knots that are nearer make the basis ill-conditioned
_STIFFEST, _SOFTEST = 6.0, 12.0  # ln of λ: beyond a parabola, and beyond interpolation
_STEPS = 65  # of ln λ that are tried before the best is refined


@dataclass(frozen=True, eq=False)
class Smooth:
    """A spline through observations at times t, and the covariance of its coefficients.

    Attributes
    ----------
    spline : BSpline
    root : array [p, p]
        root · rootᵀ is the posterior covariance of the coefficients.
    noise : float
        The standard deviation of an observation.
    freedom : float
        Effective degrees of freedom: the trace of the matrix that makes the curve of the observations.
    """

    spline: BSpline
    root: np.ndarray
    noise: float
    freedom: float

    def at(self, t: np.ndarray, order: int = 0) -> np.ndarray:
        """The curve, or its derivative of this order, at times [n]."""
        return np.asarray(self.spline(t, nu=order), dtype=float)

    def basis(self, t: np.ndarray, order: int = 0) -> np.ndarray:
        """The derivatives [n, p] of each basis function at times [n]."""
        return _basis(self.spline.t, t, order)

    def error(self, t: np.ndarray, order: int = 0) -> np.ndarray:
        """Standard deviations [n] of the curve, or of its derivative, at times [n]."""
        return np.asarray(np.linalg.norm(self.basis(t, order) @ self.root, axis=1))

    @cached_property
    def span(self) -> tuple[float, float]:
        """The first and the last time."""
        return float(self.spline.t[0]), float(self.spline.t[-1])


def smooth(t: np.ndarray, x: np.ndarray) -> Smooth:
    """The curve through observations x [n] at rising times t [n].

    Examples
    --------
    >>> t = np.linspace(0, 6, 60)
    >>> x = np.sin(t) + 0.01 * np.random.default_rng(0).normal(size=60)
    >>> curve = smooth(t, x)
    >>> round(curve.noise, 2), bool(np.abs(curve.at(t, 1) - np.cos(t)).max() < 0.1)
    (0.01, True)
    """
    middle, size = float(np.mean(x)), float(np.std(x)) or 1.0
    knots = _knots(t)
    B = _basis(knots, t)
    q, r = np.linalg.qr(B)  # [n, p], [p, p]
    half = solve_triangular(r, _root_of_penalty(knots).T, trans="T").T  # ‖half · (r c)‖² is the penalty of c
    stiffness, modes = eigh(half.T @ half)
    free = np.argsort(stiffness)[_PENALISED:]
    stiffness = np.maximum(stiffness, 0.0)
    stiffness[np.argsort(stiffness)[:_PENALISED]] = 0.0
    scale = float(stiffness[free].min())
    y = (x - middle) / size
    along = modes.T @ (q.T @ y)  # [p]
    outside = max(float(y @ y - np.sum((q.T @ y) ** 2)), 0.0)
    n = len(t)

    def variance(level: float) -> float:
        shrunk = stiffness[free] / scale * np.exp(level)
        return (outside + float(np.sum(along[free] ** 2 * shrunk / (1 + shrunk)))) / (n - _PENALISED)

    def cost(level: float) -> float:
        shrunk = stiffness[free] / scale * np.exp(level)
        return float((n - _PENALISED) * np.log(variance(level) + 1e-300) + np.sum(np.log1p(1 / shrunk)))

    # From a curve that is as stiff as a parabola to one through all observations.
    last = -float(np.log(stiffness[free].max() / scale)) - _SOFTEST
    levels = np.linspace(last, _STIFFEST, _STEPS)
    best = int(np.argmin([cost(level) for level in levels]))
    around = levels[max(best - 1, 0)], levels[min(best + 1, _STEPS - 1)]
    found = minimize_scalar(cost, bounds=around, method="bounded", options={"xatol": 0.01})
    level = float(found.x)
    shrunk = 1 / (1 + stiffness / scale * np.exp(level))
    noise = np.sqrt(variance(level))
    into = solve_triangular(r, modes)  # [p, p]
    coefficients = into @ (shrunk * along)
    return Smooth(
        BSpline(knots, size * coefficients + middle, _DEGREE),
        into * (size * noise * np.sqrt(shrunk)),
        size * float(noise),
        float(shrunk.sum()),
    )


def _knots(t: np.ndarray) -> np.ndarray:
    """Knots at the times, but for the second to the third from each end, so that there are as many coefficients."""
    gap = _LEAST_GAP * float(np.median(np.diff(t)))
    kept = [0]
    for k in range(1, len(t)):
        if t[k] - t[kept[-1]] >= gap:
            kept.append(k)
    kept[-1] = len(t) - 1
    if len(kept) > _MOST_KNOTS:
        kept = [kept[k] for k in np.linspace(0, len(kept) - 1, _MOST_KNOTS).round().astype(int)]
    inner = t[kept][_PENALISED:-_PENALISED]
    return np.concatenate([np.full(_DEGREE + 1, t[0]), inner, np.full(_DEGREE + 1, t[-1])])


def _basis(knots: np.ndarray, t: np.ndarray, order: int = 0) -> np.ndarray:
    """Every basis function, or its derivative, at times [n]: [n, p]."""
    p = len(knots) - _DEGREE - 1
    return np.asarray(BSpline(knots, np.eye(p), _DEGREE)(t, nu=order))


def _root_of_penalty(knots: np.ndarray) -> np.ndarray:
    """[m, p]: the sum of squares of this times the coefficients is ∫ x'''(t)² dt, by Gauss's rule on each interval."""
    ends = np.unique(knots)
    nodes, weights = np.polynomial.legendre.leggauss(_DEGREE - _PENALISED + 1)
    half = np.diff(ends) / 2
    times = (ends[:-1, None] + half[:, None] * (nodes + 1)).ravel()
    return _basis(knots, times, _PENALISED) * np.sqrt((half[:, None] * weights).ravel())[:, None]
