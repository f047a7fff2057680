"""Forms of noise: spreads, weights, and what makes their likelihoods comparable."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from eqdarts import InputDataError
from eqdarts.data.noise import (
    FORMS,
    GIVEN,
    Noise,
    floored,
    least_value,
    likeliest,
    log_jacobian,
    log_likelihood,
    possible_forms,
    weighted,
    weights_of,
)
from eqdarts.data.table import Table
from eqdarts.data.user_table import with_errors

SEEDS = st.integers(0, 2**32 - 1)
FACTORS = st.sampled_from([1e-200, 1e-9, 0.3, 7.0, 1e12, 1e200])


def rows(seed, n=23):
    rng = np.random.default_rng(seed)
    law = np.exp(rng.uniform(-3, 3, n))
    return Table(rng.uniform(1, 2, (n, 2)), law * (1 + 0.1 * rng.normal(size=n))), law


@given(SEEDS, st.sampled_from(FORMS), FACTORS)
def test_weights_are_inverse_squares_of_spreads_and_one_on_average(seed, form, factor):
    table, law = rows(seed)
    counts = np.random.default_rng(seed).integers(1, 4, len(table)).astype(float)
    counted = Table(table.X, factor * table.y, weights=counts)
    found, noise = weighted(counted, Noise(form, floor=factor * 1e-9), factor * law)
    assert found.weights.sum() == pytest.approx(counts.sum())
    spreads = noise.spreads(factor * law)
    np.testing.assert_allclose(found.weights / counts, (noise.unit / spreads) ** 2)
    ratio = spreads / spreads[0]
    np.testing.assert_allclose(ratio, (law / law[0]) ** {"additive": 0, "proportional": 1, "poisson": 0.5}[form])


@given(SEEDS, st.sampled_from(FORMS))
def test_the_level_times_the_spread_is_the_standard_deviation(seed, form):
    """Σ w·e² / Σ w of errors that are all one standard deviation is the square of the level, in the form's units."""
    table, law = rows(seed)
    weighed, noise = weighted(table, Noise(form, floor=1e-9), law)
    errors = 0.07 * noise.spreads(law)
    assert noise.level(np.average(errors**2, weights=weighed.weights)) == pytest.approx(0.07)


@given(SEEDS, st.sampled_from(FORMS))
def test_the_likelihood_is_that_of_normal_errors(seed, form):
    table, law = rows(seed)
    spreads, left = Noise(form, floor=1e-9).spreads(law), table.y - law
    level = np.sqrt(np.mean((left / spreads) ** 2))
    expected = stats.norm.logpdf(table.y, law, level * spreads).sum()
    assert log_likelihood(left, spreads) == pytest.approx(expected)
    others = stats.norm.logpdf(table.y[:, None], law[:, None], spreads[:, None] * level * [0.99, 1.01]).sum(axis=0)
    assert (others < expected).all()  # no other level is likelier


@given(SEEDS, st.floats(0.1, 30))
def test_likelihoods_in_two_forms_differ_alike_in_all_units(seed, factor):
    """What the Jacobian is for: without it the form with the larger spreads would look likelier in small units."""
    table, law = rows(seed)

    def differ(k):
        of = [log_likelihood(k * (table.y - law), Noise(form, 0.0).spreads(k * law)) for form in FORMS]
        return np.diff(of)

    np.testing.assert_allclose(differ(factor), differ(1.0), rtol=1e-9, atol=1e-9)
    assert log_jacobian(factor * law) == pytest.approx(log_jacobian(law) - len(law) * np.log(factor))


@given(SEEDS)
def test_a_row_that_counts_twice_is_two_rows(seed):
    table, law = rows(seed)
    counts = np.random.default_rng(seed).integers(1, 4, len(law))
    spreads, left = Noise("proportional").spreads(law), table.y - law
    once = log_likelihood(np.repeat(left, counts), np.repeat(spreads, counts))
    assert log_likelihood(left, spreads, counts.astype(float)) == pytest.approx(once)


