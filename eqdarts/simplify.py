"""Turns a raw fitted formula into one a person would write: redundant constants folded, values snapped.

Two steps alternate. `canonical` rewrites by rules that never change a value on the data;
`snap` replaces constants by simpler ones (0, ±1, small integers and fractions, multiples of π)
where a refit of the others shows that the data do not object. A redundant constant is one that can
take any value without loss, so snapping folds it without a rule for its kind.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import sympy

from eqdarts.constants import (
    Compiled,
    ConstantFit,
    Rows,
    Template,
    compile_template,
    fit_constants,
    fit_sets,
    is_round,
    template,
)
from eqdarts.numeric import function

#: Losses (relative to the mean square of y) below this differ by rounding only.
FLOOR = 1e-21
_NEGLIGIBLE = 1e-11  # share of y
_MOST_CONSTANTS = 40
_MOST_TERMS = 10  # a longer sum is not factored
_MOST_DIGITS = 36.0  # nats in a double
_TRIALS, _TRIAL_STEPS = 24, 12  # replacements refitted at once, and the steps of each
_TRIALS_OF_ONE = 4  # of one constant
_WRITTEN = 8  # ways of replacing constants whose formulas are compared
NATS_PER_NODE = 2.5  # log of about a dozen symbols that could stand in a node
_DENOMINATORS = (1, 2, 3, 4, 5, 6, 8, 10, 20, 25, 50, 100)  # of fractions, and of decimals with two places
_USUAL = 4  # denominators up to here need no more evidence than their digits
_EVIDENCE = 1.5  # nats that others must save beside
_MOST_DIGITS_OF_OTHERS = 5.0  # and the most that they may have: 9.81 is shorter than 981/100
_BELIEVED = 0.01  # relative precision from which a number may be a multiple of π
_DENOMINATORS_OF_PI = _DENOMINATORS_OF_EXPONENTS = (1, 2, 3, 4)


@dataclass(frozen=True)
class Simplified:
    """A simplified formula over the column symbols, its loss, and the standard error of each float."""

    expression: sympy.Expr
    loss: float


def simplify(
    expression: sympy.Expr,
    columns: tuple[sympy.Symbol, ...],
    sample: Rows,
    deadline: float = float("inf"),
    passes: int = 3,
    beam: int = 1,
) -> Simplified:
    """Fold, refit and snap until nothing changes, or until the deadline (in `time.monotonic`).

    The loss of the result is that of the refitted formula on the sample; at the deadline the best
    so far is returned.

    beam: see `snap`
    """
    current = canonical(_without_negligible(expression, columns, sample), columns, sample.X)
    best: Simplified | None = None
    for _ in range(passes):
        form = template(current, columns)
        if len(form.constants) > _MOST_CONSTANTS:
            break
        outcome = snap(form, sample, deadline, beam)
        if outcome is None:
            break
        if best is None or _worth(outcome, best, len(sample.y)):
            best = outcome
        following = canonical(outcome.expression, columns, sample.X)
        if following == current or time.monotonic() > deadline:
            break
        current = following
        best = replace(best, expression=following) if best is outcome else best
    if best is None:
        value = _values(expression, columns, sample.X)
        loss = float(np.mean((value - sample.y) ** 2) / np.mean(sample.y**2))
        return Simplified(expression, loss if np.isfinite(loss) else np.inf)
    return best


def size(expression: sympy.Expr) -> int:
    """Complexity: the nodes of the expression tree; a number counts once, be it 3/4, 0.1234 or the 2π of a product."""
    if not expression.args or expression.is_number:
        return 1
    # The root in 4·√6·x is a number of its own: otherwise some root would stand for every constant.
    with_pi = expression.is_Mul and sympy.pi in expression.args and expression.args[0].is_Rational
    return 1 + sum(map(size, expression.args)) - with_pi


def count_constants(expression: sympy.Expr) -> int:
    """Floats in the expression: the constants that were fitted. Equal ones, unless they are round, are one."""
    floats = [abs(float(node)) for node in sympy.preorder_traversal(expression) if isinstance(node, sympy.Float)]
    return len({f for f in floats if not is_round(f)}) + sum(map(is_round, floats))


def description_length(loss: float, expression: sympy.Expr, n: int) -> float:
    """Nats to write down the residuals, the constants and the tree (Rissanen 1978), up to a constant.

    A constant is written to the precision that the data give it, about the noise over √n beside its own size: the
    less noise, the more digits. (The Occam factor of MacKay 1992 is the same charge.)

    loss: mean squared error in units of the mean square of y
    """
    fit = 0.5 * n * np.log(loss + FLOOR)
    digits = 0.5 * np.log(n / (min(loss, 1.0) + FLOOR)) * count_constants(expression)
    return float(fit + digits + digits_of(expression) + NATS_PER_NODE * size(expression))


def digits_of(expression: sympy.Expr) -> float:
    """Nats to write the exact numbers beside their nodes: log |p|·q of p/q, one more symbol for π or a root."""
    return float(
        sum(
            np.log(max(1, abs(node.p)) * float(node.q)) if isinstance(node, sympy.Rational) else NATS_PER_NODE
            for node in sympy.preorder_traversal(expression)
            if isinstance(node, sympy.Rational) or node is sympy.pi or (node.is_Pow and node.is_number)
        )
    )


def _worth(new: Simplified, old: Simplified, n: int) -> bool:
    return description_length(new.loss, new.expression, n) <= description_length(old.loss, old.expression, n)


def _values(expression: sympy.Expr, columns: tuple[sympy.Symbol, ...], X: np.ndarray) -> np.ndarray:
    """The expression on rows X [n, d]; NaN outside its domain."""
    return np.broadcast_to(function(expression, columns)(*X.T), (len(X),))


def _without_negligible(expression: sympy.Expr, columns: tuple[sympy.Symbol, ...], sample: Rows) -> sympy.Expr:
    """Without the terms that are rounding beside their sum: what a readout leaves of a node that it does not need."""

    def rebuild(node: sympy.Expr, size: float | None = None) -> sympy.Expr:
        if isinstance(node, sympy.Add):
            if size is None:
                size = _root_mean_square(node, columns, sample.X)
            terms = [t for t in node.args if not _root_mean_square(t, columns, sample.X) < _NEGLIGIBLE * size]
            node = sympy.Add(*terms)
        return node.func(*map(rebuild, node.args)) if node.args else node

    expanded = sympy.expand_mul(expression, deep=False)
    with np.errstate(all="ignore"):
        left = rebuild(expanded, float(np.sqrt(np.mean(sample.y**2))))
    return expression if left == expanded else left


def _root_mean_square(expression: sympy.Expr, columns: tuple[sympy.Symbol, ...], X: np.ndarray) -> float:
    return float(np.sqrt(np.mean(_values(expression, columns, X) ** 2)))


def canonical(expression: sympy.Expr, columns: tuple[sympy.Symbol, ...], X: np.ndarray) -> sympy.Expr:
    """Rewrite without changing a value on the rows X: constants pulled out of powers, exp, log and |…|."""

    def sign_of(node: sympy.Expr) -> int:
        value = _values(node, columns, X)
        return 1 if (value > 0).all() else -1 if (value < 0).all() else 0

    def rebuild(node: sympy.Expr) -> sympy.Expr:
        if not node.args:
            return node
        args = [rebuild(a) for a in node.args]
        out = node.func(*args)
        for kind, rule in _RULES:
            if isinstance(out, kind):
                out = rule(out, sign_of)
        return out

    previous = None
    for _ in range(4):
        if expression == previous:
            break
        previous, expression = expression, rebuild(expression)
    return expression


SignOf = Callable[[sympy.Expr], int]


def _absolute(node: sympy.Abs, sign_of: SignOf) -> sympy.Expr:
    sign = sign_of(node.args[0])
    return sign * node.args[0] if sign else node


def _sign(node: sympy.sign, sign_of: SignOf) -> sympy.Expr:
    inner = node.args[0]
    if sign_of(inner):
        return sympy.Integer(sign_of(inner))
    return -sympy.sign(-inner) if inner.could_extract_minus_sign() else node


def _product(node: sympy.Mul, sign_of: SignOf) -> sympy.Expr:
    """sign(A)·|A|^p -> A·|A|^(p−1) for whole p, which is A^p for odd p; A·(c·B + …) -> c·A·(B + …)."""
    for factor in node.args:
        if isinstance(factor, sympy.Add) and any(not f.is_number for f in node.args if f != factor):
            taken = _leading_one(factor)
            if taken != factor:
                return sympy.Mul(*(f for f in node.args if f != factor), *taken.args)
        if not isinstance(factor, sympy.sign):
            continue
        inner = factor.args[0]
        for other in node.args:
            base, p = other.as_base_exp()
            if isinstance(base, sympy.Abs) and base.args[0] == inner and p.is_integer and p.is_odd:
                rest = sympy.Mul(*(f for f in node.args if f not in (factor, other)))
                return rest * inner**p
    return node


def _power(node: sympy.Pow, sign_of: SignOf) -> sympy.Expr:
    """(c·A)^p -> c^p·A^p for c > 0, and (A^q)^p -> A^(q·p) where A > 0; |A|^2k -> A^2k."""
    base, p = node.base, node.exp
    if isinstance(base, sympy.exp):
        return sympy.exp(base.args[0] * p)
    if isinstance(base, sympy.Abs) and p.is_integer and p % 2 == 0:
        return base.args[0] ** p
    if isinstance(base, sympy.Pow) and sign_of(base.base) > 0:
        return base.base ** (base.exp * p)
    if isinstance(base, sympy.Add):
        if p.is_integer and p % 2 == 0 and base.could_extract_minus_sign():
            return sympy.Pow(-base, p)
        square = _square_root(base) if (2 * p).is_integer and not p.is_integer else None
        if square is not None:
            return sympy.Pow(sympy.Abs(square), 2 * p)
        common, base = _common_factor(base, p, sign_of)
        if common:
            return sympy.Mul(*(b ** (e * p) for b, e in common), sympy.Pow(base, p))
        base = _leading_one(base)
    if isinstance(base, sympy.Mul):
        out = []
        rest = []
        for factor in base.args:
            if factor.is_number and factor.is_positive:
                out.append(sympy.Pow(factor, p))
            elif not factor.is_number and (p.is_integer or sign_of(factor) > 0):
                out.append(_power_of(factor, p, sign_of))
            else:
                rest.append(factor)
        if out:
            remaining = sympy.Mul(*rest)
            if p.is_integer or remaining == 1 or sign_of(remaining) > 0:
                return sympy.Mul(*out, sympy.Pow(remaining, p))
    return node


def _square_root(total: sympy.Add) -> sympy.Expr | None:
    """A of a sum that is A² as a polynomial, such as x² + 2xy + y²; None if it is not, or has floats."""
    if not 3 <= len(total.args) <= _MOST_TERMS or total.has(sympy.Float):
        return None
    factored = sympy.factor(total)
    if isinstance(factored, sympy.Pow) and factored.exp.is_integer and factored.exp % 2 == 0:
        return factored.base ** (factored.exp / 2)
    return None


def _common_factor(
    total: sympy.Add, p: sympy.Expr, sign_of: SignOf
) -> tuple[list[tuple[sympy.Expr, sympy.Expr]], sympy.Expr]:
    """The powers that every term of a sum has, as (base, exponent), and the sum without them.

    1/m² − v²/(c·m)² -> m^(−2)·(1 − v²/c²). Only powers that may leave (…)^p: of positive bases, or if p is whole.
    """
    powers = [
        {b: e for b, e in term.as_powers_dict().items() if e.is_number and not b.is_number} for term in total.args
    ]
    common = []
    for b in sorted(set.intersection(*(set(each) for each in powers)), key=sympy.default_sort_key):
        exponents = [each[b] for each in powers]
        alike = all(e > 0 for e in exponents) or all(e < 0 for e in exponents)
        if alike and (p.is_integer or sign_of(b) > 0):
            common.append((b, min(exponents, key=abs)))
        elif alike and sign_of(b) < 0 and all(e.is_integer and e % 2 == 0 for e in exponents):
            common.append((-b, min(exponents, key=abs)))
    factor = sympy.Mul(*(b**e for b, e in common))
    return common, sympy.Add(*(term / factor for term in total.args)) if common else total


def _power_of(factor: sympy.Expr, p: sympy.Expr, sign_of: SignOf) -> sympy.Expr:
    if isinstance(factor, sympy.Pow) and (p.is_integer or sign_of(factor.base) > 0):
        return sympy.Pow(factor.base, factor.exp * p)
    return sympy.Pow(factor, p)


def _leading_one(total: sympy.Add) -> sympy.Expr:
    """c·(± A + …): the coefficient taken out that leaves the simplest others, if it is a float."""
    coefficients = [term.as_coeff_Mul()[0] for term in total.args]
    floats = [abs(c) for c in coefficients if isinstance(c, sympy.Float)]
    if not floats or len(coefficients) != len([c for c in coefficients if c.is_number]):
        return total

    def niceness(divisor: sympy.Float) -> tuple[int, float]:
        ratios = [abs(float(c / divisor)) for c in coefficients]
        near = sum(0.5 < r < 10.5 and abs(r - round(r)) < 1e-6 * max(1.0, r) for r in ratios)  # r may be infinite
        return (near, float(divisor))

    divisor = max(floats, key=niceness)
    terms = []
    for term in total.args:
        c, rest = term.as_coeff_Mul()
        ratio = c / divisor
        if abs(abs(float(ratio)) - 1) < 1e-15:
            ratio = sympy.Integer(1 if ratio > 0 else -1)
        terms.append(ratio * rest)
    return sympy.Mul(divisor, sympy.Add(*terms), evaluate=False)


def _exponential(node: sympy.exp, sign_of: SignOf) -> sympy.Expr:
    """exp(c + A) -> exp(c)·exp(A) for a number c."""
    constant, rest = node.args[0].as_coeff_Add()
    return sympy.exp(constant) * sympy.exp(rest) if isinstance(constant, sympy.Float) else node


def _logarithm(node: sympy.log, sign_of: SignOf) -> sympy.Expr:
    """log(c·A) -> log(c) + log(A) for c > 0, log(A^p) -> p·log(A) where A > 0."""
    inner = node.args[0]
    if isinstance(inner, sympy.Add):
        inner = _leading_one(inner)
    if isinstance(inner, sympy.exp):
        return inner.args[0]
    if isinstance(inner, sympy.Pow) and sign_of(inner.base) > 0:
        return inner.exp * sympy.log(inner.base)
    if isinstance(inner, sympy.Mul):
        numbers = [f for f in inner.args if isinstance(f, sympy.Float) and f > 0]
        if numbers:
            rest = sympy.Mul(*(f for f in inner.args if f not in numbers))
            return sympy.Add(*(sympy.log(f) for f in numbers)) + sympy.log(rest)
    return node


_RULES: tuple[tuple[type, Callable[..., sympy.Expr]], ...] = (
    (sympy.Abs, _absolute),
    (sympy.sign, _sign),
    (sympy.Pow, _power),
    (sympy.Mul, _product),
    (sympy.exp, _exponential),
    (sympy.log, _logarithm),
)


@dataclass(frozen=True)
class _Trial:
    """Constant k held at a simpler value, which saves `benefit` nats."""

    k: int
    target: sympy.Expr
    benefit: float
    forecast: float  # gain in nats that a quadratic model of the loss expects


@dataclass(frozen=True, eq=False)
class _Snapped:
    """A formula on the way: what is free, what was fixed, and the nats that this saved, less the misfit."""

    fit: ConstantFit
    free: np.ndarray
    fixed: dict[int, sympy.Expr]
    refused: frozenset[tuple[int, sympy.Expr]]
    benefit: float
    worth: float


def snap(form: Template, sample: Rows, deadline: float = float("inf"), beam: int = 1) -> Simplified | None:
    """Replace constants by simpler ones, each time refitting the rest.

    A replacement is kept when it shortens the description: the misfit it adds (in nats) stays below
    what the constant costs. None if the formula is undefined on the sample.

    beam: orders of replacement that are followed side by side; one alone may take the number first that others need
    """
    code = compile_template(form)
    fit = fit_constants(code, form.values, sample)
    if not np.isfinite(fit.loss):
        return None
    ways = [_Snapped(fit, np.ones(len(form.constants), dtype=bool), {}, frozenset(), 0.0, 0.0)]
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
    return min(written, key=lambda f: description_length(f.loss, f.expression, len(sample.y)))


def _written(form: Template, way: _Snapped) -> Simplified:
    numbers = [way.fixed.get(k, sympy.Float(v)) for k, v in enumerate(way.fit.values)]
    return Simplified(form.at(numbers), way.fit.loss)


def _snapped_further(
    form: Template, code: Compiled, way: _Snapped, first_loss: float, sample: Rows, most: int
) -> list[_Snapped]:
    """The formula with more constants replaced, in at most so many ways."""
    fit, free, n = way.fit, way.free, len(sample.y)
    refused = set(way.refused)
    while True:
        trials = _plausible(form, fit, free, refused, n) if free.any() else []
        if not trials:
            return []
        held = np.tile(free, (len(trials), 1))
        held[np.arange(len(trials)), [t.k for t in trials]] = False
        starts = np.stack([_moved(fit, free, [t]) for t in trials])
        _, losses = fit_sets(code, starts, held, sample, _TRIAL_STEPS)
        gains = np.array([t.benefit for t in trials]) - _misfit(losses, fit.loss, n)
        refused |= {(t.k, t.target) for t, gain in zip(trials, gains, strict=True) if not gain >= 0}
        order = [trials[i] for i in np.argsort(-gains, kind="stable") if gains[i] >= 0]
        found: list[_Snapped] = []
        for group in _groups(form, order, dict(zip(trials, gains, strict=True)), most):
            remaining = free.copy()
            remaining[[t.k for t in group]] = False
            new = fit_constants(code, _moved(fit, free, group), sample, remaining)
            benefit = sum(t.benefit for t in group)
            if _misfit(np.array(new.loss), fit.loss, n) <= benefit:
                fixed = {**way.fixed, **{t.k: t.target for t in group}}
                benefit += way.benefit
                worth = benefit - float(_misfit(np.array(new.loss), first_loss, n))
                found.append(_Snapped(new, remaining, fixed, frozenset(refused), benefit, worth))
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
    return 0.5 * n * np.log((new + FLOOR) / (old + FLOOR))


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
        for target, benefit in _targets(value, form.roles[k], fit.precision[k], n):
            if (int(k), target) in refused:
                continue
            away = (value - float(target)) / np.sqrt(variance) if variance > 0 else 0.0
            added = away * away / n if abs(away) < 1e100 else np.inf
            forecast = benefit - float(_misfit(np.array(fit.loss + added), fit.loss, n))
            # The model is rough far from the optimum, so a poor forecast is still worth one refit.
            if forecast > -10 * benefit:
                of_this.append(_Trial(int(k), target, benefit, forecast))
        trials += sorted(of_this, key=lambda t: -t.forecast)[:_TRIALS_OF_ONE]
    return sorted(trials, key=lambda t: -t.forecast)[:_TRIALS]


def _targets(value: float, role: str, precision: float, n: int) -> list[tuple[sympy.Expr, float]]:
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
