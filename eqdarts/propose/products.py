"""Laws that are one product: of powers of columns and of a few other factors, such as sin(x), 1 + x or x² + z².

The logarithm of such a law is linear in those of its factors, so that linear algebra finds all exponents at once. Only
for data without noise, where a product is either exact or not the law.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np

from eqdarts.data.table import Table
from eqdarts.fit.flat import flat_directions, simplest_points
from eqdarts.graph.genotype import GenotypeBatch
from eqdarts.graph.links import below
from eqdarts.graph.space import SearchSpace
from eqdarts.propose.library import MOST, MOST_COLUMNS, MOST_ROWS, distinct, values_of_terms
from eqdarts.propose.monomials import product_of_powers
from eqdarts.propose.parts import Part, functions_of, parts_of, with_factor
from eqdarts.propose.proposer import Effort, Graphs, NodeValues, Question
from eqdarts.propose.sparse import MOST_PAIRED, Limits, chosen_terms
from eqdarts.propose.terms import Edge, Node, Term, graphs_of, is_writable

_MOST_FACTORS = 3  # beside columns
_ROWS_PER_EXPONENT = 2
_SIMPLE = 12  # exponents are multiples of one over this, or stay as they are
_ROUNDING = 1e-9  # of an exponent, and of a logarithm
_DEPENDENT = 1e-9  # share of a logarithm that must be left beside those of the columns


class Products:
    """Products of columns, and with more effort of other factors; once each, of data without noise."""

    name = "product"

    def solve(self, question: Question) -> list[Graphs]:
        """Those that are exact."""
        if question.noisy or question.asked:
            return []
        factors_of = {Effort.AT_ONCE: no_factors, Effort.BEFORE_LOOPS: few_factors, Effort.BESIDE: many_factors}
        factors = factors_of[question.effort](question.space)
        return [Graphs(*products(question.space, factors, question.rows, question.node_values), only_exact=True)]


@dataclass(frozen=True)
class Product:
    """Exponents of the columns, and some factors by their places with theirs."""

    exponents: tuple[float, ...]
    factors: tuple[tuple[int, float], ...] = ()


def no_factors(space: SearchSpace) -> list[Term]:
    """Nothing beside the columns."""
    return []


def few_factors(space: SearchSpace) -> list[Term]:
    """Small sums, such as 1 + x or x² + z², and functions of one column; none of very many columns."""
    return _factors(space, lambda part: not part.nodes)


def many_factors(space: SearchSpace) -> list[Term]:
    """The same, and functions of all small parts."""
    return _factors(space, lambda part: True)


def _factors(space: SearchSpace, is_argument: Callable[[Part], bool]) -> list[Term]:
    """Small sums, and functions of such parts, simple ones first."""
    if space.n_inputs > MOST_COLUMNS:  # their parts alone would be millions
        return []
    parts = parts_of(space)
    sums = (Term(part.nodes) for part in parts if part.nodes and part.nodes[-1].aggregator == "sum")
    functions = (with_factor(space, part, f, None) for part in parts if is_argument(part) for f in functions_of(space))
    return list(islice((term for term in chain(sums, functions) if len(term.nodes) < space.nodes), MOST))


def products(
    space: SearchSpace, factors: list[Term], rows: Table, node_values: NodeValues
) -> tuple[GenotypeBatch, np.ndarray]:
    """Graphs of the products that are exact on some of the rows, at most one below each link, and their w."""
    rows = rows.evenly(MOST_ROWS)
    factors, values = _values(space, factors, rows, node_values)
    cost = np.array([len(term.nodes) for term in factors], dtype=int)
    targets = np.array([below(rows, link).y for link in space.links])
    with np.errstate(all="ignore"):
        logs = np.log(np.abs(targets))
    found = []
    # Below a link that is a power of another the same products are exact.
    for place in distinct(logs):
        laws = exact_products(rows.X, targets[place], values, cost, space.nodes - 1)
        real = (law for law in laws if _has_signs(law, rows.X, targets[place], space.signed, values))
        terms = (term for law in real if is_writable(space, term := _term(space, law, factors, values)))
        found += [(space.links[place], [term]) for term in islice(terms, 1)]
    return graphs_of(space, found)


def _values(
    space: SearchSpace, factors: list[Term], rows: Table, node_values: NodeValues
) -> tuple[list[Term], np.ndarray]:
    """The factors whose logarithms differ, and their values [K, n]."""
    values = values_of_terms(space, factors, rows, node_values)
    with np.errstate(all="ignore"):
        keep = distinct(np.log(np.abs(values)))
    kept, values = [factors[k] for k in keep], values[keep]
    for k in np.flatnonzero((values < 0).all(axis=1)):
        opposite = _opposite(kept[k])
        if opposite is not None:
            kept[k], values[k] = opposite, -values[k]
    return kept, values


def _opposite(term: Term) -> Term | None:
    """z − x for x − z, whose root is then real; None where the last node is no such sum."""
    last = term.nodes[-1]
    if last.aggregator != "sum" or not {op for _, op, _ in last.edges} <= {"scale", "linear"}:
        return None
    edges = tuple((i, op, tuple(-c for c in constants)) for i, op, constants in last.edges)
    return Term((*term.nodes[:-1], Node("sum", edges)))


def exact_products(
    X: np.ndarray, target: np.ndarray, values: np.ndarray, cost: np.ndarray, most_cost: int
) -> list[Product]:
    """The products that the target [n] is, up to signs, a factor and rounding: with fewest columns, simplest first.

    There are several if columns are products of powers of others.

    X: [n, d], columns   values: [K, n] of other factors   cost: int [K]   most_cost: of the factors together
    """
    with np.errstate(all="ignore"):
        columns, logs, log_target = (np.log(np.abs(a)) for a in (X, values, target))
    rows = np.isfinite(columns).all(axis=1) & np.isfinite(log_target)
    if np.count_nonzero(rows) < _ROWS_PER_EXPONENT * (X.shape[1] + 1):
        return []
    columns, log_target, logs = columns[rows], log_target[rows], logs[:, rows]
    base = np.column_stack([columns, np.ones(len(columns))])
    basis = _orthonormal(base)
    choice = _chosen(basis, log_target, logs, cost, most_cost)
    A = np.column_stack([base, *(logs[k] for k in choice)])
    fitted = np.linalg.lstsq(A, log_target, rcond=_DEPENDENT)[0]
    if np.abs(A @ fitted - log_target).max() > _ROUNDING:
        return []
    d = X.shape[1]
    centred = (columns - columns.mean(axis=0)).T
    sizes = np.linalg.norm(centred, axis=1)
    varies = sizes > _DEPENDENT * np.linalg.norm(columns, axis=0)
    flat = flat_directions(np.where(varies[:, None], centred, 0.0), _DEPENDENT)
    laws = []
    for exponents in simplest_points(fitted[:d], flat, np.where(varies, sizes, 1.0)):
        rest = log_target - A[:, d + 1 :] @ fitted[d + 1 :] - columns @ exponents
        if np.ptp(rest) <= 2 * _ROUNDING:
            factors = tuple(zip(choice, _round(fitted[d + 1 :]).tolist(), strict=True))
            laws.append(Product(tuple(_round(exponents).tolist()), factors))
    return [law for law in laws if any(law.exponents) or law.factors]


def _round(exponents: np.ndarray) -> np.ndarray:
    """Simple fractions where they are close to one."""
    simple = np.round(_SIMPLE * exponents) / _SIMPLE
    return np.where(np.abs(simple - exponents) < _ROUNDING, simple, exponents)


def _orthonormal(base: np.ndarray) -> np.ndarray:
    """A basis [n, s] of what the columns [n, K] span."""
    norms = np.linalg.norm(base, axis=0)
    left, size, _ = np.linalg.svd(base / np.where(norms > 0, norms, 1.0), full_matrices=False)
    return left[:, size > _DEPENDENT * size.max(initial=0.0)]


def _chosen(basis: np.ndarray, log_target: np.ndarray, logs: np.ndarray, cost: np.ndarray, most_cost: int) -> list[int]:
    """Places of the factors that explain most of what an orthonormal basis [n, s] leaves of a target; none, if all."""
    rest = log_target - basis @ (basis.T @ log_target)
    if np.abs(rest).max() < _ROUNDING or not len(logs):
        return []
    with np.errstate(all="ignore"):
        left = logs - (logs @ basis) @ basis.T
        dependent = np.linalg.norm(left, axis=1) <= _DEPENDENT * np.linalg.norm(logs, axis=1)
    left[dependent] = np.nan
    limits = Limits(most_cost, _MOST_FACTORS, kept=1, all_pairs=len(logs) <= MOST_PAIRED)
    choices = chosen_terms(left, rest, np.ones(len(rest)), cost, limits)
    return list(choices[-1]) if choices else []


def _has_signs(law: Product, X: np.ndarray, target: np.ndarray, signed: tuple[bool, ...], values: np.ndarray) -> bool:
    """Are exponents whole where a column or factor is negative somewhere, and the signs those of the target?"""
    negative = [*signed, *(values[k].min() <= 0 for k, _ in law.factors)]
    exponents = [*law.exponents, *(q for _, q in law.factors)]
    if not all(float(p).is_integer() for p, below in zip(exponents, negative, strict=True) if below):
        return False
    bases = [*X.T, *(values[k] for k, _ in law.factors)]
    odd = [np.sign(base) for base, p in zip(bases, exponents, strict=True) if p % 2 == 1]
    sign = np.prod([np.sign(target), *odd], axis=0)
    return bool((sign >= 0).all() or (sign <= 0).all())


def _term(space: SearchSpace, law: Product, factors: list[Term], values: np.ndarray) -> Term:
    """A product as a term: the nodes of its factors, and a node of their powers and those of columns."""
    d = space.n_inputs
    nodes: list[Node] = []
    edges: list[Edge] = list(product_of_powers(space, np.array(law.exponents)).edges)
    for k, exponent in law.factors:
        moved = len(nodes)
        for node in factors[k].nodes:
            inner = tuple((i if i < d else i + moved, op, constants) for i, op, constants in node.edges)
            nodes.append(Node(node.aggregator, inner))
        keeps_sign = values[k].min() <= 0 and exponent % 2 == 1
        edges.append((d + len(nodes) - 1, "odd_power" if keeps_sign else "power", (exponent,)))
    return Term((*nodes, Node("product", tuple(edges))))