@given(SEEDS)
def test_errors_shrink_down_to_the_floor_and_no_further(seed):
    values = np.random.default_rng(seed).normal(size=50) * np.logspace(-6, 2, 50)
    for form in ("proportional", "poisson"):
        spreads = Noise(form, floor=0.03).spreads(values)
        assert spreads.min() == pytest.approx(0.03 if form == "proportional" else 0.03**0.5)
    assert np.isfinite(weights_of(Noise("proportional", 0.03).spreads(values))[0]).all()


def test_the_floor_is_what_y_can_tell_from_zero():
    rounded = np.array([0.0, 0.1, 3.7, 12.2, 5.5, 7.1, 2.2, 9.9, 4.5, 6.1, 0.3, 8.8])
    assert least_value(rounded) == pytest.approx(0.05)
    assert least_value(np.array([0.0, np.pi, np.e / 100, np.sqrt(7)])) == np.e / 100
    assert least_value(np.zeros(3)) > 0
    wave = np.sin(np.arange(200.0))
    assert np.mean(np.abs(wave) < least_value(wave)) == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize("floor", [0.0, 0.3, 4.0])
def test_rows_show_where_errors_end_to_shrink(floor):
    law = np.geomspace(0.01, 10, 300)
    y = law + 0.1 * np.hypot(law, floor) * np.random.default_rng(2).normal(size=300)
    found, likelihood = floored(Noise("proportional", 1e-3), y, law)
    assert found.floor == 1e-3 if floor == 0 else floor / 2 < found.floor < 2 * floor
    assert likelihood == log_likelihood(y - law, found.spreads(law))


@pytest.mark.parametrize(
    ("y", "forms"),
    [
        ([1.0, 2.0], FORMS),
        ([0.0, 2.0], FORMS),
        ([-1.0, -2.0], ("additive", "proportional")),
        ([-1.0, 2.0], ("additive", "proportional")),
    ],
)
def test_counts_are_not_negative(y, forms):
    assert possible_forms(np.array(y)) == forms


@pytest.mark.parametrize("form", FORMS)
def test_the_likeliest_form_is_that_of_the_errors(form):
    rng = np.random.default_rng(5)
    law = np.logspace(0, 3, 100)
    level = {"additive": 3.0, "proportional": 0.1, "poisson": 1.0}[form]
    y = law + level * Noise(form, 0.1).spreads(law) * rng.normal(size=100)
    fits = [(Noise(f, 0.1), law) for f in FORMS]
    assert FORMS[likeliest(fits, y)] == form
    assert likeliest(fits, law) == 0  # no errors have no form
    few = [(noise, values[48:51]) for noise, values in fits]
    assert likeliest(few, y[48:51]) == 0  # three rows do not decide


@given(SEEDS, FACTORS)
def test_given_errors_are_weights_of_a_known_unit(seed, factor):
    table, law = rows(seed)
    errors = factor * 0.1 * law
    found, noise = with_errors(table, "additive", None, errors)
    assert noise.form == GIVEN
    np.testing.assert_allclose(noise.known / np.sqrt(found.weights), errors)
    assert found.weights.mean() == pytest.approx(1)
    one, same = with_errors(table, "auto", None, factor)
    assert same.known == pytest.approx(factor)
    np.testing.assert_allclose(one.weights, 1.0)


@pytest.mark.parametrize(
    ("form", "weights", "errors", "message"),
    [
        ("gaussian", None, None, "noise='gaussian' is not known"),
        ("additive", np.ones(23), 0.1, "y_error= and sample_weight="),
        ("proportional", None, 0.1, "y_error= and noise='proportional'"),
        ("poisson", None, 0.1, "y_error= and noise='poisson'"),
        ("additive", None, [1.0, 2.0], r"y_error has the shape \(2,\)"),
        ("additive", None, np.r_[np.ones(22), 0.0], r"y_error: 0.0 \(row 22\)"),
        ("additive", None, np.r_[np.nan, np.ones(22)], r"y_error: nan \(row 0\)"),
        ("additive", None, -1.0, r"y_error: -1.0 \(row 0\)"),
        ("additive", None, ["a"] * 23, "y_error: .*'a'"),
    ],
)
def test_what_contradicts_itself_is_refused(form, weights, errors, message):
    with pytest.raises(InputDataError, match=message):
        with_errors(rows(0)[0], form, weights, errors)
