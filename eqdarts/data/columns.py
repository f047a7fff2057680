"""Columns a search can use: checked, varying, and scaled to a magnitude of about 1 with an exact way back.

Rows of an array are counted from 0, as in ``X[17]``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

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


@dataclass(frozen=True, eq=False)
class Scales:
    """One power of two per column: dividing by it and multiplying again are exact.

    Attributes
    ----------
    x : float array [d]
    y : float
    """

    x: np.ndarray
    y: float

    def apply(self, X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Columns [n, d] and target [n] of magnitude about 1."""
        return X / self.x, y / self.y

    def invert(self, X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The inverse of `apply`."""
        return X * self.x, y * self.y


def column_scale(values: np.ndarray, weights: np.ndarray | None = None) -> float:
    """2^round(log2 m), with m the (weighted) median of the magnitudes that are not zero.

    The exponent is bounded so that the scale is a normal number and no value divided by it exceeds
    2^500. In a column that spans more than that, the smallest values may lose digits.

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


@dataclass(frozen=True, eq=False)
class Prepared:
    """What the search works on: scaled columns that vary, and how they relate to the table.

    Attributes
    ----------
    names : tuple of str
        The k columns that vary.
    X : float array [n, k]
        Divided by their scales.
    y : float array [n]
        Divided by its scale.
    kept : int array [k]
        Places of these columns in the table.
    scales : Scales
        Of the k columns and the target.
    constant : float or None
        The value of a target that has only one; there is nothing to search then.
    """

    names: tuple[str, ...]
    X: np.ndarray
    y: np.ndarray
    kept: np.ndarray
    scales: Scales
    constant: float | None


def prepare(X: np.ndarray, y: np.ndarray, names: Sequence[str], weights: np.ndarray | None = None) -> Prepared:
    """Leave out constant columns, and scale the others and the target to a magnitude of about 1.

    X: [n, d], finite   y: [n], finite   weights: [n] or None; rows of weight 0 do not count.

    Warns
    -----
    SearchWarning
        Naming the constant columns, or when more columns than rows remain.

    Raises
    ------
    InputDataError
        When the target varies and no column does.
    """
    rows = np.ones(len(y), dtype=bool) if weights is None else weights > 0
    if not rows.any():
        raise InputDataError("sample_weight: no row has a positive weight; give at least two rows one")
    varies = X[rows].min(axis=0) < X[rows].max(axis=0)
    kept = np.flatnonzero(varies)
    constant = float(y[rows][0]) if y[rows].min() == y[rows].max() else None
    if constant is None:
        _report_columns(names, varies, int(rows.sum()))
    scales = Scales(np.array([column_scale(X[:, c], weights) for c in kept]), column_scale(y, weights))
    scaled_X, scaled_y = scales.apply(X[:, kept], y)
    return Prepared(tuple(str(names[int(c)]) for c in kept), scaled_X, scaled_y, kept, scales, constant)


def _report_columns(names: Sequence[str], varies: np.ndarray, n: int) -> None:
    if not varies.any():
        raise InputDataError(f"every column is constant ({listed(names)}), so none can explain the target; add others")
    if not varies.all():
        fixed = [names[int(c)] for c in np.flatnonzero(~varies)]
        what = "column" if len(fixed) == 1 else "columns"
        warn(f"left out the constant {what} {listed(fixed)}")
    if varies.sum() > n:
        warn(
            f"{varies.sum()} columns and only {n} rows: many equations fit by chance; "
            "collect more rows or choose fewer columns"
        )
