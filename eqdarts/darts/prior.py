"""Odds from which the architecture weights start: α before any data is seen.

They stand in the rows of `eqdarts.graph.operations` and say which operations suit which edge: factors of a
product are mostly powers (a monomial is one product node), terms of a sum are mostly multiples, and
functions sit mostly between latent nodes. They hold for every table; the search moves away from them.
"""

from __future__ import annotations

import numpy as np

from eqdarts.graph.operations import ODDS_OF, OPERATIONS
from eqdarts.graph.space import SearchSpace

_IDENTITY = 0.4  # odds of the plain link
_FACTORS, _TERMS = 7.0, 5.0  # inputs of a node in the mean, at the most: in a wide table few columns matter


def _thinned(row: np.ndarray, zero: int, most: float, inputs: int) -> np.ndarray:
    """Odds of an edge, with that of absence raised so that a node has at most so many inputs in the mean."""
    present = row.sum() - row[zero]
    allowed = most / inputs * row.sum()
    if not present > allowed:
        return row
    thinned = row * (allowed / present)
    thinned[zero] = row.sum() - allowed
    return thinned


def link_log_odds(space: SearchSpace) -> np.ndarray:
    """Initial logits [L] of the links: identity most often, the others alike."""
    odds = np.array([_IDENTITY if name == "identity" else (1 - _IDENTITY) for name in space.links])
    others = max(1, sum(name != "identity" for name in space.links))
    return np.log(np.where(np.array(space.links) == "identity", odds, odds / others))


def log_odds(space: SearchSpace) -> np.ndarray:
    """Initial α as logits [A, E, M]; −inf where a candidate makes no sense on an edge."""
    logits = np.full((len(space.aggregators), len(space.edges), len(space.operations)), -np.inf)
    rows: dict[tuple[object, ...], np.ndarray] = {}  # most edges are alike
    for a, aggregator in enumerate(space.aggregators):
        for e, (source, _) in enumerate(space.edges):
            outer = source < space.n_inputs
            alike = aggregator, outer, outer and space.signed[source], space.allowed[e].tobytes()
            if alike not in rows:
                rows[alike] = _row(space, aggregator, e)
            logits[a, e] = rows[alike]
    return logits


def _row(space: SearchSpace, aggregator: str, edge: int) -> np.ndarray:
    """Logits [M] of one edge into such a node."""
    source, _ = space.edges[edge]
    allowed = space.allowed[edge]
    kind = "input" if source < space.n_inputs else "latent"
    place = ODDS_OF.index((aggregator, kind))
    row = np.array([op.odds[place] for op in space.rows])
    if "linear" in space.operations and "scale" not in space.operations:
        linear = space.operations.index("linear")
        row[linear] = max(row[linear], OPERATIONS["scale"].odds[place])
    if kind == "input" and space.signed[source] and "odd_power" in space.operations:
        # On a column of both signs x and x² are equally likely factors.
        places = [space.operations.index(p) for p in ("power", "odd_power") if p in space.operations]
        row[places] = row[places].mean()
    row = np.where(allowed, row, 0.0)
    if kind == "input":
        row = _thinned(row, space.zero, _FACTORS if aggregator == "product" else _TERMS, space.n_inputs)
    if not (row[np.arange(len(row)) != space.zero] > 0).any():
        row = allowed.astype(float)
    with np.errstate(divide="ignore"):
        return np.log(row / row.sum())
