"""Columns a search can use: their names are checked, they vary, and each has a scale.

Rows of an array are counted from 0, as in ``X[17]``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from eqdarts.data.table import Table
from eqdarts.errors import InputDataError, warn
from eqdarts.formula.records import MAX_NAME


def listed(names: Sequence[Any]) -> str:
    """Names in quotes for a message; the first twenty of many."""
    shown = ", ".join(repr(str(name)) for name in names[:20])
    return shown if len(names) <= 20 else f"{shown} and {len(names) - 20} more"


def check_name(name: Any, what: str) -> str:
    """A name as text; raise `InputDataError`, beginning with `what`, if it is empty or too long to be kept."""
    text = "" if name is None or name != name else as_words([name])[0]
    if not text.strip():
        raise InputDataError(f"{what} has an empty name; give it one")
    if len(text) > MAX_NAME:
        raise InputDataError(
            f"{what} has a name of {len(text)} characters, which begins with {text[:20]!r}; use at most {MAX_NAME}"
        )
    return text


def as_words(names: Iterable[Any]) -> tuple[str, ...]:
    """Names of columns as text; an integer, which a formula could not tell from a number, becomes x0, x1, ...

    Examples
    --------
    >>> as_words(["mass", 0, 12])
    ('mass', 'x0', 'x12')
    """
    return tuple(f"x{name}" if _is_integer(name) else str(name) for name in names)


def check_names(names: Sequence[Any], target: str | None = None) -> tuple[str, ...]:
    """Column names as strings, each of them once, none empty, and none of them the target's.

    Raises
    ------
    InputDataError
        Naming the columns that stand twice, or the target among the features.

    Warns
    -----
    SearchWarning
        Naming the columns whose names are integers, and what they are called instead.
    """
    found = tuple(check_name(name, f"column {place + 1}") for place, name in enumerate(names))
    repeated = [name for name, count in Counter(found).items() if count > 1]
    if repeated:
        raise InputDataError(f"more than one column is called {listed(repeated)}; rename them")
    if target is not None and target in found:
        raise InputDataError(f"column {target!r} is the target and also among the features; drop it from X")
    integers = [name for name in names if _is_integer(name)]
    if integers:
        words = as_words(integers)
        shown = ", ".join(map(str, integers[:5])) + (", ..." if len(integers) > 5 else "")
        called = ", ".join(words[:5]) + (", ..." if len(integers) > 5 else "")
        what = "column" if len(integers) == 1 else "columns"
        warn(f"a formula cannot tell names that are integers from numbers: {what} {shown} called {called}")
    return found


def _is_integer(name: Any) -> bool:
    return isinstance(name, int | np.integer) and not isinstance(name, bool | np.bool_)


def check_finite_columns(X: np.ndarray, names: Sequence[str]) -> None:
    """Raise `InputDataError`, naming the column and the first row, unless every value of X [n, d] is finite.

    Examples
    --------
    >>> check_finite_columns(np.array([[1.0, 2.0], [3.0, np.nan]]), ["length", "mass"])
    Traceback (most recent call last):
    eqdarts.errors.InputDataError: column 'mass': 1 of 2 values is NaN or infinity (first: row 1); drop or fill it
    """
    bad = ~np.isfinite(X)
    if not bad.any():
        return
    columns = np.flatnonzero(bad.any(axis=0))
    first = int(columns[0])
    count, row = int(bad[:, first].sum()), int(bad[:, first].argmax())
    verb, pronoun = ("is", "it") if count == 1 else ("are", "them")
    also = f"; so are values of {listed([names[int(c)] for c in columns[1:]])}" if len(columns) > 1 else ""
    raise InputDataError(
        f"column {str(names[first])!r}: {count} of {len(X)} values {verb} NaN or infinity (first: row {row})"
        f"{also}; drop or fill {pronoun}"
    )


def column_scale(values: np.ndarray, weights: np.ndarray | None = None) -> float:
    """2^round(log2 m), with m the (weighted) median of the magnitudes that are not zero.

    The exponent is bounded so that the scale is a normal number and no value divided by it exceeds
    2^500. In a column that spans more than that, the smallest values may lose digits or become zero.

    Examples
    --------
    >>> column_scale(np.array([0.0, 3.0, 5.0, -9.0])), column_scale(np.zeros(3))
    (4.0, 1.0)
    """
    used = values != 0 if weights is None else (values != 0) & (weights > 0)
    if not used.any():
        return 1.0
    logs = np.log2(np.abs(values[used]))
    order = np.argsort(logs, kind="stable")
    mass = np.cumsum(np.ones(len(logs)) if weights is None else weights[used][order])
    median = logs[order][np.searchsorted(mass, mass[-1] / 2)]
    exponent = max(round(float(median)), round(float(logs.max())) - 500)
    return float(2.0 ** min(max(exponent, -1022), 1023))


def scales_of(table: Table) -> tuple[np.ndarray, float]:
    """One power of two for each column [d], and one for the target: dividing by it and multiplying again are exact."""
    return np.array([column_scale(x, table.weights) for x in table.X.T]), column_scale(table.y, table.weights)


def is_constant(table: Table) -> bool:
    """Has the target one value only? There is nothing to search then. Rows of weight 0 do not count."""
    y = _counted(table).y
    return bool(y.min() == y.max())


def varying(table: Table) -> Table:
    """Only the columns that vary. Rows of weight 0 do not count."""
    X = _counted(table).X
    return table.select(np.flatnonzero(X.min(axis=0) < X.max(axis=0)))


def _counted(table: Table) -> Table:
    """The rows that count."""
    if table.weights is None:
        return table
    if not table.observations:
        raise InputDataError("sample_weight: no row has a positive weight; give at least two rows one")
    return table.rows(table.weights > 0)


def check_varying(names: Sequence[str], table: Table) -> None:
    """What a table whose target varies can explain it with, of the columns of these names.

    Warns
    -----
    SearchWarning
        Naming the constant columns, or when more columns than rows remain.

    Raises
    ------
    InputDataError
        When no column varies.
    """
    if not table.names:
        raise InputDataError(f"every column is constant ({listed(names)}), so none can explain the target; add others")
    fixed = [name for name in names if name not in table.names]
    if fixed:
        warn(f"left out the constant {'column' if len(fixed) == 1 else 'columns'} {listed(fixed)}")
    if len(table.names) > table.observations:
        warn(
            f"{len(table.names)} columns and only {table.observations} rows: many equations fit by chance; "
            "collect more rows or choose fewer columns"
        )
