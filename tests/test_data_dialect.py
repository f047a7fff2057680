"""Tables as they are: whatever dialect a table is written in, the same numbers are read, by both readers."""

import bz2
import gzip
import io
import lzma
import sys
import warnings
import zipfile

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from eqdarts.data import FileFormat, Missing, read_csv, read_table
from eqdarts.data.chunks import open_table
from eqdarts.data.dialect import found_dialect
from eqdarts.data.numerals import Numerals, found_numerals
from eqdarts.errors import InputDataError, SearchWarning

AS_FOUND, ERRORS = FileFormat(), Missing()


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("dialects") / "table.csv"


def both(path, content, target="y", form=AS_FOUND, missing=ERRORS, chunk_rows=3):
    """X and y side by side, the names, and what was warned of, which both readers agree on."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = []
    for streamed in (False, True):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            if streamed:
                source = open_table(path, target, None, chunk_rows, form, missing)
                chunks = list(source.chunks())
                rows, names = np.vstack([np.column_stack([c.X, c.y]) for c in chunks]), source.names
            else:
                table = read_csv(path, target, None, form, missing)
                rows, names = np.column_stack([table.X, table.y]), table.names
        found.append((rows, names, [str(w.message).removeprefix(f"{path}: ") for w in caught]))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    assert found[0][1] == found[1][1]
    said = [[text for text in texts if "missing cells" not in text] for *_, texts in found]
    assert said[0] == said[1]
    return found[0]


def refused(path, content, **options):
    """What both readers say, without the file's name; a row is a line here and a number there."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    said = []
    for read in (
        lambda: read_csv(path, **{"target": "y", **options}),
        lambda: list(open_table(path, **{"target": "y", **options}).chunks()),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SearchWarning)
            with pytest.raises(InputDataError) as caught:
                read()
        said.append(str(caught.value).removeprefix(f"{path}: "))
        assert "\n" not in said[-1]
    return said


GROUPS = {"": "", ",": ",", ".": ".", " ": " ", "thin": "\u202f", "'": "'", "quote": "\u2019"}
NUMBERS = st.one_of(
    st.integers(-(10**9), 10**9).map(float), st.floats(-1e7, 1e7).map(lambda v: round(v, 4)), st.floats(-1e300, 1e300)
)


def written(value, decimal, group):
    """A number as people write it."""
    text = repr(value)
    if "e" in text or "inf" in text:
        return text.replace(".", decimal)
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, fraction = digits.split(".")
    whole = f"{int(whole):,}".replace(",", group)
    return sign + whole + ("" if fraction == "0" else decimal + fraction)


