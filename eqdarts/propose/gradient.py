"""The gradient at a vertex: what a fitted graph would gain from a new part, before anything is fitted.

A feature f is a node or two drawn from α. Added to the readout, or as an edge into node j, it changes the
output to first order along t = δ_j·f (sum) or t = δ_j·k_j·f (product), with δ_j the derivative of the output
by the node. What is left of t beside the readout and the Jacobian of w, which refitting covers anyway, can
explain the share (r·t⊥)² / (‖t⊥‖²·‖r‖²) of the residual r. This is the DARTS gradient of the architecture
weight of that edge at w*(α), normalised; the choice of the largest is matching pursuit (Mallat & Zhang 1993).

Graphs with new parts come from the gradient on the train rows, as their constants do. What α learns of each part is
its gain on the validation rows, which w was not fitted to: the bilevel step of Liu et al. 2019.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from eqdarts.darts.sampling import Odds, blank
from eqdarts.fit.backend import Pursuable
from eqdarts.fit.flat import lengths
from eqdarts.graph.genotype import GenotypeBatch, prune, used_counts
from eqdarts.graph.population import Population, parent_odds
from eqdarts.graph.space import AGGREGATORS, SearchSpace
from eqdarts.propose.features import Features, draw_features
from eqdarts.propose.moves import renumber
from eqdarts.propose.proposer import Evidence, Graphs, Situation
from eqdarts.propose.waves import with_waves_of_residuals
from eqdarts.runtime.loops import compiled

_PARENTS = 12  # per epoch
_WAVES_AT = (1, 3, 7)  # ages of a run at which waves are looked for in residuals
_TOP, _LUCKY = 8, 8  # of each parent: the largest gains, and others drawn in proportion to their gain
_DEPENDENT = 1e-6  # a t⊥ with a smaller share of t is rounding
_READOUT = -1  # the place of a feature that joins the readout


class Gradient:
    """Graphs with the parts that the gradient at their vertex asks for; and what α learns of these parts.

    Parts are drawn from α, and from time to time waves of what the best graphs leave are among them.
    """

    name, in_addition = "gradient", True

    def propose(self, now: Situation) -> Graphs | None:
        """Children of some parents; none where graphs cannot be linearised."""
        if not now.is_known or not now.assessor.can_pursue:
            return None
        features = self._features(now)
        elite = now.population
        count = min(_PARENTS, len(elite))
        chosen = elite.select(now.rng.choice(len(elite), size=count, replace=False, p=parent_odds(elite)))
        batch, w = pursue(now.space, now.odds, now.nodes, chosen, features, now.assessor, now.rng)
        judge = now.assessor.on_validation
        promise = promise_of(now.space, now.nodes, chosen, features.on(judge), judge)
        return Graphs(batch, w, evidence=Evidence(features.batch, features.w, promise))

    def _features(self, now: Situation) -> Features:
        drawn = draw_features(now.space, now.architecture, now.assessor, now.rng)
        if now.age not in _WAVES_AT:
            return drawn
        best_ones = now.population.select(np.unique([0, int(np.argmin(now.population.loss))]))
        return with_waves_of_residuals(now.space, drawn, best_ones, now.assessor.train, now.assessor)


def pursue(
    space: SearchSpace,
    odds: Odds,
    limit: int,
    parents: Population,
    features: Features,
    backend: Pursuable,
    rng: np.random.Generator,
) -> tuple[GenotypeBatch, np.ndarray]:
    """Children [C] of the parents, each with a feature that promises to explain much of the residual, and their w."""
    chosen = [
        (found.parent, int(found.features[k]), found.places[i], float(found.steps[i, k]))
        for found in gains_of(space, limit, parents, features, backend)
        for i, k in _picked(found.gains, rng)
    ]
    return _children(space, odds, parents, features, chosen, rng)


def promise_of(
    space: SearchSpace, limit: int, parents: Population, features: Features, backend: Pursuable
) -> np.ndarray:
    """Of each feature [K] the share of the residual that it can explain at its best place, the mean over parents."""
    promise, asked = np.zeros(len(features.values)), np.zeros(len(features.values))
    for found in gains_of(space, limit, parents, features, backend):
        promise[found.features] += found.gains.max(axis=0)
        asked[found.features] += 1
    return promise / np.maximum(asked, 1)


@dataclass(frozen=True, eq=False)
class Gains:
    """What features may explain of the residual of one graph.

    Attributes
    ----------
    parent : int
        Place of the graph.
    features : int array [K]
        Places of those for which it has room.
    places : list of int
        P nodes that a feature may join, and the readout.
    gains, steps : arrays [P, K]
        Share of the residual that is explained, and the length of the step along the tangent.
    """

    parent: int
    features: np.ndarray
    places: list[int]
    gains: np.ndarray
    steps: np.ndarray


def gains_of(
    space: SearchSpace, limit: int, parents: Population, features: Features, backend: Pursuable
) -> Iterator[Gains]:
    """For each parent that is defined on the rows of the backend, as the features are, and has room."""
    linear = backend.linearise(parents.batch, parents.w, parents.coefficients)
    used, depth = used_counts(space, parents.batch), used_counts(space, features.batch)
    for r in range(len(parents)):
        room = np.flatnonzero(depth <= limit - used[r])
        if not len(room) or not np.isfinite(linear.jacobian[r]).all() or not np.isfinite(linear.basis[r]).all():
            continue
        values, squares = features.values[room], features.squares[room]
        frame = _orthonormal(np.concatenate([linear.basis[r], linear.jacobian[r]]))
        places = [_READOUT, *range(used[r])]
        gains, steps = np.zeros((len(places), len(room))), np.zeros((len(places), len(room)))
        for i, j in enumerate(places):
            along = linear.root_weights[r] if j == _READOUT else linear.deltas[r, j]
            if j != _READOUT and parents.batch.aggregators[r, j] == AGGREGATORS.index("product"):
                along = along * linear.nodes[r, j]
            gains[i], steps[i] = _gains(values, squares, along, frame, linear.residual[r])
        yield Gains(r, room, places, gains, steps)


def _orthonormal(rows: np.ndarray) -> np.ndarray:
    """An orthonormal basis [B, n] of the space that rows [·, n] span."""
    norms = lengths(rows)
    rows = rows[norms > 0] / norms[norms > 0, None]
    _, size, right = np.linalg.svd(rows, full_matrices=False)
    return right[size > 1e-9 * size.max(initial=0.0)]


def _gains(
    values: np.ndarray, squares: np.ndarray, along: np.ndarray, frame: np.ndarray, residual: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Share of the residual [K] that each tangent can explain, and the length of the step.

    Tangents are features [K, n], given with their squares, times `along` [n]. They are only ever multiplied with what
    is the same for all, so none is formed: t⊥ is t less its part in the frame, and so are its square and its overlap.
    """
    with np.errstate(all="ignore"):
        inside = values @ (frame * along).T  # [K, B]
        before = squares @ along**2
        after = before - np.einsum("kb,kb->k", inside, inside)
        overlap = values @ (along * residual) - inside @ (frame @ residual)
        gain = overlap**2 / (after * (residual @ residual))
        good = np.isfinite(gain) & (after > _DEPENDENT * before)
        return np.where(good, gain, 0.0), np.where(good, overlap / after, 0.0)


