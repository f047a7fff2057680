"""A text file → the `Grid` of its cells, or its columns chunk by chunk.

Both read the same text: the names of columns in one line, and the lines below the header, in which comments are blank.
Lines are counted as an editor counts them.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from eqdarts.data.dialect import Dialect, FileFormat, found_dialect, shifted, split_lines
from eqdarts.data.grid import Grid
from eqdarts.data.missing import Missing
from eqdarts.data.text_file import DAMAGED, damaged, head_of, not_text, opened, unpacked
from eqdarts.data.units import Headings
from eqdarts.errors import EqdartsError, InputDataError, warn

#: What reading a file may raise.
ERRORS = (pd.errors.ParserError, pd.errors.EmptyDataError, OSError, UnicodeError, LookupError, *DAMAGED)
#: Every digit of a number counts, as in a Parquet file; later releases of pandas have no other way.
_EXACT: dict[str, Any] = (
    {} if tuple(map(int, pd.__version__.split(".")[:2])) >= (3, 1) else {"float_precision": "round_trip"}
)


def dialect_of(path: Path, given: FileFormat, missing: Missing, say: bool = True) -> Dialect:
    """How a file is written. say: warn of what was found out that is not as usual"""
    head, encoding = head_of(path, given.encoding)
    dialect = found_dialect(str(path), head, given, encoding, lambda cell: cell in missing.spellings)
    if dialect.found and say:
        warn(f"{given.name or path}: {dialect}")
    return dialect


def grid_of(path: Path, dialect: Dialect, missing: Missing, name: str | None = None) -> Grid:
    """All cells, as texts. name: what messages call the file"""
    try:
        with _below_header(path, dialect) as lines:
            cells = pd.read_csv(
                lines, header=0, dtype=str, keep_default_na=False, sep=_separator(dialect), skipinitialspace=True
            )
        _check_gaps(path, dialect, cells)
    except ERRORS as error:
        raise reading_error(path, error, dialect) from error
    cells = cells.fillna("")
    for column in cells.columns:
        cells[column] = cells[column].to_numpy(dtype=object)
    return Grid(name or str(path), Headings.of(dialect.header), cells, missing, _finder(path, dialect))


def column_chunks(
    path: Path, dialect: Dialect, places: Sequence[int], rows: int, missing: Missing
) -> Iterator[list[pd.Series]]:
    """The columns at these places, in this order, of so many rows at a time.

    All are read, as pandas finds no line too long otherwise.
    """
    numerals = dialect.numerals
    spaces = dialect.delimiter == " "
    as_text: dict[str, Any] = {"dtype": str} if numerals.thousands or spaces else {}
    spellings = [] if spaces else list(missing.spellings)  # so that a gap can be told from a text that means one
    try:
        with _below_header(path, dialect) as lines, pd.read_csv(
            lines, header=0, sep=_separator(dialect), decimal=numerals.decimal, chunksize=rows, skipinitialspace=True,
            low_memory=False, keep_default_na=False, na_values=spellings, **_EXACT, **as_text,
        ) as reader:  # fmt: skip
            for frame in reader:
                _check_gaps(path, dialect, frame)
                yield [frame.iloc[:, place] for place in places]
    except ERRORS as error:
        raise reading_error(path, error, dialect) from error


def _check_gaps(path: Path, dialect: Dialect, cells: pd.DataFrame) -> None:
    """Raise `InputDataError` for a line that is too short, where cells are separated by spaces; others end in gaps."""
    if dialect.delimiter == " " and (short := cells.iloc[:, -1].fillna("") == "").any():
        row = int(cells.index.to_numpy()[short.to_numpy()][0])
        raise InputDataError(f"{path}: {shifted(_finder(path, dialect)(row))}")


def _separator(dialect: Dialect) -> str:
    return r"\s+" if dialect.delimiter == " " else dialect.delimiter


class _Lines(io.TextIOBase):
    """A line of names, and what stands below the header; comments are blank."""

    def __init__(self, text: io.TextIOWrapper, dialect: Dialect) -> None:
        self._text, self._comments = text, dialect.comments
        self._first = dialect.delimiter.join(f"c{k}" for k in range(len(dialect.header))) + "\n"
        self._pattern = re.compile(f"^{dialect.comment}.*$", re.MULTILINE)
        for _ in range(dialect.lines):
            text.readline()

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> str:
        if self._first:
            first, self._first = self._first, ""
            return first
        block = self._text.read(size)
        if self._comments and block:
            block += self._text.readline()
            if any(mark in block for mark in self._comments):
                block = self._pattern.sub("", block)
        return block

    def __iter__(self) -> Iterator[str]:  # type: ignore[override]
        while block := self.read(2**16):
            yield from io.StringIO(block)

    def close(self) -> None:
        self._text.close()
        super().close()


def _below_header(path: Path, dialect: Dialect) -> _Lines:
    return _Lines(opened(path, dialect.encoding), dialect)


def _finder(path: Path, dialect: Dialect) -> Callable[[int], str]:
    """The line of a row, which is looked for in the file once it is asked for."""

    def where(row: int) -> str:
        with opened(path, dialect.encoding) as text:
            lines = text.read().split("\n")[dialect.lines :]
        kept = ["" if dialect.comments and re.match(dialect.comment, line) else line for line in lines]
        try:
            for number, (_, line) in enumerate(split_lines(kept, dialect.delimiter)):
                if number == row:
                    return f"line {dialect.lines + line}"
        except csv.Error:  # a cell too long for this reader
            pass
        return f"row {row + 1}"

    return where


def reading_error(path: Path, error: Exception, dialect: Dialect) -> EqdartsError:
    """What a reader of text files found wrong, in one line."""
    if isinstance(error, EqdartsError):
        return error
    if isinstance(error, UnicodeError):
        return _not_text(path, dialect.encoding, error)
    if isinstance(error, (OSError, *DAMAGED)):
        return damaged(path, error)
    below = dialect.lines - 1  # the names of columns stand on the line above
    long = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", str(error))
    quote = re.search(r"EOF inside string starting at row (\d+)", str(error))
    if long:
        expected, line, saw = map(int, long.groups())
        what = f"line {line + below} has {saw} cells and the header {expected}; remove or quote what is too much"
    elif quote:
        what = f"the quote opened near line {int(quote.group(1)) + 1 + below} is never closed; close it"
    else:
        what = f"this is not a table ({' '.join(str(error).split())[:120]}); look for stray quotes"
    return InputDataError(f"{path}: {what}")


def _not_text(path: Path, encoding: str, error: UnicodeError) -> InputDataError:
    """It says which line is no text, for which the bytes are read again."""
    with unpacked(path) as file:
        content = file.read()
    try:
        content.decode(encoding)
    except UnicodeError as found:
        error = found
    return not_text(path, encoding, content, error)
