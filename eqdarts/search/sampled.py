"""The sampled search: graphs drawn from α, fitted by Levenberg–Marquardt, and α moved by their validation loss.

α is shared by all replicas of an epoch; a replica is one graph drawn from it. A graph is a vertex
of the relaxation, so there is no discretisation gap, and w*(α) is nearly exact.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from eqdarts.config import SearchConfig
from eqdarts.genotype import GenotypeBatch, concatenate, live_nodes
from eqdarts.links import LINK_NAMES
from eqdarts.search.assess import Assessor
from eqdarts.search.moves import neighbours, propose
from eqdarts.search.population import Population, best, front_of, idle_factors, joined, nothing, parent_odds
from eqdarts.search.prior import link_log_odds, log_odds
from eqdarts.search.pursuit import draw_features, pursue
from eqdarts.search.sampling import Odds, blank, odds_of, sample, softmax
from eqdarts.search_space import AGGREGATORS, SearchSpace

_EPOCHS_PER_NODE = 2  # epochs before another latent node is allowed
_RUN = 10  # epochs of the shortest run
_POLISHED = 16  # of the best graphs, how many are fitted further in every epoch
_NEIGHBOURS = 0.25  # share of an epoch's graphs that are all the neighbours of some
_PURSUED = 12  # parents per epoch that follow the gradient at their vertex
_QUIET = 1e-7  # the best relative loss below which the data count as free of noise
_BY_FEW = 12  # epochs after which the best graphs of noisy data are confirmed on all rows
_SINGLE_LINK = 0.6  # share of fresh runs that keep to one link


@dataclass(frozen=True, eq=False)
class SampledState:
    """Where the sampled search stands after an epoch.

    Attributes
    ----------
    alpha : array [A, E, M]
        Architecture weights of the edges, given the aggregator of their node.
    beta : array [N, A]
        Architecture weights of the aggregators.
    gamma : array [L]
        Architecture weights of the links.
    nodes : int
        Latent nodes in use; grows to `SearchConfig.max_nodes` in every run.
    population : Population
        The best graphs so far.
    active : Population
        The best graphs of this run: laws are found early or never, so a run is short, and the next
        starts from nothing, or every other time from the best of all.
    age : int
        Epochs of this run.
    runs : int
        Runs that are over.
    grown : int
        Latent nodes at the start of this run.
    expanded : frozenset of bytes
        Keys of the graphs of this run whose neighbours were all proposed.
    rows : int
        Rows that the losses of the population speak for.
    train_loss, validation_loss : float
        Of the best graph of this epoch, relative to the variance of y.
    fitted : int
        Graphs fitted so far.
    epochs : int
        How many are done.
    """

    alpha: np.ndarray
    beta: np.ndarray
    gamma: np.ndarray
    nodes: int
    population: Population
    active: Population
    age: int = 0
    runs: int = 0
    grown: int = 1
    expanded: frozenset[bytes] = frozenset()
    rows: int = 1
    train_loss: float = np.inf
    validation_loss: float = np.inf
    fitted: int = 0
    epochs: int = 0

    @property
    def architecture(self) -> tuple[np.ndarray, np.ndarray]:
        """α [1, A, E, M] and β [1, N, A]: one distribution, shared by all replicas."""
        return self.alpha[None], self.beta[None]


class SampledSearch:
    """Epochs of the sampled search on one table of scaled rows."""

    def __init__(self, space: SearchSpace, config: SearchConfig, assessor: Assessor, rng: np.random.Generator) -> None:
        self._space, self._config, self._rng = space, config, rng
        self._assessor = assessor
        self._prior, self._link_prior = log_odds(space), link_log_odds(space)

    def start(self) -> SampledState:
        """α at its prior, no graph yet."""
        space = self._space
        population = nothing(space)
        return SampledState(
            self._prior.copy(),
            np.zeros((space.nodes, len(space.aggregators))),
            self._link_prior.copy(),
            1,
            population,
            population,
            rows=self._assessor.rows,
        )

    def epoch(self, state: SampledState, fraction: float) -> SampledState:
        """Propose, fit, keep the best, move α. The number of latent nodes grows with the epochs."""
        state = self._restarted(state) if state.age >= _RUN * luby(state.runs + 1) else state
        state = self._by_all_rows(state) if self._is_noisy(state) else state
        nodes = min(self._space.nodes, state.grown + state.age // _EPOCHS_PER_NODE)
        batch, w, origin, expanded = self._propose(state, nodes)
        noisy = state.rows > self._assessor.rows
        assess = self._assessor.best_confirmed if noisy else self._assessor.best_fifth
        found = assess(batch, w, origin)
        alpha, beta, gamma = self._learn(state, found)
        lowest = int(np.argmin(found.loss)) if len(found) else 0
        return SampledState(
            alpha,
            beta,
            gamma,
            nodes,
            population=best(joined(state.population, found), state.rows),
            active=best(joined(state.active, found), state.rows),
            age=state.age + 1,
            runs=state.runs,
            grown=state.grown,
            expanded=expanded,
            rows=state.rows,
            train_loss=float(found.train_loss[lowest]) if len(found) else np.inf,
            validation_loss=float(found.loss[lowest]) if len(found) else np.inf,
            fitted=state.fitted + len(batch),
            epochs=state.epochs + 1,
        )

    def _restarted(self, state: SampledState) -> SampledState:
        """The next run: one of three from the best of all, the others from nothing, α half way to its prior."""
        runs = state.runs + 1
        if runs % 3 == 2:
            gamma = (self._link_prior + _finite(state.gamma, self._link_prior)) / 2
            return replace(
                state, gamma=gamma, active=state.population, age=0, runs=runs, grown=self._space.nodes,
                expanded=frozenset(),
            )  # fmt: skip
        with np.errstate(invalid="ignore"):
            alpha = np.where(np.isfinite(self._prior), (state.alpha + self._prior) / 2, -np.inf)
        gamma = self._link_prior.copy()
        if self._rng.random() < _SINGLE_LINK:
            # Links reach different losses by chance; a run of its own keeps one from crowding out the rest.
            gamma[np.arange(len(gamma)) != self._rng.integers(len(gamma))] = -np.inf
        fresh = nothing(self._space)
        return replace(
            state, alpha=alpha, beta=state.beta / 2, gamma=gamma, active=fresh, age=0, runs=runs, grown=1,
            expanded=frozenset(),
        )  # fmt: skip

    def _is_noisy(self, state: SampledState) -> bool:
        """Is it time to confirm on all rows?"""
        new = state.rows == self._assessor.rows < self._assessor.all_rows
        return new and state.epochs >= _BY_FEW and float(state.population.loss.min(initial=np.inf)) > _QUIET

    def _by_all_rows(self, state: SampledState) -> SampledState:
        """The graphs so far, confirmed; those to come will be as well."""
        rows = self._assessor.all_rows
        population, active = (
            best(self._assessor.confirmed(p), rows) if len(p) else p for p in (state.population, state.active)
        )
        return replace(state, population=population, active=active, rows=rows)

    def close(self, state: SampledState) -> SampledState:
        """Nothing is left to read: every epoch has fitted its graphs."""
        return state

    def _propose(
        self, state: SampledState, nodes: int
    ) -> tuple[GenotypeBatch, np.ndarray, np.ndarray, frozenset[bytes]]:
        """R graphs: half drawn from α, half changes of the best so far. With the graphs whose neighbours they hold."""
        rng, space, replicas = self._rng, self._space, self._config.replicas
        elite = state.active
        known = len(elite) > 3
        counts = rng.integers(1, nodes + 1, size=replicas - replicas // 2 if known else replicas)
        drawn, w = sample(space, state.alpha, state.beta, counts, rng, state.gamma)
        parts = [("sample", drawn, w)]
        expanded = state.expanded
        if known:
            odds = odds_of(space, state.alpha, state.beta, state.gamma)
            near, near_w, expanded = self._neighbours(state, odds)
            moves = max(0, replicas // 2 - len(near))
            pairs = rng.choice(len(elite), size=(2, moves), p=parent_odds(elite))
            parents, others = ((elite.batch.select(places), elite.w[places]) for places in pairs)
            parts += [
                ("neighbour", near, near_w),
                ("move", *propose(space, odds, nodes, parents, others, rng)),
                ("gradient", *self._pursued(state, odds, nodes)),
            ]
        origin = np.concatenate([np.array([name] * len(batch), dtype=object) for name, batch, _ in parts])
        polished = elite.select(np.arange(min(_POLISHED, len(elite)) if known else 0))
        return (
            concatenate([*(batch for _, batch, _ in parts), polished.batch]),
            np.concatenate([*(w for *_, w in parts), polished.w]),
            np.concatenate([origin, polished.origin]),
            expanded,
        )

    def _neighbours(self, state: SampledState, odds: Odds) -> tuple[GenotypeBatch, np.ndarray, frozenset[bytes]]:
        """All that differ in one edge from the best of the front whose neighbours were not yet proposed."""
        elite, room = state.active, int(_NEIGHBOURS * self._config.replicas)
        parts = [blank(self._space, 0)]
        expanded = set(state.expanded)
        keys = elite.batch.keys()
        for k in np.flatnonzero(front_of(elite) & (elite.complexity <= elite.complexity[0])):
            if keys[k] in expanded:
                continue
            one = np.array([k])
            near = neighbours(self._space, odds, elite.batch.select(one), elite.w[one], self._rng)
            if len(near[0]) > room:
                if len(parts) == 1:
                    # A large graph has more neighbours than there is room for; a random part of them will do.
                    some = np.sort(self._rng.choice(len(near[0]), room, replace=False))
                    parts.append((near[0].select(some), near[1][some]))
                    expanded.add(keys[k])
                break
            expanded.add(keys[k])
            room -= len(near[0])
            parts.append(near)
        batches, constants = zip(*parts, strict=True)
        return concatenate(list(batches)), np.concatenate(constants), frozenset(expanded)

    def _pursued(self, state: SampledState, odds: Odds, nodes: int) -> tuple[GenotypeBatch, np.ndarray]:
        """Some parents with the parts that the gradient at their vertex asks for."""
        space, rng, elite = self._space, self._rng, state.active
        count = min(_PURSUED, len(elite))
        if not count or not self._assessor.can_pursue:
            return blank(space, 0)
        features = draw_features(space, state.alpha, state.beta, self._assessor, rng)
        parents = elite.select(rng.choice(len(elite), size=count, replace=False, p=parent_odds(elite)))
        return pursue(space, odds, nodes, parents, features, self._assessor, rng)

    def _learn(self, state: SampledState, found: Population) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Score-function gradient of the rank of the validation loss (Williams 1992), with decay towards the prior."""
        if len(found) < 4:
            return state.alpha, state.beta, state.gamma
        space, rate, decay = self._space, self._config.alpha_learning_rate, self._config.alpha_weight_decay
        finite = np.isfinite(self._prior)
        elite = state.active
        pool = joined(found, elite) if len(elite) else found
        rank = np.argsort(np.argsort(pool.loss))
        merit = 1.0 - 2.0 * rank / (len(pool) - 1)  # [K]  from 1 (best) to −1
        live = live_nodes(space, pool.batch)
        target = np.array([j for _, j in space.edges])
        # Latent nodes are alike but for their place: what is learned of an edge holds for its source in all of them.
        source = np.array([min(i, space.n_inputs) for i, _ in space.edges])
        # A factor with an exponent of nothing is an absent edge, whatever it is called.
        operations = np.where(idle_factors(space, pool.batch, pool.w), space.zero, pool.batch.operations)
        gradient, node_gradient = np.zeros_like(state.alpha), np.zeros_like(state.beta)
        odds, node_odds = softmax(state.alpha), softmax(state.beta)
        for a, name in enumerate(space.aggregators):
            mine = live & (pool.batch.aggregators == AGGREGATORS.index(name))  # [K, N]
            node_gradient[:, a] = merit @ mine - (merit @ live) * node_odds[:, a]
            weight = merit[:, None] * mine[:, target]  # [K, E]
            for m in range(len(space.operations)):
                gradient[a, :, m] = (weight * (operations == m)).sum(axis=0)
            gradient[a] -= weight.sum(axis=0)[:, None] * odds[a]
            shared = np.zeros((space.n_inputs + 1, len(space.operations)))
            np.add.at(shared, source, gradient[a])
            gradient[a] = shared[source]
        scale = rate / np.sqrt(len(pool))
        alpha = np.where(finite, state.alpha + scale * gradient, -np.inf)
        pull = np.where(finite, state.alpha - np.where(finite, self._prior, 0.0), 0.0)
        beta = state.beta + scale * node_gradient - decay * state.beta
        chosen = pool.batch.links[:, None] == np.array([LINK_NAMES.index(name) for name in space.links])  # [K, L]
        link_gradient = merit @ chosen - merit.sum() * softmax(state.gamma)
        open_links = np.isfinite(state.gamma)
        link_pull = np.where(open_links, state.gamma - self._link_prior, 0.0)
        gamma = np.where(open_links, state.gamma + scale * link_gradient - decay * link_pull, -np.inf)
        return alpha - decay * pull, beta, gamma


def luby(i: int) -> int:
    """1, 1, 2, 1, 1, 2, 4, …: run lengths within a log factor of the best (Luby, Sinclair & Zuckerman 1993)."""
    k = (i + 1).bit_length() - 1
    return 1 << (k - 1) if i + 1 == 1 << k else luby(i - (1 << k) + 1)


def _finite(logits: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(logits), logits, otherwise)
