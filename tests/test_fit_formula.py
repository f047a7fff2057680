"""Formulas with free constants: out and back, slopes by differences, and fits that reach the optimum."""

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from random_expressions import COLUMNS, X, floats, formulas, u, v, values

from eqdarts.data.table import Table
from eqdarts.fit.formula import compile_template, fit_constants, template

F = sympy.Float


def moderate(value):
    return bool(np.isfinite(value).all() and (np.abs(value) < 1e6).all())


@given(formulas)
def test_every_float_becomes_a_constant_and_goes_back(expression):
    form = template(expression, COLUMNS)
    assert not form.expression.atoms(sympy.Float)
    assert len(form.constants) == len(form.values) == len(form.roles) == len(set(form.constants))
    back = form.at(form.values)
    before = values(expression)
    fine = np.isfinite(before) & (np.abs(before) < 1e6)
    np.testing.assert_allclose(values(back)[fine], before[fine], rtol=1e-9, atol=1e-12)
    code = compile_template(form)
    np.testing.assert_allclose(code.value(X, form.values)[fine], before[fine], rtol=1e-9, atol=1e-12)


def test_exact_numbers_stay_and_may_be_put_back():
    form = template(F(2.5) * u**2 + sympy.pi * v / 3, COLUMNS)
    assert list(form.values) == [2.5]
    assert form.at([sympy.Rational(5, 2)]) == sympy.Rational(5, 2) * u**2 + sympy.pi * v / 3


def test_roles_say_where_a_constant_stands():
    form = template(F(1.5) * u ** F(2.5) + sympy.sin(F(0.3) * v + F(0.7)) + sympy.exp(F(-0.2) * u), COLUMNS)
    roles = dict(zip(form.values, form.roles, strict=True))
    assert roles == {1.5: "factor", 2.5: "exponent", 0.3: "factor", 0.7: "phase", -0.2: "factor"}


@given(formulas)
def test_jacobian_equals_differences(expression):
    form = template(expression, COLUMNS)
    code = compile_template(form)
    K = len(form.values)
    jacobian = code.linearise(X, form.values[None])[1][0].T
    assert jacobian.shape == (len(X), K)
    step = 1e-6
    for k in range(K):
        shift = step * (np.arange(K) == k)
        up, down = (code.value(X, form.values + sign * shift) for sign in (1, -1))
        numeric = (up - down) / (2 * step)
        fine = (np.abs(up) < 1e3) & (np.abs(numeric) < 1e3) & np.isfinite(jacobian[:, k])
        # Kinks of |…| and the sign lie between two rows or far away, seldom within a step.
        np.testing.assert_allclose(jacobian[fine, k], numeric[fine], rtol=1e-4, atol=1e-4)


@given(formulas, st.integers(0, 2**32 - 1))
def test_a_set_of_constants_alone_equals_itself_among_others(expression, seed):
    form = template(expression, COLUMNS)
    code = compile_template(form)
    sets = form.values * np.random.default_rng(seed).uniform(0.5, 1.5, (3, len(form.values)))
    value, jacobian = code.linearise(X, sets)
    assert value.shape == (3, len(X))
    assert jacobian.shape == (3, len(form.values), len(X))
    for r in range(3):
        np.testing.assert_allclose(value[r], code.value(X, sets[r]), rtol=1e-12)
        np.testing.assert_allclose(jacobian[r], code.linearise(X, sets[[r]])[1][0], rtol=1e-12)


@pytest.mark.parametrize("names", [("c_0", "c_1"), ("x0", "x1"), ("lambda", "x 1"), ("_Dummy_1", "E")])
def test_names_of_columns_do_not_clash_with_names_of_constants(names):
    columns = tuple(sympy.Symbol(name, real=True) for name in names)
    a, b = columns
    truth = 3 * sympy.exp(-a / 2) + a * b + sympy.sin(a * b) * sympy.exp(a * b)
    start = F(2.9) * sympy.exp(F(-0.51) * a) + F(0.9) * a * b + sympy.sin(a * b) * sympy.exp(F(1.02) * a * b)
    form = template(start, columns)
    fit = fit_constants(compile_template(form), form.values, Table(X, values(truth, columns=columns)))
    assert fit.loss < 1e-24
    np.testing.assert_allclose(sorted(fit.values), [-0.5, 1, 1, 3], rtol=1e-9)


