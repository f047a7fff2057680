"""Sums of monomials below every link, to begin with: many laws are one, and linear algebra finds their terms at once.

A search that adds one part at a time meets imitations of nearly the same loss on the way to four or five terms.
Here all monomials up to a degree are at hand, and the terms are chosen from them: by adding the one that explains
most of what is left, several choices side by side, with exchanges (orthogonal least squares, Chen, Billings & Luo
1989). AI Feynman begins with polynomials too (Udrescu & Tegmark 2020).
"""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np

from eqdarts.fit import Rows
from eqdarts.genotype import GenotypeBatch
from eqdarts.links import LINK_NAMES, LINKS
from eqdarts.search.sampling import blank
from eqdarts.search_space import AGGREGATORS, SearchSpace

#: The origin of these graphs.
MONOMIALS = "monomials"
_MOST_MONOMIALS, _MOST_DEGREE, _MOST_TERMS = 120, 9, 8
_LOWEST = -2  # exponent
_BEAM = 8  # choices side by side
_EXCHANGED = 3  # of them, those that may exchange a term
_ROWS_PER_TERM = 2  # a sum has no more terms than so many rows allow
_MOST_ROWS = 1000
_DEPENDENT = 1e-9  # share of a column that must be left beside the others
_ALL = 1e-14  # share of the target that is left when a sum is it: only rounding


def can_sum(space: SearchSpace) -> bool:
    """Has the space products of powers, odd ones where columns have both signs, and a readout that weighs them?"""
    powers = "power" in space.operations and ("odd_power" in space.operations or not any(space.signed))
    return "product" in space.aggregators and powers and space.readout_coefficients


def sums_of_monomials(space: SearchSpace, rows: Rows) -> tuple[GenotypeBatch, np.ndarray]:
    """For every link and number of terms the few best sums as graphs, and their w: exponents, which should stay."""
    some = np.linspace(0, rows.y.shape[0] - 1, min(_MOST_ROWS, rows.y.shape[0])).round().astype(int)
    X, y = rows.inputs.cpu().numpy()[:, some].T, rows.y.cpu().numpy()[some]
    root = np.ones(len(y)) if rows.root_weights is None else rows.root_weights.cpu().numpy()[some]
    exponents = monomials(space.signed)
    if not len(exponents):
        return blank(space, 0)
    with np.errstate(all="ignore"):
        columns = np.prod(X[:, None, :] ** exponents, axis=2)  # [n, K]
    columns_themselves = (exponents.sum(axis=1) == 1) & (exponents >= 0).all(axis=1)
    nodes = ~columns_themselves | (not space.readout_inputs)  # the readout sees a column without a node
    found: list[tuple[str, tuple[int, ...]]] = []
    for link in space.links:
        target, weight = LINKS[link].target(y)
        for terms in chosen_terms(columns, target, weight * root, nodes, space.nodes):
            found.append((link, terms))
    return _graphs(space, exponents, nodes, found)


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


