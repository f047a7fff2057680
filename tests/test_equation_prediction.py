"""Limits of predictions: those of linear regression in closed form, and as often right as they say."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import sympy
from scipy import stats

from eqdarts import DARTSRegressor, InputDataError, SearchWarning, refit
from eqdarts.equation.equation import Equation
from eqdarts.equation.prediction import Interval, limits
from eqdarts.fit.covariance import spread

RNG = np.random.default_rng(20)
N = 23
X = pd.DataFrame({"<i>$": RNG.uniform(-2, 3, N), "t": RNG.uniform(0, 4, N)})
Y = 3 * X["<i>$"] - 0.5 * X.t + 1 + RNG.normal(0, 0.3, N)
NEW = pd.DataFrame({"<i>$": [0.0, 2.5, 30.0], "t": [1.0, 3.5, 0.0]})
LINE = "a*`<i>$` + b*t + c"


def closed_form(X, y, new, level, noise=True, weights=None):
    """Half the width of the interval of linear regression (Draper & Smith 1998, section 3.1)."""
    A, B = (np.column_stack([table, np.ones(len(table))]) for table in (X, new))
    W = np.ones(len(y)) if weights is None else weights
    inverse = np.linalg.inv(A.T @ (A * W[:, None]))
    residual = y - A @ (inverse @ A.T @ (W * y))
    freedom = len(y) - A.shape[1]
    variance = (W * residual**2).sum() / freedom * (np.einsum("ni,ij,nj->n", B, inverse, B) + noise)
    return stats.t.ppf(0.5 + level / 2, freedom) * np.sqrt(variance)


@pytest.mark.parametrize("level", [0.5, 0.95])
@pytest.mark.parametrize("kind", ["observation", "mean"])
def test_a_linear_law_has_the_limits_of_linear_regression(kind, level):
    law = refit(LINE, X, Y)
    found = law.predict(NEW, interval=level, kind=kind)
    half = closed_form(X, Y.to_numpy(), NEW, level, kind == "observation")
    assert isinstance(found, Interval)
    np.testing.assert_array_equal(found.value, law.predict(NEW))
    np.testing.assert_allclose(found.high - found.value, half, rtol=1e-9)
    np.testing.assert_allclose(found.value - found.low, half, rtol=1e-9)


def test_weights_are_those_of_linear_regression_and_a_new_row_has_weight_one():
    weights = RNG.uniform(0.2, 3, N)
    found = refit(LINE, X, Y, sample_weight=weights).predict(NEW, interval=0.9)
    np.testing.assert_allclose(
        found.high - found.value, closed_form(X, Y.to_numpy(), NEW, 0.9, True, weights), rtol=1e-9
    )


def drawn_again(base, law, rng):
    """The report of a fit to another table of the same law, from its constants."""
    model = base.fit.model
    error = base.fit.noise.spreads(law) * rng.normal(size=len(law))
    again = model.on(replace(model.rows, y=law + 0.1 * error))
    theta = base.fit.values
    for _ in range(4):  # Gauss and Newton, from nearby
        residual, J = again.linearise(theta)
        theta = theta - np.linalg.lstsq(J, residual)[0]
    deviation = np.sqrt((residual @ residual) / base.fit.degrees_of_freedom)
    known = spread(J.T, np.zeros(len(theta), dtype=bool))
    return replace(
        base.fit, values=theta, std_errors=known.errors * deviation, covariance=known.inverse * deviation**2,
        residual_std=deviation * again.scale,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("truth", "formula", "options"),
    [
        (lambda x: 3 * np.exp(-x) + 1, "a*exp(-k*x1) + b", {"start": {"k": 1.0}}),
        (lambda x: 5 * x**1.5, "a*x1**p", {"noise": "proportional", "start": {"p": 1.5}}),
    ],
    ids=["additive", "proportional"],
)
def test_limits_hold_as_often_as_they_say(truth, formula, options):
    """Of 200 tables. The rows of one share their law, so the spread is wider than binomial."""
    x, rng = np.linspace(0.2, 3, 15), np.random.default_rng(3)
    law = truth(x)
    base, hits = refit(formula, x, law * (1 + 0.01 * np.cos(99 * x)), n_starts=1, **options), np.zeros(2)
    for _ in range(200):
        fitted = drawn_again(base, law, rng)
        value = base.fit.model.code.value(x, *fitted.values)
        new = law + 0.1 * base.fit.noise.spreads(law) * rng.normal(size=len(x))
        for k, (kind, seen) in enumerate((("observation", new), ("mean", law))):
            found = limits(fitted, ("x1",), x[:, None], value, 0.9, kind)
            hits[k] += ((found.low <= seen) & (seen <= found.high)).mean() / 200
    np.testing.assert_allclose(hits, 0.9, atol=0.02)


def test_proportional_noise_grows_with_the_value_down_to_a_floor():
    x = np.linspace(1, 10, 40)
    law = refit("a*x1", x, 2 * x * (1 + 0.1 * RNG.normal(size=40)), noise="proportional")
    value, _, high = law.predict([[5.0], [10.0], [0.0]], interval=0.95)
    half = high - value
    assert half[1] / half[0] == pytest.approx(2, rel=1e-6)
    assert half[0] / value[0] == pytest.approx(0.2, rel=0.35)
    assert 0 < half[2] < half[0] / 2


def test_given_errors_are_normal_and_those_of_new_observations_have_to_be_given():
    law = refit("a*x1", np.arange(1.0, 9), 2 * np.arange(1.0, 9), y_error=0.5)
    with pytest.raises(InputDataError, match="y_error="):
        law.predict([[1.0]], interval=0.95)
    spread = 0.5 * 3.0 / np.sqrt((np.arange(1.0, 9) ** 2).sum())
    _, low, high = law.predict([[3.0]], interval=0.95, kind="mean")
    assert (high - low)[0] / 2 == pytest.approx(stats.norm.ppf(0.975) * spread)
    _, low, high = law.predict([[3.0], [3.0]], interval=0.95, y_error=[0.5, 0.0])
    np.testing.assert_allclose((high - low) / 2, stats.norm.ppf(0.975) * np.hypot(spread, [0.5, 0.0]))
    for wrong in (-1.0, [1.0, 2.0, 3.0], "a", np.nan):
        with pytest.raises(InputDataError, match="y_error"):
            law.predict([[3.0], [3.0]], interval=0.95, y_error=wrong)


def test_what_is_not_known_is_said():
    with pytest.warns(SearchWarning, match="as many constants"):
        law = refit("a*x1 + b", [1.0, 2.0], [1.0, 2.0])
    with pytest.warns(SearchWarning, match="as many constants"):
        assert np.isnan(law.predict([[0.0]], interval=0.95).high).all()
    with pytest.raises(InputDataError, match="standard errors"):
        Equation(sympy.Symbol("x"), ("x",), "y", 0.0, 0.0, "t").predict([[1.0]], interval=0.95)


@pytest.mark.parametrize("options", [{}, {"y_error": 0.5}], ids=["estimated", "given"])
def test_constants_that_are_not_determined_leave_those_values_that_are(options):
    x = np.linspace(1, 2, 9)
    y, rows = 2 * x + np.cos(9 * x), pd.DataFrame({"u": x, "v": 3 * x})
    with pytest.warns(SearchWarning, match="do not determine a, b"):
        law = refit("a*u + b*v + c", rows, y, n_starts=1, **options)
    new = pd.DataFrame({"u": [0.0, 1.0, 1.0], "v": [0.0, 3.0, 2.0]})
    with pytest.warns(SearchWarning, match=r"a, b: the limits are infinite on 1 of 3 rows"):
        value, low, high = law.predict(new, interval=0.95, kind="mean")
    line = refit("a*u + c", rows, y, **options)
    plain = line.predict(new, interval=0.95, kind="mean")
    np.testing.assert_allclose(value[:2], plain.value[:2])
    shares = law.fit.reach(0.95) / line.fit.reach(0.95)
    if not options:  # the constant too many takes a degree of freedom
        shares *= law.fit.residual_std / line.fit.residual_std
    np.testing.assert_allclose((high - value)[:2], (plain.high - plain.value)[:2] * shares)
    assert (low[2], high[2]) == (-np.inf, np.inf)
    with pytest.warns(SearchWarning, match="infinite on 2 of 3 rows"):  # without its rows less is known
        again = Equation.from_json(law.to_json()).predict(new, interval=0.95, kind="mean")
    np.testing.assert_allclose(again.high[0], high[0])


@pytest.mark.parametrize("level", [0, 1, 95, -0.5, "0.95", True, np.nan])
def test_a_level_is_between_0_and_1(level):
    with pytest.raises(InputDataError, match="interval="):
        refit("a*x1", [1.0, 2.0, 3.0], [1.0, 2.0, 2.9]).predict([[1.0]], interval=level)


def test_undefined_rows_have_no_limits_and_removable_singularities_have():
    x = np.linspace(0.5, 9, 30)
    law = refit("a*sin(x1)/x1 + b*log(x1 + 1)", x, 2 * np.sin(x) / x + np.log(x + 1) + 0.01 * np.cos(70 * x))
    value, low, high = law.predict([[0.0], [-2.0], [1e-9]], interval=0.95)
    assert np.isnan([value[1], low[1], high[1]]).all()
    assert high[0] - value[0] == pytest.approx(high[2] - value[2], rel=1e-6)


@pytest.fixture(scope="module")
def model():
    x = np.linspace(1, 3, 40)
    settings = {"max_epochs": 2, "replicas": 16, "max_nodes": 1, "operations": ["power"], "links": ["identity"]}
    model = DARTSRegressor(**settings, max_time=None, verbose=0, random_state=0)
    return model.fit(pd.DataFrame({"x": x}), pd.Series(x**2, name="F"))


def test_a_model_has_them_of_the_chosen_row_and_of_any_other_also_from_a_file(model, tmp_path):
    rows = pd.DataFrame({"x": [1.0, 5.0]})
    value, low, high = model.predict(rows, interval=0.95)
    np.testing.assert_array_equal(value, model.predict(rows))
    assert (high - low < 1e-9).all()  # an exact law
    found = model.predict(rows, index=0, interval=0.95)
    np.testing.assert_allclose(found.high, model.equation(0).predict(rows, interval=0.95).high)
    assert (found.high - found.low > 1).all()
    model.save(tmp_path / "m.json")
    np.testing.assert_allclose(DARTSRegressor.load(tmp_path / "m.json").predict(rows, 0, interval=0.95), found)
