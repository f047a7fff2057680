"""A search keeps to its time, its number of fits and its memory, whatever it is doing when one of them is over."""

import time

import numpy as np
import pandas as pd
import pytest

from eqdarts import DARTSClassifier, DARTSRegressor
from eqdarts.classes import choosing
from eqdarts.fitted import kept
from eqdarts.search import finish
from eqdarts.search.branches import Branches
from eqdarts.search.sampled import SampledSearch
from eqdarts.search.warm_up import compile_loops

_HELD = 10.0  # seconds of the processor's time that a slow step takes if nothing ends it


@pytest.fixture(autouse=True)
def _compiled():
    compile_loops()


def line(n=60):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.uniform(0.5, 5, (n, 2)), columns=["u", "v"])
    return X, 3 * X.u + np.sin(2 * X.v) + rng.normal(0, 0.3, n)


def model(**options):
    return DARTSRegressor(**{"max_time": 0.6, "replicas": 32, "verbose": 0, "random_state": 0, **options})


@pytest.fixture
def slow(monkeypatch):
    """Makes a function take very long; returns a list that is empty unless one of its calls came to its end."""
    ended = []

    def make(where, name):
        def step(*args, **kwargs):
            until = time.process_time() + _HELD
            while time.process_time() < until:
                pass
            ended.append(name)

        monkeypatch.setattr(where, name, step)
        return ended

    return make


@pytest.mark.parametrize(
    ("where", "name"),
    [
        (SampledSearch, "epoch"),
        (Branches, "_step"),
        (finish, "simplify"),
        (kept, "_shown_with"),
        pytest.param(SampledSearch, "close", marks=pytest.mark.slow),
        pytest.param(finish, "reduce", marks=pytest.mark.slow),
        pytest.param(finish, "shortest_writing", marks=pytest.mark.slow),
    ],
)
def test_a_step_that_does_not_look_at_the_clock_is_left(slow, where, name):
    ended = slow(where, name)
    begin = time.process_time()
    X, y = line()
    found = model().fit(X, y)
    assert not ended
    assert time.process_time() - begin < 0.5 * _HELD
    assert found.stop_reason_ == "max_time"
    assert np.isfinite(found.predict(X)).all()


def test_forms_that_cannot_be_compared_in_time_are_rated_one_by_one(monkeypatch):
    """As fast as that: what was found comes back, with the probability of each equation."""

    def by_form(*args, **kwargs):
        until = time.process_time() + _HELD
        while time.process_time() < until:
            pass
        raise AssertionError

    monkeypatch.setattr("eqdarts.equation.rivals.by_form", by_form)
    X, y = line()
    found = model().fit(X, y)
    assert 0 < sum(equation.probability for equation in found.front_) <= 1 + 1e-9
    assert np.isfinite(found.predict(X)).all()


@pytest.mark.slow
def test_sets_of_scores_are_compared_in_time(slow):
    X, y = line(200)
    labels = np.where(y > y.median(), "much", "little")
    ended = slow(choosing, "fit_scores")
    begin = time.process_time()
    with pytest.raises(AttributeError):  # the first set is needed
        DARTSClassifier(max_time=1.0, replicas=32, verbose=0, random_state=0).fit(X, labels)
    assert len(ended) == 1
    assert time.process_time() - begin < 1.5 * _HELD
