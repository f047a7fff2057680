"""A table as the page shows it: what each column holds, and the first rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from eqdarts.errors import InputDataError, kept_warnings
from eqdarts.formula.visible import visible

_SHOWN_ROWS = 6
_SHOWN_CELL = 40  # characters
_DIGITS = 6


def looked_at(path: str, shown_as: str) -> dict[str, Any]:
    """What there is to say about a file.

    shown_as: its name in messages, which is not where it lies
    """
    with kept_warnings() as notes:
        frame = read(path, shown_as)
    columns = [described(str(name), column) for name, column in frame.items()]
    if not any(c["usable"] for c in columns):
        raise InputDataError(f"{shown_as}: no column of numbers; an equation needs two")
    head = [[_cell(value) for value in row] for row in frame.head(_SHOWN_ROWS).itertuples(index=False, name=None)]
    return {"is": "table", "rows": len(frame), "columns": columns, "head": head, "notes": notes}


def read(path: str, shown_as: str) -> pd.DataFrame:
    """The table of a file."""
    try:
        return pd.read_csv(path)
    except Exception as error:
        raise InputDataError(f"{shown_as}: {error}".replace(path, Path(shown_as).name)) from error


def described(name: str, column: pd.Series) -> dict[str, Any]:
    """A column in the words of the page."""
    missing = int(column.isna().sum())
    known = column.dropna()
    numeric = pd.api.types.is_numeric_dtype(column)
    said: dict[str, Any] = {
        "name": name,
        "unit": "",
        "range": "",
        "missing": missing,
        "kind": "empty" if known.empty else "numbers" if numeric else "text",
        "different": int(known.nunique()),
        "usable": bool(numeric and known.nunique() > 1),
    }
    if numeric and len(known):
        low, high = float(known.min()), float(known.max())
        said["range"] = f"{low:.4g} to {high:.4g}" if low < high else f"always {low:.4g}"
    elif len(known):
        values = [_cell(value) for value in known.unique()[:3]]
        said["range"] = ", ".join(values) + (", …" if known.nunique() > 3 else "")
    return said


def _cell(value: object) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, float):
        return f"{value:.{_DIGITS}g}"
    text = visible(str(value))
    return text if len(text) <= _SHOWN_CELL else text[: _SHOWN_CELL - 1] + "…"
