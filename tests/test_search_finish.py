"""Which graphs become equations when a search ends: no complexity that it knows is left out of the front."""

import numpy as np
from scipy.integrate import solve_ivp

from eqdarts import DARTSRegressor
from eqdarts.data.zero import LADDER
from eqdarts.search import loop
from eqdarts.search.finish import finish, simplest


def power_law():
    rng = np.random.default_rng(0)
    x = np.exp(rng.uniform(0, 4, 22))
    return x[:, None], 2.3 * x**0.75 * np.exp(rng.normal(0, 0.1, 22))


def oscillator():
    """Van der Pol's, with slopes by differences, which are off by a relative error of some 1e-5."""
    t = np.linspace(0, 20, 400)
    states = solve_ivp(
        lambda t, s: [s[1], 1.5 * (1 - s[0] ** 2) * s[1] - s[0]], (0, 20), [1, 0], t_eval=t, rtol=1e-9, atol=1e-9
    ).y
    return states.T, -np.gradient(states[0], t)


def fitted(X, y, monkeypatch):
    """A model of a search that has time for two more graphs in the end, beside the simplest."""
    monkeypatch.setattr(loop, "_FINISHED", 2)
    return DARTSRegressor(max_epochs=2, replicas=128, max_time=None, random_state=0, n_jobs=1, verbose=0).fit(X, y)


def test_every_complexity_that_the_search_knows_is_on_the_front(monkeypatch):
    X, y = power_law()
    model = fitted(X, y, monkeypatch)
    population = model._result.population
    places = simplest(population, len(y))
    assert [population.complexity[k] for k in places] == sorted(population.complexity[places])
    found = list(finish(model.search_space_, population, places, model._problem, np.inf, reduced=0))
    assert len(found) > 2
    for e in found:
        assert any(
            f.complexity <= e.complexity and f.relative_loss <= e.relative_loss * (1 + 1e-6) + LADDER.exact
            for f in model.front_
        ), str(e)


def test_the_plain_rate_is_on_the_front_of_an_oscillator(monkeypatch):
    slopes = [e.expression.diff("x2") for e in fitted(*oscillator(), monkeypatch).front_]
    assert any(s.is_number and abs(s + 1) < 0.01 for s in slopes)
