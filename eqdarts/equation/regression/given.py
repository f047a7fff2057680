"""What `refit` is given, read and checked: a formula beside its table, and what is said of its constants by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import sympy
from sympy.core.parameters import distribute

from eqdarts.data import Table, as_frame, as_series, as_words, given_table, is_numeric
from eqdarts.data.columns import listed as names_listed
from eqdarts.equation.regression.naming import floats_as_symbols, free_symbols, with_exact_numbers
from eqdarts.errors import InputDataError
from eqdarts.formula.likely import likely_column
from eqdarts.formula.parsing import parse_expression, split_equation
from eqdarts.graph.to_sympy import plain

Bound = tuple[float | None, float | None]


def formula_and_table(expression: sympy.Expr | str, X: Any, y: Any) -> tuple[sympy.Expr, Table]:
    """The right-hand side and the table; a target without a name is called by the left-hand side.

    Columns of a table that do not stand in the formula may hold anything, and one of them may be the target: they are
    left out.
    """
    X, y = as_frame(X), as_series(y)
    if isinstance(X, pd.Series):
        X = X.to_frame("x1" if X.name is None else X.name)
    columns = as_words(X.columns) if isinstance(X, pd.DataFrame) else ()
    left, right = split_equation(expression) if isinstance(expression, str) else (None, expression)
    if left is not None and _name_of(left) != "y":
        y = _called(y, left, columns)
    if not isinstance(X, pd.DataFrame):
        given = _table(X, y)
        form = _expression(right, given.names)
        _check_sides(left, form, given.names)
        return form, given
    form = _expression(right, columns)
    _check_sides(left, form, columns)
    used = {s.name for s in form.free_symbols}
    target = as_words([y.name])[0] if isinstance(y, pd.Series) else None
    kept = [name in used or (name != target and is_numeric(X.iloc[:, k])) for k, name in enumerate(columns)]
    return form, _table(X.loc[:, kept], y)


def _table(X: object, y: object) -> Table:
    """The table; an array of one dimension is a column."""
    if isinstance(X, list | tuple | np.ndarray) and np.ndim(X) == 1:
        X = np.reshape(X, (-1, 1))
    table, _ = given_table(X, y, least=1)
    return table


def _check_sides(left: str | None, form: sympy.Expr, columns: tuple[str, ...]) -> None:
    """The target is no constant of its own equation."""
    name = None if left is None else _name_of(left)
    if name is not None and name not in columns and name in {s.name for s in form.free_symbols}:
        raise InputDataError(
            f"expression: {name!r} stands on both sides; solve for it first, or rename the constant that is called so"
        )


def _called(y: Any, left: str, columns: tuple[str, ...]) -> Any:
    """The target, which must be called so if it has a name."""
    name = _name_of(left)
    if isinstance(y, pd.Series) and y.name is not None:
        target = as_words([y.name])[0]
        if target not in (name, left):
            raise InputDataError(
                f"expression: {name!r} stands on the left, and the target is called {target!r}; write {target!r} or "
                "'y' there, or the right side only"
            )
        return y
    if name in columns or not (left != name or left.isidentifier()):
        raise InputDataError(f"expression: {name!r} stands on the left, which is no name of a target; write 'y' there")
    return pd.Series(np.asarray(y), name=name) if np.ndim(y) == 1 else y


def _name_of(text: str) -> str:
    """A name without its backticks."""
    quoted = len(text) > 2 and text.startswith("`") and text.endswith("`")
    return text[1:-1].replace("``", "`") if quoted else text


def _expression(expression: sympy.Expr | str, columns: tuple[str, ...]) -> sympy.Expr:
    with distribute(False):  # −0.001·(t − 1700000000), multiplied out, keeps few digits
        if isinstance(expression, str):
            return parse_expression(expression, columns)
        if isinstance(expression, sympy.Expr):
            return plain(expression)
    if isinstance(expression, (int, float)):
        return sympy.Float(expression)
    raise InputDataError(f"expression is a {type(expression).__name__}; give a SymPy expression or a string")


def constants_of(
    expression: sympy.Expr, columns: tuple[str, ...]
) -> tuple[sympy.Expr, tuple[sympy.Symbol, ...], np.ndarray]:
    """The formula with symbols for its constants, these symbols, and what is known of their values [K] (or NaN)."""
    symbols = free_symbols(expression, columns)
    if symbols:
        return with_exact_numbers(expression), symbols, np.full(len(symbols), np.nan)
    return floats_as_symbols(expression, columns)


def check_names(constants: tuple[sympy.Symbol, ...], **options: Mapping[str, object] | None) -> None:
    """Raise `InputDataError` unless these options say something of constants of the formula only."""
    names = {c.name for c in constants}
    for option, given in options.items():
        if given is not None and not isinstance(given, Mapping):
            raise InputDataError(f"{option}={given!r}: expected a mapping from constants to values")
        unknown = [name for name in given or {} if name not in names]
        if unknown:
            raise InputDataError(
                f"{option}: {unknown[0]!r} is no constant of the formula; it has {listed(constants) or 'none'}"
            )


def check_columns(
    form: sympy.Expr, columns: Sequence[str], said: Iterable[str], how: str = "start={{{!r}: 1.0}}"
) -> None:
    """Raise `InputDataError` where a constant of a formula is likely to be a misspelt column.

    columns: all of the table   said: constants that are named in options   how: to say of a name that it is a constant
    """
    constants = tuple(c for c in free_symbols(form, columns) if c.name not in said)
    for name in (c.name for c in constants):
        near = likely_column(name, columns)
        if near is not None:
            raise InputDataError(
                f"expression: {name!r} is no column; did you mean {near!r}? If it is a constant, say so with "
                f"{how.format(name)}"
            )
    if len(constants) > 1 and len(columns) and not {s.name for s in form.free_symbols}.intersection(columns):
        raise InputDataError(
            f"expression: no column of the table stands in {form}, so {listed(constants)} are all constants; "
            f"the columns are {names_listed(columns)}"
        )


def number_of(option: str, name: str, value: object) -> float:
    """What an option says of the constant of this name, which must be a finite number."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number):
        raise InputDataError(f"{option}: {name}={value!r} is not a finite number")
    return number


def bounds_of(bounds: Mapping[str, Bound], constants: tuple[sympy.Symbol, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bounds of the constants [K]; infinite where there is none."""
    lower, upper = np.full(len(constants), -np.inf), np.full(len(constants), np.inf)
    for k, c in enumerate(constants):
        if c.name not in bounds:
            continue
        try:
            low, high = bounds[c.name]
            lower[k], upper[k] = -np.inf if low is None else float(low), np.inf if high is None else float(high)
        except (TypeError, ValueError) as error:
            raise InputDataError(f"bounds: {c.name}={bounds[c.name]!r}; expected (low, high)") from error
        if not lower[k] < upper[k]:
            raise InputDataError(f"bounds: {c.name}={bounds[c.name]!r}; the first must be less than the second")
    return lower, upper


def listed(constants: tuple[sympy.Symbol, ...]) -> str:
    """The names of some constants."""
    return ", ".join(c.name for c in constants)
