"""Rounding is seen where it is, and only there; an equation is exact to it, or it is not."""

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from eqdarts import DARTSRegressor
from eqdarts.data import rounding, rounding_alike
from eqdarts.data.table import Table
from eqdarts.equation.equation import Equation
from eqdarts.search.exactness import Exactness
from eqdarts.search.problem import Problem

F = sympy.Float
a, b = sympy.symbols("a b")


def smooth(n, seed=0):
    return np.random.default_rng(seed).normal(size=n) * 10


def to_digits(values, digits):
    return np.array([float(f"{v:.{digits}g}") for v in values])


@pytest.mark.parametrize("places", [-1, 0, 1, 3, 6, 12])
def test_decimals_are_seen(places):
    rounded = np.round(smooth(41) * 10, places)
    np.testing.assert_allclose(rounding(rounded), 0.5 * 10.0**-places, rtol=0.2 if places == 12 else 1e-6)
    assert (np.abs(rounded - smooth(41) * 10) <= rounding(rounded)).all()


@pytest.mark.parametrize("digits", [2, 4, 7, 12])
@pytest.mark.parametrize("scale", [1.0, 1e-34, 1e25])
def test_significant_digits_are_seen(digits, scale):
    values = scale * np.exp(smooth(41))
    rounded = to_digits(values, digits)
    error = rounding(rounded)
    assert (np.abs(rounded - values) <= error).all()
    np.testing.assert_allclose(error, 0.5 * 10.0 ** (np.floor(np.log10(rounded)) - digits + 1), rtol=0.1)


@pytest.mark.parametrize("parts", [2, 4, 5, 8])
def test_halves_quarters_fifths_and_eighths_are_seen(parts):
    np.testing.assert_allclose(rounding(np.round(smooth(61) * parts) / parts), 0.5 / parts, rtol=1e-9)


def test_numbers_stored_in_single_precision_are_seen_with_and_without_decimals():
    values = smooth(41)
    single = values.astype(np.float32).astype(float)
    assert (np.abs(single - values) <= rounding(single)).all()
    assert (rounding(single) <= 5e-7 * np.abs(single)).all()
    stored = np.round(values, 3).astype(np.float32).astype(float)
    assert (np.abs(stored - values) <= rounding(stored)).all()
    np.testing.assert_allclose(rounding(stored), 0.5e-3, rtol=0.01)


@given(st.integers(1, 60), st.integers(0, 10**6), st.sampled_from([1.0, 1e-20, 1e20, 1.0 / 3]))
def test_numbers_that_were_not_rounded_are_not_seen_as_rounded(n, seed, scale):
    values = np.random.default_rng(seed).uniform(0.1, 5, n)
    for y in (values, np.sqrt(values), np.exp(-values), values**3, 1 / values):
        assert not rounding(scale * y).any()


@pytest.mark.parametrize("values", [np.zeros(5), np.zeros(0), np.array([1.0, np.nan]), np.array([5e-324, 1e308])])
def test_what_says_nothing_is_no_trouble(values):
    assert rounding(values).shape == values.shape


def test_a_row_off_the_lattice_is_no_rounding():
    y = np.round(smooth(41), 3)
    y[7] += 1e-5 / 3
    assert rounding(y).max() < 1e-6


def test_columns_in_the_format_of_the_target_may_have_come_before_it():
    x, t = np.round(smooth(41), 6), np.linspace(0, 4, 41)
    errors, of_y = rounding_alike(np.column_stack([x, t]), np.round(smooth(41, 1), 6))
    np.testing.assert_allclose(errors, [[5e-7, 0.0]] * 41, rtol=1e-6)
    np.testing.assert_allclose(of_y, 5e-7, rtol=1e-6)


def problem(X, y):
    of_columns, of_y = rounding_alike(X, y)
    d, rows = X.shape[1], np.arange(len(y))
    return Problem(
        table=Table(X, y, ("a", "b")[:d]), columns=("a", "b")[:d], x_scale=np.ones(d),
        y_scale=1.0, x_unit=np.ones(d), y_unit=1.0, subset=rows, train=rows, validation=rows, rounding=of_y,
        x_rounding=of_columns,
    )  # fmt: skip


def found(expression, problem):
    table = problem.table
    value = sympy.lambdify([a, b], expression)(*table.X.T)
    loss = float(np.mean((value - table.y) ** 2))
    return Equation(expression, table.names, "y", loss, loss / float(np.mean(table.y**2)), "sample")


X = np.random.default_rng(5).uniform(1, 5, (97, 2))
LAW = a * sympy.exp(-b)


