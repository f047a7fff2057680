"""Known constants: found by value, printed by name, computed with their number, saved, and no coincidences."""

import math
import pickle

import numpy as np
import pandas as pd
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples

from eqdarts import DARTSRegressor, Equation, Front, InputDataError, parse_expression
from eqdarts.data.table import Table
from eqdarts.data.zero import measure_of
from eqdarts.equation.evaluation import evaluate
from eqdarts.formula.known import KnownConstant, as_symbols, with_known
from eqdarts.formula.mathml import mathml
from eqdarts.knowledge.named import candidates, loosened, with_known_constants
from eqdarts.simplify.description import description_length

R = KnownConstant("R", 8.314)
x = sympy.Symbol("x")


def table(law, noise, n=41, seed=0, low=0.5, high=4.0):
    rng = np.random.default_rng(seed)
    X = rng.uniform(low, high, (n, 1))
    y = law(X[:, 0])
    return Table(X, y + noise * y.std() * rng.normal(size=n), ("x",), "y")


def named(texts, rows, constants):
    """The front of some formulas, with known constants."""
    found = []
    for text in ("1.0", *texts):
        expression = parse_expression(text, rows.names)
        loss = float(np.mean((evaluate(expression, rows.names, rows.X) - rows.y) ** 2))
        relative = float(measure_of(rows).loss(loss))
        found.append(Equation(expression, rows.names, "y", loss, relative, "sample"))
    return [str(e) for e in with_known_constants(Front(tuple(found), len(rows)), rows, constants)][1:]


@pytest.mark.parametrize(
    ("law", "fitted", "constants", "expected"),
    [
        (lambda x: 8.314 * x, "8.31*x", {"R": 8.314}, "R*x"),
        (lambda x: 8.314 * x, "8.31*x", {"g": 9.81, "R": 8.314, "k": 1.38}, "R*x"),
        (lambda x: 9.81 / 2 * x**2, "4.91*x**2", {"g": 9.81}, "g*x**2/2"),
        (lambda x: 2 * np.pi * np.sqrt(x / 9.81), "2*sqrt(x)", {"g": 9.81}, "2*pi*sqrt(x)/sqrt(g)"),
        (lambda x: 3 * np.exp(-1.7 * x / 8.314), "3.01*exp(-0.204*x)", {"R": 8.314, "E": 1.7}, "3.0*exp(-E*x/R)"),
        (lambda x: 9.81 * x + 8.314, "9.8*x + 8.3", {"R": 8.314, "g": 9.81}, "R + g*x"),
    ],
)
def test_a_number_gets_its_name(law, fitted, constants, expected):
    found = named([fitted], table(law, 1e-3), constants)
    wanted = parse_expression(expected, ("x", *constants))
    forms = [parse_expression(text, ("x", *constants)) for text in found]
    assert wanted in forms or any(sympy.simplify(one / wanted).is_number for one in forms), found


def test_other_numbers_get_none():
    assert named(["7.9*x"], table(lambda x: 7.9 * x, 1e-3), {"R": 8.314, "g": 9.81}) == ["7.9*x"]


@pytest.mark.parametrize("seed", range(3))
def test_a_match_within_a_loose_error_means_little_among_many(seed):
    """Of thirty constants some are near any number that is known to a per cent; one alone is believed."""
    rows = table(lambda x: 8.3 * x, 0.1, seed=seed)
    many = {f"k{i}": 8.3 * 1.004 ** (i - 15) for i in range(30)}
    fitted = float(rows.X[:, 0] @ rows.y / (rows.X[:, 0] @ rows.X[:, 0]))
    assert not any("k" in text for text in named([f"{fitted!r}*x"], rows, many))
    assert "R" in str(named([f"{fitted!r}*x"], rows, {"R": 1.002 * fitted}))


def test_a_name_is_shorter_than_digits():
    by_name, by_digits = (description_length(1e-4, f, 100) for f in (R * x, sympy.Float(8.31) * x))
    assert by_name < by_digits
    assert description_length(1e-4, KnownConstant("R", 8.314, 50) * x, 100) > by_name


