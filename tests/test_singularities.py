"""Limits at removable singularities, no values at poles and jumps, and laws that one such row does not veto."""

import numpy as np
import pandas as pd
import pytest
import sympy

from eqdarts import DARTSRegressor, InputDataError, refit
from eqdarts.data.kept import keep
from eqdarts.data.table import Table
from eqdarts.equation.equation import Equation
from eqdarts.equation.evaluation import evaluate
from eqdarts.equation.refit import with_fit
from eqdarts.errors import SearchWarning
from eqdarts.search.problem import Problem
from eqdarts.simplify.singularities import special_rows


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("sin(x)/x", 1.0),
        ("(1 - exp(-x))/x", 1.0),
        ("5*(1 - exp(-3*x/10))/x", 1.5),
        ("2.5*(1 - exp(-0.3*x))/x", 0.75),
        ("x*log(x)", 0.0),
        ("x/(exp(x) - 1)", 1.0),
        ("(x - sin(x))/x**3", 1 / 6),
        ("tan(3*x)/x", 3.0),
        ("sin(pi*x)/x", np.pi),
        ("1/x - 1/sin(x)", 0.0),
        ("x**0.3*log(x) + 1", 1.0),
        ("1/(x**5*(exp(1/x) - 1))", 0.0),
        ("(cosh(x) - 1)/x**2", 0.5),
    ],
)
def test_limits_where_a_formula_is_undefined_as_written(text, limit):
    found = evaluate(sympy.sympify(text), ("x",), np.array([[0.0], [1.5], [0.0]]))
    assert np.isfinite(found).all()
    assert found[[0, 2]] == pytest.approx([limit, limit], rel=1e-12, abs=1e-15)


@pytest.mark.parametrize(
    "text", ["1/x", "Abs(x)/x", "sin(1/x)*x/x", "cos(x)/x", "log(x)", "1.0001/x - exp(-x)/x", "sqrt(-1 - x**2)*x/x"]
)
def test_poles_jumps_and_oscillations_have_none(text):
    x = sympy.Symbol("x")
    with sympy.evaluate(False):
        expression = sympy.sin(1 / x) * x * x**-1 if text.startswith("sin") else sympy.sympify(text)
    assert not np.isfinite(evaluate(expression, ("x",), np.zeros((1, 1))))[0]


def test_limits_of_several_columns():
    x, y = sympy.symbols("x y")
    rows = np.array([[0.0, 0.0], [0.0, 2.0], [3.0, 3.0], [1.0, 2.0]])
    found = evaluate(sympy.sin(x - y) / (x - y), ("x", "y"), rows)
    np.testing.assert_allclose(found, [1, np.sin(2) / 2, 1, np.sin(1)], rtol=1e-12)
    assert np.isnan(evaluate(x * y / (x**2 + y**2), ("x", "y"), rows)[0])  # depends on the direction
    found = evaluate(sympy.sqrt(x) * sympy.log(x) + y, ("x", "y"), rows)
    np.testing.assert_allclose(found[:2], [0, 2], atol=1e-15)


def test_towers_of_exponentials_end():
    x = sympy.Symbol("x")
    tower = sympy.exp(sympy.exp(sympy.exp(1 / x))) * x
    assert evaluate(tower, ("x",), np.zeros((1, 1))).shape == (1,)


def test_the_limit_where_columns_are_equal_does_not_hang_on_rounding():
    """x·(1/x) is not 1 for every x, and 0/log(x·(1/x)) would be 0."""
    x, y = sympy.symbols("x y")
    equal = np.linspace(1, 5, 10)
    assert (equal * (1 / equal) != 1).any()
    rows = np.column_stack([equal, equal])
    np.testing.assert_allclose(evaluate((x - y) / sympy.log(x / y), ("x", "y"), rows), equal, rtol=1e-12)
    np.testing.assert_allclose(
        evaluate((x**2 / y**2 - 1) / (sympy.log(x) - sympy.log(y)), ("x", "y"), rows), 2.0, rtol=1e-12
    )


def places_of(special):
    return [np.flatnonzero(group).tolist() for group in special]


def grid(values, columns=2):
    return np.stack([axis.ravel() for axis in np.meshgrid(*[np.asarray(values, dtype=float)] * columns)], axis=1)


def test_special_rows_are_few():
    x = np.linspace(-5, 5, 101)
    assert places_of(special_rows(x[:, None])) == [[50, 60]]
    assert not special_rows(np.repeat([0.0, 2.0], 50)[:, None])
    pairs = np.column_stack([x + 7.03, np.roll(x, 1) + 7.03])
    pairs[7, 1] = pairs[7, 0]
    assert places_of(special_rows(pairs)) == [[7]]


