"""Known constants, offered by value: a fitted number that agrees with one of them within its error may be it.

A fitted number is compared with each known constant, its reciprocal, square and root, and products and quotients of
two, all of them times simple fractions and π. Of many candidates some agree with any number by chance: one counts only
where the digits that the rows give the number are worth more nats than the logarithm of the candidates that are as
simple. As in snapping, the others are fitted again, and the description of the whole decides.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations, product
from numbers import Real
from typing import Any

import numpy as np
import sympy

from eqdarts.data.columns import check_name
from eqdarts.data.table import Table
from eqdarts.data.zero import measure_of
from eqdarts.equation.equation import Equation
from eqdarts.equation.evaluation import evaluate
from eqdarts.equation.front import Front
from eqdarts.errors import InputDataError, shown
from eqdarts.fit.formula import Template, compile_template, fit_constants, template
from eqdarts.formula.known import KnownConstant
from eqdarts.graph.to_sympy import plain
from eqdarts.simplify.description import description_length, digits_of

_POWERS = (1, -1, 2, -2, sympy.Rational(1, 2), sympy.Rational(-1, 2))
_FACTORS = (1, 2, 3, 4, sympy.Rational(1, 2), sympy.Rational(1, 3), sympy.Rational(1, 4), sympy.Rational(3, 2),
            sympy.Rational(2, 3), 8, sympy.Rational(1, 8))  # fmt: skip
# None of these is tuned.
_MOST_OF_TWO = 30  # constants of which pairs are looked at
_ERRORS = 2.5  # standard errors within which a number agrees
_EVIDENCE = 1.5  # nats by which its digits must be worth more than the candidates, as in snapping
_MOST_MISFIT = 4.0  # nats that the others may lose, fitted again
_ROWS = 1000  # of the fits


@dataclass(frozen=True)
class Shape:
    """What may be made of one or two known constants: factor · πᵏ · aᵖ · b^q."""

    factor: Any
    powers: tuple[Any, ...]
    of_pi: int = 0

    def of(self, constants: tuple[KnownConstant, ...]) -> sympy.Expr:
        """With these for a and b."""
        pi = sympy.pi**self.of_pi
        return sympy.Mul(self.factor, pi, *(c**p for c, p in zip(constants, self.powers, strict=True)))

    def value(self, constants: tuple[KnownConstant, ...]) -> float:
        """The same as a number; NaN where there is none."""
        value = float(self.factor) * math.pi**self.of_pi
        try:
            for constant, power in zip(constants, self.powers, strict=True):
                value *= constant.number ** float(power)
        except (OverflowError, ZeroDivisionError):
            return math.nan
        return value if isinstance(value, float) and value != 0 else math.nan


@dataclass(frozen=True)
class Candidate:
    """A value made of known constants.

    Attributes
    ----------
    shape : Shape
    constants : tuple of KnownConstant
    value : float
    price : float
        Nats to write it, beyond those of one number.
    rank : int
        How many candidates are as simple.
    """

    shape: Shape
    constants: tuple[KnownConstant, ...]
    value: float
    price: float
    rank: int = 0

    @property
    def expression(self) -> sympy.Expr:
        return self.shape.of(self.constants)


_OF_ONE = tuple(Shape(f, (p,), k) for p, f, k in product(_POWERS, _FACTORS, (0, 1, -1)))
_OF_PAIRS = tuple(Shape(f, (p, q)) for p, q, f in product((1, -1), (1, -1), (1, 2, sympy.Rational(1, 2))))
_OF_PAIRS += tuple(Shape(1, (p, q), 1) for p, q in product((1, -1), (1, -1)))


def checked_constants(constants: Any) -> dict[str, float]:
    """The option as numbers by name.

    Raises
    ------
    InputDataError
        Naming the constant.
    """
    if constants is None:
        return {}
    if not isinstance(constants, Mapping):
        raise InputDataError(f"constants={shown(constants)}: expected a mapping from names to numbers")
    known = {}
    for name, value in constants.items():
        number = isinstance(value, Real) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or value == 0:
            raise InputDataError(f"constants: {name}={shown(value)}: expected a finite number other than zero")
        known[check_name(name, "constants: one")] = float(value)
    return known


def check_constant_names(constants: Mapping[str, float], columns: tuple[str, ...], target: str) -> None:
    """Raise `InputDataError` where one is called as a column is."""
    for name in constants:
        if name in (*columns, target):
            raise InputDataError(f"constants: {name!r} is also the name of a column; call one of them otherwise")


def candidates(constants: Mapping[str, float]) -> list[Candidate]:
    """What a fitted number may be, simplest first.

    Examples
    --------
    >>> [str(one.expression) for one in candidates({"g": 9.81})[:5]]
    ['g', '2*g', 'g/2', '3*g', 'g/3']
    """
    known = [KnownConstant(name, value, len(constants)) for name, value in constants.items()]
    named: list[tuple[tuple[KnownConstant, ...], tuple[Shape, ...]]] = [((one,), _OF_ONE) for one in known]
    named += [(pair, _OF_PAIRS) for pair in combinations(known[:_MOST_OF_TWO], 2)]
    found = [
        Candidate(shape, some, shape.value(some), price + len(some) * math.log(len(known)))
        for some, shapes in named
        for shape, price in _priced(shapes)
    ]
    found = sorted((one for one in found if math.isfinite(one.value)), key=lambda one: one.price)
    prices = np.array([one.price for one in found])
    ranks = np.searchsorted(prices, prices, side="right").tolist()
    return [replace(one, rank=rank) for one, rank in zip(found, ranks, strict=True)]


@cache
def _priced(shapes: tuple[Shape, ...]) -> list[tuple[Shape, float]]:
    """Each shape and its price, whichever the constants are."""
    two = KnownConstant("a", 2.5), KnownConstant("b", 3.5)
    return [(shape, size_in_nats(shape.of(two[: len(shape.powers)]))) for shape in shapes]


def size_in_nats(expression: sympy.Expr) -> float:
    """Nats to write a number: its digits and names, and a node for each sign beside the first."""
    return digits_of(expression) + sum(1 for node in sympy.preorder_traversal(expression) if node.args)


def with_known_constants(front: Front, table: Table, constants: Mapping[str, float]) -> Front:
    """The front with the equations that name known constants where their numbers agree.

    table: with the columns of the equations and the weights by which they were fitted
    """
    catalogue = candidates(constants) if constants else []
    for equation in list(front) if catalogue else ():
        for named in named_forms(equation, table, catalogue):
            front = front.offer(named)
    return front


def named_forms(equation: Equation, table: Table, catalogue: list[Candidate]) -> Iterator[Equation]:
    """An equation with names for its numbers, one number after another, also for such as were made round."""
    symbols = tuple(map(sympy.Symbol, equation.columns))
    rows = table.evenly(_ROWS)
    forms = dict.fromkeys((plain(equation.expression), loosened(plain(equation.expression))))
    for expression in forms:
        form = template(expression, symbols)
        found = _named(form, rows, catalogue) if len(form.constants) else None
        while found is not None:
            yield _measured(equation, found, table)
            form = template(found, symbols)
            found = _named(form, rows, catalogue) if len(form.constants) else None


def _named(form: Template, rows: Table, catalogue: list[Candidate]) -> sympy.Expr | None:
    """The formula with the number named whose description becomes the shortest; None if there is none to name."""
    code = compile_template(form)
    fit = fit_constants(code, form.values, rows)
    if not np.isfinite(fit.loss):
        return None
    best: tuple[float, sympy.Expr] | None = None
    for k, (value, error) in enumerate(zip(fit.values, fit.precision, strict=True)):
        if form.roles[k] == "exponent" or value == 0:
            continue
        error = max(error, 1e-12 * abs(value))
        worth = math.log(abs(value) / error) if error < abs(value) else 0.0
        for one in catalogue:
            sign = 1 if one.value * value > 0 else -1
            if abs(sign * one.value - value) > _ERRORS * error or worth < math.log(one.rank) + _EVIDENCE:
                continue
            start, free = fit.values.copy(), np.ones(len(fit.values), dtype=bool)
            start[k], free[k] = sign * one.value, False
            other = fit_constants(code, start, rows, free)
            misfit = 0.5 * len(rows) * math.log((other.loss + 1e-30) / (fit.loss + 1e-30))
            if not np.isfinite(other.loss) or misfit > _MOST_MISFIT:
                continue
            numbers = [sympy.Float(v) for v in other.values]
            written = form.at([*numbers[:k], sign * one.expression, *numbers[k + 1 :]])
            length = description_length(other.loss, written, len(rows))
            if best is None or length < best[0]:
                best = length, written
    return None if best is None else best[1]


def loosened(expression: sympy.Expr) -> sympy.Expr:
    """The formula with floats for the exact numbers of its products and sums, which rounding may have made of others.

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> loosened(10 * x**2 - x)
    10.0*x**2 - x
    """
    if isinstance(expression, sympy.Mul):
        number, rest = expression.as_independent(*expression.free_symbols, as_Add=False)
        rest = sympy.Mul(*map(loosened, rest.args)) if isinstance(rest, sympy.Mul) else loosened(rest)
        return number * rest if abs(number) == 1 or number.has(KnownConstant) else sympy.Float(number) * rest
    if isinstance(expression, sympy.Pow):
        return sympy.Pow(loosened(expression.base), expression.exp)
    if isinstance(expression, sympy.Add):
        return sympy.Add(*(sympy.Float(a) if a.is_Rational and abs(a) != 1 else loosened(a) for a in expression.args))
    return expression.func(*map(loosened, expression.args)) if expression.args else expression


def _measured(equation: Equation, expression: sympy.Expr, table: Table) -> Equation:
    """With its losses on all rows."""
    expression = plain(expression)
    value = evaluate(expression, equation.columns, table.X)
    with np.errstate(all="ignore"):
        loss = float(np.average((value - table.y) ** 2, weights=table.weights))
    relative = float(measure_of(table).loss(loss)) if np.isfinite(loss) else math.inf
    return replace(
        equation, expression=expression, loss=loss, relative_loss=relative, inner=None, units=(), target_unit=1.0,
        fit=None, digits=None, probability=None, left_out=None,
    )  # fmt: skip
