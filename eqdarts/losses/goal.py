"""What equations are judged by where that is no least squares: y, a loss, and its link."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import sympy

from eqdarts.losses.loss import Loss, mean_loss


def unexplained(loss: Loss, y: np.ndarray, mean: np.ndarray, weights: np.ndarray | None = None) -> float:
    """The loss of these means over that of the best constant: 1 less D², the explained deviance or loss.

    Examples
    --------
    >>> from eqdarts.losses import Absolute
    >>> round(unexplained(Absolute(), np.array([0.0, 1.0, 5.0]), np.array([0.0, 1.0, 4.0])), 9)
    0.2
    """
    weights = np.ones(len(y)) if weights is None else weights
    goal = Goal(loss, y, weights)
    total = mean_loss(loss, y, mean, weights)
    if not 0 < goal.null < np.inf:
        return 0.0 if total == 0 else 1.0
    return total / goal.null


@dataclass(frozen=True, eq=False)
class Goal:
    """The target itself, where the table of a search has a working response of the score in its place.

    Attributes
    ----------
    loss : Loss
    y, weights : array [n]
        In the user's unit; a weight says how often a row counts.
    """

    loss: Loss
    y: np.ndarray
    weights: np.ndarray

    def on(self, kept: np.ndarray) -> Goal:
        """Only the rows of these numbers."""
        return replace(self, y=self.y[kept], weights=self.weights[kept])

    @cached_property
    def constant(self) -> float:
        """The best mean of all rows."""
        return self.loss.constant(self.y, self.weights)

    @cached_property
    def evidence(self) -> int:
        """How many plain observations the rows are worth."""
        return max(2, round(self.loss.evidence(self.y, self.weights)))

    def judged(self, mean: np.ndarray) -> tuple[float, float]:
        """The mean loss of these means [n], and what takes the place of the share of variance that is left."""
        loss = mean_loss(self.loss, self.y, mean, self.weights)
        if not np.isfinite(loss):
            return np.inf, np.inf
        if not self.null > 0:  # a target of one value
            return loss, 0.0 if loss == 0 else 1.0
        relative = self.loss.relative(loss, self.null, float(self.weights.sum()), float(self.evidence))
        return loss, relative if np.isfinite(relative) else np.inf

    @cached_property
    def null(self) -> float:
        """The mean loss of the best constant."""
        return mean_loss(self.loss, self.y, np.full(len(self.y), self.constant), self.weights)

    def mean_of(self, score: sympy.Expr) -> sympy.Expr:
        """What `predict` returns, of the formula of a score."""
        return self.loss.link.mean_of(score)
