"""How proposed graphs are fitted and measured where rows are few and noisy."""

import numpy as np
import pytest
import torch

from eqdarts.data.table import Table
from eqdarts.fit import assess
from eqdarts.fit.assess import Assessor
from eqdarts.fit.backend import CompiledBackend, TorchBackend
from eqdarts.graph.genotype import GenotypeBatch
from eqdarts.graph.population import is_whole_or_half, nothing
from eqdarts.graph.space import SearchSpace

SPACE = SearchSpace(("u", "v"), 1, ("zero", "sin", "power"))
OPERATIONS = np.array([[SPACE.operations.index("sin"), SPACE.operations.index("power")]])


def found(rows, start):
    """sin(a·u + b) + v^p by its fits to so many noisy rows of sin(u) + v²."""
    rng = np.random.default_rng(2)
    inputs = rng.uniform(0, 1, (2, rows))
    y = np.sin(inputs[0]) + inputs[1] ** 2 + 0.05 * rng.normal(size=rows)
    table = Table(inputs.T, y)
    batch = GenotypeBatch(OPERATIONS, np.zeros((1, 1), dtype=np.int64), np.array([[True, False, False, True]]))
    assessor = Assessor(SPACE, table, table, everything=table)
    return assessor.best_confirmed(batch, np.array([start]), np.array(["sample"], dtype=object))[0]


@pytest.mark.parametrize("start", [[[1.0, 0.0], [2.0, 0.0]], [[1.2, 0.1], [2.1, 0.0]]])
def test_few_noisy_rows_keep_simple_constants(start):
    """Free constants fit the noise better; those at the next multiple of a half are none, and stay there."""
    np.testing.assert_array_equal(found(12, start).w, [[[1.0, 0.0], [2.0, 0.0]]])


def test_the_torch_program_holds_them_too(monkeypatch):
    monkeypatch.setattr(assess, "backend_of", lambda space, device, threads: TorchBackend(space, device))
    np.testing.assert_array_equal(found(12, [[1.0, 0.0], [2.0, 0.0]]).w, [[[1.0, 0.0], [2.0, 0.0]]])


def test_where_rows_are_many_only_exponents_are_held():
    w = found(200, [[1.0, 0.0], [2.0, 0.0]]).w
    assert not is_whole_or_half(w[:, 0]).any()


@pytest.mark.parametrize("backend", [CompiledBackend(SPACE, 1), TorchBackend(SPACE, torch.device("cpu"))])
@pytest.mark.parametrize("rows", [6, 200])
def test_no_graphs_give_no_graphs(rows, backend):
    """On few rows it happens that a stage leaves none for the next."""
    rng = np.random.default_rng(rows)
    table = Table(rng.uniform(size=(rows, 2)), rng.normal(size=rows))
    assessor = Assessor(SPACE, table, table, everything=table, backend=backend)
    none, origin = nothing(SPACE), np.zeros(0, dtype=object)
    for assess_all in (assessor.best_fifth, assessor.best_confirmed):
        members, order = assess_all(none.batch, none.w, origin)
        assert (len(members), len(order)) == (0, 0)
    for assess_some in (assessor.all_of, assessor.all_confirmed):
        assert len(assess_some(none.batch, none.w, origin)) == 0
    assert len(assessor.confirmed(none)) == 0
    assert len(assessor.of_readout(none.batch, none.w, origin, noisy=True)) == 0


def test_a_graph_that_no_row_defines_leaves_none():
    """The root of a negative column: the screening drops the only graph, and the stages after it are given nothing."""
    space = SearchSpace(("u",), 1, ("zero", "sqrt"), readout_inputs=False)
    table = Table(-1.0 - np.arange(6.0)[:, None], np.arange(6.0) ** 2)
    batch = GenotypeBatch(np.array([[1]]), np.zeros((1, 1), dtype=np.int64), np.array([[True, False, True]]))
    assessor = Assessor(space, table, table, everything=table, backend=TorchBackend(space, torch.device("cpu")))
    start = np.array([[[1.0, 0.0]]])
    for assess_all in (assessor.best_fifth, assessor.best_confirmed):
        members, order = assess_all(batch, start, np.array(["sample"], dtype=object))
        assert (len(members), len(order)) == (0, 0)
