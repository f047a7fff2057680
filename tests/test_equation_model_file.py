"""Models in files: what is saved comes back, and what is not a model of eqdarts is refused and does nothing."""

import io
import json
import os
import pickle
import random
import warnings
from copy import copy

import joblib
import numpy as np
import pandas as pd
import pytest
import sympy
import torch
from hypothesis import given
from hypothesis import strategies as st
from mutate import CANARY, HOSTILE, mutated
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import KFold

from eqdarts import OPERATIONS, DARTSRegressor, EqdartsError, InputDataError, SearchWarning, refit, register_operation
from eqdarts.equation.equation import Equation
from eqdarts.formula.records import MAX_BYTES, dump, parse_json
from eqdarts.report.sureness import sentences
from eqdarts.runtime.writing import write_text


def table(n=60, scale=1.0):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.uniform(1, 3, (n, 2)), columns=["mass (kg)", "r"])
    y = X["mass (kg)"] / X.r**2 + rng.normal(0, 0.02, n)
    return X * [scale, 1.0], (y * scale).rename("F")


def tiny(**options):
    """A search whose front is short, as each of its equations takes time to be made and to be read."""
    settings = {"max_epochs": 2, "replicas": 16, "max_nodes": 1, "operations": ["power", "exp"], "links": ["identity"]}
    return DARTSRegressor(**{**settings, "verbose": 0, "random_state": 0, **options})


@pytest.fixture(scope="module")
def model():
    return tiny(operations=None, links=None, max_epochs=3).fit(*table())


@pytest.fixture(scope="module")
def text(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.json"
    model.save(path)
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def small_text():
    """Of a model with few equations, which has every kind of field."""
    return dump(tiny().fit(*table()).to_dict())


def loaded(model, folder):
    model.save(folder / "model.json")
    return DARTSRegressor.load(folder / "model.json")


def assert_same(again, model, X):
    for k in range(len(model.front_)):
        np.testing.assert_array_equal(again.predict(X, index=k), model.predict(X, index=k))
        assert sympy.srepr(again.sympy(k)) == sympy.srepr(model.sympy(k))
        assert again.latex(k) == model.latex(k)
    assert again.front_ == model.front_
    assert again.genotype_ == model.genotype_
    pd.testing.assert_frame_equal(again.equations_, model.equations_)
    assert (again.best_index_, str(again), again.stop_reason_) == (model.best_index_, str(model), model.stop_reason_)
    assert (again.search_space_, again.training_) == (model.search_space_, model.training_)
    assert again.leaves_more_than_noise_ == model.leaves_more_than_noise_
    assert again.n_features_in_ == model.n_features_in_


@pytest.mark.parametrize("reason", ["settled", "error", "interrupted"])
def test_whatever_ended_the_search_comes_back(model, reason, tmp_path):
    ended = copy(model)
    ended.stop_reason_ = reason
    assert loaded(ended, tmp_path).stop_reason_ == reason


@pytest.mark.parametrize("scale", [1.0, 1e-200, 1e150, 1e200])  # the squares of the last are beyond the doubles
def test_a_model_comes_back_as_it_was(scale, tmp_path):
    X, y = table(scale=scale)
    model = tiny().fit(X, y)
    again = loaded(model, tmp_path)
    assert_same(again, model, X)
    assert again.get_params() == model.get_params()
    assert list(again.feature_names_in_) == list(model.feature_names_in_)
    assert again.to_dict() == model.to_dict()
    assert again.score(X, y) == model.score(X, y)


@pytest.mark.parametrize("criterion", ["best", "accuracy", "score"])
def test_arrays_settings_and_the_choice_come_back(criterion, tmp_path):
    X, y = table()
    model = tiny(model_selection=criterion, operations=["power", "ln"], max_time=5.0, validation=np.arange(20))
    model.fit(X.to_numpy(), y)
    again = loaded(model, tmp_path)
    assert_same(again, model, X.to_numpy())
    assert not hasattr(again, "feature_names_in_")
    assert again.validation == list(range(20))
    assert again.operations == ["power", "ln"]
    assert_same(again.fit(X.to_numpy(), y), model, X.to_numpy())


def test_standard_errors_come_back(model):
    X, y = table()
    with pytest.warns(SearchWarning, match="as many constants as rows"):
        without_errors = refit("a*r + b", X.iloc[:2], y.iloc[:2], n_starts=1)
    for law in (refit("a*`mass (kg)`/r**p + c", X, y, fixed={"c": 0.0}), without_errors, model.equation()):
        again = Equation.from_json(law.to_json())
        assert again == law
        pd.testing.assert_frame_equal(again.constants, law.constants, check_exact=True)
        np.testing.assert_array_equal(again.fit.covariance, law.fit.covariance)
        assert str(again.fit) == str(law.fit)
        assert again.fit.template == law.fit.template
        assert again.latex(errors=True) == law.latex(errors=True)
        pd.testing.assert_frame_equal(again.intervals(level=0.9), law.intervals(level=0.9), check_exact=True)
        with pytest.raises(InputDataError, match="needs the rows"):
            again.intervals("profile")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("fit", "names"), ["a"], "names: values, std_errors and covariance differ in length"),
        (("fit", "covariance"), [[1.0], [2.0, 3.0]], "differ in length"),
        (("fit", "template"), "__import__('os')", "template: expression: .* is not"),
        (("fit", "template"), "q*r", "template: expression: 'q' .* is not a column"),
        (("fit", "std_errors"), ["many", 1.0], "std_errors: 0: 'many' is not known"),
        (("fit", "confidence"), 1.0, "confidence: expected a number between 0 and 1"),
        (("fit", "at_bound"), ["z"], "at_bound: 0: 'z' is not known"),
        (("fit",), [], "fit: expected an object"),
    ],
)
def test_wrong_reports_are_refused(path, value, message):
    X, y = table()
    text = refit("a/r**p", X, y, n_starts=2).to_json()
    with pytest.raises(InputDataError, match=message):
        Equation.from_json(changed(text, path, value))


