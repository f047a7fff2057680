"""Some thousand rows that stand for a table of any length, drawn in one pass over its chunks.

Most are a uniform sample, so that losses and standard errors on them speak for the whole table. To these come the rows
with the least and the greatest value of each column and of the target: with them a column is constant, positive or
within some range in the subset if and only if it is so in the table, and a formula that leaves its domain at the edge
of the data is seen to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from eqdarts.data.chunks import Derived, Source
from eqdarts.data.read_ahead import ahead
from eqdarts.data.table import Table
from eqdarts.errors import InputDataError

_WIDE = 500  # columns beyond which only the target's extremes are kept, as those of every column would be too many


@dataclass(frozen=True, eq=False)
class Subset:
    """Rows of a table, in its order, and what one pass over it tells.

    Attributes
    ----------
    table : Table
        The m rows.
    places : int array [m]
        Row numbers in the table.
    uniform : bool array [m]
        Which rows belong to the uniform sample.
    rows : int
        Of the whole table.
    observations : int
        Rows of the whole table with a positive weight; the others are in no subset.
    weight : float
        Sum of the weights of the whole table; its rows if there are none.
    low, high : array [d]
        Least and greatest value of each column of the whole table.
    mean, std : float
        Of the target; the standard deviation is divided by the number of rows.
    """

    table: Table
    places: np.ndarray
    uniform: np.ndarray
    rows: int
    observations: int
    weight: float
    low: np.ndarray
    high: np.ndarray
    mean: float
    std: float


@dataclass(frozen=True, eq=False)
class _Sample:
    """Rows [X, y, w] as [m, d + 2], with their numbers and random keys."""

    rows: np.ndarray
    places: np.ndarray
    keys: np.ndarray

    def merged(self, other: _Sample, most: int) -> _Sample:
        """The rows with the smallest keys of both."""
        keys = np.concatenate([self.keys, other.keys])
        kept = np.argpartition(keys, most - 1)[:most] if len(keys) > most else np.arange(len(keys))
        rows, places = np.concatenate([self.rows, other.rows]), np.concatenate([self.places, other.places])
        return _Sample(rows[kept], places[kept], keys[kept])


class Drawn(Derived):
    """A table of which some rows are drawn as it is read for the first time; it is read by the first who needs them.

    At most so many rows at random, and the extreme ones; all rows of a table that has no more.

    Every row gets a random key, and those with the smallest keys stay (Efraimidis & Spirakis 2006, for equal
    weights), so the subset depends on the rows and the seed, and not on how the table is cut into chunks.

    Parameters
    ----------
    source : Source
    most : int
    seed : int
    threads : int
        With more than one, `subset` reads a chunk while it looks at the one before.

    Examples
    --------
    >>> X = np.arange(1000.0)[:, None]
    >>> drawn = Drawn(Table(X, X[:, 0] ** 2), 10, seed=0)
    >>> sum(len(chunk) for chunk in drawn.chunks())
    1000
    >>> subset = drawn.subset()
    >>> len(subset.table), subset.rows, float(subset.table.X.min()), float(subset.table.X.max())
    (12, 1000, 0.0, 999.0)
    """

    def __init__(self, source: Source, most: int, seed: int, threads: int = 1) -> None:
        self.source, self._most, self._seed, self._threads = source, most, seed, threads
        self._subset: Subset | None = None

    def chunks(self) -> Iterator[Table]:
        """All rows."""
        return self.source.chunks() if self._subset is not None else self._drawn(self.source.chunks())

    def _drawn(self, chunks: Iterator[Table]) -> Iterator[Table]:
        drawing = _Drawing(self.names, self.target, self._most, np.random.default_rng(self._seed))
        for chunk in chunks:
            drawing.take(chunk)
            yield chunk
        self._subset = drawing.subset()

    def subset(self) -> Subset:
        """The rows.

        Raises
        ------
        InputDataError
            If no row has a positive weight.
        """
        if self._subset is None:
            chunks = self.source.chunks()
            for _ in self._drawn(ahead(chunks) if self._threads > 1 else chunks):
                pass
        assert self._subset is not None, "a table that was read to its end is drawn"
        return self._subset


def draw(source: Source, most: int, seed: int, threads: int = 1) -> Subset:
    """The rows that `Drawn` draws, in one pass."""
    return Drawn(source, most, seed, threads).subset()


class _Drawing:
    """What is known of a table after some of its chunks."""

    def __init__(self, names: tuple[str, ...], target: str, most: int, rng: np.random.Generator) -> None:
        self._names, self._target, self._most, self._rng = names, target, most, rng
        self._sample: _Sample | None = None
        self._extremes: _Extremes | None = None
        self._moments = _Moments()
        self._rows = self._observations = 0
        self._weight = 0.0
        self._weighted = False

    def take(self, chunk: Table) -> None:
        """The next rows."""
        keys = self._rng.random(len(chunk))
        first, self._rows = self._rows, self._rows + len(chunk)
        self._moments = self._moments.plus(chunk.y)
        if chunk.weights is not None:
            self._weighted = True
            self._weight += float(chunk.weights.sum())
            used = np.flatnonzero(chunk.weights > 0)
            self._take(chunk.rows(used), first + used, keys[used])
        else:
            self._weight += len(chunk)
            self._take(chunk, range(first, self._rows), keys)

    def _take(self, chunk: Table, places: range | np.ndarray, keys: np.ndarray) -> None:
        """Rows that count, at these places of the table."""
        if not len(chunk):
            return
        self._observations += len(chunk)
        self._extremes = _Extremes.of(chunk, places, self._extremes)
        sample = self._sample
        full = sample is not None and len(sample.keys) == self._most
        near = np.flatnonzero(keys < sample.keys.max()) if sample is not None and full else np.arange(len(chunk))
        new = _Sample(_stacked(chunk, near), _at(places, near), keys[near])
        nothing = _Sample(new.rows[:0], new.places[:0], new.keys[:0])
        self._sample = new.merged(nothing if sample is None else sample, self._most)

    def subset(self) -> Subset:
        sample, extremes = self._sample, self._extremes
        if sample is None or extremes is None:
            raise InputDataError("no row has a positive weight; give at least two rows one")
        places, first = np.unique(np.concatenate([sample.places, extremes.places]), return_index=True)
        kept = np.concatenate([sample.rows, extremes.rows])[first]
        weights = np.ascontiguousarray(kept[:, -1]) if self._weighted else None
        X, y = np.ascontiguousarray(kept[:, :-2]), np.ascontiguousarray(kept[:, -2])
        return Subset(
            Table(X, y, self._names, self._target, weights), places, first < len(sample.places), self._rows,
            self._observations, self._weight, extremes.low[:-1], extremes.high[:-1], self._moments.mean,
            self._moments.std,
        )  # fmt: skip


def _at(places: range | np.ndarray, rows: np.ndarray) -> np.ndarray:
    return places.start + rows if isinstance(places, range) else places[rows]


def _stacked(chunk: Table, rows: np.ndarray) -> np.ndarray:
    weights = np.ones(len(rows)) if chunk.weights is None else chunk.weights[rows]
    return np.column_stack([chunk.X[rows], chunk.y[rows], weights])


@dataclass(frozen=True, eq=False)
class _Extremes:
    """Least and greatest values of the columns and the target [d + 1], and the first rows that have them."""

    low: np.ndarray
    high: np.ndarray
    rows: np.ndarray
    places: np.ndarray

    @classmethod
    def of(cls, chunk: Table, places: range | np.ndarray, before: _Extremes | None) -> _Extremes:
        """Of rows at these places, after others."""
        columns = [*chunk.X.T, chunk.y]  # one by one: along rows in the order of columns a minimum is many times slower
        least, most = ([int(pick(column)) for column in columns] for pick in (np.argmin, np.argmax))
        low, high = (np.array([c[k] for c, k in zip(columns, at, strict=True)]) for at in (least, most))
        at = np.array([*least, *most] if chunk.X.shape[1] <= _WIDE else [least[-1], most[-1]])
        new = cls(low, high, _stacked(chunk, at), _at(places, at))
        return new if before is None else before._joined(new)

    def _joined(self, new: _Extremes) -> _Extremes:
        better = np.concatenate([new.low < self.low, new.high > self.high])
        if len(self.places) < len(better):
            better = better[[len(self.low) - 1, -1]]
        return _Extremes(
            np.minimum(self.low, new.low),
            np.maximum(self.high, new.high),
            np.where(better[:, None], new.rows, self.rows),
            np.where(better, new.places, self.places),
        )


@dataclass(frozen=True)
class _Moments:
    """Mean and sum of squared deviations, chunk by chunk (Chan, Golub & LeVeque 1983)."""

    n: int = 0
    mean: float = 0.0
    square: float = 0.0

    @property
    def std(self) -> float:
        return float(np.sqrt(self.square / self.n))

    def plus(self, y: np.ndarray) -> _Moments:
        if not len(y):
            return self
        with np.errstate(over="ignore", invalid="ignore"):
            mean = float(np.mean(y))
            away = y - mean
            square = float(away @ away)
            if not np.isfinite(square) or square < np.finfo(float).tiny:
                # Squares of large values overflow, and those of small ones vanish, unless they are divided first.
                size = float(np.abs(y).max()) or 1.0
                mean = float(np.mean(y / size)) * size
                square = float(np.var(y / size)) * len(y) * size * size
            n, gap = self.n + len(y), mean - self.mean
            between = np.float64(gap) * gap * self.n * len(y) / n
            return _Moments(n, self.mean + gap * len(y) / n, float(self.square + square + between))
