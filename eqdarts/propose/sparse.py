"""Sums of few given columns that explain a target: orthogonal least squares (Chen, Billings & Luo 1989).

Terms are added one by one to several choices side by side, and may be exchanged; of two terms, all pairs are looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eqdarts.data.zero import LADDER, spacings

Choice = tuple[int, ...]

#: Columns from which on comparing all pairs takes too long beside an epoch.
MOST_PAIRED = 2500
_PAIRS = 32  # of them, where they come from all pairs
_EXCHANGED = 3  # choices that may exchange a term
_ROWS_OF_PAIRS, _BLOCK = 64, 512  # rows that all pairs are compared on, and columns at once
_DEPENDENT = 1e-9  # share of a column that must be left beside the others
_DEPENDENT_PAIR = 1e-7  # the same of a second column
_SAME = 9  # digits in which the values of two columns agree, up to a factor and an offset, if they are one


@dataclass(frozen=True)
class Limits:
    """How far a search for sums goes; the defaults are not tuned.

    Attributes
    ----------
    cost, terms : int
        The most that the terms of a sum cost together, and how many they are at the most.
    kept : int
        Choices of each number of terms that are returned.
    width : int
        Choices that are followed side by side.
    all_pairs : bool
        Are all pairs of columns compared? That takes time and memory with the square of their number.
    intercept : bool
        Does a constant stand beside the terms?
    """

    cost: int
    terms: int
    kept: int = 3
    width: int = 8
    all_pairs: bool = False
    intercept: bool = True


@dataclass(frozen=True, eq=False)
class _Task:
    """What is to be explained by what.

    columns: [K, n], centred, weighted and of length 1   good: bool [K]   target: [n]
    cost: int [K]   most: of the costs of a choice together
    """

    columns: np.ndarray
    good: np.ndarray
    target: np.ndarray
    cost: np.ndarray
    most: int


def chosen_terms(
    columns: np.ndarray, target: np.ndarray, root: np.ndarray, cost: np.ndarray, limits: Limits
) -> list[Choice]:
    """For every number of terms the places of the few sums that explain most of the target, beside an intercept.

    It ends with the first sums that leave only rounding: cheap ones first, then those of the first columns. Of columns
    that are the same up to a factor and an offset the cheapest takes part.

    columns: [K, n]   target: [n]   root: [n], roots of the row weights   cost: int [K]
    """
    if not (np.isfinite(target).all() and np.isfinite(root).all()) or not root.any() or not len(columns):
        return []
    task = _task(columns, target, root, cost, limits)
    kept, width, all_pairs = limits.kept, limits.width, limits.all_pairs
    # What is left when only rounding is.
    little = LADDER.summed * float(task.target @ task.target) + float(np.sum((spacings(target) * root) ** 2))

    def in_order(found: dict[Choice, float]) -> list[Choice]:
        """What only rounding tells apart is in the order of costs and places."""

        def key(choice: Choice) -> tuple[float, int, Choice]:
            exact = found[choice] < little
            return (0.0, int(task.cost[list(choice)].sum()), choice) if exact else (found[choice], 0, choice)

        return sorted(found, key=key)

    beam: list[Choice] = [()]
    out: list[Choice] = []
    for terms in range(1, limits.terms + 1):
        found = dict(_extended(task, beam, max(width, kept)))
        if terms == 2 and all_pairs:
            found.update(_of_all_pairs(task))
        best = in_order(found)
        shorter = sorted({tuple(k for k in c if k != gone) for c in best[:_EXCHANGED] for gone in c})
        found.update(_extended(task, shorter, width) if terms > 1 else [])
        ranked = in_order(found)
        if not ranked:
            break
        beam = ranked[: max(width, _PAIRS) if terms == 2 and all_pairs else width]
        out += ranked[:kept]
        if found[ranked[0]] < little:
            return [*out, _needed(task, beam[0], little)]
    return out


def _task(columns: np.ndarray, target: np.ndarray, root: np.ndarray, cost: np.ndarray, limits: Limits) -> _Task:
    good = np.isfinite(columns).all(axis=1) & (np.abs(columns).max(axis=1) < 1e100)
    one = root / np.linalg.norm(root) if limits.intercept else np.zeros_like(root)
    weighted = np.where(good[:, None], columns, 0.0) * root
    before = np.linalg.norm(weighted, axis=1)
    weighted -= np.outer(weighted @ one, one)
    norms = np.linalg.norm(weighted, axis=1)
    good &= norms > _DEPENDENT * before
    weighted = np.where(good[:, None], weighted, 0.0) / np.where(good, norms, 1.0)[:, None]
    good[places_of_copies(weighted, np.lexsort((np.arange(len(cost)), cost, ~good)))] = False
    weighted_target = target * root
    return _Task(weighted, good, weighted_target - one * (one @ weighted_target), cost, limits.cost)


def places_of_copies(columns: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Those of the columns [K, n], of length 1, that are, up to a sign, one that comes before them in the order."""
    # Two numbers for each, the same for the same values; others do not meet.
    angles = np.arange(1, columns.shape[1] + 1) ** 2
    sines, cosines = (np.round(np.abs(columns @ part), _SAME)[order] for part in (np.sin(angles), np.cos(angles)))
    return np.delete(order, np.unique(sines + 1j * cosines, return_index=True)[1])


