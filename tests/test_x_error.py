"""Errors of columns: orthogonal distance regression in `refit`, beside closed forms, published values and SciPy."""

import json

import numpy as np
import pandas as pd
import pytest
from command_line import run_here
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import least_squares
from strategies import examples

from eqdarts import DARTSRegressor, Equation, InputDataError, SearchWarning, refit

# Pearson (1901) with the weights of York (1966), of whom the right values are.
PEARSON = pd.DataFrame({
    "x": [0, 0.9, 1.8, 2.6, 3.3, 4.4, 5.2, 6.1, 6.5, 7.4], "y": [5.9, 5.4, 4.4, 4.6, 3.5, 3.7, 2.8, 2.8, 2.4, 1.5],
    "sx": np.array([1000, 1000, 500, 800, 200, 80, 60, 20, 1.8, 1]) ** -0.5,
    "sy": np.array([1, 1.8, 4, 8, 20, 20, 70, 70, 100, 500]) ** -0.5,
})  # fmt: skip


@pytest.fixture(scope="module")
def york():
    return refit("a + b*x", PEARSON[["x"]], PEARSON.y, x_error={"x": PEARSON.sx}, y_error=PEARSON.sy)


def test_pearsons_data_with_yorks_weights(york):
    constants = york.constants
    assert constants.value.round(4).to_dict() == {"a": 5.4799, "b": -0.4805}
    assert constants.std_error.round(4).to_dict() == {"a": 0.2950, "b": 0.0580}
    assert york.fit.chi_square == pytest.approx(11.8664, abs=5e-5)


@examples(4)
@given(st.integers(0, 2**32 - 1), st.floats(0.2, 5))
def test_a_line_is_that_of_deming(seed, ratio):
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 5, 15)
    y = 2 - 0.7 * x + rng.normal(0, 0.2, 15)
    x = x + rng.normal(0, 0.2, 15)
    line = refit("a + b*x1", x[:, None], y, x_error=0.1, y_error=0.1 * np.sqrt(ratio))
    (xx, xy), (_, yy) = np.cov(x, y)
    slope = (yy - ratio * xx + np.sqrt((yy - ratio * xx) ** 2 + 4 * ratio * xy**2)) / (2 * xy)  # Deming (1943)
    assert line.fit.values[1] == pytest.approx(slope, rel=1e-8)
    assert line.fit.values[0] == pytest.approx(y.mean() - slope * x.mean(), rel=1e-8)


def curved():
    rng = np.random.default_rng(0)
    X, errors = rng.uniform(0.5, 3, (30, 2)), np.array([0.1, 0.05])
    y = 2 * np.exp(-0.7 * X[:, 0]) * X[:, 1] + rng.normal(0, 0.05, 30)
    return X + rng.normal(0, 1, X.shape) * errors, y, errors


def test_constants_and_errors_are_those_of_all_unknowns_together():
    X, y, errors = curved()
    law = refit("a*exp(-k*x1)*x2", X, y, {"a": 1, "k": 1}, x_error=errors, y_error=0.05, n_starts=1)

    def residuals(unknowns):
        (a, k), true = unknowns[:2], unknowns[2:].reshape(X.shape)
        f = a * np.exp(-k * true[:, 0]) * true[:, 1]
        return np.concatenate([(f - y) / 0.05, ((true - X) / errors).ravel()])

    found = least_squares(residuals, [2, 0.7, *X.ravel()], xtol=1e-15, ftol=1e-15, gtol=1e-15)
    np.testing.assert_allclose(law.fit.values, found.x[:2], rtol=1e-6)
    assert law.fit.chi_square == pytest.approx(2 * found.cost, rel=1e-9)
    covariance = np.linalg.inv(found.jac.T @ found.jac)[:2, :2]
    np.testing.assert_allclose(law.fit.covariance, covariance, rtol=1e-5)


def test_what_the_errors_have_changed_is_said(york):
    effect = york.fit.x_error_effect
    exact = refit("a + b*x", PEARSON[["x"]], PEARSON.y, y_error=PEARSON.sy)
    np.testing.assert_array_equal(effect.value_exact, exact.fit.values)
    np.testing.assert_array_equal(effect.std_error_exact, exact.fit.std_errors)
    np.testing.assert_allclose(effect.change, york.fit.values / exact.fit.values - 1)
    for part in ("x ± 0.0316 to 1", "value_exact", "constants with them and without"):
        assert part in str(york.fit)
    assert exact.fit.x_error_effect.empty


def test_a_slope_is_too_flat_without_them():
    rng = np.random.default_rng(3)
    x = rng.normal(0, 1, 400)
    y = 2 * x + rng.normal(0, 0.3, 400)
    fit = refit("b*x1", (x + rng.normal(0, 0.5, 400))[:, None], y, x_error=0.5, y_error=0.3).fit
    assert fit.x_error.values[0] == pytest.approx(2 / 1.25, abs=0.1)  # λ = 1/(1 + 0.5²), the attenuation
    assert fit.values[0] == pytest.approx(2, abs=3 * fit.std_errors[0])


def test_losses_are_those_of_y_at_the_columns_as_they_are(york):
    weights = PEARSON.sy**-2 / np.mean(PEARSON.sy**-2)
    missed = PEARSON.y - york.predict(PEARSON[["x"]])
    assert york.loss == pytest.approx(float(np.mean(weights * missed**2)))


