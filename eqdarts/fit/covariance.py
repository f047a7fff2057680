"""How well rows determine fitted constants: their covariance s²·(J·Jᵀ)⁻¹ (Bates & Watts 1988, eq. 2.8).

J [K, n] and the residuals r [n] are multiplied by the root weights. They may be those of a part of N rows that is
spread evenly over them: Σr² and J·Jᵀ are then the same share of the whole, and Σr²/(N − K)·(J·Jᵀ)⁻¹ is the covariance
on all.

There is one s² for all. The inverse has three forms, as what the rows do not determine means three things: `spread`
names it, for those who read the errors, and so does `inverses`, from normal equations;
`eqdarts.fit.flat.inverse_of_squares` makes it very long, for steps along it; and `standard_errors` of hundreds of
graphs in every epoch has a ridge, which takes a fifth of the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from eqdarts.fit.flat import decomposed

_RANK = 1e-12  # singular values below this share of the largest are rounding; strict, as users are told
_SHARE = 1e-3  # of a direction without information; a constant with less is not concerned
_RIDGE = 1e-12  # beside the squared norm of a column: where constants are redundant, no error is small


def residual_variance(squares: Any, rows: Any, constants: Any) -> Any:
    """s² = Σr²/(N − K), by which (J·Jᵀ)⁻¹ is multiplied; NaN without degrees of freedom.

    squares: Σr² of the rows that J has   rows: N   constants: K
    """
    freedom = np.subtract(rows, constants)
    return squares / np.where(freedom > 0, freedom, np.nan)


@dataclass(frozen=True, eq=False)
class Spread:
    """How far the rows let constants move; times s² and s it is their covariance and their standard errors.

    Attributes
    ----------
    inverse : array [K, K]
        (J·Jᵀ)⁻¹ over the constants that are free and determined, NaN elsewhere.
    errors : array [K]
        Square roots of its diagonal; infinite where undetermined, NaN where held.
    condition : float
        Of J with rows of unit length; infinite if something is undetermined.
    undetermined : bool array [K]
    """

    inverse: np.ndarray
    errors: np.ndarray
    condition: float
    undetermined: np.ndarray


def spread(jacobian: np.ndarray, held: np.ndarray | None = None, rounding: float = _RANK) -> Spread:
    """How far the rows let the constants move, from the Jacobian [K, n].

    held: bool [K], at a bound; by default none
    rounding: singular values below this share of the largest, which by default are those of exact derivatives
    """
    K = len(jacobian)
    free = np.arange(K) if held is None else np.flatnonzero(~held)
    inverse, errors = np.full((K, K), np.nan), np.full(K, np.nan)
    undetermined = np.zeros(K, dtype=bool)
    if not len(free):
        return Spread(inverse, errors, 1.0, undetermined)
    sizes, directions, lengths = decomposed(jacobian[free])
    lost = sizes <= rounding * max(sizes[0], 1e-300)
    concerned = (np.abs(directions[lost]) > _SHARE).any(axis=0)
    undetermined[free] = concerned
    kept = directions[~lost].T / sizes[~lost]
    block = kept @ kept.T
    known = free[~concerned]
    with np.errstate(over="ignore", under="ignore"):
        inverse[np.ix_(known, known)] = (block / lengths / lengths[:, None])[np.ix_(~concerned, ~concerned)]
    errors[known] = (np.sqrt(np.diag(block)) / lengths)[~concerned]
    errors[free[concerned]] = np.inf
    return Spread(inverse, errors, float("inf") if lost.any() else float(sizes[0] / sizes[-1]), undetermined)


def inverses(blocks: np.ndarray, rounding: float = _RANK) -> tuple[np.ndarray, np.ndarray]:
    """Pseudo-inverses of symmetric matrices [G, K, K] of unit diagonals, and what they do not determine: bool [G, K].

    rounding: eigenvalues below this are
    """
    values, vectors = np.linalg.eigh(blocks)
    kept = values > rounding
    inverted = np.where(kept, 1.0 / np.where(kept, values, 1.0), 0.0)
    inverse = np.einsum("gik,gk,gjk->gij", vectors, inverted, vectors)
    lost = np.where(kept[:, None, :], 0.0, np.abs(vectors)).max(axis=2, initial=0.0) > _SHARE
    return inverse, np.asarray(lost)


def spread_of_values(jacobian: np.ndarray, held: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """√(g·(J·Jᵀ)⁻¹·gᵀ) [m] of values with the slopes g [m, K]; times s their standard errors.

    Where rows do not determine constants they may determine a value: of a·b, if only the product is in the values.
    Infinite for values that change along what is not determined. held: bool [K], at a bound
    """
    free = np.flatnonzero(~held)
    if not len(free):
        return np.zeros(len(slopes))
    sizes, directions, lengths = decomposed(jacobian[free])
    lost = sizes <= _RANK * max(sizes[0], 1e-300)
    along = (slopes[:, free] / lengths) @ directions.T
    beyond = np.linalg.norm(along[:, lost], axis=1) > _SHARE * np.linalg.norm(along, axis=1)
    return np.where(beyond, np.inf, np.linalg.norm(along[:, ~lost] / sizes[~lost], axis=1))


def standard_errors(columns: np.ndarray, free: np.ndarray, residual: np.ndarray, rows: int) -> np.ndarray:
    """Of the free constants [R, K], from the derivatives by each [R, K, n] and the residuals [R, n]; infinite else.

    rows: N, of which the derivatives and residuals show n
    """
    most = int(free.sum(axis=1).max(initial=0))
    order = np.argsort(~free, axis=1, kind="stable")[:, :most]
    chosen = np.take_along_axis(free, order, axis=1)
    with np.errstate(all="ignore"):
        tangents = np.where(chosen[:, :, None], np.take_along_axis(columns, order[:, :, None], axis=1), 0.0)
        norms = np.sqrt(np.einsum("rkn,rkn->rk", tangents, tangents))
        good = np.isfinite(norms).all(axis=1) & np.isfinite(residual).all(axis=1)
        unit = np.where(good[:, None, None] & (norms > 0)[:, :, None], tangents / norms[:, :, None], 0.0)
        gram = unit @ unit.transpose(0, 2, 1) + (_RIDGE + ~(chosen & (norms > 0)))[:, :, None] * np.eye(most)
        scale = residual_variance(np.sum(residual**2, axis=1), rows, free.sum(axis=1))
        variance = np.abs(np.einsum("rkk->rk", np.linalg.inv(gram))) * scale[:, None]
        known = good[:, None] & chosen & (norms > 0) & np.isfinite(variance)
        found = np.where(known, np.sqrt(variance) / norms, np.inf)
    error = np.full(free.shape, np.inf)
    np.put_along_axis(error, order, found, axis=1)
    return error
