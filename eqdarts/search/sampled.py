"""The sampled search: graphs drawn from α, fitted by Levenberg–Marquardt, and α moved by what they tell.

α is shared by all replicas of an epoch; a replica is one graph drawn from it. A graph is a vertex
of the relaxation, so there is no discretisation gap, and w*(α) is nearly exact.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from eqdarts.checkpoint.generator import GeneratorState
from eqdarts.darts.alpha_step import Credited, merit_of, step
from eqdarts.darts.architecture import LinkedArchitecture, prior
from eqdarts.darts.sampling import odds_of
from eqdarts.data.nearby import holds_nothing, holds_something
from eqdarts.data.table import Table
from eqdarts.data.zero import LADDER
from eqdarts.fit.assess import Assessor
from eqdarts.graph.genotype import GenotypeBatch, concatenate
from eqdarts.graph.links import LINK_NAMES
from eqdarts.graph.population import WIDE_PER_BAND, WIDE_SIZE, Population, best, joined, nothing, scores
from eqdarts.graph.space import SearchSpace
from eqdarts.options import SearchConfig
from eqdarts.propose.draw import Draw
from eqdarts.propose.gradient import Gradient
from eqdarts.propose.neighbours import Neighbours, neighbours
from eqdarts.propose.proposer import Evidence, Graphs, Situation
from eqdarts.propose.sources import PROPOSERS, made
from eqdarts.propose.waves import rows_of_waves, with_frequencies
from eqdarts.search.budget import Tally
from eqdarts.search.earlier import Earlier
from eqdarts.search.log import Log
from eqdarts.search.memory import SearcherMemory, checked_state, recall, remembered
from eqdarts.search.runs import SampledState, arrived, gains, has_ended, next_run, reached
from eqdarts.search.settled import Arrivals
from eqdarts.search.sums import SumSearch


@dataclass(frozen=True)
class _Schedule:
    """What happens when; not tuned, but where a study is named (benchmarks/README.md).

    Attributes
    ----------
    epochs_per_node : int
        Before another latent node is allowed.
    polished : int
        How many of the best graphs are fitted further in every epoch.
    before_noise, before_all_rows, at_the_latest : int
        Epochs before data of which no graph is near exact count as noisy, and the best are confirmed on all rows: where
        the best graph leaves what looks like noise; where rows are too few to tell; and where what it leaves is no
        noise, so that no graph is near the law yet. To confirm none solved fewer problems ("What symmetries buy").
    heads, starts : int
        Graphs of noisy data whose neighbours are all tried at the end, and how often each, from other constants.
    step : float
        Of the logits, as a multiple of the learning rate: natural gradients are mostly below a tenth. Between 4, 15 and
        40 no difference was seen ("What α buys").
    first_graphs, first_epochs, doubling : int
        Graphs of an epoch at first, and from this epoch on twice as many after so many more each, until the data count
        as noisy: most laws are found by what is asked at some epoch, and not by how many graphs were drawn until then
        ("What α buys").
    """

    epochs_per_node: int = 2
    polished: int = 16
    before_noise: int = 3
    before_all_rows: int = 10
    at_the_latest: int = 20
    heads: int = 4
    starts: int = 2
    step: float = 5.0
    first_graphs: int = 512
    first_epochs: int = 4
    doubling: int = 2


_WHEN = _Schedule()


@dataclass(frozen=True, eq=False)
class Proposal:
    """The graphs of an epoch [R], where their fit starts, and which source gave each; and what α may learn of them.

    The first `drawn` of them come from α. After those that are `given` by sources come the best ones again.
    """

    batch: GenotypeBatch
    w: np.ndarray
    origin: np.ndarray
    drawn: int
    given: int
    evidence: Evidence | None

    def first(self, room: int) -> Proposal:
        """The first so many of them."""
        if room >= len(self.batch):
            return self
        return replace(
            self, batch=self.batch.select(np.arange(room)), w=self.w[:room], origin=self.origin[:room],
            drawn=min(self.drawn, room), given=min(self.given, room),
        )  # fmt: skip


def graphs_of_epoch(replicas: int, epochs: int, noisy: bool) -> int:
    """How many graphs an epoch draws or makes of others: few in the first epochs, at most `replicas`.

    epochs: that are done   noisy: do the data count as noisy?

    Examples
    --------
    >>> [graphs_of_epoch(2048, epochs, noisy=False) for epochs in (0, 5, 6, 8, 100)]
    [512, 512, 1024, 2048, 2048]
    """
    doubled = min(30, max(0, epochs - _WHEN.first_epochs) // _WHEN.doubling)
    return replicas if noisy else min(replicas, _WHEN.first_graphs << doubled)


class SampledSearch:
    """Epochs of the sampled search on one table of scaled rows.

    prepare: called before graphs are fitted   is_over: has the search had its time?
    is_noisy: are the data known to be noisy before the first epoch?   left_by: what values of a graph leave of these
    tally: of graphs that were fitted
    """

    def __init__(
        self,
        space: SearchSpace,
        config: SearchConfig,
        assessor: Assessor,
        rng: np.random.Generator,
        prepare: Callable[[], None] = lambda: None,
        is_over: Callable[[], bool] = lambda: False,
        is_noisy: bool = False,
        left_by: Callable[[np.ndarray | None], np.ndarray | None] = lambda values: None,
        tally: Tally | None = None,
    ) -> None:
        self._space, self._config, self._rng, self._is_noisy = space, config, rng, is_noisy
        self._left_by = left_by
        self._assessor, self._prepare, self._is_over = assessor, prepare, is_over
        self._tally = Tally() if tally is None else tally
        self._prior = prior(space)
        self._proposers, self._solvers = made(config.proposers or PROPOSERS)
        self._sums = SumSearch(space, assessor, self._solvers)

    @cached_property
    def _waves(self) -> SearchSpace:
        """The space with the frequencies that the table shows, at which drawn sines start."""
        return with_frequencies(self._space, rows_of_waves(self._assessor), self._is_over)

    @property
    def _sources(self) -> list[Any]:
        """Each source once."""
        return list({id(source): source for source in (*self._proposers, *self._solvers)}.values())

    def memory(self, state: SampledState) -> SearcherMemory:
        """Where it stands."""
        waves: SearchSpace | None = vars(self).get("_waves")
        frequencies = None if waves is None else waves.frequencies
        return SearcherMemory(state, GeneratorState.of(self._rng), frequencies, remembered(self._sources))

    def recall(self, memory: SearcherMemory) -> SampledState:
        """Go on from there."""
        self._rng = memory.rng.generator()
        recall(self._space, self._sources, memory.sources)
        if memory.frequencies is not None:
            self._waves = replace(self._space, frequencies=memory.frequencies)
        return checked_state(self._space, memory.state)

    def start(self, noisy: bool = False) -> SampledState:
        """α at its prior, no graph yet. noisy: are the data known to be?"""
        noisy = noisy or self._is_noisy
        population = nothing(self._space)
        return SampledState(
            self._prior,
            1,
            population,
            population,
            self._sums.start(),
            rows=self._assessor.all_rows if noisy else self._assessor.rows,
            noisy=noisy,
        )

    def resumed(self, earlier: Earlier) -> SampledState:
        """α and the graphs of an earlier search, these fitted to the rows of this one."""
        self._prepare()
        noisy = earlier.noisy and self._assessor.can_confirm
        start, graphs = self.start(noisy), earlier.population
        weights = LinkedArchitecture(
            earlier.alpha[0], earlier.beta[0], earlier.link_weights(self._space, self._prior.gamma)
        )
        fit = self._assessor.all_confirmed if noisy else self._assessor.all_of
        usable = np.flatnonzero(np.isin(graphs.batch.links, [LINK_NAMES.index(link) for link in self._space.links]))
        some = graphs.select(usable)
        found = fit(some.batch, some.w, some.origin) if len(some) else nothing(self._space)
        population = self._kept(found, start)
        nodes = self._space.nodes
        return replace(
            start, weights=weights, nodes=nodes, grown=nodes, population=population, active=population,
            sums=self._sums.opening(noisy, Log()), epochs=1, fitted=len(some),
        )  # fmt: skip

    def epoch(self, state: SampledState, fraction: float, noisy: bool = False) -> SampledState:
        """Propose, fit, keep the best, move α. The number of latent nodes grows with the epochs.

        The first epoch begins with what linear algebra finds at once, and is over if that is exact, or the time is.
        noisy: is it known by now that the data are?
        """
        log = Log()
        if state.epochs == 0:
            state = self._opened(state, log)
            if len(state.population) or self._is_over():
                return replace(state, epochs=1, shares=log.shares)
        self._prepare()
        turns = self._turns_noisy(state, noisy)
        state = self._by_all_rows(state) if turns else state
        if turns or has_ended(state):
            state = next_run(state, self._prior, self._space, self._rng)
        nodes = min(self._space.nodes, state.grown + state.age // _WHEN.epochs_per_node)
        proposed = self._propose(state, nodes, log)
        room = self._tally.room(len(proposed.batch))
        log.withdraw(proposed.origin[room : proposed.given])
        proposed = proposed.first(room)
        found, order = self._fitted(state, proposed, log)
        given = log.graphs
        sums = self._sums.epoch(state.sums, state.epochs, state.rows, state.noisy, turns, log)
        self._tally.done += log.graphs - given
        population = self._kept(joined(joined(state.population, found), sums.exact), state)
        log.keep(joined(population, sums.population))
        lowest = int(np.argmin(found.loss)) if len(found) else 0
        active, fitted = self._kept(joined(state.active, found), state), state.fitted + len(proposed.batch)
        known = joined(population, sums.population)
        arrivals = arrived(state, population, active, sums.population, fitted)
        leaves_noise = state.noisy and holds_nothing(*self._left(known, state.rows))
        return SampledState(
            self._learn(state, proposed, order),
            nodes,
            population=population,
            active=active,
            age=state.age + 1,
            runs=state.runs,
            grown=state.grown,
            rows=state.rows,
            noisy=state.noisy,
            sums=sums,
            arrivals=arrivals,
            gained=state.age + 1 if gains(state, active) else state.gained,
            leaves_noise=leaves_noise,
            is_settled=leaves_noise and arrivals.is_settled(self._config.agreeing_runs),
            train_loss=float(found.train_loss[lowest]) if len(found) else np.inf,
            validation_loss=float(found.loss[lowest]) if len(found) else np.inf,
            fitted=fitted,
            epochs=state.epochs + 1,
            shares=log.shares,
        )

    def _opened(self, state: SampledState, log: Log) -> SampledState:
        """With sums of monomials and products; those that are exact are in the population."""
        sums = self._sums.opening(state.noisy, log)
        log.keep(sums.population)
        self._tally.room(len(sums.population))
        return replace(state, sums=sums, population=sums.exact, fitted=len(sums.population))

    def _kept(self, population: Population, state: SampledState) -> Population:
        """The best; more of them where simple constants decide in the end."""
        wide = (WIDE_SIZE, WIDE_PER_BAND) if self._assessor.looks_closely(state.noisy) else ()
        return best(population, state.rows, *wide)

    def _turns_noisy(self, state: SampledState, known: bool) -> bool:
        """Is it time to confirm on all rows?"""
        if state.noisy or not self._assessor.can_confirm:
            return False
        if known or state.epochs < _WHEN.before_noise:
            return known
        # On few validation rows a small loss may be luck.
        loss = np.maximum(state.population.loss, state.population.train_loss)
        if not float(loss.min(initial=np.inf)) > LADDER.quiet:
            return False
        if state.epochs < _WHEN.before_all_rows:
            return state.arrivals.is_stale and holds_nothing(*self._left(state.known, state.rows), sure=True)
        return state.epochs >= _WHEN.at_the_latest or not holds_something(*self._left(state.known, state.rows))

    def _left(self, known: Population, rows: int) -> tuple[Table, np.ndarray]:
        """All rows, and what the best of these graphs leaves of them [n]."""
        table, score = self._assessor.everything, scores(known.loss, known.complexity, rows)
        assert table is not None
        explains = score.min(initial=0.0) < 0.0  # more than the mean
        best_one = known.select(np.array([np.argmin(score)])) if explains else None
        left = self._left_by(None if best_one is None else self._assessor.values(best_one)) if self._is_noisy else None
        if left is None:
            left = table.y if best_one is None else self._assessor.residual(best_one)
        return table, left

    def _by_all_rows(self, state: SampledState) -> SampledState:
        """The graphs so far, confirmed; those to come will be as well."""
        rows = self._assessor.all_rows
        population, active = (
            best(self._assessor.confirmed(p), rows) if len(p) else p for p in (state.population, state.active)
        )
        # What came before may have been found by any of the runs until now, which count as one.
        earlier = reached(population, rows)
        arrivals = Arrivals().after(earlier, earlier, state.fitted)
        return replace(state, population=population, active=active, rows=rows, noisy=True, arrivals=arrivals)

    def close(self, state: SampledState, deadline: float) -> SampledState:
        """With the sums of monomials, and for noisy data with more graphs of nearly the same loss.

        Which of them has simple constants decides. They are what differs in one edge from the best graphs; while the
        search runs, a few of each size must do.
        """
        state = self._closer(state, deadline) if state.noisy and len(state.population) else state
        return replace(state, population=state.known)

    def _closer(self, state: SampledState, deadline: float) -> SampledState:
        """With the neighbours of the best graphs."""
        odds = odds_of(self._space, self._prior.alpha, self._prior.beta, self._prior.gamma)
        population = state.population
        for k in list(range(min(_WHEN.heads, len(population)))) * _WHEN.starts:
            if time.monotonic() > deadline:
                break
            head = state.population.select(np.array([k]))
            near, w = neighbours(self._space, odds, head.batch, head.w, self._rng)
            room = self._tally.room(len(near), closing=True)
            if not room:
                break
            near, w = near.select(np.arange(room)), w[:room]
            found = self._assessor.all_confirmed(near, w, np.array([Neighbours.name] * len(near), dtype=object))
            population = best(joined(population, found), state.rows, WIDE_SIZE, WIDE_PER_BAND)
        return replace(state, population=population)

    def _propose(self, state: SampledState, nodes: int, log: Log) -> Proposal:
        """R graphs and some in addition, of all sources in their order; and the best so far again."""
        replicas = graphs_of_epoch(self._config.replicas, state.epochs, state.noisy)
        now = Situation(
            self._waves, state.weights, state.active, self._assessor, self._rng, replicas, replicas, nodes, state.age,
            state.noisy, self._is_over,
        )  # fmt: skip
        parts: list[tuple[str, Graphs]] = []
        for proposer in self._proposers:
            with log.timed(proposer.name) as record:
                graphs = proposer.propose(now)
                if graphs is None:
                    continue
                record(len(graphs.batch))
            parts.append((proposer.name, graphs))
            if not proposer.in_addition:
                now = replace(now, room=max(0, now.room - len(graphs.batch)))
        polished = state.active.select(np.arange(min(_WHEN.polished, len(state.active)) if now.is_known else 0))
        origin = [np.array([name] * len(graphs.batch), dtype=object) for name, graphs in parts]
        return Proposal(
            concatenate([*(graphs.batch for _, graphs in parts), polished.batch]),
            np.concatenate([*(graphs.w for _, graphs in parts), polished.w]),
            np.concatenate([*origin, polished.origin]),
            sum(len(graphs.batch) for name, graphs in parts if name == Draw.name),
            sum(len(graphs.batch) for _, graphs in parts),
            next((graphs.evidence for _, graphs in parts if graphs.evidence is not None), None),
        )

    def _fitted(self, state: SampledState, proposed: Proposal, log: Log) -> tuple[Population, np.ndarray]:
        """The most promising, and the order of all."""
        if not len(proposed.batch):
            return nothing(self._space), np.zeros(0, dtype=np.int64)
        begin = time.monotonic()
        assess = self._assessor.best_confirmed if state.noisy else self._assessor.best_fifth
        found, order = assess(proposed.batch, proposed.w, proposed.origin)
        log.fitted(proposed.origin, time.monotonic() - begin)
        return found, order

    def _learn(self, state: SampledState, proposed: Proposal, order: np.ndarray) -> LinkedArchitecture:
        """A step along the natural gradients, with decay towards the prior; see `eqdarts.darts.alpha_step`.

        α learns from the gradient at fitted graphs: whole graphs drawn from it say little of a single edge. Where that
        gradient is not there, and for aggregators and links, the rank of the drawn graphs has to do.
        """
        rank = merit_of(order, len(proposed.batch))
        drawn = np.arange(proposed.drawn)
        credited = Credited(proposed.batch.select(drawn), proposed.w[drawn], rank[drawn])
        evidence, parts = proposed.evidence, None if self._follows_gradient else credited
        if evidence is not None:
            promise = merit_of(np.argsort(-evidence.promise, kind="stable"), len(evidence.promise))
            parts = Credited(evidence.batch, evidence.w, promise)
        rate, decay = _WHEN.step * self._config.alpha_learning_rate, self._config.alpha_weight_decay
        return step(self._space, state.weights, self._prior, parts, credited, rate, decay)

    @property
    def _follows_gradient(self) -> bool:
        """Is α learned from the gradient at fitted graphs, as soon as there are some?"""
        return self._assessor.can_pursue and any(p.name == Gradient.name for p in self._proposers)
