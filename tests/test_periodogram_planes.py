"""Waves along two columns are found whatever the units, the spacing and the weights, and noise has none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples

from eqdarts.fit.periodogram import plane_chance, plane_of, plane_peaks, successive_planes

seeds = st.integers(0, 2**32 - 1)


@given(
    omega=st.tuples(st.floats(3, 60), st.floats(-60, 60)),
    phase=st.floats(-3, 3),
    units=st.tuples(st.sampled_from([1e-9, 1.0, 1e5]), st.sampled_from([1e-15, 1.0])),
    regular=st.booleans(),
    seed=seeds,
)
@examples(8)
def test_the_highest_peak_of_a_plane_is_its_wave(omega, phase, units, regular, seed):
    grid = np.stack([a.ravel() for a in np.meshgrid(np.linspace(-1, 1, 43), np.linspace(-1, 1, 41))])
    u = grid if regular else np.random.default_rng(seed).uniform(-1, 1, (2, 307))
    y = np.sin(omega[0] * u[0] + omega[1] * u[1] + phase) + 2 + 0.1 * u[0]
    found, gain = plane_peaks(plane_of((u[0] + 100) * units[0], u[1] * units[1], y), 2)
    assert found[0] * units == pytest.approx(omega, rel=1e-3, abs=1e-2)
    assert plane_chance(gain, len(y))[0] < 1e-20
    assert (np.diff(gain) <= 0).all()


def test_waves_of_a_sum_and_unequal_weights():
    u = np.random.default_rng(0).uniform(-1, 1, (2, 157))
    y = np.sin(20 * u[0] + 18 * u[1]) + 0.5 * np.sin(15 * u[0] - 10 * u[1] + 1) + 3 * u[0]
    found, gain = successive_planes(plane_of(*u, y), 3)
    np.testing.assert_allclose(found[:2], [[20, 18], [15, -10]], rtol=2e-3)
    assert gain[1] > 0.99
    root = np.exp(0.7 * np.random.default_rng(1).normal(size=157))
    weighted, _ = successive_planes(plane_of(*u, y, root), 2)
    np.testing.assert_allclose(weighted, [[20, 18], [15, -10]], rtol=2e-3)


def test_a_plane_without_a_wave_has_none():
    rng = np.random.default_rng(0)
    x, z = rng.uniform(0, 1, (2, 200))
    _, gain = plane_peaks(plane_of(x, z, rng.normal(size=200)), 1)
    assert plane_chance(gain, 200)[0] > 1e-3
    assert plane_of(x, 2 * x + 1, np.sin(50 * x)) is None  # one column twice
    assert plane_of(x, z, np.ones(200)) is None
    assert plane_of(x, z, 3 * x - z + 1) is None
    assert plane_of(x[:6], z[:6], z[:6] ** 2) is None
