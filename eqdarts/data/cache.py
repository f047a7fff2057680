"""The numbers of a CSV file in a temporary file, so that its text is parsed once and not in every pass."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from types import TracebackType
from typing import IO

import numpy as np

from eqdarts.data.chunks import Derived, FileSource, Source
from eqdarts.data.table import Table


class CachedSource(Derived):
    """A table read from a file once; later passes read its numbers, eight bytes each, from a temporary file.

    It is a context manager, at whose end the temporary file is gone. A first pass that does not come to its end leaves
    no trace. Without a temporary folder, or on a full disk, every pass reads the text.

    Examples
    --------
    >>> import pathlib
    >>> from eqdarts.data.chunks import open_table
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "planets.csv"
    ...     _ = path.write_text("axis,period\\n0.39,0.24\\n1,1\\n5.2,11.9\\n")
    ...     with CachedSource(open_table(path, "period", chunk_rows=2)) as source:
    ...         first = [chunk.y.tolist() for chunk in source.chunks()]
    ...         path.unlink()
    ...         [chunk.y.tolist() for chunk in source.chunks()] == first
    True
    """

    def __init__(self, source: FileSource) -> None:
        self.source = source
        try:
            self._file: IO[bytes] | None = tempfile.TemporaryFile(prefix="eqdarts-")  # noqa: SIM115, closed by __exit__
        except OSError:
            self._file = None
        self._complete = False
        self._rows: list[int] = []  # of each chunk: some may be left out

    def __enter__(self) -> CachedSource:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._give_up()

    def chunks(self) -> Iterator[Table]:
        """All rows."""
        if self._file is None:
            return self.source.chunks()
        return self._again(self._file) if self._complete else self._first(self._file)

    def _first(self, file: IO[bytes]) -> Iterator[Table]:
        file.seek(0)
        file.truncate()
        self._rows = []
        for chunk in self.source.chunks():
            self._write(chunk)
            yield chunk
        self._complete = True

    def _write(self, chunk: Table) -> None:
        if self._file is None:
            return
        try:
            self._rows.append(len(chunk))
            self._file.write(np.vstack([chunk.X.T, chunk.y]).tobytes())
            self._file.flush()  # a full disk is noticed here
        except OSError:
            self._give_up()

    def _give_up(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                file.close()

    def _again(self, file: IO[bytes]) -> Iterator[Table]:
        width = len(self.names) + 1
        file.seek(0)
        for rows in self._rows:
            numbers = np.frombuffer(file.read(8 * width * rows)).reshape(width, rows)
            yield Table(numbers[:-1].T, numbers[-1], self.names, self.target)


def parsed_once(table: FileSource) -> AbstractContextManager[Source]:
    """The table for several passes: that of a CSV file through a `CachedSource`, a Parquet file as it is."""
    return nullcontext(table) if table.is_parquet else CachedSource(table)
