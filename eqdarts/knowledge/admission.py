"""The gate to the front: which equations keep all constraints, and what is remembered of those that do not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import sympy

from eqdarts.data.table import Table
from eqdarts.equation.equation import Equation
from eqdarts.equation.excluded import Excluded, excluded_text
from eqdarts.equation.exports.formula import Formula
from eqdarts.equation.front import Front
from eqdarts.errors import InputDataError, warn
from eqdarts.knowledge.box import Box
from eqdarts.knowledge.constraints import Constraints
from eqdarts.knowledge.shape import broken_shapes, broken_values, mended
from eqdarts.knowledge.structure import misplaced, nested_too_deep
from eqdarts.simplify.description import count_constants


@dataclass(eq=False)
class Admission:
    """Judges equations by constraints on a table, and counts.

    Attributes
    ----------
    constraints : Constraints
    table : Table
        As the user gave it.
    excluded : dict of str to Excluded
        By what was broken.
    known : dict of expression to tuple of str
        What formulas break that it was asked for.
    """

    constraints: Constraints
    table: Table
    excluded: dict[str, Excluded] = field(default_factory=dict)
    known: dict[sympy.Expr, tuple[str, ...]] = field(default_factory=dict)

    def admits(self, equation: Equation) -> bool:
        """Does an equation keep all constraints? One that does not is remembered."""
        broken = self._broken_by(equation)
        for name in broken:
            best = self._kept(name).best
            if best is None or equation.relative_loss < best.relative_loss:
                self._note(name, best=equation)
        return not broken

    def count(self, broken: str, graphs: int) -> None:
        """So many graphs broke a constraint."""
        if graphs:
            self._note(broken, graphs=self._kept(broken).graphs + graphs)

    def repaired(self, equation: Equation) -> sympy.Expr | None:
        """An expression with its known values, where these are all that an equation breaks and it can be had."""
        wrong = broken_values(*self._asked(equation.formula), self._box(equation.formula))
        values = [self.constraints.values[place] for place in wrong]
        broken = self._broken_by(equation)
        if not values or equation.inner is not None or len(broken) > len(values):
            return None
        return mended(equation.expression, values)

    def only(self, front: Front) -> Front:
        """The front of the equations that keep all constraints.

        Raises
        ------
        InputDataError
            If there is none: it says what kept them out, and the best of these.

        Warns
        -----
        SearchWarning
            If there is nothing but a constant.
        """
        if not self.constraints:
            return front
        some = front.only(self.admits)
        if not len(some):
            raise InputDataError(f"no equation that was found keeps all constraints. {self.summary()}")
        if len(some) == 1 and not some[0].expression.free_symbols and self.excluded:
            warn(f"no equation but a constant keeps all constraints. {self.summary()}")
        return some

    def summary(self) -> str:
        """One line about what was kept out."""
        return excluded_text(excluded_by(self))

    def _kept(self, name: str) -> Excluded:
        return self.excluded.get(name, Excluded(name))

    def _note(self, name: str, **changed: Any) -> None:
        self.excluded[name] = replace(self._kept(name), **changed)

    def _broken_by(self, equation: Equation) -> tuple[str, ...]:
        if equation.expression not in self.known:
            self.known[equation.expression] = broken = tuple(self._broken(equation.formula))
            for name in broken:
                self._note(name, equations=self._kept(name).equations + 1)
        return self.known[equation.expression]

    def _broken(self, formula: Formula) -> Iterator[str]:
        expression, columns, constraints = self._asked(formula)
        yield from broken_forms(expression, constraints)
        box = self._box(formula)
        yield from broken_shapes(expression, columns, constraints, box)
        if constraints.at:
            wrong = broken_values(expression, columns, constraints, box)
            yield from (f"value {self.constraints.values[place]}" for place in wrong)

    def _asked(self, formula: Formula) -> tuple[sympy.Expr, tuple[str, ...], Constraints]:
        """A formula, its columns, and the constraints in its units."""
        return formula.expression, formula.columns, in_units(self.constraints, formula)

    def _box(self, formula: Formula) -> Box:
        units = np.array([formula.unit(name) for name in formula.columns])
        X = self.table.X[:, [self.table.names.index(name) for name in formula.columns]]
        return Box.of(X / units, self.table.y / formula.target_unit, self.constraints.margin)


def broken_forms(expression: sympy.Expr, constraints: Constraints) -> Iterator[str]:
    """Constraints on the form that a formula breaks, by their names."""
    used = {symbol.name for symbol in expression.free_symbols}
    yield from (f"must have {name}" for name in constraints.must if name not in used)
    yield from (f"must not have {name}" for name in constraints.never if name in used)
    column = misplaced(expression, constraints.operations) if constraints.operations else None
    if column is not None:
        yield f"operations of {column}"
    function = nested_too_deep(expression, constraints.nesting) if constraints.nesting else None
    if function is not None:
        yield f"nesting of {function}"
    if constraints.max_constants is not None and count_constants(expression) > constraints.max_constants:
        yield "max_constants"


def in_units(constraints: Constraints, formula: Formula) -> Constraints:
    """The constraints as they are for a formula whose columns and target are divided by units."""
    if not formula.units and formula.target_unit == 1:
        return constraints
    out = formula.target_unit
    at = tuple(
        ({name: value / formula.unit(name) for name, value in point.items()}, *(number / out for number in numbers))
        for point, *numbers in constraints.at
    )
    low, high = (None, None) if constraints.bounds is None else constraints.bounds
    sides = (None if low is None else low / out, None if high is None else high / out)
    return replace(constraints, at=at, bounds=None if constraints.bounds is None else sides)


def excluded_by(admission: Admission | None) -> tuple[Excluded, ...]:
    """What it kept out, that of most equations first."""
    some = () if admission is None else admission.excluded.values()
    return tuple(sorted(some, key=lambda one: (-one.equations, -one.graphs)))
