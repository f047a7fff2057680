"""The cells of a table as they stand in its file, for commands that give it back or look for names in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from eqdarts.cli.reading import Reading
from eqdarts.errors import InputDataError, warn
from eqdarts.formula.visible import as_cell

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from eqdarts.data.grid import Grid


@dataclass(frozen=True, eq=False)
class Cells:
    """Rows of a file, and columns of numbers that were added to them.

    Attributes
    ----------
    grid : Grid
        All rows of the file.
    rows : int array
        Which of them are here.
    added : dict of str to array
        Numbers or texts, one for each of the rows.
    """

    grid: Grid
    rows: np.ndarray
    added: Mapping[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def path(self) -> str:
        """Of the file."""
        return self.grid.path

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns, without units; one of the file may be empty."""
        return (*self.grid.header, *self.added)

    @property
    def spellings(self) -> tuple[str, ...]:
        """The names, and those of the file with the units that the header has behind them."""
        return tuple(dict.fromkeys((*self.names, *self.grid.headings.full)))

    def has(self, name: str) -> bool:
        """Is there such a column, or one of labels of which it is made?"""
        from eqdarts.data.indicators import label_column

        return name in self.spellings or label_column(name, self.names) is not None

    def warn_of_other_units(self, known: Mapping[str, str]) -> None:
        """Say which columns have another unit in the header than those in which a law was fitted."""
        here = self.grid.headings.units
        for name in (name for name in known if name in here and here[name] != known[name]):
            warn(
                f"{self.path}: {name!r} is in {here[name]!r}, and the law was fitted with it in {known[name]!r}; "
                "numbers are taken as they are, so convert them unless the two are the same"
            )

    def numbers(self, columns: Sequence[str]) -> tuple[pd.DataFrame, Cells]:
        """These columns as numbers, and the cells of the same rows: those with missing cells are left out if asked."""
        import numpy as np
        import pandas as pd

        read = {name: self.grid.numbers(name) for name in columns}
        found = pd.DataFrame(read, index=range(len(self.grid.cells))).iloc[self.rows].reset_index(drop=True)
        kept = np.flatnonzero(~found.isna().any(axis=1))
        if len(kept) == len(self):
            return found, self
        warn(f"{self.path}: left out {len(self) - len(kept)} of {len(self)} rows, which have missing cells")
        if not len(kept):
            raise InputDataError(f"{self.path}: every row has a missing cell in one of {', '.join(columns)}")
        return found.iloc[kept].reset_index(drop=True), replace(self, rows=self.rows[kept])

    def numbers_or_none(self, column: str) -> np.ndarray | None:
        """A column as numbers, NaN where a cell is missing; None if there is none such, or it holds something else."""
        found = self.grid.numbers_or_none(column)
        return None if found is None else found[self.rows]

    def where(self, row: int) -> str:
        """Where one of these rows stands in the file, such as ``line 17``."""
        return self.grid.where(int(self.rows[row]))

    def with_columns(self, columns: Mapping[str, np.ndarray]) -> Cells:
        """With more columns, of numbers, on the right."""
        return replace(self, added={**self.added, **columns})

    def table(self, columns: Sequence[str] | None = None, most: int | None = None) -> list[list[str]]:
        """The first rows, of these columns or of all, as texts: numbers have all their digits."""
        header = self.grid.header
        places = range(len(header)) if columns is None else [header.index(c) for c in columns if c in header]
        added = [name for name in self.added if columns is None or name in columns]
        rows = self.rows[:most]
        given = [[_text(cell) for cell in self.grid.cells.iloc[rows, place]] for place in places]
        new = [[self._written(value) for value in self.added[name][:most]] for name in added]
        return [[*cells] for cells in zip(*given, *new, strict=True)]

    def csv(self) -> str:
        """As CSV in which no cell is a formula to a spreadsheet; with semicolons where the file has decimal commas."""
        text = io.StringIO()
        writer = csv.writer(text, delimiter="," if self._point == "." else ";", lineterminator="\n")
        writer.writerow(map(as_cell, (*self.grid.headings.full, *self.added)))
        is_number = self.grid.missing.number
        for row in self.table():
            writer.writerow(cell if is_number(cell) is not None else as_cell(cell) for cell in row)
        return text.getvalue()

    @property
    def _point(self) -> str:
        return self.grid.missing.numerals.decimal

    def _written(self, value: float | str) -> str:
        if isinstance(value, str):
            return value
        return "" if value != value else repr(float(value)).replace(".", self._point)


def _text(cell: object) -> str:
    return "" if cell is None or cell != cell else str(cell)


@contextmanager
def cells_of(path: Path, reading: Reading) -> Iterator[Cells]:
    """All cells of a file; within the context an error can say in which line a cell stands."""
    import numpy as np

    from eqdarts.data import read_cells

    with read_cells(path, reading.form(), reading.missing()) as grid:
        yield Cells(grid, np.arange(len(grid.cells)), {})
