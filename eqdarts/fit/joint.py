"""Least squares over the constants of one formula in several groups of rows: some are a group's own, some are shared.

The normal equations have the form of an arrow: a block for each group, which meets the others in the shared constants
only. The blocks are eliminated one by one (Schur complement; Nocedal & Wright 2006, section 10.3), so a step costs as
much as one of each group on its own. Steps are damped as Marquardt (1963) has it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np

from eqdarts.fit.covariance import inverses, residual_variance
from eqdarts.fit.damped import Damping, Step, descended
from eqdarts.fit.formula import Compiled

_DAMPING = Damping(lowered=0.2, raised=6.0, least=1e-14, below=1e-14, share=1e-13)  # as a share of the diagonal
_RANK = 1e-11  # eigenvalues of a block of unit diagonal below this are rounding


@dataclass(frozen=True, eq=False)
class GroupRows:
    """Rows of all groups, one group after another.

    Attributes
    ----------
    X : array [N, d]
    y : array [N]
    roots : array [N]
        Roots of the weights.
    place : int array [N]
        The group of each row, 0 … G − 1, not falling; each occurs.
    """

    X: np.ndarray
    y: np.ndarray
    roots: np.ndarray
    place: np.ndarray
    first: np.ndarray = field(init=False)  # int [G], the first row of each group
    counts: np.ndarray = field(init=False)  # int [G]

    def __post_init__(self) -> None:
        counts = np.bincount(self.place)
        object.__setattr__(self, "counts", counts)
        object.__setattr__(self, "first", np.concatenate([[0], np.cumsum(counts)[:-1]]))

    def __len__(self) -> int:
        return len(self.y)

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Of values [N, ...] over each group: [G, ...]."""
        return np.add.reduceat(values, self.first, axis=0)


@dataclass(frozen=True, eq=False)
class JointFit:
    """Constants of all groups.

    Attributes
    ----------
    values : array [G, K]
        Those that are shared stand in each row.
    squares : float
        The weighted sum of squared residuals; infinite where the formula is undefined.
    converged : bool
        Did it end because no step lowered the sum by more than rounding?
    """

    values: np.ndarray
    squares: float
    converged: bool = True


@dataclass(frozen=True, eq=False)
class JointErrors:
    """Standard errors of jointly fitted constants.

    Attributes
    ----------
    errors : array [G, K]
        Infinite where the rows do not determine a constant, 0 where it is held.
    variance : float
        Of a residual of weight 1; NaN without degrees of freedom.
    freedom : int
    """

    errors: np.ndarray
    variance: float
    freedom: int


def fit_jointly(
    code: Compiled, rows: GroupRows, start: np.ndarray, own: np.ndarray, free: np.ndarray, steps: int = 40
) -> JointFit:
    """Levenberg–Marquardt from `start` [G, K].

    own: bool [K], constants with a value in each group   free: bool [K], the others keep their values
    """
    values, own, shared = np.array(start, dtype=float), own & free, ~own & free

    def look(at: np.ndarray) -> tuple[float, Step]:
        residual, J = _linearised(code, rows, at)
        arrow = cache(lambda: _Arrow.of(rows, residual, J, own, shared))
        return _squares(residual), lambda damping: arrow().step(damping)

    with np.errstate(all="ignore"):
        found = descended(values, look, _DAMPING, steps if free.any() else 0)
    return JointFit(found.values, found.loss, found.converged or not free.any())


def joint_errors(
    code: Compiled, rows: GroupRows, fit: JointFit, own: np.ndarray, free: np.ndarray, known: float | None = None
) -> JointErrors:
    """Standard errors s·√diag((JᵀWJ)⁻¹) of a joint fit.

    known: the variance of a residual of weight 1, where it was given
    """
    G = len(fit.values)
    own, shared = own & free, ~own & free
    freedom = len(rows) - G * int(own.sum()) - int(shared.sum())
    estimated = float(residual_variance(fit.squares, len(rows), len(rows) - freedom))
    with np.errstate(all="ignore"):
        residual, J = _linearised(code, rows, fit.values)
        spread = _Arrow.of(rows, residual, J, own, shared).spread()
        errors = np.sqrt(estimated if known is None else known) * spread
    errors = np.where(np.isinf(spread), np.inf, errors)
    errors[:, ~free] = 0.0
    return JointErrors(errors, estimated, freedom)


