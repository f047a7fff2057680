"""Which form of noise a table has, before it is searched.

A search weighs the rows, so the form is chosen before it, by sketches of the law (`eqdarts.fit.sketch`): each form has
the sketch that is likeliest under it, and the forms compete by these likelihoods. Rows without noise have no form, and
what a sketch leaves of a law that it cannot draw is no noise either: it is a smooth function of the columns itself. So
a form other than the plain one is believed only where

- it is likelier by `MARGIN` nats, and by more than its rival's terms explain;
- the sketch is settled: terms of two more degrees explain nothing;
- what it leaves is more than the rounding of y, less than errors can be, and nothing that neighbours tell of one
  another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eqdarts.data.nearby import holds_nothing
from eqdarts.data.noise import ADDITIVE, AUTO, MARGIN, Noise, floored, least_value, possible_forms
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
    share : float
        Of the value, that proportional errors may be at the most: normal ones would often change its sign beyond.
    roundings : float
        Mean squares of rounding that it must leave.
    near : float
        Mean square of the logarithms by which spreads at a sketch and at y may differ: errors make such differences,
        and with more of them the sketch is so far from y that its weights are worse than those at y.
    """

    rows: int = 400
    share: float = 1 / 3
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
    if noise.form == AUTO:
        noise, best = _shown(varied, rows)
    else:
        noise, best, _ = _in_form(varied, rows, noise.form)
    return table, noise, best.values if best is not None and _is_near(varied, best, noise) else table.y


def _shown(table: Table, rows: np.ndarray) -> tuple[Noise, Sketch | None]:
    """The form that these rows show, and the sketch of the law in this form."""
    plain = sketch(table, rows, ADDITIVE)
    if plain is None or _is_exact(table, plain):
        return ADDITIVE, plain
    others = (_in_form(table, rows, form) for form in possible_forms(table.y)[1:])
    noise, best, score = max(others, key=lambda found: found[2], default=(ADDITIVE, plain, plain.score))
    if best is None or score - plain.score < MARGIN or not best.settled or _is_exact(table, best):
        return ADDITIVE, plain
    return (noise, best) if _is_noise(table, best, noise) else (ADDITIVE, plain)


def _in_form(table: Table, rows: np.ndarray, form: str) -> tuple[Noise, Sketch | None, float]:
    """The noise of this form with its floor, the sketch of the law, and its score; −∞ if there is none."""
    noise = Noise(form, least_value(table.y))
    best = sketch(table, rows, noise)
    if best is None:
        return noise, None, -np.inf
    counts = None if table.weights is None else table.weights[rows]
    found, likelihood = floored(noise, table.y[rows], best.values[rows], counts)
    price = 0.5 * float(np.log(len(rows))) if found.floor > noise.floor else 0.0
    return found, best, best.score + likelihood - best.log_likelihood - price


def _is_exact(table: Table, best: Sketch) -> bool:
    """Does a sketch leave nothing?"""
    size = float(np.abs(table.y).max())  # squares of large values would overflow
    y, values = table.y[best.rows] / size, best.values[best.rows] / size
    return bool(np.mean((y - values) ** 2) < LADDER.quiet * np.var(y))


def _is_noise(table: Table, best: Sketch, noise: Noise) -> bool:
    """Is what a sketch leaves more than rounding, and not a law of its own?"""
    values = best.values[best.rows]
    spreads = noise.spreads(values)
    left, blur = (table.y[best.rows] - values) / spreads, rounding(table.y)[best.rows] / spreads
    square = float(np.mean(left**2))
    if square < _TRUST.roundings / 3 * np.mean(blur**2) or (noise.form == "proportional" and square > _TRUST.share**2):
        return False
    return holds_nothing(table.rows(best.rows), left)


def _is_near(table: Table, best: Sketch, noise: Noise) -> bool:
    """Is a sketch so good that spreads at its values are better than at y?"""
    differ = np.log(noise.spreads(best.values) / noise.spreads(table.y))[best.rows]
    return bool(np.mean(differ**2) < _TRUST.near)
