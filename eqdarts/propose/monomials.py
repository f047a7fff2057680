"""Sums of monomials below every link, to begin with: many laws are one, and linear algebra finds their terms at once.

A search that adds one part at a time meets imitations of nearly the same loss on the way to four or five terms.
Here all monomials up to a degree are at hand, and the terms are chosen from them (see `sparse`). AI Feynman begins
with polynomials too (Udrescu & Tegmark 2020).
"""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np

from eqdarts.darts.sampling import blank
from eqdarts.data.table import Table
from eqdarts.graph.genotype import GenotypeBatch
from eqdarts.graph.links import below
from eqdarts.graph.space import SearchSpace
from eqdarts.propose.proposer import Effort, Graphs, Judged, Question
from eqdarts.propose.sparse import Limits, chosen_terms
from eqdarts.propose.terms import Node, Term, graphs_of

_MOST_MONOMIALS, _MOST_DEGREE, _MOST_TERMS = 120, 9, 8
_LOWEST = -2  # exponent
_ROWS_PER_TERM = 2  # a sum has no more terms than so many rows allow
_MOST_ROWS = 1000


class Monomials:
    """Straight lines, sums of monomials, and power laws with any exponents, to begin with."""

    name = "monomials"

    def solve(self, question: Question) -> list[Graphs]:
        """All of them at once."""
        if question.effort > Effort.AT_ONCE:
            return []
        finders = sums_of_monomials, sums_of_truth_values, power_laws
        sums, whole, laws = (find(question.space, question.rows) for find in finders)
        return [Graphs(*sums), Graphs(*whole, only_exact=True), Graphs(*laws, judged=Judged.LONG)]


def can_sum(space: SearchSpace) -> bool:
    """Has the space products of powers, odd ones where columns have both signs, and a readout that weighs them?"""
    powers = "power" in space.operations and ("odd_power" in space.operations or not any(space.signed))
    return "product" in space.aggregators and powers and space.readout_coefficients


