"""Losses that few wild rows do not move, and those of another middle than the mean.

Each stands for weighted least squares by a quadratic that touches it from above at the present residuals: what lowers
the quadratic lowers the loss (Hunter & Lange 2000 for quantiles; Huber 1981, section 7.8, for the others).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from eqdarts.errors import InputDataError, check_range, shown
from eqdarts.losses.link import IDENTITY, Link

_NORMAL = 1.4826  # the standard deviation of normal errors over the median of their sizes
SOFT = 0.1  # of the median size of residuals: smaller ones are not told from zero by a search (not tuned)
_ROUNDED = 1e-10  # of the spread of y: smaller residuals are rounding
_SIZES = 1e-140, 1e140  # of the greatest y; squares of others, or of small residuals beside them, lose digits
_LEAST = 1e-12  # of the size of y: a smaller scale is rounding


class Plain:
    """What losses have in common that are of no family: the score is what is predicted, and errors have one scale."""

    is_family = False
    pools = False
    n_parameters = 1
    name = ""

    def check(self, y: np.ndarray, weights: np.ndarray | None, target: str) -> None:
        """Any numbers will do whose squares are numbers."""
        size = np.abs(y)
        row = int(size.argmax())
        if not _SIZES[0] < size[row] < _SIZES[1] and size[row] > 0:
            raise InputDataError(
                f"loss={self.name!r}: the target {target!r} goes up to {size[row]:.4g} (row {row}), whose square is "
                f"beyond the range of floating-point numbers; give it in another unit, divided by {size[row]:.1g}, or "
                "leave the row out if it is a mistake"
            )

    def settled(self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> Any:
        return self

    def per_row(self, y: np.ndarray, mean: np.ndarray) -> np.ndarray:
        """The loss of each row."""
        raise NotImplementedError

    def total(self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> float:
        return float(np.average(self.per_row(y, mean), weights=weights))

    def constant(self, y: np.ndarray, weights: np.ndarray) -> float:
        return least_constant(lambda c: self.total(y, np.full(len(y), c), weights), y)

    def variance(self, mean: np.ndarray) -> np.ndarray:
        return np.ones(np.shape(mean))

    def evidence(self, y: np.ndarray, weights: np.ndarray) -> float:
        return float(len(y))

    def relative(self, loss: float, null: float, weight: float, evidence: float) -> float:
        """The ratio of losses: of squares of errors whose scale is not known it is that of likelihoods^(−2/n)."""
        return loss / null

    def log_likelihood(self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> float:
        return np.nan


@dataclass(frozen=True)
class Squared(Plain):
    """(y − m)²: least squares, which every part of the library does by itself."""

    name = "squared"
    link: Link = field(default=IDENTITY, repr=False)

    def check(self, y: np.ndarray, weights: np.ndarray | None, target: str) -> None:
        """Any numbers will do: it works in other units where these are extreme."""

    def per_row(self, y: np.ndarray, mean: np.ndarray) -> np.ndarray:
        return np.square(y - mean)

    def constant(self, y: np.ndarray, weights: np.ndarray) -> float:
        return float(np.average(y, weights=weights))

    def working(
        self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray, soft: float = 0.0
    ) -> tuple[np.ndarray, np.ndarray]:
        return y, weights


@dataclass(frozen=True)
class Quantile(Plain):
    """The quantile q of y, that a share q of rows lies below: q·r for residuals r ≥ 0, (q − 1)·r for others.

    (Koenker & Bassett 1978.) The likelihood is that of asymmetric Laplace errors of the best scale.

    Examples
    --------
    >>> Quantile(0.9).per_row(np.array([1.0, -1.0]), np.zeros(2)).round(2).tolist()
    [0.9, 0.1]
    """

    q: float = 0.5
    name = "quantile"
    link: Link = field(default=IDENTITY, repr=False)

    def __post_init__(self) -> None:
        check_range("q", self.q, 0.0, 1.0)
        if not 0 < self.q < 1:
            raise InputDataError(f"q={shown(self.q)}: expected a number between 0 and 1, such as 0.9")

    def per_row(self, y: np.ndarray, mean: np.ndarray) -> np.ndarray:
        r = y - mean
        return np.maximum(self.q * r, (self.q - 1) * r)

    def constant(self, y: np.ndarray, weights: np.ndarray) -> float:
        return weighted_quantile(y, weights, self.q)

    def working(
        self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray, soft: float = 0.0
    ) -> tuple[np.ndarray, np.ndarray]:
        size = soft + np.abs(y - mean)
        size = np.maximum(size, np.finfo(float).tiny)
        return y + (2 * self.q - 1) * size, weights / size

    def relative(self, loss: float, null: float, weight: float, evidence: float) -> float:
        """(L/L₀)²: the likelihood of the best scale is L^(−n), and half of its logarithm is counted."""
        return (loss / null) ** 2

    def log_likelihood(self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> float:
        n, scale = float(weights.sum()), self.total(y, mean, weights)
        with np.errstate(divide="ignore"):
            return float(n * (np.log(self.q * (1 - self.q)) - np.log(scale) - 1))


@dataclass(frozen=True)
class Absolute(Quantile):
    """|y − m|, whose law is the median. The likelihood is that of Laplace errors of the best scale."""

    name = "absolute"

    def per_row(self, y: np.ndarray, mean: np.ndarray) -> np.ndarray:
        return np.abs(y - mean)

    def log_likelihood(self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> float:
        n, scale = float(weights.sum()), self.total(y, mean, weights)
        with np.errstate(divide="ignore"):
            return float(-n * (np.log(2 * scale) + 1))


@dataclass(frozen=True)
class Huber(Plain):
    """r² up to k scales, and a straight line beyond (Huber 1964).

    Parameters
    ----------
    k : float
        The usual 1.345 costs 5 % of the precision where errors are normal.
    scale : float, optional
        Of the errors, in units of y. None: 1.4826 times the median size of the residuals.
    """

    k: float = 1.345
    scale: float | None = None
    estimated: bool = field(default=False, repr=False)  # does the scale come of the rows?
    name = "huber"
    link: Link = field(default=IDENTITY, repr=False)

    def __post_init__(self) -> None:
        _check_positive("k", self.k)
        _check_positive("scale", self.scale)

    def settled(self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> Any:
        return _with_scale(self, y, mean, weights)

    @property
    def _bend(self) -> float:
        return self.k * (1.0 if self.scale is None else self.scale)

    def per_row(self, y: np.ndarray, mean: np.ndarray) -> np.ndarray:
        r, d = np.abs(y - mean), self._bend
        return np.where(r <= d, r**2, 2 * d * r - d**2)

    def working(
        self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray, soft: float = 0.0
    ) -> tuple[np.ndarray, np.ndarray]:
        return y, weights * self._bend / np.maximum(np.abs(y - mean), self._bend)


@dataclass(frozen=True)
class LogCosh(Plain):
    """2·s²·ln cosh(r/s): r² for small residuals, 2·s·|r| for large ones, and smooth between.

    Parameters
    ----------
    scale : float, optional
        s, in units of y; ``LogCosh(1.0)`` is the loss of this name elsewhere. None: 1.4826 times the median size of the
        residuals.
    """

    scale: float | None = None
    estimated: bool = field(default=False, repr=False)  # does the scale come of the rows?
    name = "log_cosh"
    link: Link = field(default=IDENTITY, repr=False)

    def __post_init__(self) -> None:
        _check_positive("scale", self.scale)

    def settled(self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> Any:
        return _with_scale(self, y, mean, weights)

    @property
    def _s(self) -> float:
        return 1.0 if self.scale is None else self.scale

    def per_row(self, y: np.ndarray, mean: np.ndarray) -> np.ndarray:
        u = np.abs(y - mean) / self._s
        small = u < 1e-3  # where what cancels below would leave no digits
        return np.asarray(2 * self._s**2 * np.where(small, u**2 / 2, u + np.log1p(np.exp(-2 * u)) - np.log(2)))

    def working(
        self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray, soft: float = 0.0
    ) -> tuple[np.ndarray, np.ndarray]:
        u = np.maximum(np.abs(y - mean) / self._s, 1e-6)  # tanh(u)/u is 1 below
        return y, weights * np.tanh(u) / u


def weighted_quantile(values: np.ndarray, weights: np.ndarray, q: float) -> float:
    """A value that a share q of the weight lies below, and 1 − q above."""
    order = np.argsort(values)
    below = np.cumsum(weights[order])
    return float(values[order][min(int(np.searchsorted(below, q * below[-1])), len(values) - 1)])


def softness(y: np.ndarray, mean: np.ndarray, weights: np.ndarray, share: float = SOFT) -> float:
    """The size of residuals that are told from zero no more: a share of their median, and more than rounding of y."""
    spread = float(np.std(y)) or float(np.abs(y).max()) or 1.0
    return max(share * weighted_quantile(np.abs(y - mean), weights, 0.5), _ROUNDED * spread)


def least_constant(total: Any, y: np.ndarray) -> float:
    """The number between the least and the greatest y at which a loss is least."""
    low, high = float(y.min()), float(y.max())
    found = minimize_scalar(total, bounds=(low, high), method="bounded", options={"xatol": 1e-9 * (high - low)})
    return float(found.x)


def _with_scale(loss: Any, y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> Any:
    """The scale of the residuals by their median size (Rousseeuw & Croux 1993), unless it was given."""
    if loss.scale is not None and not loss.estimated:
        return loss
    size = _NORMAL * weighted_quantile(np.abs(y - mean), weights, 0.5)
    least = _LEAST * float(np.abs(y).max())
    return replace(loss, scale=max(size, least, np.finfo(float).tiny), estimated=True)


def _check_positive(name: str, value: float | None) -> None:
    if value is None:
        return
    check_range(name, value, 0.0)
    if not value > 0:
        raise InputDataError(f"{name}={shown(value)}: expected a number above 0")
