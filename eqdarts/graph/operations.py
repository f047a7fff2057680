"""The one table of candidate operations: each in numbers (torch) and in symbols (SymPy).

An edge of the graph carries one operation o(x; w). The constant w are called its parameters.
Adding an operation is one row here, or one call of `register_operation`. How a row that has no loops of its own
takes part in the compiled ones says `eqdarts.fit.compiled.own`.
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
from eqdarts.formula.tape import tape
from eqdarts.runtime.loops import c_functions

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


def register_operation(
    name: str,
    numeric: Callable[..., Tensor],
    symbolic: Callable[..., sympy.Expr],
    parameters: tuple[str, ...] = (),
    initial: tuple[tuple[float, float], ...] | None = None,
    domain: Callable[..., Tensor] | None = None,
    complexity: int = 1,
    *,
    slopes: Callable[..., tuple[Tensor, ...]] | None = None,
    simple: tuple[tuple[float, ...], ...] = (),
    odds: tuple[float, float, float, float] = Operation.odds,
    scalar: Callable[..., tuple[float, ...]] | None = None,
    inside: tuple[float, float] | None = None,
) -> Operation:
    r"""Add an operation to the registry, for use by name in ``operations=``.

    Two functions are enough: one in torch, one in SymPy. All sources of candidate graphs use the operation. Graphs that
    do not carry it are fitted in compiled loops as ever; and so are those that do: the SymPy form becomes a tape that
    compiled code runs through, with exact derivatives, if it is finite wherever the torch form is, and made of sums,
    products, powers, exponentials, logarithms, trigonometric and hyperbolic functions and their inverses, erf, erfc,
    Abs, sign, Max and Min. Otherwise the graphs that carry it are fitted by torch, a few times slower, unless `scalar`
    gives what numba can compile.

    Parameters
    ----------
    name : str
        A new identifier.
    numeric, symbolic : callable
        ``(x, *w)`` in torch, elementwise, and in SymPy; see `Operation`.
    parameters : tuple of str
        Names of the parameters w.
    initial : tuple of (low, high), optional
        Ranges of the initial values; by default every parameter is drawn from (-1, 1).
    domain : callable, optional
        True where the operation is defined. Without it, rows that come out NaN or infinite
        reject the graph all the same.
    complexity : int
        At least 1.
    slopes : callable, optional
        ``(value, x, *w)`` in torch: the derivatives by x and by each parameter; see `Operation`. Worth giving where
        torch fits the graphs.
    simple : tuple of tuple of float
        Values that laws often have, for each parameter. With them, the operation is among the terms of the library of
        sums, as is one without parameters.
    odds : tuple of float
        How often an edge carries it before any data are seen; see `Operation`.
    scalar : callable, optional
        ``(x, *w)`` in Python, of numbers and with functions of `math`, to be compiled by numba in half a second: a
        tuple of the value and of its derivatives by x and by each parameter. The fastest form.
    inside : tuple of float, optional
        Where a·x + b must be, if the first parameters are such a slope a and shift b: (low, inf), or (-c, c).

    Returns
    -------
    Operation

    Raises
    ------
    InputDataError
        If the name is taken, the forms or the slopes disagree where x and all parameters are 0.5, the SymPy form has
        conditions or functions unknown to NumPy and SciPy, numba cannot compile the scalar form, or a field does not
        match the parameters.

    Examples
    --------
    >>> import sympy, torch
    >>> from eqdarts import OPERATIONS, register_operation
    >>> op = register_operation("sinc", lambda x, a: torch.sin(a * x) / (a * x),
    ...                         lambda x, a: sympy.sin(a * x) / (a * x), ("a",), ((0.3, 3.0),),
    ...                         domain=lambda x, a: a * x != 0, simple=((1.0, 2.0),))

    The name is all that a search needs:

    >>> import numpy as np
    >>> from eqdarts import DARTSRegressor
    >>> x = np.linspace(0.2, 9.0, 60)
    >>> model = DARTSRegressor(operations=["scale", "linear", "power", "sinc"], replicas=50, max_epochs=4,
    ...                        max_time=None, random_state=0, verbose=0)
    >>> print(model.fit(x[:, None], 3 * np.sin(2 * x) / (2 * x) + 1).latex())
    y = 1 + \frac{3 \sin{\left(2 x_{1} \right)}}{2 x_{1}}
    >>> op.name, OPERATIONS.pop("sinc") is op
    ('sinc', True)

    With a scalar form, for numba:

    >>> import math
    >>> def sinc(x, a):
    ...     value = math.sin(a * x) / (a * x)
    ...     slope = (math.cos(a * x) - value) / (a * x)
    ...     return value, a * slope, x * slope
    >>> op = register_operation("sinc", op.numeric, op.symbolic, ("a",), ((0.3, 3.0),), scalar=sinc)
    >>> OPERATIONS.pop("sinc") is op
    True
    """
    if not name.isidentifier() or name in OPERATIONS:
        raise InputDataError(
            f"operation {name!r}: the name must be a new identifier; registered: {', '.join(OPERATIONS)}"
        )
    ranges = tuple(initial) if initial is not None else ((-1.0, 1.0),) * len(parameters)
    op = Operation(
        name, tuple(parameters), numeric, symbolic, ranges, domain, complexity,
        slopes=slopes, simple=tuple(simple), odds=odds, scalar=scalar, inside=inside,
    )  # fmt: skip
    _check_fields(op)
    _check_inside(op)
    _check_forms_agree(op)
    OPERATIONS[name] = op
    _odds_of_functions.cache_clear()
    return op


def _check_fields(op: Operation) -> None:
    count = len(op.parameters)
    if len(op.initial) != count:
        raise InputDataError(f"operation {op.name!r}: {count} parameters but {len(op.initial)} initial ranges")
    if len(op.simple) not in (0, count) or not all(op.simple):
        raise InputDataError(
            f"operation {op.name!r}: {count} parameters but {len(op.simple)} sets of simple values; "
            "give some values for each parameter, or none at all"
        )
    if len(op.odds) != len(ODDS_OF) or not all(0 <= value <= 1 for value in op.odds):
        edges = ", ".join(f"{source} to {aggregator}" for aggregator, source in ODDS_OF)
        raise InputDataError(f"operation {op.name!r}: odds={op.odds!r}; give four numbers from 0 to 1, for {edges}")


def _check_forms_agree(op: Operation) -> None:
    at = [torch.full((2,), SAFE_POINT, dtype=torch.float64) for _ in range(1 + len(op.parameters))]
    number = op.numeric(*at)
    defined = op.domain is None or bool(op.domain(*at).all())
    if number.shape != at[0].shape or not torch.isfinite(number).all() or not defined:
        raise InputDataError(
            f"operation {op.name!r}: must be elementwise, defined and finite "
            f"where x and every parameter are {SAFE_POINT}"
        )
    symbol = float(sympy.N(op.symbolic(*[sympy.Float(SAFE_POINT)] * len(at))))
    if abs(float(number[0]) - symbol) > 1e-9 * max(1.0, abs(symbol)):
        raise InputDataError(
            f"operation {op.name!r}: the torch form gives {float(number[0])!r} and the SymPy form {symbol!r} "
            f"where x and every parameter are {SAFE_POINT}"
        )
    _check_evaluable(op)
    if op.slopes is not None:
        _check_slopes(op, at, tuple(float(torch.as_tensor(s).flatten()[0]) for s in op.slopes(number, *at)))
    if op.scalar is not None:
        _check_scalar(op, op.scalar, at, float(number[0]))


def _check_inside(op: Operation) -> None:
    if op.inside is None:
        return
    low, high = op.inside
    fits = math.isfinite(low) and (high == math.inf or low == -high < 0)
    if len(op.parameters) < 2 or not fits:
        raise InputDataError(
            f"operation {op.name!r}: inside={op.inside!r}; give (low, inf) or (-c, c), for a·x + b of an operation "
            "whose first two parameters are a and b"
        )


def _check_evaluable(op: Operation) -> None:
    """Equations are computed from the SymPy form, so it must not fail only when one is found."""
    symbols = sympy.symbols(f"x:{1 + len(op.parameters)}", real=True)
    try:
        tape(op.symbolic(*symbols), symbols).linearise(range(len(symbols)), *[SAFE_POINT] * len(symbols))
    except Exception as error:  # SymPy's printers and the functions that they name have many kinds
        raise InputDataError(
            f"operation {op.name!r}: the SymPy form cannot be computed with its derivatives ({error}); "
            "make it of functions that NumPy or SciPy have, without conditions"
        ) from error


def _check_scalar(op: Operation, scalar: Callable[..., tuple[float, ...]], at: list[Tensor], number: float) -> None:
    try:
        c_functions(scalar, len(op.parameters))
        value, *slopes = scalar(*[SAFE_POINT] * len(at))
    except Exception as error:  # numba has many kinds
        reason = str(error).strip().splitlines()
        raise InputDataError(
            f"operation {op.name!r}: numba cannot compile the scalar form ({type(error).__name__}: "
            f"{reason[-1] if reason else ''}); write it with plain numbers and `math`, as (value, slope by x, …), "
            "or leave it out"
        ) from error
    if not abs(value - number) <= 1e-9 * max(1.0, abs(number)):
        raise InputDataError(
            f"operation {op.name!r}: the torch form gives {number!r} and the scalar form {value!r} "
            f"where x and every parameter are {SAFE_POINT}"
        )
    _check_slopes(op, at, tuple(slopes))


def _check_slopes(op: Operation, at: list[Tensor], given: tuple[float, ...]) -> None:
    leaves = [v.clone().requires_grad_() for v in at]
    value = op.numeric(*leaves)
    expected = torch.autograd.grad(value.sum(), leaves, allow_unused=True) if value.requires_grad else (None,) * len(at)
    if len(given) != len(at):
        raise InputDataError(f"operation {op.name!r}: {len(given)} slopes, but x and its parameters are {len(at)}")
    for name, one, wanted in zip(("x", *op.parameters), given, expected, strict=True):
        other = 0.0 if wanted is None else float(wanted[0])
        if not abs(one - other) <= 1e-6 * max(1.0, abs(other)):
            raise InputDataError(
                f"operation {op.name!r}: its slope by {name} is {one!r}, but automatic differentiation gives {other!r} "
                f"where x and every parameter are {SAFE_POINT}"
            )
