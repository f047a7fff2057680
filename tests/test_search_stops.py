"""When a search may end: exact equations that are proven by their rows, and as short as laws are."""

import numpy as np
import pytest
import sympy

from eqdarts import DARTSRegressor
from eqdarts.data.table import Table
from eqdarts.equation.equation import Equation
from eqdarts.search.exactness import Exactness, is_plain
from eqdarts.search.problem import Problem

x = sympy.Symbol("x")
a, b = sympy.Float(2.1753), sympy.Float(0.31)


def exact(expression, loss=0.0):
    return Equation(expression, ("x",), "y", loss, loss, "sample")


def is_proof(equation, rows):
    ones, X = np.ones(1), np.random.default_rng(0).normal(size=(rows, 1))
    problem = Problem(
        table=Table(X, np.sqrt(2 + X[:, 0] ** 2), ("x",)), columns=("x",), x_scale=ones,
        y_scale=1.0, x_unit=ones, y_unit=1.0, subset=np.arange(rows), train=np.arange(rows), validation=np.arange(rows),
    )  # fmt: skip
    return Exactness(problem).is_proof(equation)


@pytest.mark.parametrize(
    ("expression", "rows", "certain"),
    [
        (x**2, 2, True),
        (a - a * sympy.cos(x), 4, False),
        (a - a * sympy.cos(x), 5, True),
        (a * sympy.exp(b * x), 8, False),
        (a * sympy.exp(b * x), 9, True),
        (a * sympy.exp(b * x) + sympy.Float(1.7) * x + sympy.Float(0.77), 1000, False),
    ],
)
def test_every_constant_needs_rows(expression, rows, certain):
    assert is_proof(exact(expression), rows) is certain


def test_a_loss_above_rounding_is_not_certain():
    assert not is_proof(exact(x**2, 1e-20), 100)


def test_large_equations_with_constants_are_looked_at_again():
    assert is_plain(exact(a * sympy.exp(b * x)))
    assert is_plain(exact(sympy.exp(-x / 2) / (sympy.exp(x) + sympy.exp(-x) + 7 * sympy.sin(x))))
    assert not is_plain(exact(10 * sympy.exp(-x / 3) / (sympy.tanh(sympy.Rational(17, 20) * x + b) + 1)))


def fitted(X, y, seed=0):
    return DARTSRegressor(max_epochs=30, max_time=None, random_state=seed, verbose=0, n_jobs=1).fit(X, y)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_four_rows_do_not_prove_a_constant(seed):
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
    found = fitted(X, np.array([0.0, 1.0, 1.0, 0.0]), seed).equation()
    assert found.n_constants == 0
    np.testing.assert_allclose(found.predict(X), [0, 1, 1, 0], atol=1e-12)


def test_a_pole_between_the_rows_needs_no_sign():
    t = np.linspace(-4, 7, 90)
    found = fitted(t[:, None], 1 / (t - 2) + t).sympy()
    assert not found.has(sympy.sign, sympy.Abs)
    assert sympy.simplify(found - (1 / (sympy.Symbol("x1") - 2) + sympy.Symbol("x1"))) == 0


def test_a_tangent_is_a_tangent():
    t = np.random.default_rng(0).uniform(-1.4, 1.4, 80)
    assert fitted(t[:, None], np.tan(t)).sympy() == sympy.tan(sympy.Symbol("x1"))
