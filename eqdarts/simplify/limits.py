"""Parts of a formula that the rows cannot tell from a limit of their kind, written as that limit.

c·x^ε − c is a logarithm, c·sin(εx) a straight line, c·exp(ax) − c·exp(bx) for a near b is x·exp(ax): a fit comes to
such forms where the family of a graph has the law only in a limit. Their constants are huge, and differ by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np
import sympy

from eqdarts.formula.tape import on_rows, parts_on_rows

_NEAR = 0.01  # share of a part's spread that its limit may miss before a refit; not tuned, the refit decides
_CANCELLING = 0.02  # share of two terms that their sum may be; not tuned
_LARGE_EXPONENT = 6.0
_MOST_ALONE = 4  # parts that are tried alone where all at once fit worse
_MOST_TERMS = 12  # of a sum whose pairs are looked at

Replacement = tuple[sympy.Expr, sympy.Expr]
ValuesOf = Callable[[sympy.Expr], np.ndarray]


def limiting_forms(expression: sympy.Expr, columns: tuple[sympy.Symbol, ...], X: np.ndarray) -> list[sympy.Expr]:
    """The expression with all parts that are close to a limit replaced, and with one of them, closest first.

    Constants of the limits are least squares to the part; a refit of the whole has to say whether it holds.
    """
    if not expression.has(sympy.Float, sympy.sign):
        return []
    found: list[tuple[float, Replacement]] = []
    with np.errstate(all="ignore"):
        at = parts_on_rows(expression, columns, X)

    def values_of(part: sympy.Expr) -> np.ndarray:
        if part not in at:
            at[part] = on_rows(part, columns, X)
        return at[part]

    def visit(node: sympy.Expr) -> None:
        if not node.args or node.is_number:
            return
        limit = _limit_of(node, values_of, columns, X)
        if limit is not None:
            found.append((limit[0], (node, limit[1])))
            return  # what is inside goes with it
        for part in node.args:
            visit(part)

    with np.errstate(all="ignore"):
        visit(expression)
    replacements = [replacement for _, replacement in sorted(found, key=lambda f: f[0])]
    replacements = list(dict.fromkeys(replacements))
    forms = [expression.xreplace(dict(replacements))] if len(replacements) > 1 else []
    forms += [expression.xreplace({part: limit}) for part, limit in replacements[:_MOST_ALONE]]
    return [form for form in forms if form != expression]


def _limit_of(
    node: sympy.Expr, values_of: ValuesOf, columns: tuple[sympy.Symbol, ...], X: np.ndarray
) -> tuple[float, sympy.Expr] | None:
    """How much of the spread of a part its limit misses, and the limit; None if it is close to none."""
    if isinstance(node, sympy.Add):
        return _coalesced(node, values_of, columns, X)
    value = values_of(node)
    if not np.isfinite(value).all() or not np.ptp(value) > 0:
        return None
    if isinstance(node, sympy.sign):
        # Only some zeros set it apart from a constant.
        one_sided = (value >= 0).all() or (value <= 0).all()
        return (0.0, sympy.Integer(1 if (value >= 0).all() else -1)) if one_sided else None
    for limit in _limits(node, value, values_of):
        missed = _missed(value, limit.value)
        if missed < _NEAR:
            return missed, limit.written()
    return None


@dataclass(frozen=True, eq=False)
class _Limit:
    """What a part may be a limit of: its values on the rows, and how to write it, which takes far longer."""

    value: np.ndarray
    written: Callable[[], sympy.Expr]


def _limits(node: sympy.Expr, value: np.ndarray, values_of: ValuesOf) -> Iterator[_Limit]:
    """What a part may be a limit of, simplest first."""
    if isinstance(node, sympy.Mul):
        # Powers with small exponents, each near 1: their logarithms add up.
        if _is_flat(value) and len(node.args) - node.args[0].is_number > 1:
            yield from _lines(_log_of(node, values_of), lambda: _expanded_log(node), value)
        return
    if isinstance(node, sympy.Abs | sympy.Max | sympy.Min):
        return
    if isinstance(node, sympy.Pow) and not node.exp.is_number:
        if _is_flat(value) and (value > 0).all():
            yield from _lines(_log_of(node, values_of), lambda: _expanded_log(node), value)
        return
    inner = node.base if isinstance(node, sympy.Pow) else node.args[0]
    u = values_of(inner)
    yield from _lines(u, lambda: inner, value)
    if isinstance(node, sympy.Pow):
        if abs(float(node.exp)) > _LARGE_EXPONENT and (value > 0).all():
            for line in _lines(u, lambda: inner, np.log(value)):
                yield _Limit(np.exp(line.value), partial(_exponential, line))
        if (u > 0).all():
            yield from _lines(np.log(u), lambda: sympy.log(inner), value)
    else:
        yield from _lines(u * u, lambda: inner**2, value)


def _exponential(line: _Limit) -> sympy.Expr:
    return sympy.exp(line.written())


def _missed(value: np.ndarray, limit: np.ndarray) -> float:
    """Share of the spread of a part that another misses; infinite where that cannot be said."""
    scale = float(np.abs(value).max()) or 1.0
    spread = float(np.std(value / scale))
    missed = float(np.sqrt(np.mean((limit / scale - value / scale) ** 2)))
    return missed / spread if spread > 0 and np.isfinite(missed) else np.inf


def _is_flat(value: np.ndarray) -> bool:
    return bool(np.ptp(value) < _NEAR * np.abs(value).max())


def _log_of(node: sympy.Expr, values_of: ValuesOf) -> np.ndarray:
    """The values of what follows."""
    terms = [values_of(e) * (1.0 if base is sympy.E else np.log(values_of(base))) for base, e in _powers(node)]
    return np.sum(terms, axis=0)


def _expanded_log(node: sympy.Expr) -> sympy.Expr:
    """log of a product of powers as a sum, its numbers left out."""
    return sympy.Add(*(exponent * (1 if base is sympy.E else sympy.log(base)) for base, exponent in _powers(node)))


def _powers(node: sympy.Expr) -> list[tuple[sympy.Expr, sympy.Expr]]:
    """Base and exponent of the factors of a product that are no numbers."""
    return [factor.as_base_exp() for factor in sympy.Mul.make_args(node) if not factor.is_number]


def _lines(u: np.ndarray, inner: Callable[[], sympy.Expr], value: np.ndarray) -> Iterator[_Limit]:
    """a + b·u by least squares, written with the inner part's own sum multiplied out.

    inner: what has the values u
    """
    if not np.isfinite(u).all() or not np.ptp(u) > 0:
        return
    b = float(np.dot(u - u.mean(), value - value.mean()) / np.dot(u - u.mean(), u - u.mean()))
    a = float(value.mean() - b * u.mean())
    if not np.isfinite([a, b]).all():
        return
    # An odd function of a small argument goes through zero.
    through_zero = abs(a) < _NEAR * value.std()

    def written() -> sympy.Expr:
        line = sympy.expand_mul(sympy.Float(b) * inner(), deep=False)
        return line if through_zero else sympy.Float(a) + line

    yield _Limit(b * u if through_zero else a + b * u, written)


def _coalesced(
    node: sympy.Add, values_of: ValuesOf, columns: tuple[sympy.Symbol, ...], X: np.ndarray
) -> tuple[float, sympy.Expr] | None:
    """c·f(a) − d·f(b) for a near b -> (c − d)·f(a) + c·(a − b)·f′(a): two large terms that cancel but for a slope."""
    if len(node.args) > _MOST_TERMS:
        return None
    terms = [term for term in node.args if not term.is_number]
    values = [values_of(term) for term in terms]
    for (first, v), (second, w) in combinations(zip(terms, values, strict=True), 2):
        pair = v + w
        size = float(np.sqrt(min(np.mean(v**2), np.mean(w**2))))
        if not np.isfinite(pair).all() or not np.sqrt(np.mean(pair**2)) < _CANCELLING * size:
            continue
        merged = _merged(first, second)
        if merged is None:
            continue
        missed = _missed(pair, on_rows(merged, columns, X))
        if missed < _NEAR:
            return missed, node - first - second + merged
    return None


def _merged(first: sympy.Expr, second: sympy.Expr) -> sympy.Expr | None:
    """The first two terms of the expansion of their sum by the one number in which they differ."""
    (c, f), (d, g) = first.as_coeff_Mul(), second.as_coeff_Mul()
    place = sympy.Dummy(real=True)
    form, numbers = _difference(f, g, place)
    if form is None or len(set(numbers)) != 1:
        return None
    a, b = map(float, numbers[0])
    c, d = float(c), float(d)
    middle = sympy.Float((a + b) / 2)
    at_middle, slope = form.xreplace({place: middle}), form.diff(place).xreplace({place: middle})
    return sympy.Float(c + d) * at_middle + sympy.Float((c - d) * (a - b) / 2) * slope


def _difference(
    f: sympy.Expr, g: sympy.Expr, place: sympy.Symbol
) -> tuple[sympy.Expr | None, list[tuple[sympy.Expr, sympy.Expr]]]:
    """f with a symbol where the two differ in a number, and these numbers; None if they differ in more."""
    if f == g:
        return f, []
    if f.is_number and g.is_number and f.is_real and g.is_real:
        return place, [(f, g)]
    if f.func != g.func or len(f.args) != len(g.args) or not f.args:
        return None, []
    parts, numbers = [], []
    for a, b in zip(f.args, g.args, strict=True):
        part, differing = _difference(a, b, place)
        if part is None:
            return None, []
        parts.append(part)
        numbers += differing
    return f.func(*parts), numbers
