"""Graphs drawn from the architecture weights, and starting values for their constants."""

from __future__ import annotations

import numpy as np

from eqdarts.genotype import GenotypeBatch, prune
from eqdarts.search_space import AGGREGATORS, SearchSpace

_READOUT_INPUTS = 0.3  # share of graphs whose readout sees the inputs: more of it hides simple laws behind a line
_SIMPLE = 0.6  # share of edges that start at simple constants


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
    readout[:, space.nodes : -1] = rng.random((size, 1)) < _READOUT_INPUTS
    places = np.array([AGGREGATORS.index(a) for a in space.aggregators])
    return prune(space, GenotypeBatch(operations, places[choice], readout))


class Starts:
    """Starting values of constants: for each edge, all simple or all drawn from their ranges."""

    def __init__(self, space: SearchSpace) -> None:
        shape = (len(space.operations), space.n_parameters)
        self.low, self.high = np.zeros(shape), np.zeros(shape)
        most = max((len(values) for op in space.rows for values in op.simple), default=1)
        self._simple, self._choices = np.zeros((*shape, most)), np.zeros(shape)
        for m, op in enumerate(space.rows):
            for p, (a, b) in enumerate(op.initial):
                self.low[m, p], self.high[m, p] = a, b
            for p, values in enumerate(op.simple):
                self._simple[m, p, : len(values)] = values
                self._choices[m, p] = len(values)

    def draw(self, operations: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Places of operations [...] -> constants [..., P]; zero where there is no parameter."""
        ranged = rng.uniform(self.low[operations], self.high[operations])
        choices = self._choices[operations]
        place = (rng.random(choices.shape) * choices).astype(np.int64)
        simple = np.take_along_axis(self._simple[operations], place[..., None], axis=-1)[..., 0]
        chosen = (rng.random(operations.shape) < _SIMPLE)[..., None] & (choices > 0)
        return np.where(chosen, simple, ranged)


def draw_parameters(space: SearchSpace, batch: GenotypeBatch, rng: np.random.Generator) -> np.ndarray:
    """Starting values w [R, E, P] for the operations of a batch."""
    return Starts(space).draw(batch.operations, rng)
