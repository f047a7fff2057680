"""The working table of one unknown function of a template: its arguments, and what its values seem to be.

Around a pilot the template is linear in the function: y − T = (∂T/∂f)·(f − f0) + error. So z = f0 + (y − T)/(∂T/∂f) is
f beside an error, and counts by (∂T/∂f)², as the working response of Fisher scoring does (McCullagh & Nelder 1989,
section 2.5). A function that stands in several places gets a row of each, at what the other places have now.
"""

from __future__ import annotations

import numpy as np

from eqdarts.data.table import Table
from eqdarts.templates.pilot import Pilot
from eqdarts.templates.scaffold import Scaffold

_LEFT_OUT = 0.01  # of all weight: what rows where f hardly matters have together; they are left out (not tuned)


def working_table(scaffold: Scaffold, table: Table, pilot: Pilot, place: int) -> Table | None:
    """Of the function of this number; None if its values say nothing of y at this pilot."""
    function, uses = scaffold.template.functions[place], scaffold.places[place]
    value, _, slopes = scaffold.linearise(table.X, pilot.constants, pilot.values)
    arguments = scaffold.arguments(table.X)
    counts = np.ones(len(table)) if table.weights is None else table.weights
    X = np.concatenate([arguments[u] for u in uses])
    with np.errstate(all="ignore"):
        z = np.concatenate([pilot.values[u] + (table.y - value) / slopes[u] for u in uses])
        weights = np.concatenate([counts * np.square(slopes[u]) for u in uses])
    known = np.isfinite(z) & np.isfinite(weights) & (weights > 0)
    if not known.any():
        return None
    order = np.flatnonzero(known)[np.argsort(weights[known], kind="stable")]
    least = np.cumsum(weights[order]) <= _LEFT_OUT * weights[known].sum()
    kept = np.sort(order[~least])
    return Table(X[kept], z[kept], function.arguments, function.name, weights[kept] / weights[kept].mean())
