"""The form of noise through fits: constants, their errors, intervals, and the estimator."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import curve_fit

from eqdarts import DARTSRegressor, InputDataError, refit


def decay(form, n=80, seed=0):
    """1000·exp(−t) over three decades."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 7, n)
    law = 1000 * np.exp(-t)
    noise = rng.normal(size=n)
    y = {
        "additive": lambda: law + 10 * noise,
        "proportional": lambda: law * (1 + 0.1 * noise),
        "poisson": lambda: rng.poisson(law).astype(float),
        "none": lambda: law,
    }[form]()
    return pd.DataFrame({"t": t}), pd.Series(y, name="N")


NEAR = {"start": {"A": 900, "k": 1.1}, "n_starts": 1}


def fitted(X, y, **options):
    """The constants of a decay, from a near start."""
    return refit("A*exp(-k*t)", X, y, **NEAR, **options).constants


def law_of_decay(t, A, k):
    return A * np.exp(-k * t)


@pytest.mark.filterwarnings("ignore::eqdarts.SearchWarning")  # another form than that of the rows may not converge
@pytest.mark.parametrize("form", ["additive", "proportional", "poisson"])
def test_refit_finds_the_form_and_constants_nearer_the_truth(form):
    X, y = decay(form)
    found = refit("A*exp(-k*t)", X, y, **NEAR, noise="auto")
    assert found.fit.noise.form == form
    assert found.constants.equals(fitted(X, y, noise=form))
    others = ("additive" if form != "additive" else "proportional",)
    errors = [
        np.mean([(fitted(*decay(form, seed=s), noise=f).value["k"] - 1) ** 2 for s in range(12)])
        for f in (form, *others)
    ]
    assert errors[0] < errors[1]


def test_without_noise_there_is_no_form():
    assert refit("A*exp(-k*t)", *decay("none"), **NEAR, noise="auto").fit.noise.form == "additive"


def test_a_wave_with_proportional_errors_has_a_floor_at_its_zeros():
    rng = np.random.default_rng(4)
    x = np.linspace(0, 7, 60)
    wave = 100 * np.sin(2 * x)
    y = wave + np.hypot(0.5, 0.1 * wave) * rng.normal(size=60)
    found = refit("A*sin(w*x1)", x, y, start={"A": 90, "w": 2.01}, n_starts=1, noise="auto")
    assert found.fit.noise.form == "proportional"
    assert found.fit.noise.floor > 1
    plain = refit("A*sin(w*x1)", x, y, start={"A": 90, "w": 2.01}, n_starts=1)
    assert found.constants.std_error["w"] < plain.constants.std_error["w"] / 2
    assert abs(found.constants.value["w"] - 2) < 3 * found.constants.std_error["w"]


def test_a_proportional_level_is_a_share():
    X, y = decay("proportional", n=400)
    found = refit("A*exp(-k*t)", X, y, **NEAR, noise="proportional")
    assert found.fit.noise.level(found.loss) == pytest.approx(0.1, rel=0.1)
    assert "proportional" in str(found.fit)
    # Weights are those at the values of the fit itself, so it is a fixed point.
    value = found.predict(X)
    again = refit("A*exp(-k*t)", X, y, **NEAR, sample_weight=1 / value**2)
    np.testing.assert_allclose(again.constants, found.constants, rtol=1e-5)


def test_weights_at_the_law_are_not_biased_as_those_at_the_target_are():
    shifts = []
    for seed in range(20):
        X, y = decay("proportional", seed=seed)
        found = fitted(X, y, noise="proportional")
        shifts.append((found.value["A"] / 1000 - 1) / (found.std_error["A"] / 1000))
    assert abs(np.mean(shifts)) < 3 / np.sqrt(20)


