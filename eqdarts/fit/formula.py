"""Refits the constants of one fixed formula to rows, by nonlinear least squares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import sympy
import torch
from torch import Tensor

from eqdarts.data.table import Table
from eqdarts.data.zero import LADDER, measure_of
from eqdarts.fit.compiled.expressions import Program, program_of
from eqdarts.fit.compiled.formulas import fit_program
from eqdarts.fit.covariance import residual_variance
from eqdarts.fit.flat import inverse_of_squares
from eqdarts.fit.least_squares import solve
from eqdarts.formula.substitution import rebuilt_with
from eqdarts.formula.tape import Tape, tape

_MOST_SLOPE = 1e150  # whose square is finite


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

    def at(self, values: Any, as_written: bool = False) -> sympy.Expr:
        """The formula with numbers (floats, or exact SymPy numbers) for its constants.

        as_written: as in `rebuilt_with`
        """
        return rebuilt_with(self.expression, self.numbers(values), as_written)

    def numbers(self, values: Any) -> dict[sympy.Symbol, sympy.Expr]:
        """The number of each constant."""
        pairs = zip(self.constants, values, strict=True)
        return {c: v if isinstance(v, sympy.Basic) else sympy.Float(v) for c, v in pairs}


def is_round(value: float) -> bool:
    """Is it a multiple of a quarter, as starting values often are?"""
    return (4.0 * value).is_integer()


@cache
def _constant(k: int) -> sympy.Dummy:
    """Number k of every template, since a symbol takes SymPy some time to make.

    A dummy equals no other symbol, whatever the columns are called.
    """
    return sympy.Dummy(f"c_{k}", real=True)


def magnitude_of(value: float) -> float:
    """|value| but for its last digits: constants of equal size are one, whatever rewriting a formula has rounded.

    Examples
    --------
    >>> magnitude_of(-0.1) == magnitude_of(0.3 - 0.2)
    True
    """
    return float(f"{abs(value):.13e}")


def template(expression: sympy.Expr, columns: tuple[sympy.Symbol, ...]) -> Template:
    """Every float of the expression becomes a constant of its own; exact numbers stay.

    A part that occurs again, such as a latent node that two others use, keeps its constants, and floats of
    equal size are one constant: `eqdarts.simplify.reduce` makes them equal where the data allow. Only round ones,
    which may be untouched starting values, are not taken for the same.
    """
    values: list[float] = []
    roles: list[str] = []
    known: dict[sympy.Expr, sympy.Expr] = {}
    shared: dict[tuple[float, str], sympy.Expr] = {}
    symbols: list[sympy.Symbol] = []

    def walk(node: sympy.Expr, role: str) -> sympy.Expr:
        if isinstance(node, sympy.Float):
            value = float(node)
            key = magnitude_of(value), role
            if is_round(value) or key not in shared:
                symbols.append(_constant(len(symbols)))
                values.append(value)
                roles.append(role)
                shared[key] = symbols[-1] if value > 0 else -symbols[-1]
                return symbols[-1]
            return shared[key] if value > 0 else -shared[key]
        if not node.args:
            return node
        if node in known:
            return known[node]
        known[node] = rebuilt(node, role)
        return known[node]

    def rebuilt(node: sympy.Expr, role: str) -> sympy.Expr:
        if isinstance(node, sympy.Pow):
            return sympy.Pow(walk(node.base, "factor"), walk(node.exp, "exponent"), evaluate=False)
        periodic = isinstance(node, sympy.sin | sympy.cos)
        phase = role == "inside" and isinstance(node, sympy.Add)
        below = "inside" if periodic else "factor"
        return node.func(*(walk(a, "phase" if phase and a.is_Float else below) for a in node.args), evaluate=False)

    body = walk(expression, "factor")
    return Template(body, columns, tuple(symbols), np.array(values), tuple(roles))


@dataclass(frozen=True)
class Compiled:
    """A template as a program of (X [n, d], values [K])."""

    tape: Tape
    columns: int
    constants: int

    @cached_property
    def program(self) -> Program | None:
        """For compiled loops; None if it has a function that they lack."""
        return program_of(self.tape, self.columns)

    def value(self, X: np.ndarray, values: np.ndarray) -> np.ndarray:
        """The formula [n]; NaN off its domain."""
        return np.broadcast_to(self.tape.value(*X.T, *values), (len(X),))

    def linearise(
        self, X: np.ndarray, values: np.ndarray, weight: np.ndarray | float = 1.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """For R sets of constants [R, K]: the formula [R, n] and its derivatives by the constants [R, K, n].

        weight: [n], that both are multiplied by
        """
        by = range(self.columns, self.columns + self.constants)
        sets, n = len(values), len(X)
        value, slopes = self.tape.linearise(by, *X.T, *values.T[:, :, None])
        jacobian = np.empty((sets, self.constants, n))
        with np.errstate(all="ignore"):
            for k, slope in enumerate(slopes):
                np.multiply(slope, weight, out=jacobian[:, k])
            return np.multiply(np.broadcast_to(value, (sets, n)), weight), jacobian


def compile_template(form: Template) -> Compiled:
    """The program of a template."""
    compiled = tape(form.expression, [*form.columns, *form.constants])
    return Compiled(compiled, len(form.columns), len(form.constants))


@dataclass(frozen=True)
class ConstantFit:
    """Fitted constants.

    Attributes
    ----------
    values : array [K]
    loss : float
        As a share of the variance of y, beyond rounding (`eqdarts.data.zero`); infinite where undefined.
    precision : array [K]
        Standard error of each constant (asymptotic); very large if the data do not determine it.
    inverse : array [K, K]
        (JᵀJ)⁻¹ over the free constants, zero elsewhere; J in units of the standard deviation of y.
    slopes : array [K, n]
        J over the free constants, zero elsewhere.
    rounding : float
        What arithmetic leaves of y, which no loss counts.
    """

    values: np.ndarray
    loss: float
    precision: np.ndarray
    inverse: np.ndarray
    slopes: np.ndarray
    rounding: float


class _FormulaModel:
    """A formula as a separable model with one basis function, itself, whose coefficient is 1."""

    shrinks = True

    def __init__(self, form: Compiled, X: np.ndarray, weight: np.ndarray) -> None:
        self._form, self._X, self._weight = form, X, weight

    def linearise(self, w: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        value, jacobian = self._form.linearise(self._X, w.numpy(), self._weight)
        slopes = torch.from_numpy(jacobian).nan_to_num_(0.0, 0.0, 0.0)  # [R, K, n]
        return torch.from_numpy(value)[:, None], lambda _: slopes  # [R, 1, n]


def _weight(table: Table) -> np.ndarray:
    """Per row, such that residual · weight has a mean square of 1 where the mean leaves the variance of y."""
    return table.roots / measure_of(table).deviation


def fit_sets(
    form: Compiled, starts: np.ndarray, free: np.ndarray, rows: Table, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Least squares from R starts at once, each over its own free constants.

    starts: [R, K]   free: bool [R, K]   returns: values [R, K], losses [R] as in `ConstantFit`
    """
    values, squares = _fit_sets(form, starts, free, rows, steps if free.any() else 0)
    measure = measure_of(rows)
    return values, measure.loss(squares * measure.variance)