def test_special_rows_of_a_grid_leave_most_of_the_others():
    assert places_of(special_rows(grid(range(2, 7)))) == [[0, 6, 12, 18, 24]]  # where both are equal
    X = grid(range(1, 6))
    equal, one = X[:, 0] == X[:, 1], X == 1
    first, second = special_rows(X)
    np.testing.assert_array_equal(first, equal | one[:, 0])
    np.testing.assert_array_equal(second, one[:, 1])
    zeros, *others = special_rows(grid(range(5)))
    np.testing.assert_array_equal(zeros, (grid(range(5)) == 0).any(axis=1))
    assert len(others) == 2
    many = special_rows(grid(range(5), 4))
    assert len(many) == 4
    assert max(group.mean() for group in many) <= 0.5


def test_a_problem_without_rows_keeps_the_others_and_the_whole():
    rng = np.random.default_rng(0)
    ones = np.ones(1)
    problem = Problem(
        table=Table(rng.normal(size=(11, 1)), rng.normal(size=11), weights=rng.uniform(1, 2, 11)), columns=("x1",),
        x_scale=ones, y_scale=1.0, x_unit=ones, y_unit=1.0, subset=np.array([0, 3, 4, 9]),
        train=np.array([1, 2, 5]), validation=np.array([3, 10]),
    )  # fmt: skip
    out = np.zeros(11, dtype=bool)
    out[[1, 3]] = True
    regular = problem.without(out)
    np.testing.assert_array_equal(regular.table.y, problem.table.y[~out])
    np.testing.assert_array_equal(regular.table.y[regular.subset], problem.table.y[[0, 4, 9]])
    np.testing.assert_array_equal(regular.table.y[regular.train], problem.table.y[[2, 5]])
    np.testing.assert_array_equal(regular.table.y[regular.validation], problem.table.y[[10]])
    assert regular.whole is problem


LAWS = {
    "sinc": (np.linspace(-10, 10, 101), lambda x: np.sinc(x / np.pi), "sin(x)/x", 1.0),
    "entropy": (np.linspace(0, 2, 41), lambda x: x * np.log(np.where(x > 0, x, 1.0)), "x*log(x)", 0.0),
    "log over x - 1": (
        np.linspace(0.25, 3, 45),
        lambda x: np.where(x == 1, 1.0, np.log(x) / np.where(x == 1, 1.0, x - 1)),
        "log(x)/(x - 1)",
        None,
    ),
}


@pytest.mark.parametrize("name", LAWS)
def test_one_row_does_not_veto_a_law(name):
    x, law, expected, at_zero = LAWS[name]
    x = np.where(np.abs(x) < 1e-12, 0.0, x)
    table, y = pd.DataFrame({"x": x}), law(x)
    model = DARTSRegressor(max_epochs=5, max_time=None, random_state=0, verbose=0, n_jobs=1)
    with pytest.warns(SearchWarning, match="its limit is taken there"):
        model.fit(table, y)
    assert sympy.simplify(model.sympy() - sympy.sympify(expected)) == 0
    np.testing.assert_allclose(model.predict(table), y, atol=1e-12)
    law = model.equation()
    assert np.isfinite(law.relative_loss)
    assert any("x" in condition for condition in law.domain())
    if at_zero is not None:
        assert model.predict(pd.DataFrame({"x": [0.0]}))[0] == pytest.approx(at_zero, abs=1e-12)


def log_mean(u, v):
    return np.where(u == v, u, (u - v) / np.log(np.where(u == v, 2.0, u / v)))


def test_many_rows_of_a_grid_do_not_veto_a_law():
    """Every tenth row has equal columns, and as many have a one in each; the law is 0/0 at the former."""
    X = grid(np.linspace(1, 5, 10))
    table, y = pd.DataFrame(X, columns=["u", "v"]), log_mean(*X.T)
    options = {"proposers": ("sample", "product", "regular")}
    model = DARTSRegressor(max_epochs=5, max_time=None, random_state=0, verbose=0, n_jobs=1, **options)
    with pytest.warns(SearchWarning, match="its limit is taken there"):
        model.fit(table, y)
    assert model.stop_reason_ == "exact"
    assert model.equation().origin == "regular, product"
    u, v = sympy.symbols("u v")
    assert sympy.simplify(model.sympy() - (u - v) / sympy.log(u / v)) == 0
    np.testing.assert_allclose(model.predict(table), y, rtol=1e-12)


