"""Several targets at once: y with a column for each, and what is said of their rows beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from eqdarts.data.cells import as_array, check_unmasked
from eqdarts.data.columns import as_words, check_names, listed
from eqdarts.data.frames import as_frame
from eqdarts.data.table import numbered
from eqdarts.data.user_table import given_table
from eqdarts.errors import InputDataError, kept_warnings, warn


def given_outputs(X: Any, y: Any) -> tuple[pd.Series, ...] | None:
    """The columns of y, each with a name, if it has several; None if it is one column.

    Those of an array are called y1, y2, ...

    Raises
    ------
    InputDataError
        Naming the column that cannot be a target, stands twice, or is among the features.

    Warns
    -----
    SearchWarning
        If a column has one value only.
    """
    frame = as_frame(y)
    if isinstance(frame, pd.DataFrame):
        if frame.shape[1] < 2:
            return None
        names = check_names([f"y{n}" if isinstance(n, int | np.integer) else n for n in frame.columns])
        outputs = tuple(frame.iloc[:, k].rename(name) for k, name in enumerate(names))
    else:
        _check_lengths(y)
        array = None if y is None or sparse.issparse(y) else as_array(y, "y")
        if array is None or array.ndim != 2 or array.shape[1] < 2:
            return None
        _check_direction(X, array)
        outputs = tuple(pd.Series(_unmasked(y, array, k), name=f"y{k + 1}") for k in range(array.shape[1]))
    _check(X, outputs)
    return outputs


def beside(option: str, value: Any, outputs: Sequence[pd.Series]) -> list[Any]:
    """What an option says of the rows of each output: the same of all, or a column for each.

    Columns of a table that are called like the outputs are taken by their names, others in their order.

    Raises
    ------
    InputDataError
        If there are columns, and not one for each output.
    """
    k, names = len(outputs), [str(output.name) for output in outputs]
    frame = as_frame(value)
    if isinstance(frame, pd.DataFrame):
        columns = as_words(frame.columns)
        if sorted(columns) == sorted(names):
            return [frame.iloc[:, columns.index(name)] for name in names]
        found: list[Any] = [frame.iloc[:, place] for place in range(frame.shape[1])]
    else:
        array = None if value is None or isinstance(value, pd.Series) else as_array(value, option)
        if array is None or array.ndim != 2:
            return [value] * k
        found = [_masked(value, array)[:, place] for place in range(array.shape[1])]
    if len(found) not in (1, k):
        raise InputDataError(
            f"{option} has {len(found)} columns, and y has {k} ({listed(names)}); give one for each, or one for all"
        )
    return found if len(found) == k else found * k


def aligned(y: Any, names: Sequence[str]) -> Any:
    """The columns of a table in the order of these outputs, if it has all of them; anything else as it is."""
    frame = as_frame(y)
    if not isinstance(frame, pd.DataFrame) or not set(names) <= set(as_words(frame.columns)):
        return y
    return frame.iloc[:, [as_words(frame.columns).index(name) for name in names]]


def columns_of(y: Any, names: Sequence[str]) -> list[Any]:
    """The column of each of these outputs.

    Raises
    ------
    InputDataError
        If there are more or fewer of them.
    """
    y = aligned(y, names)
    shape = np.shape(y)
    if len(shape) != 2 or shape[1] != len(names):
        raise InputDataError(
            f"y has the shape {shape}, and the model has {len(names)} outputs; hand over a column for each: "
            f"{listed(names)}"
        )
    return [y.iloc[:, k] if isinstance(y, pd.DataFrame) else np.asarray(y)[:, k] for k in range(len(names))]


def _masked(value: Any, array: np.ndarray) -> np.ndarray:
    return value if isinstance(value, np.ma.MaskedArray) else array


def _unmasked(y: Any, array: np.ndarray, k: int) -> np.ndarray:
    check_unmasked(_masked(y, array)[:, k], f"the target 'y{k + 1}'")
    column: np.ndarray = array[:, k]
    return column


def _check_lengths(y: Any) -> None:
    lengths = [len(part) for part in y if np.ndim(part)] if isinstance(y, list | tuple) else []
    if len(set(lengths)) > 1:
        shown = ", ".join(map(str, sorted(set(lengths))[:5]))
        raise InputDataError(f"y: outputs of different length ({shown}); give a row of outputs for each row of X")


def _check_direction(X: Any, array: np.ndarray) -> None:
    n = np.shape(X)[0] if np.ndim(X) else 0
    if array.shape[0] != n and array.shape[1] == n:
        raise InputDataError(
            f"y has the shape {array.shape}, and X has {n} rows: outputs are the columns of y; hand over y.T"
        )


def _check(X: Any, outputs: Sequence[pd.Series]) -> None:
    """Each of them is a target for X, and none is among its columns."""
    frame = as_frame(X)
    names = [str(output.name) for output in outputs]
    features = as_words(frame.columns) if isinstance(frame, pd.DataFrame) else numbered(_width(X))
    both = [name for name in names if name in features]
    if both:
        raise InputDataError(
            f"{listed(both)}: among the outputs and also among the features; drop it from X, or rename one of them"
        )
    for output in outputs:
        with kept_warnings():  # they come again, when it is fitted
            table, _ = given_table(frame, output)
        if table.y.min() == table.y.max():
            warn(f"the output {table.target!r} has one value only, {table.y[0]:g}, which is all of its equation")


def _width(X: Any) -> int:
    shape = np.shape(X)
    return int(shape[1]) if len(shape) == 2 else 0
