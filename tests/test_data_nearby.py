"""What rows say of rows that are near them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples

from eqdarts.data.nearby import ambiguity, holds_nothing, planes_of, structure
from eqdarts.data.table import Table

X = np.random.default_rng(0).uniform(1, 3, (200, 4))
PLANE = np.random.default_rng(5).uniform(0, 1, (311, 3))
TABLE = Table(PLANE, PLANE[:, 0])


def test_columns_that_leave_nothing_open_are_told_from_those_that_do():
    a, b, c, _ = X.T
    y = c * np.sin(a / b)
    true, false = ambiguity((a / b)[:, None], y / c, c), ambiguity((a * b)[:, None], y / c, c)
    assert true < 0.01 < 0.3 < false
    assert ambiguity(X[:, :3], y) < 0.1


@given(st.integers(0, 2**32 - 1))
@examples(20)
def test_rows_of_noise_know_nothing_of_each_other(seed):
    """Whatever it is distributed like; about one in forty looks as if they did."""
    rng = np.random.default_rng(seed)
    for noise in (rng.normal(size=311), rng.standard_cauchy(size=311), rng.poisson(20, size=311).astype(float)):
        share, rows = structure(planes_of(PLANE), noise)
        assert rows == 300
        assert share == pytest.approx(1, abs=0.35)


def test_what_follows_the_columns_is_no_noise():
    rng = np.random.default_rng(0)
    waves = np.sin(6 * PLANE[:, 0]) * PLANE[:, 1]
    assert not holds_nothing(TABLE, waves)
    assert not holds_nothing(TABLE, waves + 0.1 * rng.normal(size=311))
    assert not holds_nothing(TABLE, np.where(PLANE[:, 0] > 0.9, np.inf, waves))
    assert holds_nothing(TABLE, waves + 10 * rng.normal(size=311), sure=True)


def test_one_row_knows_nothing():
    assert holds_nothing(Table(np.ones((1, 2)), np.ones(1)), np.ones(1))


def test_few_rows_are_never_sure():
    noise = np.random.default_rng(0).normal(size=12)
    assert holds_nothing(TABLE.rows(np.arange(12)), noise)
    assert not holds_nothing(TABLE.rows(np.arange(12)), noise, sure=True)
