"""Ratios of sums by linear algebra: y = (a₀ + Σ aᵢ·φᵢ)/(1 + Σ bⱼ·ψⱼ) is a₀ + Σ aᵢ·φᵢ − Σ bⱼ·(y·ψⱼ), a sum again.

So the terms of both sums are chosen together, from given terms and their products with y. Noise in y would be in the
columns as well, so this is for data without it (SINDy-PI, Kaheman, Kutz & Brunton 2020, goes further).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eqdarts.genotype import GenotypeBatch
from eqdarts.search.sparse import WIDTH, chosen_terms
from eqdarts.search.terms import Edge, Node, Term, graphs_of
from eqdarts.search_space import SearchSpace

_MOST_TERMS, _ROWS_PER_TERM = 6, 3  # above and below together
_PAIRED = 2500  # columns for all pairs to be compared
_COMPARED, _WIDEST = 40_000, 200  # columns times choices side by side, and the most choices

Weighted = tuple[float, Term]


def ratios(
    space: SearchSpace, terms: Sequence[Term], values: np.ndarray, y: np.ndarray
) -> tuple[GenotypeBatch, np.ndarray]:
    """For every number of terms the ratio that comes closest, as graphs, and their w, which should stay.

    values: of the terms on some rows [K, n]   y: [n]
    """
    # Centred, terms that add up to a constant do not make y out of itself.
    mean = values.mean(axis=1)
    columns = np.concatenate([values, -y * (values - mean[:, None])])
    cost = np.tile([len(term.nodes) for term in terms], 2)
    most = min(_MOST_TERMS, len(y) // _ROWS_PER_TERM)
    found: list[tuple[str, list[Term]]] = []
    # Two more nodes at least: what is below, and the ratio.
    choices = chosen_terms(
        columns, y, np.ones(len(y)), cost, space.nodes - 2, most, kept=1, all_pairs=len(columns) <= _PAIRED,
        width=int(np.clip(_COMPARED // len(columns), WIDTH, _WIDEST)),
    )  # fmt: skip
    for choice in choices:
        offset, *weights = np.linalg.lstsq(np.stack([np.ones(len(y)), *columns[list(choice)]]).T, y, rcond=None)[0]
        above = [(float(a), terms[k]) for a, k in zip(weights, choice, strict=True) if k < len(terms)]
        below = [(float(b), terms[k - len(terms)]) for b, k in zip(weights, choice, strict=True) if k >= len(terms)]
        if not below:
            continue
        places = [k - len(terms) for k in choice if k >= len(terms)]
        weights_below = np.array([b for b, _ in below])
        constant = float(1.0 - weights_below @ mean[places])
        term = _ratio(space, float(offset), above, constant, below, constant + weights_below @ values[places])
        if term is not None and len(term.nodes) <= space.nodes:
            found.append(("identity", [term]))
    return graphs_of(space, found)


def _ratio(
    space: SearchSpace,
    offset: float,
    above: list[Weighted],
    constant: float,
    below: list[Weighted],
    divisor: np.ndarray,
) -> Term | None:
    """One term for (offset + Σ above)/(constant + Σ below); None if that needs odd powers and the space has none.

    divisor: the values of what is below [n]
    """
    sign = -1.0 if (divisor < 0).all() else 1.0
    power = "power" if (sign * divisor > 0).all() else "odd_power"
    if power not in space.operations:
        return None
    nodes: list[Node] = []
    places: dict[Term, int] = {}
    for _, term in [*above, *below]:
        if term not in places:
            places[term] = _place(space, nodes, term)
    top, bottom = ([(sign * c, places[term]) for c, term in part] for part in (above, below))
    numerator: list[Edge] = []
    if len(top) == 1:
        numerator = [(top[0][1], "linear", (top[0][0], sign * offset))]
    elif top:
        nodes.append(Node("sum", tuple((place, "scale", (a,)) for a, place in top)))
        numerator = [(space.n_inputs + len(nodes) - 1, "linear", (1.0, sign * offset))]
    (b, first), *others = bottom
    nodes.append(Node("sum", ((first, "linear", (b, sign * constant)), *((p, "scale", (c,)) for c, p in others))))
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
