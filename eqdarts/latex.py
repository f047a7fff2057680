"""Expressions as text and as LaTeX, with a sensible number of digits; SymPy prints every formula."""

from __future__ import annotations

import re

import sympy
from mpmath.libmp import to_str
from sympy.printing.latex import LatexPrinter

from eqdarts.errors import check_choice, check_range

_ESCAPES = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip
_SIGNS = {None: "", "dot": r" \cdot ", "times": r" \times ", "thin": r" \, "}
_DERIVATIVE = re.compile("∂(.+)/∂(.+)", re.DOTALL)
_SHORT_NAME = re.compile(r"[A-Za-z]+(_?[A-Za-z0-9]{1,2})?")


def rounded(expression: sympy.Expr, digits: int) -> sympy.Expr:
    """Floats rounded to so many significant digits; whole ones become integers."""

    def short(value: sympy.Float) -> sympy.Expr:
        number = float(f"{float(value):.{digits}g}")
        if abs(number) == float("inf") or (number == 0 and value != 0):
            return sympy.Float(to_str(value._mpf_, digits))  # beyond the doubles
        return sympy.Integer(int(number)) if number == int(number) and abs(number) < 10**digits else sympy.Float(number)

    return expression.xreplace({f: short(f) for f in expression.atoms(sympy.Float)})


def to_text(expression: sympy.Expr, digits: int = 5) -> str:
    """One line of text for a table; not meant to be read back."""
    return sympy.sstr(rounded(expression, digits), full_prec=False, min=-4, max=5)


def symbol_latex(name: str) -> str:
    """A column name in LaTeX.

    A letter (Greek ones by their names) with a short subscript as SymPy has it, a longer identifier in
    upright type, anything else as text.
    """
    slope = _DERIVATIVE.fullmatch(name)
    if slope:
        above, below = map(symbol_latex, slope.groups())
        return rf"\frac{{\partial {above}}}{{\partial {below}}}"
    if _SHORT_NAME.fullmatch(name):
        printed = sympy.latex(sympy.Symbol(name))
        letter = re.split(r"[_\d]", name)[0]
        if len(letter) == 1 or printed.startswith("\\"):
            return printed
    body = "".join(_ESCAPES.get(c, c) for c in name)
    return rf"\mathrm{{{body}}}" if name.isidentifier() and name.isascii() else rf"\text{{{body}}}"


def to_latex(expression: sympy.Expr, target: str, digits: int = 4, mul: str | None = None) -> str:
    """``target = expression``; floats with so many significant digits, and a sign between factors by name."""
    check_range("precision", digits, 1, 17, integer=True)
    check_choice("mul", mul, tuple(_SIGNS))
    short = rounded(expression, digits)
    names = {s: symbol_latex(s.name) for s in short.free_symbols}
    settings = {"symbol_names": names, "ln_notation": True, "full_prec": False, "min": -4, "max": 5}
    if mul is not None:
        settings["mul_symbol"] = _SIGNS[mul]
    elif any(printed.startswith((r"\mathrm", r"\text")) for printed in names.values()):
        # Upright words run together without a space between the factors.
        settings["mul_symbol"] = r" \, "
    printer = LatexPrinter(settings)
    printer._settings["mul_symbol_latex_numbers"] = r" \cdot "
    return f"{symbol_latex(target)} = {printer.doprint(short)}"
