"""A fit that goes on from the last one, and fits that do not."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from eqdarts import DARTSRegressor
from eqdarts.errors import InputDataError, kept_warnings
from eqdarts.search.history import EpochRecord, appended, history_table
from eqdarts.search.log import Share
from eqdarts.search.machine import Machine
from eqdarts.search.sampled import SampledSearch

OPTIONS = {"max_time": None, "max_nodes": 2, "links": ["identity"], "random_state": 0, "verbose": 0, "n_jobs": 1}
OPTIONS |= {"proposers": ["sample", "neighbour"], "replicas": 24, "max_complexity": 12}
RNG = np.random.default_rng(2)
X = pd.DataFrame(RNG.uniform(0.5, 3, (90, 2)), columns=["a", "b"])
y = (X.a**2 * np.exp(-X.b)).rename("y")
y = y + RNG.normal(0, 0.03 * y.std(), 90)


def least(model):
    return min(equation.relative_loss for equation in model.front_)


@pytest.fixture(scope="module")
def fits():
    """Two fits of two epochs, one of them going on, and what the first had."""
    model = DARTSRegressor(max_epochs=2, warm_start=True, **OPTIONS).fit(X[:70], y[:70])
    first = least(model), len(model.history_), model.alpha_history_
    return model.set_params(max_epochs=3).fit(X[:70], y[:70]), first


def test_it_goes_on_from_front_and_alpha(fits):
    model, (loss, epochs, alphas) = fits
    assert least(model) <= loss
    assert list(model.history_.epoch) == [1, 2, 3, 4, 5]
    assert (np.diff(model.history_.seconds) > 0).all()
    assert (np.diff(model.history_.graphs) > 0).all()
    assert epochs == 2
    assert np.array_equal(model.alpha_history_[:2], alphas)


def test_it_starts_with_alpha_and_the_graphs_of_before(fits):
    model = fits[0]
    earlier = model._earlier(("a", "b"), "y")
    problem, config = earlier.problem, model._options().config
    search = SampledSearch(earlier.space, config, Machine().assessor(earlier.space, problem), np.random.default_rng(0))
    state = search.resumed(earlier)
    assert np.array_equal(state.weights.alpha, model._result.alpha[0])
    assert np.array_equal(state.weights.beta, model._result.beta[0])
    assert np.array_equal(state.weights.gamma, model._result.gamma)
    before, now = model._result.population, state.population
    assert before.batch.key(0) in set(now.batch.keys())


@pytest.mark.slow
def test_two_fits_reach_what_one_as_long_does(fits):
    model, _ = fits
    at_once = DARTSRegressor(max_epochs=5, **OPTIONS).fit(X[:70], y[:70])
    assert least(model) < 1.2 * least(at_once)


def test_equations_are_fitted_to_more_rows(fits):
    model = fits[0]
    before = {str(equation.genotype) for equation in model.front_}
    model.set_params(max_epochs=1).fit(X, y)
    assert model.training_.rows == 90
    assert before & {str(equation.genotype) for equation in model.front_}
    for equation in model.front_:
        assert equation.loss == pytest.approx(np.mean((y - equation.predict(X)) ** 2), rel=1e-6)


@pytest.mark.parametrize(
    ("options", "columns", "target", "message"),
    [
        ({}, ["b", "a"], "y", "the columns were a, b, and now b, a"),
        ({}, ["a"], "y", "the columns were a, b, and now a"),
        ({}, ["a", "b"], "z", "the target was y, and now z"),
        ({"max_nodes": 3}, ["a", "b"], "y", "max_nodes was 2, and is 3 now"),
        ({"operations": ["exp"]}, ["a", "b"], "y", "operations was None"),
        ({"max_columns": 1}, ["a", "b"], "y", "max_columns was 20, and is 1 now"),
        ({"template": "f(a)"}, ["a", "b"], "y", "template='f\\(a\\)' do not go together"),
        ({"warm_start": "yes"}, ["a", "b"], "y", "expected True or False"),
        ({"loss": "absolute"}, ["a", "b"], "y", "loss='squared'"),
    ],
)
def test_what_cannot_go_on_is_named_and_changes_nothing(fits, options, columns, target, message):
    model, before = fits[0], fits[0].get_params()
    try:
        model.set_params(**options)
        with pytest.raises(InputDataError, match=message):
            model.fit(X[columns], y.rename(target))
    finally:
        model.set_params(**before)
    assert list(model.feature_names_in_) == ["a", "b"]
    assert np.isfinite(model.predict(X)).all()


def test_a_column_of_one_value_is_refused(fits):
    with kept_warnings(), pytest.raises(InputDataError, match="'b' of the earlier fit has one value only"):
        fits[0].fit(X.assign(b=1.0), X.a.rename("y"))


@pytest.mark.filterwarnings("ignore:the search sees the 1 most promising")
def test_max_columns_may_change_where_it_changes_no_column_and_guesses_have_known_ones(fits):
    earlier, settings = fits[0]._earlier(("a", "b"), "y"), fits[0].get_params()
    for most in (None, 2, 7):
        earlier.check(("a", "b"), "y", settings | {"max_columns": most})
    narrow = DARTSRegressor(max_epochs=1, warm_start=True, **OPTIONS | {"max_columns": 1}).fit(X, y)
    (seen,) = narrow.screened_columns_
    (other,) = {"a", "b"} - {seen}
    with pytest.raises(InputDataError, match=rf"guesses: 'k\*{other}' has '{other}', which the earlier search did not"):
        narrow.set_params(guesses=[f"k*{other}"]).fit(X, y)


def test_several_outputs_or_groups_do_not_go_on():
    with pytest.raises(InputDataError, match="several outputs"):
        DARTSRegressor(warm_start=True, **OPTIONS).fit(X, pd.DataFrame({"y": y, "z": y}))
    with pytest.raises(InputDataError, match="by groups"):
        DARTSRegressor(warm_start=True, **OPTIONS).fit(X, y, groups=np.arange(90) % 3)


def test_a_model_of_several_outputs_does_not_begin_anew(fits):
    both = DARTSRegressor(warm_start=True, **OPTIONS)._keep((fits[0], fits[0]))
    with pytest.raises(InputDataError, match="fitted to several outputs"):
        both.fit(X, y)


def test_equations_that_are_too_large_by_now_are_left_out(fits):
    earlier = fits[0]._earlier(("a", "b"), "y")
    most = max(equation.complexity for equation in earlier.equations)
    on = earlier.on(replace(earlier.problem, max_complexity=most - 1), fits[0]._training.table)
    assert 0 < max(equation.complexity for equation in on.equations) < most


def test_a_model_of_a_file_does_not_go_on(fits, tmp_path):
    fits[0].save(tmp_path / "model.json")
    with kept_warnings():
        model = DARTSRegressor.load(tmp_path / "model.json")
    with pytest.raises(InputDataError, match="comes of a file"):
        model.fit(X, y)


@pytest.mark.slow
def test_without_it_nothing_is_carried():
    small = {**OPTIONS, "max_epochs": 1, "proposers": ["monomials"]}
    used = DARTSRegressor(**small).fit(X[:40], y[:40]).fit(X[40:], y[40:])
    fresh = DARTSRegressor(**small).fit(X[40:], y[40:])
    assert list(map(str, used.front_)) == list(map(str, fresh.front_))
    assert list(used.history_.epoch) == list(fresh.history_.epoch) == [1]


@pytest.mark.slow
def test_a_mixture_goes_on_as_well():
    options = {"relaxation": "softmax", "replicas": 3, "max_nodes": 2, "max_time": None, "random_state": 0}
    model = DARTSRegressor(max_epochs=2, warm_start=True, verbose=0, n_jobs=1, **options).fit(X, y)
    alphas, loss = model.alpha_history_, least(model)
    model.fit(X, y)
    assert model.alpha_history_.shape[0] == 4
    finite = np.isfinite(alphas[1])
    assert np.abs(model.alpha_history_[2] - alphas[1])[finite].max() < 0.2  # steps of Adam at a rate of 0.05
    assert least(model) <= loss * (1 + 1e-9)


def test_histories_are_joined():
    def of(epochs, names):
        shares = {name: Share(2, 0.5, 1) for name in names}
        return history_table(
            [EpochRecord(k + 1, k + 1.0, 1, 0.5, 0.5, 0.5, 10 * (k + 1), 0, "x", shares) for k in epochs]
        )

    both = appended(of(range(2), ["sample"]), of(range(3), ["move"]))
    assert list(both.epoch) == [1, 2, 3, 4, 5]
    assert list(both.graphs) == [10, 20, 30, 40, 50]
    assert list(both.sample_graphs) == [2, 2, 0, 0, 0]
    assert both.move_graphs.dtype == "int64"
