"""The estimator as scikit-learn users know it: checks, pipelines, names, weights, limits, refusals."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from eqdarts import DARTSRegressor, InputDataError, SearchWarning

COLUMNS = ["complexity", "loss", "r2", "error", "loo", "probability", "score", "equation", "sympy", "origin"]


#: No branches, which take most of the time of a short search.
FEW = ("sample", "neighbour", "move", "gradient", "product", "monomials")


def tiny(**options):
    """A search of small graphs, which become equations at once."""
    settings = {"max_epochs": 3, "replicas": 48, "max_nodes": 1, "links": ["identity"], "verbose": 0, "random_state": 0}
    if options.get("relaxation", "sampled") == "sampled" and options.get("optimizer", "auto") in ("auto", "lm"):
        settings["proposers"] = FEW
    return DARTSRegressor(**{**settings, **options})


def table(n=60, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.uniform(1, 3, (n, 2)), columns=["m", "r"])
    return X, (X.m / X.r**2).rename("F")


# Without products there are no sums of monomials, of which tables of many columns have many.
@parametrize_with_checks([tiny(max_epochs=2, replicas=16, operations=["linear", "exp"], aggregators=["sum"])])
@pytest.mark.filterwarnings("ignore::eqdarts.SearchWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def test_recovers_a_law_and_prints_it():
    X, y = table()
    model = tiny(max_epochs=20).fit(X, y)
    assert str(model.sympy()) == "m/r**2"
    assert model.latex() == r"F = \frac{m}{r^{2}}"
    assert model.stop_reason_ == "exact"
    assert list(model.feature_names_in_) == ["m", "r"]
    assert "->" in str(model)
    assert list(model.equations_.columns) == COLUMNS
    assert model.score(X, y) == pytest.approx(1.0)
    np.testing.assert_allclose(model.predict(X, index=0), y.mean())


@pytest.mark.parametrize(
    ("options", "lists"),
    [
        (
            {"max_nodes": 3, "proposers": None},
            {
                "operations": ("zero", "scale", "linear", "power", "odd_power", "exp", "cos"),
                "aggregators": ("sum", "product"),
                "links": ("identity", "reciprocal", "sqrt"),
            },
        ),
        (
            {"relaxation": "softmax", "optimizer": "adam", "replicas": 3, "max_nodes": 2},
            {"operations": ("zero", "identity", "linear", "square", "exp"), "aggregators": ("sum", "product")},
        ),
    ],
    ids=("sampled", "softmax"),
)
def test_the_set_of_operations_decides_not_its_order(options, lists):
    X, _ = table()
    y = np.cos(2 * X.m) * X.r + np.exp(0.3 * X.r * X.m)
    fronts = []
    for shift in (0, 1):
        turned = {name: [*values[shift:], *values[:shift]][::-1] for name, values in lists.items()}
        model = tiny(**options, **turned).fit(X, y)
        fronts.append([(str(e.expression), e.loss, e.origin) for e in model.front_])
    assert fronts[0] == fronts[1]


def test_same_seed_same_equation_and_a_second_fit_forgets_the_first():
    X, y = table()
    X_other, y_other = table(seed=1)
    noisy = y + np.random.default_rng(0).normal(0, 0.05, len(y))
    first = tiny().fit(X, noisy)
    again = tiny().fit(X_other, 2 * y_other).fit(X, noisy)
    assert str(first) == str(again)
    timeless = [name for name in first.history_ if not name.endswith("seconds")]
    pd.testing.assert_frame_equal(first.history_[timeless], again.history_[timeless])


@pytest.mark.parametrize(
    ("law", "noise"),
    [
        pytest.param(lambda X: X.m / (X.r**2 + X.k), 0.0, id="sum"),
        pytest.param(lambda X: X.m * X.k / X.r**2, 0.05, id="noise", marks=pytest.mark.slow),
    ],
)
def test_irrelevant_columns_leave_the_equation(law, noise):
    rng = np.random.default_rng(4)
    X = pd.DataFrame(rng.uniform(1, 3, (300, 3)), columns=["m", "r", "k"])
    y = law(X)
    y = (y + noise * y.std() * rng.normal(size=len(y))).rename("F")
    extra = pd.DataFrame(rng.uniform(1, 3, (300, 10)), columns=[f"z{k}" for k in range(10)])
    options = {"max_epochs": 16, "replicas": 512, "max_nodes": 2}
    few, many = (tiny(**options).fit(table, y).sympy() for table in (X, X.join(extra)))
    assert {s.name for s in many.free_symbols} == {"m", "r", "k"}
    assert (few - many).equals(0)


def test_wide_columns_are_searched_in_their_own_units_too():
    """Scaled by 32, as large columns are, the wave would have a frequency of 32; the decay has a rate of about 1."""
    x = np.random.default_rng(0).uniform(0, 60, (200, 1))
    options = {"max_epochs": 30, "max_time": None, "random_state": 0, "n_jobs": 1, "verbose": 0}
    for law in (x[:, 0] / 10 + np.cos(x[:, 0]), 3 * np.exp(-0.05 * x[:, 0])):
        model = DARTSRegressor(**options).fit(x, law)
        assert model.stop_reason_ == "exact"
        assert len(model.history_) < 10


def test_threads_do_not_change_the_equations():
    """512 replicas are several portions of work."""
    X, y = table()
    noisy = y + np.random.default_rng(0).normal(0, 0.05, len(y))
    one, two = (tiny(replicas=512, n_jobs=n_jobs).fit(X, noisy) for n_jobs in (1, 2))
    pd.testing.assert_frame_equal(one.equations_, two.equations_)
    timeless = [name for name in one.history_ if not name.endswith("seconds")]
    pd.testing.assert_frame_equal(one.history_[timeless], two.history_[timeless])


def test_recovers_a_law_through_a_link():
    """1/√(m² + r²) is a sum of two powers under a link; without links it takes another node."""
    X, _ = table()
    y = 1 / np.sqrt(X.m**2 + X.r**2)
    options = {"operations": ["power"], "max_nodes": 1, "max_epochs": 20, "readout_inputs": False}
    linked = tiny(links=["identity", "reciprocal_sqrt"], **options).fit(X, y)
    assert str(linked.sympy()) == "1/sqrt(m**2 + r**2)"
    assert linked.genotype_.link == "reciprocal_sqrt"
    assert linked.stop_reason_ == "exact"
    plain = tiny(links=["identity"], **options).fit(X, y)
    assert plain.genotype_.link == "identity"
    assert plain.score(X, y) < linked.score(X, y)


def test_links_that_cannot_give_the_target_are_left_out():
    X, y = table()
    model = tiny(max_epochs=1, links=None).fit(X, y - y.mean())
    assert "identity" in model.search_space_.links
    assert not {"sqrt", "reciprocal_sqrt", "arccos"} & set(model.search_space_.links)
    relaxed = tiny(max_epochs=1, links=None, replicas=2, relaxation="softmax").fit(X, y)
    assert relaxed.search_space_.links == ("identity",)


def test_lives_in_pipelines_and_searches():
    X, y = table()
    assert make_pipeline(StandardScaler(), tiny()).fit(X, y).predict(X).shape == (60,)
    assert len(cross_val_score(tiny(), X, y, cv=2)) == 2
    search = GridSearchCV(tiny(max_epochs=1), {"max_nodes": [1, 2]}, cv=2).fit(X, y)
    assert search.best_params_["max_nodes"] in (1, 2)
    assert clone(tiny(order=1)).get_params() == tiny(order=1).get_params()


@pytest.mark.parametrize("names", [["E", "I"], ["lambda", "x 1"], ["Δv (km/s)", "50%_dose"]])
def test_awkward_column_names(names):
    X, y = table()
    X.columns = names
    model = tiny(max_epochs=20).fit(X, y)
    assert {s.name for s in model.sympy().free_symbols} == set(names)
    assert model.score(X, y) == pytest.approx(1.0)
    assert model.latex().startswith("F = ")


def test_a_weight_of_zero_hides_a_row():
    X, y = table()
    spoilt = y.copy()
    spoilt[::7] = 1e3
    weights = np.where(np.arange(len(y)) % 7 == 0, 0.0, 1.0)
    assert str(tiny(max_epochs=20).fit(X, spoilt, sample_weight=weights).sympy()) == "m/r**2"


@pytest.mark.parametrize("dtype", [np.float32, np.int64, bool])
def test_other_number_types(dtype):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.integers(1, 9, 40), "b": rng.integers(0, 2, 40)}).astype({"b": dtype})
    model = tiny(max_epochs=10).fit(X, 3.0 * X.a + 2.0 * X.b.astype(float))
    assert model.score(X, 3.0 * X.a + 2.0 * X.b.astype(float)) == pytest.approx(1.0)


@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1e30, 1e290])
def test_extreme_magnitudes(scale):
    X, y = table()
    model = tiny(max_epochs=20).fit(X * [scale, 1.0], y * scale)
    np.testing.assert_allclose(model.predict(X * [scale, 1.0]), y * scale, rtol=1e-6)


def test_constant_target_returns_the_constant():
    X, _ = table()
    model = tiny().fit(X, np.full(60, 2.5))
    assert float(model.sympy()) == 2.5
    assert model.stop_reason_ == "constant"
    assert list(model.predict(X)) == [2.5] * 60


def test_constant_columns_are_left_out_with_a_warning():
    X, y = table()
    with pytest.warns(SearchWarning, match="'g'"):
        model = tiny(max_epochs=20).fit(X.assign(g=9.81), y)
    assert model.score(X.assign(g=9.81), y) == pytest.approx(1.0)


def test_more_columns_than_rows_warns_and_works():
    rng = np.random.default_rng(0)
    X = rng.uniform(1, 2, (15, 20))
    with pytest.warns(SearchWarning, match="20 columns and only 15 rows"):
        assert tiny(max_epochs=2).fit(X, X[:, 3]).predict(X).shape == (15,)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y: (X.assign(m=X.m.where(X.index != 17)), y), r"column 'm': 1 of 60 values is NaN .* row 17"),
        (lambda X, y: (X, y.where(y.index != 3)), r"column 'F': 1 of 60 values is NaN or infinity \(first: row 3\)"),
        (lambda X, y: (X.assign(m="heavy"), y), r"column 'm': 'heavy' \(row 0\) is not a number"),
        (lambda X, y: (X.assign(m=pd.Timestamp("2020-01-01")), y), r"column 'm' holds dates"),
        (lambda X, y: (X.set_axis(["m", "m"], axis=1), y), r"more than one column is called 'm'"),
        (lambda X, y: (X.assign(F=y), y), r"column 'F' is the target"),
        (lambda X, y: (X.iloc[:0], y.iloc[:0]), r"0 sample"),
        (lambda X, y: (X.iloc[:1], y.iloc[:1]), r"1 sample"),
    ],
)
def test_bad_tables_are_refused_by_name(change, message):
    X, y = change(*table())
    with pytest.raises(ValueError, match=message):
        tiny().fit(X, y)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"operations": ["cosh"]}, "'cosh' not known; the registry has zero"),
        ({"operations": "exp"}, r"operations='exp': expected a list"),
        ({"relaxation": "softmax", "optimizer": "lm"}, "fits sampled graphs"),
        ({"order": 2}, "order=2 has no effect with relaxation='sampled' and optimizer='lm'"),
        ({"relaxation": "gumbel", "optimizer": "lm"}, "fits sampled graphs"),
        ({"optimizer": "adam"}, "takes steps on a mixture, and relaxation='sampled' has none"),
        ({"max_time": None, "max_epochs": None, "patience": None}, "never end"),
        ({"model_selection": "nicest"}, "choose one of 'best'"),
        ({"max_nodes": 0}, "max_nodes=0: expected an integer from 1 to 1000"),
        ({"validation": 1.5}, "validation=1.5"),
        ({"aggregators": ["max"]}, "aggregators"),
        ({"links": ["cosh"]}, "links: 'cosh'; choose from identity"),
        ({"links": []}, "links: none given"),
        ({"links": "sqrt"}, r"links='sqrt': expected a list"),
        ({"n_jobs": 0}, "n_jobs=0: expected an integer at least 1"),
        ({"n_jobs": 1.5}, "n_jobs=1.5: expected an integer at least 1"),
    ],
)
def test_bad_options_are_refused_by_name(options, message):
    with pytest.raises(InputDataError, match=message):
        tiny(**options).fit(*table())


def test_limits():
    X, y = table()
    noisy = y + np.random.default_rng(0).normal(0, 0.05, len(y))
    assert tiny(max_epochs=2).fit(X, noisy).stop_reason_ == "max_epochs"
    assert tiny(max_epochs=None, max_time=0.3).fit(X, noisy).stop_reason_ == "max_time"
    assert tiny(max_epochs=None, patience=1).fit(X, noisy).stop_reason_ == "patience"
    small = tiny(max_complexity=5).fit(X, noisy)
    assert small.equations_["complexity"].max() <= 5


def test_an_interrupt_returns_the_best_so_far():
    X, y = table()
    noisy = y + np.random.default_rng(0).normal(0, 0.05, len(y))

    def interrupt(record):
        if record.epoch == 2:
            raise KeyboardInterrupt

    model = tiny(max_epochs=50, callback=interrupt).fit(X, noisy)
    assert model.stop_reason_ == "interrupted"
    assert model.score(X, noisy) > 0.8
    assert len(model.history_) == 2


def test_there_is_an_equation_to_read_while_the_search_runs():
    X, y = table()
    noisy = y + np.random.default_rng(0).normal(0, 0.05, len(y))
    texts = []
    model = tiny(max_epochs=5, callback=lambda record: texts.append(record.equation)).fit(X, noisy)
    assert texts == list(model.history_["equation"])
    assert float(texts[0]) == pytest.approx(noisy.mean())
    assert "m" in texts[-1]
    assert texts[-1] in set(model.equations_["sympy"].map(str))


def test_a_table_of_six_rows_is_searched_to_the_end():
    """A library of so few rows holds no sums below some links, which leaves a stage without graphs."""
    x, y = np.array([6.25, 12.5, 25, 50, 100, 200]), np.array([0.5, 4.5, 10, 26, 37, 32])
    model = tiny(max_epochs=16, max_time=None, max_nodes=2, agreeing_runs=None).fit(x[:, None], y)
    assert model.stop_reason_ == "max_epochs"
    assert model.equations_["loss"].min() < 0.1 * y.var()


def test_operations_without_constants_of_their_own_are_searched_to_the_end():
    x = np.random.default_rng(0).normal(size=(50, 2))
    model = tiny(max_epochs=3, operations=("zero", "square"), max_nodes=2).fit(x, x[:, 0] ** 2 + 2 * x[:, 1] ** 2)
    assert model.stop_reason_ in ("exact", "max_epochs")
    assert model.equations_["loss"].min() < 1e-20


@pytest.mark.parametrize("validation", [np.arange(20), KFold(3), 0.0, 0.5])
def test_validation_rows(validation):
    X, y = table()
    assert tiny(max_epochs=20, validation=validation).fit(X, y).score(X, y) == pytest.approx(1.0)


# Each of both once: a mixture and its reading do not know each other.
@pytest.mark.parametrize(
    ("relaxation", "discretisation"), [("softmax", "argmax"), ("sigmoid", "k_best"), ("gumbel", "sample")]
)
def test_the_relaxed_search_runs_through_the_same_surface(relaxation, discretisation):
    X, y = table()
    model = tiny(
        relaxation=relaxation, optimizer="adam", discretisation=discretisation, aggregators=["sum"], replicas=3,
        max_epochs=4, w_steps=2,
    ).fit(X, y)  # fmt: skip
    assert model.alpha_history_.shape == (4, 3, 1, 2, 13)
    assert len(model.history_) == 4
    assert np.isfinite(model.history_["validation_loss"]).all()
    assert "relaxed" in set(model.equations_["origin"])


def test_second_order_runs():
    X, y = table()
    model = tiny(relaxation="softmax", order=2, replicas=2, max_epochs=2).fit(X, y)
    assert model.stop_reason_ == "max_epochs"


def test_resample_draws_further_equations():
    X, y = table()
    model = tiny(max_epochs=5).fit(X, y)
    more = model.resample(7)
    assert 1 <= len(more) <= 7
    assert [str(e) for e in more] == [str(e) for e in model.resample(7)]
    assert all(np.isfinite(e.loss) for e in more)


def test_pure_noise_gives_a_constant():
    rng = np.random.default_rng(0)
    model = tiny(max_epochs=10).fit(rng.normal(size=(200, 3)), rng.normal(size=200))
    assert not model.sympy().free_symbols


def test_predictions_off_the_domain_are_nan_with_a_warning():
    rng = np.random.default_rng(0)
    X = rng.uniform(0.5, 3, (60, 1))
    model = tiny(max_epochs=20, operations=["ln"]).fit(X, np.log(X[:, 0]))
    with pytest.warns(SearchWarning, match="not defined on 1 of 2 rows"):
        assert np.isnan(model.predict([[1.0], [-1.0]])).tolist() == [False, True]
