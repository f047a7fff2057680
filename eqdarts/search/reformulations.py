"""Reformulations: other problems whose laws are laws of the table. Each is a class and a name in `proposers=`.

- "units": a column of large or small numbers is scaled, so that starting values suit it. Some laws have simple
  constants in the column's own units instead, such as the 1 in log(x + √(x² + 1)) for x up to 100, which is 0.0002 in
  units of 64.
- "shifted": a column such as a date or a year lies far from zero beside its spread. Exponentials and powers of it take
  constants beyond the doubles, or ones that hold each other to many digits. So it is also taken from its beginning.
- "regular": one row at which a law is 0/0 as it is written, as sin(x)/x at 0, would veto it. Where few rows can be of
  that kind, the search is done without them as well, and its equations are judged on all rows, by their limits there.
  Of a grid many rows are, and groups of them are left out in turn.
- "dimensionless": where the units of the columns are known, a law whose constants are pure numbers is a product of
  powers of columns times a function of products without dimension (`eqdarts.dimensions.groups`).
- "symmetry": a table may have fewer quantities than columns: y(x) = M·f(g), with groups g and a prefactor M. The rows
  themselves show it where those that agree in g agree in y/M (`eqdarts.propose.similarity`), and so do graphs: one that
  imitates the law is seldom the law, but it has the law's symmetries (`eqdarts.propose.symmetry`). Nothing has to be
  believed: where a symmetry was an accident nothing exact is found, and the equations compete on the same front.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import sympy

from eqdarts.data.columns import column_scale
from eqdarts.data.nearby import ambiguity
from eqdarts.data.table import Table
from eqdarts.dimensions.groups import groupings
from eqdarts.formula.tape import on_rows, tape
from eqdarts.graph.population import Population
from eqdarts.graph.space import SearchSpace
from eqdarts.propose.similarity import similarities
from eqdarts.propose.symmetry import Reduction, reductions
from eqdarts.search.problem import Problem, View, from_origins, moderate
from eqdarts.search.unit_sums import Units
from eqdarts.simplify.singularities import special_rows

_FAR = 10.0  # times its spread: a column that lies so far from zero is also searched from its beginning; not tuned
_LARGEST_UNIT = 1000.0  # of a column that is also searched without


@dataclass(frozen=True, eq=False)
class Reformulated:
    """Another problem.

    Attributes
    ----------
    problem : Problem
        What is searched.
    view : View
        What its inputs and its target are in the columns of the table.
    judged_on : Problem
        What its graphs become equations of.
    open_share : float
        The share of the variance of its target that no function of its inputs can explain, as far as the rows show it;
        ∞ where that was not asked.
    """

    problem: Problem
    view: View
    judged_on: Problem
    open_share: float = np.inf


class Reformulation(Protocol):
    """One that is there from the start; `name` is its word in `proposers=` and in the origin of its equations."""

    name: str

    def of(self, problem: Problem) -> Iterator[Reformulated]:
        """The other problems; none if there is nothing to be had."""
        ...


class OwnUnits:
    """Columns that are scaled, as they are in the table."""

    name = "units"

    def of(self, problem: Problem) -> Iterator[Reformulated]:
        """None if no column is scaled, or one so far that the search could not bear it otherwise."""
        scale = problem.x_scale
        if (scale != 1).any() and (scale <= _LARGEST_UNIT).all() and (scale >= 1 / _LARGEST_UNIT).all():
            own = replace(problem, x_scale=np.ones(len(scale)))
            yield Reformulated(own, replace(own.view, kind=self.name), problem)


class Shifted:
    """Columns far from zero, less a round number just below their values."""

    name = "shifted"

    def of(self, problem: Problem) -> Iterator[Reformulated]:
        """None if no column lies far from zero."""
        origins = origins_of(problem.table.X)
        if origins.any():
            near = problem.shifted(origins)
            shown = tuple(map(str, from_origins(problem.table.names, origins)))
            yield Reformulated(near, replace(near.view, kind=self.name, names=shown), near)


class Regular:
    """The table without the few rows at which laws may be 0/0."""

    name = "regular"

    def of(self, problem: Problem) -> Iterator[Reformulated]:
        """One for each group of such rows without which every column, and the target, still varies."""
        for special in special_rows(problem.table.X):
            regular = problem.without(special)
            if np.ptp(regular.table.X, axis=0).all() and np.ptp(regular.table.y):
                yield Reformulated(regular, replace(regular.view, kind=self.name), regular)


#: Those that are there from the start, by name.
AT_ONCE: dict[str, Reformulation] = {one.name: one for one in (OwnUnits(), Shifted(), Regular())}


def made_at_once(problem: Problem, names: Sequence[str]) -> list[list[Reformulated]]:
    """What each of the named ones makes of a problem, of those that make something."""
    found = (list(AT_ONCE[name].of(problem)) for name in AT_ONCE if name in names)
    return [some for some in found if some]


@dataclass(frozen=True)
class Symmetries:
    """What the symmetries of good graphs leave of a problem. No number was tuned alone: benchmarks/README.md, "What
    symmetries buy".

    Attributes
    ----------
    asked : int
        Graphs that are asked, those with the lowest losses.
    most_open : float
        Relative loss from which on a graph's slopes say nothing.
    rows, rows_of_neighbours : int
        On which slopes are taken, and on which a reduction is held against the table.
    tried, taken : int
        Reductions of a graph that are held against the table, the simplest first, and those that agree best with it.
    """

    asked: int = 2
    most_open: float = 0.5
    rows: int = 500
    rows_of_neighbours: int = 1000
    tried: int = 24
    taken: int = 4

    name = "symmetry"

    def are_in(self, space: SearchSpace) -> bool:
        """Are there several columns, and may graphs be what a symmetry needs: sums, and products of powers?"""
        writable = {"sum", "product"} <= set(space.aggregators) and {"linear", "power"} <= set(space.operations)
        return writable and space.n_inputs > 1

    def of_rows(self, problem: Problem) -> Iterator[Reformulated]:
        """The smaller problems that the rows themselves point to."""
        table = problem.table
        for reduction in similarities(table.X, table.y, table.root_weights):
            smaller = in_groups(problem, reduction)
            if smaller is not None:
                yield self._made(reduction, smaller, self._left_open(smaller), problem.view, problem)

    def of(
        self, space: SearchSpace, known: Population, problem: Problem, view: View, judged_on: Problem
    ) -> Iterator[Reformulated]:
        """The smaller problems that the best graphs of a problem point to.

        view: of its inputs in the columns of the table
        """
        if not problem.exact_loss < float(known.loss.min(initial=np.inf)) < self.most_open:
            return
        for k in np.argsort(known.loss, kind="stable")[: self.asked]:
            formula = problem.view.formula(
                space, known.batch.genotype(space, int(k)), known.w[k], known.coefficients[k]
            )
            tried: list[tuple[float, int, Reduction, Problem]] = []
            for reduction in symmetries(formula, problem.symbols, problem.sample(self.rows).X)[: self.tried]:
                smaller = in_groups(problem, reduction)
                if smaller is not None:
                    tried.append((self._left_open(smaller), len(tried), reduction, smaller))
            for open_share, _, reduction, smaller in sorted(tried)[: self.taken]:
                yield self._made(reduction, smaller, open_share, view, judged_on)

    def _left_open(self, problem: Problem) -> float:
        rows = problem.sample(self.rows_of_neighbours)
        return ambiguity(rows.X, rows.y, rows.root_weights)

    def _made(
        self, reduction: Reduction, smaller: Problem, open_share: float, view: View, judged_on: Problem
    ) -> Reformulated:
        groups, prefactor = reduction.symbolic(view.inputs)
        inner = View(groups, view.prefactor * prefactor, smaller.x_scale, smaller.y_scale, kind=self.name)
        return Reformulated(smaller, inner, judged_on, open_share)


class Dimensionless:
    """Products of powers of the columns that have no dimension, and one that has that of the target."""

    name = "dimensionless"
    most = 2  # ways to write a law as such; not tuned

    def of(self, problem: Problem) -> Iterator[Reformulated]:
        """The shortest ways; none unless all columns have units, and fewer such products exist than columns."""
        units = Units.of(problem)
        if units is None:
            return
        for way in groupings(units.dimensions, units.target(), self.most):
            groups = tuple(units.product(group, 0, as_float=True) for group in way.groups)
            prefactor = units.product(way.prefactor, 1)
            X, M = _on_rows(groups, problem), _on_rows((prefactor,), problem)[:, 0]
            smaller = _of_groups(problem, X, M) if 0 < len(groups) < len(problem.symbols) else None
            if smaller is not None:
                view = View(groups, prefactor, smaller.x_scale, smaller.y_scale, kind=self.name)
                rows = smaller.sample(Symmetries().rows_of_neighbours)
                yield Reformulated(smaller, view, problem, ambiguity(rows.X, rows.y, rows.root_weights))


def _on_rows(expressions: Sequence[sympy.Expr], problem: Problem) -> np.ndarray:
    """Their values [n, m] on the rows of the table."""
    with np.errstate(all="ignore"):
        values = [tape(e, problem.symbols).value(*problem.table.X.T) for e in expressions]
    n = len(problem.table)
    return np.column_stack([np.broadcast_to(v, n) for v in values]) if values else np.empty((n, 0))


class Guesses:
    """What starting equations make of a problem: they as a column more, and what y is as a multiple of them."""

    name = "guess"

    def of(self, problem: Problem) -> Iterator[Reformulated]:
        """Two for each guess, where floats can hold them."""
        for guess in problem.guesses:
            value = on_rows(guess, problem.symbols, problem.table.X)
            inputs = problem.symbols, (*problem.symbols, guess)
            beside = np.column_stack([problem.table.X, value])
            tables = (problem.table.X, value, guess), (beside, np.ones(len(value)), sympy.Integer(1))
            for (X, prefactor, factor), groups in zip(tables, inputs, strict=True):
                other = _of_groups(problem, X, prefactor)
                if other is not None:
                    view = View(groups, factor, other.x_scale, other.y_scale, kind=self.name)
                    yield Reformulated(other, view, problem)


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


def symmetries(formula: sympy.Expr, symbols: tuple[sympy.Symbol, ...], X: np.ndarray) -> list[Reduction]:
    """What the symmetries of a formula on the rows X [n, d] leave of it."""
    value, by = tape(formula, symbols).linearise(range(len(symbols)), *X.T)
    value = np.broadcast_to(value, len(X))
    slopes = np.column_stack([np.broadcast_to(s, len(X)) for s in by])  # [n, d]
    good = np.isfinite(value) & np.isfinite(slopes).all(axis=1)
    return reductions(X[good], value[good], slopes[good]) if good.sum() > X.shape[1] else []


def in_groups(problem: Problem, reduction: Reduction) -> Problem | None:
    """The table of the groups, with the target divided by the prefactor, and rows that count as its square: so errors
    count as errors of y. None where floats cannot hold it, or a group or the target does not vary.
    """
    return _of_groups(problem, *reduction.apply(problem.table.X))


def _of_groups(problem: Problem, X: np.ndarray, prefactor: np.ndarray) -> Problem | None:
    """The same of groups [n, m] and a prefactor [n] that are known."""
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
