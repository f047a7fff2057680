"""What users hand to `fit` and `refit` → a `Table`, or one line that says what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import sparse

from eqdarts.data.cells import (
    as_array,
    check_unmasked,
    checked_errors,
    checked_numbers,
    checked_weights,
    warn_of_long_integers,
)
from eqdarts.data.columns import check_finite_columns, check_name, check_names
from eqdarts.data.frames import as_frame, as_series
from eqdarts.data.noise import GIVEN, Noise, check_form, weights_of
from eqdarts.data.table import Table, numbered
from eqdarts.errors import InputDataError, warn
from eqdarts.options_together import check_together

_TABLE = "a DataFrame, or an array [n, d] with a row per observation"


def given_table(X: Any, y: Any, least: int = 2) -> tuple[Table, bool]:
    """A table of at least so many rows; and did its columns come with names? X is NaN where a value is missing.

    Raises
    ------
    InputDataError
        Naming the column and the row, or what came in place of a table.

    Warns
    -----
    SearchWarning
        If the target cannot have its own name.
    """
    columns, names = given_columns(X)
    values, own = given_target(y)
    if len(columns) != len(values):
        raise InputDataError(f"X has {len(columns)} rows and y has {len(values)}; give one value for each row")
    _warn_of_order(X, y)
    if len(columns) < least:
        raise InputDataError(f"X has {len(columns)} sample(s), which are its rows; at least {least} are needed")
    found = numbered(columns.shape[1]) if names is None else names
    target = _target_name(own, values, columns, found)
    check_finite_columns(values[:, None], (target,))
    return Table(columns, values, found, target), names is not None


def _warn_of_order(X: Any, y: Any) -> None:
    """Say so where labels of rows would pair them otherwise than their places do."""
    if not isinstance(X, pd.DataFrame | pd.Series) or not isinstance(y, pd.DataFrame | pd.Series):
        return
    if not X.index.equals(y.index) and X.index.is_unique and set(X.index) == set(y.index):
        warn(
            "X and y have the same row labels in another order; rows are paired by their places. If the labels should "
            "decide, hand over y.loc[X.index]"
        )


def given_columns(X: Any) -> tuple[np.ndarray, tuple[str, ...] | None]:
    """X as float array [n, d], NaN where a value is missing, and the names of its columns, if it has any."""
    X = as_frame(X)
    if sparse.issparse(X):
        raise InputDataError("X is a sparse matrix; hand over X.toarray()")
    if isinstance(X, pd.Series):
        X = X.to_frame(numbered(1)[0] if X.name is None else X.name)
    if isinstance(X, pd.DataFrame):
        names = check_names(list(X.columns))
        _check_shape(X.shape)
        for k in np.flatnonzero([isinstance(t, np.dtype) and t.kind in "iuO" for t in X.dtypes]).tolist():
            warn_of_long_integers(X.iloc[:, k], f"column {names[k]!r}")
        if all(isinstance(t, np.dtype) and t.kind in "fiub" and t.itemsize <= 8 for t in X.dtypes):
            return X.to_numpy(dtype=np.float64), names
        columns = [checked_numbers(X.iloc[:, k], f"column {name!r}") for k, name in enumerate(names)]
        return np.column_stack(columns), names
    array = as_array(X, "X")
    if array.dtype.names is not None:
        raise InputDataError("X is an array of records; hand over pandas.DataFrame(X)")
    if array.ndim == 0:
        raise InputDataError(f"X is of the type {type(X).__name__}; hand over {_TABLE}")
    if array.ndim == 1:
        raise InputDataError(
            f"X has the shape {array.shape}; hand over {_TABLE}. Reshape your data with X.reshape(-1, 1) if it is one "
            "column, or with X.reshape(1, -1) if it is one row"
        )
    _check_shape(array.shape)
    for k, name in enumerate(numbered(array.shape[1])):
        check_unmasked(X[:, k] if np.ma.isMaskedArray(X) else array[:, k], f"column {name!r}")
        warn_of_long_integers(array[:, k], f"column {name!r}")
    if array.dtype.kind in "fiub":
        with np.errstate(over="ignore"):  # wider floats beyond the range of doubles become infinite
            return array.astype(np.float64, copy=False), None
    names = numbered(array.shape[1])
    return np.column_stack([checked_numbers(array[:, k], f"column {n!r}") for k, n in enumerate(names)]), None


def _check_shape(shape: tuple[int, ...]) -> None:
    if len(shape) != 2:
        raise InputDataError(f"X has the shape {shape}; hand over {_TABLE}")
    if not shape[1]:
        raise InputDataError(
            f"X has no columns: 0 feature(s) (shape={shape}) while a minimum of 1 is required; add a column"
        )


def given_target(y: Any) -> tuple[np.ndarray, str | None]:
    """y as float array [n], NaN where a value is missing, and its name, if it has one."""
    if y is None:
        raise InputDataError("fit requires y to be passed, but the target y is None")
    if sparse.issparse(y):
        raise InputDataError("y is a sparse matrix; hand over y.toarray().ravel()")
    y = as_series(y)
    name = None if not isinstance(y, pd.Series) or y.name is None else check_name(y.name, "the target")
    column = y if isinstance(y, pd.Series) else as_array(y, "y")
    if column.ndim == 2 and column.shape[1] == 1:
        column = column[:, 0]
    if column.ndim == 2:
        raise InputDataError(
            f"y should be a 1d array, and has the shape {column.shape}: an equation explains one column; "
            "hand over one of them"
        )
    if column.ndim != 1:
        raise InputDataError(f"y should be a 1d array with a value for each row of X, and is a {type(y).__name__}")
    what = f"the target {name or 'y'!r}"
    check_unmasked(np.ma.ravel(y) if np.ma.isMaskedArray(y) else column, what)
    warn_of_long_integers(column, what)
    return checked_numbers(
        column, what, "equations are of numbers: encode it as such, or let DARTSClassifier tell labels"
    ), name


def _target_name(own: str | None, y: np.ndarray, X: np.ndarray, names: Sequence[str]) -> str:
    """The target's own name or "y", if no column is called so, and another one otherwise.

    pandas hands names on: ``3 * df["a"]`` is called a as well. Only equal values say that it is that column.
    """
    wanted = "y" if own is None else own
    if wanted not in names:
        return wanted
    if np.array_equal(X[:, names.index(wanted)], y, equal_nan=True):
        raise InputDataError(f"column {wanted!r} is the target and also among the features; drop it from X")
    others = ("y", "target", *(f"target_{k}" for k in range(2, len(names) + 3)))
    free = next(name for name in others if name not in names)
    warn(
        f"{wanted!r} is the name of a column of X with other values, so the target is called {free!r}; "
        "rename it to choose another name"
    )
    return free


def with_errors(
    table: Table, form: str, sample_weight: ArrayLike | None, y_error: ArrayLike | None
) -> tuple[Table, Noise]:
    """The table with weights of its rows, and what was said of its noise.

    form: as the option `noise` has it; the noise has it too, "auto" included, unless errors are given

    Raises
    ------
    InputDataError
        Naming the row, or the options that contradict each other.
    """
    check_form(form)
    check_together({"noise": form}, sample_weight=sample_weight, y_error=y_error)
    if y_error is None:
        return replace(table, weights=checked_weights(sample_weight, len(table))), Noise(form)
    weights, unit = weights_of(checked_errors(y_error, len(table)))
    return replace(table, weights=weights), Noise(GIVEN, unit=unit)
