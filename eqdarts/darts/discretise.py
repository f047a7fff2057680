"""α and β → fixed graphs: the most probable ones, or samples."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np
import torch
from torch import Tensor

from eqdarts.darts.architecture import Architecture
from eqdarts.darts.relaxation import gumbel_noise
from eqdarts.darts.supernet import readout_used
from eqdarts.graph.genotype import GenotypeBatch, prune
from eqdarts.graph.space import AGGREGATORS, SearchSpace


def argmax(space: SearchSpace, architecture: Architecture) -> GenotypeBatch:
    """Per node the aggregator with the largest β, per edge the allowed operation with the largest α under it.

    Dead branches are pruned, here and below.

    Returns
    -------
    GenotypeBatch
        R graphs.

    Examples
    --------
    >>> space = SearchSpace(("x",), 1, ("zero", "exp", "sin"), ("sum",))
    >>> alpha = torch.tensor([0.1, 0.2, 0.4]).view(1, 1, 1, 3)
    >>> argmax(space, Architecture(alpha, torch.zeros(1, 1, 1))).genotype(space, 0).operations
    ('sin',)
    """
    return _choose(space, architecture.alpha[:, None], architecture.beta[:, None])


def sample(
    space: SearchSpace, architecture: Architecture, generator: torch.Generator, temperature: float = 1.0, k: int = 1
) -> GenotypeBatch:
    """Graphs drawn with the probabilities softmax(β / τ) per node and softmax(α / τ) per edge.

    Returns
    -------
    GenotypeBatch
        R·k graphs; graph g belongs to replica g // k. Equal ones are not merged.
    """

    def perturbed(logits: Tensor) -> Tensor:
        scaled = logits[:, None].expand(-1, k, *logits.shape[1:]) / temperature  # [R, k, ...]
        return scaled + gumbel_noise(scaled.shape, generator, logits.dtype).to(logits.device)

    return _choose(space, perturbed(architecture.alpha), perturbed(architecture.beta))


def k_best(space: SearchSpace, architecture: Architecture, k: int) -> GenotypeBatch:
    """The argmax graph and the k − 1 that lose least log-odds against it, best first; exact.

    Choosing aggregator a and operations m costs Σ_nodes (max β − β_a) + Σ_edges (max_m' α_am' − α_am). With
    one aggregator and softmax this is the order of probability. Costs add up over edges, so the k cheapest of
    a graph are among the combinations of the k cheapest of its parts.

    Returns
    -------
    GenotypeBatch
        R·k graphs, or fewer per replica if the space has not as many: graph g belongs to replica
        g // (graphs per replica). Pruning may leave equal ones, which are not merged.
    """
    alpha = architecture.alpha.detach().cpu().numpy()
    beta = architecture.beta.detach().cpu().numpy()

    def node(j: int) -> _Ranked:
        edges = range(space.into(j).start, space.into(j).stop)
        choices = []
        for a in range(len(space.aggregators)):
            aggregator = _Ranked.of(beta[:, j].max(axis=1, keepdims=True) - beta[:, j, a, None], np.array([a]))
            candidates = [np.flatnonzero(space.allowed[e]) for e in edges]
            options = [_loss_of_log_odds(alpha[:, a, e], c) for e, c in zip(edges, candidates, strict=True)]
            choices.append(reduce(lambda left, right: left.then(right, k), options, aggregator))
        return _either(choices).cheapest(k)

    best = reduce(lambda left, right: left.then(right, k), [node(j) for j in range(space.nodes)])
    choice = best.choice.reshape(-1, best.choice.shape[-1])  # [R·k, N + E]: per node its aggregator, then its edges
    places = [space.into(j).start + j for j in range(space.nodes)]
    return _pruned(space, np.delete(choice, places, axis=1), choice[:, places])


def chosen_parameters(w: Tensor, batch: GenotypeBatch) -> Tensor:
    """The parameters of the chosen operations, from which a refit can start.

    w: [R, E, M, P]   batch: R·k graphs, k for each replica in turn   returns: [R·k, E, P]
    """
    per_replica = len(batch) // w.shape[0]
    operations = torch.as_tensor(batch.operations, device=w.device).view(w.shape[0], per_replica, -1)  # [R, k, E]
    replica = torch.arange(w.shape[0], device=w.device)[:, None, None]
    edge = torch.arange(w.shape[1], device=w.device)
    return w[replica, edge, operations].flatten(0, 1)


def _choose(space: SearchSpace, alpha: Tensor, beta: Tensor) -> GenotypeBatch:
    """alpha: [R, k, A, E, M]   beta: [R, k, N, A]   returns: R·k graphs"""
    aggregators = beta.argmax(dim=-1)  # [R, k, N]
    targets = torch.tensor([j for _, j in space.edges], device=beta.device)
    under = aggregators[..., targets][..., None, :, None]  # [R, k, 1, E, 1]
    of_edge = alpha.take_along_dim(under, dim=2).squeeze(2)  # [R, k, E, M]
    allowed = torch.as_tensor(space.allowed, device=alpha.device)
    operations = of_edge.masked_fill(~allowed, -torch.inf).argmax(dim=-1)  # [R, k, E]
    return _pruned(space, operations.flatten(0, 1).cpu().numpy(), aggregators.flatten(0, 1).cpu().numpy())


def _pruned(space: SearchSpace, operations: np.ndarray, aggregators: np.ndarray) -> GenotypeBatch:
    """operations: [R, E]   aggregators: [R, N], places in the list of the space"""
    places = np.array([AGGREGATORS.index(a) for a in space.aggregators])
    readout = np.tile(readout_used(space).numpy(), (len(operations), 1))
    return prune(space, GenotypeBatch(operations, places[aggregators], readout))


@dataclass(frozen=True, eq=False)
class _Ranked:
    """K ways to make C choices, per replica, with their costs."""

    cost: np.ndarray  # [R, K]
    choice: np.ndarray  # [R, K, C]

    @classmethod
    def of(cls, cost: np.ndarray, options: np.ndarray) -> _Ranked:
        """One choice among K options: cost [R, K], options [K]."""
        return cls(cost, np.tile(options[:, None], (len(cost), 1, 1)))

    def cheapest(self, k: int) -> _Ranked:
        # Stable, so that ties fall the same way on every machine.
        order = np.argsort(self.cost, axis=1, kind="stable")[:, :k]
        return _Ranked(
            np.take_along_axis(self.cost, order, axis=1), np.take_along_axis(self.choice, order[:, :, None], axis=1)
        )

    def then(self, other: _Ranked, k: int) -> _Ranked:
        """The k cheapest ways to make these choices, and the others after them."""
        replicas, mine, theirs = len(self.cost), self.cost.shape[1], other.cost.shape[1]
        cost = (self.cost[:, :, None] + other.cost[:, None, :]).reshape(replicas, -1)
        choice = np.concatenate([self.choice.repeat(theirs, axis=1), np.tile(other.choice, (1, mine, 1))], axis=2)
        return _Ranked(cost, choice).cheapest(k)


def _loss_of_log_odds(alpha: np.ndarray, candidates: np.ndarray) -> _Ranked:
    """The operation of one edge: alpha [R, M], the allowed candidates as places."""
    of_allowed = alpha[:, candidates]
    return _Ranked.of(of_allowed.max(axis=1, keepdims=True) - of_allowed, candidates)


def _either(options: list[_Ranked]) -> _Ranked:
    return _Ranked(
        np.concatenate([o.cost for o in options], axis=1), np.concatenate([o.choice for o in options], axis=1)
    )
