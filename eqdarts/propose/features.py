"""Small graphs drawn from α, as parts that a graph may lack."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from eqdarts.darts.architecture import Architecture
from eqdarts.darts.sampling import sample
from eqdarts.fit.backend import Pursuable
from eqdarts.graph.genotype import GenotypeBatch, prune
from eqdarts.graph.space import SearchSpace

_FEATURES = 1024  # drawn per epoch
_ABSENT = 0.5  # share of the powers in a feature that start at exponent 0


@dataclass(frozen=True, eq=False)
class Features:
    """K small graphs whose last node is a feature, with its values on some rows [K, n]; by default the train rows."""

    batch: GenotypeBatch
    w: np.ndarray
    values: np.ndarray

    @cached_property
    def squares(self) -> np.ndarray:
        return self.values**2

    def on(self, backend: Pursuable) -> Features:
        """On the rows of a backend; zero, so that it explains nothing, where it is not defined on all of them."""
        values = last_values(backend.node_values(self.batch, self.w), self.batch)
        good = np.isfinite(values).all(axis=1, keepdims=True)
        return replace(self, values=np.where(good, values, 0.0))


def last_values(nodes: np.ndarray, batch: GenotypeBatch) -> np.ndarray:
    """Values [K, n] of the node that the readout sees, of nodes [K, N, n]."""
    last = nodes.shape[1] - 1 - batch.readout[:, nodes.shape[1] - 1 :: -1].argmax(axis=1)
    return nodes[np.arange(len(last)), last]


def draw_features(
    space: SearchSpace, weights: Architecture[np.ndarray], backend: Pursuable, rng: np.random.Generator
) -> Features:
    """Features drawn from α that are defined and vary on the train rows."""
    counts = rng.integers(1, min(2, space.nodes) + 1, size=_FEATURES)
    batch, w = sample(space, weights.alpha, weights.beta, counts, rng)
    operations = batch.operations.copy()
    for name in ("power", "odd_power"):
        if name in space.operations:
            idle = (operations == space.operations.index(name)) & (rng.random(operations.shape) < _ABSENT)
            operations[idle] = space.operations.index("power") if "power" in space.operations else space.zero
            w[idle] = 0.0
    readout = np.zeros_like(batch.readout)
    last = space.nodes - 1 - batch.readout[:, space.nodes - 1 :: -1].argmax(axis=1)
    readout[np.arange(len(last)), last] = True
    batch = prune(space, GenotypeBatch(operations, batch.aggregators, readout))
    values = last_values(backend.node_values(batch, w), batch)
    with np.errstate(all="ignore"):
        good = np.isfinite(values).all(axis=1) & (np.ptp(values, axis=1) > 1e-9) & (np.abs(values).max(axis=1) < 1e9)
    good &= batch.readout[np.arange(len(last)), last]
    keep = np.flatnonzero(good)
    return Features(batch.select(keep), w[keep], values[keep])
