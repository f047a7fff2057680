"""Laws that are one product: exponents from logarithms, factors beside columns, signs."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from eqdarts import DARTSRegressor
from eqdarts.data.table import Table
from eqdarts.fit.backend import TorchBackend, backend_of
from eqdarts.graph.operations import DEFAULT_OPERATIONS
from eqdarts.graph.space import SearchSpace
from eqdarts.propose.library import values_of_terms
from eqdarts.propose.products import exact_products, few_factors, many_factors, products

_NONE = (np.zeros((0, 60)), np.zeros(0, dtype=int), 5)


def _table(X, y):
    signed = tuple(bool(column.min() <= 0) for column in X.T)
    names = tuple(f"x{i}" for i in range(X.shape[1]))
    space = SearchSpace(names, 6, DEFAULT_OPERATIONS, signed=signed, links=("identity", "reciprocal"))
    rows = Table(X, y)
    return space, rows, backend_of(space, torch.device("cpu"), 1)


def _node_values(backend):
    return lambda rows, batch, w: backend.node_values(batch, w, rows)


def _losses(X, y, factors_of):
    """Of each product with its readout fitted, as shares of the variance."""
    space, rows, backend = _table(X, y)
    batch, w = products(space, factors_of(space), rows, _node_values(backend))
    return backend.fit(batch, w, rows, 1, np.ones(w.shape, dtype=bool))[2] / y.var()


@given(st.lists(st.sampled_from([-2.0, -1.0, -0.5, 0.0, 1 / 3, 1.0, 1.5, 3.0, 0.37]), min_size=1, max_size=7))
def test_exponents_few_factors_are_read_off_the_logarithm(exponents):
    X = np.random.default_rng(0).uniform(0.5, 4, (60, len(exponents)))
    laws = exact_products(X, -7.0 * np.prod(X ** np.array(exponents), axis=1), *_NONE)
    assert [law.factors for law in laws] == ([()] if any(exponents) else [])
    for law in laws:
        assert law.exponents == pytest.approx(exponents, abs=1e-9)


def test_what_is_no_product_or_has_too_few_rows_has_none():
    X = np.random.default_rng(1).uniform(1, 2, (60, 2))
    assert exact_products(X, X[:, 0] + 1.0, *_NONE) == []
    assert exact_products(X, X[:, 0] * (1 + 1e-6 * np.sin(X[:, 1])), *_NONE) == []
    assert exact_products(X[:5], X[:5, 0], np.zeros((0, 5)), *_NONE[1:]) == []


@pytest.mark.parametrize(
    ("columns", "law", "exponents"),
    [
        (lambda u, v: (u, 2 * u), lambda u, v: u**3, (3, 0)),
        (lambda u, v: (u, v, u * v), lambda u, v: u * v, (0, 0, 1)),
        (lambda u, v: (u, 2 * u, np.pi * u**2, v), lambda u, v: np.pi * u**2 * v, (0, 0, 1, 1)),
        (lambda u, v: (np.pi * u**2, u), lambda u, v: u**3, (0, 3)),
        (lambda u, v: (u, v, u / v), lambda u, v: u**2 / v, (1, 0, 1)),
        (lambda u, v: (u, u, u, v, v), lambda u, v: u**1.5 * v**-0.37, (1.5, 0, 0, -0.37, 0)),
        (lambda u, v: (0 * u + 7.0, u, 1 / u), lambda u, v: 5 * u**2, (0, 2, 0)),
    ],
)
def test_of_dependent_columns_few_make_the_law(columns, law, exponents):
    u, v = np.random.default_rng(6).uniform(0.5, 4, (2, 60))
    found = exact_products(np.stack(columns(u, v), axis=1), law(u, v), *_NONE)
    assert found[0].exponents == pytest.approx(exponents, abs=1e-9)


def test_a_power_that_would_lose_the_sign_gives_way_to_one_that_keeps_it():
    x, v = np.random.default_rng(7).uniform(-2, 2, (2, 60))
    # By size alone x is the root of x², which stands first.
    X = np.stack([x**2, x, v**2], axis=1)
    assert _losses(X, 2 * x * v**2, few_factors) == pytest.approx([0.0], abs=1e-25)
    assert _losses(X, 2 * x**2 * v**2, few_factors) == pytest.approx([0.0], abs=1e-25)


def test_roots_few_factors_of_both_signs_are_no_candidates():
    X = np.random.default_rng(2).uniform(-2, 2, (60, 1))
    assert not len(_losses(X, np.sqrt(np.abs(X[:, 0])), few_factors))
    assert _losses(X, 3 * X[:, 0] ** 3, few_factors) == pytest.approx([0.0], abs=1e-25)


@pytest.mark.parametrize(
    ("law", "factors"),
    [
        (lambda x, z, t: x * z**2 * np.sin(t), few_factors),
        (lambda x, z, t: -2 * x * np.cos(t) ** 3 / np.sqrt(1 + z), few_factors),
        (lambda x, z, t: x * np.exp(-0.37 * z) * (t - 1) / (z + 1), few_factors),
        (lambda x, z, t: 5 * (x**2 + z**2) * np.tanh(x) / t**2, many_factors),
        (lambda x, z, t: np.sin(x * t) ** 2 * np.exp(x - z), many_factors),
        (lambda x, z, t: np.sqrt(z / (x + z)) * (z - t), many_factors),
    ],
)
def test_products_with_other_factors_are_exact(law, factors):
    X = np.random.default_rng(3).uniform(0.2, 3, (120, 3))
    losses = _losses(X, law(*X.T), factors)
    assert len(losses)
    assert losses.max() < 1e-24


def test_a_difference_that_is_negative_on_all_rows_has_a_root_with_its_sign_turned():
    rng = np.random.default_rng(7)
    z = rng.uniform(0.5, 1, 80)
    for x in (z + rng.uniform(0.5, 2, 80), z - rng.uniform(0.1, 0.4, 80)):
        assert _losses(np.column_stack([x, z]), z * np.sqrt(np.abs(x - z)), few_factors).max() < 1e-24


def test_very_many_columns_have_no_other_factors_but_still_a_power_law():
    X = np.random.default_rng(8).uniform(1, 2, (250, 60))
    space, rows, backend = _table(X, X[:, 3] / X[:, 58] ** 2)
    assert few_factors(space) == many_factors(space) == []
    _, w = products(space, [], rows, _node_values(backend))
    assert sorted(w[0][w[0] != 0]) == [-2.0, 1.0]


def test_a_law_of_operations_that_the_space_lacks_is_no_graph():
    X = np.random.default_rng(9).uniform(1, 5, (60, 2))
    y = (X[:, 0] - X[:, 1]) * X[:, 0]
    names = ("zero", "scale", "linear", "power", "odd_power")
    for operations, count in ((names, 1), (names[:-1], 0)):  # the difference has both signs
        space = SearchSpace(("x", "z"), 4, operations, signed=(False, False))
        rows = Table(X, y)
        backend = backend_of(space, torch.device("cpu"), 1)
        assert len(products(space, few_factors(space), rows, _node_values(backend))[0]) == count


def test_under_noise_there_is_none():
    rng = np.random.default_rng(4)
    X = rng.uniform(1, 3, (120, 3))
    assert not len(_losses(X, X[:, 0] / X[:, 1] * (1 + 1e-3 * rng.normal(size=120)), many_factors))


def test_torch_and_compiled_loops_give_the_same_factors():
    X = np.random.default_rng(5).uniform(0.5, 1, (40, 2))
    space, rows, backend = _table(X, X[:, 0])
    reference = TorchBackend(space, torch.device("cpu"))
    terms = many_factors(space)[:300]
    one, other = (values_of_terms(space, terms, rows, _node_values(b)) for b in (backend, reference))
    assert np.allclose(one, other, rtol=1e-10, equal_nan=True)


def test_the_estimator_says_where_such_a_law_comes_from():
    X = np.random.default_rng(6).uniform(1, 3, (80, 3))
    y = 2 * X[:, 0] * X[:, 1] ** 2 * np.sin(X[:, 2])
    model = DARTSRegressor(max_time=20, random_state=0, verbose=0).fit(X, y)
    assert model.stop_reason_ == "exact"
    assert model.equations_["origin"][model.best_index_] == "product"
    assert model.predict(X) == pytest.approx(y, rel=1e-12)


@pytest.mark.parametrize(
    ("columns", "law", "found"),
    [
        (("x", "two"), lambda u, v: u**3, "x**3"),
        (("x", "v", "product"), lambda u, v: u * v, "product"),
        (("x", "v", "product"), lambda u, v: u * v + u, "product + x"),
        (("x", "v", "ratio"), lambda u, v: 1 / (u + v), "1/(v + x)"),
        (("x", "minus"), lambda u, v: u**2 + u, "x*(x + 1)"),
        (("x", "v", "sum"), lambda u, v: u * v / (u + v), "v*x/sum"),
        (("celsius", "kelvin"), lambda u, v: (273.15 + u) ** 4, "kelvin**4"),
    ],
)
def test_derived_columns_do_not_spread_a_law(columns, law, found):
    u, v = np.random.default_rng(8).uniform(1, 4, (2, 80))
    derived = {
        "x": u, "v": v, "two": 2 * u, "product": u * v, "ratio": u / v, "minus": -u, "sum": u + v, "celsius": u,
        "kelvin": u + 273.15,
    }  # fmt: skip
    table = pd.DataFrame({name: derived[name] for name in columns})
    model = DARTSRegressor(max_epochs=4, max_time=None, random_state=0, n_jobs=1, verbose=0).fit(table, law(u, v))
    assert str(model.sympy()) == found
