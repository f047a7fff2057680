"""The one table of candidate operations: each in numbers (torch) and in symbols (SymPy).

An edge of the graph carries one operation o(x; w). The constant w are called its parameters.
Adding an operation is one row here, or one call of `register_operation` (`eqdarts.graph.registering`). How a row that
has no loops of its own takes part in the compiled ones says `eqdarts.fit.compiled.own`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import sympy
import torch
from torch import Tensor

from eqdarts.errors import InputDataError

#: Every operation is defined and differentiable where x and all its parameters have this value.
#: Undefined entries of a mixture are evaluated here instead and then masked, so that no NaN
#: reaches a gradient (0 · NaN is NaN).
SAFE_POINT = 0.5

#: What a parameter is called that is an exponent: a fit may hold it at a round value.
EXPONENT = "p"

#: What the parameters of a wave are called: a search may know where to start them.
WAVE_PARAMETERS = ("omega", "phase")

#: Which edges the odds of an operation are of: into such a node, from such a source.
ODDS_OF = (("sum", "input"), ("sum", "latent"), ("product", "input"), ("product", "latent"))
_LEAST_ODDS = 1e-3  # an operation that is drawn never may still be written: seven nats at the most


@dataclass(frozen=True)
class Operation:
    """A candidate transformation of an edge.

    Attributes
    ----------
    name : str
        How the operation is called in options, tables and files.
    parameters : tuple of str
        Names of its parameters w, in the order of the last axis of w.
    numeric : callable
        ``(x, *w) -> Tensor`` of the shape of x; every argument is a tensor that broadcasts.
    symbolic : callable
        ``(x, *w) -> sympy.Expr``; agrees with `numeric` wherever `domain` holds.
    initial : tuple of (float, float)
        Range from which each parameter is drawn uniformly before it is fitted.
    domain : callable or None
        ``(x, *w) -> bool Tensor``, true where the operation is defined; None means everywhere.
    complexity : int
        Its share of a graph's complexity, before the formula itself is counted.
    slopes : callable or None
        ``(value, x, *w) -> tuple of Tensor``: the derivatives by x and by each parameter, given the
        value. None: they are taken by automatic differentiation, which is slower.
    simple : tuple of tuple of float
        Values of each parameter that laws often have; many starts take these instead of a random one.
    odds : tuple of float
        How often an edge carries it before any data are seen, from which α starts (`eqdarts.darts.prior`), one for each
        of `ODDS_OF`: into a sum from a column, and from a latent node; into a product from a column, and from a
        latent node.
    scalar : callable or None
        ``(x, *w) -> (value, by_x, by_w, …)`` in Python, of numbers: the value, and its derivatives by x and by each
        parameter. numba compiles it for the compiled loops, which otherwise run the SymPy form.
    inside : tuple of float or None
        Where a·x + b must be for an operation with such a slope a and shift b as its first parameters: (low, inf), or
        (-c, c). Of starting values drawn at random half would be elsewhere; they are moved there.
    """

    name: str
    parameters: tuple[str, ...]
    numeric: Callable[..., Tensor]
    symbolic: Callable[..., sympy.Expr]
    initial: tuple[tuple[float, float], ...] = ()
    domain: Callable[..., Tensor] | None = None
    complexity: int = 1
    slopes: Callable[..., tuple[Tensor, ...]] | None = None
    simple: tuple[tuple[float, ...], ...] = ()
    odds: tuple[float, float, float, float] = (0.02, 0.02, 0.02, 0.02)
    scalar: Callable[..., tuple[float, ...]] | None = None
    inside: tuple[float, float] | None = None


def _zero(x: Any) -> sympy.Expr:
    return sympy.Integer(0)


def _odd_power(x: Tensor, p: Tensor) -> Tensor:
    return torch.sign(x) * torch.abs(x) ** p


def _inner(slope: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., tuple[Tensor, ...]]:
    """Slopes of f(u) at u = a·x + b by x, a and b, from f'(u) as a function of f and u."""

    def slopes(value: Tensor, x: Tensor, a: Tensor, b: Tensor) -> tuple[Tensor, ...]:
        by_u = slope(value, a * x + b)
        return a * by_u, x * by_u, by_u

    return slopes


