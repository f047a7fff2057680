"""The cells of a whole file, in memory → a `Table` or a frame, or one line that says what is wrong where."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eqdarts.data.columns import listed
from eqdarts.data.header import check_header, check_targets, similar, warn_of_nameless
from eqdarts.data.missing import DATE, FEWER_COLUMNS, HOW_TO_DROP, Missing, advice
from eqdarts.data.numerals import looks_like_number
from eqdarts.data.table import Table
from eqdarts.errors import InputDataError, shown, warn

_DATE = re.compile(r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}\b")


@dataclass(frozen=True, eq=False)
class Grid:
    """The cells of a file, and where each row stands.

    Attributes
    ----------
    path : str
    header : tuple of str
        Names of columns; empty for those without one.
    cells : DataFrame
        Texts, or what else a file holds, in as many columns.
    missing : Missing
    where : callable
        ``line 17``, of a row counted from 0.
    """

    path: str
    header: tuple[str, ...]
    cells: pd.DataFrame
    missing: Missing
    where: Callable[[int], str]

    def table(self, target: str, features: Sequence[str] | None) -> Table:
        """Without the rows that are to be left out; a warning says how many."""
        check_header(self.path, self._named, target, features)
        self._check_length()
        y = self._numbers(target)
        chosen = self._numeric_columns((target,)) if features is None else {n: self._numbers(n) for n in features}
        X = np.column_stack(list(chosen.values()))
        kept = ~(np.isnan(X).any(axis=1) | np.isnan(y))
        if not kept.all():  # they are to be left out
            warn(left_out(self.path, int((~kept).sum()), len(kept)))
        if kept.sum() < 2:
            raise InputDataError(f"{self.path}: {kept.sum()} rows without a missing cell; {FEWER_COLUMNS}")
        return Table(X[kept], y[kept], tuple(chosen), target)

    def frame(self, targets: tuple[str, ...], features: Sequence[str] | None, by: tuple[str, ...]) -> pd.DataFrame:
        """With NaN in the rows that are to be left out."""
        check_targets(self.path, self._named, targets)
        for name in (*(features or ()), *by):
            if name not in self.header:
                raise InputDataError(f"{self.path}: no column {name!r}; {similar(name, self._named)}")
        self._check_length()
        columns: dict[str, np.ndarray | pd.Series] = {name: self._labels(name) for name in by}
        if features is None:
            columns |= self._numeric_columns(targets, by)
        for name in (*(features or ()), *targets):
            columns[name] = self._numbers(name)
        return pd.DataFrame(columns)

    def numbers(self, name: str) -> np.ndarray:
        """A column as numbers, with NaN in the rows that are to be left out."""
        if name not in self.header:
            raise InputDataError(f"{self.path}: no column {name!r}; {similar(name, self._named)}")
        return self._numbers(name)

    def numbers_or_none(self, name: str) -> np.ndarray | None:
        """A column as numbers, with NaN where a cell is missing; None if it is not there or holds something else."""
        if name not in self.header:
            return None
        values, text = self.missing.numbers(self._column(name))
        return values if text is None else None

    @property
    def _named(self) -> list[str]:
        return [name for name in self.header if name]

    def _column(self, name: str) -> pd.Series:
        cells = self.cells.iloc[:, self.header.index(name)]
        return cells.str.strip() if isinstance(cells.dtype, pd.StringDtype) else cells

    def _check_length(self) -> None:
        if len(self.cells) < 2:
            count = "one row" if len(self.cells) else "no row"
            raise InputDataError(f"{self.path}: {count} of data below the header; an equation needs at least two")

    def _labels(self, name: str) -> pd.Series:
        """A column of numbers, or else of text."""
        values, text = self.missing.numbers(self._column(name))
        if text is None:
            return pd.Series(values)
        cells = self._column(name)
        return cells.where(~cells.isin(self.missing.spellings), None)

    def _numeric_columns(self, targets: tuple[str, ...], others: tuple[str, ...] = ()) -> dict[str, np.ndarray]:
        skipped = {*targets, *others}
        columns = {name: self._numbers(name, chosen=False) for name in self._named if name not in skipped}
        warn_of_nameless(self.path, self.header)
        if not columns:
            raise InputDataError(f"{self.path}: no column of numbers besides the target {listed(targets)}; add one")
        return columns

    def _numbers(self, name: str, chosen: bool = True) -> np.ndarray:
        """chosen: was the column asked for?"""
        values, text = self.missing.numbers(self._column(name))
        if text is None and np.isnan(values).all():
            text = 0
        if text is not None:
            raise InputDataError(f"{self.path}: {self._not_a_number(name, text, chosen)}")
        bad = np.flatnonzero(np.isinf(values) if self.missing.drop else ~np.isfinite(values))
        if len(bad):
            raise InputDataError(
                f"{self.path}: column {name!r}: {len(bad)} of {len(values)} values are empty, NaN or infinity "
                f"(first: {self._at(name, int(bad[0]))}); fill them, or drop them ({HOW_TO_DROP})"
            )
        return values

    def _not_a_number(self, name: str, row: int, chosen: bool) -> str:
        cell = self._column(name).iloc[row]
        return not_a_number(name, cell, self._at(name, row), self.missing, chosen)

    def _at(self, name: str, row: int) -> str:
        """A cell and where it stands: ``'abc' in line 17``."""
        cell = self._column(name).iloc[row]
        return f"{shown_cell('' if cell is None or cell != cell else cell)} in {self.where(row)}"


def shown_cell(cell: object) -> str:
    """A cell in quotes, on one line."""
    text = str(cell)
    return repr(text if len(text) <= 60 else text[:57] + "...")


def left_out(path: str, count: int, rows: int) -> str:
    """The sentence that says how many rows are left out."""
    return f"{path}: left out {count} of {rows} rows, which have missing cells"


def not_a_number(name: str, cell: object, place: str, missing: Missing, chosen: bool) -> str:
    """What a cell is that should be a number, and what to do. place: the cell and where it stands

    chosen: was its column asked for?
    """
    kind = _kind(cell.strip()) if isinstance(cell, str) else "empty" if cell is None else f"a {type(cell).__name__}"
    if isinstance(cell, str) and kind != DATE and looks_like_number(cell.strip()):
        marks = "decimal commas" if missing.numerals.decimal == "," else "decimal points"
        return (
            f"column {name!r}: {place} is no number as others are in this file, with {marks}; write it alike, or say "
            f"what its marks are (decimal, thousands; --decimal, --thousands)"
        )
    return f"column {name!r}: {place} is {kind}, not a number; {advice(shown(cell)[1:-1], chosen, kind)}"


def _kind(cell: str) -> str:
    if not cell:
        return "empty"
    return DATE if _DATE.match(cell) else "text"
