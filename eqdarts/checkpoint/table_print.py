"""What is kept of a table to know it again, without its numbers: which column differs, and in how many rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from eqdarts.data.columns import listed
from eqdarts.data.table import Table

_MOST_CELLS = 4_000_000  # of a table of which every cell is remembered, by two bytes
_MIX = np.uint64(0x9E3779B97F4A7C15)  # the golden ratio: Knuth's multiplicative hash


@dataclass(frozen=True, eq=False)
class TablePrint:
    """A table, as far as it takes to say what another one has otherwise.

    Attributes
    ----------
    names : tuple of str
    target : str
    rows : int
    weighed : str
        Where weights of rows came from: "" if all count alike, "sample_weight" or "y_error".
    hashes : tuple of bytes
        Of each column, the target, and the weights.
    cells : uint16 array [n, d + 2], or None
        A hash of every number of these; None of a very large table.
    """

    names: tuple[str, ...]
    target: str
    rows: int
    weighed: str
    hashes: tuple[bytes, ...]
    cells: np.ndarray | None

    @classmethod
    def of(cls, table: Table, weighed: str = "") -> TablePrint:
        """That of a table as a fit was given it.

        Examples
        --------
        >>> before = Table(np.arange(6.0).reshape(3, 2), np.arange(3.0), ("u", "v"))
        >>> now = Table(before.X + [0, 1], before.y, before.names)
        >>> list(TablePrint.of(before).differences(TablePrint.of(now)))
        ["column 'v' differs in 3 rows"]
        """
        weights = np.ones(len(table)) if table.weights is None else table.weights
        numbers = np.column_stack([table.X, table.y, weights]).astype(np.float64) + 0.0  # of −0 and 0 the same
        bits = numbers.view(np.uint64)
        hashes = tuple(hashlib.sha256(column.tobytes()).digest()[:16] for column in bits.T)
        with np.errstate(over="ignore"):
            cells = ((bits ^ (bits >> np.uint64(29))) * _MIX >> np.uint64(48)).astype(np.uint16)
        kept = cells if cells.size <= _MOST_CELLS else None
        return cls(table.names, table.target, len(table), "" if table.weights is None else weighed, hashes, kept)

    def differences(self, other: TablePrint) -> Iterator[str]:
        """What another table has otherwise, in words; nothing if it is the same."""
        if self.names != other.names:
            yield f"the columns were {listed(self.names)}, and are {listed(other.names)}"
        if self.target != other.target:
            yield f"the target was {self.target!r}, and is {other.target!r}"
        if self.rows != other.rows:
            yield f"it had {self.rows} rows, and has {other.rows}"
        if self.weighed != other.weighed:
            yield f"rows were weighed by {self.weighed or 'nothing'}, and are by {other.weighed or 'nothing'}"
        if self.names == other.names and self.rows == other.rows:
            what = (*(f"column {name!r} differs" for name in self.names), "the target differs", "the weights differ")
            for place, text in enumerate(what):
                if self.hashes[place] != other.hashes[place]:
                    yield f"{text}{self._where(other, place)}"

    def _where(self, other: TablePrint, place: int) -> str:
        if self.cells is None or other.cells is None or self.cells.shape != other.cells.shape:
            return ""
        rows = int((self.cells[:, place] != other.cells[:, place]).sum())
        return "" if not rows else f" in {rows} row{'s' * (rows > 1)}"
