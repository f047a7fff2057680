"""Local changes of good graphs: one edge, one aggregator, a node more or less, a node of another graph.

What a move does not touch keeps its constants, so the fit starts warm. In the compiled loops below, one
graph is its operations [E], aggregators [N], readout [Q] and constants w [E, P].
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from eqdarts.darts.sampling import Odds, draw, draw_edges, draw_start
from eqdarts.graph.genotype import GenotypeBatch, prune
from eqdarts.graph.population import parent_odds
from eqdarts.graph.space import SearchSpace
from eqdarts.propose.proposer import Graphs, Situation
from eqdarts.runtime.loops import compiled


class _Moves(NamedTuple):
    """The moves, and how often each is made; what is left to 1 draws the starting values of a node anew. Not tuned.

    Attributes
    ----------
    edge : float
        Another operation on one edge.
    aggregator : float
        The other aggregator for one node.
    insert, wrap, subdivide : float
        A new node: before another one, as a function of another one, or on an edge.
    drop : float
        One node less.
    fresh : float
        A node drawn anew.
    graft : float
        A node of the other graph.
    readout : float
        The inputs join the readout, or leave it.
    """

    edge: float
    aggregator: float
    insert: float
    wrap: float
    drop: float
    fresh: float
    graft: float
    readout: float
    subdivide: float

    def accumulated(self) -> _Moves:
        """Each with all before it, as a draw from 0 to 1 is held against them."""
        return _Moves(*np.cumsum(self).tolist())


_USUAL = _Moves(0.36, 0.08, 0.12, 0.12, 0.07, 0.09, 0.08, 0.03, 0.00).accumulated()
#: In small noisy tables, where laws with round constants stand between graphs that fit alike.
_SUBDIVIDING = _Moves(0.28, 0.07, 0.10, 0.11, 0.06, 0.08, 0.07, 0.05, 0.16).accumulated()


class _Chances(NamedTuple):
    """What else is left to chance. Not tuned.

    Attributes
    ----------
    second : float
        A graph makes another move.
    link : float
        It gets another link beside its moves.
    redrawn : float
        A node with another aggregator gets other edges as well.
    hidden : float
        A node that another one is made of leaves the readout.
    joined_around, joined_within : float
        Other sources join that of a new node: around another node, or on an edge.
    kept : float
        The edge behind a new node has the operation that was there.
    """

    second: float = 0.3
    link: float = 0.08
    redrawn: float = 0.7
    hidden: float = 0.7
    joined_around: float = 0.5
    joined_within: float = 0.4
    kept: float = 0.5


_CHANCES = _Chances()


class Moves:
    """Good graphs after one or two moves, warm-started."""

    name, in_addition = "move", False

    def propose(self, now: Situation) -> Graphs | None:
        """As many as there is room for."""
        if not now.is_known:
            return None
        elite = now.population
        pairs = now.rng.choice(len(elite), size=(2, now.room), p=parent_odds(elite))
        chosen, others = ((elite.batch.select(places), elite.w[places]) for places in pairs)
        return Graphs(
            *move(
                now.space, now.odds, now.nodes, chosen, others, now.rng, subdivide=now.assessor.looks_closely(now.noisy)
            )
        )


def move(
    space: SearchSpace,
    odds: Odds,
    limit: int,
    parents: tuple[GenotypeBatch, np.ndarray],
    others: tuple[GenotypeBatch, np.ndarray],
    rng: np.random.Generator,
    subdivide: bool = False,
) -> tuple[GenotypeBatch, np.ndarray]:
    """Each parent after one move, or two, with at most `limit` nodes; some moves take a node of the other graph.

    parents, others: graphs [C] and their w [C, E, P]   subdivide: may a new node come between the ends of an edge?
    """
    batch, w = parents
    child = GenotypeBatch(batch.operations.copy(), batch.aggregators.copy(), batch.readout.copy(), batch.links.copy())
    w = w.copy()
    _propose(
        odds, _SUBDIVIDING if subdivide else _USUAL, limit,
        child.operations, child.aggregators, child.readout, child.links, w,
        others[0].operations, others[0].aggregators, others[1], rng,
    )  # fmt: skip
    return prune(space, child), w


@compiled
def _propose(
    odds, often, limit, operations, aggregators, readout, links, w, other_operations, other_aggregators, other_w, rng
):
    for c in range(operations.shape[0]):
        if odds.link.shape[0] > 1 and rng.random() < _CHANCES.link:
            links[c] = odds.links[draw(odds.link, -1, rng)]
        moves = 2 if rng.random() < _CHANCES.second else 1
        for _ in range(moves):
            _move(
                odds, often, limit, operations[c], aggregators[c], readout[c], w[c],
                other_operations[c], other_aggregators[c], other_w[c], rng,
            )  # fmt: skip


@compiled
def _move(odds, often, limit, operations, aggregators, readout, w, other_operations, other_aggregators, other_w, rng):
    used = used_nodes(odds, operations)
    room = used < limit
    move = rng.random()
    if move < often.edge and used:
        _change_edge(odds, used, operations, aggregators, w, rng)
    elif move < often.aggregator and used:
        _change_aggregator(odds, int(rng.random() * used), operations, aggregators, readout, w, rng)
    elif move < often.insert and room:
        _insert(odds, used, int(rng.random() * (used + 1)), operations, aggregators, readout, w, rng)
    elif move < often.wrap and room and used:
        _wrap(odds, used, int(rng.random() * used), operations, aggregators, readout, w, rng)
    elif move < often.drop and used > 1:
        renumber(odds, used, int(rng.random() * used), -1, operations, aggregators, readout, w)
    elif move < often.fresh and used:
        _fresh_node(odds, int(rng.random() * used), operations, aggregators, readout, w, rng)
    elif move < often.graft and room:
        _graft(odds, used, operations, aggregators, readout, w, other_operations, other_aggregators, other_w, rng)
    elif move < often.readout:
        readout[odds.node.shape[0] : -1] = not readout[-2]
    elif move < often.subdivide and room and used:
        _subdivide(odds, used, operations, aggregators, readout, w, rng)
    elif used:
        _redraw(odds, used, operations, w, rng)


@compiled
def used_nodes(odds, operations):
    """Nodes up to the last one with an edge."""
    for e in range(operations.shape[0] - 1, -1, -1):
        if operations[e] != odds.zero:
            j = odds.node.shape[0] - 1
            while odds.first[j] > e:
                j -= 1
            return j + 1
    return 0


@compiled
def _place(odds, aggregator):
    """Where an aggregator stands among those of the space."""
    for a in range(odds.aggregators.shape[0]):
        if odds.aggregators[a] == aggregator:
            return a
    return 0


@compiled
def _set_edge(odds, e, aggregator, without, operations, w, rng):
    m = draw(odds.edge[aggregator, e], without, rng)
    if m >= 0:
        operations[e] = m
        draw_start(odds, e, m, rng, w[e])


@compiled
def _change_edge(odds, used, operations, aggregators, w, rng):
    j = int(rng.random() * used)
    e = odds.first[j] + int(rng.random() * (odds.first[j + 1] - odds.first[j]))
    _set_edge(odds, e, _place(odds, aggregators[j]), operations[e], operations, w, rng)


@compiled
def _change_aggregator(odds, j, operations, aggregators, readout, w, rng):
    count = odds.aggregators.shape[0]
    if count < 2:
        _fresh_node(odds, j, operations, aggregators, readout, w, rng)
        return
    a = (_place(odds, aggregators[j]) + 1 + int(rng.random() * (count - 1))) % count
    aggregators[j] = odds.aggregators[a]
    if rng.random() < _CHANCES.redrawn:
        draw_edges(odds, j, a, operations, w, rng)
        return
    for e in range(odds.first[j], odds.first[j + 1]):
        if not odds.edge[a, e, operations[e]] > 0.0:
            _set_edge(odds, e, a, -1, operations, w, rng)


@compiled
def _fresh_node(odds, j, operations, aggregators, readout, w, rng):
    a = draw(odds.node[j], -1, rng)
    aggregators[j] = odds.aggregators[a]
    readout[j] = True
    draw_edges(odds, j, a, operations, w, rng)


@compiled
def _insert(odds, used, at, operations, aggregators, readout, w, rng):
    """A new node before node `at`, and an edge from it to `at`; after the last node, a new one."""
    renumber(odds, used, -1, at, operations, aggregators, readout, w)
    _fresh_node(odds, at, operations, aggregators, readout, w, rng)
    if at < used:
        e = odds.first[at + 1] + odds.inputs + at
        _set_edge(odds, e, _place(odds, aggregators[at + 1]), odds.zero, operations, w, rng)
        readout[at] = rng.random() > _CHANCES.hidden


@compiled
def _wrap(odds, used, inner, operations, aggregators, readout, w, rng):
    """A new node at the end: a function of node `inner`, half of the time joined by other edges."""
    a = draw(odds.node[used], -1, rng)
    aggregators[used] = odds.aggregators[a]
    readout[used] = True
    if rng.random() < _CHANCES.joined_around:
        draw_edges(odds, used, a, operations, w, rng)
    _set_edge(odds, odds.first[used] + odds.inputs + inner, a, odds.zero, operations, w, rng)
    if rng.random() < _CHANCES.hidden:
        readout[inner] = False


@compiled
def _drawn_edge(odds, used, operations, rng):
    """One of the edges that are there, or −1."""
    count, chosen = 0, -1
    for e in range(odds.first[used]):
        if operations[e] != odds.zero:
            count += 1
            if rng.random() * count < 1.0:
                chosen = e
    return chosen


@compiled
def _subdivide(odds, used, operations, aggregators, readout, w, rng):
    """A new node on an edge, a function of its source and maybe of another: cos(x) becomes cos(x²) or sin(x + z)."""
    edge = _drawn_edge(odds, used, operations, rng)
    if edge < 0:
        return
    at = 0  # the node that the edge enters, and the number of the new one
    while odds.first[at + 1] <= edge:
        at += 1
    source, m, old_w = edge - odds.first[at], operations[edge], w[edge].copy()
    renumber(odds, used, -1, at, operations, aggregators, readout, w)
    a = draw(odds.node[at], -1, rng)
    aggregators[at] = odds.aggregators[a]
    _set_edge(odds, odds.first[at] + source, a, odds.zero, operations, w, rng)
    if rng.random() < _CHANCES.joined_within:
        other = int(rng.random() * (odds.inputs + at))
        _set_edge(odds, odds.first[at] + other, a, odds.zero, operations, w, rng)
    operations[odds.first[at + 1] + source] = odds.zero
    behind, b = odds.first[at + 1] + odds.inputs + at, _place(odds, aggregators[at + 1])
    if odds.edge[b, behind, m] > 0.0 and rng.random() < _CHANCES.kept:
        operations[behind] = m
        w[behind] = old_w
    else:
        _set_edge(odds, behind, b, odds.zero, operations, w, rng)


@compiled
def _redraw(odds, used, operations, w, rng):
    """New starting values for one node: another basin of the same graph."""
    j = int(rng.random() * used)
    for e in range(odds.first[j], odds.first[j + 1]):
        draw_start(odds, e, operations[e], rng, w[e])


@compiled
def _graft(odds, used, operations, aggregators, readout, w, other_operations, other_aggregators, other_w, rng):
    """A node of another graph, with its edges from inputs and from nodes of the same number."""
    count = used_nodes(odds, other_operations)
    if not count:
        return
    j = int(rng.random() * count)
    width = odds.inputs + min(j, used)
    for k in range(width):
        operations[odds.first[used] + k] = other_operations[odds.first[j] + k]
        w[odds.first[used] + k] = other_w[odds.first[j] + k]
    operations[odds.first[used] + width : odds.first[used + 1]] = odds.zero
    aggregators[used] = other_aggregators[j]
    readout[used] = True


@compiled
def renumber(odds, used, drop, gap, operations, aggregators, readout, w):
    """Drop one node (−1: none), or leave a gap without edges before node `gap` (−1: none)."""
    old_operations, old_w = operations.copy(), w.copy()
    old_aggregators, old_readout = aggregators.copy(), readout.copy()
    nodes, d = odds.node.shape[0], odds.inputs
    operations[:] = odds.zero
    w[:] = 0.0
    readout[:nodes] = False
    for old in range(used):
        if old == drop:
            continue
        new = old + (gap >= 0 and old >= gap) - (drop >= 0 and old > drop)
        for k in range(d):
            operations[odds.first[new] + k] = old_operations[odds.first[old] + k]
            w[odds.first[new] + k] = old_w[odds.first[old] + k]
        for before in range(old):
            if before == drop:
                continue
            place = before + (gap >= 0 and before >= gap) - (drop >= 0 and before > drop)
            operations[odds.first[new] + d + place] = old_operations[odds.first[old] + d + before]
            w[odds.first[new] + d + place] = old_w[odds.first[old] + d + before]
        aggregators[new] = old_aggregators[old]
        readout[new] = old_readout[old]
