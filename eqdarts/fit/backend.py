"""Where fixed graphs are fitted: in compiled loops on a CPU, or by the torch program on any device."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import torch

from eqdarts.data.table import Table
from eqdarts.errors import InputDataError, shown
from eqdarts.fit.compiled.graphs import Kernel, Linearised
from eqdarts.fit.graphs import FittedGraphs, basis_of, fit_graphs, read_out, used_columns
from eqdarts.graph.genotype import GenotypeBatch
from eqdarts.graph.links import LINK_NAMES, LINKS, below
from eqdarts.graph.space import SearchSpace


class Pursuable(Protocol):
    """What pursuit needs: graphs on some rows."""

    def node_values(self, batch: GenotypeBatch, w: np.ndarray) -> np.ndarray:
        """Values of the nodes [R, N, n]."""
        ...

    def linearise(self, batch: GenotypeBatch, w: np.ndarray, coefficients: np.ndarray) -> Linearised:
        """Fitted graphs near their constants."""
        ...


class Backend(Protocol):
    """Fits and measures graphs, NumPy arrays in and out. A table comes in scaled units."""

    device: torch.device

    def fit(
        self, batch: GenotypeBatch, w: np.ndarray, rows: Table, steps: int, frozen: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Fitted w [R, E, P], coefficients [R, Q] and mean squared error [R].

        frozen: bool [R, E, P], parameters that keep their value
        """
        ...

    def settled(self, batch: GenotypeBatch, w: np.ndarray, rows: Table) -> np.ndarray:
        """w [R, E, P] with starting values moved into the domain of their operation."""
        ...

    def measure(
        self, batch: GenotypeBatch, w: np.ndarray, coefficients: np.ndarray, rows: Table
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean squared error [R], and the root mean square [R, Q] of every readout column in use."""
        ...

    def node_values(self, batch: GenotypeBatch, w: np.ndarray, rows: Table) -> np.ndarray:
        """Values of the nodes [R, N, n]."""
        ...


class CompiledBackend:
    """Compiled loops; see `eqdarts.fit.compiled`.

    Where the loops would have to call torch again and again, for operations of the user that they cannot run, the
    tensor program fits the graphs that carry these, all of them together.
    """

    device = torch.device("cpu")

    def __init__(self, space: SearchSpace, threads: int) -> None:
        self._kernel, self._tensors = Kernel(space, threads), TorchBackend(space, self.device)
        self.measure, self.linearise = self._kernel.measure, self._kernel.linearise
        self.settled, self.node_values = self._kernel.settled, self._kernel.node_values

    def fit(
        self, batch: GenotypeBatch, w: np.ndarray, rows: Table, steps: int, frozen: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Fitted w [R, E, P], coefficients [R, Q] and mean squared error [R]; see `Backend`."""
        calling = self._kernel.calls_torch(batch)
        if not calling.any():
            return self._kernel.fit(batch, w, rows, steps, frozen)
        found = np.array(w, dtype=float), np.zeros(batch.readout.shape), np.empty(len(batch))

        def fill(places: np.ndarray, fit: Callable[..., tuple[np.ndarray, ...]]) -> None:
            some = None if frozen is None else frozen[places]
            for out, part in zip(found, fit(batch.select(places), w[places], rows, steps, some), strict=True):
                out[places] = part

        fill(np.flatnonzero(~calling), self._kernel.fit)
        fill(np.flatnonzero(calling), self._tensors.fit)
        return found


class TorchBackend:
    """The batched tensor program."""

    def __init__(self, space: SearchSpace, device: torch.device) -> None:
        self._space, self.device = space, device

    def fit(
        self, batch: GenotypeBatch, w: np.ndarray, rows: Table, steps: int, frozen: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        fitted_w, loss = np.array(w, dtype=float), np.empty(len(batch))
        coefficients = np.zeros(batch.readout.shape)
        for link in np.unique(batch.links):
            mine = np.flatnonzero(batch.links == link)
            held = None if frozen is None else torch.as_tensor(frozen[mine], device=self.device)
            start = torch.as_tensor(fitted_w[mine], device=self.device)
            fitted = fit_graphs(self._space, batch.select(mine), start, below(rows, LINK_NAMES[link]), steps, held)
            fitted_w[mine], loss[mine] = fitted.w.cpu().numpy(), fitted.loss.cpu().numpy()
            coefficients[mine] = fitted.coefficients.cpu().numpy()
        return fitted_w, coefficients, loss

    def node_values(self, batch: GenotypeBatch, w: np.ndarray, rows: Table) -> np.ndarray:
        tensors = (torch.as_tensor(a, device=self.device) for a in (w, np.zeros(batch.readout.shape), np.zeros(len(w))))
        basis = basis_of(self._space, FittedGraphs(batch, *tensors), rows)  # [R, Q, n]
        return basis[:, : self._space.nodes].cpu().numpy()

    def settled(self, batch: GenotypeBatch, w: np.ndarray, rows: Table) -> np.ndarray:
        """The same w: only the compiled loops move them."""
        return w

    def measure(
        self, batch: GenotypeBatch, w: np.ndarray, coefficients: np.ndarray, rows: Table
    ) -> tuple[np.ndarray, np.ndarray]:
        tensors = (torch.as_tensor(a, device=self.device) for a in (w, coefficients, np.zeros(len(batch))))
        graphs = FittedGraphs(batch, *tensors)
        used, _ = used_columns(self._space, batch, graphs.w)
        basis = basis_of(self._space, graphs, rows)  # [R, Q, n]
        size = basis.square().mean(dim=-1).sqrt()
        prediction = read_out(graphs, basis, used).cpu().numpy()  # [R, n]
        with np.errstate(all="ignore"):
            for link in np.unique(batch.links[batch.links > 0]):
                mine = batch.links == link
                prediction[mine] = LINKS[LINK_NAMES[link]].value(prediction[mine])
            residual = prediction - rows.y
            if rows.root_weights is not None:
                residual *= rows.root_weights
            loss = np.mean(residual**2, axis=1)
        return np.where(np.isfinite(loss), loss, np.inf), torch.where(used, size, 0.0).cpu().numpy()


def backend_of(space: SearchSpace, device: torch.device, threads: int) -> Backend:
    """The fastest backend that can fit this space there."""
    if device.type == "cpu" and Kernel.covers(space):
        return CompiledBackend(space, threads)
    return TorchBackend(space, device)


def check_device(device: Any) -> None:
    """Raise `InputDataError` unless numbers can be kept and computed there."""
    try:
        known = isinstance(device, str) and float(torch.ones(1, dtype=torch.float64, device=device).sum()) == 1
        reason = "expected a name"
    except (RuntimeError, AssertionError, ValueError, TypeError, NotImplementedError) as error:
        known, reason = False, " ".join(str(error).split(".")[0].split())[:200]
    if not known:
        raise InputDataError(f"device={shown(device)}: {reason}; choose 'cpu', or 'cuda' if there is such a device")


def available_cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
