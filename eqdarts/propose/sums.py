"""Sums and products of given terms, beside the search for graphs: what linear algebra finds at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eqdarts.fit.assess import Assessor
from eqdarts.fit.graphs import Rows
from eqdarts.fit.zero import EXACT
from eqdarts.graph.genotype import GenotypeBatch
from eqdarts.graph.population import WIDE_PER_BAND, WIDE_SIZE, Population, best, front_of, joined, nothing, scores
from eqdarts.graph.space import SearchSpace
from eqdarts.propose.library import LIBRARY, Library, library_of
from eqdarts.propose.monomials import MONOMIALS, can_sum, power_laws, sums_of_monomials
from eqdarts.propose.products import PRODUCT, few_factors, many_factors, products
from eqdarts.propose.sparse import KEPT
from eqdarts.propose.terms import Term

#: The origin of ratios of them.
RATIO = "ratio"
_LIBRARY_AT = 3  # epochs done when the library is asked, below one link in each epoch,
_LIBRARY_AGAIN = 1.5  # or, of a large library, after so many times as many epochs
_RATIOS_AFTER = 1  # links, of data without noise
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
    exact_loss: float = EXACT

    @property
    def exact(self) -> Population:
        """Those that fit to rounding."""
        return self.population.select(np.flatnonzero(self.population.loss < self.exact_loss))


class SumSearch:
    """Finds them for one table."""

    def __init__(self, space: SearchSpace, assessor: Assessor) -> None:
        self._space, self._assessor = space, assessor
        self._can_sum = can_sum(space)
        self._libraries: dict[bool, Library] = {}  # by whether it has all rows

    def start(self) -> Sums:
        """None yet."""
        return self._sums(nothing(self._space))

    def opening(self, noisy: bool) -> Sums:
        """Sums of monomials, and laws that are one product. noisy: are graphs confirmed on all rows?"""
        table = self._table(noisy)
        if table is None:
            return self.start()
        # A law of this kind shall not wait for the loops that fit all other graphs.
        assessor = self._assessor if noisy else self._assessor.without_loops
        laws = nothing(self._space) if noisy else self._exact_products(assessor, table, [])
        if len(laws):
            return self._sums(laws)
        sums = self._sums(_of_monomials(self._space, assessor, table, noisy))
        if noisy or len(sums.exact):
            return sums
        return self._sums(joined(sums.population, self._exact_products(assessor, table, few_factors(self._space))))

    def epoch(self, sums: Sums, epochs: int, rows: int, noisy: bool, turned: bool) -> Sums:
        """With what this epoch adds.

        epochs: that the search has done   rows: that losses speak for   noisy: are graphs confirmed on all rows?
        turned: since just now? Then all begins again, with all rows
        """
        if turned:
            return self.opening(noisy)
        table = self._table(noisy)
        if table is None or not self._is_time(sums, epochs, noisy, table):
            return sums
        closely = noisy and self._assessor.is_small
        room = (WIDE_SIZE, WIDE_PER_BAND) if closely else (_ROOM, _ROOM_PER_BAND)
        population = sums.population
        if sums.asked == 0 and not noisy:
            laws = self._exact_products(self._assessor, table, many_factors(self._space))
            population = joined(population, laws)
        if sums.asked == _RATIOS_AFTER and not noisy:
            found = self._as_they_are(RATIO, *self._library(noisy, table).ratios(self._space), noisy=noisy)
            population = joined(population, self._exact(found))
        link = self._space.links[sums.asked]
        batch, w = self._library(noisy, table).sums(self._space, link, _KEPT_CLOSELY if closely else KEPT)
        if len(batch):
            assess = self._assessor.best_confirmed if noisy else self._assessor.best_fifth
            fitted, _ = assess(batch, w, _named(LIBRARY, batch))
            found = joined(self._as_they_are(LIBRARY, batch, w, noisy=noisy), fitted)
            population = best(joined(population, found), rows, *room)
        return self._sums(population, sums.asked + 1)

    def _sums(self, population: Population, asked: int = 0) -> Sums:
        return Sums(population, asked, self._assessor.exact)

    def _exact(self, found: Population) -> Population:
        return found.select(np.flatnonzero(found.loss < self._assessor.exact))

    def _table(self, noisy: bool) -> Rows | None:
        """The rows on which terms are chosen; None if there are no sums."""
        table = self._assessor.everything if noisy else self._assessor.train
        return table if self._can_sum else None

    def _is_time(self, sums: Sums, epochs: int, noisy: bool, table: Rows) -> bool:
        """Should the library be asked for sums below the next link?"""
        if epochs < _LIBRARY_AT or sums.asked == len(self._space.links) or not self._assessor.can_pursue:
            return False
        pause = 1.0 if self._library(noisy, table).is_small else _LIBRARY_AGAIN**sums.asked
        return epochs >= _LIBRARY_AT * pause

    def _exact_products(self, assessor: Assessor, table: Rows, factors: list[Term]) -> Population:
        """The products of columns and these factors that are the law."""
        batch, w = products(self._space, factors, table, assessor.node_values_on)
        found = assessor.of_readout(batch, w, _named(PRODUCT, batch), noisy=False)
        return self._exact(found)

    def _as_they_are(self, origin: str, batch: GenotypeBatch, w: np.ndarray, noisy: bool) -> Population:
        """Sums with the constants that they came with."""
        return self._assessor.of_readout(batch, w, _named(origin, batch), noisy)

    def _library(self, noisy: bool, table: Rows) -> Library:
        if noisy not in self._libraries:
            self._libraries[noisy] = library_of(self._space, table, self._assessor.node_values_on)
        return self._libraries[noisy]


def plain_sums(space: SearchSpace, assessor: Assessor) -> Population:
    """The straight lines, power laws and sums of monomials that the rows show: by linear algebra, without a search."""
    noisy = assessor.can_confirm
    table = assessor.everything if noisy and assessor.everything is not None else assessor.train
    return _of_monomials(space, assessor.without_loops, table, noisy)


def has_sums(population: Population) -> bool:
    """Are sums of given terms among them?"""
    return bool(_are_sums(population).any())


def best_first(population: Population, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Places of all, and of the sums of given terms, in the order of their score. rows: that the losses speak for"""
    order = np.argsort(scores(population.loss, population.complexity, rows), kind="stable")
    return order, order[_are_sums(population)[order]]


def _are_sums(population: Population) -> np.ndarray:
    return np.array([origin.startswith((MONOMIALS, LIBRARY)) for origin in population.origin], dtype=bool)


def _of_monomials(space: SearchSpace, assessor: Assessor, table: Rows, noisy: bool) -> Population:
    """Sums of monomials, and power laws with any exponents: those that are better than every simpler one."""
    batch, w = sums_of_monomials(space, table)
    sums = assessor.of_readout(batch, w, _named(MONOMIALS, batch), noisy)
    batch, w = power_laws(space, table)
    laws = assessor.all_of(batch, w, _named(MONOMIALS, batch))
    found = joined(sums, assessor.confirmed(laws) if noisy else laws)
    return found.select(np.flatnonzero(front_of(found)))


def _named(origin: str, batch: GenotypeBatch) -> np.ndarray:
    return np.array([origin] * len(batch), dtype=object)
