"""Searches on resampled tables, predictive intervals, and rows that the training table does not cover."""

import numpy as np
import pandas as pd
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone

from eqdarts import DARTSRegressor, InputDataError
from eqdarts.equation.equation import Equation
from eqdarts.equation.extrapolation import disagreement, outside_hull
from eqdarts.equation.front import Front
from eqdarts.equation.selection import credibility
from eqdarts.equation.stability import Stability, _columns, _drawn, _forms, _weighted_quantiles

m, h, x = sympy.symbols("m h x")
F = sympy.Float


def equation(expression, columns=("m", "h", "x"), loss=1.0):
    return Equation(expression, columns, "y", loss, loss, "sample")


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.uniform(1, 5, (60, 3)), columns=["m", "h", "noise"])
    y = (9.81 * X.m * X.h + rng.normal(0, 1, 60)).rename("E")
    small = {"max_epochs": 2, "replicas": 256, "max_nodes": 1, "operations": ["scale", "power", "exp"]}
    return DARTSRegressor(max_time=None, links=["identity"], random_state=0, verbose=0, **small).fit(X, y), X, y


@pytest.fixture(scope="module")
def stable(fitted):
    return fitted[0].stability(4)


def test_the_law_and_its_columns_come_back(stable):
    assert stable.forms.loc[0, "form"] == "c*h*m"
    assert stable.forms["count"].sum() == len(stable.equations) == len(stable.fronts) == 4
    assert stable.forms["share"].sum() == pytest.approx(1)
    share = stable.columns.set_index("column")["share"]
    assert share["m"] == share["h"] == 1.0
    assert share["noise"] < 1.0
    text = str(stable)
    assert "4 searches on bootstrap tables" in text
    assert "c*h*m" in text


def test_predictive_intervals_hold_new_observations(fitted, stable):
    rng = np.random.default_rng(5)
    X = pd.DataFrame(rng.uniform(1, 5, (400, 3)), columns=["m", "h", "noise"], index=np.arange(400) + 7)
    y = 9.81 * X.m * X.h + rng.normal(0, 1, 400)
    limits = stable.predict_interval(X, 0.9)
    assert list(limits.index) == list(X.index)
    covered = ((limits["low"] < y) & (y < limits["high"])).mean()
    assert 0.82 < covered < 0.97
    law = stable.predict_interval(X, 0.9, noise=False)
    assert ((law["high"] - law["low"]) < (limits["high"] - limits["low"])).all()
    assert (limits["low"] <= limits["median"]).all()
    # Columns are found by name.
    pd.testing.assert_frame_equal(limits, stable.predict_interval(X[["noise", "h", "m"]], 0.9))
    np.testing.assert_allclose(stable.predict_interval(X.to_numpy(), 0.9), limits)


def test_subsamples_repeat_with_their_seed_and_take_their_time(fitted):
    one, two = (fitted[0].stability(2, method="subsample", random_state=3) for _ in range(2))
    assert [str(e) for e in one.equations] == [str(e) for e in two.equations]
    other = fitted[0].stability(2, method="subsample", random_state=4)
    assert [str(e) for e in one.equations] != [str(e) for e in other.equations]
    assert one.method == "subsample"


@pytest.mark.parametrize(
    ("options", "message"),
    [({"n_resamples": 1}, "n_resamples=1"), ({"method": "jackknife"}, "jackknife"), ({"max_time": -1}, "max_time")],
)
def test_wrong_options_are_named(fitted, options, message):
    with pytest.raises(InputDataError, match=message):
        fitted[0].stability(**options)


def test_units_of_a_header_are_those_of_resampled_tables(fitted):
    model, X, y = fitted
    units = clone(model).set_params(units="header", max_epochs=1, replicas=8, proposers=("monomials",))
    X, y = X.copy(), y.copy()
    X.attrs["units"], y.attrs["units"] = {"m": "kg", "h": "m", "noise": "1"}, {"E": "J"}
    found = units.fit(X, y).stability(2)
    assert found.failed == 0


def test_missing_columns_and_levels_are_named(stable, fitted):
    with pytest.raises(InputDataError, match="'noise' is missing"):
        stable.predict_interval(fitted[1][["m", "h"]])
    with pytest.raises(InputDataError, match="level=9"):
        stable.predict_interval(fitted[1], 9)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["bootstrap", "subsample"]))
def test_drawn_weights_add_up(seed, method):
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 4, 17).astype(float)
    drawn = _drawn(counts, method, rng)
    assert (drawn >= 0).all()
    if method == "bootstrap":
        assert drawn.sum() == counts.sum()
    else:
        assert drawn.sum() == round(0.632 * counts.sum())
        assert (drawn <= counts).all()
    # Weights that are no counts stay with their rows.
    weights = counts * 0.37
    drawn = _drawn(weights, method, rng)
    np.testing.assert_allclose(drawn / weights, np.round(drawn / weights), atol=1e-12)


