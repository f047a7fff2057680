"""Units of columns: what they mean, which formulas can have them, and a law that needs them."""

import re
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from random_expressions import formulas
from strategies import examples

from eqdarts import DARTSRegressor
from eqdarts.cli.searching import named_units
from eqdarts.data import units_of as units_in_tables
from eqdarts.data.logarithm import log_of
from eqdarts.dimensions.groups import groupings, products_of
from eqdarts.dimensions.reading import read_unit
from eqdarts.dimensions.table_units import split_scale, table_units, with_scale
from eqdarts.dimensions.writing import unit_latex, unit_text
from eqdarts.equation.constant_units import consistent, with_constant_units
from eqdarts.equation.equation import Equation
from eqdarts.errors import InputDataError
from eqdarts.formula.parsing import parse_expression

COLUMNS = ("m", "v", "x", "t", "angle", "q")
UNITS = {"m": "kg", "v": "m/s", "x": "m", "t": "s", "angle": "rad", "E": "J"}


def units_of(given_units, columns=COLUMNS, target="E"):
    return table_units(given_units, columns, target, {})[0]


def found(text, given_units=UNITS, columns=COLUMNS, target="E"):
    """The equation of a formula, with its constants' units; None if it cannot have those of the columns."""
    units = units_of(given_units, columns, target)
    checked = consistent(parse_expression(text, columns), columns, units)
    if checked is None:
        return None
    equation = Equation(checked.expression, columns, target, 0.1, 0.1, "x", dimensional=checked.dimensional)
    return with_constant_units(equation, units)


@pytest.mark.parametrize(
    ("text", "dimension", "factor"),
    [
        ("m3/s", {"length": 3, "time": -1}, 1),
        ("m s^-2", {"length": 1, "time": -2}, 1),
        ("W/m²/K", {"mass": 1, "time": -3, "temperature": -1}, 1),
        ("kJ/(mol K)", {"mass": 1, "length": 2, "time": -2, "substance": -1, "temperature": -1}, 1000),
        ("10^3 km", {"length": 1}, 10**6),
        ("m^0.5", {"length": Fraction(1, 2)}, 1),
        ("deg", {}, sympy.pi / 180),
        ("%", {}, sympy.Rational(1, 100)),
        ("AU", {"length": 1}, 149597870700),
        ("1", {}, 1),
        ("pH", {}, 1),
    ],
)
def test_units_are_read_exactly(text, dimension, factor):
    unit = read_unit(text)
    assert dict(unit.dimension) == dimension
    assert unit.factor == factor
    assert split_scale(with_scale(unit)) == (unit.dimension, unit.factor)


def test_degrees_celsius_are_differences():
    assert read_unit("°C").has_offset
    assert dict(read_unit("degC").dimension) == {"temperature": 1}


@pytest.mark.parametrize(
    ("given_units", "message"),
    [
        ({"mm": "kg", "E": "J"}, "no column 'mm'; did you mean 'm'"),
        ({"m": "kg"}, "target 'E' has none"),
        ({"m": "kgg", "E": "J"}, "column 'm': unit 'kgg': 'kgg' is no unit; did you mean"),
        ({"m": "dB", "E": "J"}, "'dB' is logarithmic"),
        ({"m": "kg/", "E": "J"}, "a unit is missing at its end"),
        ({"m": "kg^(2", "E": "J"}, "not closed"),
        ({"m": "kg^999999", "E": "J"}, "beyond 99"),
        ({"m": "__import__('os')", "E": "J"}, "cannot be read"),
        ({"m": "kg" * 200, "E": "J"}, "400 characters"),
        ({"m": 3, "E": "J"}, "'m': 3: expected a name and a unit"),
        ({}, "no column has one"),
        ("head", "expected a unit for each column"),
        ("header", "no column has a unit in its name"),
        (["kg"], "expected a unit for each column"),
    ],
)
def test_bad_units_are_refused_before_any_search(given_units, message):
    X = pd.DataFrame({"m": [1.0, 2.0, 3.0], "v": [1.0, 3.0, 2.0]})
    with pytest.raises(InputDataError, match=message.replace("(", r"\(").replace("/", ".")):
        DARTSRegressor(units=given_units).fit(X, pd.Series([1.0, 2.0, 5.0], name="E"))


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("m*v**2/2", {}),
        ("0.49*m*v**2*sin(angle)", {}),
        ("9.81*m*x", {"c0": "m/s^2"}),
        ("m*v**2*exp(-0.3*x)", {"c0": "1/m"}),
        ("m*v**2/(1 + 1.7*t)", {"c0": "1/s"}),
        ("m*v**2*x/(x + 1.7*t)", {"c0": "m/s"}),
        ("2.5*m**0.75", {"c0": "J/kg^(3/4)"}),
        ("3.3 + 2.1*log(x)", {"c0": "J", "c1": "J"}),
        ("m*v**2*(log(x) - log(0.3*v*t))", {}),
        ("m*v**2*(1 + q/x)", {}),
        ("0.37", {"c0": "J"}),
        ("2*x", {"c0": "N"}),
        ("x", {"c0": "N"}),
    ],
)
def test_constants_get_the_units_that_they_must_have(text, units):
    equation = found(text)
    assert equation.constant_units == units
    assert equation.dimensional == len(units)


