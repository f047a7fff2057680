"""The best graphs so far, best first, with room for several sizes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from eqdarts.data.zero import LADDER
from eqdarts.graph.genotype import GenotypeBatch, concatenate, prune
from eqdarts.graph.operations import EXPONENT
from eqdarts.graph.space import AGGREGATORS, SearchSpace

#: Graphs kept, and of each size, where simple constants decide in the end: in small noisy tables.
WIDE_SIZE, WIDE_PER_BAND = 160, 16
INERT_EXPONENT = 1e-3  # a factor |x|^p with a smaller exponent counts as absent
LIMIT_EXPONENT, _LIMIT_COST = 0.1, 8  # one between the two, and what it adds to the complexity
_SAME = 0.1  # nats between two graphs that count as one function
NATS_PER_PART = 3.0  # what one more operation or constant must gain
INERT_TERM = 1e-7  # a readout term with a smaller share of y counts as absent


@dataclass(frozen=True, eq=False)
class Population:
    """K fitted graphs in the order of their score.

    Attributes
    ----------
    batch : GenotypeBatch
    w : array [K, E, P]
    coefficients : array [K, Q]
    loss : array [K]
        On the validation rows, as a share of the variance of y (`eqdarts.data.zero`).
    train_loss : array [K]
    complexity : int array [K]
    origin : tuple of str
        What proposed each; see `eqdarts.equation.equation.Equation`.
    """

    batch: GenotypeBatch
    w: np.ndarray
    coefficients: np.ndarray
    loss: np.ndarray
    train_loss: np.ndarray
    complexity: np.ndarray
    origin: np.ndarray

    def __len__(self) -> int:
        return len(self.loss)

    def select(self, index: np.ndarray) -> Population:
        """The graphs at these places."""
        return Population(
            self.batch.select(index), self.w[index], self.coefficients[index], self.loss[index],
            self.train_loss[index], self.complexity[index], self.origin[index],
        )  # fmt: skip


def nothing(space: SearchSpace) -> Population:
    """A population without members."""
    none = np.zeros(0)
    batch = GenotypeBatch(
        np.zeros((0, len(space.edges)), dtype=np.int64),
        np.zeros((0, space.nodes), dtype=np.int64),
        np.zeros((0, space.n_readout), dtype=bool),
    )
    w, coefficients = np.zeros((0, len(space.edges), space.n_parameters)), np.zeros((0, space.n_readout))
    return Population(batch, w, coefficients, none, none, np.zeros(0, dtype=np.int64), np.zeros(0, dtype=object))


def joined(a: Population, b: Population) -> Population:
    """Both, one after the other."""
    return Population(
        concatenate([a.batch, b.batch]),
        *(
            np.concatenate([getattr(a, name), getattr(b, name)])
            for name in ("w", "coefficients", "loss", "train_loss", "complexity", "origin")
        ),
    )


def exponents_of(space: SearchSpace, batch: GenotypeBatch) -> np.ndarray:
    """Which parameters are exponents: bool [R, E, P]."""
    mask = np.array([[name == EXPONENT for name in _padded(op.parameters, space.n_parameters)] for op in space.rows])
    return mask[batch.operations]


def _padded(names: tuple[str, ...], size: int) -> tuple[str, ...]:
    return names + ("",) * (size - len(names))


def is_whole_or_half(w: np.ndarray) -> np.ndarray:
    """Is a value a whole number or a half?"""
    return 2.0 * w == np.round(2.0 * w)


def idle_factors(space: SearchSpace, batch: GenotypeBatch, w: np.ndarray) -> np.ndarray:
    """Which edges are powers |x|^p with an exponent of next to nothing: bool [R, E]."""
    return powers(space, batch) & (np.abs(w[:, :, 0]) < INERT_EXPONENT)


def powers(space: SearchSpace, batch: GenotypeBatch) -> np.ndarray:
    """Which edges are powers: bool [R, E]."""
    return _one_of(space, batch, ("power", "odd_power"))


def _one_of(space: SearchSpace, batch: GenotypeBatch, names: tuple[str, ...]) -> np.ndarray:
    """Which edges carry one of these operations: bool [R, E]."""
    return np.array([name in names for name in space.operations])[batch.operations]


def _needless_scales(space: SearchSpace, batch: GenotypeBatch) -> np.ndarray:
    """Which edges are factors a·x + b or (a·x + b)^p, whose scale joins the coefficient of the product: bool [R, E]."""
    products = batch.aggregators == AGGREGATORS.index("product")
    return _one_of(space, batch, ("linear", "affine_power")) & products[:, [j for _, j in space.edges]]


def without_idle_factors(space: SearchSpace, batch: GenotypeBatch, w: np.ndarray) -> GenotypeBatch:
    """The graphs [R] without the factors |x|^0 of their products; the last edge of a node stays."""
    if "power" not in space.operations:
        return batch
    target = np.array([j for _, j in space.edges])
    idle = (batch.operations == space.operations.index("power")) & (w[:, :, 0] == 0.0)
    idle &= batch.aggregators[:, target] == AGGREGATORS.index("product")
    rest = np.zeros(batch.aggregators.shape, dtype=np.int64)
    np.add.at(rest.T, target, ((batch.operations != space.zero) & ~idle).T)
    operations = np.where(idle & (rest[:, target] > 0), space.zero, batch.operations)
    return prune(space, GenotypeBatch(operations, batch.aggregators, batch.readout, batch.links))


def _zeros_and_ones(space: SearchSpace, batch: GenotypeBatch, w: np.ndarray) -> np.ndarray:
    """Which parameters other than exponents are exactly −1, 0 or 1, and show no number in a formula: bool [R, E, P]."""
    counts = np.array([len(op.parameters) for op in space.rows])[batch.operations]  # [R, E]
    there = np.arange(w.shape[2]) < counts[:, :, None]
    return there & ~exponents_of(space, batch) & np.isin(w, (-1.0, 0.0, 1.0))


def complexity_of(
    space: SearchSpace, batch: GenotypeBatch, w: np.ndarray, terms: np.ndarray, noisy: bool, held: bool = False
) -> np.ndarray:
    """Operations and constants that do something: int [R]. A round exponent is no constant.

    Under noise neither is the scale of a factor a·x + b, which joins the coefficient of its product, and a term larger
    than y, which others must cancel, costs the digits that it needs more. Without noise nothing has to be counted so
    finely, and cheap factors only breed imitations.

    terms: [R, Q] share of each readout term in y; of what is larger than y, in y itself, else in its spread
    held: may constants be held at simple values? Then those at −1, 0 and 1 are none either
    """
    cost = np.array([op.complexity + len(op.parameters) for op in space.rows])
    edges = cost[batch.operations]  # [R, E]
    edges = edges - (exponents_of(space, batch) & is_whole_or_half(w)).sum(axis=2)
    edges = edges - _zeros_and_ones(space, batch, w).sum(axis=2) if held else edges
    edges = edges - _needless_scales(space, batch) if noisy else edges
    # x^p with a tiny p imitates ln(x), at the price of cancelling terms.
    limit = powers(space, batch) & (np.abs(w[:, :, 0]) < LIMIT_EXPONENT)
    edges = np.where(idle_factors(space, batch, w), 0, np.where(limit, edges + _LIMIT_COST, edges))
    complexity = edges.sum(axis=1) + 2 * (terms > INERT_TERM).sum(axis=1) + (batch.links > 0)
    if noisy:
        digits = np.log(np.maximum(terms, 1.0)).sum(axis=1)  # nats
        complexity = complexity + np.round(digits / NATS_PER_PART).astype(np.int64)
    return complexity


def scores(loss: np.ndarray, complexity: np.ndarray, rows: int) -> np.ndarray:
    """Description length in nats, lower is better: the misfit, plus a charge for each part of the graph."""
    return 0.5 * rows * np.log(loss + LADDER.exact) + NATS_PER_PART * complexity


def best(population: Population, rows: int, size: int = 64, per_band: int = 4, band: int = 3) -> Population:
    """At most `size` graphs, one per key, in the order of their score.

    The best scores of each band of complexity are kept, so that simple graphs are not crowded out
    by large ones that fit a little better: a law is often one move away from a simple graph. A graph
    that says no more than a simpler one of nearly the same loss is left out: mostly it is the same
    function, with its nodes in another order or with a part that does nothing.
    """
    order = np.argsort(scores(population.loss, population.complexity, rows), kind="stable")
    order = order[np.isfinite(population.loss[order])]
    misfit = scores(population.loss[order], np.zeros(len(order), dtype=np.int64), rows)
    seen: set[bytes] = set()
    count: dict[int, int] = {}
    near: dict[int, list[tuple[float, int]]] = {}  # misfit and complexity of what is kept, by steps of _SAME
    kept: list[int] = []
    for k, complexity, value in zip(
        order.tolist(), population.complexity[order].tolist(), misfit.tolist(), strict=True
    ):
        if count.get(complexity // band, 0) >= per_band:
            continue
        step = math.floor(value / _SAME)
        around = (kin for at in (step - 1, step, step + 1) for kin in near.get(at, ()))
        if any(parts <= complexity and abs(other - value) < _SAME for other, parts in around):
            continue
        key = population.batch.key(k)
        if key in seen:
            continue
        seen.add(key)
        count[complexity // band] = count.get(complexity // band, 0) + 1
        near.setdefault(step, []).append((value, complexity))
        kept.append(k)
    return population.select(np.array(kept[:size], dtype=np.int64))


def front_of(population: Population) -> np.ndarray:
    """Is a graph better than every simpler one? bool [K]"""
    order = np.lexsort((population.loss, population.complexity))
    lowest = np.minimum.accumulate(population.loss[order])
    front = np.zeros(len(population), dtype=bool)
    front[order] = population.loss[order] <= lowest
    return front


def parent_odds(population: Population) -> np.ndarray:
    """Chances [K] to be changed: half by rank of score, half spread evenly over the front.

    Graphs larger than the one with the best score fit noise, and are no part of it.
    """
    rank = np.exp(-np.arange(len(population)) / 8.0)
    front = front_of(population) & (population.complexity <= population.complexity[0])
    return 0.5 * rank / rank.sum() + 0.5 * front / front.sum()
