"""Spreadsheets, Parquet, units, labels, weights and logarithms: what stands in a file beside plain numbers."""

import datetime
import io
import warnings

import numpy as np
import pandas as pd
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from eqdarts import DARTSRegressor, InputDataError, SearchWarning, one_hot, read_table
from eqdarts.data import FileFormat, Missing, dialect, read_cells, read_csv, read_frame, read_rows
from eqdarts.data.chunks import open_table
from eqdarts.data.local import plain_file
from eqdarts.data.noise import ADDITIVE
from eqdarts.data.units import Headings, split_unit, units_of
from eqdarts.equation.equation import Equation
from eqdarts.equation.latex_table import latex_table
from eqdarts.plots.rows import Rows


@pytest.fixture
def write(tmp_path):
    def write_file(content, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


def workbook(rows, **others):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for title, cells in others.items():
        sheet = book.create_sheet(title)
        for row in cells:
            sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def refused(read, *parts):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SearchWarning)
        with pytest.raises(InputDataError) as caught:
            read()
    for part in parts:
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def quiet():
    return DARTSRegressor(max_epochs=2, replicas=16, links=["identity"], random_state=0, verbose=0, max_time=None)


def test_a_spreadsheet_is_read_like_the_same_text(write):
    rows = [["t [s]", "ok", "y"], [0.1, True, 2.5], [1e-300, False, 1234567.25], [3, True, -1]]
    path = write(workbook(rows), "table.xlsx")
    X, y, _ = read_rows(path, "y")
    assert X.to_numpy().tolist() == [[0.1, 1], [1e-300, 0], [3, 1]]
    assert y.tolist() == [2.5, 1234567.25, -1]
    assert X.attrs["units"] == {"t": "s"}
    with plain_file(path, FileFormat()) as (file, form):
        chunks = list(open_table(file, "y", ["t"], 2, form).chunks())
    assert np.concatenate([c.X for c in chunks])[:, 0].tolist() == [0.1, 1e-300, 3]


def test_sheets_have_names_titles_and_empty_borders(write):
    inner = [[], ["Run 3"], [], [None, "t", "y"], [None, 1, 2], [], [None, 3, 4.5], []]
    path = write(workbook([["nothing"]], Data=inner), "book.xlsx")
    for sheet in ("Data", 1, "1"):
        with pytest.warns(SearchWarning, match=r"book.xlsx: header in line 4"):
            assert read_table(path, sheet=sheet).to_numpy().tolist() == [[1, 2], [3, 4.5]]
    refused(lambda: read_table(path, sheet="Dta"), str(path), "no sheet 'Dta'", "'Sheet', 'Data'")
    refused(lambda: read_table(path, sheet=2), "no sheet 2")
    refused(lambda: read_table(write("t,y\n1,2\n"), sheet="Data"), "this is no spreadsheet")


@pytest.mark.parametrize(
    ("rows", "parts"),
    [
        ([["t", "y"], [1, 2], [3, "n.d."]], ["column 'y': 'n.d.' in line 3 is text"]),
        ([["t", "y"], [1, 2], [3, None], [5, 6]], ["column 'y': 1 of 3 values are empty", "line 3"]),
        ([["t", "y"], [datetime.date(2020, 1, 2), 2], [datetime.date(2020, 1, 3), 3]], ["is a date"]),
        ([["t", "y"], [1, "1,5"], [3, "2,5"]], ["'1,5' in line 2 is no number as others", "decimal points"]),
        ([["t", "y"], ["s", "V"], [1, 2], [3, 4]], ["line 2 ('s', 'V')"]),
        ([["t", "y"]], ["no row of data"]),
        ([], ["the file is empty"]),
        ([["t", "t", "y"], [1, 2, 3], [4, 5, 6]], ["more than one column is called 't'"]),
    ],
)
def test_broken_sheets_are_refused_with_the_place(write, rows, parts):
    path = write(workbook(rows), "table.xlsx")
    refused(lambda: read_csv(path, "y"), str(path), *parts)


