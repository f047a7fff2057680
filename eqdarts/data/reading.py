"""A file of any kind → a `Table` or a frame: text with cells, a Parquet file, or a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from eqdarts.data.csv import dialect_of, grid_of
from eqdarts.data.dialect import FileFormat
from eqdarts.data.grid import Grid
from eqdarts.data.missing import Missing
from eqdarts.data.table import Table
from eqdarts.data.text_file import on_disk

_AS_FOUND, _ERRORS = FileFormat(), Missing()


def read_csv(
    path: str | Path,
    target: str,
    features: Sequence[str] | None = None,
    form: FileFormat = _AS_FOUND,
    missing: Missing = _ERRORS,
) -> Table:
    """Read a `Table` from a file with a header line.

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
    with on_disk(path) as file:
        return _grid(file, form, missing).table(target, features)


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
    with on_disk(path) as file:
        return _grid(file, form, missing).frame(tuple(targets), features, tuple(by))


@contextmanager
def read_cells(path: str | Path, form: FileFormat = _AS_FOUND, missing: Missing = _ERRORS) -> Iterator[Grid]:
    """All cells of a file with a header line, as they stand there.

    Within the context an error can say in which line a cell stands.
    """
    with on_disk(path) as file:
        yield _grid(file, form, missing)


def _grid(path: Path, form: FileFormat, missing: Missing) -> Grid:
    dialect = dialect_of(path, form, missing)
    return grid_of(path, dialect, missing.written(dialect.numerals))
