"""From fitted graphs to equations: the best few go through symbols, folding, snapping and a last refit."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import sympy
import torch
from sympy.core.parameters import distribute

from eqdarts.data.columns import column_scale
from eqdarts.equation.equation import Equation, Front, evaluate
from eqdarts.equation.exports.formula import Formula
from eqdarts.equation.exports.record import in_table_units
from eqdarts.fit.formula import Rows, compile_template, fit_constants, template
from eqdarts.fit.graphs import Rows as ScaledRows
from eqdarts.fit.zero import EXACT, Target
from eqdarts.graph.genotype import Genotype
from eqdarts.graph.population import Population, front_of, scores
from eqdarts.graph.space import SearchSpace
from eqdarts.graph.to_sympy import Constants, column_symbols, plain, to_expression
from eqdarts.propose.library import Library
from eqdarts.propose.monomials import Monomials
from eqdarts.simplify.description import count_constants, description_length
from eqdarts.simplify.reduce import reduce, shortest_writing
from eqdarts.simplify.simplify import simplify
from eqdarts.simplify.snapping import Simplified

_REDUCED = 8  # formulas that are made structurally simpler
_BEAM = 4  # orders of replacing constants, for them
_FEW_CONSTANTS = 4  # an exact formula with fewer is left as it is
_VISIBLE = 0.05  # of the standard deviation of y: rounding by more than this proves nothing
_GENEROUS, _FEW_MORE = 4.0, 1.5  # times the loss that rounding leaves on average; few rows may have more of it
_ROWS = 1000  # rows on which constants are snapped and a formula's parts tried; the last refit sees all of them


@dataclass(frozen=True, eq=False)
class Problem:
    """The table in working units, and how the search saw it.

    Working units are the table's own, but for columns of extreme magnitude.

    Attributes
    ----------
    X : array [n, d]
        The columns of the search.
    y : array [n]
    weights : array [n] or None
    names : tuple of str
        Of the d columns.
    columns : tuple of str
        All columns of the user's table, which the equations take as arguments.
    target : str
    x_scale : array [d]
        The search sees X / x_scale.
    y_scale : float
    x_unit : array [d]
        The table has X · x_unit.
    y_unit : float
    subset : int array
        The rows on which formulas are made simpler.
    max_complexity : int or None
        Larger equations are left out.
    compiled : bool
        Are constants fitted by compiled loops?
    rounding : array [n] or None
        The greatest error of y by rounding, where its digits show one (`eqdarts.data.rounding`).
    x_rounding : array [n, d] or None
        The same of columns in the format of y.
    whole : Problem or None
        The table as it was, with the rows that were left out of this one, by which its equations are judged.
    origins : array [d] or None
        What was taken off the columns, and stands in the equations beside them.
    """

    X: np.ndarray
    y: np.ndarray
    weights: np.ndarray | None
    names: tuple[str, ...]
    columns: tuple[str, ...]
    target: str
    x_scale: np.ndarray
    y_scale: float
    x_unit: np.ndarray
    y_unit: float
    subset: np.ndarray
    max_complexity: int | None = None
    compiled: bool = False
    rounding: np.ndarray | None = None
    x_rounding: np.ndarray | None = None
    whole: Problem | None = None
    origins: np.ndarray | None = None

    def shifted(self, origins: np.ndarray) -> Problem:
        """With columns that have these numbers taken off, 0 for those that stay."""
        X = self.X - origins
        scale = moderate(np.array([column_scale(column) for column in X.T]))
        return replace(
            self, X=X, x_scale=np.where(origins != 0, scale, self.x_scale), origins=origins,
            whole=self if self.whole is None else self.whole,
        )  # fmt: skip

    def without(self, rows: np.ndarray) -> Problem:
        """Without these rows (bool [n]), at which formulas may have removable singularities."""
        kept = np.flatnonzero(~rows)
        return replace(self._on(kept, subset=np.flatnonzero(np.isin(kept, self.subset))), whole=self)

    def reduced(self) -> Problem:
        """Only the rows of the subset."""
        return self._on(self.subset, subset=np.arange(len(self.subset)))

    def _on(self, rows: np.ndarray, subset: np.ndarray) -> Problem:
        """Only these rows, with another subset."""
        weights, rounding, of_columns = (
            None if a is None else a[rows] for a in (self.weights, self.rounding, self.x_rounding)
        )
        return replace(
            self, X=self.X[rows], y=self.y[rows], weights=weights, subset=subset, rounding=rounding,
            x_rounding=of_columns,
        )  # fmt: skip

    def tensors(self, index: np.ndarray, device: str) -> ScaledRows:
        """These rows as the search sees them, inputs [d, n]."""
        inputs = np.ascontiguousarray((self.X[index] / self.x_scale).T)
        weights = None if self.weights is None else torch.as_tensor(np.sqrt(self.weights[index]), device=device)
        y = torch.as_tensor(self.y[index] / self.y_scale, device=device)
        return ScaledRows(torch.as_tensor(inputs, device=device), y, weights)

    def sample(self, most: int) -> Rows:
        """At most so many rows of the subset, evenly spread."""
        rows = self.subset[np.linspace(0, len(self.subset) - 1, min(most, len(self.subset))).round().astype(int)]
        root = None if self.weights is None else np.sqrt(self.weights[rows])
        return Rows(self.X[rows], self.y[rows], root, self.compiled)

    @cached_property
    def measure(self) -> Target:
        """What losses are measured by."""
        return Target.of(self.y, self.weights)

    @property
    def blur(self) -> np.ndarray:
        """Errors [n] of y that rounding may have made, of columns as well, as if y rose with each by as much as it
        spreads.

        All zero if y spreads over so few steps that to be as close to it as they are says little.
        """
        none = np.zeros(len(self.y))
        if self.rounding is None:
            return none
        square = self.rounding**2
        if self.x_rounding is not None:
            slopes = self.y.std() / self.X.std(axis=0)
            square = square + ((self.x_rounding * slopes) ** 2).sum(axis=1)
        return np.sqrt(square) if square.mean() / 3 < _VISIBLE**2 * self.y.var() else none

    @property
    def exact_loss(self) -> float:
        """Share of the variance of y that an exact graph may leave on some of the rows."""
        left = np.average(self.blur**2, weights=self.weights) / 3  # that of numbers even in −1 .. 1
        return max(EXACT, _GENEROUS * float(left) / self.measure.variance)

    @property
    def rounding_loss(self) -> float:
        """The loss that an exact equation may leave where y was rounded, else 0."""
        left = np.average(self.blur**2, weights=self.weights) / 3
        return _FEW_MORE * float(left) / self.measure.variance

    @property
    def all_rows(self) -> Rows:
        """All of them."""
        root = None if self.weights is None else np.sqrt(self.weights)
        return Rows(self.X, self.y, root, self.compiled)

    @property
    def symbols(self) -> tuple[sympy.Symbol, ...]:
        return column_symbols(self.names, tuple(bool(column.min() > 0) for column in self.X.T))

    @property
    def view(self) -> View:
        """The columns themselves."""
        return View(self.symbols, sympy.Integer(1), self.x_scale, self.y_scale)


@dataclass(frozen=True, eq=False)
class View:
    """What the inputs and the target of a graph are in the columns of the table.

    Attributes
    ----------
    inputs : tuple of expressions
        Over the symbols of the problem: the columns, or groups of them.
    prefactor : expression
        What the graph is multiplied by.
    x_scale : array
        The graph sees inputs / x_scale.
    y_scale : float
        And gives the target / (prefactor · y_scale).
    kind : str
        "symmetry" where the inputs are groups of columns, "shifted" where columns begin near zero, else empty.
    names : tuple of str
        Of the inputs, where they are not those of the expressions.
    """

    inputs: tuple[sympy.Expr, ...]
    prefactor: sympy.Expr
    x_scale: np.ndarray
    y_scale: float
    kind: str = ""
    names: tuple[str, ...] = ()

    def formula(self, space: SearchSpace, genotype: Genotype, w: np.ndarray, coefficients: np.ndarray) -> sympy.Expr:
        """A fitted graph, w [E, P] and coefficients [Q], over the symbols of the problem."""
        constants = Constants(w, coefficients, self.x_scale, self.y_scale)
        return self.prefactor * to_expression(space, genotype, constants, self.inputs)

    def origin(self, proposed_by: str) -> str:
        """Where an equation of such a graph comes from."""
        return f"{self.kind}, {proposed_by}" if self.kind else proposed_by

    def named(self, genotype: Genotype) -> Genotype:
        """The graph with the names of its inputs and its prefactor, where they are not the columns."""
        if not self.kind:
            return genotype
        return replace(genotype, inputs=self.names or tuple(map(str, self.inputs)), prefactor=str(self.prefactor))


def constant_equation(problem: Problem) -> Equation:
    """The mean of the target: the simplest member of every front."""
    mean = float(np.average(problem.y, weights=problem.weights))
    return _with_losses(problem, sympy.Float(mean), "constant", None)


def candidates(population: Population, rows: int, limit: int) -> list[int]:
    """Places of the graphs worth finishing: the front up to the best score, then all others, best score first.

    Graphs that are larger than the one with the best score fit noise; finishing them takes longest. Sums of given terms
    have a front of their own: they have many constants, which are the quickest to fit and to make simple.
    """
    rank = scores(population.loss, population.complexity, rows)
    order = np.argsort(rank, kind="stable")
    front = front_of(population) & (population.complexity <= population.complexity[order[0]])
    sums = np.flatnonzero([origin.startswith((Monomials.name, Library.name)) for origin in population.origin])
    front[sums[front_of(population.select(sums))]] = True
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
    genotype: Genotype


def finish(
    space: SearchSpace,
    population: Population,
    places: list[int],
    problem: Problem,
    deadline: float,
    reduced: int = _REDUCED,
    view: View | None = None,
    known: dict[bytes, Draft] | None = None,
) -> Iterator[Equation]:
    """The equations of these graphs, until the deadline (in `time.monotonic`).

    All are simplified; so many of those with the shortest descriptions are then taken closer care of, and made
    structurally simpler as well.
    view: of the graphs, by default the columns   known: graphs that were simplified before; new ones are added
    """
    known = {} if known is None else known
    view = problem.view if view is None else view
    drafts: list[Draft] = []
    now = time.monotonic()
    halfway = now + (deadline - now) / 2 if reduced else deadline
    for k in places:
        if time.monotonic() > halfway:
            break
        key = population.batch.key(k) + population.w[k].tobytes() + population.coefficients[k].tobytes()
        if key in known:
            drafts.append(known[key])
            continue
        draft = _draft(space, population, k, problem, view, deadline)
        if draft is not None:
            known[key] = draft
            drafts.append(draft)
            yield from _equation(problem, draft)
    rows, floor = problem.sample(_ROWS), max(EXACT, problem.rounding_loss)
    drafts.sort(key=lambda d: description_length(d.formula.loss, d.formula.expression, len(rows.y)))
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
            yield from _equation(problem, replace(draft, formula=simpler))


def finish_one(
    space: SearchSpace, population: Population, place: int, problem: Problem, deadline: float
) -> Iterator[Equation]:
    """The equation of this graph, if it is defined on the rows; after the deadline with its constants as they are."""
    draft = _draft(space, population, place, problem, problem.view, deadline)
    if draft is not None:
        yield from _equation(problem, draft)


def _draft(
    space: SearchSpace, population: Population, place: int, problem: Problem, view: View, deadline: float
) -> Draft | None:
    genotype = population.batch.genotype(space, place)
    raw = view.formula(space, genotype, population.w[place], population.coefficients[place])
    return _simplified(raw, view.named(genotype), problem, view.origin(str(population.origin[place])), deadline)


def _simplified(raw: sympy.Expr, genotype: Genotype, problem: Problem, origin: str, deadline: float) -> Draft | None:
    """One graph in symbols, folded and snapped. None if undefined on the rows."""
    formula = simplify(raw, problem.symbols, problem.sample(_ROWS), deadline)
    return Draft(raw, formula, origin, genotype) if np.isfinite(formula.loss) else None


def _in_other_order(draft: Draft, symbols: tuple[sympy.Symbol, ...], rows: Rows, deadline: float) -> Simplified:
    """The formula of a draft, or a shorter one from replacing its constants in another order."""
    other = simplify(draft.raw, symbols, rows, deadline, beam=_BEAM)
    n = len(rows.y)
    return min(draft.formula, other, key=lambda f: description_length(f.loss, f.expression, n))


def _equation(problem: Problem, draft: Draft) -> Iterator[Equation]:
    """The equation of a draft, refitted on all rows; nothing if it is undefined there or too large."""
    formula = _refitted(draft.formula, problem.symbols, problem.all_rows)
    written = plain(shortest_writing(formula.expression))
    equation = _with_losses(problem, written, draft.origin, draft.genotype)
    too_large = problem.max_complexity is not None and equation.complexity > problem.max_complexity
    if np.isfinite(equation.relative_loss) and not too_large:
        yield equation


def _refitted(formula: Simplified, symbols: tuple[sympy.Symbol, ...], rows: Rows) -> Simplified:
    """Its constants fitted to these rows."""
    form = template(formula.expression, symbols)
    if not len(form.constants):
        return formula
    fit = fit_constants(compile_template(form), form.values, rows, steps=20)
    return Simplified(form.at(fit.values), fit.loss) if np.isfinite(fit.loss) else formula


def _with_losses(problem: Problem, expression: sympy.Expr, origin: str, genotype: Genotype | None) -> Equation:
    if problem.origins is not None:
        expression = _from_origins(expression, problem.names, problem.origins)
    problem = problem if problem.whole is None else problem.whole
    value = evaluate(expression, problem.names, problem.X)
    with np.errstate(all="ignore"):
        loss = float(np.average((value - problem.y) ** 2, weights=problem.weights))
    loss = loss if np.isfinite(loss) else np.inf
    relative = float(problem.measure.loss(loss))
    if problem.y_unit == 1 and (problem.x_unit == 1).all():
        return Equation(expression, problem.columns, problem.target, loss, relative, origin, genotype)
    own = dict(zip(problem.names, map(float, problem.x_unit), strict=True))
    units = tuple(own.get(c, 1.0) for c in problem.columns)
    formula = Formula(expression, problem.columns, problem.target, units, problem.y_unit)
    with np.errstate(over="ignore", under="ignore"):
        loss = float(np.float64(loss) * problem.y_unit * problem.y_unit)
    return Equation(
        in_table_units(formula), problem.columns, problem.target, loss, relative, origin, genotype,
        inner=expression, units=units, target_unit=problem.y_unit,
    )  # fmt: skip


def from_origins(names: tuple[str, ...], origins: np.ndarray) -> tuple[sympy.Expr, ...]:
    """The columns with what was taken off them."""
    pairs = zip(names, origins.tolist(), strict=True)
    return tuple(sympy.Symbol(name) - (sympy.Rational(repr(origin)) if origin else 0) for name, origin in pairs)


def _from_origins(expression: sympy.Expr, names: tuple[str, ...], origins: np.ndarray) -> sympy.Expr:
    """The formula with x − origin for each column x that has one. It is not multiplied out, which would cost digits."""
    with distribute(False):
        return expression.xreplace(dict(zip(map(sympy.Symbol, names), from_origins(names, origins), strict=True)))


def offer_all(front: Front, equations: Iterator[Equation]) -> Front:
    """The front after every equation was offered."""
    for equation in equations:
        front = front.offer(equation)
    return front


def moderate(scales: np.ndarray) -> np.ndarray:
    """1 for columns of ordinary magnitude, so that the search's simple starts are simple in their own units too."""
    return np.where((scales >= 1 / 8) & (scales <= 8), 1.0, scales)


def snapping_rows(n: int, rng: np.random.Generator) -> np.ndarray:
    """All rows of a small table, a random thousand of a large one."""
    return np.arange(n) if n <= _ROWS else np.sort(rng.choice(n, _ROWS, replace=False))
