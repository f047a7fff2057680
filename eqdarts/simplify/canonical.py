"""Rewrites a formula by rules that never change a value on the data: redundant constants and signs are folded.

Numbers that are no simple exact ones, such as 4·exp(−2)/3, become floats, and functions of a column of two values, such
as the square of one of 0 and 1, straight lines where those are shorter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import sympy

from eqdarts.data.table import Table
from eqdarts.formula.substitution import not_asked
from eqdarts.formula.tape import number, on_rows
from eqdarts.simplify.description import count_constants, size
from eqdarts.simplify.rewriting import with_common_signs

_MOST_TERMS = 10  # a longer sum is not factored
_MOST_KNOWN = 20_000  # parts that are remembered


@dataclass(frozen=True)
class Known:
    """What is known of expressions over the columns of one table: most formulas of a fit share most of their parts.

    Attributes
    ----------
    signs : dict
        Of a part, and whether it may be zero as well.
    rebuilt : dict
        A part after one pass of the rules.
    """

    signs: dict[tuple[sympy.Expr, bool], int] = field(default_factory=dict)
    rebuilt: dict[sympy.Expr, sympy.Expr] = field(default_factory=dict)


def known_of(table: Table, columns: tuple[sympy.Symbol, ...]) -> Known:
    """What was learned on this table so far; forgotten where it grows large."""
    known = table.once(_nothing_known, columns)
    if len(known.rebuilt) > _MOST_KNOWN:
        known.rebuilt.clear()
        known.signs.clear()
    return known


def _nothing_known(table: Table, columns: tuple[sympy.Symbol, ...]) -> Known:
    return Known()


def canonical(
    expression: sympy.Expr, columns: tuple[sympy.Symbol, ...], X: np.ndarray, known: Known | None = None
) -> sympy.Expr:
    """Rewrite without changing a value on the rows X: constants pulled out of powers, exp, log and |…|.

    known: of the same rows and columns; grows
    """
    known = Known() if known is None else known

    def sign_of(node: sympy.Expr, or_zero: bool = False) -> int:
        if (node, or_zero) not in known.signs:
            value = on_rows(node, columns, X)
            positive, negative = (value >= 0, value <= 0) if or_zero else (value > 0, value < 0)
            known.signs[node, or_zero] = 1 if positive.all() else -1 if negative.all() else 0
        return known.signs[node, or_zero]

    ends = _two_values(columns, X)

    def rebuild(node: sympy.Expr) -> sympy.Expr:
        if not node.args or node.is_number:
            return _plain_number(node) if node.is_number else node
        if node not in known.rebuilt:
            known.rebuilt[node] = rebuilt(node)
        return known.rebuilt[node]

    def rebuilt(node: sympy.Expr) -> sympy.Expr:
        args = [rebuild(a) for a in node.args]
        out = _straight(_with_one_number(not_asked(node.func(*args))), ends)
        for kind, rule in _RULES:
            if isinstance(out, kind):
                out = not_asked(rule(out, sign_of))
        return out

    previous = None
    for _ in range(4):
        if expression == previous:
            break
        previous, expression = expression, with_common_signs(rebuild(expression), columns, X)
    return expression


def _is_simple(number: sympy.Expr) -> bool:
    """Is it a float, or a product of fractions, π, and powers of these with fractions as exponents?"""
    if number.is_Mul:
        return all(_is_simple(f) and not f.is_Float for f in number.args)
    base, exponent = number.as_base_exp()
    return bool(number.is_Float or ((base.is_Rational or base is sympy.pi) and exponent.is_Rational))


def _plain_number(node: sympy.Expr) -> sympy.Expr:
    """A simple number as it is, the float of another; itself if that is none."""
    if _is_simple(node):
        return node
    value = number(node)
    return sympy.Float(value) if np.isfinite(value) else node


def _with_one_number(node: sympy.Expr) -> sympy.Expr:
    """The numbers of a sum or product as one: 2.5·√6·x -> 6.12·x."""
    numbers = [part for part in node.args if part.is_number] if node.is_Add or node.is_Mul else []
    if len(numbers) < 2:
        return node
    return node.func(_plain_number(node.func(*numbers)), *(part for part in node.args if not part.is_number))


def _two_values(
    columns: tuple[sympy.Symbol, ...], X: np.ndarray
) -> dict[sympy.Symbol, tuple[sympy.Rational, sympy.Rational]]:
    """Least and greatest value of the columns that have no other."""
    ends = zip(columns, X.T, X.min(axis=0), X.max(axis=0), strict=True)
    return {
        name: (sympy.Rational(float(low)), sympy.Rational(float(high)))
        for name, column, low, high in ends
        if low < high and ((column == low) | (column == high)).all()
    }


def _straight(node: sympy.Expr, two_values: dict[sympy.Symbol, tuple[sympy.Rational, sympy.Rational]]) -> sympy.Expr:
    """f(c) -> a + b·c where the column c has two values only, if that is shorter: c² -> c for 0 and 1."""
    if not two_values or node.is_Atom or len(node.free_symbols) != 1:
        return node
    (column,) = node.free_symbols
    if column not in two_values:
        return node
    low, high = two_values[column]
    first, last = node.xreplace({column: low}), node.xreplace({column: high})
    if not (first.is_number and last.is_number and first.is_real and last.is_real):
        return node
    slope = (last - first) / (high - low)
    line = _plain_number(first - slope * low) + _plain_number(slope) * column
    return line if size(line) < size(node) and count_constants(line) <= count_constants(node) else node


SignOf = Callable[..., int]


def _absolute(node: sympy.Abs, sign_of: SignOf) -> sympy.Expr:
    inner = node.args[0]
    sign = sign_of(inner, or_zero=True)
    if not sign and isinstance(inner, sympy.Add):
        taken = _leading_one(inner)
        return node if taken == inner else taken.args[0] * sympy.Abs(taken.args[1])
    return sign * inner if sign else node


def _sign(node: sympy.sign, sign_of: SignOf) -> sympy.Expr:
    inner = node.args[0]
    if sign_of(inner):
        return sympy.Integer(sign_of(inner))
    if isinstance(inner, sympy.Pow) and inner.exp.is_integer and inner.exp.is_odd:
        return sympy.sign(inner.base)
    return -sympy.sign(-inner) if inner.could_extract_minus_sign() else node


def _product(node: sympy.Mul, sign_of: SignOf) -> sympy.Expr:
    """sign(A)·A^p -> A^p where A ≥ 0 and p > 0; sign(A)·|A|^p -> A^p for odd p; A·(c·B + …) -> c·A·(B + …)."""
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
            if base in (inner, sympy.Abs(inner)) and p.is_positive and sign_of(inner, or_zero=True):
                return sign_of(inner, or_zero=True) * sympy.Mul(*(f for f in node.args if f != factor))
            if isinstance(base, sympy.Abs) and base.args[0] == inner and p.is_integer and p.is_odd:
                rest = sympy.Mul(*(f for f in node.args if f not in (factor, other)))
                return rest * inner**p
    return node


def _sum(node: sympy.Add, sign_of: SignOf) -> sympy.Expr:
    """Multiplied out where terms then meet others of their kind: A·(B + c) + d·A -> A·B + (c + d)·A."""
    products = [t for t in node.args if isinstance(t, sympy.Mul) and any(isinstance(f, sympy.Add) for f in t.args)]
    if not products or len(node.args) > _MOST_TERMS:
        return node
    expanded = sympy.Add(*(sympy.expand_mul(term, deep=False) for term in node.args))
    return expanded if size(expanded) < size(node) else node


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
    (sympy.Add, _sum),
    (sympy.exp, _exponential),
    (sympy.log, _logarithm),
)
