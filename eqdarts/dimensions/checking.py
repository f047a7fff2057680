"""Can a formula have the units of its columns? If so, what its constants have.

Every part of a formula has a dimension. That of a column is known, an exact number has none, and that of a free
constant is unknown, so the rules of units are equations which are linear in the unknown exponents: the terms of a sum
are alike, powers multiply, functions need numbers without dimension. They are the same equations for each base
quantity, and a formula is consistent if all of them have a solution.

Logarithms of quantities may stand beside a constant that makes up for their units: c + log(x) is log(x/x0). So a part
has a second vector, that of the unit whose logarithm it lacks: of log(x) that of x, of k·log(x) k times that. A free
constant in a sum takes it up, exp undoes it, and whatever else needs it to be zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import sympy

from eqdarts.dimensions.solving import Affine, solved
from eqdarts.dimensions.unit import Dimension

_ALIKE = (sympy.Max, sympy.Min)  # of arguments that are alike, and like them
_ANY = (sympy.sign, sympy.Heaviside)  # pure, whatever their argument is


@dataclass(frozen=True)
class Known:
    """What is known of the symbols of a formula.

    Attributes
    ----------
    dimensions : mapping
        Exponents, by the names of symbols; those of a symbol that is not there, and is no constant, are not known.
    values : mapping
        The numbers that the constants are, by their names.
    """

    dimensions: Mapping[str, Dimension]
    values: Mapping[str, float]


@dataclass(frozen=True)
class _Kind:
    """What a part of a formula has: its dimension, and the dimension of the unit whose logarithm it lacks."""

    dimension: Affine
    lacking: Affine


_PURE = _Kind(Affine(), Affine())


def dimensions_of(
    formula: sympy.Expr, constants: Sequence[str], known: Known, target: Dimension, of_logarithm: bool = False
) -> dict[str, Dimension] | None:
    """The dimension of each constant, or None if there is no assignment.

    Where several would do, as many as possible have none, the last ones first.

    formula: over columns and symbols for the constants   target: its dimension
    of_logarithm: is the formula the logarithm of a quantity of that dimension?

    Examples
    --------
    >>> E, v, c0 = sympy.symbols("E v c0")
    >>> of = {"E": {"energy": Fraction(1)}, "v": {"speed": Fraction(1)}}
    >>> dimensions_of(c0 * v**2, ("c0",), Known(of, {"c0": 2.5}), of["E"])
    {'c0': {'energy': Fraction(1, 1), 'speed': Fraction(-2, 1)}}
    >>> print(dimensions_of(v**2 + c0 * v + v, ("c0",), Known(of, {"c0": 2.5}), of["E"]))
    None
    """
    walk = _Walk(constants, known)
    found = walk.of(formula)
    wanted = Affine.of(target)
    walk.equal(found.dimension, Affine() if of_logarithm else wanted)
    walk.equal(found.lacking, wanted if of_logarithm else Affine())
    solution = solved(walk.equations, walk.order())
    if solution is None:
        return None
    return {name: dict(sorted(solution.get(walk.unknown[name], {}).items())) for name in constants}


class _Walk:
    """Goes through a formula once and notes what must be equal to zero."""

    def __init__(self, constants: Sequence[str], known: Known) -> None:
        self._known, self.equations = known, list[Affine]()
        self.unknown = {name: k for k, name in enumerate(constants)}
        self._fresh = list[int]()  # unknowns of no constant
        self._next = len(constants)
        self._columns = dict[str, int]()
        self._kinds = dict[sympy.Expr, _Kind]()

    def order(self) -> list[int]:
        """The unknowns, those that are rather zero last."""
        return [*self._columns.values(), *self._fresh, *self.unknown.values()]

    def equal(self, one: Affine, other: Affine) -> None:
        """Note that both are."""
        gap = one - other
        if not gap.is_zero:
            self.equations.append(gap)

    def of(self, node: sympy.Expr) -> _Kind:
        """What a part has."""
        if node not in self._kinds:
            self._kinds[node] = self._of(node)
        return self._kinds[node]

    def _of(self, node: sympy.Expr) -> _Kind:
        if node.is_zero:
            return _Kind(Affine.unknown(self._new()), Affine.unknown(self._new()))
        if node.is_Symbol:
            return self._symbol(node)
        if node.is_number:
            return _PURE
        if node.is_Add:
            return self._sum(node)
        if node.is_Mul:
            return self._product(node)
        if node.is_Pow:
            return self._power(node)
        if isinstance(node, sympy.exp):
            inside = self.of(node.args[0])
            self.equal(inside.dimension, Affine())
            return _Kind(inside.lacking, Affine())
        if isinstance(node, sympy.log) and len(node.args) == 1:
            return _Kind(Affine(), self._whole(node.args[0]))
        if isinstance(node, sympy.Abs):
            return _Kind(self._whole(node.args[0]), Affine())
        if isinstance(node, _ALIKE):
            first, *others = map(self._whole, node.args)
            for other in others:
                self.equal(first, other)
            return _Kind(first, Affine())
        for argument in node.args:
            dimension = self._whole(argument)
            if not isinstance(node, _ANY):
                self.equal(dimension, Affine())
        return _PURE

    def _new(self) -> int:
        self._next += 1
        self._fresh.append(self._next - 1)
        return self._next - 1

    def _symbol(self, node: sympy.Symbol) -> _Kind:
        if node.name in self.unknown:
            return _Kind(Affine.unknown(self.unknown[node.name]), Affine())
        known = self._known.dimensions.get(node.name)
        if known is None:
            if node.name not in self._columns:
                self._columns[node.name] = self._next
                self._next += 1
            return _Kind(Affine.unknown(self._columns[node.name]), Affine())
        return _Kind(Affine.of(known), Affine())

    def _whole(self, node: sympy.Expr) -> Affine:
        """The dimension of what lacks nothing."""
        kind = self.of(node)
        self.equal(kind.lacking, Affine())
        return kind.dimension

    def _sum(self, node: sympy.Add) -> _Kind:
        kinds = [self.of(term) for term in node.args]
        lacking = Affine()
        for kind in kinds:
            lacking = lacking + kind.lacking
            self.equal(kind.dimension, kinds[0].dimension)
        if any(self._value(term) is not None and not term.is_number for term in node.args):
            lacking = lacking + Affine.unknown(self._new())  # a constant makes up for it
        return _Kind(kinds[0].dimension, lacking)

    def _product(self, node: sympy.Mul) -> _Kind:
        dimension, lacking = Affine(), Affine()
        times, factors = Fraction(1), []
        for factor in node.args:
            value = self._value(factor)
            dimension = dimension + self.of(factor).dimension
            if value is None:
                factors.append(self.of(factor))
            else:
                times *= value
        if len(factors) == 1:
            lacking = factors[0].lacking.times(times)
        else:
            for factor in factors:
                self.equal(factor.lacking, Affine())
        return _Kind(dimension, lacking)

    def _power(self, node: sympy.Pow) -> _Kind:
        base, exponent = node.args
        value = self._value(exponent)
        if value is not None:
            self._pure(exponent)
            return _Kind(self._whole(base).times(value), Affine())
        self._pure(exponent)
        self._pure(base)
        return _PURE

    def _pure(self, node: sympy.Expr) -> None:
        self.equal(self._whole(node), Affine())

    def _value(self, node: sympy.Expr) -> Fraction | None:
        """Of a number, a constant, or a product of them; None of anything else."""
        if not all(symbol.name in self.unknown for symbol in node.free_symbols):
            return None
        if node.is_Rational:
            return Fraction(int(node.p), int(node.q))
        values = {symbol: sympy.Float(self._known.values[symbol.name]) for symbol in node.free_symbols}
        number = node.xreplace(values)
        return _fraction(float(number)) if number.is_real and number.is_finite else None


def _fraction(value: float) -> Fraction:
    """Of a fitted number, to the digits that it has for certain."""
    return Fraction(f"{value:.12g}")