def _fit_sets(
    form: Compiled, starts: np.ndarray, free: np.ndarray, rows: Table, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """The same with mean squared errors in units of the variance of y."""
    weight = rows.once(_weight)
    if rows.loops and form.program is not None:
        with np.errstate(all="ignore"):
            return fit_program(form.program, rows.columns, rows.y * weight, weight, starts, free, steps)
    one = torch.ones(len(starts), 1, dtype=torch.float64)
    solution = solve(
        _FormulaModel(form, rows.X, weight),
        torch.tensor(starts),
        torch.tensor(rows.y * weight),
        one.bool(),
        steps,
        free=torch.tensor(free),
        fixed=one,
        done_below=LADDER.polished,
    )
    return solution.w.numpy(), solution.loss.numpy()


def fit_constants(
    form: Compiled, start: np.ndarray, rows: Table, free: np.ndarray | None = None, steps: int = 40
) -> ConstantFit:
    """Least squares over the free constants, from `start`, by Levenberg–Marquardt.

    start: [K]   free: bool [K], all by default

    With more free constants than rows nothing is moved.
    """
    free = np.ones(len(start), dtype=bool) if free is None else free
    steps = steps if free.sum() <= len(rows) else 0
    sets, losses = fit_sets(form, np.array(start, dtype=float)[None], free[None], rows, steps)
    values, loss, n = sets[0], float(losses[0]), len(rows)
    inverse, slopes = np.zeros((len(start), len(start))), np.zeros((len(start), n))
    if free.any() and np.isfinite(loss):
        _, jacobian = form.linearise(rows.X, values[None], rows.once(_weight))
        slopes[free] = np.where(np.abs(jacobian[0, free]) < _MOST_SLOPE, jacobian[0, free], 0.0)
        inverse[np.ix_(free, free)] = inverse_of_squares(slopes[free])
    rounding = measure_of(rows).rounding / measure_of(rows).variance
    # Where as many constants as rows leave no degree of freedom, as if there were one more row.
    constants = int(free.sum())
    variance = residual_variance((loss + rounding) * n, max(n, constants + 1), constants)
    with np.errstate(invalid="ignore", over="ignore"):
        precision = np.sqrt(np.maximum(np.diag(inverse), 0.0) * variance)
    return ConstantFit(values, loss, precision, inverse, slopes, rounding)
