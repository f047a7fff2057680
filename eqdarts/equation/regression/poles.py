"""Whether a formula has a pole between the rows, where a fit may hide what it cannot explain."""

from __future__ import annotations

import numpy as np
import sympy

from eqdarts.data.table import Table
from eqdarts.equation.regression.model import Model
from eqdarts.formula.tape import tape

_ROWS = 300  # between which poles are looked for
_BOUNDED = (sympy.atan, sympy.tanh, sympy.sin, sympy.cos, sympy.sign)  # a pole inside only makes them jump


class Poles:
    """The denominators of a formula that hold constants, compiled once for many values of them."""

    def __init__(self, model: Model) -> None:
        arguments = [*model.columns, *model.constants]
        below = sorted(_denominators(model.form, set(model.constants)), key=sympy.default_sort_key)
        self._codes = [tape(denominator, arguments) for denominator in below]
        self._paths = _paths(model.rows.unevenly(_ROWS))

    def between_rows(self, theta: np.ndarray) -> bool:
        """Does a denominator change its sign on the way from a row to its neighbour in some column?"""
        for code in self._codes:
            for path in self._paths:
                sign = np.sign(np.broadcast_to(code.value(*path.T, *theta), (len(path),)))
                if (sign[1:] * sign[:-1] < 0).any():
                    return True
        return False


def _denominators(node: sympy.Expr, constants: set[sympy.Symbol]) -> set[sympy.Expr]:
    """Bases of negative powers that hold both constants and columns, but for those in bounded functions."""
    found: set[sympy.Expr] = set()
    if isinstance(node, _BOUNDED):
        return found
    if isinstance(node, sympy.Pow) and node.exp.is_negative:
        symbols = node.base.free_symbols
        if symbols & constants and symbols - constants:
            found.add(node.base)
    return found.union(*(_denominators(a, constants) for a in node.args)) if node.args else found


def _paths(rows: Table) -> list[np.ndarray]:
    """The rows in the order of each column, with points between them."""
    if len(rows) < 2:
        return []
    paths = []
    for column in rows.X.T:
        ordered = rows.X[np.argsort(column, kind="stable")]
        steps = [ordered[:-1] + share * np.diff(ordered, axis=0) for share in (0.0, 0.25, 0.5, 0.75)]
        paths.append(np.vstack([np.stack(steps, axis=1).reshape(-1, rows.X.shape[1]), ordered[-1:]]))
    return paths
