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
from eqdarts.propose.monomials import product_of_powers
from eqdarts.propose.terms import Term, graphs_of

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


def test_exponents_that_are_held_need_no_rows():
    """Ten rows bear five constants; a product of four columns has six, of which four are held at whole numbers."""
    rng = np.random.default_rng(0)
    X = rng.uniform(1, 5, (10, 4))
    y = X[:, 0] * X[:, 1] * X[:, 2] / X[:, 3]
    table = Table(X, y + 0.01 * np.std(y) * rng.normal(size=10))
    space = SearchSpace(tuple("abcd"), 1, ("zero", "power"), signed=(False,) * 4)
    products = [
        ("identity", [Term((product_of_powers(space, np.array(p)),))]) for p in ((1.1, 0.9, 1.2, -0.9), (1, 0, 0, 0))
    ]
    batch, w = graphs_of(space, products)
    found = Assessor(space, table, table, everything=table).best_confirmed(
        batch, w, np.array(["sample"] * 2, dtype=object)
    )[0]
    assert found.loss.min() < 1e-3


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


WAVE = SearchSpace(("u",), 1, ("zero", "sin", "power", "exp", "ln"), readout_inputs=False)
BOTH = np.array([True, False, True])


def waves(*operations):
    """Graphs of one edge each."""
    places = np.array([[WAVE.operations.index(name)] for name in operations])
    return GenotypeBatch(places, np.zeros((len(places), 1), dtype=np.int64), np.tile(BOTH, (len(places), 1)))


def halves(weights=False):
    """Rows of 2·sin(1.3·u + 0.2) − 1 to train, and others to validate that are off by what is known."""
    rng = np.random.default_rng(7)
    u, v = rng.uniform(0.5, 3, 53), rng.uniform(0.5, 3, 31)
    off = rng.normal(size=31)
    root = rng.uniform(0.5, 2, 53) if weights else None
    y = 2 * np.sin(1.3 * u + 0.2) - 1
    train = Table(u[:, None], y, weights=None if root is None else root**2)
    return train, Table(v[:, None], 2 * np.sin(1.3 * v + 0.2) - 1 + off), off


def names(count):
    return np.array(["sample"] * count, dtype=object)


@pytest.mark.parametrize("backend", [CompiledBackend(WAVE, 1), TorchBackend(WAVE, torch.device("cpu"))])
def test_a_graph_is_fitted_on_train_rows_and_measured_on_validation_rows(backend):
    train, validation, off = halves()
    found = Assessor(WAVE, train, validation, backend=backend).all_of(waves("sin"), np.array([[[1.2, 0.0]]]), names(1))
    np.testing.assert_allclose(found.w, [[[1.3, 0.2]]], rtol=1e-9)
    np.testing.assert_allclose(found.coefficients, [[2.0, 0.0, -1.0]], rtol=1e-9)
    assert found.train_loss[0] < 1e-24
    np.testing.assert_allclose(found.loss, np.mean(off**2) / train.y.var(), rtol=1e-9)


@pytest.mark.parametrize("backend", [CompiledBackend(WAVE, 1), TorchBackend(WAVE, torch.device("cpu"))])
def test_only_the_readout_may_be_fitted_in_weighted_rows(backend):
    train, validation, _ = halves(weights=True)
    w = np.array([[[0.9, 0.0]]])
    found = Assessor(WAVE, train, validation, backend=backend).of_readout(waves("sin"), w, names(1), noisy=False)
    u, y, root = train.X[:, 0], train.y, train.root_weights
    c, b = np.linalg.lstsq(np.column_stack([np.sin(0.9 * u), np.ones(53)]) * root[:, None], y * root, rcond=None)[0]
    np.testing.assert_array_equal(found.w, w)
    np.testing.assert_allclose(found.coefficients, [[c, 0.0, b]], rtol=1e-9)
    variance = np.average((y - np.average(y, weights=root**2)) ** 2, weights=root**2)
    left = validation.y - c * np.sin(0.9 * validation.X[:, 0]) - b
    np.testing.assert_allclose(found.loss, np.mean(left**2) / variance, rtol=1e-9)


def test_the_law_is_the_most_promising_of_many_and_undefined_graphs_are_none():
    """Logarithms of what is negative somewhere; the screening fits few steps, and a fifth goes on."""
    train, _, _ = halves()
    rng = np.random.default_rng(3)
    batch = waves(*["power", "exp", "ln"] * 13, "sin")
    w = rng.normal(size=(40, 1, 2))
    w[2:39:3] = [-1.0, 0.1]
    w[39] = [1.1, 0.0]
    torch_program = TorchBackend(WAVE, torch.device("cpu"))  # which moves no start into the domain
    members, order = Assessor(WAVE, train, train, backend=torch_program).best_fifth(batch, w, names(40))
    assert order[0] == 39
    assert sorted(order) == [k for k in range(40) if k % 3 != 2 or k == 39]
    assert len(members) >= 40 // 5
    best = int(np.argmin(members.loss))
    assert members.loss[best] < 1e-24
    assert members.batch.operations[best] == WAVE.operations.index("sin")


def test_exponents_near_round_values_are_held_there_as_well():
    u = np.random.default_rng(5).uniform(0.5, 3, 97)
    y = u**2 + 0.05 * np.random.default_rng(6).normal(size=97)
    rows = Table(u[:, None], y)
    members, _ = Assessor(WAVE, rows, rows).best_fifth(waves("power"), np.array([[[1.9, 0.0]]]), names(1))
    held = members.origin == "sample, rounded"
    assert set(members.w[held, 0, 0]) == {2.0}
    assert not is_whole_or_half(members.w[~held, 0, 0]).any()
    assert members.complexity[held].max() < members.complexity[~held].min(), "a round exponent is no constant"


def test_graphs_may_have_no_more_constants_than_half_of_the_rows():
    """At least one is fitted, the smallest."""
    space = SearchSpace(("u", "v"), 3, ("zero", "affine_power"))
    rows = Table(np.random.default_rng(0).uniform(size=(9, 2)), np.random.default_rng(1).uniform(size=9))
    operations = np.zeros((2, len(space.edges)), dtype=np.int64)
    operations[:, 0] = operations[1, 1] = 1
    readout = np.zeros((2, space.n_readout), dtype=bool)
    readout[:, 0] = readout[:, -1] = True
    batch = GenotypeBatch(operations, np.zeros((2, 3), dtype=np.int64), readout)  # of 5 and 8 constants
    start = np.tile([1.0, 1.0, 2.0], (2, len(space.edges), 1))
    assessor = Assessor(space, rows, rows, backend=TorchBackend(space, torch.device("cpu")))
    found = assessor.all_of(batch, start, names(2))
    assert len(found) == 1
    np.testing.assert_array_equal(found.batch.operations, operations[:1])
