"""Constants of any formula: exact data give them back, linear models are linear regression, units carry over."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples

from eqdarts import InputDataError, SearchWarning, refit
from eqdarts.data.table import Table
from eqdarts.equation.regression.affine import fraction_constants, linear_constants
from eqdarts.equation.regression.model import Model
from eqdarts.equation.regression.naming import exact, floats_as_symbols
from eqdarts.equation.regression.scales import scales

a, b, c, d, x, z = sympy.symbols("a b c d x z")
seeds = st.integers(0, 2**32 - 1)


def decay(seed=0, noise=0.02, n=41):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"t": np.linspace(0, 6, n)})
    return table, pd.Series(3 * np.exp(-0.5 * table.t) + 1 + noise * rng.normal(size=n), name="v")


#: Near the constants of `decay`, where starts are not the subject; A and B follow from k.
NEAR = {"start": {"k": 0.7}, "n_starts": 1}


def values(equation):
    return equation.constants["value"]


FORMULAS = [
    "A*exp(-k*x1) + B",
    "A*x1/(K + x1)",
    "A/(1 + exp(B - k*x1))",
    "A*x1**p",
    "(A + B*x1)/(1 + k*x1)",
    "A*exp(-k*x1) + B*exp(-m*x1)",
    "A*exp(-(x1 - m)**2/(2*s**2))",
    "A*sin(w*x1) + B*cos(w*x1)",
    "A - B*atan(x1/s)",
]


@pytest.mark.parametrize("formula", FORMULAS)
@given(seed=seeds)
@examples(3)
def test_exact_data_give_the_constants_back(formula, seed):
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.uniform(0.2, 4, (37, 1)), axis=0)
    form = sympy.parse_expr(formula)
    names = sorted(s.name for s in form.free_symbols if s.name != "x1")
    truth = {name: float(rng.uniform(0.4, 2.5)) for name in names}
    y = sympy.lambdify([sympy.Symbol("x1"), *sympy.symbols(names)], form)(rows[:, 0], *truth.values())
    start = {name: value * float(np.exp(rng.normal(0, 0.7))) for name, value in truth.items()}
    equation = refit(formula, rows, y, start)
    np.testing.assert_allclose(equation.predict(rows), y, rtol=1e-9, atol=1e-11)
    assert equation.relative_loss < 1e-20
    if formula not in ("A*exp(-k*x1) + B*exp(-m*x1)",):  # whose terms may stand in either order
        found = values(equation)
        for name, value in truth.items():
            assert abs(found[name]) == pytest.approx(value, rel=1e-6), name


@pytest.mark.parametrize("formula", FORMULAS[:-2])
def test_starts_are_not_needed(formula):
    rows = np.linspace(0.2, 4, 37)[:, None]
    form = sympy.parse_expr(formula)
    names = sorted(s.name for s in form.free_symbols if s.name != "x1")
    truth = [2.0, 1.3, 0.7, 0.4][: len(names)]
    y = sympy.lambdify([sympy.Symbol("x1"), *sympy.symbols(names)], form)(rows[:, 0], *truth)
    y = y + 1e-3 * np.random.default_rng(0).normal(size=37)
    equation = refit(formula, rows, y)
    assert np.sqrt(equation.loss) < 1.5e-3
    assert equation.fit.starts_agreeing >= 2


@given(seeds)
def test_a_linear_model_is_linear_regression(seed):
    rng = np.random.default_rng(seed)
    X, weights = rng.normal(size=(29, 2)), rng.uniform(0.3, 3, 29)
    y = X @ [2.0, -1.0] + 0.5 + rng.normal(size=29) / np.sqrt(weights)
    A = np.column_stack([X, np.ones(29)])
    inverse = np.linalg.inv(A.T @ (weights[:, None] * A))
    beta = inverse @ (A.T @ (weights * y))
    rss = weights @ (y - A @ beta) ** 2
    equation = refit("a*x1 + b*x2 + c", X, y, sample_weight=weights)
    np.testing.assert_allclose(values(equation), beta, rtol=1e-10)
    np.testing.assert_allclose(equation.fit.covariance, inverse * rss / 26, rtol=1e-8)
    np.testing.assert_allclose(equation.constants["std_error"], np.sqrt(np.diag(inverse) * rss / 26), rtol=1e-8)
    assert equation.fit.rss == pytest.approx(rss)
    assert equation.fit.degrees_of_freedom == 26
    assert equation.loss == pytest.approx(rss / weights.sum())


def test_information_criteria_are_those_of_the_normal_likelihood():
    table, v = decay()
    equation = refit("A*exp(-k*t) + B", table, v, **NEAR)
    variance = equation.fit.rss / 41
    residual = v - equation.predict(table.to_numpy())
    likelihood = -0.5 * np.sum(np.log(2 * np.pi * variance) + residual**2 / variance)
    assert equation.fit.aic == pytest.approx(-2 * likelihood + 2 * 4)
    assert equation.fit.bic == pytest.approx(-2 * likelihood + np.log(41) * 4)


@pytest.fixture(scope="module")
def base():
    """The constants of `decay`, found without a start."""
    return refit("A*exp(-k*t) + B", *decay()).constants


@given(by_x=st.floats(-12, 12), by_y=st.floats(-12, 12))
@examples(6)
def test_units_of_rows_and_target_carry_over_to_the_constants(base, by_x, by_y):
    table, v = decay()
    kx, ky = 10.0**by_x, 10.0**by_y
    scaled = refit("A*exp(-k*t) + B", table * kx, v * ky).constants
    for column in ("value", "std_error", "low", "high"):
        np.testing.assert_allclose(scaled.loc[["A", "B"], column], ky * base.loc[["A", "B"], column], rtol=1e-6)
        np.testing.assert_allclose(scaled.loc["k", column], base.loc["k", column] / kx, rtol=1e-6)


@given(seeds)
@examples(4)
def test_a_weight_of_two_moves_the_constants_like_two_rows(seed):
    table, v = decay(seed)
    weights = np.random.default_rng(seed).integers(0, 4, 41).astype(float)
    weights[:8] = 1
    repeated = np.repeat(np.arange(41), weights.astype(int))
    one = refit("A*exp(-k*t) + B", table, v, sample_weight=weights, **NEAR)
    two = refit("A*exp(-k*t) + B", table.iloc[repeated], v.iloc[repeated], **NEAR)
    np.testing.assert_allclose(values(one), values(two), rtol=1e-9)
    assert one.fit.rss == pytest.approx(two.fit.rss)
    assert one.loss == pytest.approx(two.loss)
    assert one.fit.observations == (weights > 0).sum()


def test_targets_whose_squares_overflow_have_constants_and_errors():
    table, v = decay()
    base, large = (refit("A*exp(-k*t) + B", table, v * s, **NEAR) for s in (1.0, 1e200))
    np.testing.assert_allclose(large.constants.loc["A"], 1e200 * base.constants.loc["A"], rtol=1e-6)
    np.testing.assert_allclose(large.constants.loc["k"], base.constants.loc["k"], rtol=1e-6)
    assert large.fit.residual_std == pytest.approx(1e200 * base.fit.residual_std)
    assert large.relative_loss == pytest.approx(base.relative_loss)


def test_a_common_factor_of_all_weights_changes_nothing():
    table, v = decay()
    one, ten = (refit("A*exp(-k*t) + B", table, v, sample_weight=np.full(41, w), **NEAR) for w in (1.0, 10.0))
    pd.testing.assert_frame_equal(one.constants, ten.constants, rtol=1e-9)
    assert one.fit.aic == pytest.approx(ten.fit.aic)


def test_bounds_are_kept_and_named():
    table, v = decay()
    free = refit("A*exp(-k*t) + B", table, v, bounds={"k": (0.1, 2), "A": (0, None)}, **NEAR)
    np.testing.assert_allclose(values(free), values(refit("A*exp(-k*t) + B", table, v, **NEAR)), rtol=1e-8)
    with pytest.warns(SearchWarning, match="k: at a bound"):
        held = refit("A*exp(-k*t) + B", table, v, bounds={"k": (0.7, None)}, start={"k": 0.9}, n_starts=1)
    assert values(held)["k"] == 0.7
    given = refit("A*exp(-k*t) + B", table, v, fixed={"k": 0.7})
    np.testing.assert_allclose(values(held)[["A", "B"]], values(given)[["A", "B"]], rtol=1e-9)
    np.testing.assert_allclose(held.constants.std_error[["A", "B"]], given.constants.std_error[["A", "B"]], rtol=1e-9)
    assert np.isnan(held.constants.std_error["k"])
    assert held.fit.at_bound == ("k",)


def test_fixed_constants_stay_and_are_not_counted():
    table, v = decay()
    equation = refit("A*exp(-k*t) + B", table, v, fixed={"B": 1.25}, **NEAR)
    assert equation.constants.loc["B"].tolist() == [1.25, 0.0, 1.25, 1.25]
    assert equation.n_constants == 2
    assert equation.fit.degrees_of_freedom == 39
    assert equation.expression.has(sympy.Rational(5, 4))


def test_floats_are_constants_where_there_are_no_symbols():
    table, v = decay()
    text, symbols = refit("2.9*exp(-0.6*t) + 0.8", table, v, n_starts=1), refit("A*exp(-k*t) + B", table, v, **NEAR)
    np.testing.assert_allclose(text.predict(table.to_numpy()), symbols.predict(table.to_numpy()), rtol=1e-9)
    assert list(text.constants.index) == ["c0", "c1", "c2"]
    assert text.n_constants == 3
    expression = sympy.parse_expr("2.9*exp(-0.6*t) + 0.8")
    np.testing.assert_allclose(values(refit(expression, table, v, n_starts=1)), values(text), rtol=1e-12)
    # Beside symbols, numbers are exact.
    exact = refit("A*exp(-0.5*t) + B", table, v)
    assert list(exact.constants.index) == ["A", "B"]
    assert exact.expression.has(sympy.exp(-sympy.Symbol("t") / 2))


def test_floats_are_named_as_they_are_printed():
    expression = sympy.Float(2.5) * sympy.exp(-sympy.Float(0.5) * x) + sympy.Float(1.5) + x ** sympy.Float(0.3)
    form, symbols, numbers = floats_as_symbols(expression, ["x"])
    order = [float(abs(f)) for f in numbers]
    text = str(expression)
    places = [text.index(f"{number:.15g}".rstrip("0")[:3]) for number in order]
    assert places == sorted(places)
    assert form.xreplace(dict(zip(symbols, map(sympy.Float, numbers), strict=True))) == expression
    named, others, _ = floats_as_symbols(sympy.Float(2.5) * sympy.Symbol("c0"), ["c0"])
    assert others[0].name != "c0"
    assert len(named.free_symbols) == 2


@pytest.mark.parametrize(
    ("formula", "lost", "known"),
    [
        ("a*b*x1 + c", {"a", "b"}, {"c"}),
        ("a*exp(b*x1 + d)", {"a", "d"}, {"b"}),
        ("a*x1 + b + 0*c + log(exp(c))/x1*0", set(), {"a", "b"}),
        ("a*x1/(b + d)", {"a", "b", "d"}, set()),
    ],
)
def test_constants_that_the_rows_do_not_determine_are_named(formula, lost, known):
    rows = np.linspace(0.5, 3, 31)[:, None]
    y = np.exp(-rows[:, 0]) + 0.01 * np.cos(9 * rows[:, 0])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        equation = refit(formula, rows, y)
    assert set(equation.fit.undetermined) == lost
    assert equation.fit.identifiable == (not lost)
    errors = equation.constants["std_error"]
    assert np.isinf(errors[list(lost)]).all()
    assert np.isfinite(errors[list(known)]).all()
    said = [str(w.message) for w in caught if issubclass(w.category, SearchWarning)]
    if lost:
        assert any(all(name in message for name in lost) and "do not determine" in message for message in said)
        assert np.isinf(equation.fit.condition)
    else:
        assert not said


def test_a_model_that_has_no_optimum_is_said_to_have_none():
    rows = np.linspace(0, 4, 31)[:, None]
    y = 1.0 * (rows[:, 0] > 2)  # the steeper the better
    with pytest.warns(SearchWarning):
        equation = refit("1/(1 + exp(-k*(x1 - m)))", rows, y, {"k": 1.0, "m": 2.01})
    assert not (equation.fit.converged and equation.fit.identifiable)


def test_the_order_of_equal_terms_follows_the_start():
    rows = np.linspace(0, 5, 41)[:, None]
    y = 2 * np.exp(-rows[:, 0]) + 5 * np.exp(-4 * rows[:, 0])
    for k, m in ((0.8, 5.0), (5.0, 0.8)):
        found = values(refit("A*exp(-k*x1) + B*exp(-m*x1)", rows, y, {"k": k, "m": m}))
        assert (found["k"] < found["m"]) == (k < m)


def test_series_arrays_and_frames_are_alike():
    table, v = decay()
    frame = refit("A*exp(-k*t) + B", table, v, **NEAR)
    assert frame.target == "v"
    assert frame.columns == ("t",)
    for formula, X, y in (("A*exp(-k*x1) + B", table.to_numpy(), v.tolist()), ("A*exp(-k*t) + B", table.t, v)):
        other = refit(formula, X, y, **NEAR)
        np.testing.assert_array_equal(values(other), values(frame))
    assumed = sympy.Symbol("t", positive=True)
    form = sympy.Symbol("A") * sympy.exp(-sympy.Symbol("k", real=True) * assumed) + sympy.Symbol("B")
    again = refit(form, table, v, **NEAR)
    np.testing.assert_array_equal(values(again), values(frame))


def test_unused_columns_may_hold_gaps_and_used_ones_may_not():
    table, v = decay()
    table["other"] = np.nan
    assert refit("A*exp(-k*t) + B", table, v, **NEAR).columns == ("t", "other")
    table.loc[3, "t"] = np.nan
    with pytest.raises(InputDataError, match=r"'t'.*row 3"):
        refit("A*exp(-k*t) + B", table, v)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"expression": "A*exp(-k*t"}, "parenthesis"),
        ({"expression": "__import__('os').system('true')"}, "expression"),
        ({"expression": 3j}, "complex"),
        ({"start": {"q": 1.0}}, "start: 'q' is no constant.*A, B, k"),
        ({"start": {"k": np.nan}}, "start: k="),
        ({"bounds": {"k": (2, 1)}}, "bounds: k="),
        ({"bounds": {"k": 1}}, "bounds: k="),
        ({"fixed": {"t": 1}}, "fixed: 't'"),
        ({"fixed": ["k"]}, "mapping"),
        ({"confidence": 95}, "confidence=95"),
        ({"n_starts": 0}, "n_starts=0"),
        ({"sample_weight": [1.0]}, "sample_weight"),
        ({"y": [1.0, 2.0]}, "41 rows and y has 2"),
        ({"y": ["a"] * 41}, "numbers"),
        ({"expression": "log(-k**2 - 1)*A*t"}, "undefined"),
    ],
)
def test_wrong_input_is_named(change, message):
    table, v = decay()
    call = {"expression": "A*exp(-k*t) + B", "X": table, "y": v, **change}
    with pytest.raises(InputDataError, match=message):
        refit(**call)


@pytest.mark.parametrize(
    ("formula", "likely"),
    [("a*volatge + b", "voltage"), ("a*voltage + b*Current", "current"), ("a*voltage + b*voltge**2", "voltage")],
)
def test_a_misspelt_column_is_no_constant_unless_that_is_said(formula, likely):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.uniform(1, 2, (20, 2)), columns=["voltage", "current"])
    y = (2 * table["voltage"] + 3).to_numpy()
    wrong = next(word for word in re.findall(r"\w{2,}", formula) if word not in table.columns)
    with pytest.raises(InputDataError, match=rf"'{wrong}' is no column; did you mean '{likely}'"):
        refit(formula, table, y)
    law = refit(formula, table, y, fixed={wrong: 1.0, **({"a": 2.0} if "voltage" not in formula else {})})
    assert wrong not in law.fit.names


def test_constants_that_are_called_after_a_column_are_constants():
    table = pd.DataFrame({"temp": np.linspace(1, 3, 20)})
    law = refit("k_temp*(temp - temp_0)", table, 2.5 * (table["temp"].to_numpy() - 0.75))
    assert values(law).tolist() == pytest.approx([2.5, 0.75], rel=1e-9)
    law = refit("a*(x1 - x0)", table.to_numpy(), 2.5 * (table["temp"].to_numpy() - 0.75))
    assert values(law).tolist() == pytest.approx([2.5, 0.75], rel=1e-9)
    with pytest.raises(InputDataError, match="'x2' is no column; did you mean 'x1'"):
        refit("a*x1 + b*x2", table.to_numpy(), table["temp"].to_numpy())


def test_a_formula_of_constants_alone_is_refused():
    table, v = decay()
    with pytest.raises(InputDataError, match=r"no column of the table stands in .*, so A, k, s are all constants"):
        refit("A*exp(-k*s)", table, v)


def test_more_constants_than_rows_are_refused_and_as_many_are_warned_about():
    table, v = decay()
    with pytest.raises(InputDataError, match=r"3 constants.*2 rows"):
        refit("A*exp(-k*t) + B", table.head(2), v.head(2))
    with pytest.warns(SearchWarning, match="as many constants as rows"):
        equation = refit("A + B*t", table.head(2), v.head(2))
    assert np.isnan(equation.constants["std_error"]).all()
    np.testing.assert_allclose(equation.predict(table.head(2).to_numpy()), v.head(2), rtol=1e-12)


def test_a_formula_without_constants_has_an_empty_table():
    equation = refit("x1**2", [[1.0], [2.0]], [1.0, 4.5])
    assert equation.constants.empty
    assert equation.loss == pytest.approx(0.125)
    assert equation.fit.degrees_of_freedom == 2


def test_the_same_call_gives_the_same_digits():
    table, v = decay()
    one, two = (refit("A*exp(-k*t) + B", table, v) for _ in range(2))
    assert one == two
    pd.testing.assert_frame_equal(one.constants, two.constants, check_exact=True)


def test_constants_that_enter_linearly():
    e = sympy.exp
    assert linear_constants(a * e(-b * x) + c, (a, b, c)) == (a, c)
    assert linear_constants(a * b * x + c, (a, b, c)) in ((a, c), (b, c))
    assert linear_constants((x + b) ** 2 - b**2, (a, b)) == (a, b)
    assert linear_constants(a**2 * x, (a,)) == ()
    assert linear_constants((a + b * x) / (1 + c * x), (a, b, c)) == (a, b)
    found = fraction_constants((a + b * x) / (1 + c * x), (a, b, c))
    assert found is not None
    assert found[2] == (a, b, c)
    assert fraction_constants(a * x + b, (a, b)) is None


def test_which_constants_enter_linearly_is_known_without_multiplying_out():
    # Multiplied out, these are millions of terms.
    power = (a + b * x + c * sympy.exp(c * x)) ** 41 * (1 + b * x + sympy.sin(x)) ** 39
    assert linear_constants(power + a * (b + 1) - a * b, (a, b, c)) == ()
    assert linear_constants(a * (1 + x + sympy.sin(x)) ** 41 + b * sympy.log(x - 5) + c, (a, b, c)) == (a, b, c)
    assert linear_constants(a * sympy.Max(0, x - b), (a, b)) == (a,)
    assert linear_constants(c + sympy.Abs(a * x + b), (a, b, c)) == (c,)
    for rate in (-10_000, 10_000):  # values are next to 0 or 1 everywhere, and still depend on b
        assert linear_constants(a / (1 + sympy.exp(rate * (b - x))), (a, b)) == (a,)


#: Formulas whose constants stand beside each other, in powers, exponents and sums, and a law of each.
NUMBERED = {
    "b + a*exp(-x1*s)": (1.0, 3.0, 0.7),
    "a*x1**p": (2.0, 1.7),
    "a/(1 + exp((m - x1)/s))": (2.0, 2.0, 0.4),
    "a*exp(-(s*x1 + t)**2)": (2.0, 1.1, -3.0),
    "a*x1/(k + x1)": (2.0, 1.3),
    "a*(1 - exp(-k*x1))**n": (2.0, 0.7, 2.5),
}


@pytest.mark.parametrize("formula", NUMBERED)
@given(data=st.data())
@examples(10)
def test_scales_see_the_numbers_beside_a_constant(formula, data):
    form = sympy.parse_expr(formula, {"x1": x})
    constants = tuple(sorted(form.free_symbols - {x}, key=lambda s: s.name))
    rows = Table(np.linspace(0.2, 5, 29)[:, None], np.linspace(1, 2, 29))
    ends = np.full(len(constants), np.inf)
    moved = {c: 10.0 ** data.draw(st.integers(-30, 30), c.name) for c in constants}
    plain = scales(Model(form, (x,), constants, rows, -ends, ends))
    numbered = form.xreplace({c: exact(moved[c]) * c for c in constants})
    for c, one, other in zip(
        constants, plain, scales(Model(numbered, (x,), constants, rows, -ends, ends)), strict=True
    ):
        assert other.kind == one.kind
        assert (other.low * moved[c], other.high * moved[c]) == pytest.approx((one.low, one.high), rel=1e-9)


@pytest.mark.parametrize("formula", NUMBERED)
@given(data=st.data())
@examples(2)
def test_a_number_beside_a_constant_changes_nothing_else(formula, data):
    form = sympy.parse_expr(formula, {"x1": x})
    constants = sorted(form.free_symbols - {x}, key=lambda s: s.name)
    rows = np.linspace(0.2, 5, 29)
    order = [sympy.Symbol(name) for name in dict.fromkeys(re.findall(r"[a-z]\d?", formula.replace("exp", "")))]
    law = dict(zip([s for s in order if s in constants], NUMBERED[formula], strict=True))
    y = sympy.lambdify([x], form.xreplace({c: sympy.Float(v) for c, v in law.items()}))(rows)
    moved = {c: 10.0 ** data.draw(st.integers(-30, 30), c.name) for c in constants}
    numbered = form.xreplace({c: exact(moved[c]) * c for c in constants})
    equation = refit(numbered, pd.DataFrame({"x": rows}), y, n_starts=8)
    assert equation.relative_loss < 1e-20
    for c, value in law.items():
        assert abs(values(equation)[c.name] * moved[c]) == pytest.approx(abs(value), rel=1e-6)


def test_constants_of_nature_beside_a_constant():
    T, x1 = np.linspace(300, 900, 20), np.linspace(0, 5, 30)
    arrhenius = refit("A*exp(-E/(1.380649e-23*T))", pd.DataFrame({"T": T}), 5 * np.exp(-8e-20 / (1.380649e-23 * T)))
    assert values(arrhenius).tolist() == pytest.approx([5, 8e-20], rel=1e-6)
    decay_ = refit("b + a*exp(-x1*s/1e-6)", x1[:, None], 1 + 3 * np.exp(-0.7 * x1))
    assert values(decay_).tolist() == pytest.approx([3, 1, 7e-7], rel=1e-6)
    absorbed = refit("exp(-x1*s/1.6e-16)", np.linspace(0.1, 2, 8)[:, None], np.exp(-1.3 * np.linspace(0.1, 2, 8)))
    assert values(absorbed).tolist() == pytest.approx([2.08e-16], rel=1e-6)
    r = np.linspace(3e-10, 9e-10, 25)
    pair = 4 * 1.65e-21 * ((3.4e-10 / r) ** 12 - (3.4e-10 / r) ** 6)
    lennard_jones = refit("4*e*((s*1e-9/r)**12 - (s*1e-9/r)**6)", pd.DataFrame({"r": r}), pair)
    assert values(lennard_jones).tolist() == pytest.approx([1.65e-21, 0.34], rel=1e-6)


SINE = "A*sin(w*x1 + p) + c"
SECONDS = 1.7e9 + np.arange(0, 86400 * 5, 3600.0)
UNIT = np.linspace(0, 1, 201)
#: Formula, column, y, and angular frequencies of the law.
WAVES = {
    "12 periods": (SINE, UNIT, 2 * np.sin(75.4 * UNIT + 1) + 0.5, {"w": 75.4}),
    "90 periods": (SINE, UNIT, 2 * np.sin(565 * UNIT + 1) + 0.5, {"w": 565}),
    "a third of one": (SINE, UNIT, 2 * np.sin(2 * UNIT + 1) + 0.5, {"w": 2}),
    "far from zero": (SINE, UNIT + 100, 2 * np.sin(75.4 * UNIT + 1) + 0.5, {"w": 75.4}),
    "seconds of a clock": (SINE, SECONDS, 2 * np.sin(7.27e-5 * SECONDS) + 0.5, {"w": 7.27e-5}),
    "a period": ("A*sin(2*pi*x1/P + p)", SECONDS, np.sin(2 * np.pi * SECONDS / 86400), {"P": 86400}),
    "few rows": (SINE, UNIT[::25], 2 * np.sin(15 * UNIT[::25] + 1) + 0.5, {"w": 15}),
    "unequal distances": (SINE, UNIT**1.7, 2 * np.sin(150 * UNIT**1.7 + 1), {"w": 150}),
    "growing": ("A*x1*sin(w*x1 + p)", UNIT, UNIT * np.sin(62.8 * UNIT), {"w": 62.8}),
    "damped": ("A*exp(-d*x1)*cos(w*x1 + p)", UNIT, np.exp(-6 * UNIT) * np.sin(125 * UNIT), {"w": 125, "d": 6}),
    "on a line": ("A*sin(w*x1 + p) + b*x1 + c", UNIT, np.sin(70 * UNIT) + 30 * UNIT, {"w": 70, "b": 30}),
    "squared": ("A*sin(w*x1 + p)**2", UNIT, 2 * np.sin(70 * UNIT + 1) ** 2, {"w": 70}),
    "of a square": ("A*sin(w*x1**2 + p)", UNIT, np.sin(200 * UNIT**2), {"w": 200}),
    "in a number": ("A*sin(2*pi*f*x1*1e9 + p)", UNIT, np.sin(100 * np.pi * UNIT), {"f": 5e-8}),
}


@pytest.mark.parametrize("case", WAVES)
def test_waves_are_found_without_a_start(case):
    formula, column, y, law = WAVES[case]
    equation = refit(formula, column[:, None], y, n_starts=12)
    assert equation.fit.converged
    assert equation.relative_loss < 1e-18
    for name, value in law.items():
        assert abs(values(equation)[name]) == pytest.approx(value, rel=1e-5)


def test_waves_of_a_sum_are_found_in_noise():
    noise = 0.1 * np.random.default_rng(0).normal(size=201)
    y = 2 * np.sin(75.4 * UNIT + 1) + 0.7 * np.sin(188.5 * UNIT) + 1 + noise
    found = values(refit("A*sin(w*x1 + p) + B*sin(v*x1 + q) + c", UNIT[:, None], y, n_starts=12))
    assert sorted([abs(found["w"]), abs(found["v"])]) == pytest.approx([75.4, 188.5], rel=2e-3)


def test_waves_of_a_product_are_found():
    y = 2 * np.sin(70 * UNIT + 1) * np.sin(9 * UNIT + 0.4)
    found = values(refit("A*sin(w*x1 + p)*sin(v*x1 + q)", UNIT[:, None], y, n_starts=12))
    assert sorted([abs(found["w"]), abs(found["v"])]) == pytest.approx([9, 70], rel=1e-6)


POINTS = np.linspace(0, 10, 120)


@pytest.mark.parametrize(
    ("formula", "y", "law"),
    [
        ("A*tan(w*x1 + p)", 2 * np.tan(1.3 * POINTS + 0.4), {"A": 2, "w": 1.3, "p": 0.4}),
        ("A*tan(w*x1 + p) + c", 5 - np.tan(3.7 * POINTS + 1), {"A": -1, "w": 3.7, "p": 1, "c": 5}),
        ("A*exp(-k*x1)*tan(w*x1)", np.exp(-0.3 * POINTS) * np.tan(2 * POINTS), {"A": 1, "w": 2, "k": 0.3}),
    ],
)
def test_tangents_are_found_without_a_start(formula, y, law):
    equation = refit(formula, POINTS[:, None], y, n_starts=12)
    np.testing.assert_allclose(equation.predict(POINTS[:, None]), y, rtol=1e-6)
    found = values(equation)
    assert found["w"] * np.sign(found["w"]) == pytest.approx(law["w"], rel=1e-9)
    assert {name for name in law if name != "p"} <= set(found.index)


def test_a_tangent_is_found_in_noise():
    y = 2 * np.tan(1.3 * POINTS + 0.4) + 0.05 * np.random.default_rng(0).normal(size=120)
    found = values(refit("A*tan(w*x1 + p)", POINTS[:, None], y, n_starts=12))
    assert [abs(found["A"]), abs(found["w"])] == pytest.approx([2, 1.3], rel=2e-3)


PLANE = pd.DataFrame(np.random.default_rng(1).uniform(0, (10, 3), (300, 2)), columns=["x", "t"])
TRAVELLING = 1.5 * np.sin(4 * PLANE.x - 12 * PLANE.t + 0.3)


@pytest.mark.parametrize(
    ("formula", "y", "law"),
    [
        ("A*sin(k*x - w*t + p)", TRAVELLING, {"k": 4, "w": 12}),
        ("A*sin(k*(x - c*t) + p)", TRAVELLING, {"k": 4, "c": 3}),
        ("b + A*sin(2*pi*(x/L - t/T) + p)", TRAVELLING + 7, {"L": np.pi / 2, "T": np.pi / 6}),
        ("A*exp(-d*x)*cos(k*x - w*t)", np.exp(-0.2 * PLANE.x) * np.cos(4 * PLANE.x + 12 * PLANE.t), {"k": 4, "w": 12}),
        ("A*sin(k*x + p)*cos(w*t + q)", np.sin(6 * PLANE.x) * np.cos(9 * PLANE.t), {"k": 6, "w": 9}),
    ],
)
def test_waves_of_two_columns_are_found_without_a_start(formula, y, law):
    equation = refit(formula, PLANE, y, n_starts=12)
    assert equation.relative_loss < 1e-18
    for name, value in law.items():
        assert abs(values(equation)[name]) == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize(
    ("formula", "law", "noise"),
    [
        ("A*sin(w*x + b*sin(v*x) + p)", {"A": 2, "w": 20, "b": 1.5, "v": 3, "p": 0.5}, 0.05),
        ("A*sin(w*x + b*sin(v*x))", {"A": 3, "w": 8, "b": 0.6, "v": 1, "p": 0}, 0.1),
        ("A*cos(w*x + b*sin(v*x))", {"A": 1, "w": 12, "b": 4, "v": 2, "p": np.pi / 2}, 0.05),
    ],
)
def test_a_wave_whose_phase_is_a_wave_needs_no_start(formula, law, noise):
    rng = np.random.default_rng(1)
    x = rng.uniform(0, 20 if law["w"] == 8 else 10, 300)
    y = law["A"] * np.sin(law["w"] * x + law["b"] * np.sin(law["v"] * x) + law["p"])
    equation = refit(formula, pd.DataFrame({"x": x}), y + noise * rng.normal(size=300), n_starts=16)
    assert equation.loss < 1.3 * noise**2
    for name in ("A", "w", "b", "v"):
        assert abs(values(equation)[name]) == pytest.approx(law[name], rel=0.05)


@pytest.mark.parametrize(
    ("formula", "p"),
    [("A*sin(w*x + b*sin(v*x))", 0.0), pytest.param("A*sin(w*x + b*sin(v*x) + p)", 0.3, marks=pytest.mark.slow)],
)
def test_a_modulated_wave_far_from_zero_is_none_of_its_neighbours(formula, p):
    """At x near 100 every frequency within 1/16 of another has the same phase there, and is an optimum of its own."""
    x = np.linspace(100, 101, 150)
    table, y = pd.DataFrame({"x": x}), np.sin(200 * x + 2 * np.sin(30 * x) + p)
    equation = refit(formula, table, y, n_starts=16)
    assert equation.loss < 1e-15
    found = values(equation)
    assert {name: abs(found[name]) for name in "Awbv"} == pytest.approx({"A": 1, "w": 200, "b": 2, "v": 30}, rel=1e-8)


def test_an_odd_function_of_negative_terms_alone_is_written_down():
    X = pd.DataFrame(np.random.default_rng(0).uniform(0, 1, (50, 2)), columns=["u", "v"])
    y = np.tanh(-2 * X.u - 3 * X.v - 1)
    equation = refit("tanh(a*u + b*v + c)", X, y, start={"a": -2.1, "b": -3.1, "c": -0.9}, n_starts=1)
    assert equation.loss < 1e-20
    np.testing.assert_allclose(equation.predict(X), y)


def test_phases_stay_within_a_turn():
    equation = refit(SINE, SECONDS[:, None], WAVES["seconds of a clock"][2], n_starts=12)
    assert abs(values(equation)["p"]) <= np.pi


@given(seeds)
def test_solved_constants_leave_a_residual_that_is_orthogonal(seed):
    rng = np.random.default_rng(seed)
    rows = Table(rng.uniform(0.5, 2, (23, 1)), rng.normal(size=23), weights=rng.uniform(0.5, 2, 23))
    ends = np.full(3, np.inf)
    model = Model(a * sympy.exp(-b * x) + c, (x,), (a, b, c), rows, -ends, ends)
    theta, basis = model.solved(np.array([np.nan, rng.uniform(0.5, 2), np.nan]))
    residual, J = model.linearise(theta)
    assert basis is not None
    np.testing.assert_allclose(basis.T @ residual, 0, atol=1e-12)
    np.testing.assert_allclose(J[:, [0, 2]].T @ residual, 0, atol=1e-11)
    np.testing.assert_allclose(model.fine_residual(theta).astype(float), residual, atol=1e-13)