@examples(25)
@given(
    value=st.floats(1e-30, 1e30), power=st.sampled_from([-2, -1, 1, 2]), other=st.floats(0.1, 9.0), sign=st.booleans()
)
def test_a_known_constant_is_its_number(value, power, other, sign):
    K = KnownConstant("K", -value if sign else value)
    expression = sympy.Float(other) * K**power * x + K
    plain = evaluate(expression.subs(K, sympy.Float(K.number)), ("x",), np.array([[1.5]]))
    assert evaluate(expression, ("x",), np.array([[1.5]])) == pytest.approx(plain, rel=1e-12)
    assert float(K) == K.number
    assert K.is_negative == sign


def test_a_law_with_a_name_is_printed_exported_and_saved():
    law = Equation(R * x**2 / 2 - 1.5, ("x",), "y", 0.0, 0.0, "sample")
    assert law.text() == "R*x**2/2 - 1.5"
    assert law.latex() == r"y = \frac{R x^{2}}{2} - 1.5"
    assert "<mi>R</mi>" in mathml(law.expression, "y")
    value = 8.314 * 4 / 2 - 1.5
    assert law.predict([[2.0]])[0] == pytest.approx(value, rel=1e-15)
    assert law.excel({"x": "A1"}).count("8.314") == 1
    assert "8.314" in law.python()
    assert "8.314" in law.c()
    assert law.derivative("x").expression == R * x
    again = Equation.from_json(law.to_json())
    assert again == law
    assert again.expression.atoms(KnownConstant) == {R}
    assert pickle.loads(pickle.dumps(R)) == R
    assert with_known(as_symbols(law.expression), {"R": R}) == law.expression


def test_rounded_numbers_are_looked_at_again():
    assert str(loosened(10 * x**2 - 3)) == "10.0*x**2 - 3.0"
    assert str(loosened(sympy.exp(-x / 3) / (2 + R * x))) == "exp(-0.333333333333333*x)/(R*x + 2.0)"


def test_candidates_are_in_the_order_of_their_price():
    found = candidates({"R": 8.314, "g": -9.81})
    assert [one.price for one in found] == sorted(one.price for one in found)
    assert all(math.isclose(float(one.expression), one.value, rel_tol=1e-12) for one in found[::17])
    assert found[-1].rank == len(found)


@pytest.mark.parametrize(
    ("constants", "message"),
    [
        ({"R": 0}, "R=0: expected a finite number other than zero"),
        ({"R": "8"}, "R='8'"),
        ({"R": math.inf}, "R=inf"),
        ({"": 1.0}, "empty name"),
        ([8.314], "expected a mapping"),
        ({"x1": 3.0}, "'x1' is also the name of a column"),
        ({"y": 3.0}, "'y' is also the name of a column"),
    ],
)
def test_what_is_no_known_constant_is_refused(constants, message):
    with pytest.raises(InputDataError, match=message):
        DARTSRegressor(constants=constants, max_epochs=1, verbose=0).fit(np.ones((5, 1)), np.arange(5.0))


@pytest.fixture(scope="module")
def gas():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"T": rng.uniform(250, 400, 40), "V": rng.uniform(1, 5, 40)})
    y = (8.314 * X["T"] / X.V * (1 + 0.01 * rng.normal(size=40))).rename("p")
    model = DARTSRegressor(
        constants={"R": 8.314, "g": 9.81}, max_epochs=1, replicas=32, links=["identity"], proposers=["monomials"],
        max_time=None, random_state=0, n_jobs=1, verbose=0,
    )  # fmt: skip
    return model.fit(X, y)


def test_the_chosen_law_names_its_constant(gas):
    assert gas.latex() == r"p = \frac{R T}{V}"
    assert gas.equation().n_constants == 0


def test_it_is_saved_with_its_value(gas, tmp_path):
    gas.save(tmp_path / "model.json")
    again = DARTSRegressor.load(tmp_path / "model.json")
    assert again.latex(errors=True) == gas.latex(errors=True) == gas.latex()
    assert again.constants == {"R": 8.314, "g": 9.81}
    rows = pd.DataFrame({"T": [300.0], "V": [2.0]})
    assert again.predict(rows)[0] == gas.predict(rows)[0] == pytest.approx(8.314 * 150)
