"""What a search remembers between two epochs, as a checkpoint keeps it. Nothing in it changes afterwards.

What follows from the table and the options is not part of it: whoever goes on has both, and makes it anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from eqdarts.checkpoint.generator import GeneratorState
from eqdarts.equation.excluded import Excluded
from eqdarts.equation.front import Front
from eqdarts.errors import InputDataError
from eqdarts.graph.genotype import GenotypeBatch
from eqdarts.graph.links import LINK_NAMES
from eqdarts.graph.population import Population
from eqdarts.graph.space import AGGREGATORS, SearchSpace
from eqdarts.knowledge.admission import Admission
from eqdarts.propose.proposer import Graphs
from eqdarts.search.history import EpochRecord
from eqdarts.search.problem import Problem, View
from eqdarts.search.runs import SampledState

_NOT_OF_THESE = "checkpoint: its graphs are not of these columns and operations; fit anew"


@dataclass(frozen=True, eq=False)
class Chosen:
    """Which columns and rows of a table a search has taken, some of them by chance.

    Attributes
    ----------
    columns : tuple of str
    subset, train, validation : int array
        As in `Problem`.
    """

    columns: tuple[str, ...]
    subset: np.ndarray
    train: np.ndarray
    validation: np.ndarray

    @classmethod
    def of(cls, problem: Problem) -> Chosen:
        """Those of a problem."""
        return cls(problem.table.names, problem.subset, problem.train, problem.validation)

    def rows(self, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The three of a table of n rows.

        Raises
        ------
        InputDataError
            If they are of another one.
        """
        some = self.subset, self.train, self.validation
        if not all(part.ndim == 1 and _are_places(part, n) for part in some):
            raise InputDataError("checkpoint: its rows are not those of this table; fit anew")
        return some


@dataclass(frozen=True, eq=False)
class SearcherMemory:
    """Of a `SampledSearch`.

    Attributes
    ----------
    state : SampledState
    rng : GeneratorState
    frequencies : tuple of tuple of float, or None
        That the table shows, once they were looked for.
    sources : tuple of dict
        What each source of graphs remembers.
    """

    state: SampledState
    rng: GeneratorState
    frequencies: tuple[tuple[float, ...], ...] | None
    sources: tuple[dict[str, Any], ...]


@dataclass(frozen=True, eq=False)
class ExactMemory:
    """Of `ExactGraphs`, field by field."""

    tried: frozenset[bytes]
    simplest: float
    since: int | None
    proven_since: int | None
    spent: float


@dataclass(frozen=True, eq=False)
class Opened:
    """A problem to which a symmetry of a graph led, which cannot be found again without the graph."""

    problem: Problem
    view: View
    open_share: float
    depth: int


@dataclass(frozen=True, eq=False)
class BranchMemory:
    """What a branch remembers.

    Attributes
    ----------
    searcher, exact : object
        Of its search.
    parent_loss : float
    epochs, next_question : int
    opened : Opened or None
        What it searches, unless that is there from the start.
    """

    searcher: SearcherMemory
    exact: ExactMemory
    parent_loss: float
    epochs: int
    next_question: int
    opened: Opened | None = None


@dataclass(frozen=True, eq=False)
class BranchesMemory:
    """What `Branches` remember.

    Attributes
    ----------
    rng : GeneratorState
    known : frozenset
        Groups and prefactor of each branch that there was.
    next_question : int
    noisy : bool
    always : tuple of BranchMemory
        Of those that are there from the start, in their order.
    living : tuple of int or BranchMemory
        Those among which the most promising is chosen; a number is one of `always`.
    """

    rng: GeneratorState
    known: frozenset[tuple[sympy.Expr, ...]]
    next_question: int
    noisy: bool
    always: tuple[BranchMemory, ...]
    living: tuple[int | BranchMemory, ...]


