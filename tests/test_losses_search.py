"""Searches by a loss: the truth comes back from counts, chances and wild rows; a model says what it was fitted by."""

import io
import json

import numpy as np
import pandas as pd
import pytest
import sympy
from sklearn.metrics import d2_pinball_score, d2_tweedie_score

from eqdarts import DARTSRegressor, InputDataError, cli, refit
from eqdarts.data.nearby import holds_nothing
from eqdarts.data.table import Table
from eqdarts.losses import Quantile
from eqdarts.losses.link import LOG, LOGIT
from eqdarts.losses.loss import mean_loss
from eqdarts.search.pose import pose
from eqdarts.search.stops import Watch
from eqdarts.simplify.form import form_of

QUICK = {"max_epochs": 2, "max_time": None, "replicas": 64, "random_state": 0, "verbose": 0, "n_jobs": 1}
RNG = np.random.default_rng(0)
SUMS = QUICK | {"links": ["identity"], "proposers": ["monomials"]}
T = pd.DataFrame({"t": RNG.uniform(0, 3, 200)})
COUNTS = pd.Series(RNG.poisson(np.exp(2 - T.t)), name="clicks")


def squares(y_pred, y_true, weight):
    return weight * (y_pred - y_true) ** 2


@pytest.fixture(scope="module")
def counted():
    return DARTSRegressor(loss="poisson", **SUMS).fit(T, COUNTS)


def test_counts_give_their_law(counted):
    score = LOG.score_of(counted.sympy())
    assert sympy.Poly(score, sympy.Symbol("t")).degree() == 1
    assert counted.predict(T) == pytest.approx(np.exp(2 - T.t), rel=0.15)
    best, table = counted.best_index_, counted.equations_
    deviance = mean_loss(counted.loss_, COUNTS.to_numpy(float), counted.predict(T), np.ones(len(T)))
    assert table["loss"][best] == pytest.approx(deviance)
    assert table["d2"][0] == 0
    assert table["d2"][best] == pytest.approx(d2_tweedie_score(COUNTS, counted.predict(T), power=1), rel=1e-9)
    assert counted.score(T, COUNTS) == pytest.approx(table["d2"][best], rel=1e-9)
    shown = f"explained deviance {table['d2'][best]:.5g}"
    texts = (str(counted), counted.latex_table(caption=""), counted._repr_html_())
    assert shown in texts[0]
    assert shown in texts[2]
    assert "Explained deviance" in texts[1]
    assert not [word for word in ("R²", "R2", "R^") for text in texts if word in text]
    assert table["loo"].isna().all()
    assert "loss: poisson, mean deviance" in str(counted)
    low, high = counted.predict(T, interval=0.9, kind="mean")[1:]
    assert ((low > 0) & (low <= counted.predict(T)) & (counted.predict(T) <= high)).all()
    with pytest.raises(InputDataError, match="limits of single observations are not known by loss='poisson'"):
        counted.predict(T, interval=0.9)
    with pytest.raises(InputDataError, match="use method='asymptotic'"):
        counted.refit(T, COUNTS).intervals("profile")