def test_a_constant_target_comes_back(tmp_path):
    X, _ = table()
    model = tiny().fit(X, np.full(60, 2.5))
    assert_same(loaded(model, tmp_path), model, X)


def test_the_file_is_plain_and_holds_what_it_says(text, model):
    data = json.loads(text)
    assert (data["format"], data["version"], data["target"]) == ("eqdarts model", 1, "F")
    assert data["columns"] == ["mass (kg)", "r"]
    X, y = table()
    np.testing.assert_array_equal(data["training"]["maximum"], X.max())
    assert data["training"]["rows"] == 60
    assert data["training"]["target_mean"] == pytest.approx(y.mean())
    assert data["training"]["target_std"] == pytest.approx(y.std(ddof=0))
    assert len(data["equations"]) == len(model.front_)
    assert any("`mass (kg)`" in e["expression"] for e in data["equations"])
    assert len(text.splitlines()) > 50


@pytest.mark.parametrize(
    ("option", "value"),
    [("callback", lambda record: None), ("random_state", np.random.RandomState(0)), ("validation", KFold(3))],
)
def test_what_json_cannot_hold_is_left_out_with_a_warning(option, value, tmp_path):
    X, y = table()
    model = tiny(**{option: value}).fit(X, y)
    with pytest.warns(SearchWarning, match=f"^{option}: left out, as JSON cannot hold it"):
        again = loaded(model, tmp_path)
    assert getattr(again, option) == getattr(DARTSRegressor(), option)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_what_needs_the_rows_says_so(model, tmp_path):
    again = loaded(model, tmp_path)
    with pytest.raises(InputDataError, match="needs the training rows"):
        again.resample(3)
    for method in (again.stability, lambda: again.extrapolation(table()[0])):
        with pytest.raises(InputDataError, match="without its training rows"):
            method()


def test_standard_errors_are_in_the_file(model, tmp_path):
    again = loaded(model, tmp_path)
    for k in range(len(model.front_)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SearchWarning)  # some constants are not determined
            one, two = again.equation(k), model.equation(k)
        pd.testing.assert_frame_equal(one.constants, two.constants, check_exact=True)
        assert one.latex(errors=True) == two.latex(errors=True)


def test_only_fitted_models_are_saved(tmp_path):
    with pytest.raises(NotFittedError):
        tiny().save(tmp_path / "model.json")
    assert not list(tmp_path.iterdir())


def test_operations_of_ones_own(tmp_path):
    register_operation("twice_erf", lambda x, a: 2 * torch.erf(a * x), lambda x, a: 2 * sympy.erf(a * x), ("a",))
    register_operation("bessel", lambda x: torch.special.bessel_j0(x), lambda x: sympy.besselj(0, x))
    try:
        X, _ = table()
        model = tiny(operations=["twice_erf", "scale"]).fit(X, 2 * sympy_erf(X.r))
        assert_same(loaded(model, tmp_path), model, X)
        del OPERATIONS["twice_erf"]
        with pytest.warns(SearchWarning, match="'twice_erf' are not registered here"):
            again = DARTSRegressor.load(tmp_path / "model.json")
        assert again.search_space_ is None
        np.testing.assert_array_equal(again.predict(X), model.predict(X))
    finally:
        OPERATIONS.pop("twice_erf", None)
        OPERATIONS.pop("bessel", None)


