"""Graphs drawn from the architecture weights, and starting values for their constants."""

from __future__ import annotations

import numpy as np

from eqdarts.genotype import GenotypeBatch, prune
from eqdarts.search_space import AGGREGATORS, SearchSpace


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities along the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def draw(logits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One choice per row of logits [..., M], by the Gumbel-max trick."""
    return np.argmax(logits + rng.gumbel(size=logits.shape), axis=-1)


def sample(
    space: SearchSpace, alpha: np.ndarray, beta: np.ndarray, nodes: np.ndarray, rng: np.random.Generator
) -> GenotypeBatch:
    """Draw R graphs.

    alpha: [A, E, M] logits   beta: [N, A] logits   nodes: int [R], latent nodes in use
    """
    size = len(nodes)
    choice = draw(np.broadcast_to(beta, (size, *beta.shape)), rng)  # [R, N]
    target = np.array([j for _, j in space.edges])
    logits = alpha[choice[:, target], np.arange(len(space.edges))]  # [R, E, M]
    operations = draw(logits, rng)
    operations[target >= nodes[:, None]] = space.zero
    readout = np.ones((size, space.n_readout), dtype=bool)
    readout[:, : space.nodes] = np.arange(space.nodes) < nodes[:, None]
    readout[:, space.nodes : -1] = rng.random((size, 1)) < 0.5
    places = np.array([AGGREGATORS.index(a) for a in space.aggregators])
    return prune(space, GenotypeBatch(operations, places[choice], readout))


def initial_ranges(space: SearchSpace) -> tuple[np.ndarray, np.ndarray]:
    """Low and high ends of the starting values, each [M, P]; zero where there is no parameter."""
    low = np.zeros((len(space.operations), space.n_parameters))
    high = np.zeros_like(low)
    for m, op in enumerate(space.rows):
        for p, (a, b) in enumerate(op.initial):
            low[m, p], high[m, p] = a, b
    return low, high


def draw_parameters(space: SearchSpace, batch: GenotypeBatch, rng: np.random.Generator) -> np.ndarray:
    """Starting values w [R, E, P] for the operations of a batch."""
    low, high = initial_ranges(space)
    return rng.uniform(low[batch.operations], high[batch.operations])
