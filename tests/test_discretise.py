"""From α and β to graphs: what is chosen, in which order, and that nothing forbidden or dead is."""

from itertools import product

import numpy as np
import pytest
import torch

from eqdarts.darts.architecture import Architecture
from eqdarts.darts.discretise import argmax, chosen_parameters, k_best, sample
from eqdarts.darts.supernet import initial_parameters
from eqdarts.graph.genotype import prune
from eqdarts.graph.space import AGGREGATORS, SearchSpace

R = 3
OPS = ("zero", "scale", "exp", "power", "odd_power", "sin", "ln")  # M = 7
SPACES = {
    "both": SearchSpace(("u", "v"), 2, OPS, signed=(True, False)),
    "reversed": SearchSpace(("u", "v"), 2, OPS, ("product", "sum"), signed=(False, False), readout_inputs=False),
    "classic": SearchSpace(("u",), 3, OPS, ("sum",), readout_intercept=False),
}


@pytest.fixture(params=SPACES.values(), ids=SPACES.keys())
def space(request):
    return request.param


def draw(space, generator):
    def normal(*size):
        return torch.randn(R, *size, generator=generator, dtype=torch.float64)

    aggregators = len(space.aggregators)
    return Architecture(normal(aggregators, len(space.edges), len(space.operations)), normal(space.nodes, aggregators))


def batches(space, architecture, generator):
    return {
        "argmax": argmax(space, architecture),
        "sample": sample(space, architecture, generator, k=5),
        "k_best": k_best(space, architecture, 5),
    }


@pytest.mark.parametrize("name", ["argmax", "sample", "k_best"])
def test_graphs_are_pruned_allowed_and_of_the_space(name, space, generator):
    batch = batches(space, draw(space, generator), generator)[name]
    assert len(batch) == (R if name == "argmax" else 5 * R)
    assert space.allowed[np.arange(len(space.edges)), batch.operations].all()
    assert batch.keys() == prune(space, batch).keys()
    live = (batch.operations[:, space.into(0)] != space.zero).any(axis=1)
    assert {AGGREGATORS[a] for a in batch.aggregators[live, 0]} <= set(space.aggregators)
    inputs, one = batch.readout[:, space.nodes : -1], batch.readout[:, -1]
    assert (inputs == space.readout_inputs).all()
    assert (one == space.readout_intercept).all()


def test_argmax_takes_the_largest_under_the_chosen_aggregator(generator):
    space = SPACES["both"]
    architecture = draw(space, generator)
    alpha, beta = architecture.alpha.numpy(), architecture.beta.numpy()
    batch = argmax(space, architecture)
    for r in range(R):
        for e, (_, j) in enumerate(space.edges):
            a = beta[r, j].argmax()
            if batch.operations[r, e] != space.zero:
                best = np.where(space.allowed[e], alpha[r, a, e], -np.inf).argmax()
                assert batch.operations[r, e] == best
                assert AGGREGATORS[batch.aggregators[r, j]] == space.aggregators[a]


def test_the_first_of_k_best_is_argmax(space, generator):
    architecture = draw(space, generator)
    assert k_best(space, architecture, 5).keys()[::5] == argmax(space, architecture).keys()
    assert k_best(space, architecture, 1).keys() == argmax(space, architecture).keys()


def test_k_best_agrees_with_trying_all_graphs(generator):
    space = SearchSpace(("u",), 2, ("zero", "scale", "exp"))
    architecture = draw(space, generator)
    k = 17
    batch = k_best(space, architecture, k)
    for r in range(R):
        alpha, beta = architecture.alpha[r].numpy(), architecture.beta[r].numpy()
        graphs = []
        for aggregators in product(range(2), repeat=2):
            for operations in product(range(3), repeat=3):
                under = [aggregators[j] for _, j in space.edges]
                cost = sum(beta[j].max() - beta[j, a] for j, a in enumerate(aggregators)) + sum(
                    alpha[a, e].max() - alpha[a, e, m] for e, (a, m) in enumerate(zip(under, operations, strict=True))
                )
                graphs.append((cost, operations, aggregators))
        graphs.sort()
        for g, (_, operations, aggregators) in enumerate(graphs[:k]):
            found = batch.select([r * k + g])
            kept = found.operations[0] != space.zero
            assert (found.operations[0] == operations)[kept].all()
            assert (found.aggregators[0] == aggregators)[found.readout[0, :2]].all()


def test_k_best_stops_where_the_space_ends(generator):
    space = SearchSpace(("u",), 1, ("zero", "scale", "exp"))
    batch = k_best(space, draw(space, generator), 100)
    assert len(batch) == R * 2 * 3


def test_samples_follow_the_probabilities_and_grow_cold(generator):
    space = SearchSpace(("u",), 1, ("zero", "scale", "exp"), ("sum",))
    alpha = torch.tensor([0.3, 1.0, -0.5], dtype=torch.float64)
    architecture = Architecture(alpha.expand(R, 1, 1, 3), torch.zeros(R, 1, 1, dtype=torch.float64))
    for temperature in (1.0, 0.5):
        drawn = sample(space, architecture, generator, temperature, k=4001).operations
        share = np.bincount(drawn.ravel(), minlength=3) / drawn.size
        np.testing.assert_allclose(share, (alpha / temperature).softmax(dim=0), atol=0.02)
    cold = sample(space, architecture, generator, 1e-3, k=11)
    assert cold.keys() == argmax(space, architecture).keys() * 11


def test_equal_generators_draw_equal_samples(space, generator):
    architecture = draw(space, generator)
    one, two = (sample(space, architecture, torch.Generator().manual_seed(7), k=2) for _ in range(2))
    assert one.keys() == two.keys()


def test_chosen_parameters_belong_to_the_chosen_operations(space, generator):
    w, _ = initial_parameters(space, R, generator)
    batch = sample(space, draw(space, generator), generator, k=5)
    chosen = chosen_parameters(w, batch)
    assert chosen.shape == (5 * R, len(space.edges), space.n_parameters)
    for g in range(5 * R):
        for e in range(len(space.edges)):
            assert (chosen[g, e] == w[g // 5, e, batch.operations[g, e]]).all()
