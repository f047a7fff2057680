"""Operations that have no loops of their own, such as those that were registered, within the compiled loops.

A scalar form in Python is compiled. Else the SymPy form becomes a tape that compiled code runs through, with exact
derivatives, and nothing is compiled anew. Where the tape lacks a function, or is not as good as the torch form (as
log(1 + exp(u)) for large u, infinite where it need not be), the loops call the torch form for the edges that carry it.
That is slow again and again, so `eqdarts.fit.backend` leaves the fits of such graphs to the tensor program.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import sympy
import torch
from torch import Tensor

from eqdarts.fit.compiled.expressions import COLUMN, KINDS, RARE_KINDS, Program, backward, forward, program_of
from eqdarts.formula.tape import Tape, tape
from eqdarts.graph.operations import Operation
from eqdarts.graph.tensor_program import differentiate
from eqdarts.runtime.loops import CFunctions, c_functions, call_at, compiled

# What a row of the table begins with: two addresses of functions, or zeros and the sizes of a tape.
_VALUE, _SLOPES, _PARAMETERS, _STEPS, _INPUTS, _HEAD = 0, 1, 2, 3, 4, 5

#: The table of a space that has built-in operations alone.
NONE = np.zeros((0, _HEAD), dtype=np.int64)

#: |x| at which the two forms are compared, beside 0: columns are scaled to the order of 1.
_FAR = (1e-3, 0.1, 0.5, 1.0, 2.0, 10.0, 100.0)
_DRAWS = 29  # sets of parameters there, spread over their ranges; a prime
_SAME, _SAME_SLOPE = 1e-9, 1e-6  # relative

_Call = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 7)


@compiled
def own_value(row, x, w, value):
    """Value [n] of an operation at x [n] with parameters w; row [K] is its row of the table."""
    n = x.shape[0]
    if row[_VALUE] != 0:
        call_at(row[_VALUE], n, x.ctypes.data, w.ctypes.data, value.ctypes.data, 0, 0, 0)
        return
    steps, inputs = row[_STEPS], row[_INPUTS]
    kinds, first = row[_HEAD : _HEAD + steps], row[_HEAD + steps : _HEAD + 2 * steps + 1]
    at = _HEAD + 2 * steps + 1
    state = np.empty((steps, n))
    numbers = row[at + inputs + steps : at + inputs + 2 * steps].view(np.float64)
    forward(kinds, numbers, first, row[at : at + inputs], x.reshape(1, n), w, state)
    value[:] = state[steps - 1]


@compiled
def own_slopes(row, x, w, value, flow, by_x, by_w):
    """`flow` [n] times its slopes: by x into by_x [n], by parameters into by_w [P, n]."""
    n = x.shape[0]
    if row[_SLOPES] != 0:
        call_at(
            row[_SLOPES], n, x.ctypes.data, w.ctypes.data, value.ctypes.data, flow.ctypes.data, by_x.ctypes.data,
            by_w.ctypes.data,
        )  # fmt: skip
        return
    steps, inputs = row[_STEPS], row[_INPUTS]
    kinds, first = row[_HEAD : _HEAD + steps], row[_HEAD + steps : _HEAD + 2 * steps + 1]
    at = _HEAD + 2 * steps + 1
    sources, moving = row[at : at + inputs], row[at + inputs : at + inputs + steps]
    numbers = row[at + inputs + steps : at + inputs + 2 * steps].view(np.float64)
    state, flows, other = np.empty((steps, n)), np.empty((steps, n)), np.empty(n)
    forward(kinds, numbers, first, sources, x.reshape(1, n), w, state)
    backward(kinds, numbers, first, sources, moving, state, flows, other, flow, by_w[: row[_PARAMETERS]])
    by_x[:] = 0.0
    for k in range(steps):
        if kinds[k] == COLUMN:
            for i in range(n):
                by_x[i] = flow[i] * flows[k, i]


class OwnOperations:
    """The table of the operations that have no loops of their own.

    Attributes
    ----------
    table : int array [C, K]
    """

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._calls: dict[int, _TorchCalls] = {}
        self._functions: list[CFunctions] = []
        rows = [self._row(place, op) for place, op in enumerate(operations)]
        self.table = NONE
        if rows:
            self.table = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
            for place, row in zip(self.table, rows, strict=True):
                place[: len(row)] = row

    def _row(self, place: int, op: Operation) -> np.ndarray:
        count = len(op.parameters)
        if op.scalar is not None:
            functions = c_functions(op.scalar, count)
            self._functions.append(functions)
            return np.array([functions.value, functions.slopes, count, 0, 0], dtype=np.int64)
        program = _program(op)
        if program is not None:
            return _packed(program, count)
        self._calls[place] = _TorchCalls(op)
        return self._calls[place].row

    @property
    def calling(self) -> np.ndarray:
        """Which of them call their torch form: places in the table."""
        return np.array([*self._calls], dtype=np.int64)

    def check(self) -> None:
        """Raise what a torch form raised since it was last asked: compiled loops let no exception through."""
        for calls in self._calls.values():
            calls.check()


class _TorchCalls:
    """The torch form of an operation as two functions for compiled loops, that get addresses of arrays."""

    def __init__(self, op: Operation) -> None:
        self._operation = op
        self._error: BaseException | None = None
        self._functions = (_Call(self._value), _Call(self._slopes))  # their addresses hold as long as they do
        addresses = [ctypes.cast(f, ctypes.c_void_p).value for f in self._functions]
        self.row = np.array([*addresses, len(op.parameters), 0, 0], dtype=np.int64)

    def check(self) -> None:
        """Raise what was raised, once."""
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _value(self, n: int, x: int, w: int, value: int, *_: int) -> None:
        self._guarded(_there(value, (1, n)), lambda: self._operation.numeric(*self._arguments(n, x, w)))

    def _slopes(self, n: int, x: int, w: int, value: int, flow: int, by_x: int, by_w: int) -> None:
        flowing, count = _there(flow, (1, n)), len(self._operation.parameters)

        def slopes() -> Tensor:
            at_x, *at_w = self._arguments(n, x, w)
            _, parts = differentiate(self._operation, at_x, at_w, latent=True)
            return torch.cat([torch.zeros_like(flowing) if part is None else flowing * part for part in parts])

        found = torch.empty(1 + count, n, dtype=torch.float64)
        self._guarded(found, slopes)
        _there(by_x, (n,))[:] = found[0]
        if count:
            _there(by_w, (count, n))[:] = found[1:]

    def _arguments(self, n: int, x: int, w: int) -> list[Tensor]:
        """x [1, n] and each parameter [1, 1], as the tensor program has them."""
        count = len(self._operation.parameters)
        return [_there(x, (1, n)), *(_there(w, (count, 1, 1)) if count else ())]

    def _guarded(self, out: Tensor, function: Callable[[], Tensor]) -> None:
        """What the function gives; NaN after an error, which rejects the graph, and waits for `check`."""
        try:
            out[:] = torch.nan if self._error is not None else function().detach()
        except BaseException as error:  # also Ctrl-C, which compiled code cannot pass on
            self._error = error
            out.fill_(torch.nan)


@lru_cache(maxsize=4096)
def _there(address: int, shape: tuple[int, ...]) -> Tensor:
    """The numbers there, in place. Kept, since the loops use the same places again and again."""
    size = math.prod(shape)
    return torch.frombuffer((ctypes.c_double * size).from_address(address), dtype=torch.float64).view(shape)


def _packed(program: Program, parameters: int) -> np.ndarray:
    """A program as one row of integers; numbers are kept bit by bit."""
    head = [0, 0, parameters, len(program.kinds), len(program.inputs)]
    parts: Any = (head, program.kinds, program.first, program.inputs, program.moving)
    return np.concatenate([*(np.asarray(part, dtype=np.int64) for part in parts), program.numbers.view(np.int64)])


@lru_cache(maxsize=256)
def _program(op: Operation) -> Program | None:
    """The tape of the SymPy form; None where it has none that does what the torch form does."""
    symbols = sympy.symbols(f"x:{1 + len(op.parameters)}", real=True)
    try:
        form = tape(op.symbolic(*symbols), symbols)
    except ValueError:  # it is not made of functions alone
        return None
    program = program_of(form, 1, {**KINDS, **RARE_KINDS}, by_columns=True)
    return program if program is not None and _agree(op, form) else None


def _agree(op: Operation, form: Tape) -> bool:
    """Is the tape finite where the torch form is, and nowhere else, and the same there? And so for slopes."""
    count = len(op.parameters)
    low, high = (np.array([pair[k] for pair in op.initial]) for k in (0, 1))
    spread = (0.5 + np.outer(np.arange(_DRAWS), np.arange(1, count + 1)) % _DRAWS) / _DRAWS
    x = np.array([*(-v for v in _FAR), 0.0, *_FAR])
    at = [np.tile(x, _DRAWS), *np.repeat(low + (high - low) * spread, len(x), axis=0).T]
    tensors = [torch.as_tensor(a)[None] for a in at]
    value, slopes = differentiate(op, tensors[0], tensors[1:], latent=True)
    found, by = form.linearise(range(1 + count), *at)
    expected = np.broadcast_to(value.numpy(), (1, len(at[0])))[0]
    found = np.broadcast_to(found, expected.shape)
    fine = np.isfinite(expected)
    if not np.array_equal(fine, np.isfinite(found)) or not np.allclose(found[fine], expected[fine], _SAME, _SAME):
        return False
    for slope, other in zip(slopes, by, strict=True):
        wanted = np.broadcast_to(0.0 if slope is None else slope.detach().numpy(), (1, len(at[0])))[0]
        fine = np.isfinite(expected) & np.isfinite(wanted)
        if not np.allclose(np.broadcast_to(other, wanted.shape)[fine], wanted[fine], _SAME_SLOPE, _SAME_SLOPE):
            return False
    return True