@st.composite
def tables(draw):
    """(content, rows, names): a table in some dialect that leaves no other reading."""
    delimiter = draw(st.sampled_from([",", ";", "\t", "|", " "]))
    decimal = draw(st.sampled_from([".", ","]))
    group = GROUPS[draw(st.sampled_from([g for g in GROUPS if g != decimal]))]
    if delimiter == " " and group.strip() == "":
        group = ""
    width, n = draw(st.integers(2, 5)), draw(st.integers(2, 5))
    rows = draw(st.lists(st.lists(NUMBERS, min_size=width, max_size=width), min_size=n, max_size=n))
    rows[draw(st.integers(0, n - 1))][-1] = 1234567.25  # which says how numbers are written
    cells = [[written(v, decimal, group) for v in row] for row in rows]
    quote = draw(st.booleans())
    names = ["a", "flow rate" if delimiter != " " else "flow", "x3", "b", "y"][:width]
    names[-1] = "y"
    gap = delimiter * draw(st.integers(1, 3)) if delimiter == " " else delimiter + " " * draw(st.integers(0, 1))

    def line(row):
        return gap.join(f'"{c}"' if quote or delimiter in c else c for c in row)

    lines = [line(names)]
    for row in cells:
        if draw(st.integers(0, 4)) == 0:
            lines.append(draw(st.sampled_from(["", "# lamp off", "  # 1;2,5"])))
        lines.append(line(row))
    above = draw(st.sampled_from([[], ["# spectrometer 3; 25,5 °C", ""], ["% by hand"], [""]]))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    text = end.join(above + lines) + draw(st.sampled_from(["", end, end * 2]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    return text.encode(encoding), rows, tuple(names[:-1])


@given(tables())
def test_a_table_in_any_dialect_is_read_as_the_same_numbers(path, table):
    content, rows, names = table
    read, found, _ = both(path, content)
    np.testing.assert_array_equal(read, np.array(rows))
    assert found == names


@given(st.one_of(st.binary(max_size=2000), st.text("0123456789.,;\t \n\"'#-eaE", max_size=300).map(str.encode)))
@example(b"a" * 10_000 + b"\n1")
@example(b"0,0\n0;0\n0,0")
def test_any_bytes_are_read_or_refused_in_one_line(path, content):
    path.write_bytes(content)
    for read in (lambda: read_csv(path, "y"), lambda: list(open_table(path, "y", chunk_rows=2).chunks())):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SearchWarning)
            message = f"{path}: "
            try:
                read()
            except InputDataError as error:
                message = str(error)
            assert message.startswith(f"{path}: ")
            assert "\n" not in message


ROWS = [[0.1, 2.5], [0.2, 2.75]]
SAID = {
    "decimal commas": ("t;y\n0,1;2,5\n0,2;2,75\n", "cells separated by ';', decimal commas"),
    "tabs": ("t\ty\n0.1\t2.5\n0.2\t2.75\n", "cells separated by tabs"),
    "spaces": ("  t   y\n 0.1  2.5\n 0.2    2.75\n", "cells separated by spaces"),
    "a comma and a space": ("t, y\n0.1, 2.5\n0.2, 2.75\n", None),
    "savetxt": ("# t y\n0.1 2.5\n0.2 2.75\n", "cells separated by spaces, names of columns from the comment in line 1"),
    "comments": ("# lamp\n\nt,y\n0.1,2.5\n# off\n0.2,2.75\n", "lines that begin with '#' left out"),
    "lines above": ("Run: 3\n\n\nt;y\n0,1;2,5\n0,2;2,75\n", "cells separated by ';', decimal commas, header in line 4"),
    "R": ('"t" "y"\n"1" 0.1 2.5\n"2" 0.2 2.75\n', "cells separated by spaces"),
    "row names": ('t;y\nMazda;0,1;2,5\nFiat;0,2;2,75\n', "cells separated by ';', decimal commas"),
    "delimiters at the end": ("t,y\n0.1,2.5,\n0.2,2.75,\n", None),
}  # fmt: skip


@pytest.mark.parametrize("case", SAID)
def test_what_was_found_out_is_said(path, case):
    content, expected = SAID[case]
    rows, names, said = both(path, content)
    assert rows.tolist() == ROWS
    assert names == ("t",)
    assert [text for text in said if "no name" not in text] == ([] if expected is None else [expected])
    assert ("no name" in str(said)) == (case in ("R", "row names", "delimiters at the end"))


def test_other_encodings_are_tried_and_said(path):
    _, names, said = both(path, "µ;y\n0,1;2,5\n0,2;-2,75\n".encode("cp1252"))
    assert names == ("µ",)
    assert said == ["cells separated by ';', decimal commas, read as cp1252, since it is not UTF-8"]
    assert both(path, "t;y\n\u22120,1;2,5\n0,2;\u22122,75\n")[0].tolist() == [[-0.1, 2.5], [0.2, -2.75]]


@pytest.mark.parametrize("encoding", ["hex", "rot13", "zip", "nosuch", "a\0b"])
def test_codecs_that_make_no_text_are_no_encodings(path, encoding):
    with pytest.raises(InputDataError, match=f"encoding={encoding!r} is not known".replace("\\", r"\\")):
        both(path, "t;y\n1;2\n2;3\n", form=FileFormat(encoding=encoding))


def test_what_is_said_by_the_user_is_not_said_again(path):
    form = FileFormat(";", ",", "", "utf-8")
    assert both(path, "t;y\n0,1;2,5\n0,2;2,75\n", form=form)[2] == []
    rows, _, said = both(path, "t;y\n1,234;5\n2,345;6\n", form=FileFormat(decimal="."))
    assert (rows[:, 0].tolist(), said) == ([1234, 2345], ["cells separated by ';', commas between thousands"])
    rows, _, said = both(path, "t;y\n1,234;5\n2,345;6\n", form=FileFormat(decimal=","))
    assert (rows[:, 0].tolist(), said) == ([1.234, 2.345], ["cells separated by ';'"])
    assert both(path, "t y\n1 2\n3 4\n", form=FileFormat(" "))[0].tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([["1,5"], ["7"]], (",", "")),
        ([["0,123"]], (",", "")),
        ([["1,234,567"]], (".", ",")),
        ([["1,234.5"]], (".", ",")),
        ([["1.234,5"]], (",", ".")),
        ([["1.234"], ["5"]], (".", "")),
        ([["1.234"], ["0,5"]], (",", ".")),
        ([["1,234"], ["0.5"]], (".", ",")),
        ([["1234", "12,345"], ["0.5"]], (".", ",")),
        ([["1 234", "n.d."], ["0,5"]], (",", " ")),
        ([["1'234.5"]], (".", "'")),
        ([["01.02.2020"], ["12:30"], ["a,b"], [""]], (".", "")),
        ([["1,5", "1.5"], ["2,5"]], (",", "")),
    ],
)
def test_marks_are_read_where_a_table_leaves_no_other_reading(cells, expected):
    assert found_numerals([(f"c{k}", column) for k, column in enumerate(cells)]) == Numerals(*expected)


