"""What the search decides, still continuous: the architecture weights α, β and γ, and their prior.

The relaxed searches hold them as tensors with an axis of replicas, and move them by the gradient of the mixture
(`bilevel`). The sampled search holds one set as arrays, from which all graphs are drawn, and moves it by the natural
gradient at fitted graphs (`alpha_step`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from torch import Tensor

from eqdarts.darts.prior import link_log_odds, log_odds
from eqdarts.graph.space import SearchSpace

Weights = TypeVar("Weights", np.ndarray, Tensor)


@dataclass(frozen=True, eq=False)
class Architecture(Generic[Weights]):
    """Logits of all choices, as arrays [...] or with replicas as tensors [R, ...].

    Attributes
    ----------
    alpha : [..., A, E, M]
        Of the candidates, on every edge and for each aggregator its node may use; −∞ where one makes no sense.
    beta : [..., N, A]
        Of the aggregators, in the order of `SearchSpace.aggregators`. With A = 1 this is the graph of Liu et al.,
        and β has no effect.
    """

    alpha: Weights
    beta: Weights


@dataclass(frozen=True, eq=False)
class LinkedArchitecture(Architecture[np.ndarray]):
    """The same of whole graphs, which may have a link; a mixture has only the identity.

    Attributes
    ----------
    gamma : array [L]
        Of the links, in the order of `SearchSpace.links`.
    """

    gamma: np.ndarray


def prior(space: SearchSpace) -> LinkedArchitecture:
    """Where the sampled search starts; see `eqdarts.darts.prior`."""
    return LinkedArchitecture(log_odds(space), np.zeros((space.nodes, len(space.aggregators))), link_log_odds(space))


def halfway(weights: LinkedArchitecture, to: LinkedArchitecture) -> LinkedArchitecture:
    """Half way from α and β to others, with the others' γ."""
    with np.errstate(invalid="ignore"):
        alpha = np.where(np.isfinite(to.alpha), (weights.alpha + to.alpha) / 2, -np.inf)
    return LinkedArchitecture(alpha, (weights.beta + to.beta) / 2, to.gamma.copy())