def test_a_damaged_spreadsheet_is_refused(write):
    content = workbook([["t", "y"], [1, 2], [3, 4]])
    refused(lambda: read_csv(write(content[: len(content) // 2], "table.xlsx"), "y"), "table.xlsx")
    refused(lambda: read_csv(write(content.replace(b"xl/work", b"xl/wark"), "table.xlsx"), "y"), "table.xlsx")


@pytest.mark.parametrize("place", [4, 60, 200])
def test_a_damaged_parquet_file_is_refused_whenever_it_shows(tmp_path, place):
    """The table of contents is sound, so that it shows when rows are read."""
    path = tmp_path / "t.parquet"
    pd.DataFrame({"t": np.arange(1.0, 7), "y": np.arange(2.0, 14, 2)}).to_parquet(path)
    content = bytearray(path.read_bytes())
    content[place : place + 9] = bytes(9)
    path.write_bytes(content)
    for read in (read_table, lambda path: read_csv(path, "y"), lambda path: list(open_table(path, "y").chunks())):
        with pytest.raises(InputDataError, match="cannot be read as Parquet"):
            read(path)


def test_parquet_is_read_at_once_too(tmp_path):
    frame = pd.DataFrame({"t [s]": [0.1, 0.2, 0.3], "s": ["u", "v", "u"], "y": [1, 2, 3]})
    frame.to_parquet(tmp_path / "t.parquet")
    found = read_table(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(found.astype(object), frame.rename(columns={"t [s]": "t"}).astype(object))
    assert found.attrs["units"] == {"t": "s"}
    source = open_table(tmp_path / "t.parquet", "y", ["t [s]"])
    assert (source.names, [c.X[:, 0].tolist() for c in source.chunks()]) == (("t",), [[0.1, 0.2, 0.3]])
    refused(lambda: read_csv(tmp_path / "t.parquet", "y"), "column 's': 'u' in row 1 is text")


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("r [m]", ("r", "m")),
        ("r[m]", ("r", "m")),
        ("P (mmHg)", ("P", "mmHg")),
        ("flow rate (m3/s)", ("flow rate", "m3/s")),
        ("g (m s^-2)", ("g", "m s^-2")),
        ("c (µmol/L)", ("c", "µmol/L")),
        ("T (°C)", ("T", "°C")),
        ("rate (counts/min²)", ("rate", "counts/min²")),
        ("p [arbitrary units]", ("p", "arbitrary units")),
        ("Re [-]", ("Re", "")),
        ("Re [1]", ("Re", "")),
        ("T (mean)", ("T (mean)", "")),
        ("score (max)", ("score (max)", "")),
        ("f(x)", ("f(x)", "")),
        ("x[0]", ("x[0]", "")),
        ("x [0]", ("x [0]", "")),
        ("v / (m/s)", ("v / (m/s)", "")),
        ("[m]", ("[m]", "")),
        ("(m)", ("(m)", "")),
        ("", ("", "")),
    ],
)
def test_units_stand_behind_names(heading, expected):
    assert split_unit(heading) == expected


def test_columns_that_differ_only_in_their_units_keep_them():
    found = Headings.of(["E [eV]", "E [J]", "T (min)", "T (max)", "t [s]", ""])
    assert found.names == ("E [eV]", "E [J]", "T (min)", "T (max)", "t", "")
    assert found.units == {"t": "s"}


@given(st.text("rP [](){}/m-1µ\n", max_size=12))
def test_any_heading_is_a_name_with_or_without_a_unit(text):
    name, unit = split_unit(text)
    assert text.startswith(name)
    assert unit in text


def test_columns_are_named_with_or_without_their_units(write):
    path = write("t [s],u [V],y (mm)\n1,2,3\n4,5,6\n")
    for target, features in (("y", ["t"]), ("y (mm)", ["t [s]"]), ("y", ["t [s]"])):
        X, y, _ = read_rows(path, target, features)
        assert (list(X), y.name, units_of(X, y)) == (["t"], "y", {"t": "s", "y": "mm"})
        source = open_table(path, target, features)
        assert (source.names, source.target) == (("t",), "y")
    assert list(read_table(path, ["u [V]", "y"])) == ["u", "y"]
    assert list(read_frame(path, ["y (mm)"], ["t [s]"], ["u"])) == ["u", "t", "y"]
    refused(lambda: read_rows(path, "Y"), "did you mean 'y'?")


def test_a_model_keeps_units_and_its_file_does(write, tmp_path):
    t = np.linspace(1, 4, 30)
    path = write("t [s];h (m);w\n" + "".join(f"{a};{3 * a * a};1\n" for a in t))
    form = {"delimiter": ";", "decimal": ".", "thousands": ""}
    table = read_table(path, ["t", "h"], **form)
    model = quiet().fit(table[["t"]], table["h"])
    assert model.units_ == {"t": "s", "h": "m"}
    assert list(model.feature_names_in_) == ["t"]
    model.save(tmp_path / "model.json")
    assert DARTSRegressor.load(tmp_path / "model.json").units_ == model.units_
    refused(lambda: quiet().fit_file(path, "h", weights="w", y_error="w", **form), "y_error= and weights= ")
    refused(lambda: quiet().fit_file(path, "h", weights="v", **form), "weights='v'")
    logged = quiet().fit_file(path, "h (m)", ["t"], weights="w", log_target=True, **form)
    assert (logged.target_name_, logged.units_) == ("log(h)", {"t": "s"})
    np.testing.assert_allclose(logged.predict(table[["t"]]), np.log(table["h"]), atol=0.2)


def test_units_are_shown_where_names_are():
    t = sympy.Symbol("t")
    law = Equation(4.905 * t**2, ("t",), "h", 1e-4, 1e-6, "sample")
    text = latex_table((law,), caption="Fall.", units={"t": "s^2", "h": "m", "x": "kg"})
    assert r" & $h$ in $\text{m}$ & Complexity" in text
    assert r"\caption{Fall. Units: $t$ in $\text{s\textasciicircum{}2}$.}" in text
    shown = Rows(law, ADDITIVE, np.ones((2, 1)), np.ones(2), np.ones(2), np.arange(2), units={"t": "s", "h": "m"})
    assert (shown.target, shown.column(0)) == ("h in m", "t in s")


def test_weights_and_errors_stand_beside(write):
    path = write("x,w,y\n1,0,1\n2,2,4\n3,1,-9\n")
    X, _, beside = read_rows(path, "y", beside=["w"])
    assert (list(X), beside["w"].tolist()) == (["x"], [0, 2, 1])
    refused(lambda: read_rows(path, "y", beside=["v"]), "no column 'v'", "'w'")
    refused(lambda: quiet().fit_file(path, "y", log_target=True), "log_target: 'y' is -9.0 in row 3")
    refused(lambda: quiet().fit_file(path, "y", weights="y"), "weights='y'")
    refused(lambda: quiet().fit_file(write("x,w,y\n1,1,1\n2,-2,4\n"), "y", weights="w"), "weights: -2.0 (row 1)")


def test_labels_become_columns_of_zero_and_one(write):
    path = write("species,mass,y\nsetosa,1,2\nversicolor,2,4\n,3,1\nsetosa,3,5\n")
    refused(lambda: read_rows(path, "y"), "column 'species': 'setosa' in line 2 is text", "--one-hot", "--features")
    refused(lambda: read_rows(path, "y", one_hot=["species"]), "column 'species': '' in line 4 is empty")
    with pytest.warns(SearchWarning, match="left out 1 of 4 rows"):
        X, y, _ = read_rows(path, "y", missing=Missing(drop=True), one_hot=["species"])
    assert list(X) == ["species = setosa", "species = versicolor", "mass"]
    assert X["species = setosa"].tolist() == [1, 0, 1]
    with pytest.warns(SearchWarning, match="left out 1 of 4 rows"):
        table = read_table(path, one_hot=["species"], drop_missing=True)
    pd.testing.assert_frame_equal(table, X.assign(y=y), check_dtype=False)
    assert read_rows(path, "y", ["mass"])[0].shape == (4, 1)
    for name, part in (("genus", "no column 'genus'"), ("y", "column 'y' is both")):
        refused(lambda name=name: read_rows(path, "y", ["mass"], one_hot=[name]), part)


def test_cells_of_labels_are_numbers_where_an_equation_asks(write):
    path = write("species,m [kg],y\nsetosa,1,2\nversicolor,2,4\nNA,3,1\n")
    with read_cells(path, missing=Missing(drop=True)) as grid:
        np.testing.assert_array_equal(grid.numbers("species = setosa"), [1, 0, np.nan])
        assert grid.numbers("m [kg]").tolist() == grid.numbers("m").tolist() == [1, 2, 3]
    with read_cells(path) as grid:
        refused(lambda: grid.numbers("species = setosa"), "column 'species': 'NA' in line 4 is empty")
        refused(lambda: grid.numbers("genus = setosa"), "no column 'genus = setosa'")


def test_a_model_of_labels_predicts_a_table_of_labels():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"dye": rng.choice(["red", "blue"], 40), "c": rng.uniform(1, 2, 40)})
    y = 2 * table["c"] + 3 * (table["dye"] == "red")
    X = one_hot(table, ["dye"])
    model = quiet().fit(X, y)
    np.testing.assert_array_equal(model.predict(table), model.predict(X))
    law = model.equation()
    np.testing.assert_array_equal(law.predict(table), law.predict(X))
    refused(lambda: model.predict(table.assign(dye="green")), "column 'dye': 'green' (row 0) is none of the labels")
    refused(lambda: model.predict(table.assign(dye=None)), "NaN")
    again = DARTSRegressor(max_epochs=2, replicas=16, verbose=0).fit(X, y)
    assert again.feature_names_in_.tolist() == ["dye = blue", "dye = red", "c"]


@pytest.mark.parametrize(
    ("cells", "part"),
    [(["a"] * 4, "the same value everywhere ('a')"), ([None] * 4, "no value"), ([str(k) for k in range(60)], "60")],
)
def test_columns_of_one_or_too_many_labels_are_refused(cells, part):
    refused(lambda: one_hot(pd.DataFrame({"s": cells}), "s"), "column 's'", part)
    refused(lambda: one_hot(pd.DataFrame({"s": cells}), "t"), "no column 't'")


def test_numbers_are_labels_too():
    assert list(one_hot(pd.DataFrame({"g": [1.0, 2.0], "h": [1.5, True]}), ["g", "h"])) == [
        "g = 1", "g = 2", "h = 1.5", "h = True",
    ]  # fmt: skip


def test_the_dialect_can_be_asked_for(write):
    found = dialect(write("t [s];y\n0,1;2,5\n"))
    assert (str(found), found.header) == ("cells separated by ';', decimal commas", ("t [s]", "y"))
