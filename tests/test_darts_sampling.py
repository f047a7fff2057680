"""Graphs drawn from α: allowed, pruned, and as often as α says; and the α from which a search starts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_graphs import ALL, space_of

from eqdarts.darts.prior import link_log_odds, log_odds
from eqdarts.darts.sampling import draw, draw_parameters, odds_of, sample, softmax
from eqdarts.fit.compiled.elementary import compiled
from eqdarts.graph.genotype import live_nodes, prune
from eqdarts.graph.links import LINK_NAMES
from eqdarts.graph.operations import DEFAULT_OPERATIONS
from eqdarts.graph.space import AGGREGATORS

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
    batch, w = sample(space, *start(space), nodes, rng)
    assert len(batch) == len(w) == 211
    assert (batch.links == LINK_NAMES.index("identity")).all()
    assert space.allowed[np.arange(len(space.edges)), batch.operations].all()
    assert batch.keys() == prune(space, batch).keys()
    assert {AGGREGATORS[a] for a in batch.aggregators.ravel()} <= set(space.aggregators)
    live = live_nodes(space, batch)
    assert (live <= (np.arange(space.nodes) < nodes[:, None])).all()
    assert live.any(axis=1).mean() > 0.2


@compiled
def many(odds, without, rng, places):
    for k in range(places.shape[0]):
        places[k] = draw(odds, without, rng)


@given(st.lists(st.floats(-3, 3), min_size=2, max_size=7), st.integers(-1, 7), st.integers(0, 2**32 - 1))
def test_draws_follow_the_odds_without_the_excluded_one(logits, without, seed):
    logits = np.array([*logits, -np.inf])
    places = np.empty(2003, dtype=np.int64)
    many(softmax(logits), without, np.random.default_rng(seed), places)
    share = np.bincount(places, minlength=len(logits)) / 2003
    odds = softmax(np.where(np.arange(len(logits)) == without, -np.inf, logits))
    np.testing.assert_allclose(odds.sum(), 1)
    assert (share[odds == 0] == 0).all()
    assert (np.abs(share - odds) < 6 * np.sqrt(odds * (1 - odds) / 2003) + 1e-9).all()


def test_nothing_is_drawn_where_nothing_has_a_chance():
    rng = np.random.default_rng(1)
    assert draw(np.array([0.0, 1.0, 0.0]), 1, rng) == -1
    assert draw(np.zeros(3), -1, rng) == -1


def test_links_follow_gamma():
    links = ("arccos", "identity", "reciprocal_sqrt")
    space = space_of(1, links=links)
    gamma = np.array([0.2, 1.1, -0.4])
    batch, _ = sample(space, *start(space), np.ones(7001, dtype=int), np.random.default_rng(2), gamma)
    share = np.bincount(batch.links, minlength=len(LINK_NAMES)) / 7001
    np.testing.assert_allclose(share[[LINK_NAMES.index(name) for name in links]], softmax(gamma), atol=0.02)
    np.testing.assert_allclose(share.sum(), 1)


@pytest.mark.parametrize("links", [("identity",), ("ln",), ("arccos", "identity", "sqrt"), ("sqrt", "ln")])
def test_the_first_gamma_prefers_no_link_and_has_no_other_favourite(links):
    odds = softmax(link_log_odds(space_of(1, links=links)))
    others = [odds[k] for k, name in enumerate(links) if name != "identity"]
    np.testing.assert_allclose(others, others[:1] * len(others))
    if "identity" in links:
        assert odds[links.index("identity")] >= max(others, default=0.0)


def test_operations_and_aggregators_follow_alpha_and_beta():
    space = space_of(1, inputs=("u",), operations=("zero", "scale", "exp"))
    rng = np.random.default_rng(2)
    alpha, beta = rng.normal(size=(2, 1, 3)), np.array([[0.3, -0.4]])
    batch, _ = sample(space, alpha, beta, np.ones(7001, dtype=int), rng)
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
    (one, one_w), (two, two_w) = (sample(space, *start(space), nodes, np.random.default_rng(7)) for _ in range(2))
    assert one.keys() == two.keys()
    np.testing.assert_array_equal(one_w, two_w)


@pytest.mark.parametrize("again", [False, True])
def test_parameters_start_in_the_ranges_of_their_operations(space, again):
    """Those that come with the draw, and those drawn for a given batch."""
    rng = np.random.default_rng(3)
    batch, w = sample(space, *start(space), np.full(53, space.nodes), rng)
    w = draw_parameters(space, batch, rng) if again else w
    assert w.shape == (53, len(space.edges), space.n_parameters)
    for m, op in enumerate(space.rows):
        if op.name == "zero" and not again:
            continue  # edges that were pruned keep what was drawn
        mine = w[batch.operations == m]
        assert (mine[:, len(op.parameters) :] == 0).all()
        for p, (low, high) in enumerate(op.initial):
            assert ((mine[:, p] >= low) & (mine[:, p] <= high)).all()


def test_many_parameters_start_at_simple_values_and_others_anywhere():
    space = space_of(1, inputs=("u",), operations=("zero", "power"))
    (power,) = (op for op in space.rows if op.name == "power")
    batch, w = sample(space, *start(space), np.ones(2003, dtype=int), np.random.default_rng(4))
    exponents = w[batch.operations == space.operations.index("power")][:, 0]
    simple = np.isin(exponents, power.simple[0])
    assert 0.5 < simple.mean() < 0.7
    assert set(exponents[simple]) == set(power.simple[0])
    assert len(set(exponents[~simple])) == (~simple).sum()


def test_ranges_and_simple_values_cover_every_operation():
    space = space_of(1, operations=ALL)
    alpha, beta = start(space)
    odds = odds_of(space, alpha, beta)
    counts = np.array([len(op.parameters) for op in space.rows])
    assert ((odds.low < odds.high) == (np.arange(space.n_parameters) < counts[:, None])).all()
    for m, op in enumerate(space.rows):
        assert [tuple(odds.simple[m, p, : odds.choices[m, p]]) for p in range(len(op.simple))] == list(op.simple)
        assert (odds.choices[m, len(op.simple) :] == 0).all()


def test_odds_say_where_the_edges_of_each_node_begin(space):
    odds = odds_of(space, *start(space))
    assert [slice(a, b) for a, b in zip(odds.first, odds.first[1:], strict=False)] == [
        space.into(j) for j in range(space.nodes)
    ]
    np.testing.assert_allclose(odds.edge.sum(axis=-1), 1)
    np.testing.assert_allclose(odds.node.sum(axis=-1), 1)
