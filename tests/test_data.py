"""Files and arrays come in unchanged, or are refused in one line that names the place."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold, TimeSeriesSplit

from eqdarts.data import FileFormat, check_finite_columns, check_names, column_scale, read_csv, read_frame, split_rows
from eqdarts.data.cache import CachedSource
from eqdarts.data.chunks import open_table
from eqdarts.data.missing import Missing
from eqdarts.errors import InputDataError, SearchWarning


@pytest.fixture
def write(tmp_path):
    def write_file(content, encoding="utf-8"):
        path = tmp_path / "data.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write_file


def test_reads_numbers_exactly(write):
    frame = pd.DataFrame({"a": [0.1, 1e-300, -1e300], "b": [1, 2, 3], "c": [True, False, True], "y": [1.5, 2.5, 4.0]})
    table = read_csv(write(frame.to_csv(index=False)), "y")
    assert table.names == ("a", "b", "c")
    np.testing.assert_array_equal(table.X, frame[["a", "b", "c"]].to_numpy(dtype=float))
    np.testing.assert_array_equal(table.y, frame["y"])
    assert table.X.dtype == table.y.dtype == np.float64
    assert table.target == "y"
    assert table.weights is None


def test_features_come_in_the_order_asked(write):
    table = read_csv(write("a,b,y\n1,2,3\n4,5,6\n"), "y", features=["b", "a"])
    assert table.names == ("b", "a")
    np.testing.assert_array_equal(table.X, [[2, 1], [5, 4]])


@pytest.mark.parametrize("delimiter", [";", "\t", "\\t", "|"])
def test_other_delimiters(write, delimiter):
    mark = "\t" if delimiter == "\\t" else delimiter
    path = write(f"a{mark}y\n1{mark}2\n3{mark}4\n")
    assert read_csv(path, "y", form=FileFormat(delimiter=delimiter)).y.tolist() == [2, 4]


def test_other_encodings_and_marks(write):
    for encoding in ("utf-8", "utf-8-sig", "latin-1"):
        read_as = "utf-8" if encoding == "utf-8-sig" else encoding
        table = read_csv(write("Länge,y\n1,2\n3,4\n", encoding), "y", form=FileFormat(encoding=read_as))
        assert table.names == ("Länge",)
    for form in (FileFormat(), FileFormat(encoding="utf-16")):
        assert read_csv(write("Δv,y\n1,2\n3,4\n", "utf-16"), "y", form=form).names == ("Δv",)


def test_strange_but_good_files(write):
    text = ' a , "y" \r\n\r\n 1 , 2 \r\n"3",+4e0\r\n\r\n'
    table = read_csv(write(text), "y")
    assert table.names == ("a",)
    np.testing.assert_array_equal(np.column_stack([table.X, table.y]), [[1, 2], [3, 4]])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_all_line_ends(write, end):
    assert read_csv(write(end.join(["a,y", "1,2", "3,4", ""])), "y").y.tolist() == [2, 4]
    with pytest.raises(InputDataError, match="'x' in line 4"):
        read_csv(write(end.join(["a,y", "1,2", "3,4", "5,x"])), "y")


def test_columns_without_a_name_are_left_out_with_a_warning(write):
    path = write(",a,y\n0,1,2\n1,3,4\n")
    with pytest.warns(SearchWarning, match=r"left out column 1 \(it has no name\)") as caught:
        assert read_csv(path, "y").names == ("a",)
    assert len(caught) == 1
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("a,note,y\n1,Venus,2\n3,Mars,4\n", ["column 'note'", "'Venus' in line 2 is text", "--features"]),
        ("a,when,y\n1,2020-01-02,2\n3,2020-01-03,4\n", ["column 'when'", "'2020-01-02' in line 2 is a date"]),
        ("a,y\n1,no\n2,yes\n3,no\n", ["column 'y'", "'no' in line 2", "labels (they are 'no', 'yes')", "--classes"]),
        ("a,b,y\n1,2,3\n4,<LOD,5\n6,7,8\n", ["column 'b'", "'<LOD' in line 3", "--na '<LOD' --drop-missing"]),
        ("a,b,y\n1,,3\n4,,5\n", ["column 'b'", "'' in line 2 is empty", "--features"]),
        ("a,b,y\n1,1_000,3\n4,5,5\n", ["column 'b'", "'1_000' in line 2 is text"]),
        ("a,b,y\n1,> 9,3\n4,5,5\n", ["'> 9' in line 2"]),
        ("a,b,y\n1,2,3\n4,,5\n6,7,8\n", ["column 'b'", "1 of 3 values", "'' in line 3", "--drop-missing"]),
    ],
)
def test_no_cell_changes_the_question_in_silence(write, tmp_path, content, parts):
    """Read at once or in chunks: what stands in the way is named, with the options that say what to do."""
    path = write(content)
    with pytest.raises(InputDataError) as caught:
        read_csv(path, "y")
    assert all(part in str(caught.value) for part in parts), caught.value
    with pytest.raises(InputDataError) as caught:
        list(open_table(path, "y", chunk_rows=2).chunks())
    streamed = [re.sub(r"^'' in.*|^1 of.*| in line .*", "", part) for part in parts]
    assert all(part in str(caught.value) for part in streamed), caught.value


def rows_of(source):
    chunks = list(source.chunks())
    return np.concatenate([c.X for c in chunks]), np.concatenate([c.y for c in chunks])


@pytest.mark.parametrize(
    ("cells", "na", "kept"),
    [
        (["1", "", "3", "NA", "5"], (), [1, 3, 5]),
        (["1", "<LOD", "3", "nan", "5"], ("<LOD",), [1, 3, 5]),
        (["1", " <LOD ", "n.d.", "4", "5"], ("<LOD", "n.d."), [1, 4, 5]),
        (["1", "-999", "3", "-999.0", "-9.99e2"], ("-999",), [1, 3]),
        (["inf", "2", "3", "4", "5"], ("inf",), [2, 3, 4, 5]),
        (["true", "NULL", "FALSE", "True", "?"], ("?",), [1, 0, 1]),
        (["0.1", "None", "1e-300", "<NA>", "12345678.901234567"], (), [0.1, 1e-300, 12345678.901234567]),
    ],
)
@pytest.mark.parametrize("chunk_rows", [2, 3, 100])
def test_missing_cells_are_dropped_where_that_is_asked_for(write, cells, na, kept, chunk_rows):
    path = write("a,b,y\n" + "".join(f"{k},{cell},{10 * k}\n" for k, cell in enumerate(cells)))
    rule = Missing.of(na, True)
    with pytest.warns(SearchWarning, match=f"left out {5 - len(kept)} of 5 rows, which have missing cells"):
        table = read_csv(path, "y", missing=rule)
    assert table.X[:, 1].tolist() == kept
    assert table.y.tolist() == (10 * table.X[:, 0]).tolist()
    opened = open_table(path, "y", chunk_rows=chunk_rows, missing=rule)
    with CachedSource(opened) as source:
        for _ in range(2):
            X, y = rows_of(source)
            np.testing.assert_array_equal(X, table.X)
            np.testing.assert_array_equal(y, table.y)
            assert opened.rows_left_out == 5 - len(kept)
    with pytest.raises(InputDataError, match="column 'b'"):
        read_csv(path, "y", missing=Missing.of(na, False))
    with pytest.raises(InputDataError, match="column 'b'"):
        list(open_table(path, "y", missing=Missing.of(na, False)).chunks())


def test_only_the_columns_in_use_count(write):
    path = write("a,b,y\n1,,2\n3,,4\n")
    assert read_csv(path, "y", ["a"], missing=Missing(drop=True)).X.tolist() == [[1], [3]]
    for read in (
        lambda **options: read_csv(path, "y", ["b"], **options),
        lambda **options: list(open_table(path, "y", ["b"], **options).chunks()),
    ):
        with pytest.raises(InputDataError, match=r"column 'b'|0 rows without a missing cell"):
            read(missing=Missing(drop=True))
    with pytest.raises(InputDataError, match="-inf"):
        read_csv(write("a,y\n1,2\n3,-inf\n5,6\n"), "y", missing=Missing(drop=True))


def test_options_for_missing_cells_are_checked():
    assert Missing.of("<LOD", False).texts == ("<LOD",)
    for na, drop in ((5, False), ([None], False), ("", 2), ("", "yes")):
        with pytest.raises(InputDataError, match=r"na=|drop_missing="):
            Missing.of(na, drop)


BAD_FILES = {
    "empty": ("", {}, ["empty"]),
    "blank": ("\n  \n", {}, ["empty"]),
    "nothing but commas": (",\n,\n", {}, ["no header"]),
    "endless header": ('"' + "a" * 200_000 + '",y\n1,2\n3,4\n', {}, ["header cannot be read"]),
    "endless cell": ('a,y\n"' + "a" * 200_000 + '",2\n3,4\n', {"features": ["a"]}, ["'aaa", "in row 1"]),
    "header only": ("a,y\n", {}, ["no row of data"]),
    "one row": ("a,y\n1,2\n", {}, ["one row of data"]),
    "semicolons": ("a;y\n1;2\n3;4\n", {"form": FileFormat(delimiter=",")}, ["'a;y'", "';'"]),
    "tabs": ("a\ty\n1\t2\n3\t4\n", {"form": FileFormat(delimiter=",")}, ["tab"]),
    "commas": ("a,y\n1,2\n3,4\n", {"form": FileFormat(delimiter=";")}, ["','"]),
    "duplicates": ("a,b,a,y\n1,2,3,4\n1,2,3,5\n", {}, ["more than one column is called 'a'"]),
    "target missing": ("mass,Length\n1,2\n3,4\n", {"target": "lenght"}, ["'lenght'", "mean 'Length'?", "'mass'"]),
    "target among features": ("a,y\n1,2\n3,4\n", {"features": ["a", "y"]}, ["'y' is the target"]),
    "unknown feature": ("alpha,y\n1,2\n3,4\n", {"features": ["alpa"]}, ["'alpa'", "mean 'alpha'?"]),
    "feature twice": ("a,y\n1,2\n3,4\n", {"features": ["a", "a"]}, ["'a' stands twice"]),
    "no features": ("a,y\n1,2\n3,4\n", {"features": []}, ["features=[]"]),
    "text in target": ("a,y\n1,2\n\n3,x\n", {}, ["column 'y'", "'x' in line 4 is text"]),
    "nothing but comments": ("# spectrometer 3\n# 25 °C\n", {}, ["no header"]),
    "date in feature": (
        "a,y\n1,2\n1/2/2020,3\n",
        {"features": ["a"]},
        ["'1/2/2020' in line 3 is a date", "days since"],
    ),
    "decimal comma": (
        "a;y\n1,5;2\n3;4\n",
        {"form": FileFormat(delimiter=";", decimal="."), "features": ["a"]},
        ["'1,5' in line 2", "points"],
    ),
    "text after a quoted line end": ('a,n,y\n1,"p\nq",2\n3,s,x\n', {"features": ["a"]}, ["'x' in line 4"]),
    "empty cells": ("a,y\n1,2\n,3\n5,6\nNA,7\n", {}, ["column 'a'", "2 of 4", "'' in line 3"]),
    "short line": ("a,y\n1,2\n3\n", {}, ["column 'y'", "1 of 2", "line 3"]),
    "long line": ("a,y\n1,2\n\n3,4,5\n", {}, ["line 4 has 3 cells", "header 2"]),
    "infinite": ("a,y\n1,2\n3,-inf\n", {}, ["column 'y'", "'-inf' in line 3"]),
    "too large": ("a,y\n1,2\n1e999,3\n", {}, ["column 'a'", "'1e999' in line 3"]),
    "open quote": ('a,y\n1,"2\n3,4\n', {}, ["quote opened near line 2"]),
    "nothing but the target": ("y\n1\n2\n", {}, ["no column of numbers besides"]),
    "not utf-8": (
        "a,y\n1,2\nä,4\n".encode("latin-1"),
        {"form": FileFormat(encoding="utf-8")},
        ["line 3", "utf-8", "'cp1252'"],
    ),
    "utf-16": ("a,y\n1,2\n".encode("utf-16"), {"form": FileFormat(encoding="utf-8")}, ["'utf-16'"]),
    "utf-16 without mark": ("a,y\n1,2\n".encode("utf-16-le"), {}, ["NUL", "'utf-16-le'"]),
    "unknown encoding": ("a,y\n1,2\n", {"form": FileFormat(encoding="utf-7000")}, ["utf-7000"]),
    "spreadsheet": (b"PK\x03\x04rest", {}, ["save the table as CSV"]),
    "two-letter delimiter": ("a,y\n1,2\n", {"form": FileFormat(delimiter="::")}, ["delimiter='::'"]),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_files_are_refused_in_one_line(write, case):
    content, options, parts = BAD_FILES[case]
    with pytest.raises(InputDataError) as caught:
        read_csv(write(content), **{"target": "y", **options})
    message = str(caught.value)
    assert "\n" not in message
    for part in parts:
        assert part in message


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(InputDataError, match="no such file"):
        read_csv(tmp_path / "missing.csv", "y")
    with pytest.raises(InputDataError, match="cannot be read"):
        read_csv(tmp_path, "y")


def test_a_column_of_text_beside_only_the_target_is_an_error(write):
    with pytest.raises(InputDataError, match="column 'a': 'u' in line 2 is text"):
        read_csv(write("a,y\nu,2\nv,4\n"), "y")


def test_check_names():
    with pytest.warns(SearchWarning, match="column 2 called x2"):
        assert check_names(["a", 2]) == ("a", "x2")
    with pytest.raises(InputDataError, match="called 'b'"):
        check_names(["a", "b", "b"])
    with pytest.raises(InputDataError, match="'a' is the target"):
        check_names(["a", "b"], target="a")


def test_check_finite_columns():
    X = np.arange(14.0).reshape(7, 2)
    check_finite_columns(X, ["a", "mass"])
    X[3, 1], X[5, 1] = np.nan, np.inf
    with pytest.raises(
        InputDataError, match=r"column 'mass': 2 of 7 values are NaN or infinity \(first: row 3\); drop or fill them"
    ):
        check_finite_columns(X, ["a", "mass"])
    X[6, 0] = -np.inf
    with pytest.raises(InputDataError, match=r"column 'a': 1 of 7 values is .*row 6\); so are values of 'mass'"):
        check_finite_columns(X, ["a", "mass"])


@given(st.integers(-300, 300), arrays(float, 11, elements=st.floats(-100, 100).filter(lambda v: abs(v) > 1e-2)))
def test_scaling_is_exact_and_brings_magnitudes_to_one(exponent, values):
    column = values * 10.0**exponent
    scale = column_scale(column)
    assert np.frexp(scale)[0] == 0.5
    np.testing.assert_array_equal(column / scale * scale, column)
    assert 0.5 <= np.sort(np.abs(column / scale))[5] <= 2


def test_scale_of_extreme_columns():
    largest = np.finfo(float).max
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        for column in ([largest, largest], [5e-324, 5e-324], [1e-300, 1e-300, 1e300], [0, largest]):
            scaled = np.array(column) / column_scale(np.array(column))
            assert np.isfinite(scaled).all()


def test_weights_count_as_repeated_rows_in_the_scale():
    values, weights = np.array([0.1, 7.0, 300.0, 5.0, 90.0]), np.array([3, 0, 2, 1, 4])
    assert column_scale(values, weights) == column_scale(np.repeat(values, weights))


@given(st.integers(1, 97), st.floats(0, 0.9), st.integers(0, 2**32))
def test_a_share_splits_all_rows(n, share, seed):
    train, validation = split_rows(n, share, seed)
    assert set(train) | set(validation) == set(range(n))
    if share == 0 or n < 12:
        assert len(train) == len(validation) == n
    else:
        assert not set(train) & set(validation)
        assert len(validation) == np.ceil(n * share)
    again = split_rows(n, share, np.random.default_rng(seed))
    np.testing.assert_array_equal(train, again[0])


def test_splits_come_from_the_generator_alone():
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    assert not np.array_equal(split_rows(97, 0.3, 0)[1], split_rows(97, 0.3, 1)[1])
    np.testing.assert_array_equal(state, np.random.get_state()[1])  # noqa: NPY002


def test_given_rows_masks_and_splitters():
    for rows in ([5, 1], np.array([1, 5]), (1, 5), np.isin(np.arange(7), [1, 5])):
        train, validation = split_rows(7, rows, 0)
        assert validation.tolist() == [1, 5]
        assert train.tolist() == [0, 2, 3, 4, 6]
    train, validation = split_rows(7, KFold(7), 0)
    assert validation.tolist() == [0]
    assert len(split_rows(7, TimeSeriesSplit(2), 0)[0]) == 3
    y = np.array([0, 0, 0, 1, 1, 1])
    assert set(y[split_rows(6, StratifiedKFold(3), 0, y)[1]]) == {0, 1}


@pytest.mark.parametrize(
    ("validation", "message"),
    [
        (0.95, "0.95"),
        (-0.1, "-0.1"),
        (float("nan"), "nan"),
        (5, "validation=5"),
        (True, "True"),
        ("half", "'half'"),
        (None, "None"),
        ([], "no row"),
        ([7], "row 7 does not exist"),
        ([-1], "row -1"),
        ([0.5, 1.5], "whole row numbers"),
        (list(range(7)), "no row is left for the train"),
        ([True, False], "mask of 2 values for 7 rows"),
        ([False] * 7, "no row is left for the validation"),
        (KFold(50), "cannot split 7 rows"),
        (GroupKFold(2), "cannot split 7 rows"),
    ],
)
def test_bad_validation_is_refused_in_one_line(validation, message):
    with pytest.raises(InputDataError, match=message) as caught:
        split_rows(7, validation, 0)
    assert "\n" not in str(caught.value)


def test_groups_are_read_as_numbers_or_text(write):
    path = write("name,site,day,x,y,z,note\n a ,1,2020-01-01,1,2,3,n\nb,2,,4,5,6,n\n")
    with pytest.raises(InputDataError, match=r"column 'note': 'n' in line 2 is text.*--features"):
        read_frame(path, ["z", "y"], by=["name", "site", "day"])
    frame = read_frame(path, ["z", "y"], ["x"], by=["name", "site", "day"])
    assert list(frame.columns) == ["name", "site", "day", "x", "z", "y"]
    assert frame["name"].tolist() == ["a", "b"]
    assert frame["site"].tolist() == [1, 2]
    assert frame["day"].isna().tolist() == [False, True]
    assert frame[["x", "y", "z"]].to_numpy().tolist() == [[1, 2, 3], [4, 5, 6]]
    assert list(read_frame(path, ["z", "y"], features=["x", "y"]).columns) == ["x", "y", "z"]
    with pytest.raises(InputDataError, match="no column 'sight'; did you mean 'site'"):
        read_frame(path, ["z"], ["x"], ["sight"])
    with pytest.raises(InputDataError, match="column 'note': 'n' in line 2 is text"):
        read_frame(path, ["note"], ["x"])


@pytest.mark.parametrize("features", [None, ["when"]])
def test_no_date_is_proposed_as_the_sign_of_a_missing_value(features, tmp_path):
    file = tmp_path / "log.csv"
    file.write_text("when,y\n2026-03-01,1\n2026-03-02,2\n")
    with pytest.raises(InputDataError, match="is a date") as caught:
        read_csv(file, "y", features)
    assert "--na" not in str(caught.value)
