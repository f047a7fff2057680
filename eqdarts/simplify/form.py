"""The form of a formula: what is left of it when its constants are put aside."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import sympy

from eqdarts.fit.formula import Template

_FACTOR = "factor"


def form_of(expression: sympy.Expr, columns: Sequence[str], exponents: bool = True) -> sympy.Expr:
    """The structure of a formula: c for every constant, exponents kept if they are exact.

    Every term of a sum and every product has a constant, be it 1, so formulas that differ in constants only
    have the same form. Products of sums are multiplied out. Terms of one form are counted: two exponentials are not
    one.

    exponents: are exact ones part of it? If not, x, x² and √x are one: c for the exponent of every power.

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> form_of(2.5 * sympy.exp(-x) + 1, ("x",))
    c*exp(c*x) + c
    >>> form_of(2.5 * sympy.exp(-x) - 3 * sympy.exp(-2 * x), ("x",))
    2*c*exp(c*x)
    """
    c = sympy.Symbol(next(name for name in ("c", "C", "c_", "C_", "c__") if name not in set(columns)))
    return _with(lambda _: c, sympy.expand_mul(expression), exponents, spare=False)


def family(expression: sympy.Expr, columns: tuple[sympy.Symbol, ...]) -> Template:
    """All formulas that differ from this one by constants only, those that are exact included; here it is one of them.

    Exact exponents stay.
    """
    constants: list[sympy.Symbol] = []
    values: list[float] = []

    def named(value: sympy.Expr) -> sympy.Symbol:
        constants.append(sympy.Dummy(f"c_{len(constants)}", real=True))
        values.append(float(value))
        return constants[-1]

    body = _with(named, expression, exponents=True, spare=True)
    return Template(body, columns, tuple(constants), np.array(values), (_FACTOR,) * len(values))


def _with(
    constant: Callable[[sympy.Expr], sympy.Expr], expression: sympy.Expr, exponents: bool, spare: bool
) -> sympy.Expr:
    """The formula with what `constant` makes of each number, and of a 1 before every product.

    exponents: do exact ones stay?   spare: does a product that holds a sum, whose terms take a factor up, keep its own?
    """

    def scaled(node: sympy.Expr) -> sympy.Expr:
        if node.is_number:
            return constant(node)
        if isinstance(node, sympy.Add):
            return sympy.Add(*map(scaled, node.args))
        number, rest = node.as_independent(*node.free_symbols, as_Add=False)
        factors = [bare(f) for f in sympy.Mul.make_args(rest)]
        product = sympy.Mul(*factors)
        taken_up = any(isinstance(f.as_base_exp()[0], sympy.Add) for f in factors)
        return product if taken_up and (number == 1 or not spare) else constant(number) * product

    def bare(node: sympy.Expr) -> sympy.Expr:
        if isinstance(node, sympy.Add):
            return scaled(node)
        if isinstance(node, sympy.Pow) and node.base.is_number:
            return sympy.exp(scaled(node.exp * sympy.log(node.base)))
        if isinstance(node, sympy.Symbol | sympy.Pow):
            base, power = node.as_base_exp()
            exact = power.is_number and not power.has(sympy.Float)
            return (base if base.is_Symbol else bare(base)) ** (power if exact and exponents else scaled(power))
        return node.func(*(scaled(a) for a in node.args)) if node.args else node

    return scaled(expression)
