"""A first score for every row, by linear algebra alone: where a loss is made least squares before a search.

The score is a polynomial of the columns or of their logarithms, of the degree that the criterion of Schwarz (1978)
chooses, fitted by iteratively reweighted least squares (McCullagh & Nelder 1989).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import comb

import numpy as np
from scipy.linalg import lstsq

from eqdarts.data.table import Table
from eqdarts.fit.sketch import basis_of
from eqdarts.losses.loss import Loss, mean_loss, working
from eqdarts.losses.robust import softness

_TERMS, _DEGREES = 40, 8  # of a model at the most; none of these numbers is tuned
_ROWS_PER_TERM = 3
_STEPS, _HALVINGS = 25, 6
_NOTHING = 1e-6  # share of the loss by which a step must lower it
_SURE = 8.0  # scores of chances lie between its negative and it: beyond, rows say nothing of how far
_BELOW, _ABOVE = 7.0, 1.0  # scores of counts, beside the logarithms of their mean and of the greatest


@dataclass(frozen=True, eq=False)
class Pilot:
    """Scores [n], and the loss with its own parameters as they show them."""

    score: np.ndarray
    loss: Loss
    criterion: float


def pilot(table: Table, loss: Loss, weights: np.ndarray) -> Pilot:
    """The best polynomial score. table: with the user's y   weights: [n]"""
    found = [p for columns in _kinds(table) for p in _of_kind(columns, table.y, weights, loss)]
    return min(found, key=lambda p: p.criterion)


def _kinds(table: Table) -> Iterator[np.ndarray]:
    """Columns [d, n] in -1 .. 1 as they are, and their logarithms."""
    varied = table.columns[np.ptp(table.X, axis=0) > 0]
    positive = np.all(varied > 0, axis=1)
    logs = varied.copy()
    logs[positive] = np.log(logs[positive])
    for columns in (varied, logs) if positive.any() else (varied,):
        low, high = columns.min(axis=1, keepdims=True), columns.max(axis=1, keepdims=True)
        yield 2 * (columns / 2 - low / 2) / (high / 2 - low / 2) - 1


def _of_kind(columns: np.ndarray, y: np.ndarray, weights: np.ndarray, loss: Loss) -> Iterator[Pilot]:
    """The best model of each degree, until two in a row are no better."""
    best, worse = np.inf, 0
    for degree in range(_DEGREES + 1):
        terms = comb(len(columns) + degree, degree)
        if degree and terms > min(_TERMS, len(y) // _ROWS_PER_TERM):
            break
        score, settled = _fitted(basis_of(columns, degree), y, weights, loss)
        price = terms * np.log(max(settled.evidence(y, weights), 2.0))
        found = Pilot(score, settled, _criterion(settled, y, score, weights) + float(price))
        yield found
        worse = 0 if found.criterion < best else worse + 1
        best = min(best, found.criterion)
        if worse == 2:
            break


def _criterion(loss: Loss, y: np.ndarray, score: np.ndarray, weights: np.ndarray) -> float:
    """−2 ln L; where a loss is none of a distribution, that of Laplace errors, or its own with any scale."""
    mean = loss.link.mean(score)
    with np.errstate(all="ignore"):
        found = -2 * loss.log_likelihood(y, mean, weights)
        if np.isnan(found):
            spread = np.average(np.abs(y - mean), weights=weights) ** 2
            size = mean_loss(loss, y, mean, weights) if loss.name not in ("huber", "log_cosh") else spread
            found = len(y) * float(np.log(size))
    return float(found) if found == found else np.inf


def _fitted(basis: np.ndarray, y: np.ndarray, weights: np.ndarray, loss: Loss) -> tuple[np.ndarray, Loss]:
    """Scores [n] of the best coefficients of the terms [n, terms]."""
    link = loss.link
    low, high = _range(loss, y)
    if loss.is_family:
        score = link.score((y + np.average(y, weights=weights)) / 2)
        z, W = working(loss, y, score, weights)
    else:
        z, W = y, weights
    score = np.clip(_solved(basis, z, W), low, high)
    loss = loss.settled(y, link.mean(score), weights)
    total = mean_loss(loss, y, link.mean(score), weights)
    for _ in range(_STEPS):
        mean = link.mean(score)
        soft = 0.0 if loss.is_family else softness(y, mean, weights)
        z, W = working(loss, y, score, weights, soft)
        new = np.clip(_solved(basis, z, W), low, high)
        for _ in range(_HALVINGS):
            now = mean_loss(loss, y, link.mean(new), weights)
            if now < total:
                break
            new = (new + score) / 2
        else:
            break
        gained, score = total - now, new
        loss = loss.settled(y, link.mean(score), weights)
        total = mean_loss(loss, y, link.mean(score), weights)
        if gained < _NOTHING * abs(total):
            break
    return score, loss


def _range(loss: Loss, y: np.ndarray) -> tuple[float, float]:
    """Between which scores of a pilot may lie."""
    if loss.link.name == "logit":
        return -_SURE, _SURE
    if loss.link.name == "log":
        return float(np.log(np.mean(y))) - _BELOW, float(np.log(np.max(y))) + _ABOVE
    return -np.inf, np.inf


def _solved(basis: np.ndarray, z: np.ndarray, W: np.ndarray) -> np.ndarray:
    root = np.sqrt(W)
    beta = lstsq(basis * root[:, None], z * root, lapack_driver="gelsy", check_finite=False)[0]
    return np.asarray(basis @ beta)
