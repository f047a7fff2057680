"""Known constants: numbers with a name, such as the gas constant R, that stand in formulas as π does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mpmath
import sympy


class KnownConstant(sympy.NumberSymbol):  # type: ignore[misc]
    """A number that is written by its name.

    Attributes
    ----------
    name : str
    number : float
    choices : int
        Among how many it was looked for, by which a match says less.

    Examples
    --------
    >>> R, T = KnownConstant("R", 8.314), sympy.Symbol("T")
    >>> R * T, (R * T).subs(T, 2.0).evalf(5)
    (R*T, 16.628)
    """

    __slots__ = ("choices", "name", "number")
    is_real = True
    is_zero = False

    def __new__(cls, name: str, number: float, choices: int = 1) -> KnownConstant:
        constant: KnownConstant = sympy.AtomicExpr.__new__(cls)
        constant.name, constant.number, constant.choices = str(name), float(number), int(choices)
        return constant

    def __getnewargs__(self) -> tuple[str, float, int]:
        return self.name, self.number, self.choices

    def _hashable_content(self) -> tuple[Any, ...]:
        return self.name, self.number, self.choices

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KnownConstant) and self._hashable_content() == other._hashable_content()

    def __hash__(self) -> int:
        return hash((type(self).__name__, *self._hashable_content()))

    def _as_mpf_val(self, prec: int) -> Any:
        return mpmath.mpf(self.number)._mpf_

    def approximation_interval(self, number_cls: type) -> None:
        """None: it is as exact as its double."""

    def _eval_is_positive(self) -> bool:
        return self.number > 0

    def _eval_is_negative(self) -> bool:
        return self.number < 0

    def _sympystr(self, printer: Any) -> str:
        return self.name

    _sympyrepr = _sympystr


def known_in(expression: sympy.Expr) -> dict[str, KnownConstant]:
    """The known constants of a formula, by name."""
    found = sorted(expression.atoms(KnownConstant), key=lambda one: one.name)
    return {one.name: one for one in found}


def as_symbols(expression: sympy.Expr) -> sympy.Expr:
    """The formula with plain symbols for its known constants, as it is written."""
    return _replaced(expression, {one: sympy.Symbol(name) for name, one in known_in(expression).items()})


def with_known(expression: sympy.Expr, known: Mapping[str, KnownConstant]) -> sympy.Expr:
    """The inverse of `as_symbols`."""
    return _replaced(expression, {sympy.Symbol(name): one for name, one in known.items()})


def with_values(expression: sympy.Expr) -> sympy.Expr:
    """The formula with the numbers of its known constants, as fractions, so that they count as exact."""
    known = known_in(expression).values()
    return expression.xreplace({one: sympy.Rational(repr(one.number)) for one in known}) if known else expression


def _replaced(node: sympy.Expr, values: Mapping[sympy.Expr, sympy.Expr]) -> sympy.Expr:
    if node in values:
        return values[node]
    if not node.args or not values:
        return node
    args = [_replaced(a, values) for a in node.args]
    unchanged = all(a is b for a, b in zip(args, node.args, strict=True))
    return node if unchanged else node.func(*args, evaluate=False)
