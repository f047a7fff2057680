"""The first rows of a table, for a search that does not wait until the table has been read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from eqdarts.data.chunks import Chunk, Source


@dataclass(frozen=True, eq=False)
class Head:
    """So many first rows that count, which are those with a positive weight.

    Examples
    --------
    >>> from eqdarts.data.chunks import ArraySource
    >>> X = np.arange(6.0)[:, None]
    >>> source = ArraySource(X, X[:, 0], ("x",), "y", np.array([1.0, 0, 1, 1, 1, 1]), chunk_rows=2)
    >>> [chunk.y.tolist() for chunk in Head(source, 3).chunks()]
    [[0.0], [2.0, 3.0]]
    """

    source: Source
    rows: int

    @property
    def names(self) -> tuple[str, ...]:
        return self.source.names

    @property
    def target(self) -> str:
        return self.source.target

    @property
    def size(self) -> int:
        return min(self.source.size, self.rows * (len(self.names) + 1))

    def chunks(self) -> Iterator[Chunk]:
        left = self.rows
        for chunk in self.source.chunks():
            used = np.arange(len(chunk)) if chunk.weights is None else np.flatnonzero(chunk.weights > 0)
            used = used[:left]
            if len(used):
                yield Chunk(chunk.X[used], chunk.y[used], None if chunk.weights is None else chunk.weights[used])
            left -= len(used)
            if not left:
                return
