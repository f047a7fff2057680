"""Columns of labels as columns of 0 and 1, one for each label, with names that say what 1 means."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from eqdarts.data.columns import listed
from eqdarts.errors import InputDataError, listed_names, shown

_BETWEEN = " = "
MOST_LABELS = 50  # of a column; more are names of rows rather than kinds; not tuned


def one_hot(table: pd.DataFrame, columns: str | Sequence[str]) -> pd.DataFrame:
    """A table with columns of labels replaced by columns of 0 and 1, one for each label.

    An equation that was fitted to such a table predicts a table with the labels themselves as well.

    Parameters
    ----------
    table : DataFrame
    columns : str or sequence of str
        Columns of text, or of few different numbers.

    Returns
    -------
    DataFrame
        ``species = setosa`` is 1 where the column species holds setosa; NaN where it holds nothing.

    Raises
    ------
    InputDataError
        Naming a column that is not there, or that has one label only or more than fifty.

    Examples
    --------
    >>> one_hot(pd.DataFrame({"dye": ["red", "blue", "red"], "c": [0.5, 1.0, 2.0]}), "dye")
       dye = blue  dye = red    c
    0         0.0        1.0  0.5
    1         1.0        0.0  1.0
    2         0.0        1.0  2.0
    """
    wanted = (columns,) if isinstance(columns, str) else listed_names("one_hot", columns)
    for name in wanted:
        if name not in table.columns:
            raise InputDataError(f"one_hot: no column {name!r}; there are {listed(list(table.columns))}")
    names = dict.fromkeys(table.columns)
    parts = [_indicators(table[name], str(name)) if name in wanted else table[[name]] for name in names]
    found = pd.concat(parts, axis=1)
    if found.columns.has_duplicates:
        twice = list(found.columns[found.columns.duplicated()])
        raise InputDataError(f"one_hot: there is more than one column {listed(twice)}; rename them")
    found.attrs = dict(table.attrs)
    return found


def _indicators(column: pd.Series, name: str) -> pd.DataFrame:
    labels = column.where(column.isna(), column.map(label_of))
    count = labels.nunique()
    if not 2 <= count <= MOST_LABELS:
        what = f"{count} different values, and at most {MOST_LABELS} are taken as labels" if count else "no value"
        if count == 1:
            what = f"the same value everywhere ({shown(labels.dropna().iloc[0])})"
        raise InputDataError(f"one_hot: column {name!r} has {what}; leave it out")
    found = pd.get_dummies(labels, prefix=name, prefix_sep=_BETWEEN, dtype=np.float64)
    found.loc[labels.isna().to_numpy()] = np.nan
    return found


def label_of(cell: object) -> str:
    """A label as text; whole numbers have no decimals."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else " ".join(str(cell).split())


def label_column(name: str, there: Collection[str]) -> str | None:
    """The column of labels of which a column is made that is not there; None if there is none.

    Examples
    --------
    >>> label_column("dye = blue", ["dye", "c"]), label_column("c", ["dye", "c"])
    ('dye', None)
    """
    base, between, _ = name.partition(_BETWEEN)
    return base if between and name not in there and base in there else None


def with_indicators(table: pd.DataFrame, columns: Sequence[str], all_labels: bool = False) -> pd.DataFrame:
    """A table in which columns such as ``species = setosa`` are added where it has a column species instead.

    all_labels: are these all columns there are, so that a label without one is an error?

    Raises
    ------
    InputDataError
        Naming the column and the label.

    Examples
    --------
    >>> table = pd.DataFrame({"dye": ["red", "blue"]})
    >>> with_indicators(table, ["c", "dye = blue"])["dye = blue"].tolist()
    [0.0, 1.0]
    >>> with_indicators(table, ["dye = blue", "dye = green"], all_labels=True)
    Traceback (most recent call last):
    eqdarts.errors.InputDataError: column 'dye': 'red' (row 0) is none of the labels that are known, 'blue', 'green'
    """
    there = set(map(str, table.columns))
    wanted: dict[str, list[str]] = {}
    for name in columns:
        base = label_column(name, there)
        if base is not None:
            wanted.setdefault(base, []).append(name.removeprefix(f"{base}{_BETWEEN}"))
    if not wanted:
        return table
    added = {}
    for base, known in wanted.items():
        column = table[base]
        labels = column.map(label_of).where(column.notna(), None)
        strange = column.notna() & ~labels.isin(known)
        if all_labels and strange.any():
            row = int(np.flatnonzero(strange)[0])
            raise InputDataError(
                f"column {base!r}: {shown(labels.iloc[row])} (row {row}) is none of the labels that are known, "
                f"{listed(known)}"
            )
        for label in known:
            added[f"{base}{_BETWEEN}{label}"] = np.where(column.isna(), np.nan, labels == label)
    return pd.concat([table, pd.DataFrame(added, index=table.index)], axis=1)
