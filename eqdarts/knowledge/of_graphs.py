"""Constraints that graphs can be asked for, before and after they are fitted, many at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from eqdarts.data.table import Table
from eqdarts.graph.genotype import GenotypeBatch, live_nodes
from eqdarts.graph.links import LINK_NAMES, LINKS
from eqdarts.graph.space import SearchSpace
from eqdarts.knowledge.admission import Admission
from eqdarts.knowledge.box import Box
from eqdarts.knowledge.shape import curvature
from eqdarts.knowledge.structure import allowed_functions, chain_of_link, chain_of_operation, counted

# None of these is tuned.
_POINTS = 6  # as a power of two, at which graphs are asked for their shape
_SLACK = 1e-6  # of the spread of the target, that they may break it by

#: Values of nodes [R, N, n] on rows.
NodeValues = Callable[[Table, GenotypeBatch, np.ndarray], np.ndarray]


@dataclass(eq=False)
class GraphGate:
    """Says which graphs keep the constraints, and counts the others.

    Attributes
    ----------
    space : SearchSpace
    admission : Admission
    scaled : Table
        As the search sees it.
    y_scale : float or None
        Its target times this is that of the user. None where it is a score, which rises as y does and no more: of
        shapes graphs are then asked for increasing and decreasing only.
    """

    space: SearchSpace
    admission: Admission
    scaled: Table
    y_scale: float | None

    def __post_init__(self) -> None:
        constraints = self.admission.constraints
        self._box = Box.of(self.scaled.X, self.scaled.y, constraints.margin, _POINTS)
        inside = set(self.space.inputs)
        self._must = [self.space.inputs.index(name) for name in constraints.must if name in inside]
        self._allowed = {
            self.space.inputs.index(name): allowed_functions(tuple(names))
            for name, names in constraints.operations.items()
            if name in inside
        }

    def forms(self, batch: GenotypeBatch) -> np.ndarray:
        """Which graphs keep the constraints on the form: bool [R]"""
        good = np.ones(len(batch), dtype=bool)
        live = live_nodes(self.space, batch)
        for place in self._must:
            good &= self._noted(f"must have {self.space.inputs[place]}", good, self._has(batch, live, place))
        for place, allowed in self._allowed.items():
            good &= self._noted(f"operations of {self.space.inputs[place]}", good, self._stands(batch, place, allowed))
        for outer, limit in self.admission.constraints.nesting.items():
            good &= self._noted(f"nesting of {outer}", good, self._nests(batch, outer, limit))
        return good

    def keeps(self, batch: GenotypeBatch, w: np.ndarray, coefficients: np.ndarray, values: NodeValues) -> np.ndarray:
        """Which fitted graphs keep all, those on the shape at some points: bool [R]"""
        constraints, box = self.admission.constraints, self._box
        good = self.forms(batch)
        if not constraints.has_shapes or not len(batch):
            return good

        def at(points: np.ndarray) -> np.ndarray:
            return self._predicted(batch, w, coefficients, points, values)

        with np.errstate(all="ignore"):
            value = at(box.points)
            good &= self._noted("defined everywhere", good, np.isfinite(value).all(axis=1))
            slack = _SLACK * box.spread
            if self.y_scale is not None:
                low, high = (side / self.y_scale for side in constraints.limits)
                within = (value >= low - slack) & (value <= high + slack)
                good &= self._noted(constraints.sign or "bounds", good, within.all(axis=1))
            for sign, word, names in (
                (1, "increasing", constraints.increasing),
                (-1, "decreasing", constraints.decreasing),
            ):
                for column in names:
                    if column in self.space.inputs:
                        rises = sign * self._rise(at, self.space.inputs.index(column))
                        good &= self._noted(f"{word} in {column}", good, (rises >= -slack).all(axis=1))
            if self.y_scale is None:
                return good
            for sign, word, names in ((1, "convex", constraints.convex), (-1, "concave", constraints.concave)):
                for column in names:
                    if column in self.space.inputs:
                        bend = sign * curvature(at, box, self.space.inputs.index(column))
                        good &= self._noted(f"{word} in {column}", good, (bend >= -slack).all(axis=1))
        return good

    def _noted(self, name: str, before: np.ndarray, keeps: Any) -> Any:
        """Count those that broke nothing before. before, keeps: bool [R]"""
        self.admission.count(name, int((before & ~keeps).sum()))
        return keeps

    def _rise(self, at: Callable[[np.ndarray], np.ndarray], place: int) -> np.ndarray:
        """Differences [R, m] of the values a step of a twentieth of the range apart."""
        step = 0.05 * (self._box.high[place] - self._box.low[place])
        lower = self._box.points.copy()
        lower[:, place] = np.minimum(lower[:, place], self._box.high[place] - step)
        upper = lower.copy()
        upper[:, place] += step
        return at(upper) - at(lower)

    def _predicted(
        self, batch: GenotypeBatch, w: np.ndarray, coefficients: np.ndarray, points: np.ndarray, values: NodeValues
    ) -> np.ndarray:
        """Values [R, m] at points [m, d]."""
        rows = Table(points, np.zeros(len(points)), self.space.inputs, self.scaled.target)
        nodes = values(rows, batch, w)
        d, n = self.space.n_inputs, self.space.nodes
        read = np.where(batch.readout, coefficients, 0.0)
        nodes = np.where(batch.readout[:, :n, None], nodes, 0.0)
        value = np.einsum("rn,rnm->rm", read[:, :n], nodes) + read[:, n : n + d] @ points.T + read[:, -1:]
        for k in np.unique(batch.links):
            value[batch.links == k] = LINKS[LINK_NAMES[k]].value(value[batch.links == k])
        return value

    def _has(self, batch: GenotypeBatch, live: np.ndarray, place: int) -> np.ndarray:
        found = batch.readout[:, self.space.nodes + place] & self.space.readout_inputs
        for j in range(self.space.nodes):
            found = found | (live[:, j] & (batch.operations[:, self.space.into(j).start + place] != self.space.zero))
        return found

    def _stands(self, batch: GenotypeBatch, place: int, allowed: frozenset[str]) -> np.ndarray:
        """Does a column stand within these functions only?"""
        fine = np.array([set(chain_of_operation(name)) <= allowed for name in self.space.operations])
        reached = np.zeros((len(batch), self.space.n_inputs + self.space.nodes), dtype=bool)
        reached[:, place] = True
        good = np.ones(len(batch), dtype=bool)
        for j in range(self.space.nodes):
            into = self.space.into(j)
            there = (batch.operations[:, into] != self.space.zero) & reached[:, : self.space.n_inputs + j]
            good &= (~there | fine[batch.operations[:, into]]).all(axis=1)
            reached[:, self.space.n_inputs + j] = there.any(axis=1)
        linked = np.array([set(chain_of_link(name)) <= allowed for name in LINK_NAMES])
        return good & linked[batch.links]

    def _nests(self, batch: GenotypeBatch, outer: str, limit: int | Mapping[str, int]) -> np.ndarray:
        """Stand no more functions than allowed inside one?"""
        if not isinstance(limit, Mapping):
            return self._counts(batch, outer, None, limit)
        good = np.ones(len(batch), dtype=bool)
        for inner, most in limit.items():
            good &= self._counts(batch, outer, inner, most)
        return good

    def _counts(self, batch: GenotypeBatch, outer: str, inner: str | None, most: int) -> np.ndarray:
        """The same of one kind of inner function, or of all."""
        chains = [counted(chain_of_operation(name)) for name in self.space.operations]

        def size(chain: tuple[str, ...]) -> int:
            return len(chain) if inner is None else chain.count(inner)

        def within(chain: tuple[str, ...]) -> int:
            """Functions inside the outermost of this kind; so few that nothing exceeds where there is none."""
            return size(chain[chain.index(outer) + 1 :]) if outer in chain else -(10**6)

        sizes, inside = np.array([size(c) for c in chains]), np.array([within(c) for c in chains])
        depth = np.zeros((len(batch), self.space.n_inputs + self.space.nodes), dtype=np.int64)
        good = np.ones(len(batch), dtype=bool)
        for j in range(self.space.nodes):
            operations = batch.operations[:, self.space.into(j)]
            there = operations != self.space.zero
            below = depth[:, : self.space.n_inputs + j]
            good &= (~there | (inside[operations] + below <= most)).all(axis=1)
            depth[:, self.space.n_inputs + j] = np.where(there, sizes[operations] + below, 0).max(axis=1)
        read = np.where(batch.readout[:, : self.space.nodes], depth[:, self.space.n_inputs :], 0).max(axis=1)
        links = np.array([within(counted(chain_of_link(name))) for name in LINK_NAMES])
        return good & (links[batch.links] + read <= most)
