"""SymPy expressions as NumPy functions of real arrays, with derivatives by reverse mode.

An expression becomes a tape: its distinct subexpressions in order, each computed once from earlier
ones. The order follows the expression alone, so the same expression gives the same digits in every
process, which `sympy.lambdify` with common subexpressions does not promise, and a tape is made in a
fraction of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

_MOST_WHOLE = 2**53  # from here on whole numbers are no doubles

Array = NDArray[np.float64]
Unary = tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]

#: Value of f(u), and its slope from u and f(u).
_FUNCTIONS: dict[type, Unary] = {
    sympy.exp: (np.exp, lambda u, f: f),
    sympy.log: (np.log, lambda u, f: 1 / u),
    sympy.sin: (np.sin, lambda u, f: np.cos(u)),
    sympy.cos: (np.cos, lambda u, f: -np.sin(u)),
    sympy.tan: (np.tan, lambda u, f: 1 + f * f),
    sympy.tanh: (np.tanh, lambda u, f: 1 - f * f),
    sympy.sinh: (np.sinh, lambda u, f: np.cosh(u)),
    sympy.cosh: (np.cosh, lambda u, f: np.sinh(u)),
    sympy.asin: (np.arcsin, lambda u, f: 1 / np.sqrt(1 - u * u)),
    sympy.acos: (np.arccos, lambda u, f: -1 / np.sqrt(1 - u * u)),
    sympy.atan: (np.arctan, lambda u, f: 1 / (1 + u * u)),
    sympy.Abs: (np.abs, lambda u, f: np.sign(u)),
    sympy.sign: (np.sign, lambda u, f: 0.0 * u),
}


@lru_cache(maxsize=64)
def _unary(kind: type) -> Unary:
    """Value and slope of a function of one argument, from SymPy where the table above has none."""
    if kind in _FUNCTIONS:
        return _FUNCTIONS[kind]
    u = sympy.Symbol("u", real=True)
    value = sympy.lambdify([u], kind(u), ["numpy", "scipy"])
    slope = sympy.lambdify([u], kind(u).diff(u), ["numpy", "scipy"])
    return value, lambda at, _: slope(at)


@lru_cache(maxsize=64)
def _of_several(kind: type, count: int) -> tuple[Callable[..., Any], tuple[Callable[..., Any], ...]]:
    """Value of a function of several arguments, such as a Bessel function, and its slope by each of them.

    Not every slope has a formula, as by the order of a Bessel function; that of one without is NaN.
    """
    arguments = sympy.symbols(f"u:{count}", real=True)
    value = kind(*arguments)
    slopes = (value.diff(a) for a in arguments)
    known = (sympy.nan if slope.has(sympy.Derivative) else slope for slope in slopes)
    compiled = [sympy.lambdify(arguments, form, ["numpy", "scipy"]) for form in (value, *known)]
    return compiled[0], tuple(compiled[1:])


@dataclass(frozen=True)
class _Step:
    """One subexpression: what it is and the places of its arguments."""

    kind: Any
    inputs: tuple[int, ...]
    number: float = 0.0


@dataclass(frozen=True)
class Tape:
    """A compiled expression.

    Attributes
    ----------
    steps : tuple of _Step
        The last is the expression itself.
    arguments : int
        How many arrays the functions take.
    """

    steps: tuple[_Step, ...]
    arguments: int

    @property
    def divides(self) -> bool:
        """Has it quotients?"""
        return any(step.kind == "quotient" for step in self.steps)

    def value(self, *inputs: Any, precision: type = float) -> Any:
        """The expression at these arrays or numbers; NaN off its domain.

        precision: `float`, or `numpy.longdouble` where rounding matters and time does not
        """
        return np.asarray(self._forward(inputs, precision)[-1], dtype=precision)

    def linearise(self, by: Sequence[int], *inputs: Any) -> tuple[Array, list[Array]]:
        """The value, and its derivatives by some of the arguments, named by their places."""
        values = self._forward(inputs)
        if not len(by):
            return np.asarray(values[-1], dtype=float), []
        with np.errstate(all="ignore"):
            adjoint = self._backward(values, self._path(tuple(by)))
        places = {s.number: k for k, s in enumerate(self.steps) if s.kind == "argument"}
        slopes = [np.asarray(adjoint[places[b]] if b in places else 0.0, dtype=float) for b in by]
        return np.asarray(values[-1], dtype=float), slopes

    def _forward(self, inputs: Sequence[Any], precision: type = float) -> list[Any]:
        values: list[Any] = []
        with np.errstate(all="ignore"):
            for step in self.steps:
                parts = [values[i] for i in step.inputs]
                if step.kind == "number":
                    result: Any = step.number
                elif step.kind == "argument":
                    result = np.asarray(inputs[int(step.number)], dtype=precision)
                elif step.kind is sympy.Add:
                    result = _chain(np.add, parts)
                elif step.kind is sympy.Mul:
                    result = _chain(np.multiply, parts)
                elif step.kind is sympy.Pow:
                    result = _power(parts[0], parts[1])
                elif step.kind == "quotient":
                    result = np.divide(parts[0], parts[1])
                elif step.kind is sympy.Max:
                    result = _chain(np.maximum, parts)
                elif step.kind is sympy.Min:
                    result = _chain(np.minimum, parts)
                elif step.kind in _FUNCTIONS:
                    result = _FUNCTIONS[step.kind][0](parts[0])
                else:  # SciPy's functions take no other type
                    numbers = [np.asarray(part, dtype=float) for part in parts]
                    value = _unary(step.kind)[0] if len(parts) == 1 else _of_several(step.kind, len(parts))[0]
                    result = value(*numbers)
                values.append(result)
        return values

    def _path(self, by: tuple[int, ...]) -> list[bool]:
        """Which steps depend on one of these arguments, and so have a part in its derivative."""
        known = self._paths.get(by)
        if known is None:
            known = []
            for step in self.steps:
                given = step.kind == "argument" and step.number in by
                known.append(given or any(known[i] for i in step.inputs))
            self._paths[by] = known
        return known

    @cached_property
    def _paths(self) -> dict[tuple[int, ...], list[bool]]:
        return {}

    def _backward(self, values: list[Any], path: list[bool]) -> list[Any]:
        adjoint: list[Any] = [0.0] * len(self.steps)
        adjoint[-1] = np.ones(np.shape(values[-1]))
        for k in reversed(range(len(self.steps))):
            step, flow = self.steps[k], adjoint[k]
            parts = [values[i] for i in step.inputs]
            if step.kind == "argument" or not path[k]:
                continue
            if step.kind is sympy.Add:
                slopes: list[Any] = [1.0] * len(parts)
            elif step.kind is sympy.Mul:
                slopes = _others(parts)
            elif step.kind is sympy.Pow:
                base, exponent = parts
                slopes = [_slope(base, exponent, values[k]), 0.0]
                if path[step.inputs[1]]:
                    slopes[1] = np.where(values[k] == 0, 0.0, values[k] * np.log(np.abs(base)))
            elif step.kind == "quotient":
                slopes = [1.0 / parts[1], -values[k] / parts[1]]
            elif step.kind in (sympy.Max, sympy.Min):
                slopes = [np.where(part == values[k], 1.0, 0.0) for part in parts]
            elif len(parts) > 1:
                slopes = [slope(*parts) for slope in _of_several(step.kind, len(parts))[1]]
            else:
                slopes = [_unary(step.kind)[1](parts[0], values[k])]
            for i, slope in zip(step.inputs, slopes, strict=True):
                if path[i]:
                    adjoint[i] = adjoint[i] + flow * slope
        return adjoint


def tape(expression: sympy.Expr, arguments: Sequence[sympy.Symbol], divides: bool = False) -> Tape:
    """Compile an expression over these symbols.

    divides: is x/y one division, as it is printed? Otherwise it is x·(1/y), which is not always 1 where x equals y

    Raises
    ------
    ValueError
        If it has a symbol that is not among the arguments, or what is no function, such as a piecewise definition.
    """
    return _recorded(expression, arguments, divides)[0]


def _recorded(
    expression: sympy.Expr, arguments: Sequence[sympy.Symbol], divides: bool
) -> tuple[Tape, dict[sympy.Basic, int]]:
    """The tape of an expression, and the steps of its parts."""
    places = {a: k for k, a in enumerate(arguments)}
    steps: list[_Step] = []
    known: dict[sympy.Basic, int] = {}

    def visit(node: sympy.Basic) -> int:
        if node in known and not isinstance(node, sympy.Float):
            return known[node]
        if node in places:
            step = _Step("argument", (), places[node])
        elif isinstance(node, sympy.Expr) and node.is_number:
            step = _Step("number", (), number(node))
        elif isinstance(node, sympy.Symbol):
            raise ValueError(f"symbol {node.name!r} is none of {', '.join(a.name for a in arguments)}")
        elif divides and node.is_Mul and any(map(_is_divisor, node.args)):
            above = tuple(visit(a) for a in node.args if not _is_divisor(a))
            below = tuple(visit(_turned(a)) for a in node.args if _is_divisor(a))
            step = _Step("quotient", (product(above), product(below)))
        elif node.func in (sympy.Add, sympy.Mul, sympy.Pow) or len(node.args) == 1 or _is_function(node):
            step = _Step(node.func, tuple(visit(a) for a in node.args))
        else:
            raise ValueError(f"{node.func.__name__} of {len(node.args)} arguments cannot be evaluated")
        steps.append(step)
        known[node] = len(steps) - 1
        return known[node]

    def product(factors: tuple[int, ...]) -> int:
        if len(factors) == 1:
            return factors[0]
        steps.append(_Step(sympy.Mul, factors) if factors else _Step("number", (), 1.0))
        return len(steps) - 1

    visit(expression)
    return Tape(tuple(steps), len(arguments)), known


def _is_divisor(node: sympy.Basic) -> bool:
    """Is it one over a power that has symbols?"""
    return bool(node.is_Pow and node.free_symbols and node.exp.is_Number and node.exp.is_negative)


def _turned(node: sympy.Pow) -> sympy.Expr:
    """One over one over a power."""
    return node.base if node.exp == -1 else sympy.Pow(node.base, -node.exp, evaluate=False)


def _is_function(node: sympy.Basic) -> bool:
    """Is it one of numbers alone? Max and Min are no functions to SymPy."""
    return isinstance(node, sympy.Function | sympy.Max | sympy.Min) and all(
        isinstance(a, sympy.Expr) for a in node.args
    )


def function(expression: sympy.Expr, arguments: Sequence[sympy.Symbol]) -> Callable[..., Array]:
    """The expression as ``f(*arrays) -> float array``; NaN off its domain."""
    return tape(expression, arguments).value


def on_rows(expression: sympy.Expr, columns: tuple[sympy.Symbol, ...], X: np.ndarray) -> np.ndarray:
    """The expression on rows X [n, d]; NaN outside its domain."""
    return np.broadcast_to(function(expression, columns)(*X.T), (len(X),))


def parts_on_rows(
    expression: sympy.Expr, columns: tuple[sympy.Symbol, ...], X: np.ndarray
) -> dict[sympy.Basic, np.ndarray]:
    """What `on_rows` gives for the expression, and for each of its parts but those inside numbers, all at once."""
    recorded, steps = _recorded(expression, columns, False)
    values = recorded._forward(X.T)
    return {part: np.broadcast_to(np.asarray(values[k], dtype=float), (len(X),)) for part, k in steps.items()}


def number(node: sympy.Expr) -> float:
    """The double of an expression without symbols; NaN if it is not real."""
    # The same for these, many times faster.
    if node.is_Float:
        return float(node)
    if node.is_Rational and max(abs(node.p), node.q) < _MOST_WHOLE:
        return node.p / node.q
    value = complex(sympy.N(node))
    return value.real if value.imag == 0 else float("nan")


def _chain(operation: Callable[[Any, Any], Any], parts: list[Any]) -> Any:
    total = parts[0]
    for part in parts[1:]:
        total = operation(total, part)
    return total


def _power(base: Any, exponent: Any) -> Any:
    """base**exponent of reals; the common exponents without a general power."""
    if np.ndim(exponent) == 0:
        p = float(exponent)
        if p == 2.0:
            return base * base
        if p == -1.0:
            return np.divide(1.0, base)
        if p == 0.5:
            return np.sqrt(base)
        if p == -2.0:
            return np.divide(1.0, base * base)
        if p == 3.0:
            return base * base * base
    return np.power(base if isinstance(base, np.ndarray | np.floating) else np.asarray(base, dtype=float), exponent)


def _slope(base: Any, exponent: Any, power: Any) -> Any:
    """Of base**exponent by its base; a quotient where it can be, as general powers are slow."""
    if np.ndim(exponent) == 0 or not np.all(base):
        return exponent * _power(base, exponent - 1.0)
    return exponent * power / base


def _others(factors: list[Any]) -> list[Any]:
    """For each factor the product of the rest."""
    out = []
    for k in range(len(factors)):
        rest = factors[:k] + factors[k + 1 :]
        out.append(_chain(np.multiply, rest) if rest else 1.0)
    return out
