"""The equations of a system as functions of numbers: integrated in many copies at once, or one by one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
import sympy

from eqdarts.fit.formula import Template, template
from eqdarts.formula.tape import Tape, tape


@dataclass(frozen=True, eq=False)
class System:
    """Right-hand sides of k states, of first or second order.

    Attributes
    ----------
    expressions : tuple of sympy.Expr
        Over symbols named like the columns; floats are constants.
    columns : tuple of str
        What right-hand sides may take: the d integrated variables (states, and for second order their velocities),
        inputs, and time if it takes part.
    order : int
    timed : bool
    """

    expressions: tuple[sympy.Expr, ...]
    columns: tuple[str, ...]
    order: int = 1
    timed: bool = False

    @property
    def states(self) -> int:
        return len(self.expressions)

    @property
    def variables(self) -> int:
        """d, of what is integrated."""
        return self.order * self.states

    @cached_property
    def templates(self) -> tuple[Template, ...]:
        symbols = tuple(map(sympy.Symbol, self.columns))
        return tuple(template(expression, symbols) for expression in self.expressions)

    @cached_property
    def _tapes(self) -> tuple[Tape, ...]:
        return tuple(tape(form.expression, (*form.columns, *form.constants)) for form in self.templates)

    @cached_property
    def constants(self) -> np.ndarray:
        """Values [K] of the constants of all equations, one equation after the other."""
        return np.concatenate([np.zeros(0), *(form.values for form in self.templates)])

    @cached_property
    def _places(self) -> list[slice]:
        ends = np.cumsum([0, *(len(form.values) for form in self.templates)])
        return [slice(a, b) for a, b in pairwise(ends)]

    def of_state(self, values: np.ndarray, state: int) -> np.ndarray:
        """Those of the constants [..., K] that stand in the equation of one state."""
        return values[..., self._places[state]]

    def at(self, constants: np.ndarray) -> System:
        """With these constants [K]."""
        pairs = zip(self.templates, self._places, strict=True)
        return replace(self, expressions=tuple(form.at(constants[place]) for form, place in pairs))

    def slope(self, z: np.ndarray, u: np.ndarray, t: np.ndarray | float, constants: np.ndarray) -> np.ndarray:
        """dz/dt of variables z [d, C, S] with inputs u [m, S] at times [S], of C copies with constants [K, C, 1]."""
        sides = self.sides(z, u, t, constants)
        return np.concatenate([z[self.states :], sides]) if self.order == 2 else sides

    def sides(self, z: np.ndarray, u: np.ndarray, t: np.ndarray | float, constants: np.ndarray) -> np.ndarray:
        """The right-hand sides [k, C, S], at the same."""
        columns = [*z, *u, t] if self.timed else [*z, *u]
        out = np.empty((self.states, *z.shape[1:]))
        for row, one, place in zip(out, self._tapes, self._places, strict=True):
            row[...] = one.value(*columns, *constants[place])
        return out

    def by_states(self, state: int, values: np.ndarray) -> np.ndarray:
        """The derivatives [n, d] of one right-hand side by the variables, at columns [n, ...]."""
        arguments = (*values.T, *self.of_state(self.constants, state))
        slopes = self._tapes[state].linearise(range(self.variables), *arguments)[1]
        return np.column_stack([np.broadcast_to(s, (len(values),)) for s in slopes])

    def by_constants(self, state: int, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """One right-hand side [n] at columns [n, ...], and its derivatives [n, K] by the constants of its own."""
        own = self.of_state(self.constants, state)
        places = range(values.shape[1], values.shape[1] + len(own))
        value, slopes = self._tapes[state].linearise(places, *values.T, *own)
        wide = (len(values),)
        return np.broadcast_to(value, wide), np.array([np.broadcast_to(s, wide) for s in slopes]).reshape(-1, wide[0]).T
