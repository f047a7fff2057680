"""Formulas on paper: digits, names of columns, and that the result can be typeset."""

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.mathtext import MathTextParser
from random_expressions import formulas, u, v

from eqdarts import InputDataError
from eqdarts.formula.latex import symbol_latex, to_latex, to_latex_with_errors, to_text
from eqdarts.formula.numbers import rounded
from eqdarts.graph.operations import OPERATIONS
from eqdarts.graph.to_sympy import plain

F = sympy.Float
NAMES = {
    "E": "E",
    "I": "I",
    "e": "e",
    "pi": r"\mathrm{pi}",
    "xabs": r"\mathrm{xabs}",
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


def test_a_column_is_told_from_a_number_and_from_another_column():
    e, pi, one, other = map(sympy.Symbol, ("e", "pi", "x1", "x_1"))
    assert to_latex(sympy.exp(e) * e + sympy.E, "y") == r"y = e \exp{\left(e \right)} + \exp{\left(1 \right)}"
    assert to_latex(1 / sympy.exp(e) ** 2, "y") == r"y = \exp{\left(- 2 e \right)}"
    assert to_latex(sympy.exp(u), "y") == "y = e^{u}"
    assert to_latex(pi * sympy.pi * e, "y") == r"y = \pi \, e \, \mathrm{pi}"
    assert to_latex(one + other**2, "y") == r"y = \mathrm{x1} + \mathrm{x\_1}^{2}"
    assert to_latex(one, "y") == "y = x_{1}"
    typeset(to_latex(sympy.exp(e) + sympy.E**2 * sympy.exp(-e / 2), "y"))


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
        (F(1.0e-7) * u, r"y = 10^{-7} u"),
        (F(3.0e8) * u - F(1.0e6), r"y = 3 \cdot 10^{8} u - 10^{6}"),
        (u ** sympy.Rational(3, 2), "y = u^{3/2}"),
        (sympy.sqrt(u) / sympy.sqrt(v), r"y = \frac{\sqrt{u}}{\sqrt{v}}"),
        (sympy.log(u) ** 2, r"y = \left(\ln{\left(u \right)}\right)^{2}"),
        (sympy.asin(v) ** 2, r"y = \arcsin^{2}{\left(v \right)}"),
        (5 - u**2, "y = 5 - u^{2}"),
        (v - sympy.exp(u), "y = v - e^{u}"),
        (-u - v, "y = - u - v"),
        (sympy.exp(F(-2000.5)) * u, r"y = 1.563 \cdot 10^{-869} u"),
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
    assert rounded(short, 4) == short
    for number in short.atoms(sympy.Float):
        assert float(f"{float(number):.4g}") == float(number)
        assert float(number) != int(float(number)) or abs(number) >= 1e4
    assert "1.0 " not in to_latex(expression, "y")


@pytest.mark.parametrize(
    ("mul", "expected"),
    [(None, "y = 2.5 u v"), ("dot", r"y = 2.5 \cdot u \cdot v"), ("times", r"y = 2.5 \times u \times v"),
     ("thin", r"y = 2.5 \, u \, v")],
)  # fmt: skip
def test_signs_between_factors(mul, expected):
    assert to_latex(F(2.5) * u * v, "y", mul=mul) == expected


@pytest.mark.parametrize(("option", "value"), [("precision", 0), ("precision", 18), ("mul", "cross")])
def test_unknown_options_are_refused(option, value):
    with pytest.raises(InputDataError, match=option):
        to_latex(u, "y", **({"digits": value} if option == "precision" else {"mul": value}))


a, b, k = sympy.symbols("a b k")


@pytest.mark.parametrize(
    ("value", "error", "expected"),
    [
        (1.23412, 0.0123, r"1.234 \pm 0.012"),
        (1.5, 0.0996, r"1.50 \pm 0.10"),
        (9.99999, 0.0123, r"10.000 \pm 0.012"),
        (212.68, 6.947, r"212.7 \pm 6.9"),
        (212.68, 23.4, r"213 \pm 23"),
        (0.0, 0.5, r"0.00 \pm 0.50"),
        (2125.0, 234.0, r"\left(2.12 \pm 0.23\right) \cdot 10^{3}"),
        (1.2345e-7, 3.21e-9, r"\left(1.234 \pm 0.032\right) \cdot 10^{-7}"),
        (1.0, 123.0, r"\left(0.0 \pm 1.2\right) \cdot 10^{2}"),
        (9.81, 0.0, "9.81"),
        (2.71828, float("nan"), "2.718"),
        (2.71828, float("inf"), r"2.718 \pm \infty"),
    ],
)
def test_errors_have_two_digits_and_values_end_with_them(value, error, expected):
    assert to_latex_with_errors(a, "y", {"a": (value, error)}) == f"y = {expected}"


def test_errors_stand_where_the_constants_do():
    values = {"a": (3.00412, 0.0112), "b": (-1.00234, 0.0131), "k": (0.50312, 0.00523)}
    assert to_latex_with_errors(a * sympy.exp(-k * u) + b * u**k, "y", values) == (
        r"y = \left(3.004 \pm 0.011\right) e^{- \left(0.5031 \pm 0.0052\right) u}"
        r" - \left(1.002 \pm 0.013\right) u^{0.5031 \pm 0.0052}"
    )
    assert to_latex_with_errors(a**2 * u, "y", {"a": (2.5e-7, 1.1e-9)}) == (
        r"y = \left(\left(2.500 \pm 0.011\right) \cdot 10^{-7}\right)^{2} u"
    )


@given(formulas, st.floats(1e-12, 1e12), st.floats(1e-6, 2))
def test_formulas_with_errors_can_be_typeset(expression, value, share):
    form = a * plain(expression) + b ** plain(u) - sympy.log(k)
    latex = to_latex_with_errors(form, "y", {"a": (value, value * share), "b": (-value, share), "k": (share, value)})
    assert latex.count(r"\pm") >= 3
    typeset(latex)


def test_assumptions_of_symbols_do_not_change_the_print():
    plain = sympy.Symbol("u")
    assert to_latex(F(2.5) * u, "y") == to_latex(F(2.5) * plain, "y")


def test_text_is_one_short_line():
    assert to_text(F(3.14159265) * u ** F(2.0) + F(1.0)) == "3.142*u**2 + 1"
    assert to_text(F(3.14159265) * u, 3) == "3.14*u"
