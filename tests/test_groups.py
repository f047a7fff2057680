"""``groups=`` in fits, predictions, files and `refit`."""

import json
from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.optimize import curve_fit
from typer.testing import CliRunner

from eqdarts import DARTSRegressor, plots, refit
from eqdarts.cli.program import app
from eqdarts.data.groups import beside_columns, given_groups, places_of
from eqdarts.equation.front import Front
from eqdarts.errors import InputDataError, SearchWarning
from eqdarts.report import report_html

AT = pd.DataFrame({"c": [4.0]})
VMAX = dict(zip("ABC", (2.13, 4.71, 7.46), strict=True))


def rows(noise=0.03, n=11):
    rng = np.random.default_rng(0)
    c = rng.uniform(0.3, 9, (len(VMAX), n))
    table = pd.DataFrame({"rabbit": np.repeat(list(VMAX), n), "c": c.ravel()})
    v = table.rabbit.map(VMAX) * table.c / (2.1373 + table.c)
    return table, (v * (1 + noise * rng.normal(size=len(v)))).rename("v")


SAVED = Path(__file__).with_name("rabbits.json")  # what `fitted` found on these rows


@pytest.fixture(scope="module")
def model():
    return DARTSRegressor.load(SAVED)


@pytest.mark.slow
def test_a_search_finds_the_law_with_a_constant_for_each_group_and_one_for_all():
    X, y = rows()
    options = {"max_epochs": 2, "replicas": 64, "n_jobs": 1, "max_time": None, "random_state": 0, "verbose": 0}
    found = DARTSRegressor(**options, proposers=("sample", "shape", "monomials")).fit(X, y, groups="rabbit")
    check_law(found)
    assert found.equation().probability > 0.3
    figure = plots.plot_groups(found)
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == list(VMAX)
    assert "The rows are those of 3 groups of rabbit." in report_html(found)
    order = np.random.default_rng(1).permutation(len(y))
    again = DARTSRegressor(**options, proposers=("sample", "shape", "monomials"))
    again.fit(X.iloc[order], y.iloc[order], groups="rabbit")
    check_law(again)


def check_law(model):
    (name,) = model.equation().by_group.names
    assert list(model.constants_.index) == list(VMAX)
    away = (model.constants_[name] - pd.Series(VMAX)) / model.constants_[f"{name} std_error"]
    assert away.abs().max() < 4
    shared = model.shared_constants_.iloc[0]
    assert shared.low < 2.1373 < shared.high
    assert model.latex() == rf"v = \frac{{a_{{g}} c}}{{c + {shared.value:.4g}}}"


def test_predictions_take_the_constants_of_the_group(model):
    X, y = rows()
    assert model.score(X, y) > 0.99
    by_name = model.predict(X)
    np.testing.assert_array_equal(by_name, model.predict(X[["c"]], groups=X.rabbit))
    np.testing.assert_array_equal(by_name, model.predict(X[["c"]], groups=list(X.rabbit)))
    one = model.equation_of("B")
    np.testing.assert_allclose(one.predict(X[["c"]])[X.rabbit == "B"], by_name[X.rabbit == "B"], rtol=1e-12)
    assert model.predict(AT, groups="C")[0] > model.predict(AT, groups="A")[0]


def test_a_model_is_the_same_after_it_was_saved(model, tmp_path):
    X, _ = rows()
    model.save(tmp_path / "model.json")
    again = DARTSRegressor.load(tmp_path / "model.json")
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    pd.testing.assert_frame_equal(again.constants_, model.constants_)
    assert str(again) == str(model)
    with pytest.raises(InputDataError, match="without its rows"):
        plots.plot_groups(again)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("labels", ["A", "A", "C"], "each group once"),
        ("values", [[1.0], [2.0]], "each group once"),
        ("values", [[1.0, 2.0], [2.0], [3.0]], "expected 1 numbers"),
        ("names", ["c"], "names of columns"),
    ],
)
def test_a_damaged_file_names_the_field(model, tmp_path, field, value, message):
    record = model.to_dict()
    for equation in record["equations"]:
        equation["by_group"][field] = value
    (tmp_path / "model.json").write_text(json.dumps(record))
    with pytest.raises(InputDataError, match=message):
        DARTSRegressor.load(tmp_path / "model.json")


def test_what_is_printed_has_the_constants_of_each_group(model):
    text = str(model)
    assert "constants of each rabbit" in text
    assert "shared: c0 = " in text


def test_exports_are_functions_of_the_constants(model):
    (name,) = model.equation().by_group.names
    module = model.equation().torch()
    value = module(torch.tensor([[4.0, model.constants_.loc["B", name]]], dtype=torch.float64))
    assert value.item() == pytest.approx(model.predict(AT, groups="B")[0])


