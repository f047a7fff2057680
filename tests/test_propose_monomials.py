"""Sums of monomials: which terms there are, and that linear algebra finds those of a polynomial."""

from itertools import product

import numpy as np
import pytest
import sympy
import torch

from eqdarts import DARTSRegressor
from eqdarts.data.table import Table
from eqdarts.fit.assess import Assessor
from eqdarts.fit.backend import CompiledBackend, backend_of
from eqdarts.graph.operations import DEFAULT_OPERATIONS
from eqdarts.graph.space import SearchSpace
from eqdarts.propose.monomials import can_sum, monomials, power_laws, sums_of_monomials, sums_of_truth_values


def _space(inputs=("x", "z"), **options):
    return SearchSpace(inputs, 6, DEFAULT_OPERATIONS, **options)


def test_all_monomials_up_to_a_degree_and_only_whole_columns_below_a_fraction():
    found = {tuple(e) for e in monomials((True, False))}
    low = {e for e in found if sum(map(abs, e)) <= 2}
    assert low == {(1, 0), (2, 0), (0, 1), (0, -1), (0, 2), (0, -2), (1, 1), (1, -1)}
    assert len(found) == len(monomials((True, False)))


@pytest.mark.parametrize("columns", [1, 3, 9, 60])
def test_their_number_is_moderate_however_many_columns(columns):
    found = monomials((True,) * columns)
    assert columns <= len(found) <= 120
    assert not (found < 0).any()


def test_none_where_columns_alone_are_too_many():
    assert monomials((True,) * 200).shape == (0, 200)


@pytest.mark.parametrize(
    ("columns", "options"), [(200, {}), (2, {"aggregators": ("sum",)}), (2, {"operations": ("zero", "exp")})]
)
def test_straight_lines_where_there_are_no_products_or_too_many_columns(columns, options):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, columns))
    y = 2 - 3 * X[:, 0] + X[:, 1]
    names = tuple(f"x{k}" for k in range(columns))
    space = SearchSpace(names, 2, options.pop("operations", DEFAULT_OPERATIONS), **options)
    batch, _ = sums_of_monomials(space, Table(X, y))
    assert not (batch.operations != space.zero).any()
    used = {tuple(np.flatnonzero(row)) for row in batch.readout[:, space.nodes : -1]}
    assert (0, 1) in used
    assert () not in used


def test_power_laws_of_any_exponents_under_noise():
    """The smallest one has the column that matters most; one more column says nothing more than its error."""
    rng = np.random.default_rng(0)
    X = rng.uniform(0.5, 3, (200, 3))
    y = -1.7 * X[:, 2] ** 0.37 / X[:, 0] ** 1.9 * np.exp(0.01 * rng.normal(size=200))
    space = _space(("x", "z", "u"), signed=(False, False, False))
    batch, w = power_laws(space, Table(X, y))
    exponents = [w[r, : space.n_inputs, 0].round(1).tolist() for r in range(len(batch))]
    assert exponents[0][0] != 0
    assert exponents[:2] == [[exponents[0][0], 0, 0], [-1.9, 0, 0.4]]
    assert np.abs(w[2, 1, 0]) < 0.01


@pytest.mark.parametrize(
    ("options", "sign"), [({}, 0), ({"aggregators": ("sum",)}, 1), ({"readout_coefficients": False}, 1)]
)
def test_no_power_laws_where_there_are_none(options, sign):
    """Targets of both signs, and spaces that cannot write them."""
    X = np.random.default_rng(0).uniform(1, 2, (30, 2))
    y = X[:, 0] - (1.5 if sign == 0 else 0)
    batch, _ = power_laws(_space(signed=(False, False), **options), Table(X, y))
    assert len(batch) == 0


def test_graphs_below_a_link_have_the_values_of_the_law():
    rng = np.random.default_rng(0)
    X = rng.uniform(-2, 2, (80, 2))
    y = 1 / (2 + X[:, 0] ** 2 + X[:, 0] ** 3 * X[:, 1] / 20 + X[:, 1] ** 2)
    space = _space(links=("identity", "reciprocal"))
    batch, w = sums_of_monomials(space, Table(X, y))
    backend = backend_of(space, torch.device("cpu"), 1)
    fitted, _, loss = backend.fit(batch, w, Table(X, y), 1, np.ones(w.shape, dtype=bool))
    assert loss.min() < 1e-28 * y.var()
    assert (fitted == w).all()
    assert batch.links[loss.argmin()] == 1


def test_no_more_nodes_than_the_space_has():
    rng = np.random.default_rng(1)
    X = rng.uniform(-1, 1, (200, 1))
    y = sum(X[:, 0] ** k for k in range(1, 10))
    batch, _ = sums_of_monomials(SearchSpace(("x",), 3, DEFAULT_OPERATIONS), Table(X, y))
    assert len(batch)
    assert batch.readout[:, :3].sum(axis=1).max() == 3


