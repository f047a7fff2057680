"""Is a formula increasing, convex, positive, within bounds, and at known values? Asked at the points of a box."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import sympy

from eqdarts.formula.tape import tape
from eqdarts.knowledge.box import Box
from eqdarts.knowledge.constraints import TOLERANCE, Constraints, Value
from eqdarts.simplify.singularities import with_limits

# None of these is tuned.
_ROUNDING = 1e-9  # of the spread of the target: by which slopes over the whole range, and values, may be wrong
_STEP = 0.05  # of the range, on which curvature is measured
_FAR = (1e6, 1e12, 1e24)  # times the largest value of a column: on the way to infinity
_PLACES = 4  # of the other columns, where a value at infinity is asked for
_DIGITS = 40  # with which
_LIMITS = 20  # points at which a formula may be 0/0; at more it is undefined


def broken_shapes(
    expression: sympy.Expr, columns: tuple[str, ...], constraints: Constraints, box: Box
) -> Iterator[str]:
    """Constraints on the shape that a formula breaks, by their names."""
    if not constraints.has_shapes:
        return
    symbols = tuple(map(sympy.Symbol, columns))
    value = _values(expression, symbols, box.points)
    if not np.isfinite(value).all():
        yield "defined everywhere"
        return
    yield from _broken_limits(value, constraints, box)
    sloped = (*constraints.increasing, *constraints.decreasing)
    if sloped:
        places = [columns.index(name) for name in sloped]
        _, slopes = tape(expression, symbols).linearise(places, *box.points.T)
        for name, place, slope in zip(sloped, places, slopes, strict=True):
            rising = slope * (box.high[place] - box.low[place])
            rising = rising if name in constraints.increasing else -rising
            if not (np.nan_to_num(rising) >= -_ROUNDING * box.spread).all():
                yield f"{'increasing' if name in constraints.increasing else 'decreasing'} in {name}"
    for name in (*constraints.convex, *constraints.concave):
        bend = curvature(lambda points: _values(expression, symbols, points), box, columns.index(name))
        bend = bend if name in constraints.convex else -bend
        if not (bend >= -_ROUNDING * box.spread).all():
            yield f"{'convex' if name in constraints.convex else 'concave'} in {name}"


def _broken_limits(value: np.ndarray, constraints: Constraints, box: Box) -> Iterator[str]:
    slack = _ROUNDING * box.spread
    if constraints.sign is not None:
        signed = value if constraints.sign in ("positive", "nonnegative") else -value
        strict = constraints.sign in ("positive", "negative")
        if not ((signed > 0) if strict else (signed >= -slack)).all():
            yield constraints.sign
    if constraints.bounds is not None:
        low, high = constraints.limits
        if not ((value >= low - slack) & (value <= high + slack)).all():
            yield "bounds"


def curvature(values: Callable[[np.ndarray], np.ndarray], box: Box, place: int) -> np.ndarray:
    """Second differences along a column at the points [m]; values: of rows [m, d]"""
    step = _STEP * (box.high[place] - box.low[place])
    middle = box.points.copy()
    middle[:, place] = np.clip(middle[:, place], box.low[place] + step, box.high[place] - step)
    left, right = middle.copy(), middle.copy()
    left[:, place] -= step
    right[:, place] += step
    bend = values(left) + values(right) - 2 * values(middle)
    return np.where(np.isfinite(bend), bend, -np.inf)


def _values(expression: sympy.Expr, symbols: tuple[sympy.Symbol, ...], points: np.ndarray) -> np.ndarray:
    value = np.array(np.broadcast_to(tape(expression, symbols).value(*points.T), (len(points),)))
    return with_limits(expression, symbols, points, value) if np.isnan(value).sum() <= _LIMITS else value


def broken_values(
    expression: sympy.Expr, columns: tuple[str, ...], constraints: Constraints, box: Box
) -> Iterator[int]:
    """The known values that a formula does not have, by their places."""
    for place, known in enumerate(constraints.values):
        slack = TOLERANCE * box.spread if known.tolerance is None else known.tolerance
        far = any(map(math.isinf, known.point.values()))
        found = _far(expression, columns, known, box) if far else _near(expression, columns, known, box)
        if not (np.abs(found - known.value) <= slack).all():
            yield place


def _near(expression: sympy.Expr, columns: tuple[str, ...], known: Value, box: Box) -> np.ndarray:
    places = [columns.index(name) for name in known.point]
    points, symbols = box.with_columns(places, list(known.point.values())), tuple(map(sympy.Symbol, columns))
    value = _values(expression, symbols, points)
    # Limits, as of sin(x)/x at 0, take some time, and a few tell.
    return value if np.isfinite(value).all() else _values(expression, symbols, points[:: len(points) // _LIMITS + 1])


def _far(expression: sympy.Expr, columns: tuple[str, ...], known: Value, box: Box) -> np.ndarray:
    """The formula at the last step to infinity, in numbers that do not overflow; NaN if it still moves there.

    SymPy's limits are exact, and may take minutes.
    """
    used = {symbol.name for symbol in expression.free_symbols}
    found: list[float] = []
    for row in box.points[:: max(1, len(box.points) // _PLACES)]:
        there = {sympy.Symbol(name): sympy.Float(at, _DIGITS) for name, at in zip(columns, row, strict=True)}
        steps = []
        for times in _FAR:
            for name, at in known.point.items():
                size = max(abs(box.low[columns.index(name)]), abs(box.high[columns.index(name)]))
                value = math.copysign(times * size, at) if math.isinf(at) else at
                there[sympy.Symbol(name)] = sympy.Float(value, _DIGITS)
            steps.append(_number(expression, {s: v for s, v in there.items() if s.name in used}))
        near = abs(steps[-1] - known.value) <= abs(steps[-2] - known.value) + TOLERANCE * box.spread
        found.append(steps[-1] if near else math.nan)
    return np.array(found)


def _number(expression: sympy.Expr, there: dict[sympy.Symbol, sympy.Expr]) -> float:
    try:
        value = complex(expression.evalf(_DIGITS, subs=there))
    except (TypeError, ValueError, OverflowError):
        return math.nan
    return value.real if value.imag == 0 else math.nan


def mended(expression: sympy.Expr, broken: Sequence[Value]) -> sympy.Expr | None:
    """The formula with what it is wrong by at finite points taken off: f(x) − f(0) + value has its value at x = 0.

    None where it cannot be had like that.
    """
    for known in broken:
        if any(map(math.isinf, known.point.values())):
            return None
        wrong = expression.subs({sympy.Symbol(name): _exact(at) for name, at in known.point.items()})
        if wrong.has(sympy.nan, sympy.zoo, sympy.oo, -sympy.oo):
            return None
        expression = expression - wrong + _exact(known.value)
    return expression


def _exact(value: float) -> sympy.Expr:
    return sympy.Integer(int(value)) if value.is_integer() else sympy.Float(value)