@pytest.mark.parametrize(
    "text",
    ["m + v", "m*v**2 + x", "m*v**2*exp(x)", "m*v**2*sin(t)", "2.1*log(x)", "m*v**2*2**x", "0.4*m*v**2 + m*x**0.37"],
)
def test_units_that_cannot_match_are_refused(text):
    assert found(text) is None


def test_a_round_number_that_carries_a_unit_is_a_constant():
    spring = found("2*x", {"x": "m", "F": "N"}, ("x",), "F")
    assert spring.expression == sympy.Float(2) * sympy.Symbol("x")
    assert spring.constant_units == {"c0": "N/m"}
    assert str(found("m*v**2/2").expression) == "m*v**2/2"


def test_units_of_a_table_are_those_of_its_constants():
    kepler = found("1.0004*a**1.5", {"a": "AU", "T": "yr"}, ("a",), "T")
    assert kepler.constant_units == {"c0": "yr/AU^(3/2)"}
    assert found("m*v**2/2000", {"m": "kg", "v": "m/s", "E": "kJ"}, ("m", "v")).constant_units == {}
    assert found("3.1*m*v", {"m": "kg", "v": "m/s", "E": "kJ"}, ("m", "v")).constant_units == {"c0": "1000 m/s"}
    assert found("0.0314*x/t", {"x": "cm", "t": "min", "w": "m/s"}, ("x", "t"), "w").dimensional == 0


def test_the_logarithm_of_a_target_has_the_units_of_the_target():
    columns = ("m", "v")
    assert found("log(m) + 2*log(v) - 0.69", {"m": "kg", "v": "m/s", "E": "J"}, columns, "log(E)").dimensional == 0
    assert found("log(m*v**2/2)", {"m": "kg", "v": "m/s", "E": "J"}, columns, "log(E)").dimensional == 0
    assert found("log(m*v)", {"m": "kg", "v": "m/s", "E": "J"}, columns, "log(E)") is None


POWERS = st.fractions(-3, 3, max_denominator=2)
SYSTEM = {"a": "kg", "b": "m", "c": "s", "d": "1", "y": "1"}


@examples(20)
@given(st.lists(st.tuples(POWERS, POWERS, POWERS), min_size=2, max_size=3), st.integers(0, 3), st.integers(0, 2))
def test_terms_made_alike_are_consistent_and_a_changed_exponent_is_not(terms, function, changed):
    """Each term gets a constant with the unit that makes it one of the target, and then one that does not."""
    a, b, c, d = sympy.symbols("a b c d")
    columns = ("a", "b", "c", "d")
    pure = (sympy.Integer(1), sympy.exp(-d), sympy.sin(3 * d), 1 / (1 + d**2))[function]
    free = [sympy.Float(1.37 + k) for k in range(len(terms))]
    bare = [a ** sympy.Rational(p) * b ** sympy.Rational(q) * c ** sympy.Rational(r) for p, q, r in terms]
    units = units_of(SYSTEM, columns, "y")
    checked = consistent(sympy.Add(*(f * x * pure for f, x in zip(free, bare, strict=True))), columns, units)
    assert checked is not None
    equation = with_constant_units(Equation(checked.expression, columns, "y", 0.1, 0.1, "x"), units)
    values = equation.constants
    for value, (p, q, r) in zip(free, terms, strict=True):
        # Terms of the same powers are one, with the sum of their constants.
        alike = [f for f, other in zip(free, terms, strict=True) if other == (p, q, r)]
        name = values.index[np.isclose(values["value"], float(sum(alike)))][0]
        carried = read_unit(values.loc[name, "unit"])
        wanted = {base: -x for base, x in (("mass", p), ("length", q), ("time", r)) if x}
        assert dict(carried.dimension) == wanted, (value, name)
    exact = sympy.Add(a, *(x * pure for x in bare[:1]), b**changed)
    dimensions = {(1, 0, 0), tuple(map(Fraction, terms[0])), (0, changed, 0)}
    assert (consistent(exact, columns, units) is None) or len(dimensions) == 1


