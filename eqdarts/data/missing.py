"""Cells of a file as numbers: how these are written, which texts say that there is none, and what becomes of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from eqdarts.data.cells import number_in, numbers_of
from eqdarts.data.numerals import PLAIN, Numerals
from eqdarts.errors import check_flag, listed_names

#: What programs write into cells without a value.
USUAL = tuple(
    sorted(
        {form for text in ("na", "n/a", "#n/a", "nan", "-nan", "null", "none", "<na>")
         for form in (text, text.upper(), text.capitalize())} | {"", "NaN", "-NaN"}
    )
)  # fmt: skip
_NAMED = 6  # labels in a message
_BOOLEANS = {"true": 1.0, "false": 0.0}


@dataclass(frozen=True)
class Missing:
    """The rule for cells without a value, and for numbers.

    Attributes
    ----------
    texts : tuple of str
        Cells that are read as missing besides the usual ones; a number stands for its value, however it is written.
    drop : bool
        Are rows with missing cells left out? Otherwise they are an error.
    numerals : Numerals
        How numbers are written.

    Examples
    --------
    >>> rule = Missing(("<LOD", "-999"))
    >>> rule.number("<LOD"), rule.number(" -999.0 "), rule.number("1.5"), rule.number("> 9")
    (nan, nan, 1.5, None)
    """

    texts: tuple[str, ...] = ()
    drop: bool = False
    numerals: Numerals = PLAIN

    @classmethod
    def of(cls, na: str | Sequence[str], drop_missing: bool) -> Missing:
        """From the options of the same names; raises `InputDataError`."""
        check_flag("drop_missing", drop_missing)
        return cls(
            tuple(text.strip() for text in listed_names("na", [na] if isinstance(na, str) else na)), drop_missing
        )

    def written(self, numerals: Numerals) -> Missing:
        """The same rule for numbers that are written so."""
        return replace(self, numerals=numerals)

    @cached_property
    def spellings(self) -> tuple[str, ...]:
        """All texts that say that there is no value."""
        return tuple(dict.fromkeys((*USUAL, *self.texts)))

    @cached_property
    def _numbers(self) -> np.ndarray:
        found = [self.numerals.number(text) or number_in(text) for text in self.texts]
        return np.array([value for value in found if value is not None], dtype=np.float64)

    def number(self, cell: object) -> float | None:
        """The number in a cell, NaN where it is missing, and None where it holds something else."""
        if isinstance(cell, str) and cell.strip() in self.spellings:
            return float("nan")
        value = self.numerals.number(cell)
        return float("nan") if value is not None and value in self._numbers else value

    def without(self, values: np.ndarray) -> np.ndarray:
        """The same numbers, with NaN for those that say that there is no value."""
        return np.where(np.isin(values, self._numbers), np.nan, values) if self._numbers.size else values

    def numbers(self, column: pd.Series | np.ndarray) -> tuple[np.ndarray, int | None]:
        """The numbers of a column (NaN where missing), and its first row that holds something else, if any."""
        if isinstance(column, pd.Series) and (
            pd.api.types.is_object_dtype(column.dtype) or pd.api.types.is_string_dtype(column.dtype)
        ):
            return self._numbers_in(column.to_numpy(dtype=object))
        values, text = numbers_of(column)
        return self.without(values), text

    def _numbers_in(self, cells: np.ndarray) -> tuple[np.ndarray, int | None]:
        values = self._at_once(cells)
        if values is not None:
            return values, None
        values = np.full(len(cells), np.nan)
        booleans = all(isinstance(c, str) and (c.lower() in _BOOLEANS or c in self.spellings) for c in cells)
        for row, cell in enumerate(cells):
            truth = _BOOLEANS.get(cell.lower()) if booleans else None
            value = self.number(cell) if truth is None else truth
            if value is None:
                return np.full(len(cells), np.nan), row
            values[row] = value
        return values, None

    def _at_once(self, cells: np.ndarray) -> np.ndarray | None:
        """The numbers of texts without gaps; None if these, or anything in them, takes a closer look."""
        try:
            together = "".join(cells)
            if "_" in together or self.numerals.thousands:
                return None
            if not self.numerals.is_plain:
                if "." in together:
                    return None
                cells = np.array([cell.replace(",", ".") for cell in cells], dtype=object)
            return self.without(cells.astype(np.float64))
        except (TypeError, ValueError):
            return None


def words_in(cells: pd.Series | np.ndarray, missing: Missing) -> tuple[str, ...]:
    """The labels of a column that holds nothing else, in their order; none where a number is among them.

    Examples
    --------
    >>> words_in(np.array(["yes", "no", "", "yes"], dtype=object), Missing())
    ('no', 'yes')
    >>> words_in(np.array(["1.5", "<LOD"], dtype=object), Missing())
    ()
    """
    found = {cell for cell in pd.unique(pd.Series(cells)) if not (cell is None or cell != cell)}
    words = [cell for cell in found if cell not in missing.spellings]
    if not all(isinstance(cell, str) and missing.number(cell) is None for cell in words):
        return ()
    return tuple(sorted(words))


DATE = "a date"
FEWER_COLUMNS = "name the columns to use (features, --features)"


def advice(cell: str, chosen: bool, kind: str, labels: Sequence[str] = ()) -> str:
    """What to do about a cell that is no number. chosen: was its column asked for?   kind: what it is

    A date is no sign that a value is missing. labels: of a target that holds nothing else
    """
    if labels and kind != DATE:
        named = f"they are {', '.join(map(repr, labels))}" if len(labels) <= _NAMED else f"there are {len(labels)}"
        return f"its cells are labels ({named}), so have it told which is how likely (DARTSClassifier, --classes)"
    if kind == DATE:
        return "turn dates into numbers, such as days since the first" if chosen else FEWER_COLUMNS
    first = "turn it into a number" if chosen else FEWER_COLUMNS
    if not chosen:
        first = f"{first}, or turn its labels into columns of 0 and 1 (one_hot, --one-hot)"
    return f"{first}, or have it read as missing and its row left out (na, drop_missing; --na {cell!r} --drop-missing)"


HOW_TO_DROP = (
    "drop_missing, --drop-missing, leaves out rows with missing cells; features, --features, names the columns"
)
