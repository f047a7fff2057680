"""Branches: beside the search on the columns, searches of what it can be reformulated to.

Some reformulations are there from the start, and take turns beside the search; symmetries show in its best graphs, and
each opens a branch of its own (`eqdarts.search.reformulations`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from math import ceil

import numpy as np
import sympy

from eqdarts.checkpoint.generator import GeneratorState
from eqdarts.equation.equation import Equation
from eqdarts.equation.front import Front
from eqdarts.errors import InputDataError
from eqdarts.graph.space import SearchSpace
from eqdarts.options import SearchConfig
from eqdarts.propose.sources import PROPOSERS
from eqdarts.search.budget import BUDGET
from eqdarts.search.finish import candidates, finish, finish_written, offer_all
from eqdarts.search.log import Log, Share
from eqdarts.search.machine import Machine
from eqdarts.search.memory import BranchesMemory, BranchMemory, Opened
from eqdarts.search.problem import Problem, View
from eqdarts.search.reformulations import Dimensionless, Guesses, Reformulated, Symmetries, made_at_once
from eqdarts.search.runs import SampledState
from eqdarts.search.sampled import SampledSearch
from eqdarts.search.stops import ExactGraphs, Watch
from eqdarts.search.unit_sums import unit_sums


@dataclass(frozen=True)
class _Growth:
    """How branches begin, live and end. No number was tuned alone; what branches bring: benchmarks/README.md, "What
    symmetries buy".

    Attributes
    ----------
    first, again : int, float
        Epochs before a search is asked for its symmetries, and how many times more before it is asked again: the slopes
        of its best graphs become more exact.
    depth : int
        Branches may have branches.
    most : int
        Branches of one search; a better one takes the place of the worst.
    fair : int
        Epochs that every branch gets.
    probation, worse : int, float
        A branch that after so many epochs has a loss of more than so many times its parent's is given up.
    per_epoch : int
        Their epochs for one of the main search: of a smaller table they take less time.
    closed, finished : int
        Branches, and graphs of each, that become equations at the end.
    closed_without_clock : int
        The same branches where nothing but itself ends the closing.
    """

    first: int = 4
    again: float = 1.5
    depth: int = 2
    most: int = 12
    fair: int = 2
    probation: int = 6
    worse: float = 1.5
    per_epoch: int = 4
    closed: int = 4
    finished: int = 8
    closed_without_clock: int = 1


_GROWTH = _Growth()


@dataclass(eq=False)
class _Branch:
    """One search, where it stands, and what its inputs are."""

    space: SearchSpace
    problem: Problem  # of the groups
    judged_on: Problem  # what its graphs become equations of
    view: View
    searcher: SampledSearch
    state: SampledState
    exact: ExactGraphs
    depth: int
    open_share: float  # of the target's variance, see `ambiguity`
    parent_loss: float  # the least of its parent when the symmetry was found
    epochs: int = 0
    next_question: int = _GROWTH.first

    @property
    def loss(self) -> float:
        """Of its best graph."""
        return _least_loss(self.state)

    @property
    def promise(self) -> float:
        """Lower is better: the least relative loss that may be within reach, and a charge for every input.

        Infinite, so that it gets no more epochs, if after some it is still clearly worse than its parent was.
        """
        if self.epochs >= _GROWTH.probation and self.loss > _GROWTH.worse * self.parent_loss:
            return np.inf
        # Under noise many reach the same loss, and the law is found first where it has the fewest inputs.
        return _charged(min(self.open_share, self.loss), self.space.n_inputs)

    def memory(self, whole: bool = False) -> BranchMemory:
        """What it remembers. whole: with what it searches"""
        opened = Opened(self.problem, self.view, self.open_share, self.depth) if whole else None
        return BranchMemory(
            self.searcher.memory(self.state), self.exact.memory(), self.parent_loss, self.epochs, self.next_question,
            opened,
        )  # fmt: skip

    def recall(self, memory: BranchMemory) -> None:
        """Go on from there."""
        self.state = self.searcher.recall(memory.searcher)
        self.exact.recall(memory.exact)
        self.parent_loss, self.epochs, self.next_question = memory.parent_loss, memory.epochs, memory.next_question


def _least_loss(state: SampledState) -> float:
    return float(state.population.loss.min(initial=np.inf))


def _charged(loss: float, inputs: int) -> float:
    return loss * (1 + inputs)


def can_branch(config: SearchConfig) -> bool:
    """Are graphs drawn?"""
    return config.optimizer == "lm"


class Branches:
    """The branches of a search on a table; for every epoch of the search they do some.

    shares: what those of each kind did in the last epoch, by name
    """

    def __init__(
        self, space: SearchSpace, watch: Watch, problem: Problem, rng: np.random.Generator, machine: Machine
    ) -> None:
        self._space, self._watch, self._problem = space, watch, problem
        self._config = watch.config
        self._rng, self._machine = rng, machine
        self._branches: list[_Branch] = []
        self._known: set[tuple[sympy.Expr, ...]] = set()
        self._symmetries = Symmetries()
        names = self._config.proposers or PROPOSERS
        self._asks = self._symmetries.name in names and self._symmetries.are_in(space)
        self._next_question = _GROWTH.first
        self._noisy = False
        # Companions of the search on the columns, which take turns beside it: the kinds, and those of each among them.
        self._companions = [
            [self._made(one, False, _GROWTH.depth, np.inf) for one in some] for some in made_at_once(problem, names)
        ]
        self._guesses = [self._made(one, False, _GROWTH.depth, np.inf) for one in Guesses().of(problem)]
        # Products without dimension are there from the start, too, and live as symmetries do.
        self._knows_units = Dimensionless.name in names
        ways = Dimensionless().of(problem) if self._knows_units else ()
        self._by_units = [self._made(one, False, 1, np.inf) for one in ways]
        self._branches.extend(self._by_units)
        self.shares: dict[str, Share] = {}

    @property
    def _all(self) -> list[_Branch]:
        return [*self._branches, *self._guesses, *chain(*self._companions)]

    @property
    def had_their_turn(self) -> bool:
        """Was every branch that is worth it asked what linear algebra finds, and searched for an epoch?

        There is none for a graph that leaves nothing but noise while the first run still looks for it anew.
        """
        return all(b.epochs for b in self._all if b.promise < np.inf)

    @property
    def _always(self) -> list[_Branch]:
        """Those that are there from the start."""
        return [*chain(*self._companions), *self._guesses, *self._by_units]

    def memory(self) -> BranchesMemory:
        """What they remember."""
        always = self._always
        places = {id(branch): place for place, branch in enumerate(always)}
        living = tuple(places[id(b)] if id(b) in places else b.memory(True) for b in self._branches)
        return BranchesMemory(
            GeneratorState.of(self._rng), frozenset(self._known), self._next_question, self._noisy,
            tuple(b.memory() for b in always), living,
        )  # fmt: skip

    def recall(self, memory: BranchesMemory) -> None:
        """Go on from there. They are as they were made."""
        always = self._always
        for branch, one in zip(always, memory.always, strict=True):
            branch.recall(one)
        self._branches = [always[one] if isinstance(one, int) else self._again(one) for one in memory.living]
        self._known = set(memory.known)
        self._next_question, self._noisy = memory.next_question, memory.noisy
        self._rng = memory.rng.generator()

    def _again(self, memory: BranchMemory) -> _Branch:
        opened = memory.opened
        if opened is None:
            raise InputDataError("checkpoint: a branch lacks what it searches; fit anew")
        one = Reformulated(opened.problem, opened.view, self._problem, opened.open_share)
        branch = self._made(one, memory.searcher.state.noisy, opened.depth, memory.parent_loss)
        branch.recall(memory)
        return branch

    def epoch(self, state: SampledState, front: Front, epoch: int) -> tuple[Front, bool]:
        """The front after some epochs of branches; true when the search may end.

        state, epoch: of the search on the columns
        """
        log = Log()
        self.shares = log.shares
        self._hear_of_noise(state)
        for known in self._by_units:
            known.parent_loss = _least_loss(state)
        if self._knows_units and epoch == 1:
            front = self._with_unit_sums(front)
        # Symmetries lead from an imitation to the law. What leaves nothing but noise may be the law itself, until runs
        # do not agree on it.
        if self._asks and epoch >= self._next_question and not (state.leaves_noise and state.runs < 2):
            self._next_question = ceil(_GROWTH.again * epoch)
            self._grow(self._space, state, self._problem, self._problem.view, 0)
        certain = False
        if self._companions:
            kind = self._companions[epoch % len(self._companions)]
            front, certain = self._step(min(kind, key=lambda b: b.epochs), front, epoch, log)
        if self._guesses and not certain:  # what the user believes has a turn in every epoch
            front, certain = self._step(min(self._guesses, key=lambda b: b.epochs), front, epoch, log)
        for _ in range(_GROWTH.per_epoch):
            branch = self._next()
            if branch is None or certain or self._watch.is_over(state.leaves_noise):
                break
            front, certain = self._step(branch, front, epoch, log)
        log.keep_of(front)
        return front, certain

    def _with_unit_sums(self, front: Front) -> Front:
        """What the units of the columns leave of sums of products."""
        begin = time.monotonic()
        deadline = begin + BUDGET.unit_sums * (self._watch.until(1.0) - begin)
        sums = unit_sums(self._problem, self._config.links)
        return offer_all(front, finish_written(sums, Dimensionless.name, self._problem, deadline))

    def _hear_of_noise(self, state: SampledState) -> None:
        """Once the search on the columns counts its data as noisy, branches do, and the rows themselves open some.

        Without noise slopes of graphs are read off more exactly than what neighbours say.
        """
        if self._noisy or not state.noisy:
            return
        self._noisy = True
        for branch in self._branches:
            # Losses on validation rows, which may be luck, say nothing of losses on all rows.
            branch.parent_loss = max(branch.parent_loss, _least_loss(state))
        for one in self._symmetries.of_rows(self._problem) if self._asks else ():
            self._branch(one, 1, state)

    def _step(self, branch: _Branch, front: Front, epoch: int, log: Log) -> tuple[Front, bool]:
        """One epoch of a branch."""
        with log.timed(branch.view.kind) as record:
            branch.epochs += 1
            before = branch.state.fitted
            branch.state = branch.searcher.epoch(branch.state, self._watch.done(epoch), self._noisy)
            record(branch.state.fitted - before)
            if branch.epochs >= branch.next_question and branch.depth < _GROWTH.depth:
                branch.next_question = ceil(_GROWTH.again * branch.epochs)
                self._grow(branch.space, branch.state, branch.problem, branch.view, branch.depth)
            return branch.exact.finish(branch.space, branch.state.population, front, epoch)

    def _next(self) -> _Branch | None:
        """New ones first; then the most promising more often than the next: one law may be written in several ways."""
        ranked = sorted((b for b in self._branches if b.promise < np.inf), key=lambda b: b.promise)
        if not ranked:
            return None
        turns = [b.epochs * (1.0 if b.epochs < _GROWTH.fair else 1.0 + rank / 2) for rank, b in enumerate(ranked)]
        return ranked[int(np.argmin(turns))]

    def close(self, deadline: float) -> Iterator[Equation]:
        """The best graphs of the most promising branches, of those given up last."""
        end = self._watch.within(BUDGET.branches, deadline)
        most = _GROWTH.closed if np.isfinite(deadline) else _GROWTH.closed_without_clock
        closed = sorted(self._all, key=lambda b: b.promise)[:most]
        for i, branch in enumerate(closed):
            share = self._watch.within(1 / (len(closed) - i), end)
            near = self._watch.within(BUDGET.neighbours, share)
            population = branch.searcher.close(branch.state, near).population
            if len(population):
                places = candidates(population, branch.state.rows, _GROWTH.finished)
                half, view = self._watch.within(0.5, share), branch.view
                yield from finish(branch.space, population, places, branch.judged_on, share, view=view, half=half)

    def _grow(self, space: SearchSpace, state: SampledState, problem: Problem, view: View, depth: int) -> None:
        """New branches from the symmetries of the best graphs."""
        for one in self._symmetries.of(space, state.population, problem, view, self._problem):
            self._branch(one, depth + 1, state)

    def _branch(self, one: Reformulated, depth: int, parent: SampledState) -> None:
        """A new branch, if it is not known, and worth more than the worst where there are many."""
        groups = one.view.inputs
        # A difference can be written as x − t·u and u·(x/u − t).
        key = tuple(map(sympy.expand, (*groups, one.view.prefactor)))
        if key in self._known:
            return
        if len(self._branches) >= _GROWTH.most:
            worst = max(self._branches, key=lambda b: b.promise)
            if worst.promise <= _charged(one.open_share, len(groups)):
                return
            self._branches.remove(worst)
        self._known.add(key)
        self._branches.append(self._made(one, parent.noisy, depth, _least_loss(parent)))

    def _made(self, one: Reformulated, noisy: bool, depth: int, parent_loss: float) -> _Branch:
        """A search of its own at its start."""
        problem = one.problem
        space = replace(
            self._space,
            inputs=problem.table.names,
            signed=problem.signed,
            links=problem.usable_links(self._config.links),
            frequencies=(),  # those are of other inputs, and may be fewer
        )
        assessor = self._machine.assessor(space, problem)
        searcher = SampledSearch(
            space, self._config, assessor, self._rng.spawn(1)[0], self._machine.prepare, self._watch.is_over,
            tally=self._watch.tally,
        )  # fmt: skip
        exact = ExactGraphs(one.judged_on, self._watch, one.view)
        state = searcher.start(noisy)
        return _Branch(
            space, problem, one.judged_on, one.view, searcher, state, exact, depth, one.open_share, parent_loss
        )