def chosen_terms(
    columns: np.ndarray, target: np.ndarray, root: np.ndarray, nodes: np.ndarray, most_nodes: int
) -> list[tuple[int, ...]]:
    """For every number of terms the places of the few sums that explain most of the target, an intercept beside them.

    columns: [n, K]   target: [n]   root: [n], roots of the row weights   nodes: bool [K], terms that need a node
    """
    good = np.isfinite(columns).all(axis=0) & (np.abs(columns).max(axis=0, initial=0.0) < 1e100)
    if not np.isfinite(target).all() or not np.isfinite(root).all() or not good.any():
        return []
    one = root / np.linalg.norm(root)
    weighted = np.where(good, columns, 0.0) * root[:, None]
    before = np.linalg.norm(weighted, axis=0)
    weighted -= np.outer(one, one @ weighted)
    norms = np.linalg.norm(weighted, axis=0)
    good &= norms > _DEPENDENT * before
    weighted = np.where(good, weighted, 0.0) / np.where(good, norms, 1.0)
    t = target * root
    t = t - one * (one @ t)
    gram, overlap = weighted.T @ weighted, weighted.T @ t

    most = min(_MOST_TERMS, len(good), len(target) // _ROWS_PER_TERM)
    beam: list[tuple[int, ...]] = [()]
    out: list[tuple[int, ...]] = []
    for _ in range(most):
        beam = _extended(beam, gram, overlap, good, nodes, most_nodes)
        shorter = sorted({tuple(k for k in s if k != gone) for s in beam[:_EXCHANGED] for gone in s})
        again = _extended(shorter, gram, overlap, good, nodes, most_nodes)
        beam = _best(sorted({*beam, *again}), gram, overlap)
        if not beam:
            break
        out += beam[:_EXCHANGED]
        if _explained(beam[:1], gram, overlap)[0] > (1.0 - _ALL) * (t @ t):
            return [*out, _needed(beam[0], gram, overlap, (1.0 - _ALL) * (t @ t))]
    return out


def _extended(
    beam: list[tuple[int, ...]],
    gram: np.ndarray,
    overlap: np.ndarray,
    good: np.ndarray,
    nodes: np.ndarray,
    most_nodes: int,
) -> list[tuple[int, ...]]:
    """The best of these choices [B, s] with one more term each."""
    if not beam:
        return []
    places = np.array(beam, dtype=int).reshape(len(beam), -1)  # [B, s]
    rows = gram[places]  # [B, s, K]
    inside = gram[places[:, :, None], places[:, None, :]]  # [B, s, s]
    along_rows = np.linalg.solve(inside, rows)  # [B, s, K]
    rest = 1.0 - np.einsum("bsk,bsk->bk", rows, along_rows)
    left = overlap - np.einsum("bsk,bs->bk", along_rows, overlap[places])
    explained = _explained(beam, gram, overlap)
    full = nodes[places].sum(axis=1) >= most_nodes
    allowed = good & (rest > _DEPENDENT) & ~(full[:, None] & nodes)
    np.put_along_axis(allowed, places, False, axis=1)
    with np.errstate(all="ignore"):
        value = np.where(allowed, explained[:, None] + left**2 / rest, -np.inf)
    order = np.argsort(-value, axis=None, kind="stable")
    extended: list[tuple[int, ...]] = []
    for b, k in zip(*np.unravel_index(order[: 4 * _BEAM], value.shape), strict=True):
        longer = tuple(sorted((*beam[b], int(k))))
        if value[b, k] > -np.inf and longer not in extended:
            extended.append(longer)
    return extended[:_BEAM]


def _best(beam: list[tuple[int, ...]], gram: np.ndarray, overlap: np.ndarray) -> list[tuple[int, ...]]:
    """The choices that explain most."""
    if not beam:
        return []
    return [beam[b] for b in np.argsort(-_explained(beam, gram, overlap), kind="stable")[:_BEAM]]


def _explained(beam: list[tuple[int, ...]], gram: np.ndarray, overlap: np.ndarray) -> np.ndarray:
    """Of the target's sum of squares, by each choice [B]."""
    places = np.array(beam, dtype=int).reshape(len(beam), -1)
    inside = gram[places[:, :, None], places[:, None, :]]
    along = np.linalg.solve(inside, overlap[places][:, :, None])[:, :, 0]
    return np.einsum("bs,bs->b", overlap[places], along)


def _needed(terms: tuple[int, ...], gram: np.ndarray, overlap: np.ndarray, enough: float) -> tuple[int, ...]:
    """Without the terms that explain nothing beside the others."""
    for gone in terms:
        rest = tuple(k for k in terms if k != gone)
        if rest and _explained([rest], gram, overlap)[0] > enough:
            terms = rest
    return terms


def _graphs(
    space: SearchSpace, exponents: np.ndarray, nodes: np.ndarray, found: list[tuple[str, tuple[int, ...]]]
) -> tuple[GenotypeBatch, np.ndarray]:
    batch, w = blank(space, len(found))
    power = space.operations.index("power")
    odd = space.operations.index("odd_power") if "odd_power" in space.operations else -1
    batch.readout[:, -1] = True
    for r, (link, terms) in enumerate(found):
        batch.links[r] = LINK_NAMES.index(link)
        j = 0
        for k in terms:
            if not nodes[k]:
                batch.readout[r, space.nodes + int(exponents[k].argmax())] = True
                continue
            first = space.into(j).start
            for i in np.flatnonzero(exponents[k]):
                signed = space.signed[i] and exponents[k, i] % 2
                batch.operations[r, first + i] = odd if signed else power
                w[r, first + i, 0] = exponents[k, i]
            batch.aggregators[r, j] = AGGREGATORS.index("product")
            batch.readout[r, j] = True
            j += 1
    return batch, w
