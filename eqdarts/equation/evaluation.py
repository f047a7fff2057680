"""The value of a formula on rows, with its limits where it is 0/0 as it is written."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sympy

from eqdarts.formula.tape import function, tape
from eqdarts.simplify.singularities import with_limits


def evaluate(expression: sympy.Expr, columns: Sequence[str], X: np.ndarray) -> np.ndarray:
    """An expression over symbols named like the columns, on rows X [n, d]; NaN outside its domain.

    Where it is undefined as it is written and has a limit, such as sin(x)/x at 0, that limit.
    """
    symbols = tuple(sympy.Symbol(name) for name in columns)
    X = np.asarray(X, dtype=float)
    return with_limits(expression, symbols, X, as_written(expression, columns, X))


def as_written(expression: sympy.Expr, columns: Sequence[str], X: np.ndarray) -> np.ndarray:
    """The same with NaN at limits too."""
    names = {symbol.name for symbol in expression.free_symbols}
    places = [k for k, name in enumerate(columns) if name in names]  # of two thousand columns few
    symbols, rows = [sympy.Symbol(columns[k]) for k in places], [np.asarray(X, dtype=float)[:, k] for k in places]
    value = np.array(np.broadcast_to(function(expression, symbols)(*rows), (np.shape(X)[0],)))
    divided = tape(expression, symbols, divides=True)
    if divided.divides:  # (x - y)/log(x/y) is 0/0 where columns are equal, whatever x·(1/y) is rounded to
        value[np.isnan(np.broadcast_to(divided.value(*rows), value.shape))] = np.nan
    return value
