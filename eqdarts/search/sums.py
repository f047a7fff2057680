"""Sums and products of given terms, beside the search for graphs: what linear algebra finds at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from eqdarts.data.table import Table
from eqdarts.data.zero import LADDER
from eqdarts.fit.assess import Assessor
from eqdarts.graph.population import WIDE_PER_BAND, WIDE_SIZE, Population, best, front_of, joined, nothing, scores
from eqdarts.graph.space import SearchSpace
from eqdarts.propose.lattice import Lattice
from eqdarts.propose.library import Library, library_of
from eqdarts.propose.monomials import Monomials, can_sum
from eqdarts.propose.proposer import Effort, Graphs, Judged, Question, Solver
from eqdarts.propose.shapes import Shapes
from eqdarts.propose.sparse import Limits
from eqdarts.propose.terms import Terms
from eqdarts.search.log import Log

_LIBRARY_AT = 3  # epochs done when the library is asked, below one link in each epoch,
_LIBRARY_AGAIN = 1.5  # or, of a large library, after so many times as many epochs
_KEPT_CLOSELY = 24  # of each number of terms
_ROOM, _ROOM_PER_BAND = 60, 6


@dataclass(frozen=True, eq=False)
class Sums:
    """The best sums for their number of parts.

    Attributes
    ----------
    population : Population
    asked : int
        Links below which the library was asked for them.
    exact_loss : float
        A loss that is rounding.
    """

    population: Population
    asked: int = 0
    exact_loss: float = LADDER.exact

    @property
    def exact(self) -> Population:
        """Those that fit to rounding."""
        return self.population.select(np.flatnonzero(self.population.loss < self.exact_loss))


class SumSearch:
    """Asks the solvers for one table."""

    def __init__(self, space: SearchSpace, assessor: Assessor, solvers: Sequence[Solver]) -> None:
        self._space, self._assessor, self._solvers = space, assessor, solvers
        self._can_sum = can_sum(space)
        self._libraries: dict[bool, Terms] = {}  # by whether it has all rows

    def start(self) -> Sums:
        """None yet."""
        return self._sums(nothing(self._space))

    def opening(self, noisy: bool, log: Log) -> Sums:
        """What takes little effort, up to the first that is exact. noisy: are graphs confirmed on all rows?"""
        table = self._table(noisy)
        if table is None:
            return self.start()
        # A law of this kind shall not wait for the loops that fit all other graphs.
        assessor = self._assessor if noisy else self._assessor.without_loops
        population = nothing(self._space)
        for effort in (Effort.AT_ONCE,) if noisy else (Effort.AT_ONCE, Effort.BEFORE_LOOPS):
            question = self._question(table, noisy, effort)
            for solver in self._solvers:
                with log.timed(solver.name) as record:
                    found = judged(solver, question, assessor)
                    record(len(found))
                population = joined(population, found)
                if not noisy and (found.loss < self._assessor.exact).any():
                    return self._sums(population)
        return self._sums(population)

    def epoch(self, sums: Sums, epochs: int, rows: int, noisy: bool, turned: bool, log: Log) -> Sums:
        """With what this epoch adds.

        epochs: that the search has done   rows: that losses speak for   noisy: are graphs confirmed on all rows?
        turned: since just now? Then all begins again, with all rows
        """
        if turned:
            return self.opening(noisy, log)
        table = self._table(noisy)
        if table is None or not self._is_time(sums, epochs, noisy, table):
            return sums
        closely = self._assessor.looks_closely(noisy)
        room = (WIDE_SIZE, WIDE_PER_BAND) if closely else (_ROOM, _ROOM_PER_BAND)
        population, link = sums.population, self._space.links[sums.asked]
        kept = _KEPT_CLOSELY if closely else Limits.kept
        question = replace(self._question(table, noisy, Effort.BESIDE), link=link, asked=sums.asked, kept=kept)
        for solver in self._solvers:
            with log.timed(solver.name) as record:
                graphs = solver.solve(question)
                found = judged_graphs(graphs, solver.name, self._assessor, noisy)
                record(len(found))
            population = joined(population, found)
            if not all(some.only_exact for some in graphs):
                population = _best_of_each(population, rows, room)
        return self._sums(population, sums.asked + 1)

    def _sums(self, population: Population, asked: int = 0) -> Sums:
        return Sums(population, asked, self._assessor.exact)

    def _table(self, noisy: bool) -> Table | None:
        """The rows on which terms are chosen; None if there are no sums."""
        table = self._assessor.everything if noisy else self._assessor.train
        return table if self._can_sum and self._solvers else None

    def _question(self, table: Table, noisy: bool, effort: Effort) -> Question:
        return Question(
            self._space, table, noisy, self._assessor.node_values_on, partial(self._library, noisy, table), effort
        )

    def _is_time(self, sums: Sums, epochs: int, noisy: bool, table: Table) -> bool:
        """Should the library be asked for sums below the next link?"""
        if epochs < _LIBRARY_AT or sums.asked == len(self._space.links) or not self._assessor.can_pursue:
            return False
        pause = 1.0 if self._library(noisy, table).are_few else _LIBRARY_AGAIN**sums.asked
        return epochs >= _LIBRARY_AT * pause

    def _library(self, noisy: bool, table: Table) -> Terms:
        if noisy not in self._libraries:
            self._libraries[noisy] = library_of(self._space, table, self._assessor.node_values_on)
        return self._libraries[noisy]


def _best_of_each(population: Population, rows: int, room: tuple[int, int]) -> Population:
    """The best sums, and beside them the best shapes: neither shall crowd the other out."""
    shapes = are_shapes(population)
    sums = best(population.select(np.flatnonzero(~shapes)), rows, *room)
    return joined(sums, best(population.select(np.flatnonzero(shapes)), rows, *room)) if shapes.any() else sums


def judged(solver: Solver, question: Question, assessor: Assessor) -> Population:
    """What a solver finds to begin with: those that are better than every simpler one."""
    graphs = solver.solve(question)
    found = judged_graphs(graphs, solver.name, assessor, question.noisy)
    exact = all(some.only_exact for some in graphs)
    return found if exact else found.select(np.flatnonzero(front_of(found)))


def judged_graphs(graphs: Sequence[Graphs], origin: str, assessor: Assessor, noisy: bool) -> Population:
    """The graphs of a solver, fitted and measured as it says."""
    found = nothing(assessor.space)
    for some in graphs:
        names = np.array([origin] * len(some.batch), dtype=object)
        if some.judged is Judged.LONG:
            new = assessor.all_of(some.batch, some.w, names)
            new = assessor.confirmed(joined(new, assessor.with_round_exponents(new))) if noisy else new
        else:
            new = assessor.of_readout(some.batch, some.w, names, noisy)
        if some.judged is Judged.BOTH:
            assess = assessor.best_confirmed if noisy else assessor.best_fifth
            new = joined(new, assess(some.batch, some.w, names)[0])
        if some.only_exact:
            new = new.select(np.flatnonzero(new.loss < assessor.exact))
        found = joined(found, new)
    return found


def plain_sums(space: SearchSpace, assessor: Assessor) -> Population:
    """The straight lines, power laws and sums of monomials that the rows show: by linear algebra, without a search."""
    noisy = assessor.can_confirm
    table = assessor.everything if noisy and assessor.everything is not None else assessor.train
    question = Question(
        space, table, noisy, assessor.node_values_on, lambda: Terms([], np.zeros((0, 0)), table),
        Effort.AT_ONCE,
    )  # fmt: skip
    return judged(Monomials(), question, assessor.without_loops)


def has_sums(population: Population) -> bool:
    """Are sums of given terms among them?"""
    return bool(are_sums(population).any())


def best_first(population: Population, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Places of all, and of the sums of given terms, in the order of their score. rows: that the losses speak for"""
    order = np.argsort(scores(population.loss, population.complexity, rows), kind="stable")
    return order, order[are_sums(population)[order]]


def are_shapes(population: Population) -> np.ndarray:
    """Which graphs are shapes of textbooks? bool [K]"""
    return np.array([origin.startswith(Shapes.name) for origin in population.origin], dtype=bool)


def are_sums(population: Population) -> np.ndarray:
    """Which graphs are sums of given terms? bool [K]"""
    return np.array(
        [origin.startswith((Monomials.name, Lattice.name, Library.name)) for origin in population.origin], dtype=bool
    )