def test_intervals_follow_the_distances(york):
    wide = york.intervals("profile", 0.95)
    assert ((wide.low < york.constants.low + 0.1) & (wide.high > york.constants.high - 0.1)).all()
    pairs = york.intervals("bootstrap", resampling="pairs", n_resamples=10)
    assert (pairs.low < pairs.high).all()
    with pytest.raises(InputDataError, match="use 'pairs'"):
        york.intervals("bootstrap")


def test_errors_of_zero_change_nothing():
    rows = PEARSON[["x"]], PEARSON.y
    plain, zero = (refit("a + b*x", *rows, y_error=0.2, **o) for o in ({}, {"x_error": {"x": 0}}))
    np.testing.assert_array_equal(plain.fit.values, zero.fit.values)
    tiny = refit("a + b*x", *rows, y_error=0.2, x_error={"x": 1e-9})
    np.testing.assert_allclose(tiny.fit.values, plain.fit.values, rtol=1e-9)


def test_a_formula_that_ends_within_the_errors_is_fitted_inside():
    rng = np.random.default_rng(0)
    x = np.linspace(0.02, 3, 25)
    y = 1.5 * np.log(x) + 2 + rng.normal(0, 0.05, 25)
    law = refit("a*log(x1) + b", x[:, None], y, x_error=0.03, y_error=0.05)
    assert law.fit.converged
    assert np.isfinite(law.fit.std_errors).all()


def test_bounds_and_fixed_constants_hold(york):
    rows = PEARSON[["x"]], PEARSON.y
    options = {"x_error": {"x": PEARSON.sx}, "y_error": PEARSON.sy}
    with pytest.warns(SearchWarning, match="b: at a bound"):
        bound = refit("a + b*x", *rows, **options, bounds={"b": (-0.4, None)})
    assert bound.fit.at_bound == ("b",)
    fixed = refit("a + b*x", *rows, **options, fixed={"b": float(york.fit.values[1])})
    assert fixed.fit.values[0] == pytest.approx(york.fit.values[0], rel=1e-6)


def test_a_saved_equation_keeps_them(york):
    again = Equation.from_json(york.to_json())
    pd.testing.assert_frame_equal(again.fit.x_error_effect, york.fit.x_error_effect)
    assert again.fit.x_error.columns == york.fit.x_error.columns


def test_the_law_of_a_model_takes_them_by_name():
    X = pd.DataFrame({"u": np.zeros(10) + np.arange(10) % 3, "x": PEARSON.x + 1})
    model = DARTSRegressor(max_epochs=1, replicas=16, max_time=None, random_state=0, verbose=0, n_jobs=1)
    model = model.fit(X, (0.5 * X.x).rename("y"))
    law = model.refit(X[["x", "u"]], PEARSON.y, x_error={"x": PEARSON.sx}, y_error=PEARSON.sy)
    assert list(law.fit.x_error.columns) == ["x"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"x_error": {"x": -0.1}, "y_error": 1.0}, r"x_error of 'x': -0\.1 \(row 0\).*not negative"),
        ({"x_error": {"x": [0.1, np.nan]}, "y_error": 1.0}, r"x_error of 'x' has the shape \(2,\)"),
        ({"x_error": {"x": np.r_[np.nan, np.ones(9)]}, "y_error": 1.0}, r"nan \(row 0\)"),
        ({"x_error": {"z": 0.1}, "y_error": 1.0}, "no column 'z'"),
        ({"x_error": {"x": "much"}, "y_error": 1.0}, "x_error of 'x'.*not a number"),
        ({"x_error": np.ones((10, 3)), "y_error": 1.0}, r"shape \(10, 3\); expected an error for each of 1 columns"),
        ({"x_error": {"x": 0.1}}, "x_error needs y_error too"),
        ({"x_error": {"x": 0.1}, "y_error": 1.0, "sample_weight": np.ones(10)}, "sample_weight"),
        ({"x_error": {"x": 0.1}, "y_error": 1.0, "noise": "proportional"}, "noise='proportional'"),
        ({"x_error": {"x": 0.1}, "loss": "absolute"}, "x_error= .* belongs to least squares"),
    ],
)
def test_what_cannot_be_used_is_named(options, said):
    with pytest.raises(InputDataError, match=said):
        refit("a + b*x", PEARSON[["x"]], PEARSON.y, **options)


def test_on_the_command_line(tmp_path, monkeypatch, capsys):
    PEARSON.to_csv(tmp_path / "pairs.csv", index=False)
    monkeypatch.chdir(tmp_path)
    command = ["refit", "a + b*x", "pairs.csv", "--target", "y"]
    done = run_here([*command, "--x-error", "x=sx", "--y-error", "sy", "--json"], capsys)
    document = json.loads(done.stdout)
    assert [round(c["value"], 4) for c in document["constants"]] == [5.4799, -0.4805]
    assert [c["name"] for c in document["x_error"]["constants"]] == ["a", "b"]
    alike = run_here([*command, "--x-error", "x=0.2", "--y-error", "0.2"], capsys)
    assert "x ± 0.2" in alike.stdout
    for wrong, said in (("x", "expected a column"), ("z=1", "no column of the formula"), ("x=q", "neither a number")):
        refused = run_here([*command, "--x-error", wrong, "--y-error", "sy"], capsys)
        assert refused.returncode == 2
        assert said in refused.stderr
