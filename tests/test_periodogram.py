"""Peaks are where the waves are, whatever the range, the spacing and the trend, and noise has none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples

from eqdarts.data.table import unevenly
from eqdarts.fit.periodogram import chance, line_of, peaks, successive

seeds = st.integers(0, 2**32 - 1)


@given(
    cycles=st.floats(1.5, 40),
    phase=st.floats(-3, 3),
    start=st.sampled_from([0.0, -0.5, 100.0, 1.7e9]),
    length=st.sampled_from([1e-9, 1.0, 1e5]),
    irregular=st.booleans(),
    seed=seeds,
)
def test_the_highest_peak_is_the_wave(cycles, phase, start, length, irregular, seed):
    rng = np.random.default_rng(seed)
    x = np.sort(rng.uniform(0, 1, 101)) if irregular else np.linspace(0, 1, 101)
    x = start * length + length * x
    omega = 2 * np.pi * cycles / np.ptp(x)
    rows = line_of(x, 3 * np.sin(omega * (x - x[0]) + phase) + 2)
    found = peaks(rows, 3)
    assert found.omega[0] == pytest.approx(omega, rel=1e-3)
    assert found.gain[0] > 0.999
    assert (np.diff(found.gain) <= 0).all()
    assert chance(found.gain, rows)[0] < 1e-20


def test_amplitudes_and_trends_are_fitted_along():
    x = np.linspace(0, 1, 157)
    growing = line_of(x, x * np.sin(62.8 * x) + 5 * x**2)
    assert peaks(growing, 1, trend=2, amplitude=1).omega[0] == pytest.approx(62.8, rel=1e-6)
    z = np.random.default_rng(0).normal(size=157)
    assert peaks(line_of(x, z * np.sin(62.8 * x), amplitude=z), 1).omega[0] == pytest.approx(62.8, rel=1e-4)


def test_a_sum_of_waves_is_found_one_by_one():
    x = np.linspace(0, 1, 211)
    y = np.sin(314 * x + 1) + 0.5 * np.sin(125 * x) + 0.2 * np.cos(141 * x) + x
    found = successive(line_of(x, y), 4)
    np.testing.assert_allclose(found.omega[:3], [314, 125, 141], rtol=1e-3)


@given(seeds)
@examples(10)
def test_gains_are_those_of_least_squares(seed):
    rng = np.random.default_rng(seed)
    x, y, root = rng.uniform(0, 1, 31), rng.normal(size=31), rng.uniform(0.5, 2, 31)
    found = peaks(line_of(x, y, root), 2, trend=1)

    def left(columns):
        A = np.stack(columns, axis=1) * root[:, None]
        return np.sum((root * y - A @ np.linalg.lstsq(A, root * y, rcond=None)[0]) ** 2)

    plain = [np.ones(31), x]
    for omega, gain in zip(found.omega, found.gain, strict=True):
        assert 1 - left([*plain, np.cos(omega * x), np.sin(omega * x)]) / left(plain) == pytest.approx(gain, rel=1e-6)


def test_noise_has_no_peak_that_chance_does_not_explain():
    rng = np.random.default_rng(0)
    x = np.linspace(0, 1, 101)
    likely = [chance(peaks(line_of(x, rng.normal(size=101)), 1).gain, line_of(x, x))[0] for _ in range(20)]
    assert min(likely) > 1e-3


def test_many_rows_are_thinned_at_unequal_distances():
    places = unevenly(100_000, 2000)
    assert len(places) <= 2000
    assert len(np.unique(np.diff(places))) > 5
    x = np.linspace(0, 1, 50_001)
    assert peaks(line_of(x, np.sin(5000 * x)), 1).omega[0] == pytest.approx(5000, rel=1e-4)


@pytest.mark.parametrize("x", [np.zeros(9), np.array([0.0, 1, 0, 1, 0, 1]), np.full(7, np.nan)])
def test_columns_without_a_range_have_none(x):
    assert line_of(x, np.arange(len(x), dtype=float)) is None
