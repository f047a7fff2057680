"""A table one of whose columns holds the errors of the target, read in chunks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from eqdarts.data.cells import checked_errors
from eqdarts.data.chunks import Source
from eqdarts.data.columns import listed
from eqdarts.data.table import Table
from eqdarts.errors import InputDataError


@dataclass(frozen=True, eq=False)
class Measured:
    """The other columns, with weights 1/error².

    Attributes
    ----------
    source : Source
    errors : str
        The column with the standard deviations.

    Examples
    --------
    >>> table = Table(np.array([[1.0, 0.5], [2.0, 0.1]]), np.array([3.0, 6.0]), ("x", "u"))
    >>> [(chunk.names, chunk.weights.round(9).tolist()) for chunk in Measured(table, "u").chunks()]
    [(('x',), [4.0, 100.0])]
    """

    source: Source
    errors: str

    def __post_init__(self) -> None:
        names = self.source.names
        if self.errors not in names:
            raise InputDataError(
                f"y_error={self.errors!r}: no such column beside the target; there are {listed(names)}"
            )
        if len(names) == 1:
            raise InputDataError(f"y_error={self.errors!r} is the only column beside the target; add others")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name in self.source.names if name != self.errors)

    @property
    def target(self) -> str:
        return self.source.target

    @property
    def size(self) -> int:
        return self.source.size

    def chunks(self) -> Iterator[Table]:
        place, start = self.source.names.index(self.errors), 0
        for chunk in self.source.chunks():
            errors = checked_errors(chunk.X[:, place], len(chunk), start)
            start += len(chunk)
            yield replace(chunk, X=np.delete(chunk.X, place, axis=1), names=self.names, weights=errors**-2.0)
