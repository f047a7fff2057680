"""One discovered equation, and the front of the best ones for each complexity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import sympy

from eqdarts.genotype import Genotype
from eqdarts.numeric import function
from eqdarts.simplify import count_constants, size


@dataclass(frozen=True)
class Equation:
    """target = expression, over symbols named like the columns.

    Attributes
    ----------
    expression : sympy.Expr
        Floats are fitted constants; integers, fractions and multiples of π are exact.
    columns : tuple of str
        All columns of the table, in the order of X, whether they stand in the expression or not.
    target : str
    loss : float
        Mean squared error on all rows, in squared units of the target.
    relative_loss : float
        The same in units of the mean square of the target.
    origin : str
        What found it: "sample", "move", "gradient", "relaxed" or "constant"; with ", rounded" if its
        exponents were held at round values.
    genotype : Genotype or None
        The graph it was read from.
    inner, units, target_unit : sympy.Expr, tuple of float, float
        The same equation with every column in units of `units` and the target in `target_unit`, where
        their magnitudes are so extreme that the expression itself would overflow; else None.
    """

    expression: sympy.Expr
    columns: tuple[str, ...]
    target: str
    loss: float
    relative_loss: float
    origin: str
    genotype: Genotype | None = None
    inner: sympy.Expr | None = None
    units: tuple[float, ...] = ()
    target_unit: float = 1.0

    @property
    def complexity(self) -> int:
        """Nodes of the expression tree."""
        return size(self.expression)

    @property
    def constants(self) -> int:
        """Fitted constants."""
        return count_constants(self.expression)

    def __str__(self) -> str:
        return str(self.expression)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """The equation on rows X [n, d]; NaN outside its domain. Returns [n]."""
        if self.inner is None:
            return evaluate(self.expression, self.columns, X)
        return self.target_unit * evaluate(self.inner, self.columns, np.asarray(X, dtype=float) / self.units)


def evaluate(expression: sympy.Expr, columns: Sequence[str], X: np.ndarray) -> np.ndarray:
    """An expression over symbols named like the columns, on rows X [n, d]; NaN outside its domain."""
    symbols = [sympy.Symbol(name) for name in columns]
    value = function(expression, symbols)(*np.asarray(X, dtype=float).T)
    return np.array(np.broadcast_to(value, (len(X),)))


@dataclass(frozen=True)
class Front:
    """Equations none of which is beaten by another in both complexity and loss, simplest first."""

    equations: tuple[Equation, ...] = ()

    def __len__(self) -> int:
        return len(self.equations)

    def __iter__(self) -> Iterator[Equation]:
        return iter(self.equations)

    def __getitem__(self, index: int) -> Equation:
        return self.equations[index]

    def offer(self, equation: Equation) -> Front:
        """The front with this equation, if nothing on it is as simple and as good."""
        if not np.isfinite(equation.relative_loss):
            return self

        def beats(a: Equation, b: Equation) -> bool:
            return a.complexity <= b.complexity and a.relative_loss <= b.relative_loss

        if any(beats(e, equation) for e in self.equations):
            return self
        kept = [e for e in self.equations if not beats(equation, e)]
        return Front(tuple(sorted([*kept, equation], key=lambda e: e.complexity)))
