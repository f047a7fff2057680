"""Which constants of fitted graphs may be simple numbers: a law's often are, an imitation's are not.

A constant θ with standard error s takes about log(|θ|/s) nats to write; a multiple of a half p/q within the error
takes log |p|·q, and the misfit z²/2 at z = (θ − p/q)/s. The difference is what the simple number saves (Rissanen 1978).
"""

from __future__ import annotations

import numpy as np

from eqdarts.fit.compiled.graphs import Linearised
from eqdarts.fit.covariance import standard_errors
from eqdarts.graph.genotype import GenotypeBatch, live_nodes
from eqdarts.graph.population import is_whole_or_half
from eqdarts.graph.space import SearchSpace

_WORTH = 1.5  # nats that a simple number must save


def count_round(
    space: SearchSpace, batch: GenotypeBatch, w: np.ndarray, coefficients: np.ndarray, linear: Linearised, rows: int
) -> np.ndarray:
    """How many fitted constants of each graph the data allow to be multiples of a half: int [R].

    linear: the graphs near their constants, on some of the rows   rows: how many there are in all
    """
    if not len(batch):
        return np.zeros(0, dtype=np.int64)
    parameters, live = _packed(space, batch, w)
    values, free = np.concatenate([coefficients, parameters], axis=1), np.concatenate([batch.readout, live], axis=1)
    tangents = np.concatenate([linear.basis, linear.jacobian[:, : parameters.shape[1]]], axis=1)  # [R, K, n]
    error = standard_errors(tangents, free, linear.residual, rows)
    near = np.round(2.0 * values) / 2.0
    inside = np.arange(values.shape[1]) >= coefficients.shape[1]
    with np.errstate(all="ignore"):
        halves = np.where(np.abs(near) % 1.0 > 0, 2.0 * np.log(2.0), 0.0)  # p/2 with p = 2·near costs log(p·2)
        cost = np.where(near == 0, 0.0, np.log(np.abs(near)) + halves)
        known = np.log(np.where(near == 0, 1.0, np.abs(values)) / error)
        saved = known - cost - 0.5 * ((values - near) / error) ** 2
        # A shift of nothing is as simple as can be; a coefficient of nothing is a term that should not be there.
        return (free & (inside | (near != 0)) & (saved > _WORTH)).sum(axis=1)


def _packed(space: SearchSpace, batch: GenotypeBatch, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The parameters of live edges, first ones first, and which of these are free: [R, E·P] each.

    This is the order of the Jacobian's rows. A fit leaves no constant exactly at a multiple of a half; one that is
    there was held.
    """
    counts = np.array([len(op.parameters) for op in space.rows])[batch.operations]  # [R, E]
    target = np.array([j for _, j in space.edges])
    live = live_nodes(space, batch)[:, target] & (batch.operations != space.zero)
    there = live[:, :, None] & (np.arange(w.shape[2]) < counts[:, :, None])  # [R, E, P]
    flat = there.reshape(len(w), -1)
    order = np.argsort(~flat, axis=1, kind="stable")
    free = np.take_along_axis((there & ~is_whole_or_half(w)).reshape(len(w), -1), order, axis=1)
    return np.take_along_axis(w.reshape(len(w), -1), order, axis=1), free
