"""The table: rows, units, weights and names, and what is made of it once."""

import copy
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from eqdarts.data.columns import check_varying, is_constant, scales_of, varying
from eqdarts.data.table import Table, evenly, unevenly
from eqdarts.errors import InputDataError, SearchWarning

N, D = 11, 3
numbers = st.floats(-1e150, 1e150).map(lambda v: v if abs(v) > 1e-150 else 0.0)


def table(n=N, weights=None, seed=0):
    rng = np.random.default_rng(seed)
    return Table(rng.uniform(1, 2, (n, D)), rng.normal(size=n), ("a", "b", "c"), "z", weights)


def assert_equal(one, other):
    for name in ("X", "y", "weights"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert (one.names, one.target) == (other.names, other.target)


def test_columns_without_names_are_numbered():
    assert Table(np.ones((2, 3)), np.ones(2)).names == ("x1", "x2", "x3")
    assert Table(np.ones((2, 1)), np.ones(2), ("mass",)).names == ("mass",)


@given(st.lists(st.integers(0, N - 1), max_size=20))
def test_rows_take_their_weights_and_their_names_along(index):
    full = table(weights=np.arange(1.0, N + 1))
    some = full.rows(np.array(index, dtype=int))
    assert (len(some), some.names, some.target) == (len(index), full.names, full.target)
    for k, place in enumerate(index):
        np.testing.assert_array_equal(some.X[k], full.X[place])
        assert (some.y[k], some.weights[k]) == (full.y[place], place + 1)
    mask = np.isin(np.arange(N), index)
    assert_equal(full.rows(mask), full.rows(np.flatnonzero(mask)))


@given(st.integers(1, 400), st.integers(1, 50))
def test_places_are_spread_over_all_rows(n, most):
    for places in (evenly(n, most), unevenly(n, most)):
        assert min(n, most) / 2 < len(places) <= min(n, most)
        assert (np.diff(places) > 0).all()
        assert places[0] >= 0
        assert places[-1] < n
        assert n <= most or np.diff(places).max(initial=0) <= 2 * n / most + 1
    assert len(evenly(n, most)) == min(n, most)
    if most > 1:
        assert (evenly(n, most)[0], evenly(n, most)[-1]) == (0, n - 1)
        assert n <= most or np.ptp(np.diff(evenly(n, most))) <= 1


@given(arrays.arrays(float, (5, 2), elements=numbers), arrays.arrays(float, 5, elements=numbers))
def test_scales_are_undone_to_the_bit(X, y):
    full = Table(X, y)
    x_scale, y_scale = scales_of(full)
    scaled = full.scaled(x_scale, y_scale)
    back = scaled.scaled(1 / x_scale, 1 / y_scale)
    assert_equal(back, full)
    for values in (*scaled.columns, scaled.y):
        used = np.abs(values[values != 0])
        assert len(used) % 2 == 0 or abs(np.median(np.log2(used))) <= 0.5


def test_columns_are_the_rows_turned():
    full = table()
    np.testing.assert_array_equal(full.columns, full.X.T)
    assert full.columns.flags.c_contiguous
    assert full.columns is full.columns


def test_residuals_are_multiplied_by_the_roots_of_weights():
    weights = np.random.default_rng(1).uniform(0, 3, N)
    full, residual = table(weights=weights), np.random.default_rng(2).normal(size=N)
    assert ((full.root_weights * residual) ** 2).sum() == pytest.approx((weights * residual**2).sum())
    assert table().root_weights is None
    np.testing.assert_array_equal(table().roots, np.ones(N))
    np.testing.assert_array_equal(full.roots, full.root_weights)


@given(st.lists(st.floats(0, 100), min_size=2, max_size=20).filter(lambda w: sum(w) > 1e-3))
def test_weights_of_mean_one_weigh_rows_as_before(weights):
    full = table(len(weights), np.array(weights))
    fair = full.of_mean_weight_one()
    assert np.average(fair.y, weights=fair.weights) == pytest.approx(np.average(full.y, weights=weights))
    if fair.weights is None:
        assert len(set(weights)) == 1
    else:
        assert fair.weights.mean() == pytest.approx(1)
    assert table().of_mean_weight_one().weights is None


def test_merged_rows_do_not_know_weights_from_repetitions():
    rng = np.random.default_rng(0)
    weights = rng.integers(0, 4, N)
    once = table(weights=weights)
    again = once.rows(np.repeat(np.arange(N), weights)).rows(rng.permutation(weights.sum()))
    merged = Table(again.X, again.y, again.names, again.target).merged()
    assert_equal(once.merged(), merged)
    assert merged.observations == len(merged) == once.observations == np.count_nonzero(weights)


def test_chunks_are_all_rows_in_their_order():
    full = table(weights=np.arange(1.0, N + 1))
    chunks = list(full.chunks(4))
    assert [len(chunk) for chunk in chunks] == [4, 4, 3]
    np.testing.assert_array_equal(np.concatenate([chunk.X for chunk in chunks]), full.X)
    np.testing.assert_array_equal(np.concatenate([chunk.weights for chunk in chunks]), full.weights)
    assert all(np.shares_memory(chunk.X, full.X) for chunk in chunks)
    assert full.size == N * (D + 1)


def test_a_table_is_two_things_of_pandas():
    X, y = table().as_pandas()
    pd.testing.assert_frame_equal(X, pd.DataFrame(table().X, columns=["a", "b", "c"]))
    assert y.name == "z"


def test_what_is_made_of_a_table_is_made_once_for_each_table_and_argument():
    made = []

    def scaled_sum(of, factor):
        made.append((of, factor))
        return factor * of.y.sum()

    full, other = table(), table(seed=1)
    values = [t.once(scaled_sum, factor) for t in (full, other, full, other) for factor in (1, 2)]
    assert values[:4] == values[4:] == [s * t.y.sum() for t in (full, other) for s in (1, 2)]
    assert len(made) == 4
    full.rows([1, 2]).once(scaled_sum, 1)
    assert len(made) == 5


def test_what_is_made_of_a_table_does_not_travel():
    full = table(weights=np.ones(N))
    full.once(lambda of: lambda: of)  # nothing that could be pickled
    assert full.columns.shape == (D, N)
    for again in (pickle.loads(pickle.dumps(full)), copy.deepcopy(full)):
        assert_equal(again, full)
        assert again.once(len) == N


def test_a_copy_is_its_own():
    full = table()
    kept = full.copied()
    full.X[:], full.y[:] = 0.0, 0.0
    assert_equal(kept, table())


def test_columns_that_vary():
    rng = np.random.default_rng(0)
    X = rng.uniform(1, 2, (N, D))
    X[:, 1] = 4.0
    full = Table(X, X[:, 0], ("a", "b", "c"))
    used = varying(full)
    np.testing.assert_array_equal(used.X, X[:, [0, 2]])
    assert used.names == ("a", "c")
    with pytest.warns(SearchWarning, match="left out the constant column 'b'"):
        check_varying(full.names, used)
    X[0, 1] = 5.0
    assert varying(full).names == full.names
    assert varying(Table(X, full.y, weights=np.r_[0.0, np.ones(N - 1)])).names == ("x1", "x3")


def test_a_constant_target():
    X, y = np.arange(6.0).reshape(3, 2), np.array([7.0, 8.0, 7.0])
    assert is_constant(Table(X, np.full(3, 7.0)))
    assert not is_constant(Table(X, y))
    assert is_constant(Table(X, y, weights=np.array([1.0, 0.0, 1.0])))


def test_what_columns_cannot_explain():
    y, rng = np.arange(3.0), np.random.default_rng(0)
    constant, wide, square = (Table(X, y) for X in (np.ones((3, 2)), rng.normal(size=(3, 5)), rng.normal(size=(3, 3))))
    with pytest.raises(InputDataError, match=r"every column is constant \('x1', 'x2'\)"):
        check_varying(constant.names, varying(constant))
    with pytest.raises(InputDataError, match="no row has a positive weight"):
        varying(Table(np.eye(3), y, weights=np.zeros(3)))
    with pytest.warns(SearchWarning, match="5 columns and only 3 rows"):
        check_varying(wide.names, varying(wide))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_varying(square.names, varying(square))
