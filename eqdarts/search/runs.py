"""Runs of the sampled search: where it stands, when a run is over, what it arrived at, and how the next one starts.

Laws are found early or never, so a run is short. Of three runs one starts from the best of all, two from nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from eqdarts.darts.architecture import LinkedArchitecture, halfway
from eqdarts.graph.population import Population, joined, nothing, scores
from eqdarts.graph.space import SearchSpace
from eqdarts.search.log import Share
from eqdarts.search.settled import MEAN, NOTHING, Arrivals, Reached
from eqdarts.search.sums import Sums, are_shapes


@dataclass(frozen=True)
class _Runs:
    """How runs follow each other; not tuned.

    Attributes
    ----------
    shortest : int
        Epochs of the shortest run; the others are multiples of it, see `luby`.
    single_link : float
        Share of the fresh runs that keep to one link: links reach different losses by chance, and one that is ahead
        would crowd out the rest. The first run on data that turn out to be noisy has all, as it is to come upon what is
        known anew.
    """

    shortest: int = 10
    single_link: float = 0.6


_RUNS = _Runs()


@dataclass(frozen=True, eq=False)
class SampledState:
    """Where the sampled search stands after an epoch.

    Attributes
    ----------
    weights : Architecture
        α [A, E, M], β [N, A] and γ [L].
    nodes : int
        Latent nodes in use; grows to `SearchConfig.max_nodes` in every run.
    population : Population
        The best graphs so far.
    active : Population
        The best graphs of this run.
    age : int
        Epochs of this run.
    runs : int
        Runs that are over.
    grown : int
        Latent nodes at the start of this run.
    rows : int
        Rows that the losses of the population speak for.
    noisy : bool
        Are graphs confirmed on all rows?
    sums : Sums
        Of given terms; exact ones are in the population as well.
    arrivals : Arrivals
        What independent runs arrived at.
    gained : int
        The age at which this run last came to a better graph.
    leaves_noise : bool
        Of noisy data: does the best graph leave nothing but noise?
    is_settled : bool
        Do, beside that, as many runs agree on it as are wanted?
    train_loss, validation_loss : float
        Of the best graph of this epoch, relative to the variance of y.
    fitted : int
        Graphs fitted so far.
    epochs : int
        How many are done.
    shares : dict
        What each source of graphs did in this epoch, by its name.
    """

    weights: LinkedArchitecture
    nodes: int
    population: Population
    active: Population
    sums: Sums
    age: int = 0
    runs: int = 0
    grown: int = 1
    rows: int = 1
    noisy: bool = False
    arrivals: Arrivals = field(default_factory=Arrivals)
    gained: int = 0
    leaves_noise: bool = False
    is_settled: bool = False
    train_loss: float = np.inf
    validation_loss: float = np.inf
    fitted: int = 0
    epochs: int = 0
    shares: dict[str, Share] = field(default_factory=dict)

    @property
    def architecture(self) -> tuple[np.ndarray, np.ndarray]:
        """α [1, A, E, M] and β [1, N, A]: one distribution, shared by all replicas."""
        return self.weights.alpha[None], self.weights.beta[None]

    @property
    def gamma(self) -> np.ndarray:
        """γ [L] of the links."""
        return self.weights.gamma

    @property
    def found(self) -> int:
        """How many independent runs have found the best graph of noisy data."""
        return self.arrivals.found if self.noisy else 0

    @property
    def known(self) -> Population:
        """The best graphs, and the sums of given terms."""
        return joined(self.population, self.sums.population)


def has_ended(state: SampledState) -> bool:
    """Has the run had its epochs? On noisy data it has some, and then goes on as long as it gains."""
    if state.noisy:
        return state.age >= max(_RUNS.shortest, 2 * state.gained)
    return state.age >= _RUNS.shortest * luby(state.runs + 1)


def gains(state: SampledState, active: Population) -> bool:
    """Are these graphs of a run better than those of before?"""
    return not state.age or reached(active, state.rows).is_better(reached(state.active, state.rows))


def _goes_on(runs: int, noisy: bool) -> bool:
    """Does the run of this number start from the best of all, and not from nothing?"""
    return runs % 3 == (0 if noisy else 2)


def next_run(
    state: SampledState, prior: LinkedArchitecture, space: SearchSpace, rng: np.random.Generator
) -> SampledState:
    """The next run: one of three from the best of all, the others from nothing, α half way to its prior.

    Of noisy data those from nothing come first: what they agree on may end the search.
    """
    runs = state.runs + 1
    weights = state.weights
    if _goes_on(runs, state.noisy):
        gamma = (prior.gamma + _finite(weights.gamma, prior.gamma)) / 2
        return replace(
            state, weights=replace(weights, gamma=gamma), active=state.population, age=0, gained=0, runs=runs,
            grown=space.nodes,
        )  # fmt: skip
    fresh = halfway(weights, prior)
    gamma = fresh.gamma
    if rng.random() < _RUNS.single_link and not (state.noisy and runs == 1):
        gamma[np.arange(len(gamma)) != rng.integers(len(gamma))] = -np.inf
    return replace(
        state, weights=fresh, active=nothing(space), age=0, gained=0, runs=runs, grown=1,
        arrivals=state.arrivals.began(),
    )  # fmt: skip


def arrived(state: SampledState, population: Population, active: Population, sums: Population, fitted: int) -> Arrivals:
    """What runs arrived at after an epoch. state: at its begin"""
    run = NOTHING if state.runs and _goes_on(state.runs, state.noisy) else reached(active, state.rows)
    # Runs are given the same shapes, so these are no witnesses beside them.
    solved = reached(sums.select(np.flatnonzero(~are_shapes(sums))), state.rows)
    return state.arrivals.after(run, reached(population, state.rows), fitted, solved)


def reached(population: Population, rows: int) -> Reached:
    """The best of some graphs; if none is better, the mean."""
    if not len(population):
        return MEAN
    place = int(np.argmin(scores(population.loss, population.complexity, rows)))
    misfit = float(scores(population.loss[place], np.array(0), rows))
    return min(Reached(misfit, int(population.complexity[place])), MEAN, key=lambda one: one.score)


def luby(i: int) -> int:
    """1, 1, 2, 1, 1, 2, 4, …: run lengths within a log factor of the best (Luby, Sinclair & Zuckerman 1993)."""
    k = (i + 1).bit_length() - 1
    return 1 << (k - 1) if i + 1 == 1 << k else luby(i - (1 << k) + 1)


def _finite(logits: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(logits), logits, otherwise)
