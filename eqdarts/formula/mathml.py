"""Formulas as presentation MathML, which browsers and notebooks typeset by themselves.

SymPy's printer writes names and fences into the markup as they are, so what it is asked for here is the order of
terms and precedences; every text that may come of a user goes through `_leaf`, which escapes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from xml.dom.minidom import Document, Element  # nosec B408 # writes, never reads

import sympy
from sympy.printing.mathml import MathMLPresentationPrinter
from sympy.printing.precedence import PRECEDENCE, precedence_traditional
from sympy.printing.pretty.pretty_symbology import greek_unicode

from eqdarts.errors import check_range
from eqdarts.formula.known import KnownConstant
from eqdarts.formula.latex import DERIVATIVE, SHORT_NAME
from eqdarts.formula.numbers import DIGITS, MOST_DIGITS, Measured, decimal, rounded
from eqdarts.formula.visible import visible

_MINUS, _TIMES, _DOT, _APPLY = "\u2212", "\u2062", "\u22c5", "\u2061"
_PARTIAL, _PLUS_MINUS, _INFINITY = "\u2202", "\u00b1", "\u221e"
_THIN = "0.17em"
_FUNCTIONS = {
    sympy.log: "ln", sympy.asin: "arcsin", sympy.acos: "arccos", sympy.atan: "arctan",
    sympy.asinh: "arsinh", sympy.acosh: "arcosh", sympy.atanh: "artanh", sympy.Max: "max", sympy.Min: "min",
}  # fmt: skip
#: Functions whose exponent stands at their name, as in sin²(x).
_WITH_EXPONENT = (sympy.sin, sympy.cos, sympy.tan, sympy.sinh, sympy.cosh, sympy.tanh)


def mathml(
    expression: sympy.Expr,
    target: str = "",
    digits: int = DIGITS,
    constants: Mapping[str, tuple[float, float]] | None = None,
    block: bool = True,
) -> str:
    """``target = expression`` as a ``<math>`` element, with names escaped; the expression alone without a target.

    Parameters
    ----------
    expression : sympy.Expr
        Over symbols named like columns and constants.
    target : str
    digits : int
        Significant ones of floats, from 1 to 17.
    constants : mapping of str to (value, standard error), optional
        What stands for the symbols of these names, as in `eqdarts.formula.latex.to_latex_with_errors`.
    block : bool
        A line of its own, or within a text.

    Examples
    --------
    >>> print(mathml(sympy.sqrt(sympy.Symbol("x")), "y", block=False))  # doctest: +ELLIPSIS
    <math ...><mrow><mi>y</mi><mo>=</mo><msqrt><mi>x</mi></msqrt></mrow></math>
    """
    check_range("precision", digits, 1, MOST_DIGITS, integer=True)
    measured: dict[str, Measured] = {}
    places: dict[sympy.Symbol, sympy.Expr] = {}
    for k, (name, (value, error)) in enumerate((constants or {}).items()):
        # In the order of their names, these come before every column, as numbers do.
        symbol = sympy.Symbol(f" {k:04d}")
        measured[symbol.name] = Measured.of(abs(value), error, digits)
        places[sympy.Symbol(name)] = -symbol if value < 0 else symbol
    short = rounded(expression.xreplace(places), digits)
    words = any(s.name not in measured and _as_letter(s.name) is None for s in short.free_symbols)
    printer = _Printer(measured, words)
    row = printer.whole(short)
    if target:
        row = printer.row(printer.name(target), printer.operator("="), row)
    root = printer.element("math", row)
    root.setAttribute("xmlns", "http://www.w3.org/1998/Math/MathML")
    root.setAttribute("display", "block" if block else "inline")
    return str(root.toxml())


def _as_letter(name: str) -> tuple[str, str] | None:
    """The letter that a column is written with, Greek ones by their names, and its subscript, which may be empty."""
    letter, index = re.split(r"_|(?=\d)", name, maxsplit=1) if re.search(r"_|\d", name) else (name, "")
    letter = greek_unicode.get(letter, letter)
    if not SHORT_NAME.fullmatch(name) or len(letter) != 1:
        return None
    return letter, greek_unicode.get(index, index)


class _Printer(MathMLPresentationPrinter):  # type: ignore[misc]
    """Nodes of a formula as elements."""

    def __init__(self, measured: Mapping[str, Measured], words: bool) -> None:
        super().__init__()
        self._measured, self._words, self._escaping = measured, words, Document()

    def whole(self, expression: sympy.Expr) -> Element:
        """An expression that nothing stands beside: a measured constant needs no parentheses."""
        if isinstance(expression, sympy.Symbol) and expression.name in self._measured:
            return self._constant(self._measured[expression.name], alone=True)
        return self._print(expression)

    def row(self, *parts: Element) -> Element:
        """Parts beside each other."""
        return parts[0] if len(parts) == 1 else self.element("mrow", *parts)

    def element(self, tag: str, *parts: Element) -> Element:
        """An element that holds others."""
        made = self._escaping.createElement(tag)
        for part in parts:
            made.appendChild(part)
        return made

    def operator(self, sign: str) -> Element:
        """A sign between others."""
        return self._leaf("mo", sign)

    def _leaf(self, tag: str, text: str) -> Element:
        made = self._escaping.createElement(tag)
        made.appendChild(self._escaping.createTextNode(text))
        return made

    def _fenced(self, *parts: Element, signs: str = "()") -> Element:
        fences = [self.operator(sign) for sign in signs]
        for fence, form in zip(fences, ("prefix", "postfix"), strict=True):
            fence.setAttribute("form", form)
            fence.setAttribute("stretchy", "true")
        return self.element("mrow", fences[0], *parts, fences[1])

    def _listed(self, expressions: Iterable[sympy.Expr]) -> list[Element]:
        parts: list[Element] = []
        for expression in expressions:
            parts += [self.operator(",")] if parts else []
            parts.append(self._print(expression))
        return parts

    def name(self, name: str) -> Element:
        """A column: as a letter with a subscript, as an upright word, or as text; see `symbol_latex`."""
        slope = DERIVATIVE.fullmatch(name)
        if slope:
            above, below = (self.row(self.operator(_PARTIAL), self.name(part)) for part in slope.groups())
            return self.element("mfrac", above, below)
        short = _as_letter(name)
        if short is not None:
            letter, index = short
            below = self._leaf("mn" if index.isdigit() else "mi", index)
            return self.element("msub", self._leaf("mi", letter), below) if index else self._leaf("mi", letter)
        shown = visible(name)
        if not (name.isidentifier() and name.isascii()):
            return self._leaf("mtext", shown)
        word = self._leaf("mi", shown)
        word.setAttribute("mathvariant", "normal")
        return word

    def _constant(self, measured: Measured, alone: bool) -> Element:
        """A value with its error, in parentheses unless it stands alone."""
        tens = [self.operator(_DOT), self._power_of_ten(measured.power)] if measured.power else []
        value = self._leaf("mn", measured.value)
        if not measured.error:
            return self.row(value, *tens)
        error = self._leaf("mi" if measured.error == _INFINITY else "mn", measured.error)
        if measured.error == _INFINITY:
            parts = [value, *tens, self.operator(_PLUS_MINUS), error]
            return self.row(*parts) if alone else self._fenced(*parts)
        both = [value, self.operator(_PLUS_MINUS), error]
        return self.row(*both) if alone and not tens else self.row(self._fenced(*both), *tens)

    def _power_of_ten(self, power: int) -> Element:
        exponent = self._leaf("mn", str(abs(power)))
        return self.element(
            "msup", self._leaf("mn", "10"), self.row(self.operator(_MINUS), exponent) if power < 0 else exponent
        )

    def _number(self, digits: str, power: int = 0) -> Element:
        sign = [self.operator(_MINUS)] if digits.startswith("-") else []
        digits = digits.removeprefix("-")
        if not power:
            return self.row(*sign, self._leaf("mn", digits))
        times = [] if digits == "1" else [self._leaf("mn", digits), self.operator(_DOT)]
        return self.row(*sign, *times, self._power_of_ten(power))

    def _print_Symbol(self, expr: sympy.Symbol, style: str = "plain") -> Element:
        if expr.name in self._measured:
            return self._constant(self._measured[expr.name], alone=False)
        return self.name(expr.name)

    def _print_Integer(self, expr: sympy.Integer) -> Element:
        return self._number(str(expr))

    def _print_int(self, expr: int) -> Element:
        return self._number(str(expr))

    def _print_Float(self, expr: sympy.Float) -> Element:
        return self._number(*decimal(expr))

    def _print_Rational(self, expr: sympy.Rational) -> Element:
        fraction = self.element("mfrac", self._number(str(abs(expr.p))), self._number(str(expr.q)))
        return self.row(self.operator(_MINUS), fraction) if expr.p < 0 else fraction

    def _print_Pi(self, expr: sympy.Expr) -> Element:
        return self._leaf("mi", "π")

    def _print_KnownConstant(self, expr: KnownConstant) -> Element:
        return self.name(expr.name)

    def _print_Exp1(self, expr: sympy.Expr) -> Element:
        return self._leaf("mi", "e")

    def _print_Add(self, expr: sympy.Add, order: Any = None) -> Element:
        """A term without a minus sign first, if there is one."""
        terms = list(self._as_ordered_terms(expr, order=order))
        first = next((k for k, term in enumerate(terms) if not term.could_extract_minus_sign()), 0)
        parts: list[Element] = []
        for term in [terms[first], *terms[:first], *terms[first + 1 :]]:
            negative = bool(parts) and term.could_extract_minus_sign()
            parts += [self.operator(_MINUS if negative else "+")] if parts else []
            parts.append(self.parenthesize(-term if negative else term, PRECEDENCE["Add"]))
        return self.row(*parts)

    def _print_Mul(self, expr: sympy.Mul) -> Element:
        sign: list[Element] = []
        if expr.could_extract_minus_sign():
            sign, expr = [self.operator(_MINUS)], -expr
            if isinstance(expr, sympy.Add):
                return self.row(*sign, self._fenced(self._print(expr)))
        above, below = sympy.fraction(expr, exact=True)
        if below == 1:
            return self.row(*sign, self._product(expr))
        return self.row(*sign, self.element("mfrac", self._product(above), self._product(below)))

    def _product(self, expr: sympy.Expr) -> Element:
        if not isinstance(expr, sympy.Mul):
            return self.whole(expr)
        parts: list[Element] = []
        ends_in_number = False
        for factor in expr.as_ordered_factors():
            shown = self.parenthesize(factor, PRECEDENCE["Mul"])
            if parts:
                parts += self._times(ends_in_number and self._begins_with_number(factor))
            parts.append(shown)
            ends_in_number = isinstance(factor, sympy.Number)
        return self.row(*parts)

    def _times(self, between_numbers: bool) -> list[Element]:
        if between_numbers:
            return [self.operator(_DOT)]
        if not self._words:
            return [self.operator(_TIMES)]
        space = self.element("mspace")  # upright words would run together
        space.setAttribute("width", _THIN)
        return [self.operator(_TIMES), space]

    def _begins_with_number(self, factor: sympy.Expr) -> bool:
        base = factor.as_base_exp()[0] if isinstance(factor, sympy.Pow) else factor
        return isinstance(base, sympy.Number) and base >= 0

    def parenthesize(self, item: sympy.Expr, level: int, strict: bool = False) -> Element:
        """In parentheses where it binds less than that, or as little and not `strict`."""
        binding = precedence_traditional(item)
        spread = isinstance(item, sympy.Float) and bool(decimal(item)[1]) and level >= PRECEDENCE["Pow"]
        loose = binding < level or (binding == level and not strict) or spread
        return self._fenced(self._print(item)) if loose else self._print(item)

    def _print_Pow(self, expr: sympy.Pow) -> Element:
        base, exponent = expr.args
        if isinstance(exponent, sympy.Rational) and exponent < 0:
            below = self._print(sympy.Pow(base, -exponent, evaluate=False)) if exponent != -1 else self.whole(base)
            return self.element("mfrac", self._number("1"), below)
        if isinstance(exponent, sympy.Rational) and exponent.p == 1 and exponent.q > 1:
            root = self._print(base)
            if exponent.q == 2:
                return self.element("msqrt", root)
            return self.element("mroot", root, self._number(str(exponent.q)))
        above = self.whole(exponent)
        if isinstance(exponent, sympy.Rational) and exponent.q > 1:
            above = self.row(self._number(str(exponent.p)), self.operator("/"), self._number(str(exponent.q)))
        if isinstance(base, _WITH_EXPONENT) and isinstance(exponent, sympy.Integer):
            return self._applied(self.element("msup", self._named(base), above), base)
        if isinstance(base, sympy.Function) and not isinstance(base, sympy.Abs):
            return self.element("msup", self._fenced(self._print(base)), above)
        return self.element("msup", self.parenthesize(base, PRECEDENCE["Pow"]), above)

    def _print_exp(self, expr: sympy.exp) -> Element:
        return self.element("msup", self._leaf("mi", "e"), self.whole(expr.args[0]))

    def _print_Abs(self, expr: sympy.Abs, exp: Any = None) -> Element:
        return self._fenced(self._print(expr.args[0]), signs="||")

    def _print_Function(self, expr: sympy.Expr) -> Element:
        return self._applied(self._named(expr), expr)

    _print_Max = _print_Min = _print_Basic = _print_AssocOp = _print_Function

    def _named(self, expr: sympy.Expr) -> Element:
        return self._leaf("mi", visible(_FUNCTIONS.get(expr.func, expr.func.__name__)))

    def _applied(self, function: Element, expr: sympy.Expr) -> Element:
        return self.row(function, self.operator(_APPLY), self._fenced(*self._listed(expr.args)))
