"""How a text file is a table: what separates its cells, where its header stands, how its numbers are written.

The first lines decide, once for every reader. Each delimiter is tried; the one under which lines have as many cells as
the header, and most cells are numbers, is taken.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from eqdarts.data.numerals import PLAIN, Numerals, found_numerals, looks_like_number
from eqdarts.errors import InputDataError, shown

#: What separates cells, and what it is called; the first of equally good ones is taken. A space stands for runs of
#: spaces and tabs.
DELIMITERS = {"\t": "tabs", ";": "';'", "|": "'|'", ",": "','", " ": "spaces"}
_COMMENTS = ("#", "%", "//")  # what lines begin with that instruments write above the header
#: Cells of spreadsheets whose formula failed, such as #N/A and #DIV/0!, begin rows and not comments.
_HASH = r"#(?!(?:[Nn]/[Aa]|[A-Z]+(?:/0)?[!?])(?:[,;|\t]|[ \r]*$))"
_COMMENT = re.compile(rf"\s*({_HASH}|%|//)")
_SEPARATOR = re.compile(r'"?sep=.\s*"?', re.IGNORECASE)  # what spreadsheets write above the header
_LINES = 1000  # of the head that are compared; not tuned


@dataclass(frozen=True)
class FileFormat:
    """What is known of a file; what is None is found out.

    Attributes
    ----------
    delimiter : str or None
        One character; ``"\\t"`` may be written as a backslash and a t, and a space stands for runs of spaces and tabs.
    decimal : str or None
        "." or ",".
    thousands : str or None
        ",", ".", " ", "'" or "".
    encoding : str or None
    sheet : str or int or None
        Of a spreadsheet, its name or its number, counted from 0; by default the first.
    name : str or None
        What messages call the file, if not by its path.
    """

    delimiter: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    encoding: str | None = None
    sheet: str | int | None = None
    name: str | None = None


@dataclass(frozen=True)
class Dialect:
    """How a text file is a table. As text, it is what was found out: ``cells separated by ';', decimal commas``.

    Attributes
    ----------
    header : tuple of str
        Names of columns; empty for those without one.
    delimiter : str
        A space stands for runs of spaces and tabs.
    numerals : Numerals
    lines : int
        The last line of the header, counted from 1.
    comments : tuple of str
        What lines begin with that are no rows.
    encoding : str
    found : tuple of str
        What was found out that is not as usual, in words.
    """

    header: tuple[str, ...]
    delimiter: str = ","
    numerals: Numerals = PLAIN
    lines: int = 1
    comments: tuple[str, ...] = ()
    encoding: str = "utf-8"
    found: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ", ".join(self.found) or "cells separated by ',', decimal points"

    @property
    def comment(self) -> str:
        """What lines begin with that are no rows, as a regular expression; there are some."""
        return f"[ \\t]*(?:{'|'.join(_HASH if mark == '#' else re.escape(mark) for mark in self.comments)})"


def checked_delimiter(delimiter: str | None) -> str | None:
    """The one character that separates cells; a backslash and a t are a tab."""
    delimiter = "\t" if delimiter == "\\t" else delimiter
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        raise InputDataError(f"delimiter={delimiter!r}: expected one character, such as ',' or ';'")
    return delimiter


@dataclass(frozen=True)
class _Head:
    """The first lines, what makes each a comment, and the lines with blank ones for comments."""

    lines: list[str]
    marks: list[str]
    kept: list[str]

    @classmethod
    def of(cls, text: str) -> _Head:
        lines = text.split("\n")
        marks = [found[1] if (found := _COMMENT.match(line)) else "" for line in lines]
        kept = ["" if mark else line for line, mark in zip(lines, marks, strict=True)]
        return cls(lines, marks, ["" if _SEPARATOR.fullmatch(line) else line for line in kept[:1]] + kept[1:])

    def comments(self, header: int) -> tuple[str, ...]:
        """What comments below the header begin with."""
        below, above = set(self.marks[header:]), set(self.marks[:header])
        return tuple(mark for mark in _COMMENTS if mark in below and (mark == "#" or mark in above))

    def goes_on(self, header: int) -> bool:
        """Is there anything below the header?"""
        return any(map(str.strip, self.lines[header:]))


@dataclass(frozen=True)
class _Row:
    """Cells, and the number of the last line that they stand on."""

    cells: tuple[str, ...]
    line: int

    @property
    def numbers(self) -> int:
        return sum(map(looks_like_number, self.cells))


@dataclass(frozen=True)
class _Reading:
    """The head as one delimiter has it: the header and the rows below, and what was skipped above."""

    delimiter: str
    header: _Row
    rows: tuple[_Row, ...]
    comments: tuple[str, ...] = ()
    skipped: int = 0
    commented: bool = False

    @property
    def score(self) -> float:
        """Lines with as many cells as the header, times cells that are numbers."""
        width = len(self.header.cells)
        if width < 2 or not self.rows:
            return 0.0
        alike = sum(len(row.cells) == width for row in self.rows) / len(self.rows)
        cells = sum(sum(map(bool, row.cells)) for row in self.rows)
        return alike * (0.1 + sum(row.numbers for row in self.rows) / max(cells, 1))


def found_dialect(
    path: str, text: str, given: FileFormat, encoding: str, is_missing: Callable[[str], bool] = lambda cell: not cell
) -> Dialect:
    """The dialect of a file whose first lines are `text`.

    is_missing: does a cell say that there is no value?

    Raises
    ------
    InputDataError
        If there is no table; naming the file and the line.

    Examples
    --------
    >>> text = "# spectrometer 3\\n\\nt [s];U [V]\\n0,1;2,5\\n0,2;2,75\\n"
    >>> dialect = found_dialect("run.csv", text, FileFormat(), "utf-8")
    >>> print(dialect)
    cells separated by ';', decimal commas
    >>> dialect.header
    ('t [s]', 'U [V]')
    """
    delimiter = checked_delimiter(given.delimiter)
    head = _Head.of(text)
    wanted = DELIMITERS if delimiter is None else (delimiter,)
    readings = [reading for mark in wanted if (reading := _read(path, head, mark))]
    if not readings:
        raise InputDataError(f"{path}: no header with column names; expected one above the rows of numbers")
    if not any(reading.rows or head.goes_on(reading.header.line) for reading in readings):
        raise InputDataError(f"{path}: no row of data below the header; an equation needs at least two")
    best = max(readings, key=lambda reading: reading.score)
    if not best.score:
        best = max(readings, key=lambda reading: len(reading.header.cells))
        _check_single(path, best, delimiter)
    _check_rows(path, best, is_missing)
    width = len(best.header.cells)
    rows = [row.cells for row in best.rows if len(row.cells) == width]
    columns = [(name, [cells[k] for cells in rows]) for k, name in enumerate(best.header.cells)]
    try:
        numerals = found_numerals(columns, given.decimal, given.thousands)
    except InputDataError as error:
        raise InputDataError(f"{path}: {error}") from error
    return Dialect(
        best.header.cells,
        best.delimiter,
        numerals,
        best.header.line,
        best.comments,
        encoding,
        tuple(_assumed(best, numerals, given, encoding)),
    )


def shifted(place: str) -> str:
    """The sentence about a line with too few cells between spaces, where nobody knows which are missing."""
    return (
        f"{place} has fewer cells than the header, and between spaces an empty one cannot be seen; write NA where a "
        "value is missing"
    )


def _assumed(best: _Reading, numerals: Numerals, given: FileFormat, encoding: str) -> Iterator[str]:
    """What was found out that is not as usual."""
    if given.delimiter is None and best.delimiter != "," and len(best.header.cells) > 1:
        yield f"cells separated by {DELIMITERS[best.delimiter]}"
    decimal = "." if given.decimal is not None else numerals.decimal
    unknown = Numerals(decimal, "" if given.thousands is not None else numerals.thousands)
    if not unknown.is_plain:
        yield str(unknown)
    if best.commented:
        yield f"names of columns from the comment in line {best.header.line}"
    elif best.skipped:
        yield f"header in line {best.header.line}"
    if all(map(looks_like_number, filter(None, best.header.cells))):
        yield f"the numbers in line {best.header.line} taken for names of columns"
    if best.comments:
        yield f"lines that begin with {' or '.join(map(repr, best.comments))} left out"
    if given.encoding is None and not encoding.startswith("utf"):
        yield f"read as {encoding}, since it is not UTF-8"


def split_lines(lines: Sequence[str], delimiter: str) -> Iterator[tuple[list[str], int]]:
    """The cells of rows that are not blank, and the number of the last line of each, as pandas has them.

    Raises
    ------
    csv.Error
        Of a cell that is too long.
    """
    plain = (" ".join(line.split()) for line in lines) if delimiter == " " else lines
    reader = csv.reader((line + "\n" for line in plain), delimiter=delimiter, skipinitialspace=True)
    for cells in reader:
        if any(map(str.strip, cells)):
            yield [cell.strip() for cell in cells], reader.line_num


def _read(path: str, head: _Head, delimiter: str) -> _Reading | None:
    """The head as this delimiter has it; None if all lines are blank or comments."""
    try:
        rows = _rows(head.kept, delimiter)
    except csv.Error as error:
        raise InputDataError(f"{path}: the header cannot be read ({error}); look for stray quotes") from error
    if not rows:
        return None
    if rows[0].numbers == len(rows[0].cells) and (header := _commented(head, delimiter, rows)):
        return _Reading(delimiter, header, tuple(rows), head.comments(header.line), header.line - 1, commented=True)
    width = Counter(len(row.cells) for row in rows[1:]).most_common(1)[0][0] if len(rows) > 1 else len(rows[0].cells)
    place = _header_place(rows, width)
    header, below = rows[place], rows[place + 1 :]
    comments = head.comments(header.line)
    if comments and not below:  # what begins so are all the rows there are
        below, comments = _rows(head.lines[header.line :], delimiter, header.line), ()
    if delimiter == " " and len(header.cells) != width:
        header = _spaced(header, head.lines[header.line - 1], width)
    # Between bare commas a number in front may be the first half of one with a decimal comma.
    counted = delimiter != "," or all(head.lines[row.line - 1].lstrip().startswith('"') for row in below)
    return _Reading(delimiter, _with_row_names(header, below, counted), tuple(below), comments, place)


def _rows(lines: Sequence[str], delimiter: str, above: int = 0) -> list[_Row]:
    """The first rows below so many lines; those up to a cell that is too long, if it is not in the first."""
    rows: list[_Row] = []
    try:
        for cells, line in islice(split_lines(lines, delimiter), _LINES):
            rows.append(_Row(tuple(cells), above + line))
    except csv.Error:
        if not rows:
            raise
    return rows


def _header_place(rows: Sequence[_Row], width: int) -> int:
    """0, unless lines above the header have another number of cells than all from it on.

    Then it is the first with as many cells as the rows, holds no number, and is followed by numbers.
    """
    if len(rows[0].cells) == width:
        return 0
    place = next((k for k, row in enumerate(rows) if len(row.cells) == width), 0)
    below = rows[place + 1 : place + 4]
    names = all(rows[place].cells) and not rows[place].numbers
    return place if names and width > 1 and below and any(row.numbers for row in below) else 0


def _commented(head: _Head, delimiter: str, rows: Sequence[_Row]) -> _Row | None:
    """The names in the last comment above the rows, if it has as many as these have cells."""
    above = [k for k, mark in enumerate(head.marks[: rows[0].line - 1]) if mark]
    if not above:
        return None
    number, names = above[-1] + 1, head.lines[above[-1]].lstrip().removeprefix(head.marks[above[-1]]).lstrip("#%/")
    header = _Row(tuple(next(split_lines([names], delimiter), ([], 1))[0]), number)
    if delimiter == " " and len(header.cells) != len(rows[0].cells):
        header = _spaced(header, names, len(rows[0].cells))
    return header if len(header.cells) == len(rows[0].cells) and not header.numbers else None


def _spaced(header: _Row, line: str, width: int) -> _Row:
    """Names that contain spaces: units belong to what stands before them, or two spaces separate names."""
    joined = re.sub(r"\s+(?=[\[(][^\])]*[\])])", "\0", line.strip())
    for names in ([name.replace("\0", " ") for name in joined.split()], re.split(r"\t+|\s{2,}", line.strip())):
        if len(names) == width:
            return _Row(tuple(name.strip('"') for name in names), header.line)
    return header


def _with_row_names(header: _Row, rows: Sequence[_Row], counted: bool) -> _Row:
    """A header with an empty name for what rows begin with, where that is their name or number, as R writes them.

    Or for what they end in, where that is a delimiter.

    counted: may they begin with their numbers?
    """
    if not rows or any(len(row.cells) != len(header.cells) + 1 for row in rows):
        return header
    first = [row.cells[0] for row in rows]
    if not any(row.cells[-1] for row in rows):
        return _Row((*header.cells, ""), header.line)
    named = len(set(first)) == len(first) and all(first) and not any(map(looks_like_number, first))
    if named or (counted and first == [str(k + 1) for k in range(len(first))]):
        return _Row(("", *header.cells), header.line)
    return header


def _check_single(path: str, reading: _Reading, delimiter: str | None) -> None:
    """Raise `InputDataError` if the header is a single column that another delimiter would split."""
    header = reading.header.cells
    if len(header) > 1 or delimiter is None:
        return
    best = max((mark for mark in DELIMITERS if mark != delimiter), key=lambda mark: header[0].count(mark))
    if best in header[0]:
        name = "'\\t' (tab)" if best == "\t" else DELIMITERS[best]
        raise InputDataError(
            f"{path}: the header is a single column, {shown(header[0])}, when split at {delimiter!r}; try delimiter "
            f"{name}"
        )


def _check_rows(path: str, reading: _Reading, is_missing: Callable[[str], bool]) -> None:
    """Raise `InputDataError` for a line that is too long, and for a second line of names."""
    header, rows = reading.header, reading.rows
    if not "".join(header.cells).strip("".join(DELIMITERS)):
        raise InputDataError(f"{path}: no header with column names; expected one above the rows of numbers")
    for row in rows:
        if len(row.cells) > len(header.cells):
            raise InputDataError(
                f"{path}: line {row.line} has {len(row.cells)} cells and the header {len(header.cells)}; remove or "
                "quote what is too much"
            )
        if reading.delimiter == " " and len(row.cells) < len(header.cells):
            raise InputDataError(f"{path}: {shifted(f'line {row.line}')}")
    if len(rows) < 2 or len(rows[0].cells) != len(header.cells):
        return
    second, below = rows[0], rows[1:]
    words = [cell for cell in second.cells if not is_missing(cell)]
    if words and not second.numbers and len(words) > len(header.cells) / 2 and all(row.numbers for row in below):
        raise InputDataError(
            f"{path}: line {second.line} ({', '.join(map(shown, words[:5]))}) holds no number, as a second header; "
            f"remove it, or write units behind the names ('t [s]'), or remove line {header.line} if it is a title"
        )
