"""Flat directions of linear systems, and the simplest of their solutions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqdarts.fit.flat import flat_directions, inverse_of_squares, lengths, simplest_points


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(0, 3))
def test_flat_directions_leave_the_sum_as_it_is(seed, rank, more):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(rank + more, rank)) @ rng.normal(size=(rank, 17)) * 10.0 ** rng.uniform(-9, 9)
    directions = flat_directions(rows)
    assert directions.shape == (more, rank + more)
    np.testing.assert_allclose(directions @ rows, 0.0, atol=1e-10)


@given(st.integers(0, 2**32 - 1))
def test_the_inverse_is_that_of_the_squares_where_no_direction_is_flat(seed):
    rows, sizes = np.random.default_rng(seed).normal(size=(3, 17)), np.array([1e-8, 1.0, 1e5])
    inverse = inverse_of_squares(rows * sizes[:, None]) * np.outer(sizes, sizes)
    np.testing.assert_allclose(inverse @ (rows @ rows.T), np.eye(3), atol=1e-9)


def test_a_flat_direction_has_a_long_inverse():
    rows = np.random.default_rng(0).normal(size=(2, 17))
    inverse = inverse_of_squares(np.concatenate([rows, rows[:1]]))
    assert inverse[0, 0] > 1e20 < inverse[2, 2]
    assert inverse[1, 1] < 1.0
    assert inverse[0, 2] == pytest.approx(-inverse[0, 0])


@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(0, 2))
def test_the_simplest_point_has_no_more_columns_than_the_law(seed, terms, more):
    """Columns of a law, and sums of them beside it: least squares spread over all, and few are enough."""
    rng = np.random.default_rng(seed)
    own = rng.normal(size=(terms, 23))
    rows = np.concatenate([own, rng.uniform(0.5, 2, (more, terms)) @ own])
    target = rng.uniform(0.5, 2, terms) @ own
    spread = np.linalg.lstsq(rows.T, target, rcond=1e-9)[0]
    points = simplest_points(spread, flat_directions(rows), np.linalg.norm(rows, axis=1))
    for point in points:
        np.testing.assert_allclose(point @ rows, target, atol=1e-8)
    counts = [np.count_nonzero(point) for point in points]
    assert counts == sorted(counts)
    assert counts[0] <= terms


def test_round_values_come_before_others_and_first_columns_before_last_ones():
    ones = np.ones(3)
    # x and 2x: both have the exponent 3, and x stands first.
    both = simplest_points(np.array([1.5, 1.5]), np.array([[1.0, -1.0]]), ones[:2])
    np.testing.assert_allclose(both, [[3.0, 0.0], [0.0, 3.0]])
    # An area and a radius: r³ rather than A^(3/2), though the area stands first.
    np.testing.assert_allclose(simplest_points(np.array([0.0, 3.0]), np.array([[1.0, -2.0]]), ones[:2])[0], [0, 3])
    # u, v and w = u·v: w rather than u·v.
    third = np.array([1 / 3, 1 / 3, 2 / 3])
    np.testing.assert_allclose(simplest_points(third, np.array([[1.0, 1.0, -1.0]]), ones)[0], [0, 0, 1], atol=1e-12)


def test_of_very_many_copies_the_first_are_kept():
    rows = np.tile(np.random.default_rng(0).normal(size=(2, 30)), (15, 1))
    spread = np.full(30, 1 / 15)
    point = simplest_points(spread, flat_directions(rows), np.linalg.norm(rows, axis=1))[0]
    np.testing.assert_allclose(point @ rows, rows[0] + rows[1], atol=1e-9)
    assert np.count_nonzero(point) == 2
    assert np.flatnonzero(point).max() < 6


def test_values_beyond_integers_are_numbers_too():
    ones = np.ones(3)
    point = simplest_points(np.array([1e25, 0.0, 1e25]), np.array([[1.0, 1.0, -1.0]]), ones)[0]
    np.testing.assert_allclose(point @ [1.0, 1.0, 2.0], 3e25)


def test_without_flat_directions_the_point_stays():
    values = np.array([1.0, 0.3])
    assert simplest_points(values, np.zeros((0, 2)), np.ones(2)) == [pytest.approx(values)]


@pytest.mark.parametrize("unit", [1.0, 1e200, 1e-200, 1e300])
def test_lengths_of_rows_whose_squares_leave_the_range_of_doubles(unit):
    rows = np.array([[3.0, 4.0], [0.0, 0.0], [6.0, -8.0]]) * unit
    np.testing.assert_allclose(lengths(rows) / unit, [5.0, 0.0, 10.0], rtol=1e-15)
    assert np.isinf(lengths(np.array([[np.inf, 1.0]]))).all()


def test_rows_too_short_for_squares_give_finite_numbers_and_no_warning():
    rows = np.array([[1e-200, 2e-200, 0.0], [1.0, 0.0, 1.0]])
    assert np.isfinite(inverse_of_squares(rows)).all()


def test_units_of_the_values_do_not_matter():
    """Constants of 1e150 and 1e-9 beside each other, with so many flat directions that they are used up in turn."""
    rng = np.random.default_rng(0)
    sizes = np.geomspace(1e-150, 1e9, 27)
    rows = rng.normal(size=(27, 21)) @ np.diag(np.geomspace(1, 2, 21)) * sizes[:, None]
    values = rng.uniform(1, 2, 27) / sizes
    points = simplest_points(values, flat_directions(rows), np.linalg.norm(rows, axis=1))
    assert np.count_nonzero(points[0]) == 21
    np.testing.assert_allclose(points[0] @ rows, values @ rows, rtol=1e-6)
