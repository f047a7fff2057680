"""Refits the constants of one fixed formula to rows, by nonlinear least squares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from scipy.optimize import least_squares

from eqdarts.numeric import function, gradient

_PENALTY = 1e6  # stands in for a residual that is not finite, in units of the rms of y


@dataclass(frozen=True)
class Template:
    """A formula whose constants are symbols.

    Attributes
    ----------
    expression : sympy.Expr
    columns : tuple of Symbol
    constants : tuple of Symbol
    values : array [K]
    roles : tuple of str
        Where each constant stands: "exponent" of a power, "phase" of a sine or cosine, or "factor".
    """

    expression: sympy.Expr
    columns: tuple[sympy.Symbol, ...]
    constants: tuple[sympy.Symbol, ...]
    values: np.ndarray
    roles: tuple[str, ...]

    def at(self, values: Any) -> sympy.Expr:
        """The formula with numbers (floats, or exact SymPy numbers) for its constants."""
        numbers = {
            c: v if isinstance(v, sympy.Basic) else sympy.Float(v) for c, v in zip(self.constants, values, strict=True)
        }
        return self.expression.subs(numbers)


def template(expression: sympy.Expr, columns: tuple[sympy.Symbol, ...]) -> Template:
    """Every float of the expression becomes a constant of its own; exact numbers stay."""
    values: list[float] = []
    roles: list[str] = []
    symbols: list[sympy.Symbol] = []

    def walk(node: sympy.Expr, role: str) -> sympy.Expr:
        if isinstance(node, sympy.Float):
            # A dummy equals no other symbol, whatever the columns are called.
            symbols.append(sympy.Dummy(f"c_{len(symbols)}", real=True))
            values.append(float(node))
            roles.append(role)
            return symbols[-1]
        if not node.args:
            return node
        if isinstance(node, sympy.Pow):
            return sympy.Pow(walk(node.base, "factor"), walk(node.exp, "exponent"), evaluate=False)
        periodic = isinstance(node, sympy.sin | sympy.cos)
        phase = role == "inside" and isinstance(node, sympy.Add)
        below = "inside" if periodic else "factor"
        return node.func(*(walk(a, "phase" if phase and a.is_Float else below) for a in node.args), evaluate=False)

    body = walk(expression, "factor")
    return Template(body, columns, tuple(symbols), np.array(values), tuple(roles))


Function = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Compiled:
    """A template as NumPy functions of (X [n, d], values [K])."""

    value: Function  # -> [n]
    jacobian: Function  # -> [n, K]


def compile_template(form: Template) -> Compiled:
    """NumPy functions of a template and its derivatives by the constants."""
    arguments = [*form.columns, *form.constants]
    value = function(form.expression, arguments)
    slopes = gradient(form.expression, arguments, form.constants)

    def call(X: np.ndarray, values: np.ndarray) -> np.ndarray:
        return np.broadcast_to(value(*X.T, *values), (len(X),))

    def slope(X: np.ndarray, values: np.ndarray) -> np.ndarray:
        out = np.empty((len(X), len(values)))
        for k, column in enumerate(slopes(*X.T, *values)):
            out[:, k] = column
        return out

    return Compiled(call, slope)


@dataclass(frozen=True)
class ConstantFit:
    """Fitted constants.

    Attributes
    ----------
    values : array [K]
    loss : float
        Mean squared error in units of the mean square of y; infinite where undefined.
    precision : array [K]
        Standard error of each constant (asymptotic); infinite if the data do not determine it.
    """

    values: np.ndarray
    loss: float
    precision: np.ndarray
    inverse: np.ndarray


def fit_constants(
    form: Compiled,
    start: np.ndarray,
    X: np.ndarray,
    y: np.ndarray,
    root_weights: np.ndarray | None = None,
    free: np.ndarray | None = None,
    evaluations: int = 60,
) -> ConstantFit:
    """Least squares over the free constants, from `start` (MINPACK's Levenberg–Marquardt).

    X: [n, d]   y: [n]   start: [K]   free: bool [K]
    """
    free = np.ones(len(start), dtype=bool) if free is None else free
    size = float(np.sqrt(np.mean(y**2))) or 1.0
    weight = (np.ones(len(y)) if root_weights is None else root_weights) / size
    values = np.array(start, dtype=float)

    def full(v: np.ndarray) -> np.ndarray:
        out = values.copy()
        out[free] = v
        return out

    def residual(v: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            r = (form.value(X, full(v)) - y) * weight
        return np.where(np.isfinite(r), np.clip(r, -_PENALTY, _PENALTY), _PENALTY)

    def slope(v: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            J = form.jacobian(X, full(v))[:, free] * weight[:, None]
        return np.where(np.isfinite(J), np.clip(J, -1e12, 1e12), 0.0)

    if free.any() and len(y) >= free.sum():
        solution = least_squares(
            residual, values[free], slope, method="lm", xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=evaluations
        )
        before = np.mean(residual(values[free]) ** 2)
        if np.mean(solution.fun**2) <= before:
            values = full(solution.x)
    r = residual(values[free])
    loss = float(np.mean(r**2))
    inverse = np.zeros((len(start), len(start)))
    if free.any():
        J = slope(values[free])
        inverse[np.ix_(free, free)] = _inverse(J)
    spread = loss * len(y) / max(1, len(y) - int(free.sum()))
    precision = np.sqrt(np.maximum(np.diag(inverse), 0.0) * spread)
    return ConstantFit(values, loss if loss < _PENALTY else np.inf, precision, inverse)


def _inverse(J: np.ndarray) -> np.ndarray:
    """(JᵀJ)⁻¹ with a small ridge, so that directions without information come out long, not absent."""
    norm = np.linalg.norm(J, axis=0)
    norm = np.where(norm > 0, norm, 1.0)
    unit = J / norm
    gram = unit.T @ unit + 1e-13 * np.eye(len(norm))
    return np.linalg.pinv(gram, hermitian=True, rcond=1e-15) / np.outer(norm, norm)
