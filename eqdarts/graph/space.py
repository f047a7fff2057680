"""The space of graphs: which edges there are, and what each may carry."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from eqdarts.errors import InputDataError, check_range
from eqdarts.graph.links import check_links
from eqdarts.graph.operations import Operation, lookup

AGGREGATORS = ("sum", "product")


@dataclass(frozen=True)
class SearchSpace:
    """A directed acyclic graph of d inputs, N latent nodes and a linear readout.

    Edges are sorted by target: all sources of k_1 (x_1 … x_d), then those of k_2
    (x_1 … x_d, k_1), and so on, so E = N·d + N(N−1)/2. A source has one number: inputs are
    0 … d−1, latent node j is d + j.

    Attributes
    ----------
    inputs : tuple of str
        Column names.
    nodes : int
        N ≥ 1.
    operations : tuple of str
        The M candidates of an edge; "zero" (an absent edge) is among them.
    aggregators : tuple of str
        How a node may integrate its edges: "sum", "product", or both.
    signed : tuple of bool
        Per input: does it take negative values or zero? A column that is positive needs no `odd_power`.
    readout_inputs : bool
        Does the readout see the inputs beside the latent nodes?
    readout_coefficients : bool
        Are the coefficients of the readout fitted? Otherwise each is 1.
    readout_intercept : bool
        Has the readout an intercept?
    links : tuple of str
        How the readout may become the target.
    frequencies : tuple of tuple of float
        Per input: angular frequencies at which the target stands out, where sines of it may start.
    """

    inputs: tuple[str, ...]
    nodes: int
    operations: tuple[str, ...]
    aggregators: tuple[str, ...] = AGGREGATORS
    signed: tuple[bool, ...] = ()
    readout_inputs: bool = True
    readout_coefficients: bool = True
    readout_intercept: bool = True
    links: tuple[str, ...] = ("identity",)
    frequencies: tuple[tuple[float, ...], ...] = ()

    def __post_init__(self) -> None:
        check_range("nodes", self.nodes, 1, integer=True)
        if not self.inputs:
            raise InputDataError("inputs: a search needs at least one column")
        if "zero" not in self.operations:
            raise InputDataError("operations: 'zero' (an absent edge) must be among them; add it")
        lookup(self.operations)
        check_links(self.links)
        bad = [a for a in self.aggregators if a not in AGGREGATORS]
        if bad or not self.aggregators:
            raise InputDataError(f"aggregators={self.aggregators!r}: choose from {', '.join(map(repr, AGGREGATORS))}")
        if not self.signed:
            object.__setattr__(self, "signed", (True,) * len(self.inputs))
        if not self.frequencies:
            object.__setattr__(self, "frequencies", ((),) * len(self.inputs))

    @cached_property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """(source, node) of each of the E edges."""
        return tuple((i, j) for j in range(self.nodes) for i in range(len(self.inputs) + j))

    @property
    def rows(self) -> tuple[Operation, ...]:
        """The M candidate operations."""
        return lookup(self.operations)

    @cached_property
    def zero(self) -> int:
        """The place of "zero" among the operations."""
        return self.operations.index("zero")

    @property
    def n_inputs(self) -> int:
        return len(self.inputs)

    @property
    def n_parameters(self) -> int:
        """P, the parameters of the operation that has the most, and at least one, which may be used by none."""
        return max(1, *(len(op.parameters) for op in self.rows))

    @property
    def n_readout(self) -> int:
        """Q, columns of the readout: nodes, inputs, the constant one."""
        return self.nodes + self.n_inputs + 1

    def into(self, node: int) -> slice:
        """The edges that end in a node."""
        start = node * self.n_inputs + node * (node - 1) // 2
        return slice(start, start + self.n_inputs + node)

    @cached_property
    def allowed(self) -> np.ndarray:
        """Which candidates make sense on an edge: bool [E, M]."""
        mask = np.ones((len(self.edges), len(self.operations)), dtype=bool)
        if "odd_power" in self.operations and "power" in self.operations:
            place = self.operations.index("odd_power")
            for e, (i, _) in enumerate(self.edges):
                mask[e, place] = i >= self.n_inputs or self.signed[i]
        return mask
