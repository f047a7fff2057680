"""What users hand to a classifier as y → classes, and the share that each has in every row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.utils import column_or_1d

from eqdarts.data.cells import as_array, check_unmasked, checked_numbers
from eqdarts.data.columns import check_name, listed
from eqdarts.data.frames import as_frame, as_series
from eqdarts.errors import InputDataError, shown

LEAST_ROWS = 2  # of each class: of one row nothing can be said that it does not say itself
_SUM = 1e-6  # by which shares of a row may miss 1, as printed ones do
_MOST = 100  # classes: each needs a search


@dataclass(frozen=True, eq=False)
class Labels:
    """The classes of a table, and whose each row is.

    Attributes
    ----------
    classes : array [K]
        Each label once, sorted; names of columns where shares were given.
    shares : float array [n, K]
        How much of a row belongs to each class; rows add up to 1. Of labels they are 0 and 1.
    target : str
        What the labels are called.
    are_shares : bool
        Were shares given, and no labels?
    """

    classes: np.ndarray
    shares: np.ndarray
    target: str
    are_shares: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The classes as text."""
        return tuple(map(str, self.classes.tolist()))

    def counts(self, weights: np.ndarray | None = None) -> np.ndarray:
        """How many rows each class has [K], by their weights."""
        shares = self.shares if weights is None else self.shares * weights[:, None]
        return np.asarray(shares.sum(axis=0))

    def checked(self, weights: np.ndarray | None) -> Labels:
        """Itself, without classes whose rows all have the weight 0.

        Raises
        ------
        InputDataError
            Naming a class of too few rows; if there is one class only.
        """
        weighed = np.ones(len(self.shares), dtype=bool) if weights is None else weights > 0
        rows = (self.shares[weighed] > 0).sum(axis=0)
        kept = rows > 0
        if kept.sum() < 2:
            only = shown(self.classes[kept].tolist()[0]) if kept.any() else "none"
            raise InputDataError(
                f"the target {self.target!r} has one class only, {only}: there is nothing to tell apart; give rows of "
                "at least two classes with a weight above zero"
            )
        counted = self.counts(weights)  # a row of weight 2 is as good as two
        for label, count in zip(self.classes.tolist(), np.maximum(rows, counted).tolist(), strict=True):
            if 0 < count < LEAST_ROWS:
                raise InputDataError(
                    f"the class {shown(label)} of {self.target!r} has {count:g} row of a weight above zero; at least "
                    f"{LEAST_ROWS} are needed: leave its row out, or join it with another class"
                )
        if kept.sum() > _MOST:
            raise InputDataError(
                f"the target {self.target!r} has {kept.sum()} classes, each of which needs a search of its own; at "
                f"most {_MOST} are possible: join some, or use DARTSRegressor if they are numbers"
            )
        return Labels(self.classes[kept], self.shares[:, kept], self.target, self.are_shares)


def given_labels(y: Any) -> Labels:
    """Labels of any kind [n], or shares [n, K] of as many classes as columns.

    Raises
    ------
    InputDataError
        Naming the row that is missing, no label, or whose shares do not add up to 1.
    """
    if y is None:
        raise InputDataError("fit requires y to be passed, but the target y is None")
    if sparse.issparse(y):
        raise InputDataError("y is a sparse matrix; hand over y.toarray(), or labels")
    series = as_series(y)
    name = None if not isinstance(series, pd.Series) or series.name is None else check_name(series.name, "the target")
    table = as_frame(y)
    if isinstance(table, pd.DataFrame) and table.shape[1] > 1:
        return _of_shares(table.to_numpy(), list(table.columns))
    column = series if isinstance(series, pd.Series) else as_array(y, "y")
    if column.ndim == 2 and column.shape[1] > 1:
        return _of_shares(np.asarray(column), list(range(column.shape[1])))
    if column.ndim not in (1, 2):
        raise InputDataError(f"y should be a 1d array with a label for each row of X, and is a {type(y).__name__}")
    check_unmasked(np.ma.ravel(y) if np.ma.isMaskedArray(y) else np.ravel(column), "the target")
    if isinstance(y, list | tuple) and column.dtype.kind in "US":  # NumPy makes text of numbers that are among text
        _check_alike([*y], name or "y")
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "cmMV":
        why = "Complex data not supported" if column.dtype.kind == "c" else f"Unknown label type: {column.dtype}"
        raise InputDataError(f"the target {name or 'y'!r}: {why}; give text, whole numbers or bool")
    values = column_or_1d(column, warn=True)
    return _of_labels(values, name or "y")


def _of_labels(values: np.ndarray, target: str) -> Labels:
    missing = pd.isna(values)
    if missing.any():
        row = int(missing.argmax())
        raise InputDataError(
            f"the target {target!r}: {int(missing.sum())} of {len(values)} labels are missing, Input contains NaN "
            f"(first: row {row}); leave these rows out, or give what is missing a label of its own"
        )
    if values.dtype.kind == "f":
        _check_whole(values, target)
    try:
        classes, places = np.unique(values, return_inverse=True)
    except TypeError:
        _check_alike(values.tolist(), target)
        raise
    return Labels(classes, (places.reshape(-1)[:, None] == np.arange(len(classes))).astype(float), target)


def _check_alike(labels: list[Any], target: str) -> None:
    """Raise `InputDataError` if labels are of several types, or of one that has no order."""
    kinds = sorted({type(label).__name__ for label in labels})
    if kinds not in (["str"], ["bytes"], ["str_"]):
        raise InputDataError(
            f"the target {target!r}: Unknown label type: labels are of the types {' and '.join(kinds)}, which have no "
            "order; turn all into text"
        )


def _check_whole(values: np.ndarray, target: str) -> None:
    if not np.isfinite(values).all():
        row = int((~np.isfinite(values)).argmax())
        raise InputDataError(
            f"the target {target!r}: Input y contains infinity or a value too large for {values.dtype!r} "
            f"(row {row}); leave it out"
        )
    broken = values != np.round(values)
    if broken.any():
        row = int(broken.argmax())
        raise InputDataError(
            f"the target {target!r}: Unknown label type: continuous. {values[row]!r:.40} (row {row}) is no label, as "
            "it is no whole number; use DARTSRegressor for a quantity, or turn it into text if it is a label"
        )


def _of_shares(given: np.ndarray, names: Sequence[Any]) -> Labels:
    columns = [checked_numbers(given[:, k], f"share of {name!r}") for k, name in enumerate(names)]
    shares = np.column_stack(columns)
    if len(set(map(str, names))) < len(names):
        raise InputDataError(f"shares of the classes {listed(names)}: each class needs a name of its own")
    for what, bad in (
        ("a share is missing or infinite", ~np.isfinite(shares).all(axis=1)),
        ("a share is below zero", (shares < 0).any(axis=1)),
        ("the shares add up to {:.6g}", np.abs(shares.sum(axis=1) - 1) > _SUM),
    ):
        if bad.any():
            row = int(bad.argmax())
            said = what.format(shares[row].sum())
            raise InputDataError(
                f"y has {shares.shape[1]} columns, which are the shares of as many classes: in row {row} {said}; "
                "the shares of a row are not negative and add up to 1. For one label of each row hand over one column, "
                "and for several targets DARTSRegressor"
            )
    return Labels(np.array(names), shares / shares.sum(axis=1, keepdims=True), "class", are_shares=True)
