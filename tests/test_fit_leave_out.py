"""Errors of rows that had no part in the fit."""

import numpy as np
import pytest
import sympy

from eqdarts.data.table import Table
from eqdarts.equation.equation import Equation
from eqdarts.equation.left_out import with_left_out
from eqdarts.fit.formula import compile_template, fit_constants, template
from eqdarts.fit.leave_out import left_out, leverages

x, t = sympy.symbols("x t")
F = sympy.Float


def fitted(law, rows):
    form = template(law, tuple(sympy.Symbol(name) for name in rows.names))
    compiled = compile_template(form)
    return form, compiled, fit_constants(compiled, form.values, rows).values


def one_by_one(compiled, values, rows):
    out = []
    for i in range(len(rows)):
        others = rows.rows(np.delete(np.arange(len(rows)), i))
        new = fit_constants(compiled, values, others).values
        out.append(compiled.value(rows.X[i : i + 1], new)[0] - rows.y[i])
    return np.array(out)


def rows_of(law, n, spread, seed=0, weights=None, far=None):
    rng = np.random.default_rng(seed)
    X = rng.uniform(1, 3, (n, 2))
    if far is not None:
        X[0] = far
    value = sympy.lambdify((x, t), law)(*X.T)
    return Table(X, value + spread * rng.normal(size=n), ("x", "t"), weights=weights)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("far", [None, (40.0, 2.0)])
def test_of_a_sum_of_terms_it_is_what_fits_to_the_others_say(weighted, far):
    weights = np.random.default_rng(1).uniform(0.5, 4, 13) if weighted else None
    rows = rows_of(2 * x - t, 13, 0.3, weights=weights, far=far)
    _, compiled, values = fitted(F(2.1) * x + F(-0.9) * t + F(0.33), rows)
    np.testing.assert_allclose(left_out(compiled, values, rows), one_by_one(compiled, values, rows), rtol=1e-6)


def test_a_row_that_has_the_fit_to_itself_is_seen():
    rows = rows_of(3 * sympy.exp(-x), 17, 0.01, far=(0.01, 1.0))
    _, compiled, values = fitted(F(3.1) * sympy.exp(F(-1.1) * x), rows)
    _, jacobian = compiled.linearise(rows.X, values[None])
    assert leverages(jacobian[0])[0] > 0.5
    assert leverages(jacobian[0]).sum() == pytest.approx(2)  # as many as constants
    by_hand = one_by_one(compiled, values, rows)
    found = left_out(compiled, values, rows)
    assert found[0] == pytest.approx(by_hand[0], rel=1e-6)
    np.testing.assert_allclose(found, by_hand, rtol=0.05, atol=1e-4)


def equation(law, rows):
    form, _, values = fitted(law, rows)
    expression = form.at(values)
    value = np.broadcast_to(sympy.lambdify((x, t), expression)(*rows.X.T), len(rows))
    loss = float(np.mean((value - rows.y) ** 2))
    return Equation(expression, ("x", "t"), "y", loss, loss / float(rows.y.var()), "sample")


def test_rows_left_out_leave_more():
    rows = rows_of(2 * x, 11, 0.3)
    few, many = equation(F(2.1) * x, rows), equation(sum(F(0.1 * k + 0.13) * x**k for k in range(7)), rows)
    few, many = with_left_out(few, rows), with_left_out(many, rows)
    assert few.loss < few.left_out < many.left_out
    assert many.loss < few.loss
    constant = with_left_out(equation(F(2.1), rows), rows)
    assert constant.left_out == pytest.approx(constant.loss * (11 / 10) ** 2)


def test_where_it_says_nothing_it_is_not_there():
    exact = rows_of(2 * x, 11, 0.0)
    assert with_left_out(equation(F(2.1) * x, exact), exact).left_out is None
    three = rows_of(2 * x, 3, 0.3)
    assert with_left_out(equation(F(2.1) * x + F(0.3) * t + F(0.2), three), three).left_out is None
