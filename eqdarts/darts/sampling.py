"""Graphs drawn from the architecture weights, and starting values for their constants."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from eqdarts.graph.genotype import GenotypeBatch, prune
from eqdarts.graph.links import LINK_NAMES
from eqdarts.graph.operations import WAVE_PARAMETERS
from eqdarts.graph.space import AGGREGATORS, SearchSpace
from eqdarts.runtime.loops import compiled

_READOUT_INPUTS = 0.3  # share of graphs whose readout sees the inputs: more of it hides simple laws behind a line
_KNOWN = 0.5  # share of sines that start at a frequency that the table shows, where it shows any
_SIMPLE = 0.6  # share of edges that start at simple constants


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities along the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


class Odds(NamedTuple):
    """α and β as probabilities, and what draws need to know of the space; for compiled loops."""

    edge: np.ndarray  # [A, E, M]
    node: np.ndarray  # [N, A]
    link: np.ndarray  # [L]
    links: np.ndarray  # int [L], places in LINK_NAMES
    aggregators: np.ndarray  # int [A], places in AGGREGATORS
    first: np.ndarray  # int [N + 1], first edge into each node
    inputs: int
    zero: int
    low: np.ndarray  # [M, P]  range of starting values
    high: np.ndarray  # [M, P]
    simple: np.ndarray  # [M, P, V]  simple starting values
    choices: np.ndarray  # int [M, P]  how many of them there are
    waves: np.ndarray  # bool [M], operations with a frequency and a phase
    frequencies: np.ndarray  # [E, V], of the column that an edge comes from
    known: np.ndarray  # int [E], how many of them there are


def odds_of(space: SearchSpace, alpha: np.ndarray, beta: np.ndarray, gamma: np.ndarray | None = None) -> Odds:
    """alpha: logits [A, E, M]   beta: logits [N, A]   gamma: logits [L] of the links; identity if not given"""
    shape = (len(space.operations), space.n_parameters)
    low, high = np.zeros(shape), np.zeros(shape)
    most = max((len(values) for op in space.rows for values in op.simple), default=1)
    simple, choices = np.zeros((*shape, most)), np.zeros(shape, dtype=np.int64)
    for m, op in enumerate(space.rows):
        for p, (a, b) in enumerate(op.initial):
            low[m, p], high[m, p] = a, b
        for p, values in enumerate(op.simple):
            simple[m, p, : len(values)] = values
            choices[m, p] = len(values)
    known = np.array([len(space.frequencies[i]) if i < space.n_inputs else 0 for i, _ in space.edges])
    frequencies = np.zeros((len(space.edges), max(1, known.max(initial=0))))
    for e in np.flatnonzero(known):
        frequencies[e, : known[e]] = space.frequencies[space.edges[e][0]]
    return Odds(
        softmax(alpha),
        softmax(beta),
        np.ones(1) if gamma is None else softmax(gamma),
        np.array([0] if gamma is None else [LINK_NAMES.index(name) for name in space.links]),
        np.array([AGGREGATORS.index(a) for a in space.aggregators]),
        np.array([space.into(j).start for j in range(space.nodes)] + [len(space.edges)]),
        space.n_inputs,
        space.zero,
        low,
        high,
        simple,
        choices,
        np.array([op.parameters == WAVE_PARAMETERS for op in space.rows]),
        frequencies,
        known,
    )


@compiled
def draw(odds, without, rng):
    """A place in odds [M], but not `without` (−1: any); −1 if nothing else has a chance."""
    total = 0.0
    for m in range(odds.shape[0]):
        if m != without:
            total += odds[m]
    if not total > 0.0:
        return -1
    rest = rng.random() * total
    last = -1
    for m in range(odds.shape[0]):
        if m != without and odds[m] > 0.0:
            last = m
            rest -= odds[m]
            if rest < 0.0:
                break
    return last


@compiled
def draw_start(odds, e, m, rng, w):
    """Starting values of operation m on edge e into w [P]: all simple, or all from their ranges.

    Frequencies that the table shows come first.
    """
    if odds.waves[m] and odds.known[e] > 0 and rng.random() < _KNOWN:
        w[:] = 0.0
        w[0] = odds.frequencies[e, int(rng.random() * odds.known[e])]
        w[1] = np.pi * (2.0 * rng.random() - 1.0)
        return
    simple = rng.random() < _SIMPLE
    for p in range(w.shape[0]):
        if simple and odds.choices[m, p] > 0:
            w[p] = odds.simple[m, p, int(rng.random() * odds.choices[m, p])]
        else:
            w[p] = odds.low[m, p] + (odds.high[m, p] - odds.low[m, p]) * rng.random()


@compiled
def draw_edges(odds, node, aggregator, operations, w, rng):
    """Draw the operation of every edge into a node: fills operations [E] and w [E, P]."""
    for e in range(odds.first[node], odds.first[node + 1]):
        operations[e] = draw(odds.edge[aggregator, e], -1, rng)
        draw_start(odds, e, operations[e], rng, w[e])


@compiled
def _sample(odds, counts, rng, operations, aggregators, readout, links, w):
    nodes = odds.node.shape[0]
    for r in range(counts.shape[0]):
        operations[r] = odds.zero
        w[r] = 0.0
        for j in range(nodes):
            a = draw(odds.node[j], -1, rng)
            aggregators[r, j] = odds.aggregators[a]
            readout[r, j] = j < counts[r]
            if j < counts[r]:
                draw_edges(odds, j, a, operations[r], w[r], rng)
        readout[r, nodes:-1] = rng.random() < _READOUT_INPUTS
        readout[r, -1] = True
        links[r] = odds.links[draw(odds.link, -1, rng)]


def sample(
    space: SearchSpace,
    alpha: np.ndarray,
    beta: np.ndarray,
    nodes: np.ndarray,
    rng: np.random.Generator,
    gamma: np.ndarray | None = None,
) -> tuple[GenotypeBatch, np.ndarray]:
    """Draw R graphs, and starting values w [R, E, P].

    alpha: [A, E, M] logits   beta: [N, A] logits   nodes: int [R], latent nodes in use
    gamma: [L] logits of the links; identity if not given
    """
    batch, w = blank(space, len(nodes))
    odds = odds_of(space, alpha, beta, gamma)
    _sample(odds, nodes, rng, batch.operations, batch.aggregators, batch.readout, batch.links, w)
    return prune(space, batch), w


def blank(space: SearchSpace, size: int) -> tuple[GenotypeBatch, np.ndarray]:
    """Room for so many graphs and their w."""
    edges = len(space.edges)
    batch = GenotypeBatch(
        np.full((size, edges), space.zero, dtype=np.int64),
        np.zeros((size, space.nodes), dtype=np.int64),
        np.zeros((size, space.n_readout), dtype=bool),
    )
    return batch, np.zeros((size, edges, space.n_parameters))


@compiled
def _draw_all(odds, operations, rng, w):
    for r in range(operations.shape[0]):
        for e in range(operations.shape[1]):
            draw_start(odds, e, operations[r, e], rng, w[r, e])


def draw_parameters(space: SearchSpace, batch: GenotypeBatch, rng: np.random.Generator) -> np.ndarray:
    """Starting values w [R, E, P] for the operations of a batch."""
    shape = (len(space.aggregators), len(space.edges), len(space.operations))
    odds = odds_of(space, np.zeros(shape), np.zeros((space.nodes, len(space.aggregators))))
    w = np.zeros((*batch.operations.shape, space.n_parameters))
    _draw_all(odds, batch.operations, rng, w)
    return w