def values_of(code: Compiled, rows: GroupRows, values: np.ndarray) -> np.ndarray:
    """The formula [N] with constants [G, K]."""
    with np.errstate(all="ignore"):
        found = code.tape.value(*rows.X.T, *values[rows.place].T)
    return np.broadcast_to(found, (len(rows),))


def _squares(residual: np.ndarray) -> float:
    total = float(residual @ residual)
    return total if np.isfinite(total) else np.inf


def _linearised(code: Compiled, rows: GroupRows, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted residuals [N], and their derivatives [N, K] by the constants of the group."""
    by = range(code.columns, code.columns + code.constants)
    value, slopes = code.tape.linearise(by, *rows.X.T, *values[rows.place].T)
    J = np.empty((len(rows), code.constants))
    for k, slope in enumerate(slopes):
        J[:, k] = slope * rows.roots
    return (value - rows.y) * rows.roots, np.nan_to_num(J, nan=0.0, posinf=0.0, neginf=0.0)


@dataclass(frozen=True, eq=False)
class _Arrow:
    """The normal equations, with columns of unit length.

    A [G, O, O], B [G, O, S], C [S, S]: the blocks of a group's own constants, of those with the shared ones, and of
    these; a [G, O] and c [S] the right-hand sides; u [G, O] and v [S] the lengths of the columns.
    """

    A: np.ndarray
    B: np.ndarray
    C: np.ndarray
    a: np.ndarray
    c: np.ndarray
    u: np.ndarray
    v: np.ndarray
    own: np.ndarray
    shared: np.ndarray

    @classmethod
    def of(cls, rows: GroupRows, residual: np.ndarray, J: np.ndarray, own: np.ndarray, shared: np.ndarray) -> _Arrow:
        """Of weighted residuals [N] and slopes [N, K]."""
        u = np.sqrt(rows.sums(J[:, own] ** 2))
        v = np.sqrt((J[:, shared] ** 2).sum(axis=0))
        u, v = np.where(u > 0, u, 1.0), np.where(v > 0, v, 1.0)
        P, Q = J[:, own] / u[rows.place], J[:, shared] / v
        return cls(
            rows.sums(P[:, :, None] * P[:, None, :]),
            rows.sums(P[:, :, None] * Q[:, None, :]),
            Q.T @ Q,
            rows.sums(P * residual[:, None]),
            Q.T @ residual,
            u,
            v,
            own,
            shared,
        )

    def step(self, damping: float) -> tuple[np.ndarray, float]:
        """The change of all constants [G, K], 0 for those that are held, and how much it lowers Σr² by them."""
        out = np.zeros((len(self.A), len(self.own)))
        block = self.A + damping * np.eye(self.A.shape[1])
        solved = np.linalg.solve(block, np.concatenate([self.a[:, :, None], self.B], axis=2))  # [G, O, 1 + S]
        a, B = solved[:, :, 0], solved[:, :, 1:]
        change = np.zeros(len(self.c))
        if len(self.c):
            turned = np.swapaxes(self.B, 1, 2)
            matrix = self.C + damping * np.eye(len(self.c)) - (turned @ B).sum(axis=0)
            change = -np.linalg.lstsq(matrix, self.c - (turned @ a[:, :, None])[:, :, 0].sum(axis=0), rcond=None)[0]
        moved = -(a + B @ change)
        out[:, self.own], out[:, self.shared] = moved / self.u, change / self.v
        return out, -float((self.a * moved).sum() + self.c @ change)

    def spread(self) -> np.ndarray:
        """√diag((JᵀWJ)⁻¹) [G, K]; infinite where undetermined."""
        out = np.zeros((len(self.A), len(self.own)))
        inverse, lost = inverses(self.A, _RANK)
        reach = inverse @ self.B  # [G, O, S]
        matrix = self.C - (np.swapaxes(self.B, 1, 2) @ reach).sum(axis=0)
        # Beside what own constants of a group could take up, rounding is all that is left of a shared one.
        within, lost_shared = inverses(matrix[None], _RANK * float(np.diag(self.C).max(initial=0.0) or 1.0))
        square = np.einsum("goo->go", inverse) + np.einsum("gos,st,got->go", reach, within[0], reach)
        if lost_shared[0].any():
            lost = lost | (np.abs(reach[:, :, lost_shared[0]]) > _RANK).any(axis=2)
        out[:, self.own] = np.where(lost, np.inf, np.sqrt(np.maximum(square, 0.0)) / self.u)
        errors = np.sqrt(np.maximum(np.diag(within[0]), 0.0)) / self.v
        out[:, self.shared] = np.where(lost_shared[0], np.inf, errors)
        return out
