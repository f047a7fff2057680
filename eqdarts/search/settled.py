"""When the search of noisy data is settled: independent runs arrive at one graph, and none at a better one.

Nothing proves an equation of noisy data, so a search of them has no end of its own. What it has are runs that start
from nothing (`eqdarts.search.sampled`). Let each be a draw from all that a run may arrive at. The chance that the next
one arrives at what none has seen is then about the share of the runs that arrived at something alone (Good 1953, who
credits Turing). While the best graph has been found by one run, it is of that share, and so may be what is better. Once
a second run has found it, and none a better one, the best is not among what is seen by chance.

Two numbers hold this together, and neither is tuned: how many runs are wanted (`agreeing_runs`), and that as many
graphs again were fitted as it took to come upon the best, so that a graph that every run is given at its start, such as
the shapes of textbooks, is held against what runs find.

Whether two runs found the same graph is asked of its score alone: one function has one loss where it fits best, however
its graph is written, and a graph that is no better is no reason to go on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from eqdarts.propose.symmetry import structure

_DEVIATIONS = 2.0  # standard ones, by which noise may look as if rows knew of their neighbours
_TELLING = 0.5  # rows tell noise from a law that is not found yet, if all that noise looks like is above this share
_SAME = 0.1  # nats: two scores closer than this are one, as in `eqdarts.graph.population`


def holds_nothing(X: np.ndarray, residual: np.ndarray, sure: bool = False) -> bool:
    """Is what a graph leaves of the rows [n] noise, as far as neighbouring rows of X [n, m] can tell?

    A graph that imitates a law leaves something smooth of it. sure: only if there are rows enough to see that
    """
    if not np.isfinite(residual).all():
        return False
    share, rows = structure(X, residual)
    least = 1.0 - _DEVIATIONS * np.sqrt(2.0 / rows)
    return bool(share > least and (least > _TELLING or not sure))


@dataclass(frozen=True)
class Arrivals:
    """What the runs arrived at.

    Attributes
    ----------
    runs : tuple of float
        The best score of each independent run, lower is better; that of the run that goes on is the last.
    best : float
        The best score known, whatever found it.
    solved : float
        The best score of sums that linear algebra found: one more way to arrive, beside the runs.
    took : int
        Graphs that were fitted until it was known.
    graphs : int
        Graphs that are fitted by now.
    """

    runs: tuple[float, ...] = ()
    best: float = np.inf
    solved: float = np.inf
    took: int = 0
    graphs: int = 0

    @property
    def found(self) -> int:
        """How many of the runs have found the best.

        Examples
        --------
        >>> Arrivals(runs=(-210.0, -180.0, -209.95), best=-210.0).found
        2
        """
        return sum(score < self.best + _SAME for score in (self.solved, *self.runs))

    @property
    def is_stale(self) -> bool:
        """Was there nothing better in as many graphs again?"""
        return self.graphs >= 2 * self.took

    def is_settled(self, wanted: int | None) -> bool:
        """Have so many runs found the best, and is it stale?"""
        return wanted is not None and self.found >= wanted and self.is_stale

    def began(self) -> Arrivals:
        """Another run begins."""
        return replace(self, runs=(*self.runs, np.inf))

    def after(self, run: float, best: float, graphs: int, solved: float = np.inf) -> Arrivals:
        """The run has come to a score, and all that is known to the best, with so many graphs. solved: by sums"""
        runs, solved = (*self.runs[:-1], min((run, *self.runs[-1:]))), min(solved, self.solved)
        if best < self.best - _SAME:
            return Arrivals(runs, best, solved, graphs, graphs)
        return replace(self, runs=runs, solved=solved, graphs=graphs)
