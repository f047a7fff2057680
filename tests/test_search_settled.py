"""When a search of noisy data is settled: the rule as it is, and what searches do with it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqdarts import DARTSRegressor
from eqdarts.search.settled import MEAN, NOTHING, Arrivals, Reached

#: Misfits in whole steps of two nats: further apart than what counts as the same.
PLACES = st.builds(lambda misfit, parts: Reached(2.0 * misfit, parts), st.integers(-150, -50), st.integers(1, 12))
#: What an epoch brings: does another run begin, how far it comes, and graphs.
EPOCHS = st.lists(st.tuples(st.booleans(), PLACES, st.integers(1, 3000)), min_size=1, max_size=40)


def best_of(before, place):
    return place if place.is_better(before) else before


def replayed(epochs):
    """The arrivals after each epoch, of runs that are all there is."""
    now, best, graphs = Arrivals(), NOTHING, 0
    for begins, place, more in epochs:
        now = now.began() if begins else now
        best, graphs = best_of(best, place), graphs + more
        now = now.after(place, best, graphs)
        yield now


@given(EPOCHS)
def test_the_best_is_found_by_the_runs_that_came_to_it(epochs):
    runs, before = [], NOTHING
    for (begins, place, _), now in zip(epochs, replayed(epochs), strict=True):
        runs = [*runs, NOTHING] if begins or not runs else runs
        improved, before = now.best.is_better(before), now.best
        runs[-1] = min(runs[-1], place, key=lambda one: one.score) if improved else best_of(runs[-1], place)
        assert now.runs == tuple(runs)
        assert now.best.score - 1 <= min(one.score for one in runs) <= now.best.score
        same = [one for one in runs if one.misfit <= now.best.misfit and one.parts <= now.best.parts + 1]
        assert now.found == len(same) >= 1


@given(EPOCHS, st.integers(1, 4))
def test_it_is_settled_only_after_as_many_graphs_again_without_a_better_one(epochs, wanted):
    history = list(replayed(epochs))
    for now in history:
        since = next(i for i, earlier in enumerate(history) if earlier.best == now.best)
        assert now.took == history[since].graphs
        assert now.is_settled(wanted) == (now.found >= wanted and now.graphs >= 2 * history[since].graphs)
        assert not now.is_settled(None)
        assert now.is_settled(wanted) or not now.is_settled(wanted + 1)
        assert all(earlier.best.score > now.best.score for earlier in history[:since])


@given(EPOCHS, st.floats(-0.9, 0.9), st.integers(0, 1))
def test_one_function_written_and_fitted_in_another_way_is_the_same(epochs, off, more):
    """It converges to a loss that differs a little, and may have a part more, as below another link."""
    *_, now = replayed(epochs)
    place = Reached(now.best.misfit + off, now.best.parts + more)
    again = now.began().after(place, best_of(now.best, place), now.graphs + 1)
    assert again.found == now.found + 1
    assert again.took == now.took


@given(EPOCHS, st.sampled_from([(-2.0, 0), (0.0, -1), (-8.0, 2)]))
def test_a_better_graph_opens_the_question_again(epochs, change):
    *_, now = replayed(epochs)
    place = Reached(now.best.misfit + change[0], now.best.parts + change[1])
    better = now.began().after(place, place, now.graphs + 1)
    assert better.best == place
    assert better.took == better.graphs
    assert not better.is_settled(1)


@given(EPOCHS, st.sampled_from([(2.0, 0), (0.0, 2), (-1.5, 3), (6.0, -2)]))
def test_another_graph_that_is_no_better_is_no_witness(epochs, change):
    *_, now = replayed(epochs)
    place = Reached(now.best.misfit + change[0], now.best.parts + change[1])
    other = now.began().after(place, now.best, now.graphs + 1)
    assert (other.found, other.took) == (now.found, now.took)


def test_a_sum_that_linear_algebra_finds_is_one_more_witness():
    law = Reached(-95.0, 5)
    now = Arrivals().after(Reached(-60.0, 4), law, 1000, solved=law)
    assert now.found == 1
    now = now.began().after(law, law, 2000, solved=law)
    assert now.found == 2
    assert now.is_settled(2)


def test_a_better_sum_says_nothing_of_the_runs():
    """Of few rows a sum of many terms may have the better score; the runs agree all the same, and it is known."""
    law, again, overfit = Reached(-41.0, 8), Reached(-41.1, 8), Reached(-70.0, 16)
    now = Arrivals().after(law, law, 1000, solved=overfit)
    assert (now.best, now.found) == (law, 1)
    assert now.began().after(again, law, 2000, solved=overfit).is_settled(2)
    simpler = now.after(law, law, 2000, solved=Reached(-60.0, 5))
    assert (simpler.best, simpler.found) == (law, 1)


def test_runs_that_find_nothing_agree_on_the_mean():
    now = Arrivals().after(MEAN, MEAN, 1000, solved=MEAN)
    assert now.began().after(MEAN, MEAN, 2000).is_settled(3)


X = np.random.default_rng(0).uniform(0.5, 3, (41, 2))
NOISE = np.random.default_rng(1).normal(size=41)
#: Ends by itself, or after so many epochs.
OPTIONS = {"max_epochs": 150, "max_time": None, "random_state": 0, "verbose": 0, "n_jobs": 1, "replicas": 64,
           "operations": ("zero", "linear", "power", "exp"), "links": ("identity",), "max_nodes": 2}  # fmt: skip
LAW = 2.3 * X[:, 0] * np.exp(-0.7 * X[:, 1])


@pytest.fixture(scope="module")
def noisy():
    return DARTSRegressor(**OPTIONS).fit(X, LAW + 0.03 * NOISE)


def test_a_noisy_law_that_runs_agree_on_is_settled(noisy):
    assert noisy.stop_reason_ == "settled"
    assert len(noisy.history_) <= 100
    assert noisy.history_["found"].iloc[-1] >= 2
    np.testing.assert_allclose(noisy.predict(X), LAW, atol=0.05)


def test_a_search_of_pure_noise_ends_with_a_constant():
    model = DARTSRegressor(**OPTIONS).fit(X, NOISE)
    assert model.stop_reason_ == "settled"
    assert len(model.history_) <= 100
    assert not model.sympy().free_symbols


def test_what_may_still_be_exact_is_not_settled(noisy):
    """Before data count as noisy nothing is, and an exact law ends its search as it did."""
    assert (noisy.history_["found"].iloc[:3] == 0).all()
    model = DARTSRegressor(**OPTIONS).fit(X, LAW)
    assert model.stop_reason_ == "exact"
    assert (model.history_["found"] == 0).all()
