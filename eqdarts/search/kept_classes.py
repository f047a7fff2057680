"""The classes of which a checkpoint of a search may hold objects. What is not listed is neither written nor read."""

from __future__ import annotations

from eqdarts.checkpoint.codec import Listed, listed
from eqdarts.checkpoint.generator import GeneratorState
from eqdarts.checkpoint.keeper import Saved
from eqdarts.checkpoint.table_print import TablePrint
from eqdarts.darts.architecture import LinkedArchitecture
from eqdarts.darts.descent import DescentMemory
from eqdarts.data.table import Table
from eqdarts.equation.equation import Equation
from eqdarts.equation.excluded import Excluded
from eqdarts.equation.front import Front
from eqdarts.graph.genotype import Genotype, GenotypeBatch
from eqdarts.graph.population import Population
from eqdarts.knowledge.constraints import Constraints
from eqdarts.losses.named import LOSSES
from eqdarts.propose.proposer import Evidence, Graphs, Judged
from eqdarts.search.history import EpochRecord, Sight
from eqdarts.search.log import Share
from eqdarts.search.loop import Outcome, SearchResult
from eqdarts.search.memory import (
    AdmissionMemory,
    Boundary,
    BranchesMemory,
    BranchMemory,
    Chosen,
    ExactMemory,
    Opened,
    SearcherMemory,
)
from eqdarts.search.problem import Problem, Sizes, View
from eqdarts.search.relaxed import RelaxedMemory
from eqdarts.search.runs import SampledState
from eqdarts.search.settled import Arrivals, Reached
from eqdarts.search.sums import Sums

#: By name.
CLASSES: dict[str, Listed] = listed(
    Saved, TablePrint, Boundary, Chosen, SearcherMemory, RelaxedMemory, DescentMemory, BranchesMemory, BranchMemory,
    Opened, ExactMemory, AdmissionMemory, Excluded, Outcome, SearchResult, GeneratorState, SampledState,
    LinkedArchitecture, Population, GenotypeBatch, Genotype, Sums, Arrivals, Reached, Graphs, Evidence, Judged,
    Problem, Sizes, View, Table, Share, EpochRecord, Sight, Equation, Constraints,
    *(type(loss) for loss in LOSSES.values()),
    Listed(Front, Front.taken_apart, Front.put_together),
)  # fmt: skip
