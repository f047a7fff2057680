"""Formulas in MathML: read back they are the same, and names of columns are nothing but text."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
import sympy
from hypothesis import given
from random_expressions import COLUMNS, X, formulas, u, v, values

from eqdarts import refit
from eqdarts.formula.mathml import mathml
from eqdarts.formula.parsing import parse_expression
from eqdarts.graph.operations import OPERATIONS

F = sympy.Float
_WRITTEN = {"\u2212": "-", "\u2062": "*", "\u22c5": "*", "\u2061": ""}
_FUNCTIONS = {"arsinh": "asinh", "arcosh": "acosh", "artanh": "atanh", "arcsin": "asin", "ln": "log"}


def tag(node):
    return node.tag.rsplit("}", 1)[-1]


def linear(node):
    """What MathML says, in one line that the parser reads; a grouping is kept only where it is drawn."""
    inner, kind = [linear(child) for child in node], tag(node)
    if kind == "mfrac":
        return f"(({inner[0]})/({inner[1]}))"
    if kind == "msqrt":
        return f"sqrt({''.join(inner)})"
    if kind == "mroot":
        return f"(({inner[0]})**(1/({inner[1]})))"
    if kind == "msup" and inner[0] == "e":
        return f"exp({inner[1]})"
    if kind == "msup":
        return f"{inner[0]}**({inner[1]})"
    if kind == "mrow" and inner[:1] == ["|"]:
        return f"Abs({''.join(inner[1:-1])})"
    if kind == "mrow" and inner[1:2] == [""] and tag(node[0]) == "msup":  # sin²(x)
        function, power = inner[0].split("**")
        return f"({function}{inner[2]})**{power}"
    if len(node):
        return "".join(inner)
    text = node.text or ""
    return {"π": "pi"}.get(text, _WRITTEN.get(text, _FUNCTIONS.get(text, text)))


def read(markup):
    return parse_expression(linear(ET.fromstring(markup)), ("u", "v", "a", "b"))


def same(expression):
    plain = expression.subs({s: sympy.Symbol(s.name) for s in COLUMNS})
    again = values(read(mathml(plain, digits=17)), X, tuple(sympy.Symbol(s.name) for s in COLUMNS))
    expected = values(expression)
    defined = np.isfinite(expected) & np.isfinite(again)
    np.testing.assert_allclose(again[defined], expected[defined], rtol=1e-9, atol=1e-300)


@given(formulas)
def test_every_formula_reads_back(expression):
    same(expression)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_reads_back(name):
    op = OPERATIONS[name]
    same(op.symbolic(v, *[F(0.5 + k) for k in range(len(op.parameters))]))


@pytest.mark.parametrize(
    "expression",
    [
        F(1.5e7) ** u, (-F(1.5e-7)) ** 2 * u, sympy.sin(u) ** 3 / sympy.sin(u + 1) ** 2, sympy.exp(u) ** F(1.5),
        sympy.Mul(-1, u - v, evaluate=False), sympy.Add(u, sympy.Mul(-1, v - u, evaluate=False), evaluate=False),
        sympy.Mul(2, sympy.Mul(3, u + 1, evaluate=False), evaluate=False), sympy.Pow(u**2, 3, evaluate=False),
        2 * 3**u, sympy.Rational(-2, 3) ** 2 * u, (u + v) ** sympy.Rational(1, 3), 1 / (u**2) ** sympy.Rational(3, 2),
        sympy.Max(u, 1 - v) ** 2, sympy.Abs(v) ** F(1.25), sympy.log(u) ** 2, -sympy.log(u) ** 2, 5 - u**2,
    ],
    ids=str,
)  # fmt: skip
def test_powers_signs_and_parentheses(expression):
    same(sympy.sympify(expression))


def test_constants_stand_with_their_errors_where_they_belong():
    a, b = sympy.symbols("a b")
    markup = mathml(a * sympy.exp(b * u), "y", constants={"a": (3.00412, 0.0112), "b": (-1.2345e-7, 3.21e-9)})
    assert linear(ET.fromstring(markup)) == "y=(3.004±0.011)*exp(-(1.234±0.032)*10**(-7)*u)"
    assert linear(ET.fromstring(mathml(a, constants={"a": (1.5, 0.02)}))) == "1.500±0.020"
    assert linear(ET.fromstring(mathml(u**a, constants={"a": (1.5, 0.02)}))) == "u**(1.500±0.020)"
    assert linear(ET.fromstring(mathml(a * u, constants={"a": (1.5, np.inf)}))) == "(1.5±∞)*u"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("m", "<mi>m</mi>"),
        ("lambda", "<mi>λ</mi>"),
        ("rate", '<mi mathvariant="normal">rate</mi>'),
        ("alpha_1", "<msub><mi>α</mi><mn>1</mn></msub>"),
        ("v_max", '<mi mathvariant="normal">v_max</mi>'),
        ("x1", "<msub><mi>x</mi><mn>1</mn></msub>"),
        ("P (mmHg)", "<mtext>P (mmHg)</mtext>"),
        ("<script>alert('1')</script>", "<mtext>&lt;script&gt;alert('1')&lt;/script&gt;</mtext>"),
        ("&lt;b&gt;", "<mtext>&amp;lt;b&amp;gt;</mtext>"),
        ("a\x1bb\u202ec", r"<mtext>a\x1bb\u202ec</mtext>"),
        ("`$5 %\"'", "<mtext>`$5 %&quot;'</mtext>"),
        ("∂E/∂<i>", "<mfrac><mrow><mo>∂</mo><mi>E</mi></mrow><mrow><mo>∂</mo><mtext>&lt;i&gt;</mtext></mrow></mfrac>"),
    ],
)
def test_names_are_text(name, expected):
    markup = mathml(2 * sympy.Symbol(name) ** 2, name)
    assert expected.replace("&quot;", '"') in markup.replace("&quot;", '"')
    assert "<script" not in markup
    ET.fromstring(markup)


def test_an_equation_has_it_with_and_without_errors():
    x = np.linspace(1, 2, 9)
    law = refit("a*x1", x, 2 * x + 0.01 * np.cos(9 * x))
    assert linear(ET.fromstring(law.mathml(3))) == "y=2*x1"
    assert "±" in law.mathml(errors=True)
    assert 'display="inline"' in law.mathml(block=False)
