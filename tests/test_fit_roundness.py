"""Only constants that the data tie to a simple number count."""

import numpy as np

from eqdarts.data.table import Table
from eqdarts.fit.assess import Assessor
from eqdarts.fit.roundness import count_round
from eqdarts.graph.genotype import GenotypeBatch
from eqdarts.graph.population import nothing
from eqdarts.graph.space import SearchSpace

SPACE = SearchSpace(("u",), 1, ("zero", "sin", "power"))


def rounds(y, graph, parameters=(0.0, 0.0), noise=0.01):
    """Round constants of c·f(u) + b, fitted to rows of y(u) with noise."""
    rng = np.random.default_rng(1)
    u = rng.uniform(0.5, 3, 200)
    target = y(u) + noise * rng.normal(size=200)
    rows = Table(u[:, None], target)
    assessor = Assessor(SPACE, rows, rows, everything=rows)
    operations = np.array([[SPACE.operations.index(graph)]])
    batch = GenotypeBatch(operations, np.zeros((1, 1), dtype=np.int64), np.array([[True, False, True]]))
    w = np.array([[parameters]])
    fitted = assessor.confirmed(assessor.all_of(batch, w, np.array(["sample"], dtype=object)))
    linear = assessor.linearise(fitted.batch, fitted.w, fitted.coefficients)
    return int(count_round(SPACE, fitted.batch, fitted.w, fitted.coefficients, linear, 200)[0])


def test_constants_that_may_be_simple_are_counted():
    assert rounds(lambda u: 2 * u**2 - 1.5, "power", (2.0, 0.0)) == 3  # coefficient, intercept, exponent
    assert rounds(lambda u: 2.13 * u**2 - 1.5, "power", (2.0, 0.0)) == 2
    assert rounds(lambda u: 2.13 * u**2.21 - 1.37, "power", (2.0, 0.0)) == 0
    assert rounds(lambda u: 3 * np.sin(2 * u + 0.5) + 1, "sin", (2.1, 0.4)) == 4


def test_no_graphs_have_no_constants():
    rows = Table(np.ones((9, 1)), np.ones(9))
    none = nothing(SPACE)
    linear = Assessor(SPACE, rows, rows).linearise(none.batch, none.w, none.coefficients)
    assert len(count_round(SPACE, none.batch, none.w, none.coefficients, linear, 9)) == 0


def test_what_the_data_do_not_fix_is_not_called_simple():
    assert rounds(lambda u: 2 * u**2 - 1.5, "power", (2.0, 0.0), noise=30.0) == 0
