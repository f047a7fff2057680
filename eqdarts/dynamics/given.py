"""What `fit` is given: trajectories, checked, and the curves through them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.interpolate import CubicSpline

from eqdarts.data.cells import as_array
from eqdarts.data.columns import check_names
from eqdarts.data.frames import as_frame, select
from eqdarts.dynamics.smoothing import Smooth, smooth
from eqdarts.errors import InputDataError

# None of these is tuned.
LEAST_TIMES = 8  # of a trajectory: a curve with four bends, and an error
_GRID, _LEAST_GRID, _MOST_GRID = 4, 400, 3000  # points of the grid per observation, and bounds of all of them


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Observations of states x [n, k] and inputs u [n, m] at rising times t [n]."""

    t: np.ndarray
    x: np.ndarray
    u: np.ndarray

    def __len__(self) -> int:
        return len(self.t)

    @cached_property
    def drive(self) -> CubicSpline | None:
        """The inputs at any time."""
        return CubicSpline(self.t, self.u) if self.u.shape[1] else None

    def inputs(self, t: np.ndarray) -> np.ndarray:
        """The inputs [..., m] at times [...]."""
        return np.zeros((*t.shape, 0)) if self.drive is None else np.asarray(self.drive(t))


@dataclass(frozen=True, eq=False)
class Observed:
    """All that was observed.

    Attributes
    ----------
    trajectories : tuple of Trajectory
    states, inputs : tuple of str
    time : str
    """

    trajectories: tuple[Trajectory, ...]
    states: tuple[str, ...]
    inputs: tuple[str, ...] = ()
    time: str = "t"

    @property
    def rows(self) -> int:
        """Observations of each state."""
        return sum(map(len, self.trajectories))

    @cached_property
    def spread(self) -> np.ndarray:
        """The standard deviation [k] of each state."""
        return np.asarray(np.concatenate([one.x for one in self.trajectories]).std(axis=0))


@dataclass(frozen=True, eq=False)
class Curves:
    """The curves through one trajectory.

    Attributes
    ----------
    trajectory : Trajectory
    smooths : tuple of Smooth
        Of each state.
    columns : tuple of str
        Names of `values`: states, for second order their velocities, inputs, and time if it takes part.
    order : int
    timed : bool
        Is time a column?
    """

    trajectory: Trajectory
    smooths: tuple[Smooth, ...]
    columns: tuple[str, ...]
    order: int = 1
    timed: bool = False
    grid: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        t = self.trajectory.t
        object.__setattr__(
            self, "grid", np.linspace(t[0], t[-1], int(np.clip(_GRID * len(t), _LEAST_GRID, _MOST_GRID)))
        )

    @property
    def observations(self) -> int:
        return len(self.trajectory)

    def values(self, t: np.ndarray) -> np.ndarray:
        """All columns [n, d] at times [n]."""
        parts = [curve.at(t, order) for order in range(self.order) for curve in self.smooths]
        parts += list(self.trajectory.inputs(t).T)
        return np.column_stack(parts + [t] * self.timed)


def observed(t: Any, states: Any, inputs: Any, trajectories: Any, maps: bool = False) -> Observed:
    """Check what was given, and divide it into trajectories.

    maps: are the times steps of a difference equation, of which only the order counts?
    """
    several = isinstance(states, list | tuple) and len(states) > 0 and np.ndim(as_frame(states[0])) > 0
    several = several and not (
        isinstance(states, list) and np.ndim(states[0]) == 1 and np.ndim(t) == 1 and len(t) == len(states)
    )
    if several:
        if trajectories is not None:
            raise InputDataError("trajectories: give either a list of tables, or one table and their labels, not both")
        ts = [None] * len(states) if t is None else _as_list("t", t, len(states))
        us = [None] * len(states) if inputs is None else _as_list("inputs", inputs, len(states))
        parts = [
            (f"trajectory {k + 1}: ", *_frames(*given)) for k, given in enumerate(zip(ts, states, us, strict=True))
        ]
    else:
        frames = _frames(t, states, inputs)
        parts = [("", *frames)]
        if trajectories is not None:
            parts = _divided(frames, trajectories)
    time, names, driving = _time_name(ts[0] if several else t), tuple(parts[0][2].columns), tuple(parts[0][3].columns)
    time = time if time not in (*names, *driving) else "time"
    check_names((*names, *driving, time))
    found = []
    for where, when, x, u in parts:
        if tuple(x.columns) != names or tuple(u.columns) != driving:
            raise InputDataError(f"{where}columns {list(x.columns)}; the first trajectory has {list(names)}")
        found.append(_checked(where, when, x, u, maps))
    everything = np.concatenate([one.x for one in found])
    for name, column in zip(names, everything.T, strict=True):
        if np.ptp(column) <= 1e-12 * np.abs(column).max():
            raise InputDataError(f"state {name!r} is constant ({column[0]:g}); leave it out, or give it as inputs")
    return Observed(tuple(found), names, driving, time)


def _as_list(what: str, values: Any, count: int) -> list[Any]:
    if not isinstance(values, list | tuple) or len(values) != count:
        raise InputDataError(f"{what}: there are {count} trajectories; give a list of {count}")
    return list(values)


def _time_name(t: Any) -> str:
    name = getattr(t, "name", None)
    return name if isinstance(name, str) and name else "t"