def test_a_pole_is_no_law_of_a_row_with_a_value():
    x = np.linspace(0, 2, 41)
    y = np.where(x == 0, 5.0, 1 / np.where(x == 0, 1.0, x))
    model = DARTSRegressor(max_epochs=3, max_time=None, random_state=0, verbose=0, n_jobs=1)
    model.fit(pd.DataFrame({"x": x}), y)
    values = model.predict(pd.DataFrame({"x": x}))
    assert np.isfinite(values).all()
    for equation in model.front_:
        shown = np.mean((equation.predict(x[:, None]) - y) ** 2)
        assert shown == pytest.approx(equation.loss, rel=1e-6, abs=1e-20)


def test_constants_of_an_equation_with_a_limit_have_errors():
    x = np.linspace(0, 5, 51)
    clean = np.where(x == 0, 1.5, 5 * (1 - np.exp(-0.3 * x)) / np.where(x == 0, 1.0, x))
    y = clean + 0.01 * np.random.default_rng(0).normal(size=51)
    s = sympy.Symbol("x")
    equation = Equation(sympy.Float(5.01) * (1 - sympy.exp(-sympy.Float(0.3) * s)) / s, ("x",), "y", 0.0, 0.0, "sample")
    fit = with_fit(equation, keep(Table(x[:, None], y, ("x",)), 51)).fit
    assert np.isfinite(fit.table.std_error).all()
    assert fit.observations == 50


ROWS = np.linspace(-6, 6, 61).round(12)
SINC = np.sinc(2 * ROWS / np.pi)


@pytest.mark.parametrize(
    ("text", "X", "y", "expected"),
    [
        ("a*sin(w*x)/x + c", ROWS, 6 * SINC + 0.5, {"a": 3.0, "c": 0.5}),
        ("a*sin(2*x)/x", ROWS, 6 * SINC, {"a": 3.0}),
        ("sin(2*x)/x", ROWS, 2 * SINC, {}),
        ("a*sin(w*(x - 2))/(x - 2)", ROWS + 2, 6 * SINC, {"a": 3.0, "w": 2.0}),
        (
            "a*x*log(b*x)",
            np.linspace(0, 2, 41),
            1.5 * np.linspace(0, 2, 41) * np.log(np.r_[1, np.linspace(0, 4, 41)[1:]]),
            {"a": 1.5, "b": 2.0},
        ),
    ],
)
def test_a_row_with_a_limit_only_does_not_veto_a_given_formula(text, X, y, expected):
    table = pd.DataFrame({"x": X})
    with pytest.warns(SearchWarning, match="not defined on 1 of .* rows .* its limit is taken there"):
        law = refit(text, table, y, random_state=0)
    np.testing.assert_allclose(law.predict(table), y, atol=1e-12)
    assert law.loss < 1e-24
    assert law.relative_loss < 1e-24
    for name, value in expected.items():
        assert law.constants.value[name] == pytest.approx(value)


def test_the_loss_of_a_given_formula_counts_the_rows_with_a_limit_only():
    y = 6 * SINC
    y[30] += 2.0
    with pytest.warns(SearchWarning, match="its limit is taken there"):
        law = refit("a*sin(w*x)/x", pd.DataFrame({"x": ROWS}), y, sample_weight=np.where(ROWS == 0, 3.0, 1.0))
    assert law.loss == pytest.approx(4.0 * 3 / 63)
    assert law.fit.observations == 60


@pytest.mark.parametrize("text", ["a/x", "a*log(x) + b"])
def test_a_given_formula_with_a_pole_at_a_row_is_refused_with_the_row(text):
    x = np.linspace(0, 5, 51)
    with pytest.raises(InputDataError, match=r"undefined on 1 of 51 rows \(first: row 0\) and has no limit"):
        refit(text, pd.DataFrame({"x": x}), np.ones(51))


def test_rows_with_a_limit_only_do_not_veto_the_law_of_a_large_table():
    x = np.random.default_rng(0).uniform(-10, 10, 10_400)
    x[[5, 777, 10_000]] = 0.0
    table, y = pd.DataFrame({"x": x}), np.sinc(x / np.pi)
    model = DARTSRegressor(max_epochs=5, max_time=None, random_state=0, verbose=0, n_jobs=1)
    with pytest.warns(SearchWarning, match="its limit is taken there"):
        model.fit(table, y)
    assert sympy.simplify(model.sympy() - sympy.sympify("sin(x)/x")) == 0
    np.testing.assert_allclose(model.predict(table), y, atol=1e-12)
