"""What a fit of many graphs spends its time on, stage by stage.

Stages of the compiled loops are counted by running the package's own loop with its functions counted, and timed by
replaying the same number of calls of the same compiled functions on the same graphs: with the first stage only, with
the first two, and so on. What the whole fit takes beyond the replay of all stages is its rest. Stages of the torch
program are timed where it calls them.
"""

import time
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from eqdarts.data.table import Table
from eqdarts.fit import graphs as fit
from eqdarts.fit import least_squares
from eqdarts.fit.compiled import graphs as loops
from eqdarts.fit.compiled.elementary import compiled
from eqdarts.fit.compiled.program import forward, jacobian, lay_out, pack
from eqdarts.fit.compiled.separable import damped_step, normal_equations, solve_readout
from eqdarts.fit.policy import POLICY
from eqdarts.graph.genotype import GenotypeBatch
from eqdarts.graph.space import SearchSpace

#: In the order of a step, each with the function that it is.
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

    def some(self, count: int) -> "Graphs":
        """The first so many."""
        return replace(self, batch=self.batch.select(slice(count)), w=self.w[:count])


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


def count_calls(graphs: Graphs, steps: int) -> np.ndarray:
    """Calls of each stage in a fit of each graph: int [R, S]."""
    counts = np.zeros((len(graphs.batch), len(STAGES)), dtype=np.int64)
    place = np.zeros(len(STAGES), dtype=np.int64)

    def counted(k: int, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            place[k] += 1
            return function(*arguments)

        return call

    names = loops._fit.__wrapped__.__globals__
    watched = {name: counted(k, names[name]) for k, name in enumerate(STAGES.values())}
    counting = types.FunctionType(loops._fit.__wrapped__.__code__, {**names, **watched})
    kernel = loops.Kernel(graphs.space)
    rows = loops.LoopRows(graphs.table)
    size = len(graphs.batch)
    w, coefficients, loss = graphs.w.copy(), np.zeros(graphs.batch.readout.shape), np.empty(size)
    none = np.zeros((0, 0, 0), dtype=bool)
    with np.errstate(all="ignore"):
        for g in range(size):
            place[:] = 0
            counting(
                g, g + 1, *kernel._graphs(graphs.batch), steps, rows.inputs, rows.logs, rows.signs,
                rows.link_targets, rows.link_weights, rows.floor, none, w, coefficients, loss,
            )  # fmt: skip
            counts[g] = place
    return counts


@compiled
def _replay(
    level, calls, operations, product, readout, links, sources, targets, counts, own,
    inputs, logs, signs, y, root_weights, w,
):  # fmt: skip
    """Each graph g: the first `level` stages, calls [R, S] times each. Buffers are those of the fit."""
    d, n = inputs.shape
    total_nodes, total_edges, columns_most = product.shape[1], operations.shape[1], readout.shape[1]
    most = total_edges * w.shape[2]
    code, source = np.empty(total_edges, np.int64), np.empty(total_edges, np.int64)
    node, first = np.empty(total_edges, np.int64), np.empty(total_edges, np.int64)
    nodes, delta = np.empty((total_nodes, n)), np.empty((total_nodes, n))
    values, inner, before = np.empty((total_edges, n)), np.empty((total_edges, n)), np.empty((total_edges, n))
    flow, by_x, residual = np.empty(n), np.empty(n), np.zeros(n)
    slopes = np.zeros((most + 3, n))
    unit, gram = np.empty((columns_most, n)), np.empty((columns_most, columns_most))
    norms, readout_step, c = np.empty(columns_most), np.empty(columns_most), np.empty(columns_most)
    full, columns = np.ones(columns_most), np.empty(columns_most, np.int64)
    overlap, gradient = np.empty((most, columns_most)), np.empty(most)
    curvature, matrix, step = np.empty((most, most)), np.empty((most, most)), np.empty(most)
    free, packed = np.arange(most), np.zeros(most + 3)
    total = 0.0
    for g in range(operations.shape[0]):
        edges, size = lay_out(operations[g], readout[g], sources, targets, counts, d, code, source, node, first)
        pack(w[g], edges, sources, targets, counts, code, source, node, packed)
        used = 0
        for q in range(columns_most):
            if readout[g, q]:
                columns[used] = q
                used += 1
        for _ in range(calls[g, 0]):
            forward(
                edges, code, source, node, first, product[g], packed, own, inputs, logs, signs, nodes, values, inner
            )
        if level > 1:
            for _ in range(calls[g, 1]):
                loops._gather(nodes, inputs, columns, used, root_weights, False, unit)
                total += solve_readout(unit, used, y, gram, norms, readout_step, c, residual)
        if level > 2:
            for _ in range(calls[g, 2]):
                jacobian(
                    edges, code, source, node, first, product[g], packed, own, inputs, logs, nodes, values, inner,
                    full, delta, flow, before, by_x, slopes,
                )  # fmt: skip
        if level > 3:
            for _ in range(calls[g, 3]):
                normal_equations(slopes, free, size, unit, used, gram, residual, overlap, gradient, curvature)
        if level > 4:
            for _ in range(calls[g, 4]):
                damped_step(gradient, curvature, size, POLICY.first, matrix, step)
        total += nodes[0, 0] + slopes[0, 0] + step[0]
    return total


def compiled_shares(graphs: Graphs, calls: np.ndarray, steps: int, seconds: float) -> dict[str, float]:
    """Seconds of each stage of a fit on one thread.

    The processor's time of that thread, since a moment lost to another program would fall to some stage.
    """
    kernel = loops.Kernel(graphs.space)
    rows = loops.LoopRows(graphs.table)
    arguments = (
        calls, *kernel._graphs(graphs.batch), rows.inputs, rows.logs, rows.signs, rows.y, np.ones(len(rows.y)),
        graphs.w,
    )  # fmt: skip
    _replay(1, *arguments)
    whole = best_time(lambda: kernel.fit(graphs.batch, graphs.w, graphs.table, steps), seconds, time.thread_time)
    up_to = [
        best_time(lambda level=level: _replay(level, *arguments), seconds, time.thread_time)
        for level in range(1, len(STAGES) + 1)
    ]
    return differences(up_to, whole)


def differences(up_to: list[float], whole: float) -> dict[str, float]:
    """Seconds of each stage from those of the first, the first two …; the rest of the whole comes last.

    Noise can make a difference negative; it counts as nothing.
    """
    own = np.maximum(np.diff([0.0, *up_to]), 0.0)
    return {**dict(zip(STAGES, map(float, own), strict=True)), REST: max(0.0, whole - float(own.sum()))}


class _TimedModel:
    """A model of `least_squares.solve` whose calls are timed."""

    shrinks = False

    def __init__(self, model: Any, clock: "Clock") -> None:
        self._model, self._clock, self.shrinks = model, clock, model.shrinks

    def linearise(self, w: torch.Tensor) -> tuple[torch.Tensor, Callable[[torch.Tensor], torch.Tensor]]:
        with self._clock.on("forward"):
            basis, pullback = self._model.linearise(w)
        return basis, self._clock.timed("Jacobian", pullback)


class Clock:
    """Adds up seconds by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def on(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            with self.on(name):
                return function(*arguments)

        return call


def torch_shares(graphs: Graphs, steps: int, seconds: float) -> tuple[dict[str, float], float]:
    """Seconds of each stage of a fit by the torch program, and of the whole fit; the fastest of repeated ones.

    Its forward pass also prepares the slopes, which the compiled loops compute in the Jacobian.
    """
    end = time.perf_counter() + seconds
    fits = [_torch_fit(graphs, steps)]
    while time.perf_counter() < end:
        fits.append(_torch_fit(graphs, steps))
    return min(fits, key=lambda found: found[1])


def _torch_fit(graphs: Graphs, steps: int) -> tuple[dict[str, float], float]:
    clock = Clock()
    names = least_squares.solve.__globals__
    watched = {
        "solve_readout": clock.timed("readout", names["solve_readout"]),
        "_normal_equations": clock.timed("normal equations", names["_normal_equations"]),
        "_step": clock.timed("linear solve", names["_step"]),
    }
    defaults = least_squares.solve.__defaults__
    solve = types.FunctionType(least_squares.solve.__code__, {**names, **watched}, "solve", defaults)
    start = time.perf_counter()
    program = fit.GraphProgram(graphs.space, graphs.batch)
    rows = fit.tensors_of(graphs.table)
    model = fit._GraphModel(program, rows, len(graphs.batch))
    w = torch.as_tensor(graphs.w)
    used, fixed = fit.used_columns(graphs.space, graphs.batch, w)
    solve(_TimedModel(model, clock), program.pack(w), rows.target, used, steps, fixed=fixed)
    whole = time.perf_counter() - start
    seconds = {name: clock.seconds.get(name, 0.0) for name in STAGES}
    return {**seconds, REST: whole - sum(seconds.values())}, whole
