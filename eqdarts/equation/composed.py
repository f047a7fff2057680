"""An equation that was put together: a template that was given, and what was found for its functions and constants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy
from sympy.core.function import AppliedUndef

from eqdarts.errors import InputDataError
from eqdarts.formula.latex import expression_latex, to_latex, to_text
from eqdarts.formula.numbers import DIGITS
from eqdarts.formula.parsing import MAX_LENGTH, parse_expression
from eqdarts.formula.pickled import KeepsFormulas
from eqdarts.formula.records import Record
from eqdarts.formula.text import format_expression, format_name

_MOST = 50  # functions or constants of a file


@dataclass(frozen=True)
class Composed(KeepsFormulas):
    """A template and its parts.

    Attributes
    ----------
    template : sympy.Expr
        Over columns, constants and unknown functions.
    functions : tuple of (applied function, expression)
        Each function of its arguments, and the formula that was found for it.
    constants : tuple of (str, expression)
        The number of each constant.
    """

    template: sympy.Expr
    functions: tuple[tuple[AppliedUndef, sympy.Expr], ...]
    constants: tuple[tuple[str, sympy.Expr], ...] = ()

    @property
    def expression(self) -> sympy.Expr:
        """The template with its parts put in."""
        return put_together(self.template, dict(self.functions), dict(self.constants))

    @property
    def formulas(self) -> dict[str, sympy.Expr]:
        """What was found for each function, by name, over its arguments."""
        return {applied.func.__name__: formula for applied, formula in self.functions}

    def text(self, target: str, digits: int = DIGITS) -> str:
        """The template and its parts in one line.

        Examples
        --------
        >>> a, x, f = sympy.Symbol("a"), sympy.Symbol("x"), sympy.Function("f")
        >>> law = Composed(a * f(x), ((f(x), sympy.exp(-2.5 * x)),), (("a", sympy.Integer(3)),))
        >>> law.text("y")
        'y = a*f(x), f(x) = exp(-2.5*x), a = 3'
        """
        parts = [f"{format_name(target)} = {to_text(self.template, digits)}"]
        parts += [f"{to_text(applied)} = {to_text(formula, digits)}" for applied, formula in self.functions]
        parts += [f"{format_name(name)} = {to_text(number, digits)}" for name, number in self.constants]
        return ", ".join(parts)

    def latex(self, target: str, digits: int = DIGITS, mul: str | None = None) -> str:
        """The same in LaTeX."""
        parts = [to_latex(self.template, target, digits, mul)]
        parts += [
            f"{expression_latex(applied, digits, mul)} = {expression_latex(formula, digits, mul)}"
            for applied, formula in self.functions
        ]
        parts += [to_latex(number, name, digits, mul) for name, number in self.constants]
        return r", \quad ".join(parts)

    def to_record(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "template": to_text(self.template, 17),
            "functions": [
                {
                    "name": applied.func.__name__,
                    "arguments": [argument.name for argument in applied.args],
                    "formula": format_expression(formula),
                }
                for applied, formula in self.functions
            ],
            "constants": [
                {"name": name, "number": format_expression(number)} for name, number in self.constants
            ],
        }  # fmt: skip

    @classmethod
    def from_record(cls, data: Record, columns: tuple[str, ...]) -> Composed:
        """The inverse of `to_record`; a formula over other names than its arguments is refused."""
        constants = data.items("constants", _constant, _MOST)
        functions = data.items("functions", _function, _MOST)
        names = (*columns, *(name for name, _ in constants))
        template = _parsed(data, "template", names, unknown=True)
        known = {applied.func.__name__: len(applied.args) for applied, _ in functions}
        for use in template.atoms(AppliedUndef):
            if known.get(use.func.__name__) != len(use.args):
                raise data.error("template", f"{to_text(use)} is none of its functions")
        return cls(template, functions, constants)


def put_together(
    template: sympy.Expr, functions: dict[AppliedUndef, sympy.Expr], numbers: dict[str, sympy.Expr]
) -> sympy.Expr:
    """A template with formulas for its functions, each over its arguments, and numbers for its constants."""
    formulas = {applied.func.__name__: (applied.args, formula) for applied, formula in functions.items()}
    found = {}
    for use in template.atoms(AppliedUndef):
        arguments, formula = formulas[use.func.__name__]
        found[use] = formula.xreplace(dict(zip(arguments, use.args, strict=True)))
    constants = {sympy.Symbol(name): number for name, number in numbers.items()}
    return template.xreplace({**found, **constants})


def _constant(data: Record, place: str) -> tuple[str, sympy.Expr]:
    one = data.record(place)
    return one.text("name"), _parsed(one, "number", ())


def _function(data: Record, place: str) -> tuple[AppliedUndef, sympy.Expr]:
    one = data.record(place)
    name, arguments = one.text("name"), one.items("arguments", Record.text, _MOST)
    if not (name.isascii() and name.isidentifier()) or not arguments or len(set(arguments)) < len(arguments):
        raise one.error("name", "expected a function of different arguments")
    applied = sympy.Function(name)(*map(sympy.Symbol, arguments))
    return applied, _parsed(one, "formula", arguments)


def _parsed(data: Record, name: str, names: tuple[str, ...], unknown: bool = False) -> sympy.Expr:
    try:
        return parse_expression(data.text(name, MAX_LENGTH), names, others=False, evaluate=unknown, unknown=unknown)
    except InputDataError as error:
        raise data.error(name, str(error)) from error
