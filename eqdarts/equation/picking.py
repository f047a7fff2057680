"""An equation of a front as somebody asks for it: by its row, its complexity, or its form."""

from __future__ import annotations

from itertools import islice, product
from numbers import Integral
from typing import Any

import sympy

from eqdarts.equation.equation import Equation
from eqdarts.equation.front import Front
from eqdarts.equation.regression.naming import exact, free_symbols
from eqdarts.errors import InputDataError, check_range, shown
from eqdarts.formula.parsing import parse_expression, split_equation
from eqdarts.formula.text import format_name
from eqdarts.formula.visible import shortened
from eqdarts.graph.to_sympy import plain
from eqdarts.simplify.form import form_of

_WIDEST, _MOST = 60, 12  # characters of an equation in a message, and equations (not tuned)
_TRIED = 1000  # exponents that are put into a form, to see whether an equation has it (not tuned)


def picked(
    front: Front, rows: int, index: int | None = None, complexity: int | None = None, form: Any = None
) -> int | None:
    """The place on the front of what is asked for; None where nothing is.

    rows: of the table, for description lengths, by which one of several equations of a form is picked

    Raises
    ------
    InputDataError
        If more than one thing is asked for, or there is no such equation; the message lists those that there are.
    """
    asked = {"index": index, "complexity": complexity, "form": form}
    given = [name for name, value in asked.items() if value is not None]
    if len(given) > 1:
        raise InputDataError(f"{' and '.join(given)}: give one of them")
    if index is not None:
        return place(front, index)
    if complexity is not None:
        return _of_complexity(front, complexity)
    return None if form is None else _of_form(front, form, rows)


def place(front: Front, index: Any) -> int:
    """A row of the front, by its number."""
    if not isinstance(index, Integral) or isinstance(index, bool) or not 0 <= int(index) < len(front):
        raise InputDataError(f"index={shown(index)}: equations_ has the rows 0 to {len(front) - 1}")
    return int(index)


def _of_complexity(front: Front, complexity: int) -> int:
    check_range("complexity", complexity, 1, integer=True)
    found = next((k for k, equation in enumerate(front) if equation.complexity == complexity), None)
    if found is None:
        there = ", ".join(str(equation.complexity) for equation in front)
        raise InputDataError(f"complexity={complexity}: no equation of equations_ has it; there are {there}")
    return found


def _of_form(front: Front, form: Any, rows: int) -> int:
    columns, target = front[0].columns, front[0].target
    wanted = _read(form, columns, target)
    places = [k for k, equation in enumerate(front) if _has_form(equation, wanted)]
    if not places:
        raise InputDataError(
            f"form={shown(form)}: no equation of equations_ has it. To fit this form whatever the search found, "
            f"call eqdarts.refit. There are {_listed(front)}"
        )
    return min(places, key=lambda k: front[k].description_length(rows))


def _read(form: Any, columns: tuple[str, ...], target: str) -> sympy.Expr:
    """The right-hand side of what was given, over columns and constants; numbers in exponents are exact."""
    if isinstance(form, sympy.Expr):
        expression = plain(form)
    elif isinstance(form, str):
        left, right = split_equation(form)
        if left is not None and left not in (target, format_name(target), "y"):
            raise InputDataError(
                f"form={shown(form)}: {left!r} stands on the left, and the target is {format_name(target)}"
            )
        try:
            expression = parse_expression(right, columns)
        except InputDataError as error:
            raise InputDataError(f"form={shown(form)}: {error}") from error
    else:
        raise InputDataError(f"form={shown(form)}: expected text such as 'a*exp(-k*t)', or a SymPy expression")
    powers = {p: p.base ** exact(p.exp) for p in expression.atoms(sympy.Pow) if p.exp.is_Float}
    return expression.xreplace(powers)


def _has_form(equation: Equation, form: sympy.Expr) -> bool:
    """Is it what the form says, for some values of its constants?

    An exponent that is a constant stands for any, and so for one that is exact.
    """
    columns = equation.columns
    constants = free_symbols(form, columns)
    # Values of which no two are a simple multiple, sum or power of each other, so that nothing cancels.
    values = {c: sympy.Float(0.7310585786 + 0.1180339887 * k) for k, c in enumerate(constants)}
    if form_of(equation.expression, columns) == form_of(form.xreplace(values), columns):
        return True
    above = {s for p in form.atoms(sympy.Pow) for s in p.exp.free_symbols if p.exp.free_symbols <= set(constants)}
    loose = {form_of(some, columns, exponents=False) for some in (equation.expression, form.xreplace(values))}
    if not above or len(loose) > 1:
        return False
    exponents = {p.exp for p in equation.expression.atoms(sympy.Pow) if p.exp.is_number} | {sympy.Integer(1)}
    choices = sorted({sign * e for e in exponents for sign in (1, -1)}, key=sympy.default_sort_key)
    names = sorted(above, key=lambda s: s.name)
    written = form_of(equation.expression, columns)
    for tried in islice(product(choices, repeat=len(names)), _TRIED):
        if written == form_of(form.xreplace({**values, **dict(zip(names, tried, strict=True))}), columns):
            return True
    return False


def _listed(front: Front) -> str:
    lines = [f"{k}: {shortened(equation.text(), _WIDEST)}" for k, equation in enumerate(front.equations[:_MOST])]
    return "; ".join(lines) + (f"; and {len(front) - _MOST} more" if len(front) > _MOST else "")
