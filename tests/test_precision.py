"""What is shown of an equation predicts as well as the equation itself."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from eqdarts import DARTSRegressor, refit
from eqdarts.data.table import Table
from eqdarts.equation.equation import Equation
from eqdarts.equation.precision import with_digits
from eqdarts.fitted import kept
from eqdarts.formula.parsing import parse_expression
from eqdarts.plots.writing import law as drawn_law

F = sympy.Float
rng = np.random.default_rng(0)
YEARS = np.arange(1950.0, 2025)
NOISE = rng.normal(size=75)


def r2(y, predicted):
    return 1 - np.sum((y - predicted) ** 2) / np.sum((y - y.mean()) ** 2)


def shown(text, columns, rows):
    """What a reader of the text computes; without text columns are x1, x2, ..."""
    return Equation(parse_expression(text, columns, others=False), columns, "y", 0.0, 0.0, "sample").predict(rows)


TABLES = {
    "years": ("a*x1**2 + b*x1 + c", YEARS, 0.013 * (YEARS - 1950) ** 2 + 0.8 * (YEARS - 1950) + 316 + 0.5 * NOISE),
    "far from zero": (
        "a*x1**2 + b*x1 + c",
        1e6 + np.linspace(0, 5, 75),
        (np.linspace(0, 5, 75) - 2) ** 2 + 0.1 * NOISE,
    ),
    "a mean": ("c*x1**0", np.linspace(0, 1, 75), 1000015 + 2 * NOISE),
    "seconds": ("a + b*x1", 1.7e9 + np.linspace(0, 60, 75), np.linspace(0, 3, 75) + 0.01 * NOISE),
    "an exact law": ("a*x1 + b", 1e5 + np.linspace(0, 1, 75), np.linspace(0, 1, 75) / 7),
    "an exponential": ("a*exp(k*x1)", YEARS, 20 * np.exp(0.0317 * (YEARS - 1950)) + 0.2 * NOISE),
    "a large offset": ("a*x1 + b", np.linspace(0, 1, 75), 1e11 + 3 * np.linspace(0, 1, 75)),
    "tiny": ("a*x1 + b", np.linspace(0, 1, 75), 1e-100 * (np.linspace(0, 1, 75) + 1 / 3 + 0.01 * NOISE)),
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.filterwarnings("ignore::eqdarts.SearchWarning")
def test_what_is_shown_keeps_the_fit(name):
    form, x, y = TABLES[name]
    start = {"a": 1e-26, "k": 0.03} if name == "an exponential" else None
    law = refit(form, x, y, start)
    lost = 1 - r2(y, law.predict(x[:, None]))
    assert 1 - r2(y, shown(law.text(), ("x1",), x[:, None])) <= lost * 1.01 + 1e-8
    again = law.from_json(law.to_json())
    assert again.digits == law.digits >= 4
    assert again.latex() == law.latex() == law.latex(law.digits)


def test_four_digits_are_enough_for_most():
    x = np.linspace(1, 3, 75)
    law = refit("a*x1 + b", x, 2.123456 * x + 0.5 + 0.05 * NOISE)
    assert law.digits == 4
    assert refit("a*x1**2", x, x**2 / 7).digits in (4, 5)
    whole = Equation(2 * sympy.Symbol("x1"), ("x1",), "y", 0.0, 0.0, "sample")
    assert with_digits(whole, Table(x[:, None], 2 * x)).digits == 4
    assert Equation(F(1) / 3, ("x1",), "y", 0.0, 0.0, "sample").text() == "0.3333"
    assert law.latex(2) == "y = 2.1 x_{1} + 0.48"
    assert law.text(6) != law.text()


def test_no_digit_less_would_do():
    _, x, y = TABLES["years"]
    law = refit("a*x1**2 + b*x1 + c", x, y)
    assert law.digits > 4
    fewer = shown(law.text(law.digits - 1), ("x1",), x[:, None])
    assert np.mean((fewer - y) ** 2) > 1.01 * law.loss


def test_a_model_shows_the_same_digits_everywhere():
    X = pd.DataFrame({"year": YEARS})
    y = pd.Series(1000015 + 0.013 * (YEARS - 1950) ** 2, name="level")
    model = DARTSRegressor(max_epochs=3, max_time=None, replicas=48, max_nodes=1, random_state=0, verbose=0).fit(X, y)
    for k, (law, text) in enumerate(zip(model.front_, model.equations_["equation"], strict=True)):
        assert text == law.text()
        assert f"level = {text}"[:97] in str(model)
        exact, read = r2(y, model.predict(X, index=k)), r2(y, shown(text, ("year",), X.to_numpy()))
        assert read >= exact - 0.01 * (1 - exact) - 1e-8
        assert model.latex(index=k) == law.latex(law.digits)
    assert not model.latex(index=0).endswith("= 10^{6}")
    drawn = drawn_law(model.equation(), 2000.0)
    assert drawn.text == f"${model.latex()}$".replace(r"\frac", r"\dfrac")
    assert model.to_dict()["equations"][-1]["digits"] == model.front_[-1].digits


@pytest.mark.parametrize(
    ("value", "digits", "text", "latex"),
    [
        (81100.4, 4, "81100", "81100"),
        (21988.3, 4, "21990", "21990"),
        (123456.7, 4, "1.235e5", r"1.235 \cdot 10^{5}"),
        (1000015.2, 7, "1000015", "1000015"),
        (1000015.2, 8, "1000015.2", "1000015.2"),
        (1 / 3, 17, "0.3333333333333333", "0.3333333333333333"),
        (0.1 + 0.2, 17, "0.30000000000000004", "0.30000000000000004"),
        (1e5, 4, "1e5", "10^{5}"),
        (-2e-7, 4, "-2e-7", r"-2 \cdot 10^{-7}"),
        (5.0, 4, "5", "5"),
        (6.62607015e-34, 17, "6.62607015e-34", r"6.62607015 \cdot 10^{-34}"),
    ],
)
def test_numbers(value, digits, text, latex):
    law = Equation(F(value), ("x",), "y", 0.0, 0.0, "sample", digits=digits)
    assert law.text() == text
    assert law.latex() == f"y = {latex}"


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 17))
def test_numbers_read_back(value, digits):
    text = Equation(F(value), ("x",), "y", 0.0, 0.0, "sample").text(digits)
    assert float(text) == float(f"{value:.{digits}g}")
    assert not text.endswith(".0")
    if abs(value) > 1e-300 and abs(float(text)) < 1e308:
        assert float(parse_expression(text)) == float(text)


def test_columns_of_their_own_units_and_constant_targets():
    x = rng.uniform(1, 2, (40, 1))
    law = Equation(F(0.123456) * sympy.Symbol("x") * F(2.0) ** 900, ("x",), "y", 0.0, 0.0, "sample")
    scaled = with_digits(
        replace(law, inner=F(0.123456) * sympy.Symbol("x"), units=(1.0,), target_unit=2.0**900),
        Table(x, 0.123456 * 2.0**900 * x[:, 0]),
    )
    assert 4 <= scaled.digits <= 6
    constant = Equation(F(0.1), ("x",), "y", 0.0, 0.0, "constant")
    assert with_digits(constant, Table(x, np.full(40, 0.1))).digits == 4
    third = Equation(F(1 / 3), ("x",), "y", 0.0, 0.0, "constant")
    assert with_digits(third, Table(x, np.full(40, 1 / 3))).text() == "0.3333333333333333"


def test_rows_without_weight_do_not_count():
    x = np.array([[1.0], [2.0], [3.0], [1e9]])
    law = Equation(F(0.333333) * sympy.Symbol("x") ** 2, ("x",), "y", 0.0, 0.0, "sample")
    y = 0.333333 * x[:, 0] ** 2 + np.array([0.1, -0.1, 0.1, 0.0])
    assert with_digits(law, Table(x, y, weights=np.array([1.0, 1.0, 1.0, 0.0]))).digits == 4


def test_a_spreadsheet_shows_no_rest_where_fifteen_digits_do():
    x = np.linspace(1, 3, 75)
    for value in (0.0020999999999999963, 0.1 + 0.2, 1 / 3):
        law = refit("k*x1", x, value * x)
        assert re.fullmatch(r"=[0-9.E-]+\*A2", law.excel())
    far = Equation(F(1 / 3) * sympy.Symbol("x1"), ("x1",), "y", 0.0, 0.0, "sample")
    for law in (far, replace(far, digits=16)):  # unknown, or more than a spreadsheet keeps: every bit
        assert re.search(r"\d[+-]\d", law.excel())


def test_without_time_to_see_how_many_digits_it_takes_all_are_shown(monkeypatch):
    """Four digits of a parabola of years are another law."""
    monkeypatch.setattr(kept, "in_time", lambda deadline, work: None)
    y = TABLES["years"][2]
    options = {"max_epochs": 1, "replicas": 16, "max_time": None, "random_state": 0, "verbose": 0}
    model = DARTSRegressor(operations=["linear", "power"], **options).fit(pd.DataFrame({"x1": YEARS}), y)
    for law in model.front_[1:]:
        read = shown(law.text(), ("x1",), YEARS[:, None])
        assert r2(y, read) == pytest.approx(r2(y, law.predict(YEARS[:, None])), abs=1e-6)
