"""Local changes of good graphs: one edge, one aggregator, a node more or less, a node of another graph.

Each move takes one graph as a `Draft` (with the constants it was fitted with) and changes it in
place; what is not touched keeps its constants, so the fit starts warm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eqdarts.search.sampling import Starts, draw
from eqdarts.search_space import AGGREGATORS, SearchSpace


@dataclass
class Draft:
    """One graph under change: operations [E], aggregators [N], readout [Q], w [E, P]."""

    operations: np.ndarray
    aggregators: np.ndarray
    readout: np.ndarray
    w: np.ndarray


class Mutator:
    """Proposes changed graphs; operations are drawn from the architecture weights."""

    def __init__(
        self, space: SearchSpace, alpha: np.ndarray, beta: np.ndarray, nodes: int, rng: np.random.Generator
    ) -> None:
        self._space, self._alpha, self._beta = space, alpha, beta
        self._limit, self._rng = nodes, rng
        self._starts = Starts(space)
        self._aggregators = [AGGREGATORS.index(a) for a in space.aggregators]

    def propose(self, parent: Draft, other: Draft) -> Draft:
        """A copy of the parent after one move, or two."""
        rng = self._rng
        child = Draft(parent.operations.copy(), parent.aggregators.copy(), parent.readout.copy(), parent.w.copy())
        for _ in range(1 + (rng.random() < 0.3)):
            used = self._used(child)
            room = used < self._limit
            move = rng.random()
            if move < 0.40 and used:
                self._change_edge(child, used)
            elif move < 0.50 and used:
                self._change_aggregator(child, int(rng.integers(used)))
            elif move < 0.62 and room:
                self._insert(child, used, int(rng.integers(used + 1)))
            elif move < 0.70 and used > 1:
                self._drop(child, used, int(rng.integers(used)))
            elif move < 0.82 and used:
                self._fresh_node(child, int(rng.integers(used)))
            elif move < 0.92 and room:
                self._graft(child, used, other)
            elif used:
                self._redraw(child, used)
        return child

    def _used(self, draft: Draft) -> int:
        """Nodes up to the last one with an edge."""
        for j in reversed(range(self._space.nodes)):
            if (draft.operations[self._space.into(j)] != self._space.zero).any():
                return j + 1
        return 0

    def _start(self, m: np.ndarray) -> np.ndarray:
        return self._starts.draw(np.asarray(m), self._rng)

    def _row(self, draft: Draft, node: int) -> np.ndarray:
        """Logits [S, M] of the edges into a node under its aggregator."""
        a = self._aggregators.index(int(draft.aggregators[node]))
        return self._alpha[a, self._space.into(node)]

    def _change_edge(self, draft: Draft, used: int) -> None:
        space, rng = self._space, self._rng
        j = int(rng.integers(used))
        into = space.into(j)
        e = into.start + int(rng.integers(into.stop - into.start))
        logits = self._row(draft, j)[e - into.start].copy()
        logits[draft.operations[e]] = -np.inf
        if not np.isfinite(logits).any():
            return
        draft.operations[e] = draw(logits, rng)
        draft.w[e] = self._start(draft.operations[e])

    def _change_aggregator(self, draft: Draft, node: int) -> None:
        if len(self._aggregators) < 2:
            return self._fresh_node(draft, node)
        others = [a for a in self._aggregators if a != draft.aggregators[node]]
        draft.aggregators[node] = others[int(self._rng.integers(len(others)))]
        if self._rng.random() < 0.7:
            self._draw_edges(draft, node)
        return None

    def _fresh_node(self, draft: Draft, node: int) -> None:
        draft.aggregators[node] = self._aggregators[int(draw(self._beta[node], self._rng))]
        draft.readout[node] = True
        self._draw_edges(draft, node)

    def _draw_edges(self, draft: Draft, node: int) -> None:
        into = self._space.into(node)
        draft.operations[into] = draw(self._row(draft, node), self._rng)
        draft.w[into] = self._start(draft.operations[into])

    def _redraw(self, draft: Draft, used: int) -> None:
        """New starting values for one node: another basin of the same graph."""
        into = self._space.into(int(self._rng.integers(used)))
        draft.w[into] = self._start(draft.operations[into])

    def _insert(self, draft: Draft, used: int, at: int) -> None:
        """A new node before node `at`, and an edge from it to `at`."""
        order = [*range(at), None, *range(at, used)]
        _renumber(self._space, draft, order)
        self._fresh_node(draft, at)
        if at < used:
            edge = self._space.into(at + 1).start + self._space.n_inputs + at
            logits = self._row(draft, at + 1)[self._space.n_inputs + at].copy()
            logits[self._space.zero] = -np.inf
            if np.isfinite(logits).any():
                draft.operations[edge] = draw(logits, self._rng)
                draft.w[edge] = self._start(draft.operations[edge])

    def _drop(self, draft: Draft, used: int, at: int) -> None:
        _renumber(self._space, draft, [j for j in range(used) if j != at])

    def _graft(self, draft: Draft, used: int, other: Draft) -> None:
        """A node of another graph, with its edges from inputs and from nodes of the same number."""
        count = self._used(other)
        if not count:
            return
        space, j = self._space, int(self._rng.integers(count))
        width = space.n_inputs + min(j, used)
        source, target = space.into(j).start, space.into(used).start
        draft.operations[target : target + width] = other.operations[source : source + width]
        draft.operations[target + width : space.into(used).stop] = space.zero
        draft.w[target : target + width] = other.w[source : source + width]
        draft.aggregators[used] = other.aggregators[j]
        draft.readout[used] = True


def _renumber(space: SearchSpace, draft: Draft, order: list[int | None]) -> None:
    """Put the nodes in a new order; None is a new node without edges, nodes left out are dropped."""
    old_operations, old_w = draft.operations.copy(), draft.w.copy()
    old_aggregators, old_readout = draft.aggregators.copy(), draft.readout.copy()
    draft.operations[:] = space.zero
    draft.w[:] = 0.0
    draft.readout[: space.nodes] = False
    d = space.n_inputs
    for new, old in enumerate(order):
        if old is None:
            continue
        start, origin = space.into(new).start, space.into(old).start
        draft.operations[start : start + d] = old_operations[origin : origin + d]
        draft.w[start : start + d] = old_w[origin : origin + d]
        for k, before in enumerate(order[:new]):
            if before is not None and before < old:
                draft.operations[start + d + k] = old_operations[origin + d + before]
                draft.w[start + d + k] = old_w[origin + d + before]
        draft.aggregators[new] = old_aggregators[old]
        draft.readout[new] = old_readout[old]
