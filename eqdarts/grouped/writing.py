"""A fitted state as an equation: letters for own constants, standard errors, and what is left of each group."""

from __future__ import annotations

import string
from collections.abc import Sequence

import numpy as np
import sympy

from eqdarts.equation.by_group import ByGroup, own_name
from eqdarts.equation.equation import Equation
from eqdarts.equation.regression.naming import floats_as_symbols
from eqdarts.fit.formula import magnitude_of
from eqdarts.fit.joint import GroupRows, joint_errors, values_of
from eqdarts.grouped.rows import GroupedTable
from eqdarts.grouped.state import State, own_symbol
from eqdarts.simplify.description import size


def as_equation(state: State, table: GroupedTable, column: str, counts: np.ndarray, raw: np.ndarray) -> Equation | None:
    """The equation of a state; None if it is not defined on all rows.

    column: name of the column of groups   counts: [N], weights of rows as they were given, without those of groups
    raw: [N], y in its own units over y of the table
    """
    first = table.pooled
    expression, values = _positive(state)
    names, expression = _named(expression, state, first.names, first.target)
    residual = (values_of(state.family.code, table.stacked, state.fit.values) - first.y) * raw
    if not np.isfinite(residual).all() or expression.has(sympy.nan, sympy.zoo, sympy.oo, sympy.I):
        return None
    errors = joint_errors(state.family.code, table.stacked, state.fit, state.own, state.free)
    known = np.where(np.isnan(errors.errors), np.inf, errors.errors)
    places = list(names)
    by_group = ByGroup(
        column,
        table.labels,
        tuple(names.values()),
        values[:, places],
        known[:, places],
        table.stacked.counts,
        _root_mean_square(table.stacked, residual),
        _shared(expression, (*first.names, *names.values()), state, known),
        state.length,
        errors.freedom,
    )
    return Equation(
        expression, first.names, first.target, float(np.average(residual**2, weights=counts)),
        table.loss(state.fit.squares), state.family.origin, by_group=by_group,
    )  # fmt: skip


def _positive(state: State) -> tuple[sympy.Expr, np.ndarray]:
    """Constants that are negative in every group are written as −a, as a number would have its sign before it."""
    expression, values = state.expression, state.fit.values.copy()
    for k in np.flatnonzero(state.own).tolist():
        if (values[:, k] < 0).all():
            turned = expression.xreplace({own_symbol(k): -own_symbol(k)})
            if size(turned) <= size(expression) + 1:
                expression = turned
                values[:, k] *= -1
    return expression, values


def _named(
    expression: sympy.Expr, state: State, columns: Sequence[str], target: str
) -> tuple[dict[int, str], sympy.Expr]:
    """Letters a, b, … with an index, in the order in which the formula has them."""
    taken = {name.split("_")[0] for name in (*columns, target)}
    letters = [c for c in string.ascii_lowercase if c not in taken and c not in "eio"]
    letters += [f"{c}{c}" for c in string.ascii_lowercase if f"{c}{c}" not in taken]
    own = [k for k in np.flatnonzero(state.own).tolist() if own_symbol(k) in expression.free_symbols]
    text = str(expression)
    own.sort(key=lambda k: text.index(own_symbol(k).name))
    names = {k: own_name(letter, columns) for k, letter in zip(own, letters, strict=False)}
    return names, expression.xreplace({own_symbol(k): sympy.Symbol(name) for k, name in names.items()})


def _shared(
    expression: sympy.Expr, names: Sequence[str], state: State, errors: np.ndarray
) -> dict[str, tuple[float, float]]:
    """Values and standard errors of the numbers of the formula, by the names that they have where they are symbols."""
    _, symbols, values = floats_as_symbols(expression, names)
    known = {
        magnitude_of(float(state.fit.values[0, k])): float(errors[0, k])
        for k in np.flatnonzero(state.free & ~state.own).tolist()
    }
    return {
        symbol.name: (float(value), known.get(magnitude_of(float(value)), np.inf))
        for symbol, value in zip(symbols, values, strict=True)
    }


def _root_mean_square(rows: GroupRows, residual: np.ndarray) -> np.ndarray:
    return np.asarray(np.sqrt(rows.sums(residual**2) / rows.counts))
