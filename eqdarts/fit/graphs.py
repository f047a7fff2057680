"""Fits the constants of fixed graphs, R at once, on the rows of a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from eqdarts.data.table import Table
from eqdarts.fit.least_squares import solve
from eqdarts.graph.genotype import GenotypeBatch
from eqdarts.graph.space import SearchSpace
from eqdarts.graph.tensor_program import GraphProgram


@dataclass(frozen=True, eq=False)
class Tensors:
    """A table as the tensor programs read it.

    Attributes
    ----------
    inputs : Tensor [d, n]
    y : Tensor [n]
    root_weights : Tensor [n] or None
        Square roots of the row weights.
    """

    inputs: Tensor
    y: Tensor
    root_weights: Tensor | None = None

    @property
    def target(self) -> Tensor:
        """y [n], times the root weights."""
        return self.y if self.root_weights is None else self.y * self.root_weights


def tensors_of(table: Table, device: torch.device | str = "cpu") -> Tensors:
    """The tensors of a table, made once."""
    return table.once(_tensors, str(device))


def _tensors(table: Table, device: str) -> Tensors:
    inputs, y = (torch.as_tensor(a, device=device) for a in (table.columns, table.y))
    roots = table.root_weights
    return Tensors(inputs, y, None if roots is None else torch.as_tensor(roots, device=device))


@dataclass(frozen=True, eq=False)
class FittedGraphs:
    """R graphs with their constants.

    Attributes
    ----------
    batch : GenotypeBatch
    w : Tensor [R, E, P]
    coefficients : Tensor [R, Q]
        Readout: nodes, inputs, one.
    loss : Tensor [R]
        Mean squared error on the rows of the fit; infinite where undefined.
    """

    batch: GenotypeBatch
    w: Tensor
    coefficients: Tensor
    loss: Tensor


class _GraphModel:
    """The basis of a graph's readout: nodes, inputs, one; rows weighted."""

    shrinks = False

    def __init__(self, program: GraphProgram, rows: Tensors, replicas: int) -> None:
        self._program, self._rows = program, rows
        d, n = rows.inputs.shape
        self._rest = torch.cat([rows.inputs, rows.inputs.new_ones(1, n)]).expand(replicas, d + 1, n)

    def _basis(self, nodes: Tensor) -> Tensor:
        basis = torch.cat([nodes, self._rest], dim=1)  # [R, Q, n]
        weights = self._rows.root_weights
        return basis if weights is None else basis * weights

    def basis(self, w: Tensor) -> Tensor:
        return self._basis(self._program.forward(w, self._rows.inputs))

    def linearise(self, w: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        nodes, pullback = self._program.linearise(w, self._rows.inputs)
        weights = self._rows.root_weights

        def jacobian(coefficients: Tensor) -> Tensor:
            out = pullback(coefficients[:, : nodes.shape[1]])
            return out if weights is None else out * weights

        return self._basis(nodes), jacobian


def used_columns(space: SearchSpace, batch: GenotypeBatch, like: Tensor) -> tuple[Tensor, Tensor | None]:
    """Readout columns in use, bool [R, Q], and the given coefficients [R, Q] (None if all are fitted)."""
    used = torch.as_tensor(batch.readout, device=like.device).clone()
    if not space.readout_inputs:
        used[:, space.nodes : space.nodes + space.n_inputs] = False
    if not space.readout_intercept:
        used[:, -1] = False
    if space.readout_coefficients:
        return used, None
    fixed = torch.ones(used.shape, dtype=like.dtype, device=like.device)
    fixed[:, -1] = torch.nan
    return used, fixed


def fit_graphs(
    space: SearchSpace, batch: GenotypeBatch, w: Tensor, table: Table, steps: int, frozen: Tensor | None = None
) -> FittedGraphs:
    """Fit w by Levenberg–Marquardt and the readout exactly.

    w: [R, E, P] start   frozen: bool [R, E, P], what keeps its value   returns: graphs in the same order
    """
    program, rows = GraphProgram(space, batch, w.device), tensors_of(table, w.device)
    model = _GraphModel(program, rows, len(batch))
    used, fixed = used_columns(space, batch, w)
    free = None if frozen is None else program.pack((~frozen).to(w.dtype)) > 0
    solution = solve(model, program.pack(w), rows.target, used, steps, free=free, fixed=fixed)
    return FittedGraphs(batch, program.unpack(solution.w), solution.coefficients, solution.loss)


def basis_of(space: SearchSpace, graphs: FittedGraphs, table: Table) -> Tensor:
    """Readout basis [R, Q, n] of fitted graphs on other rows, not weighted: nodes, inputs, one."""
    program = GraphProgram(space, graphs.batch, graphs.w.device)
    rows = tensors_of(table, graphs.w.device)
    model = _GraphModel(program, Tensors(rows.inputs, rows.y), len(graphs.batch))
    return model.basis(program.pack(graphs.w))


def predict_graphs(space: SearchSpace, graphs: FittedGraphs, table: Table) -> Tensor:
    """Predictions [R, n] (in the scaled units of y) on other rows."""
    used, _ = used_columns(space, graphs.batch, graphs.w)
    return read_out(graphs, basis_of(space, graphs, table), used)


def read_out(graphs: FittedGraphs, basis: Tensor, used: Tensor) -> Tensor:
    """Predictions [R, n] from the basis [R, Q, n], of which some columns are used, bool [R, Q]."""
    return (graphs.coefficients.unsqueeze(1) @ torch.where(used.unsqueeze(-1), basis, 0.0)).squeeze(1)


def losses(space: SearchSpace, graphs: FittedGraphs, table: Table) -> Tensor:
    """Mean squared error [R] on other rows, infinite where a graph is undefined."""
    rows = tensors_of(table, graphs.w.device)
    residual = predict_graphs(space, graphs, table) - rows.y
    if rows.root_weights is not None:
        residual = residual * rows.root_weights
    loss = residual.square().mean(dim=-1)
    return torch.where(torch.isfinite(loss), loss, torch.inf)