def _affine_power(x: Tensor, a: Tensor, b: Tensor, p: Tensor) -> Tensor:
    base = a * x + b
    # A negative base has integer powers, but no slope by the exponent, so no fit could leave them.
    return torch.where(base > 0, base, torch.nan) ** p


def _power_slopes(value: Tensor, x: Tensor, p: Tensor) -> tuple[Tensor, ...]:
    return p * value / x, torch.xlogy(value, torch.abs(x))


def _affine_power_slopes(value: Tensor, x: Tensor, a: Tensor, b: Tensor, p: Tensor) -> tuple[Tensor, ...]:
    base = a * x + b
    by_base = p * value / base
    return a * by_base, x * by_base, by_base, value * torch.log(base)


_SLOPE = (-2.0, 2.0)
_SHIFT = (-1.0, 1.0)
_EXPONENT = (-2.5, 2.5)
_EXPONENTS = (1.0, -1.0, 2.0, -2.0, 0.5, -0.5)
_FREQUENCY = (0.3, 4.0)
_AFFINE = (_SLOPE, _SHIFT)
_POSITIVE = (0.0, math.inf)

OPERATIONS: dict[str, Operation] = {
    op.name: op
    for op in (
        Operation("zero", (), torch.zeros_like, _zero, complexity=0, odds=(0.25, 0.35, 0.08, 0.3)),
        Operation("identity", (), lambda x: x, lambda x: x),
        Operation("negation", (), torch.neg, lambda x: -x),
        Operation(
            "scale",
            ("a",),
            lambda x, a: a * x,
            lambda x, a: a * x,
            (_SLOPE,),
            slopes=lambda f, x, a: (a, x),
            simple=((1.0, -1.0),),
            odds=(0.6, 0.12, 0.0, 0.0),
        ),
        Operation(
            "linear",
            ("a", "b"),
            lambda x, a, b: a * x + b,
            lambda x, a, b: a * x + b,
            _AFFINE,
            slopes=lambda f, x, a, b: (a, x, torch.ones_like(x)),
            simple=((1.0, -1.0), (0.0, 1.0, -1.0)),
            odds=(0.0, 0.12, 0.01, 0.08),
        ),
        Operation(
            "power",
            ("p",),
            lambda x, p: torch.abs(x) ** p,
            lambda x, p: sympy.Abs(x) ** p,
            (_EXPONENT,),
            lambda x, p: x != 0,
            slopes=_power_slopes,
            simple=(_EXPONENTS,),
            odds=(0.06, 0.08, 0.78, 0.12),
        ),
        Operation(
            "odd_power",
            ("p",),
            _odd_power,
            lambda x, p: sympy.sign(x) * sympy.Abs(x) ** p,
            (_EXPONENT,),
            lambda x, p: x != 0,
            complexity=2,
            slopes=_power_slopes,
            simple=(_EXPONENTS,),
            odds=(0.01, 0.03, 0.1, 0.06),
        ),
        Operation(
            "affine_power",
            ("a", "b", "p"),
            _affine_power,
            lambda x, a, b, p: (a * x + b) ** p,
            (_SLOPE, (-1.0, 2.0), _EXPONENT),
            lambda x, a, b, p: a * x + b > 0,
            complexity=2,
            slopes=_affine_power_slopes,
            simple=((1.0, -1.0), (1.0, -1.0), _EXPONENTS),
            odds=(0.01, 0.06, 0.03, 0.14),
            inside=_POSITIVE,
        ),
        Operation("square", (), torch.square, lambda x: x**2),
        Operation("cube", (), lambda x: x**3, lambda x: x**3),
        Operation(
            "sqrt",
            ("a", "b"),
            lambda x, a, b: torch.sqrt(a * x + b),
            lambda x, a, b: sympy.sqrt(a * x + b),
            ((0.2, 2.0), (0.0, 2.0)),
            lambda x, a, b: a * x + b > 0,
            slopes=_inner(lambda f, u: 0.5 / f),
            inside=_POSITIVE,
        ),
        Operation(
            "reciprocal",
            ("a", "b"),
            lambda x, a, b: 1 / (a * x + b),
            lambda x, a, b: 1 / (a * x + b),
            (_SLOPE, (0.0, 2.0)),
            lambda x, a, b: a * x + b != 0,
            slopes=_inner(lambda f, u: -f * f),
        ),
        Operation(
            "exp",
            ("a",),
            lambda x, a: torch.exp(a * x),
            lambda x, a: sympy.exp(a * x),
            (_SLOPE,),
            slopes=lambda f, x, a: (a * f, x * f),
            simple=((1.0, -1.0),),
            odds=(0.015, 0.08, 0.02, 0.1),
        ),
        Operation(
            "ln",
            ("a", "b"),
            lambda x, a, b: torch.log(a * x + b),
            lambda x, a, b: sympy.log(a * x + b),
            ((0.2, 2.0), (0.0, 2.0)),
            lambda x, a, b: a * x + b > 0,
            slopes=_inner(lambda f, u: 1 / u),
            simple=((1.0,), (0.0, 1.0)),
            odds=(0.01, 0.04, 0.01, 0.05),
            inside=_POSITIVE,
        ),
        Operation(
            "logistic",
            ("a", "b"),
            lambda x, a, b: torch.sigmoid(a * x + b),
            lambda x, a, b: 1 / (1 + sympy.exp(-(a * x + b))),
            _AFFINE,
            complexity=2,
            slopes=_inner(lambda f, u: f * (1 - f)),
            simple=((1.0, -1.0), (0.0,)),
            odds=(0.005, 0.02, 0.005, 0.02),
        ),
        Operation(
            "tanh",
            ("a", "b"),
            lambda x, a, b: torch.tanh(a * x + b),
            lambda x, a, b: sympy.tanh(a * x + b),
            _AFFINE,
            slopes=_inner(lambda f, u: 1 - f * f),
            simple=((1.0, -1.0), (0.0,)),
            odds=(0.005, 0.02, 0.005, 0.02),
        ),
        Operation(
            "sin",
            WAVE_PARAMETERS,
            lambda x, w, b: torch.sin(w * x + b),
            lambda x, w, b: sympy.sin(w * x + b),
            (_FREQUENCY, (-0.5, 0.5)),
            slopes=_inner(lambda f, u: torch.cos(u)),
            simple=((1.0, 2.0, 0.5), (0.0,)),
            odds=(0.015, 0.05, 0.025, 0.06),
        ),
        Operation(
            "cos",
            WAVE_PARAMETERS,
            lambda x, w, b: torch.cos(w * x + b),
            lambda x, w, b: sympy.cos(w * x + b),
            (_FREQUENCY, (-0.5, 0.5)),
            slopes=_inner(lambda f, u: -torch.sin(u)),
            simple=((1.0, 2.0, 0.5), (0.0,)),
            odds=(0.015, 0.05, 0.025, 0.06),
        ),
        Operation(
            "arcsin",
            ("a", "b"),
            lambda x, a, b: torch.asin(a * x + b),
            lambda x, a, b: sympy.asin(a * x + b),
            ((-1.0, 1.0), (-0.1, 0.1)),
            lambda x, a, b: torch.abs(a * x + b) < 1,
            complexity=2,
            slopes=_inner(lambda f, u: torch.rsqrt(1 - u * u)),
            simple=((1.0, 0.5), (0.0,)),
            odds=(0.005, 0.02, 0.005, 0.02),
            inside=(-1.0, 1.0),
        ),
        Operation(
            "relu",
            ("a", "b"),
            lambda x, a, b: torch.relu(a * x + b),
            lambda x, a, b: sympy.Max(0, a * x + b),
            _AFFINE,
            complexity=2,
        ),
        Operation(
            "softplus",
            ("a", "b"),
            lambda x, a, b: torch.logaddexp(a * x + b, torch.zeros_like(x)),
            lambda x, a, b: sympy.log(1 + sympy.exp(a * x + b)),
            _AFFINE,
            complexity=2,
        ),
        Operation(
            "gaussian",
            ("a", "b"),
            lambda x, a, b: torch.exp(-((a * x + b) ** 2)),
            lambda x, a, b: sympy.exp(-((a * x + b) ** 2)),
            _AFFINE,
            complexity=2,
        ),
        Operation("abs", (), torch.abs, lambda x: sympy.Abs(x)),
    )
}
_BUILT_IN = tuple(OPERATIONS)

