"""Removable singularities: rows at which a formula is 0/0 as it is written, and has a limit, as sin(x)/x at 0.

The limit is read off in many digits at points very close to the row, which needs no algebra and always ends.
"""

from __future__ import annotations

from itertools import combinations

import mpmath
import numpy as np
import sympy

from eqdarts.formula.functions import BY_KIND
from eqdarts.formula.tape import number, on_rows

_DIGITS = (
    500  # those that 0/0 cancels are lost: at distances of 1e-90, singularities up to the fifth order may be removed
)
_DISTANCES = ("1e-60", "1e-90")  # relative to the value of a column, or to 1 where it is 0
_CLOSE = 1e-9  # distance at which doubles tell whether there is anything to look at closely
_AGREE = 1e-12  # of two values of one limit
_VANISHES = 0.5  # a value that falls by this factor between the two distances goes to zero
_LARGEST = 1e8  # arguments of exponentials; beyond, the value is infinite or zero
_FEW = 0.2  # most share of the rows that are special in one way: the diagonal of a grid of five values
_TOGETHER = 0.5  # most share that are left out at once
_GROUPS = 4  # of ways in which rows are special; none of the three numbers is tuned

SPECIAL = (0.0, 1.0)  # values of a column at which factors vanish: sin(x)/x, log(x)/(x − 1)


def special_rows(X: np.ndarray) -> list[np.ndarray]:
    """Where a column is 0, where one equals another, where one is 1: groups of such rows, bool [n] each. X: [n, d]

    Ways of which many rows are go into groups of their own, so that most rows are left beside each group: on a grid of
    five values every fifth row is special in each way.
    """
    zero, one = ([column == value for column in X.T] for value in SPECIAL)
    equal = [X[:, i] == X[:, j] for i, j in combinations(range(X.shape[1]), 2)]
    groups: list[np.ndarray] = []
    for way in (*zero, *equal, *one):
        if not 0 < way.mean() <= _FEW:
            continue
        place = next((k for k, group in enumerate(groups) if (group | way).mean() <= _TOGETHER), len(groups))
        if place < len(groups):
            groups[place] = groups[place] | way
        elif place < _GROUPS:
            groups.append(way)
    return groups


def with_limits(
    expression: sympy.Expr, columns: tuple[sympy.Symbol, ...], X: np.ndarray, value: np.ndarray
) -> np.ndarray:
    """The values [n] of a formula on the rows X [n, d], its limit where it is undefined and has one.

    The limit is the one from all sides from which there is one; none if they differ.
    """
    rows = np.flatnonzero(np.isnan(value))
    used = [k for k, column in enumerate(columns) if column in expression.free_symbols]
    if not len(rows) or not used:
        return value
    places = X[rows][:, used]
    symbols = tuple(columns[k] for k in used)
    open_to = np.isfinite(places).all(axis=1) & _is_near_finite_values(expression, symbols, places)
    if not open_to.any():
        return value
    value = value.copy()
    distinct, of = np.unique(places[open_to], axis=0, return_inverse=True)
    limits = np.array([_limit(expression, symbols, place) for place in distinct])
    value[rows[open_to]] = limits[of.ravel()]
    return value


def _directions(count: int) -> list[np.ndarray]:
    """Steps [count]: all up, all down, and by turns; no two of equal size, so that equal columns differ after it."""
    size = 1.0 + 0.37 * np.arange(count)
    turns = np.where(np.arange(count) % 2 == 0, 1.0, -1.0)
    signs = [np.ones(count), -np.ones(count)] + ([turns, -turns] if count > 1 else [])
    return [size * sign for sign in signs]


def _unit(place: np.ndarray) -> np.ndarray:
    return np.where(place == 0, 1.0, np.abs(place))