def test_given_errors_agree_with_curve_fit():
    X, y = decay("proportional")
    sigma = 0.1 * 1000 * np.exp(-X.t.to_numpy()) * np.linspace(0.5, 2, len(y))
    found = refit("A*exp(-k*t)", X, y, **NEAR, y_error=sigma)
    best, covariance = curve_fit(law_of_decay, X.t, y, p0=(900, 1), sigma=sigma, absolute_sigma=True, xtol=1e-14)
    np.testing.assert_allclose(found.constants.value, best, rtol=1e-6)
    np.testing.assert_allclose(found.constants.std_error, np.sqrt(np.diag(covariance)), rtol=1e-5)
    np.testing.assert_allclose(found.fit.covariance, covariance, rtol=1e-5)
    expected = np.sum(((y - law_of_decay(X.t, *best)) / sigma) ** 2)
    assert found.fit.chi_square == pytest.approx(expected)
    # The likelihood of normal errors that are known: chi-square, and no parameter for their size.
    density = -2 * np.sum(-0.5 * np.log(2 * np.pi * sigma**2)) + expected
    assert found.fit.aic == pytest.approx(density + 2 * 2)
    assert found.fit.bic == pytest.approx(density + 2 * np.log(80))
    # Values are those of weights 1/σ², errors are not: these have a level that the residuals show.
    weighted = refit("A*exp(-k*t)", X, y, **NEAR, sample_weight=1 / sigma**2)
    np.testing.assert_allclose(found.constants.value, weighted.constants.value, rtol=1e-9)
    ratio = found.constants.std_error / weighted.constants.std_error
    np.testing.assert_allclose(ratio, np.sqrt(78 / expected), rtol=1e-6)


def test_errors_ten_times_as_large_make_intervals_ten_times_as_wide():
    X, y = decay("additive")
    one, ten = (refit("A*exp(-k*t)", X, y, **NEAR, y_error=error) for error in (1.0, 10.0))
    for method in ("asymptotic", "profile"):
        a, b = (e.intervals(method).high - e.intervals(method).low for e in (one, ten))
        np.testing.assert_allclose(b / a, 10, rtol=0.05)
    flat = one.intervals("asymptotic").high - one.constants.value
    np.testing.assert_allclose(flat / one.constants.std_error, 1.959964, rtol=1e-5)  # normal, not Student's


def tiny(**options):
    """Linear algebra, and shapes at the most."""
    settings = {"max_epochs": 1, "replicas": 16, "max_nodes": 1, "verbose": 0, "random_state": 0}
    settings |= {"operations": ["linear", "power"], "links": ["identity"]}
    return DARTSRegressor(**{**settings, **options})


@pytest.fixture(scope="module")
def powers():
    """A power law over three decades, which linear algebra finds: y = 3·x^1.5, 10 % noise of each row."""
    rng = np.random.default_rng(1)
    X = pd.DataFrame({"x": np.geomspace(1, 100, 60)})
    y = (3 * X.x**1.5 * (1 + 0.1 * rng.normal(size=60))).rename("y")
    return X, y


def test_the_search_weighs_rows_by_the_form_that_they_show(powers, tmp_path):
    X, y = powers
    model = tiny(noise="auto").fit(X, y)
    assert model.noise_.form == "proportional"
    assert model.noise_.level(model.equation().loss) == pytest.approx(0.1, rel=0.3)
    assert f"noise: proportional, {model.noise_.text(model.equation().loss)}" in str(model)
    # All that is kept of the fit has weights at the values of the chosen equation.
    value, weights = model.predict(X), model._training.table.weights
    np.testing.assert_allclose(weights, (model.noise_.unit / model.noise_.spreads(value)) ** 2)
    assert model.equation().loss == pytest.approx(np.average((y - value) ** 2, weights=weights))
    model.save(tmp_path / "model.json")
    again = DARTSRegressor.load(tmp_path / "model.json")
    assert again.noise_ == model.noise_
    assert again.equation().fit.noise == model.noise_
    assert str(again) == str(model)
    # `refit` has the form of the model; errors of the rows of another table are their own.
    assert again.refit(X, y).fit.noise.form == "proportional"
    assert again.refit(X, y, noise="additive").fit.noise.form == "additive"
    assert again.refit(X, y, y_error=0.1).fit.noise.form == "given"


