"""The one table of functions that a written formula may contain, and what each is called elsewhere.

Sums, products, powers, the largest and the smallest of several are no rows: every language has its own signs for them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import sympy


@dataclass(frozen=True)
class Function:
    """A function of one real argument.

    Attributes
    ----------
    name : str
        In text; `aliases` are read too.
    kind : type
        The SymPy class.
    value : callable
        Of a float; raises ValueError or OverflowError off its domain.
    python, c, excel, torch : str
        In NumPy or SciPy, in ``math.h``, in a spreadsheet, in torch; "" where there is none.
    domain : str
        Where it is defined: "positive", "unit" (−1 to 1), "open unit", "from one", "not odd quarter turns", or ""
        for everywhere.
    """

    name: str
    kind: type[sympy.Function]
    value: Callable[[float], float]
    python: str
    c: str
    excel: str
    torch: str
    domain: str = ""
    aliases: tuple[str, ...] = ()


def _sign(x: float) -> float:
    return float((x > 0) - (x < 0))


FUNCTIONS: tuple[Function, ...] = (
    Function("exp", sympy.exp, math.exp, "np.exp", "exp", "EXP", "exp"),
    Function("log", sympy.log, math.log, "np.log", "log", "LN", "log", "positive", ("ln",)),
    Function("sin", sympy.sin, math.sin, "np.sin", "sin", "SIN", "sin"),
    Function("cos", sympy.cos, math.cos, "np.cos", "cos", "COS", "cos"),
    Function("tan", sympy.tan, math.tan, "np.tan", "tan", "TAN", "tan", "not odd quarter turns"),
    Function("asin", sympy.asin, math.asin, "np.arcsin", "asin", "ASIN", "asin", "unit", ("arcsin",)),
    Function("acos", sympy.acos, math.acos, "np.arccos", "acos", "ACOS", "acos", "unit", ("arccos",)),
    Function("atan", sympy.atan, math.atan, "np.arctan", "atan", "ATAN", "atan", "", ("arctan",)),
    Function("sinh", sympy.sinh, math.sinh, "np.sinh", "sinh", "SINH", "sinh"),
    Function("cosh", sympy.cosh, math.cosh, "np.cosh", "cosh", "COSH", "cosh"),
    Function("tanh", sympy.tanh, math.tanh, "np.tanh", "tanh", "TANH", "tanh"),
    Function("asinh", sympy.asinh, math.asinh, "np.arcsinh", "asinh", "ASINH", "asinh", "", ("arcsinh",)),
    Function("acosh", sympy.acosh, math.acosh, "np.arccosh", "acosh", "ACOSH", "acosh", "from one", ("arccosh",)),
    Function("atanh", sympy.atanh, math.atanh, "np.arctanh", "atanh", "ATANH", "atanh", "open unit", ("arctanh",)),
    Function("Abs", sympy.Abs, abs, "np.abs", "fabs", "ABS", "abs", "", ("abs",)),
    Function("sign", sympy.sign, _sign, "np.sign", "sign", "SIGN", "sign"),
    Function("erf", sympy.erf, math.erf, "special.erf", "erf", "ERF", "erf"),
    Function("erfc", sympy.erfc, math.erfc, "special.erfc", "erfc", "ERFC", "erfc"),
)

#: Rows by every name they are read under, and by their SymPy class.
BY_NAME: dict[str, Function] = {name: row for row in FUNCTIONS for name in (row.name, *row.aliases)}
BY_KIND: dict[type, Function] = {row.kind: row for row in FUNCTIONS}
