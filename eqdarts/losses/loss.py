"""What a loss is: how far means may be from y, and the weighted least squares that stand for it near some means.

The engine of the search is weighted least squares. So a loss is written, near means that are known, as a *working
response* z with weights W: Fisher scoring where the variance goes with the mean (McCullagh & Nelder 1989, section 2.5),
a quadratic that touches the loss from above elsewhere (Hunter & Lange 2000, 2004). What is searched is the score f of a
`Link`, and the working table of f follows by the chain rule: z_f = f + (z − mean)/slope, W_f = W·slope².
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from eqdarts.errors import InputDataError
from eqdarts.losses.link import Link


@runtime_checkable
class Loss(Protocol):
    """A loss; arrays are [n], a value per row.

    Attributes
    ----------
    name : str
        As the option `loss` has it.
    link : Link
        Of the score to the mean.
    """

    @property
    def name(self) -> str: ...

    @property
    def link(self) -> Link: ...

    @property
    def is_family(self) -> bool:
        """Is it the deviance of a family, in which the mean says how large errors are?"""
        ...

    @property
    def pools(self) -> bool:
        """Do rows that agree in X say no more than their mean with the sum of their weights?"""
        ...

    @property
    def n_parameters(self) -> int:
        """Parameters of its own that come of the rows, such as a scale."""
        ...

    def check(self, y: np.ndarray, weights: np.ndarray | None, target: str) -> None:
        """Raise `InputDataError` unless it can be taken of these values."""
        ...

    def settled(self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> Loss:
        """With the parameters that it leaves to the rows, such as a scale, as these means show them."""
        ...

    def constant(self, y: np.ndarray, weights: np.ndarray) -> float:
        """The one mean of all rows that is best."""
        ...

    def total(self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> float:
        """The mean loss over rows, 0 where every mean is y; of a family the mean deviance."""
        ...

    def variance(self, mean: np.ndarray) -> np.ndarray:
        """Of y at these means, in a row of weight 1; ones where that is no matter of the mean."""
        ...

    def working(
        self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray, soft: float = 0.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """z and W such that Σ W·(z − m)² falls as the loss does, for means m near the given ones.

        soft: smaller residuals are told from zero no more, where the loss has a kink
        """
        ...

    def evidence(self, y: np.ndarray, weights: np.ndarray) -> float:
        """How many plain observations the rows are worth."""
        ...

    def relative(self, loss: float, null: float, weight: float, evidence: float) -> float:
        """What takes the place of the share of variance that is left: 1 of the best constant, less of what is better.

        Half of its logarithm, times the evidence, is the log likelihood that was gained, negative.

        loss, null: means over rows, of an equation and of the best constant   weight: total
        """
        ...

    def log_likelihood(self, y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> float:
        """ln L at these means, with the best scale; NaN where the loss is none of a distribution."""
        ...


def mean_loss(loss: Loss, y: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> float:
    """The mean over rows; infinite where a mean is not defined, or none that the family may have."""
    with np.errstate(all="ignore"):
        found = loss.total(y, mean, weights)
    return found if np.isfinite(found) else np.inf


def working(
    loss: Loss, y: np.ndarray, score: np.ndarray, weights: np.ndarray, soft: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """The working response of the score and its weights, near these scores; [n] each.

    Examples
    --------
    >>> from eqdarts.losses import Poisson
    >>> z, W = working(Poisson(), np.array([3.0]), np.log([2.0]), np.ones(1))
    >>> (z - np.log(2)).round(3).tolist(), W.round(3).tolist()
    ([0.5], [2.0])
    """
    link = loss.link
    mean, slope = link.mean(score), link.slope(score)
    z, W = loss.working(y, mean, weights, soft)
    return score + (z - mean) / slope, W * np.square(slope)


def row_of(bad: np.ndarray) -> int:
    """The first row of those that are bad (bool [n])."""
    return int(np.flatnonzero(bad)[0])


def check_varies(name: str, y: np.ndarray, target: str) -> None:
    """Raise `InputDataError` if a target that must vary has one value only."""
    if len(y) and np.ptp(y) == 0:
        raise InputDataError(
            f"the target {target!r} is {y[0]:g} in all rows, so loss={name!r} has nothing to explain; collect rows "
            "with other values"
        )
