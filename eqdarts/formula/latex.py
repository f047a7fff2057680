"""Expressions as text and as LaTeX, with a sensible number of digits; SymPy prints every formula."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sympy
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

from eqdarts.errors import check_choice, check_range
from eqdarts.formula.known import KnownConstant
from eqdarts.formula.numbers import DIGITS, MOST_DIGITS, Measured, decimal, rounded
from eqdarts.formula.text import format_name
from eqdarts.formula.visible import visible

_ESCAPES = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip
_SIGNS = {None: "", "dot": r" \cdot ", "times": r" \times ", "thin": r" \, "}
DERIVATIVE = re.compile("∂(.+)/∂(.+)", re.DOTALL)
SHORT_NAME = re.compile(r"[A-Za-z]+(_?[A-Za-z0-9]{1,2})?")


def to_text(expression: sympy.Expr, digits: int = DIGITS) -> str:
    """One line with floats of so many significant digits; `eqdarts.formula.parsing.parse_expression` reads it.

    Examples
    --------
    >>> to_text(3.14159 * sympy.Symbol("flow rate") ** 2 / sympy.Symbol("pi"))
    '3.142*`flow rate`**2/`pi`'
    """
    check_range("precision", digits, 1, MOST_DIGITS, integer=True)
    return str(_TextPrinter().doprint(rounded(expression, digits)))


class _TextPrinter(StrPrinter):
    """SymPy's order and signs, with names and numbers as the parser reads them."""

    def _print_Symbol(self, expr: sympy.Symbol) -> str:
        return format_name(expr.name)

    def _print_Float(self, expr: sympy.Float) -> str:
        digits, power = decimal(expr)
        return f"{digits}e{power}" if power else digits

    def _print_KnownConstant(self, expr: KnownConstant) -> str:
        return format_name(expr.name)

    def _print_Exp1(self, expr: sympy.Expr) -> str:
        return "exp(1)"


def symbol_latex(name: str) -> str:
    """A column name in LaTeX.

    A letter (Greek ones by their names) with a short subscript as SymPy has it, a longer identifier in
    upright type, anything else as text.
    """
    slope = DERIVATIVE.fullmatch(name)
    if slope:
        above, below = map(symbol_latex, slope.groups())
        return rf"\frac{{\partial {above}}}{{\partial {below}}}"
    if SHORT_NAME.fullmatch(name):
        printed = sympy.latex(sympy.Symbol(name))
        letter = re.split(r"[_\d]", name)[0]
        # SymPy has |x| for "xabs", and the number for "pi".
        if (len(letter) == 1 or printed.startswith("\\")) and r"\left" not in printed and printed != r"\pi":
            return printed
    return _as_written(name)


def _as_written(name: str) -> str:
    if name.isidentifier() and name.isascii():
        return rf"\mathrm{{{_escaped(name)}}}"
    return text_latex(name)


def names_latex(names: Iterable[str]) -> dict[str, str]:
    r"""Names of one formula in LaTeX; those that would look the same stand as they are written.

    Examples
    --------
    >>> names_latex(["x1", "alpha"]), names_latex(["x1", "x_1"])
    ({'x1': 'x_{1}', 'alpha': '\\alpha'}, {'x1': '\\mathrm{x1}', 'x_1': '\\mathrm{x\\_1}'})
    """
    printed = {name: symbol_latex(name) for name in names}
    count = Counter(printed.values())
    return {name: _as_written(name) if count[latex] > 1 else latex for name, latex in printed.items()}


def text_latex(text: str) -> str:
    r"""Any text in a formula.

    Examples
    --------
    >>> print(text_latex("m s^-2 & 50 %"))
    \text{m s\textasciicircum{}-2 \& 50 \%}
    """
    return rf"\text{{{_escaped(text)}}}"


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(c, c) for c in visible(text))


def to_latex(expression: sympy.Expr, target: str, digits: int = DIGITS, mul: str | None = None) -> str:
    """``target = expression``; floats with so many significant digits, and a sign between factors by name."""
    return f"{symbol_latex(target)} = {expression_latex(expression, digits, mul)}"


def expression_latex(expression: sympy.Expr, digits: int = DIGITS, mul: str | None = None) -> str:
    """The expression alone."""
    check_range("precision", digits, 1, MOST_DIGITS, integer=True)
    short = rounded(expression, digits)
    return _printed(short, _names(short.free_symbols), mul)


def _names(symbols: Iterable[sympy.Symbol]) -> dict[sympy.Symbol, str]:
    by_name = {symbol.name: symbol for symbol in symbols}
    return {by_name[name]: latex for name, latex in names_latex(by_name).items()}


def aligned_latex(equations: Sequence[str]) -> str:
    r"""Equations below one another, with their signs of equality in line; for the package amsmath.

    Examples
    --------
    >>> print(aligned_latex(["x = 2", r"\text{a = b} = y^{2}"]))
    \begin{aligned}
    x &= 2 \\
    \text{a = b} &= y^{2}
    \end{aligned}
    """
    lines = " \\\\\n".join(f"{left} &= {right}" for left, right in map(_sides, equations))
    return f"\\begin{{aligned}}\n{lines}\n\\end{{aligned}}"


def _sides(equation: str) -> tuple[str, str]:
    """What stands before and after the first sign of equality that is in no braces."""
    depth, escaped = 0, False
    for k, character in enumerate(equation):
        if not escaped and character in "{}":
            depth += 1 if character == "{" else -1
        if not depth and equation[k : k + 3] == " = ":
            return equation[:k], equation[k + 3 :]
        escaped = character == "\\" and not escaped
    return "", equation


