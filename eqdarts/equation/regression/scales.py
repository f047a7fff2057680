"""Where each constant stands in a formula, and of what magnitude it must be to make a difference on the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sympy

from eqdarts.equation.regression.model import Model
from eqdarts.formula.tape import function, number

_POSITIVE = 0.6  # share of draws of a factor that are positive
_WITHIN = 0.382  # of the range of what a shift is added to
_ROWS = 200  # on which magnitudes are taken


@dataclass(frozen=True)
class Scale:
    """Where a constant stands: kind "shift", "factor" or "exponent", and its values there.

    A shift takes what it is added to, between `-high` and `-low`, through zero. A factor or an exponent is of
    the size `high`.
    """

    kind: str
    low: float
    high: float

    @property
    def natural(self) -> float:
        """One value that makes a difference; of a shift one that brings no row of equal spacing to zero."""
        return -(self.low + _WITHIN * (self.high - self.low)) if self.kind == "shift" else self.high

    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Values [count] that make a difference on the table without swamping it."""
        sign = np.where(rng.random(count) < _POSITIVE, 1.0, -1.0)
        if self.kind == "exponent":
            return self.high * rng.uniform(-3, 3, count)
        if self.kind == "factor":
            return sign * self.high * 10 ** rng.uniform(-1.5, 1.5, count)
        width = self.high - self.low or abs(self.high) or 1.0
        inside = -rng.uniform(self.low - 0.3 * width, self.high + 0.3 * width, count)
        reach = max(abs(self.low), abs(self.high))
        return np.where(rng.random(count) < 0.6, inside, sign * reach * 10 ** rng.uniform(-2, 2, count))


def scales(model: Model) -> list[Scale]:
    """How each constant stands in the formula, by its first place there.

    From the top of the formula down: every part has a magnitude at which it matters where it stands, such as 1 in an
    exponential or that of its neighbour in a sum, and a constant has the size that brings its part there, whatever
    numbers and columns stand beside it.
    """
    walk = _Walk(model)
    walk.visit(model.form, model.scale)
    return [walk.known.get(c, Scale("factor", 0.0, 1.0)) for c in model.constants]


def natural_values(model: Model) -> dict[sympy.Symbol, sympy.Float]:
    """One value of each constant that makes a difference."""
    return {c: sympy.Float(scale.natural) for c, scale in zip(model.constants, scales(model), strict=True)}


class _Walk:
    """The constants that were met so far."""

    def __init__(self, model: Model) -> None:
        self.known: dict[sympy.Symbol, Scale] = {}
        self._constants = set(model.constants)
        self._columns = model.columns
        self._rows = model.rows.unevenly(_ROWS).X.T

    def visit(self, node: sympy.Expr, wanted: float, exponent: bool = False) -> None:
        """Place the constants of a part that should have the magnitude `wanted`.

        exponent: is the part an exponent without columns?
        """
        if node in self._constants:
            self.known.setdefault(node, Scale("exponent" if exponent else "factor", 0.0, wanted))
        elif not node.free_symbols & self._constants:
            return
        elif isinstance(node, sympy.Add):
            self._visit_sum(node, wanted, exponent)
        elif isinstance(node, sympy.Mul):
            for part, others in self._in_order(node):
                # Of parts whose constants are not placed yet nothing is known. An amplitude takes what is left over.
                placed = [p for p in others if not p.free_symbols & self._constants - set(self.known)]
                amplitude = part not in self._constants and any(p in self._constants - set(self.known) for p in others)
                self.visit(part, 1.0 if amplitude else _finite(wanted / self._size(sympy.Mul(*placed))), exponent)
        elif isinstance(node, sympy.Pow):
            base, power = node.args
            if power.is_number:
                self.visit(base, _finite(wanted ** (1 / number(power))))
            else:
                self.visit(power, 1.0, exponent=not power.free_symbols - self._constants)
                self.visit(base, 1.0)
        else:
            same = isinstance(node, (sympy.Abs, sympy.Max, sympy.Min))
            for part in node.args:
                self.visit(part, wanted if same else 1.0)

    def _visit_sum(self, node: sympy.Expr, wanted: float, exponent: bool) -> None:
        fixed = [part for part in node.args if not part.free_symbols & self._constants]
        wanted = self._size(sympy.Add(*fixed)) if fixed else wanted
        for part, others in self._in_order(node):
            coefficient, base = part.as_coeff_Mul()
            beside = sympy.Add(*others)
            shifts = base in self._constants and beside.free_symbols - self._constants
            values = self._values(beside) if shifts and base not in self.known else np.zeros(0)
            if len(values):
                ends = sorted(float(v) / number(coefficient) for v in (values.min(), values.max()))
                self.known[base] = Scale("shift", *ends)
            else:
                self.visit(part, wanted, exponent)

    def _in_order(self, node: sympy.Expr) -> list[tuple[sympy.Expr, Sequence[sympy.Expr]]]:
        """The parts with constants and what stands beside each; single constants last, when the others are placed."""

        def single(part: sympy.Expr) -> bool:
            base, _ = part.as_coeff_Mul()[1].as_base_exp()
            return base in self._constants

        parts = [k for k, part in enumerate(node.args) if part.free_symbols & self._constants]
        order = sorted(parts, key=lambda k: single(node.args[k]))
        return [(node.args[k], node.args[:k] + node.args[k + 1 :]) for k in order]

    def _values(self, node: sympy.Expr) -> np.ndarray:
        """On the rows, with natural values of the constants; those that are finite."""
        natural = {c: sympy.Float(self.known[c].natural if c in self.known else 1.0) for c in self._constants}
        values = np.atleast_1d(function(node.xreplace(natural), self._columns)(*self._rows))
        return values[np.isfinite(values)]

    def _size(self, node: sympy.Expr) -> float:
        """The median magnitude of what is not zero; 1 where there is nothing."""
        values = np.abs(self._values(node))
        values = values[values > 0]
        return float(np.median(values)) if len(values) else 1.0


def _finite(size: float) -> float:
    return size if np.isfinite(size) and size > 0 else 1.0
