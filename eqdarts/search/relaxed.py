"""The relaxed search, the classic DARTS: mixtures are descended, and graphs are read off them from time to time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch

from eqdarts.checkpoint.generator import GeneratorState
from eqdarts.darts import descent, discretise
from eqdarts.darts.architecture import Architecture
from eqdarts.darts.relaxation import Relaxation
from eqdarts.darts.sampling import draw_parameters
from eqdarts.darts.supernet import forward
from eqdarts.data.zero import measure_of
from eqdarts.fit.assess import Assessor
from eqdarts.fit.graphs import tensors_of
from eqdarts.graph.genotype import concatenate
from eqdarts.graph.population import Population, best, joined, nothing
from eqdarts.graph.space import SearchSpace
from eqdarts.options import SearchConfig
from eqdarts.propose.waves import rows_of_waves, with_frequencies
from eqdarts.search.budget import Tally
from eqdarts.search.earlier import Earlier
from eqdarts.search.log import Share
from eqdarts.search.memory import check_graphs

_EVERY = 10  # epochs between two readings
_NEVER = -1e9  # α of a candidate that must not be chosen
_RESTARTS = 3  # refits of a graph from fresh constants, beside the one from the learned ones


@dataclass(frozen=True, eq=False)
class RelaxedState:
    """Where the relaxed search stands; the same reading as `SampledState`.

    Attributes
    ----------
    inner : Descent
    nodes : int
        Latent nodes: all of the space, from the start.
    population : Population
        The best graphs read off so far, with refitted constants.
    rows : int
        Rows that the losses of the population speak for.
    train_loss, validation_loss : float
        Of the best replica's mixture, relative to the variance of y.
    fitted : int
        Graphs fitted so far.
    """

    inner: descent.Descent
    nodes: int
    population: Population
    rows: int
    train_loss: float = np.inf
    validation_loss: float = np.inf
    fitted: int = 0

    found: ClassVar[int] = 0  # replicas are no runs that begin anew,
    is_settled: ClassVar[bool] = False  # so nothing is ever settled

    @property
    def known(self) -> Population:
        """The best graphs read off."""
        return self.population

    @property
    def shares(self) -> dict[str, Share]:
        """None: all graphs are read off the mixture."""
        return {}

    @property
    def leaves_noise(self) -> bool:
        """It does not look for that."""
        return False

    @property
    def gamma(self) -> None:
        """A mixture has only the identity as its link."""
        return None

    @property
    def architecture(self) -> tuple[np.ndarray, np.ndarray]:
        """α [R, A, E, M] and β [R, N, A]."""
        weights = self.inner.architecture
        return weights.alpha.detach().cpu().numpy(), weights.beta.detach().cpu().numpy()


@dataclass(frozen=True, eq=False)
class RelaxedMemory:
    """Where a relaxed search stands, as copies.

    Attributes
    ----------
    inner : DescentMemory
    population : Population
    losses : (float, float)
        On train and validation rows.
    fitted : int
    rng : GeneratorState
    generator : array
        The state of the generator of torch.
    """

    inner: descent.DescentMemory
    population: Population
    losses: tuple[float, float]
    fitted: int
    rng: GeneratorState
    generator: np.ndarray


class RelaxedSearch:
    """Epochs of the relaxed search; every few, each replica is discretised and its graphs refitted.

    The refitted loss beside the mixture's own shows the discretisation gap.
    """

    def __init__(
        self,
        space: SearchSpace,
        config: SearchConfig,
        assessor: Assessor,
        rng: np.random.Generator,
        tally: Tally | None = None,
    ) -> None:
        self._tally = Tally() if tally is None else tally
        # Mixtures and graphs read off may start sines at frequencies that the table shows.
        self._space = with_frequencies(space, rows_of_waves(assessor))
        self._config, self._assessor = config, assessor
        self._train, self._validation = (
            tensors_of(rows, assessor.device) for rows in (assessor.train, assessor.validation)
        )
        self._measure = measure_of(assessor.train)
        self._rng = rng
        self._generator = torch.Generator(device=assessor.device).manual_seed(int(rng.integers(2**62)))

    def memory(self, state: RelaxedState) -> RelaxedMemory:
        """Where it stands."""
        return RelaxedMemory(
            descent.DescentMemory.of(state.inner), state.population, (state.train_loss, state.validation_loss),
            state.fitted, GeneratorState.of(self._rng), self._generator.get_state().numpy().copy(),
        )  # fmt: skip

    def recall(self, memory: RelaxedMemory) -> RelaxedState:
        """Go on from there."""
        check_graphs(self._space, memory.population)
        start = self.start()
        self._rng = memory.rng.generator()
        self._generator.set_state(torch.as_tensor(memory.generator))
        return replace(
            start, inner=memory.inner.put_back(start.inner), population=memory.population,
            train_loss=memory.losses[0], validation_loss=memory.losses[1], fitted=memory.fitted,
        )  # fmt: skip

    def start(self) -> RelaxedState:
        """New replicas, nothing read off yet."""
        device = self._train.y.device
        inner = descent.start(self._space, self._config, self._generator, device=device)
        return RelaxedState(inner, self._space.nodes, nothing(self._space), self._assessor.rows)

    def resumed(self, earlier: Earlier) -> RelaxedState:
        """α, β and the graphs of an earlier search, these fitted to the rows of this one; w starts anew."""
        start, graphs = self.start(), earlier.population
        weights = start.inner.architecture
        with torch.no_grad():
            for own, before in ((weights.alpha, earlier.alpha), (weights.beta, earlier.beta)):
                if own.shape == before.shape:  # as many replicas
                    own.copy_(torch.as_tensor(before))
        found = self._assessor.all_of(graphs.batch, graphs.w, graphs.origin) if len(graphs) else graphs
        return replace(start, population=best(found, start.rows))

    def epoch(self, state: RelaxedState, fraction: float) -> RelaxedState:
        """One epoch of w- and α-steps. fraction: of the search that is done, for the temperature."""
        inner, record = descent.epoch(
            self._space, self._config, state.inner, self._train, self._validation, fraction, self._generator
        )
        state = replace(
            state,
            inner=inner,
            train_loss=self._measure.loss(_lowest(record.train_loss)),
            validation_loss=self._measure.loss(_lowest(record.validation_loss)),
        )
        return self.read_off(state) if inner.epochs % _EVERY == 0 else state

    def close(self, state: RelaxedState, deadline: float) -> RelaxedState:
        """A last reading."""
        return self.read_off(state, closing=True)

    def read_off(self, state: RelaxedState, closing: bool = False) -> RelaxedState:
        """Discretise every replica, refit the graphs, and keep the best. closing: after the epochs"""
        architecture, config = self._defined(state.inner), self._config
        if config.discretisation == "sample":
            batch = discretise.sample(self._space, architecture, self._generator)
        elif config.discretisation == "k_best":
            batch = discretise.k_best(self._space, architecture, 4)
        else:
            batch = discretise.argmax(self._space, architecture)
        learned = discretise.chosen_parameters(state.inner.w, batch).detach().cpu().numpy()
        # The learned constants served a mixture, and may be off the domain of the graph alone.
        fresh = [draw_parameters(self._space, batch, self._rng) for _ in range(_RESTARTS)]
        batch = concatenate([batch] * (1 + _RESTARTS))
        w = np.concatenate([learned, *fresh])
        some = self._tally.room(len(batch), closing)
        if not some:
            return state
        batch, w = batch.select(np.arange(some)), w[:some]
        found = self._assessor.all_of(batch, w, np.array(["relaxed"] * len(batch), dtype=object))
        population = best(joined(state.population, found), state.rows)
        return replace(state, population=population, fitted=state.fitted + len(batch))

    def _defined(self, inner: descent.Descent) -> Architecture:
        """The architecture without the candidates that have left their domain: a graph could not start from them."""
        relaxation = Relaxation(self._config.relaxation, self._config.temperature[1])
        with torch.no_grad():
            _, defined = forward(
                self._space, relaxation, inner.architecture, inner.w, inner.coefficients, self._train.inputs.T
            )  # [R, E, M]
        alpha = inner.architecture.alpha.detach().masked_fill(~defined[:, None], _NEVER)
        return Architecture(alpha, inner.architecture.beta.detach())


def _lowest(loss: np.ndarray) -> float:
    finite = loss[np.isfinite(loss)]
    return float(finite.min()) if len(finite) else np.inf