def exponential(noise=0.0):
    rng = np.random.default_rng(3)
    rows = np.linspace(0.1, 5, 41)[:, None]
    y = 3 * np.exp(-0.5 * rows[:, 0]) + 1 + noise * rng.normal(size=41)
    form = template(F(2.2) * sympy.exp(F(-0.8) * u) + F(0.4), (u,))
    return form, compile_template(form), rows, y


def test_constants_are_found_exactly_without_noise():
    form, code, rows, y = exponential()
    fit = fit_constants(code, form.values, Table(rows, y))
    assert fit.loss < 1e-28
    np.testing.assert_allclose(np.sort(fit.values), [-0.5, 1, 3], rtol=1e-9)


def test_loss_is_relative_and_never_rises():
    form, code, rows, y = exponential(0.1)
    start = np.mean((code.value(rows, form.values) - y) ** 2) / np.var(y)
    previous = start
    for evaluations in (1, 2, 4, 8, 60):
        fit = fit_constants(code, form.values, Table(rows, y), steps=evaluations)
        assert fit.loss <= previous * (1 + 1e-12)
        assert fit.loss == pytest.approx(np.mean((code.value(rows, fit.values) - y) ** 2) / np.var(y))
        previous = fit.loss
    assert previous < start


def test_precision_is_the_spread_over_many_draws_of_the_noise():
    form, code, rows, clean = exponential()
    rng = np.random.default_rng(4)
    fits = [fit_constants(code, form.values, Table(rows, clean + 0.05 * rng.normal(size=41))) for _ in range(200)]
    spread = np.std([f.values for f in fits], axis=0)
    np.testing.assert_allclose(np.mean([f.precision for f in fits], axis=0), spread, rtol=0.2)


def test_a_redundant_constant_has_no_precision():
    form = template(F(2.0) * sympy.exp(F(-0.5) * u + F(0.3), evaluate=False), (u,))
    assert len(form.values) == 3
    _, _, rows, y = exponential()
    fit = fit_constants(compile_template(form), form.values, Table(rows, y - 1))
    assert fit.loss < 1e-20
    assert sorted(fit.inverse.diagonal() > 1e6) == [False, True, True]


def test_constants_that_are_not_free_stay():
    form, code, rows, y = exponential(0.1)
    free = form.values != -0.8
    fit = fit_constants(code, form.values, Table(rows, y), free=free)
    assert (fit.values == form.values)[~free].all()
    assert (fit.values != form.values)[free].all()
    assert (fit.precision[~free] == 0).all()
    none = fit_constants(code, form.values, Table(rows, y), free=np.zeros(3, dtype=bool))
    assert (none.values == form.values).all()


def test_row_weights_equal_repeated_rows():
    form, code, rows, y = exponential(0.1)
    counts = np.random.default_rng(5).integers(0, 4, 41)
    root = np.sqrt(counts / counts.mean())
    weighted = fit_constants(code, form.values, Table(rows, y, weights=root**2))
    repeated = fit_constants(code, form.values, Table(np.repeat(rows, counts, axis=0), np.repeat(y, counts)))
    np.testing.assert_allclose(weighted.values, repeated.values, rtol=1e-6)


@pytest.mark.parametrize("expression", [sympy.log(F(-1.5) * u), sympy.sqrt(F(-0.5) - u), u ** F(1e4) * F(-2.0)])
def test_a_formula_undefined_on_the_data_has_infinite_loss(expression):
    form = template(expression, (u,))
    rows = np.linspace(1.5, 3, 11)[:, None]
    code = compile_template(form)
    fit = fit_constants(code, form.values, Table(rows, np.ones(11)), free=np.zeros(len(form.values), dtype=bool))
    assert fit.loss == np.inf


def test_fewer_rows_than_constants_leave_the_start_alone():
    form, code, rows, y = exponential(0.1)
    fit = fit_constants(code, form.values, Table(rows[:2], y[:2]))
    assert (fit.values == form.values).all()
    assert np.isfinite(fit.loss)


@given(floats, st.integers(1, 5))
def test_a_number_is_a_formula_too(number, rows):
    form = template(number, COLUMNS)
    code = compile_template(form)
    np.testing.assert_array_equal(code.value(X[:rows], form.values), np.full(rows, float(number)))
    np.testing.assert_array_equal(code.linearise(X[:rows], form.values[None])[1][0].T, np.ones((rows, 1)))
    exact = template(sympy.Integer(2), COLUMNS)
    assert compile_template(exact).linearise(X[:rows], exact.values[None])[1][0].T.shape == (rows, 0)
