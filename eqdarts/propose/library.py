"""Sums of terms from a library: functions of small parts of the columns, with simple constants as laws often have.

Candidates side by side, and linear algebra to choose a few: the idea of SINDy (Brunton, Proctor & Kutz 2016), with the
library made of the operations of the space. A law such as sin(x²)·cos(x) − 1 takes four edges that tell nothing one by
one; here it is one term. What has other constants inside is left to fits that start from the sums chosen.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, groupby, islice, product

import numpy as np

from eqdarts.data.table import Table
from eqdarts.graph.genotype import GenotypeBatch
from eqdarts.graph.links import below
from eqdarts.graph.space import SearchSpace
from eqdarts.propose.monomials import monomials, term_of
from eqdarts.propose.parts import Function, Part, can_add, functions_of, parts_of, powers_of, with_factor
from eqdarts.propose.proposer import Effort, Graphs, Judged, NodeValues, Question
from eqdarts.propose.sparse import Limits, chosen_terms, places_of_copies
from eqdarts.propose.terms import Term, Terms, graphs_of

#: Terms, and columns and rows of a table.
MOST, MOST_COLUMNS, MOST_ROWS = 4000, 20, 150
_MOST_PAIRED_PARTS = 12  # the first, in one of the functions of a product of two
_MOST_TERMS, _ROWS_PER_TERM = 5, 3  # of a sum


class Library:
    """Sums of terms below one link after the other, beside the search."""

    name = "library"

    def solve(self, question: Question) -> list[Graphs]:
        """As they come, and fitted further where they are promising."""
        if question.effort < Effort.BESIDE:
            return []
        batch, w = sums_of(question.space, question.library(), question.link, question.kept)
        return [Graphs(batch, w, judged=Judged.BOTH)] if len(batch) else []


def sums_of(space: SearchSpace, library: Terms, link: str, kept: int) -> tuple[GenotypeBatch, np.ndarray]:
    """For every number of terms so many sums that explain most below a link, as graphs, and their w."""
    rows = below(library.rows, link)
    cost = np.array([len(term.nodes) for term in library.terms])
    most = min(_MOST_TERMS, len(rows) // _ROWS_PER_TERM)
    limits = Limits(space.nodes, most, kept, all_pairs=library.are_few)
    choices = chosen_terms(library.values, rows.y, rows.roots, cost, limits)
    return graphs_of(space, [(link, [library.terms[k] for k in choice]) for choice in choices])


def library_of(space: SearchSpace, rows: Table, node_values: NodeValues) -> Terms:
    """The terms of a space that are defined and differ on some of the rows."""
    fitting = (term for term in _terms(space) if len(term.nodes) <= space.nodes)
    terms = list(islice(fitting, MOST)) if space.n_inputs <= MOST_COLUMNS else []
    rows = rows.evenly(MOST_ROWS)
    values = values_of_terms(space, terms, rows, node_values)
    for k, term in enumerate(terms):
        if term.column is not None:
            values[k] = rows.X[:, term.column]
    keep = distinct(values)
    return Terms([terms[k] for k in keep], values[keep], rows)


def values_of_terms(space: SearchSpace, terms: list[Term], rows: Table, node_values: NodeValues) -> np.ndarray:
    """Of the last node of each term [K, n]."""
    if not terms:
        return np.zeros((0, len(rows)))
    nodes = node_values(rows, *graphs_of(space, [("identity", [term]) for term in terms]))
    last = np.array([max(0, len(term.nodes) - 1) for term in terms])
    return nodes[np.arange(len(terms)), last]


def distinct(values: np.ndarray) -> np.ndarray:
    """Places of the rows [K, n] that are defined, vary, and are no a·φ + b of an earlier one φ."""
    with np.errstate(all="ignore"):
        good = np.isfinite(values).all(axis=1) & (np.abs(values).max(axis=1) < 1e9) & (np.ptp(values, axis=1) > 1e-9)
    places = np.flatnonzero(good)
    one = values[places] - values[places].mean(axis=1, keepdims=True)
    one /= np.linalg.norm(one, axis=1, keepdims=True)
    return np.delete(places, places_of_copies(one, np.arange(len(one))))


def _terms(space: SearchSpace) -> Iterator[Term]:
    """Monomials, functions of parts, those times a column, and products of two, simple ones first."""
    functions, parts = functions_of(space), parts_of(space)
    columns = [Part((), i) for i in range(space.n_inputs)]
    simplest = [next(group) for _, group in groupby(functions, key=lambda f: f[0])]

    def weighted(chosen: list[Function]) -> Iterator[Term]:
        for part, f, column in product(parts, chosen, columns):
            if part != column or can_add(space):
                yield from (with_factor(space, part, f, factor) for factor in powers_of(space, column.place))

    return chain(
        (term_of(space, row) for row in monomials(space.signed)),
        (with_factor(space, part, f, None) for part in parts for f in functions),
        weighted(simplest),
        (
            with_factor(space, part, f, (column.place, *g))
            for part in parts[:_MOST_PAIRED_PARTS]
            for column in columns
            if part.nodes or part.place < column.place
            for f in simplest
            for g in simplest
        ),
        weighted([f for f in functions if f not in simplest]),
    )
