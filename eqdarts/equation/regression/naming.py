"""Which symbols of a formula are its constants, and what they are called."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sympy
from sympy.printing.str import StrPrinter

from eqdarts.fit.formula import template


def exact(value: float) -> sympy.Expr:
    """A number as the fraction that its decimal digits say, so that it does not count as fitted."""
    return sympy.Rational(repr(float(value)))


def with_exact_numbers(expression: sympy.Expr) -> sympy.Expr:
    """The expression with fractions for its floats."""
    return expression.xreplace({f: exact(float(f)) for f in expression.atoms(sympy.Float)})


def free_symbols(expression: sympy.Expr, columns: Sequence[str]) -> tuple[sympy.Symbol, ...]:
    """The symbols that are not columns, by name; numbers within names count as numbers."""
    free = [s for s in expression.free_symbols if s.name not in columns]
    return tuple(sorted(free, key=lambda s: _natural(s.name)))


def floats_as_symbols(
    expression: sympy.Expr, columns: Sequence[str]
) -> tuple[sympy.Expr, tuple[sympy.Symbol, ...], np.ndarray]:
    """The expression with c0, c1, ... for its floats, in the order in which they are printed, and their values [K].

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> floats_as_symbols(2.5 * sympy.exp(-0.5 * x) + x**2, ["x"])[0]
    c0*exp(c1*x) + x**2
    """
    form = template(expression, tuple(sympy.Symbol(name) for name in columns))
    printed = _Floats()
    printed.doprint(expression)
    places = {value: k for k, value in reversed(list(enumerate(printed.seen)))}
    order = sorted(range(len(form.values)), key=lambda k: places.get(abs(float(form.values[k])), len(places)))
    prefix = next(p for p in _prefixes() if not any(f"{p}{k}" in columns for k in range(len(order))))
    symbols = tuple(sympy.Symbol(f"{prefix}{k}") for k in range(len(order)))
    names = {form.constants[place]: symbols[k] for k, place in enumerate(order)}
    return form.expression.xreplace(names), symbols, form.values[order]


class _Floats(StrPrinter):
    """Notes the magnitudes of the floats that it prints."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[float] = []

    def _print_Float(self, expr: sympy.Float) -> str:
        self.seen.append(abs(float(expr)))
        return super()._print_Float(expr)


def _prefixes() -> list[str]:
    return ["c", "k", "p", *("c" + "_" * n for n in range(1, 9))]


def _natural(name: str) -> list[tuple[int, int, str]]:
    """b2 before b10."""
    out, digits, letters = [], "", ""
    for character in [*name, ""]:
        if character.isdigit() and character.isascii():
            if letters:
                out.append((1, 0, letters))
            letters, digits = "", digits + character
        else:
            if digits:
                out.append((0, int(digits), ""))
            digits, letters = "", letters + character
    return [*out, (1, 0, letters)]