#: What the search tries unless told otherwise. `power` and its kin stand in for identity, square,
#: cube, sqrt and reciprocal, whose exponents they reach by fitting.
DEFAULT_OPERATIONS: tuple[str, ...] = (
    "zero",
    "scale",
    "linear",
    "power",
    "odd_power",
    "affine_power",
    "exp",
    "ln",
    "sin",
    "cos",
    "logistic",
    "tanh",
    "arcsin",
)


def in_order(names: tuple[str, ...]) -> tuple[str, ...]:
    """These names in the order of the table; those that were registered, or are unknown, after them, by name.

    A list of operations means a set, and the places in it must not depend on how it was written.

    Examples
    --------
    >>> in_order(("power", "scale", "zero"))
    ('zero', 'scale', 'power')
    """
    place = {name: k for k, name in enumerate(_BUILT_IN)}
    return tuple(sorted(names, key=lambda name: (place.get(name, len(place)), name)))


def lookup(names: tuple[str, ...]) -> tuple[Operation, ...]:
    """The rows of `OPERATIONS` with these names.

    Raises
    ------
    InputDataError
        If a name is unknown, stands twice, or `zero` is the only one.
    """
    unknown = [name for name in names if name not in OPERATIONS]
    if unknown:
        raise InputDataError(
            f"operations: {', '.join(map(repr, unknown))} not known; the registry has {', '.join(OPERATIONS)}"
        )
    if len(set(names)) < len(names):
        raise InputDataError(f"operations: a name stands twice in {', '.join(names)}; list each once")
    if not set(names) - {"zero"}:
        raise InputDataError("operations: name at least one operation besides 'zero'")
    return tuple(OPERATIONS[name] for name in names)


