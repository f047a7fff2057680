"""The first rows of a table, for a search that does not wait until the table has been read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from eqdarts.data.chunks import Derived, Source
from eqdarts.data.table import Table


@dataclass(frozen=True, eq=False)
class Head(Derived):
    """So many first rows that count, which are those with a positive weight.

    Examples
    --------
    >>> table = Table(np.zeros((6, 1)), np.arange(6.0), weights=np.array([1.0, 0, 1, 1, 1, 1]))
    >>> [chunk.y.tolist() for chunk in Head(table, 3).chunks()]
    [[0.0, 2.0, 3.0]]
    """

    source: Source
    rows: int

    @property
    def size(self) -> int:
        return min(self.source.size, self.rows * (len(self.names) + 1))

    def chunks(self) -> Iterator[Table]:
        left = self.rows
        for chunk in self.source.chunks():
            used = np.arange(len(chunk)) if chunk.weights is None else np.flatnonzero(chunk.weights > 0)
            used = used[:left]
            if len(used):
                yield chunk.rows(used)
            left -= len(used)
            if not left:
                return