@examples(30)
@given(formulas)
def test_whatever_is_written_gets_an_answer(formula):
    """And what is consistent stays so, with as many constants that carry a unit."""
    plain = {symbol: sympy.Symbol(symbol.name) for symbol in formula.free_symbols}
    units = units_of({"u": "m", "y": "J"}, ("u", "v"), "y")
    checked = consistent(formula.xreplace(plain), ("u", "v"), units)
    if checked is not None:
        again = consistent(checked.expression, ("u", "v"), units)
        assert again is not None
        equation = with_constant_units(Equation(again.expression, ("u", "v"), "y", 0.1, 0.1, "x"), units)
        assert len(equation.constant_units) == again.dimensional


def test_the_checker_finds_that_exact_terms_differ():
    for power in (1, 2, 3):
        assert (found(f"m*v**{power} + m*v**2/2") is not None) == (power == 2)


def test_products_without_dimension():
    columns = [read_unit(unit).dimension for unit in ("m", "m/s^2", "kg", "rad")]
    ways = groupings(columns, read_unit("s").dimension, 4)
    assert [str(power) for power in ways[0].prefactor] == ["1/2", "-1/2", "0", "0"]
    assert [[str(power) for power in group] for group in ways[0].groups] == [["0", "0", "0", "1"]]
    assert groupings(columns, read_unit("K").dimension, 4) == []


MECHANICS = [read_unit(unit).dimension for unit in ("kg", "m", "m", "s", "m/s", "1")]


@examples(20)
@given(st.lists(POWERS, min_size=6, max_size=6), st.lists(st.booleans(), min_size=6, max_size=6))
def test_products_have_the_dimension_that_is_wanted_and_the_shortest_come_first(powers, signed):
    def of(exponents):
        total = {base: sum(p * u.get(base, 0) for p, u in zip(exponents, MECHANICS, strict=True)) for base in BASES}
        return {base: power for base, power in total.items() if power}

    listed = products_of(MECHANICS, of(powers), signed, 40)
    assert all(of(exponents) == of(powers) for exponents in listed)
    assert len(set(listed)) == len(listed)
    lengths = [sum(abs(p) + (p.denominator > 1) for p in exponents) for exponents in listed]
    assert lengths == sorted(lengths)
    assert all(p >= 0 and p.denominator == 1 for e in listed for p, both in zip(e, signed, strict=True) if both)


BASES = ("mass", "length", "time")


def test_the_only_product_with_a_dimension_is_alone():
    charge, speed, length, moment = (read_unit(unit).dimension for unit in ("C", "m/s", "m", "A m^2"))
    assert products_of([charge, speed, length], moment, (False,) * 3, 9) == [(1, 1, 1)]
    assert products_of([charge, speed, length], read_unit("K").dimension, (False,) * 3, 9) == []


def of_units(units, law, rows, noise, proposers=("sample", "dimensionless")):
    """The shortest description of a law of columns in 1 .. 5, after one epoch of few graphs."""
    rng = np.random.default_rng(0)
    target, *columns = units
    X = pd.DataFrame({name: rng.uniform(1, 5, rows) for name in columns})
    y = law(**X)
    y = (y + noise * np.sqrt(np.mean(y**2)) * rng.normal(size=rows)).rename(target)
    model = DARTSRegressor(
        units=units, max_epochs=1, max_time=None, replicas=16, random_state=0, verbose=0, n_jobs=1, proposers=proposers
    )
    return model.fit(X, y)


