"""Expressions in compiled loops, step by step: values of all rows, and derivatives by reverse mode.

An expression comes as a tape: its subexpressions in order, each made of earlier ones, the last is itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import sympy

from eqdarts.formula.tape import Tape
from eqdarts.runtime.loops import compiled

# A kind must be a global constant for the compiler, hence one name each.
NUMBER, COLUMN, CONSTANT, ADD, MUL, POW = 0, 1, 2, 3, 4, 5
EXP, LOG, SIN, COS, TAN, TANH, SINH, COSH, ASIN, ACOS, ATAN, ABS, SIGN = 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18
ERF, ERFC, ASINH, ACOSH, ATANH, MAX, MIN = 19, 20, 21, 22, 23, 24, 25

#: The kinds of SymPy's functions.
KINDS: dict[object, int] = {
    sympy.Add: ADD, sympy.Mul: MUL, sympy.Pow: POW, sympy.exp: EXP, sympy.log: LOG, sympy.sin: SIN, sympy.cos: COS,
    sympy.tan: TAN, sympy.tanh: TANH, sympy.sinh: SINH, sympy.cosh: COSH, sympy.asin: ASIN, sympy.acos: ACOS,
    sympy.atan: ATAN, sympy.Abs: ABS, sympy.sign: SIGN,
}  # fmt: skip
#: And of those that only operations of the user may have.
RARE_KINDS: dict[object, int] = {
    sympy.erf: ERF, sympy.erfc: ERFC, sympy.asinh: ASINH, sympy.acosh: ACOSH, sympy.atanh: ATANH,
    sympy.Max: MAX, sympy.Min: MIN,
}  # fmt: skip


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


def program_of(
    tape: Tape, columns: int, kinds: Mapping[object, int] = KINDS, by_columns: bool = False
) -> Program | None:
    """A tape of so many columns and then constants, as the loops take it; None if it has a function of no such kind.

    by_columns: will derivatives by the columns be asked for as well?
    """
    steps = tape.steps
    codes, numbers = np.empty(len(steps), dtype=np.int64), np.zeros(len(steps))
    moving = np.zeros(len(steps), dtype=bool)
    for k, step in enumerate(steps):
        numbers[k] = step.number
        if step.kind == "number":
            codes[k] = NUMBER
        elif step.kind == "argument":
            constant = step.number >= columns
            moving[k] = constant or by_columns
            codes[k] = CONSTANT if constant else COLUMN
            numbers[k] -= columns if constant else 0
        elif step.kind in kinds:
            codes[k] = kinds[step.kind]
            moving[k] = moving[list(step.inputs)].any()
        else:
            return None
    first = np.cumsum([0, *(len(step.inputs) for step in steps)])
    inputs = np.array([i for step in steps for i in step.inputs], dtype=np.int64)
    return Program(codes, numbers, first, inputs, moving)


_PEAK = 2.0 / math.sqrt(math.pi)  # the slope of erf at 0


@compiled
def forward(kinds, numbers, first, inputs, columns, constants, state):
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
        elif kind in (MAX, MIN):
            _extreme(kind, state, inputs[first[k] : first[k + 1]], out)
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
def _extreme(kind, state, places, out):
    """The largest or the smallest of some steps; NaN where one is."""
    out[:] = state[places[0]]
    for t in range(1, places.shape[0]):
        part = state[places[t]]
        for i in range(out.shape[0]):
            better = part[i] > out[i] if kind == MAX else part[i] < out[i]
            if better or math.isnan(part[i]):
                out[i] = part[i]


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
    elif kind == SIGN:
        for i in range(n):
            out[i] = np.sign(u[i])
    else:
        _apply_rare(kind, u, out)


@compiled
def _apply_rare(kind, u, out):
    n = u.shape[0]
    if kind == ERF:
        for i in range(n):
            out[i] = math.erf(u[i])
    elif kind == ERFC:
        for i in range(n):
            out[i] = math.erfc(u[i])
    elif kind == ASINH:
        for i in range(n):
            out[i] = math.asinh(u[i])
    elif kind == ACOSH:
        for i in range(n):
            out[i] = math.acosh(u[i]) if u[i] >= 1.0 else math.nan
    else:
        for i in range(n):
            out[i] = math.atanh(u[i]) if abs(u[i]) < 1.0 else math.nan


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
    if kind in (ABS, SIGN):
        return np.sign(u) if kind == ABS else 0.0
    return _rare_slope(kind, u)


@compiled
def _rare_slope(kind, u):
    if kind in (ERF, ERFC):
        slope = _PEAK * math.exp(-u * u)
        return slope if kind == ERF else -slope
    if kind == ASINH:
        return 1.0 / math.sqrt(1.0 + u * u)
    if kind == ACOSH:
        return 1.0 / math.sqrt(u * u - 1.0)
    return 1.0 / (1.0 - u * u)


@compiled
def backward(kinds, numbers, first, inputs, moving, state, flow, other, weight, jacobian):
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
                elif kind in (MAX, MIN):
                    part = state[inputs[t]]
                    for i in range(n):
                        out[i] += into[i] if part[i] == value[i] else 0.0
                else:
                    u = state[inputs[t]]
                    for i in range(n):
                        out[i] += into[i] * _slope(kind, u[i], value[i])
