"""A sheet of a spreadsheet → a text file with the same rows, through openpyxl, which the extra `excel` installs."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from eqdarts.data.columns import listed
from eqdarts.errors import EqdartsError, InputDataError


def write_sheet(path: Path, sheet: str | int | None, text: Path) -> None:
    """Write a sheet as CSV in UTF-8, a line for each row; formulas as the values that they had when the file was saved.

    sheet: its name, or its number counted from 0; by default the first

    Raises
    ------
    EqdartsError
        If openpyxl is not installed.
    InputDataError
        If the file is damaged, or there is no such sheet.
    """
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise EqdartsError(
            f"{path}: reading spreadsheets needs openpyxl; pip install 'eqdarts[excel]', or save the table as CSV"
        ) from error
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # whatever a damaged file makes of it: KeyError, BadZipFile, ParseError, ValueError
        raise InputDataError(f"{path}: a spreadsheet that cannot be read ({_short(error)}); save it again") from error
    try:
        chosen = _chosen(path, book, sheet)
        with text.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            for row in _cut(_rows(path, chosen)):
                writer.writerow(row) if any(row) else file.write("\n")
    finally:
        book.close()


def _chosen(path: Path, book: Any, sheet: str | int | None) -> Any:
    names = book.sheetnames
    if isinstance(sheet, str) and sheet not in names and sheet.isdigit():
        sheet = int(sheet)
    if isinstance(sheet, str) and sheet in names:
        return book[sheet]
    place = 0 if sheet is None else sheet
    if isinstance(place, bool) or not isinstance(place, int) or not 0 <= place < len(names):
        raise InputDataError(f"{path}: no sheet {sheet!r}; there are {listed(names)}")
    return book[names[place]]


def _rows(path: Path, sheet: Any) -> list[list[str]]:
    """Texts of cells."""
    if not hasattr(sheet, "iter_rows"):
        raise InputDataError(f"{path}: the sheet {sheet.title!r} is a chart; name another one (sheet, --sheet)")
    try:
        return [[_text(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    except Exception as error:  # as above; sheets are read only now
        raise InputDataError(f"{path}: a spreadsheet that cannot be read ({_short(error)}); save it again") from error


def _cut(rows: Sequence[list[str]]) -> Iterator[list[str]]:
    """The rows without empty columns around them and empty rows below; a title above them is one cell."""
    start = next((k for k, row in enumerate(rows) if sum(map(bool, row)) > 1), 0)
    used = [k for row in rows[start:] for k, cell in enumerate(row) if cell]
    if not used:
        return
    yield from ([cell for cell in row if cell] for row in rows[:start])
    first, end = min(used), max(used) + 1
    last = max(k for k, row in enumerate(rows) if any(row))
    yield from ((row + [""] * end)[first:end] for row in rows[start : last + 1])


def _text(cell: object) -> str:
    return "" if cell is None else " ".join(str(cell).split())


def _short(error: Exception) -> str:
    return " ".join(f"{type(error).__name__} {error}".split())[:120]
