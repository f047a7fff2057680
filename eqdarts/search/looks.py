"""A look at the best graph while the search runs: it becomes an equation, from time to time."""

from __future__ import annotations

import time

import numpy as np

from eqdarts.equation.front import Front
from eqdarts.equation.selection import choose
from eqdarts.graph.space import SearchSpace
from eqdarts.search.budget import BUDGET
from eqdarts.search.finish import candidates, finish, offer_all
from eqdarts.search.problem import Problem
from eqdarts.search.searcher import State
from eqdarts.search.stops import Watch

_FIRST_LOOK = 4  # epochs before the best graph becomes an equation to read, and how many times more before the next


class Looks:
    """Makes the best graph an equation after 4, 16, 64, … epochs, so that there is something to read from the start.

    next: the epoch of the next one
    """

    def __init__(self, space: SearchSpace, problem: Problem, watch: Watch) -> None:
        self._space, self._problem, self._watch = space, problem, watch
        self.next = _FIRST_LOOK
        self._seen: tuple[Front, tuple[tuple[int, float, str], ...], int] | None = None

    def finish(self, state: State, front: Front, epoch: int) -> Front:
        """The front with the graph of the best score, if it is time."""
        if epoch < self.next or not len(state.population):
            return front
        self.next *= _FIRST_LOOK
        soon = time.monotonic() + BUDGET.look_seconds
        deadline = min(self._watch.deadline, soon) if self._watch.by_clock else np.inf
        place = candidates(state.population, state.rows, 1)
        return offer_all(front, finish(self._space, state.population, place, self._problem, deadline, reduced=0))

    def seen(self, front: Front) -> tuple[tuple[tuple[int, float, str], ...], int]:
        """What a `Sight` has of the equations, and which of them would be chosen now."""
        if self._seen is None or self._seen[0] is not front:
            equations = tuple((e.complexity, e.relative_loss, str(e)) for e in front)
            self._seen = front, equations, choose(front, "best", self._problem.evidence)
        return self._seen[1:]
