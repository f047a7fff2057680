"""The table of the steps of a difference equation, and what fitted equations leave of it."""

from __future__ import annotations

import numpy as np

from eqdarts.data.columns import check_names
from eqdarts.dynamics.given import Observed
from eqdarts.dynamics.system import System
from eqdarts.fit.covariance import residual_variance, spread


def columns_of(given: Observed, lags: int, timed: bool) -> tuple[str, ...]:
    """States, those of the steps before, inputs and time."""
    before = [f"{name}_lag{j}" for j in range(1, lags) for name in given.states]
    columns = (*given.states, *before, *given.inputs, *((given.time,) if timed else ()))
    check_names(columns)
    return columns


def steps(given: Observed, lags: int, timed: bool) -> tuple[np.ndarray, np.ndarray]:
    """Columns X [n, d], and the states [n, k] that came after."""
    rows, after = [], []
    for one in given.trajectories:
        first, last = lags - 1, len(one) - 1
        past = [one.x[first - j : last - j] for j in range(lags)]
        when = [one.t[first:last, None]] if timed else []
        rows.append(np.hstack([*past, one.u[first:last], *when]))
        after.append(one.x[lags:])
    return np.concatenate(rows), np.concatenate(after)


def first_of(given: Observed, lags: int) -> np.ndarray:
    """What an iteration of each trajectory starts from: the states of the first steps, the last of these first."""
    return np.array([one.x[:lags][::-1].ravel() for one in given.trajectories])


def statistics(system: System, X: np.ndarray, Y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Standard errors [K] of the constants, infinite where undetermined, and the mean squared residuals [k]."""
    errors, losses = [np.zeros(0)], []
    for k in range(system.states):
        values, slopes = system.by_constants(k, X)
        left = Y[:, k] - values
        variance = residual_variance(float(left @ left), *slopes.shape)
        errors.append(np.sqrt(variance) * spread(slopes.T).errors)
        losses.append(float(np.mean(left**2)))
    return np.concatenate(errors), np.array(losses)
