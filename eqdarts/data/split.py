"""Rows for the two steps of the bilevel search."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.model_selection import ShuffleSplit

from eqdarts.errors import InputDataError

#: Tables with fewer rows are not split: the w-step and the α-step both see every row.
MIN_ROWS_TO_SPLIT = 12


def split_rows(
    n: int, validation: Any, generator: np.random.Generator | int, y: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Rows for the w-step and rows for the α-step.

    Parameters
    ----------
    n : int
        Rows in the table.
    validation : float, array or splitter
        A share of the rows, drawn at random, from 0 to 0.9; row numbers or a boolean mask [n];
        or a scikit-learn splitter, whose first split is used. With 0, or with a share of a table
        of fewer than `MIN_ROWS_TO_SPLIT` rows, both steps see every row.
    generator : numpy.random.Generator or int
        Where the draw comes from.
    y : array [n], optional
        Handed to a splitter that stratifies.

    Returns
    -------
    train, validation : int arrays
        Sorted row numbers.

    Raises
    ------
    InputDataError
        When `validation` is none of these, or leaves one side without rows.

    Examples
    --------
    >>> train, validation = split_rows(20, 0.25, 0)
    >>> len(train), len(validation)
    (15, 5)
    >>> split_rows(5, [1, 4], 0)
    (array([0, 2, 3]), array([1, 4]))
    """
    if hasattr(validation, "split") and not isinstance(validation, (str, bytes)):
        return _first_split(n, validation, y)
    if np.ndim(validation) == 1 and not isinstance(validation, str):
        return _given_rows(n, np.asarray(validation))
    number = isinstance(validation, (int, float, np.integer, np.floating)) and not isinstance(validation, bool)
    if not number or not 0 <= validation <= 0.9:
        raise InputDataError(
            f"validation={validation!r}: expected a share of the rows from 0 to 0.9, row numbers, "
            "a mask, or a scikit-learn splitter"
        )
    if validation == 0 or n < MIN_ROWS_TO_SPLIT:
        return np.arange(n), np.arange(n)
    seed = int(np.random.default_rng(generator).integers(2**32, dtype=np.uint64))
    splitter = ShuffleSplit(n_splits=1, test_size=float(validation), random_state=seed)
    return _first_split(n, splitter, None)


def _first_split(n: int, splitter: Any, y: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    try:
        train, validation = next(iter(splitter.split(np.zeros((n, 1)), y)))
    except (ValueError, TypeError, StopIteration) as error:
        reason = " ".join(str(error).split()) or "it yields no split"
        raise InputDataError(f"validation={splitter!r} cannot split {n} rows: {reason}") from error
    return _checked_rows(n, np.asarray(train), "train"), _checked_rows(n, np.asarray(validation), "validation")


def _given_rows(n: int, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if rows.dtype == bool:
        if len(rows) != n:
            raise InputDataError(f"validation: a mask of {len(rows)} values for {n} rows; give one value per row")
        rows = np.flatnonzero(rows)
    chosen = _checked_rows(n, rows, "validation")
    train = np.setdiff1d(np.arange(n), chosen)
    return _checked_rows(n, train, "train"), chosen


def _checked_rows(n: int, rows: np.ndarray, part: str) -> np.ndarray:
    if not len(rows):
        raise InputDataError(f"validation: no row is left for the {part} part; leave rows on both sides")
    if not np.issubdtype(rows.dtype, np.integer):
        raise InputDataError(f"validation: expected whole row numbers, and got {rows[:3].tolist()!r}")
    outside = rows[(rows < 0) | (rows >= n)]
    if len(outside):
        raise InputDataError(f"validation: row {outside[0]} does not exist; rows go from 0 to {n - 1}")
    return np.unique(rows)
