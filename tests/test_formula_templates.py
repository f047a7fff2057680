"""Templates as text: what is read, what is refused, and how they are printed."""

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from eqdarts.errors import InputDataError
from eqdarts.formula.latex import to_text
from eqdarts.formula.parsing import parse_expression
from eqdarts.formula.templates import check_template, read_template

COLUMNS = ("x1", "x2", "flow rate")

PARTS = st.sampled_from(
    ["x1", "x2", "`flow rate`", "a", "b_2", "f(x1)", "f(x1/x2)", "g(x2, `flow rate`)", "h(x1 - x2)", "3", "0.25"]
)
LAWS = st.recursive(
    PARTS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda p: f"({p[0]}) {p[1]} ({p[2]})"),
        st.tuples(st.sampled_from(["exp", "log", "sin", "sqrt"]), inner).map(lambda p: f"{p[0]}({p[1]})"),
        inner.map(lambda p: f"({p})**2"),
    ),
    max_leaves=6,
)


@given(LAWS)
def test_what_is_printed_reads_back(text):
    try:
        law = parse_expression(text, COLUMNS, unknown=True)
    except InputDataError:
        return  # such as 1/(x1 - x1)
    again = parse_expression(to_text(law, 17), COLUMNS, unknown=True)
    assert sympy.expand(again - law) == 0 or again == law


def test_names_are_functions_columns_or_constants():
    law = read_template("y = a*x1 + exp(-f(x1/x2))*g(`flow rate`, x2) + b", COLUMNS, "y")
    assert law.constants == ("a", "b")
    assert [str(f.applied) for f in law.functions] == ["f(u)", "g(flow rate, x2)"]
    assert law.unused == ()
    twice = read_template("f(x1) - f(x2)", COLUMNS, "y")
    assert [str(f.applied) for f in twice.functions] == ["f(u)"]
    assert len(twice.functions[0].uses) == 2
    assert twice.unused == ("flow rate",)


def test_an_argument_has_a_name_that_is_free():
    law = read_template("u*f(x1/u, x1*u, x1)", ("x1", "u"), "y")
    assert law.functions[0].arguments == ("u1", "u2", "x1")
    assert read_template("f(x1/u)", ("x1", "u"), "y").functions[0].arguments == ("s",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a*x1 + b", "no unknown function"),
        ("f(x1) - f(x1)", "no unknown function"),
        ("f()", "needs an argument"),
        ("a*x1 + f(x2", "closing parenthesis"),
        ("x1(x2 + 1) + f(x2)", "is a column; write \\*"),
        ("f(x1) + f(x1, x2)", "f stands with 1 and 2 arguments"),
        ("f(g(x1))", "an unknown function as its argument"),
        ("f(3)", "made of columns"),
        ("f(a*x1)", "'a' is no column"),
        ("f(x3)", "did you mean x1"),
        ("x3 + f(x1)", "did you mean x1"),
        ("X1*f(x2)", "did you mean x1"),
        ("flow_rate*f(x2)", "did you mean `flow rate`"),
        ("f + f(x1)", "a function and a constant"),
        ("z = f(x1)", "'z' stands on the left"),
        ("y = f(x1) = a", "a second ="),
        ("y*f(x1)", "the target 'y' stands on the right"),
        ("f(x1) + 1/0", "not a finite real number"),
        ("ф(x1)", "English letters"),
        ("f(x1) + __import__('os')", "not part of a formula"),
    ],
)
def test_what_is_wrong_is_named(text, message):
    with pytest.raises(InputDataError, match=message) as caught:
        read_template(text, COLUMNS, "y")
    assert str(caught.value).startswith("template: ") or "expression" in str(caught.value)


@pytest.mark.parametrize("bad", [3, "", "a*x", "f(", ["f(x)"], "2 +* f(x)"])
def test_an_option_is_checked_without_a_table(bad):
    with pytest.raises(InputDataError, match="template"):
        check_template(bad)
    check_template("y = a*f(x)")


def test_unknown_functions_are_read_only_where_they_are_asked_for():
    with pytest.raises(InputDataError, match="is not a known function"):
        parse_expression("f(x1)", COLUMNS)
