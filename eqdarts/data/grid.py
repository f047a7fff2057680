"""The cells of a whole file, in memory → columns of numbers, or one line that says what is wrong where."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eqdarts.data.columns import listed
from eqdarts.data.header import check_header, check_once, check_targets, similar, warn_of_nameless
from eqdarts.data.indicators import label_column, with_indicators
from eqdarts.data.indicators import one_hot as as_indicators
from eqdarts.data.missing import DATE, FEWER_COLUMNS, HOW_TO_DROP, Missing, advice, words_in
from eqdarts.data.numerals import looks_like_number
from eqdarts.data.units import Headings
from eqdarts.errors import InputDataError, shown, warn

_DATE = re.compile(r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}\b")


@dataclass(frozen=True, eq=False)
class Grid:
    """The cells of a file, and where each row stands.

    Attributes
    ----------
    path : str
    headings : Headings
        Names of columns, empty for those without one, and their units.
    cells : DataFrame
        Texts, or what else a file holds, in as many columns.
    missing : Missing
    where : callable
        ``line 17``, of a row counted from 0.
    """

    path: str
    headings: Headings
    cells: pd.DataFrame
    missing: Missing
    where: Callable[[int], str]

    def rows(
        self,
        target: str,
        features: Sequence[str] | None,
        beside: Sequence[str] = (),
        one_hot: Sequence[str] = (),
        groups: str | None = None,
        classes: bool = False,
    ) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame]:
        """X, y, and the columns `beside` that belong to rows, such as their errors.

        Without the rows that are to be left out; a warning says how many.

        one_hot: columns of labels, which become columns of 0 and 1   groups: of `beside`, a column of labels
        classes: is the target of labels?
        """
        labels = () if groups is None else (self._name(groups),)
        target, beside, one_hot = self._name(target), tuple(map(self._name, beside)), tuple(map(self._name, one_hot))
        if features and not isinstance(features, str):
            features = tuple(map(self._name, features))
        check_header(self.path, self._named, target, features)
        self._check_there((*beside, *one_hot))
        for name in (target, *beside):
            if name in one_hot or (name == target and name in beside):
                other = "the target" if name == target else "a column of errors, weights or groups"
                raise InputDataError(f"{self.path}: column {name!r} is both {other} and something else; name it once")
        self._check_length()
        y = self.classes(target) if classes else self._numbers(target, is_target=True)
        if features is None:
            chosen = self._numeric_columns((target,), beside, one_hot)
        else:
            chosen = {n: self._labels(n) if n in one_hot else self._numbers(n) for n in (*features, *one_hot)}
        X = as_indicators(pd.DataFrame(chosen), one_hot) if one_hot else pd.DataFrame(chosen)
        if not len(X.columns):
            raise InputDataError(f"{self.path}: no column of numbers besides the target {target!r}; add one")
        others = pd.DataFrame({n: self._labels(n) if n in labels else self._numbers(n) for n in beside}, index=X.index)
        kept = ~(X.isna().any(axis=1) | pd.isna(y) | others.isna().any(axis=1)).to_numpy()
        if not kept.all():  # they are to be left out
            if not self.missing.drop:  # a column of labels has gaps
                table = X if X.isna().any(axis=None) else others
                name = str(table.columns[table.isna().any(axis=0)][0])
                raise self._empty(label_column(name, self.header) or name, int(np.flatnonzero(~kept)[0]))
            warn(left_out(self.path, int((~kept).sum()), len(kept)))
        if kept.sum() < 2:
            raise InputDataError(f"{self.path}: {kept.sum()} rows without a missing cell; {FEWER_COLUMNS}")
        units = dict(self.headings.units)
        found = X[kept].reset_index(drop=True), pd.Series(y[kept], name=target), others[kept].reset_index(drop=True)
        for part in found:
            part.attrs["units"] = units
        return found

    def frame(self, targets: tuple[str, ...], features: Sequence[str] | None, by: tuple[str, ...]) -> pd.DataFrame:
        """With NaN in the rows that are to be left out."""
        targets, by = tuple(map(self._name, targets)), tuple(map(self._name, by))
        features = None if features is None else tuple(map(self._name, features))
        check_targets(self.path, self._named, targets)
        self._check_there((*(features or ()), *by))
        self._check_length()
        columns: dict[str, np.ndarray | pd.Series] = {name: self._labels(name) for name in by}
        if features is None:
            columns |= self._numeric_columns(targets, by)
        for name in (*(features or ()), *targets):
            columns[name] = self._numbers(name, is_target=name in targets)
        found = pd.DataFrame(columns)
        found.attrs["units"] = dict(self.headings.units)
        return found

    def everything(self, columns: Sequence[str] | None, one_hot: Sequence[str]) -> pd.DataFrame:
        """All named columns, or these: numbers where they are, and labels else."""
        one_hot = tuple(map(self._name, one_hot))
        check_once(self.path, self._named)
        if columns is None:
            warn_of_nameless(self.path, self.header)
        chosen = self._named if columns is None else list(dict.fromkeys(map(self._name, columns)))
        self._check_there((*chosen, *one_hot))
        found = pd.DataFrame({name: self._labels(name) for name in (*chosen, *one_hot)})
        found.attrs["units"] = {name: unit for name, unit in self.headings.units.items() if name in found}
        if one_hot:
            found = as_indicators(found, one_hot)
        if self.missing.drop and (gaps := found.isna().any(axis=1)).any():
            warn(left_out(self.path, int(gaps.sum()), len(found)))
            found = found[~gaps].reset_index(drop=True)
        return found

    @property
    def header(self) -> tuple[str, ...]:
        """Names of columns, without units."""
        return self.headings.names

    def _name(self, given: str) -> str:
        return self.headings.name(given)

    def _check_there(self, names: Sequence[str]) -> None:
        for name in names:
            if name not in self.header:
                raise self._no_column(name)

    def numbers(self, name: str) -> np.ndarray:
        """A column as numbers, with NaN in the rows that are to be left out.

        One such as ``species = setosa`` is made of a column species, if that is there.
        """
        name = self._name(name)
        label = label_column(name, self.header)
        if label is not None:
            found: np.ndarray = with_indicators(self._labels(label).to_frame(label), [name])[name].to_numpy()
            if np.isnan(found).any() and not self.missing.drop:
                raise self._empty(label, int(np.flatnonzero(np.isnan(found))[0]))
            return found
        if name not in self.header:
            raise self._no_column(name)
        return self._numbers(name)

    def classes(self, name: str) -> np.ndarray:
        """A column of labels, whole numbers or text; NaN or None in the rows that are to be left out."""
        name = self._name(name)
        if name not in self.header:
            raise self._no_column(name)
        found = self._labels(name).to_numpy()
        gaps = pd.isna(found)
        if gaps.any() and not self.missing.drop:
            raise self._empty(name, int(gaps.argmax()))
        if found.dtype.kind == "f" and not gaps.any() and (found == np.round(found)).all():
            return np.asarray(found.astype(np.int64))
        return np.asarray(found)

    def has_only_words(self, name: str) -> bool:
        """Is there such a column, and no number in it? Then it can be nothing but labels."""
        name = self._name(name)
        if name not in self.header:
            return False
        cells = self._column(name)
        return bool(words_in(cells, self.missing))

    def check_labels(self, names: Sequence[str]) -> None:
        """Raise `InputDataError` if a column of labels holds one of which none of these columns says that it is there.

        names: all columns that a law was fitted to, some of them such as ``species = setosa``
        """
        for column in {label_column(name, self.header) for name in names} - {None}:
            with_indicators(self._labels(str(column)).to_frame(column), names, all_labels=True)

    def numbers_or_none(self, name: str) -> np.ndarray | None:
        """A column as numbers, with NaN where a cell is missing; None if it is not there or holds something else."""
        name = self._name(name)
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
        gaps = cells.isna() | cells.isin(self.missing.spellings)
        return cells.astype(object).where(~gaps, None)

    def _numeric_columns(
        self, targets: tuple[str, ...], others: tuple[str, ...] = (), labels: tuple[str, ...] = ()
    ) -> dict[str, np.ndarray | pd.Series]:
        """All columns but the targets and others; those of labels as they are."""
        skipped = {*targets, *others}
        columns = {
            name: self._labels(name) if name in labels else self._numbers(name, chosen=False)
            for name in self._named
            if name not in skipped
        }
        warn_of_nameless(self.path, self.header)
        if not columns:
            raise InputDataError(f"{self.path}: no column of numbers besides the target {listed(targets)}; add one")
        return columns

    def _numbers(self, name: str, chosen: bool = True, is_target: bool = False) -> np.ndarray:
        """chosen: was the column asked for?"""
        values, text = self.missing.numbers(self._column(name))
        if text is None and np.isnan(values).all():
            text = 0
        if text is not None:
            raise InputDataError(f"{self.path}: {self._not_a_number(name, text, chosen, is_target)}")
        bad = np.flatnonzero(np.isinf(values) if self.missing.drop else ~np.isfinite(values))
        if len(bad):
            raise InputDataError(
                f"{self.path}: column {name!r}: {len(bad)} of {len(values)} values are empty, NaN or infinity "
                f"(first: {self._at(name, int(bad[0]))}); fill them, or drop them ({HOW_TO_DROP})"
            )
        return values

    def _no_column(self, name: str) -> InputDataError:
        hint = similar(name, self._named, self.headings.full)
        return InputDataError(f"{self.path}: no column {name!r}; {hint}")

    def _empty(self, name: str, row: int) -> InputDataError:
        return InputDataError(
            f"{self.path}: column {name!r}: {self._at(name, row)} is empty; fill it, or drop it ({HOW_TO_DROP})"
        )

    def _not_a_number(self, name: str, row: int, chosen: bool, is_target: bool) -> str:
        column = self._column(name)
        labels = words_in(column, self.missing) if is_target else ()
        return not_a_number(name, column.iloc[row], self._at(name, row), self.missing, chosen, labels)

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


def not_a_number(
    name: str, cell: object, place: str, missing: Missing, chosen: bool, labels: Sequence[str] = ()
) -> str:
    """What a cell is that should be a number, and what to do. place: the cell and where it stands

    chosen: was its column asked for?   labels: of a target that holds nothing else
    """
    kind = _kind(cell.strip()) if isinstance(cell, str) else "empty" if cell is None else f"a {type(cell).__name__}"
    if isinstance(cell, str) and kind != DATE and looks_like_number(cell.strip()):
        marks = "decimal commas" if missing.numerals.decimal == "," else "decimal points"
        return (
            f"column {name!r}: {place} is no number as others are in this file, with {marks}; write it alike, or say "
            f"what its marks are (decimal, thousands; --decimal, --thousands)"
        )
    return f"column {name!r}: {place} is {kind}, not a number; {advice(shown(cell)[1:-1], chosen, kind, labels)}"


def _kind(cell: str) -> str:
    if not cell:
        return "empty"
    return DATE if _DATE.match(cell) else "text"
