"""Least squares over the chunks of a table of any length, for several formulas at once.

One pass over the table adds up the normal equations JᵀJ and Jᵀr of every formula at its present constants; between
the passes each takes a Gauss–Newton step, damped once a step has failed (Levenberg 1944, Marquardt 1963). Starts are
the optimum of a sample, so a few passes do, and a pass serves all formulas.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from eqdarts.data.chunks import Source
from eqdarts.data.read_ahead import ahead
from eqdarts.data.table import Table
from eqdarts.data.zero import LADDER, Target, spacings
from eqdarts.fit.formula import Compiled

_BLOCK = 16_384  # rows at once: the intermediate values of a formula then stay in the cache
_EQUAL = 1e-12  # losses whose ratio differs less from 1 are equal: near the optimum rounding decides
_CREEPING, _PATIENCE = 0.1, 2  # a step that gains less than this share of its promise; so many end the fit
_CANCELLED = 1e-6  # of the error: what a step leaves below this share cannot be had by subtraction
_FEW = 0.1  # most share of a block's rows at which a formula may be undefined and have a limit
_RIDGE = 1e-13  # singular values of the scaled normal equations below this share of the largest say nothing

#: Of a formula with constants [K] at rows [n, d].
Limits = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Task:
    """A formula to fit.

    Attributes
    ----------
    form : Compiled
        Of some columns of the table.
    places : int array
        Of these columns.
    units : array
        The formula takes each column divided by its unit.
    target_unit : float
        It gives y in this unit.
    start : array [K]
    linear : bool
        Is the formula linear in its constants? Then its first step is the last, and what it leaves is known without
        another pass.
    limits : callable or None
        ``(values [K], X [n, d]) -> [n]``: the limits of the formula, in its units, at few rows at which it is undefined
        as it is written, as sin(x)/x is at 0. They count with that limit, and say nothing of the constants.
    """

    form: Compiled
    places: np.ndarray
    units: np.ndarray
    target_unit: float
    start: np.ndarray
    linear: bool = False
    limits: Limits | None = None


@dataclass(frozen=True, eq=False)
class Streamed:
    """A fitted formula.

    Attributes
    ----------
    values : array [K]
    loss : float
        (Weighted) mean squared error over all rows, in squared units of the task's target; infinite if undefined on a
        row.
    relative_loss : float
        As a share of the variance of y, beyond rounding (`eqdarts.data.zero`).
    """

    values: np.ndarray
    loss: float
    relative_loss: float


@dataclass(frozen=True, eq=False)
class _Sums:
    """Of one formula over some rows.

    How many they are, Σw, the mean of y, Σw(y − mean)², Σw·spacing², Σwr², Jᵀr [K], JᵀJ [K, K].
    """

    rows: int
    weight: float
    mean: float
    square: float
    rounding: float
    error: float
    gradient: np.ndarray
    curvature: np.ndarray

    @property
    def relative_loss(self) -> float:
        return float(Target(self.square or 1.0, self.rounding).loss(self.error))

    def __add__(self, other: _Sums) -> _Sums:
        weight = self.weight + other.weight
        apart, share = other.mean - self.mean, other.weight / max(weight, 1e-300)
        return _Sums(
            self.rows + other.rows,
            weight,
            self.mean + apart * share,
            self.square + other.square + apart * apart * self.weight * share,
            self.rounding + other.rounding,
            self.error + other.error,
            self.gradient + other.gradient,
            self.curvature + other.curvature,
        )


@dataclass(frozen=True, eq=False)
class _State:
    """Where the fit of one formula stands."""

    values: np.ndarray
    sums: _Sums
    damping: float = 0.0
    creeping: int = 0  # steps that gained hardly anything of what they promised
    promise: float = 0.0  # by how much the step should lower the error
    step: np.ndarray | None = None  # to be tried in the next pass; None: done


def fit_streaming(
    tasks: Sequence[Task],
    source: Source,
    *,
    passes: int = 6,
    tolerance: float = 1e-3,
    threads: int = 1,
    worth: float | None = None,
) -> list[Streamed]:
    """Constants of every formula, by least squares over all rows of the table.

    Parameters
    ----------
    tasks : sequence of Task
    source : Source
        Read once for each pass.
    passes : int
        At the most, at least 1; with one, the losses at the start.
    tolerance : float
        A formula is done when its next step would be shorter than this share of a standard error.
    threads : int
        One of several reads the table; the others work on a chunk each.
    worth : float, optional
        The first pass is the last, and constants stay at the start, unless some formula has a smaller relative loss
        there.
    """
    if not tasks:
        return []
    first = _pass([(task, task.start) for task in tasks], source, threads)
    if worth is not None and not any(sums.relative_loss < worth for sums in first):
        return [_result(_State(task.start, sums)) for task, sums in zip(tasks, first, strict=True)]
    states = [_proposed(_State(t.start, sums), tolerance) for t, sums in zip(tasks, first, strict=True)]
    if passes > 1:
        states = [_arrived(state) if task.linear else state for task, state in zip(tasks, states, strict=True)]
    for _ in range(passes - 1):
        open_ = [k for k, state in enumerate(states) if state.step is not None]
        if not open_:
            break
        trials = [(tasks[k], states[k].values + states[k].step) for k in open_]
        for k, (_, values), sums in zip(open_, trials, _pass(trials, source, threads), strict=True):
            states[k] = _proposed(_judged(states[k], values, sums), tolerance)
    return [_result(state) for state in states]


def _result(state: _State) -> Streamed:
    sums = state.sums
    loss = sums.error / sums.weight
    return Streamed(state.values, loss, sums.relative_loss)


def _judged(state: _State, values: np.ndarray, sums: _Sums) -> _State:
    """After a trial: moved there if it is no worse, else more cautious."""
    creeping = state.creeping + (not state.sums.error - sums.error > _CREEPING * state.promise)
    if sums.error <= state.sums.error * (1 + _EQUAL):
        return _State(values, sums, state.damping / 10 if state.damping > 1e-6 else 0.0, creeping)
    return replace(state, damping=max(10 * state.damping, 1e-3), creeping=creeping)


def _arrived(state: _State) -> _State:
    """After the step of a formula that is linear in its constants, whose error is a parabola; as before if what is left
    would be rounding."""
    left = state.sums.error - state.promise
    if state.step is None or left < _CANCELLED * state.sums.error:
        return state
    return replace(state, values=state.values + state.step, sums=replace(state.sums, error=left), step=None)


def _proposed(state: _State, tolerance: float) -> _State:
    """With its next step; none if there is nothing to gain.

    Formulas with constants too many end in long curved valleys, where a pass over the table gains next to nothing.
    """
    sums, n = state.sums, state.sums.rows
    done = replace(state, step=None)
    if not np.isfinite(sums.error) or not len(state.values) or sums.relative_loss <= LADDER.converged:
        return done
    size = np.sqrt(np.diag(sums.curvature))
    size = np.where((size > 0) & np.isfinite(size), size, 1.0)
    scaled = sums.curvature / np.outer(size, size) + state.damping * np.eye(len(size))
    step = np.linalg.lstsq(scaled, sums.gradient / size, rcond=_RIDGE)[0]
    promise = float(step @ scaled @ step)
    # Its share of σ² is the squared length of the step in standard errors.
    if not np.isfinite(step).all() or promise * n <= tolerance**2 * sums.error or state.creeping >= _PATIENCE:
        return done
    return replace(state, step=step / size, promise=promise)


def _pass(work: Sequence[tuple[Task, np.ndarray]], source: Source, threads: int) -> list[_Sums]:
    """The sums of every formula at its constants, over all rows. Added in the order of the rows, so they repeat."""
    total: list[_Sums] | None = None
    for part in _mapped(work, source.chunks(), threads):
        total = part if total is None else [a + b for a, b in zip(total, part, strict=True)]
    assert total is not None, "a table has at least one chunk"
    return total


def _mapped(work: Sequence[tuple[Task, np.ndarray]], chunks: Iterator[Table], threads: int) -> Iterator[list[_Sums]]:
    """The sums over each chunk. One thread reads, if there are several; more than the others only get in their way."""
    if threads <= 2:
        yield from (_over_chunk(work, chunk) for chunk in (ahead(chunks) if threads == 2 else chunks))
        return
    waiting: deque[Future[list[_Sums]]] = deque()
    with ThreadPoolExecutor(threads - 1) as pool:
        for chunk in ahead(chunks):
            waiting.append(pool.submit(_over_chunk, work, chunk))
            if len(waiting) >= threads:  # no more chunks in memory than are worked on
                yield waiting.popleft().result()
        yield from (future.result() for future in waiting)


def _over_chunk(work: Sequence[tuple[Task, np.ndarray]], chunk: Table) -> list[_Sums]:
    blocks = [slice(start, start + _BLOCK) for start in range(0, len(chunk), _BLOCK)]
    totals = []
    for task, values in work:
        total = _over_rows(task, values, chunk, blocks[0])
        for block in blocks[1:]:
            total = total + _over_rows(task, values, chunk, block)
        totals.append(total)
    return totals


def _with_limits(task: Task, values: np.ndarray, X: np.ndarray, value: np.ndarray) -> np.ndarray:
    """The values [n] of the formula on rows X [n, d], its limit where it is undefined, if such rows are few."""
    undefined = ~np.isfinite(value)
    if task.limits is None or not 0 < undefined.sum() <= max(1, _FEW * len(value)):
        return value
    value = value.copy()
    value[undefined] = task.limits(values, X[undefined])
    return value


def _over_rows(task: Task, values: np.ndarray, chunk: Table, rows: slice) -> _Sums:
    block = chunk.rows(rows)
    if block.weights is not None and not block.weights.all():
        block = block.rows(block.weights > 0)
    y, weights = block.y / task.target_unit, block.weights
    columns = block.X.T[task.places]  # each in one piece, if they are so in the table
    if (task.units != 1).any():
        columns = columns / task.units[:, None]
    value, jacobian = task.form.linearise(columns.T, values[None])
    slopes, residual = jacobian[0], y - _with_limits(task, values, columns.T, value[0])
    with np.errstate(all="ignore"):
        if block.root_weights is not None:
            residual, slopes = residual * block.root_weights, slopes * block.root_weights
        slopes = np.nan_to_num(slopes, nan=0.0, posinf=0.0, neginf=0.0) if len(slopes) else slopes
        error, mean = float(residual @ residual), float(np.average(y, weights=weights)) if len(y) else 0.0
        rounded = spacings(y) ** 2
        return _Sums(
            len(y),
            float(len(y) if weights is None else weights.sum()),
            mean,
            float(np.sum((y - mean) ** 2 if weights is None else weights * (y - mean) ** 2)),
            float(np.sum(rounded if weights is None else weights * rounded)),
            error if np.isfinite(error) else np.inf,
            slopes @ residual,
            slopes @ slopes.T,
        )
