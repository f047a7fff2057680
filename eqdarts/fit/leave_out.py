"""What a fitted formula says of each row when that row had no part in the fit (Allen 1974; Cook & Weisberg 1982).

By the linearisation at the constants a residual without its own row is r/(1 − h), where h is the row's leverage: by how
much the fit follows it. Where a row has half of its fit to itself the linearisation does not hold, so there the
constants are fitted to the others.
"""

from __future__ import annotations

import numpy as np

from eqdarts.data.table import Table
from eqdarts.fit.flat import inverse_of_squares
from eqdarts.fit.formula import Compiled, fit_sets

_HIGH = 0.5  # leverage from which constants are fitted anew
_STEPS = 30


def leverages(jacobian: np.ndarray) -> np.ndarray:
    """Of rows [n], from the derivatives [K, n] of their values by the constants, both multiplied by root weights."""
    if not len(jacobian):
        return np.zeros(jacobian.shape[1])
    return np.clip(np.einsum("kn,kl,ln->n", jacobian, inverse_of_squares(jacobian), jacobian), 0.0, 1.0)


def left_out(form: Compiled, values: np.ndarray, rows: Table) -> np.ndarray:
    """Value less y of each row [n] by the formula whose constants are fitted to the others.

    values: [K], the fit to all rows

    Infinite where the others are fewer than the constants.
    """
    if len(values) >= len(rows):
        return np.full(len(rows), np.inf)
    _, jacobian = form.linearise(rows.X, values[None], rows.roots)
    with np.errstate(all="ignore"):
        residual = form.value(rows.X, values) - rows.y
        leverage = leverages(np.nan_to_num(jacobian[0], nan=0.0, posinf=0.0, neginf=0.0))
        out = residual / np.maximum(1 - leverage, 1 - _HIGH)
    for i in np.flatnonzero(leverage > _HIGH):
        others = rows.rows(np.delete(np.arange(len(rows)), i))
        new, loss = fit_sets(form, values[None], np.ones((1, len(values)), dtype=bool), others, _STEPS)
        out[i] = form.value(rows.X[i : i + 1], new[0] if np.isfinite(loss[0]) else values)[0] - rows.y[i]
    return out
