"""The library of terms with simple constants, and the laws that sums of them are."""

import numpy as np
import pytest
import torch

from eqdarts import DARTSRegressor
from eqdarts.data.table import Table
from eqdarts.fit.backend import backend_of
from eqdarts.graph.operations import DEFAULT_OPERATIONS
from eqdarts.graph.space import AGGREGATORS, SearchSpace
from eqdarts.propose.library import library_of, sums_of
from eqdarts.propose.ratios import ratios_in

RNG = np.random.default_rng(0)
CPU = torch.device("cpu")


def _library(space, X, y):
    backend = backend_of(space, CPU, 1)
    return library_of(space, Table(X, y), lambda rows, batch, w: backend.node_values(batch, w, rows))


def _space(columns, **options):
    return SearchSpace(tuple("xyzuvw"[:columns]), 6, DEFAULT_OPERATIONS, **options)


@pytest.mark.parametrize("columns", [1, 2, 5])
def test_its_terms_are_defined_vary_and_do_not_follow_from_each_other(columns):
    X = RNG.uniform(-2, 2, (40, columns))
    library = _library(_space(columns, signed=(True,) * columns), X, X[:, 0])
    assert 300 < len(library.terms) == len(library.values) <= 4000
    assert np.isfinite(library.values).all()
    centred = library.values - library.values.mean(axis=1, keepdims=True)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    some = unit[:: max(1, len(unit) // 400)]
    np.fill_diagonal(cosine := np.abs(some @ some.T), 0.0)
    assert cosine.max() < 1 - 1e-12


@pytest.mark.parametrize(
    ("law", "link"),
    [
        (lambda x, z: np.sin(x) + np.sin(x**2 + x) + 3 * z, "identity"),
        (lambda x, z: np.sin(x * z) * np.cos(z) - 1, "identity"),
        (lambda x, z: x * z + np.sin((x - 1) * (z - 1)), "identity"),
        (lambda x, z: 1 / (3 + np.cos(x - z) + z**2), "reciprocal"),
    ],
)
def test_a_law_of_its_terms_is_a_graph(law, link):
    X = RNG.uniform(-2, 2, (50, 2))
    y = law(*X.T)
    space = _space(2, signed=(True, True), links=("identity", "reciprocal"))
    batch, w = sums_of(space, _library(space, X, y), link, 3)
    backend = backend_of(space, CPU, 1)
    *_, loss = backend.fit(batch, w, Table(X, y), 1, np.ones(w.shape, dtype=bool))
    assert loss.min() < 1e-28 * y.var()


def test_it_has_the_operations_of_the_space_only():
    X = RNG.uniform(1, 2, (30, 1))
    space = SearchSpace(("x",), 3, ("zero", "scale", "linear", "power", "sin"), signed=(False,))
    used = {op for term in _library(space, X, X[:, 0]).terms for node in term.nodes for _, op, _ in node.edges}
    assert used == {"scale", "linear", "power", "sin"}


@pytest.mark.parametrize(
    "options", [{"nodes": 1}, {"aggregators": ("product",)}, {"operations": ("zero", "power", "sin")}]
)
def test_its_terms_are_graphs_of_the_space_however_small(options):
    X = RNG.uniform(1, 2, (30, 2))
    options = {"nodes": 4, "operations": DEFAULT_OPERATIONS, "signed": (False, False), **options}
    space = SearchSpace(("x", "z"), **options)
    library = _library(space, X, np.sin(X[:, 0] * X[:, 1]))
    assert library.terms
    assert all(len(term.nodes) <= space.nodes for term in library.terms)
    nodes = [node for term in library.terms for node in term.nodes]
    assert {node.aggregator for node in nodes} <= set(space.aggregators)
    assert {op for node in nodes for _, op, _ in node.edges} <= set(space.operations)
    for batch, _ in (sums_of(space, library, "identity", 3), ratios_in(space, library)):
        assert set(np.unique(batch.aggregators)) <= {AGGREGATORS.index(a) for a in space.aggregators}


def test_too_many_columns_have_none():
    space = SearchSpace(tuple(f"x{k}" for k in range(30)), 2, DEFAULT_OPERATIONS)
    library = _library(space, RNG.uniform(1, 2, (20, 30)), RNG.uniform(1, 2, 20))
    assert library.terms == []
    batch, _ = sums_of(space, library, "identity", 3)
    assert len(batch) == 0


def test_a_search_finds_such_a_law_in_its_fourth_epoch_and_says_where_it_comes_from():
    x = np.random.default_rng(1).uniform(-1, 1, 20)
    model = DARTSRegressor(max_epochs=6, random_state=0, n_jobs=1, verbose=0)
    model.fit(x[:, None], np.sin(x) + np.sin(x**2 + x))
    assert model.stop_reason_ == "exact"
    assert len(model.history_) <= 4
    assert model.equations_["origin"][model.best_index_] == "library"
