"""Formulas as text into SymPy, by a whitelist: nothing is evaluated."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

import sympy

from eqdarts.errors import InputDataError

_FUNCTIONS: dict[str, Any] = {
    **{name: getattr(sympy, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan")},
    **{name: getattr(sympy, name) for name in ("sinh", "cosh", "tanh", "Abs", "sign")},
    "abs": sympy.Abs,
}
_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
}
_MOST_CHARACTERS = 10_000


def parse_expression(text: str, columns: Sequence[str]) -> sympy.Expr:
    """A formula over symbols named like the columns; other names become symbols too.

    Raises
    ------
    InputDataError
        If the text holds anything but numbers, names, + - * / ** and known functions.

    Examples
    --------
    >>> parse_expression("a*exp(-b*x) + pi", ["x"])
    a*exp(-b*x) + pi
    """
    if len(text) > _MOST_CHARACTERS:
        raise InputDataError(f"the formula has {len(text)} characters; at most {_MOST_CHARACTERS} are read")
    try:
        body = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InputDataError(f"{text[:80]!r} is not a formula: {error}") from error
    return _visit(body, set(columns))


def _visit(node: ast.AST, columns: set[str]) -> sympy.Expr:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return sympy.Integer(node.value) if isinstance(node.value, int) else sympy.Float(node.value)
    if isinstance(node, ast.Name):
        return sympy.pi if node.id == "pi" and "pi" not in columns else sympy.Symbol(node.id)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = _visit(node.operand, columns)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        return _BINARY[type(node.op)](_visit(node.left, columns), _visit(node.right, columns))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS:
        if len(node.args) == 1 and not node.keywords:
            return _FUNCTIONS[node.func.id](_visit(node.args[0], columns))
        raise InputDataError(f"{node.func.id} takes one argument")
    raise InputDataError(f"a formula cannot hold {ast.unparse(node)[:80]!r}; known functions: {', '.join(_FUNCTIONS)}")
