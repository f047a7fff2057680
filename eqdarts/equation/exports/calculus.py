"""Derivatives of formulas of real columns."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import sympy

from eqdarts.equation.exports.formula import Formula
from eqdarts.errors import InputDataError


class _Sign(sympy.Function):
    """The sign of a real number; its slope is zero but for a jump."""

    def fdiff(self, argindex: int = 1) -> Any:
        return sympy.Integer(0)


class _Absolute(sympy.Function):
    """|u| of a real u. SymPy's own would split u into real and imaginary parts."""

    def fdiff(self, argindex: int = 1) -> Any:
        return _Sign(self.args[0])


def derivative(formula: Formula, column: str) -> Formula:
    """The partial derivative by a column; at the corners of |u| and Max the mean of both slopes."""
    if column not in formula.columns:
        raise InputDataError(f"{column!r} is none of the columns {', '.join(map(repr, formula.columns))}")
    real = formula.expression.replace(sympy.Abs, _Absolute).replace(sympy.sign, _Sign)
    slope = sympy.diff(real, sympy.Symbol(column))
    slope = slope.replace(sympy.DiracDelta, lambda *_: sympy.Integer(0))
    slope = slope.replace(sympy.Heaviside, lambda u, *_: (1 + _Sign(u)) / 2)
    slope = slope.replace(_Absolute, sympy.Abs).replace(_Sign, sympy.sign)
    unit = formula.target_unit / formula.unit(column)
    if not 0 < unit < math.inf:
        raise InputDataError(f"the derivative by {column!r} is of a magnitude beyond floats; change the column's unit")
    return replace(formula, expression=slope, target=f"∂{formula.target}/∂{column}", target_unit=unit)