def sympy_erf(values):
    return torch.erf(torch.tensor(values.to_numpy())).numpy()


@pytest.mark.parametrize("keep", ["pickle", "joblib"])
def test_models_pickle(keep, model):
    if keep == "pickle":
        again = pickle.loads(pickle.dumps(model))
    else:
        buffer = io.BytesIO()
        joblib.dump(model, buffer)
        again = joblib.load(io.BytesIO(buffer.getvalue()))
    X, _ = table()
    assert_same(again, model, X)
    assert [str(e) for e in again.resample(3)] == [str(e) for e in model.resample(3)]


@pytest.mark.skipif(os.name == "nt", reason="modes and links are those of POSIX")
def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model.json"
    path.write_text("old")
    os.chmod(path, 0o640)

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(EqdartsError, match=r"model\.json' cannot be written \(No space left on device\)"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["model.json"]
    monkeypatch.undo()
    write_text(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o640
    (tmp_path / "link.json").symlink_to(path)
    write_text(tmp_path / "link.json", "newer")
    assert (path.read_text(), (tmp_path / "link.json").is_symlink()) == ("newer", True)
    with pytest.raises(EqdartsError, match="cannot be written"):
        write_text(tmp_path / "missing" / "model.json", "new")


def refused(content, folder, match):
    path = folder / "model.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputDataError, match=match):
        DARTSRegressor.load(path)


def changed(text, path, value):
    data = json.loads(text)
    *way, last = path
    inner = data
    for key in way:
        inner = inner[key]
    if value is KeyError:
        del inner[last]
    else:
        inner[last] = value
    return json.dumps(data)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("format",), "something else", "format: expected 'eqdarts model', got 'something else'"),
        (("format",), KeyError, "format: expected 'eqdarts model', got None"),
        (("version",), 2, "version: 2, but this release reads up to 1; update eqdarts"),
        (("version",), "1", "version: expected a whole number, got '1'"),
        (("columns",), ["r", "r"], "columns: expected at least one name"),
        (("columns",), "r", "columns: expected a list, got 'r'"),
        (("columns",), ["r"], "search_space: inputs: 0: 'mass .kg.' is not known; there are r"),
        (("equations", 1, "expression"), "q*r", "equations: 1: expression: 'q' at character 1 .* is not a column"),
        (("target",), None, "target: expected text, got null"),
        (("settings", "max_nodes"), {}, "settings: max_nodes: expected a plain value"),
        (("settings", "surprise"), 1, "settings: surprise: is no option"),
        (("settings", "model_selection"), "nicest", "settings: model_selection: expected one of"),
        (("settings", "operations"), [["x"]], "settings: operations: expected a list of plain values"),
        (("stop_reason",), "tired", "stop_reason: 'tired' is not known"),
        (("training", "rows"), 0, "training: rows: expected a whole number from 1"),
        (("training", "rows"), 1.5, "training: rows: expected a whole number, got 1.5"),
        (("training", "minimum"), [1.0], "training: minimum: expected 2 numbers"),
        (("training",), KeyError, "training: is missing"),
        (("search_space", "nodes"), 10**9, "search_space: nodes: expected a whole number from 1 to 1000"),
        (("search_space", "operations"), ["identity"], "search_space: operations: 'zero'"),
        (("search_space", "links"), ["cosh"], "search_space: links: 0: 'cosh' is not known"),
        (("equations",), [], "equations: expected at least one"),
        (("equations", 0, "fit"), "exec", "equations: 0: fit: expected an object, got 'exec'"),
        (("equations", 0, "loss"), -1.0, "equations: 0: loss: expected a number at least 0"),
        (("equations", 0, "relative_loss"), None, "equations: 0: relative_loss: expected a number"),
        (("equations", 1, "genotype", "readout"), [True], "genotype: its lengths do not fit"),
        (("equations", 1, "genotype", "link"), "exec", "link: 'exec' is not known"),
        (("equations", 0, "expression"), "x" * 60_000, "expression: 60000 characters"),
        (
            ("equations", 0, "scaled"),
            {"expression": "r", "column_units": [1.0], "target_unit": 1.0},
            "expected 2 positive",
        ),
    ],
)
def test_wrong_fields_are_named(path, value, message, text, tmp_path):
    refused(changed(text, path, value), tmp_path, message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not valid JSON"),
        (b"\xff\xfe\x00", "not text in UTF-8"),
        (b"PK\x03\x04", "not valid JSON"),
        (b"[" * 1_000_000, "more than 20 brackets"),
        (b'{"format": "' + b"x" * MAX_BYTES, "more than 20000000 bytes"),
        (b'{"version": ' + b"9" * 1_000_000 + b"}", "a number of 1000000 digits"),
        (b'{"version": 1e999999999}', "the number 1e999999999 is too large"),
        (b'{"version": NaN}', "NaN is not a number"),
        (b'{"version": -Infinity}', "-Infinity is not a number"),
        (b'{"version": 1, "version": 1}', "a field stands twice"),
        (b'["[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["]', "expected a JSON object, got a list"),
        (b"null", "got null"),
    ],
    ids=range(12),
)
def test_files_that_are_no_models_are_refused(content, message, tmp_path):
    refused(content, tmp_path, message)


