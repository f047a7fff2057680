"""Intervals: near each other for a nearly linear model, as wide as the truth moves, and as they are defined."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from eqdarts import DARTSRegressor, InputDataError, refit
from eqdarts.data.kept import keep
from eqdarts.data.table import Table
from eqdarts.equation.equation import Equation
from eqdarts.equation.refit import with_fit
from eqdarts.equation.regression.minimise import local, sum_of_squares
from eqdarts.equation.regression.model import Model


def decay(seed=0, noise=0.05, n=40):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"t": np.linspace(0, 5, n)})
    return table, (3 * np.exp(-0.7 * table.t) + 1 + noise * rng.normal(size=n)).rename("v")


TRUTH = {"A": 3.0, "B": 1.0, "k": 0.7}


@pytest.fixture(scope="module")
def curve():
    return refit("A*exp(-k*t) + B", *decay())


@pytest.fixture(scope="module")
def many():
    """The law of `curve`, fitted to tables of other errors."""
    tables = (decay(seed, n=25) for seed in range(120))
    return [refit("A*exp(-k*t) + B", *table, TRUTH, n_starts=1, confidence=0.8) for table in tables]


def test_asymptotic_limits_follow_student(curve):
    table = curve.intervals(level=0.9)
    reach = stats.t.ppf(0.95, 37) * curve.constants["std_error"]
    np.testing.assert_allclose(table["high"] - table["value"], reach)
    np.testing.assert_allclose(table["value"] - table["low"], reach)
    pd.testing.assert_frame_equal(curve.intervals()[["low", "high"]], curve.constants[["low", "high"]])
    narrow = refit("A*exp(-k*t) + B", *decay(), TRUTH, n_starts=1, confidence=0.5)
    pd.testing.assert_frame_equal(narrow.constants[["low", "high"]], curve.intervals(level=0.5)[["low", "high"]])


@pytest.mark.parametrize("options", [{"method": "profile"}, {"method": "bootstrap"}, {"resampling": "pairs"}])
def test_methods_agree_where_the_model_is_nearly_linear(curve, options):
    asymptotic, other = curve.intervals(), curve.intervals(**{"method": "bootstrap", "n_resamples": 150, **options})
    width = asymptotic["high"] - asymptotic["low"]
    # Pairs redraw the design as well, so they only come close.
    tolerance = 0.35 if "resampling" in options else 0.2
    assert (np.abs(other["low"] - asymptotic["low"]) < tolerance * width).all()
    assert (np.abs(other["high"] - asymptotic["high"]) < tolerance * width).all()
    assert not np.allclose(other["low"], asymptotic["low"], rtol=1e-12)


def test_profile_of_a_linear_model_is_exactly_student():
    x = np.linspace(0, 1, 12)
    line = refit("a*x1 + b", x, 2 * x + np.cos(20 * x), sample_weight=1 + x)
    np.testing.assert_allclose(line.intervals("profile"), line.intervals(), rtol=1e-3)


@pytest.mark.parametrize(
    ("formula", "law"),
    [
        ("a*x1 + b", lambda x: 0.1 * x + 0.7),
        ("A*exp(-k*x1) + B", lambda x: 3 * np.exp(-x)),
        ("1/(a - x1)", lambda x: 1 / (6 - x)),
    ],
)
def test_without_noise_a_profile_is_as_narrow_as_rounding(formula, law):
    """The sum of squares is rounding itself, and depends on the way by which its least is reached."""
    x = np.linspace(0, 5, 40)
    limits = refit(formula, x[:, None], law(x)).intervals("profile")
    assert (limits["high"] - limits["low"]).between(0, 1e-13).all()


def test_profile_limits_are_where_the_sum_of_squares_says(curve):
    limits = curve.intervals("profile", 0.95)
    table, y = decay()
    critical = stats.t.ppf(0.975, 37) ** 2
    for name in ("A", "k", "B"):
        start = {other: value for other, value in curve.constants["value"].items() if other != name}
        for side in ("low", "high"):
            held = refit("A*exp(-k*t) + B", table, y, start=start, n_starts=1, fixed={name: limits.loc[name, side]})
            tau = (held.fit.rss - curve.fit.rss) / curve.fit.residual_std**2
            assert tau == pytest.approx(critical, rel=2e-3)


def test_a_constant_that_the_data_bound_on_one_side_only_has_an_open_profile():
    x = np.linspace(2, 6, 15)
    rng = np.random.default_rng(3)
    y = 5 * (1 - np.exp(-1.2 * x)) + 0.3 * rng.normal(size=15)  # all rows lie where the curve is nearly flat
    limits = refit("A*(1 - exp(-k*x1))", x, y).intervals("profile")
    assert np.isfinite(limits.loc["A"]).all()
    assert np.isfinite(limits.loc["k", "low"])
    assert np.isinf(limits.loc["k", "high"])


def test_profile_stops_at_bounds():
    x = np.linspace(2, 6, 15)
    y = 5 * (1 - np.exp(-1.2 * x)) + 0.3 * np.random.default_rng(3).normal(size=15)
    limits = refit("A*(1 - exp(-k*x1))", x, y, bounds={"k": (0.0, 9.0)}).intervals("profile")
    assert limits.loc["k", "high"] == 9.0


def test_bootstrap_repeats_with_its_seed(curve):
    one, two, other = (curve.intervals("bootstrap", n_resamples=20, random_state=s) for s in (1, 1, 2))
    pd.testing.assert_frame_equal(one, two)
    assert not one.equals(other)


def test_intervals_cover_the_truth_as_often_as_they_say(many):
    truth = pd.Series(TRUTH)
    hits = [(fit.constants["low"] < truth) & (truth < fit.constants["high"]) for fit in many]
    covered = np.mean(hits, axis=0)
    # Four standard errors of a share of 0.8 in 120 tries.
    np.testing.assert_allclose(covered, 0.8, atol=4 * np.sqrt(0.8 * 0.2 / 120))


def test_standard_errors_are_the_spread_over_tables(many):
    spread = np.std([equation.fit.values for equation in many], axis=0, ddof=1)
    np.testing.assert_allclose(np.mean([equation.fit.std_errors for equation in many], axis=0), spread, rtol=0.25)


def test_correlations_are_those_of_the_covariance(curve):
    matrix = curve.fit.correlation
    np.testing.assert_allclose(np.diag(matrix), 1)
    np.testing.assert_allclose(matrix * np.outer(curve.fit.std_errors, curve.fit.std_errors), curve.fit.covariance)
    assert "residual standard deviation" in str(curve.fit)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "wald"}, "method='wald'"),
        ({"level": 95}, "level=95"),
        ({"method": "bootstrap", "n_resamples": 1}, "n_resamples=1"),
        ({"resampling": "rows"}, "resampling='rows'"),
    ],
)
def test_wrong_options_are_named(curve, options, message):
    with pytest.raises(InputDataError, match=message):
        curve.intervals(**options)


def test_without_a_fit_constants_have_values_only():
    bare = Equation(refit("A*exp(-k*t) + B", *decay()).expression, ("t",), "y", 1.0, 1.0, "sample")
    table = bare.constants
    assert table["value"].notna().all()
    assert table["std_error"].isna().all()
    assert list(table.columns) == ["value", "std_error", "low", "high"]
    with pytest.raises(InputDataError, match=r"model.equation\(\)"):
        bare.intervals()


def test_a_found_equation_gets_the_errors_that_refit_gives():
    table, y = decay()
    best = refit("2.9*exp(-0.6*t) + 1.1", table, y)
    bare = Equation(best.expression, ("t",), "y", best.loss, best.relative_loss, "sample")
    again = with_fit(bare, keep(Table(table.to_numpy(), y.to_numpy(), ("t",)), 40))
    pd.testing.assert_frame_equal(again.constants, best.constants, rtol=1e-9)
    assert again.fit.rss == pytest.approx(best.fit.rss)
    assert again.fit.aic == pytest.approx(best.fit.aic)
    pd.testing.assert_frame_equal(again.intervals("profile"), best.intervals("profile"), rtol=1e-4)


def test_rows_given_twice_count_as_rows():
    table, y = decay()
    twice, w = table.to_numpy().repeat(2, axis=0), y.to_numpy().repeat(2)
    best = refit("2.9*exp(-0.6*x1) + 1.1", twice, w)
    bare = Equation(best.expression, ("x1",), "y", best.loss, best.relative_loss, "sample")
    merged = with_fit(bare, keep(Table(table.to_numpy(), y.to_numpy(), weights=np.full(40, 2.0)), 80))
    pd.testing.assert_frame_equal(merged.constants, best.constants, rtol=1e-9)


def test_a_sample_of_a_large_table_gives_the_errors_of_all_rows_nearly():
    rng = np.random.default_rng(0)
    X = rng.uniform(0, 5, (4000, 1))
    y = 3 * np.exp(-0.7 * X[:, 0]) + 1 + 0.05 * rng.normal(size=4000)
    best = refit("2.9*exp(-0.6*x1) + 1.1", X, y)
    bare = Equation(best.expression, ("x1",), "y", best.loss, best.relative_loss, "sample")
    part = keep(Table(X, y), 4000, most=1000)
    assert part.table.X.shape == (1000, 1)
    assert part.inflation == 4.0
    assert (part.low, part.high) == (X.min(), X.max())
    errors = with_fit(bare, part).constants["std_error"]
    np.testing.assert_allclose(errors, best.constants["std_error"], rtol=0.1)


def test_a_model_gives_its_equations_with_errors():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.uniform(1, 5, (60, 2)), columns=["m", "h"])
    y = 9.81 * X.m * X.h + rng.normal(0, 1, 60)
    model = DARTSRegressor(max_epochs=2, max_time=None, replicas=256, max_nodes=2, random_state=0, verbose=0).fit(X, y)
    equation = model.equation()
    z = X.m * X.h
    slope = (z @ y) / (z @ z)
    error = np.sqrt(np.sum((y - slope * z) ** 2) / 59 / (z @ z))
    assert equation.expression.free_symbols == model.sympy().free_symbols
    assert len(equation.constants) == 1
    np.testing.assert_allclose(equation.constants[["value", "std_error"]].iloc[0], [slope, error], rtol=1e-6)
    assert model.equation(0).constants.loc["c0", "std_error"] == pytest.approx(y.std() / np.sqrt(60))
    other = model.refit(X, 2 * y)
    assert other.constants.iloc[0, 0] == pytest.approx(2 * slope)
    assert other.expression.free_symbols == model.sympy().free_symbols
    assert other.genotype == model.genotype_
    with pytest.raises(InputDataError, match="60 rows"):
        model.refit(X, y[:5])


def test_optima_on_other_rows_need_no_new_compilation():
    rows = Table(np.linspace(0, 1, 9)[:, None], np.linspace(0, 1, 9) ** 2)
    fit = refit("a*exp(b*x1)", rows.X, rows.y).fit
    model = Model(fit.template, fit.model.columns, fit.model.constants, rows, *np.array([[-np.inf] * 2, [np.inf] * 2]))
    other = model.on(rows.rows(np.array([0, 2, 4, 6, 8, 8])))
    theta = local(other, fit.values)
    direct = refit("a*exp(b*x1)", other.rows.X, other.rows.y)
    np.testing.assert_allclose(theta, direct.fit.values, rtol=1e-5)
    assert sum_of_squares(other, theta) * other.scale**2 == pytest.approx(direct.fit.rss)


def test_an_equation_that_doubles_cannot_hold_has_no_errors_and_raises_no_warning():
    y = np.linspace(1, 5, 40)
    x = y[:, None] * 1e-310
    model = DARTSRegressor(max_epochs=1, max_time=None, replicas=64, random_state=0, verbose=0, n_jobs=1)
    model.fit(x, y)
    assert model.equation().fit is None
    assert model.score(x, y) > 1 - 1e-12
