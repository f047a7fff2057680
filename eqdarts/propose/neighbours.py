"""All graphs that differ from a good one in the operation of one edge."""

from __future__ import annotations

import numpy as np

from eqdarts.darts.sampling import Odds, blank, draw_start
from eqdarts.graph.genotype import GenotypeBatch, concatenate, prune
from eqdarts.graph.population import front_of
from eqdarts.graph.space import SearchSpace
from eqdarts.propose.moves import used_nodes
from eqdarts.propose.proposer import Graphs, Situation
from eqdarts.runtime.loops import compiled

_SHARE = 0.25  # of an epoch's graphs, at the most; not tuned


class Neighbours:
    """The neighbours of the best graphs of each size, once in a run for each of them."""

    name, in_addition = "neighbour", False

    def __init__(self) -> None:
        self._expanded: set[bytes] = set()

    def propose(self, now: Situation) -> Graphs | None:
        """Those of graphs that are better than every simpler one, and no larger than the best."""
        if now.age == 0:
            self._expanded.clear()
        if not now.is_known:
            return None
        elite, room = now.population, int(_SHARE * now.replicas)
        parts = [blank(now.space, 0)]
        keys = elite.batch.keys()
        for k in np.flatnonzero(front_of(elite) & (elite.complexity <= elite.complexity[0])):
            if keys[k] in self._expanded:
                continue
            one = np.array([k])
            near = neighbours(now.space, now.odds, elite.batch.select(one), elite.w[one], now.rng)
            if len(near[0]) > room:
                if len(parts) == 1:
                    # A large graph has more neighbours than there is room for; a random part of them will do.
                    some = np.sort(now.rng.choice(len(near[0]), room, replace=False))
                    parts.append((near[0].select(some), near[1][some]))
                    self._expanded.add(keys[k])
                break
            self._expanded.add(keys[k])
            room -= len(near[0])
            parts.append(near)
        batches, constants = zip(*parts, strict=True)
        return Graphs(concatenate(list(batches)), np.concatenate(constants))


def neighbours(
    space: SearchSpace, odds: Odds, parent: GenotypeBatch, w: np.ndarray, rng: np.random.Generator
) -> tuple[GenotypeBatch, np.ndarray]:
    """Every graph [C] that differs from one parent in the operation of one edge, which starts anew, and their w.

    parent: one graph, with its w [1, E, P]
    """
    used = used_nodes(odds, parent.operations[0])
    place = {aggregator: a for a, aggregator in enumerate(odds.aggregators)}
    rows = [place.get(parent.aggregators[0, j], 0) for _, j in space.edges[: odds.first[used]]]
    edges = np.arange(len(rows))
    other = odds.edge[rows, edges] > 0.0  # [used edges, M]
    other[edges, parent.operations[0, edges]] = False
    edges, operations = np.nonzero(other)
    batch = parent.select(np.zeros(len(edges), dtype=np.int64))
    batch.operations[np.arange(len(edges)), edges] = operations
    w = np.repeat(w, len(edges), axis=0)
    _start_at(odds, edges, operations, w, rng)
    return prune(space, batch), w


@compiled
def _start_at(odds, edges, operations, w, rng):
    for c in range(edges.shape[0]):
        draw_start(odds, edges[c], operations[c], rng, w[c, edges[c]])
