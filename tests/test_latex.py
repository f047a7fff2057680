"""Formulas on paper: digits, names of columns, and that the result can be typeset."""

import pytest
import sympy
from hypothesis import given, settings
from matplotlib.mathtext import MathTextParser
from random_expressions import formulas, u, v

from eqdarts.latex import rounded, symbol_latex, to_latex, to_text
from eqdarts.operations import OPERATIONS

F = sympy.Float
NAMES = {
    "E": "E",
    "I": "I",
    "lambda": r"\lambda",
    "alpha_1": r"\alpha_{1}",
    "x1": "x_{1}",
    "x 1": r"\text{x 1}",
    "Δv (km/s)": r"\text{Δv (km/s)}",
    "50%_dose": r"\text{50\%\_dose}",
    "_": r"\mathrm{\_}",
    "a__b": r"\mathrm{a\_\_b}",
    "x^2": r"\text{x\textasciicircum{}2}",
    "$5 {a} & #~\\": r"\text{\$5 \{a\} \& \#\textasciitilde{}\textbackslash{}}",
}
parser = MathTextParser("path")


def typeset(latex):
    parser.parse(f"${latex}$")


@pytest.mark.parametrize("name", NAMES)
def test_names_of_columns(name):
    assert symbol_latex(name) == NAMES[name]


@pytest.mark.parametrize("name", [n for n in NAMES if "~" not in n])  # mathtext knows no \textbackslash
def test_names_can_be_typeset_in_a_formula(name):
    x = sympy.Symbol(name)
    latex = to_latex(F(2.5) * x**2 / (1 + sympy.exp(-x)) + sympy.sqrt(x), name)
    assert latex.startswith(f"{NAMES[name]} = ")
    assert latex.count(NAMES[name]) >= 4
    typeset(latex)


@settings(max_examples=50)
@given(formulas)
def test_every_formula_can_be_typeset(expression):
    typeset(to_latex(expression, "y"))


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_can_be_typeset(name):
    op = OPERATIONS[name]
    typeset(to_latex(F(1.5) * op.symbolic(v, *[F(0.5 + k) for k in range(len(op.parameters))]), "f(x)"))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (F(1.0) * u ** F(1.0), "y = u"),
        (F(0.99999) * u ** F(1.00001), "y = u"),
        (F(2.0) * u ** F(2.0), "y = 2 u^{2}"),
        (F(3.14159) * u, "y = 3.142 u"),
        (F(-0.123456) * u, "y = - 0.1235 u"),
        (F(1.0) + F(2.00004) * sympy.exp(-u / 2), r"y = 1 + 2 e^{- \frac{u}{2}}"),
        (sympy.log(u), r"y = \ln{\left(u \right)}"),
        (2 * sympy.pi * u / 3, r"y = \frac{2 \pi u}{3}"),
        (F(6.62607e-34) * u, r"y = 6.626 \cdot 10^{-34} u"),
        (F(0.0), "y = 0"),
    ],
)
def test_latex_of_examples(expression, expected):
    assert to_latex(expression, "y") == expected


@pytest.mark.parametrize(("digits", "expected"), [(1, "y = 3 u"), (2, "y = 3.1 u"), (6, "y = 3.14159 u")])
def test_digits_are_significant(digits, expected):
    assert to_latex(F(3.14159265) * u, "y", digits) == expected


@given(formulas)
def test_rounding_leaves_no_whole_floats_and_settles(expression):
    short = rounded(expression, 4)
    for number in short.atoms(sympy.Float):
        assert float(f"{float(number):.4g}") == float(number) or len(expression.atoms(sympy.Float)) > 1
        assert float(number) != int(float(number)) or abs(number) >= 1e4
    assert "1.0 " not in to_latex(expression, "y")


def test_assumptions_of_symbols_do_not_change_the_print():
    plain = sympy.Symbol("u")
    assert to_latex(F(2.5) * u, "y") == to_latex(F(2.5) * plain, "y")


def test_text_is_one_short_line():
    assert to_text(F(3.14159265) * u ** F(2.0) + F(1.0)) == "3.1416*u**2 + 1"
    assert to_text(F(3.14159265) * u, 3) == "3.14*u"
