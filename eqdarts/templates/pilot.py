"""A pilot: a smooth stand-in for every unknown function of a template, fitted to the rows together with its constants.

Each function is a sum of products of Chebyshev polynomials of its arguments, or of their logarithms, as the sketches of
`eqdarts.fit.sketch` are. All coefficients and constants are fitted jointly by Gauss and Newton's steps with
Levenberg and Marquardt's damping, which are exact at once where the template is linear, from several starts. Degrees
grow one function at a time as long as BIC (Schwarz 1978) says so.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise, product
from math import comb

import numpy as np

from eqdarts.data.table import Table
from eqdarts.data.zero import LADDER, measure_of
from eqdarts.errors import InputDataError
from eqdarts.fit.damped import Damping, Step, descended
from eqdarts.fit.sketch import basis_of
from eqdarts.templates.scaffold import Scaffold

# None of these is tuned.
ROWS = 600  # to which a pilot is fitted
_STARTS, _BEST = 32, 2  # at degree 1, and how many of them are grown
_STEPS, _MORE_STEPS = 60, 20  # from a start, and after a degree was raised
_DEGREES = 8  # at the most
_TERMS = 40  # of a function
_ROWS_PER_TERM = 3
_DAMPING = Damping(share=1e-7)
_RIDGE = 1e-12  # of the trace, on the diagonal
_WIDE = 5.0  # times its least that a positive argument reaches, from which its logarithm is tried


@dataclass(frozen=True, eq=False)
class Pilot:
    """Values of the unknown functions and constants of a template.

    Attributes
    ----------
    constants : array [A]
    values : array [U, n]
        Of each use, on the rows of the table.
    loss : float
        As a share of the variance of y.
    score : float
        BIC, half of it: lower is better.
    """

    constants: np.ndarray
    values: np.ndarray
    loss: float
    score: float


def pilot_of(scaffold: Scaffold, table: Table, rng: np.random.Generator, deadline: float) -> Pilot:
    """The best pilot for a table [n], within the time there is.

    Raises
    ------
    InputDataError
        If the template is defined at no start.
    """
    arguments = scaffold.arguments(table.X)
    rows = np.sort(rng.choice(len(table), ROWS, replace=False)) if len(table) > ROWS else np.arange(len(table))
    found: list[tuple[_Model, _Fit]] = []
    for units in _scaled(scaffold, arguments):
        model = _Model(scaffold, table.rows(rows), [unit[:, rows] for unit in units], (1,) * len(scaffold.places))
        best = [_grown(model, fit, deadline) for fit in model.starts(rng)]
        found += [(replace(grown, table=table, units=units), fit) for grown, fit in best]
        if found and time.monotonic() > deadline:
            break
    if not found:
        raise InputDataError(
            f"template: {scaffold.template} was defined at none of {_STARTS} starts on these rows; can it give the "
            "values of the target?"
        )
    model, fit = min(found, key=lambda one: one[1].score)
    return Pilot(fit.theta[: model.count], model.values(fit.theta), fit.loss, fit.score)


def _scaled(scaffold: Scaffold, arguments: list[np.ndarray]) -> list[list[np.ndarray]]:
    """Arguments of the uses, each [d, n] in -1 .. 1: as they are, and logarithms of those that are wide."""
    plain, logs, differ = list(arguments), list(arguments), False
    for places in scaffold.places:
        for k in range(arguments[places[0]].shape[1]):
            column = np.concatenate([arguments[u][:, k] for u in places])
            wide = column.min() > 0 and column.max() > _WIDE * column.min()
            differ |= wide
            for u in places:
                plain[u], logs[u] = plain[u].copy(), logs[u].copy()
                plain[u][:, k] = _unit(arguments[u][:, k], column)
                logs[u][:, k] = _unit(np.log(arguments[u][:, k]), np.log(column)) if wide else plain[u][:, k]
    return [[np.ascontiguousarray(a.T) for a in some] for some in ((plain, logs) if differ else (plain,))]


def _unit(values: np.ndarray, among: np.ndarray) -> np.ndarray:
    low, high = among.min(), among.max()
    return 2 * (values / 2 - low / 2) / (high / 2 - low / 2) - 1


@dataclass(frozen=True, eq=False)
class _Fit:
    """Fitted coefficients, their loss as a share of the variance of y, and half of BIC."""

    theta: np.ndarray
    loss: float
    score: float


@dataclass(frozen=True, eq=False)
class _Normal:
    """The normal equations of residuals [n] and slopes [n, K]."""

    residual: np.ndarray
    slopes: np.ndarray

    @cached_property
    def _sides(self) -> tuple[np.ndarray, np.ndarray]:
        return self.slopes.T @ self.slopes, self.slopes.T @ self.residual

    def __call__(self, damping: float) -> tuple[np.ndarray, float]:
        square, right = self._sides
        scale = np.diag(square) + _RIDGE * (np.trace(square) or 1.0)
        change = np.linalg.solve(square + damping * np.diag(scale), right)
        return change, float(change @ right)


@dataclass(frozen=True, eq=False)
class _Model:
    """A template with a sum of Chebyshev products for each function.

    table: [n]   units: of each use, its arguments in -1 .. 1 [d, n]   degrees: of each function
    """

    scaffold: Scaffold
    table: Table
    units: list[np.ndarray]
    degrees: tuple[int, ...]

    @property
    def count(self) -> int:
        """Constants of the template, which come first in theta."""
        return len(self.scaffold.template.constants)

    @cached_property
    def bases(self) -> list[np.ndarray]:
        """Terms of each use [n, terms]."""
        degrees = {u: degree for places, degree in zip(self.scaffold.places, self.degrees, strict=True) for u in places}
        return [basis_of(unit, degrees[u]) for u, unit in enumerate(self.units)]

    @cached_property
    def spans(self) -> list[slice]:
        """Where the coefficients of each function stand in theta."""
        sizes = [self.bases[places[0]].shape[1] for places in self.scaffold.places]
        ends = self.count + np.cumsum([0, *sizes])
        return [slice(int(a), int(b)) for a, b in pairwise(ends)]

    @property
    def size(self) -> int:
        return self.spans[-1].stop

    def values(self, theta: np.ndarray) -> np.ndarray:
        """Of each use [U, n]."""
        spans = {u: span for places, span in zip(self.scaffold.places, self.spans, strict=True) for u in places}
        return np.stack([basis @ theta[spans[u]] for u, basis in enumerate(self.bases)])

    def _linearised(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Residuals [n] in units of the standard deviation of y, and slopes of T by theta [n, K]."""
        weight = self.table.roots / measure_of(self.table).deviation
        value, by_constants, by_uses = self.scaffold.linearise(self.table.X, theta[: self.count], self.values(theta))
        slopes = np.empty((len(value), self.size))
        slopes[:, : self.count] = by_constants.T
        for places, span in zip(self.scaffold.places, self.spans, strict=True):
            slopes[:, span] = sum(by_uses[u][:, None] * self.bases[u] for u in places)
        return (self.table.y - value) * weight, slopes * weight[:, None]

    def fitted(self, theta: np.ndarray, steps: int = _STEPS) -> _Fit | None:
        """Least squares from a start by damped Gauss-Newton steps; None if T is not defined there."""

        def look(at: np.ndarray) -> tuple[float, Step]:
            residual, slopes = self._linearised(at)
            return float(residual @ residual) if np.isfinite(slopes).all() else np.inf, _Normal(residual, slopes)

        found = descended(theta, look, _DAMPING, steps)
        if not np.isfinite(found.loss):
            return None
        n = len(self.table)
        share = found.loss / n
        return _Fit(
            found.values, share, 0.5 * n * float(np.log(max(share, LADDER.exact))) + 0.5 * self.size * np.log(n)
        )

    def starts(self, rng: np.random.Generator) -> list[_Fit]:
        """The best few fits from random starts."""
        deviation, found = measure_of(self.table).deviation, []
        for _ in range(_STARTS):
            theta = 10.0 ** rng.uniform(-1, 1, self.size) * rng.choice([-1.0, 1.0, 1.0, 1.0], self.size)
            theta[: self.count] *= np.where(rng.uniform(size=self.count) < 0.5, 1.0, deviation)
            for span in self.spans:
                level = theta[span.start] * (1.0 if rng.uniform() < 0.5 else deviation)
                theta[span] = level * rng.normal(0.0, 0.5, span.stop - span.start)
                theta[span.start] = level
            fit = self.fitted(theta)
            if fit is not None:
                found.append(fit)
        return sorted(found, key=lambda fit: fit.score)[:_BEST]

    def raised(self, theta: np.ndarray, place: int, by: int) -> tuple[_Model, np.ndarray] | None:
        """With a higher degree of one function, and the coefficients there; None if that has too many terms."""
        degree = self.degrees[place] + by
        d = len(self.units[self.scaffold.places[place][0]])
        terms = comb(d + degree, degree)
        most = min(_TERMS, len(self.table) // (_ROWS_PER_TERM * len(self.degrees)))
        if degree > _DEGREES or terms > most:
            return None
        degrees = (*self.degrees[:place], degree, *self.degrees[place + 1 :])
        model = replace(self, degrees=degrees)
        more = model.size - self.size
        return model, np.insert(theta, self.spans[place].stop, np.zeros(more))


def _grown(model: _Model, fit: _Fit, deadline: float) -> tuple[_Model, _Fit]:
    """With higher degrees as long as that lowers BIC; by two at once too, as an even function has no odd terms."""
    while time.monotonic() < deadline:
        tried: list[tuple[_Model, _Fit]] = []
        for place, by in product(range(len(model.degrees)), (1, 2)):
            raised = model.raised(fit.theta, place, by)
            new = None if raised is None else raised[0].fitted(raised[1], _MORE_STEPS)
            if raised is not None and new is not None:
                tried.append((raised[0], new))
        best = min(tried, key=lambda one: one[1].score, default=(model, fit))
        if not best[1].score < fit.score:
            break
        model, fit = best
    return model, fit
