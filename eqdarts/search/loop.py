"""The search loop: epochs until a stop, then equations from the best graphs."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from eqdarts.checkpoint.keeper import Keeper
from eqdarts.equation.equation import Equation
from eqdarts.equation.front import Front
from eqdarts.errors import warn
from eqdarts.fit.assess import Assessor
from eqdarts.graph.genotype import Genotype
from eqdarts.graph.population import Population, front_of, joined, scores
from eqdarts.graph.space import SearchSpace
from eqdarts.search.branches import Branches, can_branch
from eqdarts.search.budget import BUDGET
from eqdarts.search.earlier import Earlier
from eqdarts.search.finish import Draft, candidates, constant_equation, finish, finish_one, offer_all, simplest
from eqdarts.search.guesses import from_guess
from eqdarts.search.history import EpochRecord, Sight
from eqdarts.search.log import Share
from eqdarts.search.looks import Looks
from eqdarts.search.machine import Machine
from eqdarts.search.memory import AdmissionMemory, Boundary, Chosen
from eqdarts.search.problem import Problem
from eqdarts.search.relaxed import RelaxedSearch
from eqdarts.search.runs import SampledState
from eqdarts.search.sampled import SampledSearch
from eqdarts.search.searcher import Searcher, State
from eqdarts.search.stops import ExactGraphs, Watch
from eqdarts.search.sums import best_first, has_sums, plain_sums

_FINISHED = 40  # graphs that become equations at the end, at the most
_FINISHED_AT_FIRST = 6  # and after no epoch; each epoch adds one
_TRIED_SURELY = 8  # graphs, best first, of which one becomes an equation even if no time is left


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
        "exact", "settled", "max_epochs", "max_fits", "max_time", "max_memory", "patience", "interrupted" or "error".
    gamma : array [L] or None
        Architecture weights of the links at the end.
    noisy : bool
        Did the rows count as noisy in the end?
    """

    front: Front
    history: tuple[EpochRecord, ...]
    alpha_history: tuple[np.ndarray, ...]
    alpha: np.ndarray
    beta: np.ndarray
    population: Population
    stop_reason: str
    gamma: np.ndarray | None = None
    noisy: bool = False


@dataclass(frozen=True, eq=False)
class Outcome:
    """A result without its histories, and what constraints kept out until then."""

    result: SearchResult
    admission: AdmissionMemory | None


def run(
    space: SearchSpace,
    watch: Watch,
    problem: Problem,
    rng: np.random.Generator,
    machine: Machine | None = None,
    callback: Callable[[EpochRecord], None] | None = None,
    only_exact: bool = False,
    earlier: Earlier | None = None,
    keeper: Keeper | None = None,
) -> SearchResult:
    """Search until the equation is exact or settled, or until epochs, time or patience end.

    Whatever else ends it, Ctrl-C or an error of its own, the equations found so far are returned.

    machine: its `prepare` is off the clock
    callback: called after every epoch; its errors are the caller's
    only_exact: are equations that leave something to explain of no use, so that none is made at the end?
    earlier: what it goes on from, if it does not begin anew
    keeper: writes where the search stands, and may know where to go on

    Warns
    -----
    SearchWarning
        If an error ended it.
    """
    config = watch.config
    machine = Machine() if machine is None else machine
    machine = replace(machine, prepare=watch.without(machine.prepare))
    assessor = machine.assessor(space, problem)
    searcher: Searcher[Any]
    branches = None
    if problem.guesses:
        machine.prepare()
    if config.optimizer == "lm":
        searcher = SampledSearch(
            space, config, assessor, rng, machine.prepare, watch.is_over, problem.is_noisy, problem.left_by, watch.tally
        )
    else:
        machine.prepare()  # the sampled search may be over before it needs a loop
        searcher = RelaxedSearch(space, config, assessor, rng, watch.tally)
    if can_branch(config):
        branches = Branches(space, watch, problem, rng.spawn(1)[0], machine)
    work = _Run(space, problem, watch, assessor, searcher, branches, callback, keeper)
    if earlier is not None:
        watch.epochs(partial(work.resume, earlier))
    before = None if keeper is None else keeper.resumed
    if before is not None:
        work.recall(before.boundary)
        if before.result is not None and work.reason == before.result.result.stop_reason:
            return work.as_before(before.result)
    watch.epochs(work.search)
    work.keep()
    if watch.interrupts.noted or not (work.reason == "exact" or only_exact):
        watch.equations(work.conclude)
        watch.surely(work.make_sure)
    result = work.result()
    if keeper is not None and result.stop_reason not in ("interrupted", "error"):
        keeper.conclude(work.outcome(result))
    return result


