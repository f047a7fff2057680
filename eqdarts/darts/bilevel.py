"""min_α L_val(w*(α), α) subject to w*(α) = argmin_w L_train(w, α): the gradients of both levels.

Replicas are independent, so the gradient of a sum of losses over R holds each replica's own gradient.
Losses come in as functions of (logits, w, coefficients).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from eqdarts.darts.architecture import Architecture
from eqdarts.darts.relaxation import zero_one_loss
from eqdarts.graph.space import SearchSpace

#: (logits, w [R, E, M, P], coefficients [R, Q]) -> loss [R]
ReplicaLoss = Callable[[Architecture, Tensor, Tensor], Tensor]


def train_gradient(
    train_loss: ReplicaLoss, architecture: Architecture, w: Tensor, coefficients: Tensor
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """The lower level: ∇_w L_train(w, α).

    Returns
    -------
    loss : Tensor [R]
    gradient : (Tensor [R, E, M, P], Tensor [R, Q])
        By w and by the coefficients.
    """
    w, coefficients = _leaf(w), _leaf(coefficients)
    loss = train_loss(architecture, w, coefficients)
    by_w, by_coefficients = _gradient(loss, (w, coefficients))
    return loss.detach(), (by_w, by_coefficients)


def first_order(
    validation_loss: ReplicaLoss, architecture: Architecture, w: Tensor, coefficients: Tensor
) -> tuple[Tensor, Architecture]:
    """The upper level with w*(α) ≈ w: ∇_α L_val(w, α)  (Liu et al. 2019, eq. 6 with ξ = 0).

    Returns
    -------
    loss : Tensor [R]
    gradient : Architecture
        By α and by β.
    """
    leaves = _leaves(architecture)
    loss = validation_loss(leaves, w.detach(), coefficients.detach())
    return loss.detach(), Architecture(*_gradient(loss, (leaves.alpha, leaves.beta)))


def second_order(
    train_loss: ReplicaLoss,
    validation_loss: ReplicaLoss,
    architecture: Architecture,
    w: Tensor,
    coefficients: Tensor,
    learning_rate: float,
    weight_decay: float = 0.0,
) -> tuple[Tensor, Architecture]:
    """The upper level with one unrolled step of w, w*(α) ≈ w' = w − ξ ∇_w L_train(w, α)  (Liu et al. 2019, eq. 6).

    By the chain rule (eq. 7) the gradient is ∇_α L_val(w', α) − ξ ∇²_{α,w} L_train(w, α) · ∇_w' L_val(w', α).
    The Hessian product is exact here, by differentiating twice, where the paper takes a finite difference (eq. 8).

    Parameters
    ----------
    train_loss, validation_loss : ReplicaLoss
        Under a sampled relaxation both must look at the same sample.
    architecture : Architecture
    w : Tensor [R, E, M, P]
    coefficients : Tensor [R, Q]
        Part of what is unrolled, like w.
    learning_rate : float
        ξ; 0 gives the first order.
    weight_decay : float
        λ of the term λ/2 · (‖w‖² + ‖c‖²) that the step of w minimises besides L_train.

    Returns
    -------
    loss : Tensor [R]
        L_val(w', α).
    gradient : Architecture
        By α and by β.
    """
    leaves, inner = _leaves(architecture), (_leaf(w), _leaf(coefficients))
    slopes = _gradient(train_loss(leaves, *inner), inner, create_graph=True)
    unrolled = [v - learning_rate * (slope + weight_decay * v) for v, slope in zip(inner, slopes, strict=True)]
    loss = validation_loss(leaves, *unrolled)
    return loss.detach(), Architecture(*_gradient(loss, (leaves.alpha, leaves.beta)))


def fair_gradient(space: SearchSpace, alpha: Tensor) -> Tensor:
    """∇_α of the zero-one loss of Fair DARTS.

    alpha: [R, A, E, M]   returns: [R, A, E, M]
    """
    alpha = _leaf(alpha)
    allowed = torch.as_tensor(space.allowed, device=alpha.device)
    return _gradient(zero_one_loss(alpha, allowed), (alpha,))[0]


def parameter_decay(space: SearchSpace, alpha: Tensor, rate: float) -> Tensor:
    """α_m − rate · (1 + parameters of o_m), and α_m of "zero" as it is: simpler operations are preferred.

    The decay of AutoRA's DARTS. It is a step of its own, not a part of the gradient: Adam would rescale it
    to the size of the learning rate wherever the loss is flat.

    alpha: [R, A, E, M]   returns: [R, A, E, M]
    """
    counts = [0 if op.name == "zero" else 1 + len(op.parameters) for op in space.rows]
    return alpha - rate * torch.tensor(counts, dtype=alpha.dtype, device=alpha.device)


def clip(gradients: Sequence[Tensor], limit: float) -> list[Tensor]:
    """Each replica's gradient, shortened to a norm of `limit` over all tensors together.

    gradients: [R, ...] each   returns: [R, ...] each
    """
    norm = torch.cat([g.flatten(1) for g in gradients], dim=1).norm(dim=1)
    scale = limit / norm.clamp(min=limit)  # [R], at most 1
    return [g * along(scale, g) for g in gradients]


def finite(loss: Tensor, gradients: Sequence[Tensor]) -> Tensor:
    """Replicas whose loss [R] and gradients [R, ...] are finite: bool [R]."""
    return torch.isfinite(torch.cat([loss[:, None], *(g.flatten(1) for g in gradients)], dim=1)).all(dim=1)


def along(values: Tensor, like: Tensor) -> Tensor:
    """One value per replica, [R], in a shape [R, 1, ...] that broadcasts to `like`."""
    return values.view(-1, *[1] * (like.dim() - 1))


def descend(
    optimizer: torch.optim.Optimizer,
    variables: Sequence[Tensor],
    gradients: Sequence[Tensor],
    movable: Sequence[Tensor],
) -> None:
    """One step of the optimiser, in place, on what is movable.

    Zeroing a gradient would not hold the rest, for momentum and weight decay move on; and one NaN would
    stay in the optimiser's averages for good.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Of these variables. Elementwise, like Adam or SGD, so that replicas stay independent.
    variables, gradients : sequence of Tensor [R, ...]
    movable : sequence of bool Tensor
        Each broadcasts to its variable.
    """
    before = [v.clone() for v in variables]
    for v, gradient, moves in zip(variables, gradients, movable, strict=True):
        v.grad = torch.where(moves, gradient, 0.0)
    optimizer.step()
    with torch.no_grad():
        for v, kept, moves in zip(variables, before, movable, strict=True):
            v.copy_(torch.where(moves, v, kept))


def _leaf(values: Tensor) -> Tensor:
    return values.detach().requires_grad_()


def _leaves(architecture: Architecture) -> Architecture:
    return Architecture(_leaf(architecture.alpha), _leaf(architecture.beta))


def _gradient(loss: Tensor, variables: Sequence[Tensor], create_graph: bool = False) -> tuple[Tensor, ...]:
    """The gradient of each replica's loss [R]; zero by a variable that the loss does not see."""
    return torch.autograd.grad(
        loss.sum(), variables, create_graph=create_graph, allow_unused=True, materialize_grads=True
    )
