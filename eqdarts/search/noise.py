"""Which form of noise a table has, before it is searched.

A search weighs the rows, so the form is chosen before it, by sketches of the law (`eqdarts.fit.sketch`): each form has
the sketch that is likeliest under it, and the forms compete by these likelihoods. Rows without noise have no form, and
what a sketch leaves of a law that it cannot draw is no noise either: it is a smooth function of the columns itself. So
a form other than the plain one is believed only where

- it is likelier by `MARGIN` nats, and by more than its rival's terms explain;
- the sketch is settled: terms of two more degrees explain nothing;
- what it leaves is more than the rounding of y, and not alike in rows that are neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from eqdarts.data.noise import ADDITIVE, AUTO, MARGIN, Noise, least_value, possible_forms
from eqdarts.data.rounding import rounding
from eqdarts.data.table import Table, unevenly
from eqdarts.data.zero import LADDER
from eqdarts.fit.sketch import Sketch, sketch


@dataclass(frozen=True)
class Trust:
    """When a form is believed.

    Attributes
    ----------
    rows : int
        To which sketches are fitted.
    alike : float
        Standard errors by which what neighbours leave may be correlated.
    roundings : float
        Mean squares of rounding that it must leave.
    near : float
        Mean square of what a sketch may leave, in spreads: one that leaves more gives no better weights than y does.
    """

    rows: int = 400
    alike: float = 2.5
    roundings: float = 4.0
    near: float = 0.25


_TRUST = Trust()


def noise_of(table: Table, noise: Noise) -> tuple[Table, Noise, np.ndarray]:
    """The table, its noise, and values of a law [n] that its weights are to be taken at.

    table: whose weights say how often each row counts   noise: what was said of it; its form may be "auto"
    """
    if not (noise.depends_on_law or noise.form == AUTO) or np.ptp(table.y) == 0:
        return table, ADDITIVE if noise.form == AUTO else noise, table.y
    rows = np.flatnonzero(np.ones(len(table), bool) if table.weights is None else table.weights > 0)
    rows = rows[unevenly(len(rows), _TRUST.rows)]
    varied = table.select(np.flatnonzero(np.ptp(table.X[rows], axis=0) > 0))
    forms = possible_forms(table.y) if noise.form == AUTO else (noise.form,)
    floor = least_value(table.y)
    found = {form: sketch(varied, rows, Noise(form, floor)) for form in forms}
    chosen = _chosen(varied, found) if noise.form == AUTO else noise.form
    form, best = Noise(chosen, floor if chosen != ADDITIVE.form else 0.0), found[chosen]
    return table, form, table.y if best is None or not _is_near(varied, best, form) else best.values


def _chosen(table: Table, sketches: dict[str, Sketch | None]) -> str:
    """The form that the rows show."""
    known = {form: best for form, best in sketches.items() if best is not None}
    plain = known.get(ADDITIVE.form)
    if plain is None or len(known) < 2:
        return ADDITIVE.form
    form, best = max(known.items(), key=lambda item: item[1].score)
    if best.score - plain.score < MARGIN or not best.settled:
        return ADDITIVE.form
    return form if _is_noise(table, best, Noise(form, least_value(table.y))) else ADDITIVE.form


def _is_noise(table: Table, best: Sketch, noise: Noise) -> bool:
    """Is what a sketch leaves more than rounding, and not a law of its own?"""
    y, values = table.y[best.rows], best.values[best.rows]
    left = y - values
    with np.errstate(over="ignore"):
        if np.mean(left**2) < LADDER.quiet * np.var(y):
            return False
        if np.mean((left / noise.spreads(values)) ** 2) < _TRUST.roundings / 3 * np.mean(
            (rounding(table.y)[best.rows] / noise.spreads(values)) ** 2
        ):
            return False
    return not _alike(table.X[best.rows], left / noise.spreads(values))


def _alike(X: np.ndarray, left: np.ndarray) -> bool:
    """Are rows that are neighbours alike in what is left of them? X [n, d], left [n]"""
    ranks = np.argsort(np.argsort(X, axis=0, kind="stable"), axis=0)
    _, place = KDTree(ranks).query(ranks, k=2)
    one = left - left.mean()
    product = one * one[place[:, 1]]
    return bool(product.sum() > _TRUST.alike * np.sqrt((product**2).sum()))


def _is_near(table: Table, best: Sketch, noise: Noise) -> bool:
    """Is a sketch so good that spreads at its values are better than at y?"""
    return bool(np.mean(((table.y - best.values) / noise.spreads(best.values))[best.rows] ** 2) < _TRUST.near)
