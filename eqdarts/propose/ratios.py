"""Ratios of sums by linear algebra: y = (a₀ + Σ aᵢ·φᵢ)/(1 + Σ bⱼ·ψⱼ) is a₀ + Σ aᵢ·φᵢ − Σ bⱼ·(y·ψⱼ), a sum again.

So the terms of both sums are chosen together, from given terms and their products with y. Noise in y would be in the
columns as well, so this is for data without it (SINDy-PI, Kaheman, Kutz & Brunton 2020, goes further).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eqdarts.darts.sampling import blank
from eqdarts.graph.genotype import GenotypeBatch, concatenate
from eqdarts.graph.space import SearchSpace
from eqdarts.propose.monomials import degree_of
from eqdarts.propose.parts import INNER_DEGREE
from eqdarts.propose.proposer import Effort, Graphs, Question
from eqdarts.propose.sparse import MOST_PAIRED, Limits, chosen_terms
from eqdarts.propose.terms import Edge, Node, Term, Terms, graphs_of

_MOST_TERMS, _ROWS_PER_TERM = 6, 3  # above and below together
_COMPARED, _WIDEST = 40_000, 200  # columns times choices side by side, and the most choices
_ASKED = 1  # links below which sums were looked for before: ratios are rarer


class Ratios:
    """Ratios of sums of terms, of data without noise, once beside the search."""

    name = "ratio"

    def solve(self, question: Question) -> list[Graphs]:
        """Those that are exact."""
        if question.effort < Effort.BESIDE or question.asked != _ASKED or question.noisy:
            return []
        return [Graphs(*ratios_in(question.space, question.library()), only_exact=True)]


def ratios_in(space: SearchSpace, library: Terms) -> tuple[GenotypeBatch, np.ndarray]:
    """Ratios of sums of monomials, of terms of one node, and of all terms."""
    plain = [k for k, term in enumerate(library.terms) if 0 < degree_of(term) <= INNER_DEGREE]
    short = [k for k, term in enumerate(library.terms) if len(term.nodes) <= 1]
    parts = [
        ratios(space, [library.terms[k] for k in places], library.values[places], library.rows.y)
        for places in (plain, short, range(len(library.terms)))
    ]
    batches, w = zip(*parts, strict=True)
    return concatenate(batches), np.concatenate(w)


@dataclass(frozen=True)
class _Sum:
    """A constant and terms with their coefficients."""

    constant: float
    weighted: tuple[tuple[float, Term], ...]

    def times(self, factor: float) -> _Sum:
        """All of it times a number."""
        return _Sum(factor * self.constant, tuple((factor * c, term) for c, term in self.weighted))


def can_divide(space: SearchSpace) -> bool:
    """Has the space what a ratio needs: sums with an offset inside, and powers?"""
    return {"scale", "linear", "power"} <= set(space.operations) and {"sum", "product"} <= set(space.aggregators)


def ratios(
    space: SearchSpace, terms: Sequence[Term], values: np.ndarray, y: np.ndarray
) -> tuple[GenotypeBatch, np.ndarray]:
    """For every number of terms the ratio that comes closest, as graphs, and their w, which should stay.

    values: of the terms on some rows [K, n]   y: [n]
    """
    if not can_divide(space) or not len(terms):
        return blank(space, 0)
    # Centred, terms that add up to a constant do not make y out of itself.
    mean = values.mean(axis=1)
    columns = np.concatenate([values, -y * (values - mean[:, None])])
    limits = Limits(
        cost=space.nodes - 2,  # two more nodes at least: what is below, and the ratio
        terms=min(_MOST_TERMS, len(y) // _ROWS_PER_TERM),
        kept=1,
        width=int(np.clip(_COMPARED // len(columns), Limits.width, _WIDEST)),
        all_pairs=len(columns) <= MOST_PAIRED,
    )
    choices = chosen_terms(columns, y, np.ones(len(y)), np.tile([len(term.nodes) for term in terms], 2), limits)
    found: list[Term] = []
    for choice in choices:
        constant, *coefficients = np.linalg.lstsq(np.stack([np.ones_like(y), *columns[list(choice)]]).T, y)[0]
        split = sum(k < len(terms) for k in choice)
        places, b = np.array(choice[split:]) - len(terms), np.array(coefficients[split:])
        if not len(b):
            continue
        above = _Sum(constant, tuple((c, terms[k]) for c, k in zip(coefficients, choice[:split], strict=False)))
        below = _Sum(1.0 - b @ mean[places], tuple((c, terms[k]) for c, k in zip(b, places, strict=True)))
        term = _ratio(space, above, below, below.constant + b @ values[places])
        if term is not None and len(term.nodes) <= space.nodes:
            found.append(term)
    return graphs_of(space, [("identity", [term]) for term in found])


def _ratio(space: SearchSpace, above: _Sum, below: _Sum, divisor: np.ndarray) -> Term | None:
    """One term for the whole ratio; None if that needs odd powers and the space has none.

    divisor: the values of what is below [n]
    """
    if (divisor < 0).all():
        return _ratio(space, above.times(-1.0), below.times(-1.0), -divisor)
    power = "power" if (divisor > 0).all() else "odd_power"
    if power not in space.operations:
        return None
    nodes: list[Node] = []
    places: dict[Term, int] = {}
    for _, term in (*above.weighted, *below.weighted):
        if term not in places:
            places[term] = _place(space, nodes, term)
    top, bottom = ([(c, places[term]) for c, term in part.weighted] for part in (above, below))
    numerator: list[Edge] = []
    if len(top) == 1:
        numerator = [(top[0][1], "linear", (top[0][0], above.constant))]
    elif top:
        nodes.append(Node("sum", tuple((place, "scale", (c,)) for c, place in top)))
        numerator = [(space.n_inputs + len(nodes) - 1, "linear", (1.0, above.constant))]
    (c, first), *others = bottom
    nodes.append(Node("sum", ((first, "linear", (c, below.constant)), *((p, "scale", (b,)) for b, p in others))))
    divided: Edge = (space.n_inputs + len(nodes) - 1, power, (-1.0,))
    nodes.append(Node("product", (*numerator, divided)))
    return Term(tuple(nodes))


def _place(space: SearchSpace, nodes: list[Node], term: Term) -> int:
    """Where the value of a term is, after its nodes were added to these."""
    if term.column is not None:
        return term.column
    d, used = space.n_inputs, len(nodes)
    for node in term.nodes:
        edges = tuple((s if s < d else s + used, operation, values) for s, operation, values in node.edges)
        nodes.append(Node(node.aggregator, edges))
    return d + len(nodes) - 1
