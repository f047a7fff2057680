"""Least squares for the constants of one formula in compiled loops; the steps are those of `eqdarts.fit.least_squares`.

A formula comes as a tape: its subexpressions in order, each made of earlier ones, the last is the formula itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from eqdarts.fit.compiled.separable import (
    FLAT,
    NEARLY_FREE,
    PATIENCE,
    REACH,
    SLOW,
    STUCK,
    damped_step,
    dot,
    floor_of,
    normal_equations,
)
from eqdarts.runtime.loops import compiled

# A kind must be a global constant for the compiler, hence one name each.
NUMBER, COLUMN, CONSTANT, ADD, MUL, POW = 0, 1, 2, 3, 4, 5
EXP, LOG, SIN, COS, TAN, TANH, SINH, COSH, ASIN, ACOS, ATAN, ABS, SIGN = 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18


@dataclass(frozen=True, eq=False)
class Program:
    """A tape of S steps with T inputs in all, as the loops take it.

    Attributes
    ----------
    kinds : int array [S]
    numbers : array [S]
        Of a number, its value; of a column or a constant, which one.
    first : int array [S + 1]
        Where the inputs of each step begin.
    inputs : int array [T]
        Earlier steps.
    moving : bool array [S]
        Does it depend on a constant?
    """

    kinds: np.ndarray
    numbers: np.ndarray
    first: np.ndarray
    inputs: np.ndarray
    moving: np.ndarray

    def fit(
        self,
        columns: np.ndarray,
        target: np.ndarray,
        weight: np.ndarray,
        starts: np.ndarray,
        free: np.ndarray,
        steps: int,
        tolerance: float,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Values [R, K] and mean squared errors [R] from R starts, each over its own free constants.

        columns: [d, n]   target: [n], weighted   weight: [n]   starts: [R, K]   free: bool [R, K]
        tolerance: a fit is done below this share of the target's variance, or the spacing of doubles there
        """
        values, losses = np.array(starts, dtype=float), np.empty(len(starts))
        _fit(
            self.kinds, self.numbers, self.first, self.inputs, self.moving, np.ascontiguousarray(columns),
            np.ascontiguousarray(target), np.ascontiguousarray(weight), values, np.ascontiguousarray(free), steps,
            floor_of(target, tolerance), losses,
        )  # fmt: skip
        return values, losses


@compiled
def _fit(kinds, numbers, first, inputs, moving, columns, target, weight, values, free, steps, floor, losses):
    """Fills losses [R] and moves the free values [R, K]; a start that is undefined stays, with an infinite loss."""
    size, n, most = kinds.shape[0], target.shape[0], values.shape[1]
    state, flow = np.empty((size, n)), np.empty((size, n))
    jacobian, residual, other = np.empty((most, n)), np.empty(n), np.empty(n)
    unit, overlap = np.empty((0, n)), np.empty((most, 0))  # no readout is solved for
    gradient, curvature = np.empty(most), np.empty((most, most))
    matrix, step, trial = np.empty((most, most)), np.empty(most), np.empty(most)
    place = np.empty(most, np.int64)
    for r in range(values.shape[0]):
        now = values[r]
        active = 0
        for k in range(most):
            if free[r, k]:
                place[active] = k
                active += 1
        _forward(kinds, numbers, first, inputs, columns, now, state)
        best = _measure(state[size - 1], target, weight, residual)
        damping, slow, fresh = 1e-2, 0, True
        for _ in range(steps):
            if active == 0 or not best > floor or not math.isfinite(best):
                break
            if fresh:
                _backward(kinds, numbers, first, inputs, moving, state, flow, other, weight, jacobian)
                normal_equations(jacobian, place, active, unit, 0, matrix, residual, overlap, gradient, curvature)
            damped_step(gradient, curvature, active, damping, REACH, matrix, step)
            trial[:] = now
            promise = 0.0
            for p in range(active):
                trial[place[p]] += step[p]
                promise += step[p] * gradient[p]
            settled = promise < FLAT * best * n and damping <= NEARLY_FREE
            _forward(kinds, numbers, first, inputs, columns, trial, state)
            loss = _measure(state[size - 1], target, weight, other)
            fresh = loss < best
            if fresh:
                slow = slow + 1 if loss > SLOW * best else 0
                best = loss
                now[:] = trial
                residual[:] = other
                damping = max(damping * 0.2, 1e-12)
            else:
                damping = min(damping * 5.0, 1e12)
            if settled or slow >= PATIENCE or damping > STUCK:
                break
        losses[r] = best


@compiled
def _measure(value, target, weight, residual):
    """Fills residual [n]; returns the mean squared error, infinite where the formula is undefined."""
    for i in range(target.shape[0]):
        residual[i] = target[i] - value[i] * weight[i]
    loss = dot(residual, residual) / target.shape[0]
    return loss if math.isfinite(loss) else math.inf


