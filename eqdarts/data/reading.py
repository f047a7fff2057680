"""A file of any kind → a table in memory: text with cells, a spreadsheet, or a Parquet file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from eqdarts.data.csv import dialect_of, grid_of
from eqdarts.data.dialect import Dialect, FileFormat
from eqdarts.data.grid import Grid
from eqdarts.data.local import plain_file
from eqdarts.data.missing import Missing
from eqdarts.data.parquet import is_parquet, parquet_frame
from eqdarts.data.table import Table
from eqdarts.data.units import Headings
from eqdarts.errors import InputDataError, listed_names

_AS_FOUND, _ERRORS = FileFormat(), Missing()


def read_table(
    path: str | Path,
    columns: Sequence[str] | None = None,
    *,
    delimiter: str | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    encoding: str | None = None,
    sheet: str | int | None = None,
    na: str | Sequence[str] = (),
    drop_missing: bool = False,
    one_hot: Sequence[str] = (),
) -> pd.DataFrame:
    """Read a table as it is: CSV in any dialect, compressed or not, a spreadsheet (.xlsx) or a Parquet file.

    Parameters
    ----------
    path : str or Path
        A file with a header line; ``"-"`` is standard input.
    columns : sequence of str, optional
        Names of the columns to read, with or without their units; by default all that have a name.
    delimiter, decimal, thousands, encoding : str, optional
        Of a text file: one character that separates cells (a space for runs of spaces), "." or ",", what stands
        between thousands (",", ".", " ", "'" or ""), and the encoding. What is not given is found out from the first
        lines, and a `SearchWarning` says what is not as usual.
    sheet : str or int, optional
        Of a spreadsheet; by default the first.
    na : str or sequence of str
        Cells to be read as missing, besides the usual ones (empty, NA, NaN, null, none).
    drop_missing : bool
        Leave out rows with missing cells; a `SearchWarning` says how many.
    one_hot : sequence of str
        Columns of labels, which become columns of 0 and 1; see `one_hot`.

    Returns
    -------
    DataFrame
        Columns of numbers, with NaN where they are missing, and of text. Units that the header has in brackets, as in
        ``r [m]``, are taken off the names and stand in ``attrs["units"]``, from where `DARTSRegressor.fit` takes them.

    Raises
    ------
    InputDataError
        In one line: the file, the column or line, what stands there, and the way out.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "planets.csv"
    ...     _ = path.write_text("planet;axis [AU];period [yr]\\nVenus;0,72;0,62\\nEarth;1;1\\n")
    ...     table = read_table(path, delimiter=";", decimal=",")
    >>> print(table)
      planet  axis  period
    0  Venus  0.72    0.62
    1  Earth  1.00    1.00
    >>> table.attrs["units"]
    {'axis': 'AU', 'period': 'yr'}
    """
    form, missing = FileFormat(delimiter, decimal, thousands, encoding, sheet), Missing.of(na, drop_missing)
    wanted = None if columns is None else listed_names("columns", columns)
    labels = (one_hot,) if isinstance(one_hot, str) else listed_names("one_hot", one_hot)
    with plain_file(path, form) as (file, known):
        return _grid(file, known, missing).everything(wanted, labels)


def dialect(path: str | Path, form: FileFormat = _AS_FOUND) -> Dialect:
    """How a text file is read: its header, what separates its cells, how numbers are written, and what was found out.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "run.csv"
    ...     _ = path.write_text("t [s];U [V]\\n0,1;2,5\\n")
    ...     print(dialect(path))
    cells separated by ';', decimal commas
    """
    with plain_file(path, form) as (file, known):
        return dialect_of(file, known, _ERRORS, say=False)


def read_rows(
    path: str | Path,
    target: str,
    features: Sequence[str] | None = None,
    form: FileFormat = _AS_FOUND,
    missing: Missing = _ERRORS,
    beside: Sequence[str] = (),
    one_hot: Sequence[str] = (),
    groups: str | None = None,
    classes: bool | None = False,
) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame]:
    """Read X, y, and columns that belong to rows, such as their errors or weights.

    Parameters
    ----------
    path : str or Path
    target : str
        The column to explain.
    features : sequence of str, optional
        The columns to explain it with; by default all others that have a name. Those without are left out with a
        `SearchWarning`.
    form : FileFormat
        What is known of the file. The rest is found out, and a `SearchWarning` says what is not as usual.
    missing : Missing
        Which cells count as missing, and whether their rows are left out, with a `SearchWarning` that says how many.
    beside : sequence of str
        Columns that are returned on their own, under the names of the file.
    one_hot : sequence of str
        Columns of labels, which become columns of 0 and 1.
    groups : str, optional
        One of `beside`, which holds labels.
    classes : bool, optional
        Is the target a column of labels? None: if there is no number in it.

    Returns
    -------
    X : DataFrame
        Booleans become 0 and 1. Units are in its ``attrs``.
    y : Series
    beside : DataFrame

    Raises
    ------
    InputDataError
        In one line: the file, the column or line, what stands there, and the way out.
    """
    with plain_file(path, form) as (file, known):
        grid = _grid(file, known, missing)
        labels = grid.has_only_words(target) if classes is None else classes
        return grid.rows(target, features, beside, one_hot, groups, labels)


def read_csv(
    path: str | Path,
    target: str,
    features: Sequence[str] | None = None,
    form: FileFormat = _AS_FOUND,
    missing: Missing = _ERRORS,
) -> Table:
    """The same as a `Table`.

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
    X, y, _ = read_rows(path, target, features, form, missing)
    return Table(X.to_numpy(dtype=np.float64), y.to_numpy(), tuple(X.columns), str(y.name))


def read_frame(
    path: str | Path,
    targets: Sequence[str],
    features: Sequence[str] | None = None,
    by: Sequence[str] = (),
    form: FileFormat = _AS_FOUND,
    missing: Missing = _ERRORS,
) -> pd.DataFrame:
    """Read several targets, and columns that make groups, from a file with a header line.

    Parameters
    ----------
    path, features, form, missing
        As in `read_rows`; but rows to be left out are still there, with NaN.
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
        As `read_rows` does.
    """
    with plain_file(path, form) as (file, known):
        return _grid(file, known, missing).frame(tuple(targets), features, tuple(by))


@contextmanager
def read_cells(path: str | Path, form: FileFormat = _AS_FOUND, missing: Missing = _ERRORS) -> Iterator[Grid]:
    """All cells of a file with a header line, as they stand there.

    Within the context an error can say in which line a cell stands.
    """
    with plain_file(path, form) as (file, known):
        yield _grid(file, known, missing)


def _grid(path: Path, form: FileFormat, missing: Missing) -> Grid:
    if is_parquet(path):
        cells = parquet_frame(path)
        header = tuple(map(str, cells.columns))
        return Grid(form.name or str(path), Headings.of(header), cells, missing, lambda row: f"row {row + 1}")
    if path.is_dir():
        raise InputDataError(f"{path}: cannot be read: it is a folder; check the path")
    found = dialect_of(path, form, missing)
    return grid_of(path, found, missing.written(found.numerals), form.name)
