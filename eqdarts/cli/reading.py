"""Options that describe a file, and the reading of a table for a command."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer

from eqdarts.cli.completing import columns as named_columns
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
        "--y-error",
        "--errors",
        metavar="COLUMN",
        autocompletion=named_columns,
        help="A column with the standard deviation of the error of each row.",
        rich_help_panel=PANEL,
    ),
]
Weights = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        autocompletion=named_columns,
        help="A column with the weight of each row; one of 2 counts like two.",
        rich_help_panel=PANEL,
    ),
]
LogTarget = Annotated[
    bool,
    typer.Option("--log-target", help="Explain the natural logarithm of the target instead.", rich_help_panel=PANEL),
]
OneHot = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN",
        autocompletion=named_columns,
        help="A column of labels, to be columns of 0 and 1 such as 'species = setosa'; may be repeated.",
        rich_help_panel=PANEL,
    ),
]
Groups = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        autocompletion=named_columns,
        help="A column of labels of groups: one form for all, with constants that are shared or a group's own.",
        rich_help_panel=PANEL,
    ),
]


_NAMED = 6  # labels in a message
Classes = Annotated[
    bool | None,
    typer.Option(
        "--classes/--no-classes",
        help="Is the target a class, to be told by its probability?  [if there is no number in it]",
        show_default=False,
        rich_help_panel=PANEL,
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
    sheet: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of a spreadsheet; a name, or a number from 0.  [the first]")
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

        return FileFormat(self.delimiter, self.decimal, self.thousands, self.encoding, self.sheet)

    def missing(self) -> Missing:
        """What becomes of missing cells."""
        from eqdarts.data import Missing

        return Missing.of(self.na or (), self.drop_missing)


def names(option: str, text: str | None) -> tuple[str, ...] | None:
    """Names separated by commas; one that contains a comma is quoted, as in a CSV file."""
    if text is None:
        return None
    try:
        found = tuple(name.strip() for row in csv.reader([text], skipinitialspace=True) for name in row)
    except csv.Error:  # an end of line that is not quoted, or a name beyond what csv reads
        found = ()
    if not found or not all(found):
        raise InputDataError(f"{option} {text!r}: expected names separated by commas")
    return found


def is_streamed(file: Path) -> bool:
    """Is it read in chunks, as it is no plain text or too large to be read at once?"""
    return file.suffix.lower() in _STREAMED or (file.is_file() and file.stat().st_size > _LARGE)


def read_rows(
    file: Path,
    targets: Sequence[str],
    columns: tuple[str, ...] | None,
    reading: Reading,
    y_error: str | None = None,
    weights: str | None = None,
    one_hot: Sequence[str] = (),
    groups: str | None = None,
    classes: bool | None = False,
) -> tuple[pd.DataFrame, Any, dict[str, pd.Series]]:
    """X, y, and the columns that `fit` takes beside them, from a file that is read at once.

    y is a table of several targets, or the column of one. classes: is it of labels; None: if there is no number in it
    """
    from eqdarts import data

    beside = {"y_error": y_error, "sample_weight": weights, "groups": groups}
    named = {option: name for option, name in beside.items() if name is not None}
    target, *more = targets
    X, y, others = data.read_rows(
        file, target, columns, reading.form(), reading.missing(), (*more, *named.values()), one_hot, groups, classes
    )
    beside_rows = {option: others.iloc[:, len(more) + k] for k, option in enumerate(named)}
    if not more:
        return X, y, beside_rows
    both = others.iloc[:, : len(more)].copy()
    both.insert(0, y.name, y.to_numpy())
    return X, both, beside_rows


def check_beside(
    columns: tuple[str, ...] | None, y_error: str | None, weights: str | None, groups: str | None = None
) -> None:
    """Refuse a column of errors, weights or groups that has another role."""
    if y_error is not None and weights is not None:
        raise InputDataError("--weights and --y-error are both given; 1/error² is the weight of a row, so give one")
    for option, name in (("--y-error", y_error), ("--weights", weights), ("--groups", groups)):
        if name is not None and columns is not None and name in columns:
            raise InputDataError(f"{option} {name!r} is among --features too; name it in one of them")


def check_no_number(options: Mapping[str, Any], labels: Sequence[Any] = ()) -> None:
    """Refuse options about the numbers of a target that is a class. labels: of the target"""
    named = f" ({', '.join(repr(str(label)) for label in labels)})" if 0 < len(labels) <= _NAMED else ""
    for option, value in options.items():
        if value:
            raise InputDataError(
                f"{option} is of a target that is a number, and this one is a class{named}, which is told by its "
                "probability without it; leave it out"
            )