def test_missing_files_are_named(tmp_path):
    with pytest.raises(InputDataError, match=r"nowhere\.json' cannot be read \(No such file"):
        DARTSRegressor.load(tmp_path / "nowhere.json")
    with pytest.raises(InputDataError, match="cannot be read"):
        DARTSRegressor.load(tmp_path)
    with pytest.raises(InputDataError, match="cannot be read"):
        DARTSRegressor.load("a\x00b")


@pytest.mark.parametrize("cut", range(0, 100, 7))
def test_truncated_files_are_refused(cut, text, tmp_path):
    refused(text[: len(text) * cut // 100], tmp_path, "not valid JSON")


@pytest.mark.parametrize("value", [h for h in HOSTILE if isinstance(h, str) and CANARY in h])
def test_hostile_text_in_any_field_is_not_run(value, small_text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fields = 0

    def replaced(data, way=()):
        for key, inner in list(data.items() if isinstance(data, dict) else enumerate(data)):
            if isinstance(inner, dict | list):
                yield from replaced(inner, (*way, key))
            yield (*way, key)

    for way in list(replaced(json.loads(small_text))):
        content = changed(small_text, way, value)
        (tmp_path / "model.json").write_text(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SearchWarning)
            try:
                DARTSRegressor.load("model.json")
            except InputDataError:
                fields += 1
    assert fields > 50
    assert not (tmp_path / CANARY).exists()


@given(st.integers(0, 2**32))
def test_damaged_files_load_or_are_refused(text, tmp_path_factory, seed):
    path = tmp_path_factory.getbasetemp() / "damaged.json"
    path.write_bytes(mutated(text, random.Random(seed)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SearchWarning)
        try:
            again = DARTSRegressor.load(path)
        except InputDataError as error:
            assert str(error).isprintable()  # noqa: PT017
            return
    assert len(again.front_)


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.text(max_size=5),
    st.floats(allow_nan=False, allow_infinity=False),
)
values = st.recursive(
    scalars, lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(max_size=3), inner)), max_leaves=15
)


def test_a_model_of_a_file_says_that_it_leaves_more_than_noise(small_text, tmp_path):
    for leaves in (False, True):
        path = tmp_path / "model.json"
        path.write_text(json.dumps({**json.loads(small_text), "leaves_something": leaves}), encoding="utf-8")
        model = DARTSRegressor.load(path)
        assert model.leaves_more_than_noise_ is leaves
        assert ("leaves more than noise" in str(model)) is leaves
        assert any("leaves something unexplained" in sentence for sentence in sentences(model)) is leaves


@given(st.dictionaries(st.text(max_size=5), values))
def test_records_come_back_as_they_were(data):
    assert parse_json(dump(data), "file").data == data


def test_too_much_is_refused_when_written_and_when_read(text, tmp_path):
    with pytest.raises(InputDataError, match="at most 20000000 are read back"):
        dump({"a": "x" * MAX_BYTES})
    data = json.loads(text)
    data["equations"] = [{**data["equations"][0], "expression": "r" + "+r" * 20_000}] * 30
    data["rivals"] = []
    refused(json.dumps(data), tmp_path, "1200090 characters of formulas; at most 1000000")


@given(st.text(alphabet='[]{}"\\,:1e.-ntf \x00é', max_size=30))
def test_only_the_documented_error_leaves_the_json_reader(content):
    try:
        record = parse_json(content, "file")
    except InputDataError:
        return
    assert isinstance(json.loads(content), dict)
    assert record.data == json.loads(content)