def _extended(task: _Task, beam: list[Choice], most: int) -> list[tuple[Choice, float]]:
    """The best of these choices with one more term each, and what they leave of the target's sum of squares."""
    if not beam:
        return []
    frames = _orthonormal(task, beam)  # [B, s, n]
    residual = _rest(task.target, frames)  # [B, n]
    count, width, n = frames.shape
    along = (task.columns @ frames.reshape(count * width, n).T).reshape(len(task.columns), count, width)  # [K, B, s]
    rest = 1.0 - np.einsum("kbs,kbs->kb", along, along)
    overlap = task.columns @ residual.T
    used = np.array([task.cost[list(choice)].sum() for choice in beam])
    allowed = task.good[:, None] & (rest > _DEPENDENT) & (used + task.cost[:, None] <= task.most)
    for b, choice in enumerate(beam):
        allowed[list(choice), b] = False
    with np.errstate(all="ignore"):
        left = np.where(allowed, np.einsum("bn,bn->b", residual, residual) - overlap**2 / rest, np.inf)
    found: dict[Choice, float] = {}
    for place in _smallest(left.ravel(), 4 * most):
        k, b = divmod(int(place), len(beam))
        if np.isfinite(left[k, b]):
            found.setdefault(tuple(sorted((*beam[b], k))), float(left[k, b]))
    return list(found.items())[:most]


def _of_all_pairs(task: _Task) -> list[tuple[Choice, float]]:
    """The pairs that leave least of the target, and how much: looked for on few rows, measured on all."""
    some = np.linspace(0, task.columns.shape[1] - 1, min(_ROWS_OF_PAIRS, task.columns.shape[1])).round().astype(int)
    places = np.flatnonzero(task.good)
    columns, target = task.columns[np.ix_(places, some)], task.target[some]
    norms = np.linalg.norm(columns, axis=1)
    places, columns, norms = (a[norms > 0] for a in (places, columns, norms))
    columns = columns / norms[:, None]
    overlap = columns @ target
    cost = task.cost[places]
    found: list[tuple[int, int]] = []
    value = np.zeros(0)
    for start in range(0, len(places), _BLOCK):
        stop = min(start + _BLOCK, len(places))
        cosine = columns[start:stop] @ columns[:stop].T
        a, b = overlap[start:stop, None], overlap[:stop]
        rest = 1.0 - cosine**2
        with np.errstate(all="ignore"):
            explained = (a * a + b * b - 2.0 * a * b * cosine) / rest
        explained[(rest < _DEPENDENT_PAIR) | (cost[start:stop, None] + cost[:stop] > task.most)] = -np.inf
        explained[np.arange(stop - start)[:, None] + start <= np.arange(stop)] = -np.inf  # each pair once
        best = _smallest(-explained.ravel(), _PAIRS)
        rows, others = np.unravel_index(best, explained.shape)
        found += [(int(places[j]), int(places[start + i])) for i, j in zip(rows, others, strict=True)]
        value = np.concatenate([value, explained.ravel()[best]])
    pairs = [found[i] for i in _smallest(-value, _PAIRS) if np.isfinite(value[i])]
    return list(zip(pairs, _left(task, pairs), strict=True)) if pairs else []


def _smallest(values: np.ndarray, most: int) -> np.ndarray:
    """Places of the smallest, in order."""
    if len(values) <= most:
        return np.argsort(values, kind="stable")
    some = np.argpartition(values, most)[:most]
    return some[np.argsort(values[some], kind="stable")]


def _orthonormal(task: _Task, choices: Sequence[Choice]) -> np.ndarray:
    """Orthonormal bases [B, s, n] of the columns of B choices of s terms each."""
    places = np.array(choices, dtype=np.intp).reshape(len(choices), -1)
    return np.linalg.qr(task.columns[places].transpose(0, 2, 1))[0].transpose(0, 2, 1)


def _rest(target: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """What is left of the target beside each orthonormal basis: [B, n]; subtracted twice, for its last digits."""
    left = np.tile(target, (len(frames), 1))  # [B, n]
    for _ in range(2):
        left = left - ((frames @ left[:, :, None]).transpose(0, 2, 1) @ frames)[:, 0]
    return left


def _left(task: _Task, choices: Sequence[Choice]) -> list[float]:
    """What each of these choices, of as many terms, leaves of the target's sum of squares."""
    rest = _rest(task.target, _orthonormal(task, choices))
    return [float(value) for value in np.einsum("bn,bn->b", rest, rest)]


def _needed(task: _Task, choice: Choice, enough: float) -> Choice:
    """Without the terms that explain nothing beside the others."""
    for gone in choice:
        rest = tuple(k for k in choice if k != gone)
        if rest and _left(task, [rest])[0] < enough:
            choice = rest
    return choice
