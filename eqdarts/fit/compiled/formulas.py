"""Least squares for the constants of one formula in compiled loops, by the steps of `eqdarts.fit.policy`.

A formula comes as a tape: its subexpressions in order, each made of earlier ones, the last is the formula itself.
"""

from __future__ import annotations

import math

import numpy as np

from eqdarts.data.zero import LADDER, fitted_below
from eqdarts.fit.compiled.expressions import Program, backward, forward
from eqdarts.fit.compiled.separable import (
    accepts,
    damped_step,
    dot,
    is_over,
    next_damping,
    normal_equations,
    promises_little,
    slow_steps,
)
from eqdarts.fit.policy import POLICY
from eqdarts.runtime.loops import compiled


def fit_program(
    program: Program,
    columns: np.ndarray,
    target: np.ndarray,
    weight: np.ndarray,
    starts: np.ndarray,
    free: np.ndarray,
    steps: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Values [R, K] and mean squared errors [R] from R starts, each over its own free constants.

    columns: [d, n]   target: [n], weighted   weight: [n]   starts: [R, K]   free: bool [R, K]
    """
    values, losses = np.array(starts, dtype=float), np.empty(len(starts))
    _fit(
        program.kinds, program.numbers, program.first, program.inputs, program.moving, np.ascontiguousarray(columns),
        np.ascontiguousarray(target), np.ascontiguousarray(weight), values, np.ascontiguousarray(free), steps,
        float(fitted_below(target, LADDER.polished)), losses,
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
        forward(kinds, numbers, first, inputs, columns, now, state)
        best = _measure(state[size - 1], target, weight, residual)
        damping, slow, taken = POLICY.first, 0, True
        for _ in range(steps):
            if active == 0 or not best > floor or not math.isfinite(best):
                break
            if taken:
                backward(kinds, numbers, first, inputs, moving, state, flow, other, weight, jacobian)
                normal_equations(jacobian, place, active, unit, 0, matrix, residual, overlap, gradient, curvature)
            damped_step(gradient, curvature, active, damping, matrix, step)
            trial[:] = now
            promise = 0.0
            for p in range(active):
                trial[place[p]] += step[p]
                promise += step[p] * gradient[p]
            last = promises_little(promise, best * n, damping)
            forward(kinds, numbers, first, inputs, columns, trial, state)
            loss = _measure(state[size - 1], target, weight, other)
            taken = accepts(loss, best)
            if taken:
                slow = slow_steps(slow, loss, best)
                best = loss
                now[:] = trial
                residual[:] = other
            damping = next_damping(damping, taken)
            if is_over(last, slow, damping):
                break
        losses[r] = best


@compiled
def _measure(value, target, weight, residual):
    """Fills residual [n]; returns the mean squared error, infinite where the formula is undefined."""
    for i in range(target.shape[0]):
        residual[i] = target[i] - value[i] * weight[i]
    loss = dot(residual, residual) / target.shape[0]
    return loss if math.isfinite(loss) else math.inf
