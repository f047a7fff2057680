"""A search keeps to its time, its number of fits and its memory, whatever it is doing when one of them is over."""

import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from random_graphs import draw_batch, space_of

from eqdarts import DARTSClassifier, DARTSRegressor, InputDataError
from eqdarts.classes import choosing
from eqdarts.darts.sampling import draw_parameters
from eqdarts.data.table import Table
from eqdarts.fit.assess import Assessor
from eqdarts.fit.compiled import graphs
from eqdarts.fit.compiled.graphs import Kernel
from eqdarts.fitted import kept
from eqdarts.runtime import memory
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
        (kept, "with_digits"),
        (kept, "with_left_out"),
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


def test_a_callback_is_off_the_clock_and_never_left():
    """Whatever it does, such as writing a file, it does whole."""
    whole, begun = [], []

    def callback(record):
        begun.append(record.epoch)
        until = time.monotonic() + 1.5 * (record.epoch == 1)
        while time.monotonic() < until:
            time.sleep(0.002)
        whole.append(record.epoch)

    X, y = line()
    found = model(max_time=1.0, callback=callback).fit(X, y)
    assert whole == begun == list(range(1, len(found.history_) + 1))
    assert found.history_["seconds"].max() < 1.5


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


@pytest.mark.parametrize(
    ("most", "options"),
    [(700, {"replicas": 300}), pytest.param(40, {"relaxation": "softmax", "replicas": 4}, marks=pytest.mark.slow)],
)
def test_a_search_fits_as_many_graphs_as_it_may_and_finds_the_same_again(most, options):
    X, y = line()
    found = [model(max_time=None, max_fits=most, **options).fit(X, y) for _ in range(2)]
    assert found[0].stop_reason_ == "max_fits"
    assert 0.9 * most <= fitted(found[0]) <= 1.1 * most
    assert list(map(str, found[0].front_)) == list(map(str, found[1].front_))


def fitted(found):
    """By all sources of graphs, those of other ways to write the problem included."""
    shares = [name for name in found.history_ if name.endswith("_graphs")]
    return found.history_[shares].to_numpy().sum() if shares else found.history_["graphs"].iloc[-1]


def test_fits_are_those_of_branches_too():
    """Without noise, where branches open from the start."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.uniform(1, 5, (80, 3)), columns=["a", "b", "c"])
    y = np.sqrt((X.a - X.b) ** 2 + np.exp(-X.c)) / np.log(X.a + 1.7 * X.b * X.c)
    found = model(max_time=None, max_fits=3000, replicas=200).fit(X, y)
    assert found.stop_reason_ == "max_fits"
    assert 2700 <= fitted(found) <= 3300


def test_a_closing_search_fits_few_more(monkeypatch):
    """Of noisy rows, as which these count when the search closes."""
    X, y = line()
    closed, fit, close = [], Assessor.all_confirmed, SampledSearch.close

    def closing(self, state, deadline):
        with monkeypatch.context() as patch:
            patch.setattr(Assessor, "all_confirmed", lambda *given: (closed.append(len(given[1])), fit(*given))[1])
            return close(self, replace(state, noisy=True), deadline)

    monkeypatch.setattr(SampledSearch, "close", closing)
    model(max_time=None, max_fits=2000, replicas=300).fit(X, y)
    assert 0 < sum(closed) <= 100


@pytest.mark.parametrize("value", [0, -1, 1.5, "many"])
def test_numbers_of_fits_are_whole_and_positive(value):
    X, y = line()
    with pytest.raises(InputDataError, match="max_fits"):
        model(max_fits=value).fit(X, y)


@pytest.mark.parametrize("value", [0, -5, "2 apples", "GB", "1e9 GB", True, float("nan"), [1]])
def test_what_is_no_size_of_memory_is_said(value):
    X, y = line()
    with pytest.raises(InputDataError, match="max_memory"):
        model(max_memory=value).fit(X, y)


def test_a_table_that_memory_cannot_hold_is_refused_before_the_search():
    X, y = line(5000)
    with pytest.raises(InputDataError, match=r"max_memory: the table takes 0\.\d+ MB .* raise max_memory"):
        model(max_memory="100 kB").fit(X, y)


class _Scale:
    """What the system would say of a process that grows by so much at every look."""

    def __init__(self, step):
        self.now, self.step = 0, step

    def __call__(self):
        self.now += self.step
        return self.now


@pytest.mark.parametrize("where", [None, (SampledSearch, "epoch")])
def test_a_search_ends_with_what_it_has_when_memory_is_full(monkeypatch, slow, where):
    """Also in the midst of an epoch."""
    ended = slow(*where) if where else []
    monkeypatch.setattr(memory, "resident", _Scale(10_000_000))
    X, y = line()
    found = model(max_time=None, max_epochs=10_000, max_memory="1 GB").fit(X, y)
    assert not ended
    assert found.stop_reason_ == "max_memory"
    assert np.isfinite(found.predict(X)).all()


_HOG = """
import resource, time
import numpy as np
from eqdarts import DARTSRegressor
from eqdarts.runtime.memory import resident
from eqdarts.search.sampled import SampledSearch
from eqdarts.search.warm_up import compile_loops

def epoch(self, state, fraction, noisy=False):
    hog = []
    for _ in range(120):
        hog.append(np.ones(1_250_000))
        time.sleep(0.02)
    raise AssertionError("nothing ended it")

compile_loops()  # by epochs of its own
SampledSearch.epoch = epoch
x = np.linspace(1, 2, 50)
start = resident()
model = DARTSRegressor(max_memory="400 MB", verbose=0, random_state=0).fit(x[:, None], np.sin(3 * x) + x)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(model.stop_reason_, (peak - start) / 4e8)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the system tells how much a process has")
def test_the_peak_of_a_process_stays_below_what_it_may_take():
    done = subprocess.run([sys.executable, "-c", _HOG], capture_output=True, text=True, timeout=500, check=True)
    reason, share = done.stdout.split()
    assert reason == "max_memory"
    assert float(share) < 1.1


def test_a_huge_batch_is_fitted_in_pieces(monkeypatch):
    """So that it can be left between them; what is fitted is the same."""
    space, rng = space_of(2, ("x", "z"), ("zero", "linear", "exp")), np.random.default_rng(0)
    batch = draw_batch(space, 101, rng)
    w = draw_parameters(space, batch, rng)
    x = np.linspace(0.5, 2, 40)
    table = Table(np.column_stack([x, x**2]), np.exp(-x) + x)
    whole = Kernel(space).fit(batch, w, table, 6)
    pieces, sizes = Kernel(space), []
    pieces._fit = lambda start, stop, *rest: (sizes.append(stop - start), Kernel(space)._fit(start, stop, *rest))
    monkeypatch.setattr(graphs, "_MOST_WORK", 40 * 6 * 10)
    again = pieces.fit(batch, w, table, 6)
    assert sizes == [10] * 10 + [1]
    for one, other in zip(whole, again, strict=True):
        np.testing.assert_array_equal(one, other)
