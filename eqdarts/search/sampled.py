"""The sampled search: graphs drawn from α, fitted by Levenberg–Marquardt, and α moved by what they tell.

α is shared by all replicas of an epoch; a replica is one graph drawn from it. A graph is a vertex
of the relaxation, so there is no discretisation gap, and w*(α) is nearly exact.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from eqdarts.darts.credit import edge_advantage, link_advantage, merit_of, node_advantage
from eqdarts.darts.prior import link_log_odds, log_odds
from eqdarts.darts.sampling import Odds, blank, odds_of, sample
from eqdarts.fit.assess import Assessor
from eqdarts.fit.zero import QUIET
from eqdarts.graph.genotype import GenotypeBatch, concatenate
from eqdarts.graph.population import WIDE_PER_BAND, WIDE_SIZE, Population, best, front_of, joined, nothing, parent_odds
from eqdarts.graph.space import SearchSpace
from eqdarts.options import SearchConfig
from eqdarts.propose.gradient import Features, draw_features, pursue
from eqdarts.propose.moves import neighbours, propose
from eqdarts.propose.sums import Sums, SumSearch
from eqdarts.propose.waves import WAVE, waves_of, with_waves_of_residuals

_EPOCHS_PER_NODE = 2  # epochs before another latent node is allowed
_RUN = 10  # epochs of the shortest run
_POLISHED = 16  # of the best graphs, how many are fitted further in every epoch
_NEIGHBOURS = 0.25  # share of an epoch's graphs that are all the neighbours of some
_PURSUED = 12  # parents per epoch that follow the gradient at their vertex
_BY_FEW = 12  # epochs after which the best graphs of noisy data are confirmed on all rows
_HEADS, _STARTS = 4, 2  # graphs whose neighbours are all tried at the end, and how often
_CLOSING_SHARE = 0.25  # of the time that is left, for them; the rest is for turning graphs into equations
_STEP = 5.0  # of the logits, as a multiple of the learning rate: natural gradients are mostly below a tenth
_WAVES_AT = (1, 3, 7)  # ages of a run at which waves are looked for in residuals
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
    noisy : bool
        Are graphs confirmed on all rows?
    sums : Sums
        Of given terms; exact ones are in the population as well.
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
    sums: Sums
    age: int = 0
    runs: int = 0
    grown: int = 1
    expanded: frozenset[bytes] = frozenset()
    rows: int = 1
    noisy: bool = False
    train_loss: float = np.inf
    validation_loss: float = np.inf
    fitted: int = 0
    epochs: int = 0

    @property
    def architecture(self) -> tuple[np.ndarray, np.ndarray]:
        """α [1, A, E, M] and β [1, N, A]: one distribution, shared by all replicas."""
        return self.alpha[None], self.beta[None]

    @property
    def known(self) -> Population:
        """The best graphs, and the sums of given terms."""
        return joined(self.population, self.sums.population)


@dataclass(frozen=True, eq=False)
class Proposal:
    """The graphs of an epoch.

    Attributes
    ----------
    batch : GenotypeBatch
    w : array [R, E, P]
    origin : array [R]
    drawn : int
        So many of them, the first, were drawn from α.
    expanded : frozenset of bytes
        Keys of the graphs whose neighbours were all proposed.
    features : Features or None
    promise : array [K]
        What each feature may explain of the residuals of good graphs.
    """

    batch: GenotypeBatch
    w: np.ndarray
    origin: np.ndarray
    drawn: int
    expanded: frozenset[bytes]
    features: Features | None
    promise: np.ndarray


class SampledSearch:
    """Epochs of the sampled search on one table of scaled rows.

    prepare: called before graphs are fitted   is_over: has the search had its time?
    """

    def __init__(
        self,
        space: SearchSpace,
        config: SearchConfig,
        assessor: Assessor,
        rng: np.random.Generator,
        prepare: Callable[[], None] = lambda: None,
        is_over: Callable[[], bool] = lambda: False,
    ) -> None:
        self._space, self._config, self._rng = space, config, rng
        self._assessor, self._prepare, self._is_over = assessor, prepare, is_over
        self._prior, self._link_prior = log_odds(space), link_log_odds(space)
        self._sums = SumSearch(space, assessor)

    @cached_property
    def _waves(self) -> tuple[SearchSpace, GenotypeBatch, np.ndarray]:
        """The space with the frequencies that the table shows, and graphs with them to start from."""
        rows = self._assessor.train if self._assessor.everything is None else self._assessor.everything
        return waves_of(self._space, rows)

    def start(self, noisy: bool = False) -> SampledState:
        """α at its prior, no graph yet. noisy: are the data known to be?"""
        space = self._space
        population = nothing(space)
        return SampledState(
            self._prior.copy(),
            np.zeros((space.nodes, len(space.aggregators))),
            self._link_prior.copy(),
            1,
            population,
            population,
            self._sums.start(),
            rows=self._assessor.all_rows if noisy else self._assessor.rows,
            noisy=noisy,
        )

    def epoch(self, state: SampledState, fraction: float) -> SampledState:
        """Propose, fit, keep the best, move α. The number of latent nodes grows with the epochs.

        The first epoch begins with what linear algebra finds at once, and is over if that is exact, or the time is.
        """
        if state.epochs == 0:
            state = self._opened(state)
            if len(state.population) or self._is_over():
                return replace(state, epochs=1)
        self._prepare()
        before = state
        state = self._restarted(state) if state.age >= _RUN * luby(state.runs + 1) else state
        state = self._by_all_rows(state) if self._turns_noisy(state) else state
        nodes = min(self._space.nodes, state.grown + state.age // _EPOCHS_PER_NODE)
        proposed = self._propose(state, nodes)
        assess = self._assessor.best_confirmed if state.noisy else self._assessor.best_fifth
        found, order = assess(proposed.batch, proposed.w, proposed.origin)
        turned = state.noisy and not before.noisy
        sums = self._sums.epoch(state.sums, state.epochs, state.rows, state.noisy, turned)
        alpha, beta, gamma = self._learn(state, proposed, order)
        lowest = int(np.argmin(found.loss)) if len(found) else 0
        return SampledState(
            alpha,
            beta,
            gamma,
            nodes,
            population=self._kept(joined(joined(state.population, found), sums.exact), state),
            active=self._kept(joined(state.active, found), state),
            age=state.age + 1,
            runs=state.runs,
            grown=state.grown,
            expanded=proposed.expanded,
            rows=state.rows,
            noisy=state.noisy,
            sums=sums,
            train_loss=float(found.train_loss[lowest]) if len(found) else np.inf,
            validation_loss=float(found.loss[lowest]) if len(found) else np.inf,
            fitted=state.fitted + len(proposed.batch),
            epochs=state.epochs + 1,
        )

    def _opened(self, state: SampledState) -> SampledState:
        """With sums of monomials and products; those that are exact are in the population."""
        sums = self._sums.opening(state.noisy)
        return replace(state, sums=sums, population=sums.exact, fitted=len(sums.population))

    def _kept(self, population: Population, state: SampledState) -> Population:
        """The best; more of them where simple constants decide in the end."""
        return best(population, state.rows, *((WIDE_SIZE, WIDE_PER_BAND) if self._closely(state) else ()))

    def _closely(self, state: SampledState) -> bool:
        """Is the table small and noisy? Then many graphs fit alike, and it is cheap to look at more of them."""
        return state.noisy and self._assessor.is_small

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

    def _turns_noisy(self, state: SampledState) -> bool:
        """Is it time to confirm on all rows?"""
        if state.noisy or state.epochs < _BY_FEW or not self._assessor.can_confirm:
            return False
        # On few validation rows a small loss may be luck.
        loss = np.maximum(state.population.loss, state.population.train_loss)
        return float(loss.min(initial=np.inf)) > QUIET

    def _by_all_rows(self, state: SampledState) -> SampledState:
        """The graphs so far, confirmed; those to come will be as well."""
        rows = self._assessor.all_rows
        population, active = (
            best(self._assessor.confirmed(p), rows) if len(p) else p for p in (state.population, state.active)
        )
        return replace(state, population=population, active=active, rows=rows, noisy=True)

    def close(self, state: SampledState, deadline: float) -> SampledState:
        """With the sums of monomials, and for noisy data with more graphs of nearly the same loss.

        Which of them has simple constants decides. They are what differs in one edge from the best graphs; while the
        search runs, a few of each size must do.
        """
        state = self._closer(state, deadline) if state.noisy and len(state.population) else state
        return replace(state, population=state.known)

    def _closer(self, state: SampledState, deadline: float) -> SampledState:
        """With the neighbours of the best graphs."""
        start = time.monotonic()
        end = start + _CLOSING_SHARE * (deadline - start)
        odds = odds_of(self._space, self._prior, np.zeros_like(state.beta), self._link_prior)
        population = state.population
        for k in list(range(min(_HEADS, len(population)))) * _STARTS:
            if time.monotonic() > end:
                break
            head = state.population.select(np.array([k]))
            near, w = neighbours(self._space, odds, head.batch, head.w, self._rng)
            found = self._assessor.all_confirmed(near, w, np.array(["neighbour"] * len(near), dtype=object))
            population = best(joined(population, found), state.rows, WIDE_SIZE, WIDE_PER_BAND)
        return replace(state, population=population)

    def _propose(self, state: SampledState, nodes: int) -> Proposal:
        """R graphs: half drawn from α, half changes of the best so far."""
        rng, replicas = self._rng, self._config.replicas
        space, waves, waves_w = self._waves
        elite = state.active
        known = len(elite) > 3
        counts = rng.integers(1, nodes + 1, size=replicas - replicas // 2 if known else replicas)
        drawn, w = sample(space, state.alpha, state.beta, counts, rng, state.gamma)
        parts = [("sample", drawn, w)] if state.age else [("sample", drawn, w), (WAVE, waves, waves_w)]
        expanded, features, promise = state.expanded, None, np.zeros(0)
        if known:
            odds = odds_of(space, state.alpha, state.beta, state.gamma)
            near, near_w, expanded = self._neighbours(state, odds)
            moves = max(0, replicas // 2 - len(near))
            pairs = rng.choice(len(elite), size=(2, moves), p=parent_odds(elite))
            parents, others = ((elite.batch.select(places), elite.w[places]) for places in pairs)
            moved = propose(space, odds, nodes, parents, others, rng, subdivide=self._closely(state))
            parts += [("neighbour", near, near_w), ("move", *moved)]
            if self._assessor.can_pursue:
                features = self._features(state, space)
                pursued, pursued_w, promise = self._pursued(state, odds, nodes, features)
                parts.append(("gradient", pursued, pursued_w))
        origin = np.concatenate([np.array([name] * len(batch), dtype=object) for name, batch, _ in parts])
        polished = elite.select(np.arange(min(_POLISHED, len(elite)) if known else 0))
        return Proposal(
            concatenate([*(batch for _, batch, _ in parts), polished.batch]),
            np.concatenate([*(w for *_, w in parts), polished.w]),
            np.concatenate([origin, polished.origin]),
            len(drawn),
            expanded,
            features,
            promise,
        )

    def _features(self, state: SampledState, space: SearchSpace) -> Features:
        """Drawn from α, and from time to time waves of what the best graphs leave."""
        drawn = draw_features(space, state.alpha, state.beta, self._assessor, self._rng)
        if state.age not in _WAVES_AT:
            return drawn
        best_ones = state.active.select(np.unique([0, int(np.argmin(state.active.loss))]))
        X = self._assessor.train.inputs.cpu().numpy()
        return with_waves_of_residuals(space, drawn, best_ones, X, self._assessor)

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

    def _pursued(
        self, state: SampledState, odds: Odds, nodes: int, features: Features
    ) -> tuple[GenotypeBatch, np.ndarray, np.ndarray]:
        """Some parents with the parts that the gradient at their vertex asks for, and what each feature promises."""
        elite, rng = state.active, self._rng
        count = min(_PURSUED, len(elite))
        parents = elite.select(rng.choice(len(elite), size=count, replace=False, p=parent_odds(elite)))
        return pursue(self._space, odds, nodes, parents, features, self._assessor, rng)

    def _learn(
        self, state: SampledState, proposed: Proposal, order: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A step along the natural gradients, with decay towards the prior; see `credit`.

        α learns from the gradient at fitted graphs: whole graphs drawn from it say little of a single edge. Where that
        gradient is not there, and for aggregators and links, the rank of the drawn graphs has to do.
        """
        space, config = self._space, self._config
        rate, decay = _STEP * config.alpha_learning_rate, config.alpha_weight_decay
        drawn = np.arange(proposed.drawn)
        batch, w, merit = proposed.batch.select(drawn), proposed.w[drawn], merit_of(order, len(proposed.batch))[drawn]
        features = proposed.features
        if features is not None:
            promise = merit_of(np.argsort(-proposed.promise, kind="stable"), len(proposed.promise))
            alpha = edge_advantage(space, features.batch, features.w, promise)
        elif self._assessor.can_pursue:
            alpha = np.zeros_like(state.alpha)
        else:
            alpha = edge_advantage(space, batch, w, merit)
        return (
            _moved(state.alpha, alpha, self._prior, rate, decay),
            _moved(state.beta, node_advantage(space, batch, merit), np.zeros_like(state.beta), rate, decay),
            _moved(state.gamma, link_advantage(space, batch, merit), self._link_prior, rate, decay),
        )


def _moved(logits: np.ndarray, gradient: np.ndarray, prior: np.ndarray, rate: float, decay: float) -> np.ndarray:
    """The logits after one step; those of −∞ stay."""
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(logits), logits + rate * gradient - decay * (logits - prior), -np.inf)


def luby(i: int) -> int:
    """1, 1, 2, 1, 1, 2, 4, …: run lengths within a log factor of the best (Luby, Sinclair & Zuckerman 1993)."""
    k = (i + 1).bit_length() - 1
    return 1 << (k - 1) if i + 1 == 1 << k else luby(i - (1 << k) + 1)


def _finite(logits: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(logits), logits, otherwise)
