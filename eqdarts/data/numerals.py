"""How numbers are written in a file: with decimal points or commas, and with or without marks between thousands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from eqdarts.data.cells import number_in
from eqdarts.errors import InputDataError, shown

#: What may stand between thousands, and how a regular expression has it. A space may be narrow or unbreakable.
_GROUPS = {",": ",", ".": r"\.", " ": "[ \u00a0\u2009\u202f]", "'": "['\u2019]"}
_MARKS = "[.,'\u2019 \u00a0\u2009\u202f]"
_LOOKS = re.compile(f"[+\u2212-]?(?:[0-9](?:[0-9]|{_MARKS})*[0-9]|[0-9]|[.,][0-9]+)[.,]?(?:[eE][+-]?[0-9]+)?")
_MARK = re.compile(_MARKS)


@dataclass(frozen=True)
class Numerals:
    """A way to write numbers.

    Attributes
    ----------
    decimal : str
        "." or ",".
    thousands : str
        ",", ".", " " or "'", which may then stand between groups of three digits; "" if nothing does.

    Examples
    --------
    >>> german = Numerals(",", ".")
    >>> [german.number(cell) for cell in ("1.234,5", "1234,5", "7", "1.5", "1,234.5", "abc")]
    [1234.5, 1234.5, 7.0, None, None, None]
    """

    decimal: str = "."
    thousands: str = ""

    @property
    def is_plain(self) -> bool:
        """Are numbers written as in Python?"""
        return self.decimal == "." and not self.thousands

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        point = re.escape(self.decimal)
        grouped = f"|[1-9][0-9]{{0,2}}(?:{_GROUPS[self.thousands]}[0-9]{{3}})+" if self.thousands else ""
        # A comma at the end of a cell is one that separates it from the next.
        fraction = f"(?:{point}[0-9]{'*' if self.decimal == '.' else '+'})?"
        return re.compile(f"[+\u2212-]?(?:(?:[0-9]+{grouped}){fraction}|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?")

    def fits(self, cell: str) -> bool:
        """Is it a number that is written so?"""
        return self._pattern.fullmatch(cell) is not None

    def number(self, cell: object) -> float | None:
        """The number in a cell, NaN where it is missing, and None where it holds something else."""
        if not isinstance(cell, str) or self.is_plain:
            return number_in(cell)
        text = cell.strip()
        if not _MARK.search(text):
            return number_in(text)
        return float(self.as_plain(text)) if self.fits(text) else None

    def as_plain(self, cell: str) -> str:
        """A number that is written so as Python writes it."""
        if self.thousands:
            cell = re.sub(_GROUPS[self.thousands], "", cell)
        return cell.replace(self.decimal, ".").replace("\u2212", "-")

    def __str__(self) -> str:
        parts = ["decimal commas"] if self.decimal == "," else []
        between = {" ": "spaces", "'": "apostrophes", ",": "commas", ".": "points"}
        return ", ".join(parts + ([f"{between[self.thousands]} between thousands"] if self.thousands else []))


PLAIN = Numerals()
_STYLES = tuple(Numerals(d, t) for d in ".," for t in ("", *_GROUPS) if t != d)


def looks_like_number(cell: str) -> bool:
    """Could it be a number, however it is written?

    Examples
    --------
    >>> [looks_like_number(cell) for cell in ("-1.234,5e3", "1 234", "1,", "2020-01-02", "a1", "")]
    [True, True, False, False, False, False]
    """
    if cell in ("", ".") or not _LOOKS.fullmatch(cell):
        return False
    return not _MARK.search(cell) or any(style.fits(cell) for style in _STYLES)


def check_mark(name: str, value: str | None, choices: str) -> str | None:
    """An option that is None or one of these characters."""
    if value is not None and (not isinstance(value, str) or len(value) != 1 or value not in choices):
        raise InputDataError(f"{name}={shown(value)}: expected one of {', '.join(map(repr, choices))}")
    return value


def found_numerals(
    columns: Sequence[tuple[str, Sequence[str]]], decimal: str | None = None, thousands: str | None = None
) -> Numerals:
    """The way in which all numbers of a table are written, from the texts of cells in its columns.

    A comma is a decimal one, or stands between thousands, only where the table leaves no other reading: "1,5" and
    "0,123" are decimal, "1,234,567" and "1,234.5" are not, and "1,234" is what other columns show. Points are decimal
    unless something speaks against it.

    Parameters
    ----------
    columns : sequence of (name, cells)
        Cells may hold anything; those that could be no number say nothing.
    decimal, thousands : str, optional
        What is known; thousands is "" if nothing stands between them.

    Raises
    ------
    InputDataError
        If numbers contradict each other, or can be read in two ways; naming the column and the cell.

    Examples
    --------
    >>> found_numerals([("a", ["1.234", "12.500"]), ("b", ["7", "0,5"])])
    Numerals(decimal=',', thousands='.')
    >>> found_numerals([("a", ["1,234"]), ("b", ["0.5"])])
    Numerals(decimal='.', thousands=',')
    >>> found_numerals([("a", ["1,234", "2,345"])])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    eqdarts.errors.InputDataError: column 'a': '1,234' has a decimal comma, or one between thousands, and nothing in ...
    """
    check_mark("decimal", decimal, ".,")
    check_mark("thousands", thousands or None, ",. '")
    styles = [s for s in _STYLES if decimal in (None, s.decimal) and thousands in (None, s.thousands)]
    if not styles:
        raise InputDataError(f"decimal and thousands are both {decimal!r}; they are two things")
    if len(styles) == 1:
        return styles[0]
    seen = [
        _Seen(name, marked, _fitting(marked, styles))
        for name, cells in columns
        if (marked := [c for c in cells if _MARK.search(c) and looks_like_number(c)])
    ]
    seen = [column for column in seen if column.styles]
    chosen = decimal or _decimal(seen)
    between = {}
    for column in seen:
        marks = {s.thousands for s in column.styles if s.decimal == chosen}
        if marks and "" not in marks:
            between[marks.pop()] = column
    if len(between) > 1:
        one, other = list(between.values())[:2]
        raise InputDataError(f"{one} has other marks between thousands than {other}; write both alike")
    return Numerals(chosen, thousands if thousands is not None else next(iter(between), ""))


@dataclass(frozen=True)
class _Seen:
    """A column's cells with marks, and the ways in which all of them can be read."""

    name: str
    cells: list[str]
    styles: list[Numerals]

    def __str__(self) -> str:
        return f"column {self.name!r} ({shown(self.cells[0])})"

    @property
    def decimals(self) -> set[str]:
        return {style.decimal for style in self.styles}


def _fitting(cells: Sequence[str], styles: Sequence[Numerals]) -> list[Numerals]:
    return [style for style in styles if all(map(style.fits, cells))]


def _decimal(seen: Sequence[_Seen]) -> str:
    """The decimal mark of all columns."""
    sure = {next(iter(column.decimals)): column for column in reversed(seen) if len(column.decimals) == 1}
    if len(sure) > 1:
        raise InputDataError(
            f"numbers are written in two ways: {sure['.']} has decimal points and {sure[',']} has decimal commas; "
            "write them alike, or say which way counts (decimal, --decimal)"
        )
    if sure:
        return next(iter(sure))
    for column in seen:
        unclear = next((cell for cell in column.cells if "," in cell), None)
        if unclear is not None:
            raise InputDataError(
                f"column {column.name!r}: {unclear!r} has a decimal comma, or one between thousands, and nothing in "
                "the file says which; say decimal=',' or decimal='.' (--decimal)"
            )
    return "."
