"""The table: rows of numbers with names and weights, which all parts of the package hand on from `fit` to an equation.

Orientation: X [n, d] has a row per observation, as users have it; `columns` [d, n] is the same in the order in which
loops and tensors read it.

Units: a table has those in which it was made. `scaled` divides its columns and its target; it is the only place that
does, and powers of two make it exact. See `eqdarts.search.pose` for the units in which a search works.

Weights: how often each row counts, up to a common factor; None where all rows count alike. What a fit multiplies
residuals and their derivatives by are the roots of the weights.

What another room makes of a table, such as tensors or what compiled loops read, is made `once` and kept beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
import pandas as pd

CHUNK_ROWS = 200_000

P = ParamSpec("P")
V = TypeVar("V")


@dataclass(frozen=True, eq=False)
class Table:
    """Columns to explain a target with; finite numbers once they were checked.

    Attributes
    ----------
    X : float array [n, d]
    y : float array [n]
    names : tuple of str
        Of the d columns; x1, x2, ... where none are given.
    target : str
        Name of y.
    weights : float array [n] or None
        How much each row counts, not negative; None where all count alike.
    loops : bool
        Are formulas fitted to it by compiled loops? They are many times faster, once they are loaded.

    Examples
    --------
    >>> table = Table(np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]), np.array([5.0, 6.0, 7.0]))
    >>> table.names, len(table), table.rows([0, 2]).y, table.columns[1]
    (('x1', 'x2'), 3, array([5., 7.]), array([10., 20., 30.]))
    """

    X: np.ndarray
    y: np.ndarray
    names: tuple[str, ...] = ()
    target: str = "y"
    weights: np.ndarray | None = None
    loops: bool = True
    _made: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.names:
            object.__setattr__(self, "names", numbered(self.X.shape[1]))

    def __len__(self) -> int:
        return len(self.y)

    def __getstate__(self) -> dict[str, Any]:
        """Without what was made of it, which is as quickly made again."""
        return {f.name: getattr(self, f.name) for f in fields(self)} | {"_made": {}}

    @cached_property
    def columns(self) -> np.ndarray:
        """X as [d, n], each column in one piece."""
        return np.ascontiguousarray(self.X.T)

    @cached_property
    def root_weights(self) -> np.ndarray | None:
        """What residuals are multiplied by [n]; None where all rows count alike."""
        return None if self.weights is None else np.sqrt(self.weights)

    @cached_property
    def roots(self) -> np.ndarray:
        """The same, 1 where all rows count alike."""
        return np.ones(len(self)) if self.root_weights is None else self.root_weights

    def rows(self, index: Any) -> Table:
        """Some rows: their numbers, of which some may stand twice, a mask, or a slice."""
        return replace(
            self, X=self.X[index], y=self.y[index], weights=None if self.weights is None else self.weights[index]
        )

    def evenly(self, most: int) -> Table:
        """At most so many rows, evenly spread."""
        return self.rows(evenly(len(self), most)) if len(self) > most else self

    def unevenly(self, most: int) -> Table:
        """At most so many rows, spread so that fast waves do not look like slow ones."""
        return self.rows(unevenly(len(self), most)) if len(self) > most else self

    def select(self, places: Sequence[int] | np.ndarray) -> Table:
        """Only the columns at these places."""
        return replace(self, X=self.X[:, places], names=tuple(self.names[int(k)] for k in places))

    def scaled(self, x: np.ndarray, y: float) -> Table:
        """In other units: columns divided by x [d], the target by y.

        Examples
        --------
        >>> table = Table(np.array([[1.5], [7.0]]), np.array([100.0, 300.0]))
        >>> table.scaled(np.array([4.0]), 128.0).scaled(np.array([1 / 4]), 1 / 128).X.tolist()
        [[1.5], [7.0]]
        """
        return replace(self, X=self.X / x, y=self.y / y)

    def merged(self) -> Table:
        """Distinct rows with the sum of their weights, in lexicographic order.

        A row of weight 2 and the same row given twice come out alike, so a search on the result cannot tell them
        apart, and a split keeps equal rows on one side. Rows of weight 0 are left out.
        """
        weights = np.ones(len(self)) if self.weights is None else np.asarray(self.weights, dtype=np.float64)
        used = weights > 0
        rows, place = np.unique(np.column_stack([self.X, self.y])[used], axis=0, return_inverse=True)
        total = np.bincount(place.reshape(-1), weights=weights[used], minlength=len(rows))
        return replace(self, X=np.ascontiguousarray(rows[:, :-1]), y=rows[:, -1].copy(), weights=total)

    def order(self) -> np.ndarray:
        """Row numbers in lexicographic order of columns, target and weights [n].

        Sums of rows in this order are the same to the last bit, whatever the order in which the rows came.

        Examples
        --------
        >>> Table(np.array([[2.0], [1.0], [2.0]]), np.array([5.0, 9.0, 4.0])).order().tolist()
        [1, 2, 0]
        """
        return lexicographic(self.X, self.y, np.zeros(0) if self.weights is None else self.weights)

    def of_mean_weight_one(self) -> Table:
        """With weights of mean 1; without, if all are alike."""
        if self.weights is None:
            return self
        return replace(self, weights=None if np.ptp(self.weights) == 0 else self.weights / self.weights.mean())

    def copied(self) -> Table:
        """The same in arrays of its own, which nobody else changes."""
        weights = None if self.weights is None else self.weights.copy()
        return replace(self, X=self.X.copy(), y=self.y.copy(), weights=weights)

    def as_pandas(self) -> tuple[pd.DataFrame, pd.Series]:
        """X and y with their names, as users hand them over."""
        return pd.DataFrame(self.X, columns=list(self.names)), pd.Series(self.y, name=self.target)

    @property
    def observations(self) -> int:
        """Rows with a positive weight."""
        return len(self) if self.weights is None else int((self.weights > 0).sum())

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return self.X.size + self.y.size

    def chunks(self, most: int = CHUNK_ROWS) -> Iterator[Table]:
        """All rows, at most so many at a time, not copied: a table in memory is a `eqdarts.data.chunks.Source`."""
        for start in range(0, len(self), most):
            yield self.rows(slice(start, start + most))

    def once(self, make: Callable[Concatenate[Table, P], V], *args: P.args, **kwargs: P.kwargs) -> V:
        """What `make(self, ...)` returns, which depends on nothing but its arguments; made by the first who asks."""
        key = (make, args, tuple(kwargs.items()))
        if key not in self._made:
            self._made[key] = make(self, *args, **kwargs)
        found: V = self._made[key]
        return found


def lexicographic(*parts: np.ndarray) -> np.ndarray:
    """Row numbers in lexicographic order of the columns of these parts, [n] or [n, k] each; empty ones do not count."""
    columns = [column for part in parts if part.size for column in np.atleast_2d(part.T)]
    return np.lexsort(columns[::-1])


def numbered(d: int) -> tuple[str, ...]:
    """The names of columns that came without."""
    return tuple(f"x{i + 1}" for i in range(d))


def evenly(n: int, most: int) -> np.ndarray:
    """At most so many of n places, evenly spread from the first to the last.

    Examples
    --------
    >>> evenly(100, 4), evenly(2, 4)
    (array([ 0, 33, 66, 99]), array([0, 1]))
    """
    return np.linspace(0, n - 1, min(n, most)).round().astype(int)


def unevenly(n: int, most: int) -> np.ndarray:
    """At most so many of n places, all over and at unequal distances, so that fast waves do not look like slow ones."""
    if n <= most:
        return np.arange(n)
    # Fractions of squares times an irrational number are as good as drawn.
    shift = np.modf(np.arange(most) ** 2 * (np.sqrt(5) - 1) / 2)[0]
    return np.unique(np.minimum(((np.arange(most) + shift) * n / most).astype(int), n - 1))