@dataclass(frozen=True, eq=False)
class AdmissionMemory:
    """What an `Admission` has counted, and of which formulas it knows what they break."""

    excluded: tuple[Excluded, ...]
    known: tuple[tuple[Any, tuple[str, ...]], ...]

    @classmethod
    def of(cls, admission: Admission | None) -> AdmissionMemory | None:
        """Of one that judges equations."""
        if admission is None:
            return None
        return cls(tuple(admission.excluded.values()), tuple(admission.known.items()))

    def recall(self, admission: Admission) -> None:
        """Put it back."""
        admission.excluded.clear()
        admission.excluded.update({one.constraint: one for one in self.excluded})
        admission.known.clear()
        admission.known.update(self.known)


@dataclass(frozen=True, eq=False)
class Boundary:
    """Where a search stands after an epoch.

    Attributes
    ----------
    chosen : Chosen
    seconds : float
        Of the search so far, in all processes that took part.
    is_certain : bool
        Is an equation exact, so that nothing is left to search?
    searcher, branches : object
        What the two remember; branches may be None.
    exact : ExactMemory
    next_look : int
    best : float
    stale, fits : int
        Of `Watch`, and graphs that were fitted.
    front : Front
    history : tuple of EpochRecord
    alphas : tuple of array
    admission : AdmissionMemory or None
    """

    chosen: Chosen
    seconds: float
    is_certain: bool
    searcher: Any
    branches: Any
    exact: ExactMemory
    next_look: int
    best: float
    stale: int
    fits: int
    front: Front
    history: tuple[EpochRecord, ...]
    alphas: tuple[np.ndarray, ...]
    admission: AdmissionMemory | None


def remembered(sources: Sequence[Any]) -> tuple[dict[str, Any], ...]:
    """What sources of graphs remember: their attributes, and what these hold now."""
    return tuple({name: _copied(value) for name, value in vars(source).items()} for source in sources)


def recall(space: SearchSpace, sources: Sequence[Any], memory: Sequence[dict[str, Any]]) -> None:
    """Put it back. memory: of the same sources in the same order"""
    for source, attributes in zip(sources, memory, strict=True):
        for value in attributes.values():
            if isinstance(value, Graphs):
                _check_batch(space, value.batch, value.w)
        vars(source).clear()
        vars(source).update({name: _copied(value) for name, value in attributes.items()})


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, set | dict | list) else value


def checked_state(space: SearchSpace, state: SampledState) -> SampledState:
    """The state, if its graphs are of the space: compiled loops take places in arrays at their word.

    Raises
    ------
    InputDataError
        If they are not.
    """
    weights, edges, kinds = state.weights, len(space.edges), len(space.operations)
    shapes = (weights.alpha.shape, weights.beta.shape, weights.gamma.shape)
    wanted = ((len(space.aggregators), edges, kinds), (space.nodes, len(space.aggregators)), (len(space.links),))
    if shapes != wanted:
        raise InputDataError(_NOT_OF_THESE)
    for population in (state.population, state.active, state.sums.population):
        check_graphs(space, population)
    return state


def check_graphs(space: SearchSpace, population: Population) -> None:
    """Raise `InputDataError` unless these are graphs of the space."""
    n = len(population)
    _check_batch(space, population.batch, population.w)
    parts = population.loss, population.train_loss, population.complexity, population.origin
    if population.coefficients.shape != (n, space.n_readout) or any(part.shape != (n,) for part in parts):
        raise InputDataError(_NOT_OF_THESE)


def _check_batch(space: SearchSpace, batch: GenotypeBatch, w: np.ndarray) -> None:
    n, edges = len(batch), len(space.edges)
    shapes = batch.operations.shape, batch.aggregators.shape, batch.readout.shape, batch.links.shape, w.shape
    wanted = (n, edges), (n, space.nodes), (n, space.n_readout), (n,), (n, edges, space.n_parameters)
    places = (
        (batch.operations, len(space.operations)), (batch.aggregators, len(AGGREGATORS)),
        (batch.links, len(LINK_NAMES)),
    )  # fmt: skip
    kinds = batch.readout.dtype == bool and w.dtype == np.float64
    if shapes != wanted or not kinds or not all(_are_places(values, count) for values, count in places):
        raise InputDataError(_NOT_OF_THESE)


def _are_places(values: np.ndarray, count: int) -> bool:
    return values.dtype == np.int64 and bool(((values >= 0) & (values < count)).all())
