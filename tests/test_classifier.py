"""Classes as equations: what a classifier makes of the fronts of its searches, and how users see it."""

import json

import numpy as np
import pandas as pd
import pytest
import sympy
from command_line import run_here
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from ready_searches import ReadySearch
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV, calibration_curve
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import eqdarts.classifier
from eqdarts import DARTSClassifier, DARTSRegressor, InputDataError, SearchWarning, load_model, plots, results
from eqdarts.classes.likelihood import ClassRows, ScoreForm, fit_scores
from eqdarts.classes.scores import probabilities_of
from eqdarts.classes.selection import choose
from eqdarts.plots.classes import judged
from eqdarts.report import report_html

KINDS = np.array(["ash", "birch", "cedar"])
TINY = {"max_epochs": 2, "replicas": 32, "max_nodes": 1, "links": ["identity"], "random_state": 0, "verbose": 0}


def three(n=400, seed=0):
    """Rows of three classes whose scores are planes; the second is the baseline."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.uniform(-2, 2, (n, 2)), columns=["wet", "warm"])
    scores = np.column_stack([1 + 1.5 * X.wet, np.zeros(n), -0.5 + X.warm - X.wet])
    chance = probabilities_of(scores)
    return X, (chance.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1), chance


@pytest.fixture
def ready(monkeypatch):
    """Classifiers whose searches are over before they begin."""
    monkeypatch.setattr(eqdarts.classifier, "DARTSRegressor", ReadySearch)
    return DARTSClassifier(verbose=0, random_state=0, model_selection="accuracy")


@pytest.fixture(scope="module")
def model():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(eqdarts.classifier, "DARTSRegressor", ReadySearch)
        X, y, _ = three()
        return DARTSClassifier(verbose=0, model_selection="accuracy").fit(X, pd.Series(KINDS[y], name="tree"))


def rows_of(X, y, K, baseline):
    return ClassRows(X.to_numpy(), tuple(X), (y[:, None] == np.arange(K)).astype(float), np.ones(len(y)), baseline)


# -- scikit-learn --------------------------------------------------------------------------------------------------


@pytest.mark.slow
@parametrize_with_checks([DARTSClassifier(verbose=0)])
@pytest.mark.filterwarnings("ignore::eqdarts.SearchWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_scikit_learn_checks(estimator, check, monkeypatch):
    monkeypatch.setattr(eqdarts.classifier, "DARTSRegressor", ReadySearch)
    check(estimator)


# -- the likelihood ------------------------------------------------------------------------------------------------


def test_planes_are_those_of_scikit_learn(model):
    X, y, _ = three()
    theirs = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X), theirs.predict_proba(X), atol=1e-4)
    base = list(KINDS).index(model.baseline_)
    wet, warm = map(sympy.Symbol, X)
    for k in {0, 1, 2} - {base}:
        plane = sympy.Poly(model.equation(KINDS[k]).expression, wet, warm)
        ours = [float(plane.coeff_monomial(x)) for x in (wet, warm, 1)]
        expected = [*(theirs.coef_[k] - theirs.coef_[base]), theirs.intercept_[k] - theirs.intercept_[base]]
        np.testing.assert_allclose(ours, expected, atol=1e-4)


def test_curved_scores_are_at_the_optimum_that_another_method_finds():
    X, _, _ = three(300, seed=1)
    rng = np.random.default_rng(2)
    scores = np.column_stack([np.zeros(300), 2 * np.exp(-0.7 * X.wet) - 2, 1 - X.warm**2])
    y = (probabilities_of(scores).cumsum(axis=1) > rng.random((300, 1))).argmax(axis=1)
    wet, warm = map(sympy.Symbol, X)
    forms = [ScoreForm.of(e, tuple(X)) for e in (1.1 * sympy.exp(-0.3 * wet) - 0.2, 0.4 - 0.6 * warm**2)]
    found = fit_scores(forms, rows_of(X, y, 3, 0))

    def loss(theta):
        parts = theta[:3], theta[3:]
        values = [form.value(X.to_numpy(), part) for form, part in zip(forms, parts, strict=True)]
        return -log_softmax(np.column_stack([np.zeros(300), *values]), axis=1)[np.arange(300), y].sum()

    start = np.concatenate([form.values for form in forms])
    theirs = minimize(loss, start, method="Nelder-Mead", options={"maxiter": 8000, "xatol": 1e-9, "fatol": 1e-11})
    assert found.converged
    assert -found.log_likelihood <= theirs.fun + 1e-6
    np.testing.assert_allclose(np.concatenate(found.values), theirs.x, atol=1e-3)


def test_errors_are_what_repeated_draws_scatter_by(model):
    """Also of each other: the covariance of all constants is the inverse of one information."""
    X, _, chance = three()
    forms = [ScoreForm.of(e.expression, tuple(X)) for e in model.front_[model.best_index_].equations]
    rng, drawn = np.random.default_rng(5), []
    base = model.front_[0].baseline
    for _ in range(60):
        y = (chance.cumsum(axis=1) > rng.random((len(X), 1))).argmax(axis=1)
        drawn.append(np.concatenate(fit_scores(forms, rows_of(X, y, 3, base)).values))
    errors = np.concatenate([e.fit.std_errors for e in model.front_[model.best_index_].equations])
    np.testing.assert_allclose(np.std(drawn, axis=0), errors, rtol=0.35)


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.floats(0, 5))
def test_probabilities_add_up_to_one(seed, classes, size):
    scores = np.random.default_rng(seed).normal(size=(11, classes)) * 10**size
    found = probabilities_of(scores)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)
    assert (found >= 0).all()
    np.testing.assert_allclose(probabilities_of(scores - scores[:, :1]), found, atol=1e-9)


def test_a_weight_of_two_is_a_row_that_stands_twice(ready):
    X, y, _ = three(120)
    weights = np.random.default_rng(0).integers(0, 3, len(y))
    weighted = clone(ready).fit(X, y, sample_weight=weights)
    places = np.repeat(np.arange(len(y)), weights)
    repeated = clone(ready).fit(X.iloc[places], y[places])
    np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-7)
    assert weighted.equations_.deviance.to_numpy() == pytest.approx(repeated.equations_.deviance.to_numpy())


def test_classes_that_nothing_confuses_have_finite_scores_and_no_errors(ready):
    X, y, _ = three(60)
    y = np.where(X.wet > 0, "right", "left")
    X = X.assign(wet=X.wet + np.sign(X.wet))
    found = ready.fit(X, y)
    assert found.score(X, y) == 1
    assert np.isfinite(found.decision_function(X)).all()
    assert "No row is in doubt whether it is right" in str(found)
    with pytest.warns(SearchWarning, match="do not determine"):
        assert np.isinf(found.equation("right").constants.std_error).all()
    assert "infty" not in found.latex(errors=True)


# -- what users ask ------------------------------------------------------------------------------------------------


def test_what_it_says(model):
    X, y, _ = three()
    assert model.classes_.tolist() == KINDS.tolist()
    assert model.predict_proba(X).shape == model.decision_function(X).shape == (len(X), 3)
    assert (model.decision_function(X)[:, list(KINDS).index(model.baseline_)] == 0).all()
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), model.predict_proba(X))
    assert model.score(X, KINDS[y]) == pytest.approx(model.equations_.accuracy[model.best_index_])
    table = model.equations_
    assert list(table.columns[:6]) == ["complexity", "log_loss", "deviance", "explained", "accuracy", "length"]
    assert (np.diff(table.complexity) > 0).all()
    assert (np.diff(table.log_loss) < 0).all()
    assert table.log_loss.argmin() == model.best_index_
    assert table.length.argmin() == choose(model.front_, "best")
    values = {name: X[name].to_numpy() for name in X}
    for k, expression in enumerate(model.sympy().values()):
        ours = sympy.lambdify(list(expression.free_symbols), expression)(
            *(values[s.name] for s in expression.free_symbols)
        )
        np.testing.assert_allclose(ours, model.predict_proba(X)[:, k])


def test_text_and_latex_show_scores_and_probabilities(model, ready):
    text, latex = str(model), model.latex()
    assert "->" in text
    assert f"the score of {model.baseline_} is 0" in text
    assert "exp(its score)/(" in text
    assert latex.count("&=") == 4
    assert rf"s_{{\mathrm{{{model.baseline_}}}}} &= 0" in latex
    assert r"\frac{e^{s_{k}}}{\sum_{j=1}^{3} e^{s_{j}}}" in latex
    assert latex.startswith("\\begin{aligned}")
    assert "pm" in model.latex(errors=True)
    X, y, _ = three(80)
    two = ready.fit(X, y == 2)
    assert "P(True) = 1/(1 + exp(-s))" in str(two)
    assert r"P(\mathrm{True}) &= \frac{1}{1 + e^{- s}}" in two.latex()
    assert two.decision_function(X).shape == (len(X),)
    assert model._repr_mimebundle_()["text/latex"].startswith("$")
    assert "<math" in model._repr_html_()


def test_another_row_is_selected_and_forgotten(model):
    X, _, _ = three()
    try:
        assert model.select(0).best_index_ == model.selected_ == 0
        assert np.ptp(model.predict_proba(X), axis=0) == pytest.approx(np.zeros(3))
        assert "the automatic choice is that of complexity" in str(model)
        assert model.select(complexity=int(model.equations_.complexity.iloc[-1])).best_index_ == len(model.front_) - 1
    finally:
        model.select()
    assert model.selected_ is None
    for options, message in (
        ({"index": 99}, "rows 0 to"),
        ({"complexity": 1}, "there are"),
        ({"form": "a*x"}, "set of scores"),
        ({"index": 0, "complexity": 2}, "give one"),
    ):
        with pytest.raises(InputDataError, match=message):
            model.select(**options)
    with pytest.raises(InputDataError, match=r"'oak'.*the classes that have an equation"):
        model.equation("oak")


@pytest.mark.parametrize("labels", [[3, 1, 2], ["c", "a", "b"], [2.0, 0.0, 1.0], [b"x", b"y", b"z"]])
def test_labels_of_any_kind_and_order(ready, model, labels):
    X, y, _ = three()
    names = np.array(labels)
    found = ready.fit(X, names[y])
    assert found.classes_.dtype.kind == names.dtype.kind
    assert found.predict(X).dtype.kind == names.dtype.kind
    order = np.argsort(names)
    np.testing.assert_allclose(found.predict_proba(X), model.predict_proba(X)[:, order], atol=1e-8)
    pandas = clone(found).fit(X, pd.Series(names[y].tolist(), dtype="category"))
    np.testing.assert_allclose(pandas.predict_proba(X), found.predict_proba(X))


def test_two_classes_in_the_other_order_are_the_same_scores_the_other_way(ready):
    X, y, _ = three(150)
    one, other = clone(ready).fit(X, y == 2), clone(ready).fit(X, y != 2)
    np.testing.assert_allclose(one.decision_function(X), -other.decision_function(X), atol=1e-6)


def test_shares_in_place_of_labels(ready):
    X, _, chance = three()
    shares = pd.DataFrame(chance, columns=KINDS)
    found = ready.fit(X, shares)
    assert found.classes_.tolist() == KINDS.tolist()
    np.testing.assert_allclose(found.predict_proba(X), chance, atol=1e-6)
    assert found.equations_.deviance.min() == pytest.approx(0, abs=1e-6)
    assert found.predict(X).tolist() == KINDS[chance.argmax(axis=1)].tolist()
    with pytest.raises(InputDataError, match="accuracy, which needs a label"):
        found.score(X, shares)


def test_what_is_no_class_is_refused(ready):
    X, y, chance = three(30)
    gaps, lonely = KINDS[y].astype(object), KINDS[y].copy()
    gaps[4], lonely[lonely == "ash"], lonely[7] = None, "birch", "ash"
    for bad, message in (
        (np.full(30, "ash"), "one class only, 'ash'"),
        (gaps, "1 of 30 labels are missing.*row 4"),
        (X.wet, "Unknown label type: continuous.*row 0.*DARTSRegressor"),
        (lonely, "the class 'ash' of 'y' has 1 row"),
        ([1, "a"] * 15, "Unknown label type: labels are of the types int and str"),
        (np.arange(30) * 1j, "Complex data not supported"),
        (chance * 2, r"row 0 the shares add up to 2;.*DARTSRegressor"),
        (chance - [0.5, 0, -0.5], "a share is below zero"),
        (pd.DataFrame(chance, columns=["a", "a", "b"]), "a name of its own"),
        (None, "requires y"),
        (y[:20], "X has 30 rows and y has 20"),
    ):
        with pytest.raises(InputDataError, match=message):
            clone(ready).fit(X, bad)
    with pytest.raises(InputDataError, match="101 classes"):
        ready.fit(pd.DataFrame({"x": np.arange(202.0)}), np.repeat(np.arange(101), 2))
    with pytest.raises(InputDataError, match="one class only, 1"):
        ready.fit(X, y, sample_weight=(y == 1).astype(float))
    with pytest.raises(InputDataError, match="label"):
        ready.fit(X, y).equation(2 if ready.baseline_ == 2 else ready.baseline_)


def test_options_are_those_of_the_regressor():
    of_numbers = {"loss", "noise", "shared", "warm_start", "checkpoint", "template", "guesses", "constants", "units"}
    theirs, ours = DARTSRegressor().get_params(), DARTSClassifier().get_params()
    assert {name: value for name, value in theirs.items() if name not in of_numbers} == {
        name: value for name, value in ours.items() if name not in of_numbers
    }
    assert not {"loss", "noise"} & set(ours)
    assert DARTSClassifier(max_nodes=3).get_params()["max_nodes"] == 3
    with pytest.raises(TypeError, match=r"no option 'noise'.*probabilities"):
        DARTSClassifier(noise="poisson")
    with pytest.raises(InputDataError, match="max_nodes=0"):
        DARTSClassifier(max_nodes=0, verbose=0).fit(*three(30)[:2])


def test_where_a_score_is_not_defined_the_frequencies_answer(monkeypatch, ready):
    class Logarithm(ReadySearch):
        forms = staticmethod(lambda x: [0.3 * sympy.log(x[0]) + 0.1])

    monkeypatch.setattr(eqdarts.classifier, "DARTSRegressor", Logarithm)
    rng = np.random.default_rng(0)
    X = rng.uniform(0.1, 4, (200, 1))
    y = np.where(rng.random(200) < X[:, 0] / (1 + X[:, 0]), "up", "down")
    found = ready.fit(X, y)
    with pytest.warns(SearchWarning, match="not defined on 1 of 2 rows"):
        assert np.isnan(found.predict_proba([[-1.0], [1.0]])).tolist() == [[True, True], [False, False]]
    with pytest.warns(SearchWarning, match="first: row 0"):
        assert found.predict([[-1.0], [1.0]])[0] == ("up" if (y == "up").mean() > 0.5 else "down")


def test_it_works_where_scikit_learn_puts_classifiers(ready):
    X, y, _ = three(90)
    assert cross_val_score(make_pipeline(StandardScaler(), ready), X, KINDS[y], cv=3).mean() > 0.5
    calibrated = CalibratedClassifierCV(ready, cv=2).fit(X, KINDS[y])
    assert calibrated.predict_proba(X).shape == (90, 3)


# -- files, pictures, pages, commands ------------------------------------------------------------------------------


@pytest.mark.parametrize("labels", [KINDS, KINDS.astype(object), np.array([5, 7, -2]), np.array([0.0, 1.0, 2.0])])
def test_a_file_holds_all_of_it(ready, labels, tmp_path):
    X, y, _ = three(100)
    ready.fit(X, pd.Series(labels[y], name="tree")).select(0)
    ready.save(tmp_path / "model.json")
    again = load_model(tmp_path / "model.json")
    assert isinstance(again, DARTSClassifier)
    assert (again.predict_proba(X) == ready.predict_proba(X)).all()
    assert again.predict(X, 1).tolist() == ready.predict(X, 1).tolist()
    assert (str(again), again.latex(errors=True)) == (str(ready), ready.latex(errors=True))
    pd.testing.assert_frame_equal(again.equations_, ready.equations_)
    assert (again.target_name_, again.selected_, again.stop_reason_) == ("tree", 0, "max_epochs")
    again.save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_text() == (tmp_path / "model.json").read_text()
    with pytest.raises(InputDataError, match="tells classes; load it with DARTSClassifier"):
        DARTSRegressor.load(tmp_path / "model.json")
    with pytest.raises(InputDataError, match="without its training rows"):
        again.plot()


def test_damaged_files_are_refused_by_the_field(model, tmp_path):
    good = model.to_dict()
    for change, field in (
        ({"classes": {"kind": "text", "labels": ["a", "a", "b"], "shares": False}}, "labels"),
        ({"baseline": 3}, "baseline"),
        ({"front": []}, "front"),
        ({"front": [{**good["front"][0], "scores": good["front"][0]["scores"][:1]}]}, "scores"),
        ({"front": [{**good["front"][0], "log_loss": -1.0}]}, "log_loss"),
        ({"training": {**good["training"], "counts": [1.0]}}, "counts"),
        ({"settings": {"loss": "squared"}}, "no option of DARTSClassifier"),
        ({"stop_reasons": []}, "stop_reasons"),
        ({"columns": []}, "columns"),
    ):
        (tmp_path / "bad.json").write_text(json.dumps({**good, **change}))
        with pytest.raises(InputDataError, match=field):
            DARTSClassifier.load(tmp_path / "bad.json")
    odd, labels = clone(model), np.array([b"x", b"y", b"z"])
    odd.__dict__.update(vars(model), classes_=labels, stop_reasons_=dict.fromkeys(labels.tolist(), "patience"))
    with pytest.raises(InputDataError, match="labels of the type bytes"):
        odd.to_dict()


def test_calibration_is_that_of_scikit_learn(ready):
    X, y, _ = three(300)
    found = ready.fit(X, y == 0)
    ax = plots.plot_calibration(found, X, y == 0, bins=7)
    (curve,) = [line for line in ax.lines if line.get_marker() == "o"]
    true, said = calibration_curve(y == 0, found.predict_proba(X)[:, 1], n_bins=7, strategy="quantile")
    np.testing.assert_allclose(curve.get_xdata(), said)
    np.testing.assert_allclose(curve.get_ydata(), true)
    with pytest.raises(InputDataError, match="bins=1"):
        plots.plot_calibration(found, bins=1)


def test_pictures(model):
    X, y, _ = three(50, seed=3)
    figure = model.plot(X, KINDS[y])
    assert len(figure.axes) == 5
    assert figure.axes[0].get_ylabel() == "share of rows that are it"
    counts = [int(text.get_text()) for text in figure.axes[1].texts]
    assert sum(counts) == 50
    assert sum(counts[::4]) == pytest.approx(50 * model.score(X, KINDS[y]))
    with pytest.raises(InputDataError, match=r"'oak' \(row 0\) is no class"):
        judged(model, X, ["oak"] * 50)
    with pytest.raises(InputDataError, match="give X and y"):
        judged(model, X)
    with pytest.raises(InputDataError, match="column='cold'"):
        plots.plot_probability(model, column="cold")


def test_the_report_shows_scores_and_how_good_they_are(model, tmp_path):
    page = report_html(model, title="Trees & <b>")
    for part in ("Trees &amp; &lt;b&gt;", "mean what they say", "confused", "Along wet", "standard error", "<math"):
        assert part in page
    model.save(tmp_path / "model.json")
    assert "was made without rows" in report_html(load_model(tmp_path / "model.json"))
    with pytest.raises(InputDataError, match="both X and y"):
        report_html(model, three(10)[0])


def test_commands(ready, model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    X, y, _ = three(60)
    X.assign(tree=KINDS[y], number=y).to_csv("trees.csv", index=False)
    model.save("model.json")
    fit = ("fit", "trees.csv", "--features", "wet,warm", "-q")
    done = run_here((*fit, "--target", "tree"), capsys)
    assert done.returncode == 0, done.stderr
    assert "the score of ash is 0" in done.stdout
    found = json.loads(run_here((*fit, "--target", "number", "--classes", "--json"), capsys).stdout)
    assert found["classes"] == ["0", "1", "2"]
    predicted = run_here(("predict", "model.json", "trees.csv", "-o", "p.csv"), capsys)
    assert "% right" in predicted.stderr
    table = pd.read_csv("p.csv")
    assert table["predicted tree"].isin(KINDS).all()
    np.testing.assert_allclose(table[[f"P({name})" for name in KINDS]].sum(axis=1), 1)
    assert "aligned" in run_here(("show", "model.json", "--as", "latex"), capsys).stdout
    for command, message in (
        (("show", "model.json", "--as", "c"), "tells classes"),
        (("predict", "model.json", "trees.csv", "--interval", "0.9"), "--interval"),
        (("refit", "model.json", "trees.csv"), "tells classes"),
        ((*fit, "--target", "tree", "--loss", "bernoulli"), "this one is a class ('ash', "),
        ((*fit, "--target", "number", "--classes", "--y-error", "wet"), "--y-error"),
        ((*fit, "--target", "tree", "--no-classes"), "labels (they are 'ash', "),
    ):
        refused = run_here(command, capsys)
        assert refused.returncode == 2
        assert message in refused.stderr


def test_files_of_a_result_are_those_of_any_model(model, monkeypatch):
    monkeypatch.setattr(results, "overview", lambda *_: Figure())  # as the drawing takes seconds
    X, y, _ = three()
    y = pd.Series(KINDS[y], name="tree")
    assert results.fit_png(model, X, y).startswith(b"\x89PNG")
    assert results.equations_csv(model, X, y).startswith(b"index,chosen")


@pytest.mark.slow
def test_commands_that_draw(ready, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    X, y, _ = three(60)
    X.assign(tree=KINDS[y]).to_csv("trees.csv", index=False)
    assert run_here(("fit", "trees.csv", "--target", "tree", "-q", "-o", "out"), capsys).returncode == 0
    assert {f.name for f in (tmp_path / "out").iterdir()} == {"equation.tex", "equations.csv", "fit.png", "model.json"}
    assert run_here(("report", "out/model.json", "trees.csv", "-o", "r.html"), capsys).returncode == 0
    assert "confused" in (tmp_path / "r.html").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["real", "probability", "probability_sample", "probability_distribution", "class"])
def test_every_kind_of_output_of_autora_has_its_place(kind):
    X, y, chance = three(100)
    tiny = {**TINY, "operations": ["linear"], "aggregators": ["sum"]}
    model, target = {
        "real": (DARTSRegressor(**tiny), chance[:, 0]),
        "probability": (DARTSRegressor(loss="binomial", **tiny), chance[:, 0]),
        "probability_sample": (DARTSRegressor(loss="bernoulli", **tiny), (y == 0).astype(float)),
        "probability_distribution": (DARTSClassifier(**tiny), pd.DataFrame(chance, columns=KINDS)),
        "class": (DARTSClassifier(**tiny), KINDS[y]),
    }[kind]
    model.fit(X, target)
    if isinstance(model, DARTSClassifier):
        assert np.abs(model.predict_proba(X) - chance).mean() < 0.05
        return
    assert np.abs(model.predict(X) - chance[:, 0]).mean() < 0.15
    between = (model.predict(X) >= 0) & (model.predict(X) <= 1)
    assert kind == "real" or between.all()


@pytest.mark.slow
def test_scores_of_three_classes_are_recovered():
    """Labels are drawn, so no row says what the scores are; their forms and constants come back."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.uniform(0.5, 4, (1500, 2)), columns=["a", "b"])
    scores = np.column_stack([np.zeros(1500), 2 * X.a - X.b**2 / 2, 3 - 2 * X.b])
    chance = probabilities_of(scores)
    y = (chance.cumsum(axis=1) > rng.random((1500, 1))).argmax(axis=1)
    found = DARTSClassifier(max_epochs=8, max_time=None, replicas=256, n_jobs=1, random_state=0, verbose=0)
    found.fit(X, KINDS[y])
    assert found.equations_.log_loss[found.best_index_] < -np.log(chance[np.arange(1500), y]).mean() + 0.01
    assert np.abs(found.predict_proba(X) - chance).mean() < 0.03
