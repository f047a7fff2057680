"""Replaces constants by simpler ones (0, ±1, small integers, fractions, multiples of π) where the data do not object.

A redundant constant is one that can take any value without loss, so snapping folds it without a rule for its kind.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import sympy
from scipy.stats import chi2

from eqdarts.data.table import Table
from eqdarts.data.zero import LADDER
from eqdarts.fit.flat import flat_directions, lengths, simplest_points
from eqdarts.fit.formula import Compiled, ConstantFit, Template, compile_template, fit_constants, fit_sets
from eqdarts.simplify.description import NATS_PER_NODE, description_length, digits_of

_MOST_DIGITS = 36.0  # nats in a double
_TRIALS, _TRIAL_STEPS = 24, 12  # replacements refitted at once, and the steps of each
_NO_LOSS = 0.1  # nats that rounding may cost where constants of dependent columns become zero
_TRIALS_OF_ONE = 4  # of one constant
_WRITTEN = 8  # ways of replacing constants whose formulas are compared
_DENOMINATORS = (1, 2, 3, 4, 5, 6, 8, 10, 20, 25, 50, 100)  # of fractions, and of decimals with two places
_USUAL = 4  # denominators up to here need no more evidence than their digits
_EVIDENCE = 1.5  # nats that others must save beside
_MOST_DIGITS_OF_OTHERS = 5.0  # and the most that they may have: 9.81 is shorter than 981/100
_JOINTLY = 0.9  # confidence of the region that rounded numbers stay in: 1.6 standard errors of one (not tuned)
_BELIEVED = 0.01  # relative precision from which a number may be a multiple of π
_DENOMINATORS_OF_PI = _DENOMINATORS_OF_EXPONENTS = (1, 2, 3, 4)


@dataclass(frozen=True)
class Simplified:
    """A simplified formula over the column symbols, and its loss.

    numbers: what was put in for the constants of a template, in their order, where it came of one
    """

    expression: sympy.Expr
    loss: float
    numbers: tuple[sympy.Expr, ...] = ()


@dataclass(frozen=True)
class _Trial:
    """Constant k held at a simpler value, which saves `benefit` nats."""

    k: int
    target: sympy.Expr
    benefit: float
    forecast: float  # gain in nats that a quadratic model of the loss expects
    rounds: bool  # to a number of the same formula, while 0 and a fraction as exponent make it another one


@dataclass(frozen=True, eq=False)
class _Snapped:
    """A formula on the way: what is free, what was fixed, and the nats that this saved, less the misfit.

    rounded, spent: how many numbers were rounded, and the misfit in nats that this brought
    """

    fit: ConstantFit
    free: np.ndarray
    fixed: dict[int, sympy.Expr]
    refused: frozenset[tuple[int, sympy.Expr]]
    benefit: float
    worth: float
    rounded: int = 0
    spent: float = 0.0


def snap(form: Template, sample: Table, deadline: float = float("inf"), beam: int = 1) -> Simplified | None:
    """Replace constants by simpler ones, each time refitting the rest.

    A replacement is kept when it shortens the description: the misfit it adds (in nats) stays below
    what the constant costs. A number that is only rounded has to stay within its error besides, all of them jointly: a
    formula with 61.2 ± 0.4 is as short as one with 61, and predicts better. None if the formula is undefined on the
    sample.

    beam: orders of replacement that are followed side by side; one alone may take the number first that others need
    """
    code = compile_template(form)
    fit = fit_constants(code, form.values, sample)
    if not np.isfinite(fit.loss):
        return None
    ways = [_without_needless(code, fit, sample)]
    passed = ways
    while ways and time.monotonic() < deadline:
        found: dict[frozenset[tuple[int, sympy.Expr]], _Snapped] = {}
        for way in ways:
            for longer in _snapped_further(form, code, way, fit.loss, sample, beam):
                found.setdefault(frozenset(longer.fixed.items()), longer)
        ways = sorted(found.values(), key=lambda way: -way.worth)[:beam]
        # One way goes on to its end; of several the best on the way counts.
        passed = [*passed, *ways] if beam > 1 else ways or passed
    written = [_written(form, way) for way in sorted(passed, key=lambda way: -way.worth)[:_WRITTEN]]
    return min(written, key=lambda f: description_length(f.loss, f.expression, len(sample)))


def _without_needless(code: Compiled, fit: ConstantFit, sample: Table) -> _Snapped:
    """Where constants can move without a loss, as those of dependent columns can, as many as possible at zero."""
    start = _Snapped(fit, np.ones(len(fit.values), dtype=bool), {}, frozenset(), 0.0, 0.0)
    if not 1 < len(fit.values) <= len(sample):
        return start
    flat, sizes = flat_directions(fit.slopes), lengths(fit.slopes)
    if not len(flat):
        return start
    points = np.array(simplest_points(fit.values, flat, np.where(sizes > 0, sizes, 1.0))[:_TRIALS])
    _, losses = fit_sets(code, points, points != 0, sample, _TRIAL_STEPS)
    for point in points[_misfit(losses, fit.loss, len(sample)) < _NO_LOSS]:
        free = point != 0
        new = fit_constants(code, point, sample, free)
        if _misfit(np.array(new.loss), fit.loss, len(sample)) < _NO_LOSS:
            return _Snapped(new, free, {int(k): sympy.Integer(0) for k in np.flatnonzero(~free)}, frozenset(), 0.0, 0.0)
    return start


def _written(form: Template, way: _Snapped) -> Simplified:
    numbers = tuple(way.fixed.get(k, sympy.Float(v)) for k, v in enumerate(way.fit.values))
    return Simplified(form.at(numbers), way.fit.loss, numbers)


def _snapped_further(
    form: Template, code: Compiled, way: _Snapped, first_loss: float, sample: Table, most: int
) -> list[_Snapped]:
    """The formula with more constants replaced, in at most so many ways."""
    fit, free, n = way.fit, way.free, len(sample)
    refused = set(way.refused)
    while True:
        trials = _plausible(form, fit, free, refused, n) if free.any() else []
        if not trials:
            return []
        held = np.tile(free, (len(trials), 1))
        held[np.arange(len(trials)), [t.k for t in trials]] = False
        starts = np.stack([_moved(fit, free, [t]) for t in trials])
        _, losses = fit_sets(code, starts, held, sample, _TRIAL_STEPS)
        misfits = _misfit(losses, fit.loss, n)
        gains = np.array([t.benefit for t in trials]) - misfits
        held_up = [misfit <= _most_misfit(way, [t], n) for t, misfit in zip(trials, misfits, strict=True)]
        refused |= {(t.k, t.target) for t, good in zip(trials, held_up, strict=True) if not good}
        order = [trials[i] for i in np.argsort(-gains, kind="stable") if held_up[i]]
        found: list[_Snapped] = []
        for group in _groups(form, order, dict(zip(trials, gains, strict=True)), most):
            remaining = free.copy()
            remaining[[t.k for t in group]] = False
            new = fit_constants(code, _moved(fit, free, group), sample, remaining)
            misfit = float(_misfit(np.array(new.loss), fit.loss, n))
            if misfit <= _most_misfit(way, group, n):
                fixed = {**way.fixed, **{t.k: t.target for t in group}}
                benefit = way.benefit + sum(t.benefit for t in group)
                worth = benefit - float(_misfit(np.array(new.loss), first_loss, n))
                rounded = way.rounded + sum(t.rounds for t in group)
                spent = way.spent + max(0.0, misfit - sum(t.benefit for t in group if not t.rounds))
                found.append(_Snapped(new, remaining, fixed, frozenset(refused), benefit, worth, rounded, spent))
            elif len(group) == 1:
                refused.add((group[0].k, group[0].target))
            if len(found) >= most:
                break
        if found:
            return found


def _groups(form: Template, order: list[_Trial], gain_of: dict[_Trial, float], most: int) -> list[list[_Trial]]:
    """Replacements to be made together, the most promising first. order: those that hold by themselves, best first"""
    # A redundant constant may become 1 for nothing, and would then keep a needless neighbour alive.
    largest = max((gain_of[t] for t in order), default=0.0)
    gone = [t for t in order if t.target == 0 and gain_of[t] >= largest - 2 * NATS_PER_NODE]
    first = gone or order
    together = [t for i, t in enumerate(first) if t.k not in {s.k for s in first[:i]}]
    # What holds one by one mostly holds together; where constants are redundant it does not. Of several orders, one
    # has exponents first: whole ones are the rule, and coefficients can follow them better than they coefficients.
    exponents = [t for t in together if form.roles[t.k] == "exponent"]
    groups = [together, together[:1]]
    if most > 1:
        groups = [together, exponents, exponents[:1], together[:1], *([t] for t in order[:most])]
    return [group for i, group in enumerate(groups) if group and group not in groups[:i]]


def _misfit(new: np.ndarray, old: float, n: int) -> np.ndarray:
    """Nats by which the residuals become longer to write."""
    return 0.5 * n * np.log((new + LADDER.exact) / (old + LADDER.exact))


def _most_misfit(way: _Snapped, group: list[_Trial], n: int) -> float:
    """Nats that these replacements may cost: what they save, and where they round, what the noise allows."""
    saved = sum(t.benefit for t in group)
    rounded = sum(t.rounds for t in group)
    if not rounded:
        return saved
    changed = sum(t.benefit for t in group if not t.rounds)
    noise = _misfit_of_noise(way.rounded + rounded, n - len(way.fit.values))
    return min(saved, changed + max(0.0, n * noise - way.spent))


@lru_cache(maxsize=4096)
def _misfit_of_noise(rounded: int, spare: int) -> float:
    """Nats per row by which a fit gets worse where so many numbers move to the edge of their joint region.

    spare: rows beside the fitted numbers
    """
    return 0.5 * float(np.log1p(chi2.ppf(_JOINTLY, rounded) / max(1, spare)))


def _moved(fit: ConstantFit, free: np.ndarray, trials: list[_Trial]) -> np.ndarray:
    """Constants [K] with those of the trials at their targets, the others where a linear model puts them."""
    values = fit.values.copy()
    for t in trials:
        variance = fit.inverse[t.k, t.k]
        if variance > 0:
            step = -fit.inverse[:, t.k] / variance * (values[t.k] - float(t.target))
            values[free] += np.nan_to_num(step[free], nan=0.0, posinf=0.0, neginf=0.0)
        values[t.k] = float(t.target)
    for t in trials:
        values[t.k] = float(t.target)
    return values


def _plausible(
    form: Template, fit: ConstantFit, free: np.ndarray, refused: set[tuple[int, sympy.Expr]], n: int
) -> list[_Trial]:
    """The replacements worth a refit, most promising first."""
    trials: list[_Trial] = []
    for k in np.flatnonzero(free):
        value, variance = fit.values[k], fit.inverse[k, k]
        of_this: list[_Trial] = []
        is_exponent = form.roles[k] == "exponent"
        for target, benefit in simpler_values(value, form.roles[k], fit.precision[k], n):
            if (int(k), target) in refused:
                continue
            away = (value - float(target)) / np.sqrt(variance) if variance > 0 else 0.0
            added = max(away * away / n - fit.rounding, 0.0) if abs(away) < 1e100 else np.inf
            forecast = benefit - float(_misfit(np.array(fit.loss + added), fit.loss, n))
            # The model is rough far from the optimum, so a poor forecast is still worth one refit.
            if forecast > -10 * benefit:
                of_this.append(_Trial(int(k), target, benefit, forecast, rounds=target != 0 and not is_exponent))
        trials += sorted(of_this, key=lambda t: -t.forecast)[:_TRIALS_OF_ONE]
    return sorted(trials, key=lambda t: -t.forecast)[:_TRIALS]


def simpler_values(value: float, role: str, precision: float, n: int) -> list[tuple[sympy.Expr, float]]:
    """Simpler values for a constant, each with the nats that it saves.

    A constant costs the digits that the data give it, a fraction p/q about log |p|·q.
    """
    known = np.log(abs(value) / precision) if precision > 0 and value != 0 else _MOST_DIGITS
    digits = float(np.clip(known, 0.5 * np.log(n), _MOST_DIGITS))
    sign = 1 if value > 0 else -1
    out: list[tuple[sympy.Expr, float]] = [(sympy.Integer(0), digits + 2 * NATS_PER_NODE)]
    if role == "exponent":
        near = _fractions(value, _DENOMINATORS_OF_EXPONENTS) if abs(value) < 12 else []
        return out + [(f, digits + (NATS_PER_NODE if f == 1 else 0.0) - digits_of(f)) for f in near]
    if role == "phase":
        quarter = sympy.pi / 2 * round(value / (np.pi / 2))
        if quarter != 0 and abs(value) < 30 and precision < 0.1:
            out.append((quarter, digits + NATS_PER_NODE))
    out.append((sympy.Integer(sign), digits + NATS_PER_NODE))
    if precision > 0.05 * max(1.0, abs(value)):
        return out
    near_pi = _fractions(value / np.pi, _DENOMINATORS_OF_PI) if precision < _BELIEVED * abs(value) else []
    multiples = [sympy.pi * f for f in near_pi if abs(f.p) <= 12]
    for target in [*_fractions(value, _DENOMINATORS), *multiples]:
        cost = digits_of(target)
        saved = digits - cost
        if isinstance(target, sympy.Rational) and target.q > _USUAL:
            saved = saved - _EVIDENCE if cost < _MOST_DIGITS_OF_OTHERS else 0.0
        # What costs as many digits as it saves is met by chance.
        if saved > 0 and abs(float(target) - value) < 4 * precision + 1e-9 * max(1.0, abs(value)):
            out.append((target, saved))
    return out


def _fractions(value: float, denominators: tuple[int, ...]) -> list[sympy.Rational]:
    """The nearest fraction of each denominator but 0, in lowest terms."""
    nearest = (sympy.Rational(round(value * q), q) for q in denominators if abs(value) < 1e6)
    return [f for f in dict.fromkeys(nearest) if f != 0]
