"""Options that describe a file, and the reading of a table for a command."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from eqdarts.errors import InputDataError

if TYPE_CHECKING:
    import pandas as pd

    from eqdarts.data import FileFormat, Missing

_STREAMED = (".parquet", ".pq", ".gz", ".bz2", ".zip", ".xz")
_LARGE = 64 * 2**20  # bytes from which a CSV file is read in chunks rather than at once

PANEL = "The table"

Features = Annotated[
    str | None,
    typer.Option(metavar="A,B,…", help="Columns to explain it with; by default all others.", rich_help_panel=PANEL),
]
YError = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN", help="A column with the standard deviation of the error of each row.", rich_help_panel=PANEL
    ),
]


@dataclass(frozen=True)
class Reading:
    """How the cells of a file are read."""

    PANEL: ClassVar[str] = PANEL
    delimiter: Annotated[
        str | None,
        typer.Option(
            metavar="CHARACTER",
            help="What separates the cells; \\t is a tab, and a space any number of them.  [found out]",
        ),
    ] = None
    decimal: Annotated[
        str | None, typer.Option(metavar="MARK", help="Decimal mark, a point or a comma.  [found out]")
    ] = None
    thousands: Annotated[
        str | None, typer.Option(metavar="MARK", help="What stands between thousands: , . ' or a space.  [found out]")
    ] = None
    encoding: Annotated[
        str | None, typer.Option(metavar="NAME", help="Encoding of the file, such as cp1252.  [found out]")
    ] = None
    na: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="Cells to be read as missing, such as '<LOD'; may be repeated."),
    ] = None
    drop_missing: Annotated[
        bool, typer.Option("--drop-missing", help="Leave out rows with missing cells, and say how many.")
    ] = False

    def form(self) -> FileFormat:
        """What is known of the file."""
        from eqdarts.data import FileFormat

        return FileFormat(self.delimiter, self.decimal, self.thousands, self.encoding)

    def missing(self) -> Missing:
        """What becomes of missing cells."""
        from eqdarts.data import Missing

        return Missing.of(self.na or (), self.drop_missing)


def names(option: str, text: str | None) -> tuple[str, ...] | None:
    """Names separated by commas; one that contains a comma is quoted, as in a CSV file."""
    if text is None:
        return None
    found = tuple(name.strip() for row in csv.reader([text], skipinitialspace=True) for name in row)
    if not found or not all(found):
        raise InputDataError(f"{option} {text!r}: expected names separated by commas")
    return found


def is_streamed(file: Path) -> bool:
    """Is it read in chunks, as it is no plain text or too large to be read at once?"""
    return file.suffix.lower() in _STREAMED or (file.is_file() and file.stat().st_size > _LARGE)


def read_rows(
    file: Path, target: str, columns: tuple[str, ...] | None, y_error: str | None, reading: Reading
) -> tuple[pd.DataFrame, pd.Series, pd.Series | None]:
    """X, y and the errors of y, if there are any, from a file that is read at once."""
    import pandas as pd

    from eqdarts.data import read_csv

    table = read_csv(file, target, _and(columns, y_error), reading.form(), reading.missing())
    X, y = pd.DataFrame(table.X, columns=list(table.names)), pd.Series(table.y, name=target)
    return X, y, None if y_error is None else _taken(X, y_error, columns)


def _and(columns: tuple[str, ...] | None, name: str | None) -> tuple[str, ...] | None:
    """The columns, if not all are meant, and one more."""
    return columns if columns is None or name is None or name in columns else (*columns, name)


def _taken(X: pd.DataFrame, y_error: str, columns: tuple[str, ...] | None) -> pd.Series:
    """The column of errors, which is taken out of the table."""
    if columns is not None and y_error in columns:
        raise InputDataError(f"--y-error {y_error!r} is among --features too; name it in one of them")
    if y_error not in X:
        raise InputDataError(
            f"--y-error {y_error!r}: no such column beside the target; there are {', '.join(map(str, X))}"
        )
    return X.pop(y_error)
