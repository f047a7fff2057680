"""A formula whose columns have errors too: the distance of each row from it, in units of the errors.

The sum of squares is that of orthogonal distance regression (Boggs, Byrd & Schnabel 1987), over constants θ and the
true inputs x + δ of every row,

    S(θ, δ) = Σ_i w_i (f(x_i + δ_i; θ) − y_i)² + Σ_ij (δ_ij/σ_ij)²    (w_i = 1/σ(y_i)²).

A row's δ stands in no other row, so that it is solved for at given θ: with r = √w (f − y) and g its slopes by δ/σ, a
Gauss–Newton step of one row is δ/σ = −g (r − g·δ/σ)/(1 + |g|²), which eliminates the blocks of δ from the normal
equations (their Schur complement). At its end the distance of the row is ρ = r √(1 + |g|²), and its slopes by θ are
those of r over √(1 + |g|²), exactly, as S does not change with δ there. So θ is fitted to ρ like any other residual,
and the covariance that follows is that of θ in the information of all unknowns.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from eqdarts.data.table import Table
from eqdarts.equation.regression.model import Model
from eqdarts.formula.tape import Array

_STEPS, _HALVINGS = 60, 12  # of a row, until its foot is found
_STAYS = 1e-9  # of the distance of a row: by how much its foot may still move


@dataclass(frozen=True, eq=False)
class Distances(Model):
    """y ≈ f(x; θ) with errors on both sides; its residuals are the distances of the rows.

    Attributes
    ----------
    erring : tuple of int
        Places of the columns that have errors.
    spreads : tuple of int
        Places of the columns of `rows` that hold their standard deviations.
    unit : float
        The standard deviation of y in a row of weight 1.
    """

    erring: tuple[int, ...] = ()
    spreads: tuple[int, ...] = ()
    unit: float = 1.0
    _feet: dict[bytes, np.ndarray] = field(init=False, default_factory=dict)  # of the last constants

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "linear", np.zeros(len(self.constants), dtype=bool))

    def on(self, rows: Table) -> Distances:
        """The same formula on other rows."""
        other = super().on(rows)
        assert isinstance(other, Distances)
        object.__setattr__(other, "_feet", {})
        return other

    def residual(self, theta: np.ndarray) -> np.ndarray:
        """The distances [n], with the sign of f − y."""
        d = self._foot(theta)
        r, _ = self._at(theta, d)
        with np.errstate(all="ignore"):
            return np.asarray(np.sign(r) * np.sqrt(r * r + (d * d).sum(axis=1)))

    def fine_residual(self, theta: np.ndarray) -> np.ndarray:
        """The same; errors of columns are larger than what doubles lose."""
        return self.residual(theta)

    def linearise(self, theta: np.ndarray, by: np.ndarray | None = None) -> tuple[Array, Array]:
        """The distances [n] and their slopes [n, K], those by all constants whichever are named."""
        d = self._foot(theta)
        _, g = self._at(theta, d)
        places = range(len(self.columns), len(self.columns) + len(self.constants))
        _, slopes = self.code.linearise(places, *self._moved(d).T, *theta)
        J = np.empty((len(self.rows), len(self.constants)))
        with np.errstate(all="ignore"):
            for k, slope in enumerate(slopes):
                J[:, k] = slope * self.factor / np.sqrt(1 + (g * g).sum(axis=1))
        return self.residual(theta), J

    def _foot(self, theta: np.ndarray) -> np.ndarray:
        """The nearest point of the formula to each row: δ over its standard deviation, in units of `factor`; [n, e]."""
        key = theta.tobytes()
        if key not in self._feet:
            self._feet.clear()
            self._feet[key] = self._find(theta)
        return self._feet[key]

    def _find(self, theta: np.ndarray) -> np.ndarray:
        d = np.zeros((len(self.rows), len(self.erring)))
        r, g = self._at(theta, d)
        with np.errstate(all="ignore"):
            for _ in range(_STEPS):
                S = r * r + (d * d).sum(axis=1)
                step = -g * ((r - (g * d).sum(axis=1)) / (1 + (g * g).sum(axis=1)))[:, None] - d
                step[~np.isfinite(step)] = 0.0
                share = np.ones(len(d))
                for _ in range(_HALVINGS):
                    trial = d + share[:, None] * step
                    new, slopes = self._at(theta, trial)
                    worse = ~(new * new + (trial * trial).sum(axis=1) <= S * (1 + 1e-12))
                    if not worse.any():
                        break
                    share[worse] /= 4
                else:
                    trial = np.where(worse[:, None], d, trial)
                    new, slopes = self._at(theta, trial)
                moved = np.abs(trial - d).max(axis=1, initial=0.0)
                d, r, g = trial, new, slopes
                if not (moved > _STAYS * np.sqrt(S)).any():
                    break
        return d

    def _at(self, theta: np.ndarray, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(f − y)·factor [n] at x + δ, and its slopes by d [n, e]."""
        value, slopes = self.code.linearise(self.erring, *self._moved(d).T, *theta)
        sigma, g = self._sigma(), np.empty_like(d)
        with np.errstate(all="ignore"):
            for k, slope in enumerate(slopes):
                g[:, k] = slope * sigma[:, k] * self.factor
            return np.broadcast_to((value - self.rows.y) * self.factor, (len(d),)), g

    def _moved(self, d: np.ndarray) -> np.ndarray:
        X = self.rows.X.copy()
        X[:, self.erring] += self._sigma() * d
        return X

    def _sigma(self) -> np.ndarray:
        """How far a unit of d moves each column; [n, e]."""
        return np.asarray(self.rows.X[:, self.spreads] * (self.scale / self.unit))


def distances(model: Model, errors: np.ndarray, unit: float) -> Distances:
    """The formula of a model with errors of its columns.

    errors: standard deviations [n, d], of which columns of zeros are exact   unit: that of y in a row of weight 1
    """
    rows, d = model.rows, model.rows.X.shape[1]
    erring = tuple(int(k) for k in np.flatnonzero(errors.any(axis=0)))
    held = Table(
        np.column_stack([rows.X, errors[:, erring]]),
        rows.y,
        (*rows.names, *(f"error of {rows.names[k]}" for k in erring)),
        rows.target,
        rows.weights,
    )
    from_here = tuple(range(d, d + len(erring)))
    symbols = (*model.columns, *(type(model.columns[k])(f"error of {model.columns[k].name}") for k in erring))
    return Distances(
        model.form,
        symbols,
        model.constants,
        held,
        model.lower,
        model.upper,
        erring=erring,
        spreads=from_here,
        unit=unit,
    )
