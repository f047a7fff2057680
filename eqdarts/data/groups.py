"""The column that says to which group a row belongs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from eqdarts.data.frames import as_frame, as_series
from eqdarts.data.table import Table
from eqdarts.errors import InputDataError, shown

_NAMED = 5  # labels in a message, at the most


@dataclass(frozen=True, eq=False)
class Groups:
    """Which row belongs to which group.

    Attributes
    ----------
    name : str
        Of the column.
    labels : tuple of str
        The G groups: numbers by size, texts in alphabetical order, whatever the order of the rows.
    place : int array [n]
        The group of each row, 0 … G − 1.
    """

    name: str
    labels: tuple[str, ...]
    place: np.ndarray

    def tables(self, table: Table) -> list[Table]:
        """The rows of each group."""
        return [table.rows(np.flatnonzero(self.place == k)) for k in range(len(self.labels))]

    def of_rows(self, rows: np.ndarray) -> Groups:
        """Of the rows of these numbers, without groups that have none of them."""
        there, place = np.unique(self.place[rows], return_inverse=True)
        return Groups(self.name, tuple(self.labels[k] for k in there), place.reshape(-1))


def given_groups(groups: Any, n: int) -> Groups:
    """What a user gave as labels of n rows.

    Raises
    ------
    InputDataError
        Naming the row without a label, or what came in place of a column.
    """
    name, texts = _texts(groups, n)
    known = sorted(set(texts), key=_order)
    if len(known) < 2:
        raise InputDataError(
            f"groups: all {n} rows belong to {known[0]!r}; give at least two groups, or fit without groups"
        )
    if len(known) > n // 2:
        raise InputDataError(
            f"groups: {len(known)} groups of {n} rows; a label has to stand for several rows, so expected at most "
            f"{n // 2} of them"
        )
    number = {label: k for k, label in enumerate(known)}
    return Groups(name, tuple(known), np.array([number[text] for text in texts], dtype=np.int64))


def beside_columns(groups: Any, X: Any) -> tuple[Any, Any]:
    """The labels, and X without them where they are a column of it, given by its name.

    Raises
    ------
    InputDataError
        If there is no such column, or the labels are a column that would be an input as well.
    """
    frame = as_frame(X)
    named = isinstance(groups, str)
    if named and not (isinstance(frame, pd.DataFrame) and groups in frame.columns):
        raise InputDataError(
            f"groups={groups!r}: X has no column of that name; give a column of X or an array of labels"
        )
    if named:
        return frame[groups], frame.drop(columns=groups)
    name = getattr(groups, "name", None)
    if isinstance(frame, pd.DataFrame) and name in frame.columns:
        raise InputDataError(
            f"groups: column {name!r} is an input as well; give its name, groups={name!r}, which takes it out of X"
        )
    return groups, X


def places_of(groups: Any, n: int, labels: Sequence[str]) -> np.ndarray:
    """The known group of each of n rows: int [n]; a single label stands for all rows.

    Raises
    ------
    InputDataError
        Naming a group that is not among the labels.
    """
    one = isinstance(groups, str | int | float | np.integer | np.floating)
    _, texts = _texts([groups] * n if one else groups, n)
    number = {label: k for k, label in enumerate(labels)}
    unknown = sorted({text for text in texts if text not in number}, key=_order)
    if unknown:
        raise InputDataError(
            f"groups: {', '.join(map(repr, unknown[:_NAMED]))} {'was' if len(unknown) == 1 else 'were'} not in the "
            f"fit, which has {_listed(labels)}; add a group with model.refit_group(X, y, {unknown[0]!r})"
        )
    return np.array([number[text] for text in texts], dtype=np.int64)


def _texts(groups: Any, n: int) -> tuple[str, list[str]]:
    """The name of the column, and a text for each row."""
    column = as_frame(groups) if hasattr(groups, "columns") else groups
    if isinstance(column, pd.DataFrame):
        if column.shape[1] != 1:
            raise InputDataError(f"groups has {column.shape[1]} columns; expected one label for each row")
        column = column.iloc[:, 0]
    column = column if isinstance(column, pd.Series) else as_series(column)
    named = isinstance(column, pd.Series) and column.name is not None
    name = str(column.name) if named else "group"
    values = list(column) if isinstance(column, pd.Series) else np.asarray(column, dtype=object)
    if isinstance(values, np.ndarray):
        if values.ndim == 2 and values.shape[1] == 1:
            values = values[:, 0]
        if values.ndim != 1:
            raise InputDataError(f"groups={shown(groups)}: expected a column of labels, one for each row")
        values = values.tolist()
    if len(values) != n:
        raise InputDataError(f"groups has {len(values)} labels and X has {n} rows; give one label for each row")
    missing = [k for k, value in enumerate(values) if _is_missing(value)]
    if missing:
        raise InputDataError(
            f"groups: {len(missing)} of {n} labels are missing (first: row {missing[0]}); fill them, or leave these "
            "rows out"
        )
    return name, [text_of(value) for value in values]


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)


def text_of(value: Any) -> str:
    """The label that a value stands for: 2 and 2.0 are one group."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _order(label: str) -> tuple[int, float, str]:
    try:
        return 0, float(label), label
    except ValueError:
        return 1, 0.0, label


def _listed(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - _NAMED} more" if len(labels) > _NAMED else ""
    return ", ".join(map(repr, labels[:_NAMED])) + more
