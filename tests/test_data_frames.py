"""Tables of any library, by the names of their columns: whatever order they have, and whatever else there is."""

import numpy as np
import pandas as pd
import pytest
import sympy
from hypothesis import example, given
from hypothesis import strategies as st

from eqdarts import DARTSRegressor, InputDataError, SearchWarning, refit
from eqdarts.data import as_frame, as_series, as_words
from eqdarts.equation.equation import Equation
from eqdarts.formula.numbers import rounded
from eqdarts.formula.parsing import parse_expression
from eqdarts.formula.text import format_name

rng = np.random.default_rng(0)
TABLE = pd.DataFrame(rng.uniform(1, 3, (40, 2)), columns=["m", "r"])
FORCE = (TABLE.m / TABLE.r**2).rename("F")
OTHER = TABLE.iloc[:, ::-1].assign(site="north", F=FORCE)  # reordered, text, and the target itself
LAW = Equation(sympy.Symbol("m") / sympy.Symbol("r") ** 2, ("m", "r"), "F", 0.0, 0.0, "sample")


class Column:
    """A column as most libraries have it."""

    def __init__(self, name, values):
        self.name, self._values = name, np.asarray(values)

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self._values, dtype=dtype)


class Frame:
    """A table that only knows the names of its columns and gives each."""

    def __init__(self, table):
        self._table, self.columns = table, list(table.columns)

    def __getitem__(self, name):
        return Column(name, self._table[name].to_numpy())


def tiny(**options):
    settings = {"max_epochs": 3, "max_time": None, "replicas": 48, "max_nodes": 1, "verbose": 0, "random_state": 0}
    return DARTSRegressor(**{**settings, **options})


def arrow(table):
    return pytest.importorskip("pyarrow").Table.from_pandas(table)


def polars(table):
    return pytest.importorskip("polars").from_pandas(table)


@pytest.mark.parametrize("library", [Frame, arrow, polars])
def test_names_survive_from_any_library(library):
    table = library(TABLE)
    model = tiny().fit(table, Column("F", FORCE))
    assert list(model.feature_names_in_) == ["m", "r"]
    assert (str(model.sympy()), model.target_name_) == ("m/r**2", "F")
    np.testing.assert_allclose(model.predict(library(OTHER)), FORCE, rtol=1e-12)
    np.testing.assert_allclose(LAW.predict(library(OTHER)), FORCE, rtol=1e-12)
    fitted = refit("F = G*m/r^2", library(OTHER), Column("F", FORCE))
    assert fitted.constants["value"]["G"] == pytest.approx(1)
    assert (fitted.columns, fitted.target) == (("r", "m"), "F")


def test_tables_and_columns_that_are_known_stay_as_they_are():
    assert as_frame(TABLE) is TABLE
    for plain in (TABLE.to_numpy(), [[1.0]], None, "m"):
        assert as_frame(plain) is plain
        assert as_series(plain) is plain
    assert as_series(FORCE) is FORCE
    assert as_series(Column("", [1.0])).name is None
    assert as_series(FORCE.to_frame()).name == "F"


def test_a_table_that_gives_no_columns_is_refused():
    class Lazy:
        columns = ("m", "r")

    with pytest.raises(InputDataError, match="the columns of this Lazy cannot be read"):
        as_frame(Lazy())


@pytest.fixture(scope="module")
def model():
    return tiny().fit(TABLE, FORCE)


def test_a_model_takes_columns_by_name(model):
    np.testing.assert_array_equal(model.predict(OTHER), model.predict(TABLE))
    assert model.score(OTHER, FORCE) == model.score(TABLE, FORCE)
    pd.testing.assert_frame_equal(model.extrapolation(OTHER), model.extrapolation(TABLE))
    np.testing.assert_allclose(model.refit(OTHER, FORCE).predict(OTHER), FORCE, rtol=1e-12)
    np.testing.assert_array_equal(model.equation().predict(OTHER), model.predict(TABLE))


