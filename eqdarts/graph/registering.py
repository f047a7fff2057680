"""Operations of a user's own: `register_operation`, and the checks that its forms say the same."""

from __future__ import annotations

import math
from collections.abc import Callable

import sympy
import torch
from torch import Tensor

from eqdarts.errors import InputDataError
from eqdarts.formula.tape import tape
from eqdarts.graph.operations import ODDS_OF, OPERATIONS, SAFE_POINT, Operation, add_row
from eqdarts.runtime.loops import c_functions


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
    add_row(op)
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
