"""Proposed graphs become members of the population: fitted on train rows, ranked on validation rows."""

from __future__ import annotations

import numpy as np
import torch

from eqdarts.fit import FittedGraphs, Rows, basis_of, fit_graphs, losses, used_columns
from eqdarts.genotype import GenotypeBatch, constants_of
from eqdarts.search.population import Population, complexity_of, joined
from eqdarts.search_space import SearchSpace

# Successive halving: Levenberg–Marquardt steps of each stage, and the share that goes on to the next.
_SCREENING, _MIDDLE, _LONG = 6, 10, 25
_SURVIVORS, _FINALISTS = 0.2, 0.4
_SCREENING_ROWS = 64
_MOST_CONSTANTS = 32


class Assessor:
    """Fits graphs on train rows by successive halving and measures them on validation rows."""

    def __init__(self, space: SearchSpace, train: Rows, validation: Rows) -> None:
        self._space, self._train, self._validation = space, train, validation
        self._variance = float(train.target.var(correction=0)) or 1.0
        self._few = train[_evenly(train.y.shape[0], _SCREENING_ROWS, train.y.device)]
        # With more constants than half of the rows, a graph can fit anything.
        self._most_constants = max(3, min(_MOST_CONSTANTS, train.y.shape[0] // 2))

    @property
    def rows(self) -> int:
        """Validation rows."""
        return int(self._validation.y.shape[0])

    def best_fifth(self, batch: GenotypeBatch, w: np.ndarray, origin: np.ndarray) -> Population:
        """A short fit of all on few rows, longer ones of the most promising; that fifth is returned."""
        batch, w, origin = self._sensible(batch, w, origin)
        first = fit_graphs(self._space, batch, self._tensor(w), self._few, _SCREENING)
        order = self._ranked(first)[: max(1, int(_SURVIVORS * len(batch)))]
        second = self._continued(first, order, _MIDDLE)
        place = self._ranked(second)
        finalists, others = np.split(place, [max(1, int(_FINALISTS * len(place)))])
        third = self._continued(second, finalists, _LONG)
        return joined(
            self._measure(third, origin[order[finalists]]),
            self._measure(_subset(second, others), origin[order[others]]),
        )

    def _ranked(self, graphs: FittedGraphs) -> np.ndarray:
        """Places of the graphs that are defined on the validation rows, lowest loss first."""
        rank = losses(self._space, graphs, self._validation).cpu().numpy()
        order = np.argsort(rank, kind="stable")
        return order[np.isfinite(rank[order])]

    def _continued(self, graphs: FittedGraphs, places: np.ndarray, steps: int) -> FittedGraphs:
        chosen = _subset(graphs, places)
        return fit_graphs(self._space, chosen.batch, chosen.w, self._train, steps)

    def all_of(self, batch: GenotypeBatch, w: np.ndarray, origin: np.ndarray) -> Population:
        """A long fit of every graph."""
        batch, w, origin = self._sensible(batch, w, origin)
        return self._measure(fit_graphs(self._space, batch, self._tensor(w), self._train, _LONG), origin)

    def _tensor(self, w: np.ndarray) -> torch.Tensor:
        return torch.as_tensor(w, device=self._train.y.device)

    def _sensible(
        self, batch: GenotypeBatch, w: np.ndarray, origin: np.ndarray
    ) -> tuple[GenotypeBatch, np.ndarray, np.ndarray]:
        """Without the graphs that have no node, or more constants than the rows can bear (one is always kept)."""
        count = constants_of(self._space, batch)
        good = batch.readout[:, : self._space.nodes].any(axis=1) & (count <= self._most_constants)
        keep = np.flatnonzero(good) if good.any() else np.array([int(np.argmin(count))])
        return batch.select(keep), w[keep], origin[keep]

    def _measure(self, graphs: FittedGraphs, origin: np.ndarray) -> Population:
        space, variance = self._space, self._variance
        loss = losses(space, graphs, self._validation).cpu().numpy() / variance
        basis = basis_of(space, graphs, self._train)  # [R, Q, n]
        used, _ = used_columns(space, graphs.batch, graphs.w)
        size = basis.square().mean(dim=-1).sqrt() * graphs.coefficients.abs()
        share = torch.where(used, size, 0.0).nan_to_num(0.0, 0.0, 0.0) / self._train.y.square().mean().sqrt()
        w = graphs.w.cpu().numpy()
        return Population(
            graphs.batch, w, graphs.coefficients.cpu().numpy(), loss, graphs.loss.cpu().numpy() / variance,
            complexity_of(space, graphs.batch, w, share.cpu().numpy()), origin,
        )  # fmt: skip


def _subset(graphs: FittedGraphs, places: np.ndarray) -> FittedGraphs:
    index = torch.as_tensor(places, device=graphs.w.device)
    return FittedGraphs(graphs.batch.select(places), graphs.w[index], graphs.coefficients[index], graphs.loss[index])


def _evenly(n: int, most: int, device: torch.device) -> torch.Tensor:
    """At most so many of n rows, evenly spread."""
    return torch.linspace(0, n - 1, min(n, most), device=device).round().long()
