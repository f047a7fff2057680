"""Groups of columns that rows show without a graph."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqdarts.propose.similarity import similarities

NOISE = 0.01


def columns(count, rows, seed=0):
    return np.random.default_rng(seed).uniform(1.0, 4.0, (rows, count))


def noisy(y, seed=1):
    return y + NOISE * y.std() * np.random.default_rng(seed).standard_normal(len(y))


def spans(reduction, group, prefactor):
    """Is it y = M·f(g)? M may have any power of g, and g may be any power of itself."""
    if len(reduction.groups) != 1:
        return False
    found = np.array(reduction.groups[0], dtype=float)
    others = np.array([group, np.array(reduction.prefactor, dtype=float) - prefactor], dtype=float)
    return all(np.linalg.matrix_rank(np.stack([found, other])) == 1 for other in others)


@given(st.sampled_from([-2, -1, 1, 2]), st.sampled_from([-2, -1, 0, 1, 2]))
def test_the_group_and_the_prefactor_of_two_columns_are_seen_through_noise(power, factor):
    X = columns(2, 80)
    g = X[:, 0] * X[:, 1] ** power
    y = noisy(X[:, 1] ** factor * (1.0 + np.tanh(2.0 * g / np.median(g))))
    assert any(spans(r, (1, power), (0, factor)) for r in similarities(X, y))


def test_columns_are_taken_away_one_after_the_other():
    X = columns(3, 150)
    found = similarities(X, noisy(X[:, 0] / X[:, 2] * np.tanh(X[:, 1] * X[:, 2] / 4.0)))
    assert spans(found[0], (0, 1, 1), (1, 0, -1))
    assert {len(r.groups) for r in found} == {1, 2}
    assert [len(r.groups) for r in found] == sorted(len(r.groups) for r in found)


def test_units_of_columns_and_of_the_target_do_not_matter():
    X = columns(3, 120)
    y = noisy(X[:, 0] * np.cos(X[:, 1] / X[:, 2]))
    assert similarities(X * [1e-9, 3e5, 7.0], 1e12 * y) == similarities(X, y)


def test_columns_of_both_signs_have_whole_powers_only():
    X = columns(2, 100)
    X[:, 0] -= 2.3
    found = similarities(X, noisy(X[:, 1] * np.exp(X[:, 0])))
    assert found[0].prefactor == (Fraction(0), Fraction(1))
    assert all(e.denominator == 1 for r in found for e in (r.groups[0][0], r.prefactor[0]))


def test_what_depends_on_two_columns_in_two_ways_is_left_alone():
    X = columns(2, 150)
    assert similarities(X, noisy(np.sin(3.0 * X[:, 0]) + np.sin(3.0 * X[:, 1]))) == []


@pytest.mark.parametrize("count", [1, 5])
def test_one_column_has_nothing_to_be_grouped_with_and_many_are_too_many(count):
    X = columns(count, 50)
    assert similarities(X, X.sum(axis=1)) == []