class _Run:
    """A search as it goes. What it has found is here at every moment, whatever ends it."""

    def __init__(
        self,
        space: SearchSpace,
        problem: Problem,
        watch: Watch,
        assessor: Assessor,
        searcher: Searcher[Any],
        branches: Branches | None,
        callback: Callable[[EpochRecord], None] | None,
        keeper: Keeper | None,
    ) -> None:
        self._keeper = keeper
        self._space, self._problem, self._watch = space, problem, watch
        self._assessor, self._searcher, self._branches, self._callback = assessor, searcher, branches, callback
        self._exact, self._looks = ExactGraphs(problem, watch), Looks(space, problem, watch)
        self._state: Any = searcher.start()
        self._front = Front(rows=problem.evidence).offer(constant_equation(problem))
        self._history: list[EpochRecord] = []
        self._alphas: list[np.ndarray] = []
        self._drafts: dict[bytes, Draft] = {}
        self._finished: set[Genotype | None] = set()
        self._is_closed = self._is_certain = False
        self._error: Exception | None = None
        self.reason: str | None = None

    def resume(self, earlier: Earlier) -> None:
        """Go on from an earlier search, whose equations are fitted to these rows."""
        for equation in earlier.equations:
            self._front = self._front.offer(equation)

        def state() -> None:
            self._state = self._searcher.resumed(earlier)

        self._guarded(state)

    def memory(self) -> Boundary:
        """Where the search stands, between two epochs."""
        return Boundary(
            Chosen.of(self._problem), self._watch.seconds, self._is_certain, self._searcher.memory(self._state),
            None if self._branches is None else self._branches.memory(), self._exact.memory(), self._looks.next,
            self._watch.best, self._watch.stale, self._watch.tally.done, self._front, tuple(self._history),
            tuple(self._alphas),
            AdmissionMemory.of(self._problem.admission),
        )  # fmt: skip

    def recall(self, memory: Boundary) -> None:
        """Go on from there."""
        self._watch.start -= memory.seconds
        self._watch.best, self._watch.stale, self._watch.tally.done = memory.best, memory.stale, memory.fits
        self._state = self._searcher.recall(memory.searcher)
        if self._branches is not None:
            self._branches.recall(memory.branches)
        self._exact.recall(memory.exact)
        self._looks.next = memory.next_look
        self._front, self._is_certain = memory.front, memory.is_certain
        self._history, self._alphas = list(memory.history), list(memory.alphas)
        if memory.admission is not None and self._problem.admission is not None:
            memory.admission.recall(self._problem.admission)
        self._decide(len(self._history))

    def outcome(self, result: SearchResult) -> Outcome:
        """What a checkpoint keeps of a result, beside where the search stood."""
        bare = replace(result, history=(), alpha_history=())
        return Outcome(bare, AdmissionMemory.of(self._problem.admission))

    def as_before(self, outcome: Outcome) -> SearchResult:
        """The result of a search that was over."""
        if outcome.admission is not None and self._problem.admission is not None:
            outcome.admission.recall(self._problem.admission)
        return replace(outcome.result, history=tuple(self._history), alpha_history=tuple(self._alphas))

    def _note(self) -> None:
        if self._keeper is not None:
            self._keeper.note(self.memory(), len(self._history))

    def keep(self) -> None:
        """Write where the search stood after its last epoch, unless that is in the file."""
        if self._keeper is not None:
            self._keeper.write()

    def search(self) -> None:
        """Epochs until a stop."""
        if not self._history:
            self._guarded(self._offer_guesses)
        while self.reason is None and not self._watch.interrupts.noted:
            self._guarded(self._epoch)
            if self._error is None:
                self._guarded(self._note)
            if self._callback is not None and self._error is None:
                self._watch.without(partial(self._callback, self._history[-1]))()

    def conclude(self) -> None:
        """The best graphs become equations, until time is over."""
        self._guarded(self._finish_simplest)
        self._guarded(self._close_branches)
        self._guarded(self._close)
        self._guarded(self._finish_best)

    def make_sure(self) -> None:
        """The best graph, and the best sum of given terms, are equations, whether there was time for them or not.

        So no fit returns less than the best straight line, power law or sum of monomials that the rows show.
        """
        self._guarded(self._close)
        self._guarded(self._finish_surely)

    def result(self) -> SearchResult:
        """What was found."""
        ended = "max_time" if self._watch.full is None else "max_memory"  # in the midst of an epoch
        reason = self.reason or ended
        if reason != "exact" and self._watch.interrupts.noted:
            reason = "interrupted"
        elif self._error is not None:
            reason = "error"
            _warn_of(self._error)
        elif self._watch.cut_short and reason != "exact":
            reason = "max_time"
        epochs = len(self._history)
        alpha, beta = self._state.architecture
        return SearchResult(
            self._front, tuple(self._history), tuple(self._alphas[:epochs]), alpha, beta, self._state.population,
            reason, self._state.gamma, isinstance(self._state, SampledState) and self._state.noisy,
        )  # fmt: skip

    def _guarded(self, step: Callable[[], None]) -> None:
        """An error ends the search and loses nothing; the first one is told."""
        try:
            step()
        except Exception as error:
            self._error = self._error or error
            self.reason = "error"

    def _offer_guesses(self) -> None:
        """What the user believes comes first."""
        for guess in self._problem.guesses:
            found = from_guess(self._problem, guess, self._watch.deadline, self._watch.within)
            self._front = offer_all(self._front, found)

    def _epoch(self) -> None:
        number = len(self._history) + 1
        self._state = self._searcher.epoch(self._state, self._watch.done(number - 1))
        del self._alphas[number - 1 :]
        self._alphas.append(self._state.architecture[0].astype(np.float32))
        self._front, certain = self._exact.finish(self._space, self._state.population, self._front, number)
        if self._branches is not None and not certain:
            self._front, certain = self._branches.epoch(self._state, self._front, number)
        if not certain:
            self._front = self._looks.finish(self._state, self._front, number)
        of_branches = {} if self._branches is None else self._branches.shares
        equations, chosen = self._looks.seen(self._front)
        sight = Sight(equations, chosen, _outline(self._state.population))
        self._history.append(_record(self._state, number, self._watch.seconds, sight, of_branches))
        self._watch.note(_score(self._state))
        self._is_certain = certain
        self._decide(number)

    def _decide(self, number: int) -> None:
        """Is it over after so many epochs?"""
        leaves_noise = self._state.leaves_noise
        self.reason = "exact" if self._is_certain else self._watch.reason(number, self._is_settled(), leaves_noise)
        if self.reason == "settled":
            self._watch.close()

    def _is_settled(self) -> bool:
        """Do as many runs agree as are wanted, and had branches their turn?"""
        return self._state.is_settled and (self._branches is None or self._branches.had_their_turn)

    def _finish_simplest(self) -> None:
        """The front has no holes: every complexity that the search knows of, up to that of the best score."""
        population = self._state.known
        if len(population):
            end = self._watch.within(BUDGET.simplest, self._watch.deadline)
            places = simplest(population, self._state.rows)
            self._offer(finish(self._space, population, places, self._problem, end, reduced=0, known=self._drafts))

    def _close_branches(self) -> None:
        if self._branches is not None:
            self._offer(self._branches.close(self._watch.deadline))

    def _close(self) -> None:
        if not self._is_closed:
            deadline = self._watch.deadline
            self._state = self._searcher.close(self._state, self._watch.within(BUDGET.neighbours, deadline))
            self._is_closed = True

    def _finish_best(self) -> None:
        population = self._state.population
        if len(population):
            limit = min(_FINISHED, _FINISHED_AT_FIRST + len(self._history))
            places = candidates(population, self._state.rows, limit)
            deadline = self._watch.deadline
            half = self._watch.within(0.5, deadline)
            found = finish(self._space, population, places, self._problem, deadline, known=self._drafts, half=half)
            self._offer(found)

    def _finish_surely(self) -> None:
        population = self._state.population
        if not has_sums(population):
            population = joined(population, plain_sums(self._space, self._assessor))
        for order in best_first(population, self._state.rows):
            for k in order[:_TRIED_SURELY].tolist():
                graph = population.batch.genotype(self._space, k)
                if graph not in self._finished:
                    deadline = max(self._watch.deadline, time.monotonic() + BUDGET.sure_seconds)
                    self._offer(finish_one(self._space, population, k, self._problem, deadline))
                if graph in self._finished:
                    break

    def _offer(self, equations: Iterator[Equation]) -> None:
        for equation in equations:
            self._front = self._front.offer(equation)
            self._finished.add(equation.genotype)


def _warn_of(error: Exception) -> None:
    place = traceback.extract_tb(error.__traceback__)[-1]
    warn(
        f"an error ended the search, {type(error).__name__}: {error} ({Path(place.filename).name}, line "
        f"{place.lineno}); the equations are those found before it"
    )


def _record(state: State, epoch: int, seconds: float, sight: Sight, of_branches: dict[str, Share]) -> EpochRecord:
    best = float(state.population.loss.min()) if len(state.population) else np.inf
    equation = sight.equations[sight.chosen][2]
    return EpochRecord(
        epoch, seconds, state.nodes, state.train_loss, state.validation_loss, best, state.fitted, state.found, equation,
        {**state.shares, **of_branches}, sight,
    )  # fmt: skip


def _outline(population: Population) -> tuple[tuple[int, float], ...]:
    """Complexity and loss of the graphs that are better than every simpler one."""
    if not len(population):
        return ()
    chosen = population.select(np.flatnonzero(front_of(population)))
    return tuple(sorted(zip(chosen.complexity.tolist(), chosen.loss.tolist(), strict=True)))


def _score(state: State) -> float:
    population = state.population
    return float(scores(population.loss, population.complexity, state.rows).min()) if len(population) else np.inf
