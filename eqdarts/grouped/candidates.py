"""Where forms for several groups come from: searches on the rows of all groups, on levelled ones, and on single groups.

A search on all rows sees what is the same in each group; where groups differ in size only, it sees more once each is
divided by its own. A search on one group sees the form without what differs between groups, if its rows are enough.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import sympy

from eqdarts.data.columns import is_constant, varying
from eqdarts.data.table import Table
from eqdarts.errors import kept_warnings
from eqdarts.fit.formula import Template
from eqdarts.graph.population import Population, nothing, scores
from eqdarts.graph.space import SearchSpace
from eqdarts.graph.to_sympy import plain
from eqdarts.grouped.rows import GroupedTable
from eqdarts.grouped.state import Family, factors_of
from eqdarts.propose.shapes import graphs_with_shapes
from eqdarts.runtime.interrupts import Interrupts
from eqdarts.search.discover import Found, discover
from eqdarts.search.fit_options import FitOptions
from eqdarts.search.machine import Machine
from eqdarts.search.problem import Problem
from eqdarts.search.stops import Watch
from eqdarts.simplify.form import family, form_of


@dataclass(frozen=True)
class Searches:
    """Which searches there are, and what they give; none is tuned.

    Attributes
    ----------
    singles : int
        Groups that are searched on their own: those with most rows.
    rows : int
        That such a group has at least.
    levels : float
        Ratio of the sizes of groups from which a search sees them levelled.
    graphs : int
        Of each search, whose formulas are taken as they are, beside all that became equations.
    shapes : int
        Curves of textbooks, fitted to the rows of each search.
    constants : int
        Of a family, at the most, with a factor before it.
    share : float
        Of the time, for searches. The rest is for joint fits.
    """

    singles: int = 3
    rows: int = 6
    levels: float = 1.3
    graphs: int = 24
    shapes: int = 12
    constants: int = 8
    share: float = 0.5


SEARCHES = Searches()


@dataclass(frozen=True, eq=False)
class Search:
    """What one search is to see.

    Attributes
    ----------
    what : str
        "pooled", "levelled", or "group A".
    table : Table
    """

    what: str
    table: Table


def searches(table: GroupedTable, levelled_only: bool = False) -> list[Search]:
    """Those that are worth their time on these groups.

    levelled_only: are targets of different groups not to be compared as they are?
    """
    sizes = np.array([np.sqrt(np.average(t.y**2, weights=t.weights)) for t in table.groups])
    sizes = np.where(sizes > 0, sizes, 1.0)
    found = [] if levelled_only else [Search("pooled", table.pooled)]
    if levelled_only or sizes.max() > SEARCHES.levels * sizes.min():
        # Weights are those of y/size: errors are divided as well, and count as if each group erred alike in them.
        units = 2.0 ** np.round(np.log2(sizes.max()))
        y = table.pooled.y / np.repeat(sizes / units, [len(t) for t in table.groups])
        found.append(Search("levelled", replace(table.pooled, y=y)))
    order = sorted(range(len(table.groups)), key=lambda g: (-len(table.groups[g]), g))
    for g in order:
        group = table.groups[g]
        worth = len(group) >= SEARCHES.rows and not is_constant(group) and varying(group).X.shape[1]
        if worth and len(found) < SEARCHES.singles + 2:
            found.append(Search(f"group {table.labels[g]}", group.of_mean_weight_one()))
    return found


def run_searches(
    some: list[Search], options: FitOptions, rng: np.random.Generator, start: float, interrupts: Interrupts
) -> Iterator[tuple[str, Found]]:
    """What each of them found; the time is shared.

    start: when the time began, in `time.monotonic`
    """
    limit = options.config.max_time
    for k, search in enumerate(some):
        generator = rng.spawn(1)[0]
        if interrupts.noted:
            return
        now = time.monotonic()
        if limit is not None and k > 1 and now - start > SEARCHES.share * limit:
            return  # a search cannot be as short as its share may be, and joint fits need their time
        share = None if limit is None else max(0.1, (SEARCHES.share * limit - (now - start)) / (len(some) - k))
        config = replace(options.config, max_time=share)
        shown = replace(options, config=config)
        with kept_warnings():  # of columns that do not vary in one group, and the like
            watch = Watch(config, now, interrupts, memory=options.memory)
            yield search.what, discover(search.table, shown, generator, watch)


def families(what: str, found: Found, columns: tuple[str, ...]) -> Iterator[Family]:
    """Those of the formulas that a search found, the shortest first; some may be the same."""
    symbols = tuple(map(sympy.Symbol, columns))
    for expression, origin in _formulas(found):
        form = all_free(expression, symbols)
        if form is not None and 0 < len(form.values) <= SEARCHES.constants:
            yield Family.of(form, f"{what}, {origin}")


def distinct(some: Iterator[Family], columns: tuple[str, ...]) -> list[Family]:
    """One of each form, the first."""
    kept: dict[sympy.Expr, Family] = {}
    for one in some:
        numbers = one.form.at(np.full(len(one), 1.2345))
        key = form_of(numbers, columns)
        kept.setdefault(key, one)
    return list(kept.values())


def _formulas(found: Found) -> Iterator[tuple[sympy.Expr, str]]:
    for equation, _ in found.front.offered:
        if equation.inner is None:
            yield equation.expression, equation.origin
    result, problem = found.result, found.problem
    if result is None or found.space is None or (problem.x_unit != 1).any() or problem.y_unit != 1:
        return
    shapes = _shapes(found.space, problem)
    for population, most in ((result.population, SEARCHES.graphs), (shapes, SEARCHES.shapes)):
        yield from _of_graphs(population, most, found.space, problem)


def _shapes(space: SearchSpace, problem: Problem) -> Population:
    """The curves of textbooks, fitted to the rows of a search, which may not have had the time to come upon them."""
    rows = problem.scaled
    batch, w = graphs_with_shapes(space, rows)
    if not len(batch):
        return nothing(space)
    return Machine().assessor(space, problem).all_of(batch, w, np.full(len(batch), "shape", dtype=object))


def _of_graphs(
    population: Population, most: int, space: SearchSpace, problem: Problem
) -> Iterator[tuple[sympy.Expr, str]]:
    """The formulas of so many graphs of the best score, one of each graph."""
    order = np.argsort(scores(population.loss, population.complexity, len(problem.table)), kind="stable")
    keys = population.batch.keys()
    seen: set[bytes] = set()
    for k in order[np.isfinite(population.loss[order])].tolist():
        if keys[k] in seen:
            continue
        if len(seen) == most:
            break
        seen.add(keys[k])
        genotype = population.batch.genotype(space, k)
        formula = problem.view.formula(space, genotype, population.w[k], population.coefficients[k])
        yield plain(formula), str(population.origin[k])


def all_free(expression: sympy.Expr, symbols: tuple[sympy.Symbol, ...]) -> Template | None:
    """The formula with a constant in place of each number, but of exact exponents, and a factor before it."""
    try:
        form = family(expression, symbols)
        exponents = {node.exp for node in form.expression.atoms(sympy.Pow)}
        roles = tuple(
            "exponent" if c in exponents else role for c, role in zip(form.constants, form.roles, strict=True)
        )
        return with_factor(replace(form, roles=roles))
    except (TypeError, ValueError):  # a formula with a number that is not real
        return None


def with_factor(form: Template) -> Template:
    """The formula with a factor before the whole of it, if it has none.

    In a·(1 − exp(−k·x)) groups differ by one constant, in a − b·exp(−k·x) by two. What is needless of it becomes 1.
    """
    if factors_of(form):
        return form
    factor = sympy.Dummy("factor", real=True)
    return Template(
        factor * form.expression, form.columns, (*form.constants, factor), np.append(form.values, 1.0),
        (*form.roles, "factor"),
    )  # fmt: skip
