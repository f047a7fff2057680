"""A template in numbers: its value and slopes at values of its constants and of its unknown functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import sympy

from eqdarts.formula.tape import Tape, on_rows, tape
from eqdarts.formula.templates import Template


@dataclass(frozen=True, eq=False)
class Scaffold:
    """A template T(x, a, F) with constants a [A] and values F of its U uses of unknown functions.

    Attributes
    ----------
    template : Template
    places : tuple of (int, ...)
        The numbers of the uses of each function.
    """

    template: Template
    places: tuple[tuple[int, ...], ...]
    _tape: Tape

    @classmethod
    def of(cls, template: Template) -> Scaffold:
        """The scaffold of a template."""
        uses = [use for function in template.functions for use in function.uses]
        values = tuple(sympy.Dummy(f"F{k}") for k in range(len(uses)))
        bare = template.expression.xreplace(dict(zip(uses, values, strict=True)))
        arguments = [*map(sympy.Symbol, (*template.columns, *template.constants)), *values]
        counts = np.cumsum([0, *(len(function.uses) for function in template.functions)])
        places = tuple(tuple(range(a, b)) for a, b in pairwise(counts))
        return cls(template, places, tape(bare, arguments))

    def value(self, X: np.ndarray, constants: np.ndarray, values: np.ndarray) -> np.ndarray:
        """T [n] on rows X [n, d] with functions of values [U, n]; NaN off its domain."""
        return np.broadcast_to(self._tape.value(*X.T, *constants, *values), (len(X),))

    def linearise(
        self, X: np.ndarray, constants: np.ndarray, values: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """T [n], its slopes by the constants [A, n], and by the functions [U, n]."""
        d, count = X.shape[1], len(constants)
        by = range(d, d + count + len(values))
        value, slopes = self._tape.linearise(by, *X.T, *constants, *values)
        wide = np.array([np.broadcast_to(slope, (len(X),)) for slope in slopes]).reshape(len(by), len(X))
        return np.broadcast_to(value, (len(X),)), wide[:count], wide[count:]

    def arguments(self, X: np.ndarray) -> list[np.ndarray]:
        """What each use takes [n, number of arguments], NaN where it is undefined."""
        symbols = tuple(map(sympy.Symbol, self.template.columns))
        uses: Sequence[sympy.Expr] = [use for function in self.template.functions for use in function.uses]
        return [np.stack([on_rows(argument, symbols, X) for argument in use.args], axis=1) for use in uses]