@given(st.integers(0, 2**32 - 1))
def test_weighted_quantiles_are_those_of_repeated_values(seed):
    rng = np.random.default_rng(seed)
    values, counts = rng.normal(size=(3, 7)), rng.integers(1, 5, 7)
    levels = (0.1, 0.5, 0.9)
    repeated = np.repeat(values, counts, axis=1)
    for level, found in zip(levels, _weighted_quantiles(values, counts / counts.sum(), levels), strict=True):
        np.testing.assert_array_equal(found, np.quantile(repeated, level, axis=1, method="inverted_cdf"))


def test_undefined_equations_leave_no_limits():
    e = equation(sympy.sqrt(m), ("m",), 0.01)
    one = Stability(pd.DataFrame(), pd.DataFrame(), (e,), (Front((e,)),), "bootstrap", 0, 20)
    limits = one.predict_interval(np.array([[4.0], [-1.0]]), noise=False)
    assert limits.loc[0].tolist() == [2.0, 2.0, 2.0]
    assert limits.loc[1].isna().all()


def test_credibility_falls_with_the_length_of_description():
    front = Front((equation(F(1.0), loss=1.0), equation(F(2.0) * m, loss=0.01), equation(F(2.0) * m + h, loss=0.0099)))
    belief = credibility(front, 50)
    assert belief.sum() == pytest.approx(1)
    assert belief.argmax() == 1
    assert belief[0] < 1e-9


def test_rows_outside_ranges_and_hull_are_flagged(fitted):
    model, X, _ = fitted
    assert not model.extrapolation(X)["outside_hull"].any()
    assert not model.extrapolation(X)["outside_range"].any()
    new = pd.DataFrame({"m": [3.0, 9.0, 3.0], "h": [3.0, 3.0, 3.0], "noise": [3.0, 3.0, 99.0]}, index=["a", "b", "c"])
    found = model.extrapolation(new)
    assert list(found.index) == ["a", "b", "c"]
    assert found["outside_range"].tolist()[:2] == [False, True]
    assert found["columns"].tolist()[:2] == ["", "m"]
    assert found["outside_hull"].tolist()[:2] == [False, True]
    assert found["flagged"].tolist()[1]
    assert not model.extrapolation(new.loc[["a"]], threshold=1e9)["flagged"].any()


def test_a_corner_of_the_box_is_within_the_ranges_and_outside_the_hull(fitted):
    model, X, _ = fitted
    corner = X.min().to_frame().T
    found = model.extrapolation(corner)
    assert not found["outside_range"].any()
    assert found["outside_hull"].all()


@pytest.mark.parametrize("d", [2, 4, 5])
def test_mixtures_of_points_are_inside_and_mirrored_ones_are_not(d):
    rng = np.random.default_rng(d)
    points = rng.normal(size=(60, d)) * 10.0 ** np.arange(d)
    low, high = points.min(axis=0), points.max(axis=0)
    share = rng.dirichlet(np.ones(60), 8)
    inside = share @ points
    outside = points[:8] * 1.5 - 0.5 * points.mean(axis=0)  # away from the middle; vertices leave the hull
    vertex = points[np.argmax(points[:, 0])] * [0.999, *[1.0] * (d - 1)] + 0.002 * (high - low)
    rows = np.vstack([inside, outside, vertex, points[:3]])
    out_of_box = ((rows < low) | (rows > high)).any(axis=1)
    found = outside_hull(rows, points, low, high, out_of_box)
    assert not found[:8].any()
    assert not found[-3:].any()
    assert (found[out_of_box]).all()


def test_flat_clouds_have_a_hull_too():
    rng = np.random.default_rng(0)
    t = rng.uniform(0, 1, 30)
    points = np.column_stack([t, 2 * t])
    low, high = points.min(axis=0), points.max(axis=0)
    rows = np.array([[0.5, 1.0], [0.5, 1.2]])
    assert outside_hull(rows, points, low, high, np.zeros(2, dtype=bool)).tolist() == [False, True]


def test_many_columns_have_no_hull():
    points = np.random.default_rng(0).uniform(size=(40, 11))
    low, high = points.min(axis=0), points.max(axis=0)
    found = outside_hull(points[:2], points, low, high, np.array([False, True]))
    assert found.isna().tolist() == [True, False]


def test_disagreement_is_the_range_of_predictions():
    rows = np.array([[1.0, 2.0, 0.0], [-4.0, 0.0, 0.0]])
    gap = disagreement(rows, [equation(m), equation(2 * m + h), equation(sympy.sqrt(m + 3))])
    assert gap.tolist() == [3.0, np.inf]


def test_names_are_printed_without_what_moves_the_cursor():
    name = "a\x1b[2J\u202eb"
    found = (equation(F(2) * sympy.Symbol(name), (name,)),)
    printed = str(Stability(_forms(found), _columns(found, [name]), found, (), "bootstrap", 0, 9))
    assert all(line.isprintable() for line in printed.splitlines())
    assert printed.count("a\\x1b[2J\\u202eb") == 2
