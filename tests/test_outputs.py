"""Several outputs: an equation for each column of y, one model that holds them."""

import inspect
import json

import numpy as np
import pandas as pd
import pytest
from command_line import run_here
from sklearn.base import clone
from sklearn.metrics import r2_score

from eqdarts import DARTSRegressor, InputDataError, SearchWarning
from eqdarts.data.outputs import beside, given_outputs
from eqdarts.formula.latex import aligned_latex

OPTIONS = {
    "max_epochs": 2, "replicas": 48, "max_nodes": 1, "links": ["identity"], "max_time": None, "verbose": 0,
    "random_state": 0, "n_jobs": 1,
}  # fmt: skip


def table(n=60):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.uniform(1, 3, (n, 2)), columns=["m", "r"])
    Y = pd.DataFrame({"F": X.m / X.r**2, "E": 3 * X.m * X.r})
    return X, Y


@pytest.fixture(scope="module")
def model():
    return DARTSRegressor(**OPTIONS).fit(*table())


def test_each_output_has_its_law(model):
    X, Y = table()
    assert [str(law) for law in model.sympy()] == ["m/r**2", "3*m*r"]
    assert model.latex().splitlines() == [
        r"\begin{aligned}", r"F &= \frac{m}{r^{2}} \\", r"E &= 3 m r", r"\end{aligned}",
    ]  # fmt: skip
    assert model.predict(X).shape == Y.shape
    assert model.score(X, Y) == r2_score(Y, model.predict(X)) > 0.999
    assert model.score(X, Y[["E", "F"]]) == model.score(X, Y)
    for name in Y:
        assert model.output(name).target_name_ == name
        assert (model.output(name).predict(X) == model.predict(X)[:, list(Y).index(name)]).all()
    for part in ("output F\n", "output E\n", "E = 3*m*r", "F = m/r**2"):
        assert part in str(model)


def test_an_output_is_what_a_fit_of_it_alone_is_whatever_the_order(model):
    X, Y = table()
    turned = DARTSRegressor(**OPTIONS).fit(X, Y[["E", "F"]])
    for name in Y:
        alone = DARTSRegressor(**OPTIONS).fit(X, Y[name])
        for other in (model, turned):
            assert [(str(e), e.loss) for e in other.output(name).front_] == [(str(e), e.loss) for e in alone.front_]


def test_tables_of_all_outputs(model):
    equations = model.equations_
    assert list(equations)[:3] == ["output", "row", "complexity"]
    assert list(equations["output"].unique()) == ["F", "E"]
    for name in ("F", "E"):
        own = model.output(name).equations_
        some = equations[equations["output"] == name].drop(columns="output").set_index("row")
        pd.testing.assert_frame_equal(some, own, check_names=False)
    assert set(model.rivals_["output"]) == set(model.history_["output"]) == {"F", "E"}


def test_what_is_selected_of_one_output_counts_in_the_model():
    X, Y = table()
    model = DARTSRegressor(**OPTIONS).fit(X, Y)
    model.output("E").select(0)
    np.testing.assert_allclose(model.predict(X)[:, 1], Y["E"].mean())
    assert str(model.sympy()[0]) == "m/r**2"


def test_limits_of_all_outputs(model):
    X, _ = table()
    model.output("E").select(0)
    limits = model.predict(X, interval=0.9)
    model.output("E").select()
    assert limits.low.shape == X.shape
    assert (limits.low[:, 1] < limits.value[:, 1]).all()
    assert (limits.high[:, 1] == model.output("E").predict(X, 0, interval=0.9).high).all()


@pytest.mark.parametrize(
    "ask",
    [
        lambda m: m.equation(), lambda m: m.select(0), lambda m: m.select(), lambda m: m.front_, lambda m: m.noise_,
        lambda m: m.predict(table()[0], index=0), lambda m: m.latex(index=0), lambda m: m.sympy(0),
        lambda m: m.latex_table(), lambda m: m.stability(2), lambda m: m.resample(2), lambda m: m.training_rows(),
        lambda m: m.extrapolation(table()[0]), lambda m: m.refit(*table()),
        lambda m: m.best_index_, lambda m: m.genotype_,
    ],
)  # fmt: skip
def test_what_needs_one_output_says_how_to_come_by_it(model, ask):
    with pytest.raises(InputDataError, match=r"the outputs 'F', 'E'.*model\.output\('F'\)"):
        ask(model)


def test_attributes_that_no_model_has(model):
    with pytest.raises(AttributeError, match="no attribute 'law_'"):
        model.law_  # noqa: B018
    assert not hasattr(model, "front_")
    with pytest.raises(InputDataError, match="no output 'G'; there are 'F', 'E'"):
        model.output("G")


