"""The loop of Levenberg and Marquardt for whoever brings normal equations of their own.

Groups of rows have equations in the form of an arrow (`eqdarts.fit.joint`), likelihoods of classes have Fisher's
information, templates a few dozen coefficients. What they share is here: a step is damped until it lowers the loss, the
damping falls while steps help, and a step that promises next to nothing is the last. `eqdarts.fit.policy` has the same
for compiled loops and for batches of graphs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np


class Step(Protocol):
    """From a damping the change of the values, and by how much it lowers the loss if that is quadratic."""

    def __call__(self, damping: float) -> tuple[np.ndarray, float]: ...


@dataclass(frozen=True)
class Damping:
    """The numbers, none of them tuned.

    Attributes
    ----------
    first : float
        Of the first step.
    lowered, raised : float
        Factors after a step that is taken, and after one that is not.
    least, below : float
        What would fall under `least` becomes `below`, which may be 0; from there it rises to `least`.
    most : float
        At which a step no longer moves anything.
    light : float
        At a higher one a step promises little wherever it stands, so it says nothing of how near the end is.
    share, nats : float
        A step that promises no more than this share of the loss, or than these, is the last.
    """

    first: float = 1e-3
    lowered: float = 0.1
    raised: float = 10.0
    least: float = 1e-12
    below: float = 1e-12
    most: float = 1e8
    light: float = 0.1
    share: float = 0.0
    nats: float = 0.0


@dataclass(frozen=True, eq=False)
class Descent:
    """Where it ended. converged: at a step that promised next to nothing"""

    values: np.ndarray
    loss: float
    converged: bool


def descended(
    start: np.ndarray, look: Callable[[np.ndarray], tuple[float, Step]], damping: Damping, steps: int
) -> Descent:
    """From values of any shape to a minimum of a loss.

    look: from values their loss, infinite or NaN where there is none, and the step from there, which is asked for only
    where values are taken; it may raise LinAlgError   steps: that are taken at the most

    Examples
    --------
    >>> def look(x):
    ...     loss = float((x - 3.0) @ (x - 3.0))
    ...     return loss, lambda damping: ((3.0 - x) / (1 + damping), loss)
    >>> found = descended(np.zeros(2), look, Damping(share=1e-12, nats=1e-12), 30)
    >>> found.values.round(6), found.converged
    (array([3., 3.]), True)
    """
    values, (loss, step) = start, look(start)
    if not np.isfinite(loss) or not start.size:
        return Descent(start, loss, bool(np.isfinite(loss)))
    now = damping.first
    for _ in range(steps):
        while True:
            try:
                change, promise = step(now)
            except np.linalg.LinAlgError:
                change, promise = np.full_like(values, np.nan), np.inf
            last = now <= damping.light and promise <= max(damping.share * loss, damping.nats)
            new, then = look(values + change) if np.isfinite(change).all() else (np.inf, step)
            if new <= loss or last:
                break
            now = max(now * damping.raised, damping.least)
            if now > damping.most:
                return Descent(values, loss, False)
        last |= new == loss
        if new <= loss:
            values, loss, step = values + change, new, then
        if last:
            return Descent(values, loss, True)
        now = now * damping.lowered if now * damping.lowered >= damping.least else damping.below
    return Descent(values, loss, False)
