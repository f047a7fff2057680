"""The gradient at a vertex: promised gains are those that a refit of the readout delivers, and children are graphs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_graphs import space_of

from eqdarts.darts.architecture import Architecture, LinkedArchitecture
from eqdarts.darts.prior import link_log_odds, log_odds
from eqdarts.darts.sampling import odds_of, sample
from eqdarts.data.table import Table
from eqdarts.fit.assess import Assessor
from eqdarts.graph.genotype import live_nodes, prune, used_counts
from eqdarts.graph.operations import DEFAULT_OPERATIONS
from eqdarts.graph.space import SearchSpace
from eqdarts.propose.features import draw_features
from eqdarts.propose.gradient import Gradient, _gains, _joining, _orthonormal, promise_of, pursue
from eqdarts.propose.moves import used_nodes
from eqdarts.propose.proposer import Situation
from eqdarts.search.runs import luby

N = 4
SPACE = SearchSpace(("u", "v"), N, DEFAULT_OPERATIONS, links=("identity", "reciprocal"))
seeds = st.integers(0, 2**32 - 1)


def test_runs_have_the_lengths_of_luby():
    assert [luby(i) for i in range(1, 16)] == [1, 1, 2, 1, 1, 2, 4, 1, 1, 2, 1, 1, 2, 4, 8]


@given(seeds)
def test_a_gain_is_the_share_of_the_residual_that_a_new_column_explains(seed):
    rng = np.random.default_rng(seed)
    columns, y, along = rng.normal(size=(3, 31)), rng.normal(size=31), rng.normal(size=31)
    features = rng.normal(size=(5, 31))
    new = features * along
    rest = y - columns.T @ np.linalg.lstsq(columns.T, y, rcond=None)[0]
    gain, step = _gains(features, features**2, along, _orthonormal(columns), rest)
    for k in range(5):
        wider = np.concatenate([columns, new[k : k + 1]]).T
        solution = np.linalg.lstsq(wider, y, rcond=None)[0]
        left = y - wider @ solution
        np.testing.assert_allclose(gain[k], 1 - (left @ left) / (rest @ rest), atol=1e-9)
        np.testing.assert_allclose(step[k], solution[-1], atol=1e-9)


@given(seeds)
def test_what_a_refit_covers_anyway_promises_nothing(seed):
    rng = np.random.default_rng(seed)
    columns, residual = rng.normal(size=(4, 31)), rng.normal(size=31)
    covered = rng.normal(size=(6, 4)) @ columns
    gain, step = _gains(covered, covered**2, np.ones(31), _orthonormal(columns), residual)
    assert (gain == 0).all()
    assert (step == 0).all()


@pytest.fixture(scope="module")
def search():
    """An assessor on rows of y = u·sin(v) + u², its odds and fitted parents."""
    rng = np.random.default_rng(0)
    u, v = rng.uniform(0.5, 2, (2, 60))
    rows = Table(np.column_stack([u, v]), u * np.sin(v) + u**2)
    assessor = Assessor(SPACE, rows, rows)
    alpha, beta, gamma = log_odds(SPACE), np.zeros((N, 2)), link_log_odds(SPACE)
    batch, w = sample(SPACE, alpha, beta, np.full(64, 2), rng, gamma)
    parents, _ = assessor.best_fifth(batch, w, np.array(["sample"] * 64, dtype=object))
    parents = parents.select(np.flatnonzero(np.isfinite(parents.loss))[:12])
    return assessor, alpha, beta, odds_of(SPACE, alpha, beta, gamma), parents


@pytest.mark.parametrize("limit", [2, 3, 4])
def test_children_are_graphs_of_the_space_with_a_link_of_their_parent(search, limit):
    assessor, alpha, beta, odds, parents = search
    rng = np.random.default_rng(limit)
    features = draw_features(SPACE, Architecture(alpha, beta), assessor, rng)
    batch, w = pursue(SPACE, odds, limit, parents, features, assessor, rng)
    promise = promise_of(SPACE, limit, parents, features, assessor)
    assert promise.shape == (len(features.values),)
    assert ((promise >= 0) & (promise <= 1 + 1e-9)).all()
    has_room = (used_counts(SPACE, parents.batch) < limit).any()
    assert has_room or limit == 2
    assert (len(batch) > 0) == has_room
    assert w.shape == (len(batch), len(SPACE.edges), SPACE.n_parameters)
    assert np.isfinite(w).all()
    assert SPACE.allowed[np.arange(len(SPACE.edges)), batch.operations].all()
    assert batch.keys() == prune(SPACE, batch).keys()
    assert not live_nodes(SPACE, batch)[:, limit:].any()
    assert set(batch.links) <= set(parents.batch.links)


def test_features_are_finite_and_vary(search):
    assessor, alpha, beta, odds, _ = search
    features = draw_features(SPACE, Architecture(alpha, beta), assessor, np.random.default_rng(1))
    assert np.isfinite(features.values).all()
    assert (np.ptp(features.values, axis=1) > 0).all()
    assert {used_nodes(odds, row) for row in features.batch.operations} <= {1, 2}


def test_the_best_children_start_better_than_their_parents_or_equal(search):
    """A feature in the readout can only lower the loss that its parent had on the train rows."""
    assessor, alpha, beta, odds, parents = search
    rng = np.random.default_rng(2)
    features = draw_features(SPACE, Architecture(alpha, beta), assessor, rng)
    batch, w = pursue(SPACE, odds, N, parents, features, assessor, rng)
    _, _, loss = assessor._backend.fit(batch, w, assessor.train, 0)
    _, _, before = assessor._backend.fit(parents.batch, parents.w, assessor.train, 0)
    assert np.nanmin(loss) < np.nanmin(before)


@given(seeds)
def test_children_depend_only_on_the_generator(search_seed):
    rng = np.random.default_rng(3)
    rows = Table(rng.uniform(1, 2, (20, 2)), rng.normal(size=20))
    space = space_of(3, operations=DEFAULT_OPERATIONS)
    assessor = Assessor(space, rows, rows)
    alpha, beta = log_odds(space), np.zeros((3, 2))
    one, two = (
        draw_features(space, Architecture(alpha, beta), assessor, np.random.default_rng(search_seed)) for _ in range(2)
    )
    assert one.batch.keys() == two.batch.keys()
    np.testing.assert_array_equal(one.values, two.values)


@pytest.mark.parametrize(("product", "names"), [(False, {"linear"}), (True, {"linear", "power"})])
def test_the_edge_of_a_new_part_does_not_depend_on_the_order_of_operations(product, names):
    for operations in (DEFAULT_OPERATIONS, DEFAULT_OPERATIONS[::-1]):
        space = SearchSpace(("u",), 2, operations)
        rng = np.random.default_rng(0)
        assert {operations[_joining(space, product, rng)] for _ in range(30)} == names
    assert _joining(SearchSpace(("u",), 2, ("zero", "exp")), product, rng) == -1


def test_alpha_learns_on_validation_rows_and_children_on_train_rows(search):
    """Other validation rows change what a part promises, and no child; see Liu, Simonyan & Yang 2019, eq. 3 and 4."""
    assessor, alpha, beta, _, parents = search
    z = np.random.default_rng(7).uniform(0.5, 2, (31, 2))
    other = Assessor(SPACE, assessor.train, Table(z, z[:, 0] ** 3 - z[:, 1]))
    found = []
    for one in (assessor, other):
        rng = np.random.default_rng(4)
        weights = LinkedArchitecture(alpha, beta, link_log_odds(SPACE))
        now = Situation(SPACE, weights, parents, one, rng, 64, 32, N, 0, False)
        found.append(Gradient().propose(now))
    same, moved = found
    np.testing.assert_array_equal(same.w, moved.w)
    assert same.batch.keys() == moved.batch.keys()
    assert np.abs(same.evidence.promise - moved.evidence.promise).max() > 0.01
    features = draw_features(SPACE, weights, assessor, np.random.default_rng(4))
    expected = promise_of(SPACE, N, parents, features.on(other.on_validation), other.on_validation)
    assert expected.shape == same.evidence.promise.shape
