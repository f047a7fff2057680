"""From fitted graphs to equations: the best few go through symbols, folding, snapping and a last refit."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy

from eqdarts.data.table import Table
from eqdarts.data.zero import LADDER
from eqdarts.equation.constant_units import consistent
from eqdarts.equation.equation import Equation
from eqdarts.equation.evaluation import evaluate
from eqdarts.equation.exports.formula import Formula
from eqdarts.equation.exports.record import in_table_units
from eqdarts.equation.front import Front
from eqdarts.fit.formula import compile_template, fit_constants, template
from eqdarts.fit.scoring import fit_score
from eqdarts.formula.substitution import put_in
from eqdarts.graph.genotype import Genotype
from eqdarts.graph.population import Population, front_of, scores
from eqdarts.graph.space import SearchSpace
from eqdarts.graph.to_sympy import plain
from eqdarts.losses.goal import Goal
from eqdarts.search.problem import Problem, View, from_origins
from eqdarts.search.sums import are_shapes, are_sums
from eqdarts.simplify.description import NATS_PER_UNIT, count_constants, description_length
from eqdarts.simplify.reduce import reduce, shortest_writing
from eqdarts.simplify.simplify import simplify
from eqdarts.simplify.snapping import Simplified

_REDUCED = 8  # formulas that are made structurally simpler
_BEAM = 4  # orders of replacing constants, for them
_SHAPES, _NEAR = 10, 6.0  # shapes that become equations, and the most nats by which they are worse than the best
_FEW_CONSTANTS = 4  # an exact formula with fewer is left as it is


def constant_equation(problem: Problem) -> Equation:
    """The mean of the target: the simplest member of every front."""
    if problem.goal is not None:
        return _judged(problem, sympy.Float(problem.goal.constant / problem.y_unit), "constant", None)
    mean = float(np.average(problem.table.y, weights=problem.table.weights))
    return _with_losses(problem, sympy.Float(mean), "constant", None)


def equation_of(problem: Problem, expression: sympy.Expr, origin: str) -> Equation:
    """A formula of the columns as an equation, with its losses on the rows of a problem."""
    return _with_losses(problem, expression, origin, None)


def candidates(population: Population, rows: int, limit: int) -> list[int]:
    """Places of the graphs worth finishing: the front up to the best score, then all others, best score first.

    Graphs that are larger than the one with the best score fit noise; finishing them takes longest. Sums of given terms
    have a front of their own: they have many constants, which are the quickest to fit and to make simple. So have
    shapes, whose score is near the best of theirs: rows that do not decide between them shall not, either, by a hair.
    """
    rank = scores(population.loss, population.complexity, rows)
    order = np.argsort(rank, kind="stable")
    front = front_of(population) & (population.complexity <= population.complexity[order[0]])
    sums = np.flatnonzero(are_sums(population))
    front[sums[front_of(population.select(sums))]] = True
    shapes = np.flatnonzero(are_shapes(population))
    shapes = shapes[np.argsort(rank[shapes], kind="stable")][:_SHAPES]
    front[shapes[rank[shapes] <= rank[shapes].min(initial=np.inf) + _NEAR]] = True
    return [*(int(k) for k in order if front[k]), *(int(k) for k in order if not front[k])][:limit]


def simplest(population: Population, rows: int) -> list[int]:
    """Places of the graphs that are better than every simpler one, up to the best score, simplest first.

    They take little time each, and are what a reader of the front compares the larger ones with.
    """
    rank = scores(population.loss, population.complexity, rows)
    most = population.complexity[np.argmin(rank)]
    front = np.flatnonzero(front_of(population) & (population.complexity <= most))
    return [int(k) for k in front[np.argsort(population.complexity[front], kind="stable")]]


@dataclass(frozen=True)
class Draft:
    """A graph on its way to an equation: its formula over the column symbols as it is, and simplified."""

    raw: sympy.Expr
    formula: Simplified
    origin: str
    genotype: Genotype | None


def finish(
    space: SearchSpace,
    population: Population,
    places: list[int],
    problem: Problem,
    deadline: float,
    reduced: int = _REDUCED,
    view: View | None = None,
    known: dict[bytes, Draft] | None = None,
    half: float | None = None,
) -> Iterator[Equation]:
    """The equations of these graphs, until the deadline (in `time.monotonic`).

    All are simplified; so many of those with the shortest descriptions are then taken closer care of, and made
    structurally simpler as well.
    view: of the graphs, by default the columns   known: graphs that were simplified before; new ones are added
    half: when no more graphs are made simple, by default after half of the time; the rest is for the closer care
    """
    known = {} if known is None else known
    view = problem.view if view is None else view
    drafts: list[Draft] = []
    if half is None:
        now = time.monotonic()
        half = now + (deadline - now) / 2 if reduced else deadline
    for k in places:
        if time.monotonic() > half:
            break
        key = population.batch.key(k) + population.w[k].tobytes() + population.coefficients[k].tobytes()
        if key in known:
            drafts.append(known[key])
            continue
        draft = _draft(space, population, k, problem, view, deadline)
        if draft is not None:
            known[key] = draft
            drafts.append(draft)
            yield from equations_of(problem, draft)
    rows, floor = problem.formula_rows, max(LADDER.exact, problem.rounding_loss)
    drafts.sort(key=lambda d: _length(d.formula, problem))
    done: set[sympy.Expr] = set()
    for draft in drafts[:reduced]:
        expression = draft.formula.expression
        exact = draft.formula.loss < floor
        plain_enough = exact and count_constants(expression) < _FEW_CONSTANTS
        if plain_enough or expression in done or time.monotonic() > deadline:
            continue
        done.add(expression)
        best = draft.formula if exact else _in_other_order(draft, problem.symbols, rows, deadline)
        refitted = _refitted(best, problem.symbols, rows)
        simpler = reduce(refitted, problem.symbols, rows, deadline)
        if best is not draft.formula or simpler is not refitted:
            yield from equations_of(problem, replace(draft, formula=simpler))


def finish_written(
    formulas: Sequence[sympy.Expr], origin: str, problem: Problem, deadline: float
) -> Iterator[Equation]:
    """The equations of these, over the column symbols with fitted constants: of the first, and others in time."""
    for k, formula in enumerate(formulas):
        if k and time.monotonic() > deadline:
            break
        draft = _simplified(formula, None, problem, origin, deadline)
        if draft is not None:
            yield from equations_of(problem, draft)


def finish_one(
    space: SearchSpace, population: Population, place: int, problem: Problem, deadline: float
) -> Iterator[Equation]:
    """The equation of this graph, if it is defined on the rows; after the deadline with its constants as they are."""
    draft = _draft(space, population, place, problem, problem.view, deadline)
    if draft is not None:
        yield from equations_of(problem, draft)


def _draft(
    space: SearchSpace, population: Population, place: int, problem: Problem, view: View, deadline: float
) -> Draft | None:
    genotype = population.batch.genotype(space, place)
    raw = view.formula(space, genotype, population.w[place], population.coefficients[place])
    return _simplified(raw, view.named(genotype), problem, view.origin(str(population.origin[place])), deadline)


def _simplified(
    raw: sympy.Expr, genotype: Genotype | None, problem: Problem, origin: str, deadline: float
) -> Draft | None:
    """One graph in symbols, folded and snapped. None if undefined on the rows."""
    formula = simplify(raw, problem.symbols, problem.formula_rows, deadline)
    return Draft(raw, formula, origin, genotype) if np.isfinite(formula.loss) else None


def _in_other_order(draft: Draft, symbols: tuple[sympy.Symbol, ...], rows: Table, deadline: float) -> Simplified:
    """The formula of a draft, or a shorter one from replacing its constants in another order."""
    other = simplify(draft.raw, symbols, rows, deadline, beam=_BEAM)
    n = len(rows)
    return min(draft.formula, other, key=lambda f: description_length(f.loss, f.expression, n))


def equations_of(problem: Problem, draft: Draft) -> Iterator[Equation]:
    """The equation of a draft, refitted on all rows; nothing if it is undefined there, too large or not admitted."""
    formula = _refitted(draft.formula, problem.symbols, problem.table, problem.goal, problem.y_unit)
    equation = _within(problem, shortest_writing(formula.expression), draft.origin, draft.genotype)
    if equation is None:
        return
    if problem.admission is None or problem.admission.admits(equation):
        yield equation
    else:
        yield from _repaired(problem, draft, equation)


def _within(problem: Problem, expression: sympy.Expr, origin: str, genotype: Genotype | None = None) -> Equation | None:
    """The equation that is written like this, if the columns allow its units, and it is defined and small enough."""
    written, dimensional = plain(expression), 0
    if problem.units is not None:
        found = consistent(written, problem.table.names, problem.units)
        if found is None:
            return None
        written, dimensional = found.expression, found.dimensional
    equation = replace(_with_losses(problem, written, origin, genotype), dimensional=dimensional)
    too_large = problem.max_complexity is not None and equation.complexity > problem.max_complexity
    return None if too_large or not np.isfinite(equation.relative_loss) else equation


def _repaired(problem: Problem, draft: Draft, equation: Equation) -> Iterator[Equation]:
    """Others like it that keep what is known of the law: with the values that it lacks, or not made so simple.

    What must stand in it may have been dropped where the rows do not need it.
    """
    assert problem.admission is not None
    there = {sympy.Symbol(s.name): s for s in problem.symbols}
    expression = problem.admission.repaired(equation) if problem.origins is None and problem.goal is None else None
    formula = Simplified(draft.raw if expression is None else put_in(expression, there), np.inf)
    for rows in (problem.formula_rows, problem.table):
        formula = _refitted(formula, problem.symbols, rows)
    repaired = _within(problem, formula.expression, draft.origin)
    if repaired is not None and problem.admission.admits(repaired):
        yield repaired


def _length(formula: Simplified, problem: Problem) -> float:
    """Of its description; infinite if it cannot have the units of the columns."""
    length = description_length(formula.loss, formula.expression, len(problem.formula_rows))
    if problem.units is None:
        return length
    found = consistent(plain(formula.expression), problem.table.names, problem.units)
    return np.inf if found is None else length + NATS_PER_UNIT * found.dimensional


def _refitted(
    formula: Simplified, symbols: tuple[sympy.Symbol, ...], rows: Table, goal: Goal | None = None, unit: float = 1.0
) -> Simplified:
    """Its constants fitted to these rows, or to the goal that they stand for; unit: of their target"""
    form = template(formula.expression, symbols)
    if not len(form.constants):
        return formula
    if goal is not None:
        values, loss = fit_score(compile_template(form), form.values, rows, goal.loss, goal.y, goal.weights, unit)
        return Simplified(form.at(values), loss) if np.isfinite(loss) else formula
    fit = fit_constants(compile_template(form), form.values, rows, steps=20)
    return Simplified(form.at(fit.values), fit.loss) if np.isfinite(fit.loss) else formula


def _with_losses(problem: Problem, expression: sympy.Expr, origin: str, genotype: Genotype | None) -> Equation:
    if problem.origins is not None:
        expression = _from_origins(expression, problem.table.names, problem.origins)
    problem = problem if problem.whole is None else problem.whole
    if problem.goal is not None:
        with np.errstate(over="ignore"):
            return _judged(problem, problem.goal.mean_of(expression), origin, genotype)
    value = evaluate(expression, problem.table.names, problem.table.X)
    with np.errstate(all="ignore"):
        loss = float(np.average((value - problem.table.y) ** 2, weights=problem.table.weights))
    loss = loss if np.isfinite(loss) else np.inf
    relative = float(problem.measure.loss(loss))
    with np.errstate(over="ignore", under="ignore"):
        loss = float(np.float64(loss) * problem.y_unit * problem.y_unit)
    return _in_columns(problem, expression, loss, relative, origin, genotype)


def _judged(problem: Problem, expression: sympy.Expr, origin: str, genotype: Genotype | None) -> Equation:
    """An equation of the mean, by the goal of the problem."""
    assert problem.goal is not None
    mean = problem.y_unit * evaluate(expression, problem.table.names, problem.table.X)
    loss, relative = problem.goal.judged(mean)
    return _in_columns(problem, expression, loss, relative, origin, genotype)


def _in_columns(
    problem: Problem, expression: sympy.Expr, loss: float, relative: float, origin: str, genotype: Genotype | None
) -> Equation:
    """The equation in the user's own columns."""
    if problem.y_unit == 1 and (problem.x_unit == 1).all():
        return Equation(expression, problem.columns, problem.table.target, loss, relative, origin, genotype)
    own = dict(zip(problem.table.names, map(float, problem.x_unit), strict=True))
    units = tuple(own.get(c, 1.0) for c in problem.columns)
    formula = Formula(expression, problem.columns, problem.table.target, units, problem.y_unit)
    return Equation(
        in_table_units(formula), problem.columns, problem.table.target, loss, relative, origin, genotype,
        inner=expression, units=units, target_unit=problem.y_unit,
    )  # fmt: skip


def _from_origins(expression: sympy.Expr, names: tuple[str, ...], origins: np.ndarray) -> sympy.Expr:
    """The formula with x − origin for each column x that has one. It is not multiplied out, which would cost digits."""
    return put_in(expression, dict(zip(map(sympy.Symbol, names), from_origins(names, origins), strict=True)))


def offer_all(front: Front, equations: Iterator[Equation]) -> Front:
    """The front after every equation was offered."""
    for equation in equations:
        front = front.offer(equation)
    return front
