"""Where graphs are fitted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from eqdarts.fit.assess import Assessor
from eqdarts.graph.space import SearchSpace
from eqdarts.search.problem import Problem


@dataclass(frozen=True)
class Machine:
    """What fits graphs, the same for a search and its branches.

    Attributes
    ----------
    device : str
        Of the tensors.
    threads : int
    prepare : callable
        To be called before compiled loops are needed.
    """

    device: str = "cpu"
    threads: int = 1
    prepare: Callable[[], None] = lambda: None

    def assessor(self, space: SearchSpace, problem: Problem, rows: tuple[np.ndarray, np.ndarray]) -> Assessor:
        """Fits graphs to a problem. rows: numbers of those to train and to validate"""
        train, validation, everything = (problem.tensors(part, self.device) for part in (*rows, problem.subset))
        return Assessor(space, train, validation, self.threads, everything, exact=problem.exact_loss)
