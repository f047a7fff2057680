"""The search loop: epochs until a stop, then equations from the best graphs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
import torch

from eqdarts.config import SearchConfig
from eqdarts.equation import Equation, Front
from eqdarts.fit import Rows
from eqdarts.genotype import concatenate
from eqdarts.search.assess import Assessor
from eqdarts.search.finish import Problem, candidates, constant_equation, finish, offer_all
from eqdarts.search.mixture import MixtureSearch
from eqdarts.search.population import Population, scores
from eqdarts.search.sampled import SampledSearch
from eqdarts.search.sampling import sample
from eqdarts.search_space import SearchSpace

EXACT = 1e-22  # a relative loss below this is rounding: the equation is exact on the data
_SEARCH_SHARE = 0.85  # of max_time; the rest is for turning graphs into equations
_FINISHED = 40  # graphs that become equations at the end, at the most
_REDRAWS = 5  # tries at drawing graphs that are defined on the data, when resampling
_FINISHED_AT_FIRST = 6  # and after no epoch; each epoch adds one


@dataclass(frozen=True)
class EpochRecord:
    """One row of the history."""

    epoch: int
    seconds: float
    nodes: int
    train_loss: float
    validation_loss: float
    best_loss: float
    graphs: int


class State(Protocol):
    """What the loop reads of a search after an epoch."""

    @property
    def nodes(self) -> int: ...
    @property
    def population(self) -> Population: ...
    @property
    def train_loss(self) -> float: ...
    @property
    def validation_loss(self) -> float: ...
    @property
    def fitted(self) -> int: ...
    @property
    def architecture(self) -> tuple[np.ndarray, np.ndarray]:
        """α [R, A, E, M] and β [R, N, A]."""
        ...


S = TypeVar("S", bound=State)


class Searcher(Protocol[S]):
    """A way to search: `SampledSearch` or `MixtureSearch`."""

    def start(self) -> S: ...
    def epoch(self, state: S, fraction: float) -> S: ...
    def close(self, state: S) -> S:
        """Read off what the last epochs learned."""
        ...


@dataclass(frozen=True, eq=False)
class SearchResult:
    """What a search found, and how.

    Attributes
    ----------
    front : Front
    history : tuple of EpochRecord
    alpha_history : tuple of array [R, A, E, M]
        Architecture weights after every epoch; R = 1 in the sampled search, whose replicas share them.
    alpha, beta : arrays [R, A, E, M], [R, N, A]
        At the end.
    population : Population
    stop_reason : str
        "exact", "max_epochs", "max_time", "patience" or "interrupted".
    """

    front: Front
    history: tuple[EpochRecord, ...]
    alpha_history: tuple[np.ndarray, ...]
    alpha: np.ndarray
    beta: np.ndarray
    population: Population
    stop_reason: str


@dataclass
class _Watch:
    """Decides when to stop."""

    config: SearchConfig
    start: float
    best: float = np.inf
    stale: int = 0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.start

    @property
    def deadline(self) -> float:
        return np.inf if self.config.max_time is None else self.start + self.config.max_time

    def done(self, epochs: int) -> float:
        """Share of the search that is done, by epochs where their number is set, else by time."""
        if self.config.max_epochs is not None:
            return min(1.0, epochs / self.config.max_epochs)
        if self.config.max_time is not None:
            return min(1.0, self.seconds / max(self.config.max_time, 1e-9))
        return 0.0

    def reason(self, epoch: int, score: float) -> str | None:
        self.stale = 0 if score < self.best - 1.0 else self.stale + 1
        self.best = min(self.best, score)
        config = self.config
        if config.max_epochs is not None and epoch >= config.max_epochs:
            return "max_epochs"
        if config.max_time is not None and self.seconds >= _SEARCH_SHARE * config.max_time:
            return "max_time"
        if config.patience is not None and self.stale >= config.patience:
            return "patience"
        return None


def run(
    space: SearchSpace,
    config: SearchConfig,
    problem: Problem,
    train: np.ndarray,
    validation: np.ndarray,
    rng: np.random.Generator,
    callback: Callable[[EpochRecord], None] | None = None,
    device: str = "cpu",
    start: float | None = None,
    threads: int = 1,
) -> SearchResult:
    """Search until the equation is exact, or until epochs, time or patience end.

    train, validation: row numbers   callback: called after every epoch   start: when `max_time` began to run
    """
    watch = _Watch(config, time.monotonic() if start is None else start)
    front = Front().offer(constant_equation(problem))
    train_rows, validation_rows = (_rows(problem, index, device) for index in (train, validation))
    assessor = Assessor(space, train_rows, validation_rows, threads)
    searcher = _searcher(space, config, assessor, train_rows, validation_rows, rng)
    state = searcher.start()
    history: list[EpochRecord] = []
    alphas: list[np.ndarray] = []
    tried: set[bytes] = set()
    reason = None
    try:
        while reason is None:
            state = searcher.epoch(state, watch.done(len(history)))
            history.append(_record(state, len(history) + 1, watch.seconds))
            alphas.append(state.architecture[0].astype(np.float32))
            if callback is not None:
                callback(history[-1])
            front, exact = _finish_exact(space, state.population, problem, front, tried, watch.deadline)
            reason = "exact" if exact else watch.reason(len(history), _score(state.population, len(validation)))
    except KeyboardInterrupt:
        reason = "interrupted"
    if reason != "exact":
        deadline = time.monotonic() + 2.0 if reason == "interrupted" else watch.deadline
        state = searcher.close(state)
        limit = min(_FINISHED, _FINISHED_AT_FIRST + len(history))
        front = _finish_best(space, state.population, problem, front, len(validation), limit, deadline)
    alpha, beta = state.architecture
    return SearchResult(front, tuple(history), tuple(alphas), alpha, beta, state.population, reason)


def _searcher(
    space: SearchSpace,
    config: SearchConfig,
    assessor: Assessor,
    train: Rows,
    validation: Rows,
    rng: np.random.Generator,
) -> Searcher[Any]:
    if config.optimizer == "lm":
        return SampledSearch(space, config, assessor, rng)
    return MixtureSearch(space, config, assessor, train, validation, rng)


def _rows(problem: Problem, index: np.ndarray, device: str) -> Rows:
    inputs = np.ascontiguousarray((problem.X[index] / problem.x_scale).T)
    weights = None if problem.weights is None else torch.as_tensor(np.sqrt(problem.weights[index]), device=device)
    y = torch.as_tensor(problem.y[index] / problem.y_scale, device=device)
    return Rows(torch.as_tensor(inputs, device=device), y, weights)


def _record(state: State, epoch: int, seconds: float) -> EpochRecord:
    best = float(state.population.loss.min()) if len(state.population) else np.inf
    return EpochRecord(epoch, seconds, state.nodes, state.train_loss, state.validation_loss, best, state.fitted)


def _score(population: Population, rows: int) -> float:
    return float(scores(population.loss, population.complexity, rows).min()) if len(population) else np.inf


def _finish_exact(
    space: SearchSpace, population: Population, problem: Problem, front: Front, tried: set[bytes], deadline: float
) -> tuple[Front, bool]:
    """Finish graphs that fit to rounding; true when one of them does so on all rows."""
    keys = population.batch.keys()
    places = [k for k in np.flatnonzero(population.loss < EXACT) if keys[k] not in tried]
    for k in sorted(places, key=lambda k: population.complexity[k])[:3]:
        tried.add(keys[k])
        front = offer_all(front, finish(space, population, [int(k)], problem, deadline))
        if min(e.relative_loss for e in front) < EXACT:
            return front, True
    return front, False


def _finish_best(
    space: SearchSpace, population: Population, problem: Problem, front: Front, rows: int, limit: int, deadline: float
) -> Front:
    if not len(population):
        return front
    places = candidates(population, rows, limit)
    return offer_all(front, finish(space, population, places, problem, deadline))


def resample(
    space: SearchSpace, result: SearchResult, problem: Problem, k: int, rng: np.random.Generator
) -> list[Equation]:
    """Graphs drawn from the learned α, refitted, as equations; simplest first."""
    rows = _rows(problem, np.arange(len(problem.y)), "cpu")
    assessor = Assessor(space, rows, rows)
    equations: dict[str, Equation] = {}
    for _ in range(_REDRAWS):
        replica = rng.integers(len(result.alpha), size=k)
        drawn = [sample(space, result.alpha[r], result.beta[r], np.array([space.nodes]), rng) for r in replica]
        batch, w = concatenate([b for b, _ in drawn]), np.concatenate([w for _, w in drawn])
        found = assessor.all_of(batch, w, np.array(["resampled"] * k, dtype=object))
        for equation in finish(space, found, list(range(len(found))), problem, np.inf, reduced=0):
            equations.setdefault(str(equation), equation)
        if len(equations) >= k:
            break
    return sorted(list(equations.values())[:k], key=lambda e: e.complexity)
