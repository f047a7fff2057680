"""The problem of a search: a table in working units, and what the graphs on it mean in its columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import sympy

from eqdarts.data.columns import column_scale
from eqdarts.data.table import Table, evenly
from eqdarts.data.zero import LADDER, Target, measure_of
from eqdarts.dimensions.table_units import TableUnits
from eqdarts.graph.genotype import Genotype
from eqdarts.graph.links import usable
from eqdarts.graph.space import SearchSpace
from eqdarts.graph.to_sympy import Constants, column_symbols, to_expression
from eqdarts.knowledge.admission import Admission
from eqdarts.losses.families import Family
from eqdarts.losses.goal import Goal

FORMULA_ROWS = 1000  # on which constants are snapped and a formula's parts tried; the last refit sees all of them
_VISIBLE = 0.05  # of the standard deviation of y: rounding by more than this proves nothing
_GENEROUS, _FEW_MORE = 4.0, 1.5  # times the loss that rounding leaves on average; few rows may have more of it


@dataclass(frozen=True)
class Sizes:
    """How many rows are looked at, at the most; not tuned.

    Attributes
    ----------
    step : int
        By each step of the search, of w and of α.
    screening : int
        By the first, short fit of a graph.
    evidence : int
        Rows that a loss on the validation rows speaks for.
    formula : int
        By which constants are snapped and a formula's parts tried; the last refit sees all of them.
    """

    step: int = 120
    screening: int = 64
    evidence: int = 100
    formula: int = FORMULA_ROWS


#: Of counts and of zeros and ones, each of which says little (benchmarks of losses: docs/howto/losses.md).
OF_LITTLE = Sizes(step=500, screening=256, evidence=500, formula=2000)


@dataclass(frozen=True, eq=False)
class Problem:
    """The table in working units, and how the search saw it.

    Working units are the table's own, but for columns of extreme magnitude.

    Attributes
    ----------
    table : Table
        The d columns of the search, in working units.
    columns : tuple of str
        All columns of the user's table, which the equations take as arguments.
    x_scale : array [d]
        The search sees X / x_scale.
    y_scale : float
    x_unit : array [d]
        The user's table has X · x_unit.
    y_unit : float
    subset : int array
        Numbers of the rows on which formulas are made simpler, sorted.
    train, validation : int array
        Numbers of the rows to which graphs are fitted, and on which they are ranked and α is learned, sorted.
    max_complexity : int or None
        Larger equations are left out.
    rounding : array [n] or None
        The greatest error of y by rounding, where its digits show one (`eqdarts.data.rounding`).
    x_rounding : array [n, d] or None
        The same of columns in the format of y.
    whole : Problem or None
        The table as it was, with the rows that were left out of this one, by which its equations are judged.
    origins : array [d] or None
        What was taken off the columns, and stands in the equations beside them.
    units : TableUnits or None
        Equations that cannot have these are none.
    guesses : tuple of expressions
        Starting equations, fitted, over the symbols of the problem.
    admission : Admission or None
        Which equations keep what is known of the law; None if nothing is.
    goal : Goal or None
        What equations are judged by where the target of the table is a working response of it.
    sizes : Sizes
    """

    table: Table
    columns: tuple[str, ...]
    x_scale: np.ndarray
    y_scale: float
    x_unit: np.ndarray
    y_unit: float
    subset: np.ndarray
    train: np.ndarray
    validation: np.ndarray
    max_complexity: int | None = None
    rounding: np.ndarray | None = None
    x_rounding: np.ndarray | None = None
    whole: Problem | None = None
    origins: np.ndarray | None = None
    units: TableUnits | None = None
    guesses: tuple[sympy.Expr, ...] = ()
    admission: Admission | None = None
    goal: Goal | None = None
    sizes: Sizes = Sizes()

    def shifted(self, origins: np.ndarray) -> Problem:
        """With columns that have these numbers taken off, 0 for those that stay."""
        table = replace(self.table, X=self.table.X - origins)
        scale = moderate(np.array([column_scale(column) for column in table.X.T]))
        return replace(
            self, table=table, x_scale=np.where(origins != 0, scale, self.x_scale), origins=origins,
            whole=self if self.whole is None else self.whole,
        )  # fmt: skip

    def without(self, rows: np.ndarray) -> Problem:
        """Without these rows (bool [n]), at which formulas may have removable singularities."""
        return replace(self._on(np.flatnonzero(~rows)), whole=self)

    def reduced(self) -> Problem:
        """Only the rows of the subset."""
        return self._on(self.subset)

    def _on(self, kept: np.ndarray) -> Problem:
        """Only the rows of these numbers, sorted."""
        subset, train, validation = (
            np.flatnonzero(np.isin(kept, part)) for part in (self.subset, self.train, self.validation)
        )
        rounding, of_columns = (None if a is None else a[kept] for a in (self.rounding, self.x_rounding))
        return replace(
            self, table=self.table.rows(kept), subset=subset, train=train, validation=validation, rounding=rounding,
            x_rounding=of_columns, goal=None if self.goal is None else self.goal.on(kept),
        )  # fmt: skip

    @property
    def without_loops(self) -> Problem:
        """The same, whose formulas are fitted before compiled loops are loaded."""
        return replace(self, table=replace(self.table, loops=False))

    @cached_property
    def scaled(self) -> Table:
        """The table as the search sees it."""
        return self.table.scaled(self.x_scale, self.y_scale)

    @cached_property
    def formula_rows(self) -> Table:
        """Those on which constants are snapped and a formula's parts tried."""
        return self.sample(self.sizes.formula)

    def sample(self, most: int) -> Table:
        """At most so many rows of the subset, evenly spread."""
        return self.table.rows(self.subset[evenly(len(self.subset), most)])

    @property
    def evidence(self) -> int:
        """How many rows, or observations, the lengths of descriptions go by."""
        return len(self.table) if self.goal is None else self.goal.evidence

    @property
    def is_noisy(self) -> bool:
        """Is it known before a search that no graph is exact, as of counts and of chances?"""
        return self.goal is not None and self.goal.loss.is_family

    def left_by(self, values: np.ndarray | None) -> np.ndarray | None:
        """What scores [n], as the search sees them, leave of the rows of the subset by a family: noise if they are
        right. None by least squares, and of None that of the best constant.

        A working response of 0 or 1 has two values at each score, so its residuals follow the columns even where the
        law is right (`eqdarts.losses.families`).
        """
        if not self.is_noisy or self.goal is None:
            return None
        goal = self.goal.on(self.subset)
        if values is None:
            mean = np.full(len(goal.y), self.goal.constant)
        else:
            with np.errstate(all="ignore"):
                mean = goal.loss.link.mean(values * (self.y_scale * self.y_unit))
        return np.asarray(goal.loss.residual(goal.y, mean, goal.weights)) if isinstance(goal.loss, Family) else None

    @property
    def measure(self) -> Target:
        """What losses are measured by."""
        return measure_of(self.table)

    @cached_property
    def blur(self) -> np.ndarray:
        """Errors [n] of y that rounding may have made, of columns as well, as if y rose with each by as much as it
        spreads.

        All zero if y spreads over so few steps that to be as close to it as they are says little.
        """
        none = np.zeros(len(self.table))
        if self.rounding is None:
            return none
        square = self.rounding**2
        if self.x_rounding is not None:
            slopes = self.table.y.std() / self.table.X.std(axis=0)
            square = square + ((self.x_rounding * slopes) ** 2).sum(axis=1)
        return np.sqrt(square) if square.mean() / 3 < _VISIBLE**2 * self.table.y.var() else none

    @property
    def exact_loss(self) -> float:
        """Share of the variance of y that an exact graph may leave on some of the rows."""
        return max(LADDER.exact, _GENEROUS * self._rounded / self.measure.variance)

    @property
    def rounding_loss(self) -> float:
        """The loss that an exact equation may leave where y was rounded, else 0."""
        return _FEW_MORE * self._rounded / self.measure.variance

    @property
    def _rounded(self) -> float:
        """The mean square of what rounding changed: that of numbers even in −1 .. 1 is a third."""
        return float(np.average(self.blur**2, weights=self.table.weights) / 3)

    @cached_property
    def signed(self) -> tuple[bool, ...]:
        """Which columns have values that are not positive."""
        return tuple(bool(column.min() <= 0) for column in self.table.X.T)

    def usable_links(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Those links that can give every value of the target."""
        return usable(names, self.table.y, scaled=self.y_scale * self.y_unit != 1)

    @cached_property
    def symbols(self) -> tuple[sympy.Symbol, ...]:
        return column_symbols(self.table.names, tuple(not signed for signed in self.signed))

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
        The name of the reformulation (`eqdarts.search.reformulations`); empty for the columns themselves.
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


def from_origins(names: tuple[str, ...], origins: np.ndarray) -> tuple[sympy.Expr, ...]:
    """The columns with what was taken off them."""
    pairs = zip(names, origins.tolist(), strict=True)
    return tuple(sympy.Symbol(name) - (sympy.Rational(repr(origin)) if origin else 0) for name, origin in pairs)


def moderate(scales: np.ndarray) -> np.ndarray:
    """1 for columns of ordinary magnitude, so that the search's simple starts are simple in their own units too."""
    return np.where((scales >= 1 / 8) & (scales <= 8), 1.0, scales)


def snapping_rows(n: int, rng: np.random.Generator, most: int = FORMULA_ROWS) -> np.ndarray:
    """All rows of a small table, a random thousand of a large one."""
    return np.arange(n) if n <= most else np.sort(rng.choice(n, most, replace=False))
