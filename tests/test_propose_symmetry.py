"""Symmetries are found from slopes, and the reduced table means what the columns mean."""

from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from eqdarts import PROPOSERS, DARTSRegressor
from eqdarts.data.table import Table
from eqdarts.plots import plot_graph
from eqdarts.propose.symmetry import Reduction, reductions
from eqdarts.search.problem import Problem
from eqdarts.search.reformulations import in_groups, symmetries

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
    assert set(ways[0][0]) == {a - b, c - d}
    # What is searched next is a function of these two, which has a symmetry of its own.
    assert ({a / b}, sympy.Integer(1)) in [(set(g), m) for g, m in found(sympy.exp(-((a / b) ** 2)))]


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


def test_a_reduced_problem_has_the_losses_of_the_table():
    a, b, c, _ = X.T
    y = c**2 * np.sin(a / b)
    problem = Problem(
        table=Table(X, y, tuple("abcd")), columns=tuple("abcd"), x_scale=np.ones(4), y_scale=1.0,
        x_unit=np.ones(4), y_unit=1.0, subset=np.arange(len(y)), train=np.arange(len(y)), validation=np.arange(len(y)),
    )  # fmt: skip
    one, none = Fraction(1), Fraction(0)
    columns = tuple(tuple(Fraction(int(i == j)) for j in range(4)) for i in range(4))
    smaller = in_groups(problem, Reduction(columns, ((one, -one, none, none),), (none, none, Fraction(2), none)))
    np.testing.assert_allclose(smaller.table.y, np.sin(a / b))
    np.testing.assert_allclose(smaller.table.weights, c**4 / np.mean(c**4))
    error = RNG.normal(size=len(y))  # of a fit of y/c²
    relative = np.mean(smaller.table.weights * error**2) / np.mean(smaller.table.weights * smaller.table.y**2)
    np.testing.assert_allclose(relative, np.mean((c**2 * error) ** 2) / np.mean(y**2))


@pytest.fixture(scope="module")
def distance():
    """A model of the third side of a triangle."""
    rows = np.random.default_rng(1).uniform(1, 5, (300, 4))
    u, v, s, t = rows.T
    y = np.sqrt(u**2 + v**2 - 2 * u * v * np.cos(s - t))
    return DARTSRegressor(max_epochs=60, max_time=None, random_state=0, n_jobs=1, verbose=0).fit(rows, y), rows


@pytest.mark.slow
def test_a_search_finds_a_law_through_its_symmetry_and_says_so(distance):
    model, _ = distance
    assert model.stop_reason_ == "exact"
    chosen = model.equation()
    assert chosen.origin.startswith("symmetry, ")
    assert any("x3 - x4" in name for name in chosen.genotype.inputs)


@pytest.mark.slow
def test_the_graph_of_groups_is_drawn_with_their_names_and_survives_a_file(distance, tmp_path):
    model, rows = distance
    texts = [text.get_text() for text in plot_graph(model).texts]
    assert any("x3 - x4" in text for text in texts)
    model.save(tmp_path / "model.json")
    again = DARTSRegressor.load(tmp_path / "model.json")
    assert again.genotype_ == model.genotype_
    np.testing.assert_array_equal(again.predict(rows), model.predict(rows))


@pytest.mark.slow
def test_without_symmetries_no_equation_comes_from_one(distance):
    model, rows = distance
    options = {"max_epochs": 8, "max_time": None, "random_state": 0, "n_jobs": 1, "verbose": 0}
    other = DARTSRegressor(**options, proposers=tuple(name for name in PROPOSERS if name != "symmetry"))
    other.fit(rows, model.predict(rows))
    assert not any("symmetry" in origin for origin in other.equations_.origin)
