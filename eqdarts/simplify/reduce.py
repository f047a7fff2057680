"""Makes a formula structurally simpler where the data do not object.

A fit to noisy data likes forms that hide a simpler one in a limit: sin(εx)/ε for x, (x^ε − 1)/ε for
log x, (1 + εx)^(a/ε) for exp(ax), each with one constant too many. Here every part of a formula is
replaced in turn by such a limit or by a constant, the rest refitted, and the change kept when the
description of data and formula together becomes shorter.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import sympy
from sympy.core.traversal import bottom_up
from sympy.simplify.fu import TR5, TR7, TR10i

from eqdarts.data.table import Table
from eqdarts.fit.formula import compile_template, fit_constants, is_round, template
from eqdarts.formula.tape import on_rows
from eqdarts.simplify.canonical import canonical, known_of
from eqdarts.simplify.description import count_constants, description_length, digits_of, size
from eqdarts.simplify.rewriting import rewritten
from eqdarts.simplify.simplify import simplify
from eqdarts.simplify.snapping import Simplified

_MOST_NODES = 80  # larger formulas are left alone
_STEPS = 15
_GAIN = 0.1  # nats that the formula itself must become shorter by
_SIMILAR = 1.5  # most ratio of two constants that may be one
_LONG = 3.0  # nats of the digits of a fraction that may have been any number: 39/2, not 3/2 (not tuned)
_MOST_WHOLE, _ROUNDING = 100, 1e-13  # a float this close to a smaller whole number is that number
_FLAT = 5e-16  # of its size, for each row: a part that varies less has no slope beside rounding
_MOST_DEGREE = 12  # of polynomials whose common factors are looked for
_EXPANDED = 4  # highest power of a sum that is multiplied out
_SMALL_EXPONENT, _LARGE_EXPONENT = 0.2, 6.0


def reduce(
    formula: Simplified, columns: tuple[sympy.Symbol, ...], rows: Table, deadline: float = float("inf")
) -> Simplified:
    """The formula after every replacement that shortens its description; itself if none does."""
    n, current = len(rows), formula
    tried: set[sympy.Expr] = set()  # what did not shorten a longer formula does not shorten this one
    if size(formula.expression) > _MOST_NODES:
        return formula
    searching = True
    while searching:
        searching = False
        length = description_length(current.loss, current.expression, n)
        for proposal in _proposals(current.expression, columns, rows.X):
            if time.monotonic() > deadline:
                return current
            proposed = canonical(proposal, columns, rows.X, known_of(rows, columns))
            if proposed in tried:
                continue
            tried.add(proposed)
            form = template(proposed, columns)
            fit = fit_constants(compile_template(form), form.values, rows, steps=_STEPS)
            most = length + 5.0
            if not np.isfinite(fit.loss) or description_length(fit.loss, sympy.S.Zero, n) > most:
                continue  # whatever the formula is
            fitted = form.at(fit.values)
            if description_length(fit.loss, fitted, n) > most:
                continue
            outcome = simplify(fitted, columns, rows, deadline)
            # Along a valley of constants every refit fits a little better, without end: that alone is no change.
            shorter = _size(outcome.expression, n) < _size(current.expression, n) - _GAIN
            if shorter and description_length(outcome.loss, outcome.expression, n) < length:
                current, searching = outcome, True
                break
    return current


def shortest_writing(expression: sympy.Expr) -> sympy.Expr:
    """The shortest of: the formula as it is, multiplied out, factored, with factors below a root, as fractions, or in
    other functions.

    All have the same values, so that without a rule the rounding of a loss would choose.
    """
    if size(expression) > _MOST_NODES:
        return expression
    fractions, have_cancelled = _fractions(expression)
    if have_cancelled:
        return min(fractions, key=_length)
    expanded = sympy.expand_mul(expression)
    factored = _factored(expanded)
    fraction = sympy.together(expression) if any(map(_may_be_fraction, expression.atoms(sympy.Add))) else expression
    forms = [expression, expanded, _factored(expression), factored, fraction, *fractions]
    forms += [bottom_up(form, _below_roots) for form in (expression, factored) if any(map(_is_root, _powers(form)))]
    forms += [bottom_up(form, _number_below) for form in (expression, fraction) if any(map(_is_below, _powers(form)))]
    forms = list(dict.fromkeys(forms))
    forms += [plainer for form in forms for plainer in rewritten(form)]
    return min(forms, key=_length)


def _factored(expression: sympy.Expr) -> sympy.Expr:
    """With common factors of sums taken out; looking for them takes long, and few sums have any."""
    return sympy.factor_terms(expression) if any(map(_may_factor, expression.atoms(sympy.Add))) else expression


def _may_factor(total: sympy.Add) -> bool:
    """Have all terms a base in common, or whole or negative coefficients?"""
    terms = [term.as_coeff_Mul() for term in total.args]
    if all(number.is_Rational for number, _ in terms) and total.primitive()[0] != 1:
        return True
    if all(number.is_negative for number, _ in terms):
        return True
    common: set[sympy.Expr] | None = None
    for _, rest in terms:
        bases = set(rest.as_powers_dict()) - {sympy.S.One}
        common = bases if common is None else common & bases
        if not common:
            return False
    return True


def _may_be_fraction(total: sympy.Add) -> bool:
    """Has it a term with something below a bar, or a factor that all have?"""
    return any(map(_has_bar, total.args)) or _may_factor(total)


def _has_bar(term: sympy.Expr) -> bool:
    number, rest = term.as_coeff_Mul()
    below = number.is_Rational and number.q != 1
    return below or any(exponent.could_extract_minus_sign() for exponent in rest.as_powers_dict().values())


def _powers(expression: sympy.Expr) -> set[sympy.Pow]:
    return expression.atoms(sympy.Pow)


def _is_root(power: sympy.Pow) -> bool:
    return bool(power.base.is_Add and power.exp.is_Rational and not power.exp.is_Integer)


def _is_below(power: sympy.Pow) -> bool:
    return bool(power.base.is_Add and power.exp == -1)


def _length(form: sympy.Expr) -> tuple[float, ...]:
    return size(form), count_constants(form), digits_of(form)


def _fractions(expression: sympy.Expr) -> tuple[list[sympy.Expr], bool]:
    """Ways to write a ratio of polynomials as one fraction or as several, and whether common factors have cancelled.

    (x² − 1)/(x³ − 1) has x − 1 twice. None where numbers are not exact.
    """
    if expression.has(sympy.Float, sympy.pi) or not expression.is_rational_function():
        return [], False
    above, below = sympy.fraction(sympy.together(expression))
    symbols = sorted(below.free_symbols, key=str)
    if not symbols or any(_degree(part) > _MOST_DEGREE for part in (above, below)):
        return [], False
    cancelled = sympy.cancel(expression)
    fractions = [cancelled, sympy.factor(cancelled), *(sympy.apart(cancelled, x) for x in symbols)]
    return fractions, _degree(sympy.fraction(cancelled)[1]) < _degree(below)


def _degree(polynomial: sympy.Expr) -> int:
    return int(sympy.Poly(polynomial).total_degree()) if polynomial.free_symbols else 0


def _below_roots(node: sympy.Expr) -> sympy.Expr:
    """x·√(1/2 − y/x) -> √(x²/2 − x·y): the positive numbers and columns before a root are multiplied into it."""
    roots = [f for f in node.args if f.is_Pow and _is_root(f)]
    if not node.is_Mul or len(roots) != 1:
        return node
    root = roots[0]
    others = [f for f in node.args if f is not root]
    inside = [f for f in others if f.is_positive and (f.is_number or f.as_base_exp()[0].is_Symbol)]
    total = sympy.expand_mul(root.base * sympy.Mul(*(f ** (1 / root.exp) for f in inside)))
    return sympy.Mul(sympy.Pow(_whole(total), root.exp), *(f for f in others if f not in inside))


def _number_below(node: sympy.Expr) -> sympy.Expr:
    """3·x/(3 − x) -> x/(1 − x/3): an exact number before a fraction is multiplied into the sum below it."""
    number, _ = node.as_coeff_Mul()
    below = [f for f in node.args if f.is_Pow and _is_below(f)]
    if not node.is_Mul or number in (1, -1) or number.is_Float or len(below) != 1:
        return node
    total = sympy.expand_mul(below[0].base / number)
    return sympy.Mul(sympy.Pow(total, -1), *(f for f in node.args if f not in (number, below[0])))


def _whole(expression: sympy.Expr) -> sympy.Expr:
    """With the floats that are whole but for their rounding as whole numbers: (√2)² is 2."""
    near = {f: sympy.Integer(round(f)) for f in expression.atoms(sympy.Float) if abs(f) < _MOST_WHOLE}
    return expression.xreplace({f: n for f, n in near.items() if n != 0 and abs(f - n) < _ROUNDING * abs(n)})


def _size(expression: sympy.Expr, n: int) -> float:
    """Nats of the formula alone."""
    return description_length(1.0, expression, n)


def _proposals(expression: sympy.Expr, columns: tuple[sympy.Symbol, ...], X: np.ndarray) -> Iterator[sympy.Expr]:
    """The expression rewritten, with two constants of similar size made one, or a part replaced, larger parts first."""
    if count_constants(expression) > 1:
        # Only inside a product does a ratio of constants stand as one number.
        yield sympy.factor_terms(expression)
    yield from _multiplied_out(expression)
    yield from _shared(expression)
    yield from _in_other_words(expression)
    yield from _with_whole_exponents(expression)
    yield from _without_number(expression)
    parts = {part for part in sympy.preorder_traversal(expression) if part.args and not part.is_number}
    parts -= {expression}
    for part in sorted(parts, key=lambda p: (-size(p), sympy.default_sort_key(p))):
        for simpler in _simpler(part, columns, X):
            yield expression.xreplace({part: simpler})


def _multiplied_out(expression: sympy.Expr) -> Iterator[sympy.Expr]:
    """Whole powers of sums as sums, where that needs no more constants: 9·(x/3 + 1)² − 9 is x² + 6·x."""
    powers = [p for p in expression.atoms(sympy.Pow) if p.base.is_Add and p.exp.is_Integer and 2 <= p.exp <= _EXPANDED]
    if powers:
        expanded = sympy.expand_mul(expression.xreplace({p: sympy.expand_multinomial(p) for p in powers}))
        numbers = sum(node.is_Float for node in sympy.preorder_traversal(expression))
        if sum(node.is_Float for node in sympy.preorder_traversal(expanded)) <= numbers:
            yield expanded


def _shared(expression: sympy.Expr) -> Iterator[sympy.Expr]:
    """With two constants of similar size made one; long fractions, to which some were rounded before, are constants."""
    numbers = expression.atoms(sympy.Float) | {r for r in expression.atoms(sympy.Rational) if digits_of(r) > _LONG}
    shared: list[dict[sympy.Expr, sympy.Expr]] = []
    for a, b in pairwise(sorted(numbers, key=lambda f: (abs(f), f))):
        if abs(a) != abs(b) and abs(b) < _SIMILAR * abs(a) and not (a.is_Float and is_round(float(a))):
            one = sympy.Float(a)
            shared.append({a: one, b: one if a * b > 0 else -one})
            yield expression.xreplace(shared[-1])
    if len(shared) > 1:  # an odd function has two pairs, and is no odd one with only one of them
        together: dict[sympy.Expr, sympy.Expr] = {}
        for pair in shared:
            if not together.keys() & pair.keys():
                together |= pair
        yield expression.xreplace(together)


def _in_other_words(expression: sympy.Expr) -> Iterator[sympy.Expr]:
    """The same values: functions of a sum for sums of products, whole terms for fractions below a root."""
    waves = expression.atoms(sympy.sin, sympy.cos)
    if len(waves) > 1:
        yield TR10i(sympy.factor_terms(expression))
    if any(isinstance(part, sympy.Pow) and part.base in waves for part in expression.atoms(sympy.Pow)):
        yield sympy.expand(TR7(TR5(expression)))
    for part in sorted(expression.atoms(sympy.Pow), key=sympy.default_sort_key):
        if part.base.is_Add and part.exp.is_number:
            content, whole = part.base.primitive()
            if content != 1:
                factor = content**part.exp
                # As a float it joins the constant that stands before it.
                factor = factor if factor.is_Rational else sympy.Float(float(factor))
                yield expression.xreplace({part: factor * sympy.Pow(whole, part.exp)})


def _with_whole_exponents(expression: sympy.Expr) -> Iterator[sympy.Expr]:
    """A fraction or float in an exponent made whole, the other numbers free to follow.

    Snapping takes the nearest fraction first, and what it then does to other constants cannot be undone.
    """
    for part in sorted(expression.atoms(sympy.Pow), key=sympy.default_sort_key):
        if part.exp.is_Integer or not part.exp.is_number or abs(part.exp) > _LARGE_EXPONENT:
            continue
        for whole in (sympy.floor(part.exp), sympy.ceiling(part.exp)):
            if whole != 0:
                yield _freed(expression.xreplace({part: sympy.Pow(part.base, whole)}))


def _freed(node: sympy.Expr) -> sympy.Expr:
    """Exact numbers but ±1 and exponents as floats, which a refit moves."""
    if node.is_Rational:
        return node if abs(node.p) == node.q or node == 0 else sympy.Float(node)
    if isinstance(node, sympy.Pow):
        return sympy.Pow(_freed(node.base), node.exp)
    return node.func(*map(_freed, node.args)) if node.args else node


def _simpler(part: sympy.Expr, columns: tuple[sympy.Symbol, ...], X: np.ndarray) -> Iterator[sympy.Expr]:
    value = on_rows(part, columns, X)
    if not np.isfinite(value).all():
        return
    yield sympy.Float(value.mean())
    yield from _without_number(part)
    inner = part.base if isinstance(part, sympy.Pow) else part.args[0]
    if len(part.args) > 1 and not isinstance(part, sympy.Pow):
        return
    u = on_rows(inner, columns, X)
    if not np.isfinite(u).all():
        return
    if not isinstance(part, sympy.Pow):
        yield _line(u, value, inner)
        return
    exponent = float(part.exp) if part.exp.is_number else 1.0
    if 0 < abs(exponent) < _SMALL_EXPONENT and (u > 0).all():
        yield _line(np.log(u), value, sympy.log(inner))
    if abs(exponent) > _LARGE_EXPONENT and (value > 0).all():
        yield sympy.exp(_line(u, np.log(value), inner))
    if inner.is_Add:
        yield _line(u, value, inner)


def _without_number(part: sympy.Expr) -> Iterator[sympy.Expr]:
    """A sum without its number.

    Snapping cannot take an exact one away, which may be there because the sum was divided by it, as in log(573·x + 1).
    And other numbers may only become simple without it: in 0.98·x + 1 that of x may then be one.
    """
    if part.is_Add and part.args[0].is_number:
        yield part - part.args[0]


def _line(u: np.ndarray, value: np.ndarray, symbolic: sympy.Expr) -> sympy.Expr:
    """value ≈ a + b·u by least squares, with u in symbols."""
    # In a unit of which squares are doubles; a power of two changes no digit.
    unit = np.exp2(np.clip(np.round(np.log2(np.abs(u).max())), -1000, 1000)) if u.any() else 1.0
    v = u / unit
    varies = np.std(v) > _FLAT * len(v) * np.sqrt(np.mean(v * v))
    b, a = np.polyfit(v, value, 1) if varies else (0.0, value.mean())
    return sympy.Float(a) + sympy.Float(b / unit) * symbolic
