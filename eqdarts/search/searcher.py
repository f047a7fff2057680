"""What the loop asks of a way to search, and reads of it after an epoch."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

import numpy as np

from eqdarts.graph.population import Population
from eqdarts.search.earlier import Earlier
from eqdarts.search.log import Share


class State(Protocol):
    """What the loop reads of a search after an epoch."""

    @property
    def nodes(self) -> int: ...
    @property
    def population(self) -> Population: ...
    @property
    def known(self) -> Population:
        """All that could become equations now."""
        ...

    @property
    def train_loss(self) -> float: ...
    @property
    def validation_loss(self) -> float: ...
    @property
    def fitted(self) -> int: ...
    @property
    def shares(self) -> dict[str, Share]:
        """What each source of graphs did in the epoch."""
        ...

    @property
    def leaves_noise(self) -> bool:
        """Does the best graph leave nothing but noise?"""
        ...

    @property
    def rows(self) -> int:
        """Rows that the losses of the population speak for."""
        ...

    @property
    def found(self) -> int:
        """How many independent runs have found the best graph of noisy data."""
        ...

    @property
    def is_settled(self) -> bool:
        """Do as many of them agree as are wanted, on a graph that leaves nothing but noise?"""
        ...

    @property
    def architecture(self) -> tuple[np.ndarray, np.ndarray]:
        """α [R, A, E, M] and β [R, N, A]."""
        ...

    @property
    def gamma(self) -> np.ndarray | None:
        """γ [L] of the links; None if the search has only the identity."""
        ...


S = TypeVar("S", bound=State)


class Searcher(Protocol[S]):
    """A way to search: `SampledSearch` or `RelaxedSearch`."""

    def start(self) -> S: ...
    def memory(self, state: S) -> Any:
        """All that it needs to go on from this state, in another process."""
        ...

    def recall(self, memory: Any) -> S: ...
    def resumed(self, earlier: Earlier) -> S: ...
    def epoch(self, state: S, fraction: float) -> S: ...
    def close(self, state: S, deadline: float) -> S:
        """Read off what the last epochs learned; deadline: when all must be over, in `time.monotonic`."""
        ...