def _picked(gains: np.ndarray, rng: np.random.Generator) -> list[tuple[int, int]]:
    """(place, feature) of the largest gains and of some others; each feature at its best place."""
    place = gains.argmax(axis=0)
    best = gains.max(axis=0)
    order = np.argsort(-best, kind="stable")
    top, others = order[:_TOP], order[_TOP:]
    others = others[best[others] > 0]
    lucky = np.zeros(0, dtype=np.int64)
    if len(others):
        odds = best[others] / best[others].sum()
        lucky = rng.choice(others, size=min(_LUCKY, len(others)), replace=False, p=odds)
    return [(int(place[k]), int(k)) for k in [*top, *lucky] if best[k] > 0]


def _children(
    space: SearchSpace,
    odds: Odds,
    parents: Population,
    features: Features,
    chosen: list[tuple[int, int, int, float]],
    rng: np.random.Generator,
) -> tuple[GenotypeBatch, np.ndarray]:
    batch, w = blank(space, len(chosen))
    used, depth = used_counts(space, parents.batch), used_counts(space, features.batch)
    linear, power = (space.operations.index(n) if n in space.operations else -1 for n in ("linear", "power"))
    for c, (r, k, j, step) in enumerate(chosen):
        batch.operations[c], batch.aggregators[c] = parents.batch.operations[r], parents.batch.aggregators[r]
        batch.readout[c], batch.links[c], w[c] = parents.batch.readout[r], parents.batch.links[r], parents.w[r]
        at = int(used[r]) if j == _READOUT else j
        product = j != _READOUT and parents.batch.aggregators[r, j] == AGGREGATORS.index("product")
        operation = _joining(space, product, rng)
        if j != _READOUT and operation < 0:
            continue
        _attach(
            odds, int(used[r]), at, int(depth[k]), j != _READOUT, operation, step, product and operation == linear,
            features.batch.operations[k], features.batch.aggregators[k], features.w[k],
            batch.operations[c], batch.aggregators[c], batch.readout[c], w[c],
        )  # fmt: skip
        if product and operation == power:
            e = space.into(at + int(depth[k])).start + space.n_inputs + at + int(depth[k]) - 1
            w[c, e, 0] = 1.0
    return prune(space, batch), w


def _joining(space: SearchSpace, product: bool, rng: np.random.Generator) -> int:
    """The place of the operation on the edge from a feature into a node, −1 if the space has none.

    The names decide, not the order in which the space has them.
    """
    names = ("power", "linear") if product else ("linear", "scale")
    first, *others = [space.operations.index(n) for n in names if n in space.operations] or [-1]
    return others[0] if product and others and rng.random() < 0.5 else first


@compiled
def _attach(
    odds, used, at, depth, inside, operation, step, shifted,
    feature_operations, feature_aggregators, feature_w, operations, aggregators, readout, w,
):  # fmt: skip
    """Put the nodes of a feature before node `at`, with an edge into it if `inside`, else into the readout."""
    d = odds.inputs
    for k in range(depth):
        renumber(odds, used + k, -1, at + k, operations, aggregators, readout, w)
        for i in range(d):
            operations[odds.first[at + k] + i] = feature_operations[odds.first[k] + i]
            w[odds.first[at + k] + i] = feature_w[odds.first[k] + i]
        for i in range(k):
            operations[odds.first[at + k] + d + at + i] = feature_operations[odds.first[k] + d + i]
            w[odds.first[at + k] + d + at + i] = feature_w[odds.first[k] + d + i]
        aggregators[at + k] = feature_aggregators[k]
    if inside:
        e = odds.first[at + depth] + d + at + depth - 1
        operations[e] = operation
        w[e] = 0.0
        w[e, 0] = step
        if shifted:
            w[e, 1] = 1.0
    else:
        readout[at + depth - 1] = True
