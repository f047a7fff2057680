"""A CSV file → `Table`, or one line that says what is wrong where.

Lines are counted as an editor counts them, with the header on line 1.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from eqdarts.data.columns import listed
from eqdarts.data.missing import DATE, FEWER_COLUMNS, HOW_TO_DROP, Missing, advice
from eqdarts.data.table import Table
from eqdarts.errors import InputDataError, warn

_COMMENTS = ("#", "%", "//")  # what lines begin with that instruments write above the header
_DELIMITERS = {",": "','", ";": "';'", "\t": "'\\t' (tab)", "|": "'|'"}
_BOOLEANS = {"true": 1.0, "false": 0.0}
#: The rule that a missing cell is an error.
ERRORS = Missing()
_DATE = re.compile(r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}\b")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+$")


def read_csv(
    path: str | Path,
    target: str,
    features: Sequence[str] | None = None,
    delimiter: str = ",",
    encoding: str = "utf-8",
    missing: Missing = ERRORS,
) -> Table:
    """Read a `Table` from a CSV file with a header line.

    Parameters
    ----------
    path : str or Path
    target : str
        The column to explain.
    features : sequence of str, optional
        The columns to explain it with; by default all others that have a name. Those without are left out with a
        `SearchWarning`.
    delimiter : str
        One character; ``"\\t"`` may be written as a backslash and a t.
    encoding : str
    missing : Missing
        Which cells count as missing, and whether their rows are left out, with a `SearchWarning` that says how many.

    Returns
    -------
    Table
        Booleans become 0 and 1.

    Raises
    ------
    InputDataError
        In one line: the file, the column or line, what stands there, and the way out.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "planets.csv"
    ...     _ = path.write_text("axis,period\\n0.39,0.24\\n1,1\\n5.2,11.9\\n")
    ...     table = read_csv(path, target="period")
    >>> table.names, table.X.shape, table.y
    (('axis',), (3, 1), array([ 0.24,  1.  , 11.9 ]))
    """
    return _open(path, delimiter, encoding, missing).table(target, features)


def read_frame(
    path: str | Path,
    targets: Sequence[str],
    features: Sequence[str] | None = None,
    by: Sequence[str] = (),
    delimiter: str = ",",
    encoding: str = "utf-8",
    missing: Missing = ERRORS,
) -> pd.DataFrame:
    """Read several targets, and columns that make groups, from a CSV file with a header line.

    Parameters
    ----------
    path, features, delimiter, encoding, missing
        As in `read_csv`; but rows to be left out are still there, with NaN.
    targets : sequence of str
        Columns of numbers.
    by : sequence of str
        Columns of numbers or text; an empty cell is a missing value.

    Returns
    -------
    DataFrame
        First `by`, then the features, then the targets that are not among them.

    Raises
    ------
    InputDataError
        As `read_csv` does.
    """
    return _open(path, delimiter, encoding, missing).frame(tuple(targets), features, tuple(by))


def _open(path: str | Path, delimiter: str, encoding: str, missing: Missing) -> _CsvFile:
    delimiter = check_delimiter(delimiter)
    text = _read_text(Path(path), encoding)
    return _CsvFile(str(path), text, delimiter, _split_cells(text, delimiter, str(path)), missing)


def check_delimiter(delimiter: str) -> str:
    """The one character that separates cells; a backslash and a t are a tab."""
    delimiter = "\t" if delimiter == "\\t" else delimiter
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise InputDataError(f"delimiter={delimiter!r}: expected one character, such as ',' or ';'")
    return delimiter


def _read_text(path: Path, encoding: str) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise InputDataError(f"{path}: no such file; check the path") from error
    except OSError as error:
        raise InputDataError(f"{path}: cannot be read ({error.strerror or error}); check the path") from error
    if content.startswith(b"PK\x03\x04"):
        raise InputDataError(f"{path}: this is a spreadsheet or an archive, not text; save the table as CSV first")
    utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = content.decode(encoding)
    except LookupError as error:
        raise InputDataError(f"encoding={encoding!r} is not known; try 'utf-8' or 'latin-1'") from error
    except UnicodeError as error:
        line = content.count(b"\n", 0, getattr(error, "start", 0)) + 1
        other = (
            "utf-16" if utf16 else ("cp1252" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else "utf-8")
        )
        raise InputDataError(f"{path}: line {line} is not {encoding} text; try encoding {other!r}") from error
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        other = f"try encoding {'utf-16' if utf16 else 'utf-16-le'!r}"
        raise InputDataError(f"{path}: contains NUL characters, so it is not {encoding} text; {other}")
    if not text.strip():
        raise InputDataError(f"{path}: the file is empty; expected a header line and rows of numbers")
    return text


def _split_cells(text: str, delimiter: str, path: str) -> pd.DataFrame:
    """All cells as text, the header as row 0."""
    try:
        rows = csv.reader(io.StringIO(text), delimiter=delimiter)
        header = next((row for row in rows if any(map(str.strip, row))), None)
    except csv.Error as error:
        raise InputDataError(f"{path}: the header cannot be read ({error}); look for stray quotes") from error
    if header is None:
        raise InputDataError(f"{path}: no header with column names; expected one above the rows of numbers")
    if len(header) == 1:
        if header[0].strip().startswith(_COMMENTS):
            raise InputDataError(
                f"{path}: the first line, {_shown(header[0])}, is a comment, and no header with column names; remove "
                "the lines above the header"
            )
        best = max((d for d in _DELIMITERS if d != delimiter), key=header[0].count)
        if best in header[0]:
            raise InputDataError(
                f"{path}: the header is a single column, {_shown(header[0])}, when split at "
                f"{_DELIMITERS.get(delimiter, repr(delimiter))}; try delimiter {_DELIMITERS[best]}"
            )
    try:
        return pd.read_csv(
            io.StringIO(text), header=None, dtype=str, keep_default_na=False, sep=delimiter, skipinitialspace=True
        )
    except pd.errors.ParserError as error:
        raise parser_error(path, error) from error


def parser_error(path: str, error: Exception, encoding: str = "utf-8") -> InputDataError:
    """What a reader of CSV files found wrong, in one line."""
    if isinstance(error, LookupError):
        return InputDataError(f"encoding={encoding!r} is not known; try 'utf-8' or 'latin-1'")
    if isinstance(error, UnicodeError):
        return InputDataError(f"{path}: this is not {encoding} text; try another encoding")
    if isinstance(error, OSError):
        return InputDataError(f"{path}: cannot be read ({error.strerror or error}); check the path")
    if isinstance(error, pd.errors.EmptyDataError):
        return InputDataError(f"{path}: the file is empty; expected a header line and rows of numbers")
    found = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", str(error))
    quote = re.search(r"EOF inside string starting at row (\d+)", str(error))
    if found:
        expected, line, saw = found.groups()
        what = f"line {line} has {saw} cells and the header {expected}; remove or quote what is too much"
    elif quote:
        what = f"the quote opened near line {int(quote.group(1)) + 1} is never closed; close it"
    else:
        what = f"this is not a table ({' '.join(str(error).split())}); look for stray quotes"
    return InputDataError(f"{path}: {what}")


def _shown(value: str) -> str:
    return repr(value if len(value) <= 60 else value[:57] + "...")


def _similar(name: str, names: Sequence[str]) -> str:
    """The sentence that helps someone who mistyped a column name."""
    lower = {other.lower(): other for other in names}
    close = difflib.get_close_matches(name.lower(), list(lower), n=1)
    hint = f"did you mean {lower[close[0]]!r}? " if close else ""
    return f"{hint}the columns are {listed(names)}"


def check_header(path: str, named: Sequence[str], target: str, features: Sequence[str] | None) -> None:
    """Raise `InputDataError` unless a file with these columns has the target and the features, each of them once."""
    _check_names(path, named, (target,))
    if features is None:
        return
    if isinstance(features, str) or not len(features):
        raise InputDataError(f"features={features!r}: expected a list of column names")
    repeated = [name for name, count in Counter(features).items() if count > 1]
    if repeated:
        raise InputDataError(f"features: {listed(repeated)} stands twice; list each column once")
    if target in features:
        raise InputDataError(f"features: {target!r} is the target as well; take it out of the features")
    for name in features:
        if name not in named:
            raise InputDataError(f"{path}: no column {name!r} among the features; {_similar(name, named)}")


def _check_names(path: str, named: Sequence[str], targets: Sequence[str]) -> None:
    repeated = [name for name, count in Counter(named).items() if count > 1]
    if repeated:
        raise InputDataError(f"{path}: more than one column is called {listed(repeated)}; rename them")
    for target in targets:
        if target not in named:
            raise InputDataError(f"{path}: no column {target!r} for the target; {_similar(target, named)}")


@dataclass(frozen=True, eq=False)
class _CsvFile:
    """The cells of a file, and where each of them stands."""

    path: str
    text: str
    delimiter: str
    cells: pd.DataFrame
    missing: Missing

    def table(self, target: str, features: Sequence[str] | None) -> Table:
        header = self._header()
        check_header(self.path, [name for name in header if name], target, features)
        self._check_length()
        y = self._numbers(header.index(target), target)
        if features is not None:
            chosen = {name: self._numbers(header.index(name), name) for name in features}
        else:
            chosen = self._numeric_columns(header, (target,))
        X = np.column_stack(list(chosen.values()))
        kept = ~(np.isnan(X).any(axis=1) | np.isnan(y))
        if not kept.all():  # they are to be left out
            warn(left_out(self.path, int((~kept).sum()), len(kept)))
        if kept.sum() < 2:
            raise InputDataError(f"{self.path}: {kept.sum()} rows without a missing cell; {FEWER_COLUMNS}")
        return Table(X[kept], y[kept], tuple(chosen), target)

    def frame(self, targets: tuple[str, ...], features: Sequence[str] | None, by: tuple[str, ...]) -> pd.DataFrame:
        header = self._header()
        _check_names(self.path, [name for name in header if name], targets)
        for name in (*(features or ()), *by):
            if name not in header:
                raise InputDataError(f"{self.path}: no column {name!r}; {_similar(name, list(filter(None, header)))}")
        self._check_length()
        columns: dict[str, np.ndarray | pd.Series] = {name: self._labels(header.index(name)) for name in by}
        if features is None:
            columns |= self._numeric_columns(header, targets, by)
        for name in (*(features or ()), *targets):
            columns[name] = self._numbers(header.index(name), name)
        return pd.DataFrame(columns)

    def _header(self) -> list[str]:
        return [str(name).strip() for name in self.cells.iloc[0]]

    def _check_length(self) -> None:
        if len(self.cells) < 3:
            count = "no row" if len(self.cells) == 1 else "one row"
            raise InputDataError(f"{self.path}: {count} of data below the header; an equation needs at least two")

    def _labels(self, place: int) -> pd.Series:
        """A column of numbers, or else of text."""
        cells = self.cells.iloc[1:, place].fillna("").str.strip().reset_index(drop=True)
        cells = cells.where(~cells.isin(self.missing.spellings), None)
        try:
            return pd.to_numeric(cells)
        except ValueError:
            return cells

    def _numeric_columns(
        self, header: list[str], targets: tuple[str, ...], others: tuple[str, ...] = ()
    ) -> dict[str, np.ndarray]:
        columns, nameless = {}, []
        for place, name in enumerate(header):
            if not name:
                nameless.append(f"column {place + 1} (it has no name)")
            elif name not in targets and name not in others:
                columns[name] = self._numbers(place, name, chosen=False)
        if nameless:
            warn(f"{self.path}: left out {', '.join(nameless)}")
        if not columns:
            raise InputDataError(f"{self.path}: no column of numbers besides the target {listed(targets)}; add one")
        return columns

    def _numbers(self, place: int, name: str, chosen: bool = True) -> np.ndarray:
        """chosen: was the column asked for?"""
        values, text = self._parse(place)
        if text is not None:
            cell = self._cell(place, text)
            comma = bool(_DECIMAL_COMMA.match(cell))
            kind = _kind(cell)
            hint = "write numbers with a decimal point" if comma else advice(cell, chosen, kind)
            raise InputDataError(
                f"{self.path}: column {name!r}: {self._at(place, text)} is {kind}, not a number; {hint}"
            )
        self._check_finite(place, name, values)
        return values

    def _parse(self, place: int) -> tuple[np.ndarray, int | None]:
        """The numbers of a column (NaN where a cell is empty), and its first row of text, if any.

        A column without any number counts as text from its first row on.
        """
        cells = self.cells.iloc[1:, place].fillna("").str.strip().to_numpy(dtype=object)
        try:
            if "_" not in "".join(cells):
                return self.missing.without(cells.astype(np.float64)), None
        except ValueError:
            pass
        values, text = np.full(len(cells), np.nan), None
        booleans = all(cell.lower() in _BOOLEANS or cell in self.missing.spellings for cell in cells)
        for row, cell in enumerate(cells):
            truth = _BOOLEANS.get(cell.lower()) if booleans else None
            found = self.missing.number(cell) if truth is None else truth
            if found is None:
                text = row
                break
            values[row] = found
        if text is None and np.isnan(values).all():
            text = 0
        return values, text

    def _check_finite(self, place: int, name: str, values: np.ndarray) -> None:
        bad = np.flatnonzero(np.isinf(values) if self.missing.drop else ~np.isfinite(values))
        if len(bad):
            raise InputDataError(
                f"{self.path}: column {name!r}: {len(bad)} of {len(values)} values are empty, NaN or infinity "
                f"(first: {self._at(place, int(bad[0]))}); fill them, or drop them ({HOW_TO_DROP})"
            )

    def _cell(self, place: int, row: int) -> str:
        cell = self.cells.iat[1 + row, place]
        return cell.strip() if isinstance(cell, str) else ""

    def _at(self, place: int, row: int) -> str:
        """A cell and its line: ``'abc' in line 17``. Blank lines and quoted line ends count."""
        reader = csv.reader(io.StringIO(self.text), delimiter=self.delimiter)
        seen, cell = -2, _shown(self._cell(place, row))
        try:
            for cells in reader:
                seen += any(map(str.strip, cells))
                if seen == row:
                    break
        except csv.Error:  # a cell too long for this reader
            return f"{cell} in row {row + 1}"
        return f"{cell} in line {reader.line_num}"


def left_out(path: str, count: int, rows: int) -> str:
    """The sentence that says how many rows are left out."""
    return f"{path}: left out {count} of {rows} rows, which have missing cells"


def kind_of(cell: object) -> str:
    """What a cell that is no number holds."""
    return _kind(cell.strip()) if isinstance(cell, str) else f"a {type(cell).__name__}"


def _kind(cell: str) -> str:
    if not cell:
        return "empty"
    return DATE if _DATE.match(cell) else "text"
