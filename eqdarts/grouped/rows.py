"""The rows of all groups: stacked, each group on its own, and how large the errors of each group are.

One size of errors for all groups, or one for each? Groups are other animals, days and instruments, and their errors
often differ, but ten rows do not tell a size better than to a quarter. So there is one, unless the groups' residuals by
one and the same form show otherwise by `MARGIN` nats. Then the rows of a group count by one over its variance, which
is drawn towards that of all rows as if so many rows more had shown it (Smyth 2004, eq. 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from eqdarts.data.noise import MARGIN
from eqdarts.data.table import Table
from eqdarts.data.zero import LADDER, Target
from eqdarts.fit.joint import GroupRows

_PRIOR = 4.0  # rows for which the variance of all groups speaks in each (not tuned)
_LEAST = 2.0  # degrees of freedom of a group whose variance is compared


@dataclass(frozen=True, eq=False)
class GroupedTable:
    """The same columns in G groups.

    Attributes
    ----------
    groups : tuple of Table
        Each with at least one row; weights say how much each row counts.
    labels : tuple of str
    alike : bool
        Are targets of one kind, so that values and constants of groups may be compared? Those of several outputs are
        not: a group is measured by its own mean, and every constant is its own.
    """

    groups: tuple[Table, ...]
    labels: tuple[str, ...]
    alike: bool = True

    @cached_property
    def pooled(self) -> Table:
        """All rows, one group after another, with weights of mean 1."""
        weights = np.concatenate([t.roots**2 for t in self.groups])
        weights = weights / weights.mean()
        X, y = np.concatenate([t.X for t in self.groups]), np.concatenate([t.y for t in self.groups])
        first = self.groups[0]
        return Table(X, y, first.names, first.target, None if (weights == 1).all() else weights, first.loops)

    @cached_property
    def stacked(self) -> GroupRows:
        """The same, for joint fits."""
        place = np.repeat(np.arange(len(self.groups)), [len(t) for t in self.groups])
        return GroupRows(self.pooled.X, self.pooled.y, self.pooled.roots, place)

    @cached_property
    def measure(self) -> Target:
        """What losses are measured by."""
        measure = Target.of(self.pooled.y, self.pooled.weights)
        if self.alike:
            return measure
        means = np.array([np.average(t.y, weights=t.weights) for t in self.groups])
        away = self.pooled.y - means[self.stacked.place]
        return replace(measure, variance=float(np.average(away**2, weights=self.pooled.weights)) or measure.variance)

    def __len__(self) -> int:
        return len(self.stacked)

    def loss(self, squares: float) -> float:
        """A weighted sum of squares, as a share of the variance of y."""
        return float(self.measure.loss(squares / len(self)))

    def weighed(self, factors: Sequence[float] | np.ndarray) -> GroupedTable:
        """With the weights of each group multiplied by a number."""
        groups = (replace(t, weights=float(f) * (t.roots**2)) for t, f in zip(self.groups, factors, strict=True))
        return replace(self, groups=tuple(groups))


def error_factors(squares: np.ndarray, counts: np.ndarray, constants: int, exact: bool) -> np.ndarray | None:
    """What weights of groups are multiplied by, where their errors differ; None where they do not.

    squares: [G], weighted sums of squares by constants of each group's own   counts: int [G], its rows
    constants: of each group   exact: is nothing left but rounding?
    """
    freedom = counts - float(constants)
    known = (freedom >= _LEAST) & (squares > 0)
    if exact or known.sum() < 2:
        return None
    s, f = squares[known], freedom[known]
    together = s.sum() / f.sum()
    gain = 0.5 * float(np.sum(f * (np.log(together) - np.log(s / f))))
    gain -= 0.5 * (known.sum() - 1) * float(np.log(f.mean()))
    if gain < MARGIN:
        return None
    # Of logarithms, as one group that errs much shall not count for those that do not.
    usual = float(np.exp(np.average(np.log(s / f), weights=f)))
    variance = np.full(len(counts), usual)
    variance[known] = (s + _PRIOR * usual) / (f + _PRIOR)
    return np.asarray(usual / variance)


def is_quiet(loss: float) -> bool:
    """Have the data no noise?"""
    return loss < LADDER.quiet
