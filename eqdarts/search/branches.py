"""Branches of a search: the columns in their own units, and what symmetries of its best graphs leave.

A column of large or small numbers is scaled, so that starting values suit it. Some laws have simple constants in the
column's own units instead, such as the 1 in log(x + √(x² + 1)) for x up to 100, which is 0.0002 in units of 64. So the
search is done in both.

A column such as a date or a year lies far from zero beside its spread. Exponentials and powers of it take constants
beyond the doubles, or ones that hold each other to many digits. So the search is done from its beginning as well.

One row at which a law is 0/0 as it is written, as sin(x)/x at 0, would veto it. Where few rows can be of that kind, the
search is done without them as well, and its equations are judged on all rows, by their limits there.

A graph that imitates the law is seldom the law, but it has the law's symmetries. They turn y(x) into M·f(g) with fewer
groups g than columns (see `symmetry`), and the search of f is one of a smaller table. Nothing has to be believed: a
branch whose symmetry was an accident finds nothing exact, and its equations compete on the same front.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
import sympy

from eqdarts.data.columns import column_scale
from eqdarts.data.table import Table
from eqdarts.equation.equation import Equation
from eqdarts.equation.front import Front
from eqdarts.formula.tape import tape
from eqdarts.graph.links import usable
from eqdarts.graph.space import SearchSpace
from eqdarts.options import SearchConfig
from eqdarts.propose.symmetry import Reduction, ambiguity, reductions
from eqdarts.search.budget import BUDGET
from eqdarts.search.finish import candidates, finish
from eqdarts.search.machine import Machine
from eqdarts.search.problem import Problem, View, from_origins, moderate
from eqdarts.search.sampled import SampledSearch, SampledState
from eqdarts.search.stops import ExactGraphs, Watch
from eqdarts.simplify.singularities import special_rows

_FAR = 10.0  # times its spread: a column that lies so far from zero is also searched from its beginning; not tuned
_LARGEST_UNIT = 1000.0  # of a column that is also searched without


@dataclass(frozen=True)
class _Growth:
    """How branches begin, live and end. No number was tuned alone; what branches bring: benchmarks/README.md, "What
    symmetries buy".

    Attributes
    ----------
    first, again : int, float
        Epochs before a search is asked for its symmetries, and how many times more before it is asked again: the slopes
        of its best graphs become more exact.
    asked : int
        Of its graphs, those with the lowest losses.
    most_open : float
        Relative loss from which on a graph's slopes say nothing.
    rows, rows_of_neighbours : int
        On which slopes are taken, and on which a reduction is held against the table.
    tried, taken : int
        Reductions of a graph that are held against the table, the simplest first, and those that agree best with it.
    depth : int
        Branches may have branches.
    most : int
        Branches of one search; a better one takes the place of the worst.
    fair : int
        Epochs that every branch gets.
    probation, no_better : int, float
        Epochs after which a branch must not have a loss of so many times its parent's.
    per_epoch : int
        Their epochs for one of the main search: of a smaller table they take less time.
    closed, finished : int
        Branches, and graphs of each, that become equations at the end.
    closed_without_clock : int
        The same branches where nothing but itself ends the closing.
    """

    first: int = 4
    again: float = 1.5
    asked: int = 2
    most_open: float = 0.5
    rows: int = 500
    rows_of_neighbours: int = 1000
    tried: int = 24
    taken: int = 4
    depth: int = 2
    most: int = 12
    fair: int = 2
    probation: int = 6
    no_better: float = 1.5
    per_epoch: int = 4
    closed: int = 4
    finished: int = 8
    closed_without_clock: int = 1


_GROWTH = _Growth()


@dataclass(eq=False)
class _Branch:
    """One search, where it stands, and what its inputs are."""

    space: SearchSpace
    problem: Problem  # of the groups
    table: Problem  # on which its graphs become equations
    view: View
    searcher: SampledSearch
    state: SampledState
    exact: ExactGraphs
    depth: int
    open_share: float  # of the target's variance, see `ambiguity`
    parent_loss: float  # the least of its parent when the symmetry was found
    epochs: int = 0
    next_question: int = _GROWTH.first

    @property
    def loss(self) -> float:
        """Of its best graph."""
        return _least_loss(self.state)

    @property
    def promise(self) -> float:
        """Lower is better: the least relative loss that may be within reach, and a charge for every input.

        Infinite if the branch has become no better than its parent.
        """
        if self.epochs >= _GROWTH.probation and self.loss > _GROWTH.no_better * self.parent_loss:
            return np.inf
        # Under noise many reach the same loss, and the law is found first where it has the fewest inputs.
        return _charged(min(self.open_share, self.loss), self.space.n_inputs)


def _least_loss(state: SampledState) -> float:
    return float(state.population.loss.min(initial=np.inf))


def _charged(loss: float, inputs: int) -> float:
    return loss * (1 + inputs)


def can_branch(config: SearchConfig) -> bool:
    """Are graphs drawn?"""
    return config.optimizer == "lm"


def _has_symmetries(space: SearchSpace, config: SearchConfig) -> bool:
    """Are there several columns, and may graphs be what a symmetry needs: sums, and products of powers?"""
    writable = {"sum", "product"} <= set(space.aggregators) and {"linear", "power"} <= set(space.operations)
    return config.symmetries and writable and space.n_inputs > 1


def _is_scaled(problem: Problem) -> bool:
    """Does the search see scaled columns, of a magnitude that it might bear without?"""
    scale = problem.x_scale
    return bool((scale != 1).any() and (scale <= _LARGEST_UNIT).all() and (scale >= 1 / _LARGEST_UNIT).all())


def origins_of(X: np.ndarray) -> np.ndarray:
    """A round number [d] just below the values of each column of X [n, d] that lies far from zero, and 0 of others.

    Examples
    --------
    >>> seconds = 1.7e9 + np.arange(60) * 60.0
    >>> origins_of(np.column_stack([seconds, np.arange(1950.0, 2010.0), np.arange(1.0, 61.0)]))
    array([1.70e+09, 1.95e+03, 0.00e+00])
    """
    spread = np.ptp(X, axis=0)
    far = np.abs(X).min(axis=0) > _FAR * spread
    columns = zip(X.min(axis=0), spread, far & (spread > 0), strict=True)
    return np.array([_round_below(least, width) if use else 0.0 for least, width, use in columns])


def _round_below(least: float, spread: float) -> float:
    """A multiple of a power of ten not above the spread, a whole number unless that is far smaller than one."""
    power = int(np.floor(np.log10(spread)))
    power = max(power, 0) if power >= -1 else power
    return float(f"{np.floor(least / 10.0**power):.0f}e{power}")


class Branches:
    """The branches of a search on a table; for every epoch of the search they do some."""

    def __init__(
        self, space: SearchSpace, watch: Watch, problem: Problem, rng: np.random.Generator, machine: Machine
    ) -> None:
        self._space, self._watch, self._problem = space, watch, problem
        self._config = watch.config
        self._rng, self._machine = rng, machine
        self._branches: list[_Branch] = []
        self._known: set[tuple[sympy.Expr, ...]] = set()
        self._next_question = _GROWTH.first if _has_symmetries(space, self._config) else np.inf
        self._companions: list[_Branch] = []  # of the search on the columns, which take turns beside it
        if _is_scaled(problem):
            own = replace(problem, x_scale=np.ones(space.n_inputs))
            self._companions.append(self._made(own, own.view, False, _GROWTH.depth, np.inf, np.inf))
        origins = origins_of(problem.table.X)
        if origins.any():
            near = problem.shifted(origins)
            shown = tuple(map(str, from_origins(problem.table.names, origins)))
            view = replace(near.view, kind="shifted", names=shown)
            self._companions.append(self._made(near, view, False, _GROWTH.depth, np.inf, np.inf, near))
        special = special_rows(problem.table.X)
        if special.any() and problem.whole is None:
            regular = problem.without(special)
            if np.ptp(regular.table.X, axis=0).all() and np.ptp(regular.table.y):
                self._companions.append(
                    self._made(regular, regular.view, False, _GROWTH.depth, np.inf, np.inf, regular)
                )

    def epoch(self, state: SampledState, front: Front, epoch: int) -> tuple[Front, bool]:
        """The front after some epochs of branches; true when the search may end.

        state, epoch: of the search on the columns
        """
        if epoch >= self._next_question:
            self._next_question = ceil(_GROWTH.again * epoch)
            self._grow(self._space, state, self._problem, self._problem.view, 0)
        certain = False
        if self._companions:
            front, certain = self._step(self._companions[epoch % len(self._companions)], front, epoch)
        for _ in range(_GROWTH.per_epoch):
            branch = self._next()
            if branch is None or certain or self._watch.is_over:
                break
            front, certain = self._step(branch, front, epoch)
        return front, certain

    def _step(self, branch: _Branch, front: Front, epoch: int) -> tuple[Front, bool]:
        """One epoch of a branch."""
        branch.epochs += 1
        branch.state = branch.searcher.epoch(branch.state, self._watch.done(epoch))
        if branch.epochs >= branch.next_question and branch.depth < _GROWTH.depth:
            branch.next_question = ceil(_GROWTH.again * branch.epochs)
            self._grow(branch.space, branch.state, branch.problem, branch.view, branch.depth)
        return branch.exact.finish(branch.space, branch.state.population, front, epoch)

    def _next(self) -> _Branch | None:
        """New ones first; then the most promising more often than the next: one law may be written in several ways."""
        ranked = sorted((b for b in self._branches if b.promise < np.inf), key=lambda b: b.promise)
        if not ranked:
            return None
        turns = [b.epochs * (1.0 if b.epochs < _GROWTH.fair else 1.0 + rank / 2) for rank, b in enumerate(ranked)]
        return ranked[int(np.argmin(turns))]

    def close(self, deadline: float) -> Iterator[Equation]:
        """The best graphs of the most promising branches."""
        begin = time.monotonic()
        end = begin + BUDGET.branches * (deadline - begin)
        most = _GROWTH.closed if np.isfinite(deadline) else _GROWTH.closed_without_clock
        closed = sorted([*self._branches, *self._companions], key=lambda b: b.promise)[:most]
        for i, branch in enumerate(closed):
            now = time.monotonic()
            share = now + (end - now) / (len(closed) - i)
            population = branch.searcher.close(branch.state, share).population
            if len(population):
                places = candidates(population, branch.state.rows, _GROWTH.finished)
                yield from finish(branch.space, population, places, branch.table, share, view=branch.view)

    def _grow(self, space: SearchSpace, state: SampledState, problem: Problem, view: View, depth: int) -> None:
        """New branches from the symmetries of the best graphs."""
        population = state.population
        if not problem.exact_loss < _least_loss(state) < _GROWTH.most_open:
            return
        for k in np.argsort(population.loss, kind="stable")[: _GROWTH.asked]:
            formula = problem.view.formula(
                space, population.batch.genotype(space, int(k)), population.w[k], population.coefficients[k]
            )
            tried: list[tuple[float, int, Reduction, Problem]] = []
            for reduction in symmetries(formula, problem.symbols, problem.sample(_GROWTH.rows).X)[: _GROWTH.tried]:
                smaller = reduced(problem, reduction)
                if smaller is not None:
                    rows = smaller.sample(_GROWTH.rows_of_neighbours)
                    open_share = ambiguity(rows.X, rows.y, rows.root_weights)
                    tried.append((open_share, len(tried), reduction, smaller))
            for value, _, reduction, smaller in sorted(tried)[: _GROWTH.taken]:
                self._branch(reduction, smaller, view, depth + 1, value, state)

    def _branch(
        self, reduction: Reduction, smaller: Problem, view: View, depth: int, open_share: float, parent: SampledState
    ) -> None:
        groups, prefactor = reduction.symbolic(view.inputs)
        prefactor = view.prefactor * prefactor
        key = tuple(map(sympy.expand, (*groups, prefactor)))  # a difference can be written as x − t·u and u·(x/u − t)
        if key in self._known:
            return
        if len(self._branches) >= _GROWTH.most:
            worst = max(self._branches, key=lambda b: b.promise)
            if worst.promise <= _charged(open_share, len(groups)):
                return
            self._branches.remove(worst)
        self._known.add(key)
        inner = View(groups, prefactor, smaller.x_scale, smaller.y_scale, kind="symmetry")
        self._branches.append(self._made(smaller, inner, parent.noisy, depth, open_share, _least_loss(parent)))

    def _made(
        self,
        problem: Problem,
        view: View,
        noisy: bool,
        depth: int,
        open_share: float,
        parent_loss: float,
        table: Problem | None = None,
    ) -> _Branch:
        """A search of its own at its start. table: on which its graphs become equations, by default the columns"""
        table = self._problem if table is None else table
        space = replace(
            self._space,
            inputs=problem.table.names,
            signed=problem.signed,
            links=usable(self._config.links, problem.table.y, scaled=problem.y_scale != 1),
        )
        assessor = self._machine.assessor(space, problem)
        searcher = SampledSearch(space, self._config, assessor, self._rng.spawn(1)[0], self._machine.prepare)
        exact = ExactGraphs(table, self._watch, view)
        state = searcher.start(noisy)
        return _Branch(space, problem, table, view, searcher, state, exact, depth, open_share, parent_loss)


def symmetries(formula: sympy.Expr, symbols: tuple[sympy.Symbol, ...], X: np.ndarray) -> list[Reduction]:
    """What the symmetries of a formula on the rows X [n, d] leave of it."""
    value, by = tape(formula, symbols).linearise(range(len(symbols)), *X.T)
    value = np.broadcast_to(value, len(X))
    slopes = np.column_stack([np.broadcast_to(s, len(X)) for s in by])  # [n, d]
    good = np.isfinite(value) & np.isfinite(slopes).all(axis=1)
    return reductions(X[good], value[good], slopes[good]) if good.sum() > X.shape[1] else []


def reduced(problem: Problem, reduction: Reduction) -> Problem | None:
    """The table of the groups, its target divided by the prefactor; None where floats cannot hold it."""
    X, prefactor = reduction.apply(problem.table.X)
    with np.errstate(all="ignore"):
        y = problem.table.y / prefactor
        weights = prefactor**2 if problem.table.weights is None else problem.table.weights * prefactor**2
        weights = weights / weights.mean()
    if not (np.isfinite(X).all() and np.isfinite(y).all() and np.isfinite(weights).all()):
        return None
    if (np.ptp(X, axis=0) == 0).any() or np.ptp(y) == 0:
        return None
    names = tuple(f"g{i + 1}" for i in range(X.shape[1]))
    return Problem(
        table=Table(X, y, names, problem.table.target, None if np.ptp(weights) == 0 else weights),
        columns=names,
        x_scale=moderate(np.array([column_scale(column) for column in X.T])),
        y_scale=float(moderate(np.array([column_scale(y, weights)]))[0]),
        x_unit=np.ones(X.shape[1]),
        y_unit=1.0,
        subset=problem.subset,
        train=problem.train,
        validation=problem.validation,
        rounding=problem.blur / np.abs(prefactor),
    )
