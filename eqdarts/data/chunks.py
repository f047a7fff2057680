"""A table as a sequence of chunks, which are tables: in memory, or a CSV or Parquet file that need not fit into it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

from eqdarts.data.columns import check_names
from eqdarts.data.csv import column_chunks, dialect_of
from eqdarts.data.dialect import Dialect, FileFormat
from eqdarts.data.grid import not_a_number, shown_cell
from eqdarts.data.header import check_header, warn_of_nameless
from eqdarts.data.missing import FEWER_COLUMNS, HOW_TO_DROP, Missing, words_in
from eqdarts.data.parquet import is_parquet, parquet_chunks, parquet_columns, parquet_rows
from eqdarts.data.table import CHUNK_ROWS, Table
from eqdarts.data.units import Headings
from eqdarts.errors import InputDataError, check_range

_CHUNK_VALUES = 20_000_000  # of a file's chunk at the most (160 MB): that of a wide table has fewer rows
_BYTES = 8  # of a number in a CSV file, with its delimiter
_AS_FOUND, _ERRORS, _NO_HEADINGS = FileFormat(), Missing(), Headings((), (), {})
#: Of some rows of a file: arrays of numbers without gaps, or whatever a column holds.
Columns = Sequence[pd.Series | np.ndarray]


class Source(Protocol):
    """A table that can be read again and again, from its first row to its last."""

    @property
    def names(self) -> tuple[str, ...]:
        """The d columns of X."""
        ...

    @property
    def target(self) -> str: ...

    @property
    def size(self) -> int:
        """About how many numbers it holds."""
        ...

    def chunks(self) -> Iterator[Table]:
        """All rows; numbers are finite."""
        ...


class Derived:
    """A table made of another one, with its columns, its target and its length unless it says otherwise.

    Attributes
    ----------
    source : Source
        The other one.
    """

    source: Source

    @property
    def names(self) -> tuple[str, ...]:
        return self.source.names

    @property
    def target(self) -> str:
        return self.source.target

    @property
    def size(self) -> int:
        return self.source.size


@dataclass(frozen=True, eq=False)
class FileSource:
    """Some columns of a CSV or Parquet file.

    Attributes
    ----------
    path : Path
    names : tuple of str
    target : str
    places : tuple of int
        Of these columns and then of the target in the file.
    chunk_rows : int
    dialect : Dialect or None
        Of a CSV file.
    missing : Missing
    headings : Headings
        Of all columns, with their units.
    """

    path: Path
    names: tuple[str, ...]
    target: str
    places: tuple[int, ...]
    chunk_rows: int
    dialect: Dialect | None = None
    missing: Missing = _ERRORS
    headings: Headings = _NO_HEADINGS
    _left_out: dict[int, int] = field(default_factory=dict, compare=False)  # rows by where their chunk begins

    @property
    def rows_left_out(self) -> int:
        """Rows with missing cells that were left out, as far as the file has been read."""
        return sum(self._left_out.values())

    @property
    def is_parquet(self) -> bool:
        return self.dialect is None

    @property
    def size(self) -> int:
        if self.is_parquet:
            return parquet_rows(self.path) * (len(self.names) + 1)
        return self.path.stat().st_size // _BYTES

    def chunks(self) -> Iterator[Table]:
        """All rows.

        Raises
        ------
        InputDataError
            Naming the file, the column and the row, counted from 1 below the header.
        """
        columns, start, kept = (*self.names, self.target), 0, 0
        for found in self._columns():
            rows = len(found[0])
            numbers = np.empty((len(columns), rows))  # each column in one piece, as it is read and worked with
            for k, column in enumerate(found):
                values, text = self.missing.numbers(column)
                if text is not None:
                    raise _not_a_number(
                        self.path, columns[k], column, text, start, self.missing, True, k == len(self.names)
                    )
                numbers[k] = values
            if not _all_finite(numbers):
                numbers = self._without_gaps(numbers, columns, start)
            start, kept = start + rows, kept + numbers.shape[1]
            if numbers.size:
                yield Table(numbers[:-1].T, numbers[-1], self.names, self.target)
        if kept < 2:
            raise InputDataError(f"{self.path}: {kept} rows without a missing cell; {FEWER_COLUMNS}")

    def _columns(self) -> Iterator[Columns]:
        if self.dialect is None:
            full = self.headings.full
            return parquet_chunks(self.path, [full[place] for place in self.places], self.chunk_rows)
        return column_chunks(self.path, self.dialect, self.places, self.chunk_rows, self.missing)

    def _without_gaps(self, numbers: np.ndarray, columns: Sequence[str], start: int) -> np.ndarray:
        """The rows that have no missing cells, if those are to be left out."""
        bad = np.isinf(numbers) if self.missing.drop else ~np.isfinite(numbers)
        if bad.any():
            row, column = (int(k) for k in np.argwhere(bad.T)[0])
            raise InputDataError(
                f"{self.path}: column {columns[column]!r}: row {start + row + 1} below the header is empty, NaN or "
                f"infinity; fill it, or drop it ({HOW_TO_DROP})"
            )
        kept = ~np.isnan(numbers).any(axis=0)
        self._left_out[start] = int((~kept).sum())
        return numbers[:, kept]


def _all_finite(numbers: np.ndarray) -> bool:
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(numbers.sum())) or bool(np.isfinite(numbers).all())  # mostly, one pass shows it


def _not_a_number(
    path: Path,
    name: str,
    column: pd.Series | np.ndarray,
    row: int,
    start: int,
    missing: Missing,
    chosen: bool,
    is_target: bool = False,
) -> InputDataError:
    cell = column.iloc[row] if isinstance(column, pd.Series) else column[row]
    labels = words_in(column, missing) if is_target else ()
    place = f"{shown_cell(cell)} in row {start + row + 1} below the header"
    return InputDataError(f"{path}: {not_a_number(name, cell, place, missing, chosen, labels)}")


def open_table(
    path: str | Path,
    target: str,
    features: Sequence[str] | None = None,
    chunk_rows: int = CHUNK_ROWS,
    form: FileFormat = _AS_FOUND,
    missing: Missing = _ERRORS,
) -> FileSource:
    """A CSV file with a header line, or a Parquet file, whose rows are read in chunks.

    Parameters
    ----------
    path : str or Path
        Ending in .parquet or .pq, it is read as Parquet, which needs pyarrow; otherwise as CSV, which may be
        compressed (.gz, .bz2, .zip, .xz).
    target : str
        The column to explain.
    features : sequence of str, optional
        The columns to explain it with; by default all others that have a name. Those without are left out with a
        `SearchWarning`.
    chunk_rows : int
        Rows of a chunk, at least 2; fewer if the file has hundreds of columns.
    form : FileFormat
        What is known of a CSV file. The rest is found out, and a `SearchWarning` says what is not as usual.
    missing : Missing
        Which cells count as missing, and whether their rows are left out.

    Raises
    ------
    InputDataError
        Naming the file and the column.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "planets.csv"
    ...     _ = path.write_text("axis,period\\n0.39,0.24\\n1,1\\n5.2,11.9\\n")
    ...     source = open_table(path, "period", chunk_rows=2)
    ...     [chunk.y.tolist() for chunk in source.chunks()]
    [[0.24, 1.0], [11.9]]
    """
    path = Path(path)
    check_range("chunk_rows", chunk_rows, 2, integer=True)
    if not path.is_file():
        raise InputDataError(f"{path}: {'a folder' if path.is_dir() else 'no such file'}; check the path")
    if is_parquet(path):
        dialect, header = None, tuple(parquet_columns(path))
    else:
        dialect = dialect_of(path, form, missing)
        header, missing = dialect.header, missing.written(dialect.numerals)
    headings = Headings.of(header)
    full, header, target = header, headings.names, headings.name(target)
    if features is not None and not isinstance(features, str):
        features = tuple(map(headings.name, features))
    check_header(str(path), [name for name in header if name], target, features)
    rows = min(int(chunk_rows), max(2, _CHUNK_VALUES // len(header)))
    if dialect is None:
        parts: Iterator[Columns] = parquet_chunks(path, full, rows)
    else:
        parts = column_chunks(path, dialect, range(len(header)), rows, missing)
    first = next(parts, [])
    count = len(first[0]) if first else 0
    if count < 2:
        raise InputDataError(f"{path}: {count} rows of data; an equation needs at least two")
    names = _numeric(path, header, first, target, missing) if features is None else tuple(features)
    check_names(names, target)
    used = tuple(header.index(name) for name in (*names, target))
    return FileSource(path, names, target, used, rows, dialect, missing, headings)


def _numeric(path: Path, header: Sequence[str], first: Columns, target: str, missing: Missing) -> tuple[str, ...]:
    """The named columns but for the target, which hold numbers in the first chunk; a warning names the others."""
    names: list[str] = []
    for place, name in enumerate(header):
        if name and name != target:
            _, text = missing.numbers(first[place])
            if text is not None:
                raise _not_a_number(path, name, first[place], text, 0, missing, False)
            names.append(name)
    warn_of_nameless(str(path), header)
    if not names:
        raise InputDataError(f"{path}: no column of numbers besides the target {target!r}; add one")
    return tuple(names)
