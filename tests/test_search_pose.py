"""From a table to the problem of a search: which units, rows and weights it has."""

import time

import numpy as np
import pytest

from eqdarts import DARTSRegressor
from eqdarts.data.table import Table
from eqdarts.search.fit_options import fit_options
from eqdarts.search.pose import pose
from eqdarts.search.stops import Watch

N = 71


def posed(table, **options):
    given = fit_options(DARTSRegressor(**options).get_params(deep=False))
    return pose(table, given, np.random.default_rng(0), Watch(given.config, time.monotonic()))


def table(weights=None, x_unit=1.0, y_unit=1.0):
    rng = np.random.default_rng(1)
    X = rng.uniform(1, 3, (N, 2)) * [x_unit, 1.0]
    return Table(X, y_unit * (X[:, 0] / x_unit + X[:, 1]), ("a", "b"), "z", weights)


@pytest.mark.parametrize("validation", [0.25, [1, 4, 7]])
def test_a_common_factor_of_weights_changes_nothing(validation):
    weights = np.random.default_rng(2).uniform(0.5, 2, N)
    one, many = (posed(table(factor * weights), validation=validation).problem for factor in (1.0, 7.3))
    np.testing.assert_allclose(one.table.weights, many.table.weights)
    assert one.table.weights.mean() == pytest.approx(1)
    assert posed(table(np.full(N, 7.3)), validation=validation).problem.table.weights is None


def test_equal_rows_are_one_of_their_weight_unless_validation_names_some():
    twice = table().rows(np.repeat(np.arange(N), 2))
    merged = posed(twice)
    assert len(merged.problem.table) == N
    assert merged.problem.table.weights is None
    np.testing.assert_array_equal(merged.training.table.weights, np.full(N, 2.0))
    assert merged.training.observations == 2 * N
    assert len(posed(twice, validation=[3]).problem.table) == 2 * N


@pytest.mark.parametrize(("x_unit", "y_unit"), [(1.0, 1.0), (2.0**9, 2.0**-7), (2.0**90, 2.0**-300)])
def test_units_lead_back_to_the_table_to_the_bit(x_unit, y_unit):
    given = table(x_unit=x_unit, y_unit=y_unit)
    problem = posed(given).problem
    back = problem.table.scaled(1 / problem.x_unit, 1 / problem.y_unit).merged()
    np.testing.assert_array_equal(back.X, given.merged().X)
    np.testing.assert_array_equal(back.y, given.merged().y)
    extreme = not 2.0**-60 < x_unit < 2.0**60
    assert (problem.x_unit[0] != 1) == (problem.y_unit != 1) == extreme
    sizes = np.abs([*problem.scaled.columns, problem.scaled.y])
    assert (sizes > 1 / 16).all()
    assert (sizes < 16).all()


def test_rows_to_train_and_to_validate():
    problem = posed(table(), validation=0.25).problem
    assert sorted([*problem.train, *problem.validation]) == list(range(N))
    few = posed(table().rows(slice(20))).problem
    np.testing.assert_array_equal(few.train, few.validation)
    assert posed(table(), validation=[5, 3]).problem.validation.tolist() == [3, 5]


def test_a_constant_target_is_no_search():
    constant = Table(table().X, np.full(N, 7.0))
    found = posed(constant)
    assert found.is_constant
    assert set(found.problem.table.y) == {7.0}
