"""What each source of graphs did in an epoch: how many it gave, in what time, and what of them was kept."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from eqdarts.equation.front import Front
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
        Graphs of its among the best so far, whenever it gave them; of a reformulation, its equations on the front.
    """

    graphs: int = 0
    seconds: float = 0.0
    kept: int = 0


@dataclass
class Log:
    """The shares of one epoch, by the name of the source."""

    shares: dict[str, Share] = field(default_factory=dict)

    @property
    def graphs(self) -> int:
        """Of all sources."""
        return sum(share.graphs for share in self.shares.values())

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

    def fitted(self, origin: np.ndarray, seconds: float) -> None:
        """Divides the time in which graphs of several sources were fitted. origin: of each"""
        for name, count in _counts(origin):
            self.of(name).seconds += seconds * count / len(origin)

    def withdraw(self, origin: np.ndarray) -> None:
        """Takes graphs back that are not fitted. origin: of each"""
        for name, count in _counts(origin):
            self.of(name).graphs -= count

    def keep_of(self, front: Front) -> None:
        """Counts the equations of reformulations that had a part in the epoch."""
        for name, count in _counts(np.array([equation.origin for equation in front], dtype=object)):
            if name in self.shares:
                self.shares[name].kept = count

    def keep(self, population: Population) -> None:
        """Counts whose graphs are among the best."""
        for name, count in _counts(population.origin):
            self.of(name).kept = count


def _counts(origin: np.ndarray) -> list[tuple[str, int]]:
    """How many graphs each source has, whether their constants were rounded or not."""
    return list(Counter(name.split(",")[0] for name in origin).items())
