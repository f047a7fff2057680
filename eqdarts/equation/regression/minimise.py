"""Least squares over the constants of a formula, from many starts, to the last digits of a double.

Constants that enter linearly are solved for at every step (variable projection: Golub & Pereyra 1973, with the
Jacobian of Kaufman 1975); a trust region (Branch, Coleman & Li 1999, as SciPy has it) moves the others. The best
optimum is then refined by Gauss–Newton steps on residuals of extended precision, which takes the rounding
of large terms that cancel out of the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from scipy.optimize import least_squares

from eqdarts.data.zero import stored
from eqdarts.equation.regression.model import Model
from eqdarts.equation.regression.periodic import Periods, periods, within_a_turn
from eqdarts.equation.regression.poles import Poles
from eqdarts.equation.regression.starts import Fraction, draw, within
from eqdarts.fit.flat import lengths

_SCREENED, _SCREEN_ROWS = 300, 200  # draws that are looked at before some become starts, and on how many rows
_UNGUIDED = 5  # so many times more where nothing is known
_AGREE, _AGREE_SHARE = 3, 0.35  # starts that reach the same optimum are enough, if they are so many of those tried
_AT_LEAST, _PER_CONSTANT, _UNGUIDED_FACTOR = 4, 1, 3  # starts tried in any case, and more for each searched constant
_SAME = 1e-7  # sums of squares closer than this are the same optimum
_EVALUATIONS = 400  # of one start
_RENEWED, _RENEWALS = 0.4, 40  # share of the starts that renew a part of the best optimum, and draws for each
_ROUNDS = 3  # of moving each frequency of a column far from zero by turns
_POLE = 10.0  # a fit that has a pole between rows must be so many times better than one that has none
_REFINEMENTS = 200
_NOTHING = 1e-10  # share of a column that is rounding when the linear constants' part is taken off
_NEAR = 1e-5  # of a bound, relative to its size
_NEAR_ENOUGH = 1e-2  # a relative offset at which standard errors and limits are as good as at the optimum
_FEW = 0.1  # most share of the rows at which a formula may have a limit only
_OFFSET = 1e-6  # a relative offset below this is convergence (Bates & Watts 1981)


@dataclass(frozen=True, eq=False)
class Optimum:
    """Constants [K], their weighted sum of squares in units of scale², and how they were found.

    Attributes
    ----------
    theta : array [K]
    loss : float
    converged : bool
    message : str
    starts, agreeing : int
        Starts tried, and those that reached this sum of squares.
    offset : float
        Relative offset: how far a Gauss–Newton step would still go, in units of the residuals.
    """

    theta: np.ndarray
    loss: float
    converged: bool
    message: str
    starts: int
    agreeing: int
    offset: float


def minimise(model: Model, given: np.ndarray, n_starts: int, rng: np.random.Generator) -> Optimum | None:
    """The least sum of squares over all starts; among equal ones, the constants nearest to the given ones.

    given: [K], NaN where nothing is known

    None if the formula is undefined on the rows at every start.
    """
    with np.errstate(all="ignore"):
        return _minimise(model, given, n_starts, rng)


def _minimise(model: Model, given: np.ndarray, n_starts: int, rng: np.random.Generator) -> Optimum | None:
    if not len(given):
        loss = sum_of_squares(model, given)
        return Optimum(given, loss, True, "no constants to fit", 0, 0, 0.0) if np.isfinite(loss) else None
    if model.linear.all():
        theta, _ = model.solved(np.zeros(len(model.constants)))
        return _judged(model, theta, 1, 1) if np.isfinite(sum_of_squares(model, theta)) else None
    found: list[tuple[float, np.ndarray]] = []  # sums of squares, those of optima with poles raised
    guided = np.isfinite(given[~model.linear]).all()
    least = (_AT_LEAST + _PER_CONSTANT * int((~model.linear).sum())) * (1 if guided else _UNGUIDED_FACTOR)
    poles = Poles(model)
    waves = periods(model)
    waiting = _starts(model, given, n_starts - int(_RENEWED * n_starts), rng, waves)
    tried, best, renewing = 0, np.inf, False
    while tried < n_starts:
        if not waiting:
            if not found:
                break
            renewing = True
            waiting = [_renewed(model, min(found, key=lambda f: f[0])[1], rng, waves)]
        tried += 1
        reached = local(model, waiting.pop(0))
        if reached is None:
            continue
        loss = sum_of_squares(model, reached)
        found.append((_POLE * loss if poles.between_rows(reached) else loss, reached))
        best = min(best, found[-1][0])
        # Renewed optima take after each other, so that they agree says little.
        agreeing = sum(_same(loss, best, model) for loss, _ in found)
        if not renewing and tried >= least and agreeing >= max(_AGREE, _AGREE_SHARE * tried):
            break
    if not found:
        return None
    moved = _along_turns(model, min(found, key=lambda f: f[0])[1], waves)
    if moved is not None:
        loss = sum_of_squares(model, moved)
        found.append((_POLE * loss if poles.between_rows(moved) else loss, moved))
        best = min(best, found[-1][0])
    ties = [theta for loss, theta in found if _same(loss, best, model)]
    refined = [refine(model, within_a_turn(model, theta)) for theta in _distinct(ties)]
    losses = [sum_of_squares(model, theta) for theta in refined]
    limit = min(losses) * (1 + 1e-9) + _rounding(model)
    equal = [t for t, loss in zip(refined, losses, strict=True) if loss <= limit]
    return _judged(model, min(equal, key=lambda t: _distance(t, given)), tried, len(ties))


def never_defined(model: Model, given: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rows at which the formula is undefined whatever its constants are, as sin(w·x)/x is at 0, if there are few.

    bool [n]; nothing else is said of a formula that is undefined everywhere at every draw.
    """
    draws = draw(model, given, rng, _RENEWALS) if len(given) else given[None]
    never = ~np.any([np.isfinite(model.residual(theta)) for theta in draws], axis=0)
    return never if never.mean() <= _FEW else np.zeros_like(never)