def _frames(t: Any, states: Any, inputs: Any) -> tuple[np.ndarray, pd.DataFrame, pd.DataFrame]:
    x = _frame("states", states, "x")
    times = np.arange(len(x), dtype=float) if t is None else np.asarray(as_array(t, "t"), dtype=float)
    if times.ndim != 1:
        raise InputDataError(f"t: expected one time for each row, got an array of shape {times.shape}")
    u = pd.DataFrame(index=range(len(x))) if inputs is None else _frame("inputs", inputs, "u")
    for what, length in (("states", len(x)), ("inputs", len(u))):
        if length != len(times):
            raise InputDataError(f"{what} has {length} rows and t has {len(times)}; a row is one time")
    return times, x, u


def _frame(what: str, values: Any, letter: str) -> pd.DataFrame:
    """A table of numbers; columns of arrays are x1, x2, ..., or x where there is one."""
    frame = as_frame(values)
    if isinstance(frame, pd.Series):
        frame = frame.to_frame(frame.name or letter)
    if isinstance(frame, pd.DataFrame):
        return select(frame, tuple(map(str, frame.columns))).reset_index(drop=True)
    array = as_array(values, what)
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or not array.shape[1]:
        raise InputDataError(f"{what}: expected a table with a row per time, got an array of shape {array.shape}")
    names = [letter] if array.shape[1] == 1 else [f"{letter}{k + 1}" for k in range(array.shape[1])]
    return pd.DataFrame(np.asarray(array, dtype=float), columns=names)


def _divided(
    frames: tuple[np.ndarray, pd.DataFrame, pd.DataFrame], labels: Any
) -> list[tuple[str, np.ndarray, pd.DataFrame, pd.DataFrame]]:
    t, x, u = frames
    labels = pd.Series(np.asarray(labels).ravel())
    if len(labels) != len(t):
        raise InputDataError(f"trajectories has {len(labels)} labels and t has {len(t)} rows; a row has one label")
    if labels.isna().any():
        raise InputDataError(f"trajectories: row {int(np.flatnonzero(labels.isna())[0])} has no label")
    parts = []
    for label in labels.unique():
        rows = np.flatnonzero(labels == label)
        parts.append((f"trajectory {label!s}: ", t[rows], x.iloc[rows], u.iloc[rows]))
    return parts


def _checked(where: str, t: np.ndarray, x: pd.DataFrame, u: pd.DataFrame, maps: bool) -> Trajectory:
    for name, column in (("t", t), *((n, f[n].to_numpy()) for f in (x, u) for n in f.columns)):
        bad = np.flatnonzero(~np.isfinite(column))
        if len(bad):
            raise InputDataError(
                f"{where}column {name!r}: {len(bad)} of {len(column)} values are not finite (first: row {bad[0]}); "
                "leave out these rows, times need not be even"
            )
    if len(t) < LEAST_TIMES:
        raise InputDataError(f"{where}{len(t)} times; at least {LEAST_TIMES} are needed to tell a law from noise")
    wrong = np.flatnonzero(np.diff(t) <= 0)
    if len(wrong):
        row = int(wrong[0]) + 1
        what = "repeats" if t[row] == t[row - 1] else "falls"
        raise InputDataError(
            f"{where}time {what} at row {row} (t = {t[row]:g} after {t[row - 1]:g}); sort the rows, or, if another "
            "trajectory begins there, give a list of trajectories or their labels as trajectories="
        )
    if maps and not np.allclose(np.diff(t), t[1] - t[0], rtol=1e-6):
        row = int(np.argmax(np.abs(np.diff(t) - (t[1] - t[0])) > 1e-6 * abs(t[1] - t[0]))) + 1
        raise InputDataError(
            f"{where}steps of a difference equation have to be even; that to row {row} is {t[row] - t[row - 1]:g} "
            f"and the first {t[1] - t[0]:g}"
        )
    return Trajectory(t, x.to_numpy(dtype=float), u.to_numpy(dtype=float))


def curves_of(given: Observed, order: int, timed: bool) -> list[Curves]:
    """The curves through each trajectory. timed: is time a column?"""
    velocities = velocities_of(given) if order == 2 else ()
    columns = (*given.states, *velocities, *given.inputs, *((given.time,) if timed else ()))
    check_names(columns)
    return [Curves(one, tuple(smooth(one.t, x) for x in one.x.T), columns, order, timed) for one in given.trajectories]


def velocities_of(given: Observed) -> tuple[str, ...]:
    """The names of dx/dt as columns."""
    return tuple(f"{name}dot" for name in given.states)


def prediction_inputs(given: Observed, t: Any, inputs: Any) -> tuple[np.ndarray, np.ndarray]:
    """Times [n] and inputs [n, m] of a prediction, checked."""
    times = np.asarray(as_array(t, "t"), dtype=float)
    if times.ndim != 1 or len(times) < 2 or not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise InputDataError("t: expected two times or more, finite and rising")
    if not given.inputs:
        if inputs is not None:
            raise InputDataError("inputs: the law has none")
        return times, np.zeros((len(times), 0))
    if inputs is None:
        raise InputDataError(f"inputs: give {', '.join(given.inputs)} at the times of the prediction")
    frame = as_frame(inputs)
    u = select(frame, given.inputs).to_numpy(float) if isinstance(frame, pd.DataFrame) else np.asarray(frame, float)
    u = u.reshape(len(u), -1)
    if u.shape != (len(times), len(given.inputs)) or not np.isfinite(u).all():
        raise InputDataError(
            f"inputs: expected finite numbers of shape {(len(times), len(given.inputs))}, got {u.shape}"
        )
    return times, u
