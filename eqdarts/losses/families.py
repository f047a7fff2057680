"""Counts and shares: families whose variance goes with the mean, by their deviance (McCullagh & Nelder 1989).

What they leave of a row is a randomised quantile residual (Dunn & Smyth 1996): a count of 0 or a 1 lies as far from its
mean as the mean says, so that residuals follow the columns even where the law is right, and their ranks do as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import betainc, gammaincc, gammaln, xlog1py, xlogy

from eqdarts.errors import InputDataError, check_range
from eqdarts.losses.link import LOG, LOGIT, Link
from eqdarts.losses.loss import check_varies, row_of

_WHOLE = 1e-9  # by how much of itself a count may differ from a whole number
_DISPERSION = (1e-6, 1e4)  # that rows may show


class Family:
    """What families have in common."""

    is_family = True
    pools = True
    n_parameters = 0

    def settled(self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> Any:
        return self

    def constant(self, y: np.ndarray, weights: np.ndarray) -> float:
        return float(np.average(y, weights=weights))

    def variance(self, mean: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def per_row(self, y: np.ndarray, mean: np.ndarray) -> np.ndarray:
        """The unit deviance of each row."""
        raise NotImplementedError

    def total(self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> float:
        return float(np.average(self.per_row(y, mean), weights=weights))

    def working(
        self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray, soft: float = 0.0
    ) -> tuple[np.ndarray, np.ndarray]:
        return y, weights / self.variance(mean)

    def below(self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The chances of less than y, and of y at most."""
        raise NotImplementedError

    def residual(self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Between 0 and 1, and evenly spread if these are the means, whatever they are.

        y can only be one of a few values, so a point between the two chances of `below` is drawn, always the same one.
        """
        least, most = self.below(y, mean, weights)
        return np.asarray(least + np.random.default_rng(0).uniform(size=len(y)) * (most - least))

    def relative(self, loss: float, null: float, weight: float, evidence: float) -> float:
        """exp(−(2/N)(ℓ − ℓ₀)) for N observations, 1 less the R² of Cox & Snell (1989)."""
        return float(np.exp((loss - null) * weight / evidence))


@dataclass(frozen=True)
class Poisson(Family):
    """Counts with mean exp(f) and as much variance: the deviance is 2·(y·ln(y/m) − (y − m)).

    A count of k is worth k observations, as it is k events: this is what its Fisher information about f is.

    Examples
    --------
    >>> Poisson().per_row(np.array([0.0, 2.0]), np.array([1.0, 2.0])).tolist()
    [2.0, 0.0]
    """

    name = "poisson"
    link: Link = field(default=LOG, repr=False)

    def check(self, y: np.ndarray, weights: np.ndarray | None, target: str) -> None:
        _check_counts(self.name, y, target)

    def per_row(self, y: np.ndarray, mean: np.ndarray) -> np.ndarray:
        return np.asarray(2 * (xlogy(y, y / mean) - (y - mean)))

    def variance(self, mean: np.ndarray) -> np.ndarray:
        return mean

    def below(self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.where(y > 0, gammaincc(np.maximum(y, 1.0), mean), 0.0), gammaincc(y + 1, mean)

    def evidence(self, y: np.ndarray, weights: np.ndarray) -> float:
        return float(np.sum(weights * np.maximum(y, 1.0)))

    def log_likelihood(self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> float:
        return float(np.sum(weights * (xlogy(y, mean) - mean - gammaln(y + 1))))


@dataclass(frozen=True)
class NegativeBinomial(Family):
    """Counts that scatter more than Poisson's: mean m = exp(f), variance m + a·m², a the dispersion (Hilbe 2011).

    Parameters
    ----------
    dispersion : float, optional
        Above zero; None: the likeliest one of the rows, at what is known of the law.
    """

    dispersion: float | None = None
    estimated: bool = field(default=False, repr=False)  # does the dispersion come of the rows?
    name = "negative_binomial"
    pools = False
    link: Link = field(default=LOG, repr=False)

    def __post_init__(self) -> None:
        if self.dispersion is not None:
            check_range("dispersion", self.dispersion, _DISPERSION[0] / 10)

    @property
    def n_parameters(self) -> int:  # type: ignore[override]
        return int(self.estimated)

    @property
    def _a(self) -> float:
        return 1.0 if self.dispersion is None else float(self.dispersion)

    def check(self, y: np.ndarray, weights: np.ndarray | None, target: str) -> None:
        _check_counts(self.name, y, target)

    def settled(self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> Any:
        if self.dispersion is not None and not self.estimated:
            return self

        def unlikely(log_a: float) -> float:
            return -replace(self, dispersion=float(np.exp(log_a))).log_likelihood(y, mean, weights)

        found = minimize_scalar(unlikely, bounds=tuple(np.log(_DISPERSION)), method="bounded")
        return replace(self, dispersion=float(np.exp(found.x)), estimated=True)

    def per_row(self, y: np.ndarray, mean: np.ndarray) -> np.ndarray:
        a = self._a
        return np.asarray(2 * (xlogy(y, y / mean) - (y + 1 / a) * np.log((1 + a * y) / (1 + a * mean))))

    def variance(self, mean: np.ndarray) -> np.ndarray:
        return mean + self._a * mean**2

    def below(self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        r, share = 1 / self._a, self._a * mean / (1 + self._a * mean)
        return np.where(y > 0, 1 - betainc(np.maximum(y, 1.0), r, share), 0.0), 1 - betainc(y + 1, r, share)

    def evidence(self, y: np.ndarray, weights: np.ndarray) -> float:
        return float(np.sum(weights * np.maximum(y / (1 + self._a * y), 1.0)))

    def log_likelihood(self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> float:
        r, am = 1 / self._a, self._a * mean
        found = gammaln(y + r) - gammaln(r) - gammaln(y + 1) + xlogy(y, am / (1 + am)) - r * np.log1p(am)
        return float(np.sum(weights * found))


@dataclass(frozen=True)
class Binomial(Family):
    """Shares of successes among as many trials as the weight of a row says, with the chance 1/(1 + exp(−f)).

    Examples
    --------
    >>> Binomial().per_row(np.array([1.0, 0.5]), np.array([0.5, 0.5])).round(4).tolist()
    [1.3863, 0.0]
    """

    name = "binomial"
    link: Link = field(default=LOGIT, repr=False)

    def check(self, y: np.ndarray, weights: np.ndarray | None, target: str) -> None:
        bad = (y < 0) | (y > 1)
        if bad.any():
            row = row_of(bad)
            raise InputDataError(
                f"loss={self.name!r}: the target {target!r} is {y[row]:g} (row {row}), and must be a share from 0 to "
                "1; divide successes by trials, and hand over the number of trials as sample_weight"
            )
        check_varies(self.name, y, target)

    def per_row(self, y: np.ndarray, mean: np.ndarray) -> np.ndarray:
        return np.asarray(2 * (xlogy(y, y) + xlog1py(1 - y, -y) - xlogy(y, mean) - xlog1py(1 - y, -mean)))

    def variance(self, mean: np.ndarray) -> np.ndarray:
        return mean * (1 - mean)

    def below(self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        hits, misses = weights * y, weights * (1 - y)
        least = np.where(hits > 0, betainc(misses + 1, np.where(hits > 0, hits, 1.0), 1 - mean), 0.0)
        return least, np.where(misses > 0, betainc(np.where(misses > 0, misses, 1.0), hits + 1, 1 - mean), 1.0)

    def evidence(self, y: np.ndarray, weights: np.ndarray) -> float:
        return float(np.sum(weights))

    def log_likelihood(self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> float:
        hits = weights * y
        ways = gammaln(weights + 1) - gammaln(hits + 1) - gammaln(weights - hits + 1)
        return float(np.sum(ways + xlogy(hits, mean) + xlog1py(weights - hits, -mean)))


@dataclass(frozen=True)
class Bernoulli(Binomial):
    """0 or 1 in each row, 1 with the chance 1/(1 + exp(−f))."""

    name = "bernoulli"

    def check(self, y: np.ndarray, weights: np.ndarray | None, target: str) -> None:
        bad = (y != 0) & (y != 1)
        if bad.any():
            row = row_of(bad)
            raise InputDataError(
                f"loss={self.name!r}: the target {target!r} is {y[row]:g} (row {row}), and must be 0 or 1; of shares "
                "use loss='binomial'"
            )
        check_varies(self.name, y, target)

    def below(self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return super().below(y, mean, np.ones(len(y)))  # a weight says how often a row counts, and is no trials

    def log_likelihood(self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> float:
        return float(np.sum(weights * (xlogy(y, mean) + xlog1py(1 - y, -mean))))


def _check_counts(name: str, y: np.ndarray, target: str) -> None:
    """Raise `InputDataError` unless these are counts, not all of them alike."""
    negative = y < 0
    if negative.any():
        row = row_of(negative)
        raise InputDataError(
            f"loss={name!r}: the target {target!r} is {y[row]:g} (row {row}), and counts are not negative; use another "
            "loss, or hand over the counts themselves"
        )
    broken = np.abs(y - np.round(y)) > _WHOLE * np.maximum(np.abs(y), 1.0)
    if broken.any():
        row = row_of(broken)
        raise InputDataError(
            f"loss={name!r}: the target {target!r} is {y[row]:g} (row {row}), and counts are whole numbers; of rates "
            "hand over the counts, or choose noise='poisson', which takes any positive numbers"
        )
    check_varies(name, y, target)
