"""Further equations: graphs drawn from the α that a search has learned."""

from __future__ import annotations

import numpy as np

from eqdarts.darts.sampling import sample
from eqdarts.equation.equation import Equation
from eqdarts.fit.assess import Assessor
from eqdarts.graph.genotype import concatenate
from eqdarts.graph.space import SearchSpace
from eqdarts.search.finish import finish
from eqdarts.search.loop import SearchResult
from eqdarts.search.problem import Problem

_REDRAWS = 5  # tries at drawing graphs that are defined on the data


def resample(
    space: SearchSpace, result: SearchResult, problem: Problem, k: int, rng: np.random.Generator
) -> list[Equation]:
    """Graphs drawn from the learned α, refitted, as equations; simplest first."""
    assessor = Assessor(space, problem.scaled, problem.scaled)
    equations: dict[str, Equation] = {}
    for _ in range(_REDRAWS):
        replica = rng.integers(len(result.alpha), size=k)
        drawn = [
            sample(space, result.alpha[r], result.beta[r], np.array([space.nodes]), rng, result.gamma) for r in replica
        ]
        batch, w = concatenate([b for b, _ in drawn]), np.concatenate([w for _, w in drawn])
        found = assessor.all_of(batch, w, np.array(["resampled"] * k, dtype=object))
        for equation in finish(space, found, list(range(len(found))), problem, np.inf, reduced=0):
            equations.setdefault(str(equation), equation)
        if len(equations) >= k:
            break
    return sorted(list(equations.values())[:k], key=lambda e: e.complexity)
