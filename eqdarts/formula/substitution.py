"""Values put into a formula that stays as it was written: −0.001·(t − 1700000000), multiplied out, keeps few digits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
    return _as_written(expression, arguments)


def _as_written(node: sympy.Basic, arguments: Sequence[sympy.Basic]) -> sympy.Basic:
    """The node with other arguments; sums are not multiplied out, but by functions that want to."""
    if isinstance(node, sympy.Add | sympy.Mul | sympy.Pow):
        with distribute(False):
            return node.func(*arguments)
    return node.func(*arguments)


def rebuilt_with(
    expression: sympy.Expr, values: Mapping[sympy.Symbol, sympy.Expr], as_written: bool = False
) -> sympy.Expr:
    """What `xreplace` gives for symbols, several times faster where functions have sums as arguments.

    as_written: are sums not multiplied out, as `put_in` has it?
    """
    known: dict[sympy.Basic, sympy.Basic] = dict(values)

    def visit(node: sympy.Basic) -> sympy.Basic:
        if node not in known:
            args = [visit(a) for a in node.args]
            same = all(a is b for a, b in zip(args, node.args, strict=True))
            new = node if same else _as_written(node, args) if as_written else node.func(*args)
            known[node] = node if same else not_asked(new)
        return known[node]

    return visit(expression)


def not_asked(node: sympy.Expr) -> sympy.Expr:
    """The same; of a sum or product SymPy will not try to find out whether it is zero, or infinite, everywhere.

    It asks that of what stands in exp, log, sin or a power, which takes 40 ms for a sum of a few terms, as it looks for
    roots of derivatives. What were zero would be 0 already: SymPy never hears yes, and no other answer changes what it
    makes of it. There is no public way to say so.
    """
    if (node.is_Add or node.is_Mul) and not node.is_number:
        for question in ("zero", "infinite"):
            node._assumptions.setdefault(question, None)
    return node
