"""Standard errors are those of the textbook, whoever asks for them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqdarts.fit.covariance import residual_variance, spread, standard_errors
from eqdarts.fit.flat import inverse_of_squares

K, n = 4, 31


@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_all_forms_of_the_inverse_give_the_errors_of_least_squares(seed, times):
    """Also where the rows stand for several times as many."""
    rng = np.random.default_rng(seed)
    jacobian, residual = rng.normal(size=(K, n)) * 10.0 ** rng.uniform(-5, 5, (K, 1)), rng.normal(size=n)
    held = np.arange(K) == 1
    kept = np.tile(jacobian[~held], times)  # the same rows again and again
    variance = times * np.sum(residual**2) / (times * n - (K - 1))
    expected = np.sqrt(np.linalg.inv(kept @ kept.T).diagonal() * variance)
    scale = residual_variance(np.sum(residual**2), times * n, K - 1)
    found = standard_errors(jacobian[None], ~held[None], residual[None], times * n)[0]
    np.testing.assert_allclose(found[~held], expected, rtol=1e-6)
    assert np.isinf(found[held]).all()
    errors = spread(jacobian, held).errors * np.sqrt(scale)
    np.testing.assert_allclose(errors[~held], expected, rtol=1e-6)
    assert np.isnan(errors[held]).all()
    np.testing.assert_allclose(np.sqrt(inverse_of_squares(jacobian[~held]).diagonal() * scale), expected, rtol=1e-6)


def test_redundant_constants_are_known_to_no_digit():
    rng = np.random.default_rng(0)
    column, other = rng.normal(size=(2, n))
    columns, residual = np.stack([column, -2 * column, other]), 0.01 * rng.normal(size=n)
    error = standard_errors(columns[None], np.ones((1, 3), dtype=bool), residual[None], n)[0]
    assert (error[:2] > 100 * error[2]).all()
    found = spread(columns, np.zeros(3, dtype=bool))
    assert found.undetermined.tolist() == [True, True, False]
    assert found.errors[:2].tolist() == [np.inf, np.inf]
    assert found.condition == np.inf
    assert found.errors[2] == pytest.approx(1 / np.linalg.norm(other), rel=0.1)


def test_without_degrees_of_freedom_nothing_is_known():
    assert np.isnan(residual_variance(1.0, 3, 3))
    np.testing.assert_array_equal(residual_variance(np.ones(2), 5, np.array([3, 6])), [0.5, np.nan])
    rng = np.random.default_rng(1)
    error = standard_errors(rng.normal(size=(1, 3, 3)), np.ones((1, 3), dtype=bool), 1e-9 * np.ones((1, 3)), 3)
    assert np.isinf(error).all()
