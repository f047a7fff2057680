"""A loss as plain values for JSON, and back. A user's own function is not kept: its name is."""

from __future__ import annotations

from typing import Any

from eqdarts.formula.records import Record
from eqdarts.losses.families import NegativeBinomial
from eqdarts.losses.loss import Loss
from eqdarts.losses.named import LOSSES
from eqdarts.losses.own import Own
from eqdarts.losses.robust import Huber, LogCosh, Quantile

_OWN = "own"
_PARAMETERS = ("q", "k", "scale", "dispersion", "estimated")


def write(loss: Loss) -> dict[str, Any]:
    """Its name and its parameters."""
    if isinstance(loss, Own):
        return {"name": _OWN, "label": loss.label}
    return {"name": loss.name, **{key: getattr(loss, key) for key in _PARAMETERS if hasattr(loss, key)}}


def read(data: Record) -> Loss:
    """The inverse of `write`.

    Raises
    ------
    InputDataError
        Naming the field.
    """
    name = data.choice("name", (*LOSSES, _OWN))
    if name == _OWN:
        return Own(None, data.text("label"))
    estimated = "estimated" in data and data.boolean("estimated")
    if name == "quantile":
        return Quantile(data.number("q"))
    if name == "huber":
        return Huber(data.number("k"), _positive(data, "scale"), estimated)
    if name == "log_cosh":
        return LogCosh(_positive(data, "scale"), estimated)
    if name == "negative_binomial":
        return NegativeBinomial(_positive(data, "dispersion"), estimated)
    return LOSSES[name]


def _positive(data: Record, name: str) -> float | None:
    if data.data.get(name) is None:
        return None
    value = data.number(name)
    if not value > 0:
        raise data.error(name, f"expected a number above zero, got {value!r}")
    return value
