"""The search loop: epochs until a stop, then equations from the best graphs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Protocol, TypeVar

import numpy as np
import sympy
import torch

from eqdarts.config import SearchConfig
from eqdarts.constants import Rows as ConstantRows
from eqdarts.constants import compile_template, fit_constants, template
from eqdarts.equation import Equation, Front
from eqdarts.fit import Rows
from eqdarts.genotype import concatenate
from eqdarts.operations import DEFAULT_OPERATIONS
from eqdarts.search.assess import Assessor
from eqdarts.search.branches import Branches, can_branch
from eqdarts.search.finish import Draft, Problem, candidates, constant_equation, finish, offer_all, simplest
from eqdarts.search.mixture import MixtureSearch
from eqdarts.search.population import Population, scores
from eqdarts.search.sampled import SampledSearch
from eqdarts.search.sampling import sample
from eqdarts.search.stops import ExactGraphs, Watch
from eqdarts.search_space import SearchSpace
from eqdarts.selection import choose

_SIMPLEST_SHARE = 0.3  # most of the time that is left at the end, for the simplest graphs; not tuned
_FINISHED = 40  # graphs that become equations at the end, at the most
_REDRAWS = 5  # tries at drawing graphs that are defined on the data, when resampling
_FINISHED_AT_FIRST = 6  # and after no epoch; each epoch adds one
_FIRST_LOOK = 4  # epochs before the best graph becomes an equation to read, and how many times more before the next
_LOOK_SECONDS = 0.5  # most time for it


@dataclass(frozen=True)
class EpochRecord:
    """One row of the history; `equation` is the best one so far, as text."""

    epoch: int
    seconds: float
    nodes: int
    train_loss: float
    validation_loss: float
    best_loss: float
    graphs: int
    equation: str


class State(Protocol):
    """What the loop reads of a search after an epoch."""

    @property
    def nodes(self) -> int: ...
    @property
    def population(self) -> Population: ...
    @property
    def known(self) -> Population:
        """All that could become equations now."""
        ...

    @property
    def train_loss(self) -> float: ...
    @property
    def validation_loss(self) -> float: ...
    @property
    def fitted(self) -> int: ...
    @property
    def rows(self) -> int:
        """Rows that the losses of the population speak for."""
        ...

    @property
    def architecture(self) -> tuple[np.ndarray, np.ndarray]:
        """α [R, A, E, M] and β [R, N, A]."""
        ...

    @property
    def gamma(self) -> np.ndarray | None:
        """γ [L] of the links; None if the search has only the identity."""
        ...


S = TypeVar("S", bound=State)


class Searcher(Protocol[S]):
    """A way to search: `SampledSearch` or `MixtureSearch`."""

    def start(self) -> S: ...
    def epoch(self, state: S, fraction: float) -> S: ...
    def close(self, state: S, deadline: float) -> S:
        """Read off what the last epochs learned; deadline: when all must be over, in `time.monotonic`."""
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
    gamma : array [L] or None
        Architecture weights of the links at the end.
    """

    front: Front
    history: tuple[EpochRecord, ...]
    alpha_history: tuple[np.ndarray, ...]
    alpha: np.ndarray
    beta: np.ndarray
    population: Population
    stop_reason: str
    gamma: np.ndarray | None = None


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
    prepare: Callable[[], None] = lambda: None,
    only_exact: bool = False,
) -> SearchResult:
    """Search until the equation is exact, or until epochs, time or patience end.

    train, validation: row numbers   callback: called after every epoch   start: when `max_time` began to run
    prepare: called before graphs are fitted, off the clock
    only_exact: are equations that leave something to explain of no use, so that none is made at the end?
    """
    problem = replace(problem, compiled=config.optimizer == "lm")
    watch = Watch(config, time.monotonic() if start is None else start)
    prepare = watch.without(prepare)
    front = Front(rows=len(problem.y)).offer(constant_equation(problem))
    train_rows, validation_rows = (problem.tensors(index, device) for index in (train, validation))
    everything = problem.tensors(problem.subset, device)
    assessor = Assessor(space, train_rows, validation_rows, threads, everything, exact=problem.exact_loss)
    searcher = _searcher(space, config, assessor, train_rows, validation_rows, rng, prepare)
    state = searcher.start()
    history: list[EpochRecord] = []
    alphas: list[np.ndarray] = []
    exact, looks = ExactGraphs(problem, watch), _Looks(space, problem, watch)
    branches = None
    if can_branch(config):
        rows = (train, validation)
        branches = Branches(space, config, problem, rows, rng.spawn(1)[0], watch, device, threads, prepare)
    reason = None
    try:
        while reason is None:
            state = searcher.epoch(state, watch.done(len(history)))
            alphas.append(state.architecture[0].astype(np.float32))
            front, certain = exact.finish(space, state.population, front, len(alphas))
            if branches is not None and not certain:
                front, certain = branches.epoch(state, front, len(alphas))
            front = front if certain else looks.finish(state, front, len(alphas))
            history.append(_record(state, len(alphas), watch.seconds, looks.text(front)))
            if callback is not None:
                callback(history[-1])
            reason = "exact" if certain else watch.reason(len(history), _score(state))
    except KeyboardInterrupt:
        reason = "interrupted"
    if reason != "exact" and not (only_exact and reason != "interrupted"):
        deadline = time.monotonic() + 2.0 if reason == "interrupted" else watch.deadline
        drafts: dict[bytes, Draft] = {}
        front = _finish_simplest(space, state, problem, front, deadline, drafts)
        if branches is not None:
            front = branches.close(front, deadline)
        state = searcher.close(state, deadline)
        limit = min(_FINISHED, _FINISHED_AT_FIRST + len(history))
        front = _finish_best(space, state.population, problem, front, state.rows, limit, deadline, drafts)
    alpha, beta = state.architecture
    return SearchResult(front, tuple(history), tuple(alphas), alpha, beta, state.population, reason, state.gamma)


