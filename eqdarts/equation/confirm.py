"""Equations that were found on some rows of a table, refitted to all of them and measured by all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import sympy

from eqdarts.data.chunks import Source
from eqdarts.equation.equation import Equation
from eqdarts.equation.exports.formula import Formula
from eqdarts.equation.exports.record import in_table_units
from eqdarts.equation.front import Front
from eqdarts.errors import warn
from eqdarts.fit.formula import Template, compile_template, template
from eqdarts.fit.stream import Streamed, Task, fit_streaming
from eqdarts.formula.substitution import put_in
from eqdarts.simplify.singularities import with_limits


def confirmed(
    equations: Front | Sequence[Equation],
    source: Source,
    *,
    passes: int = 6,
    threads: int = 1,
    worth: float | None = None,
    rows: int | None = None,
) -> Front:
    """The front of these equations with constants and losses of the whole table.

    An equation that is undefined on a row, and has no limit there, is left out.

    Parameters
    ----------
    equations : Front or sequence of Equation
        With columns like those of the table; their constants are near the optimum.
    source : Source
    passes, threads : int
        As in `eqdarts.fit.stream.fit_streaming`.
    worth : float, optional
        The front is empty, after one pass, unless some equation has a smaller relative loss on the whole table.
    rows : int, optional
        Of the new front, for description lengths; by default those of the front that was given.

    Warns
    -----
    SearchWarning
        If equations are left out.
    """
    forms = [_template(equation) for equation in equations]
    tasks = [_task(equation, form) for equation, form in zip(equations, forms, strict=True)]
    fits = fit_streaming(tasks, source, passes=passes, threads=threads, worth=worth)
    rows = equations.rows if rows is None and isinstance(equations, Front) else rows
    front, lost = Front() if rows is None else Front(rows=rows), 0
    if worth is not None and not any(fitted.relative_loss < worth for fitted in fits):
        return front
    for equation, form, fitted in zip(equations, forms, fits, strict=True):
        lost += not np.isfinite(fitted.loss)
        front = front.offer(_refitted(equation, form, fitted))
    if lost:
        warn(f"{lost} of {len(equations)} equations found on a part of the rows are undefined on others and left out")
    return front


def _template(equation: Equation) -> Template:
    formula = equation.formula
    return template(formula.expression, tuple(sympy.Symbol(name) for name in formula.used))


def _task(equation: Equation, form: Template) -> Task:
    formula = equation.formula
    used = formula.used
    places = np.array([formula.columns.index(name) for name in used], dtype=np.intp)
    units = np.array([formula.unit(name) for name in used])
    return Task(
        compile_template(form),
        places,
        units,
        formula.target_unit,
        form.values,
        _is_linear(form),
        partial(_limits, form),
    )


def _limits(form: Template, values: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Of the formula with these constants at rows X [n, d] of its columns; NaN where there is none."""
    return with_limits(form.at(values), form.columns, X, np.full(len(X), np.nan))


def _is_linear(form: Template) -> bool:
    """Is the formula linear in its constants?"""
    return all(form.expression.diff(c).free_symbols.isdisjoint(form.constants) for c in form.constants)


def _refitted(equation: Equation, form: Template, fitted: Streamed) -> Equation:
    formula = equation.formula
    bare = {c: sympy.Symbol(c.name) for c in form.columns}
    expression = put_in(form.expression, {**bare, **form.numbers(fitted.values)})  # x − 1950 stays together
    with np.errstate(over="ignore", under="ignore"):
        loss = float(np.float64(fitted.loss) * formula.target_unit * formula.target_unit)
    new = replace(
        equation, loss=loss, relative_loss=fitted.relative_loss, fit=None, probability=None, left_out=None,
        composed=None,
    )  # fmt: skip
    if equation.inner is None:
        return replace(new, expression=expression)
    whole = in_table_units(Formula(expression, formula.columns, formula.target, formula.units, formula.target_unit))
    return replace(new, expression=whole, inner=expression)
