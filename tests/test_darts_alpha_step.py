"""Credit of candidates: the natural gradient of the expected merit, whatever the number of graphs that have them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_graphs import space_of

from eqdarts.darts.alpha_step import (
    _PRIOR_COUNT,
    Credited,
    edge_advantage,
    link_advantage,
    merit_of,
    node_advantage,
    step,
)
from eqdarts.darts.architecture import LinkedArchitecture, prior
from eqdarts.darts.prior import link_log_odds, log_odds
from eqdarts.darts.sampling import sample
from eqdarts.data.table import Table
from eqdarts.fit.assess import Assessor
from eqdarts.graph.links import LINK_NAMES, usable
from eqdarts.graph.operations import DEFAULT_OPERATIONS
from eqdarts.graph.space import SearchSpace
from eqdarts.options import SearchConfig
from eqdarts.search.sampled import SampledSearch

N = 3
SPACE = space_of(N, operations=DEFAULT_OPERATIONS, links=("identity", "reciprocal"))
seeds = st.integers(0, 2**32 - 1)


def drawn(seed: int, size: int = 200):
    rng = np.random.default_rng(seed)
    gamma = link_log_odds(SPACE)
    batch, w = sample(SPACE, log_odds(SPACE), np.zeros((N, 2)), np.full(size, N), rng, gamma)
    return batch, w, rng


def test_merit_falls_with_the_rank_and_is_least_without_one():
    np.testing.assert_allclose(merit_of(np.array([3, 0, 1]), 5), [0.5, 0.0, -1.0, 1.0, -1.0])


@given(seeds)
def test_equal_merit_moves_nothing(seed):
    batch, w, _ = drawn(seed)
    merit = np.full(len(batch), 0.3)
    for advantage in (
        edge_advantage(SPACE, Credited(batch, w, merit)),
        node_advantage(SPACE, Credited(batch, w, merit)),
        link_advantage(SPACE, Credited(batch, w, merit)),
    ):
        np.testing.assert_allclose(advantage, 0.0, atol=1e-12)


@given(seeds)
def test_a_candidate_that_all_good_graphs_have_gains_and_all_gains_are_below_two(seed):
    batch, w, _ = drawn(seed)
    mine = batch.links == 1
    merit = np.where(mine, 1.0, -1.0)
    advantage = link_advantage(SPACE, Credited(batch, w, merit))
    assert advantage[1] > 0 > advantage[0]
    assert np.abs(edge_advantage(SPACE, Credited(batch, w, merit))).max() < 2


@given(st.integers(50, 1500))
def test_a_rare_candidate_learns_nearly_as_fast_as_a_frequent_one(count):
    """The plain score function would move it in proportion to its number of graphs."""
    batch, _, _ = drawn(0, 3000)
    batch.links[:] = np.arange(3000) < count
    merit = np.where(batch.links == 1, 1.0, -1.0)
    mean = (2 * count - 3000) / 3000
    found = link_advantage(SPACE, Credited(batch, np.zeros(0), merit))[1]
    assert found == pytest.approx((1 - mean) * count / (count + _PRIOR_COUNT))


@given(seeds)
def test_what_is_learned_of_an_edge_holds_for_its_source_in_every_node(seed):
    batch, w, rng = drawn(seed)
    advantage = edge_advantage(SPACE, Credited(batch, w, rng.normal(size=len(batch))))
    source = np.array([min(i, SPACE.n_inputs) for i, _ in SPACE.edges])
    for s in set(source):
        same = advantage[:, source == s]
        np.testing.assert_array_equal(same, np.broadcast_to(same[:, :1], same.shape))


def learned(epochs, **options):
    """The space, and α [A, E, M] after a search of x1·sin(2·x2)/(1 + x1) among six columns, with noise."""
    rng = np.random.default_rng(5)
    X = rng.uniform(0.5, 3, (240, 6))
    y = X[:, 0] * np.sin(2 * X[:, 1]) / (1 + X[:, 0]) + 0.05 * rng.normal(size=240)
    links = usable(LINK_NAMES, y, scaled=False)
    space = SearchSpace(tuple("abcdef"), N, DEFAULT_OPERATIONS, signed=(False,) * 6, links=links)
    parts = slice(160), slice(160, 240), slice(240)
    train, validation, both = (Table(X[rows], y[rows]) for rows in parts)
    config = SearchConfig(replicas=512, max_nodes=N, **options)
    searcher = SampledSearch(space, config, Assessor(space, train, validation, everything=both), rng)
    state = searcher.start()
    for _ in range(epochs):
        state = searcher.epoch(state, 0.0)
    return space, state.weights.alpha


def test_alpha_learns_which_columns_matter():
    """The gradient at fitted graphs raises the odds of the columns that the target needs, in products of anything.

    A run that begins anew takes α half way back, as the one does with which data begin to count as noisy.
    """
    space, alpha = learned(20, alpha_learning_rate=0.2, proposers=("sample", "move", "gradient"))
    absent = np.exp(alpha[space.aggregators.index("product"), :6, space.zero])
    absent /= np.exp(alpha[space.aggregators.index("product"), :6]).sum(axis=-1)
    assert absent[:2].mean() < 0.5 * absent[2:].mean()
    space, still = learned(3, alpha_learning_rate=0.0, alpha_weight_decay=0.0)
    np.testing.assert_array_equal(still, prior(space).alpha)


def test_a_step_follows_the_advantage_decays_towards_the_prior_and_keeps_what_makes_no_sense():
    rng = np.random.default_rng(5)
    start = prior(SPACE)
    batch, w = sample(SPACE, start.alpha, start.beta, np.full(400, 2), rng, start.gamma)
    drawn = Credited(batch, w, rng.uniform(-1, 1, 400))
    moved = LinkedArchitecture(start.alpha + 1.0, start.beta + 1.0, start.gamma + 1.0)
    after = step(SPACE, moved, start, drawn, drawn, rate=0.5, decay=0.1)
    possible = np.isfinite(start.alpha)
    expected = start.alpha + 0.9 + 0.5 * edge_advantage(SPACE, drawn)
    np.testing.assert_allclose(after.alpha[possible], expected[possible], rtol=1e-12)
    assert np.isneginf(after.alpha[~possible]).all()
    only_decayed = step(SPACE, moved, start, None, drawn, rate=0.5, decay=0.1).alpha
    np.testing.assert_allclose(only_decayed[possible], start.alpha[possible] + 0.9, rtol=1e-12)