@cache
def _odds_of_functions() -> dict[type[sympy.Basic], float]:
    """How often a function of SymPy stands between nodes, if an operation is that function of a multiple of x."""
    odds: dict[type[sympy.Basic], float] = {}
    for op in OPERATIONS.values():
        form = op.symbolic(*sympy.symbols(["x", *op.parameters], real=True))
        if isinstance(form, sympy.Function):
            between = max(value for value, (_, source) in zip(op.odds, ODDS_OF, strict=True) if source == "latent")
            odds[form.func] = max(between, odds.get(form.func, _LEAST_ODDS))
    return odds


def rarity(function: type[sympy.Basic]) -> float:
    """Nats by which a function is rarer between nodes than the most frequent one, by the odds from which α starts.

    One that no operation is, such as a tangent, is as rare as an operation of which nobody said how often it is.

    Examples
    --------
    >>> rarity(sympy.exp), round(rarity(sympy.sin), 2), round(rarity(sympy.tanh), 2), round(rarity(sympy.tan), 2)
    (0.0, 0.51, 1.61, 1.61)
    """
    odds = _odds_of_functions()
    return math.log(max(odds.values()) / odds.get(function, max(Operation.odds)))


def add_row(op: Operation) -> None:
    """Put an operation that was checked (`eqdarts.graph.registering`) into the table."""
    OPERATIONS[op.name] = op
    _odds_of_functions.cache_clear()