def test_a_product_is_read_off_its_units_from_few_noisy_rows():
    """Ten rows fix no four exponents, but no other product of these columns is a moment."""
    model = of_units({"M": "A m^2", "q": "C", "v": "m/s", "r": "m"}, lambda q, v, r: q * v * r / 2, rows=10, noise=0.1)
    assert str(model.sympy()) == "q*r*v/2"
    assert model.equation().origin == "dimensionless"


@pytest.mark.parametrize(
    ("units", "law", "text"),
    [
        (
            {"E": "J", "m": "kg", "v": "m/s", "g": "m/s^2", "h": "m"},
            lambda m, v, g, h: m * v**2 / 2 + m * g * h,
            "m*(g*h + v**2/2)",
        ),
        ({"f": "m", "a": "m", "b": "m", "n": "1"}, lambda a, b, n: 1 / (1 / a + n / b), "a*b/(a*n + b)"),
        (
            {"v": "m/s", "E": "J", "m": "kg", "g": "m/s^2", "h": "m"},
            lambda E, m, g, h: np.sqrt(2 * E / m + 2 * g * h),
            "sqrt(2)*sqrt(E/m + g*h)",
        ),
    ],
)
def test_noisy_sums_of_products_with_the_unit_of_the_target_are_read_off(units, law, text):
    """Below any link, with constants that are pure numbers."""
    model = of_units(units, law, rows=60, noise=0.05)
    names = {name: sympy.Symbol(name, positive=True) for name in units}
    ratio = model.sympy().subs(names) / parse_expression(text, tuple(units)).subs(names)
    assert not sympy.simplify(ratio).free_symbols
    assert model.equation().origin == "dimensionless"


@pytest.mark.parametrize("text", ["J/(mol K)", "m/s^2", "kg^(1/2) m/s", "yr/AU^(3/2)", "N", "1/s"])
def test_units_are_written_as_they_are_read(text):
    unit = read_unit(text)
    again = read_unit(unit_text(unit.dimension, unit.factor, [unit]))
    assert (again.dimension, again.factor) == (unit.dimension, unit.factor)
    si = read_unit(unit_text(unit.dimension, sympy.Integer(1), []))
    assert dict(si.dimension) == dict(unit.dimension)
    assert unit_latex(text).startswith(r"\mathrm{")


FALL = {"h": "m", "w": "m/s", "m": "kg", "note": "1"}


