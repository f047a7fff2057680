"""Operations and their slopes in compiled loops, by code.

Those of the table that searches use most have loops of their own, which are the fastest; `own` runs all others.
"""

from __future__ import annotations

import math

import numpy as np

from eqdarts.fit.compiled.own import own_slopes, own_value
from eqdarts.runtime.loops import compiled

#: log|0|: finite, so that 0 · log|0| is 0, and so large that |0|^p is 0 or infinite.
LOG_ZERO = -1e300

_MARGIN, _INSIDE = 0.1, 0.9  # how far from the edge of a domain a start is put

# A code must be a global constant for the compiler, hence one name each.
ZERO, IDENTITY, NEGATION, SQUARE, CUBE, ABS = 0, 1, 2, 3, 4, 5
SCALE, LINEAR, POWER, ODD_POWER, AFFINE_POWER = 6, 7, 8, 9, 10
SQRT, RECIPROCAL, EXP, LN, LOGISTIC, TANH, SIN, COS, ARCSIN = 11, 12, 13, 14, 15, 16, 17, 18, 19
RELU, SOFTPLUS, GAUSSIAN = 20, 21, 22
OWN = 23  # the first of those that have no loops here

CODES: dict[str, int] = {
    "zero": ZERO, "identity": IDENTITY, "negation": NEGATION, "square": SQUARE, "cube": CUBE, "abs": ABS,
    "scale": SCALE, "linear": LINEAR, "power": POWER, "odd_power": ODD_POWER, "affine_power": AFFINE_POWER,
    "sqrt": SQRT, "reciprocal": RECIPROCAL, "exp": EXP, "ln": LN, "logistic": LOGISTIC, "tanh": TANH,
    "sin": SIN, "cos": COS, "arcsin": ARCSIN, "relu": RELU, "softplus": SOFTPLUS, "gaussian": GAUSSIAN,
}  # fmt: skip


@compiled
def log_abs(x, out):
    """log|x| [n], finite at 0."""
    for i in range(x.shape[0]):
        out[i] = math.log(abs(x[i])) if x[i] != 0.0 else LOG_ZERO


@compiled
def apply(code, x, w, own, value, inner):
    """Value [n] of one operation at x [n] with parameters w, and what its slope will need in inner [n].

    own: the table of the operations that have no loops here, [C, K]

    `inner` is log|x| for powers of x, log of the base for affine powers, a·x + b for functions of it.
    """
    n = x.shape[0]
    if code == SCALE:
        for i in range(n):
            value[i] = w[0] * x[i]
    elif code == LINEAR:
        for i in range(n):
            value[i] = w[0] * x[i] + w[1]
    elif code in (POWER, ODD_POWER):
        log_abs(x, inner)
        for i in range(n):
            value[i] = math.exp(w[0] * inner[i])
        if code == ODD_POWER:
            for i in range(n):
                value[i] = np.sign(x[i]) * value[i]
    elif code == AFFINE_POWER:
        for i in range(n):
            base = w[0] * x[i] + w[1]
            inner[i] = math.log(base) if base > 0.0 else math.nan
        for i in range(n):
            value[i] = math.exp(w[2] * inner[i])
    elif code == EXP:
        for i in range(n):
            value[i] = math.exp(w[0] * x[i])
    elif code < SCALE:
        _plain(code, x, value)
    elif code >= OWN:
        own_value(own[code - OWN], x, w, value)
    else:
        for i in range(n):
            inner[i] = w[0] * x[i] + w[1]
        _of_affine(code, inner, value)


@compiled
def _plain(code, x, value):
    n = x.shape[0]
    if code == IDENTITY:
        value[:] = x
    elif code == NEGATION:
        for i in range(n):
            value[i] = -x[i]
    elif code == SQUARE:
        for i in range(n):
            value[i] = x[i] * x[i]
    elif code == CUBE:
        for i in range(n):
            value[i] = x[i] * x[i] * x[i]
    elif code == ABS:
        for i in range(n):
            value[i] = abs(x[i])
    else:
        value[:] = 0.0


@compiled
def _of_affine(code, u, value):
    n = u.shape[0]
    if code == SIN:
        for i in range(n):
            value[i] = math.sin(u[i])
    elif code == COS:
        for i in range(n):
            value[i] = math.cos(u[i])
    elif code == LN:
        for i in range(n):
            value[i] = math.log(u[i]) if u[i] > 0.0 else math.nan
    elif code == LOGISTIC:
        for i in range(n):
            value[i] = 1.0 / (1.0 + math.exp(-u[i]))
    elif code == TANH:
        for i in range(n):
            value[i] = math.tanh(u[i])
    elif code == ARCSIN:
        for i in range(n):
            value[i] = math.asin(u[i]) if abs(u[i]) <= 1.0 else math.nan
    elif code == SQRT:
        for i in range(n):
            value[i] = math.sqrt(u[i]) if u[i] >= 0.0 else math.nan
    elif code == RECIPROCAL:
        for i in range(n):
            value[i] = 1.0 / u[i]
    elif code == RELU:
        for i in range(n):
            value[i] = max(u[i], 0.0)
    elif code == SOFTPLUS:
        for i in range(n):
            value[i] = max(u[i], 0.0) + math.log1p(math.exp(-abs(u[i])))
    elif code == GAUSSIAN:
        for i in range(n):
            value[i] = math.exp(-u[i] * u[i])


