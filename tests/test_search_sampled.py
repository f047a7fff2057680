"""Epochs of the sampled search: what they are made of, and how runs, nodes and noise change them."""

from dataclasses import replace

import numpy as np
import pytest
from known_graphs import assessor_of, node, population_of, problem_of

from eqdarts.data.zero import LADDER
from eqdarts.fit.assess import Assessor
from eqdarts.graph.population import nothing, scores
from eqdarts.graph.space import SearchSpace
from eqdarts.options import SearchConfig
from eqdarts.search.sampled import SampledSearch, graphs_of_epoch
from eqdarts.search.settled import Arrivals, Reached

SPACE = SearchSpace(
    ("x1", "x2"), 3, ("zero", "linear", "power", "exp", "sin"), signed=(False, False), links=("identity", "reciprocal")
)
X = np.random.default_rng(2).uniform(1, 3, (71, 2))
HARD = np.exp(-X[:, 0]) * np.sin(3 * X[:, 1]) + X[:, 0] ** 0.37
REPLICAS = 32


def search(y=HARD, seed=0, proposers=("sample", "neighbour", "move"), everything=True, agreeing_runs=2, **how):
    """Of a table, on all of its rows, with solvers only if they are named."""
    rows = problem_of(X, y).scaled
    assessor = Assessor(SPACE, rows, rows, everything=rows if everything else None)
    config = SearchConfig(
        operations=SPACE.operations, replicas=REPLICAS, proposers=proposers, agreeing_runs=agreeing_runs
    )
    return SampledSearch(SPACE, config, assessor, np.random.default_rng(seed), **how)


def after(searcher, epochs):
    state = searcher.start()
    for _ in range(epochs):
        state = searcher.epoch(state, 0.0)
    return state


def test_epochs_repeat_and_the_best_score_never_rises():
    searcher, best = search(), []
    state = searcher.start()
    for epoch in range(1, 5):
        state = searcher.epoch(state, 0.0)
        best.append(scores(state.population.loss, state.population.complexity, state.rows).min())
        assert (state.epochs, state.age, state.runs) == (epoch, epoch, 0)
    assert best == sorted(best, reverse=True)
    again = after(search(), 4)
    np.testing.assert_array_equal(again.population.loss, state.population.loss)
    np.testing.assert_array_equal(again.weights.alpha, state.weights.alpha)


def test_latent_nodes_are_allowed_one_by_one():
    searcher, nodes = search(), []
    state = searcher.start()
    for _ in range(6):
        state = searcher.epoch(state, 0.0)
        nodes.append(state.nodes)
        used = state.active.batch.readout[:, : SPACE.nodes].any(axis=0)
        assert np.flatnonzero(used).max() < state.nodes
    assert nodes == [1, 1, 2, 2, 3, 3]


def test_every_source_has_its_share_of_an_epoch():
    state = after(search(), 3)
    given = {name: share.graphs for name, share in state.shares.items() if share.graphs}
    assert set(given) == {"sample", "neighbour", "move"}
    assert sum(given.values()) == REPLICAS
    kept = {name: share.kept for name, share in state.shares.items()}
    assert sum(kept.values()) == len(state.population)
    assert {origin.split(",")[0] for origin in state.population.origin} == {name for name, n in kept.items() if n}


def test_a_law_that_linear_algebra_finds_waits_for_no_loops():
    prepared = []
    searcher = search(X[:, 0] * X[:, 1] + 2, proposers=("sample", "monomials"), prepare=lambda: prepared.append(1))
    state = searcher.epoch(searcher.start(), 0.0)
    assert prepared == []
    assert state.epochs == 1
    assert state.population.loss.min() < 1e-24
    assert "sample" not in state.shares
    searcher.epoch(state, 0.0)
    assert prepared == [1]


def test_a_search_without_time_is_over_after_linear_algebra():
    prepared = []
    searcher = search(proposers=("sample", "monomials"), prepare=lambda: prepared.append(1), is_over=lambda: True)
    state = searcher.epoch(searcher.start(), 0.0)
    assert (prepared, state.epochs, len(state.population)) == ([], 1, 0)
    assert len(state.known) > 0, "the best sums are known"
    assert len(searcher.close(state, np.inf).population) == len(state.known)


def old(runs):
    """A state at the end of one of its runs."""
    state = after(search(), 2)
    return replace(state, age=10_000, runs=runs)


@pytest.mark.parametrize(
    ("age", "gained", "over"), [(9, 1, False), (10, 5, True), (10, 6, False), (13, 7, False), (14, 7, True)]
)
def test_a_run_on_noisy_data_goes_on_as_long_as_it_gains(age, gained, over):
    state = replace(old(runs=1), noisy=True, age=age, gained=gained)
    after_it = search().epoch(state, 0.0)
    assert after_it.runs == 1 + over
    assert after_it.age == (1 if over else age + 1)


def test_a_fresh_run_forgets_its_graphs_and_half_of_what_it_learned():
    searcher, before = search(), old(runs=0)
    state = searcher.epoch(before, 0.0)
    assert (state.runs, state.age, state.grown, state.nodes) == (1, 1, 1, 1)
    assert len(state.active) < len(before.active) + REPLICAS
    assert {origin.split(",")[0] for origin in state.active.origin} == {"sample"}
    assert state.population.loss.min() <= before.population.loss.min()


