"""Losses: working responses against slopes of the loss, constants against independent optima, bad input."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import binom, nbinom, poisson

from eqdarts import DARTSRegressor, InputDataError, refit
from eqdarts.data.nearby import holds_something
from eqdarts.data.table import Table
from eqdarts.losses import (
    LOSSES,
    Absolute,
    Bernoulli,
    Binomial,
    Huber,
    LogCosh,
    NegativeBinomial,
    Poisson,
    Quantile,
    loss_of,
)
from eqdarts.losses.link import IDENTITY, LOG, LOGIT
from eqdarts.losses.loss import mean_loss, working
from eqdarts.losses.noise import noise_of_loss

N = 211
RNG = np.random.default_rng(3)
x = RNG.uniform(0, 3, N)
X = pd.DataFrame({"x": x})
RATE = np.exp(0.5 + 0.8 * x)
COUNTS = RNG.poisson(RATE).astype(float)
CHANCE = 1 / (1 + np.exp(1 - 1.2 * x))
HITS = (RNG.random(N) < CHANCE).astype(float)
TRIALS = RNG.integers(1, 30, N).astype(float)
SHARES = RNG.binomial(TRIALS.astype(int), CHANCE) / TRIALS
LINE = 1 + 2 * x + 0.1 * RNG.normal(size=N)
WILD = np.where(np.arange(N) % 5 == 0, LINE + RNG.uniform(5, 20, N), LINE)
EXPONENTIAL, LOGISTIC = "exp(a + b*x)", "1/(1 + exp(-(a + b*x)))"


def squares(y_pred, y_true, weight):
    return weight * (y_pred - y_true) ** 2


def sizes(y_pred, y_true, weight):
    return (weight * torch.abs(y_pred - y_true)).sum()


SMOOTH = [Poisson(), NegativeBinomial(0.7), Binomial(), Huber(1.3, 0.5), LogCosh(0.8), loss_of(squares)]


@pytest.mark.parametrize("loss", SMOOTH, ids=lambda loss: loss.name)
@given(st.floats(-3, 3), st.floats(0.1, 4.9), st.floats(0.1, 5))
def test_the_working_response_has_the_slope_of_the_loss(loss, score, value, weight):
    y = np.array([value / 5 if loss.name == "binomial" else np.round(value) if loss.is_family else value])
    f, weights = np.array([score]), np.array([weight])
    z, W = working(loss, y, f, weights)
    step = 1e-5

    def total(at):
        return weight * mean_loss(loss, y, loss.link.mean(at), weights)

    slope = (total(f + step) - total(f - step)) / (2 * step)
    assert float((2 * W * (f - z))[0]) == pytest.approx(slope, rel=1e-4, abs=1e-5 * weight)
    assert float(W[0]) > 0


@pytest.mark.parametrize("loss", [Absolute(), Quantile(0.8), Huber(1.3, 0.5), LogCosh(0.8)], ids=lambda loss: loss.name)
@given(st.floats(-5, 5), st.floats(-5, 5))
def test_the_quadratic_lies_above_the_loss(loss, here, there):
    """And touches it at the present residual, so what lowers the one lowers the other."""
    zero, one = np.zeros(1), np.ones(1)
    soft = 1e-9
    z, W = loss.working(zero, np.array([here]), one, soft)
    factor = 0.5 if loss.name == "absolute" else 0.25 if loss.name == "quantile" else 1.0

    def above(m):
        return factor * float((W * (z - m) ** 2)[0])

    def of_loss(m):
        return mean_loss(loss, zero, np.array([m]), one)

    assert above(there) - above(here) >= of_loss(there) - of_loss(here) - 1e-6


@pytest.mark.parametrize(
    "loss", [Poisson(), NegativeBinomial(0.7), Binomial(), Bernoulli()], ids=lambda loss: loss.name
)
def test_deviance_is_minus_twice_the_gain_in_likelihood(loss):
    y, weights = {"bernoulli": (HITS, np.ones(N)), "binomial": (SHARES, TRIALS)}.get(loss.name, (COUNTS, np.ones(N)))
    one, other = (CHANCE, np.full(N, 0.4)) if loss.link is LOGIT else (RATE, np.full(N, 3.0))
    gained = loss.log_likelihood(y, one, weights) - loss.log_likelihood(y, other, weights)
    fallen = weights.sum() * (mean_loss(loss, y, other, weights) - mean_loss(loss, y, one, weights))
    assert 2 * gained == pytest.approx(fallen, rel=1e-9)


@pytest.mark.parametrize(
    ("formula", "y", "weights", "loss", "mean", "variance"),
    [
        (EXPONENTIAL, COUNTS, None, "poisson", lambda f: np.exp(f), lambda m: m),
        (LOGISTIC, HITS, None, "bernoulli", lambda f: 1 / (1 + np.exp(-f)), lambda m: m * (1 - m)),
        (LOGISTIC, SHARES, TRIALS, "binomial", lambda f: 1 / (1 + np.exp(-f)), lambda m: m * (1 - m)),
        (EXPONENTIAL, COUNTS, None, NegativeBinomial(0.5), lambda f: np.exp(f), lambda m: m + 0.5 * m**2),
    ],
    ids=["poisson", "bernoulli", "binomial", "negative_binomial"],
)  # fmt: skip
def test_refit_is_the_maximum_of_the_likelihood(formula, y, weights, loss, mean, variance):
    law = refit(formula, X, y, {"a": 0.1, "b": 0.5}, loss=loss, sample_weight=weights, n_starts=1)
    counts, family = np.ones(N) if weights is None else weights, loss_of(loss)
    D = np.column_stack([np.ones(N), x])
    best = minimize(lambda t: -family.log_likelihood(y, mean(D @ t), counts), law.fit.values + 0.1, tol=1e-12)
    assert law.fit.values == pytest.approx(best.x, abs=2e-6)
    m = mean(D @ law.fit.values)
    slope = m if family.link is LOG else m * (1 - m)
    information = (D.T * (counts * slope**2 / variance(m))) @ D
    assert law.fit.std_errors == pytest.approx(np.sqrt(np.diag(np.linalg.inv(information))), rel=1e-6)
    score = D.T @ (counts * slope / variance(m) * (y - m))
    assert np.abs(score / np.sqrt(np.diag(information))).max() < 1e-5
    assert law.fit.deviance == pytest.approx(counts.sum() * mean_loss(family, y, m, counts))
    minus, observations = -2 * family.log_likelihood(y, m, counts), N if weights is None else TRIALS.sum()
    assert (law.fit.aic, law.fit.bic) == pytest.approx((minus + 4, minus + 2 * np.log(observations)))


def test_the_dispersion_comes_of_the_rows():
    rows = np.random.default_rng(0).negative_binomial(2, 2 / (2 + RATE)).astype(float)
    law = refit(EXPONENTIAL, X, rows, {"a": 0.1, "b": 0.5}, loss="negative_binomial", n_starts=1)
    assert 0.3 < law.fit.noise.loss.dispersion < 0.75
    assert "negative_binomial" in law.fit.noise.title


@pytest.mark.parametrize(
    "loss", ["absolute", "huber", "log_cosh", sizes], ids=lambda loss: getattr(loss, "__name__", loss)
)
def test_wild_rows_do_not_move_robust_losses(loss):
    robust = refit("a + b*x", X, WILD, loss=loss).constants
    assert robust["value"].to_numpy() == pytest.approx([1, 2], abs=0.15)
    assert (robust["std_error"] < 0.06).all()
    assert abs(refit("a + b*x", X, WILD).constants["value"]["a"] - 1) > 1


@pytest.mark.parametrize("q", [0.1, 0.5, 0.9])
def test_a_share_of_the_rows_lies_below_a_quantile(q):
    law = refit("a + b*x", X, WILD, loss=Quantile(q))
    assert np.mean(law.predict(X) >= WILD) == pytest.approx(q, abs=0.02)
    if q == 0.5:
        assert law.loss == pytest.approx(refit("a + b*x", X, WILD, loss="absolute").loss / 2)


def test_own_squares_are_least_squares():
    start = {"a": 1, "b": 2, "p": 1.1}
    own, plain = (refit("a + b*x**p", X, LINE, start, loss=loss, n_starts=1) for loss in (squares, "squared"))
    assert own.fit.values == pytest.approx(plain.fit.values, rel=1e-7)
    assert own.fit.std_errors == pytest.approx(plain.fit.std_errors, rel=1e-5)
    assert own.loss == pytest.approx(plain.loss)
    assert own.relative_loss == pytest.approx(plain.relative_loss)


@pytest.mark.parametrize(
    ("loss", "y", "message"),
    [
        ("poisson", [1, 2, -1, 3], r"'count' is -1 \(row 2\), and counts are not negative"),
        ("poisson", [1, 2.5, 1, 3], r"'count' is 2.5 \(row 1\), and counts are whole numbers"),
        ("negative_binomial", [1, 2.5, 1, 3], "whole numbers"),
        ("poisson", [2, 2, 2, 2], "is 2 in all rows"),
        ("binomial", [0.5, 1.2, 0, 1], r"is 1.2 \(row 1\), and must be a share from 0 to 1"),
        ("bernoulli", [0, 1, 0.5, 1], r"is 0.5 \(row 2\), and must be 0 or 1"),
        ("bernoulli", [1, 1, 1, 1], "is 1 in all rows"),
        ("poison", [1, 2, 3, 4], "loss='poison' is not known; choose one of 'squared', "),
        (Huber, [1, 2, 3, 4], "is not known"),
        (lambda a, b, w: a.detach(), [1, 2, 3, 4], "no finite slope by y_pred"),
        (lambda a, b: a, [1, 2, 3, 4], "raised TypeError"),
        (lambda a, b, w: 3.0, [1, 2, 3, 4], "returned float; return a number or a value for each row"),
    ],
)  # fmt: skip
def test_bad_targets_and_losses_are_named(loss, y, message):
    table, target = pd.DataFrame({"t": [1.0, 2, 3, 4]}), pd.Series(y, name="count", dtype=float)
    for fit in (DARTSRegressor(loss=loss, verbose=0).fit, lambda X, y: refit("a + b*t", X, y, loss=loss)):
        with pytest.raises(InputDataError, match=message):
            fit(table, target)


def test_losses_have_their_own_idea_of_errors():
    with pytest.raises(InputDataError, match=r"noise='poisson' .* belongs to least squares"):
        DARTSRegressor(loss="absolute", noise="poisson").fit(X, LINE)
    with pytest.raises(InputDataError, match=r"y_error= .* belongs to least squares"):
        DARTSRegressor(loss="absolute").fit(X, LINE, y_error=0.1)
    with pytest.raises(InputDataError, match=r"y_error= .* belongs to least squares"):
        refit("a*x", X, COUNTS, loss="poisson", y_error=0.1)
    for wrong in (lambda: Quantile(1.0), lambda: Quantile("a"), lambda: Huber(0), lambda: NegativeBinomial(-1)):
        with pytest.raises(InputDataError):
            wrong()


@pytest.mark.parametrize("name", LOSSES)
def test_what_a_model_keeps_of_a_loss_is_pickled(name):
    noise = noise_of_loss(LOSSES[name])
    assert pickle.loads(pickle.dumps(noise)) == noise


def test_links_are_inverted_by_their_written_form():
    import sympy

    a, b = sympy.symbols("a b", positive=True)
    for f in (2 * a - 1, sympy.log(a) * 2 + 1.5, a * b - b**2, sympy.exp(a), -a, sympy.sqrt(a) - sympy.log(b), 0.3 * a):
        for link in (IDENTITY, LOG, LOGIT):
            assert sympy.simplify(link.score_of(link.mean_of(f)) - f) == 0
    assert set(LOSSES) >= {"squared", "poisson", "bernoulli"}


@pytest.mark.parametrize(
    ("loss", "y", "mean", "weights", "law"),
    [
        (Poisson(), COUNTS, RATE, np.ones(N), poisson(RATE)),
        (NegativeBinomial(0.7), COUNTS, RATE, np.ones(N), nbinom(1 / 0.7, 1 / (1 + 0.7 * RATE))),
        (Binomial(), SHARES, CHANCE, TRIALS, binom(TRIALS.astype(int), CHANCE)),
        (Bernoulli(), HITS, CHANCE, TRIALS, binom(1, CHANCE)),  # a weight of so many equal rows
    ],
    ids=["poisson", "negative binomial", "binomial", "bernoulli"],
)
def test_what_is_left_lies_between_the_chances_of_less_and_of_as_much(loss, y, mean, weights, law):
    k = np.round(y * (weights if loss.name == "binomial" else 1))
    least, most = loss.below(y, mean, weights)
    np.testing.assert_allclose(least, law.cdf(k - 1), atol=1e-12)
    np.testing.assert_allclose(most, law.cdf(k), atol=1e-12)
    left = loss.residual(y, mean, weights)
    assert ((least <= left) & (left <= most)).all()


@pytest.mark.parametrize("kind", ["yes or no", "counts"])
def test_rows_near_each_other_err_alike_only_where_the_law_is_another(kind):
    """The ranks of y - mean itself follow the columns even by the true law: most are near zero where chances are."""
    loss, slope, bend = (Bernoulli(), 1.0, 3.0) if kind == "yes or no" else (Poisson(), 0.3, 0.6)
    right, wrong = 0, 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        Z = rng.normal(0, 1.5, (600, 2))
        score = slope * (1 + 2 * Z[:, 0] - 1.5 * Z[:, 1])
        mean = loss.link.mean(score)
        other = loss.link.mean(score + bend * (Z[:, 0] ** 2 - 2))
        y = (rng.random(600) < mean).astype(float) if kind == "yes or no" else rng.poisson(mean).astype(float)
        rows = Table(Z, y, ("a", "b"), "y")
        right += holds_something(rows, loss.residual(y, mean, np.ones(600)))
        wrong += holds_something(rows, loss.residual(y, other, np.ones(600)))
    assert right <= 2
    assert wrong >= 15
