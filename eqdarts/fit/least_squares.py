"""Separable least squares for R models at once: y ≈ Σ_q c_q φ_q(x; w).

The readout c is solved exactly for every w (variable projection: Golub & Pereyra 1973, with the
Jacobian of Kaufman 1975), and Levenberg–Marquardt moves the rest. Nothing here knows of graphs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import torch
from torch import Tensor

from eqdarts.data.zero import LADDER, fitted_below
from eqdarts.fit.policy import POLICY, accepts, is_over, promises_little, slow_steps


class Status(IntEnum):
    """How a replica stands."""

    RUNNING = 0
    CONVERGED = 1
    DIVERGED = 2


class SeparableModel(Protocol):
    """What `solve` needs of a model of R replicas, P parameters, Q basis functions and n rows.

    Attributes
    ----------
    shrinks : bool
        Does it take w of any number of replicas? Then those that are done leave the batch.
    """

    shrinks: bool

    def linearise(self, w: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """Basis [R, Q, n] at w [R, P], and the map from c [R, Q] to the Jacobian [R, P, n] of c·φ."""
        ...


@dataclass(frozen=True, eq=False)
class Solution:
    """Parameters [R, P], coefficients [R, Q], mean squared error [R] and `Status` [R]."""

    w: Tensor
    coefficients: Tensor
    loss: Tensor
    status: Tensor


@dataclass(frozen=True, eq=False)
class _Readout:
    """The solved readout at one w."""

    coefficients: Tensor  # [R, Q]
    residual: Tensor  # [R, n]
    loss: Tensor  # [R], infinite where undefined
    fitted: tuple[Tensor, Tensor] | None  # the basis [R, Q, n], columns of unit norm, zero where unused, and the
    # Cholesky factor [R, Q, Q] of its Gram matrix; None if all coefficients were given


def solve_readout(basis: Tensor, used: Tensor, y: Tensor, fixed: Tensor | None = None) -> _Readout:
    """Least squares coefficients of the used basis functions.

    basis: [R, Q, n]   used: bool [R, Q]   y: [n] or [R, n]   returns: coefficients [R, Q], zero where unused

    With `fixed` [R, Q], coefficients that are not NaN there are not solved for but kept.
    """
    target = y.expand(basis.shape[0], basis.shape[-1])
    kept = None
    if fixed is not None:
        kept = torch.where(torch.isnan(fixed) | ~used, 0.0, fixed)
        target = target - torch.einsum("rq,rqn->rn", kept, basis)
        used = used & torch.isnan(fixed)
    basis = torch.where(used.unsqueeze(-1), basis, 0.0)
    norm = torch.linalg.vector_norm(basis, dim=-1)  # [R, Q]
    norm = torch.where(norm > 0, norm, 1.0)
    unit = basis / norm.unsqueeze(-1)
    gram = unit @ unit.mT  # [R, Q, Q]
    # A tiny ridge keeps collinear columns solvable; the refinement step below undoes its bias.
    diagonal = torch.where(used, POLICY.readout_ridge, 1.0)
    factor, _ = torch.linalg.cholesky_ex(gram + torch.diag_embed(diagonal))
    coefficients = torch.zeros_like(norm)
    residual = target
    for _ in range(2):
        step = torch.cholesky_solve((unit @ residual.unsqueeze(-1)), factor).squeeze(-1)
        coefficients = coefficients + step
        residual = target - (coefficients.unsqueeze(1) @ unit).squeeze(1)
    scaled = coefficients / norm
    return _Readout(scaled if kept is None else scaled + kept, residual, _loss(residual), (unit, factor))


def _given_readout(basis: Tensor, used: Tensor, y: Tensor, given: Tensor) -> _Readout:
    """The same with all coefficients [R, Q] given."""
    coefficients = torch.where(used, given, 0.0)
    residual = y - torch.einsum("rq,rqn->rn", coefficients, basis)
    return _Readout(coefficients, residual, _loss(residual), None)


def _loss(residual: Tensor) -> Tensor:
    """Mean squares [R], infinite where undefined."""
    loss = residual.square().mean(dim=-1)
    return torch.where(torch.isfinite(loss), loss, torch.inf)


def solve(
    model: SeparableModel,
    w: Tensor,
    y: Tensor,
    used: Tensor,
    steps: int,
    free: Tensor | None = None,
    fixed: Tensor | None = None,
    done_below: float = LADDER.converged,
) -> Solution:
    """Minimise the mean squared error of every replica over w and c.

    Parameters
    ----------
    model : SeparableModel
    w : Tensor [R, P]
        Starting values.
    y : Tensor [n] or [R, n]
    used : bool Tensor [R, Q]
        Basis functions that take part.
    steps : int
        Levenberg–Marquardt steps at the most.
    free : bool Tensor [R, P], optional
        Parameters that may move; all by default.
    fixed : Tensor [R, Q], optional
        Coefficients that are given rather than fitted; NaN where fitted.
    done_below : float
        A replica has converged at this share of the variance of y; see `eqdarts.data.zero`.

    Returns
    -------
    Solution
        A replica that was undefined at its start is DIVERGED and has an infinite loss.
    """
    given = fixed is not None and not bool(torch.isnan(fixed[used]).any())

    def linearised(w: Tensor, at: Tensor | slice) -> tuple[_Readout, Callable[[Tensor], Tensor]]:
        basis, pullback = model.linearise(w)
        target = y if y.dim() == 1 else y[at]
        if given and fixed is not None:
            return _given_readout(basis, used[at], target, fixed[at]), pullback
        return solve_readout(basis, used[at], target, None if fixed is None else fixed[at]), pullback

    readout, pullback = linearised(w, slice(None))
    loss, coefficients = readout.loss, readout.coefficients
    if steps == 0 or w.shape[1] == 0:
        return Solution(w, coefficients, loss, _status(loss, loss <= 0))
    gradient, curvature = _normal_equations(readout, pullback(coefficients), free)
    w = w.clone()
    damping = torch.full_like(loss, POLICY.first)
    floor = torch.as_tensor(fitted_below(y.cpu().numpy(), done_below)).to(loss).expand(len(loss))
    slow = torch.zeros_like(loss)
    done = (loss <= floor) | ~torch.isfinite(loss)
    for _ in range(steps):
        if bool(done.all()):
            break
        at = torch.nonzero(~done)[:, 0] if model.shrinks else slice(None)
        step = _step(gradient[at], curvature[at], damping[at])
        trial = w[at] + step
        promise = (step * gradient[at]).sum(dim=-1)
        last = promises_little(promise, loss[at] * y.shape[-1], damping[at])
        readout, pullback = linearised(trial, at)
        # A replica that is done stays as it is, whatever the others of the batch do.
        taken = accepts(readout.loss, loss[at]) & ~done[at]
        slow[at] = torch.where(taken, slow_steps(slow[at], readout.loss, loss[at]), slow[at])
        new_gradient, new_curvature = _normal_equations(
            readout, pullback(readout.coefficients), None if free is None else free[at]
        )
        w[at] = torch.where(taken[:, None], trial, w[at])
        coefficients[at] = torch.where(taken[:, None], readout.coefficients, coefficients[at])
        loss[at] = torch.where(taken, readout.loss, loss[at])
        gradient[at] = torch.where(taken[:, None], new_gradient, gradient[at])
        curvature[at] = torch.where(taken[:, None, None], new_curvature, curvature[at])
        damping[at] = _next_damping(damping[at], taken)
        done[at] = done[at] | (loss[at] <= floor[at]) | is_over(last, slow[at], damping[at])
    return Solution(w, coefficients, loss, _status(loss, done))


def _status(loss: Tensor, converged: Tensor) -> Tensor:
    running = torch.full_like(loss, Status.RUNNING, dtype=torch.int64)
    status = torch.where(converged, int(Status.CONVERGED), running)
    return torch.where(torch.isfinite(loss), status, int(Status.DIVERGED))


def _normal_equations(readout: _Readout, jacobian: Tensor, free: Tensor | None) -> tuple[Tensor, Tensor]:
    """Jᵀr [R, P] and JᵀJ [R, P, P] of the Jacobian projected on the complement of the readout.

    With Φ orthogonal to the residual r, Jᵀr needs no projection, and JᵀJ − (ΦᵀJ)ᵀ(ΦᵀΦ)⁻¹(ΦᵀJ) avoids
    forming the projected Jacobian, the largest array of all.
    """
    if free is not None:
        jacobian = jacobian * free.unsqueeze(-1)
    gradient = (jacobian @ readout.residual.unsqueeze(-1)).squeeze(-1)
    curvature = jacobian @ jacobian.mT
    if readout.fitted is None:
        return gradient, curvature
    basis, factor = readout.fitted
    overlap = basis @ jacobian.mT  # [R, Q, P]
    return gradient, curvature - overlap.mT @ torch.cholesky_solve(overlap, factor)


def _next_damping(damping: Tensor, taken: Tensor) -> Tensor:
    """`eqdarts.fit.policy.next_damping` for each replica [R]; of one that is done it stays finite."""
    new = torch.where(taken, damping * POLICY.lowered, damping * POLICY.raised)
    return new.clamp(POLICY.least, POLICY.raised * POLICY.most)


def _step(gradient: Tensor, curvature: Tensor, damping: Tensor) -> Tensor:
    """(JᵀJ + λ diag JᵀJ)⁻¹ Jᵀr [R, P], no longer than the reach; zero where that is not finite."""
    diagonal = curvature.diagonal(dim1=-2, dim2=-1)
    floor = POLICY.ridge * diagonal.amax(dim=-1, keepdim=True) + POLICY.tiny
    damped = curvature + torch.diag_embed(damping.unsqueeze(-1) * diagonal + floor)
    factor, _ = torch.linalg.cholesky_ex(damped)
    step = torch.cholesky_solve(gradient.unsqueeze(-1), factor).squeeze(-1)
    length = torch.linalg.vector_norm(step, dim=-1, keepdim=True)
    step = step * (POLICY.reach / length.clamp(min=POLICY.reach))
    return torch.where(torch.isfinite(step).all(dim=-1, keepdim=True), step, 0.0)
