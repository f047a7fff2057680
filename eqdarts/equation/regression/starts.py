"""Starting values: draws of a magnitude that the table suggests, and draws around values that someone gave."""

from __future__ import annotations

import numpy as np

from eqdarts.equation.regression.affine import fraction_constants
from eqdarts.equation.regression.model import Model
from eqdarts.equation.regression.periodic import NO_PERIODS, Periods
from eqdarts.equation.regression.scales import scales
from eqdarts.formula.tape import tape

_SPREADS = (0.1, 0.5, 1.5, 4.0)  # of the logarithm, around given values
_FLIPPED = 0.15  # share of draws around a given value that change its sign
_ROUNDS = 8  # of the reweighted linear fit of a fraction


def around(given: np.ndarray, rng: np.random.Generator, count: int) -> np.ndarray:
    """Values [count, K] about the given ones [K], from near to far, some with another sign."""
    spread = np.resize(_SPREADS, count)[:, None]
    flip = np.where(rng.random((count, len(given))) < _FLIPPED, -1.0, 1.0)
    flip[spread[:, 0] < 1] = 1.0
    return given * flip * np.exp(np.clip(spread * rng.normal(size=(count, len(given))), -50, 50))


def draw(
    model: Model, given: np.ndarray, rng: np.random.Generator, count: int, waves: Periods = NO_PERIODS
) -> np.ndarray:
    """Starting values [count, K] within the bounds; half of them about those that are given (NaN: not given)."""
    drawn = np.stack([scale.draw(rng, count) for scale in scales(model)], axis=1)
    drawn = waves.into(drawn, rng)
    known = np.isfinite(given)
    if known.any():
        half = np.arange(count) % 2 == 0
        near = around(given, rng, count)
        use = half[:, None] & known
        drawn[use] = near[use]
    return within(drawn, model)


def within(theta: np.ndarray, model: Model) -> np.ndarray:
    """θ moved into its bounds."""
    low, high = model.lower, model.upper
    outside = (theta < low) | (theta > high)
    if not outside.any():
        return theta
    # Mirrored at the bound rather than cut off there, where the search would stick.
    mirrored = np.where(theta < low, 2 * low - theta, np.where(theta > high, 2 * high - theta, theta))
    return np.clip(mirrored, low, high)


class Fraction:
    """f = N/D with N and D affine in some constants: y·D − N = 0, a linear problem, gives them values.

    Weighting by the last denominator makes its residuals those of y (Sanathanan & Koerner 1963).
    """

    def __init__(self, model: Model) -> None:
        found = fraction_constants(model.form, model.unbounded)
        self.useful = found is not None and len(found[2]) > model.linear.sum()
        if not self.useful or found is None:
            return
        above, below, constants = found
        self._model = model
        self._places = np.array([c in constants for c in model.constants])
        arguments = [*model.columns, *model.constants]
        self._codes = tape(above, arguments), tape(below, arguments)
        self._by = [len(model.columns) + int(k) for k in np.flatnonzero(self._places)]

    def improve(self, theta: np.ndarray) -> np.ndarray:
        """θ [K] with those constants solved for; as it was where that fails."""
        rows, best, loss = self._model.rows, theta, _loss(self._model, theta)
        zero = np.where(self._places, 0.0, theta)
        parts = [code.linearise(self._by, *rows.X.T, *zero) for code in self._codes]
        n = len(rows)
        (N0, N), (D0, D) = ((np.broadcast_to(v, n), np.stack([np.broadcast_to(s, n) for s in g], 1)) for v, g in parts)
        with np.errstate(all="ignore"):
            A, b = rows.y[:, None] * D - N, N0 - rows.y * D0
            weight = np.asarray(self._model.factor / 1.0)
            for _ in range(_ROUNDS):
                W = np.broadcast_to(weight, n)
                M = A * W[:, None]
                norm = np.linalg.norm(M, axis=0)
                if not (np.isfinite(norm).all() and (norm > 0).all() and np.isfinite(b * W).all()):
                    break
                solved = np.linalg.lstsq(M / norm, b * W, rcond=1e-14)[0] / norm
                trial = zero.copy()
                trial[self._places] = solved
                trial_loss = _loss(self._model, trial)
                if trial_loss < loss:
                    best, loss = trial, trial_loss
                below = np.abs(D0 + D @ solved)
                weight = self._model.factor / np.maximum(below, 1e-6 * np.median(below) + 1e-300)
        return best


def _loss(model: Model, theta: np.ndarray) -> float:
    loss = float(np.sum(model.residual(theta) ** 2))
    return loss if np.isfinite(loss) else np.inf
