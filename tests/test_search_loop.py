"""The loop over epochs, with a search whose epochs are given: what ends it, and what becomes an equation."""

import time
from types import SimpleNamespace

import numpy as np
import pytest
from known_graphs import node, population_of, problem_of

from eqdarts.errors import SearchWarning
from eqdarts.graph.population import nothing
from eqdarts.graph.space import SearchSpace
from eqdarts.options import SearchConfig
from eqdarts.propose.sources import SOURCES
from eqdarts.search import loop
from eqdarts.search.stops import Watch

SPACE = SearchSpace(("x1",), 1, ("zero", "power", "exp"), signed=(False,))
x = np.linspace(1.1, 2.1, 43)  # without a row at 1, beside which a branch would search as well
PARABOLA = [node((0, "power", (2.0,)))]
GROWTH = [node((0, "exp", (0.87,)))]


class Scripted:
    """A search that knows some graphs after each epoch, or does something else instead."""

    def __init__(self, problem, *epochs, settled=False):
        self._problem, self._epochs, self.fractions, self.closed = problem, list(epochs), [], 0
        self._settled, self.deadline = settled, None

    def start(self):
        return self._state(nothing(SPACE))

    def _state(self, population):
        best, architecture = float(population.loss.min(initial=np.inf)), (np.zeros((1, 2, 1, 3)), np.zeros((1, 1, 2)))
        return SimpleNamespace(
            population=population, known=population, nodes=1, train_loss=best, validation_loss=best, fitted=7,
            shares={}, leaves_noise=False, rows=len(self._problem.table), architecture=architecture, gamma=None,
            found=2, is_settled=self._settled, noisy=False,
        )  # fmt: skip

    def epoch(self, state, fraction):
        self.fractions.append(fraction)
        now = self._epochs[min(len(self.fractions), len(self._epochs)) - 1]
        return self._state(now() if callable(now) else population_of(SPACE, self._problem, *now))

    def close(self, state, deadline):
        self.closed += 1
        self.deadline = deadline
        return state


@pytest.fixture
def run(monkeypatch):
    """The loop on a table of x with these epochs: its result, the search, and what callbacks were told."""

    def go(y, *epochs, callback=None, only_exact=False, settled=False, **options):
        config = SearchConfig(**{"max_time": None, "patience": None, "proposers": tuple(SOURCES), **options})
        problem, watch = problem_of(x[:, None], y), Watch(config, start=time.monotonic())
        search = Scripted(problem, *epochs, settled=settled)
        monkeypatch.setattr(loop, "SampledSearch", lambda *_: search)
        told = []
        result = loop.run(
            SPACE, watch, problem, np.random.default_rng(0), only_exact=only_exact,
            callback=(lambda record: told.append(record)) if callback is None else lambda record: callback(watch),
        )  # fmt: skip
        return result, search, told

    return go


WAVY = x**2 + 0.05 * np.sin(40 * x)


def texts(result):
    return [str(e) for e in result.front]


def test_epochs_are_counted_and_told(run):
    result, search, told = run(WAVY, [PARABOLA], max_epochs=4)
    assert result.stop_reason == "max_epochs"
    assert search.fractions == [0, 0.25, 0.5, 0.75]
    assert [record.epoch for record in told] == [1, 2, 3, 4]
    assert told == list(result.history)
    assert len(result.alpha_history) == 4
    assert search.closed == 1


def test_an_exact_law_ends_it_at_once(run):
    result, search, _ = run(x**2, [GROWTH], [GROWTH], [PARABOLA], max_epochs=9)
    assert (result.stop_reason, len(result.history)) == ("exact", 3)
    assert texts(result)[-1] == "x1**2"
    assert result.history[-1].equation == "x1**2"
    assert search.closed == 0, "what is exact needs no other graphs"


def test_patience_counts_epochs_without_a_better_graph(run):
    result, _, _ = run(WAVY, [GROWTH], [GROWTH], [PARABOLA], patience=3)
    assert (result.stop_reason, len(result.history)) == ("patience", 6)


def test_a_settled_search_closes_in_a_time_of_its_own(run):
    """Not all that is left: here an hour, of which the first epoch takes less than ten minutes."""
    result, search, _ = run(WAVY, [PARABOLA], settled=True, max_time=3600.0)
    assert (result.stop_reason, len(result.history)) == ("settled", 1)
    assert search.deadline < time.monotonic() + 600
    result, search, _ = run(WAVY, [PARABOLA], max_time=3600.0, patience=1)
    assert result.stop_reason == "patience"
    assert search.deadline > time.monotonic() + 600


def test_the_best_graph_is_an_equation_after_four_epochs_and_at_the_end(run):
    result, _, _ = run(WAVY, [PARABOLA], max_epochs=5)
    equations = [record.equation for record in result.history]
    assert [text.count("x1") for text in equations] == [0, 0, 0, 1, 1]
    assert "x1**2" in texts(result)[-1]


def test_only_exact_equations_may_be_wanted(run):
    assert len(run(WAVY, [PARABOLA], max_epochs=2, only_exact=True)[0].front) == 1
    assert texts(run(x**2, [PARABOLA], max_epochs=2, only_exact=True)[0])[-1] == "x1**2"


def fail():
    raise ZeroDivisionError("on purpose")


def test_an_error_ends_it_and_loses_nothing(run):
    with pytest.warns(SearchWarning, match="ZeroDivisionError: on purpose"):
        result, _, _ = run(WAVY, [PARABOLA], [PARABOLA], fail, max_epochs=9)
    assert (result.stop_reason, len(result.history)) == ("error", 2)
    assert "x1**2" in texts(result)[-1]


def test_an_error_of_the_callback_is_the_callers(run):
    with pytest.raises(ZeroDivisionError):
        run(WAVY, [PARABOLA], callback=lambda watch: fail(), max_epochs=9)


def test_an_interrupt_ends_it_and_the_best_graph_becomes_an_equation(run):
    result, _, _ = run(WAVY, [PARABOLA], callback=lambda watch: watch.interrupts.note(), max_epochs=9)
    assert (result.stop_reason, len(result.history)) == ("interrupted", 1)
    assert "x1**2" in texts(result)[-1]


def test_a_search_that_finds_nothing_shows_the_straight_line(run):
    result, _, _ = run(3 * x + 2 + 0.1 * np.sin(40 * x), [], max_epochs=1)
    assert len(result.population) == 0
    slope, intercept = np.polyfit(x, 3 * x + 2 + 0.1 * np.sin(40 * x), 1)
    line = result.front[-1].expression
    at = [float(line.subs("x1", value)) for value in (1.0, 2.0)]
    np.testing.assert_allclose(at, [slope + intercept, 2 * slope + intercept], rtol=0.01)
