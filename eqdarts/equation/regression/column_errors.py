"""Errors of the columns on the right of a formula: what `x_error` says of them, and what taking them in has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from eqdarts.data import as_frame, as_words
from eqdarts.data.cells import as_array, check_unmasked, checked_numbers
from eqdarts.data.columns import listed
from eqdarts.data.header import similar
from eqdarts.errors import InputDataError


@dataclass(frozen=True, eq=False)
class ColumnErrors:
    """Errors of columns that a fit took in, and its constants without them.

    Attributes
    ----------
    columns : dict of str to (float, float)
        The least and the greatest standard deviation of each column that errs.
    values, std_errors : array [K]
        Of the constants by the fit that takes every column as exact.
    """

    columns: dict[str, tuple[float, float]]
    values: np.ndarray
    std_errors: np.ndarray

    def text(self) -> str:
        """The columns and their errors, on one line."""
        spans = (f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}" for low, high in self.columns.values())
        return ", ".join(f"{name} ± {span}" for name, span in zip(self.columns, spans, strict=True))


def column_errors(x_error: Any, X: Any, names: Sequence[str], n: int) -> np.ndarray:
    """Standard deviations [n, d] of the errors of the columns of these names; 0 where a column is exact.

    x_error: by name a number or one for each row; or an array, [d] or [n, d], in the order of the columns of X

    Raises
    ------
    InputDataError
        Naming the column and the row.
    """
    frame = as_frame(X)
    known = as_words(frame.columns) if isinstance(frame, pd.DataFrame) else tuple(names)
    given = _by_name(x_error, known, n)
    found = np.zeros((n, len(names)))
    for name, value in given.items():
        if name not in known:
            raise InputDataError(f"x_error: there is no column {name!r}; {similar(name, known)}")
        errors = _checked(name, value, n)
        if name in names:  # others do not stand in the formula, or are no numbers
            found[:, list(names).index(name)] = errors
    return found


def _by_name(x_error: Any, known: Sequence[str], n: int) -> Mapping[str, Any]:
    table = as_frame(x_error)
    if isinstance(table, pd.DataFrame):
        return {name: table.iloc[:, k] for k, name in enumerate(as_words(table.columns))}
    if isinstance(x_error, Mapping):
        return {str(name): value for name, value in x_error.items()}
    check_unmasked(x_error, "x_error")
    array, d = as_array(x_error, "x_error"), len(known)
    if d == 1 and array.shape in ((), (n,)):
        return {known[0]: array}
    if array.shape not in ((d,), (n, d)):
        raise InputDataError(
            f"x_error has the shape {array.shape}; expected an error for each of {d} columns, [{d}] or [{n}, {d}], or "
            f"errors by name, such as {{{known[0]!r}: 0.1}}; the columns are {listed(known)}"
        )
    return {name: array[..., k] for k, name in enumerate(known)}


def _checked(name: str, value: Any, n: int) -> np.ndarray:
    what = f"x_error of {name!r}"
    check_unmasked(value, what)
    given = value if isinstance(value, pd.Series) else as_array(value, what)
    if given.shape not in ((), (n,)):
        raise InputDataError(f"{what} has the shape {given.shape}; expected a number, or one for each of {n} rows")
    errors = checked_numbers(np.broadcast_to(given, (n,)) if given.shape == () else given, what)
    bad = ~(np.isfinite(errors) & (errors >= 0))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InputDataError(
            f"{what}: {errors[row]} (row {row}); standard deviations must be finite and not negative; 0 is exact"
        )
    return errors
