"""Small tables, and graphs on them that are known, for tests of the search without a search."""

import numpy as np
import torch

from eqdarts.data.table import Table
from eqdarts.fit.assess import Assessor
from eqdarts.fit.backend import TorchBackend
from eqdarts.graph.population import Population
from eqdarts.propose.terms import Node, Term, graphs_of
from eqdarts.search.problem import Problem


def problem_of(X, y):
    """A table [n, d] in its own units, with columns x1, x2, …; all rows train and validate."""
    table, ones, rows = Table(X, y), np.ones(X.shape[1]), np.arange(len(y))
    return Problem(table, table.names, ones, 1.0, ones, 1.0, subset=rows, train=rows, validation=rows)


def assessor_of(space, problem):
    """Fits graphs on all rows by the torch program, which needs no loops."""
    table = problem.scaled
    return Assessor(space, table, table, table, TorchBackend(space, torch.device("cpu")))


def node(*edges, aggregator="sum"):
    """A term of one node; an edge is (column, operation, constants)."""
    return Term((Node(aggregator, edges),))


def population_of(space, problem, *sums) -> Population:
    """Sums of terms as graphs with the constants that they have; their readouts are fitted."""
    batch, w = graphs_of(space, [("identity", terms) for terms in sums])
    origin = np.array(["sample"] * len(sums), dtype=object)
    return assessor_of(space, problem).of_readout(batch, w, origin, noisy=False)
