"""What a fit of many graphs spends its time on, stage by stage.

The loop that fits graphs is compiled once more, with each of its stages counted and timed; taking the time costs some
percent itself. What the whole fit takes beyond its stages is its rest. Stages of the torch program are timed by
Python's profiler, as they are functions of Python.
"""

import cProfile
import ctypes
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numba
import numpy as np
import torch
from numba import types

from eqdarts.data.table import Table
from eqdarts.fit import graphs as fit
from eqdarts.fit import least_squares
from eqdarts.fit.compiled.graphs import Kernel
from eqdarts.graph.genotype import GenotypeBatch
from eqdarts.graph.space import SearchSpace
from eqdarts.runtime.loops import call_at

#: In the order of a step, each with the function of the compiled loops that it is.
STAGES = {
    "forward": "forward",
    "readout": "solve_readout",
    "Jacobian": "jacobian",
    "normal equations": "normal_equations",
    "linear solve": "damped_step",
}
REST = "rest"


@dataclass(frozen=True, eq=False)
class Graphs:
    """Graphs to fit, and the rows.

    Attributes
    ----------
    space : SearchSpace
    batch : GenotypeBatch
    w : array [R, E, P]
        Starting values.
    table : Table
    """

    space: SearchSpace
    batch: GenotypeBatch
    w: np.ndarray
    table: Table


def best_time(
    call: Callable[[], object], seconds: float, clock: Callable[[], float] = time.perf_counter, most: int = 20
) -> float:
    """The shortest of repeated runs, until so many seconds are over; at least one run."""
    end, times = time.perf_counter() + seconds, []
    while not times or (time.perf_counter() < end and len(times) < most):
        start = clock()
        call()
        times.append(clock() - start)
    return min(times)


@cache
def _clocks() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Functions in machine code that start and stop the clock of a stage: of the address of its three numbers.

    These are how often it ran, how long in nanoseconds, and when it was started.
    """
    time_of_day = ctypes.CDLL(None).clock_gettime
    time_of_day.argtypes, time_of_day.restype = [ctypes.c_int, ctypes.c_void_p], ctypes.c_int
    clock = time.CLOCK_MONOTONIC

    def now():
        parts = np.empty(2, np.int64)
        time_of_day(clock, parts.ctypes)
        return 1_000_000_000 * parts[0] + parts[1]

    now = numba.njit(now)

    def start(_, place, a, b, c, d, e):
        numba.carray(place, 3)[2] = now()

    def stop(_, place, a, b, c, d, e):
        numbers = numba.carray(place, 3)
        numbers[0] += 1
        numbers[1] += now() - numbers[2]

    kind = types.void(types.int64, types.CPointer(types.int64), *[types.int64] * 5)
    return numba.cfunc(kind)(start), numba.cfunc(kind)(stop)


class Watched:
    """Fits graphs by the compiled loops on one thread, with their stages counted and timed."""

    def __init__(self, graphs: Graphs) -> None:
        self._graphs = graphs
        self._numbers = np.zeros((len(STAGES), 3), dtype=np.int64)
        self._kernel = Kernel(graphs.space, watch=self._timed)

    def _timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        if name not in STAGES.values():
            return function
        start, stop = (clock.address for clock in _clocks())
        place = self._numbers[list(STAGES.values()).index(name)].ctypes.data

        def call(*arguments):
            call_at(start, 0, place, 0, 0, 0, 0, 0)
            found = function(*arguments)
            call_at(stop, 0, place, 0, 0, 0, 0, 0)
            return found

        return numba.njit(nogil=True)(call)

    def fit(self, places: Any, steps: int) -> tuple[np.ndarray, np.ndarray, float]:
        """Calls [S] and seconds [S] of each stage in a fit of some of the graphs, and seconds of the whole fit."""
        batch, w = self._graphs.batch.select(places), self._graphs.w[places]
        self._numbers[:] = 0
        start = time.perf_counter()
        self._kernel.fit(batch, w, self._graphs.table, steps)
        whole = time.perf_counter() - start
        return self._numbers[:, 0].copy(), self._numbers[:, 1] / 1e9, whole


def count_calls(watched: Watched, size: int, steps: int) -> np.ndarray:
    """Calls of each stage in a fit of each of the first so many graphs: int [R, S]."""
    return np.array([watched.fit(slice(g, g + 1), steps)[0] for g in range(size)])


def compiled_shares(watched: Watched, steps: int, seconds: float) -> dict[str, float]:
    """Seconds of each stage of a fit of all graphs on one thread; of the fastest of repeated fits."""
    end, fits = time.perf_counter() + seconds, [watched.fit(slice(None), steps)]
    while time.perf_counter() < end:
        fits.append(watched.fit(slice(None), steps))
    _, of_stages, whole = min(fits, key=lambda found: found[2])
    return with_rest(of_stages, whole)


def with_rest(seconds: Any, whole: float) -> dict[str, float]:
    """Seconds of each stage, in their order, and what is left of the whole."""
    return {**dict(zip(STAGES, map(float, seconds), strict=True)), REST: max(0.0, whole - float(np.sum(seconds)))}


#: The functions of the torch program that are its stages: file and name.
_IN_TORCH = {
    "forward": (fit, "linearise"),
    "readout": (least_squares, "solve_readout"),
    "Jacobian": (fit, "jacobian"),
    "normal equations": (least_squares, "_normal_equations"),
    "linear solve": (least_squares, "_step"),
}


def torch_shares(graphs: Graphs, steps: int, seconds: float) -> tuple[dict[str, float], float]:
    """Seconds of each stage of a fit by the torch program, and of the whole fit; the fastest of repeated ones.

    Its forward pass also prepares the slopes, which the compiled loops compute in the Jacobian.
    """
    end, fits = time.perf_counter() + seconds, [_torch_fit(graphs, steps)]
    while time.perf_counter() < end:
        fits.append(_torch_fit(graphs, steps))
    of_stages, whole = min(fits, key=lambda found: found[1])
    return with_rest(of_stages, whole), whole


def _torch_fit(graphs: Graphs, steps: int) -> tuple[list[float], float]:
    profile = cProfile.Profile(builtins=False)
    w = torch.as_tensor(graphs.w)
    start = time.perf_counter()
    profile.runcall(fit.fit_graphs, graphs.space, graphs.batch, w, graphs.table, steps)
    whole = time.perf_counter() - start
    codes = [entry for entry in profile.getstats() if not isinstance(entry.code, str)]
    took = {(entry.code.co_filename, entry.code.co_name): entry.totaltime for entry in codes}
    return [took.get((module.__file__, name), 0.0) for module, name in _IN_TORCH.values()], whole
