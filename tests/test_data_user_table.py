"""Whatever users hand over as a table, a target, weights or an option: it works, or one line says what is wrong."""

import inspect
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch
from hypothesis import given
from hypothesis import strategies as st

from eqdarts import DARTSRegressor, InputDataError, SearchWarning, refit
from eqdarts.data.cells import checked_weights, number_in
from eqdarts.data.user_table import given_columns, given_table, given_target
from eqdarts.equation.equation import Equation
from eqdarts.formula.parsing import parse_expression

A = np.array([[1.0, 4.0], [2.0, 5.5], [3.0, 7.0]])
Y = np.array([4.0, 11.0, 21.0])
FRAME = pd.DataFrame(A, columns=["a", "b"])
MASK = np.array([[False, False], [False, True], [False, False]])
DAYS = pd.date_range("2020-01-01", periods=3)


def tiny(**options):
    chosen = {"max_epochs": 1, "max_time": None, "replicas": 16, "max_nodes": 1, "links": ["identity"]}
    chosen |= {"verbose": 0, "random_state": 0}
    return DARTSRegressor(**{**chosen, **options})


def matrix(array):
    """NumPy warns of these, unless SciPy's sparse matrices were imported in time to silence it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        return np.asmatrix(array)


TABLES = {
    "an array": (A, None),
    "another memory order": (np.asfortranarray(A), None),
    "a list of lists": (A.tolist(), None),
    "a tuple of tuples": (tuple(map(tuple, A)), None),
    "a matrix": (matrix(A), None),
    "a tensor": (torch.tensor(A), None),
    "a mask without effect": (np.ma.array(A, mask=False), None),
    "objects": (A.astype(object), None),
    "decimals": (np.array([[Decimal(str(v)) for v in row] for row in A]), None),
    "fractions": (np.array([[Fraction(v) for v in row] for row in A]), None),
    "numbers as text": (A.astype(str), None),
    "a frame": (FRAME, ("a", "b")),
    "a frame of objects": (FRAME.astype(object), ("a", "b")),
    "a frame of nullable numbers": (FRAME.convert_dtypes(), ("a", "b")),
    "a frame of categories": (FRAME.astype("category"), ("a", "b")),
    "a sparse frame": (FRAME.astype(pd.SparseDtype("float64")), ("a", "b")),
    "names of two kinds": (FRAME.set_axis(["a", 7.5], axis=1), ("a", "7.5")),
}


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
@pytest.mark.parametrize("case", TABLES)
def test_tables_that_hold_numbers_are_read(case):
    table, names = TABLES[case]
    values, found = given_columns(table)
    assert values.dtype == np.float64
    np.testing.assert_array_equal(values, A)
    assert found == names


def test_a_series_is_a_column():
    values, names = given_columns(FRAME["b"])
    assert names == ("b",)
    np.testing.assert_array_equal(values, A[:, 1:])
    assert given_columns(pd.Series(A[:, 0]))[1] == ("x1",)
    model = tiny().fit(FRAME["a"], Y)
    np.testing.assert_array_equal(model.predict(FRAME["a"]), model.predict(FRAME[["a"]]))


def test_gaps_become_nan():
    for gap in (None, np.nan, pd.NA, pd.NaT):
        values, _ = given_columns(FRAME.astype(object).assign(b=[4.0, gap, 7.0]))
        np.testing.assert_array_equal(values[:, 1], [4.0, np.nan, 7.0])
    for kind in ("Int64", "Float64", "boolean"):
        column = pd.array([1, None, 0], dtype=kind)
        np.testing.assert_array_equal(given_columns(FRAME.assign(b=column))[0][:, 1], [1.0, np.nan, 0.0])


REFUSED = {
    "masked": (np.ma.array(A, mask=MASK), r"column 'x2': 1 of 3 values is masked \(first: row 1\)"),
    "masked objects": (np.ma.array(A.astype(object), mask=MASK), r"'x2'.*masked"),
    "a sparse matrix": (scipy.sparse.csr_matrix(A), r"sparse matrix; hand over X.toarray\(\)"),
    "a sparse array": (scipy.sparse.coo_array(A), "sparse"),
    "one dimension": (A[:, 0], r"shape \(3,\).*reshape\(-1, 1\)"),
    "a list of numbers": ([1.0, 2.0, 3.0], r"reshape\(-1, 1\)"),
    "three dimensions": (A[None], r"shape \(1, 3, 2\)"),
    "a number": (3.0, "type float"),
    "nothing": (None, "type NoneType"),
    "text": ("abc", "type str"),
    "a dictionary": ({"a": [1, 2, 3]}, "type dict"),
    "a generator": ((row for row in A), "type generator"),
    "records": (np.array([(1.0, 2.0)] * 3, dtype=[("a", float), ("b", float)]), "pandas.DataFrame"),
    "rows of different length": ([[1, 2], [3], [4, 5]], "cannot be read as numbers"),
    "lists in cells": (pd.DataFrame({"a": [[1], [2], [3]]}), r"column 'a': \[1\] \(row 0\)"),
    "no columns": (A[:, :0], "no columns"),
    "a frame without columns": (FRAME[[]], "no columns"),
    "no rows": (A[:0], "0 sample"),
    "one row": (A[:1], r"1 sample\(s\).*at least 2"),
    "complex": (A + 1j, "column 'x1' holds complex numbers"),
    "a complex frame": (FRAME.assign(b=A[:, 1] + 0j), "column 'b' holds complex numbers"),
    "a complex cell": (FRAME.astype(object).assign(b=pd.Series([1, 1j, 2], dtype=object)), r"column 'b': 1j \(row 1\)"),
    "text in cells": (np.array([["1", "2"], ["3", "<LOD"], ["5", "6"]]), r"'x2': .*<LOD.* \(row 1\) is not a number"),
    "underscores": (FRAME.assign(b=["1_0", "2", "3"]), r"'1_0' \(row 0\)"),
    "text categories": (FRAME.assign(b=pd.Categorical(["u", "v", "u"])), r"column 'b': 'u' \(row 0\)"),
    "dates": (FRAME.assign(b=DAYS), "column 'b' holds dates"),
    "dates with a zone": (FRAME.assign(b=DAYS.tz_localize("UTC")), "column 'b' holds dates"),
    "dates in an array": (DAYS.to_numpy()[:, None], "column 'x1' holds dates"),
    "durations": (np.arange(6).reshape(3, 2).astype("m8[s]"), "column 'x1' holds dates"),
    "periods": (FRAME.assign(b=pd.period_range("2020", periods=3)), "column 'b' holds dates"),
    "dates as objects": (FRAME.assign(b=pd.Series(list(DAYS), dtype=object)), r"Timestamp.* \(row 0\)"),
    "an empty name": (FRAME.set_axis(["a", ""], axis=1), "column 2 has an empty name"),
    "a blank name": (FRAME.set_axis([" \t", "b"], axis=1), "column 1 has an empty name"),
    "no name": (FRAME.set_axis(["a", None], axis=1), "column 2 has an empty name"),
    "a missing name": (FRAME.set_axis(["a", np.nan], axis=1), "column 2 has an empty name"),
    "an endless name": (FRAME.set_axis(["a", "b" * 1001], axis=1), "column 2 has a name of 1001 characters"),
    "names that become equal": (FRAME.set_axis([7.5, "7.5"], axis=1), "more than one column is called '7.5'"),
    "too large": ([[10**400, 1], [2, 3], [4, 5]], "column 'x1': 1 of 3 values is NaN or infinity"),
    "infinite": (np.where(MASK, np.inf, A), r"column 'x2'.*row 1"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_other_tables_are_refused_in_one_line(case):
    table, message = REFUSED[case]
    rows = len(table) if case in ("no rows", "one row", "three dimensions") else 3
    with pytest.raises(InputDataError, match=message) as caught:
        tiny().fit(table, Y[:rows])
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


TARGETS = {
    "nothing": (None, "requires y"),
    "a number": (3.0, "is a float"),
    "a name": ("b", "is a str"),
    "text labels": (["no", "yes", "no"], r"the target 'y': .*no.*\(row 0\) is not a number.*encode"),
    "text labels of a series": (pd.Series(["no", "yes", "no"], name="ill"), r"the target 'ill': 'no' \(row 0\)"),
    "text categories": (pd.Series(["no", "yes", "no"], dtype="category"), r"the target 'y': 'no' \(row 0\)"),
    "complex": (Y + 1j, "the target 'y' holds complex numbers"),
    "a complex series": (pd.Series(Y + 0j, name="z"), "the target 'z' holds complex numbers"),
    "dates": (DAYS, "the target 'y' holds dates"),
    "masked": (np.ma.array(Y, mask=MASK[:, 1]), r"the target 'y': 1 of 3 values is masked \(first: row 1\)"),
    "not a number": (np.where(MASK[:, 1], np.nan, Y), r"column 'y': 1 of 3 values is NaN"),
    "infinite": (pd.Series(np.where(MASK[:, 1], -np.inf, Y), name="w"), "column 'w': 1 of 3"),
    "missing": (
        pd.array([1, None, 3], dtype="Int64"),
        r"column 'y': 1 of 3 values is NaN or infinity \(first: row 1\)",
    ),
    "sparse": (scipy.sparse.csr_matrix(Y), "sparse"),
    "too short": (Y[:2], "3 rows and y has 2"),
    "an empty name": (pd.Series(Y, name=" "), "the target has an empty name"),
    "an endless name": (pd.Series(Y, name="b" * 2000), "the target has a name of 2000 characters"),
    "a generator": ((v for v in Y), "is a generator"),
}


@pytest.mark.parametrize("case", TARGETS)
@pytest.mark.parametrize("fit", [lambda y: tiny().fit(FRAME, y), lambda y: refit("k*a*b", FRAME, y)])
def test_other_targets_are_refused_in_one_line(case, fit):
    y, message = TARGETS[case]
    if inspect.isgenerator(y):
        y = (v for v in Y)
    with pytest.raises(InputDataError, match=message) as caught:
        fit(y)
    assert "\n" not in str(caught.value)


def test_targets_that_hold_numbers_are_read():
    for y in (Y, Y.tolist(), Y[:, None], pd.DataFrame({"g": Y}), pd.Series(Y).convert_dtypes(), Y.astype(object)):
        np.testing.assert_array_equal(given_target(y)[0], Y)
    assert given_target(pd.DataFrame({"g": Y}))[1] == "g"
    np.testing.assert_array_equal(given_target(Y > 10)[0], [0, 1, 1])


def test_a_name_that_pandas_handed_on_is_no_leak():
    with pytest.warns(SearchWarning, match="'a' is the name of a column of X.*called 'y'"):
        found, named = given_table(FRAME, 3 * FRAME["a"])
    assert (found.names, found.target, named) == (("a", "b"), "y", True)
    frame = FRAME.set_axis(["a", "y"], axis=1)
    for y in (3 * frame["a"], 3 * frame["y"], Y):
        with pytest.warns(SearchWarning, match="called 'target'"):
            assert given_table(frame, y)[0].target == "target"
    with pytest.warns(SearchWarning, match="called 'target_2'"):
        assert given_table(frame.assign(target=Y), Y + 1)[0].target == "target_2"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert given_table(FRAME, Y)[0].target == "y"
        assert given_table(FRAME, FRAME["a"].rename("c"))[0].target == "c"
        assert given_table(A, pd.Series(Y, name="a"))[0].target == "a"
    with pytest.warns(SearchWarning, match="'x1' is the name"):
        assert given_table(A, pd.Series(Y, name="x1"))[0].target == "y"


def test_equal_values_are_a_leak():
    for y in (FRAME["a"], FRAME["a"].astype("float32"), FRAME[["a"]]):
        with pytest.raises(InputDataError, match="'a' is the target and also among the features; drop it from X"):
            given_table(FRAME, y)
    with pytest.raises(InputDataError, match="'y' is the target"):
        given_table(FRAME.assign(y=Y), Y)


def test_a_renamed_target_is_fitted_and_shown():
    rows = pd.DataFrame({"a": np.linspace(1, 3, 30)})
    with pytest.warns(SearchWarning, match="called 'y'"):
        model = tiny().fit(rows, 3 * rows["a"])
    assert str(model.sympy()) == "3*a"
    assert model.latex() == "y = 3 a"
    with pytest.warns(SearchWarning, match="called 'y'"):
        assert refit("k*a", rows, 3 * rows["a"]).target == "y"


def test_a_model_reads_rows_as_fit_does():
    model = tiny().fit(FRAME, Y)
    expected = model.predict(FRAME)
    for rows in (FRAME.astype(object), FRAME.convert_dtypes(), FRAME.astype(str)):
        np.testing.assert_array_equal(model.predict(rows), expected)
    for call in (model.predict, model.extrapolation, lambda X: model.refit(X, Y)):
        for bad in (FRAME.assign(b=DAYS), FRAME.assign(b="x"), FRAME["a"], FRAME + 1j, "abc", None):
            with pytest.raises(InputDataError):
                call(bad)
    with pytest.raises(InputDataError, match="masked"):
        tiny().fit(A, Y).predict(np.ma.array(A, mask=MASK))
    with pytest.raises(InputDataError, match="'no'"):
        model.refit(FRAME, ["no", "yes", "no"])


def test_weights_are_read_like_columns():
    np.testing.assert_array_equal(checked_weights(pd.Series([1, 0, 2]).convert_dtypes(), 3), [1, 0, 2])
    np.testing.assert_array_equal(checked_weights([True, False, True], 3), [1, 0, 1])
    for weights, message in (
        (["a", "b", "c"], r"sample_weight: .*'a'.*\(row 0\)"),
        (np.ones(3) * 1j, "complex"),
        (np.ma.array(np.ones(3), mask=MASK[:, 1]), r"sample_weight: 1 of 3 values is masked"),
        ([1.0, None, 2.0], r"nan \(row 1\)"),
        (1.0, r"shape \(\)"),
        ([[1], [2, 3]], "sample_weight cannot be read"),
        (DAYS, "sample_weight holds dates"),
    ):
        with pytest.raises(InputDataError, match=message):
            checked_weights(weights, 3)


@given(st.one_of(st.floats(), st.integers(), st.text(max_size=9), st.none(), st.booleans(), st.binary(max_size=3)))
def test_a_cell_is_a_number_missing_or_neither(cell):
    found = number_in(cell)
    if isinstance(cell, str):
        try:
            expected = None if "_" in cell else float(cell)
        except ValueError:
            expected = None
        assert found == expected or (found != found and expected != expected)
    elif cell is None:
        assert found != found
    elif isinstance(cell, bytes):
        assert found is None
    else:
        assert isinstance(found, float)


#: Values of every wrong kind, and ends of ranges.
VALUES = (
    5, -1, 0, 1.5, "x", "", None, True, [], ["x"], (1, 2), (1,), np.nan, np.inf, -np.inf, {}, object(), np.int64(3),
    np.float64(2.5), np.array([1, 2]), np.array(3), 1j, b"x", [None], [[1]], "lm", ("a", "b", "c"), 2.0,
    "meta", 10**400,
)  # fmt: skip


@pytest.mark.parametrize("option", inspect.signature(DARTSRegressor).parameters)
def test_every_option_works_or_is_refused_by_name(option, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # names of files among them are good ones
    refused = []
    for value in VALUES:
        if value is None and option in ("max_epochs", "max_time", "patience"):
            continue  # no limit
        if option == "replicas" and isinstance(value, int) and value > 10**6:
            continue  # as much memory as there is
        try:
            tiny(**{option: value}).fit(FRAME, Y)
        except InputDataError as error:
            refused.append(str(error))
    assert all((option in message or "optimizer" in message) and "\n" not in message for message in refused), refused
    assert len(refused) > 10


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": 5}, r"temperature=5: expected two numbers, \(first, last\)"),
        ({"temperature": (1.0, 0)}, "temperature=0"),
        ({"callback": 3}, "callback=3: expected a function"),
        ({"device": "x"}, "device='x'.*choose 'cpu'"),
        ({"device": "meta"}, "device='meta'"),
        ({"device": None}, "device=None"),
        ({"readout_inputs": "no"}, "readout_inputs='no': expected True or False"),
        ({"max_nodes": np.inf}, "max_nodes=inf: expected an integer"),
        ({"random_state": "today"}, "random_state='today': expected a whole number"),
        ({"random_state": -1}, "random_state=-1"),
        ({"verbose": "loud"}, "verbose='loud'"),
        ({"operations": 5}, "operations=5: expected a list of names"),
        ({"links": [["sqrt"]]}, "links="),
    ],
)
def test_refused_options_say_what_is_expected(options, message):
    with pytest.raises(InputDataError, match=message):
        tiny(**options).fit(FRAME, Y)


def test_numbers_of_numpy_are_numbers():
    options = {"max_nodes": np.int64(1), "max_epochs": np.int32(1), "replicas": 16.0, "temperature": np.array([1, 0.2])}
    assert tiny(**options, readout_inputs=np.True_, verbose=False).fit(FRAME, Y).predict(FRAME).shape == (3,)


@given(st.integers(1, 30_000), st.integers(1, 30_000))
def test_what_to_json_writes_from_json_reads(column, target):
    name = "a" * column
    law = Equation(parse_expression(f"2.5*{name}", (name,)), (name,), "t" * target, 0.0, 0.0, "sample")
    for equation in (law, law.derivative(name)):
        try:
            text = equation.to_json()
        except InputDataError:
            assert max(column, len(equation.target)) > 1000
            continue
        assert Equation.from_json(text).columns == (name,)


def test_names_of_a_thousand_characters_are_kept(tmp_path):
    frame = FRAME.set_axis(["a" * 1000, "b" * 1000], axis=1)
    model = tiny().fit(frame, pd.Series(Y, name="y" * 1000))
    model.save(tmp_path / "model.json")
    assert DARTSRegressor.load(tmp_path / "model.json").latex() == model.latex()
    slope = model.equation(len(model.front_) - 1).derivative("a" * 1000)
    assert Equation.from_json(slope.to_json()).target == slope.target


def test_row_numbers_of_a_long_table_come_back(tmp_path):
    model = tiny(validation=0.0).fit(FRAME, Y).set_params(validation=np.arange(200_000))
    model.save(tmp_path / "model.json")
    assert len(DARTSRegressor.load(tmp_path / "model.json").validation) == 200_000
