"""When an equation leaves nothing to explain, and when that proves it.

Without visible rounding an exact equation leaves what the arithmetic of doubles leaves. Where y was rounded, an exact
one leaves errors that are even between minus and plus half a step: so their mean square is known, and none is larger.
"""

from __future__ import annotations

import numpy as np
import sympy

from eqdarts.data.zero import LADDER
from eqdarts.equation.equation import Equation
from eqdarts.formula.tape import tape
from eqdarts.search.problem import Problem
from eqdarts.simplify.description import NATS_PER_SYMBOL, digits_of

_FEW_CONSTANTS = 3
_ROWS_PER_CONSTANT = 4  # with no more rows a fit to rounding is no proof: two points fix a line, four a cosine
_PLAIN_NODES = 12  # of laws with constants; of a larger one a shorter form is looked for before the search ends
_SPREAD = 4.0  # over √n: by what share the mean square of n rounding errors may exceed its expectation
_MOVED = 3.0  # times √(K/n): by what share fitting K constants may lift the largest of them above half a step
_TRIED = 14.0  # nats: the logarithm of how many graphs a search holds against the table
_INDEPENDENT = 8  # rows' worth of information in a table whose rows may follow one smooth curve


class Exactness:
    """Judges equations by one table; what was found is kept, as a search asks again in every epoch."""

    def __init__(self, problem: Problem) -> None:
        # Equations of a table with columns that begin near zero are in its own columns.
        self._problem = problem if problem.origins is None or problem.whole is None else problem.whole
        self._loss = problem.rounding_loss
        self._accuracy: dict[sympy.Expr, float] = {}

    def is_exact(self, equation: Equation) -> bool:
        """Is nothing left but rounding, and is that more than chance?"""
        return equation.relative_loss < LADDER.exact or self._explains(equation, len(self._problem.table))

    def is_proof(self, equation: Equation) -> bool:
        """Is it exact with so few constants, and so many more rows, that it must be the law?"""
        if equation.n_constants > min(_FEW_CONSTANTS, (len(self._problem.table) - 1) // _ROWS_PER_CONSTANT):
            return False
        rows = min(len(self._problem.table), _INDEPENDENT)
        return equation.relative_loss < LADDER.proven or self._explains(equation, rows)

    def _explains(self, equation: Equation, rows: int) -> bool:
        """Is it exact to the rounding of y, and shorter than the digits that so many rows have in common with it?

        Each fitted constant gives the digits of one row.
        """
        formula = equation.expression if equation.inner is None else equation.inner
        if not equation.relative_loss < self._loss:
            return False
        if formula not in self._accuracy:
            self._accuracy[formula] = accuracy(formula, equation.n_constants, self._problem)
        known = (rows - equation.n_constants) * self._accuracy[formula]
        return known > _TRIED + NATS_PER_SYMBOL * equation.complexity + digits_of(formula)


def is_plain(equation: Equation) -> bool:
    """Is it as short as laws are? Then nothing shorter is looked for."""
    return equation.n_constants == 0 or equation.complexity <= _PLAIN_NODES


def accuracy(formula: sympy.Expr, constants: int, problem: Problem) -> float:
    """The nats of y, beside its spread, that a formula and the values agree in; 0 unless it is exact to rounding.

    Columns in the format of y may have been rounded as it was, or be exact, as counts of years beside counts of people
    are: what says more of the formula holds.
    """
    exact = _agreement(formula, constants, problem, None)
    return (
        exact if problem.x_rounding is None else max(exact, _agreement(formula, constants, problem, problem.x_rounding))
    )


def _agreement(formula: sympy.Expr, constants: int, problem: Problem, x_rounding: np.ndarray | None) -> float:
    """The same for columns that are off by so much [n, d] at the most."""
    assert problem.rounding is not None
    value, slopes = tape(formula, [sympy.Symbol(name) for name in problem.table.names]).linearise(
        range(len(problem.table.names)), *problem.table.X.T
    )
    n = len(problem.table)
    residual = np.abs(value - problem.table.y)
    largest, square = problem.rounding, problem.rounding**2
    if x_rounding is not None:
        moved = np.abs(np.stack([np.broadcast_to(s, n) for s in slopes], axis=1)) * x_rounding
        largest, square = largest + moved.sum(axis=1), square + (moved**2).sum(axis=1)
    with np.errstate(all="ignore"):
        # NaN where it has a limit only.
        share = float(np.nanmean(3 * residual**2 / square))  # a number even in −1 .. 1 has the mean square 1/3
        beyond = float(np.nanmax(residual / largest))
        if share > 1 + _SPREAD / np.sqrt(n) or beyond > 1 + _MOVED * np.sqrt(constants / n):
            return 0.0
        nats = 0.5 * np.log(problem.table.y.var() / np.nanmean(square / 3))
    return float(nats) if np.isfinite(nats) else 0.0
