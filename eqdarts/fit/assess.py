"""Proposed graphs become members of the population: fitted on train rows, ranked on validation rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import torch

from eqdarts.data.table import Table
from eqdarts.data.zero import LADDER, measure_of
from eqdarts.fit.backend import Backend, CompiledBackend, Pursuable, TorchBackend, backend_of
from eqdarts.fit.compiled.graphs import Linearised
from eqdarts.fit.graphs import FittedGraphs, predict_graphs
from eqdarts.fit.roundness import count_round
from eqdarts.graph.genotype import GenotypeBatch, constants_of
from eqdarts.graph.links import LINK_NAMES, LINKS, below
from eqdarts.graph.population import (
    Population,
    best,
    complexity_of,
    exponents_of,
    is_whole_or_half,
    joined,
    nothing,
    scores,
    without_idle_factors,
)
from eqdarts.graph.space import SearchSpace


@dataclass(frozen=True)
class _Halving:
    """Successive halving: all graphs get a short fit on few rows, those that promise most longer ones. Not tuned.

    Attributes
    ----------
    screening, middle, long : int
        Levenberg–Marquardt steps of each stage.
    survivors, finalists : float
        Shares that go on to the middle stage, and from there to the long one.
    survivors_of_small : float
        The first share in noisy tables of few rows, where fits are cheap and imitations many.
    rows : int
        Of the screening.
    held : int
        Steps of a fit whose exponents are held at round values.
    confirming, confirmed : int
        Steps on all rows for noisy data, and how many graphs of an epoch take them.
    per_band, per_band_of_small : int
        Of these for each size, and in small tables.
    closer : int
        Graphs whose constants are looked at more closely: those that can become the best by it.
    most_constants : int
        Of a graph.
    evidence : int
        Rows that a loss on the validation rows speaks for, at the most.
    small : int
        A noisy table with no more rows cannot spare any of them.
    """

    screening: int = 6
    middle: int = 10
    long: int = 25
    survivors: float = 0.2
    finalists: float = 0.4
    survivors_of_small: float = 0.4
    rows: int = 64
    held: int = 15
    confirming: int = 8
    confirmed: int = 96
    per_band: int = 4
    per_band_of_small: int = 12
    closer: int = 256
    most_constants: int = 32
    evidence: int = 100
    small: int = 100


_HALVING = _Halving()


@dataclass(frozen=True, eq=False)
class _Parts:
    """The rows for each stage of the halving, and how many the ranking speaks for."""

    screening: Table
    train: Table
    ranking: Table
    evidence: int
    survivors: float = _HALVING.survivors


class Gate(Protocol):
    """Says which graphs may be (`eqdarts.knowledge.of_graphs`)."""

    def forms(self, batch: GenotypeBatch) -> np.ndarray:
        """bool [R], of graphs that are not fitted"""
        ...

    def keeps(
        self,
        batch: GenotypeBatch,
        w: np.ndarray,
        coefficients: np.ndarray,
        values: Callable[[Table, GenotypeBatch, np.ndarray], np.ndarray],
    ) -> np.ndarray:
        """bool [R], of fitted graphs. values: of nodes [R, N, n] on rows"""
        ...


class Assessor:
    """Fits graphs on train rows by successive halving and measures them on validation rows; all in scaled units.

    everything: all rows, for noisy data   backend: by default the fastest on a CPU
    exact: the loss (a share of the variance of y) below which a graph is exact
    screening: rows of the first fit   evidence: rows that a loss on the validation rows speaks for, at the most
    gate: which graphs may be fitted and kept, by default all
    """

    def __init__(
        self,
        space: SearchSpace,
        train: Table,
        validation: Table,
        everything: Table | None = None,
        backend: Backend | None = None,
        exact: float = LADDER.exact,
        gate: Gate | None = None,
        screening: int = _HALVING.rows,
        evidence: int = _HALVING.evidence,
    ) -> None:
        self.space, self.exact, self._gate = space, exact, gate
        self.train, self.validation, self.everything = train, validation, everything
        self._backend = backend_of(space, torch.device("cpu"), 1) if backend is None else backend
        self._measure = measure_of(train)
        self._root_mean_square = float(np.sqrt(np.mean(train.y**2))) or 1.0
        self._few = train.evenly(screening)
        self.rows = min(len(validation), evidence)
        self.all_rows = self.rows if everything is None else len(everything)
        self._parts = self._noisy_parts = _Parts(self._few, train, validation, self.rows)
        self.is_small = everything is not None and self.all_rows <= _HALVING.small
        if everything is not None and self.is_small:
            self._noisy_parts = _Parts(everything, everything, everything, self.all_rows, _HALVING.survivors_of_small)
        # With more constants than half of the rows that they are fitted to, a graph can fit anything.
        self._most_constants = max(3, min(_HALVING.most_constants, len(self._noisy_parts.train) // 2))

    def best_fifth(self, batch: GenotypeBatch, w: np.ndarray, origin: np.ndarray) -> tuple[Population, np.ndarray]:
        """A short fit of all on few rows, longer ones of the most promising; that fifth is returned.

        And the places of all that are defined on the rows, most promising first.
        """
        batch, w, origin, order = self._screened(batch, w, origin, self._parts)
        w, coefficients, loss = self._backend.fit(batch, w, self.train, _HALVING.middle)
        place = self._ranked(batch, w, coefficients, self._parts)
        finalists, others = np.split(place, [max(1, int(_HALVING.finalists * len(place)))])
        members = self._measured(batch.select(others), w[others], coefficients[others], loss[others], origin[others])
        members = joined(members, self._rounded(batch.select(place), w[place], origin[place], self._few))
        long = self._fitted(batch.select(finalists), w[finalists], origin[finalists])
        return joined(joined(members, long), self._rounded(long.batch, long.w, long.origin, self.train)), order

    def best_confirmed(self, batch: GenotypeBatch, w: np.ndarray, origin: np.ndarray) -> tuple[Population, np.ndarray]:
        """The same for noisy data: the best by all rows, fitted on all rows.

        Few rows cannot tell a law from its neighbours, and a long fit on them learns only their noise.
        """
        held = self._simple(batch, w, origin)
        batch, w, origin, order = self._screened(batch, w, origin, self._noisy_parts)
        found = joined(held, self._by_all_rows(batch, w, origin))
        per_band = _HALVING.per_band_of_small if self.is_small else _HALVING.per_band
        return self.confirmed(best(found, self.all_rows, _HALVING.confirmed, per_band)), order

    def all_confirmed(self, batch: GenotypeBatch, w: np.ndarray, origin: np.ndarray) -> Population:
        """The same without the short fit on few rows, which only few graphs of nearly the same loss would survive."""
        held = self._simple(batch, w, origin)
        place = self._sensible(batch)
        batch, origin = batch.select(place), origin[place]
        found = self._by_all_rows(batch, self._backend.settled(batch, w[place], self._noisy_parts.screening), origin)
        found = joined(held, found)
        return self.confirmed(best(found, self.all_rows, _HALVING.confirmed, _HALVING.confirmed))

    def _simple(self, batch: GenotypeBatch, w: np.ndarray, origin: np.ndarray) -> Population:
        """Of a small table, the graphs with simple constants from the start, which a free fit moves away from."""
        if not self.is_small:
            return nothing(self.space)
        return joined(self._held(batch, w, origin), self._plain(batch, w, origin))

    def _held(self, batch: GenotypeBatch, w: np.ndarray, origin: np.ndarray) -> Population:
        """Fitted with exponents held at round values from the start: few rows leave free ones anywhere."""
        place = self._sensible(
            batch, constants_of(self.space, batch) - exponents_of(self.space, batch).sum(axis=(1, 2))
        )
        batch, origin, rows = batch.select(place), origin[place], self._noisy_parts.train
        return self._rounded(batch, self._backend.settled(batch, w[place], rows), origin, rows, noisy=True)

    def _plain(self, batch: GenotypeBatch, w: np.ndarray, origin: np.ndarray) -> Population:
        """With all constants inside a graph held at the next multiple of a half: only the readout is fitted.

        Few noisy rows cannot fix the constants of a law, but its simple constants need no rows.
        """
        place = self._sensible(batch, batch.readout.sum(axis=1))
        w = np.round(2.0 * w[place]) / 2.0
        batch = without_idle_factors(self.space, batch.select(place), w)
        return self.of_readout(batch, w, _marked(origin[place]), noisy=True)

    def _by_all_rows(self, batch: GenotypeBatch, w: np.ndarray, origin: np.ndarray) -> Population:
        """Fitted on train rows, measured by all, as they are and with round exponents, or all constants round."""
        train = self._noisy_parts.train
        w, coefficients, loss = self._backend.fit(batch, w, train, _HALVING.middle)
        found = self._measured(batch, w, coefficients, loss, origin, noisy=True)
        found = joined(found, self._rounded(batch, w, origin, train, noisy=True))
        return joined(found, self._plain(batch, w, origin)) if self.is_small else found

    def confirmed(self, population: Population) -> Population:
        """The graphs fitted on and measured by all rows; what is held at round values stays there.

        The loss is then one of the fit itself, which the charge for constants in the score makes up for.
        """
        batch, w, rows = population.batch, population.w, self._all
        # In small tables all constants may be held, else exponents only.
        frozen = is_whole_or_half(w) & (self.is_small | exponents_of(self.space, batch))
        w, coefficients, loss = self._backend.fit(batch, w, rows, _HALVING.confirming, frozen)
        return self._measured(batch, w, coefficients, loss, population.origin, noisy=True)

    def _screened(
        self, batch: GenotypeBatch, w: np.ndarray, origin: np.ndarray, parts: _Parts
    ) -> tuple[GenotypeBatch, np.ndarray, np.ndarray, np.ndarray]:
        """The fifth that a short fit on few rows finds most promising, and the order of all."""
        sensible = self._sensible(batch)
        batch, w, origin = batch.select(sensible), w[sensible], origin[sensible]
        w = self._backend.settled(batch, w, parts.screening)
        w, coefficients, _ = self._backend.fit(batch, w, parts.screening, _HALVING.screening)
        order = self._ranked(batch, w, coefficients, parts)
        place = order[: max(1, int(parts.survivors * len(batch)))]
        return batch.select(place), w[place], origin[place], sensible[order]

    def _rounded(
        self, batch: GenotypeBatch, w: np.ndarray, origin: np.ndarray, rows: Table, noisy: bool = False
    ) -> Population:
        """The graphs with exponents held at whole numbers, and once more at halves where those differ.

        Free exponents turn the last part of a fit into a long curved valley, down which few fits come to the end.
        """
        frozen = exponents_of(self.space, batch)
        some = np.flatnonzero(frozen.any(axis=(1, 2)))
        whole, halves = (np.where(frozen, np.round(w * grid) / grid, w)[some] for grid in (1, 2))
        differ = np.flatnonzero((whole != halves).any(axis=(1, 2)))
        some = np.concatenate([some, some[differ]])
        w = np.concatenate([whole, halves[differ]])
        batch, origin, frozen = without_idle_factors(self.space, batch.select(some), w), origin[some], frozen[some]
        w, coefficients, loss = self._backend.fit(batch, w, rows, _HALVING.held, frozen)
        return self._measured(batch, w, coefficients, loss, _marked(origin), noisy)

    def all_of(self, batch: GenotypeBatch, w: np.ndarray, origin: np.ndarray) -> Population:
        """A long fit of every graph."""
        place = self._sensible(batch)
        return self._fitted(batch.select(place), w[place], origin[place])

    def with_round_exponents(self, population: Population) -> Population:
        """Noisy graphs fitted once more, with their exponents held at the next whole numbers or halves."""
        batch, w, origin = population.batch, population.w, population.origin
        return self._rounded(batch, w, origin, self._noisy_parts.train, noisy=True)

    def of_readout(self, batch: GenotypeBatch, w: np.ndarray, origin: np.ndarray, noisy: bool) -> Population:
        """Every graph with its constants as they are: only the readout is fitted."""
        if not len(batch):
            return nothing(self.space)
        rows = self._noisy_parts.train if noisy else self.train
        w, coefficients, loss = self._backend.fit(batch, w, rows, 1, np.ones(w.shape, dtype=bool))
        return self._measured(batch, w, coefficients, loss, origin, noisy)

    def _round_constants(self, batch: GenotypeBatch, w: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
        """How many constants of each graph may be simple numbers: int [R]."""
        linear = self.linearise(batch, w, coefficients, self._noisy_parts.screening)
        return count_round(self.space, batch, w, coefficients, linear, self.all_rows)

    @cached_property
    def without_loops(self) -> Assessor:
        """The same by the torch program: of few graphs it is done before the compiled loops are loaded."""
        backend = TorchBackend(self.space, self.device)
        return Assessor(self.space, self.train, self.validation, self.everything, backend, self.exact, self._gate)

    @property
    def device(self) -> torch.device:
        """Of the tensors."""
        return self._backend.device

    def looks_closely(self, noisy: bool) -> bool:
        """Is the table small, and noisy? Then many graphs fit alike, and it is cheap to look at more of them."""
        return noisy and self.is_small

    @property
    def _all(self) -> Table:
        assert self.everything is not None, "noisy data are judged by all rows"
        return self.everything

    @property
    def can_confirm(self) -> bool:
        """Was it given all rows?"""
        return self.everything is not None

    @property
    def can_pursue(self) -> bool:
        """Can it linearise graphs? Only the compiled loops do."""
        return isinstance(self._backend, CompiledBackend)

    def node_values(self, batch: GenotypeBatch, w: np.ndarray) -> np.ndarray:
        """Values of the nodes [R, N, n] on the train rows."""
        return self._backend.node_values(batch, w, self.train)

    @cached_property
    def on_validation(self) -> Pursuable:
        """Graphs on the validation rows, to which no constant is fitted."""
        assert isinstance(self._backend, CompiledBackend)
        return _OnRows(self._backend, self.validation)

    def node_values_on(self, rows: Table, batch: GenotypeBatch, w: np.ndarray) -> np.ndarray:
        """The same on other rows."""
        return self._backend.node_values(batch, w, rows)

    def residual(self, one: Population) -> np.ndarray:
        """What a graph leaves of all rows [n], times the root weights; below its link, which makes no difference."""
        rows = below(self._all, LINK_NAMES[int(one.batch.links[0])])
        fitted = FittedGraphs(one.batch, *map(torch.as_tensor, (one.w, one.coefficients, one.loss)))
        return rows.roots * (rows.y - predict_graphs(self.space, fitted, rows)[0].numpy())

    def values(self, one: Population) -> np.ndarray:
        """What a graph gives at all rows [n], above its link."""
        fitted = FittedGraphs(one.batch, *map(torch.as_tensor, (one.w, one.coefficients, one.loss)))
        link = LINKS[LINK_NAMES[int(one.batch.links[0])]]
        with np.errstate(all="ignore"):
            return link.value(predict_graphs(self.space, fitted, self._all)[0].numpy())

    def linearise(
        self, batch: GenotypeBatch, w: np.ndarray, coefficients: np.ndarray, rows: Table | None = None
    ) -> Linearised:
        """Fitted graphs near their constants, by default on the train rows."""
        assert isinstance(self._backend, CompiledBackend)
        return self._backend.linearise(batch, w, coefficients, self.train if rows is None else rows)

    def _ranked(self, batch: GenotypeBatch, w: np.ndarray, coefficients: np.ndarray, parts: _Parts) -> np.ndarray:
        """Places of the graphs that are defined on the rows that rank them, most promising first."""
        loss, _ = self._backend.measure(batch, w, coefficients, parts.ranking)
        rank = scores(self._measure.loss(loss) + LADDER.unsettled, constants_of(self.space, batch), parts.evidence)
        order = np.argsort(rank, kind="stable")
        return order[np.isfinite(rank[order])]

    def _sensible(self, batch: GenotypeBatch, fitted: np.ndarray | None = None) -> np.ndarray:
        """Places of the graphs that have a node, and no more constants than the rows can bear; at least one if any.

        fitted: int [R], how many constants of each are not held; by default all
        """
        count = constants_of(self.space, batch) if fitted is None else fitted
        good = batch.readout[:, : self.space.nodes].any(axis=1) & (count <= self._most_constants)
        if self._gate is not None and len(batch):
            return np.flatnonzero(good & self._gate.forms(batch))
        return np.flatnonzero(good) if good.any() else np.argsort(count, kind="stable")[:1]

    def _fitted(self, batch: GenotypeBatch, w: np.ndarray, origin: np.ndarray) -> Population:
        w, coefficients, loss = self._backend.fit(batch, w, self.train, _HALVING.long)
        return self._measured(batch, w, coefficients, loss, origin)

    def _measured(
        self,
        batch: GenotypeBatch,
        w: np.ndarray,
        coefficients: np.ndarray,
        train_loss: np.ndarray,
        origin: np.ndarray,
        noisy: bool = False,
    ) -> Population:
        """A population with the loss on the validation rows, or for noisy data on all."""
        if self._gate is not None and len(batch):
            kept = np.flatnonzero(self._gate.keeps(batch, w, coefficients, self.node_values_on))
            batch, w, origin = batch.select(kept), w[kept], origin[kept]
            coefficients, train_loss = coefficients[kept], train_loss[kept]
        judges = self._all if noisy else self.validation
        loss, _ = self._backend.measure(batch, w, coefficients, judges)
        _, size = self._backend.measure(batch, w, coefficients, self.train)
        with np.errstate(all="ignore"):
            size = np.nan_to_num(size * np.abs(coefficients), nan=0.0, posinf=0.0)
            share = np.maximum(size / self._root_mean_square, np.minimum(size / self._measure.deviation, 1.0))
        complexity = complexity_of(self.space, batch, w, share, noisy, held=self.looks_closely(noisy))
        if self.looks_closely(noisy) and self.can_pursue:
            # Where rows are many, the loss alone tells a law from its imitations.
            rank = scores(self._measure.loss(loss), complexity - constants_of(self.space, batch), self.all_rows)
            some = np.argsort(rank, kind="stable")[: _HALVING.closer]
            complexity[some] -= self._round_constants(batch.select(some), w[some], coefficients[some])
        loss, train_loss = self._measure.loss(loss), self._measure.loss(train_loss)
        return Population(batch, w, coefficients, loss, train_loss, complexity, origin)


@dataclass(frozen=True)
class _OnRows:
    """Graphs on given rows."""

    backend: CompiledBackend
    rows: Table

    def node_values(self, batch: GenotypeBatch, w: np.ndarray) -> np.ndarray:
        """Values of the nodes [R, N, n]."""
        return self.backend.node_values(batch, w, self.rows)

    def linearise(self, batch: GenotypeBatch, w: np.ndarray, coefficients: np.ndarray) -> Linearised:
        """Fitted graphs near their constants."""
        return self.backend.linearise(batch, w, coefficients, self.rows)


def _marked(origin: np.ndarray) -> np.ndarray:
    return np.array([o if o.endswith(", rounded") else f"{o}, rounded" for o in origin], dtype=object)