@pytest.mark.parametrize("places", [4, 6, 12])
def test_a_law_is_exact_to_the_rounding_of_the_target_and_a_neighbour_is_not(places):
    table = problem(X, np.round(X[:, 0] * np.exp(-X[:, 1]), places))
    judge = Exactness(table)
    assert judge.is_exact(found(LAW, table))
    assert judge.is_proof(found(LAW, table))
    assert not judge.is_exact(found(LAW + F(10.0**-places), table))
    assert not judge.is_exact(found(LAW * (1 + F(3 * 10.0**-places)), table))


@pytest.mark.parametrize("ulps", [1, 2])
def test_a_law_is_exact_to_arithmetic_in_single_precision_and_a_neighbour_is_not(ulps):
    single = X.astype(np.float32)
    y = single[:, 0] * np.exp(-single[:, 1])
    y[::7] += ulps * np.spacing(y[::7])  # as a longer way of computing it may leave
    assert y.dtype == np.float32
    table = problem(single.astype(float), y.astype(float))
    judge = Exactness(table)
    assert judge.is_exact(found(LAW, table))
    assert judge.is_proof(found(LAW, table))
    assert not judge.is_exact(found(LAW * (1 + F(3e-6)), table))


def test_a_single_row_that_is_off_is_not_exact():
    y = np.round(X[:, 0] * np.exp(-X[:, 1]), 6)
    y[11] += 4e-6
    table = problem(X, y)
    assert not Exactness(table).is_exact(found(LAW, table))


def test_without_rounding_the_arithmetic_of_doubles_decides():
    table = problem(X, X[:, 0] * np.exp(-X[:, 1]))
    judge = Exactness(table)
    assert judge.is_proof(found(LAW, table))
    assert not judge.is_exact(found(LAW + F(1e-8), table))


@pytest.mark.parametrize("seed", range(5))
def test_whole_numbers_that_are_few_prove_nothing(seed):
    """Every value is within half a step of a curve that was drawn through it."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 5, (9, 1))
    y = rng.poisson(2 * x[:, 0] + 1).astype(float)
    table = problem(x, y)
    curve = sympy.Add(*(F(c) * a**k for k, c in enumerate(np.polynomial.polynomial.polyfit(x[:, 0], y, 6))))
    near = Equation(curve, ("a",), "y", 0.01, float(0.01 / np.mean(y**2)), "sample")
    assert not Exactness(table).is_exact(near)


def test_whether_a_step_is_zero_or_one_proves_nothing():
    table = problem(X, (X[:, 0] > 3).astype(float))
    step = Equation((1 + sympy.tanh(50 * (a - 3))) / 2, ("a", "b"), "y", 1e-3, 2e-3, "sample")
    assert not Exactness(table).is_exact(step)
    assert table.exact_loss < 1e-20


def test_rounded_columns_that_came_before_the_target_are_allowed_for():
    """As in a trajectory: all columns are written with as many digits as their slopes."""
    rounded = np.round(X, 6)
    table = problem(rounded, np.round(X[:, 0] ** 2 * X[:, 1], 6))
    law = found(a**2 * b, table)
    assert law.relative_loss > 10 * (1e-12 / 12) / np.var(table.table.y)
    assert Exactness(table).is_proof(law)
    assert not Exactness(table).is_exact(found(a**2 * b * (1 + F(1e-5)), table))


@pytest.mark.parametrize("store", [lambda y: np.round(y, 6), lambda y: np.round(y, 3), lambda y: y.astype(np.float32)])
def test_a_search_ends_with_a_law_that_is_exact_to_the_rounding_of_its_data(store):
    y = store(X[:, 0] / X[:, 1] ** 2).astype(float)
    model = DARTSRegressor(max_epochs=30, max_time=None, random_state=0, n_jobs=1, verbose=0).fit(X, y)
    assert model.stop_reason_ == "exact"
    assert str(model.sympy()) == "x1/x2**2"


def test_a_search_does_not_end_with_counts():
    rng = np.random.default_rng(3)
    x = rng.uniform(0, 5, (12, 1))
    y = rng.poisson(2 * x[:, 0] + 1).astype(float)
    model = DARTSRegressor(max_epochs=3, replicas=128, max_time=None, random_state=0, n_jobs=1, verbose=0).fit(x, y)
    assert model.stop_reason_ == "max_epochs"


def test_whole_numbers_may_count_exactly_beside_a_target_of_whole_numbers():
    """Years, say, beside rounded counts: x was not rounded although it looks like y, and few constants are a proof."""
    x = np.arange(60.0)[:, None]
    table = problem(x, np.round(1000 * np.exp(-x[:, 0] / 20)))
    assert table.x_rounding.max() == pytest.approx(0.5)
    judge = Exactness(table)
    loss = float(np.mean((1000 * np.exp(-x[:, 0] / 20) - table.table.y) ** 2))
    law = Equation(F(1000.02) * sympy.exp(-F(0.05) * a), ("a",), "y", loss, loss / table.table.y.var(), "sample")
    assert judge.is_proof(law)
