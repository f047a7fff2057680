"""A fixed graph: one operation per edge, one aggregator per node, and the columns of its readout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eqdarts.errors import InputDataError
from eqdarts.graph.links import LINK_NAMES
from eqdarts.graph.space import AGGREGATORS, SearchSpace


@dataclass(frozen=True)
class Genotype:
    """One graph of a search space; hashable.

    Attributes
    ----------
    operations : tuple of str
        The operation on each of the E edges.
    aggregators : tuple of str
        The aggregator of each of the N nodes.
    readout : tuple of bool
        Which of the Q readout columns (nodes, inputs, one) are used.
    link : str
        How the readout becomes the target; a name in `eqdarts.graph.links.LINKS`.
    inputs : tuple of str
        What its inputs are, where they are not the columns themselves but groups of them, such as x1/x2.
    prefactor : str
        What the graph is multiplied by then.
    """

    operations: tuple[str, ...]
    aggregators: tuple[str, ...]
    readout: tuple[bool, ...]
    link: str = "identity"
    inputs: tuple[str, ...] = ()
    prefactor: str = "1"

    def to_dict(self) -> dict[str, Any]:
        """Lists of plain values, for JSON."""
        return {
            "operations": list(self.operations),
            "aggregators": list(self.aggregators),
            "readout": list(self.readout),
            "link": self.link,
            **({"inputs": list(self.inputs), "prefactor": self.prefactor} if self.inputs else {}),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Genotype:
        """The inverse of `to_dict`."""
        try:
            return cls(
                tuple(map(str, data["operations"])),
                tuple(map(str, data["aggregators"])),
                tuple(map(bool, data["readout"])),
                str(data.get("link", "identity")),
                tuple(map(str, data.get("inputs", ()))),
                str(data.get("prefactor", "1")),
            )
        except (AttributeError, KeyError, TypeError) as error:
            raise InputDataError(f"genotype: {error}; expected operations, aggregators and readout") from error


@dataclass(frozen=True, eq=False)
class GenotypeBatch:
    """R graphs of one search space, as arrays of places in its lists.

    Attributes
    ----------
    operations : int array [R, E]
        Places in `SearchSpace.operations`.
    aggregators : int array [R, N]
        Places in `AGGREGATORS`.
    readout : bool array [R, Q]
    links : int array [R]
        Places in `eqdarts.graph.links.LINK_NAMES`; identity unless given.
    """

    operations: np.ndarray
    aggregators: np.ndarray
    readout: np.ndarray
    links: np.ndarray = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if self.links is None:
            object.__setattr__(self, "links", np.zeros(len(self.operations), dtype=np.int64))

    def __len__(self) -> int:
        return len(self.operations)

    def select(self, index: Any) -> GenotypeBatch:
        """The graphs at these places."""
        return GenotypeBatch(self.operations[index], self.aggregators[index], self.readout[index], self.links[index])

    def key(self, place: int) -> bytes:
        """The key of one graph among `keys`."""
        (key,) = self.select(slice(place, place + 1)).keys()
        return key

    def keys(self) -> list[bytes]:
        """One key per graph; equal graphs have equal keys."""
        return [
            o.tobytes() + a.tobytes() + r.tobytes() + bytes([link])
            for o, a, r, link in zip(
                self.operations.astype(np.int16),
                self.aggregators.astype(np.int8),
                self.readout,
                self.links.tolist(),
                strict=True,
            )
        ]

    def genotype(self, space: SearchSpace, place: int) -> Genotype:
        """One of the graphs, by names."""
        return Genotype(
            tuple(space.operations[m] for m in self.operations[place]),
            tuple(AGGREGATORS[a] for a in self.aggregators[place]),
            tuple(bool(q) for q in self.readout[place]),
            LINK_NAMES[self.links[place]],
        )

    @classmethod
    def of(cls, space: SearchSpace, genotypes: Sequence[Genotype]) -> GenotypeBatch:
        """Stack genotypes of one space."""
        try:
            operations = [[space.operations.index(o) for o in g.operations] for g in genotypes]
            aggregators = [[AGGREGATORS.index(a) for a in g.aggregators] for g in genotypes]
            links = [LINK_NAMES.index(g.link) for g in genotypes]
        except ValueError as error:
            raise InputDataError(f"genotype: {error}; it belongs to another search space") from error
        return cls(
            np.array(operations, dtype=np.int64).reshape(-1, len(space.edges)),
            np.array(aggregators, dtype=np.int64).reshape(-1, space.nodes),
            np.array([g.readout for g in genotypes], dtype=bool).reshape(-1, space.n_readout),
            np.array(links, dtype=np.int64),
        )


def concatenate(batches: Sequence[GenotypeBatch]) -> GenotypeBatch:
    """All graphs of several batches in one."""
    return GenotypeBatch(
        np.concatenate([b.operations for b in batches]),
        np.concatenate([b.aggregators for b in batches]),
        np.concatenate([b.readout for b in batches]),
        np.concatenate([b.links for b in batches]),
    )


def live_nodes(space: SearchSpace, batch: GenotypeBatch) -> np.ndarray:
    """Nodes that reach the readout along edges that are not zero: bool [R, N]."""
    return _live(space, (batch.operations != space.zero).T.copy(), batch.readout.T[: space.nodes].copy()).T


def _live(space: SearchSpace, there: np.ndarray, live: np.ndarray) -> np.ndarray:
    """Nodes that reach the readout: bool [N, R], from edges that are there [E, R] and nodes that are read [N, R]."""
    for j in reversed(range(1, space.nodes)):
        live[:j] |= live[j] & there[space.into(j)][space.n_inputs :]
    return live


def prune(space: SearchSpace, batch: GenotypeBatch) -> GenotypeBatch:
    """Dead branches removed: edges into nodes that do not reach the readout become zero.

    A node without any edge is a constant, so the readout drops it as well; edges that leave it
    become zero too. Dead nodes take the first aggregator of the space, so that equal graphs have equal keys.
    """
    there = (batch.operations != space.zero).T.copy()  # [E, R], as each edge is looked at in all graphs at once
    filled = np.ones((space.nodes, len(batch)), dtype=bool)
    for j in range(space.nodes):
        into = there[space.into(j)]
        into[space.n_inputs :] &= filled[:j]
        filled[j] = into.any(axis=0)
    live = _live(space, there, batch.readout.T[: space.nodes] & filled)
    for j in range(space.nodes):
        there[space.into(j)] &= live[j]
    readout = batch.readout.copy()
    readout[:, : space.nodes] &= filled.T
    operations = np.where(there.T, batch.operations, space.zero)
    aggregators = np.where(live.T, batch.aggregators, AGGREGATORS.index(space.aggregators[0]))
    return GenotypeBatch(operations, aggregators, readout, batch.links)


def used_counts(space: SearchSpace, batch: GenotypeBatch) -> np.ndarray:
    """Nodes of each graph up to the last one with an edge: int [R]."""
    there = batch.operations != space.zero
    last = there.shape[1] - there[:, ::-1].argmax(axis=1)  # edges up to the last one that is there
    starts = [space.into(j).start for j in range(space.nodes)]
    return np.where(there.any(axis=1), np.searchsorted(starts, last), 0)


def constants_of(space: SearchSpace, batch: GenotypeBatch) -> np.ndarray:
    """Parameters of the edges and readout columns in use: int [R]."""
    counts = np.array([len(op.parameters) for op in space.rows])
    columns = batch.readout.copy()
    if not space.readout_inputs:
        columns[:, space.nodes : -1] = False
    return counts[batch.operations].sum(axis=1) + columns.sum(axis=1)
