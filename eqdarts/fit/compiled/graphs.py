"""Many fixed graphs on a CPU: fitted one by one in compiled loops, shared out over threads.

What comes out does not depend on the number of threads, since every graph is fitted by itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from eqdarts.data.table import Table
from eqdarts.data.zero import LADDER, fitted_below
from eqdarts.fit.compiled.elementary import CODES, OWN, has_nan, log_abs, settle
from eqdarts.fit.compiled.own import OwnOperations
from eqdarts.fit.compiled.program import PRODUCT, forward, jacobian, lay_out, pack
from eqdarts.fit.compiled.separable import (
    accepts,
    damped_step,
    dot,
    is_over,
    next_damping,
    normal_equations,
    promises_little,
    slow_steps,
    solve_readout,
)
from eqdarts.fit.policy import POLICY
from eqdarts.graph.genotype import GenotypeBatch
from eqdarts.graph.links import LINK_NAMES, LINKS, below
from eqdarts.graph.space import SearchSpace
from eqdarts.runtime.loops import Watch, compiled

_CHUNK = 32  # graphs a thread takes at a time
_FEWEST, _MOST_WORK = 8, 1_000_000  # graphs of a call at least, and what makes one of about 0.1 s (not tuned)


@compiled
def _gather(nodes, inputs, columns, used, root_weights, weighted, basis):
    """The used readout columns [Q, n] (nodes, inputs, one), times the root weights."""
    n = inputs.shape[1]
    for q in range(used):
        c = columns[q]
        if c < nodes.shape[0]:
            basis[q] = nodes[c]
        elif c < nodes.shape[0] + inputs.shape[0]:
            basis[q] = inputs[c - nodes.shape[0]]
        else:
            basis[q] = 1.0
        if weighted:
            for i in range(n):
                basis[q, i] *= root_weights[i]


@compiled
def _fit(
    start, stop, operations, product, readout, links, sources, targets, counts, own, steps,
    inputs, logs, signs, link_targets, link_weights, floor, frozen, w, coefficients, loss,
):  # fmt: skip
    """Fit graphs start … stop; w [R, E, P], coefficients [R, Q] and loss [R] are filled.

    link_targets, link_weights: [L, n], f = g⁻¹(y) of every link and the root weights of its residuals
    frozen: bool [R, E, P], parameters that keep their value, or [0, 0, 0] if none does
    """
    d, n = inputs.shape
    total_nodes, total_edges, columns_most = product.shape[1], operations.shape[1], readout.shape[1]
    parameters_most = total_edges * w.shape[2]
    code, source = np.empty(total_edges, np.int64), np.empty(total_edges, np.int64)
    node, first = np.empty(total_edges, np.int64), np.empty(total_edges, np.int64)
    nodes, delta = np.empty((total_nodes, n)), np.empty((total_nodes, n))
    values, inner, before = np.empty((total_edges, n)), np.empty((total_edges, n)), np.empty((total_edges, n))
    flow, by_x, residual = np.empty(n), np.empty(n), np.empty(n)
    slopes = np.empty((parameters_most + 3, n))
    unit, gram = np.empty((columns_most, n)), np.empty((columns_most, columns_most))
    norms, readout_step, c = np.empty(columns_most), np.empty(columns_most), np.empty(columns_most)
    full = np.zeros(columns_most)
    columns = np.empty(columns_most, np.int64)
    overlap = np.empty((parameters_most, columns_most))
    gradient, curvature = np.empty(parameters_most), np.empty((parameters_most, parameters_most))
    matrix, step = np.empty((parameters_most, parameters_most)), np.empty(parameters_most)
    free = np.empty(parameters_most, np.int64)
    packed, trial = np.zeros(parameters_most + 3), np.zeros(parameters_most + 3)
    target = np.empty(n)
    for g in range(start, stop):
        edges, size = lay_out(operations[g], readout[g], sources, targets, counts, d, code, source, node, first)
        root_weights = link_weights[links[g]]
        weighted = False
        for i in range(n):
            target[i] = link_targets[links[g], i] * root_weights[i]
            weighted |= root_weights[i] != 1.0
        used = 0
        for q in range(columns_most):
            if readout[g, q]:
                columns[used] = q
                used += 1
        position, k, active = 0, 0, 0
        for e in range(total_edges):
            if k < edges and targets[e] == node[k] and sources[e] == source[k]:
                for p in range(counts[code[k]]):
                    packed[position] = w[g, e, p]
                    if frozen.shape[0] == 0 or not frozen[g, e, p]:
                        free[active] = position
                        active += 1
                    position += 1
                k += 1
        forward(edges, code, source, node, first, product[g], packed, own, inputs, logs, signs, nodes, values, inner)
        _gather(nodes, inputs, columns, used, root_weights, weighted, unit)
        best = solve_readout(unit, used, target, gram, norms, readout_step, c, residual)
        coefficients[g] = 0.0
        for q in range(used):
            coefficients[g, columns[q]] = c[q] if math.isfinite(best) else math.nan
        damping, slow, taken = POLICY.first, 0, True
        for _ in range(steps):
            if active == 0 or not best > floor or not math.isfinite(best):
                break
            if taken:
                full[:] = coefficients[g]
                jacobian(
                    edges, code, source, node, first, product[g], packed, own, inputs, logs, nodes, values, inner,
                    full, delta, flow, before, by_x, slopes,
                )  # fmt: skip
                if weighted:
                    for p in range(size):
                        for i in range(n):
                            slopes[p, i] *= root_weights[i]
                normal_equations(slopes, free, active, unit, used, gram, residual, overlap, gradient, curvature)
            damped_step(gradient, curvature, active, damping, matrix, step)
            trial[:size] = packed[:size]
            promise = 0.0
            for p in range(active):
                trial[free[p]] += step[p]
                promise += step[p] * gradient[p]
            last = promises_little(promise, best * n, damping)
            forward(edges, code, source, node, first, product[g], trial, own, inputs, logs, signs, nodes, values, inner)
            _gather(nodes, inputs, columns, used, root_weights, weighted, unit)
            now = solve_readout(unit, used, target, gram, norms, readout_step, c, residual)
            taken = accepts(now, best)
            if taken:
                slow = slow_steps(slow, now, best)
                best = now
                packed[:size] = trial[:size]
                for q in range(used):
                    coefficients[g, columns[q]] = c[q]
            damping = next_damping(damping, taken)
            if is_over(last, slow, damping):
                break
        position, k = 0, 0
        for e in range(total_edges):
            alive = k < edges and targets[e] == node[k] and sources[e] == source[k]
            for p in range(w.shape[2]):
                kept = alive and p < counts[code[k]]
                w[g, e, p] = packed[position] if kept else 0.0
                position += kept
            k += alive
        loss[g] = best


@compiled
def apply_link(link, f):
    """g(f) in place; NaN or infinite off its domain."""
    for i in range(f.shape[0]):
        x = f[i]
        if link == 1:
            f[i] = 1.0 / x
        elif link == 2:
            f[i] = math.sqrt(x)
        elif link == 3:
            f[i] = 1.0 / math.sqrt(x)
        elif link == 4:
            f[i] = math.log(x) if x > 0.0 else math.nan
        elif link == 5:
            f[i] = math.asin(x) if abs(x) <= 1.0 else math.nan
        elif link == 6:
            f[i] = math.acos(x) if abs(x) <= 1.0 else math.nan
        elif link == 7:
            f[i] = 1.0 / (1.0 + math.exp(-x))


@compiled
def _settle(start, stop, operations, product, readout, sources, targets, counts, own, inside, inputs, logs, signs, w):
    """Move the shifts of graphs start … stop, edge by edge, until all operations are defined; w [R, E, P] changes.

    inside: [C, 2], where a·x + b must be for each code, NaN if anywhere
    """
    d, n = inputs.shape
    total_nodes, total_edges = product.shape[1], operations.shape[1]
    code, source = np.empty(total_edges, np.int64), np.empty(total_edges, np.int64)
    node, first = np.empty(total_edges, np.int64), np.empty(total_edges, np.int64)
    nodes = np.empty((total_nodes, n))
    values, inner = np.empty((total_edges, n)), np.empty((total_edges, n))
    packed = np.zeros(total_edges * w.shape[2] + 3)
    for g in range(start, stop):
        edges, _ = lay_out(operations[g], readout[g], sources, targets, counts, d, code, source, node, first)
        pack(w[g], edges, sources, targets, counts, code, source, node, packed)
        k, e = 0, 0
        while k < edges:
            forward(
                edges, code, source, node, first, product[g], packed, own, inputs, logs, signs, nodes, values, inner
            )
            while k < edges and (math.isnan(inside[code[k], 0]) or not has_nan(values[k])):
                k += 1
            if k < edges:
                x = inputs[source[k]] if source[k] < d else nodes[source[k] - d]
                settle(inside[code[k], 0], inside[code[k], 1], x, packed[first[k] :])
                while not (targets[e] == node[k] and sources[e] == source[k]):
                    e += 1
                w[g, e, 0], w[g, e, 1] = packed[first[k]], packed[first[k] + 1]
                k += 1


@compiled
def _measure(
    start, stop, operations, product, readout, links, sources, targets, counts, own,
    inputs, logs, signs, y, root_weights, w, coefficients, loss, size,
):  # fmt: skip
    """Mean squared error [R] of fitted graphs, and the root mean square [R, Q] of their readout columns."""
    d, n = inputs.shape
    total_nodes, total_edges, columns_most = product.shape[1], operations.shape[1], readout.shape[1]
    code, source = np.empty(total_edges, np.int64), np.empty(total_edges, np.int64)
    node, first = np.empty(total_edges, np.int64), np.empty(total_edges, np.int64)
    nodes = np.empty((total_nodes, n))
    values, inner = np.empty((total_edges, n)), np.empty((total_edges, n))
    residual, one = np.empty(n), np.empty((1, n))
    column = np.empty(1, np.int64)
    packed = np.zeros(total_edges * w.shape[2] + 3)
    weighted = root_weights.shape[0] > 0
    for g in range(start, stop):
        edges, _ = lay_out(operations[g], readout[g], sources, targets, counts, d, code, source, node, first)
        pack(w[g], edges, sources, targets, counts, code, source, node, packed)
        forward(edges, code, source, node, first, product[g], packed, own, inputs, logs, signs, nodes, values, inner)
        residual[:] = 0.0
        size[g] = 0.0
        for q in range(columns_most):
            if readout[g, q]:
                column[0] = q
                _gather(nodes, inputs, column, 1, root_weights, False, one)
                size[g, q] = math.sqrt(dot(one[0], one[0]) / n)
                for i in range(n):
                    residual[i] += coefficients[g, q] * one[0, i]
        apply_link(links[g], residual)
        for i in range(n):
            residual[i] = y[i] - residual[i]
        if weighted:
            for i in range(n):
                residual[i] *= root_weights[i]
        total = dot(residual, residual) / n
        loss[g] = total if math.isfinite(total) else math.inf


@compiled
def _evaluate(
    start, stop, operations, product, readout, links, sources, targets, counts, own, inputs, logs, signs, w, nodes
):  # fmt: skip
    """Node values [R, N, n] of graphs start … stop."""
    d, n = inputs.shape
    total_edges = operations.shape[1]
    code, source = np.empty(total_edges, np.int64), np.empty(total_edges, np.int64)
    node, first = np.empty(total_edges, np.int64), np.empty(total_edges, np.int64)
    values, inner = np.empty((total_edges, n)), np.empty((total_edges, n))
    packed = np.zeros(total_edges * w.shape[2] + 3)
    for g in range(start, stop):
        edges, _ = lay_out(operations[g], readout[g], sources, targets, counts, d, code, source, node, first)
        pack(w[g], edges, sources, targets, counts, code, source, node, packed)
        forward(edges, code, source, node, first, product[g], packed, own, inputs, logs, signs, nodes[g], values, inner)


@compiled
def _linearise(
    start, stop, operations, product, readout, links, sources, targets, counts, own,
    inputs, logs, signs, link_targets, link_weights, w, coefficients, basis, slopes, residuals, nodes, deltas,
):  # fmt: skip
    """Readout columns [R, Q, n] and Jacobian [R, P, n] (both zero where unused), residuals [R, n], node values
    and derivatives of the readout by each node [R, N, n]; all but the node values in weighted rows."""
    d, n = inputs.shape
    total_nodes, total_edges, columns_most = product.shape[1], operations.shape[1], readout.shape[1]
    code, source = np.empty(total_edges, np.int64), np.empty(total_edges, np.int64)
    node, first = np.empty(total_edges, np.int64), np.empty(total_edges, np.int64)
    values, inner, before = np.empty((total_edges, n)), np.empty((total_edges, n)), np.empty((total_edges, n))
    flow, by_x = np.empty(n), np.empty(n)
    column = np.empty(1, np.int64)
    packed = np.zeros(total_edges * w.shape[2] + 3)
    for g in range(start, stop):
        edges, size = lay_out(operations[g], readout[g], sources, targets, counts, d, code, source, node, first)
        pack(w[g], edges, sources, targets, counts, code, source, node, packed)
        forward(edges, code, source, node, first, product[g], packed, own, inputs, logs, signs, nodes[g], values, inner)
        jacobian(
            edges, code, source, node, first, product[g], packed, own, inputs, logs, nodes[g], values, inner,
            coefficients[g], deltas[g], flow, before, by_x, slopes[g],
        )  # fmt: skip
        slopes[g, size:] = 0.0
        weights = link_weights[links[g]]
        for i in range(n):
            residuals[g, i] = link_targets[links[g], i] * weights[i]
            for j in range(total_nodes):
                deltas[g, j, i] *= weights[i]
            for p in range(size):
                slopes[g, p, i] *= weights[i]
        for q in range(columns_most):
            basis[g, q] = 0.0
            if readout[g, q]:
                column[0] = q
                _gather(nodes[g], inputs, column, 1, weights, True, basis[g, q : q + 1])
                for i in range(n):
                    residuals[g, i] -= coefficients[g, q] * basis[g, q, i]


@dataclass(frozen=True, eq=False)
class Linearised:
    """R fitted graphs near their constants, on n weighted rows.

    Attributes
    ----------
    basis : array [R, Q, n]
        Readout columns; zero where unused.
    jacobian : array [R, P, n]
        Derivative of the readout by every live parameter; zero where there is none.
    residual : array [R, n]
    nodes : array [R, N, n]
        Values, not weighted.
    deltas : array [R, N, n]
        Derivative of the readout by every node.
    root_weights : array [R, n]
        Of the rows.
    """

    basis: np.ndarray
    jacobian: np.ndarray
    residual: np.ndarray
    nodes: np.ndarray
    deltas: np.ndarray
    root_weights: np.ndarray


class Kernel:
    """Fits and measures batches of graphs of one search space.

    Parameters
    ----------
    space : SearchSpace
    threads : int
    watch : Watch or None
        To measure the stages of a fit: makes others of the functions that its loop calls; see `compiled.watched`.
    """

    def __init__(self, space: SearchSpace, threads: int = 1, watch: Watch | None = None) -> None:
        self._space, self._threads = space, threads
        self._fit = _fit if watch is None else _fit.watched(watch)
        own = [row for row in space.rows if row.name not in CODES]
        self._own = OwnOperations(own)
        codes = CODES | {row.name: OWN + k for k, row in enumerate(own)}
        self._codes = np.array([codes[name] for name in space.operations])
        self._counts = np.zeros(len(codes), dtype=np.int64)
        self._inside = np.full((len(codes), 2), np.nan)
        for row in space.rows:
            self._counts[codes[row.name]] = len(row.parameters)
            if row.inside is not None:
                self._inside[codes[row.name]] = row.inside
        self._sources = np.array([i for i, _ in space.edges])
        self._targets = np.array([j for _, j in space.edges])

    @staticmethod
    def covers(space: SearchSpace) -> bool:
        """Are all readout coefficients fitted?"""
        return space.readout_coefficients

    def calls_torch(self, batch: GenotypeBatch) -> np.ndarray:
        """Does a graph carry an operation for which the loops call torch, which is slow? bool [R]."""
        return np.isin(self._codes, OWN + self._own.calling)[batch.operations].any(axis=1)

    def fit(
        self, batch: GenotypeBatch, w: np.ndarray, table: Table, steps: int, frozen: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Fitted w [R, E, P], coefficients [R, Q] and mean squared error [R].

        A graph that is undefined at its start has an infinite error, and coefficients that are NaN.

        frozen: bool [R, E, P], parameters that keep their value
        """
        held = np.zeros((0, 0, 0), dtype=bool) if frozen is None else np.ascontiguousarray(frozen)
        w = np.ascontiguousarray(w, dtype=float).copy()
        coefficients, loss = np.zeros(batch.readout.shape), np.empty(len(batch))
        graphs, rows = self._graphs(batch), self._rows(table)

        def part(start: int, stop: int) -> None:
            self._fit(
                start, stop, *graphs, steps, rows.inputs, rows.logs, rows.signs, rows.link_targets, rows.link_weights,
                rows.floor, held, w, coefficients, loss,
            )  # fmt: skip

        self._spread(part, len(batch), steps * len(table))
        return w, coefficients, loss

    def settled(self, batch: GenotypeBatch, w: np.ndarray, table: Table) -> np.ndarray:
        """w [R, E, P] with a and b of every f(a·x + b) moved to where f is defined on these rows.

        Of starting values drawn at random, half leave the domain of a logarithm, a power or an arcsine.
        """
        w = np.ascontiguousarray(w, dtype=float).copy()
        operations, product, readout, _, *space = self._graphs(batch)
        rows = self._rows(table)

        def part(start: int, stop: int) -> None:
            _settle(
                start, stop, operations, product, readout, *space, self._inside, rows.inputs, rows.logs, rows.signs, w
            )

        self._spread(part, len(batch), len(table))
        return w

    def measure(
        self, batch: GenotypeBatch, w: np.ndarray, coefficients: np.ndarray, table: Table
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean squared error [R] on these rows, and the root mean square [R, Q] of every readout column in use."""
        loss, size = np.empty(len(batch)), np.empty(batch.readout.shape)
        graphs, rows = self._graphs(batch), self._rows(table)

        def part(start: int, stop: int) -> None:
            _measure(
                start, stop, *graphs, rows.inputs, rows.logs, rows.signs, rows.y, rows.root_weights,
                w, coefficients, loss, size,
            )  # fmt: skip

        self._spread(part, len(batch), len(table))
        return loss, size

    def node_values(self, batch: GenotypeBatch, w: np.ndarray, table: Table) -> np.ndarray:
        """Values of the nodes [R, N, n]."""
        nodes = np.empty((len(batch), self._space.nodes, len(table)))
        graphs, rows = self._graphs(batch), self._rows(table)

        def part(start: int, stop: int) -> None:
            _evaluate(start, stop, *graphs, rows.inputs, rows.logs, rows.signs, w, nodes)

        self._spread(part, len(batch), len(table))
        return nodes

    def linearise(self, batch: GenotypeBatch, w: np.ndarray, coefficients: np.ndarray, table: Table) -> Linearised:
        """The graphs near their constants."""
        size, n, rows = len(batch), len(table), self._rows(table)
        most = batch.operations.shape[1] * w.shape[2] + 3
        out = Linearised(
            np.empty((size, batch.readout.shape[1], n)), np.zeros((size, most, n)), np.empty((size, n)),
            np.zeros((size, self._space.nodes, n)), np.zeros((size, self._space.nodes, n)),
            rows.link_weights[batch.links],
        )  # fmt: skip
        _linearise(
            0, size, *self._graphs(batch), rows.inputs, rows.logs, rows.signs, rows.link_targets, rows.link_weights,
            w, coefficients, out.basis, out.jacobian, out.residual, out.nodes, out.deltas,
        )  # fmt: skip
        self._own.check()
        return out

    def _rows(self, table: Table) -> LoopRows:
        return table.once(LoopRows, self._space.links)

    def _graphs(self, batch: GenotypeBatch) -> tuple[Any, ...]:
        space = self._space
        readout = batch.readout.copy()
        if not space.readout_inputs:
            readout[:, space.nodes : space.nodes + space.n_inputs] = False
        if not space.readout_intercept:
            readout[:, -1] = False
        product = batch.aggregators == PRODUCT
        edges = self._sources, self._targets, self._counts, self._own.table
        return self._codes[batch.operations], product, readout, batch.links, *edges

    def _spread(self, part: Callable[[int, int], None], size: int, work: int) -> None:
        """Call the loops for a batch of this size, of which each graph takes so much work: rows, times steps.

        One thread has pauses in which a fit whose time is over can be left.
        """
        if self._threads == 1 or size <= _CHUNK:
            chunk = max(_FEWEST, _MOST_WORK // max(1, work))
            for start in range(0, size, chunk):
                part(start, min(start + chunk, size))
        else:
            with ThreadPoolExecutor(self._threads) as pool:
                list(pool.map(lambda start: part(start, min(start + _CHUNK, size)), range(0, size, _CHUNK)))
        self._own.check()


class LoopRows:
    """A table as the loops read it, with what links make of its target, and the logarithms and signs that powers need.

    Parameters
    ----------
    table : Table
    links : tuple of str
        Those that the graphs may have.
    """

    def __init__(self, table: Table, links: tuple[str, ...] = ("identity",)) -> None:
        self._table, self._links = table, links
        self.inputs, self.y = table.columns, np.ascontiguousarray(table.y)
        self.root_weights = np.empty(0) if table.root_weights is None else table.root_weights
        self.floor = float(fitted_below(self.y * table.roots, LADDER.converged))

    @property
    def link_targets(self) -> np.ndarray:
        """f = g⁻¹(y) [L, n] for each link y = g(f)."""
        return self._of_links[0]

    @property
    def link_weights(self) -> np.ndarray:
        """The roots of their weights [L, n]."""
        return self._of_links[1]

    @cached_property
    def _of_links(self) -> tuple[np.ndarray, np.ndarray]:
        targets, weights = (np.tile(a, (len(LINKS), 1)) for a in (self.y, self._table.roots))
        for name in self._links:
            place, linked = LINK_NAMES.index(name), below(self._table, name)
            targets[place], weights[place] = linked.y, linked.roots
        return targets, weights

    @cached_property
    def signs(self) -> np.ndarray:
        """Of the inputs [d, n]."""
        return np.sign(self.inputs)

    @cached_property
    def logs(self) -> np.ndarray:
        """log|inputs| [d, n], as the loops take it; asked for late, since it loads one of them."""
        logs = np.empty_like(self.inputs)
        for x, out in zip(self.inputs, logs, strict=True):
            log_abs(x, out)
        return logs