def test_a_group_is_added_to_a_model(model, tmp_path):
    model.save(tmp_path / "model.json")  # the fixture stays as it is
    known = DARTSRegressor.load(tmp_path / "model.json")
    X, y = rows()
    mine = (X.rabbit == "A").to_numpy()
    known.refit_group(X[["c"]][mine], 3 * y[mine], "D")
    (name,) = known.equation().by_group.names
    assert known.constants_.loc["D", name] == pytest.approx(3 * VMAX["A"], rel=0.05)
    pd.testing.assert_frame_equal(known.shared_constants_, model.shared_constants_)
    assert known.predict(AT, groups="D")[0] > 0
    with pytest.raises(InputDataError, match="was in the fit"):
        known.refit_group(X[["c"]][mine], y[mine], "D")


def test_refit_has_the_optimum_and_the_errors_of_scipy():
    X, y = rows()
    place = X.rabbit.map({"A": 0, "B": 1, "C": 2}).to_numpy()
    best, covariance = curve_fit(lambda c, K, *v: np.array(v)[place] * c / (K + c), X.c, y, [1.0, 2, 4, 6])
    law = refit("v*c/(K + c)", X, y, groups="rabbit", shared=["K"])
    np.testing.assert_allclose([law.constants.value["K"], *law.by_group.table["v_g"]], best, rtol=1e-6)
    errors = [law.constants.std_error["K"], *law.by_group.table["v_g std_error"]]
    np.testing.assert_allclose(errors, np.sqrt(np.diag(covariance)), rtol=1e-4)


def test_refit_without_shared_constants_is_a_fit_of_each_group():
    X, y = rows()
    law = refit("v*c/(K + c)", X, y, groups="rabbit")
    mine = (X.rabbit == "B").to_numpy()
    alone = refit("v*c/(K + c)", X[["c"]][mine], y[mine]).constants
    np.testing.assert_allclose(law.by_group.table.loc["B", ["v_g", "K_g"]].astype(float), alone.value[["v", "K"]], 1e-6)


def test_refit_warns_of_a_group_whose_rows_do_not_determine_its_constants():
    X, y = rows()
    few = ~((X.rabbit == "A") & (X.index > 0))
    with pytest.warns(SearchWarning, match="all constants of 'A'"):
        law = refit("v*c/(K + c)", X[few], y[few], groups="rabbit")
    assert np.isinf(law.by_group.table.loc["A", "v_g std_error"])
    law = refit("v*c/(K + c)", X[few], y[few], groups="rabbit", shared=["K"])
    assert np.isfinite(law.by_group.errors).all()


def test_what_cannot_be_grouped_is_refused():
    X, y = rows()
    cases = [
        ({"groups": "rabit"}, "no column of that name"),
        ({"groups": X.rabbit}, "is an input as well"),
        ({"groups": list(X.rabbit)[:5]}, "5 labels and X has 33 rows"),
        ({"groups": [None, *X.rabbit[1:]]}, "first: row 0"),
        ({"groups": ["A"] * 33}, "at least two groups"),
        ({"groups": range(33)}, "33 groups of 33 rows"),
        ({"groups": "rabbit", "shared": ["k"]}, "'k' is no constant"),
        ({"groups": "rabbit", "bounds": {"K": (0, 1)}}, "bounds: not with groups"),
        ({"shared": ["K"]}, "without groups"),
    ]
    for options, message in cases:
        columns = X if isinstance(options.get("groups"), str) or message == "is an input as well" else X[["c"]]
        with pytest.raises(InputDataError, match=message):
            refit("v*c/(K + c)", columns, y, **options)
    quick = DARTSRegressor(max_epochs=1, verbose=0)
    for options, message in cases[:6]:
        columns = X if isinstance(options["groups"], str) or message == "is an input as well" else X[["c"]]
        with pytest.raises(InputDataError, match=message):
            quick.fit(columns, y, **options)
    with pytest.raises(InputDataError, match=r"validation= .*give a share"):
        quick.set_params(validation=np.arange(33) < 5).fit(X, y, groups="rabbit")


def test_predictions_say_which_group_is_unknown(model):
    with pytest.raises(InputDataError, match="give groups="):
        model.predict(AT)
    with pytest.raises(InputDataError, match=r"'Z' was not in the fit.*refit_group\(X, y, 'Z'\)"):
        model.predict(AT, groups="Z")
    with pytest.raises(InputDataError, match="interval"):
        model.predict(AT, groups="A", interval=0.95)


