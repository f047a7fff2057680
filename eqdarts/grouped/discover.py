"""Several tables of the same columns → the front of the forms that hold in all of them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import sympy

from eqdarts.data.noise import AUTO, Noise, least_value, likeliest, possible_forms, weighted
from eqdarts.data.table import Table
from eqdarts.equation.equation import Equation
from eqdarts.equation.front import Front
from eqdarts.fit.formula import template
from eqdarts.fit.joint import values_of
from eqdarts.graph.space import SearchSpace
from eqdarts.grouped.candidates import distinct, families, run_searches, searches
from eqdarts.grouped.rows import GroupedTable, error_factors, is_quiet
from eqdarts.grouped.sharing import first_states, promise, shared_out
from eqdarts.grouped.state import Family, State, effective, fitted, separate
from eqdarts.grouped.writing import as_equation
from eqdarts.runtime.interrupts import Interrupts
from eqdarts.runtime.leaving import in_time
from eqdarts.search.budget import BUDGET
from eqdarts.search.discover import Found
from eqdarts.search.fit_options import FitOptions
from eqdarts.simplify.description import size

_PROMISING, _SHARED_OUT = 16, 6  # families that are fitted in full, and whose constants are then shared (not tuned)
#: Why searches ended, in the order of what a user should know.
_REASONS = ("error", "max_memory", "max_time", "max_fits", "max_epochs", "patience", "settled", "exact")
_ROUNDS = 4  # of weights at the values of a fit


@dataclass(frozen=True, eq=False)
class GroupsFound:
    """What was found in all groups.

    Attributes
    ----------
    front : Front
        Its equations have `by_group`; with no own constants where all groups obey one equation.
    table : GroupedTable
        With the weights that the front was judged by.
    noise : Noise
    found : Found
        Of the first search, for what is kept of one.
    stop_reason : str
    units : array [G]
        Of the targets in the table; 1 where groups are alike.
    end : float
        When all must be over, in `time.monotonic`.
    """

    front: Front
    table: GroupedTable
    noise: Noise
    found: Found
    stop_reason: str
    units: np.ndarray
    end: float = np.inf

    @property
    def space(self) -> SearchSpace | None:
        """Of the first search."""
        return self.found.space


def discover_groups(
    groups: Sequence[Table],
    labels: Sequence[str],
    options: FitOptions,
    rng: np.random.Generator,
    start: float,
    interrupts: Interrupts,
    column: str = "group",
    alike: bool = True,
) -> GroupsFound:
    """One form for all groups, its constants a group's own or shared.

    Searches propose forms (`eqdarts.grouped.candidates`); each is fitted in every group, the most promising ones share
    what constants they can (`eqdarts.grouped.sharing`), and the front is that of all groups by one length: residuals of
    all rows, the structure once, own constants in each group.

    groups: checked tables with the same columns   start: in `time.monotonic`
    alike: as in `GroupedTable`; otherwise each target is searched in units of its own deviation (`units` of what is
    returned), and constants are those of the target in these units
    """
    units = np.ones(len(groups)) if alike else np.array([float(np.std(t.y)) or 1.0 for t in groups])
    in_units = tuple(replace(t, y=t.y / u) for t, u in zip(groups, units, strict=True))
    table = GroupedTable(in_units, tuple(labels), alike)
    some: list[Family] = []
    columns, first, reasons = groups[0].names, None, []
    for what, found in run_searches(searches(table, levelled_only=not alike), options, rng, start, interrupts):
        first = first or found
        reasons.append("constant" if found.result is None else found.result.stop_reason)
        some += _small(families(what, found, columns), options.max_complexity)
    assert first is not None, "there is at least one search"
    limit = options.config.max_time
    end = np.inf if limit is None else start + limit
    deadline = _deadline(end, limit, interrupts)
    given, (table, noise) = table, at_observations(table, options.noise)
    ranked = _ranked([*distinct(iter(some), columns), _mean(table)], table, deadline)
    table, noise, counts = weighed(given, table, ranked, noise)
    raw = np.repeat(units, [len(t) for t in groups])
    front = Front(rows=len(table))
    for equation in _equations(ranked, table, deadline, column, counts, raw):
        if options.max_complexity is None or equation.complexity <= options.max_complexity:
            front = front.offer(equation)
    return GroupsFound(front, table, noise, first, _reason(reasons, interrupts), units, end)


def _deadline(end: float, limit: float | None, interrupts: Interrupts) -> float:
    """When joint fits are over, in `time.monotonic`. end: of all"""
    if limit is not None:
        end -= min(2 * BUDGET.after * limit, BUDGET.after_seconds)  # each group, or output, is written
    if interrupts.first is not None:
        end = min(end, interrupts.first + BUDGET.after_interrupt)
    return max(end, time.monotonic() + BUDGET.sure_seconds)


def _small(some: Iterator[Family], limit: int | None) -> Iterator[Family]:
    """Those that may be small enough once each constant has become a 1 or a 0, which takes it and its sign away."""
    for one in some:
        if limit is None or size(one.form.at(np.full(len(one), 1.2345))) - 2 * len(one) <= limit:
            yield one


def _mean(table: GroupedTable) -> Family:
    """A constant: the simplest form of all."""
    symbols = tuple(map(sympy.Symbol, table.pooled.names))
    return Family.of(template(sympy.Float(float(np.mean(table.pooled.y)) or 1.0), symbols), "constant")


def _ranked(some: list[Family], table: GroupedTable, deadline: float) -> list[Family]:
    """The most promising families, best first, the constant last.

    Families of few constants are tried first, whichever search they are of: they are quick, and where time is short the
    law is more often among them than among the long ones of the first search.
    """
    some = [*sorted(some[:-1], key=len), some[-1]]
    now = time.monotonic()
    half = now + (deadline - now) / 2
    lengths = []
    for k, one in enumerate(some[:-1]):
        over = k > 0 and time.monotonic() > half
        length = None if over else in_time(half if k else deadline, partial(promise, one, table))
        lengths.append(np.inf if length is None else length)
    order = np.argsort(lengths, kind="stable")
    return [*(some[k] for k in order[:_PROMISING] if np.isfinite(lengths[k])), some[-1]]


def at_observations(table: GroupedTable, noise: Noise) -> tuple[GroupedTable, Noise]:
    """The table with weights at y, where errors go with the law and none is known yet."""
    if not noise.depends_on_law:
        return table, noise
    by_y, noise = weighted(table.pooled, replace(noise, floor=least_value(table.pooled.y)), table.pooled.y)
    return _with_weights(table, by_y.roots**2), noise


def weighed(
    given: GroupedTable, table: GroupedTable, ranked: list[Family], noise: Noise
) -> tuple[GroupedTable, Noise, np.ndarray]:
    """The table with the weights of its noise, and of the groups where their errors differ, by the best family.

    And weights [N] without those of groups. given: without weights of the noise   table: with those at y
    """
    family = ranked[0]
    own, values = np.ones(len(family), dtype=bool), table.pooled.y
    squares = np.inf
    for _ in range(_ROUNDS):
        fit = fitted(family, table, separate(family, table, family.form.values), own, {}, 20).fit
        values, squares = values_of(family.code, table.stacked, fit.values), fit.squares
        if not np.isfinite(values).all() or is_quiet(table.loss(squares)):
            plain = replace(noise, form="additive") if noise.form == AUTO else noise
            return table, plain, table.pooled.roots**2
        if noise.form == AUTO:
            least = least_value(table.pooled.y)
            forms = [Noise(form, least) for form in possible_forms(table.pooled.y)]
            noise = forms[likeliest([(form, values) for form in forms], table.pooled.y, table.pooled.weights)]
        if not noise.depends_on_law:
            break
        by_law, noise = weighted(given.pooled, noise, values)
        table = _with_weights(given, by_law.roots**2)
    counts = table.pooled.roots**2
    if noise.known is not None:
        return table, noise, counts
    left = table.stacked.sums(((values - table.pooled.y) * table.pooled.roots) ** 2)
    constants = effective(family, table.stacked, family.form.values)
    factors = error_factors(left, table.stacked.counts, constants, exact=False)
    return (table if factors is None else table.weighed(factors)), noise, counts


def _with_weights(table: GroupedTable, weights: np.ndarray) -> GroupedTable:
    parts = np.split(weights, table.stacked.first[1:])
    return replace(table, groups=tuple(replace(t, weights=w) for t, w in zip(table.groups, parts, strict=True)))


def _equations(
    ranked: list[Family], table: GroupedTable, deadline: float, column: str, counts: np.ndarray, raw: np.ndarray
) -> list[Equation]:
    """Those of the families whose best state is short."""
    begun: list[list[State]] = []
    for k, family in enumerate(ranked):
        simplest = k == len(ranked) - 1
        if k == 0 or simplest or time.monotonic() < deadline:
            states = in_time(np.inf if simplest else deadline, partial(first_states, family, table))
            if states:
                begun.append(states)
    begun.sort(key=lambda states: states[0].length)
    out: list[Equation] = []
    for states in [*begun[:_SHARED_OUT], *(s for s in begun[_SHARED_OUT:] if len(s[0].own) <= 2)]:
        # The best family is shared out before others: else its needless constants would stay.
        for state in shared_out(states, table, deadline):
            equation = as_equation(state, table, column, counts, raw)
            if equation is not None:
                out.append(equation)
    return out


def _reason(reasons: list[str], interrupts: Interrupts) -> str:
    """Why the searches ended, together: the first of them in the order of what a user should know."""
    if interrupts.noted:
        return "interrupted"
    return next((r for r in _REASONS if r in reasons), "constant")
