"""What is left of a formula when its constants are put aside."""

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from eqdarts.fit.formula import compile_template
from eqdarts.simplify.form import family, form_of

m, h, x = sympy.symbols("m h x")
F = sympy.Float
NAMES = ("m", "h", "x")


def form(expression, names=NAMES, **options):
    return form_of(expression, names, **options)


@given(st.floats(0.1, 9), st.floats(-9, 9).filter(bool))
def test_formulas_that_differ_in_constants_only_have_one_form(p, q):
    one = F(p) * m * sympy.exp(F(q) * x) + F(q) * h**2
    two = F(q) * h**2 / 3 + F(2.0) * sympy.exp(-x) * m
    assert form(one) == form(two)
    assert form(m * (F(p) * h + x)) == form(m * h + F(q) * m * x)
    assert form(F(p) / (x + F(7.5))) == form(1 / (2 * x + 3))
    assert form(F(p + 2) ** x) == form(F(q) * sympy.exp(-x))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (m, h), (m, m**2), (m + 1, m), (m * h, m + h), (sympy.sin(m), sympy.cos(m)), (m ** F(1.5), m**2), (1 / m, m),
        (sympy.exp(-m), sympy.exp(-m) - 2 * sympy.exp(-3 * m)),
    ],
)  # fmt: skip
def test_other_structures_are_other_forms(one, two):
    assert form(one) != form(two)


def test_exponents_may_be_constants():
    for other in (m ** F(2.03) * h, sympy.sqrt(m) * h**2, h / m):
        assert form(m**2 * h, exponents=False) == form(other, exponents=False)
    assert form(m**2 * h + 1, exponents=False) != form(m**2 * h, exponents=False)


def test_placeholders_do_not_clash_with_columns():
    c = sympy.Symbol("c")
    assert form(2 * c + 1, ("c",)) != form(F(2.5), ("c",))
    assert len(form(2 * c + 1, ("c",)).free_symbols) == 2


@pytest.mark.parametrize(
    ("formula", "constants"),
    [
        (sympy.Integer(5), 1),
        (3 * m / (sympy.Rational(31, 2) + 1 / h), 3),
        (m ** F(1.3) * F(-2.5) + h * sympy.exp(-x / 3), 4),
        (4 * sympy.sqrt(m) * sympy.cos(h + sympy.pi / 3), 3),
        (F(2.0) ** x - 7, 3),
    ],
)
def test_a_formula_is_one_of_its_family(formula, constants):
    rows = np.random.default_rng(0).uniform(0.5, 3, (11, 3))
    form = family(formula, (m, h, x))
    assert len(form.constants) == constants
    expected = np.broadcast_to(sympy.lambdify((m, h, x), formula)(*rows.T), 11)
    np.testing.assert_allclose(compile_template(form).value(rows, form.values), expected)
