"""Small parts of a law, with simple constants as laws often have: what terms and factors are made of."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from eqdarts.graph.space import SearchSpace
from eqdarts.propose.monomials import monomials, product_of_powers
from eqdarts.propose.terms import Edge, Node, Term

#: The highest degree of monomials inside functions.
INNER_DEGREE = 4
_MOST_INNER = 40  # of them
_NO_FUNCTIONS = ("zero", "identity", "negation", "scale", "linear", "power", "odd_power")

#: An operation with its constants.
Function = tuple[str, tuple[float, ...]]


@dataclass(frozen=True)
class Part:
    """What a function is of: a column, or the last of some nodes."""

    nodes: tuple[Node, ...]
    place: int  # of the value: a column, or the number of columns and the place of the node


def functions_of(space: SearchSpace) -> list[Function]:
    """Operations with each choice of their simple constants."""
    return [
        (op.name, values)
        for op in space.rows
        if op.name not in _NO_FUNCTIONS and len(op.simple) == len(op.parameters)
        for values in product(*op.simple)
    ]


def powers_of(space: SearchSpace, column: int) -> list[Edge]:
    """The column itself as a factor, or one over it where it has one sign."""
    exponents = (1,) if space.signed[column] else (1, -1)
    rows = (np.eye(space.n_inputs, dtype=int)[column] * p for p in exponents)
    return [product_of_powers(space, row).edges[0] for row in rows]


def parts_of(space: SearchSpace) -> list[Part]:
    """Columns, monomials of low degree, shifted columns, and sums and differences of two columns or their squares."""
    d = space.n_inputs
    columns = [Part((), i) for i in range(d)]
    exponents = monomials(space.signed)
    degree = np.abs(exponents).sum(axis=1)
    inner = exponents[((degree > 1) | (exponents.sum(axis=1) < 0)) & (degree <= INNER_DEGREE)][:_MOST_INNER]
    products = [Part((product_of_powers(space, row),), d) for row in inner]
    if not can_add(space):
        return [*columns, *products]
    pairs = [(i, j) for i in range(d) for j in range(i)]
    sums = [Part((Node("sum", (_scaled(i, 1.0), _scaled(j, s))),), d) for i, j in pairs for s in (1.0, -1.0)]
    squares = [
        Part((Node("sum", (_scaled(i, 1.0), (j, "power", (2.0,)))),), d) for i in range(d) for j in range(d) if i != j
    ]
    squares += [Part((Node("sum", ((i, "power", (2.0,)), (j, "power", (2.0,)))),), d) for i, j in pairs]
    own = [
        Part((Node("product", ((i, "power", (2.0,)),)), Node("sum", (_scaled(i, 1.0), _scaled(d, s)))), d + 1)
        for i in range(d)
        for s in (1.0, -1.0)
    ]
    shifted = [Part((Node("sum", (_shifted(i, b),)),), d) for i in range(d) for b in (1.0, -1.0)]
    shifted += [
        Part((Node("product", (_shifted(i, b), _shifted(j, c))),), d)
        for i, j in pairs
        for b in (1.0, -1.0)
        for c in (1.0, -1.0)
    ]
    return [*columns, *sums, *products, *own, *shifted, *squares]


def can_add(space: SearchSpace) -> bool:
    """May a node be a sum of columns, with a factor or an offset?"""
    return {"scale", "linear"} <= set(space.operations) and "sum" in space.aggregators


def _scaled(place: int, by: float) -> Edge:
    return (place, "scale", (by,))


def _shifted(place: int, by: float) -> Edge:
    return (place, "linear", (1.0, by))


def with_factor(space: SearchSpace, part: Part, function: Function, factor: Edge | None) -> Term:
    """A function of a part, times a function or a power of a column."""
    edge = (part.place, *function)
    if factor is None:
        return Term((*part.nodes, Node("product", (edge,))))
    if factor[0] != part.place:
        return Term((*part.nodes, Node("product", (edge, factor))))
    # Two edges from one column do not fit into one node.
    return Term((Node("sum", (edge,)), Node("product", ((space.n_inputs, "linear", (1.0, 0.0)), factor))))
