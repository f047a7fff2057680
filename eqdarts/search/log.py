"""What each source of graphs did in an epoch: how many it gave, in what time, and what of them was kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from eqdarts.graph.population import Population


@dataclass
class Share:
    """Of one source in one epoch.

    Attributes
    ----------
    graphs : int
    seconds : float
        To propose them, and its part of the time in which all were fitted.
    kept : int
        Graphs of its among the best so far, whenever it gave them.
    """

    graphs: int = 0
    seconds: float = 0.0
    kept: int = 0


@dataclass
class Log:
    """The shares of one epoch, by the name of the source."""

    shares: dict[str, Share] = field(default_factory=dict)

    def of(self, name: str) -> Share:
        """The share of one source."""
        return self.shares.setdefault(name, Share())

    @contextmanager
    def timed(self, name: str) -> Iterator[Callable[[int], None]]:
        """Notes the time of what is done within, and the number of graphs that is told."""
        share, begin = self.of(name), time.monotonic()

        def record(graphs: int) -> None:
            share.graphs += graphs

        yield record
        share.seconds += time.monotonic() - begin

    def fitted(self, counts: dict[str, int], seconds: float) -> None:
        """Divides the time in which graphs of several sources were fitted."""
        every = max(1, sum(counts.values()))
        for name, count in counts.items():
            self.of(name).seconds += seconds * count / every

    def keep(self, population: Population) -> None:
        """Counts whose graphs are among the best."""
        names, counts = np.unique([origin.split(",")[0] for origin in population.origin], return_counts=True)
        for name, count in zip(names.tolist(), counts.tolist(), strict=True):
            self.of(name).kept = count
