"""Constants of a formula for the score, by the loss itself: working responses, fitted by turns (Fisher scoring)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eqdarts.data.table import Table
from eqdarts.fit.formula import Compiled, fit_constants
from eqdarts.losses.loss import Loss, mean_loss, working
from eqdarts.losses.robust import softness

_TURNS, _STEPS, _HALVINGS = 30, 10, 8  # not tuned
_NOTHING = 1e-10  # share of the loss by which a turn must lower it
_SOFT = 1e-3  # of the median size of residuals: smaller ones are not told from zero


def fit_score(
    form: Compiled, start: np.ndarray, rows: Table, loss: Loss, y: np.ndarray, weights: np.ndarray, unit: float = 1.0
) -> tuple[np.ndarray, float]:
    """Constants [K] of a formula whose values times the unit are scores, and the mean loss of y [n] by them.

    rows: with the columns; their y and weights are not read   weights: [n]   unit: of the target
    """

    def total(at: np.ndarray) -> float:
        return mean_loss(loss, y, loss.link.mean(unit * form.value(rows.X, at)), weights)

    with np.errstate(all="ignore"):
        values, least = np.array(start, dtype=float), total(start)
        for _ in range(_TURNS if len(start) and np.isfinite(least) else 0):
            score = unit * form.value(rows.X, values)
            soft = 0.0 if loss.is_family else softness(y, loss.link.mean(score), weights, _SOFT)
            z, W = working(loss, y, score, weights, soft)
            if not (np.isfinite(z).all() and np.isfinite(W).all() and W.any()):
                break
            near = replace(rows, y=z / unit, weights=W / W.mean())
            new = fit_constants(form, values, near, steps=_STEPS).values
            for _ in range(_HALVINGS):
                now = total(new)
                if now < least:
                    break
                new = (new + values) / 2
            else:
                break
            done = least - now < _NOTHING * abs(now)
            values, least = new, now
            if done:
                break
    return values, least
