"""Formulas as nested lists of plain values for files, and back, node for node and bit for bit.

Text can be read again, but comes back in the order and with the folding of whoever reads it. A search that goes on from
a file must find the very objects that it left: how a formula is written decides how it is printed and described.
"""

from __future__ import annotations

from typing import Any

import sympy

from eqdarts.formula.functions import BY_KIND
from eqdarts.formula.pickled import made_of

_SUMS: tuple[type[sympy.Basic], ...] = (sympy.Add, sympy.Mul, sympy.Pow, sympy.Max, sympy.Min, sympy.Heaviside)
#: What a node may be, by name; there is no other way to a class.
_KINDS: dict[str, type[sympy.Basic]] = {kind.__name__: kind for kind in (*_SUMS, *BY_KIND)}
_CONSTANTS: dict[str, sympy.Basic] = {
    "pi": sympy.pi, "E": sympy.E, "oo": sympy.oo, "-oo": -sympy.oo, "zoo": sympy.zoo, "nan": sympy.nan, "I": sympy.I,
}  # fmt: skip
_NAMES = {value: name for name, value in _CONSTANTS.items()}
#: What is assumed of a symbol.
_ASSUMED: dict[str, dict[str, bool]] = {"": {}, "positive": {"positive": True}, "real": {"real": True}}


def to_tree(expression: sympy.Basic) -> list[Any]:
    """A formula as lists of text and whole numbers.

    Raises
    ------
    ValueError
        Naming a part that no file can hold, such as a function of the user's own.

    Examples
    --------
    >>> x = sympy.Symbol("x", positive=True)
    >>> to_tree(sympy.Float(0.5) * sympy.sqrt(x))
    ['Mul', ['float', 0, 1, -1, 1, 53], ['Pow', ['symbol', 'x', 'positive'], ['ratio', 1, 2]]]
    >>> from_tree(to_tree(2.5 * sympy.exp(x))) == 2.5 * sympy.exp(x)
    True
    """
    if isinstance(expression, sympy.Symbol):
        for kind, assumed in _ASSUMED.items():
            if sympy.Symbol(expression.name, **assumed) == expression:
                return ["symbol", expression.name, kind]
    elif isinstance(expression, sympy.Float):
        sign, mantissa, exponent, bits = expression._mpf_
        return ["float", int(sign), int(mantissa), int(exponent), int(bits), int(expression._prec)]
    elif isinstance(expression, sympy.Integer):
        return ["integer", int(expression)]
    elif isinstance(expression, sympy.Rational):
        return ["ratio", int(expression.p), int(expression.q)]
    elif expression in _NAMES:
        return ["constant", _NAMES[expression]]
    elif _KINDS.get(type(expression).__name__) is type(expression):
        return [type(expression).__name__, *map(to_tree, expression.args)]
    raise ValueError(f"the formula {str(expression)[:60]!r} cannot be written: {type(expression).__name__}")


def from_tree(tree: Any) -> sympy.Expr:
    """The inverse of `to_tree`. Nothing in the tree is evaluated as code.

    Raises
    ------
    ValueError
        If it is no tree of that kind.
    """
    match tree:
        case ["symbol", str(name), str(kind)] if kind in _ASSUMED:
            return sympy.Symbol(name, **_ASSUMED[kind])
        case ["float", 0 | 1 as sign, int(mantissa), int(exponent), int(bits), int(precision)]:
            if not (mantissa >= 0 and mantissa.bit_length() == bits and 0 < precision <= 4096):
                raise ValueError(f"a number is damaged: {tree}")
            return sympy.Float._new((sign, mantissa, exponent, bits), precision, zero=False)
        case ["integer", int(value)]:
            return sympy.Integer(value)
        case ["ratio", int(p), int(q)] if q > 1:
            return sympy.Rational(p, q)
        case ["constant", str(name)] if name in _CONSTANTS:
            return _CONSTANTS[name]
        case [str(name), *parts] if name in _KINDS and parts:
            args = tuple(map(from_tree, parts))
            if name == "Pow" and all(arg.is_Number for arg in args):  # 10^(10^9) would take its time
                return sympy.Pow(*args, evaluate=False)
            return made_of(_KINDS[name], args)
    raise ValueError(f"no part of a formula: {str(tree)[:60]}")


def is_formula(value: Any) -> bool:
    """Is it a formula?"""
    return isinstance(value, sympy.Expr)
