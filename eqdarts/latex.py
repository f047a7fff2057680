"""Expressions as text and as LaTeX, with a sensible number of digits; SymPy prints every formula."""

from __future__ import annotations

import sympy
from sympy.printing.latex import LatexPrinter

_ESCAPES = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip


def rounded(expression: sympy.Expr, digits: int) -> sympy.Expr:
    """Floats rounded to so many significant digits; whole ones become integers."""

    def short(value: sympy.Float) -> sympy.Expr:
        number = float(f"{float(value):.{digits}g}")
        return sympy.Integer(int(number)) if number == int(number) and abs(number) < 10**digits else sympy.Float(number)

    return expression.xreplace({f: short(f) for f in expression.atoms(sympy.Float)})


def to_text(expression: sympy.Expr, digits: int = 5) -> str:
    """One line of text for a table; not meant to be read back."""
    return sympy.sstr(rounded(expression, digits), full_prec=False)


def symbol_latex(name: str) -> str:
    """A column name in LaTeX: as SymPy has it for an identifier, upright text for anything else.

    SymPy would print a__b as a power, and a name without a letter in front of _ as half a subscript.
    """
    if name.isidentifier() and name.isascii() and all(name.split("_")):
        return sympy.latex(sympy.Symbol(name))
    return r"\text{" + "".join(_ESCAPES.get(c, c) for c in name) + "}"


def to_latex(expression: sympy.Expr, target: str, digits: int = 4) -> str:
    """``target = expression``; floats with so many significant digits."""
    short = rounded(expression, digits)
    names = {s: symbol_latex(s.name) for s in short.free_symbols}
    printer = LatexPrinter({"symbol_names": names, "ln_notation": True, "full_prec": False})
    return f"{symbol_latex(target)} = {printer.doprint(short)}"
