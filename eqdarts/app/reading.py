"""A table as the page shows it: what each column holds, and the first rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from eqdarts.data.indicators import MOST_LABELS
from eqdarts.data.reading import read_table
from eqdarts.errors import InputDataError, kept_warnings
from eqdarts.formula.visible import visible

_OPTION = re.compile(r" ?\(--[a-z-]+\)")
_SHOWN_ROWS = 6
_SHOWN_CELL = 40  # characters
_SHOWN_LABELS = 3
_MOSTLY = 0.5  # share of numbers from which a column of text seems to be meant as one of numbers (not tuned)


def looked_at(path: str, shown_as: str, form: Mapping[str, Any]) -> dict[str, Any]:
    """What there is to say about a file.

    shown_as: its name in messages, which is not where it lies   form: as for `read`
    """
    with kept_warnings() as notes:
        table = read(path, shown_as, form)
    units = table.attrs.get("units", {})
    columns = [described(str(name), column, units.get(name, "")) for name, column in table.items()]
    if sum(column["usable"] for column in columns) == 0:
        raise InputDataError(f"{shown_as}: no column of numbers that differ from row to row; an equation needs two")
    head = [[_cell(value) for value in row] for row in table.head(_SHOWN_ROWS).itertuples(index=False, name=None)]
    said = [_for_the_page(note, path, shown_as) for note in notes]
    return {"is": "table", "rows": len(table), "columns": columns, "head": head, "notes": said}


def _for_the_page(text: str, path: str, shown_as: str) -> str:
    """A message that names the file as its owner does, and no options of the command line."""
    return _OPTION.sub("", text.replace(path, shown_as))


def read(path: str, shown_as: str, form: Mapping[str, Any]) -> pd.DataFrame:
    """The table of a file.

    form: options of `eqdarts.data.read_table`; those that are empty are found out
    """
    try:
        return read_table(path, **{name: value for name, value in form.items() if value})
    except InputDataError as error:
        raise InputDataError(_for_the_page(str(error), path, shown_as)) from error


def described(name: str, column: pd.Series, unit: str = "") -> dict[str, Any]:
    """A column in the words of the page.

    Its kind is "numbers", "labels", "text" or "empty". It is usable if it may be explained; labels may explain.
    """
    known = column.dropna()
    different = int(known.nunique())
    numeric = pd.api.types.is_numeric_dtype(column)
    labels = not numeric and 2 <= different <= MOST_LABELS
    kind = "empty" if known.empty else "numbers" if numeric else "labels" if labels else "text"
    return {
        "name": name,
        "unit": unit,
        "kind": kind,
        "missing": int(column.isna().sum()),
        "usable": kind == "numbers" and different > 1,
        "labels": labels,
        "range": _range(known) if kind == "numbers" else _examples(known),
        "remark": "" if numeric else _no_numbers(known),
    }


def _range(known: pd.Series) -> str:
    low, high = known.min(), known.max()
    return f"{_cell(low)} to {_cell(high)}" if low < high else f"always {_cell(low)}"


def _examples(known: pd.Series) -> str:
    values = known.unique()
    return ", ".join(map(_cell, values[:_SHOWN_LABELS])) + (", …" if len(values) > _SHOWN_LABELS else "")


def _no_numbers(known: pd.Series) -> str:
    """What keeps a column from being one of numbers, if it seems to be meant as one."""
    strange = known[pd.to_numeric(known, errors="coerce").isna()]
    if not 0 < len(strange) <= _MOSTLY * len(known):
        return ""
    return f"{len(strange)} of {len(known)} cells are no numbers, such as {_cell(strange.iloc[0])!r}"


def _cell(value: object) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    text = f"{value:.6g}" if isinstance(value, float | np.floating) else visible(str(value))
    return text if len(text) <= _SHOWN_CELL else text[: _SHOWN_CELL - 1] + "…"