@pytest.mark.parametrize("call", ["predict", "extrapolation"])
def test_missing_columns_are_named(model, call):
    with pytest.raises(InputDataError, match="column 'r' is missing; there are 'm', 'F'"):
        getattr(model, call)(OTHER[["m", "F"]])
    with pytest.raises(InputDataError, match="the columns 'm', 'r' are missing"):
        getattr(model, call)(OTHER[["F"]])
    with pytest.raises(InputDataError, match="column 'm': 'heavy' "):
        getattr(model, call)(OTHER.assign(m="heavy"))
    with pytest.raises(InputDataError, match="more than one column is called 'm'"):
        getattr(model, call)(TABLE[["m", "m", "r"]])


def test_an_equation_needs_only_its_own_columns():
    wide = Equation(2 * sympy.Symbol("r"), ("m", "r"), "F", 0.0, 0.0, "sample")
    np.testing.assert_array_equal(wide.predict(TABLE[["r"]]), 2 * TABLE.r)
    with pytest.raises(InputDataError, match="column 'r' is missing; there are 'm'"):
        wide.predict(TABLE[["m"]])


@pytest.mark.parametrize("names", [[0, 1], ["a", 7], np.array([3, 1])])
def test_integers_are_called_x(names):
    X = TABLE.set_axis(names, axis=1)
    with pytest.warns(SearchWarning, match="names that are integers"):
        model = tiny().fit(X, FORCE.rename(12))
    first, second = as_words(names)
    assert model.equations_["equation"].iloc[-1] == f"{first}/{second}**2"
    assert str(model).splitlines()[-1].endswith(f"x12 = {first}/{second}**2")
    np.testing.assert_allclose(model.predict(X[X.columns[::-1]]), FORCE, rtol=1e-12)
    np.testing.assert_allclose(model.equation().predict(X), FORCE, rtol=1e-12)
    with pytest.warns(SearchWarning, match="names that are integers"):
        assert refit(f"k*{first}/{second}**2", X, FORCE).constants["value"]["k"] == pytest.approx(1)


def test_true_and_numbers_in_text_are_no_integers():
    assert as_words([True, "0", 0, np.int64(3), 0.5]) == ("True", "0", "x0", "x3", "0.5")


def test_integers_that_become_another_columns_name_are_refused():
    with pytest.raises(InputDataError, match="called 'x0'"):
        tiny().fit(TABLE.set_axis([0, "x0"], axis=1), FORCE)


def test_a_formula_ignores_columns_that_do_not_stand_in_it():
    table = OTHER.assign(note=["a", "b"] * 20, when=pd.Timestamp("2024-02-29"))
    law = refit("k*m/r**2", table, FORCE)
    assert law.columns == ("r", "m")
    with pytest.raises(InputDataError, match="column 'site': 'north'"):
        refit("k*site", table, FORCE)
    with pytest.raises(InputDataError, match="'F' is the target and also among the features"):
        refit("k*F", table, FORCE)


NAMES = st.text(min_size=1, max_size=6) | st.sampled_from(
    [
        "pi",
        "E",
        "I",
        "sin(x)",
        "x y",
        "temp_Annual_%",
        "0",
        "1e5",
        "lambda",
        "exp",
        "a=b",
        "a`b",
        "``",
        "Δv",
        "c0",
        "x^2",
    ]
)


@given(st.lists(NAMES, min_size=3, max_size=3, unique=True))
@example(["pi", "sin(x)", "x y"])
@example(["y", "a=b", "`"])
def test_what_is_shown_reads_back_whatever_the_names(names):
    a, b = (sympy.Symbol(name) for name in names[:2])
    law = Equation(2.5123 * a**2 / (b + 1) - sympy.sqrt(a) / 3 + sympy.pi, tuple(names[:2]), names[2], 0, 0, "sample")
    for text in (law.text(), str(law), law.text(2)):
        assert parse_expression(text, names[:2], others=False).free_symbols == {a, b}
    assert parse_expression(law.text(), names[:2]) == rounded(law.expression, 4)
    assert parse_expression(str(law), names[:2]) == law.expression
    X = pd.DataFrame(TABLE.to_numpy(), columns=names[:2])
    y = pd.Series(law.predict(X), name=names[2])
    again = refit(f"{format_name(names[2])} = {law.text()}", X, y)
    np.testing.assert_allclose(again.predict(X), y, rtol=1e-9)
    assert (again.target, again.columns) == (names[2], tuple(names[:2]))


