"""What is printed, read back as a person or the parser reads it, is the formula with the constants that are shown."""

import warnings

import numpy as np
import sympy
from hypothesis import given
from hypothesis import strategies as st
from random_expressions import X, values
from reading_latex import read_latex
from strategies import examples, expressions, names

from eqdarts.formula.latex import to_latex, to_text
from eqdarts.formula.numbers import rounded
from eqdarts.formula.parsing import parse_expression
from eqdarts.formula.text import format_expression

SIGNS = st.sampled_from([None, "dot", "times", "thin"])
DIGITS = st.sampled_from([1, 2, 4, 9, 17])


def same_values(read, meant, columns=("u", "v")):
    """As numbers, where both of them are: a formula of a wide range may overflow on the way in one order of terms."""
    symbols = [sympy.Symbol(name) for name in columns]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        a, b = values(read, X, symbols), values(meant, X, symbols)
    both = np.isfinite(a) & np.isfinite(b)
    return np.allclose(a[both], b[both], rtol=1e-7, atol=0) or _as_exact(read, meant, symbols)


def _as_exact(read, meant, symbols):
    """With thirty digits, where doubles lose theirs to cancellation."""
    for row in X[:5]:
        at = dict(zip(symbols, map(sympy.Float, row), strict=True))
        a, b = (sympy.N(e.xreplace(at), 30) for e in (read, meant))
        if a.is_finite and b.is_finite and abs(a - b) > 1e-12 * abs(b):
            return False
    return True


@examples(15)
@given(expressions(), DIGITS, SIGNS)
def test_latex_is_read_as_the_formula(expression, digits, mul):
    latex = to_latex(expression, "y", digits, mul)
    assert same_values(read_latex(latex, ("u", "v")), rounded(expression, digits)), latex


@examples(15)
@given(expressions(), DIGITS)
def test_text_is_read_as_the_formula(expression, digits):
    text = to_text(expression, digits)
    assert same_values(parse_expression(text, ("u", "v"), others=False), rounded(expression, digits)), text


@examples(15)
@given(expressions())
def test_text_of_files_is_read_as_the_same_formula(expression):
    read = parse_expression(format_expression(expression), ("u", "v"), others=False, evaluate=False)
    assert sympy.srepr(read) == sympy.srepr(expression)


@examples(10)
@given(st.lists(names, min_size=2, max_size=2, unique=True), st.data())
def test_names_are_read_as_the_columns(columns, data):
    expression = data.draw(expressions(tuple(columns)))
    text = to_text(expression, 9)
    assert same_values(parse_expression(text, columns, others=False), rounded(expression, 9), columns), text
