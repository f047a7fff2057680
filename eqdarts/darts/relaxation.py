"""α → weights: how the discrete choice of one operation becomes something with a gradient."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from eqdarts.errors import check_choice, check_range
from eqdarts.options import RELAXATIONS


def softmax(alpha: Tensor, allowed: Tensor) -> Tensor:
    """Competing weights, exp(α_m) / Σ_m' exp(α_m')  (Liu et al. 2019, eq. 2).

    Parameters
    ----------
    alpha : Tensor [..., M]
    allowed : bool Tensor, broadcasts to [..., M]
        At least one candidate of each M. The others weigh exactly 0 and receive no gradient.

    Returns
    -------
    Tensor [..., M]

    Examples
    --------
    >>> softmax(torch.zeros(3), torch.tensor([True, False, True]))
    tensor([0.5000, 0.0000, 0.5000])
    """
    return alpha.masked_fill(~allowed, -torch.inf).softmax(dim=-1)


def sigmoid(alpha: Tensor, allowed: Tensor) -> Tensor:
    """Independent weights, σ(α_m): candidates cooperate instead of competing  (Chu et al. 2020, Fair DARTS).

    Parameters
    ----------
    alpha : Tensor [..., M]
    allowed : bool Tensor, broadcasts to [..., M]

    Returns
    -------
    Tensor [..., M]
        In (0, 1) and 0 where not allowed; their sum is free.
    """
    return alpha.sigmoid().masked_fill(~allowed, 0.0)


def zero_one_loss(alpha: Tensor, allowed: Tensor) -> Tensor:
    """L_{0-1} = −1/N Σ (σ(α) − 0.5)², which draws sigmoid weights to 0 or 1  (Chu et al. 2020).

    Parameters
    ----------
    alpha : Tensor [R, ..., M]
    allowed : bool Tensor, broadcasts to [R, ..., M]
        N counts the allowed candidates of a replica.

    Returns
    -------
    Tensor [R]
    """
    counted = allowed.expand_as(alpha).to(alpha.dtype)
    square = counted * (alpha.sigmoid() - 0.5).square()
    return -square.flatten(1).sum(dim=1) / counted.flatten(1).sum(dim=1)


def gumbel_noise(shape: torch.Size, generator: torch.Generator, dtype: torch.dtype = torch.float64) -> Tensor:
    """Standard Gumbel numbers −log e, e ~ Exp(1): the argmax of α + noise is a draw from softmax(α).

    They are drawn on the device of the generator.
    """
    return -torch.empty(shape, dtype=dtype, device=generator.device).exponential_(generator=generator).log()


def straight_through(logits: Tensor, allowed: Tensor, temperature: float) -> Tensor:
    """One-hot argmax of the logits, with the gradient of softmax(logits / τ)  (Jang et al. 2017).

    With logits = α + Gumbel noise this samples one candidate of each M, as GDAS does (Dong & Yang 2019).

    Parameters
    ----------
    logits : Tensor [..., M]
    allowed : bool Tensor, broadcasts to [..., M]
    temperature : float
        τ > 0. A low one brings the gradient close to that of the sample, at the price of its variance.

    Returns
    -------
    Tensor [..., M]

    Examples
    --------
    >>> straight_through(torch.tensor([0.1, 0.3, 0.9]), torch.tensor([True, True, False]), temperature=1.0)
    tensor([0., 1., 0.])
    """
    soft = softmax(logits / temperature, allowed)
    hard = torch.zeros_like(soft).scatter_(-1, soft.argmax(dim=-1, keepdim=True), 1.0)
    # The bracket is exactly zero in the forward pass, so the weights are exactly one-hot.
    return hard + (soft - soft.detach())


def temperature_at(fraction: float, temperature: tuple[float, float]) -> float:
    """τ = first · (last / first)^fraction, after that fraction of the search.

    Examples
    --------
    >>> round(temperature_at(0.5, (1.0, 0.25)), 12)
    0.5
    """
    first, last = temperature
    return float(first * (last / first) ** min(max(fraction, 0.0), 1.0))


@dataclass(frozen=True)
class Relaxation:
    """One of the relaxations by its name in the options, with what it needs besides α.

    Attributes
    ----------
    name : str
        "softmax", "sigmoid" or "gumbel".
    temperature : float
        τ of "gumbel"; the other two have none.

    Raises
    ------
    InputDataError
        When built with an unknown name or a temperature that is not positive.
    """

    name: str
    temperature: float = 1.0

    def __post_init__(self) -> None:
        check_choice("relaxation", self.name, RELAXATIONS)
        check_range("temperature", self.temperature, 1e-6)

    def perturb(self, alpha: Tensor, generator: torch.Generator) -> Tensor:
        """The logits of one evaluation: α + Gumbel noise for "gumbel", otherwise α itself.

        Noise is added before the weights are asked for, so that a training and a validation loss
        can look at the same sample. The gradient by the logits is the gradient by α.
        """
        if self.name != "gumbel":
            return alpha
        return alpha + gumbel_noise(alpha.shape, generator, alpha.dtype).to(alpha.device)

    def edge_weights(self, logits: Tensor, allowed: Tensor) -> Tensor:
        """Weights [..., M] of the operations of an edge; see the function of the same name as the relaxation."""
        if self.name == "sigmoid":
            return sigmoid(logits, allowed)
        return self._one_of(logits, allowed)

    def node_weights(self, logits: Tensor) -> Tensor:
        """Weights [..., A] of the aggregators of a node.

        They compete even where operations do not: two half-chosen aggregators make no node.
        """
        return self._one_of(logits, torch.ones_like(logits, dtype=torch.bool))

    def _one_of(self, logits: Tensor, allowed: Tensor) -> Tensor:
        if self.name == "gumbel":
            return straight_through(logits, allowed, self.temperature)
        return softmax(logits, allowed)
