"""Can an equation have the units of its columns, and what do its constants have then?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy

from eqdarts.dimensions.checking import Known, dimensions_of
from eqdarts.dimensions.table_units import TableUnits, split_scale, with_scale
from eqdarts.dimensions.unit import Dimension
from eqdarts.dimensions.writing import unit_text
from eqdarts.equation.equation import Equation
from eqdarts.equation.regression.naming import floats_as_symbols
from eqdarts.formula.substitution import rebuilt_with


@dataclass(frozen=True)
class Consistent:
    """A formula that can have the units of its columns.

    Attributes
    ----------
    expression : sympy.Expr
        With floats in place of the exact numbers that carry a unit.
    dimensional : int
        Constants that carry one.
    """

    expression: sympy.Expr
    dimensional: int


def consistent(expression: sympy.Expr, columns: Sequence[str], units: TableUnits) -> Consistent | None:
    """The formula, if its units match; else None.

    Exact numbers are pure. Where only that keeps a formula from matching, a number that was fitted has come out round,
    such as a spring constant of 2 N/m: so numbers that stand before a term, and one before the whole, may be floats.
    What is not written, as the 1 before the terms of m + v, stays pure.
    """
    form, symbols, values = floats_as_symbols(expression, columns)
    found = _dimensions(form, symbols, values, columns, units)
    if found is not None:
        return Consistent(expression, sum(map(bool, found.values())))
    freed = _Freed(form)
    places = [*symbols, *freed.numbers]
    found = _dimensions(
        freed.form, places, [*values, *(float(n) for n in freed.numbers.values())], columns, units
    )  # fmt: skip
    if found is None:
        return None
    numbers = dict(zip(symbols, map(sympy.Float, values), strict=True))
    for symbol, number in freed.numbers.items():
        numbers[symbol] = sympy.Float(float(number)) if found[symbol.name] else number
    return Consistent(rebuilt_with(freed.form, numbers), sum(map(bool, found.values())))


def with_constant_units(equation: Equation, units: TableUnits | None) -> Equation:
    """With the units of its constants, as text."""
    if units is None:
        return equation
    form, symbols, values = floats_as_symbols(equation.expression, equation.columns)
    found = _dimensions(form, symbols, values, equation.columns, units)
    if found is None:  # exact numbers that were put in after the check, as the 1950 of t - 1950, may have units
        freed = _Freed(form)
        numbers = [*values, *(float(n) for n in freed.numbers.values())]
        found = _dimensions(freed.form, [*symbols, *freed.numbers], numbers, equation.columns, units) or {}
        found = {symbol.name: found.get(symbol.name, {}) for symbol in symbols}
    scaled = _scaled(form, symbols, values, equation.columns, units)
    written = {
        name: f"[{_base_text(dimension)}]" if scaled is None else unit_text(*split_scale(scaled[name]), units.known)
        for name, dimension in found.items()
        if dimension
    }
    return replace(equation, constant_units=written)


def _dimensions(
    form: sympy.Expr,
    constants: Sequence[sympy.Symbol],
    values: Sequence[float] | np.ndarray,
    columns: Sequence[str],
    units: TableUnits,
) -> dict[str, Dimension] | None:
    names = [c.name for c in constants]
    known = Known(units.dimensions(), dict(zip(names, map(float, values), strict=True)))
    return dimensions_of(form, names, known, units.target.dimension, units.of_logarithm)


def _scaled(
    form: sympy.Expr, symbols: Sequence[sympy.Symbol], values: np.ndarray, columns: Sequence[str], units: TableUnits
) -> dict[str, Dimension] | None:
    """The same with factors, which exact numbers may have too: the 2000 of E = m·v²/2000 turns J into kJ."""
    freed = _Freed(form)
    for tried, others in ((form, {}), (freed.form, freed.numbers)):
        names = [c.name for c in (*symbols, *others)]
        numbers = dict(zip(names, [*map(float, values), *map(float, others.values())], strict=True))
        target = with_scale(units.target)
        found = dimensions_of(tried, names, Known(units.scales(), numbers), target, units.of_logarithm)
        if found is not None:
            return found
    return None


def _base_text(dimension: Dimension) -> str:
    return " ".join(base if power == 1 else f"{base}^{power}" for base, power in dimension.items())


class _Freed:
    """A formula with symbols for the exact numbers that a fitted constant may have become."""

    def __init__(self, form: sympy.Expr) -> None:
        self.numbers: dict[sympy.Symbol, sympy.Expr] = {}
        self.form = self._of(form)
        if not form.is_Add and not self._stands_before(self.form):
            self.form = sympy.Mul(self._free(sympy.Integer(1)), self.form, evaluate=False)

    def _free(self, number: sympy.Expr) -> sympy.Symbol:
        symbol = sympy.Dummy(f" {len(self.numbers)}", real=True)  # no column is called so
        self.numbers[symbol] = number
        return symbol

    def _stands_before(self, form: sympy.Expr) -> bool:
        return any(part in self.numbers for part in sympy.Mul.make_args(form))

    def _of(self, node: sympy.Expr) -> sympy.Expr:
        if not node.args or node.is_number:
            return node
        if node.is_Pow:
            return sympy.Pow(self._of(node.base), node.exp, evaluate=False)
        if node.is_Add or node.is_Mul:
            pure = [part for part in node.args if part.is_number]
            number = node.func(*pure)
            others = [self._of(part) for part in node.args if not part.is_number]
            if not pure or number in (1, -1) or not (number.is_real and number.is_finite):
                return node.func(*pure, *others, evaluate=False)
            return node.func(self._free(number), *others, evaluate=False)
        return node.func(*map(self._of, node.args), evaluate=False)
