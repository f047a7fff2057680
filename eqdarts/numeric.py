"""SymPy expressions as NumPy functions: real, repeatable, with derivatives.

Two things that SymPy leaves open are settled here. The arguments get plain names in a fixed order,
so that the same expression is summed in the same order in every process, whatever its columns are
called. And |u| and sign(u) are taken to be of real numbers, which SymPy cannot always prove, so
that they can be differentiated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import sympy


class RealAbs(sympy.Function):
    """|u| of a real u."""

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return RealSign(self.args[0])


class RealSign(sympy.Function):
    """The sign of a real u, whose slope is 0 wherever it has one."""

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return sympy.Integer(0)


_MODULES: list[Any] = [{"RealAbs": np.abs, "RealSign": np.sign}, "numpy"]

Function = Callable[..., Any]


def function(expression: sympy.Expr, arguments: Sequence[sympy.Symbol]) -> Callable[..., np.ndarray]:
    """The value: ``f(*arrays) -> float array``; NaN where it is not real."""
    body, names = _prepared(expression, arguments)
    compiled = sympy.lambdify(names, body, _MODULES, cse=True)

    def call(*values: Any) -> np.ndarray:
        with np.errstate(all="ignore"):
            return real(compiled(*values))

    return call


def gradient(
    expression: sympy.Expr, arguments: Sequence[sympy.Symbol], by: Sequence[sympy.Symbol]
) -> Callable[..., list[np.ndarray]]:
    """The derivatives by some of the arguments: ``g(*arrays) -> list of float arrays``."""
    body, names = _prepared(expression, arguments)
    place = dict(zip(arguments, names, strict=True))
    compiled = sympy.lambdify(names, [body.diff(place[b]) for b in by], _MODULES, cse=True)

    def call(*values: Any) -> list[np.ndarray]:
        with np.errstate(all="ignore"):
            return [real(v) for v in compiled(*values)]

    return call


def real(value: Any) -> np.ndarray:
    """A float array; NaN where a complex value has an imaginary part."""
    array = np.asarray(value)
    if np.iscomplexobj(array):
        array = np.where(array.imag == 0, array.real, np.nan)
    return array.astype(float)


def _prepared(expression: sympy.Expr, arguments: Sequence[sympy.Symbol]) -> tuple[sympy.Expr, list[sympy.Symbol]]:
    names = [sympy.Symbol(f"v{i}", real=True) for i in range(len(arguments))]
    body = expression.xreplace(dict(zip(arguments, names, strict=True)))
    body = body.replace(sympy.sign, RealSign).replace(sympy.Abs, RealAbs)
    return body, names
