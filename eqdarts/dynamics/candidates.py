"""Right-hand sides worth trying for one state: constants fitted and ranked in the weak form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
import sympy
from scipy.optimize import least_squares

from eqdarts.dynamics.weak import WeakForm
from eqdarts.fit.formula import template
from eqdarts.formula.tape import on_rows, tape
from eqdarts.propose.sparse import Limits, chosen_terms
from eqdarts.simplify.description import description_length, size
from eqdarts.simplify.form import form_of

# None of these is tuned.
_MOST_TERMS, _KEPT = 6, 3  # of a sum, and sums of each number of terms
_DEGREES = {1: 5, 2: 4, 3: 3, 4: 3}  # of monomials, by the number of columns; 2 beyond
_DEGREE_BESIDE = 2  # of monomials beside other terms
_MOST_OTHERS = 20  # terms that are no monomials
_EVALUATIONS = 60  # of a least-squares fit
_LINEAR = 1e-9  # of the target: constants that have done what their slopes promised enter linearly
_PRUNED = 4  # of the shortest, from which terms are taken


@dataclass(frozen=True)
class Candidate:
    """A right-hand side.

    Attributes
    ----------
    expression : sympy.Expr
        Over symbols named like the columns.
    loss : float
        Mean square of what it leaves of the weak rows, over what the best constant leaves.
    length : float
        Of its description, in nats.
    origin : str
    """

    expression: sympy.Expr
    loss: float
    length: float
    origin: str

    @property
    def complexity(self) -> int:
        return size(self.expression)


def weighed(expression: sympy.Expr, form: WeakForm, origin: str) -> Candidate | None:
    """The right-hand side with constants that fit the weak rows best; None if it is not defined between them."""
    symbols = tuple(map(sympy.Symbol, form.columns))
    shape = template(expression, symbols)
    count, steps = len(shape.values), tape(shape.expression, (*symbols, *shape.constants))
    if count >= len(form.target):
        return None
    wide = (len(form.values),)

    def values(constants: np.ndarray) -> np.ndarray:
        return np.broadcast_to(steps.value(*form.values.T, *constants), wide)

    def rest(constants: np.ndarray) -> np.ndarray:
        return np.nan_to_num(form.integrate @ values(constants) - form.target, nan=1e150, posinf=1e150, neginf=-1e150)

    def slopes(constants: np.ndarray) -> np.ndarray:
        found = steps.linearise(range(len(symbols), len(symbols) + count), *form.values.T, *constants)[1]
        return np.nan_to_num(form.integrate @ np.column_stack([np.broadcast_to(s, wide) for s in found]))

    best = shape.values
    with np.errstate(all="ignore"):
        if not np.isfinite(values(best)).all():
            return None
        left = rest(best)
        if count:
            matrix = slopes(best)
            step = np.linalg.lstsq(matrix, -left, rcond=None)[0]
            expected, now = left + matrix @ step, rest(best + step)
            best, left = best + step, now
            if not np.linalg.norm(now - expected) <= _LINEAR * np.linalg.norm(form.target):
                start = best if now @ now < expected @ expected * 4 else shape.values
                best = least_squares(rest, start, jac=slopes, method="lm", x_scale="jac", max_nfev=_EVALUATIONS).x
                left = rest(best)
    fitted, loss = shape.at(best), float(np.mean(left**2)) / form.spread
    if not np.isfinite(loss) or not np.isfinite(best).all():
        return None
    return Candidate(fitted, loss, description_length(loss, fitted, len(left)), origin)


def candidates(form: WeakForm, found: Iterable[sympy.Expr]) -> list[Candidate]:
    """What a search found, sums of terms, and both with terms taken off: of each form the shortest, in order."""
    found = list(found)
    variants = dict.fromkeys(variant for e in map(floated, found) for variant in (e, freed(e)))
    return _all(form, [("search", variant) for variant in variants])


def reweighed(known: Sequence[Candidate], form: WeakForm) -> list[Candidate]:
    """The same, and sums of terms, fitted to other weak rows."""
    return _all(form, [(c.origin, c.expression) for c in known])


def _all(form: WeakForm, proposals: Sequence[tuple[str, sympy.Expr]]) -> list[Candidate]:
    known: dict[sympy.Expr, Candidate] = {}
    for origin, expression in proposals:
        _note(known, weighed(expression, form, origin), form)
    for one in sums(form, other_terms([e for _, e in proposals], form)):
        _note(known, one, form)
    for one in _in_order(known)[:_PRUNED]:
        _note(known, weighed(one.expression, form, one.origin), form)
        _prune(known, one, form)
    return _in_order(known)


def sums(form: WeakForm, others: Sequence[sympy.Expr] = ()) -> Iterator[Candidate]:
    """Sums of few terms that explain most of the weak rows: sparse regression as in SINDy (Brunton et al. 2016).

    Terms are monomials, sines and cosines of columns, and others that are given.
    """
    d = len(form.columns)
    symbols = list(map(sympy.Symbol, form.columns))
    powers = [p for degree in range(1, _DEGREES.get(d, 2) + 1) for p in combinations_with_replacement(range(d), degree)]
    monomials = [sympy.Mul(*(symbols[q] for q in p)) for p in powers]
    waves = [f(symbol) for symbol in symbols for f in (sympy.sin, sympy.cos)]
    plain = [form.integrate @ form.values[:, list(p)].prod(axis=1) for p in powers]
    yield from _sums(form, monomials, plain, [len(p) for p in powers])
    with np.errstate(all="ignore"):
        more = {term: form.integrate @ on_rows(term, tuple(symbols), form.values) for term in (*waves, *others)}
    more = {term: rows for term, rows in more.items() if np.isfinite(rows).all()}
    low = [k for k, p in enumerate(powers) if len(p) <= _DEGREE_BESIDE]
    terms, rows = [*(monomials[k] for k in low), *more], [*(plain[k] for k in low), *more.values()]
    yield from _sums(form, terms, rows, [*(len(powers[k]) for k in low), *(2 for _ in more)])


def _sums(
    form: WeakForm, terms: Sequence[sympy.Expr], rows: Sequence[np.ndarray], cost: Sequence[int]
) -> Iterator[Candidate]:
    """Sums of some of these terms, of which the weak rows [J] are given."""
    root = form.constant
    root = np.where(np.abs(root) < 1e-9 * np.abs(root).max(), 1e-9 * np.abs(root).max(), root)
    limits = Limits(cost=4 * _MOST_TERMS, terms=min(_MOST_TERMS, len(form.target) // 3), kept=_KEPT, all_pairs=True)
    # Rows of the constant 1 take the place of the roots of weights, so that an intercept stands beside each sum.
    for choice in chosen_terms(np.array(rows) / root, form.target / root, root, np.array(cost), limits):
        for constant in ([], [sympy.Integer(1)]):
            matrix = np.column_stack([*(rows[k] for k in choice), *([form.constant] if constant else [])])
            coefficients = np.linalg.lstsq(matrix, form.target, rcond=None)[0]
            pairs = zip(coefficients, [*(terms[k] for k in choice), *constant], strict=True)
            expression = sympy.Add(*(sympy.Float(float(c)) * term for c, term in pairs))
            loss = float(np.mean((matrix @ coefficients - form.target) ** 2)) / form.spread
            yield Candidate(expression, loss, description_length(loss, expression, len(form.target)), "sparse")


def other_terms(expressions: Iterable[sympy.Expr], form: WeakForm) -> list[sympy.Expr]:
    """The terms of formulas without their factors, but for monomials; of each form one."""
    found: dict[sympy.Expr, sympy.Expr] = {}
    for expression in expressions:
        for term in sympy.Add.make_args(sympy.expand_mul(expression)):
            bare = term.as_coeff_Mul()[1]
            if not bare.is_polynomial(*bare.free_symbols):
                found.setdefault(form_of(bare, form.columns), bare)
    return list(found.values())[:_MOST_OTHERS]


def floated(expression: sympy.Expr) -> sympy.Expr:
    """The formula with a free number for every one but 1, −1 and exponents, and no more of them than can be told apart.

    A search rounds constants as far as its rows allow, which were curves here and no observations.

    Examples
    --------
    >>> x, y = sympy.symbols("x y")
    >>> floated(x * (6 - 4 * y) / 5 + x)
    -0.8*x*(y - 1.5) + x
    >>> floated(sympy.pi * x / 2 + sympy.sqrt(2))
    1.5707963267949*x + 1.4142135623731
    """
    if expression.is_number:
        return expression if abs(expression) == 1 else expression.evalf()
    if isinstance(expression, sympy.Add):
        return sympy.Add(*map(floated, expression.args))
    number, rest = expression.as_independent(*expression.free_symbols, as_Add=False)
    if isinstance(number, sympy.Float) or rest.is_Mul or rest.is_Pow:
        factors = []
        for factor in sympy.Mul.make_args(rest):
            base, power = factor.as_base_exp()
            if isinstance(base, sympy.Add) and power.is_Integer:
                first = next(t for t in base.args if not t.is_number)
                leading = first.as_independent(*first.free_symbols, as_Add=False)[0]
                number *= leading**power
                base = sympy.Add(*(floated(term / leading) for term in base.args))
            elif base.is_number:
                base, power = base, floated(power)
            elif base.args:
                base = base.func(*map(floated, base.args))
            factors.append(base**power)
        rest = sympy.Mul(*factors)
    elif rest.args:
        rest = rest.func(*map(floated, rest.args))
    return rest * (number if abs(number) == 1 else number.evalf())


def freed(expression: sympy.Expr) -> sympy.Expr:
    """The formula with a free factor before each of its terms, and free numbers for fractions: rows snapped them that
    had errors of their own.

    Examples
    --------
    >>> x, y = sympy.symbols("x y")
    >>> freed(x - x * y / 2)
    -0.5*x*y + 1.0*x
    """
    terms = sympy.Add.make_args(sympy.expand_mul(expression))
    return sympy.Add(*(_factor_freed(term) for term in terms))


def _factor_freed(term: sympy.Expr) -> sympy.Expr:
    number, rest = term.as_coeff_Mul()
    return sympy.Float(number) * rest if number.is_number else term


def _note(known: dict[sympy.Expr, Candidate], new: Candidate | None, form: WeakForm) -> bool:
    """Is it the shortest of its form?"""
    if new is None:
        return False
    key = form_of(new.expression, form.columns)
    better = key not in known or new.length < known[key].length
    if better:
        known[key] = new
    return better


def _prune(known: dict[sympy.Expr, Candidate], start: Candidate, form: WeakForm) -> None:
    """Take the term off that costs least, again and again: those that are left are as good, or simpler."""
    now = start
    while True:
        terms = sympy.Add.make_args(now.expression)
        if len(terms) < 2:
            return
        shorter = (weighed(sympy.Add(*terms[:k], *terms[k + 1 :]), form, now.origin) for k in range(len(terms)))
        found = [c for c in shorter if c is not None]
        if not found:
            return
        now = min(found, key=lambda c: c.length)
        if not _note(known, now, form):
            return


def _in_order(known: dict[sympy.Expr, Candidate]) -> list[Candidate]:
    return sorted(known.values(), key=lambda c: (c.length, c.complexity))
