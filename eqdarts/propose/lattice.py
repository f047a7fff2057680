"""Power laws of few noisy rows, and sums of two: all small exponents are tried, as so few rows cannot fit them.

A product of four columns has four exponents and a factor. On ten rows a fit of these says little, and linear algebra on
logarithms, where noise is largest on the smallest values, not much more. But exponents of laws are mostly small whole
numbers and halves: of those there are some thousands for a handful of columns, and each is tried in microseconds.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from eqdarts.darts.sampling import blank
from eqdarts.data.table import Table
from eqdarts.graph.genotype import GenotypeBatch
from eqdarts.graph.links import below
from eqdarts.graph.space import SearchSpace
from eqdarts.propose.monomials import can_sum, term_of, values_of
from eqdarts.propose.proposer import Effort, Graphs, Question
from eqdarts.propose.sparse import MOST_PAIRED, Limits, chosen_terms
from eqdarts.propose.terms import Term, graphs_of

_MOST_ROWS, _FEW_ROWS = 100, 30  # of more rows exponents can be fitted; of fewer it is unclear whether they are noisy
_MOST_SINGLE = 20_000  # monomials that are tried alone, and MOST_PAIRED in pairs; not tuned
_KEPT = 3  # of each number of columns, and of pairs; not tuned
#: Exponents of a column above zero, from the richest to the plainest set; columns of both signs have whole ones from 0.
_SETS = (
    (-3.0, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0),
    (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0),
    (-2.0, -1.0, 0.0, 1.0, 2.0),
    (-1.0, 0.0, 1.0),
)


class Lattice:
    """Those of tables that are known to be noisy, and below no link of tables so small that they may be."""

    name = "lattice"

    def solve(self, question: Question) -> list[Graphs]:
        """All of them at once."""
        space, rows = question.space, question.rows
        if question.effort > Effort.AT_ONCE or len(rows) > (_MOST_ROWS if question.noisy else _FEW_ROWS):
            return []
        return [Graphs(*laws_of_small_exponents(space, rows, space.links if question.noisy else space.links[:1]))]


def laws_of_small_exponents(
    space: SearchSpace, rows: Table, links: tuple[str, ...]
) -> tuple[GenotypeBatch, np.ndarray]:
    """For each link and number of columns the few best monomials, and sums of two, as graphs, and their w to keep."""
    if not can_sum(space):
        return blank(space, 0)
    single, paired = lattice(space.signed, _MOST_SINGLE), lattice(space.signed, MOST_PAIRED)
    sizes = np.count_nonzero(single, axis=1)
    found: list[tuple[str, list[Term]]] = []
    for link in links:
        linked = below(rows, link)
        for size in range(1, space.n_inputs + 1):
            found += _chosen(space, link, linked, single[sizes == size], 1)
        found += [some for some in _chosen(space, link, linked, paired, 2) if len(some[1]) > 1]
    return graphs_of(space, found)


def lattice(signed: tuple[bool, ...], most: int) -> np.ndarray:
    """Exponents [K, d] of all monomials with those of the richest set that leaves no more than so many of them.

    signed: of each column; one that is not may stand in a denominator and below a root

    Examples
    --------
    >>> lattice((False,), 3).tolist()
    [[-1.0], [1.0]]
    >>> lattice((True, True), 6).tolist()
    [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    """
    for exponents in _SETS:
        whole = tuple(p for p in exponents if p >= 0 and p == int(p))
        sets = [whole if negative else exponents for negative in signed]
        if np.prod([float(len(some)) for some in sets]) <= most:
            every = np.array(list(product(*sets)))
            return every[every.any(axis=1)]
    return np.zeros((0, len(signed)))


def _chosen(
    space: SearchSpace, link: str, rows: Table, exponents: np.ndarray, terms: int
) -> list[tuple[str, list[Term]]]:
    """The best sums of so many of these monomials at the most."""
    if not len(exponents):
        return []
    cost = np.ones(len(exponents), dtype=int)  # each a node
    limits = Limits(space.nodes, terms, kept=_KEPT, all_pairs=terms > 1)
    choices = chosen_terms(values_of(exponents, rows.X), rows.y, rows.roots, cost, limits)
    return [(link, [term_of(space, exponents[k]) for k in choice]) for choice in choices]
