"""Values put into a formula that stays as it was written: −0.001·(t − 1700000000), multiplied out, keeps few digits."""

from __future__ import annotations

from collections.abc import Mapping

import sympy
from sympy.core.parameters import distribute


def put_in(expression: sympy.Expr, values: Mapping[sympy.Expr, sympy.Expr]) -> sympy.Expr:
    """The expression with these parts replaced; a sum is not multiplied out by the number before it.

    Only sums, products and powers are kept from it: an odd function takes −1 out of a sum by multiplying it out, and
    SymPy tries so for ever where it must not.

    Examples
    --------
    >>> a, t = sympy.symbols("a t")
    >>> put_in(a * (t - 1700000000), {a: sympy.Float(-0.125)})
    -0.125*(t - 1700000000)
    """
    if expression in values:
        return values[expression]
    if not expression.args:
        return expression
    arguments = [put_in(argument, values) for argument in expression.args]
    if all(new is old for new, old in zip(arguments, expression.args, strict=True)):
        return expression
    if isinstance(expression, sympy.Add | sympy.Mul | sympy.Pow):
        with distribute(False):
            return expression.func(*arguments)
    return expression.func(*arguments)
