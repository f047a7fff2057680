"""Constants of one formula in several groups, some their own and some shared."""

import numpy as np
import pytest
import sympy
from scipy.optimize import curve_fit, least_squares

from eqdarts.fit.formula import Template, compile_template
from eqdarts.fit.joint import GroupRows, fit_jointly, joint_errors, values_of

t, a, k = sympy.symbols("t a k")
G = 3
OWN, FREE = np.array([True, False]), np.ones(2, dtype=bool)


def code():
    return compile_template(Template(a * (1 - sympy.exp(-k * t)), (t,), (a, k), np.ones(2), ("factor",) * 2))


def rows(noise=0.05, counts=(7, 11, 5), weights=None):
    rng = np.random.default_rng(0)
    place = np.repeat(np.arange(G), counts)
    x = rng.uniform(0.2, 8, len(place))
    y = np.array([2.07, 5.31, 8.84])[place] * (1 - np.exp(-0.417 * x)) + noise * rng.normal(size=len(x))
    return GroupRows(x[:, None], y, np.sqrt(np.ones(len(x)) if weights is None else weights), place)


def test_it_finds_the_optimum_of_scipy_with_its_standard_errors():
    weights = np.random.default_rng(1).uniform(0.5, 2, 23)
    table = rows(weights=weights)

    def law(x, k, *heights):
        return np.array(heights)[table.place] * (1 - np.exp(-k * x))

    best, covariance = curve_fit(law, table.X[:, 0], table.y, [0.5, 2, 5, 9], sigma=1 / table.roots)
    found = fit_jointly(code(), table, np.tile([1.0, 1.0], (G, 1)), OWN, FREE)
    errors = joint_errors(code(), table, found, OWN, FREE)
    np.testing.assert_allclose([found.values[0, 1], *found.values[:, 0]], best, rtol=1e-6)
    assert np.ptp(found.values[:, 1]) == 0
    expected = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose([errors.errors[0, 1], *errors.errors[:, 0]], expected, rtol=1e-4)
    assert errors.freedom == 23 - 4


def test_constants_of_each_group_alone_are_those_of_separate_fits():
    table = rows()
    found = fit_jointly(code(), table, np.tile([3.0, 1.0], (G, 1)), FREE, FREE)
    for g in range(G):
        mine = table.place == g
        alone = least_squares(
            lambda p, x=table.X[mine, 0], y=table.y[mine]: p[0] * (1 - np.exp(-p[1] * x)) - y, [3.0, 0.5], xtol=1e-14
        )
        np.testing.assert_allclose(found.values[g], alone.x, rtol=1e-6)


def test_held_constants_stay_and_have_no_error():
    table, free = rows(), np.array([True, False])
    found = fit_jointly(code(), table, np.tile([1.0, 0.417], (G, 1)), OWN, free)
    assert (found.values[:, 1] == 0.417).all()
    errors = joint_errors(code(), table, found, OWN, free).errors
    assert (errors[:, 1] == 0).all()
    assert (errors[:, 0] > 0).all()


def test_a_group_with_one_row_has_what_the_others_tell_of_shared_constants():
    table = rows(counts=(12, 10, 1))
    found = fit_jointly(code(), table, np.tile([1.0, 1.0], (G, 1)), OWN, FREE)
    errors = joint_errors(code(), table, found, OWN, FREE)
    assert np.isfinite(errors.errors).all()
    assert errors.errors[2, 0] > errors.errors[:2, 0].max()
    assert values_of(code(), table, found.values)[-1] == pytest.approx(table.y[-1])


def test_what_rows_do_not_determine_has_no_finite_error():
    table = rows(counts=(12, 10, 1))
    line = compile_template(Template(a + k * t, (t,), (a, k), np.ones(2), ("factor",) * 2))
    found = fit_jointly(line, table, np.tile([5.0, 0.5], (G, 1)), FREE, FREE)
    errors = joint_errors(line, table, found, FREE, FREE).errors
    assert np.isinf(errors[2]).all()
    assert np.isfinite(errors[:2]).all()


def test_an_undefined_formula_has_an_infinite_sum():
    form = compile_template(Template(a * sympy.log(k * t), (t,), (a, k), np.ones(2), ("factor",) * 2))
    found = fit_jointly(form, rows(), np.tile([1.0, -1.0], (G, 1)), OWN, FREE)
    assert found.squares == np.inf