def test_a_law_without_own_constants_needs_no_groups(model):
    X, y = rows()
    law = refit("v*c/(K + c)", X, y, groups="rabbit", shared=["v", "K"])
    assert law.by_group.names == ()
    at = X[["c"]].iloc[:5]
    np.testing.assert_array_equal(law.predict(at), law.predict(at, groups=X.rabbit.iloc[:5]))
    known = copy(model)
    known.front_ = Front((replace(law, columns=("c",), target="v", genotype=None),), len(X))
    np.testing.assert_array_equal(known.select(0).predict(at), law.predict(at))
    np.testing.assert_array_equal(known.predict(at.assign(rabbit="a new one")), law.predict(at))
    with pytest.raises(InputDataError, match="'Z' was not in the fit"):
        law.of_group("Z")


@pytest.mark.parametrize("ask", ["refit", "stability", "resample"])
def test_what_is_not_known_of_groups_says_so_and_is_no_answer_without_them(model, ask):
    X, y = rows()
    given = {"refit": (X, y), "stability": (), "resample": (2,)}
    with pytest.raises(InputDataError, match=f"^{ask}: .*each group|^{ask}: .*by group"):
        getattr(model, ask)(*given[ask])


def test_errors_and_pictures_of_one_equation_say_where_those_of_groups_are(model):
    with pytest.raises(InputDataError, match="latex_groups"):
        model.latex(errors=True)
    with pytest.raises(InputDataError, match="by_group"):
        model.equation().intervals()
    for draw in (plots.plot_fit, plots.plot_residuals, plots.plot_response):
        with pytest.raises(InputDataError, match="plot_groups"):
            draw(model, *rows())
    assert model.plot(*rows()).axes[0].get_legend().get_title().get_text() == "rabbit"
    with pytest.raises(InputDataError, match="no history of α"):
        plots.plot_weights(model)


def test_labels_are_sorted_numbers_by_size():
    groups = given_groups(pd.Series([10, 2, 10, 2.0, 2], name="day"), 5)
    assert (groups.name, groups.labels) == ("day", ("2", "10"))
    assert groups.place.tolist() == [1, 0, 1, 0, 0]
    assert places_of(10, 3, groups.labels).tolist() == [1, 1, 1]
    labels, rest = beside_columns("g", pd.DataFrame({"g": ["a"], "x": [1.0]}))
    assert list(labels) == ["a"]
    assert list(rest) == ["x"]


def test_pictures_of_few_groups_and_of_many(model):
    X, y = rows()
    figure = plots.plot_groups(model, X, y)
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == list(VMAX)
    many = {f"day {k}": list(VMAX)[k % 3] for k in range(9)}
    known = DARTSRegressor.load(SAVED)
    for name, same in many.items():
        mine = (X.rabbit == same).to_numpy()
        known.refit_group(X[["c"]][mine], y[mine], name)
    X = pd.concat([X[X.rabbit == same].assign(rabbit=name) for name, same in many.items()])
    figure = plots.plot_groups(known, X, y.loc[X.index])
    assert [ax.get_title() for ax in figure.axes if ax.get_visible()] == list(many)


def test_a_table_for_a_paper_has_a_row_for_each_group(model):
    lines = model.latex_groups(caption="Rabbits").splitlines()
    assert lines[2] == r"\caption{Rabbits}"
    assert sum(line.endswith(r"& 11 \\") for line in lines) == 3
    assert any(line.startswith(r"\multicolumn{3}{l}{Shared: $c_{0}$ = $2.") for line in lines)


def test_a_report_lists_the_groups(model):
    page = report_html(model)
    assert "The rows are those of 3 groups of rabbit." in page
    assert "Columns in it: c." in page  # constants of groups are no columns
    assert r"\multicolumn{3}{l}{Shared:" in page


def test_the_command_predicts_each_row_by_its_group(model, tmp_path):
    X, y = rows()
    X.assign(v=y).to_csv(tmp_path / "rabbits.csv", index=False)
    model.save(tmp_path / "model.json")
    told = [str(tmp_path / name) for name in ("model.json", "rabbits.csv", "p.csv")]
    found = CliRunner().invoke(app, ["predict", *told[:2], "--output", told[2]])
    assert found.exit_code == 0, found.output
    np.testing.assert_allclose(pd.read_csv(told[2])["predicted v"], model.predict(X), rtol=1e-6)
    refused = CliRunner().invoke(app, ["predict", *told[:2], "--interval", "0.9", "--output", told[2]])
    assert isinstance(refused.exception, InputDataError)
    assert "has no limits" in str(refused.exception)


@pytest.mark.slow
def test_the_command_takes_a_column_of_labels(tmp_path):
    X, y = rows()
    X.assign(v=y).to_csv(tmp_path / "rabbits.csv", index=False)
    options = ["--target", "v", "--groups", "rabbit", "--max-epochs", "1", "-q", "-o", str(tmp_path / "out")]
    found = CliRunner().invoke(app, ["fit", str(tmp_path / "rabbits.csv"), *options])
    assert found.exit_code == 0, found.output
    assert "constants of each rabbit" in found.output
    assert (tmp_path / "out" / "fit.png").stat().st_size > 10_000