def from_start(model: Model, start: np.ndarray) -> Optimum | None:
    """The optimum that one start leads to; None if the formula is undefined there."""
    with np.errstate(all="ignore"):
        if not len(start):
            return as_given(model, start)
        reached = local(model, start)
        return None if reached is None else _judged(model, reached, 1, 1)


def as_given(model: Model, theta: np.ndarray) -> Optimum:
    """Constants that something else fitted, as they are."""
    loss = sum_of_squares(model, theta)
    if not len(theta):
        return Optimum(theta, loss, True, "no constants to fit", 0, 0, 0.0)
    offset, _ = relative_offset(model, theta)
    message = f"fitted by the search: relative offset {offset:.1e}"
    return Optimum(theta, loss, bool(offset < _NEAR_ENOUGH), message, 0, 0, offset)


def _starts(
    model: Model, given: np.ndarray, n_starts: int, rng: np.random.Generator, waves: Periods
) -> list[np.ndarray]:
    """The given constants, then the most promising of many draws; [K] each."""
    first = [within(given, model)] if np.isfinite(given[~model.linear]).all() else []
    if first:
        first = [np.where(np.isfinite(given), first[0], 1.0)]
    if n_starts <= len(first):
        return first
    small = model.on(model.rows.unevenly(_SCREEN_ROWS))
    fraction = Fraction(small)
    drawn = draw(small, given, rng, _SCREENED if first else _SCREENED * _UNGUIDED, waves)
    if fraction.useful:
        pool = [*first, *drawn[: _SCREENED // 3]]
        drawn = np.concatenate([drawn, [fraction.improve(t) for t in pool]])
    scored = sorted(
        ((loss, k) for k, t in enumerate(drawn) if np.isfinite(loss := sum_of_squares(small, small.solved(t)[0])))
    )
    # Draws that are equal would only reach the same place.
    different = [k for j, (loss, k) in enumerate(scored) if j == 0 or loss > scored[j - 1][0] * (1 + 1e-6)]
    # The best draws often lie in one basin, so every other start comes from farther down the list.
    wanted = n_starts - len(first)
    best, others = different[: wanted - wanted // 2], different[wanted - wanted // 2 :]
    spaced = [others[i] for i in np.unique(np.geomspace(1, len(others), wanted // 2).astype(int) - 1)] if others else []
    order = [k for pair in zip_longest(best, spaced) for k in pair if k is not None]
    return first + [drawn[k] for k in order]


def _renewed(model: Model, theta: np.ndarray, rng: np.random.Generator, waves: Periods) -> np.ndarray:
    """The best constants so far with some of them drawn anew: of a sum, the terms that are right may stay."""
    small = model.on(model.rows.unevenly(_SCREEN_ROWS))
    fresh = draw(small, np.full(len(theta), np.nan), rng, _RENEWALS, waves)
    change = rng.random(fresh.shape) < rng.uniform(0.2, 0.8, (_RENEWALS, 1))
    trials = np.where(change, fresh, theta)
    return min(trials, key=lambda t: sum_of_squares(small, small.solved(t)[0]))


def _along_turns(model: Model, theta: np.ndarray, waves: Periods) -> np.ndarray | None:
    """A better optimum than θ that has turns more or fewer far from zero; None if there is none."""
    small = model.on(model.rows.unevenly(_SCREEN_ROWS))
    far = [wave for wave in waves.waves if wave.turn and not model.linear[wave.place]]
    reached = None
    for wave in far * _ROUNDS:
        trials = np.clip(wave.beside(theta, np.flatnonzero(~model.linear)), model.lower, model.upper)
        losses = [sum_of_squares(small, small.solved(trial)[0]) for trial in (theta, *trials)]
        place = int(np.argmin(losses))
        new = local(model, trials[place - 1]) if place else None
        if new is not None and sum_of_squares(model, new) < sum_of_squares(model, theta):
            theta = reached = new
    return reached


def local(model: Model, start: np.ndarray) -> np.ndarray | None:
    """The optimum [K] that one start leads to; None if the formula is undefined there."""
    moved = ~model.linear
    # In units of the start, as the steps at which the trust region ends are the same for all constants.
    units = _units(model, start)
    unit = units[moved]
    memory: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
    bad = np.full(len(model.rows), np.nan)

    def residual(a: np.ndarray) -> np.ndarray:
        return at(a)[1]

    def jacobian(a: np.ndarray) -> np.ndarray:
        return at(a)[2]

    def at(a: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if "last" in memory and np.array_equal(memory["last"][0], a):
            return memory["last"]
        theta = start.copy()
        theta[moved] = a * unit
        theta, basis = model.solved(theta)
        if not np.isfinite(theta).all():
            return a, bad, np.zeros((len(bad), len(a)))
        residual, J = model.linearise(theta)
        J = np.nan_to_num(J[:, moved] * unit, nan=0.0, posinf=0.0, neginf=0.0)
        if basis is not None:
            size = np.linalg.norm(J, axis=0)
            J = J - basis @ (basis.T @ J)
            # A constant that only repeats what linear ones do has rounding for slopes, and would be sent far away.
            J[:, np.linalg.norm(J, axis=0) <= _NOTHING * size] = 0.0
        memory["last"] = (a.copy(), np.array(residual), J)
        return memory["last"]

    with np.errstate(all="ignore"):
        first = start[moved] / unit
        if not np.isfinite(at(first)[1]).all():
            return None
        low, high = model.lower[moved] / unit, model.upper[moved] / unit
        solution = least_squares(
            residual, _inside(first, low, high), jacobian, bounds=(low, high),
            method="trf", x_scale="jac", ftol=1e-15, xtol=1e-15, gtol=1e-15, max_nfev=_EVALUATIONS,
        )  # fmt: skip
    theta = start.copy()
    theta[moved] = solution.x * unit
    theta, _ = model.solved(_at_bounds(model, theta, units))
    return theta if np.isfinite(sum_of_squares(model, theta)) else None


def _units(model: Model, start: np.ndarray) -> np.ndarray:
    """Powers of two [K] near the constants; near one over its slopes' length where a constant is zero."""
    with np.errstate(all="ignore"):
        length = lengths(np.nan_to_num(model.linearise(start)[1], posinf=0.0, neginf=0.0).T)
        size = np.where(start != 0, np.abs(start), 1 / length)
        return np.where(np.isfinite(size) & (size > 0), 2.0 ** np.round(np.log2(size)), 1.0)


def _at_bounds(model: Model, theta: np.ndarray, units: np.ndarray) -> np.ndarray:
    """θ with constants on the bounds that they press against; the trust region stays a little inside."""
    finite = [np.where(np.isfinite(b), b, 0.0) for b in (model.lower, model.upper)]
    near_low = np.isfinite(model.lower) & (theta - model.lower <= _NEAR * (units + np.abs(finite[0])))
    near_high = np.isfinite(model.upper) & (model.upper - theta <= _NEAR * (units + np.abs(finite[1])))
    moved = np.where(near_low, model.lower, np.where(near_high, model.upper, theta))
    if np.array_equal(moved, theta):
        return theta
    return np.where(model.held(model.solved(moved)[0]), moved, theta)


def refine(model: Model, theta: np.ndarray) -> np.ndarray:
    """θ after Gauss–Newton steps with residuals of extended precision, until rounding stops them."""
    residual = model.fine_residual(theta)
    loss, previous = np.sum(residual**2), np.inf
    for _ in range(_REFINEMENTS):
        _, J = model.linearise(theta)
        J = np.where(model.held(theta), 0.0, np.nan_to_num(J, nan=0.0, posinf=0.0, neginf=0.0))
        step, length = _newton_step(J, residual.astype(float))
        for share in (1.0, 0.5, 0.25, 0.1, 0.01):
            trial = np.clip(theta + share * step, model.lower, model.upper)
            new = model.fine_residual(trial)
            new_loss = np.sum(new**2)
            # Far below the curvature of the sum of squares its rounding decides, so there a shrinking step is enough.
            if new_loss < loss or (length < 0.7 * previous and new_loss <= loss * (1 + 1e-13)):
                break
        else:
            return theta
        if np.array_equal(trial, theta):
            return theta
        theta, residual, loss, previous = trial, new, new_loss, length
    return theta


def _newton_step(J: np.ndarray, residual: np.ndarray) -> tuple[np.ndarray, float]:
    """−J⁺r [K] in scaled columns, and the length of J times it."""
    norm = lengths(J.T)
    norm[norm == 0] = 1.0
    U, s, Vt = np.linalg.svd(J / norm, full_matrices=False)
    used = s > 1e-13 * max(s[0], 1e-300)
    along = U[:, used].T @ residual
    return -(Vt[used].T @ (along / s[used])) / norm, float(np.linalg.norm(along))


def relative_offset(model: Model, theta: np.ndarray) -> tuple[float, bool]:
    """‖Qᵀr‖/√K over ‖r − QQᵀr‖/√(n − K), 0 at an optimum (Bates & Watts 1981); is it as small as θ has digits?"""
    residual = model.fine_residual(theta).astype(float)
    _, J = model.linearise(theta)
    J = np.where(model.held(theta), 0.0, np.nan_to_num(J, nan=0.0, posinf=0.0, neginf=0.0))
    _, along = _newton_step(J, residual)
    n, K = J.shape
    rest = np.sqrt(max(float(residual @ residual) - along**2, 0.0) + _rounding(model))
    offset = float(along / np.sqrt(K) / (rest / np.sqrt(max(n - K, 1))))
    last_digits = float(np.linalg.norm(np.abs(J) @ np.abs(theta)) * np.finfo(float).eps)
    return offset, bool(offset < _OFFSET or along <= 4 * last_digits)


def _judged(model: Model, theta: np.ndarray, tried: int, agreeing: int) -> Optimum:
    theta = refine(model, theta)
    offset, converged = relative_offset(model, theta)
    message = (
        f"relative offset {offset:.1e}, reached from {agreeing} of {tried} starts"
        if converged
        else f"no optimum was reached: relative offset {offset:.1e} after {tried} starts"
    )
    return Optimum(theta, sum_of_squares(model, theta), converged, message, tried, agreeing, offset)


def sum_of_squares(model: Model, theta: np.ndarray) -> float:
    """Of the weighted residuals, in units of the squared scale of y; infinite where the formula is undefined."""
    if not np.isfinite(theta).all():
        return np.inf
    loss = float(np.sum(model.fine_residual(theta) ** 2))
    return loss if np.isfinite(loss) else np.inf


def _rounding(model: Model) -> float:
    """A sum of squares that rounding of y alone explains, in units of scale²."""
    return float(np.sum(stored(model.rows.y * model.factor)))


def _same(loss: float, best: float, model: Model) -> bool:
    return loss <= best * (1 + _SAME) + 100 * _rounding(model)


def _distinct(thetas: list[np.ndarray]) -> list[np.ndarray]:
    kept: list[np.ndarray] = []
    for theta in thetas:
        if not any(np.allclose(theta, k, rtol=1e-6, atol=0.0) for k in kept):
            kept.append(theta)
    return kept


def _distance(theta: np.ndarray, given: np.ndarray) -> tuple[float, float]:
    """How far from the given constants, relative to both sizes; without them, how large and how many negative."""
    known = np.isfinite(given)
    if known.any():
        with np.errstate(invalid="ignore"):
            gap = (theta - given)[known] / (np.abs(theta) + np.abs(given) + 1e-300)[known]
        return float(gap @ gap), 0.0
    return float(np.abs(np.arcsinh(theta)).sum() + (theta < 0).sum()), 0.0


def _inside(a: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Strictly inside the bounds, as the trust region needs."""
    width = np.where(np.isfinite(high - low), high - low, np.maximum(1.0, np.abs(a)))
    margin = 1e-8 * width
    return np.clip(a, low + margin, high - margin)