def test_save_and_load(model, tmp_path):
    X, _ = table()
    model.save(tmp_path / "model.json")
    again = DARTSRegressor.load(tmp_path / "model.json")
    assert (again.predict(X) == model.predict(X)).all()
    assert str(again) == str(model)
    assert again.get_params() == model.get_params()
    assert again.output("E").equation().constants.equals(model.output("E").equation().constants)
    record = json.loads((tmp_path / "model.json").read_text())
    for change, said in (
        ({"outputs": record["outputs"][:1]}, "two or more"),
        ({"outputs": [record["outputs"][0]] * 2}, "different targets"),
        ({"version": 2}, "update eqdarts"),
        ({"outputs": [record]}, "format"),
    ):
        (tmp_path / "bad.json").write_text(json.dumps({**record, **change}))
        with pytest.raises(InputDataError, match=said):
            DARTSRegressor.load(tmp_path / "bad.json")


def test_fits_forget_each_other_and_clones_forget_all():
    X, Y = table()
    model = DARTSRegressor(**OPTIONS).fit(X, Y)
    assert len(model.outputs_) == 2
    model.fit(X, Y["E"])
    assert model.outputs_ == (model,)
    assert model.predict(X).shape == (60,)
    model.fit(X, Y)
    assert not hasattr(model, "front_")
    with pytest.raises(ValueError, match="not fitted"):
        clone(model).outputs_  # noqa: B018


def test_a_page_and_a_card_show_all_outputs(model):
    X, Y = table()
    assert [ax.get_ylabel() for ax in model.plot(X, Y.to_numpy()).axes] == [
        "F, predicted", "F, error", "E, predicted", "E, error",
    ]  # fmt: skip
    html = model._repr_mimebundle_()["text/html"]
    assert html.count('class="eqdarts"') == 2
    with pytest.raises(InputDataError, match=r"a column for each: 'F', 'E'"):
        model.plot(X, Y.E)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda X, Y: Y.assign(E=Y.E.where(Y.index != 7)), r"'E'.*row 7"),
        (lambda X, Y: pd.concat([Y, Y.E], axis=1), "more than one column is called 'E'"),
        (lambda X, Y: Y.assign(m=X.m), "'m': among the outputs and also among the features"),
        (lambda X, Y: Y.assign(z="a"), "target 'z'.*not a number"),
        (lambda X, Y: Y.to_numpy().T, r"hand over y\.T"),
        (lambda X, Y: Y[:50], "60 rows and y has 50"),
        (lambda X, Y: [Y.F, Y.E[:50]], r"outputs of different length"),
        (lambda X, Y: np.ma.masked_greater(Y.to_numpy(), 1), "target 'y1'.*masked"),
    ],
)
def test_outputs_that_cannot_be_used_are_named_before_any_search(change, said):
    X, Y = table()
    with pytest.raises(InputDataError, match=said):
        DARTSRegressor(**OPTIONS, callback=lambda record: pytest.fail("searched")).fit(X, change(X, Y))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"template": "F*m + f(r)"}, "'F' stands on the right-hand side"),
        ({"constraints": {"bounds": [None, 1e-3]}}, "constraints: .* values of 'E' are outside"),
    ],
)
def test_options_that_an_output_contradicts_are_named_before_any_search(options, said):
    X, Y = table()
    Y = Y.assign(F=-np.abs(Y.F))[["F", "E"]] if "constraints" in options else Y[["E", "F"]]
    with pytest.raises(InputDataError, match=said):
        DARTSRegressor(**OPTIONS, **options, callback=lambda record: pytest.fail("searched")).fit(X, Y)


def test_an_output_that_does_not_vary_is_said():
    X, Y = table()
    with pytest.warns(SearchWarning, match="'c' has one value only, 2"):
        names = [output.name for output in given_outputs(X, Y.assign(c=2.0))]
    assert names == ["F", "E", "c"]


def test_names_of_outputs_of_arrays_and_of_numbered_columns():
    X, Y = table()
    assert [output.name for output in given_outputs(X, Y.to_numpy())] == ["y1", "y2"]
    assert [output.name for output in given_outputs(X, pd.DataFrame(Y.to_numpy()))] == ["y0", "y1"]
    assert given_outputs(X, Y.E) is given_outputs(X, Y[["E"]]) is given_outputs(X, Y.E.to_numpy()[:, None]) is None


