"""What is exported, and how its nodes become infix code; each language fills in its own signs.

The operations come in the order in which `eqdarts.formula.tape` does them, but for divisions, which replace products
with a negative power. So results agree to a few units in the last place.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import sympy

from eqdarts.errors import InputDataError
from eqdarts.formula.functions import BY_KIND, Function
from eqdarts.formula.tape import number

SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4  # how tightly a piece of code holds together


@dataclass(frozen=True)
class Formula:
    """target = target_unit · expression, over columns divided by their units.

    Attributes
    ----------
    expression : sympy.Expr
    columns : tuple of str
        All columns of the table.
    target : str
    units : tuple of float
        One for each column, or none if all are 1.
    target_unit : float
    """

    expression: sympy.Expr
    columns: tuple[str, ...]
    target: str
    units: tuple[float, ...] = ()
    target_unit: float = 1.0

    @property
    def used(self) -> tuple[str, ...]:
        """The columns that stand in it, in the order of the table."""
        names = {s.name for s in self.expression.free_symbols}
        return tuple(c for c in self.columns if c in names)

    def unit(self, column: str) -> float:
        return self.units[self.columns.index(column)] if self.units else 1.0


@dataclass(frozen=True)
class Code:
    """A piece of code and how tightly it holds together."""

    text: str
    level: int

    def within(self, level: int) -> str:
        """The text, in parentheses if it holds together less tightly than that."""
        return self.text if self.level >= level else f"({self.text})"


@dataclass(frozen=True)
class Language:
    """The signs of one language.

    Attributes
    ----------
    number : callable
        The literal of a double that is not negative; exact.
    function : callable
        A call of a row of `eqdarts.formula.functions`, from the row and the text of its argument.
    power : callable
        base**exponent, from the codes of both and the value of an exponent that is a number.
    largest : callable
        The largest or smallest, from "Max" or "Min" and the texts of at least two arguments.
    minus : callable
        A product with its sign changed.
    """

    number: Callable[[float], Code]
    function: Callable[[Function, str], str]
    power: Callable[[Code, Code, float | None], Code]
    largest: Callable[[str, Sequence[str]], str]
    minus: Callable[[Code], str]


def code(node: sympy.Expr, symbols: dict[str, Code], language: Language) -> Code:
    """The code of an expression over these symbols."""

    def visit(node: sympy.Expr) -> Code:
        if node.is_number:
            return literal(number(node))
        if isinstance(node, sympy.Symbol):
            return symbols[node.name]
        if isinstance(node, sympy.Add):
            return total(node)
        if isinstance(node, sympy.Mul):
            return signed(node)
        if isinstance(node, sympy.Pow):
            return divided([], [node]) if _below(node) else power(node.base, node.exp)
        if isinstance(node, sympy.Max | sympy.Min):
            return Code(language.largest(type(node).__name__, [visit(a).text for a in node.args]), ATOM)
        if type(node) in BY_KIND:
            return Code(language.function(BY_KIND[type(node)], visit(node.args[0]).text), ATOM)
        raise InputDataError(f"{node.func.__name__} has no counterpart there; export the equation in another form")

    def literal(value: float) -> Code:
        if value != value or value in (float("inf"), float("-inf")):
            raise InputDataError("the equation holds a constant that is not a finite real number")
        if value >= 0:
            return language.number(value)
        return Code("-" + language.number(-value).within(ATOM), SUM)

    def power(base: sympy.Expr, exponent: sympy.Expr) -> Code:
        value = number(exponent) if exponent.is_number else None
        return language.power(visit(base), visit(exponent), value)

    def total(node: sympy.Add) -> Code:
        out = visit(node.args[0]).text
        for term in node.args[1:]:
            negative, part = _sign(term)
            piece = signed(part) if isinstance(part, sympy.Mul) else visit(part)
            out += (" - " if negative else " + ") + piece.within(PRODUCT)
        return Code(out, SUM)

    def signed(node: sympy.Mul) -> Code:
        negative, part = _sign(node)
        factors = part.args if isinstance(part, sympy.Mul) else (part,)
        product = divided([f for f in factors if not _below(f)], [f for f in factors if _below(f)])
        return Code(language.minus(product), SUM) if negative else product

    def divided(above: list[sympy.Expr], below: list[sympy.Expr]) -> Code:
        pieces = [visit(f) for f in above if f != 1]
        if len(pieces) == 1 and not below:
            return pieces[0]
        text = "*".join(p.within(PRODUCT if k == 0 else POWER) for k, p in enumerate(pieces))
        text = text or language.number(1.0).text
        for factor in below:
            inverse = visit(factor.base) if number(factor.exp) == -1 else power(factor.base, -factor.exp)
            text += "/" + inverse.within(POWER)
        return Code(text, PRODUCT)

    return visit(node)


def _below(node: sympy.Expr) -> bool:
    """Is it a power that is written below the fraction bar?"""
    return isinstance(node, sympy.Pow) and not node.is_number and node.exp.is_number and number(node.exp) < 0


def _sign(node: sympy.Expr) -> tuple[bool, sympy.Expr]:
    """Is the leading number negative, and the node with its absolute value."""
    if isinstance(node, sympy.Mul) and node.args[0].is_Number and node.args[0] < 0:
        first, *rest = node.args
        rest = rest if first == -1 else [-first, *rest]
        return True, rest[0] if len(rest) == 1 else sympy.Mul(*rest, evaluate=False)
    if node.is_Number and node < 0:
        return True, -node
    return False, node


def check_word(name: str | None) -> None:
    """Raise `InputDataError` unless it is None or can be the name of a function."""
    if name is not None and not (name.isascii() and name.isidentifier() and not keyword.iskeyword(name)):
        raise InputDataError(f"name={name!r}: expected a word of English letters, digits and underscores")


def identifiers(
    names: Sequence[str], taken: Collection[str], reserved: Callable[[str], bool] = keyword.iskeyword
) -> dict[str, str]:
    """For each name a word of English letters, digits and underscores, each its own, neither taken nor reserved.

    reserved: does a word mean something in the language? With an underscore at its end, none may

    >>> identifiers(["m", "flow rate (m3/s)", "lambda", "2θ", "_Bool"], {"m"}, lambda word: word.startswith("_"))
    {'m': 'm_', 'flow rate (m3/s)': 'flow_rate_m3_s', 'lambda': 'lambda_', '2θ': 'x_2', '_Bool': 'x_Bool'}
    """
    used, out = set(taken), {}
    for place, name in enumerate(names):
        word = name if name.isascii() and name.isidentifier() else re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
        word = word or f"x_{place + 1}"
        word = f"x_{word}" if word[0].isdigit() else word
        word = f"x{word}" if word[0] == "_" and reserved(word) else word
        word = f"{word}_" if word in taken or reserved(word) or keyword.iskeyword(word) else word
        free, k = word, 2
        while free in used:
            free, k = f"{word.rstrip('_')}_{k}", k + 1
        used.add(free)
        out[name] = free
    return out