@pytest.mark.parametrize(
    ("cells", "part"),
    [
        ([["1,234", "2,345"]], "'1,234' has a decimal comma, or one between thousands"),
        ([["1,234"], ["5.678"]], "column 'c0': '1,234' has a decimal comma"),
        ([["1,5"], ["2.5"]], "column 'c1' ('2.5') has decimal points and column 'c0' ('1,5') has decimal commas"),
        ([["1'234"], ["2 345"]], "column 'c0' (\"1'234\") has other marks between thousands than column 'c1'"),
    ],
)
def test_numbers_that_can_be_read_in_two_ways_are_refused(cells, part):
    with pytest.raises(InputDataError) as caught:
        found_numerals([(f"c{k}", column) for k, column in enumerate(cells)])
    assert part in str(caught.value)


def test_marks_that_are_none_are_refused():
    for options, part in (({"decimal": ";"}, "decimal=';'"), ({"thousands": "_"}, "thousands='_'")):
        with pytest.raises(InputDataError, match=part):
            found_numerals([], **options)
    with pytest.raises(InputDataError, match="two things"):
        found_numerals([], ",", ",")


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("t;y\ns;V\n0,1;2,5\n0,2;2,75\n", "line 2 ('s', 'V') holds no number, as a second header"),
        ("t;y\n0,1;2,5\n0,2;2,75;3\n", "line 3 has 3 cells and the header 2"),
        ("# a\n\nt,y\n# b\n0.1,2.5\n0.2,2.75\n\n# c\n0.2,2.75,3\n", "line 9 has 3 cells and the header 2"),
        ("t;y\n0,1;2.5\n0,2;2.75\n", "numbers are written in two ways: column 'y' ('2.5')"),
        ("t;y\n0,1;2,5\n0,2;2.75\n", "is no number as others are in this file, with decimal commas"),
        ("t;y\n", "no row of data below the header"),
        ("0.1,2.5\n0.2,2.75\n", "the first line holds only numbers, '0.1', '2.5'; write names"),
        ("t,t,y\n1,2,3\n4,5,6\n", "more than one column is called 't'"),
        ("id,y\n#1,2.5\n#2,3.5\n", "column 'id': '#1' in"),
        ('t;y\n0,1;"2,5\n0,2;2,75\n', "the quote opened near line 2 is never closed"),
        ('# a\n\nt;y\n0,1;2,5\n0,1;"2,5\n0,2;2,75\n', "the quote opened near line 5 is never closed"),
        ("<html><body>1;2</body></html>", "a web page or XML"),
        ('{"t": [1, 2]}', "JSON"),
        (b"%PDF-1.4 1 0 obj", "a PDF"),
        (bytes(range(256)) * 9, "line 1 holds the character '\\x00'"),
        (b"t,y\n1,2\n3,\x9d\xff\n", "neither UTF-8 nor cp1252"),
        (gzip.compress(b"t;y\n0,1;2,5\n" * 1000, mtime=0)[:-20], "a compressed file that is damaged"),
        (b"", "the file is empty"),
    ],
)  # fmt: skip
def test_broken_tables_are_refused_with_the_place(path, content, part):
    for said in refused(path, content):
        assert part in said


def test_the_line_of_a_cell_is_that_of_an_editor(path):
    said = refused(path, "# a\n\nt;y\n0,1;2,5\n# b\n\n0,2;x\n")
    assert "'x' in line 7 is text" in said[0]
    assert "'x' in row 2 below the header" in said[1]
    said = refused(path, "t y\n\n0.1  2\n0.2  x\n")
    assert "'x' in line 4 is text" in said[0]


