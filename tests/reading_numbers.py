"""The value of a formula on rows by a walk over its tree, with a bound of what rounding may do."""

import numpy as np
import sympy
from scipy import special

_ONE = {
    sympy.exp: np.exp, sympy.log: np.log, sympy.sin: np.sin, sympy.cos: np.cos, sympy.tan: np.tan,
    sympy.asin: np.arcsin,
    sympy.acos: np.arccos, sympy.atan: np.arctan, sympy.sinh: np.sinh, sympy.cosh: np.cosh, sympy.tanh: np.tanh,
    sympy.asinh: np.arcsinh, sympy.acosh: np.arccosh, sympy.atanh: np.arctanh, sympy.Abs: np.abs, sympy.sign: np.sign,
    sympy.erf: special.erf, sympy.erfc: special.erfc,
}  # fmt: skip
_EPS = 2.3e-16


def value_and_error(expression, rows):
    """Values [n] and bounds of their errors [n]. rows: arrays [n] by the names of symbols"""
    n = len(next(iter(rows.values())))
    with np.errstate(all="ignore"):
        value, error = _of(expression, {name: np.asarray(column, dtype=float) for name, column in rows.items()})
        return np.broadcast_to(value, n), np.broadcast_to(error, n)


def in_any_range(expression, rows):
    """The same values by numbers of twenty digits and any exponent, which are slow; NaN where there is none."""
    n = len(next(iter(rows.values())))
    return np.array([_of_row(expression, {name: float(column[k]) for name, column in rows.items()}) for k in range(n)])


def _of_row(expression, row):
    values = {sympy.Symbol(name): sympy.Float(number, 20) for name, number in row.items() if np.isfinite(number)}
    try:
        value, other = (expression.evalf(digits, subs=values) for digits in (20, 30))
        agree = abs(value - other) <= 1e-12 * abs(other)  # what is left of 0/0 depends on the digits
        return float(value) if value.is_real and agree else np.nan
    except (TypeError, ValueError, ArithmeticError, NotImplementedError):
        return np.nan


def _of(node, rows):
    if node.is_Symbol:
        value = rows[node.name]
        return value, np.zeros_like(value)
    if node.is_number and not node.args:
        value = np.float64(node)
        return value, abs(value) * _EPS
    parts = [_of(part, rows) for part in node.args]
    if node.is_Add:
        value = sum(v for v, _ in parts)
        return value, sum(e + _EPS * abs(v) for v, e in parts)
    if node.is_Mul:
        value, error = np.float64(1.0), np.float64(0.0)
        for v, e in parts:
            value, error = value * v, abs(value) * e + abs(v) * error + _EPS * abs(value * v)
        return value, error
    if node.is_Pow:
        return _power(*parts)
    if isinstance(node, sympy.Max | sympy.Min):
        pick = np.maximum if isinstance(node, sympy.Max) else np.minimum
        value, error = parts[0]
        for v, e in parts[1:]:
            value, error = pick(value, v), np.maximum(error, e)
        return value, error
    ((x, e),) = parts
    function = _ONE[node.func]
    value = function(x)
    sides = [np.where(np.isfinite(side := function(x + step)), abs(side - value), 0.0) for step in (e, -e)]
    return value, np.maximum(*sides) + 4 * _EPS * abs(value)


def _power(base, exponent):
    (b, eb), (p, ep) = base, exponent
    value = np.power(b, p)
    relative = abs(p) * np.where(b == 0, 0.0, eb / abs(b)) + abs(np.log(np.where(b == 0, 1.0, abs(b)))) * ep
    return value, abs(value) * (relative + 4 * _EPS)
