"""The look at every fitted equation sees what is printed wrongly, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
import sympy
from drawn_models import equation
from hypothesis import given
from strategies import examples, expressions
from truth import check

from eqdarts.equation.written import Written
from eqdarts.formula.known import KnownConstant

X = np.random.default_rng(0).uniform(0.5, 2, (3, 2))


@pytest.mark.parametrize(
    "text", ["2.5*u**2 + exp(-0.31*v)/3", "sin(u)/u - 1.25e-7*Abs(v)**0.3", "u*v/(1.5 + u)", "3.0"]
)
def test_what_is_printed_as_it_is(text):
    check(equation(text, ("u", "v")), ("u", "v"), X)


@examples(10)
@given(expressions())
def test_any_formula_is_printed_as_it_is(expression):
    check(equation(expression, ("u", "v")), ("u", "v"), X)


def test_names_that_mean_something_else():
    for columns in (("e", "pi"), ("x1", "x_1"), ("xabs", "x"), ("a`b", "α")):
        u, v = map(sympy.Symbol, columns)
        check(equation(2.5 * sympy.exp(u) * sympy.pi + v**1.5 + u * abs(v), columns), columns, X)


@pytest.mark.parametrize(
    ("text", "powers"),
    [("2.5e600*u**2/v", (-997, 0)), ("1.5e-401*v/u", (-666, 666)), ("u + 1/(1 + exp(-903.9*(v - 3)))", (0, 0))],
)
def test_constants_of_any_exponent(text, powers):
    """A law that is computed in units of its columns, and a constant that is wrong in the tenth digit."""
    law = equation(text, ("u", "v"))
    symbols = sympy.symbols("u v")
    inner = law.expression.xreplace({s: s * sympy.Integer(2) ** p for s, p in zip(symbols, powers, strict=True)})
    units = tuple(2.0**p for p in powers)
    check(replace(law, inner=inner, units=units), ("u", "v"), X * units)
    with pytest.raises(AssertionError, match="predicts otherwise"):
        check(replace(law, expression=1.0000000001 * law.expression, inner=inner, units=units), ("u", "v"), X * units)


def test_known_constants_and_functions_of_users():
    R, u = KnownConstant("R", 8.314), sympy.Symbol("u")
    check(equation(R * u, ("u", "v")), ("u", "v"), X)
    check(equation(sympy.besselj(0, u), ("u", "v")), ("u", "v"), X)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("text", lambda text: text.replace("1.235", "1.236")),
        ("text", lambda text: text.replace("exp(", "sin(")),
        ("latex", lambda text: text.replace("1.235", "1.234")),
        ("latex", lambda text: text.replace("e^{", "2^{")),
        ("latex", lambda text: text.replace("- 0.5", "0.5")),
    ],
)
def test_what_is_printed_otherwise(monkeypatch, name, change):
    law = equation("1.2345678*u + exp(-0.5*v)", ("u", "v"))
    printed = getattr(Written, name)
    monkeypatch.setattr(Written, name, lambda *args, **options: change(printed(*args, **options)))
    assert getattr(law, name)() != printed(law)
    with pytest.raises(AssertionError):
        check(law, ("u", "v"), X)


def test_what_predicts_otherwise():
    law = equation("1.2345678*u", ("u", "v"))
    other = replace(law, inner=sympy.sympify("1.2345679*u"), units=(1.0, 1.0))
    with pytest.raises(AssertionError, match="predicts otherwise"):
        check(other, ("u", "v"), X)
