"""Where fixed graphs are fitted: in compiled loops on a CPU, or by the torch program on any device."""

from __future__ import annotations

import os
from typing import Generic, Protocol, TypeVar

import numpy as np
import torch

from eqdarts.fit import FittedGraphs, Rows, basis_of, fit_graphs, losses, used_columns
from eqdarts.genotype import GenotypeBatch
from eqdarts.kernel.batch import CompiledRows, Kernel
from eqdarts.search_space import SearchSpace

T = TypeVar("T")


class Backend(Protocol[T]):
    """Fits and measures graphs, NumPy arrays in and out; T is how it holds rows."""

    def rows(self, rows: Rows) -> T: ...

    def fit(
        self, batch: GenotypeBatch, w: np.ndarray, rows: T, steps: int, frozen: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Fitted w [R, E, P], coefficients [R, Q] and mean squared error [R].

        frozen: bool [R, E, P], parameters that keep their value
        """
        ...

    def measure(
        self, batch: GenotypeBatch, w: np.ndarray, coefficients: np.ndarray, rows: T
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean squared error [R], and the root mean square [R, Q] of every readout column in use."""
        ...


class CompiledBackend(Generic[T]):
    """Compiled loops; see `eqdarts.kernel`."""

    def __init__(self, space: SearchSpace, threads: int) -> None:
        self._kernel = Kernel(space, threads)
        self.fit, self.measure = self._kernel.fit, self._kernel.measure

    def rows(self, rows: Rows) -> CompiledRows:
        weights = None if rows.root_weights is None else rows.root_weights.numpy()
        return CompiledRows(rows.inputs.numpy(), rows.y.numpy(), weights)


class TorchBackend:
    """The batched tensor program."""

    def __init__(self, space: SearchSpace, device: torch.device) -> None:
        self._space, self._device = space, device

    def rows(self, rows: Rows) -> Rows:
        return rows

    def fit(
        self, batch: GenotypeBatch, w: np.ndarray, rows: Rows, steps: int, frozen: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        held = None if frozen is None else torch.as_tensor(frozen, device=self._device)
        fitted = fit_graphs(self._space, batch, torch.as_tensor(w, device=self._device), rows, steps, held)
        return fitted.w.cpu().numpy(), fitted.coefficients.cpu().numpy(), fitted.loss.cpu().numpy()

    def measure(
        self, batch: GenotypeBatch, w: np.ndarray, coefficients: np.ndarray, rows: Rows
    ) -> tuple[np.ndarray, np.ndarray]:
        tensors = (torch.as_tensor(a, device=self._device) for a in (w, coefficients, np.zeros(len(batch))))
        graphs = FittedGraphs(batch, *tensors)
        used, _ = used_columns(self._space, batch, graphs.w)
        size = basis_of(self._space, graphs, rows).square().mean(dim=-1).sqrt()
        loss = losses(self._space, graphs, rows).cpu().numpy()
        return loss, torch.where(used, size, 0.0).cpu().numpy()


def backend_of(space: SearchSpace, device: torch.device, threads: int) -> Backend:
    """The fastest backend that can fit this space there."""
    if device.type == "cpu" and Kernel.covers(space):
        return CompiledBackend(space, threads)
    return TorchBackend(space, device)


def available_cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
