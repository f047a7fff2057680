"""Odds from which the architecture weights start: α before any data is seen.

They say which operations suit which edge: factors of a product are mostly powers (a monomial is
one product node), terms of a sum are mostly multiples, and functions sit mostly between latent
nodes. They hold for every table; the search moves away from them.
"""

from __future__ import annotations

import numpy as np

from eqdarts.graph.space import SearchSpace

_IDENTITY = 0.4  # odds of the plain link
_OTHER = 0.02  # odds of an operation that has no row below, a user's own among them
_FACTORS, _TERMS = 7.0, 5.0  # inputs of a node in the mean, at the most: in a wide table few columns matter

_ODDS: dict[tuple[str, str], dict[str, float]] = {
    ("sum", "input"): {
        "zero": 0.25, "scale": 0.60, "power": 0.06, "odd_power": 0.01, "linear": 0.0, "affine_power": 0.01,
        "exp": 0.015, "ln": 0.01, "sin": 0.015, "cos": 0.015, "logistic": 0.005, "tanh": 0.005, "arcsin": 0.005,
    },
    ("sum", "latent"): {
        "zero": 0.35, "scale": 0.12, "linear": 0.12, "power": 0.08, "odd_power": 0.03, "affine_power": 0.06,
        "exp": 0.08, "ln": 0.04, "sin": 0.05, "cos": 0.05, "logistic": 0.02, "tanh": 0.02, "arcsin": 0.02,
    },
    ("product", "input"): {
        "zero": 0.08, "power": 0.78, "odd_power": 0.10, "scale": 0.0, "linear": 0.01, "affine_power": 0.03,
        "exp": 0.02, "ln": 0.01, "sin": 0.025, "cos": 0.025, "logistic": 0.005, "tanh": 0.005, "arcsin": 0.005,
    },
    ("product", "latent"): {
        "zero": 0.30, "power": 0.12, "odd_power": 0.06, "scale": 0.0, "linear": 0.08, "affine_power": 0.14,
        "exp": 0.10, "ln": 0.05, "sin": 0.06, "cos": 0.06, "logistic": 0.02, "tanh": 0.02, "arcsin": 0.02,
    },
}  # fmt: skip


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
    odds = _ODDS[aggregator, kind]
    if "scale" not in space.operations:
        odds = {**odds, "linear": max(odds["linear"], odds["scale"])}
    row = np.array([odds.get(name, _OTHER) for name in space.operations])
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
