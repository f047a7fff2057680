"""Constants of formulas by compiled loops: the same losses, slopes and fits as by the reference."""

from dataclasses import replace

import numpy as np
import pytest
import sympy
from hypothesis import given
from random_expressions import COLUMNS, X, formulas, u, v

from eqdarts.data.table import Table
from eqdarts.fit.compiled.expressions import KINDS
from eqdarts.fit.formula import compile_template, fit_constants, fit_sets, template

F = sympy.Float
RNG = np.random.default_rng(0)
TABLE = RNG.uniform(0.3, 2.0, (60, 2))
FUNCTIONS = [kind for kind in KINDS if kind not in (sympy.Add, sympy.Mul, sympy.Pow)]


def both(expression, rows, steps, starts=None, free=None):
    """Values and losses by the reference, and by the loops."""
    form = template(expression, COLUMNS)
    code = compile_template(form)
    assert code.program is not None
    starts = form.values[None] if starts is None else starts
    free = np.ones(starts.shape, dtype=bool) if free is None else free
    return [fit_sets(code, starts, free, replace(rows, loops=loops), steps) for loops in (False, True)]


@given(formulas)
def test_losses_agree_or_both_are_infinite(expression):
    (_, reference), (_, loss) = both(expression, Table(X, np.linspace(1, 2, len(X))), 0)
    np.testing.assert_allclose(loss, reference, rtol=1e-9)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
def test_a_step_is_the_same_for_every_function(function, weighted):
    """A step needs the value, its slopes by all constants and the normal equations."""
    expression = F(1.3) * function(F(0.45) * u - F(0.2)) + F(0.7) * v ** F(1.6)
    if function is sympy.log:
        expression = F(1.3) * function(F(0.45) * u + F(0.2)) + F(0.7) * v ** F(1.6)
    form, half = template(expression, COLUMNS), 0.5 * TABLE
    y = compile_template(form).value(half, 1.03 * form.values) + 0.001 * np.cos(9 * TABLE[:, 0])
    rows = Table(half, y, weights=RNG.uniform(0.5, 2, len(TABLE)) ** 2 if weighted else None)
    reference, loops = both(expression, rows, 1)
    assert np.isfinite(reference[1]).all()
    assert (reference[0] != form.values).any()
    np.testing.assert_allclose(loops[0], reference[0], rtol=1e-10)
    np.testing.assert_allclose(loops[1], reference[1], rtol=1e-10)


@pytest.mark.parametrize(
    "expression",
    [
        F(1.2) * u * u * v / (u + F(0.4)),
        F(0.8) ** u + (F(1.1) * v) ** F(2.2),
        (u - 1) ** 3 * F(0.9) + F(0.2) * sympy.sqrt(v),
        (F(0.5) * u + F(1.5)) ** sympy.Rational(-3, 2) + v ** (F(0.3) * u),
        F(1.25),
        sympy.exp(F(0.3)) * u + F(0.3) * v,
    ],
)
def test_products_powers_and_shared_constants(expression):
    rows = Table(TABLE, 2 * TABLE[:, 0] - TABLE[:, 1] ** 2)
    for steps in (1, 2, 30):
        reference, loops = both(expression, rows, steps)
        np.testing.assert_allclose(loops[1], reference[1], rtol=1e-7)
    np.testing.assert_allclose(loops[0], reference[0], rtol=1e-4)


def test_starts_are_fitted_side_by_side_and_held_constants_stay():
    expression = F(1.5) * sympy.exp(F(-0.5) * u) + F(0.5) * v
    rows = Table(TABLE, 3 * np.exp(-TABLE[:, 0]) + 0.25 * TABLE[:, 1])
    starts = np.array([[1.0, 1.0, -2.0], [0.3, 2.0, -0.3], [np.nan, 1.0, 1.0]])
    free = np.array([[True, True, True], [True, False, True], [True, True, True]])
    reference, loops = both(expression, rows, 60, starts, free)
    np.testing.assert_allclose(loops[1], reference[1], rtol=1e-6, atol=1e-25)
    np.testing.assert_allclose(loops[0][:2], reference[0][:2], rtol=1e-6)
    assert loops[0][1, 1] == 2.0
    assert loops[1][2] == np.inf
    assert starts[0].tolist() == [1.0, 1.0, -2.0]


@given(formulas)
def test_a_fit_never_ends_worse_than_it_began(expression):
    form = template(expression, COLUMNS)
    rows = Table(X, np.linspace(1, 2, len(X)))
    code = compile_template(form)
    free = np.ones((1, len(form.values)), dtype=bool)
    (before,), (after,) = (fit_sets(code, form.values[None], free, rows, steps)[1] for steps in (0, 20))
    assert after <= before or not np.isfinite(before)


def test_functions_that_the_loops_lack_are_fitted_by_the_reference():
    form = template(F(1.5) * sympy.erf(F(0.4) * u), COLUMNS)
    code = compile_template(form)
    assert code.program is None
    rows = Table(TABLE, 2 * np.tanh(TABLE[:, 0]))
    fit = fit_constants(code, form.values, rows)
    assert fit.loss == fit_constants(code, form.values, replace(rows, loops=False)).loss
