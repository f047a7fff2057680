"""The same formula in other functions: tan for sin over cos, exponentials for tanh, Max for |·|, one sign for several.

A graph has the functions that it was drawn with. What is shorter in others is written in those.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np
import sympy
from sympy.core.traversal import bottom_up

from eqdarts.formula.tape import on_rows
from eqdarts.simplify.description import size

_MOST_NODES = 60  # larger formulas are left alone
_MOST_TERMS = 12  # that a product is multiplied out into
_ROUNDING = 1e-13  # relative


def rewritten(expression: sympy.Expr) -> Iterator[sympy.Expr]:
    """Forms in other functions that are shorter, shortest first; their values are the same."""
    length = size(expression)
    if length > _MOST_NODES:
        return
    forms = (_with_tangents(expression), _with_exponentials(expression), *_with_extremes(expression))
    yield from sorted((form for form in forms if form is not None and size(form) < length), key=size)


def with_common_signs(expression: sympy.Expr, columns: tuple[sympy.Symbol, ...], X: np.ndarray) -> sympy.Expr:
    """|A| -> ±A and sign(A) -> ±1 for all A that have the same sign, or the opposite, on all rows X [n, d].

    Only where the value stays: |A|·sin|A|, sign(A)·sin|A|, sign(2·A)/|A|.
    """
    inner = {node.args[0] for node in expression.atoms(sympy.Abs, sympy.sign)}
    groups: dict[bytes, dict[sympy.Expr, int]] = {}
    for a in sorted(inner, key=sympy.default_sort_key):
        signs = np.sign(on_rows(a, columns, X))
        first = signs[np.flatnonzero(signs)[:1]]
        turn = int(first[0]) if len(first) and np.isfinite(first[0]) else 1
        groups.setdefault((turn * signs).tobytes(), {})[a] = turn
    for group in groups.values():
        undone: dict[sympy.Expr, sympy.Expr] = {}
        for a, turn in group.items():
            undone |= {sympy.Abs(a): turn * a, sympy.sign(a): sympy.Integer(turn)}
        plain = expression.xreplace(undone)
        if plain != expression:
            before, after = on_rows(expression, columns, X), on_rows(plain, columns, X)
            if np.allclose(after, before, rtol=_ROUNDING, atol=0.0):
                expression = plain
    return expression


def _with_tangents(expression: sympy.Expr) -> sympy.Expr | None:
    """sin(u)/cos(u), sin(2u)/cos(u)², sin(u)²/sin(2u) and the like as tan(u)."""
    if len(expression.atoms(sympy.sin, sympy.cos)) < 2:
        return None
    return bottom_up(expression, lambda node: _tangent(node) if node.is_Mul else node)


def _tangent(product: sympy.Mul) -> sympy.Expr:
    """The product with a tangent, if it has an angle whose sines and cosines leave nothing else."""
    waves = sorted(product.atoms(sympy.sin, sympy.cos), key=sympy.default_sort_key)
    if len(waves) < 2:
        return product
    for angle in dict.fromkeys(wave.args[0] for wave in waves):
        tangent, cosine = sympy.Dummy(), sympy.Dummy()
        by_angle: dict[sympy.Expr, sympy.Expr] = {
            sympy.sin(angle): tangent * cosine,
            sympy.cos(angle): cosine,
            sympy.sin(2 * angle): 2 * tangent * cosine**2,
            sympy.cos(2 * angle): cosine**2 * (1 - tangent**2),
        }
        form = product.xreplace({wave: by_angle[wave] for wave in waves if wave in by_angle})
        if form.has(tangent) and not form.has(cosine):
            return form.xreplace({tangent: sympy.tan(angle)})
    return product


def _with_exponentials(expression: sympy.Expr) -> sympy.Expr | None:
    """1 + tanh(u) = 2·e^2u/(e^2u + 1), 1 − tanh(u) = 2/(e^2u + 1), and what is left of the tangents after these.

    Powers of e^2u + 1 meet in products by themselves: common denominators, which may take hours, are not needed.
    """
    parts = sorted(expression.atoms(sympy.tanh), key=sympy.default_sort_key)
    if len(parts) != 1:
        return None
    (part,) = parts
    power = sympy.exp(sympy.expand_mul(2 * part.args[0], deep=False))
    sums, below = {}, sympy.Dummy(positive=True)  # a symbol: a number before the sum itself would go into it
    for total in expression.atoms(sympy.Add):
        alone, with_tangent = total.as_independent(part, as_Add=True)
        slope = with_tangent / part
        if slope.has(part) or not alone.is_number or not slope.is_number:
            continue
        if abs(abs(float(alone)) - abs(float(slope))) <= _ROUNDING * abs(float(slope)):
            sums[total] = 2 * alone * (power if alone * slope > 0 else 1) / below
    form = expression.xreplace(sums).xreplace({part: (power - 1) / below}).xreplace({below: power + 1})
    return bottom_up(form, _multiplied_out)


def _with_extremes(expression: sympy.Expr) -> Iterator[sympy.Expr]:
    """x + z − |x − z| as 2·Min(x, z), x − Max(x, z) as Min(x, z) − z, and so for each such part by itself."""
    for part in sorted(expression.atoms(sympy.Abs, sympy.Max, sympy.Min), key=sympy.default_sort_key):
        for form in _by_extremes(part):
            yield bottom_up(expression.xreplace({part: form}), _multiplied_out)


def _by_extremes(part: sympy.Expr) -> Iterator[sympy.Expr]:
    """|a − b| by the larger of both, and by the smaller; the larger by the smaller, and the other way round."""
    if not isinstance(part, sympy.Abs):
        if len(part.args) == 2:
            yield sympy.Add(*part.args) - (sympy.Min if isinstance(part, sympy.Max) else sympy.Max)(*part.args)
    elif part.args[0].is_Add:
        a, b = _difference(part.args[0])
        yield from (2 * sympy.Max(a, b) - a - b, a + b - 2 * sympy.Min(a, b))


def _difference(total: sympy.Add) -> tuple[sympy.Expr, sympy.Expr]:
    """a and b of a sum a − b: b is its number, or what has a minus."""
    number, rest = total.as_independent(*total.free_symbols, as_Add=True)
    if number != 0:
        return rest, -number
    below = sympy.Add(*(term for term in rest.args if term.could_extract_minus_sign()))
    return rest - below, -below


def _multiplied_out(node: sympy.Expr) -> sympy.Expr:
    """A product of few sums as a sum, if that is shorter."""
    sums = [factor for factor in node.args if factor.is_Add] if node.is_Mul else []
    if not sums or prod(len(total.args) for total in sums) > _MOST_TERMS:
        return node
    return min(node, sympy.expand_mul(node, deep=False), key=size)
