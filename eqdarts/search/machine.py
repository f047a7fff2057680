"""Where graphs are fitted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from eqdarts.fit.assess import Assessor
from eqdarts.fit.backend import backend_of
from eqdarts.graph.space import SearchSpace
from eqdarts.knowledge.of_graphs import GraphGate
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

    def assessor(self, space: SearchSpace, problem: Problem) -> Assessor:
        """Fits graphs to a problem."""
        parts = problem.train, problem.validation, problem.subset
        train, validation, everything = map(problem.scaled.rows, parts)
        backend = backend_of(space, torch.device(self.device), self.threads)
        gate = None
        if problem.admission is not None:
            unit = None if problem.goal is not None else problem.y_scale * problem.y_unit
            gate = GraphGate(space, problem.admission, problem.scaled, unit)
        sizes = problem.sizes
        return Assessor(
            space, train, validation, everything, backend, problem.exact_loss, gate, sizes.screening, sizes.evidence
        )
