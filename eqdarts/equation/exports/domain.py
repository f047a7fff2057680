"""Where an equation is defined."""

from __future__ import annotations

import sympy

from eqdarts.formula.functions import BY_KIND
from eqdarts.formula.latex import to_text

Condition = tuple[sympy.Expr, str, sympy.Expr]  # left side, relation, right side


def conditions(expression: sympy.Expr, digits: int) -> list[str]:
    """Readable conditions that together say where a formula of real columns is a real number.

    They come from logarithms, inverse functions, denominators, and powers whose exponent is not a whole number.
    Those that hold for all real columns are left out. digits: of their floats

    >>> x, y = sympy.symbols("x y")
    >>> conditions(sympy.log(2 * x) / (y - x) + 1 / (1 + sympy.exp(-y)), 4)
    ['-x + y != 0', 'x > 0']
    """
    found: dict[str, None] = {}
    for node in sympy.postorder_traversal(expression):
        for condition in _of_node(node):
            for left, relation, right in _simpler(condition):
                if not _always(left, relation, right):
                    found[f"{to_text(left, digits)} {relation} {to_text(right, digits)}"] = None
    return list(found)


def _of_node(node: sympy.Basic) -> list[Condition]:
    if isinstance(node, sympy.Pow) and not node.is_number:
        return _of_power(node.base, node.exp)
    row = BY_KIND.get(type(node))
    if row is None or node.is_number:
        return []
    inner, one, zero = node.args[0], sympy.Integer(1), sympy.Integer(0)
    return {
        "positive": [(inner, ">", zero)],
        "unit": [(inner, ">=", -one), (inner, "<=", one)],
        "open unit": [(inner, ">", -one), (inner, "<", one)],
        "from one": [(inner, ">=", one)],
        "not odd quarter turns": [(sympy.cos(inner), "!=", zero)],
    }.get(row.domain, [])


def _of_power(base: sympy.Expr, exponent: sympy.Expr) -> list[Condition]:
    zero = sympy.Integer(0)
    if not exponent.is_number:
        return [(base, ">", zero)]
    whole = float(exponent) == round(float(exponent))
    if whole:
        return [(base, "!=", zero)] if exponent < 0 else []
    return [(base, ">", zero)] if exponent < 0 else [(base, ">=", zero)]


def _simpler(condition: Condition) -> list[Condition]:
    """Positive factors dropped, and a product that must not vanish taken apart."""
    left, relation, right = condition
    if right != 0:
        return [condition]
    if relation == "!=":
        if isinstance(left, sympy.Mul):
            return [c for factor in left.args if not factor.is_number for c in _simpler((factor, "!=", right))]
        if isinstance(left, sympy.Pow) and left.exp.is_positive:
            return _simpler((left.base, "!=", right))
        return [condition]
    coefficient, rest = left.as_coeff_Mul()
    if rest.is_number or not coefficient.is_number or coefficient == 1:
        return [condition]
    if coefficient < 0:
        relation = {">": "<", ">=": "<=", "<": ">", "<=": ">="}[relation]
    return [(rest, relation, right)]


def _always(left: sympy.Expr, relation: str, right: sympy.Expr) -> bool:
    """Does it hold for all real columns, as far as SymPy sees at once?"""
    real = {s: sympy.Symbol(s.name, real=True) for s in left.free_symbols}
    difference = left.xreplace(real) - right
    return bool(
        {
            ">": difference.is_positive,
            ">=": difference.is_nonnegative,
            "<": difference.is_negative,
            "<=": difference.is_nonpositive,
            "!=": difference.is_nonzero,
        }[relation]
    )