@cache
def compile_loops() -> None:
    """Compile what the sampled search runs, or load it from numba's cache: some seconds once per installation.

    A search on a tiny table of its own calls every loop with the types of the real one.
    """
    space = SearchSpace(("x", "z"), 4, DEFAULT_OPERATIONS, links=("identity", "reciprocal"))
    x = torch.linspace(1, 2, 60, dtype=torch.float64)
    # Something is left to explain by every graph, or else no gradient would be followed.
    rows = Rows(torch.stack([x, x.flip(0) ** 2]), 1 / (x + 2) + torch.cos(50 * x))
    searcher = SampledSearch(space, SearchConfig(replicas=64), Assessor(space, rows, rows), np.random.default_rng(0))
    state = replace(searcher.start(), epochs=1, grown=4)  # the first epoch begins without loops
    for _ in range(2):
        state = searcher.epoch(state, 0.0)
    column, constant = sympy.Symbol("x"), sympy.Float(1.5)
    form = template(constant * sympy.exp(column) + column**constant, (column,))
    fit_constants(compile_template(form), form.values, ConstantRows(x.numpy()[:, None], rows.y.numpy(), compiled=True))


def _searcher(
    space: SearchSpace,
    config: SearchConfig,
    assessor: Assessor,
    train: Rows,
    validation: Rows,
    rng: np.random.Generator,
    prepare: Callable[[], None],
) -> Searcher[Any]:
    if config.optimizer == "lm":
        return SampledSearch(space, config, assessor, rng, prepare)
    return MixtureSearch(space, config, assessor, train, validation, rng)


def _record(state: State, epoch: int, seconds: float, equation: str) -> EpochRecord:
    best = float(state.population.loss.min()) if len(state.population) else np.inf
    return EpochRecord(
        epoch, seconds, state.nodes, state.train_loss, state.validation_loss, best, state.fitted, equation
    )


def _score(state: State) -> float:
    population = state.population
    return float(scores(population.loss, population.complexity, state.rows).min()) if len(population) else np.inf


class _Looks:
    """Makes the best graph an equation after 4, 16, 64, … epochs, so that there is something to read from the start."""

    def __init__(self, space: SearchSpace, problem: Problem, watch: Watch) -> None:
        self._space, self._problem, self._watch = space, problem, watch
        self._next = _FIRST_LOOK
        self._seen: tuple[Front, str] | None = None

    def finish(self, state: State, front: Front, epoch: int) -> Front:
        """The front with the graph of the best score, if it is time."""
        if epoch < self._next or not len(state.population):
            return front
        self._next *= _FIRST_LOOK
        # With a set number of epochs the clock has no say, so that fits repeat.
        by_clock = self._watch.config.max_epochs is None
        deadline = min(self._watch.deadline, time.monotonic() + _LOOK_SECONDS) if by_clock else np.inf
        place = candidates(state.population, state.rows, 1)
        return offer_all(front, finish(self._space, state.population, place, self._problem, deadline, reduced=0))

    def text(self, front: Front) -> str:
        """The equation that would be chosen now."""
        if self._seen is None or self._seen[0] is not front:
            self._seen = front, str(front[choose(front, "best", len(self._problem.y))])
        return self._seen[1]


def _finish_simplest(
    space: SearchSpace, state: State, problem: Problem, front: Front, deadline: float, drafts: dict[bytes, Draft]
) -> Front:
    """The front without holes: every complexity that the search knows of, up to that of the best score."""
    population, now = state.known, time.monotonic()
    if not len(population):
        return front
    end = now + _SIMPLEST_SHARE * (deadline - now)
    places = simplest(population, state.rows)
    return offer_all(front, finish(space, population, places, problem, end, reduced=0, known=drafts))


def _finish_best(
    space: SearchSpace,
    population: Population,
    problem: Problem,
    front: Front,
    rows: int,
    limit: int,
    deadline: float,
    drafts: dict[bytes, Draft],
) -> Front:
    if not len(population):
        return front
    places = candidates(population, rows, limit)
    return offer_all(front, finish(space, population, places, problem, deadline, known=drafts))


def resample(
    space: SearchSpace, result: SearchResult, problem: Problem, k: int, rng: np.random.Generator
) -> list[Equation]:
    """Graphs drawn from the learned α, refitted, as equations; simplest first."""
    rows = problem.tensors(np.arange(len(problem.y)), "cpu")
    assessor = Assessor(space, rows, rows)
    equations: dict[str, Equation] = {}
    for _ in range(_REDRAWS):
        replica = rng.integers(len(result.alpha), size=k)
        drawn = [
            sample(space, result.alpha[r], result.beta[r], np.array([space.nodes]), rng, result.gamma) for r in replica
        ]
        batch, w = concatenate([b for b, _ in drawn]), np.concatenate([w for _, w in drawn])
        found = assessor.all_of(batch, w, np.array(["resampled"] * k, dtype=object))
        for equation in finish(space, found, list(range(len(found))), problem, np.inf, reduced=0):
            equations.setdefault(str(equation), equation)
        if len(equations) >= k:
            break
    return sorted(list(equations.values())[:k], key=lambda e: e.complexity)