def test_packed_files_are_unpacked(path):
    text = b"t;y\n0,1;2,5\n0,2;2,75\n"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("table.csv", text)
    for content in (gzip.compress(text), bz2.compress(text), lzma.compress(text), archive.getvalue()):
        assert both(path, content)[0].tolist() == ROWS
    with zipfile.ZipFile(archive, "a") as packed:
        packed.writestr("other.csv", text)
    assert "an archive of 2 files" in refused(path, archive.getvalue())[0]


def test_standard_input_is_read(monkeypatch, path):
    path.write_bytes(b"t,y\n0.1,2.5\n0.2,2.75\n")
    with path.open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert read_csv("-", "y").y.tolist() == [2.5, 2.75]


def test_a_dialect_found_in_the_head_holds_for_all_that_follows(path):
    """Comments and blank lines stand at the ends of blocks that are read at once, too."""
    body = "".join(f"{k},5;{k}\n" + "# off\n" * (k % 97 == 0) + "\n" * (k % 89 == 0) for k in range(9_000))
    rows, _, said = both(path, "t;y\n" + body, chunk_rows=4000)
    np.testing.assert_array_equal(rows, np.column_stack([np.arange(9_000) + 0.5, np.arange(9_000)]))
    assert said == ["cells separated by ';', decimal commas, lines that begin with '#' left out"]
    assert "'1.5' in" in refused(path, "t;y\n" + body + "1.5;3\n")[0]


def test_missing_cells_and_booleans_in_other_numerals(path):
    text = "n;b;y\n1.234,5;true;1\n;false;2\n-9,99e2;TRUE;3\n2.000;False;4\n"
    rows, *_ = both(path, text, missing=Missing(("-999",), True))
    assert rows.tolist() == [[1234.5, 1, 1], [2000, 0, 4]]


def test_a_plain_table_is_as_usual():
    dialect = found_dialect("t.csv", "a,y\n1,2.5\n", FileFormat(), "utf-8")
    assert (dialect.found, str(dialect)) == ((), "cells separated by ',', decimal points")


@pytest.mark.parametrize("code", ["#N/A", "#DIV/0!", "#NAME?", "#n/a"])
def test_failed_formulas_are_cells_and_no_comments(path, code):
    text = f"# a comment\nt,y\n1,2\n{code},3\n# off\n3,4\n4,5\n"
    assert code in refused(path, text)[0]
    rows, *_ = both(path, text + "5,6\n", missing=Missing((code,), True))
    assert rows.tolist() == [[1, 2], [3, 4], [4, 5], [5, 6]]


@pytest.mark.parametrize("above", [0, 1500])
def test_between_spaces_a_line_with_a_gap_is_refused_and_not_shifted(path, above):
    text = "a b y\n" + "1 2 3\n" * above + "2     5\n3 4 NA\n4 5 6\n5 6 7\n"
    assert all(f"line {above + 2} has fewer cells" in said for said in refused(path, text))
    rows, *_ = both(path, text.replace("2     5", "2 NA 5"), missing=Missing((), True))
    assert rows.tolist() == [[1, 2, 3]] * above + [[4, 5, 6], [5, 6, 7]]


def test_a_first_line_of_numbers_is_not_taken_for_names_in_silence():
    dialect = found_dialect("t.csv", "1,2\n3,4\n5,6\n", FileFormat(), "utf-8")
    assert str(dialect) == "the numbers in line 1 taken for names of columns"


def test_the_line_in_which_spreadsheets_name_the_delimiter_is_none_of_the_table(path):
    rows, *_ = both(path, "sep=;\nt;y\n0,1;2,5\n0,2;2,75\n")
    assert rows.tolist() == ROWS


def test_decimal_commas_are_not_taken_for_a_comma_behind_the_number_of_a_row(path):
    """Rows that happen to begin with 1, 2, 3, as numbers of rows do."""
    path.write_text("y\n1,5\n2,25\n3,125\n")
    with pytest.warns(SearchWarning, match="decimal commas"):
        found = read_table(path)
    assert found.y.tolist() == [1.5, 2.25, 3.125]
    assert "line 2 has 3 cells and the header 2" in refused(path, "t,y\n1,5,2\n2,5,3\n3,5,4\n")[0]
    path.write_text('"y"\n"1",5\n"2",25\n')
    with pytest.warns(SearchWarning, match="no name"):
        found = read_table(path)
    assert found.y.tolist() == [5, 25]
