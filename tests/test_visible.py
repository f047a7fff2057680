"""Names with formulas, escapes and marks that turn the line around do no harm where they are shown or written."""

import csv
import io

import pandas as pd
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from eqdarts.cli.messages import one_line
from eqdarts.formula.latex import to_latex
from eqdarts.formula.visible import as_cell, csv_text, visible

HOSTILE = ["=cmd|' /C calc'!A0", "+1", "-a", "@SUM(A1)", "\tx", "\rx", "a\x1b[2Jb", "a\u202eb", "a\nb", "\x9b"]


@given(st.text())
def test_what_is_visible_is_printable(text):
    assert all(c.isprintable() or c.isspace() for c in visible(text))
    assert not set(visible(text)) & set("\t\r\n\x1b\u2028\u202e\x85")
    assert visible(visible(text)) == visible(text)


def test_letters_and_spaces_of_any_script_stay():
    for text in ("Δv (km/s)", "Länge", "温度", "שלום", "a\u00a0b", "50 %_dose", "x²"):
        assert visible(text) == text


@pytest.mark.parametrize("name", HOSTILE)
def test_no_cell_is_a_formula_and_no_name_reaches_the_terminal_raw(name):
    table = pd.DataFrame({name: [1.5, -2.0], "group": [name, name], "equation": ["-2*x", f"-`{name}`"]})
    rows = list(csv.reader(io.StringIO(csv_text(table, index=False))))
    assert [float(row[0]) for row in rows[1:]] == [1.5, -2.0]
    cells = [*rows[0], *(cell for row in rows[1:] for cell in row[1:])]
    assert all(cell[0] not in "=+-@\t\r" for cell in cells)
    assert rows[1][2] == " -2*x"
    for text in (*cells, one_line(f"column {name}"), to_latex(2.5 * sympy.Symbol(name), name)):
        assert visible(text) == text
        text.encode()


def test_other_cells_stay():
    for text in ("force", "", "a=b", "3-4", "y = 2*x"):
        assert as_cell(text) == text
