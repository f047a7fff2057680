"""Formulas as tapes: functions of several arguments."""

import numpy as np
import pytest
import scipy.special
import sympy

from eqdarts.formula.tape import tape

X = np.linspace(0.3, 7.0, 23)
x, c = sympy.symbols("x c", real=True)


def test_a_bessel_function_has_its_value_and_its_slope():
    form = tape(c * sympy.besselj(0, 2 * x), (x, c))
    value, (by_x, by_c) = form.linearise((0, 1), X, 3.0)
    np.testing.assert_allclose(value, 3 * scipy.special.jv(0, 2 * X), rtol=1e-12)
    np.testing.assert_allclose(by_x, -6 * scipy.special.jv(1, 2 * X), rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(by_c, value / 3, rtol=1e-12)


def test_a_slope_without_a_formula_is_not_a_number():
    _, (by_x, by_c) = tape(sympy.besselj(c, x), (x, c)).linearise((0, 1), X, 1.0)
    assert np.isfinite(by_x).all()
    assert np.isnan(by_c).all()


def test_conditions_are_refused():
    with pytest.raises(ValueError, match="cannot be evaluated"):
        tape(sympy.Piecewise((x, x > 0), (0, True)), (x,))


def test_quotients_are_one_division_where_that_is_wanted():
    law = 3 * x**-2 * sympy.sin(c) / (x + c) ** sympy.Rational(3, 2) / c
    expected = 3 * np.sin(2.0) / (X**2 * (X + 2) ** 1.5 * 2)
    plain, divided = (tape(law, (x, c), divides) for divides in (False, True))
    assert (plain.divides, divided.divides) == (False, True)
    for form in (plain, divided):
        np.testing.assert_allclose(form.value(X, 2.0), expected, rtol=1e-14)
    for one, other in zip(*(form.linearise((0, 1), X, 2.0)[1] for form in (plain, divided)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13)
    assert (tape(x / c, (x, c), divides=True).value(X, X) == 1).all()
    assert (tape(1 / x - x, (x,), divides=True).value(X) == 1 / X - X).all()


def test_derivatives_by_some_arguments_are_those_of_all_to_the_bit():
    """What does not lead to them is passed over, even where it has no derivative."""
    x, a, b, k = sympy.symbols("x a b k")
    form = a * sympy.exp(-k * x) * sympy.Max(x, b) + b / (x + k) ** a + sympy.sqrt(k) * x
    code = tape(form, (x, a, b, k))
    inputs = np.linspace(0.3, 2, 7), 1.5, 0.75, 0.0
    _, whole = code.linearise(range(4), *inputs)
    for some in ([1], [2], [2, 1], [0, 3], [3]):
        for place, slope in zip(some, code.linearise(some, *inputs)[1], strict=True):
            np.testing.assert_array_equal(slope, whole[place])
    assert np.isinf(whole[3]).all()


def test_only_what_leads_to_an_argument_is_differentiated(monkeypatch):
    x, a, k = sympy.symbols("x a k")
    code = tape(a * sympy.exp(-k * x), (x, a, k))
    monkeypatch.setattr("eqdarts.formula.tape._unary", lambda kind: pytest.fail("the slope of exp is not asked for"))
    np.testing.assert_array_equal(code.linearise([1], np.zeros(3), 2.0, 5.0)[1][0], np.ones(3))