def _is_near_finite_values(expression: sympy.Expr, symbols: tuple[sympy.Symbol, ...], places: np.ndarray) -> np.ndarray:
    """Is the formula finite close to these places [m, d] on some side? bool [m]"""
    near = np.zeros(len(places), dtype=bool)
    for step in _directions(places.shape[1]):
        near |= np.isfinite(on_rows(expression, symbols, places + _CLOSE * step * _unit(places)))
    return near


def _limit(expression: sympy.Expr, symbols: tuple[sympy.Symbol, ...], place: np.ndarray) -> float:
    """The limit of the formula at one place [d]; NaN if there is none."""
    found: list[float] = []
    with mpmath.workdps(_DIGITS):
        at = [mpmath.mpf(float(x)) for x in place]
        for step in _directions(len(place)):
            scaled = [mpmath.mpf(float(s)) for s in step * _unit(place)]
            values = []
            for distance in map(mpmath.mpf, _DISTANCES):
                moved = {s: x + distance * h for s, x, h in zip(symbols, at, scaled, strict=True)}
                values.append(_value(expression, moved))
            limit = _last_of(*values)
            if limit is not None:
                found.append(limit)
    if not found or np.ptp(found) > _AGREE * max(map(abs, found)):
        return float("nan")
    return found[0]


def _last_of(far: mpmath.mpf | None, near: mpmath.mpf | None) -> float | None:
    """What two values on the way to a point lead to; None if to no number."""
    if far is None or near is None or not (mpmath.isfinite(far) and mpmath.isfinite(near)):
        return None
    if abs(near) <= _VANISHES * abs(far):
        return 0.0
    return float(near) if abs(near - far) <= _AGREE * abs(near) else None


def _value(node: sympy.Expr, at: dict[sympy.Symbol, mpmath.mpf]) -> mpmath.mpf | None:
    """A real formula in the working precision; None off its domain."""
    if node in at:
        return at[node]
    if node.is_Rational:
        return mpmath.mpf(int(node.p)) / int(node.q)
    if node is sympy.pi:
        return +mpmath.pi
    if node.is_Float or not node.args:
        return mpmath.mpf(number(node))
    parts = [_value(part, at) for part in node.args]
    if any(part is None for part in parts):
        return None
    try:
        value = _applied(node, parts)
    except (ValueError, ZeroDivisionError, OverflowError, ArithmeticError):
        return None
    return value if isinstance(value, mpmath.mpf) and not mpmath.isnan(value) else None


def _applied(node: sympy.Expr, parts: list[mpmath.mpf]) -> mpmath.mpf | None:
    """The outermost operation of a formula on the values of its arguments."""
    if node.is_Add:
        return mpmath.fsum(parts)
    if node.is_Mul:
        return mpmath.fprod(parts)
    if isinstance(node, sympy.Max | sympy.Min):
        return (max if isinstance(node, sympy.Max) else min)(parts)
    if isinstance(node, sympy.Pow):
        base, exponent = parts
        if base == 0 or (base < 0 and exponent != int(exponent)):
            return mpmath.mpf(0) if base == 0 and exponent > 0 else None
        growth = exponent * mpmath.log(abs(base))
        if abs(growth) <= _LARGEST:
            return base**exponent
        return _exponential(growth) * (-1 if base < 0 and int(exponent) % 2 else 1)
    row = BY_KIND.get(node.func)
    if row is None:
        return None
    (inner,) = parts
    if row.name == "exp":
        return _exponential(inner)
    if row.name in ("sinh", "cosh") and abs(inner) > _LARGEST:
        return mpmath.inf if row.name == "cosh" else mpmath.sign(inner) * mpmath.inf
    if row.name == "tanh" and abs(inner) > _LARGEST:
        return mpmath.sign(inner)
    return getattr(mpmath, "fabs" if row.name == "Abs" else row.name)(inner)


def _exponential(x: mpmath.mpf) -> mpmath.mpf:
    """exp(x); a number whose exponent alone would fill the memory is infinite or zero."""
    if abs(x) > _LARGEST:
        return mpmath.inf if x > 0 else mpmath.mpf(0)
    return mpmath.exp(x)