def test_only_spaces_with_products_of_powers_have_them():
    assert can_sum(_space())
    assert not can_sum(_space(aggregators=("sum",)))
    assert not can_sum(_space(readout_coefficients=False))
    assert not can_sum(SearchSpace(("x",), 2, ("zero", "linear", "exp")))
    even = ("zero", "linear", "power")
    assert can_sum(SearchSpace(("x",), 2, even, signed=(False,)))
    assert not can_sum(SearchSpace(("x",), 2, even, signed=(True,)))


def test_a_polynomial_of_six_terms_is_found_and_says_where_it_comes_from():
    x = np.random.default_rng(4).uniform(-1, 1, 30)
    model = DARTSRegressor(max_epochs=4, max_time=None, random_state=0, verbose=0).fit(
        x[:, None], sum(x**k for k in range(1, 7))
    )
    (symbol,) = model.sympy().free_symbols
    assert sympy.expand(model.sympy() - sum(symbol**k for k in range(1, 7))) == 0
    assert model.equations_["origin"][model.best_index_] == "monomials"


def test_a_noisy_polynomial_is_found_with_its_round_coefficients():
    rng = np.random.default_rng(5)
    x = rng.uniform(1, 50, 60)
    y = (x**2 + x) / 2
    few = {"replicas": 64, "max_nodes": 2, "operations": ["linear", "power"]}
    model = DARTSRegressor(max_epochs=14, max_time=None, random_state=0, verbose=0, **few).fit(
        x[:, None], y + 0.01 * y.std() * rng.normal(size=60)
    )
    (symbol,) = model.sympy().free_symbols
    assert sympy.expand(model.sympy() - (symbol**2 + symbol) / 2) == 0


def test_laws_that_are_sums_of_monomials_are_found_without_compiled_loops(monkeypatch):
    def unexpected(*_):
        raise AssertionError("a compiled loop was asked for")

    monkeypatch.setattr(CompiledBackend, "__init__", lambda *_: None)
    for name in ("fit", "measure", "settled"):
        monkeypatch.setattr(CompiledBackend, name, unexpected, raising=False)
    X = np.random.default_rng(7).uniform(1, 3, (50, 5))
    y = 1 / (4 * X[:, 0] + X[:, 1] * X[:, 2])
    model = DARTSRegressor(max_time=20, random_state=0, verbose=0).fit(X, y)
    assert model.stop_reason_ == "exact"
    assert len(model.history_) == 1
    assert model.predict(X) == pytest.approx(y, rel=1e-12)


TABLES = {
    "or": lambda a, b: a | b,
    "exclusive or": lambda a, b: a ^ b,
    "implication": lambda a, b: 1 - a | b,
    "majority": lambda a, b, c: a & b | b & c | a & c,
    "or of three": lambda a, b, c: a | b | c,
    "choice": lambda a, b, c: a & b | (1 - a) & c,
}  # fmt: skip


def truth_table(law):
    d = law.__code__.co_argcount
    rows = np.array(list(product((0, 1), repeat=d)))
    return Table(rows.astype(float), np.array([law(*row) for row in rows], dtype=float))


@pytest.mark.parametrize("name", TABLES)
def test_a_truth_table_has_whole_coefficients(name):
    table = truth_table(TABLES[name])
    d = table.X.shape[1]
    space = SearchSpace(table.names, 6, DEFAULT_OPERATIONS, signed=(True,) * d)
    batch, w = sums_of_truth_values(space, table)
    assert len(batch) == 1
    found = Assessor(space, table, table).of_readout(batch, w, np.array(["monomials"], dtype=object), False)
    assert found.loss[0] < 1e-24
    np.testing.assert_allclose(found.coefficients, np.rint(found.coefficients), atol=1e-9)


def test_only_truth_tables_have_more_terms_than_their_rows_allow():
    table = truth_table(TABLES["or"])
    space = SearchSpace(table.names, 6, DEFAULT_OPERATIONS, signed=(True, True))
    assert not len(sums_of_truth_values(space, Table(table.X, 3 * table.y))[0])
    assert not len(sums_of_truth_values(space, Table(table.X + 1, table.y))[0])


def test_or_on_four_rows_is_found_and_is_exact():
    table = truth_table(TABLES["or"])
    model = DARTSRegressor(max_epochs=3, max_time=None, random_state=0, verbose=0).fit(table.X, table.y)
    assert str(model.equation().expression) == "-x1*x2 + x1 + x2"
    assert model.stop_reason_ == "exact"