def test_tables_that_are_searched_in_part_are_weighed_as_a_whole(tmp_path):
    rng = np.random.default_rng(3)
    X = pd.DataFrame({"x": np.exp(rng.uniform(0, 5, 12_000))})
    law = 3.21 * X.x**1.5
    y = (law * (1 + 0.1 * rng.normal(size=12_000))).rename("y")
    path = tmp_path / "table.csv"
    pd.concat([X, y], axis=1).to_csv(path, index=False)
    memory, file = tiny(noise="auto").fit(X, y), tiny(noise="auto").fit_file(path, "y")
    for model in (memory, file):
        assert model.noise_.form == "proportional"
        assert model.noise_.level(model.equation().loss) == pytest.approx(0.1, rel=0.02)
        np.testing.assert_allclose(model.predict(X) / law, 1, atol=0.01)
    assert str(file) == str(memory)
    value, weights = memory.predict(X), (memory.noise_.unit / memory.noise_.spreads(memory.predict(X))) ** 2
    assert memory.equation().loss == pytest.approx(np.average((y - value) ** 2, weights=weights), rel=1e-6)
    # Errors of rows are a column of a file.
    pd.concat([X, y, pd.Series(0.1 * law, name="u")], axis=1).to_csv(path, index=False)
    one, other = tiny().fit(X, y, y_error=0.1 * law), tiny().fit_file(path, "y", ["x"], y_error="u")
    expected = 1 / np.sqrt(np.sum(1 / (0.1 * law) ** 2))
    for model, close in ((one, 1e-6), (other, 0.02)):  # of a file a sample is kept
        assert model.noise_.form == "given"
        assert model.equation(0).constants.std_error["c0"] == pytest.approx(expected, rel=close)
    assert str(one) == str(other)
    with pytest.raises(InputDataError, match="y_error='v': no such column"):
        tiny().fit_file(path, "y", y_error="v")


def test_by_default_noise_is_additive(powers):
    model = tiny().fit(*powers)
    assert model.noise_.form == "additive"
    assert "noise" not in str(model)


def test_given_errors_weigh_rows_and_are_taken_at_their_word(powers):
    X, y = powers
    error = 0.1 * 3 * X.x**1.5
    given, weighted = tiny().fit(X, y, y_error=error), tiny().fit(X, y, sample_weight=1 / error**2)
    assert given.noise_.form == "given"
    assert str(given.sympy()) == str(weighted.sympy())
    ratio = np.sqrt(np.mean(((y - given.predict(X)) / error) ** 2))
    assert f"noise: given, residuals are {ratio:.3g} times the errors" in str(given)
    one, other = (m.equation(0).constants.std_error for m in (given, weighted))  # a constant, by its mean
    fit = given.equation(0).fit
    assert fit.chi_square == pytest.approx(np.sum(((y - given.predict(X, 0)) / error) ** 2))
    assert one["c0"] == pytest.approx(1 / np.sqrt(np.sum(1 / error**2)))
    np.testing.assert_allclose(one / other, np.sqrt(fit.degrees_of_freedom / fit.chi_square), rtol=1e-6)


def test_refit_of_the_same_rows_moves_no_constant_of_any_equation():
    """Weights are at the values of the best law on both paths, however poor the equation is that is fitted."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.uniform(0.2, 5, 80)})
    y = (3 * X.x**3 * (1 + 0.1 * rng.normal(size=80))).rename("y")
    model = tiny(noise="proportional").fit(X, y)
    assert len(model.front_) > 1
    for k in range(len(model.front_)):
        again = model.refit(X, y, index=k)
        assert again.fit.noise.form == "proportional"
        assert again.constants["value"].to_numpy() == pytest.approx(model.equation(k).constants["value"], rel=1e-3)
        assert again.loss == pytest.approx(model.front_[k].loss, rel=1e-3)
    assert model.refit(X, y, index=0, noise="proportional").loss > 10 * model.front_[0].loss


def test_options_that_contradict_each_other_are_refused(powers):
    X, y = powers
    with pytest.raises(InputDataError, match="noise='loud'"):
        tiny(noise="loud").fit(X, y)
    with pytest.raises(InputDataError, match="y_error= and noise='poisson'"):
        tiny(noise="poisson").fit(X, y, y_error=0.1)
    with pytest.raises(InputDataError, match="y_error= and sample_weight="):
        tiny().fit(X, y, sample_weight=np.ones(60), y_error=0.1)


def test_intervals_of_new_rows_widen_with_the_prediction(powers):
    X, y = powers
    model = tiny(noise="proportional").fit(X, y)
    new = pd.DataFrame({"x": [2.0, 50.0]})
    limits = model.stability(2).predict_interval(new, level=0.9)
    width = (limits.high - limits.low) / limits["median"]
    assert width.between(0.2, 0.6).all()  # 2·1.64·10 % of the value, and what the searches differ by
    assert model.extrapolation(new)["disagreement"].max() < 3
