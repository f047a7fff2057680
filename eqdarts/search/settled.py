"""When the search of noisy data is settled: independent runs arrive at one graph, and none at a better one.

Nothing proves an equation of noisy data, so a search of them has no end of its own. What it has are runs that start
from nothing (`eqdarts.search.sampled`). Let each be a draw from all that a run may arrive at. The chance that the next
one arrives at what none has seen is then about the share of the runs that arrived at something alone (Good 1953, who
credits Turing). While the best graph has been found by one run, it is of that share, and so may be what is better. Once
a second run has found it, and none a better one, the best is not among what is seen by chance.

Two numbers hold this together, and neither is tuned: how many runs are wanted (`agreeing_runs`), and that as many
graphs again were fitted as it took to come upon the best, so that a graph that every run is given at its start, such as
the shapes of textbooks, is held against what runs find.

Whether two runs found the same graph is asked of what it leaves and of its parts: one function has one loss where it
fits best, however its graph is written, and may have a part more where it is written below another link. A graph that
is no better is no reason to go on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from eqdarts.graph.population import NATS_PER_PART

_SAME = 1.0  # nats that count for nothing, as where patience waits for progress


@dataclass(frozen=True)
class Reached:
    """How far a run came: its best graph.

    Attributes
    ----------
    misfit : float
        In nats (`eqdarts.graph.population.scores`); 0 for the mean, which explains nothing, with no parts.
    parts : int
        Its complexity.
    """

    misfit: float = np.inf
    parts: int = 0

    @property
    def score(self) -> float:
        """Description length in nats, lower is better."""
        return self.misfit + NATS_PER_PART * self.parts

    def is_better(self, other: Reached) -> bool:
        """Is it better than another by a nat, which is the least that rows may decide?"""
        return self.score < other.score - _SAME

    def is_as(self, other: Reached) -> bool:
        """Does it leave the same, with a part more at the most?"""
        return self.misfit < other.misfit + _SAME and self.parts <= other.parts + 1


NOTHING, MEAN = Reached(), Reached(0.0, 0)


@dataclass(frozen=True)
class Arrivals:
    """What the runs arrived at.

    Attributes
    ----------
    runs : tuple of Reached
        By each independent run; by the one that goes on is the last.
    best : Reached
        By any run, those that go on from the best among them.
    solved : Reached
        By sums that linear algebra found: one more way to arrive. If it is better than what all runs found, it says
        nothing of these, and is known in any case.
    took : int
        Graphs that were fitted until the best was known.
    graphs : int
        Graphs that are fitted by now.
    """

    runs: tuple[Reached, ...] = ()
    best: Reached = NOTHING
    solved: Reached = NOTHING
    took: int = 0
    graphs: int = 0

    @property
    def found(self) -> int:
        """How many of the runs have found the best.

        Examples
        --------
        >>> law, again, other = Reached(-230.0, 7), Reached(-229.8, 8), Reached(-205.0, 5)
        >>> Arrivals(runs=(law, other, again), best=law).found
        2
        """
        return sum(one.is_as(self.best) and not one.is_better(self.best) for one in (self.solved, *self.runs))

    @property
    def is_stale(self) -> bool:
        """Was there nothing better in as many graphs again?"""
        return self.graphs >= 2 * self.took

    def is_settled(self, wanted: int | None) -> bool:
        """Have so many runs found the best, and is it stale?"""
        return wanted is not None and self.found >= wanted and self.is_stale

    def began(self) -> Arrivals:
        """Another run begins."""
        return replace(self, runs=(*self.runs, NOTHING))

    def after(self, run: Reached, best: Reached, graphs: int, solved: Reached = NOTHING) -> Arrivals:
        """The run came so far, and all of them to the best, with so many graphs. solved: by sums"""
        improved = best.is_better(self.best)
        last, solved = _further(improved, run, *self.runs[-1:]), _further(improved, solved, self.solved)
        runs = (*self.runs[:-1], last)
        if improved:
            return Arrivals(runs, best, solved, graphs, graphs)
        return replace(self, runs=runs, solved=solved, graphs=graphs)


def _further(improved: bool, new: Reached, *before: Reached) -> Reached:
    """The further of two places. Unless the best has improved, one better by less than rows may decide is the same."""
    return next((old for old in before if not (new.score < old.score if improved else new.is_better(old))), new)
