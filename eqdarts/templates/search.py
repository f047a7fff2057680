"""The search for the unknown functions of a template.

A pilot stands in for all of them (`eqdarts.templates.pilot`). Around it each function has a table of its own
(`eqdarts.templates.working`), which is searched as any table is. The formulas that these searches find are put into the
template and fitted together (`eqdarts.templates.joined`); the best of these laws is the pilot of another round.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
import sympy

from eqdarts.data.noise import ADDITIVE, weighted
from eqdarts.data.table import Table
from eqdarts.data.zero import LADDER
from eqdarts.equation.equation import Equation
from eqdarts.equation.front import Front
from eqdarts.equation.model_file import Summary
from eqdarts.equation.selection import choose
from eqdarts.errors import InputDataError, warn
from eqdarts.formula.latex import to_text
from eqdarts.formula.tape import on_rows
from eqdarts.formula.templates import Template, read_template
from eqdarts.formula.text import format_name
from eqdarts.runtime.interrupts import interrupts
from eqdarts.search.discover import Found, discover
from eqdarts.search.finish import equation_of
from eqdarts.search.fit_options import FitOptions
from eqdarts.search.history import EpochRecord
from eqdarts.search.loop import SearchResult
from eqdarts.search.pose import pose
from eqdarts.search.problem import Problem
from eqdarts.search.stops import Watch
from eqdarts.templates.absorbed import identifiable
from eqdarts.templates.joined import Joint, formulas_of, joined
from eqdarts.templates.pilot import Pilot, pilot_of
from eqdarts.templates.scaffold import Scaffold
from eqdarts.templates.working import working_table

# None of these is tuned.
SEARCHED_ROWS = 10_000  # of a larger table some are drawn, to which functions are searched
_ROUNDS = 2
_PILOT = 0.15  # of the time, at the most
_SEARCHES = (0.45, 0.75)  # of the time, when the searches of each round are over
_JOINED = (0.55, 0.9)  # and when no combination of their formulas is begun any more


@contextmanager
def discovered_by_template(
    table: Table, text: str, options: FitOptions, rng: np.random.Generator, start: float
) -> Iterator[Found]:
    """What is found on a table for the template in a text; Ctrl-C costs nothing of what was found.

    start: when the time of the search began, in `time.monotonic`

    Warns
    -----
    SearchWarning
        If columns stand nowhere in it.
    """
    law = template_for(table, text, options)
    if law.unused:
        warn(f"template: the columns {', '.join(map(format_name, law.unused))} stand nowhere in it and are left out")
    with np.errstate(all="ignore"), interrupts() as noted:
        law = identifiable(law, table.X)
        yield _Search(law, table, options, rng, Watch(options.config, start, noted, memory=options.memory)).found()


def template_for(table: Table, text: str, options: FitOptions) -> Template:
    """The template, checked beside the table and the other options.

    Raises
    ------
    InputDataError
        Naming what is wrong with it.
    """
    law = read_template(text, table.names, table.target)
    symbols = tuple(map(sympy.Symbol, table.names))
    for function in law.functions:
        for use in function.uses:
            for argument in use.args:
                with np.errstate(all="ignore"):
                    values = on_rows(argument, symbols, table.X)
                undefined = np.flatnonzero(~np.isfinite(values))
                if len(undefined):
                    raise InputDataError(
                        f"template: the argument of {to_text(use)} is not defined on {len(undefined)} of {len(values)} "
                        f"rows (first: row {undefined[0]})"
                    )
                if np.ptp(values) == 0:
                    raise InputDataError(
                        f"template: {to_text(argument)} in {to_text(use)} has one value only, {values[0]:g}; "
                        "leave it out"
                    )
    if np.ptp(table.y) == 0:
        raise InputDataError(f"template: the target {table.target!r} has one value only")
    return law


@dataclass(eq=False)
class _Search:
    """A search as it goes. What it has found is here at every moment, whatever ends it."""

    law: Template
    table: Table
    options: FitOptions
    rng: np.random.Generator
    watch: Watch
    joints: list[Joint] = field(default_factory=list)
    history: list[EpochRecord] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    result: SearchResult | None = None

    def found(self) -> Found:
        """The front of laws that have the template's form."""
        posed = pose(self.table, self.options, self.rng, self.watch)
        self.problem, training = posed.problem, posed.training
        summary = Summary.of(self.table, distinct_rows=len(self.problem.table))
        if posed.is_constant:
            raise InputDataError(f"template: the target {self.table.target!r} has one value only")
        self.scaffold = Scaffold.of(self.law)
        rows = training.table.of_mean_weight_one()
        seen = rows
        if len(rows) > SEARCHED_ROWS:
            seen = rows.rows(np.sort(self.rng.choice(len(rows), SEARCHED_ROWS, replace=False)))
        self.rows, self.seen = rows, seen
        self.front = Front(rows=len(rows))
        self.watch.interrupts.during(self._search)
        limit = self.options.max_complexity
        if not len(self.front) and limit is not None and self.joints:
            raise InputDataError(
                f"template: every law of this form that was found has more than {limit} nodes; raise max_complexity"
            )
        if not len(self.front):
            raise InputDataError("template: the search was ended before it had found anything")
        if training.noise.depends_on_law:
            law, given = self.front[choose(self.front, "best", self.front.rows)], training.as_given
            weighed, noise = weighted(given, training.noise, law.predict(given.X))
            training = replace(training, table=weighed, noise=noise)
            self.rows, self.front = weighed.of_mean_weight_one(), Front(rows=len(rows))
            self._offer(self.joints)
        result = self.result and replace(
            self.result, front=self.front, history=tuple(self.history), alpha_history=(), stop_reason=self._reason()
        )
        return Found(self.front, None, self.problem, result, training, summary, until=lambda: self.watch.end)

    def _search(self) -> None:
        pilot = pilot_of(self.scaffold, self.seen, self.rng, self.watch.until(_PILOT))
        choices: list[list[sympy.Expr]] = [[] for _ in self.law.functions]
        arguments = self.scaffold.arguments(self.seen.X)
        for number in range(_ROUNDS):
            fronts = self._fronts(pilot, number)
            choices = [
                list(dict.fromkeys([*formulas_of(front), *known])) for front, known in zip(fronts, choices, strict=True)
            ]
            sample = self.problem_rows
            rows = [np.concatenate([arguments[u] for u in places]) for places in self.scaffold.places]
            for joint in joined(self.law, choices, pilot.constants, sample, rows, self.watch.until(_JOINED[number])):
                self.joints.append(joint)
                self._offer([joint])
            if self.watch.is_over() or self.watch.interrupts.noted:
                break
            pilot = self._better(pilot)

    @property
    def problem_rows(self) -> Table:
        """On which constants are made simple."""
        return self.rows.evenly(1000)

    def _fronts(self, pilot: Pilot, number: int) -> list[Front]:
        """Of each function, searched around a pilot."""
        fronts: list[Front] = []
        count = len(self.law.functions)
        for place in range(count):
            table = working_table(self.scaffold, self.seen, pilot, place)
            if table is None or np.ptp(table.y) == 0:
                value = float(np.mean(pilot.values[self.scaffold.places[place][0]]))
                fronts.append(_constant(self.law, place, value))
                continue
            watch = self._share(number, count - place)
            found = discover(table, replace(self.options, noise=ADDITIVE, callback=self._told), self.rng, watch)
            fronts.append(found.front)
            if found.result is not None:
                self.result = found.result
                self.reasons.append(found.result.stop_reason)
        return fronts

    def _told(self, record: EpochRecord) -> None:
        """An epoch of one of the searches, counted on."""
        record = replace(record, epoch=len(self.history) + 1, seconds=self.watch.seconds)
        self.history.append(record)
        if self.options.callback is not None:
            self.options.callback(record)

    def _share(self, number: int, left: int) -> Watch:
        """For one of the searches that are left in this round."""
        config, now = self.watch.config, time.monotonic()
        if config.max_time is not None:
            end = self.watch.start + _SEARCHES[number] * config.max_time
            config = replace(config, max_time=max(0.0, end - now) / left)
        return Watch(config, now, self.watch.interrupts, memory=self.watch.memory)

    def _offer(self, joints: list[Joint]) -> None:
        for joint in joints:
            fitted, loss = joint.fitted(self.rows, steps=20)
            if not np.isfinite(loss):
                continue
            equation = self._equation(fitted)
            limit = self.options.max_complexity
            if np.isfinite(equation.relative_loss) and (limit is None or equation.complexity <= limit):
                self.front = self.front.offer(equation)

    def _equation(self, joint: Joint) -> Equation:
        composed = joint.composed
        return replace(equation_of(self.whole, composed.expression, "template"), composed=composed)

    @property
    def whole(self) -> Problem:
        """The problem whose measure losses are in: all rows, in their own units."""
        return replace(self.problem, table=self.rows, x_unit=np.ones(self.rows.X.shape[1]), y_unit=1.0)

    def _better(self, pilot: Pilot) -> Pilot:
        """The best law as a pilot, where it explains the rows as shortly as the pilot did."""
        if not len(self.front):  # all are too large
            return pilot
        best = self.front[choose(self.front, "best", self.front.rows)]
        composed = best.composed
        if composed is None or best.relative_loss > 1.5 * pilot.loss:
            return pilot
        values = []
        for function, arguments in zip(
            [f for f in self.law.functions for _ in f.uses], self.scaffold.arguments(self.seen.X), strict=True
        ):
            formula, symbols = composed.formulas[function.name], tuple(map(sympy.Symbol, function.arguments))
            values.append(on_rows(formula, symbols, arguments))
        numbers = dict(composed.constants)
        constants = np.array([float(numbers[name]) for name in self.law.constants])
        known = np.array(values)
        if not np.isfinite(known).all():
            return pilot
        return Pilot(constants, known, best.relative_loss, pilot.score)

    def _reason(self) -> str:
        if self.watch.interrupts.noted:
            return "interrupted"
        best = self.front[choose(self.front, "best", self.front.rows)]
        if best.relative_loss < LADDER.exact:
            return "exact"
        for reason in ("error", "max_memory", "max_time", "max_fits", "max_epochs", "patience", "settled"):
            if reason in self.reasons:
                return reason
        return "settled"


def _constant(law: Template, place: int, value: float) -> Front:
    """The front of a function of which the rows show one value only."""
    function = law.functions[place]
    return Front((Equation(sympy.Float(value), function.arguments, function.name, 0.0, 1.0, "constant"),))
