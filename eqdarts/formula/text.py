"""Formulas as text that `eqdarts.formula.parsing` reads back exactly."""

from __future__ import annotations

import keyword
import math

import sympy
from mpmath.libmp import to_str

from eqdarts.errors import InputDataError
from eqdarts.formula.functions import BY_KIND, BY_NAME
from eqdarts.formula.known import as_symbols
from eqdarts.formula.parsing import parse_expression

_HALF = sympy.Rational(1, 2)
_SMALLEST_NORMAL = 2.3e-308
_TAKEN = {"pi", "sqrt", "Max", "Min", "max", "min", *BY_NAME}


def format_expression(expression: sympy.Expr) -> str:
    """An expression as text; ``parse_expression(text, evaluate=False)`` gives an equal one.

    Floats have all the digits of a double, fractions are exact, and a name that is no plain word stands in backticks.
    Known constants are plain names.

    Raises
    ------
    InputDataError
        If it holds something that the parser does not know, such as another function or a complex number, or
        nests deeper than the parser goes.

    Examples
    --------
    >>> x = sympy.Symbol("fall time (s)")
    >>> format_expression(9.81 * x**2 / 2)
    '4.905*`fall time (s)`**2'
    >>> format_expression(1 / sympy.sqrt(sympy.Symbol("x")) + sympy.Rational(1, 3))
    '1/3 + 1/sqrt(x)'
    """
    expression = as_symbols(expression)
    try:
        text = _text(expression)
    except RecursionError as error:
        raise InputDataError("expression: nested too deeply to be written as text") from error
    if parse_expression(text, evaluate=False) != _plain(expression):
        raise InputDataError(f"expression: {text!a} would not read back as the same expression")
    return text


def format_name(name: str) -> str:
    """A column's name as it stands in a formula."""
    if name.isascii() and name.isidentifier() and not keyword.iskeyword(name) and name not in _TAKEN:
        return name
    return "`" + name.replace("`", "``") + "`"


def _plain(expression: sympy.Expr) -> sympy.Expr:
    """The same nodes over symbols without assumptions, and floats of double precision."""
    if isinstance(expression, sympy.Symbol):
        return sympy.Symbol(expression.name)
    if isinstance(expression, sympy.Float):
        return _as_double(expression)
    if not expression.args:
        return expression
    args = [_plain(a) for a in expression.args]
    unchanged = all(a is b for a, b in zip(args, expression.args, strict=True))
    return expression if unchanged else expression.func(*args, evaluate=False)


def _as_double(number: sympy.Float) -> sympy.Float:
    return number if number._prec == 53 else sympy.Float(number, precision=53)


def _text(node: sympy.Expr) -> str:
    if isinstance(node, sympy.Symbol):
        return format_name(node.name)
    if isinstance(node, sympy.Float):
        return _float_text(node)
    if isinstance(node, sympy.Rational):
        return str(node)
    if node is sympy.pi:
        return "pi"
    if node is sympy.E:
        return "exp(1)"
    if isinstance(node, sympy.Add):
        return _sum(node)
    if isinstance(node, sympy.Mul):
        return _product(node)
    if isinstance(node, sympy.Pow):
        return f"1/{_divisor(node)}" if _divisor(node) else _power(node)
    if isinstance(node, sympy.Max | sympy.Min):
        return f"{type(node).__name__}({', '.join(map(_text, node.args))})"
    if type(node) in BY_KIND:
        return f"{BY_KIND[type(node)].name}({_text(node.args[0])})"
    raise InputDataError(f"expression: {node} cannot be written as text; there are {', '.join(BY_NAME)}")


def _float_text(number: sympy.Float) -> str:
    value = float(number)
    if _SMALLEST_NORMAL < abs(value) < math.inf or number == 0:
        return repr(value)
    text = to_str(_as_double(number)._mpf_, 17, min_fixed=1, max_fixed=0)
    return text if "e" in text or "." in text else text + "e0"


def _sum(node: sympy.Add) -> str:
    out = ""
    for term in node.args:
        text = f"({_text(term)})" if isinstance(term, sympy.Add) else _text(term)
        if not out:
            out = text
        else:
            out += f" - {text[1:]}" if text.startswith("-") else f" + {text}"
    return out


def _product(node: sympy.Mul) -> str:
    """Factors in their order; one with a negative power is written as a divisor."""
    first, *rest = node.args
    divisors = [_divisor(f) for f in node.args]
    out = ""
    if first == -1 and isinstance(first, sympy.Integer) and not (rest[0].is_Number):
        out = "-1" if divisors[1] else "-"
    elif divisors[0]:
        out = f"1/{divisors[0]}"
    elif isinstance(first, sympy.Integer) and first == 1 and divisors[1]:
        out, divisors[1] = "1", ""
    else:
        out = str(first) if first.is_Rational else _factor(first, leading=True)
    for factor, divisor in zip(rest, divisors[1:], strict=True):
        if divisor:
            out += f"/{divisor}"
        else:
            out += ("" if out == "-" else "*") + _factor(factor)
    return out


def _divisor(factor: sympy.Expr) -> str:
    """What stands below the fraction bar, if the factor is 1/that; else nothing."""
    if not isinstance(factor, sympy.Pow) or factor.is_number or not factor.exp.is_Number or not factor.exp < 0:
        return ""
    if factor.exp == -1 and factor.exp.is_Integer:
        return _factor(factor.base) if not isinstance(factor.base, sympy.Pow) else f"({_text(factor.base)})"
    return _power(sympy.Pow(factor.base, -factor.exp, evaluate=False))


def _factor(node: sympy.Expr, leading: bool = False) -> str:
    text = _power(node) if isinstance(node, sympy.Pow) else _text(node)
    negative = isinstance(node, sympy.Number) and node < 0
    closed = isinstance(node, sympy.Rational) and not node.is_Integer
    if isinstance(node, sympy.Add | sympy.Mul) or closed or (negative and not leading):
        return f"({text})"
    return text


def _power(node: sympy.Pow) -> str:
    base, exponent = node.args
    if isinstance(exponent, sympy.Rational) and exponent == _HALF:
        return f"sqrt({_text(base)})"
    return f"{_operand(base)}**{_operand(exponent)}"


def _operand(node: sympy.Expr) -> str:
    number = isinstance(node, sympy.Integer | sympy.Float) and node >= 0
    single = node.args and not isinstance(node, sympy.Add | sympy.Mul | sympy.Pow)
    if isinstance(node, sympy.Symbol) or number or single or node in (sympy.pi, sympy.E):
        return _text(node)
    return f"({_text(node)})"
