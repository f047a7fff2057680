"""Terms of a sum as parts of a graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eqdarts.darts.sampling import blank
from eqdarts.data.table import Table
from eqdarts.graph.genotype import GenotypeBatch
from eqdarts.graph.links import LINK_NAMES
from eqdarts.graph.space import AGGREGATORS, SearchSpace
from eqdarts.propose.sparse import MOST_PAIRED

#: Where an edge comes from, its operation, and the values of its parameters.
Edge = tuple[int, str, tuple[float, ...]]


@dataclass(frozen=True)
class Node:
    """A node of a term.

    Attributes
    ----------
    aggregator : str
    edges : tuple of Edge
        From input i of d, or from node k of the same term, as d + k.
    """

    aggregator: str
    edges: tuple[Edge, ...]


@dataclass(frozen=True)
class Term:
    """A column for the readout.

    Attributes
    ----------
    nodes : tuple of Node
        The last one is the term.
    column : int or None
        Or the term is this input, which needs no node.
    """

    nodes: tuple[Node, ...] = ()
    column: int | None = None


@dataclass(frozen=True, eq=False)
class Terms:
    """Terms with their values [K, n] on some rows."""

    terms: list[Term]
    values: np.ndarray
    rows: Table

    @property
    def are_few(self) -> bool:
        """May they be asked often, and for all pairs of terms?"""
        return len(self.terms) <= MOST_PAIRED


def is_writable(space: SearchSpace, term: Term) -> bool:
    """Has the space the operations of a term?"""
    return all(operation in space.operations for node in term.nodes for _, operation, _ in node.edges)


def graphs_of(space: SearchSpace, sums: Sequence[tuple[str, Sequence[Term]]]) -> tuple[GenotypeBatch, np.ndarray]:
    """Sums of terms under links as graphs [R], and their w [R, E, P]."""
    batch, w = blank(space, len(sums))
    place = {name: m for m, name in enumerate(space.operations)}
    batch.aggregators[:] = AGGREGATORS.index(space.aggregators[0])  # of nodes not in use, as `prune` has it
    batch.readout[:, -1] = True
    d = space.n_inputs
    for r, (link, terms) in enumerate(sums):
        batch.links[r] = LINK_NAMES.index(link)
        used = 0
        for term in terms:
            if term.column is not None:
                batch.readout[r, space.nodes + term.column] = True
                continue
            for j, node in enumerate(term.nodes, used):
                first = space.into(j).start
                batch.aggregators[r, j] = AGGREGATORS.index(node.aggregator)
                for source, operation, values in node.edges:
                    e = first + (source if source < d else source + used)
                    batch.operations[r, e] = place[operation]
                    w[r, e, : len(values)] = values
            used += len(term.nodes)
            batch.readout[r, used - 1] = True
    return batch, w
