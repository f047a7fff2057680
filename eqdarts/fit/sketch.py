"""A first sketch of the law behind a table, by linear algebra alone: what noise is judged by before a search.

Generalised linear models (McCullagh & Nelder 1989): y or its logarithm is a polynomial of the columns or of their
logarithms. Products of powers, exponentials and bells are such models of low degree; other smooth laws come near to
one. The errors may have any form of `eqdarts.data.noise`: spreads are taken at the values of the model itself, step by
step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement
from math import comb

import numpy as np
from scipy.linalg import lstsq

from eqdarts.data.noise import Noise, log_likelihood
from eqdarts.data.table import Table

_TERMS = 40  # of a model at the most; none of these numbers is tuned
_ROWS_PER_TERM = 2
_DEGREES = 8
_STEPS = 6  # of spreads and, below a logarithm, of Gauss and Newton
_NOTHING = 0.01  # nats by which a step must change the likelihood
_BEYOND = 2  # degrees that must explain nothing more: an even law has no odd terms
_LARGEST = 300.0  # logarithm of a value, over the median


@dataclass(frozen=True, eq=False)
class Sketch:
    """A model of the law.

    Attributes
    ----------
    values : array [n]
        At the rows of the table.
    log_likelihood : float
        Of the rows that were fitted, with the best level of errors.
    score : float
        The same less what the terms cost (Schwarz 1978).
    settled : bool
        Would terms of higher degree explain no more? Then what it leaves is no part of a smooth law.
    rows : int array
        Numbers of the rows that were fitted.
    """

    values: np.ndarray
    log_likelihood: float
    score: float
    settled: bool
    rows: np.ndarray


def sketch(table: Table, rows: np.ndarray, noise: Noise) -> Sketch | None:
    """The best model for errors of this form; None if none can be fitted. rows: numbers of those to fit to"""
    if table.y.max() < 0:  # only positive numbers have logarithms
        mirrored = sketch(replace(table, y=-table.y), rows, noise)
        return mirrored and replace(mirrored, values=-mirrored.values)
    found = [s for columns, below_log in _kinds(table) for s in _of_kind(table, rows, columns, below_log, noise)]
    return max(found, key=lambda s: s.score, default=None)


def _kinds(table: Table) -> Iterator[tuple[np.ndarray, bool]]:
    """Columns [d, n] in -1 .. 1 as they are, or their logarithms, and whether the model is of the logarithm of y."""
    positive = np.all(table.columns > 0, axis=1)
    logs = table.columns.copy()
    logs[positive] = np.log(logs[positive])
    for columns in (table.columns, logs) if positive.any() else (table.columns,):
        low, high = columns.min(axis=1, keepdims=True), columns.max(axis=1, keepdims=True)
        unit = 2 * (columns / 2 - low / 2) / np.where(high > low, high / 2 - low / 2, 1.0) - 1
        yield from ((unit, below_log) for below_log in ((False, True) if table.y.min() >= 0 else (False,)))


def _of_kind(table: Table, rows: np.ndarray, columns: np.ndarray, below_log: bool, noise: Noise) -> Iterator[Sketch]:
    """Models of each degree, the last of which say whether the others are settled."""
    size = float(np.median(np.abs(table.y))) or 1.0
    y, counts = table.y[rows] / size, None if table.weights is None else table.weights[rows]
    scaled, n = replace(noise, floor=noise.floor / size), len(rows)
    times = n if counts is None else float(counts.sum())
    shift = -times * float(np.log(size))  # y has the density of y/size, over size
    found: list[Sketch] = []
    for degree in range(_DEGREES + 1):
        terms = comb(len(columns) + degree, degree)
        if degree and terms > min(_TERMS, n // _ROWS_PER_TERM):
            break
        basis = basis_of(columns, degree)
        model = _fitted(basis[rows], y, counts, below_log, scaled)
        if model is None:
            break
        beta, likelihood = model
        values = basis @ beta
        values = size * (np.exp(np.clip(values, -_LARGEST, _LARGEST)) if below_log else values)
        score = likelihood + shift - 0.5 * terms * float(np.log(n))
        found.append(Sketch(values, likelihood + shift, score, False, rows))
    for degree, known in enumerate(found):
        yield replace(known, settled=degree + _BEYOND < len(found))


def basis_of(columns: np.ndarray, degree: int) -> np.ndarray:
    """Products of Chebyshev polynomials of the columns [d, n] up to this degree in all: [n, terms]."""
    d, n = columns.shape
    one = np.polynomial.chebyshev.chebvander(columns, degree)  # [d, n, degree + 1]
    terms = []
    for total in range(degree + 1):
        for places in combinations_with_replacement(range(d), total):
            term = np.ones(n)
            for place in set(places):
                term = term * one[place, :, places.count(place)]
            terms.append(term)
    return np.stack(terms, axis=1)


def _fitted(
    basis: np.ndarray, y: np.ndarray, counts: np.ndarray | None, below_log: bool, noise: Noise
) -> tuple[np.ndarray, float] | None:
    """Coefficients of the terms [n, terms], and their log likelihood."""
    root = np.ones(len(y)) if counts is None else np.sqrt(counts)
    best: tuple[np.ndarray, float] | None = None
    # A zero has no logarithm; it is taken for half of the smallest of the others.
    values = np.where(y == 0, y[y > 0].min(initial=1.0) / 2, y) if below_log else y
    at = np.log(values) if below_log else y
    slopes = values if below_log else np.ones(len(y))
    with np.errstate(all="ignore"):
        for step in range(_STEPS if below_log or noise.depends_on_law else 1):
            # At first the logarithm itself is fitted: all rows alike.
            spreads = slopes if below_log and not step else noise.spreads(values)
            weight = root * slopes / spreads
            if not np.isfinite(weight).all():
                break
            beta = lstsq(basis * weight[:, None], at * weight, lapack_driver="gelsy", check_finite=False)[0]
            line = basis @ beta
            values = np.exp(np.clip(line, -_LARGEST, _LARGEST)) if below_log else line
            slopes = values if below_log else slopes
            at = line + (y - values) / values if below_log else y
            likelihood = log_likelihood(y - values, noise.spreads(values), counts)
            if not np.isfinite(beta).all() or np.isnan(likelihood):
                break
            before = -np.inf if best is None else best[1]
            if likelihood > before:
                best = beta, likelihood
            if abs(likelihood - before) < _NOTHING:
                break
    return best
