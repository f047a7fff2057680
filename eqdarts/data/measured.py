"""Tables read in chunks with the weights that errors give their rows: a column holds them, or they go by a law."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from eqdarts.data.cells import checked_errors
from eqdarts.data.chunks import Derived, Source
from eqdarts.data.columns import listed
from eqdarts.data.noise import Noise
from eqdarts.data.table import Table
from eqdarts.errors import InputDataError


@dataclass(frozen=True, eq=False)
class Measured(Derived):
    """The other columns, with weights 1/error².

    Attributes
    ----------
    source : Source
    column : str
        That with the standard deviations.

    Examples
    --------
    >>> table = Table(np.array([[1.0, 0.5], [2.0, 0.1]]), np.array([3.0, 6.0]), ("x", "u"))
    >>> [(chunk.names, chunk.weights.round(9).tolist()) for chunk in Measured(table, "u").chunks()]
    [(('x',), [4.0, 100.0])]
    """

    option: ClassVar[str] = "y_error"
    source: Source
    column: str

    def __post_init__(self) -> None:
        names, given = self.source.names, f"{self.option}={self.column!r}"
        if self.column not in names:
            raise InputDataError(f"{given}: no such column beside the target; there are {listed(names)}")
        if len(names) == 1:
            raise InputDataError(f"{given} is the only column beside the target; add others")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name in self.source.names if name != self.column)

    def chunks(self) -> Iterator[Table]:
        place, start = self.source.names.index(self.column), 0
        for chunk in self.source.chunks():
            weights = self._weights(chunk.X[:, place], start)
            start += len(chunk)
            yield replace(chunk, X=np.delete(chunk.X, place, axis=1), names=self.names, weights=weights)

    def _weights(self, given: np.ndarray, start: int) -> np.ndarray:
        return checked_errors(given, len(given), start) ** -2.0


@dataclass(frozen=True, eq=False)
class Weighted(Measured):
    """The other columns, with the weights that one of them holds.

    Examples
    --------
    >>> table = Table(np.array([[1.0, 0.5], [2.0, 0.0]]), np.array([3.0, 6.0]), ("x", "w"))
    >>> [(chunk.names, chunk.weights.tolist()) for chunk in Weighted(table, "w").chunks()]
    [(('x',), [0.5, 0.0])]
    """

    option: ClassVar[str] = "weights"

    def _weights(self, given: np.ndarray, start: int) -> np.ndarray:
        bad = ~(np.isfinite(given) & (given >= 0))
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise InputDataError(f"weights: {given[row]} (row {start + row}); weights must be finite and not negative")
        return given


@dataclass(frozen=True, eq=False)
class Weighed(Derived):
    """The same rows, with the weights that a form of noise gives them at the values of a law.

    Attributes
    ----------
    source : Source
    noise : Noise
    law : callable
        Its values [n] at rows X [n, d].

    Examples
    --------
    >>> table = Table(np.array([[1.0], [2.0], [4.0]]), np.array([2.9, 6.1, 12.5]), ("x",))
    >>> weighed = Weighed(table, Noise("proportional", unit=3.0), lambda X: 3 * X[:, 0])
    >>> [chunk.weights.tolist() for chunk in weighed.chunks()]
    [[1.0, 0.25, 0.0625]]
    """

    source: Source
    noise: Noise
    law: Callable[[np.ndarray], np.ndarray]

    def chunks(self) -> Iterator[Table]:
        return (self.noise.weigh(chunk, self.law(chunk.X)) for chunk in self.source.chunks())