@compiled
def has_nan(x):
    """Is any of x [n] not a number?"""
    return np.isnan(x).any()


@compiled
def settle(least, most, x, w):
    """Change a and b in w so that a·x + b is well above `least`, or where `most` is finite, well within ±most.

    Nothing changes where x [n] itself is not finite.
    """
    low, high = math.inf, -math.inf
    for i in range(x.shape[0]):
        u = w[0] * x[i] + w[1]
        low, high = min(low, u), max(high, u)
    if not (math.isfinite(low) and math.isfinite(high)):
        return
    if math.isfinite(most):
        scale = _INSIDE * most / max(abs(low), abs(high))
        w[0] *= scale
        w[1] *= scale
    else:
        w[1] += _MARGIN * (high - low + 1e-3) - low + least


@compiled
def pull_back(code, x, w, own, value, inner, flow, latent, by_x, by_w):
    """`flow` [n] times the slopes of one operation: by x into by_x [n] if `latent`, by parameters into by_w [P, n]."""
    n = x.shape[0]
    if code == SCALE:
        for i in range(n):
            by_w[0, i] = flow[i] * x[i]
        if latent:
            for i in range(n):
                by_x[i] = flow[i] * w[0]
    elif code == LINEAR:
        for i in range(n):
            by_w[0, i] = flow[i] * x[i]
            by_w[1, i] = flow[i]
        if latent:
            for i in range(n):
                by_x[i] = flow[i] * w[0]
    elif code in (POWER, ODD_POWER):
        for i in range(n):
            by_w[0, i] = flow[i] * (value[i] * inner[i])
        if latent:
            for i in range(n):
                slope = w[0] * value[i] / x[i]
                by_x[i] = flow[i] * slope if math.isfinite(slope) else 0.0
    elif code == AFFINE_POWER:
        for i in range(n):
            by_w[2, i] = flow[i] * value[i] * inner[i]
        for i in range(n):
            slope = flow[i] * w[2] * value[i] / (w[0] * x[i] + w[1])
            by_w[0, i] = slope * x[i]
            by_w[1, i] = slope
            by_x[i] = slope * w[0]
    elif code == EXP:
        for i in range(n):
            slope = flow[i] * value[i]
            by_w[0, i] = slope * x[i]
            by_x[i] = slope * w[0]
    elif code < SCALE:
        _plain_slope(code, x, flow, by_x)
    elif code >= OWN:
        own_slopes(own[code - OWN], x, w, value, flow, by_x, by_w)
    else:
        _affine_slope(code, inner, value, by_x)
        for i in range(n):
            slope = flow[i] * by_x[i]
            by_w[0, i] = slope * x[i]
            by_w[1, i] = slope
            by_x[i] = slope * w[0]


@compiled
def _plain_slope(code, x, flow, by_x):
    n = x.shape[0]
    if code == IDENTITY:
        by_x[:] = flow
    elif code == NEGATION:
        for i in range(n):
            by_x[i] = -flow[i]
    elif code == SQUARE:
        for i in range(n):
            by_x[i] = 2.0 * x[i] * flow[i]
    elif code == CUBE:
        for i in range(n):
            by_x[i] = 3.0 * x[i] * x[i] * flow[i]
    elif code == ABS:
        for i in range(n):
            by_x[i] = np.sign(x[i]) * flow[i]
    else:
        by_x[:] = 0.0


@compiled
def _affine_slope(code, u, value, slope):
    """f'(u) [n] of a function of u = a·x + b."""
    n = u.shape[0]
    if code == SIN:
        for i in range(n):
            slope[i] = math.cos(u[i])
    elif code == COS:
        for i in range(n):
            slope[i] = -math.sin(u[i])
    elif code == LN:
        for i in range(n):
            slope[i] = 1.0 / u[i]
    elif code == LOGISTIC:
        for i in range(n):
            slope[i] = value[i] * (1.0 - value[i])
    elif code == TANH:
        for i in range(n):
            slope[i] = 1.0 - value[i] * value[i]
    elif code == ARCSIN:
        for i in range(n):
            slope[i] = 1.0 / math.sqrt(1.0 - u[i] * u[i])
    elif code == SQRT:
        for i in range(n):
            slope[i] = 0.5 / value[i]
    elif code == RECIPROCAL:
        for i in range(n):
            slope[i] = -value[i] * value[i]
    elif code == RELU:
        for i in range(n):
            slope[i] = 1.0 if u[i] > 0.0 else 0.0
    elif code == SOFTPLUS:
        for i in range(n):
            slope[i] = 1.0 / (1.0 + math.exp(-u[i]))
    elif code == GAUSSIAN:
        for i in range(n):
            slope[i] = -2.0 * u[i] * value[i]