def number_latex(value: float, digits: int) -> str:
    r"""A number with so many significant digits at the most.

    Examples
    --------
    >>> print(number_latex(0.0123456, 3), number_latex(3.08e7, 3), number_latex(2.0, 3))
    0.0123 3.08 \cdot 10^{7} 2
    """
    return _printed(rounded(sympy.Float(value), digits), {}, None)


def to_latex_with_errors(
    form: sympy.Expr,
    target: str,
    constants: Mapping[str, tuple[float, float]],
    digits: int = DIGITS,
    mul: str | None = None,
    units: Mapping[str, str] | None = None,
) -> str:
    r"""``target = form`` with ``(value \pm standard error)`` in the place of each constant.

    An error has two significant digits and its value ends at the same place (JCGM 100:2008, 7.2.6). A constant with
    the error 0 is exact; one whose error is not known has so many digits.

    form: over columns and symbols named like the constants   constants: value and standard error by name
    units: of constants that carry one, in LaTeX
    """
    check_range("precision", digits, 1, MOST_DIGITS, integer=True)
    names: dict[sympy.Symbol, str] = {}
    places: dict[sympy.Symbol, sympy.Expr] = {}
    for k, (name, (value, error)) in enumerate(constants.items()):
        # Printed in the order of their names, these come before every column, as numbers do.
        symbol = sympy.Symbol(f" {k:04d}")
        names[symbol] = _measured(abs(value), error, digits)
        if units is not None and name in units:
            names[symbol] = rf"\left({names[symbol]}\,{units[name]}\right)"
        places[sympy.Symbol(name)] = -symbol if value < 0 else symbol
    short = rounded(form.xreplace(places), digits)
    names |= _names(s for s in short.free_symbols if s not in names)
    printed = _printed(short, names, mul)
    if units and short in names and printed.startswith(r"\left("):  # a constant alone
        printed = printed.removeprefix(r"\left(").removesuffix(r"\right)")
    # A power and a right-hand side need no parentheses.
    printed = re.sub(r"\^\{\\left\(([^(){}]*\\pm[^(){}]*)\\right\)\}", r"^{\1}", printed)
    printed = re.sub(r"^\\left\(([^(){}]*\\pm[^(){}]*)\\right\)$", r"\1", printed)
    return f"{symbol_latex(target)} = {printed}"


def _measured(value: float, error: float, digits: int) -> str:
    """A value that is not negative and its standard error."""
    shown = Measured.of(value, error, digits)
    tens = rf" \cdot 10^{{{shown.power}}}" if shown.power else ""
    if not shown.error:
        return f"{shown.value}{tens}" if shown.value != "1" or not tens else f"10^{{{shown.power}}}"
    if shown.error == "∞":
        return rf"\left({shown.value}{tens} \pm \infty\right)"
    return rf"\left({shown.value} \pm {shown.error}\right){tens}"


class _Printer(LatexPrinter):
    """SymPy's printer, with the habits of a careful author where it has others."""

    def _print_ExpBase(self, expr: sympy.exp, exp: Any = None) -> str:
        r"""\exp(x), not e^x, where a column is called e."""
        if "e" not in self._settings["symbol_names"].values():
            return str(super()._print_ExpBase(expr, exp))
        return str(self._do_exponent(rf"\exp{{\left({self._print(expr.args[0])} \right)}}", exp))

    def _print_Float(self, expr: sympy.Float) -> str:
        r"""10^{5}, not 1.0 \cdot 10^{5}; and all digits of a double where they are asked for."""
        digits, power = decimal(expr)
        if not power:
            return digits
        tens = f"10^{{{power}}}"
        return rf"{digits} \cdot {tens}" if digits not in ("1", "-1") else digits.replace("1", tens)

    def _print_KnownConstant(self, expr: KnownConstant) -> str:
        return symbol_latex(expr.name)

    def _print_log(self, expr: sympy.log, exp: Any = None) -> str:
        """The exponent outside: behind the argument it seems to belong to that."""
        printed = str(super()._print_log(expr))
        return printed if exp is None else rf"\left({printed}\right)^{{{exp}}}"

    def _as_ordered_terms(self, expr: sympy.Add, order: Any = None) -> list[sympy.Expr]:
        """A term without a minus sign first, if there is one."""
        terms = list(super()._as_ordered_terms(expr, order))
        first = next((k for k, term in enumerate(terms) if not term.could_extract_minus_sign()), 0)
        return [terms[first], *terms[:first], *terms[first + 1 :]]


def _printed(expression: sympy.Expr, names: dict[sympy.Symbol, str], mul: str | None) -> str:
    check_choice("mul", mul, tuple(_SIGNS))
    if "e" in names.values():  # Euler's number prints itself
        one = sympy.Symbol("exp(1)")
        expression, names = expression.xreplace({sympy.E: one}), {**names, one: r"\exp{\left(1 \right)}"}
    settings: dict[str, Any] = {
        "symbol_names": names, "ln_notation": True, "inv_trig_style": "full", "fold_frac_powers": True,
    }  # fmt: skip
    if mul is not None:
        settings["mul_symbol"] = _SIGNS[mul]
    elif any(printed.startswith((r"\mathrm", r"\text")) for printed in names.values()):
        # Upright words run together without a space between the factors.
        settings["mul_symbol"] = _SIGNS["thin"]
    printer = _Printer(settings)
    printer._settings["mul_symbol_latex_numbers"] = r" \cdot "
    return str(printer.doprint(expression))
