"""Variable projection with Levenberg–Marquardt for one graph; when a step is taken says `eqdarts.fit.policy`."""

from __future__ import annotations

import math

from eqdarts.fit import policy
from eqdarts.fit.policy import POLICY
from eqdarts.runtime.loops import compiled

accepts, next_damping = compiled(policy.accepts), compiled(policy.next_damping)
promises_little, slow_steps, is_over = map(compiled, (policy.promises_little, policy.slow_steps, policy.is_over))


@compiled
def dot(a, b):
    """Σ a·b."""
    total = 0.0
    for i in range(a.shape[0]):
        total += a[i] * b[i]
    return total


@compiled
def cholesky(matrix, size):
    """Lower factor in place; False if the matrix is not positive definite."""
    for i in range(size):
        for j in range(i + 1):
            total = matrix[i, j]
            for k in range(j):
                total -= matrix[i, k] * matrix[j, k]
            if i == j:
                if not total > 0.0:
                    return False
                matrix[i, i] = math.sqrt(total)
            else:
                matrix[i, j] = total / matrix[j, j]
    return True


@compiled
def substitute(factor, size, right):
    """Solve L·Lᵀ·x = right in place, right [size]."""
    for i in range(size):
        total = right[i]
        for k in range(i):
            total -= factor[i, k] * right[k]
        right[i] = total / factor[i, i]
    for i in range(size - 1, -1, -1):
        total = right[i]
        for k in range(i + 1, size):
            total -= factor[k, i] * right[k]
        right[i] = total / factor[i, i]


@compiled
def solve_readout(unit, used, y, gram, norms, step, coefficients, residual):
    """Readout of the first `used` columns unit [Q, n], which come unscaled and leave with unit norm.

    Fills coefficients [Q] (of the unscaled columns), residual [n] and the Cholesky factor in gram [Q, Q];
    returns the mean squared error, infinite where that is undefined.
    """
    n = y.shape[0]
    for q in range(used):
        norm = math.sqrt(dot(unit[q], unit[q]))
        if not math.isfinite(norm):
            return math.inf
        norms[q] = norm if norm > 0.0 else 1.0
        scale = 1.0 / norms[q]
        for i in range(n):
            unit[q, i] *= scale
        for r in range(q + 1):
            gram[q, r] = dot(unit[q], unit[r])
        gram[q, q] += POLICY.readout_ridge
        coefficients[q] = 0.0
    residual[:] = y
    if not cholesky(gram, used):
        return math.inf
    for _ in range(2):
        for q in range(used):
            step[q] = dot(unit[q], residual)
        substitute(gram, used, step)
        for q in range(used):
            coefficients[q] += step[q]
            for i in range(n):
                residual[i] -= step[q] * unit[q, i]
    loss = dot(residual, residual) / n
    for q in range(used):
        coefficients[q] /= norms[q]
    return loss if math.isfinite(loss) else math.inf


@compiled
def normal_equations(jacobian, free, size, unit, used, factor, residual, overlap, gradient, curvature):
    """Jᵀr [F] and JᵀJ [F, F] of the free rows of the Jacobian [P, n], projected on the complement of the readout.

    free: int [F], of which the first `size` count
    """
    for p in range(size):
        row = jacobian[free[p]]
        gradient[p] = dot(row, residual)
        for q in range(used):
            overlap[p, q] = dot(row, unit[q])
        # With L the factor of the Gram matrix, L⁻¹·overlap turns the projection into a dot product.
        for q in range(used):
            total = overlap[p, q]
            for k in range(q):
                total -= factor[q, k] * overlap[p, k]
            overlap[p, q] = total / factor[q, q]
        for r in range(p + 1):
            total = dot(row, jacobian[free[r]])
            for q in range(used):
                total -= overlap[p, q] * overlap[r, q]
            curvature[p, r] = total


@compiled
def damped_step(gradient, curvature, size, damping, matrix, step):
    """(JᵀJ + λ diag JᵀJ)⁻¹ Jᵀr into step [P], no longer than the reach; zero where that is not finite."""
    largest = 0.0
    for p in range(size):
        largest = max(largest, curvature[p, p])
    for p in range(size):
        for r in range(p):
            matrix[p, r] = curvature[p, r]
        matrix[p, p] = curvature[p, p] * (1.0 + damping) + POLICY.ridge * largest + POLICY.tiny
        step[p] = gradient[p]
    square = math.nan
    if cholesky(matrix, size):
        substitute(matrix, size, step)
        square = dot(step[:size], step[:size])
    if not math.isfinite(square):
        step[:size] = 0.0
    elif square > POLICY.reach * POLICY.reach:
        scale = POLICY.reach / math.sqrt(square)
        for p in range(size):
            step[p] *= scale
