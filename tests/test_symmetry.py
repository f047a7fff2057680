"""Symmetries are found from slopes, and the reduced table means what the columns mean."""

from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from eqdarts import DARTSRegressor
from eqdarts.plots import plot_graph
from eqdarts.search.branches import symmetries
from eqdarts.search.symmetry import Reduction, ambiguity, reductions

a, b, c, d = COLUMNS = sympy.symbols("a b c d", positive=True)
RNG = np.random.default_rng(0)
X = RNG.uniform(1, 3, (200, 4))


def found(formula):
    return [r.symbolic(COLUMNS) for r in symmetries(formula, COLUMNS, X)]


@pytest.mark.parametrize(
    ("formula", "groups", "prefactor"),
    [
        (a * b / (sympy.exp(a * b / (c * d)) - 1), {a * b / (c * d)}, c * d),
        (a * sympy.cos(b - c) + a * d, {b - c, d}, a),
        (sympy.sqrt((a + b) / c) * sympy.tanh(d), {d}, sympy.sqrt(a + b) / sympy.sqrt(c)),
        (sympy.sin(a / b) / (1 + (a / b) ** 3), {a / b}, sympy.Integer(1)),
    ],
)
def test_a_law_is_reduced_to_its_groups(formula, groups, prefactor):
    ways = [(set(g), m) for g, m in found(formula)]
    assert (groups, prefactor) in ways


def test_without_a_symmetry_nothing_is_reduced():
    assert found(sympy.sin(a + b**2) + sympy.sin(c**2 + a * d**3)) == []


def test_differences_come_first_and_quotients_of_them_follow():
    ways = found(sympy.exp(-((a - b) ** 2) / (c - d) ** 2))
    assert any(len(groups) == 1 for groups, _ in ways) or any(set(g) == {a - b, c - d} for g, _ in ways)


@settings(deadline=None)
@given(st.lists(st.sampled_from([-2, -1, 0, 1, 2]), min_size=4, max_size=4), st.integers(0, 3))
def test_a_product_of_powers_leaves_the_prefactor(exponents, j):
    """y = Π x^e · f(x_j): all that is left is x_j, and the values agree."""
    exponents[j] = 0
    if sum(map(abs, exponents)) == 0:
        exponents[(j + 1) % 4] = 1
    prefactor = sympy.Mul(*(x**e for x, e in zip(COLUMNS, exponents, strict=True)))
    ways = found(prefactor * (sympy.sin(3 * COLUMNS[j]) + 2))
    assert ((COLUMNS[j],), prefactor) in ways


def test_numbers_and_symbols_of_a_reduction_agree():
    half, one, none = Fraction(1, 2), Fraction(1), Fraction(0)
    reduction = Reduction(
        ((one, -one, none, none), (none, none, one, none), (none, none, none, one)),
        ((one, -one, none), (none, none, one)),
        (none, half, Fraction(-2)),
    )
    groups, prefactor = reduction.symbolic(COLUMNS)
    values, factor = reduction.apply(X)
    f = sympy.lambdify(COLUMNS, [*groups, prefactor])
    np.testing.assert_allclose(np.column_stack([*values.T, factor]), np.column_stack(f(*X.T)))


def test_negative_columns_carry_whole_powers_only():
    signed = X - 2
    value = signed[:, 0] * np.sin(signed[:, 1])
    slopes = np.column_stack([np.sin(signed[:, 1]), signed[:, 0] * np.cos(signed[:, 1]), 0 * value, 0 * value])
    ways = [r.symbolic(COLUMNS) for r in reductions(signed, value, slopes)]
    assert ((b,), a) in ways
    for groups, prefactor in ways:
        assert np.isfinite(np.asarray(sympy.lambdify(COLUMNS, [*groups, prefactor])(*signed.T), dtype=float)).all()


def test_differences_of_one_sign_are_taken_so_that_they_are_positive():
    rows = X + np.array([0, 0, 4, 0])
    ways = [r.symbolic(COLUMNS) for r in symmetries(a * sympy.sqrt(c - b) * sympy.sin(d / (c - b)), COLUMNS, rows)]
    assert any(set(groups) <= {d / (c - b), (c - b) / d} for groups, _ in ways)


def test_columns_that_leave_nothing_open_are_told_from_those_that_do():
    a, b, c, _ = X.T
    y = c * np.sin(a / b)
    true, false = ambiguity((a / b)[:, None], y / c, c), ambiguity((a * b)[:, None], y / c, c)
    assert true < 0.01 < 0.3 < false
    assert ambiguity(X[:, :3], y) < 0.1


@pytest.mark.slow
def test_a_search_finds_a_law_through_its_symmetry_and_says_so():
    rows = np.random.default_rng(1).uniform(1, 5, (300, 4))
    u, v, s, t = rows.T
    y = np.sqrt(u**2 + v**2 - 2 * u * v * np.cos(s - t))
    model = DARTSRegressor(max_epochs=60, max_time=None, random_state=0, n_jobs=1, verbose=0).fit(rows, y)
    assert model.stop_reason_ == "exact"
    chosen = model.equation()
    assert chosen.origin.startswith("symmetry, ")
    assert any("x3 - x4" in name for name in chosen.genotype.inputs)
    assert plot_graph(model).figure is not None