def test_the_left_side_is_the_target_or_y():
    for left in ("F", "y", "`F`", " F "):
        assert refit(f"{left}=k*m/r^2", TABLE, FORCE).target == "F"
    assert refit("E = k*m/r**2", TABLE, FORCE.to_numpy()).target == "E"
    assert refit("y = k*m/r**2", TABLE, FORCE.to_numpy()).target == "y"
    assert refit("temp (C) = k*m/r**2", TABLE, FORCE.rename("temp (C)")).target == "temp (C)"
    for text, message in (
        ("G = k*m", "'G' stands on the left, and the target is called 'F'"),
        ("F = k = m", "a second ="),
        ("F =", "the end of"),
        ("= k*m", "'' stands on the left"),
    ):
        with pytest.raises(InputDataError, match=message):
            refit(text, TABLE, FORCE)
    for text in ("m = k*r", "2*E = k*m", "f(m) = k*m"):
        with pytest.raises(InputDataError, match="which is no name of a target"):
            refit(text, TABLE, FORCE.to_numpy())


PRODUCT = Equation(parse_expression("3*a*b", ("a", "b")), ("a", "b"), "w", 0.0, 0.0, "sample")


def test_a_law_takes_a_mapping_and_a_row_of_a_table():
    assert PRODUCT({"a": 2, "b": 3}) == PRODUCT(pd.Series({"b": 3.0, "a": 2.0, "c": 9.0})) == 18.0
    assert PRODUCT({"a": [1, 2], "b": 3}).tolist() == [9.0, 18.0]


@pytest.mark.parametrize("X", [[2, 3], [[1, 2, 3]], np.zeros((2, 2, 2)), 5.0, "ab", [["a", "b"]]])
@pytest.mark.parametrize("call", [PRODUCT, PRODUCT.predict])
def test_rows_of_another_shape_are_refused(X, call):
    with pytest.raises(InputDataError, match="X"):
        call(X)


def test_one_dimension_is_the_only_column():
    single = Equation(parse_expression("3*a", ("a",)), ("a",), "w", 0.0, 0.0, "sample")
    assert single.predict([1, 2]).tolist() == [3.0, 6.0]


@pytest.mark.parametrize("index", ["a", 0.5, 99, -1])
def test_an_index_that_is_no_row_is_refused(model, index):
    with pytest.raises(InputDataError, match="equations_ has the rows"):
        model.sympy(index)


@pytest.mark.parametrize("formula", ["w = k*w*a", "y = y + k*a", "`w` = w"])
def test_a_target_on_both_sides_is_refused(formula):
    X = pd.DataFrame({"a": [1.0, 2.0, 4.0]})
    with pytest.raises(InputDataError, match="stands on both sides"):
        refit(formula, X, pd.Series([2.0, 4.0, 8.0], name="w"))
    with pytest.raises(InputDataError, match="stands on both sides"):
        refit(formula, X.to_numpy(), [2.0, 4.0, 8.0])


def test_labels_in_another_order_are_said():
    X = pd.DataFrame({"a": [1.0, 2.0, 4.0]})
    y = pd.Series([2.0, 4.0, 8.0])
    for same in (y, y.set_axis([5, 6, 7]), y.to_numpy()):
        assert refit("k*a", X, same).relative_loss < 1e-20
    with pytest.warns(SearchWarning, match="another order"):
        refit("k*a", X, y[::-1])