def test_a_file_holds_the_loss(counted, tmp_path, capsys):
    counted.save(tmp_path / "model.json")
    again = DARTSRegressor.load(tmp_path / "model.json")
    assert (again.equations_["d2"] == counted.equations_["d2"]).all()
    assert (str(again), again.loss_, again.loss) == (str(counted), counted.loss_, "poisson")
    assert (again.predict(T) == counted.predict(T)).all()
    assert again.refit(T, COUNTS).loss == pytest.approx(counted.refit(T, COUNTS).loss)
    T.to_csv(tmp_path / "new.csv", index=False)
    ask = ["predict", str(tmp_path / "model.json"), str(tmp_path / "new.csv"), "--interval", "0.9"]
    assert cli.main(ask) == 2
    assert "--kind mean" in capsys.readouterr().err
    assert cli.main([*ask, "--kind", "mean"]) == 0
    limits = pd.read_csv(io.StringIO(capsys.readouterr().out))
    low, high = counted.predict(T, interval=0.9, kind="mean")[1:]
    assert limits["predicted clicks low"].to_numpy() == pytest.approx(low)
    assert limits["predicted clicks high"].to_numpy() == pytest.approx(high)
    record = json.loads((tmp_path / "model.json").read_text(encoding="utf-8"))
    record["noise"]["loss"]["name"] = "os.system"
    (tmp_path / "model.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(InputDataError, match=r"os\.system"):
        DARTSRegressor.load(tmp_path / "model.json")


def chances(n=600):
    """Rows of 0 and 1 whose score is 1.2·x − 0.5, and an idle column."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.uniform(-3, 3, n), "u": rng.uniform(0, 3, n)})
    hit = rng.uniform(size=n) < LOGIT.mean(1.2 * X.x.to_numpy() - 0.5)
    return X, pd.Series(hit.astype(float), name="y")


def test_what_the_law_of_chances_leaves_is_noise_to_a_search():
    X, y = chances()
    options = DARTSRegressor(loss="bernoulli", **SUMS)._options()
    watch = Watch(options.config, 0.0)
    problem = pose(Table(X.to_numpy(), y.to_numpy(), ("x", "u"), "y"), options, np.random.default_rng(0), watch).problem
    table = problem.scaled.rows(problem.subset)
    values = (1.2 * problem.table.X[problem.subset, 0] * problem.x_unit[0] - 0.5) / problem.y_scale
    assert holds_nothing(table, problem.left_by(values), sure=True)
    assert not holds_nothing(table, problem.left_by(-values))
    assert not holds_nothing(table, problem.left_by(None))
    assert not holds_nothing(table, table.roots * (table.y - values))  # which is why a search cannot ask this


def test_a_search_of_chances_settles():
    X, y = chances()
    few = {"max_nodes": 1, "links": ["identity"], "proposers": ["sample", "monomials", "neighbour"]}
    model = DARTSRegressor(loss="bernoulli", **QUICK | few | {"max_epochs": 60, "replicas": 32}).fit(X, y)
    assert model.stop_reason_ == "settled"
    assert len(model.history_) < 30


@pytest.mark.parametrize("loss", ["absolute", "huber", "log_cosh", Quantile(0.9)], ids=str)
def test_a_target_of_one_value_is_explained_by_a_constant(loss):
    y = np.full(len(T), 0.1)
    model = DARTSRegressor(loss=loss, **SUMS).fit(T, y)
    assert not model.leaves_more_than_noise_
    row = model.equations_.iloc[0]
    assert (row["loss"], row["d2"], row["probability"], model.score(T, y), model.score(T, y + 1)) == (0, 1, 1, 1, 0)
    assert "more than noise" not in str(model)
    assert model.equation().constants["value"].tolist() == pytest.approx([0.1])
    assert refit("c + d*t", T, y, loss=loss).constants["value"].tolist() == pytest.approx([0.1, 0], abs=1e-12)


@pytest.mark.filterwarnings("ignore:loss. left out")
def test_wild_rows_and_own_losses(tmp_path):
    """Parameters of a loss are kept in a file, and of a function its name."""
    line = 1 + 2 * T.t + 0.1 * RNG.normal(size=len(T))
    wild = np.where(np.arange(len(T)) % 5 == 0, line + RNG.uniform(5, 20, len(T)), line)
    median = DARTSRegressor(loss=Quantile(0.5), **SUMS).fit(T, wild)
    assert median.predict(T) == pytest.approx(1 + 2 * T.t, abs=0.2)
    assert median.score(T, wild) == pytest.approx(d2_pinball_score(wild, median.predict(T), alpha=0.5), rel=1e-9)
    assert "explained loss" in str(median)
    own, plain = (DARTSRegressor(loss=loss, **SUMS).fit(T, line.to_numpy()) for loss in (squares, "squared"))
    assert own.latex() == plain.latex()
    assert own.front_[own.best_index_].loss == pytest.approx(plain.front_[plain.best_index_].loss)
    for model, shown in ((median, "Quantile(q=0.5)"), (own, "Own(label='squares')")):
        model.save(tmp_path / "model.json")
        assert repr(DARTSRegressor.load(tmp_path / "model.json").loss_) == shown


def test_rows_without_noise_and_rows_of_one_value():
    exact = DARTSRegressor(loss="absolute", **SUMS).fit(T, 1 + 2 * T.t.to_numpy())
    assert exact.stop_reason_ == "exact"
    assert str(exact.sympy()) == "2*t + 1"
    small = DARTSRegressor(loss="absolute", **SUMS).fit(T, 1e-30 * (1 + 2 * T.t.to_numpy()))
    assert small.predict(T) == pytest.approx(1e-30 * (1 + 2 * T.t), rel=1e-9)
    one = DARTSRegressor(loss="huber", **SUMS).fit(T, np.full(len(T), 3.0))
    assert (one.stop_reason_, str(one.sympy())) == ("constant", "3.00000000000000")
    same = DARTSRegressor(loss="absolute", **SUMS).fit(np.full((5, 2), 4.0), np.full(5, 3.0))
    assert str(same.sympy()) == "3.00000000000000"


@pytest.mark.slow
@pytest.mark.parametrize("law", ["1.5*x1*x2 - 0.5", "2*sin(2*x1) + x2"])
def test_chances_give_their_law(law):
    """Two thousand rows of 0 and 1."""
    rng = np.random.default_rng(100)
    X = pd.DataFrame(rng.uniform(-2, 2, (2000, 2)), columns=["x1", "x2"])
    score = X.eval(law).to_numpy()
    chance = 1 / (1 + np.exp(-score))
    y = (rng.random(2000) < chance).astype(float)
    model = DARTSRegressor(loss="bernoulli", **QUICK | {"replicas": None, "max_epochs": 20}).fit(X, y)
    assert np.sqrt(np.mean((model.predict(X) - chance) ** 2)) < 0.02
    found = form_of(LOGIT.score_of(model.sympy()), ("x1", "x2"), False)
    x1, x2 = sympy.symbols("x1 x2")
    expected = {"1.5*x1*x2 - 0.5": x1 * x2 * 1.4 - 0.6, "2*sin(2*x1) + x2": 2.1 * sympy.sin(2 * x1) + x2}
    assert found in {form_of(e, ("x1", "x2"), False) for e in (expected[law], sympy.nsimplify(expected[law]))}


@pytest.mark.slow
def test_one_row_in_five_is_wild():
    rng = np.random.default_rng(100)
    X = pd.DataFrame(rng.uniform(-2, 2, (500, 2)), columns=["x1", "x2"])
    law = 3 * X.x1 * np.exp(-X.x2)
    y = np.where(rng.random(500) < 0.2, law + rng.uniform(5, 40, 500), law + 0.2 * rng.normal(size=500))
    model = DARTSRegressor(loss="absolute", **QUICK | {"replicas": None, "max_epochs": 10}).fit(X, y)
    assert model.predict(X) == pytest.approx(law.to_numpy(), abs=0.5)
