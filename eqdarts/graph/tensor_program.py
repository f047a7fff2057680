"""The tensor program of fixed graphs: R genotypes, one operation per edge, evaluated together.

Only live edges are computed. Edges with the same operation are gathered from all replicas into
one tensor, so the number of tensor calls does not grow with R. Rows stand last in memory:
node values are [R, N, n].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from eqdarts.graph.genotype import GenotypeBatch, live_nodes
from eqdarts.graph.operations import Operation
from eqdarts.graph.space import AGGREGATORS, SearchSpace

#: c [R, N] -> derivative [R, P, n] of the sum over nodes of c_j · k_j by every live parameter.
Pullback = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class _Group:
    """K live edges that carry the same operation and can be evaluated in one call."""

    operation: Operation
    source: Tensor  # [K]  row of the flat inputs [d, n], or of the flat nodes [R·N, n]
    slot: Tensor  # [K]  row of the flat edge values [R·L, n]
    columns: tuple[Tensor, ...]  # per parameter [K]: place in the flat packed parameters [R·P]


class GraphProgram:
    """Evaluates a batch of genotypes, and their derivative by every live parameter.

    Parameters are packed: replica r has its live ones, in the order of its edges, in the first
    places of w[r]; the rest is padding. `pack` and `unpack` go from and to the layout [R, E, P].

    Attributes
    ----------
    live_parameters : bool Tensor [R, P]
        Which packed entries are parameters rather than padding.
    """

    def __init__(self, space: SearchSpace, batch: GenotypeBatch, device: torch.device | str = "cpu") -> None:
        self._space, self._device = space, device
        self._size = len(batch)
        operations = batch.operations.copy()
        live = live_nodes(space, batch)
        targets = np.array([j for _, j in space.edges])
        sources = np.array([i for i, _ in space.edges])
        operations[~live[:, targets]] = space.zero
        present = operations != space.zero  # [R, E]

        counts = np.array([len(op.parameters) for op in space.rows])[operations]  # [R, E]
        first = np.cumsum(counts, axis=1) - counts  # [R, E]
        totals = counts.sum(axis=1)
        self._width = max(1, int(totals.max(initial=0)))
        self.live_parameters = torch.as_tensor(np.arange(self._width) < totals[:, None], device=device)
        replica, edge, which = np.nonzero(np.arange(space.n_parameters) < counts[:, :, None])
        self._packed = self._index(replica * self._width + first[replica, edge] + which)
        self._loose = self._index((replica * len(space.edges) + edge) * space.n_parameters + which)

        # Slots: node j owns `widths[j]` consecutive columns of the edge values, enough for the
        # replica with the most live edges into it.
        slots = np.zeros_like(operations)
        self._spans: list[slice] = []
        offset = 0
        for j in range(space.nodes):
            into = space.into(j)
            slots[:, into] = offset + np.cumsum(present[:, into], axis=1) - 1
            width = int(present[:, into].sum(axis=1).max(initial=0))
            self._spans.append(slice(offset, offset + width))
            offset += width
        self._slots = offset
        self._product = torch.as_tensor(batch.aggregators == AGGREGATORS.index("product"), device=device)  # [R, N]
        self._neutral = torch.zeros(self._size, offset, 1, dtype=torch.float64, device=device)
        for j, span in enumerate(self._spans):
            self._neutral[self._product[:, j], span] = 1.0

        def group(mask: np.ndarray, m: int) -> _Group | None:
            r, e = np.nonzero(mask & (operations == m))
            if not len(r):
                return None
            latent = sources[e] - space.n_inputs
            source = np.where(latent < 0, sources[e], r * space.nodes + latent)
            columns = [r * self._width + first[r, e] + p for p in range(len(space.rows[m].parameters))]
            return _Group(
                space.rows[m],
                self._index(source),
                self._index(r * offset + slots[r, e]),
                tuple(self._index(c) for c in columns),
            )

        kinds = np.unique(operations[present]).tolist()
        outer = present & (sources < space.n_inputs)
        self._from_inputs = [g for m in kinds if (g := group(outer, m)) is not None]
        self._from_nodes = [
            [g for m in kinds if (g := group(present & (sources >= space.n_inputs) & (targets == j), m)) is not None]
            for j in range(space.nodes)
        ]

    def _index(self, places: np.ndarray) -> Tensor:
        return torch.as_tensor(np.ascontiguousarray(places), dtype=torch.int64, device=self._device)

    def pack(self, w: Tensor) -> Tensor:
        """[R, E, P] -> packed [R, P']."""
        packed = w.new_zeros(self._size * self._width)
        packed[self._packed] = w.reshape(-1)[self._loose]
        return packed.view(self._size, self._width)

    def unpack(self, packed: Tensor) -> Tensor:
        """Packed [R, P'] -> [R, E, P], zero where nothing is live."""
        space = self._space
        w = packed.new_zeros(self._size * len(space.edges) * space.n_parameters)
        w[self._loose] = packed.reshape(-1)[self._packed]
        return w.view(self._size, len(space.edges), space.n_parameters)

    def forward(self, packed: Tensor, inputs: Tensor) -> Tensor:
        """Node values [R, N, n] for packed parameters [R, P] and inputs [d, n]; NaN or infinite off the domain."""
        return self._evaluate(packed, inputs, derivatives=None)[0]

    def linearise(self, packed: Tensor, inputs: Tensor) -> tuple[Tensor, Pullback]:
        """Node values [R, N, n], and the map from readout coefficients to the Jacobian."""
        derivatives: dict[int, list[Tensor | None]] = {}
        nodes, edges = self._evaluate(packed, inputs, derivatives)

        def pullback(coefficients: Tensor) -> Tensor:
            return self._pull_back(coefficients, nodes, edges, derivatives)

        return nodes, pullback

    def _evaluate(
        self, packed: Tensor, inputs: Tensor, derivatives: dict[int, list[Tensor | None]] | None
    ) -> tuple[Tensor, Tensor]:
        n = inputs.shape[1]
        parameters = packed.reshape(-1)
        edges = self._neutral.to(packed.dtype).expand(-1, -1, n).contiguous()  # [R, L, n]
        flat_edges = edges.view(-1, n)
        nodes = packed.new_zeros(self._size, self._space.nodes, n)  # [R, N, n]
        flat_nodes = nodes.view(-1, n)

        def apply(group: _Group, x: Tensor, latent: bool) -> None:
            w = [parameters[c].unsqueeze(1) for c in group.columns]
            if derivatives is None:
                value = group.operation.numeric(x, *w)
            else:
                value, derivatives[id(group)] = differentiate(group.operation, x, w, latent)
            flat_edges.index_copy_(0, group.slot, value)

        for group in self._from_inputs:
            apply(group, inputs.index_select(0, group.source), latent=False)
        for j, span in enumerate(self._spans):
            for group in self._from_nodes[j]:
                apply(group, flat_nodes.index_select(0, group.source), latent=True)
            incoming = edges[:, span]
            product = self._product[:, j, None]
            nodes[:, j] = torch.where(product, incoming.prod(dim=1), incoming.sum(dim=1))
        return nodes, edges

    def _pull_back(
        self, coefficients: Tensor, nodes: Tensor, edges: Tensor, derivatives: dict[int, list[Tensor | None]]
    ) -> Tensor:
        n = nodes.shape[-1]
        delta = coefficients.unsqueeze(-1).expand(-1, -1, n).contiguous()  # [R, N, n]  d output / d node
        flat_delta = delta.view(-1, n)
        cotangents = torch.zeros_like(edges)  # [R, L, n]  d output / d edge value
        flat_cotangents = cotangents.view(-1, n)
        jacobian = nodes.new_zeros(self._size * self._width, n)

        def columns(group: _Group, flowing: Tensor) -> None:
            for place, slope in zip(group.columns, derivatives[id(group)][1:], strict=True):
                if slope is not None:
                    jacobian.index_copy_(0, place, flowing * slope)

        for j in reversed(range(self._space.nodes)):
            span = self._spans[j]
            others = _product_of_the_others(edges[:, span])
            factor = torch.where(self._product[:, j, None, None], others, 1.0)
            cotangents[:, span] = delta[:, j, None] * factor
            for group in self._from_nodes[j]:
                flowing = flat_cotangents.index_select(0, group.slot)
                columns(group, flowing)
                slope = derivatives[id(group)][0]
                if slope is not None:
                    flat_delta.index_add_(0, group.source, flowing * slope)
        for group in self._from_inputs:
            columns(group, flat_cotangents.index_select(0, group.slot))
        return jacobian.view(self._size, self._width, n)


def differentiate(operation: Operation, x: Tensor, w: list[Tensor], latent: bool) -> tuple[Tensor, list[Tensor | None]]:
    """Values [K, n] and slopes by x (for latent sources) and by each parameter, each [K, n].

    Operations act element by element, so the gradient of the sum holds every element's own slope.
    """
    if operation.slopes is not None:
        value = operation.numeric(x, *w)
        by_x, *by_w = operation.slopes(value, x, *w)
        return value, [_finite(by_x) if latent else None, *by_w]
    with torch.enable_grad():
        leaves = [v.expand_as(x).detach().requires_grad_() for v in w]
        x = x.detach().requires_grad_(latent)
        value = operation.numeric(x, *leaves)
        wanted = [x, *leaves] if latent else leaves
        if not wanted or not value.requires_grad:
            return value.detach(), [None] * (1 + len(w))
        slopes: list[Tensor | None] = list(
            torch.autograd.grad(value, wanted, torch.ones_like(value), allow_unused=True)
        )
    if not latent:
        return value.detach(), [None, *slopes]
    if slopes[0] is not None:
        slopes[0] = _finite(slopes[0])
    return value.detach(), slopes


def _finite(slope: Tensor) -> Tensor:
    """|x|^p has an infinite slope at 0 for p < 1; times the 0 that may flow there it would be NaN, and one such row
    would keep the whole replica from moving."""
    return slope.nan_to_num(0.0, 0.0, 0.0)


def _product_of_the_others(factors: Tensor) -> Tensor:
    """[R, L, n] -> for each factor the product of the rest, without dividing (a factor may be 0)."""
    length = factors.shape[1]
    if length == 0:
        return factors
    left, right = [torch.ones_like(factors[:, 0])], [torch.ones_like(factors[:, 0])]
    for k in range(length - 1):
        left.append(left[-1] * factors[:, k])
        right.append(right[-1] * factors[:, length - 1 - k])
    return torch.stack([a * b for a, b in zip(left, reversed(right), strict=True)], dim=1)