def test_weights_and_errors_of_rows_for_all_outputs_or_for_each():
    _, Y = table()
    outputs = [Y.F, Y.E]
    assert beside("y_error", 0.5, outputs) == [0.5, 0.5]
    by_name = beside("y_error", pd.DataFrame({"E": [2.0], "F": [1.0]}), outputs)
    by_place = beside("y_error", np.array([[1.0, 2.0]]), outputs)
    assert [float(part.iloc[0]) for part in by_name] == [float(part[0]) for part in by_place] == [1, 2]
    assert [part.shape for part in beside("sample_weight", np.ones(60), outputs)] == [(60,), (60,)]
    with pytest.raises(InputDataError, match="sample_weight has 3 columns, and y has 2"):
        beside("sample_weight", np.ones((60, 3)), outputs)


def test_errors_of_rows_reach_each_output():
    X, Y = table(20)
    errors = np.column_stack([np.linspace(0.01, 0.02, 20), np.full(20, 0.5)])
    model = DARTSRegressor(**OPTIONS).fit(X, Y, y_error=errors)
    assert [one.noise_.form for one in model.outputs_] == ["given", "given"]
    assert model.output("E").noise_.unit == 0.5
    assert model.output("F").noise_.unit != 0.5


def test_units_of_outputs_are_checked_before_any_search_and_kept(tmp_path):
    X, Y = table(30)
    units = {"m": "kg", "r": "m", "F": "kg/m^2", "E": "kg m"}
    options = {**OPTIONS, "callback": lambda record: pytest.fail("searched")}
    with pytest.raises(InputDataError, match="E"):
        DARTSRegressor(**options, units={**units, "E": "nonsense"}).fit(X, Y)
    model = DARTSRegressor(**OPTIONS, units=units).fit(X, Y)
    assert model.units_ == units
    assert "E" not in model.output("F").units
    model.save(tmp_path / "model.json")
    assert DARTSRegressor.load(tmp_path / "model.json").units == units


@pytest.mark.slow
def test_both_laws_come_back_from_noisy_rows_in_the_time_for_both():
    X, Y = table(200)
    noisy = Y + np.random.default_rng(1).normal(0, 0.03, Y.shape) * Y.std().to_numpy()
    model = DARTSRegressor(max_epochs=20, max_time=None, random_state=0, verbose=0).fit(X, noisy)
    assert [model.output(name).select(form=form).best_index_ for name, form in (("F", "a*m/r**2"), ("E", "a*m*r"))]
    assert [str(law.subs({"m": 1, "r": 1}))[:1] for law in model.sympy()] == ["1", "3"]


def test_on_the_command_line(tmp_path, monkeypatch, capsys):
    X, Y = table(30)
    X.join(Y).to_csv(tmp_path / "two.csv", index=False)
    monkeypatch.chdir(tmp_path)

    def run(text):
        return run_here(text.split(), capsys)

    fitted = run("fit two.csv --target F --target E --features m,r --max-epochs 2 --seed 0 -q --json")
    document = json.loads(fitted.stdout)
    assert [one["law"]["expression"] for one in document["outputs"]] == ["m/r**2", "3*m*r"]
    DARTSRegressor(**OPTIONS).fit(X, Y).save("model.json")
    assert run("show model.json --as text").stdout == "m/r**2\n3*m*r\n"
    assert run("show model.json --target E --as latex").stdout == "E = 3 m r\n"
    assert "output F" in run("show model.json").stdout
    head, first, *_ = run("predict model.json two.csv").stdout.splitlines()
    assert head.endswith("F,E,predicted F,predicted E")
    assert float(first.split(",")[-1]) == pytest.approx(Y.E[0])
    for wrong, said in (
        ("show model.json --select 0", "for one target, and here are F, E"),
        ("show model.json --target G", "no output 'G'"),
        ("predict model.json two.csv --column new", "choose one with --target"),
        ("refit model.json two.csv", "the model has the targets F, E"),
        ("fit two.csv --target F --target F", "'F' is named twice"),
        ("fit two.csv --target F --target E --select 1", "for one target"),
    ):
        refused = run(wrong)
        assert refused.returncode == 2
        assert said in refused.stderr


def test_lines_are_aligned_at_signs_outside_of_names():
    lines = aligned_latex([r"\text{a = \{b} = 2", "c = d"]).splitlines()
    assert lines[1:3] == [r"\text{a = \{b} &= 2 \\", "c &= d"]


def test_all_attributes_can_be_looked_through(model):
    """As scikit-learn's diagram does: what a model does not have is an AttributeError, of one output and of several."""
    for one in (model, model.output("F")):
        assert "outputs_" in dict(inspect.getmembers(one))
