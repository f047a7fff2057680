"""The α-step of the sampled search: each candidate is credited with how well graphs do that have it.

The natural gradient of the expected merit by the logits of a categorical distribution is the advantage
E[merit | candidate] − E[merit] (Amari 1998; Williams 1992 for the estimate from samples). Unlike the plain score
function it lets a rare candidate learn as fast as a frequent one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eqdarts.darts.architecture import LinkedArchitecture
from eqdarts.graph.genotype import GenotypeBatch, live_nodes
from eqdarts.graph.links import LINK_NAMES
from eqdarts.graph.population import idle_factors
from eqdarts.graph.space import AGGREGATORS, SearchSpace

_PRIOR_COUNT = 8.0  # graphs that speak for the mean: a candidate of few graphs is credited with caution


@dataclass(frozen=True, eq=False)
class Credited:
    """Graphs [R] with w [R, E, P], and the merit [R] of each, from −1 to 1."""

    batch: GenotypeBatch
    w: np.ndarray
    merit: np.ndarray


def step(
    space: SearchSpace,
    weights: LinkedArchitecture,
    prior: LinkedArchitecture,
    parts: Credited | None,
    drawn: Credited,
    rate: float,
    decay: float,
) -> LinkedArchitecture:
    """α, β and γ after a step along their natural gradients, with decay towards the prior.

    parts: what α learns from; None: it only decays   drawn: graphs drawn from the weights, for β and γ
    """
    alpha = np.zeros_like(weights.alpha) if parts is None else edge_advantage(space, parts)
    return LinkedArchitecture(
        _moved(weights.alpha, alpha, prior.alpha, rate, decay),
        _moved(weights.beta, node_advantage(space, drawn), prior.beta, rate, decay),
        _moved(weights.gamma, link_advantage(space, drawn), prior.gamma, rate, decay),
    )


def merit_of(order: np.ndarray, size: int) -> np.ndarray:
    """From 1 (best) to −1, by rank [size]; what has no place in the order is at the bottom.

    order: places, best first
    """
    merit = np.full(size, -1.0)
    merit[order] = 1.0 - 2.0 * np.arange(len(order)) / max(1, size - 1)
    return merit


def edge_advantage(space: SearchSpace, credited: Credited) -> np.ndarray:
    """Of every candidate on every edge, given the aggregator of its node: [A, E, M].

    Latent nodes are alike but for their place, so what is learned of an edge holds for its source in all of them.
    """
    batch, merit = credited.batch, credited.merit
    live = live_nodes(space, batch)
    target = np.array([j for _, j in space.edges])
    source = np.array([min(i, space.n_inputs) for i, _ in space.edges])
    # A factor with an exponent of nothing is an absent edge, whatever it is called.
    operations = np.where(idle_factors(space, batch, credited.w), space.zero, batch.operations)
    shape = (len(space.aggregators), space.n_inputs + 1, len(space.operations))
    total, count = np.zeros(shape), np.zeros(shape)
    for a, name in enumerate(space.aggregators):
        graph, edge = np.nonzero((live & (batch.aggregators == AGGREGATORS.index(name)))[:, target])
        place = source[edge], operations[graph, edge]
        np.add.at(total[a], place, merit[graph])
        np.add.at(count[a], place, 1.0)
    return _advantage(total, count)[:, source]


def node_advantage(space: SearchSpace, credited: Credited) -> np.ndarray:
    """Of every aggregator of every node: [N, A]."""
    batch, merit = credited.batch, credited.merit
    live = live_nodes(space, batch)
    places = [AGGREGATORS.index(name) for name in space.aggregators]
    chosen = live[:, :, None] & (batch.aggregators[:, :, None] == places)  # [R, N, A]
    return _advantage(np.einsum("r,rna->na", merit, chosen), chosen.sum(axis=0).astype(float))


def link_advantage(space: SearchSpace, credited: Credited) -> np.ndarray:
    """Of every link: [L]."""
    chosen = credited.batch.links[:, None] == [LINK_NAMES.index(name) for name in space.links]  # [R, L]
    return _advantage(credited.merit @ chosen, chosen.sum(axis=0).astype(float))


def _advantage(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Mean merit of each candidate along the last axis, above that of all of them."""
    mean = total.sum(axis=-1, keepdims=True) / np.maximum(count.sum(axis=-1, keepdims=True), 1.0)
    return (total - mean * count) / (count + _PRIOR_COUNT)


def _moved(logits: np.ndarray, gradient: np.ndarray, prior: np.ndarray, rate: float, decay: float) -> np.ndarray:
    """The logits after one step along a gradient, with decay towards their prior; those of −∞ stay."""
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(logits), logits + rate * gradient - decay * (logits - prior), -np.inf)
