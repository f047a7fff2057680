"""A law of which parts are known: a formula in text in which some functions are unknown, such as a*x1 + f(x2, x3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import sympy
from sympy.core.function import AppliedUndef

from eqdarts.errors import InputDataError
from eqdarts.formula.latex import to_text
from eqdarts.formula.likely import likely_column
from eqdarts.formula.parsing import parse_expression, split_equation
from eqdarts.formula.text import format_name


@dataclass(frozen=True)
class UnknownFunction:
    """A function that is to be found.

    Attributes
    ----------
    name : str
    uses : tuple of applied functions
        Where it stands in the template: once, or several times with other arguments.
    arguments : tuple of str
        What its arguments are called in a formula of it: the columns themselves, and u, u1, u2, … where something else
        stands in their place.
    """

    name: str
    uses: tuple[AppliedUndef, ...]
    arguments: tuple[str, ...]

    @property
    def applied(self) -> AppliedUndef:
        """The function of its arguments, as it stands on the left of its formula."""
        return sympy.Function(self.name)(*map(sympy.Symbol, self.arguments))


@dataclass(frozen=True)
class Template:
    """The right-hand side of a law over columns, constants to be fitted, and functions to be found.

    Attributes
    ----------
    expression : sympy.Expr
    columns : tuple of str
        All columns of the table.
    """

    expression: sympy.Expr
    columns: tuple[str, ...]

    @cached_property
    def functions(self) -> tuple[UnknownFunction, ...]:
        """In the order of their names."""
        uses = sorted(self.expression.atoms(AppliedUndef), key=sympy.default_sort_key)
        names = sorted({use.func.__name__ for use in uses})
        return tuple(self._function(name, [use for use in uses if use.func.__name__ == name]) for name in names)

    def _function(self, name: str, uses: list[AppliedUndef]) -> UnknownFunction:
        taken = {symbol.name for symbol in self.expression.free_symbols} | set(self.columns)
        plain = [len(uses) == 1 and isinstance(argument, sympy.Symbol) for argument in uses[0].args]
        others = plain.count(False)
        free = iter(_free_names(others, taken))
        called = tuple(str(a.name) if p else next(free) for a, p in zip(uses[0].args, plain, strict=True))
        return UnknownFunction(name, tuple(uses), called)

    @property
    def constants(self) -> tuple[str, ...]:
        """Names of the constants."""
        return tuple(sorted({s.name for s in self.expression.free_symbols} - set(self.columns)))

    @property
    def unused(self) -> tuple[str, ...]:
        """Columns that stand nowhere in it."""
        used = {symbol.name for symbol in self.expression.free_symbols}
        return tuple(name for name in self.columns if name not in used)

    def __str__(self) -> str:
        return to_text(self.expression)


def _free_names(count: int, taken: set[str]) -> list[str]:
    """u, or u1, u2, …, with other letters where these are taken."""
    for letter in ("u", "s", "v", "arg", "argument"):
        names = [letter] if count == 1 else [f"{letter}{k + 1}" for k in range(count)]
        if not taken.intersection(names):
            return names
    return [f"argument_{k + 1}_of_f" for k in range(count)]


def check_template(text: object) -> None:
    """Raise `InputDataError` unless this is a formula with an unknown function, whatever the columns are."""
    if not isinstance(text, str):
        raise InputDataError(f'template: expected text, such as "a*x1 + f(x2, x3)", got {type(text).__name__}')
    _functions_in(_parsed(split_equation(text)[1], ()))


def read_template(text: str, columns: Sequence[str], target: str) -> Template:
    """The template in a text, for a table with these columns.

    Parameters
    ----------
    text : str
        As `parse_expression` reads it; functions of other names than it knows are unknown ones, and names that are no
        columns are constants. It may begin with the target and "=".
    columns : sequence of str
    target : str

    Raises
    ------
    InputDataError
        Naming what is wrong.

    Examples
    --------
    >>> law = read_template("y = a*x1 + f(x2/x3)", ("x1", "x2", "x3"), "y")
    >>> print(law, law.constants, [function.applied for function in law.functions])
    a*x1 + f(x2/x3) ('a',) [f(u)]
    """
    left, right = split_equation(text)
    if left is not None and left.strip("`") not in (target, "y"):
        raise InputDataError(f"template: {left!r} stands on the left, and the target is {target!r}")
    template = Template(_parsed(right, columns), tuple(columns))
    for use in _functions_in(template.expression):
        _check_arguments(use, template.columns)
    for function in template.functions:
        counts = sorted({len(use.args) for use in function.uses})
        if len(counts) > 1:
            numbers = " and ".join(map(str, counts))
            raise InputDataError(f"template: {function.name} stands with {numbers} arguments; give it one number")
    for name in template.constants:
        _check_constant(name, template, target)
    return template


def _parsed(text: str, columns: Sequence[str]) -> sympy.Expr:
    try:
        return parse_expression(text, columns, unknown=True)
    except InputDataError as error:
        raise InputDataError(f"template: {str(error).removeprefix('expression: ')}") from error


def _functions_in(expression: sympy.Expr) -> list[AppliedUndef]:
    uses = sorted(expression.atoms(AppliedUndef), key=sympy.default_sort_key)
    if not uses:
        raise InputDataError(
            "template: no unknown function is left in it; eqdarts.refit fits the constants of a given formula"
        )
    return uses


def _check_arguments(use: AppliedUndef, columns: tuple[str, ...]) -> None:
    name = use.func.__name__
    for argument in use.args:
        inner = argument.atoms(AppliedUndef)
        if inner:
            raise InputDataError(
                f"template: {to_text(use)} has an unknown function as its argument, which {name} can take in; "
                "put columns there"
            )
        names = {symbol.name for symbol in argument.free_symbols}
        if not names:
            raise InputDataError(f"template: {to_text(use)}: an argument is made of columns, and {argument} has none")
        for other in sorted(names - set(columns)):
            raise InputDataError(
                f"template: {to_text(use)}: {other!r} is no column; {_advice(other, columns)}arguments of unknown "
                "functions hold no constants, which these can take in"
            )


def _check_constant(name: str, template: Template, target: str) -> None:
    columns = template.columns
    if name == target:
        raise InputDataError(f"template: the target {target!r} stands on the right-hand side")
    if name in {function.name for function in template.functions}:
        raise InputDataError(f"template: {name!r} is a function and a constant in it; give one of them another name")
    if _advice(name, columns):
        raise InputDataError(
            f"template: {name!r} is no column; {_advice(name, columns)}"
            "a constant needs a name less like that of a column"
        )


def _advice(name: str, columns: Sequence[str]) -> str:
    """The column that a name may be meant for, as a question; empty if there is none near it."""
    likely = likely_column(name, columns)
    return f"did you mean {format_name(likely)}? " if likely is not None else ""
