"""How many digits of its constants an equation is shown with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import sympy

from eqdarts.data.table import Table
from eqdarts.data.zero import spacings
from eqdarts.equation.equation import Equation
from eqdarts.formula.numbers import DIGITS, MOST_DIGITS, rounded

#: By how much the loss may grow when the constants are rounded: a share of itself, or of the variance of the target
#: where that is more, as it is for a law that is exact. Not tuned: nobody sees the difference in a plot.
OF_LOSS, OF_VARIANCE = 0.01, 1e-8
_ROWS = 10_000  # of a longer table every second, third, ... row decides


def with_digits(equation: Equation, table: Table, groups: np.ndarray | None = None) -> Equation:
    """The equation with the fewest digits, from four, at which what is shown predicts these rows as well as it does.

    Near x = 2000 a parabola of x is a small difference of large terms, and four digits of each are none of it.

    groups: labels [n], where constants go by group
    """
    if not equation.expression.has(sympy.Float):
        return replace(equation, digits=DIGITS)
    some = slice(None, None, max(1, len(table) // _ROWS))
    rows, labels = table.rows(some), None if groups is None else groups[some]
    weights = rows.weights if rows.weights is not None and rows.weights.any() else np.ones(len(rows))
    size = float(np.abs(rows.y).max()) or 1.0  # squares of large values would overflow
    unit = rows.y / size

    def loss(candidate: Equation) -> float:
        with np.errstate(all="ignore"):
            return float(np.average((candidate.predict(rows.X, groups=labels) / size - unit) ** 2, weights=weights))

    exact = loss(equation)
    variance = float(np.average((unit - np.average(unit, weights=weights)) ** 2, weights=weights))
    # A target that does not vary leaves what arithmetic leaves of its size.
    allowed = exact + max(OF_LOSS * exact, OF_VARIANCE * variance) + spacings(1.0) ** 2
    fewest = (d for d in range(DIGITS, MOST_DIGITS) if loss(_rounded(equation, d)) <= allowed)
    return replace(equation, digits=next(fewest, MOST_DIGITS))


def _rounded(equation: Equation, digits: int) -> Equation:
    inner = None if equation.inner is None else rounded(equation.inner, digits)
    return replace(equation, expression=rounded(equation.expression, digits), inner=inner)
