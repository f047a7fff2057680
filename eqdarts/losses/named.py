"""The option `loss`: a name, an object or a function → a `Loss`."""

from __future__ import annotations

from typing import Any

from eqdarts.errors import InputDataError, shown
from eqdarts.losses.families import Bernoulli, Binomial, NegativeBinomial, Poisson
from eqdarts.losses.loss import Loss
from eqdarts.losses.own import Own
from eqdarts.losses.robust import Absolute, Huber, LogCosh, Quantile, Squared

SQUARED = Squared()
LOSSES: dict[str, Loss] = {
    loss.name: loss
    for loss in (
        SQUARED, Absolute(), Huber(), Quantile(), LogCosh(), Poisson(), NegativeBinomial(), Binomial(), Bernoulli(),
    )
}  # fmt: skip


def loss_of(value: Any) -> Loss:
    """The loss that an option names.

    Raises
    ------
    InputDataError
        If there is no such loss.

    Examples
    --------
    >>> loss_of("huber")
    Huber(k=1.345, scale=None)
    """
    if isinstance(value, str) and value in LOSSES:
        return LOSSES[value]
    if isinstance(value, Loss) and not isinstance(value, type):
        return value
    if callable(value) and not isinstance(value, type):
        return Own(value, getattr(value, "__name__", type(value).__name__))
    raise InputDataError(
        f"loss={shown(value)} is not known; choose one of {', '.join(map(repr, LOSSES))}, an object of eqdarts.losses, "
        "or a function loss(y_pred, y_true, weight) in torch"
    )


def free(loss: Loss) -> Loss:
    """The same for other rows: what it took from rows it takes anew."""
    if isinstance(loss, NegativeBinomial) and loss.estimated:
        return NegativeBinomial()
    if isinstance(loss, Huber) and loss.estimated:
        return Huber(loss.k)
    return LogCosh() if isinstance(loss, LogCosh) and loss.estimated else loss
