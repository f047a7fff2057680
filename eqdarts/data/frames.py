"""Tables of any library, by the names of their columns.

A library is known by its ways, not by its name: a table has a list of names and gives a column for each.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from eqdarts.data.cells import checked_numbers
from eqdarts.data.columns import as_words, listed
from eqdarts.data.indicators import with_indicators
from eqdarts.errors import InputDataError


def as_frame(X: Any) -> Any:
    """The same table in pandas, whatever library made it; anything that has no names as it is."""
    if isinstance(X, pd.DataFrame):
        return X
    names = getattr(X, "column_names", None)  # of pyarrow, whose `columns` are the columns themselves
    names = getattr(X, "columns", None) if names is None else names
    if not isinstance(names, list | tuple | pd.Index):
        return X
    try:
        return pd.DataFrame({name: np.asarray(X[name]) for name in names})
    except (TypeError, ValueError, KeyError) as error:
        raise InputDataError(
            f"the columns of this {type(X).__name__} cannot be read ({error}); collect it, or turn it into a DataFrame"
        ) from error


def as_series(y: Any) -> Any:
    """The same column, or the only one of a table, in pandas with its name, whatever library made it; else as it is."""
    frame = as_frame(y)
    if isinstance(frame, pd.DataFrame):
        return frame.iloc[:, 0] if frame.shape[1] == 1 else y
    name = getattr(y, "name", None)
    if isinstance(y, pd.Series) or not isinstance(name, str) or not hasattr(y, "__array__"):
        return y
    return pd.Series(np.asarray(y), name=name or None)


def has_columns(X: Any, columns: Sequence[str]) -> bool:
    """Is it a table in pandas with all of these columns?"""
    return isinstance(X, pd.DataFrame) and set(columns) <= set(as_words(X.columns))


def select(X: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """These columns in this order, under these names, as numbers; NaN where a value is missing.

    A column ``species = setosa`` that is not there is made of a column species.

    Raises
    ------
    InputDataError
        Naming the columns that are missing, stand twice or hold no numbers.
    """
    X = with_indicators(X, columns)
    names = as_words(X.columns)
    place, count = {name: k for k, name in enumerate(names)}, Counter(names)
    missing = [name for name in columns if name not in place]
    if missing:
        what = f"column {listed(missing)} is" if len(missing) == 1 else f"the columns {listed(missing)} are"
        raise InputDataError(f"{what} missing; there are {listed(names) or 'none'}")
    twice = [name for name in columns if count[name] > 1]
    if twice:
        raise InputDataError(f"more than one column is called {listed(twice)}; rename them")
    numbers = {name: checked_numbers(X.iloc[:, place[name]], f"column {name!r}") for name in columns}
    return pd.DataFrame(numbers, index=X.index)


def rows_of(X: Any, columns: Sequence[str], used: Sequence[str]) -> np.ndarray:
    """Rows [n, d]: of a table the used columns, by their names, and NaN for the others; an array as it is.

    Raises
    ------
    InputDataError
        If columns are missing, or an array has not d columns.
    """
    frame = as_frame(X)
    if not isinstance(frame, pd.DataFrame):
        try:
            rows = np.asarray(X, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise InputDataError(f"X is no table of numbers: {error}") from error
        if rows.ndim == 1 and len(columns) == 1:
            return rows[:, None]
        if rows.ndim != 2 or rows.shape[1] != len(columns):
            raise InputDataError(
                f"X has the shape {rows.shape}; expected [n, {len(columns)}], a column for each of {listed(columns)}"
            )
        return rows
    return _filled(len(frame), columns, used, select(frame, used).to_numpy(dtype=np.float64).T)


def rows_of_values(
    values: Mapping[str, Any], columns: Sequence[str], used: Sequence[str]
) -> tuple[np.ndarray, tuple[int, ...]]:
    """Rows [n, d] of numbers and arrays by column, which are broadcast; and the shape of the n rows.

    Raises
    ------
    InputDataError
        Naming a column that is unknown, missing, or no number.
    """
    for name in values:
        if name not in columns:
            near = difflib.get_close_matches(name, columns, 1)
            advice = f"did you mean {near[0]!r}?" if near else f"there are {listed(columns)}"
            raise InputDataError(f"{name!r} is no column of this equation; {advice}")
    missing = [name for name in used if name not in values]
    if missing:
        raise InputDataError(f"give a value for {listed(missing)} too")
    arrays = {}
    for name, value in values.items():
        try:
            arrays[name] = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise InputDataError(f"column {name!r}: {value!r:.60} is neither a number nor an array of them") from error
    try:
        shape = np.broadcast_shapes(*(a.shape for a in arrays.values()))
    except ValueError as error:
        shapes = ", ".join(f"{name!r} {a.shape}" for name, a in arrays.items())
        raise InputDataError(f"the shapes of the columns do not fit together: {shapes}") from error
    flat = [np.broadcast_to(arrays[name], shape).reshape(-1) for name in used]
    return _filled(int(np.prod(shape)), columns, used, flat), shape


def _filled(
    n: int, columns: Sequence[str], used: Sequence[str], values: Sequence[np.ndarray] | np.ndarray
) -> np.ndarray:
    rows = np.full((n, len(columns)), np.nan)
    for name, value in zip(used, values, strict=True):
        rows[:, columns.index(name)] = value
    return rows
