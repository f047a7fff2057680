"""Checks of what a user hands to `fit`, before anything is computed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from eqdarts.errors import InputDataError


def check_numeric(table: pd.DataFrame) -> None:
    """Raise `InputDataError`, naming column, value and row, for text and dates."""
    for name in table.columns:
        column = table[name]
        if pd.api.types.is_datetime64_any_dtype(column) or pd.api.types.is_timedelta64_dtype(column):
            raise InputDataError(
                f"column {str(name)!r} holds dates; turn them into numbers, such as days since a start"
            )
        if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
            continue
        numbers = pd.to_numeric(column, errors="coerce")
        bad = numbers.isna() & column.notna()
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise InputDataError(
                f"column {str(name)!r}: {column.iloc[row]!r} (row {row}) is not a number; drop the column or encode it"
            )


def checked_weights(sample_weight: ArrayLike | None, n: int) -> np.ndarray | None:
    """Weights [n], finite and not all zero, or None; raise `InputDataError`, naming the row."""
    if sample_weight is None:
        return None
    weights = np.asarray(sample_weight, dtype=np.float64)
    if weights.shape != (n,):
        raise InputDataError(f"sample_weight has the shape {weights.shape}; expected one weight for each of {n} rows")
    if not np.isfinite(weights).all() or (weights < 0).any():
        row = int(np.flatnonzero(~np.isfinite(weights) | (weights < 0))[0])
        raise InputDataError(f"sample_weight: {weights[row]} (row {row}); weights must be finite and not negative")
    if not weights.any():
        raise InputDataError("sample_weight: every weight is zero; give at least two rows a positive one")
    return weights
