"""A unit: exponents of base quantities, and how many coherent units of that dimension it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import sympy

#: Exponents of the base quantities that occur, by name; a number without dimension has none.
Dimension = Mapping[str, Fraction]

#: The coherent unit of each base quantity; others are called as they are.
BASE_UNITS = {
    "mass": "kg", "length": "m", "time": "s", "current": "A", "temperature": "K", "substance": "mol",
    "luminosity": "cd",
}  # fmt: skip


@dataclass(frozen=True)
class Unit:
    """What one of it is.

    Attributes
    ----------
    text : str
        As it was given.
    dimension : mapping
        Exponents of base quantities, exact; only those that are not zero.
    factor : sympy.Expr
        An exact number: how many coherent units it is, such as 1/100 of a centimetre.
    has_offset : bool
        Is its zero somewhere else, as that of degrees Celsius? Then only its differences have the dimension.
    """

    text: str
    dimension: Dimension
    factor: sympy.Expr = sympy.S.One
    has_offset: bool = False

    def __mul__(self, other: Unit) -> Unit:
        total = dict(self.dimension)
        for base, power in other.dimension.items():
            total[base] = total.get(base, Fraction(0)) + power
        kept = {base: power for base, power in total.items() if power}
        return Unit("", kept, self.factor * other.factor, self.has_offset or other.has_offset)

    def __pow__(self, power: Fraction) -> Unit:
        dimension = {base: own * power for base, own in self.dimension.items() if power}
        factor = self.factor ** sympy.Rational(power.numerator, power.denominator)
        return Unit("", dimension, factor, self.has_offset)