@pytest.fixture(scope="module")
def fallen():
    """A short fit of h = w²/(2·9.81), a law with a constant that carries a unit, from noisy rows."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"w": rng.uniform(2, 9, 60), "m": rng.uniform(1, 3, 60), "other": rng.uniform(1, 2, 60)})
    y = (X.w**2 / (2 * 9.81) * (1 + 0.02 * rng.normal(size=60))).rename("h")
    model = DARTSRegressor(
        units={"w": "m/s", "m": "kg", "h": "m"}, max_epochs=2, max_time=None, replicas=64, random_state=0, verbose=0,
        noise="proportional", proposers=("sample", "monomials", "dimensionless"), n_jobs=1, links=("identity",),
    )  # fmt: skip
    return model.fit(X, y)


def test_a_constant_is_printed_with_its_unit(fallen):
    assert fallen.equation().constants["unit"].tolist() == ["s^2/m"]
    assert r"\,\mathrm{m^{-1}\,s^{2}}" in fallen.latex() or r"\,\mathrm{s^{2}\,m^{-1}}" in fallen.latex()
    assert r"\pm" in fallen.latex(errors=True)
    assert r"\mathrm{s^{2}\,m^{-1}}" in fallen.latex(errors=True)
    value = fallen.equation().constants["value"].iloc[0]
    assert value == pytest.approx(1 / (2 * 9.81), rel=0.02)
    shown = re.search(r"units of its constants: (\S+) s\^2/m", str(fallen))
    assert float(shown[1]) == pytest.approx(value, rel=1e-3)
    assert fallen.equations_["units"].iloc[fallen.best_index_].endswith(" s^2/m")
    assert fallen.units_ == {"w": "m/s", "m": "kg", "h": "m"}


def test_a_constant_alone_needs_no_parentheses(fallen):
    assert re.fullmatch(r"h = [0-9.]+\\,\\mathrm\{m\}", fallen.front_[0].latex())
    assert re.fullmatch(
        r"h = \\left\([0-9.]+ \\pm [0-9.]+\\right\)\\,\\mathrm\{m\}", fallen.equation(0).latex(errors=True)
    )


def test_units_are_saved(fallen, tmp_path):
    fallen.save(tmp_path / "model.json")
    again = DARTSRegressor.load(tmp_path / "model.json")
    assert again.latex() == fallen.latex()
    assert str(again) == str(fallen)
    assert again.get_params()["units"] == fallen.units
    assert again.best_index_ == fallen.best_index_


def test_a_refit_keeps_the_units_of_constants(fallen):
    X, y = fallen.training_rows()
    assert fallen.refit(X, y).constants["unit"].tolist() == ["s^2/m"]
    assert fallen.equation().derivative("w").constant_units is None


def test_units_of_the_header():
    X = pd.DataFrame({"m": np.linspace(1, 2, 20), "v": np.linspace(3, 5, 20) ** 2})
    y = (X.m * X.v**2 / 2).rename("E")
    X.attrs["units"], y.attrs["units"] = {"m": "kg", "v": "m/s"}, {"E": "J"}
    model = DARTSRegressor(units="header", max_epochs=2, replicas=32, random_state=0, verbose=0, n_jobs=1).fit(X, y)
    assert model.units_ == {"m": "kg", "v": "m/s", "E": "J"}
    assert str(model.sympy()) == "m*v**2/2"


def test_the_logarithm_of_a_column_keeps_its_unit():
    y = pd.Series([1.0, 2.0], name="E")
    y.attrs["units"] = {"E": "J"}
    assert units_in_tables(log_of(y)) == {"E": "J"}
    units, shown = table_units("header", ("m",), "log(E)", {"m": "kg", "E": "J"})
    assert units.of_logarithm
    assert shown == {"m": "kg"}


def test_numbers_that_are_taken_off_a_column_have_its_unit():
    columns = ("t",)
    shifted = Equation(
        parse_expression("2.5*(t - 1950)", columns, evaluate=False), columns, "x", 0.1, 0.1, "shifted", dimensional=1
    )
    assert with_constant_units(shifted, units_of({"t": "yr", "x": "m"}, columns, "x")).constant_units == {"c0": "m/yr"}


@pytest.mark.parametrize(
    ("text", "message"), [("m", "expected NAME=UNIT"), ("=kg", "expected NAME=UNIT"), ("", "names")]
)
def test_units_of_the_command_line_are_checked(text, message):
    with pytest.raises(InputDataError, match=message):
        named_units(text)
    assert named_units('m=kg, "v, mean=m/s",x = m') == {"m": "kg", "v, mean": "m/s", "x": "m"}
    assert named_units("header") == "header"
    assert named_units(None) is None


@pytest.mark.slow
def test_units_find_a_noisy_law():
    """A pendulum's period with a tenth of noise, and columns that do not matter: by its units at once."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"l": rng.uniform(0.2, 2, 80), "g": rng.uniform(1, 12, 80), "m": rng.uniform(1, 3, 80)})
    y = (2 * np.pi * np.sqrt(X.l / X.g) * (1 + 0.1 * rng.normal(size=80))).rename("T")
    units = {"l": "m", "g": "m/s^2", "m": "kg", "T": "s"}
    model = DARTSRegressor(units=units, max_epochs=4, max_time=None, random_state=0, verbose=0, n_jobs=1).fit(X, y)
    form = model.sympy()
    length, g = sympy.symbols("l g", positive=True)
    ratio = form.subs({sympy.Symbol("l"): length, sympy.Symbol("g"): g}) / sympy.sqrt(length / g)
    assert not sympy.simplify(ratio).free_symbols
    assert model.equation().dimensional == 0
    assert not form.has(sympy.Symbol("m"))


@pytest.mark.parametrize("power", ["0.9573", "-1.8214", "1234567/10000000", "7/13", "0.00001"])
def test_a_unit_with_a_fitted_power_is_read_again(power):
    """Constants carry such units, and a model with one must be saved and shown."""
    text = unit_text({"length": Fraction(power), "time": Fraction(-2)}, sympy.Integer(1), [])
    again = read_unit(text).dimension
    assert again["time"] == -2
    assert abs(again.get("length", 0) - Fraction(power)) <= Fraction(1, 20_000)
    assert unit_latex(text).startswith(r"\mathrm{")
