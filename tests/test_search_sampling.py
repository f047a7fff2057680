"""Graphs drawn from α: allowed, pruned, and as often as α says; and the α from which a search starts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_graphs import ALL, space_of

from eqdarts.genotype import live_nodes, prune
from eqdarts.operations import DEFAULT_OPERATIONS
from eqdarts.search.prior import log_odds
from eqdarts.search.sampling import Starts, draw, draw_parameters, sample, softmax
from eqdarts.search_space import AGGREGATORS

SPACES = {
    "both": space_of(3, operations=DEFAULT_OPERATIONS, signed=(True, False)),
    "all": space_of(3, aggregators=("product", "sum")),
    "product": space_of(2, aggregators=("product",), signed=(False, False)),
    "tiny": space_of(1, inputs=("u",), operations=("zero", "linear")),
    "own": space_of(2, operations=("zero", "gaussian", "abs", "odd_power", "power"), signed=(False, True)),
}


@pytest.fixture(params=SPACES.values(), ids=SPACES.keys())
def space(request):
    return request.param


def start(space):
    return log_odds(space), np.zeros((space.nodes, len(space.aggregators)))


def test_the_first_alpha_is_odds_of_allowed_operations(space):
    logits = log_odds(space)
    assert logits.shape == (len(space.aggregators), len(space.edges), len(space.operations))
    np.testing.assert_allclose(np.exp(logits).sum(axis=-1), 1)
    assert np.isneginf(logits[:, ~space.allowed]).all()
    others = np.arange(len(space.operations)) != space.zero
    assert np.isfinite(logits[:, :, others]).any(axis=-1).all()


def test_without_scale_linear_takes_its_place_in_sums():
    """exp(a·u + b·v) is a sum node of linear edges from the inputs, then exp."""
    space = space_of(2, operations=("zero", "linear", "exp", "logistic"))
    odds = np.exp(log_odds(space))
    linear = space.operations.index("linear")
    assert (odds[space.aggregators.index("sum"), :, linear] > 0.1).all()


def test_columns_of_both_signs_get_odd_and_even_powers_alike():
    space = SPACES["both"]
    odds = np.exp(log_odds(space))
    power, odd = (space.operations.index(name) for name in ("power", "odd_power"))
    np.testing.assert_allclose(odds[:, 0, power], odds[:, 0, odd])
    assert (odds[:, 1, odd] == 0).all()


def test_graphs_are_allowed_pruned_and_small_enough(space):
    rng = np.random.default_rng(1)
    nodes = rng.integers(1, space.nodes + 1, size=211)
    batch = sample(space, *start(space), nodes, rng)
    assert len(batch) == 211
    assert space.allowed[np.arange(len(space.edges)), batch.operations].all()
    assert batch.keys() == prune(space, batch).keys()
    assert {AGGREGATORS[a] for a in batch.aggregators.ravel()} <= set(space.aggregators)
    live = live_nodes(space, batch)
    assert (live <= (np.arange(space.nodes) < nodes[:, None])).all()
    assert live.any(axis=1).mean() > 0.2


@given(st.lists(st.floats(-3, 3), min_size=2, max_size=7), st.integers(0, 2**32 - 1))
def test_draws_follow_the_softmax(logits, seed):
    logits = np.array([*logits, -np.inf])
    drawn = draw(np.broadcast_to(logits, (2003, len(logits))), np.random.default_rng(seed))
    share = np.bincount(drawn, minlength=len(logits)) / 2003
    odds = softmax(logits)
    np.testing.assert_allclose(odds.sum(), 1)
    assert share[-1] == odds[-1] == 0
    assert (np.abs(share - odds) < 6 * np.sqrt(odds * (1 - odds) / 2003) + 1e-9).all()


def test_operations_and_aggregators_follow_alpha_and_beta():
    space = space_of(1, inputs=("u",), operations=("zero", "scale", "exp"))
    rng = np.random.default_rng(2)
    alpha, beta = rng.normal(size=(2, 1, 3)), np.array([[0.3, -0.4]])
    batch = sample(space, alpha, beta, np.ones(7001, dtype=int), rng)
    odds, node_odds = softmax(alpha), softmax(beta)[0]
    live = live_nodes(space, batch)[:, 0]
    np.testing.assert_allclose(1 - live.mean(), node_odds @ odds[:, 0, space.zero], atol=0.02)
    for a in range(2):
        mine = live & (batch.aggregators[:, 0] == a)
        present = odds[a, 0, 1:]
        np.testing.assert_allclose(mine.mean(), node_odds[a] * present.sum(), atol=0.02)
        share = np.bincount(batch.operations[mine, 0], minlength=3)[1:] / mine.sum()
        np.testing.assert_allclose(share, present / present.sum(), atol=0.03)


def test_equal_generators_draw_equal_graphs(space):
    nodes = np.full(23, space.nodes)
    one, two = (sample(space, *start(space), nodes, np.random.default_rng(7)) for _ in range(2))
    assert one.keys() == two.keys()


def test_parameters_start_in_the_ranges_of_their_operations(space):
    rng = np.random.default_rng(3)
    batch = sample(space, *start(space), np.full(53, space.nodes), rng)
    w = draw_parameters(space, batch, rng)
    assert w.shape == (53, len(space.edges), space.n_parameters)
    for m, op in enumerate(space.rows):
        mine = w[batch.operations == m]
        assert (mine[:, len(op.parameters) :] == 0).all()
        for p, (low, high) in enumerate(op.initial):
            assert ((mine[:, p] >= low) & (mine[:, p] <= high)).all()


def test_ranges_cover_every_operation():
    space = space_of(1, operations=ALL)
    starts = Starts(space)
    low, high = starts.low, starts.high
    counts = np.array([len(op.parameters) for op in space.rows])
    assert ((low < high) == (np.arange(space.n_parameters) < counts[:, None])).all()
