"""Algorithm 1 of Liu et al. 2019: descend w on the train rows and α on the validation rows, by turns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from eqdarts.darts.architecture import Architecture
from eqdarts.darts.bilevel import (
    ReplicaLoss,
    along,
    clip,
    descend,
    fair_gradient,
    finite,
    first_order,
    parameter_decay,
    second_order,
    train_gradient,
)
from eqdarts.darts.relaxation import Relaxation, temperature_at
from eqdarts.darts.supernet import initial_architecture, initial_parameters, mean_squared_error, readout_fitted
from eqdarts.errors import InputDataError, check_choice
from eqdarts.fit.graphs import Tensors
from eqdarts.graph.space import SearchSpace
from eqdarts.options import SearchConfig

#: Norm to which the gradient of a replica is clipped (Liu et al. 2019, appendix A.1).
CLIP = 5.0
#: Momentum of SGD, and the averages of Adam for α, as in the same place.
MOMENTUM = 0.9
ALPHA_BETAS = (0.5, 0.999)


@dataclass(frozen=True, eq=False)
class Descent:
    """Where replicas of the mixture stand after some epochs.

    The optimisers move the tensors in place, so an earlier state is not kept; `DescentRecord` has copies.

    Attributes
    ----------
    architecture : Architecture
    w : Tensor [R, E, M, P]
    coefficients : Tensor [R, Q]
    w_optimizer : torch.optim.Optimizer
        Of w and the coefficients.
    alpha_optimizer : torch.optim.Optimizer
        Of α and β.
    epochs : int
        How many are done.
    """

    architecture: Architecture
    w: Tensor
    coefficients: Tensor
    w_optimizer: torch.optim.Optimizer
    alpha_optimizer: torch.optim.Optimizer
    epochs: int = 0


@dataclass(frozen=True, eq=False)
class DescentMemory:
    """The same as copies, which do not move.

    Attributes
    ----------
    tensors : tuple of array
        α, β, w and the coefficients.
    moments : tuple of dict
        Of the optimiser of w, and of that of α: by parameter, what it has averaged, by name.
    epochs : int
    """

    tensors: tuple[np.ndarray, ...]
    moments: tuple[dict[int, dict[str, Any]], ...]
    epochs: int

    @classmethod
    def of(cls, state: Descent) -> DescentMemory:
        """Of replicas as they stand."""
        optimizers = state.w_optimizer, state.alpha_optimizer
        return cls(tuple(map(_copy, _moved(state))), tuple(map(_moments, optimizers)), state.epochs)

    def put_back(self, start: Descent) -> Descent:
        """Replicas that stand there. start: new ones, whose tensors become these"""
        tensors = _moved(start)
        for own, before in zip(tensors, self.tensors, strict=True):
            if own.shape != before.shape:
                raise InputDataError("checkpoint: its replicas are not of these columns and operations; fit anew")
            with torch.no_grad():
                own.copy_(torch.as_tensor(before))
        for optimizer, moments in zip((start.w_optimizer, start.alpha_optimizer), self.moments, strict=True):
            known = {k: {name: torch.as_tensor(value) for name, value in one.items()} for k, one in moments.items()}
            optimizer.load_state_dict({**optimizer.state_dict(), "state": known})
        return replace(start, epochs=self.epochs)


def _moved(state: Descent) -> tuple[Tensor, ...]:
    return state.architecture.alpha, state.architecture.beta, state.w, state.coefficients


def _moments(optimizer: torch.optim.Optimizer) -> dict[int, dict[str, Any]]:
    known = optimizer.state_dict()["state"]
    return {
        k: {name: _copy(value) if isinstance(value, Tensor) else value for name, value in one.items()}
        for k, one in known.items()
    }


@dataclass(frozen=True, eq=False)
class DescentRecord:
    """What one epoch saw.

    Attributes
    ----------
    epoch : int
        Counted from 0.
    train_loss, validation_loss : float array [R]
        Before the last step of w, and before the last step of α.
    alpha : float array [R, A, E, M]
    beta : float array [R, N, A]
        After the epoch.
    finite : bool array [R]
        False for a replica with a loss or a gradient that was not finite; it did not take that step.
    """

    epoch: int
    train_loss: np.ndarray
    validation_loss: np.ndarray
    alpha: np.ndarray
    beta: np.ndarray
    finite: np.ndarray


def start(
    space: SearchSpace,
    config: SearchConfig,
    generator: torch.Generator,
    dtype: torch.dtype = torch.float64,
    device: torch.device | str = "cpu",
) -> Descent:
    """`config.replicas` new replicas.

    Raises
    ------
    InputDataError
        If `config.optimizer` is not "adam" or "sgd".
    """
    check_choice("optimizer", config.optimizer, ("adam", "sgd"))
    architecture = initial_architecture(space, config.replicas, generator, dtype, device)
    w, coefficients = initial_parameters(space, config.replicas, generator, dtype, device)
    rate, decay = config.w_learning_rate, config.w_weight_decay
    w_optimizer: torch.optim.Optimizer
    if config.optimizer == "adam":
        # Decoupled decay. As a part of the gradient, Adam would blow it up to full steps wherever the loss
        # has no slope, and so erase the parameters of every candidate that is masked or not sampled.
        w_optimizer = torch.optim.AdamW([w, coefficients], lr=rate, weight_decay=decay)
    else:
        w_optimizer = torch.optim.SGD([w, coefficients], lr=rate, momentum=MOMENTUM, weight_decay=decay)
    alpha_optimizer = torch.optim.Adam(
        [architecture.alpha, architecture.beta],
        lr=config.alpha_learning_rate,
        betas=ALPHA_BETAS,
        weight_decay=config.alpha_weight_decay,
    )
    return Descent(architecture, w, coefficients, w_optimizer, alpha_optimizer)


def epoch(
    space: SearchSpace,
    config: SearchConfig,
    state: Descent,
    train: Tensors,
    validation: Tensors,
    fraction: float,
    generator: torch.Generator,
) -> tuple[Descent, DescentRecord]:
    """`config.w_steps` steps of w on the train rows, then `config.alpha_steps` of α on the validation rows.

    A replica whose loss or gradient is not finite skips the step.

    Parameters
    ----------
    space : SearchSpace
    config : SearchConfig
    state : Descent
        Moved in place.
    train, validation : Tensors
        In scaled units.
    fraction : float
        How much of the search is done, 0 … 1; sets the temperature.
    generator : torch.Generator
        Draws one sample per step under the "gumbel" relaxation, and nothing otherwise.

    Returns
    -------
    state : Descent
    record : DescentRecord
    """
    relaxation = Relaxation(config.relaxation, temperature_at(fraction, config.temperature))
    train_loss = partial(mean_squared_error, space, relaxation, train)
    validation_loss = partial(mean_squared_error, space, relaxation, validation)
    all_finite = torch.ones(len(state.w), dtype=torch.bool, device=state.w.device)
    for _ in range(config.w_steps):
        loss_of_w, taken = _step_of_w(space, state, train_loss, _perturb(relaxation, state.architecture, generator))
        all_finite &= taken
    for _ in range(config.alpha_steps):
        logits = _perturb(relaxation, state.architecture, generator)
        loss_of_alpha, taken = _step_of_alpha(space, config, state, train_loss, validation_loss, logits)
        all_finite &= taken
    record = DescentRecord(
        state.epochs,
        _copy(loss_of_w),
        _copy(loss_of_alpha),
        _copy(state.architecture.alpha),
        _copy(state.architecture.beta),
        _copy(all_finite),
    )
    return replace(state, epochs=state.epochs + 1), record


def _step_of_w(
    space: SearchSpace, state: Descent, train_loss: ReplicaLoss, logits: Architecture
) -> tuple[Tensor, Tensor]:
    """Train loss [R] before the step, and which replicas took it [R]."""
    loss, gradients = train_gradient(train_loss, logits, state.w, state.coefficients)
    taken = finite(loss, gradients)
    movable = [along(taken, state.w), taken[:, None] & readout_fitted(space, taken.device)]
    descend(state.w_optimizer, [state.w, state.coefficients], clip(gradients, CLIP), movable)
    return loss, taken


def _step_of_alpha(
    space: SearchSpace,
    config: SearchConfig,
    state: Descent,
    train_loss: ReplicaLoss,
    validation_loss: ReplicaLoss,
    logits: Architecture,
) -> tuple[Tensor, Tensor]:
    """Validation loss [R] before the step, and which replicas took it [R]."""
    if config.order == 1:
        loss, slope = first_order(validation_loss, logits, state.w, state.coefficients)
    else:
        loss, slope = second_order(
            train_loss,
            validation_loss,
            logits,
            state.w,
            state.coefficients,
            config.w_learning_rate,
            config.w_weight_decay,
        )
    taken = finite(loss, (slope.alpha, slope.beta))
    by_alpha, by_beta = clip((slope.alpha, slope.beta), CLIP)
    alpha, beta = state.architecture.alpha, state.architecture.beta
    if config.relaxation == "sigmoid":
        by_alpha = by_alpha + config.fair_weight * fair_gradient(space, alpha)
    descend(state.alpha_optimizer, [alpha, beta], [by_alpha, by_beta], [along(taken, alpha), along(taken, beta)])
    decayed = parameter_decay(space, alpha, config.alpha_learning_rate * config.parameter_decay)
    alpha.copy_(torch.where(along(taken, alpha), decayed, alpha))
    return loss, taken


def _perturb(relaxation: Relaxation, architecture: Architecture, generator: torch.Generator) -> Architecture:
    return Architecture(
        relaxation.perturb(architecture.alpha, generator), relaxation.perturb(architecture.beta, generator)
    )


def _copy(values: Tensor) -> np.ndarray:
    return values.detach().cpu().numpy().copy()
