"""A fitted graph as a SymPy expression in the columns of the table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sympy
import sympy.tensor.tensor

from eqdarts.graph.genotype import Genotype
from eqdarts.graph.links import LINKS
from eqdarts.graph.operations import EXPONENT
from eqdarts.graph.space import SearchSpace


@dataclass(frozen=True)
class Constants:
    """The numbers of one fitted graph, in scaled units.

    Attributes
    ----------
    w : array [E, P]
    coefficients : array [Q]
        Of nodes, inputs, one.
    x_scale : array [d]
        The search saw x / x_scale.
    y_scale : float
    """

    w: np.ndarray
    coefficients: np.ndarray
    x_scale: np.ndarray
    y_scale: float


def column_symbols(names: tuple[str, ...], positive: tuple[bool, ...]) -> tuple[sympy.Symbol, ...]:
    """One symbol per column, with the assumption (positive or real) that its data allow.

    The assumption lets SymPy drop |x| and √x² where the data do; `plain` takes it off again.
    """
    return tuple(
        sympy.Symbol(name, positive=True) if sign else sympy.Symbol(name, real=True)
        for name, sign in zip(names, positive, strict=True)
    )


def plain(expression: sympy.Expr) -> sympy.Expr:
    """The same expression over symbols without assumptions, as a user would write them."""
    return expression.xreplace({s: sympy.Symbol(s.name) for s in expression.free_symbols})


def to_expression(
    space: SearchSpace, genotype: Genotype, constants: Constants, columns: tuple[sympy.Expr, ...]
) -> sympy.Expr:
    """The formula of a graph, with the column scales folded in.

    k_j = Σ or Π of o_ij(x_i) over its edges, and y = g(Σ c_q φ_q); an edge "zero" is left out of both. Parameters that
    are all whole numbers or halves were given, not fitted, and are exact.
    """
    held = bool((2 * constants.w == np.round(2 * constants.w)).all())
    values: list[sympy.Expr] = [
        _number(1 / s) * x if s != 1 else x for s, x in zip(constants.x_scale, columns, strict=True)
    ]
    for j, aggregator in enumerate(genotype.aggregators):
        into = space.into(j)
        parts = []
        for e in range(into.start, into.stop):
            name = genotype.operations[e]
            if name != "zero":
                op = space.rows[space.operations.index(name)]
                # A fit may hold an exponent at a round value. Another parameter that is just 1 among fitted ones is
                # redundant, and must stay free to become 0.
                w = [
                    _exact(v) if held or name == EXPONENT else _number(v) if v == 0 else sympy.Float(v)
                    for name, v in zip(op.parameters, constants.w[e], strict=False)
                ]
                parts.append(op.symbolic(values[space.edges[e][0]], *w))
        values.append(sympy.Mul(*parts) if aggregator == "product" else sympy.Add(*parts))
    d = space.n_inputs
    basis = [*values[d:], *values[:d], sympy.Integer(1)]
    terms = [
        _number(c) * phi
        for c, phi, used in zip(constants.coefficients, basis, genotype.readout, strict=True)
        if used and c != 0
    ]
    return _number(constants.y_scale) * LINKS[genotype.link].symbolic(sympy.Add(*terms))


def _exact(value: float) -> sympy.Expr:
    """Whole numbers and halves stay exact."""
    value = float(value)
    return sympy.Rational(round(2 * value), 2) if (2 * value).is_integer() else sympy.Float(value)


def _number(value: float) -> sympy.Expr:
    """Whole small numbers stay exact, so that x/1 or 2·x do not become decimals."""
    value = float(value)
    return sympy.Integer(int(value)) if value in (0.0, 1.0, -1.0) else sympy.Float(value)
