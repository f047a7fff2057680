"""When a search may end: exact equations that are proven by their rows, and as short as laws are."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import sympy
from known_graphs import node, population_of, problem_of

from eqdarts import DARTSRegressor
from eqdarts.equation.equation import Equation
from eqdarts.equation.front import Front
from eqdarts.graph.space import SearchSpace
from eqdarts.options import SearchConfig
from eqdarts.propose.terms import Term
from eqdarts.search import stops
from eqdarts.search.exactness import Exactness, is_plain
from eqdarts.search.finish import constant_equation
from eqdarts.search.stops import ExactGraphs, Watch

x = sympy.Symbol("x")
a, b = sympy.Float(2.1753), sympy.Float(0.31)


def exact(expression, loss=0.0):
    return Equation(expression, ("x",), "y", loss, loss, "sample")


def is_proof(equation, rows):
    X = np.random.default_rng(0).normal(size=(rows, 1))
    return Exactness(problem_of(X, np.sqrt(2 + X[:, 0] ** 2))).is_proof(equation)


@pytest.mark.parametrize(
    ("expression", "rows", "certain"),
    [
        (x**2, 2, True),
        (a - a * sympy.cos(x), 4, False),
        (a - a * sympy.cos(x), 5, True),
        (a * sympy.exp(b * x), 8, False),
        (a * sympy.exp(b * x), 9, True),
        (a * sympy.exp(b * x) + sympy.Float(1.7) * x + sympy.Float(0.77), 1000, False),
    ],
)
def test_every_constant_needs_rows(expression, rows, certain):
    assert is_proof(exact(expression), rows) is certain


def test_a_loss_above_rounding_is_not_certain():
    assert not is_proof(exact(x**2, 1e-20), 100)


def test_large_equations_with_constants_are_looked_at_again():
    assert is_plain(exact(a * sympy.exp(b * x)))
    assert is_plain(exact(sympy.exp(-x / 2) / (sympy.exp(x) + sympy.exp(-x) + 7 * sympy.sin(x))))
    assert not is_plain(exact(10 * sympy.exp(-x / 3) / (sympy.tanh(sympy.Rational(17, 20) * x + b) + 1)))


@pytest.fixture
def clock(monkeypatch):
    """Shows what its `now` is set to."""
    shown = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(stops, "time", SimpleNamespace(monotonic=lambda: shown.now))
    return shown


def watch_of(**options):
    return Watch(SearchConfig(**{"max_time": None, "patience": None, "max_epochs": None, **options}), start=1000.0)


def test_epochs_end_a_search_before_time_and_patience_do(clock):
    watch = watch_of(max_epochs=2, max_time=10.0, patience=1)
    clock.now = 1009.5
    watch.note(0.0)
    watch.note(0.0)
    assert watch.reason(2) == "max_epochs"
    assert watch.reason(1) == "max_time"
    clock.now = 1008.5
    assert watch.reason(1) == "patience"
    assert watch.reason(1, settled=True) == "settled"


def test_nine_tenths_of_the_time_are_for_the_search_and_seven_where_noise_is_left(clock):
    watch = watch_of(max_time=10.0)
    for now, over, over_if_noise in ((1006.9, False, False), (1007.0, False, True), (1009.0, True, True)):
        clock.now = now
        assert watch.is_over() is over
        assert watch.is_over(leaves_noise=True) is over_if_noise
        assert (watch.reason(1, leaves_noise=True) == "max_time") is over_if_noise
    assert (watch.deadline, watch.end) == (1009.5, 1010.0)
    assert watch.until(0.25) == 1002.5


def test_only_a_gain_of_a_nat_is_progress():
    watch = watch_of(patience=2)
    reasons = []
    for epoch, score in enumerate([5.0, 3.9, 3.0, 2.95, 2.9], 1):
        watch.note(score)
        assert watch.reason(epoch) == watch.reason(epoch)  # to ask changes nothing
        reasons.append(watch.reason(epoch))
    assert reasons == [None, None, None, "patience", "patience"]


def test_what_comes_after_a_settled_search_has_a_time_of_its_own(clock):
    """Three sevenths of the time so far, and three seconds at the least; by epochs, all that there is."""
    for now, deadline in ((1004.0, 1007.0), (1020.0, 1028.6), (1041.9, 1059.0)):
        clock.now = now
        watch = watch_of(max_time=60.0)
        assert watch.reason(9, settled=True) == "settled"
        assert watch.deadline == 1059.0
        watch.close()
        assert watch.deadline == pytest.approx(deadline)
    by_epochs = watch_of(max_time=60.0, max_epochs=100)
    by_epochs.close()
    assert by_epochs.deadline == 1059.0


def test_shares_of_what_is_left_count_where_time_decides_and_only_there(clock):
    """Else half of the best graphs would become equations on a slow machine, and the fit would not repeat."""
    clock.now = 1020.0
    assert watch_of(max_time=60.0).within(0.25, 1060.0) == 1030.0
    assert watch_of(max_time=60.0, max_epochs=5).within(0.25, 1060.0) == 1060.0
    assert watch_of(max_epochs=5).within(0.25, np.inf) == np.inf


def test_time_that_was_over_where_epochs_count_is_said(clock):
    for now, cut in ((1058.9, False), (1059.1, True)):  # equations have until 1059
        clock.now = now
        assert watch_of(max_time=60.0, max_epochs=5).cut_short == cut
        assert not watch_of(max_time=60.0).cut_short  # it is what ends it
        assert not watch_of(max_epochs=5).cut_short


def test_a_share_is_done_by_epochs_where_they_are_set_else_by_time(clock):
    clock.now = 1003.0
    assert watch_of(max_epochs=4, max_time=10.0).done(3) == 0.75
    assert watch_of(max_time=10.0).done(3) == 0.3
    assert watch_of(patience=5).done(3) == 0.0


def test_the_clock_has_no_say_where_epochs_are_set(clock):
    """So that fits repeat."""
    watch = watch_of(max_epochs=4, max_time=10.0)
    assert watch.until(0.5) == np.inf
    watch.interrupts.first = clock.now
    assert watch.until(0.5) == -np.inf


def test_some_work_is_off_the_clock(clock):
    watch = watch_of(max_time=10.0)

    def compile_for_a_minute():
        clock.now += 60

    watch.without(compile_for_a_minute)()
    assert watch.seconds == 0.0
    assert watch.deadline == 1069.5


def test_after_an_interrupt_there_is_little_time(clock):
    watch = watch_of(max_time=100.0)
    watch.interrupts.first = 1004.0
    assert watch.is_over()
    assert watch.deadline == 1006.0
    assert watch.reason(1) == "max_time"


SPACE = SearchSpace(("x1",), 1, ("zero", "power", "exp"), signed=(False,))
WIDER = SearchSpace(("x1",), 2, ("zero", "power", "exp"), signed=(False,))
t = np.linspace(1, 3, 61)
PARABOLA, GROWTH = [node((0, "power", (2.0,)))], [node((0, "exp", (0.8713,))), Term(column=0)]


def test_an_exact_graph_becomes_an_equation_that_ends_the_search():
    problem = problem_of(t[:, None], t**2)
    exact = ExactGraphs(problem, watch_of(max_epochs=9))
    front, certain = exact.finish(SPACE, population_of(SPACE, problem, GROWTH), Front(), 2)
    assert (len(front), certain) == (0, False)
    front, certain = exact.finish(SPACE, population_of(SPACE, problem, GROWTH, PARABOLA), front, 3)
    assert ([str(e) for e in front], certain) == (["x1**2"], True)


def test_an_exact_graph_with_many_constants_is_doubted_for_long():
    """Four of them: a shorter law may hide behind it."""
    y = 2.1753 * np.exp(0.8713 * t) + 1.7319 * t + 0.7717
    problem = problem_of(t[:, None], y)
    exact, population = ExactGraphs(problem, watch_of(max_epochs=1000)), population_of(SPACE, problem, GROWTH)
    front, certain = exact.finish(SPACE, population, Front(), 3)
    assert not certain
    assert front[-1].n_constants == 4
    assert front[-1].relative_loss < 1e-24
    assert [exact.finish(SPACE, population, front, epoch)[1] for epoch in (100, 115, 116)] == [False, False, True]


def test_as_many_constants_as_rows_explain_nothing():
    """Four rows of a power with noise: an exact equation is longer than the mean, and the search goes on."""
    some = np.array([1.68, 1.49, 1.309, 1.611])
    problem = problem_of(some[:, None], np.array([5.66, 3.597, 2.138, 4.882]))
    grown = [node((0, "exp", (1.9,))), node((0, "exp", (-2.3,))), Term(column=0)]
    exact = ExactGraphs(problem, watch_of(max_epochs=10**6))
    front = Front(rows=4).offer(constant_equation(problem))
    for epoch in (2, 10**5):
        front, certain = exact.finish(WIDER, population_of(WIDER, problem, grown), front, epoch)
        assert not certain
    assert front[-1].relative_loss < 1e-24
    assert front[-1].n_constants > 3


def test_a_graph_is_finished_once(monkeypatch):
    finished = []
    original = stops.finish
    monkeypatch.setattr(stops, "finish", lambda *args, **more: (finished.append(args[2]), original(*args, **more))[1])
    y = 2.1753 * np.exp(0.8713 * t) + 1.7319 * t + 0.7717
    problem = problem_of(t[:, None], y)
    exact, population = ExactGraphs(problem, watch_of(max_epochs=1000)), population_of(SPACE, problem, GROWTH)
    for epoch in (2, 3):
        exact.finish(SPACE, population, Front(), epoch)
    heavier = replace(population, complexity=population.complexity + 1)
    exact.finish(SPACE, heavier, Front(), 4)
    assert finished == [[0]]


def fitted(X, y, seed=0):
    return DARTSRegressor(max_epochs=30, max_time=None, random_state=seed, verbose=0, n_jobs=1).fit(X, y)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_four_rows_do_not_prove_a_constant(seed):
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
    found = fitted(X, np.array([0.0, 1.0, 1.0, 0.0]), seed).equation()
    assert found.n_constants == 0
    np.testing.assert_allclose(found.predict(X), [0, 1, 1, 0], atol=1e-12)


def test_a_pole_between_the_rows_needs_no_sign():
    t = np.linspace(-4, 7, 90)
    found = fitted(t[:, None], 1 / (t - 2) + t).sympy()
    assert not found.has(sympy.sign, sympy.Abs)
    assert sympy.simplify(found - (1 / (sympy.Symbol("x1") - 2) + sympy.Symbol("x1"))) == 0


def test_a_tangent_is_a_tangent():
    t = np.random.default_rng(0).uniform(-1.4, 1.4, 80)
    assert fitted(t[:, None], np.tan(t)).sympy() == sympy.tan(sympy.Symbol("x1"))
