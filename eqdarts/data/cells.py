"""Cells and weights as numbers, or one line that says which of them is none."""

from __future__ import annotations

from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from eqdarts.errors import InputDataError, InputTypeError, shown, warn

_PLAIN = "fiub"  # kinds of NumPy types whose values are real numbers
_EXACT = 2**53  # integers up to here are doubles


def number_in(cell: Any) -> float | None:
    """The number in a cell, NaN where it is missing, and None where it holds something else.

    Examples
    --------
    >>> number_in(" 1.5e3 "), number_in("1,5"), number_in(None), number_in(1j)
    (1500.0, None, nan, None)
    """
    if isinstance(cell, str):
        try:
            return None if "_" in cell else float(cell.replace("\u2212", "-"))  # a minus sign, as it is typeset
        except ValueError:
            return None
    if isinstance(cell, (Real, Decimal, np.bool_)):
        try:
            return float(cell)
        except OverflowError:
            return float("inf")  # so far beyond the doubles, it is refused like any infinite value
    return float("nan") if cell is None or cell is pd.NA or cell is pd.NaT else None


def numbers_of(column: pd.Series | np.ndarray) -> tuple[np.ndarray, int | None]:
    """The numbers of a column (NaN where missing), and its first row that holds something else, if any."""
    kind = column.dtype.kind if isinstance(column.dtype, np.dtype) else ""
    if kind and kind in _PLAIN:
        with np.errstate(over="ignore"):  # wider floats beyond the range of doubles become infinite
            return np.asarray(column, dtype=np.float64), None
    column = column if isinstance(column, pd.Series) else pd.Series(column)
    if pd.api.types.is_complex_dtype(column.dtype):
        return np.full(len(column), np.nan), 0
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_numeric_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64, na_value=np.nan), None
    read = [number_in(cell) for cell in column.astype(object)]
    if None in read:
        return np.full(len(read), np.nan), read.index(None)
    return np.array(read, dtype=np.float64), None


def check_numeric(table: pd.DataFrame, what: str = "column") -> None:
    """Raise `InputDataError`, naming column, value and row, for text, dates and other things that are no numbers."""
    for name in table.columns:
        checked_numbers(table[name], f"{what} {str(name)!r}")


def checked_numbers(
    column: pd.Series | np.ndarray, what: str, advice: str = "drop the column or encode it"
) -> np.ndarray:
    """The numbers of a column, NaN where missing; raise `InputDataError`, beginning with `what`, for anything else."""
    kind = column.dtype.kind if isinstance(column.dtype, np.dtype) else str(column.dtype)
    if kind in ("M", "m") or kind.startswith(("datetime", "timedelta", "period", "interval")):
        raise InputDataError(f"{what} holds dates; turn them into numbers, such as days since a start")
    if pd.api.types.is_complex_dtype(column.dtype):
        raise InputDataError(
            f"{what} holds complex numbers: Complex data not supported; give real and imaginary parts on their own"
        )
    values, row = numbers_of(column)
    if row is not None:
        cell = column.iloc[row] if isinstance(column, pd.Series) else column[row]
        if not isinstance(cell, str):
            kind = type(cell).__name__
            raise InputTypeError(
                f"{what}: {shown(cell)} (row {row}) is of the type {kind}; an argument must be a string or a number"
            )
        raise InputDataError(f"{what}: {shown(str(cell))} (row {row}) is not a number; {advice}")
    return values


def warn_of_long_integers(column: pd.Series | np.ndarray, what: str) -> None:
    """Say so where integers have more digits than a double holds: those beyond 2^53 that are no round ones.

    Examples
    --------
    >>> from eqdarts.errors import kept_warnings
    >>> with kept_warnings() as said:
    ...     warn_of_long_integers(np.array([7, 2**53 + 1]), "column 'id'")
    >>> said[0][:53]
    "column 'id': 9007199254740993 (row 1) has more digits"
    """
    kind = column.dtype.kind if isinstance(column.dtype, np.dtype) else ""
    if kind not in "iuO" or not kind:
        return
    values = column.to_numpy() if isinstance(column, pd.Series) else column
    if kind == "O":
        places = [k for k, cell in enumerate(values) if type(cell) is int and not -_EXACT <= cell <= _EXACT]
    else:
        places = np.flatnonzero((values > _EXACT) | (values < -_EXACT)).tolist() if values.dtype.itemsize == 8 else []
    lost = next((k for k in places if _is_rounded(int(values[k]))), None)
    if lost is not None:
        warn(
            f"{what}: {values[lost]} (row {lost}) has more digits than floating-point numbers, which the search works "
            "with: the last ones are rounded; subtract a number that all rows have in common first"
        )


def _is_rounded(value: int) -> bool:
    try:
        return int(float(value)) != value
    except OverflowError:
        return False  # refused as infinite


def check_unmasked(values: Any, what: str) -> None:
    """Raise `InputDataError`, beginning with `what`, if an array [n] has masked values."""
    mask = np.ma.getmaskarray(values) if np.ma.isMaskedArray(values) else np.zeros(1, dtype=bool)
    if mask.any():
        count, row = int(mask.sum()), int(mask.argmax())
        raise InputDataError(
            f"{what}: {count} of {len(mask)} values {'is' if count == 1 else 'are'} masked (first: row {row}); "
            "drop these rows, such as with numpy.ma.compress_rows, or fill them"
        )


def is_numeric(column: pd.Series) -> bool:
    """Would `check_numeric` let this column pass?"""
    try:
        check_numeric(column.to_frame())
    except InputDataError:
        return False
    return True


def checked_weights(sample_weight: ArrayLike | None, n: int) -> np.ndarray | None:
    """Weights [n], finite and not all zero, or None; raise `InputDataError`, naming the row."""
    if sample_weight is None:
        return None
    check_unmasked(sample_weight, "sample_weight")
    given = sample_weight if isinstance(sample_weight, pd.Series) else as_array(sample_weight, "sample_weight")
    if given.shape != (n,):
        raise InputDataError(f"sample_weight has the shape {given.shape}; expected one weight for each of {n} rows")
    weights = checked_numbers(given, "sample_weight")
    if not np.isfinite(weights).all() or (weights < 0).any():
        row = int(np.flatnonzero(~np.isfinite(weights) | (weights < 0))[0])
        raise InputDataError(f"sample_weight: {weights[row]} (row {row}); weights must be finite and not negative")
    if not weights.any():
        raise InputDataError("sample_weight: every weight is zero; give at least two rows a positive one")
    return weights


def checked_errors(y_error: ArrayLike, n: int, first: int = 0) -> np.ndarray:
    """Standard deviations [n] of the errors of y, of one number or one for each row; raise `InputDataError`, naming the
    row.

    first: the number of the first row
    """
    check_unmasked(y_error, "y_error")
    given = y_error if isinstance(y_error, pd.Series) else as_array(y_error, "y_error")
    if given.shape not in ((n,), ()):
        raise InputDataError(f"y_error has the shape {given.shape}; expected one error for each of {n} rows")
    errors = checked_numbers(np.broadcast_to(given, (n,)) if given.shape == () else given, "y_error")
    bad = ~(np.isfinite(errors) & (errors > 0))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InputDataError(
            f"y_error: {errors[row]} (row {first + row}); standard deviations must be finite and above zero; leave out "
            "rows whose error is not known"
        )
    return errors


def as_array(values: Any, what: str) -> np.ndarray:
    """The array that NumPy makes of something."""
    try:
        return np.asarray(values)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputDataError(f"{what} cannot be read as numbers ({reason}); hand over an array") from error