@compiled
def _forward(kinds, numbers, first, inputs, columns, constants, state):
    """The values [S, n] of all steps; NaN off their domains."""
    n = state.shape[1]
    for k in range(kinds.shape[0]):
        kind, out = kinds[k], state[k]
        if kind == NUMBER:
            out[:] = numbers[k]
        elif kind == COLUMN:
            out[:] = columns[int(numbers[k])]
        elif kind == CONSTANT:
            out[:] = constants[int(numbers[k])]
        elif kind in (ADD, MUL):
            out[:] = state[inputs[first[k]]]
            for t in range(first[k] + 1, first[k + 1]):
                part = state[inputs[t]]
                if kind == ADD:
                    for i in range(n):
                        out[i] += part[i]
                else:
                    for i in range(n):
                        out[i] *= part[i]
        elif kind == POW:
            _power(state[inputs[first[k]]], state[inputs[first[k] + 1]], out)
        else:
            _apply(kind, state[inputs[first[k]]], out)


@compiled
def _power(base, exponent, out):
    """base**exponent [n], elementwise; the exponent is mostly the same in all rows."""
    p = exponent[0]
    same = True
    for i in range(exponent.shape[0]):
        same &= exponent[i] == p
    for i in range(base.shape[0]):
        if same and p == 2.0:
            out[i] = base[i] * base[i]
        elif same and p == -1.0:
            out[i] = 1.0 / base[i]
        elif same and p == 0.5:
            out[i] = math.sqrt(base[i]) if base[i] >= 0.0 else math.nan
        else:
            out[i] = base[i] ** exponent[i]


@compiled
def _apply(kind, u, out):
    """A function of one argument."""
    n = u.shape[0]
    if kind == EXP:
        for i in range(n):
            out[i] = math.exp(u[i])
    elif kind == LOG:
        for i in range(n):
            out[i] = math.log(u[i]) if u[i] > 0.0 else (-math.inf if u[i] == 0.0 else math.nan)
    elif kind == SIN:
        for i in range(n):
            out[i] = math.sin(u[i])
    elif kind == COS:
        for i in range(n):
            out[i] = math.cos(u[i])
    elif kind == TAN:
        for i in range(n):
            out[i] = math.tan(u[i])
    elif kind == TANH:
        for i in range(n):
            out[i] = math.tanh(u[i])
    elif kind == SINH:
        for i in range(n):
            out[i] = math.sinh(u[i])
    elif kind == COSH:
        for i in range(n):
            out[i] = math.cosh(u[i])
    elif kind == ASIN:
        for i in range(n):
            out[i] = math.asin(u[i]) if abs(u[i]) <= 1.0 else math.nan
    elif kind == ACOS:
        for i in range(n):
            out[i] = math.acos(u[i]) if abs(u[i]) <= 1.0 else math.nan
    elif kind == ATAN:
        for i in range(n):
            out[i] = math.atan(u[i])
    elif kind == ABS:
        for i in range(n):
            out[i] = abs(u[i])
    else:
        for i in range(n):
            out[i] = np.sign(u[i])


@compiled
def _slope(kind, u, f):
    """Of such a function, where it is f at u."""
    if kind == EXP:
        return f
    if kind == LOG:
        return 1.0 / u
    if kind == SIN:
        return math.cos(u)
    if kind == COS:
        return -math.sin(u)
    if kind == TAN:
        return 1.0 + f * f
    if kind == TANH:
        return 1.0 - f * f
    if kind == SINH:
        return math.cosh(u)
    if kind == COSH:
        return math.sinh(u)
    if kind in (ASIN, ACOS):
        root = math.sqrt(1.0 - u * u)
        return 1.0 / root if kind == ASIN else -1.0 / root
    if kind == ATAN:
        return 1.0 / (1.0 + u * u)
    return np.sign(u) if kind == ABS else 0.0


@compiled
def _backward(kinds, numbers, first, inputs, moving, state, flow, other, weight, jacobian):
    """The weighted derivatives [K, n] of the formula by its constants; zero where they are not finite."""
    size, n = state.shape
    flow[:] = 0.0
    flow[size - 1] = 1.0
    jacobian[:] = 0.0
    for k in range(size - 1, -1, -1):
        if not moving[k]:
            continue
        kind, into, value = kinds[k], flow[k], state[k]
        if kind == CONSTANT:
            row = jacobian[int(numbers[k])]
            for i in range(n):
                slope = into[i] * weight[i]
                row[i] += slope if math.isfinite(slope) else 0.0
        elif kind == POW:
            base, exponent = inputs[first[k]], inputs[first[k] + 1]
            u, p = state[base], state[exponent]
            if moving[base]:
                out = flow[base]
                for i in range(n):
                    # A general power is slow, and a quotient the same wherever there is one.
                    power = value[i] / u[i] if u[i] != 0.0 else u[i] ** (p[i] - 1.0)
                    out[i] += into[i] * p[i] * power
            if moving[exponent]:
                out = flow[exponent]
                for i in range(n):
                    if value[i] != 0.0:
                        out[i] += into[i] * value[i] * math.log(abs(u[i]))
        else:
            for t in range(first[k], first[k + 1]):
                if not moving[inputs[t]]:
                    continue
                out = flow[inputs[t]]
                if kind == ADD:
                    for i in range(n):
                        out[i] += into[i]
                elif kind == MUL:
                    other[:] = into
                    for s in range(first[k], first[k + 1]):
                        if s != t:
                            factor = state[inputs[s]]
                            for i in range(n):
                                other[i] *= factor[i]
                    for i in range(n):
                        out[i] += other[i]
                else:
                    u = state[inputs[t]]
                    for i in range(n):
                        out[i] += into[i] * _slope(kind, u[i], value[i])
