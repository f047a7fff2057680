"""Proposed graphs become members of the population: fitted on train rows, ranked on validation rows."""

from __future__ import annotations

import numpy as np
import torch

from eqdarts.fit import FittedGraphs, Rows, basis_of, fit_graphs, losses, used_columns
from eqdarts.genotype import GenotypeBatch, constants_of
from eqdarts.search.population import Population, complexity_of
from eqdarts.search_space import SearchSpace

_SHORT, _LONG, _SURVIVORS = 6, 30, 0.2


class Assessor:
    """Fits graphs on train rows by successive halving and measures them on validation rows."""

    def __init__(self, space: SearchSpace, train: Rows, validation: Rows) -> None:
        self._space, self._train, self._validation = space, train, validation
        self._variance = float(train.target.var(correction=0)) or 1.0
        # With more constants than half of the rows, a graph can fit anything.
        self._most_constants = max(3, train.y.shape[0] // 2)

    @property
    def rows(self) -> int:
        """Validation rows."""
        return int(self._validation.y.shape[0])

    def best_fifth(self, batch: GenotypeBatch, w: np.ndarray, origin: np.ndarray) -> Population:
        """A short fit of all, a long one of the most promising fifth; only those are returned."""
        batch, w, origin = self._sensible(batch, w, origin)
        first = fit_graphs(self._space, batch, self._tensor(w), self._train, _SHORT)
        rank = losses(self._space, first, self._validation).cpu().numpy()
        order = np.argsort(rank, kind="stable")[: max(1, int(_SURVIVORS * len(batch)))]
        order = order[np.isfinite(rank[order])]
        start = first.w[torch.as_tensor(order, device=first.w.device)]
        return self._measure(fit_graphs(self._space, batch.select(order), start, self._train, _LONG), origin[order])

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
