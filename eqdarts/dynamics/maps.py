"""Difference equations: x[t+1] = f(x[t], x[t-1], ...), searched as what they are, a table of steps."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd

from eqdarts.dynamics.candidates import Candidate
from eqdarts.dynamics.given import Observed
from eqdarts.dynamics.model import Dynamics
from eqdarts.dynamics.steps import columns_of, first_of, statistics, steps
from eqdarts.dynamics.system import System
from eqdarts.estimator import DARTSRegressor
from eqdarts.runtime.interrupts import interrupts
from eqdarts.simplify.description import description_length


def fit_map(
    given: Observed,
    lags: int,
    autonomous: bool,
    options: dict[str, Any],
    max_time: float | None,
    rng: np.random.Generator,
) -> Dynamics:
    """The equations of all states, each searched in the table of steps. max_time: for all together"""
    columns = columns_of(given, lags, not autonomous)
    X, Y = steps(given, lags, not autonomous)
    deadline = None if max_time is None else time.monotonic() + max_time
    fronts, places = [], []
    with interrupts():  # in the search of one state it is for those of the others too
        for k, name in enumerate(given.states):
            left = None if deadline is None else max(0.5, (deadline - time.monotonic()) / (len(given.states) - k))
            model = DARTSRegressor(**{**options, "max_time": left, "random_state": int(rng.integers(2**31))})
            model.fit(pd.DataFrame(X, columns=list(columns)), pd.Series(Y[:, k], name=f"{name}_next"))
            best = model.sympy()
            found = dict.fromkeys([best, *model.rivals_["sympy"], *model.equations_["sympy"]])
            losses = {e: float(np.mean((model_values(e, columns, X) - Y[:, k]) ** 2) / np.var(Y[:, k])) for e in found}
            some = [Candidate(e, loss, description_length(loss, e, len(Y)), "search") for e, loss in losses.items()]
            ranked = sorted((c for c in some if np.isfinite(c.loss)), key=lambda c: c.length)
            fronts.append(tuple(ranked))
            places.append(next(i for i, c in enumerate(ranked) if c.expression == best))
    expressions = tuple(some[place].expression for some, place in zip(fronts, places, strict=True))
    system = System(expressions, columns, timed=not autonomous)
    errors, loss = statistics(system, X, Y)
    return Dynamics(system, given, "map", lags, tuple(fronts), tuple(places), errors, loss, 1, first_of(given, lags))


def model_values(expression: Any, columns: tuple[str, ...], X: np.ndarray) -> np.ndarray:
    """A right-hand side at rows X [n, d]."""
    system = System((expression,), columns)
    return system.sides(X.T[:, None], np.zeros((0, 1)), 0.0, system.constants[:, None, None])[0, 0]