@pytest.mark.parametrize(("runs", "noisy"), [(1, False), (2, True)])
def test_one_run_of_three_goes_on_from_the_best_of_all(runs, noisy):
    """The last of three where those from nothing may agree."""
    searcher, before = search(), replace(old(runs), noisy=noisy)
    state = searcher.epoch(before, 0.0)
    assert (state.runs, state.age, state.grown, state.nodes) == (runs + 1, 1, SPACE.nodes, SPACE.nodes)
    assert state.active.loss.min() <= before.population.loss.min()
    assert state.shares["move"].graphs > 0


NOISY = HARD + 0.1 * np.random.default_rng(4).normal(size=71)


@pytest.mark.parametrize(
    ("y", "everything", "epochs", "noisy"),
    [(NOISY, True, 10, True), (NOISY, True, 9, False), (NOISY, False, 10, False), (X[:, 0] ** 0.5, True, 10, False)],
)
def test_what_stays_open_after_ten_epochs_is_noise(y, everything, epochs, noisy):
    """If there are rows to confirm it on; from then on losses speak for all rows."""
    searcher = search(y, everything=everything)
    state = after(searcher, 1)
    if not noisy and everything and epochs == 10:
        law = population_of(SPACE, problem_of(X, y), [node((0, "power", (0.5,)))])
        assert law.loss[0] < LADDER.quiet
        state = replace(state, population=law)
    state = searcher.epoch(replace(state, epochs=epochs), 0.0)
    assert state.noisy is noisy
    assert state.rows == 71


@pytest.mark.parametrize(
    ("y", "wanted", "settled"), [(NOISY, 2, True), (NOISY, 3, False), (NOISY, None, False), (HARD, 2, False)]
)
def test_it_is_settled_when_as_many_runs_agree_as_are_wanted_and_noise_is_left(y, wanted, settled):
    """What an imitation leaves of a law is no noise, however many runs agree on it."""
    one = Reached(-1e6, 1)
    searcher = search(y, agreeing_runs=wanted)
    state = replace(after(searcher, 2), noisy=True, arrivals=Arrivals((one, one), best=one))
    state = searcher.epoch(state, 0.0)
    assert (state.found, state.is_settled) == (2, settled)


def test_where_the_best_graph_leaves_noise_data_are_noisy_before():
    """A tenth of the rows would not show it; and a graph that is new may be the way to a better one."""
    law = X[:, 0] / X[:, 1]
    for rows, stale, noisy in ((71, True, True), (71, False, False), (9, True, False)):
        table = problem_of(X[:rows], law[:rows] + 0.1 * np.random.default_rng(4).normal(size=rows)).scaled
        config = SearchConfig(operations=SPACE.operations, replicas=REPLICAS, proposers=("sample",))
        searcher = SampledSearch(
            SPACE, config, Assessor(SPACE, table, table, everything=table), np.random.default_rng(0)
        )
        known = population_of(
            SPACE,
            problem_of(table.X, table.y),
            [node((0, "power", (1.0,)), (1, "power", (-1.0,)), aggregator="product")],
        )
        state = replace(
            searcher.start(), population=known, epochs=3, arrivals=Arrivals(took=100, graphs=200 - (not stale))
        )
        state = searcher.epoch(state, 0.0)
        assert state.noisy is noisy
        assert state.runs == noisy


def test_a_search_of_data_known_to_be_noisy_starts_so():
    assert search().start(noisy=True).noisy
    assert len(search().start().population) == 0


def test_closing_looks_at_neighbours_of_the_best_graphs_of_noisy_data_only():
    searcher = search(NOISY)
    quiet = after(searcher, 2)
    assert len(searcher.close(quiet, np.inf).population) == len(quiet.known)
    noisy = searcher.epoch(replace(quiet, epochs=12), 0.0)
    closed = searcher.close(noisy, np.inf).population
    assert closed.loss.min() <= noisy.population.loss.min()
    assert any(origin.startswith("neighbour") for origin in closed.origin)


def test_graphs_that_no_source_gives_are_none():
    searcher = search(proposers=("monomials",))
    state = after(searcher, 2)
    assert len(state.population) == len(nothing(SPACE))
    assert state.fitted == len(state.sums.population)
    assert len(state.known) > 0
    assert np.isinf(state.train_loss)


def test_torch_fits_where_loops_cannot():
    config = SearchConfig(operations=SPACE.operations, replicas=8, proposers=("sample",))
    searcher = SampledSearch(SPACE, config, assessor_of(SPACE, problem_of(X, HARD)), np.random.default_rng(0))
    assert after(searcher, 2).population.loss.min() < 1


def test_epochs_are_short_until_much_was_asked_or_noise_is_seen():
    sizes = [graphs_of_epoch(2048, epochs, noisy=False) for epochs in range(100)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1] == 2048
    assert graphs_of_epoch(2048, 0, noisy=True) == 2048
    assert {graphs_of_epoch(REPLICAS, epochs, noisy=False) for epochs in range(100)} == {REPLICAS}
