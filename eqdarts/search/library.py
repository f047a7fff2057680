"""Sums of terms from a library: functions of small parts of the columns, with simple constants as laws often have.

Candidates side by side, and linear algebra to choose a few: the idea of SINDy (Brunton, Proctor & Kutz 2016), with the
library made of the operations of the space. A law such as sin(x²)·cos(x) − 1 takes four edges that tell nothing one by
one; here it is one term. What has other constants inside is left to fits that start from the sums chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, groupby, islice, product

import numpy as np
import torch

from eqdarts.fit import Rows
from eqdarts.genotype import GenotypeBatch, concatenate
from eqdarts.links import LINKS
from eqdarts.search.monomials import degree_of, monomials, product_of_powers, some_rows, term_of
from eqdarts.search.ratios import ratios
from eqdarts.search.sparse import MOST_PAIRED, chosen_terms
from eqdarts.search.terms import Edge, Node, Term, graphs_of
from eqdarts.search_space import SearchSpace

#: The origin of these graphs.
LIBRARY = "library"
_MOST = 4000  # terms
_MOST_COLUMNS, _MOST_ROWS = 20, 150
_INNER_DEGREE, _MOST_INNER = 4, 40  # of monomials inside functions
_MOST_PAIRED_PARTS = 12  # the first, in one of the functions of a product of two
_MOST_TERMS, _ROWS_PER_TERM = 5, 3  # of a sum
_NO_FUNCTIONS = ("zero", "identity", "negation", "scale", "linear", "power", "odd_power")
_SAME = 9  # digits in which the values of two terms agree, up to a factor and an offset, if they are one

Function = tuple[str, tuple[float, ...]]


@dataclass(frozen=True)
class _Part:
    """What a function is of: a column, or the last of some nodes."""

    nodes: tuple[Node, ...]
    place: int  # of the value: a column, or the number of columns and the place of the node


@dataclass(frozen=True, eq=False)
class Library:
    """Terms with their values [K, n] on some rows, the target [n] and the roots of the row weights [n] there."""

    terms: list[Term]
    values: np.ndarray
    y: np.ndarray
    root: np.ndarray

    @property
    def is_small(self) -> bool:
        """May it be asked often, and for all pairs of terms?"""
        return len(self.terms) <= MOST_PAIRED

    def ratios(self, space: SearchSpace) -> tuple[GenotypeBatch, np.ndarray]:
        """Ratios of sums of monomials, of terms of one node, and of all terms; see `eqdarts.search.ratios`."""
        plain = [k for k, term in enumerate(self.terms) if 0 < degree_of(term) <= _INNER_DEGREE]
        short = [k for k, term in enumerate(self.terms) if len(term.nodes) <= 1]
        parts = [
            ratios(space, [self.terms[k] for k in places], self.values[places], self.y)
            for places in (plain, short, range(len(self.terms)))
        ]
        batches, w = zip(*parts, strict=True)
        return concatenate(batches), np.concatenate(w)

    def sums(self, space: SearchSpace, link: str, kept: int) -> tuple[GenotypeBatch, np.ndarray]:
        """For every number of terms so many sums that explain most below a link, as graphs, and their w."""
        target, slope = LINKS[link].target(self.y)
        cost = np.array([len(term.nodes) for term in self.terms])
        most = min(_MOST_TERMS, len(self.y) // _ROWS_PER_TERM)
        choices = chosen_terms(
            self.values, target, slope * self.root, cost, space.nodes, most, kept, all_pairs=self.is_small
        )
        return graphs_of(space, [(link, [self.terms[k] for k in choice]) for choice in choices])


def library_of(
    space: SearchSpace, rows: Rows, node_values: Callable[[Rows, GenotypeBatch, np.ndarray], np.ndarray]
) -> Library:
    """The terms of a space that are defined and differ on some of the rows.

    node_values: of R graphs on rows, [R, N, n]
    """
    n = rows.y.shape[0]
    rows = rows[torch.linspace(0, n - 1, min(n, _MOST_ROWS)).round().long()]
    X, y, root = some_rows(rows, _MOST_ROWS)
    fitting = (term for term in _terms(space) if len(term.nodes) <= space.nodes)
    terms = list(islice(fitting, _MOST)) if space.n_inputs <= _MOST_COLUMNS else []
    if not terms:
        return Library([], np.zeros((0, len(y))), y, root)
    nodes = node_values(rows, *graphs_of(space, [("identity", [term]) for term in terms]))
    last = np.array([max(0, len(term.nodes) - 1) for term in terms])
    values = nodes[np.arange(len(terms)), last]
    for k, term in enumerate(terms):
        if term.column is not None:
            values[k] = X[:, term.column]
    keep = _distinct(values)
    return Library([terms[k] for k in keep], values[keep], y, root)


def _distinct(values: np.ndarray) -> np.ndarray:
    """Places of the rows [K, n] that are defined, vary, and are no a·φ + b of an earlier one φ."""
    with np.errstate(all="ignore"):
        good = np.isfinite(values).all(axis=1) & (np.abs(values).max(axis=1) < 1e9) & (np.ptp(values, axis=1) > 1e-9)
    places = np.flatnonzero(good)
    one = values[places] - values[places].mean(axis=1, keepdims=True)
    one /= np.linalg.norm(one, axis=1, keepdims=True)
    largest = np.abs(one).argmax(axis=1)
    one *= np.sign(one[np.arange(len(one)), largest])[:, None]
    # One number for each, the same for the same values; others meet by chance once in many millions.
    mark = np.round(one @ np.sin(np.arange(1, values.shape[1] + 1) ** 2), _SAME)
    _, first = np.unique(mark, return_index=True)
    return places[np.sort(first)]


def _terms(space: SearchSpace) -> Iterator[Term]:
    """Monomials, functions of parts, those times a column, and products of two, simple ones first."""
    functions, parts = _functions(space), _parts(space)
    columns = [_Part((), i) for i in range(space.n_inputs)]
    simplest = [next(group) for _, group in groupby(functions, key=lambda f: f[0])]

    def weighted(chosen: list[Function]) -> Iterator[Term]:
        for part, f, column in product(parts, chosen, columns):
            if part != column or _can_add(space):
                yield from (_with_factor(space, part, f, factor) for factor in _powers(space, column.place))

    return chain(
        (term_of(space, row) for row in monomials(space.signed)),
        (_with_factor(space, part, f, None) for part in parts for f in functions),
        weighted(simplest),
        (
            _with_factor(space, part, f, (column.place, *g))
            for part in parts[:_MOST_PAIRED_PARTS]
            for column in columns
            if part.nodes or part.place < column.place
            for f in simplest
            for g in simplest
        ),
        weighted([f for f in functions if f not in simplest]),
    )


def _functions(space: SearchSpace) -> list[Function]:
    """Operations with each choice of their simple constants."""
    return [
        (op.name, values)
        for op in space.rows
        if op.name not in _NO_FUNCTIONS and len(op.simple) == len(op.parameters)
        for values in product(*op.simple)
    ]


def _powers(space: SearchSpace, column: int) -> list[Edge]:
    """The column itself as a factor, or one over it where it has one sign."""
    exponents = (1,) if space.signed[column] else (1, -1)
    rows = (np.eye(space.n_inputs, dtype=int)[column] * p for p in exponents)
    return [product_of_powers(space, row).edges[0] for row in rows]


def _parts(space: SearchSpace) -> list[_Part]:
    """Columns, monomials of low degree, shifted columns, and sums and differences of two columns or their squares."""
    d = space.n_inputs
    columns = [_Part((), i) for i in range(d)]
    exponents = monomials(space.signed)
    degree = np.abs(exponents).sum(axis=1)
    inner = exponents[((degree > 1) | (exponents.sum(axis=1) < 0)) & (degree <= _INNER_DEGREE)][:_MOST_INNER]
    products = [_Part((product_of_powers(space, row),), d) for row in inner]
    if not _can_add(space):
        return [*columns, *products]
    pairs = [(i, j) for i in range(d) for j in range(i)]
    sums = [_Part((Node("sum", (_scaled(i, 1.0), _scaled(j, s))),), d) for i, j in pairs for s in (1.0, -1.0)]
    squares = [
        _Part((Node("sum", (_scaled(i, 1.0), (j, "power", (2.0,)))),), d) for i in range(d) for j in range(d) if i != j
    ]
    squares += [_Part((Node("sum", ((i, "power", (2.0,)), (j, "power", (2.0,)))),), d) for i, j in pairs]
    own = [
        _Part((Node("product", ((i, "power", (2.0,)),)), Node("sum", (_scaled(i, 1.0), _scaled(d, s)))), d + 1)
        for i in range(d)
        for s in (1.0, -1.0)
    ]
    shifted = [_Part((Node("sum", (_shifted(i, b),)),), d) for i in range(d) for b in (1.0, -1.0)]
    shifted += [
        _Part((Node("product", (_shifted(i, b), _shifted(j, c))),), d)
        for i, j in pairs
        for b in (1.0, -1.0)
        for c in (1.0, -1.0)
    ]
    return [*columns, *sums, *products, *own, *shifted, *squares]


def _can_add(space: SearchSpace) -> bool:
    """May a node be a sum of columns, with a factor or an offset?"""
    return {"scale", "linear"} <= set(space.operations) and "sum" in space.aggregators


def _scaled(place: int, by: float) -> Edge:
    return (place, "scale", (by,))


def _shifted(place: int, by: float) -> Edge:
    return (place, "linear", (1.0, by))


def _with_factor(space: SearchSpace, part: _Part, function: Function, factor: Edge | None) -> Term:
    """A function of a part, times a function or a power of a column."""
    edge = (part.place, *function)
    if factor is None:
        return Term((*part.nodes, Node("product", (edge,))))
    if factor[0] != part.place:
        return Term((*part.nodes, Node("product", (edge, factor))))
    # Two edges from one column do not fit into one node.
    return Term((Node("sum", (edge,)), Node("product", ((space.n_inputs, "linear", (1.0, 0.0)), factor))))