def sums_of_monomials(space: SearchSpace, rows: Table) -> tuple[GenotypeBatch, np.ndarray]:
    """For every link and number of terms the few best sums as graphs, and their w: exponents, which should stay.

    Of very many columns, and where the space has no products of powers, the sums are straight lines.
    """
    rows = rows.evenly(_MOST_ROWS)
    exponents = monomials(space.signed) if can_sum(space) else np.zeros((0, space.n_inputs), dtype=int)
    if not len(exponents) and space.readout_inputs and space.readout_coefficients:
        exponents = np.eye(space.n_inputs, dtype=int)
    if not len(exponents):
        return blank(space, 0)
    columns, terms = values_of(exponents, rows.X), [term_of(space, row) for row in exponents]
    cost = np.array([len(term.nodes) for term in terms])
    most = min(_MOST_TERMS, len(rows) // _ROWS_PER_TERM)
    found: list[tuple[str, list[Term]]] = []
    for link in space.links:
        linked = below(rows, link)
        for choice in chosen_terms(columns, linked.y, linked.roots, cost, Limits(space.nodes, most, all_pairs=True)):
            found.append((link, [terms[k] for k in choice]))
    return graphs_of(space, found)


def sums_of_truth_values(space: SearchSpace, rows: Table) -> tuple[GenotypeBatch, np.ndarray]:
    """Of a truth table the sum of products of its columns with whole coefficients, as a or b is a + b − a·b.

    Fitted coefficients need more rows than there are of them, but whole ones need none: so it may have nearly as many
    terms as there are rows. As graphs [0 or 1], and their w.
    """
    values = np.column_stack([rows.X, rows.y])
    if not can_sum(space) or not np.isin(values, (0.0, 1.0)).all() or not space.readout_intercept:
        return blank(space, 0)
    exponents = monomials(space.signed)
    exponents = exponents[(exponents >= 0).all(axis=1) & (exponents <= 1).all(axis=1)]  # a·a is a
    columns, terms = values_of(exponents, rows.X), [term_of(space, row) for row in exponents]
    cost = np.array([len(term.nodes) for term in terms])
    limits = Limits(space.nodes, min(_MOST_TERMS, len(rows) - 1))
    for choice in chosen_terms(columns, rows.y, rows.roots, cost, limits):
        base = np.stack([np.ones(len(rows)), *columns[list(choice)]])
        whole = np.rint(np.linalg.lstsq(base.T, rows.y, rcond=None)[0])
        if (np.abs(whole @ base - rows.y) < 1e-9).all():
            return graphs_of(space, [("identity", [terms[k] for k in choice])])
    return blank(space, 0)


def power_laws(space: SearchSpace, rows: Table) -> tuple[GenotypeBatch, np.ndarray]:
    """For every number of columns the product of powers that comes closest in the logarithm, as graphs, and their w.

    Exponents are any numbers, so only columns above zero have a part in it.
    """
    rows = rows.evenly(_MOST_ROWS)
    y, root = rows.y, rows.roots
    places = np.flatnonzero(~np.array(space.signed, dtype=bool))
    writable = "product" in space.aggregators and "power" in space.operations and space.readout_coefficients
    if not writable or not len(places) or not ((y > 0).all() or (y < 0).all()):
        return blank(space, 0)
    with np.errstate(all="ignore"):
        logs, target = np.log(rows.X[:, places]).T, np.log(np.abs(y))
    most = min(_MOST_TERMS, len(places), len(y) // _ROWS_PER_TERM)
    found: list[tuple[str, list[Term]]] = []
    limits = Limits(_MOST_TERMS, most, kept=1)
    for choice in chosen_terms(logs, target, root, np.ones(len(places), dtype=int), limits):
        base = np.stack([np.ones_like(y), *logs[list(choice)]]).T
        fitted = np.linalg.lstsq(base * root[:, None], target * root, rcond=None)[0]
        exponents = np.zeros(space.n_inputs)
        exponents[places[list(choice)]] = fitted[1:]
        if exponents.any():
            found.append(("identity", [Term((product_of_powers(space, exponents),))]))
    return graphs_of(space, found)


def values_of(exponents: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Monomials [K, n] with exponents int [K, d] on rows X [n, d]."""
    with np.errstate(all="ignore"):
        return np.ascontiguousarray(np.prod(X[:, None, :] ** exponents, axis=2).T)


def term_of(space: SearchSpace, exponents: np.ndarray) -> Term:
    """A monomial as a term: a product of powers, or a column that the readout sees itself."""
    if space.readout_inputs and exponents.sum() == 1 and (exponents >= 0).all():
        return Term(column=int(exponents.argmax()))
    return Term((product_of_powers(space, exponents),))


def degree_of(term: Term) -> int:
    """Of a monomial of positive powers; 0 of any other term."""
    if not term.nodes:
        return 1
    edges = term.nodes[0].edges
    plain = len(term.nodes) == 1 and all(op in ("power", "odd_power") and p[0] > 0 for _, op, p in edges)
    return int(sum(p[0] for *_, p in edges)) if plain else 0


def product_of_powers(space: SearchSpace, exponents: np.ndarray) -> Node:
    """Odd powers of columns of both signs keep the sign."""
    return Node(
        "product",
        tuple(
            (int(i), "odd_power" if space.signed[i] and exponents[i] % 2 else "power", (float(exponents[i]),))
            for i in np.flatnonzero(exponents)
        ),
    )


def monomials(signed: tuple[bool, ...]) -> np.ndarray:
    """Exponents int [K, d] of all monomials up to the highest degree that leaves a moderate number of them.

    signed: of each column; one that is not may stand in a denominator
    """
    steps = [(i, s) for i, negative in enumerate(signed) for s in ((1,) if negative else (1, -1))]
    kept: list[tuple[int, ...]] = []
    for degree in range(1, _MOST_DEGREE + 1):
        here = []
        for factors in combinations_with_replacement(steps, degree):
            exponents = [0] * len(signed)
            for i, s in factors:
                exponents[i] += s
            if sum(map(abs, exponents)) == degree and min(exponents) >= _LOWEST:
                here.append(tuple(exponents))
            if len(kept) + len(here) > _MOST_MONOMIALS:
                return np.array(kept, dtype=int).reshape(-1, len(signed))
        kept += here
    return np.array(kept, dtype=int)
