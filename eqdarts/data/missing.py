"""Cells of a file that hold no value: which texts say so, and whether their rows are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from eqdarts.data.cells import number_in, numbers_of
from eqdarts.errors import check_flag, listed_names

#: What programs write into cells without a value.
USUAL = tuple(
    sorted(
        {form for text in ("na", "n/a", "#n/a", "nan", "-nan", "null", "none", "<na>")
         for form in (text, text.upper(), text.capitalize())} | {"", "NaN", "-NaN"}
    )
)  # fmt: skip


@dataclass(frozen=True)
class Missing:
    """The rule for cells without a value.

    Attributes
    ----------
    texts : tuple of str
        Cells that are read as missing besides the usual ones; a number stands for its value, however it is written.
    drop : bool
        Are rows with missing cells left out? Otherwise they are an error.

    Examples
    --------
    >>> rule = Missing(("<LOD", "-999"))
    >>> rule.number("<LOD"), rule.number(" -999.0 "), rule.number("1.5"), rule.number("> 9")
    (nan, nan, 1.5, None)
    """

    texts: tuple[str, ...] = ()
    drop: bool = False

    @classmethod
    def of(cls, na: str | Sequence[str], drop_missing: bool) -> Missing:
        """From the options of the same names; raises `InputDataError`."""
        check_flag("drop_missing", drop_missing)
        return cls(
            tuple(text.strip() for text in listed_names("na", [na] if isinstance(na, str) else na)), drop_missing
        )

    @cached_property
    def spellings(self) -> tuple[str, ...]:
        """All texts that say that there is no value."""
        return tuple(dict.fromkeys((*USUAL, *self.texts)))

    @cached_property
    def _numbers(self) -> np.ndarray:
        found = [number_in(text) for text in self.texts]
        return np.array([value for value in found if value is not None], dtype=np.float64)

    def number(self, cell: object) -> float | None:
        """The number in a cell, NaN where it is missing, and None where it holds something else."""
        if isinstance(cell, str) and cell.strip() in self.spellings:
            return float("nan")
        value = number_in(cell)
        return float("nan") if value is not None and value in self._numbers else value

    def without(self, values: np.ndarray) -> np.ndarray:
        """The same numbers, with NaN for those that say that there is no value."""
        return np.where(np.isin(values, self._numbers), np.nan, values) if self._numbers.size else values

    def numbers(self, column: pd.Series | np.ndarray) -> tuple[np.ndarray, int | None]:
        """The numbers of a column (NaN where missing), and its first row that holds something else, if any."""
        if isinstance(column, pd.Series) and (
            pd.api.types.is_object_dtype(column.dtype) or pd.api.types.is_string_dtype(column.dtype)
        ):
            read = [self.number(cell) for cell in column.astype(object)]
            if None in read:
                return np.full(len(read), np.nan), read.index(None)
            return np.array(read, dtype=np.float64), None
        values, text = numbers_of(column)
        return self.without(values), text


DATE = "a date"
FEWER_COLUMNS = "name the columns to use (features, --features)"


def advice(cell: str, chosen: bool, kind: str) -> str:
    """What to do about a cell that is no number. chosen: was its column asked for?   kind: what it is

    A date is no sign that a value is missing.
    """
    if kind == DATE:
        return "turn dates into numbers, such as days since the first" if chosen else FEWER_COLUMNS
    first = "turn it into a number" if chosen else FEWER_COLUMNS
    return f"{first}, or have it read as missing and its row left out (na, drop_missing; --na {cell!r} --drop-missing)"


HOW_TO_DROP = (
    "drop_missing, --drop-missing, leaves out rows with missing cells; features, --features, names the columns"
)
