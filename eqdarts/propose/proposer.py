"""What a source of candidate graphs is: it sees where the search stands, and gives graphs.

There are two kinds. A `Proposer` starts from α or from good graphs, and what it gives is fitted and may be changed
further. A `Solver` asks linear algebra for sums and products of given terms, and its graphs come with their constants.

To add one, write a class of either kind and hand it to the search: `DARTSRegressor(proposers=(*PROPOSERS, Mine))`. The
search makes an instance for every table that it searches, so a source may remember what it has given. Its name is the
origin of its equations, and stands in the history.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, IntEnum
from functools import cached_property
from typing import Protocol

import numpy as np

from eqdarts.darts.architecture import LinkedArchitecture
from eqdarts.darts.sampling import Odds, odds_of
from eqdarts.data.table import Table
from eqdarts.fit.assess import Assessor
from eqdarts.graph.genotype import GenotypeBatch
from eqdarts.graph.population import Population
from eqdarts.graph.space import SearchSpace
from eqdarts.propose.terms import Terms


class Judged(Enum):
    """How the graphs of a solver are fitted.

    HELD: with the constants that they came with; only the readout is fitted
    LONG: each by a long fit that starts there
    BOTH: held, and the most promising as those of proposers are
    """

    HELD = "held"
    LONG = "long"
    BOTH = "both"


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a source learned of its own candidates, for α: each credits the edges that it has.

    Attributes
    ----------
    batch : GenotypeBatch [K]
    w : array [K, E, P]
    promise : array [K]
        What each may explain; only the order counts.
    """

    batch: GenotypeBatch
    w: np.ndarray
    promise: np.ndarray


@dataclass(frozen=True, eq=False)
class Graphs:
    """Candidates.

    Attributes
    ----------
    batch : GenotypeBatch [R]
    w : array [R, E, P]
        Constants, or where their fit starts.
    evidence : Evidence or None
        For α.
    judged : Judged
        Of a solver; those of a proposer are all fitted by successive halving.
    only_exact : bool
        Of a solver: are those that leave more than rounding of no use?
    """

    batch: GenotypeBatch
    w: np.ndarray
    evidence: Evidence | None = None
    judged: Judged = Judged.HELD
    only_exact: bool = False


@dataclass(frozen=True, eq=False)
class Situation:
    """Where a search stands, as proposers see it.

    Attributes
    ----------
    space : SearchSpace
    architecture : LinkedArchitecture
        α [A, E, M], β [N, A] and γ [L], as the search has learned them.
    population : Population
        The best graphs of this run, best first; empty at its start.
    assessor : Assessor
        The rows, and the values and derivatives of graphs on them.
    rng : Generator
    replicas : int
        Graphs of an epoch.
    room : int
        How many of them have no source yet.
    nodes : int
        Latent nodes that a graph may have now.
    age : int
        Epochs of this run; 0 in its first.
    noisy : bool
        Are graphs confirmed on all rows?
    is_over : callable
        Has the search had its time? Then what takes long ends with what it has.
    """

    space: SearchSpace
    architecture: LinkedArchitecture
    population: Population
    assessor: Assessor
    rng: np.random.Generator
    replicas: int
    room: int
    nodes: int
    age: int
    noisy: bool
    is_over: Callable[[], bool] = lambda: False

    @property
    def is_known(self) -> bool:
        """Are there graphs to start from?"""
        return len(self.population) > 3

    @cached_property
    def odds(self) -> Odds:
        """The architecture weights as chances."""
        weights = self.architecture
        return odds_of(self.space, weights.alpha, weights.beta, weights.gamma)


class Proposer(Protocol):
    """A source of candidate graphs.

    Attributes
    ----------
    name : str
        The origin of its graphs.
    in_addition : bool
        Do its graphs come beside the `replicas` of an epoch, or do they take of their room?
    """

    name: str
    in_addition: bool

    def propose(self, now: Situation) -> Graphs | None:
        """Candidates; None if it has none now."""
        ...


#: Values of the nodes of R graphs on rows: [R, N, n].
NodeValues = Callable[[Table, GenotypeBatch, np.ndarray], np.ndarray]


class Effort(IntEnum):
    """How much time a solver may take.

    AT_ONCE: no more than linear algebra on the columns
    BEFORE_LOOPS: a second or so, before other graphs are fitted
    BESIDE: beside the search
    """

    AT_ONCE = 0
    BEFORE_LOOPS = 1
    BESIDE = 2


@dataclass(frozen=True, eq=False)
class Question:
    """What a solver is asked.

    Attributes
    ----------
    space : SearchSpace
    rows : Table
        On which terms are chosen.
    noisy : bool
        Are they known to be?
    node_values : function
        Values of graphs on rows.
    library : function
        The terms of the space with their values there; made when it is first called.
    effort : Effort
    link : str
        Beside the search: the link below which sums are looked for now.
    asked : int
        Beside the search: how often it was asked before.
    kept : int
        Sums of each number of terms.
    """

    space: SearchSpace
    rows: Table
    noisy: bool
    node_values: NodeValues
    library: Callable[[], Terms]
    effort: Effort
    link: str = "identity"
    asked: int = 0
    kept: int = 3


class Solver(Protocol):
    """A source of sums and products of given terms; `name` is the origin of its graphs."""

    name: str

    def solve(self, question: Question) -> list[Graphs]:
        """What it finds; nothing if that would take more effort."""
        ...
