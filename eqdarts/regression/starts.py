"""Starting values: draws of a magnitude that the table suggests, and draws around values that someone gave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sympy

from eqdarts.numeric import function, tape
from eqdarts.regression.affine import fraction_constants
from eqdarts.regression.model import Model

_POSITIVE = 0.6  # share of draws of a factor that are positive
_SPREADS = (0.1, 0.5, 1.5, 4.0)  # of the logarithm, around given values
_FLIPPED = 0.15  # share of draws around a given value that change its sign
_ROUNDS = 8  # of the reweighted linear fit of a fraction


@dataclass(frozen=True)
class Scale:
    """Where a constant stands: kind "shift", "factor", "exponent" or "number", and the magnitudes beside it.

    A shift is added to something between `low` and `high`; a factor multiplies something of size `high`, to
    the power of `low`.
    """

    kind: str
    low: float
    high: float

    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Values [count] that make a difference on the table without swamping it."""
        sign = np.where(rng.random(count) < _POSITIVE, 1.0, -1.0)
        if self.kind == "exponent":
            return rng.uniform(-3, 3, count)
        if self.kind == "number":
            return sign * 10 ** rng.uniform(-1.5, 1.5, count)
        if self.kind == "factor":
            with np.errstate(all="ignore"):
                size = self.high ** (-1 / self.low)
            size = size if np.isfinite(size) and size > 0 else 1.0
            return sign * size * 10 ** rng.uniform(-1.5, 1.5, count)
        width = self.high - self.low or abs(self.high) or 1.0
        inside = -rng.uniform(self.low - 0.3 * width, self.high + 0.3 * width, count)
        reach = max(abs(self.low), abs(self.high))
        return np.where(rng.random(count) < 0.6, inside, sign * reach * 10 ** rng.uniform(-2, 2, count))


def scales(model: Model) -> list[Scale]:
    """How each constant stands in the formula, by its first place there."""
    known: dict[sympy.Symbol, Scale] = {}
    constants = set(model.constants)
    rows = model.rows.thinned(200).X.T

    def values(parts: list[sympy.Expr], neutral: int) -> np.ndarray | None:
        """The sum or product of the parts that hold columns, with constants put out of the way."""
        held = [p for p in parts if p.free_symbols - constants]
        if not held:
            return None
        ones: dict[sympy.Basic, sympy.Basic] = {c: sympy.Integer(1) for c in constants}
        whole = (sympy.Mul if neutral else sympy.Add)(*(p.xreplace(ones) for p in held))
        out = np.abs(function(whole, model.columns)(*rows)) if neutral else function(whole, model.columns)(*rows)
        out = np.atleast_1d(out)[np.isfinite(np.atleast_1d(out))]
        return out if len(out) else None

    def visit(node: sympy.Expr) -> None:
        for k, part in enumerate(node.args):
            others = [a for j, a in enumerate(node.args) if j != k]
            base, power = part.as_base_exp() if isinstance(node, sympy.Mul) else (part, sympy.Integer(1))
            if isinstance(node, sympy.Add):  # −c beside x is a shift as well
                coefficient, base = part.as_coeff_Mul()
                power = coefficient
            if base in constants and base not in known:
                known[base] = placed(node, others, k, power)
        for part in node.args:
            visit(part)

    def placed(node: sympy.Expr, others: list[sympy.Expr], k: int, power: sympy.Expr) -> Scale:
        if isinstance(node, sympy.Pow) and k == 1:
            return Scale("exponent", 0.0, 0.0)
        if isinstance(node, sympy.Add):
            beside = values(others, 0)
            if beside is not None:
                ends = sorted(float(v) / float(power) for v in (beside.min(), beside.max()))
                return Scale("shift", *ends)
        if isinstance(node, sympy.Mul) and power.is_number:
            beside = values(others, 1)
            if beside is not None and (beside > 0).any():
                return Scale("factor", float(power), float(np.median(beside[beside > 0])))
        return Scale("number", 0.0, 0.0)

    visit(model.form)
    return [known.get(c, Scale("number", 0.0, 0.0)) for c in model.constants]


def around(given: np.ndarray, rng: np.random.Generator, count: int) -> np.ndarray:
    """Values [count, K] about the given ones [K], from near to far, some with another sign."""
    spread = np.resize(_SPREADS, count)[:, None]
    flip = np.where(rng.random((count, len(given))) < _FLIPPED, -1.0, 1.0)
    flip[spread[:, 0] < 1] = 1.0
    return given * flip * np.exp(np.clip(spread * rng.normal(size=(count, len(given))), -50, 50))


def draw(model: Model, given: np.ndarray, rng: np.random.Generator, count: int) -> np.ndarray:
    """Starting values [count, K] within the bounds; half of them about those that are given (NaN: not given)."""
    drawn = np.stack([scale.draw(rng, count) for scale in scales(model)], axis=1)
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
            weight = np.asarray(rows.factor / 1.0)
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
                weight = rows.factor / np.maximum(below, 1e-6 * np.median(below) + 1e-300)
        return best


def _loss(model: Model, theta: np.ndarray) -> float:
    loss = float(np.sum(model.residual(theta) ** 2))
    return loss if np.isfinite(loss) else np.inf
