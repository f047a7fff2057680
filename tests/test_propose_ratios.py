"""Ratios of sums, found by linear algebra."""

import numpy as np
import pytest
import torch

from eqdarts import DARTSRegressor
from eqdarts.data.table import Table
from eqdarts.fit.backend import backend_of
from eqdarts.graph.operations import DEFAULT_OPERATIONS
from eqdarts.graph.space import SearchSpace
from eqdarts.propose.monomials import monomials, term_of, values_of
from eqdarts.propose.ratios import ratios

LAWS = [
    lambda x, z: (x + 2 * z) / (1 + x * z + z**2),
    lambda x, z: x**2 / (1 - 3 * x * z),  # with a pole
    lambda x, z: (2 - x**2 * z) / (-3 - x**2),  # negative below
    lambda x, z: x / (x + z),  # without a constant below, and the same column on both sides
]


@pytest.mark.parametrize("law", LAWS)
def test_a_ratio_of_polynomials_is_a_graph(law):
    X = np.random.default_rng(0).uniform(0.5, 2, (60, 2))
    y = law(*X.T)
    space = SearchSpace(("x", "z"), 6, DEFAULT_OPERATIONS)
    exponents = monomials((True, True))
    exponents = exponents[exponents.sum(axis=1) <= 3]
    batch, w = ratios(space, [term_of(space, e) for e in exponents], values_of(exponents, X), y)
    backend = backend_of(space, torch.device("cpu"), 1)
    rows = Table(X, y)
    *_, loss = backend.fit(batch, w, rows, 1, np.ones(w.shape, dtype=bool))
    assert loss.min() < 1e-24 * y.var()


def test_terms_that_add_up_to_a_constant_do_not_make_y_of_itself():
    rng = np.random.default_rng(1)
    x, y = rng.uniform(1, 2, 60), rng.normal(size=60)
    space = SearchSpace(("x",), 6, DEFAULT_OPERATIONS)
    terms = [term_of(space, np.array([k])) for k in (1, 2, 3)]
    batch, w = ratios(space, terms, np.stack([x, 7.0 - 2 * x, np.sin(x)]), y)
    backend = backend_of(space, torch.device("cpu"), 1)
    rows = Table(x[:, None], y)
    *_, loss = backend.fit(batch, w, rows, 1, np.ones(w.shape, dtype=bool))
    assert not (loss < 0.1 * y.var()).any()


def test_a_search_finds_a_ratio_and_says_where_it_comes_from():
    x = np.random.default_rng(2).uniform(-1, 1, 40)
    model = DARTSRegressor(max_epochs=12, random_state=0, n_jobs=1, verbose=0)
    model.fit(x[:, None], (x**5 - 3 * x**3 + 1) / (x**2 + 1))
    assert model.stop_reason_ == "exact"
    assert model.equations_["origin"][model.best_index_] == "ratio"
