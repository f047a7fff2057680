"""Equations evaluate what they print, and a front has no dominated member."""

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from random_expressions import X, formulas, values

from eqdarts import InputDataError, refit
from eqdarts.equation.equation import Equation
from eqdarts.equation.evaluation import evaluate
from eqdarts.equation.front import Front
from eqdarts.equation.selection import scores
from eqdarts.graph.to_sympy import plain
from eqdarts.simplify.description import description_length, size

u, v = sympy.symbols("u v")
F = sympy.Float


def chain(complexity):
    """A formula of this many nodes."""
    expression = u
    for _ in range(complexity - 1):
        expression = sympy.sin(expression)
    return expression


def equation(complexity, loss, expression=None):
    return Equation(chain(complexity) if expression is None else expression, ("u", "v"), "y", loss, loss, "sample")


equations = st.builds(
    equation, st.integers(1, 7), st.one_of(st.integers(0, 5).map(float), st.sampled_from([np.inf, np.nan]))
)


def offered(front, members):
    for member in members:
        front = front.offer(member)
    return front


@given(st.lists(equations, max_size=23))
def test_a_front_has_no_dominated_member(members):
    front = offered(Front(), members)
    complexities, losses = [e.complexity for e in front], [e.loss for e in front]
    assert complexities == sorted(set(complexities))
    assert losses == sorted(set(losses), reverse=True)
    assert np.isfinite(losses).all()


@given(st.lists(equations, max_size=23))
def test_everything_offered_is_on_the_front_or_beaten_by_it(members):
    front = offered(Front(), members)
    for e in members:
        if np.isfinite(e.loss):
            assert any(f.complexity <= e.complexity and f.loss <= e.loss for f in front)
    assert {id(e) for e in front} <= {id(e) for e in members}


@pytest.mark.parametrize(("c", "a"), [(F(3.14), F(2.17)), (sympy.Rational(157, 50), sympy.Rational(54, 25))])
def test_fewer_digits_keep_an_equation_on_the_front(c, a):
    """A law with whole numbers stays where an imitation of its size fits the noise a little better; not much better."""
    law, imitation = equation(0, 1.01, 3 * u / (u + 2)), equation(0, 1.0, c * u / (u + a))
    assert list(Front().offer(law).offer(imitation)) == [law]
    assert list(Front((imitation, law))) == [law]
    better = replace(imitation, loss=0.1, relative_loss=0.1)
    assert list(Front((law, better))) == [better]


def test_a_mean_and_zero_are_not_both_on_a_front():
    zero, mean = equation(0, 1.0, sympy.Integer(0)), equation(0, 0.4, F(1.234))
    for front in (Front().offer(mean).offer(zero), Front((zero, mean)), Front((mean, zero), rows=1000)):
        assert list(front) == [mean]


numbers = st.one_of(st.integers(-9, 9).map(sympy.Integer), st.floats(0.1, 9).map(F))
bodies = st.one_of(
    st.integers(1, 4).map(chain), st.builds(lambda c, k, d: c * chain(k) + d, numbers, st.integers(1, 4), numbers)
)
noisy = st.builds(lambda e, loss: equation(0, loss, e), bodies, st.floats(0.5, 1.5))
any_kind = st.lists(st.one_of(noisy, equations), min_size=1, max_size=17)


@given(any_kind, st.sampled_from([5, 100, 10_000]))
def test_losses_fall_as_complexity_rises_however_a_front_came_about(members, rows):
    front = Front(tuple(members), rows)
    complexities, losses = [e.complexity for e in front], [e.loss for e in front]
    assert complexities == sorted(set(complexities))
    assert losses == sorted(set(losses), reverse=True)
    assert (scores(front) >= 0).all()
    one_by_one = offered(Front(rows=rows), members)
    assert [(e.complexity, e.loss) for e in one_by_one] == [(e.complexity, e.loss) for e in front]
    assert Front(front.equations, rows) == front


@given(any_kind, st.sampled_from([5, 100, 10_000]), st.randoms(use_true_random=False))
def test_the_shortest_description_is_on_the_front(members, rows, random):
    front = Front(tuple(random.sample(members, len(members))), rows)
    finite = [e for e in members if np.isfinite(e.loss)]
    lengths = [description_length(e.loss, e.expression, rows) for e in finite]
    if finite:
        assert min(description_length(e.loss, e.expression, rows) for e in front) <= min(lengths) + 1e-6


@pytest.mark.parametrize("loss", [1.0, 1e-26])
def test_losses_that_differ_by_rounding_leave_the_simpler_equation(loss):
    short, long = equation(3, loss * (1 + 1e-13)), equation(5, loss)
    assert list(Front().offer(long).offer(short)) == [short]
    assert list(Front().offer(short).offer(long)) == [short]


@given(st.lists(equations, max_size=11))
def test_offering_again_changes_nothing(members):
    front = offered(Front(), members)
    assert offered(front, members) == front
    assert offered(front, front) == front


@given(st.lists(equations, max_size=11), st.randoms(use_true_random=False))
def test_the_order_of_offers_does_not_matter(members, random):
    shuffled = random.sample(members, len(members))
    one, two = offered(Front(), members), offered(Front(), shuffled)
    assert [(e.complexity, e.loss) for e in one] == [(e.complexity, e.loss) for e in two]


def test_offering_leaves_the_old_front_alone():
    old = Front().offer(equation(3, 1.0))
    new = old.offer(equation(2, 0.5))
    assert (len(old), old[0].loss, len(new), new[0].loss) == (1, 1.0, 1, 0.5)


@given(formulas)
def test_an_equation_evaluates_its_expression_and_pickles(expression):
    bare = plain(expression)
    e = equation(0, 1.0, bare)
    # Without their assumptions the columns may pass through complex numbers.
    np.testing.assert_allclose(e.predict(X), values(bare, columns=(u, v)), rtol=1e-9, atol=1e-12)
    assert e.complexity == size(bare)
    again = pickle.loads(pickle.dumps(e))
    assert again == e
    np.testing.assert_array_equal(again.predict(X), e.predict(X))


def test_predictions_take_all_columns_in_their_order():
    e = replace(equation(1, 1.0, 2 * v), columns=("t", "v", "u"))
    rows = np.arange(15.0).reshape(5, 3)
    np.testing.assert_array_equal(e.predict(rows), 2 * rows[:, 1])
    np.testing.assert_array_equal(e.predict(rows.astype(int).tolist()), 2 * rows[:, 1])


def test_constants_are_as_long_as_the_rows():
    e = equation(1, 1.0, sympy.Integer(3))
    value = e.predict(X)
    np.testing.assert_array_equal(value, np.full(len(X), 3.0))
    value[0] = 0.0  # an array of its own
    assert e.predict(X[:0]).shape == (0,)


@pytest.mark.parametrize("expression", [sympy.sqrt(v), sympy.log(v), v**0.5, sympy.asin(2 + u)])
def test_rows_outside_the_domain_are_nan(expression):
    value = evaluate(expression, ("u", "v"), X)
    outside = X[:, 1] < 0 if expression.has(v) else np.ones(len(X), dtype=bool)
    np.testing.assert_array_equal(np.isnan(value), outside)


@pytest.mark.parametrize("name", ["E", "I", "lambda", "x 1", "Δv (km/s)", "50%_dose", "S", "np", "_Dummy_1", "pi"])
def test_names_of_columns_are_free(name):
    x = sympy.Symbol(name)
    rows = np.arange(6.0).reshape(3, 2)
    value = evaluate(x**2 + sympy.pi + sympy.E, ("other", name), rows)
    np.testing.assert_allclose(value, rows[:, 1] ** 2 + np.pi + np.e)


def test_text_reads_back():
    e = equation(1, 1.0, F(0.1) + F(1) / 3 * u**2 * sympy.exp(-v / 2))
    again = sympy.parse_expr(str(e))
    np.testing.assert_allclose(evaluate(again, ("u", "v"), X), e.predict(X), rtol=1e-13)


def test_constants_counts_floats():
    assert equation(1, 1.0, F(2.5) * u ** F(1.3) + sympy.pi).n_constants == 2


ENERGY = Equation(sympy.Symbol("m") * v**2 / 2, ("m", "v", "h"), "E", 0.01, 0.001, "sample")


def test_an_equation_and_a_front_are_shown_in_one_line():
    assert repr(ENERGY) == "Equation('E = m*v**2/2', complexity=6, loss=0.01)"
    hostile = Equation(F(0.25) * sympy.Symbol("sin(x)"), ("sin(x)",), "E (J)", np.nan, np.nan, "sample")
    assert repr(hostile) == "Equation('`E (J)` = 0.25*`sin(x)`', complexity=3, loss=nan)"
    front = Front().offer(equation(1, 2.0)).offer(ENERGY)
    assert repr(front) == "Front(2 equations, complexity 1 to 6, the last 'E = m*v**2/2')"
    assert repr(Front((ENERGY,))) == "Front(1 equation, complexity 6, the last 'E = m*v**2/2')"
    assert repr(Front()) == "Front()"


def test_a_refitted_equation_is_shown_in_one_line():
    law = refit("a*x1 + b", np.arange(5.0), 2 * np.arange(5.0) + 1)
    assert repr(law).startswith("Equation('y = 2*x1 + 1', complexity=5, loss=")
    assert law(x1=3) == pytest.approx(7)


def test_an_equation_is_a_function_of_its_columns():
    value = ENERGY(m=2, v=3)
    assert isinstance(value, float)
    assert value == 9.0
    assert ENERGY(m=2, v=3, h=7) == 9.0  # a column of the table that does not stand in it
    np.testing.assert_array_equal(ENERGY(m=2, v=[[1, 2], [3, 4]]), [[1, 4], [9, 16]])
    np.testing.assert_array_equal(ENERGY(m=np.ones((3, 1)), v=np.ones(4)), np.full((3, 4), 0.5))
    np.testing.assert_array_equal(ENERGY(np.array([[2.0, 3.0, 0.0]])), [9.0])
    np.testing.assert_array_equal(ENERGY(pd.DataFrame({"v": [3.0], "m": [2.0]})), [9.0])
    assert Equation(sympy.Integer(3), ("m",), "y", 0.0, 0.0, "constant")() == 3.0
    assert np.isnan(equation(1, 1.0, sympy.log(u))(u=-1))


def test_columns_of_any_name_are_arguments():
    for name in ("self", "X", "flow rate (m3/s)", "pi", "lambda"):
        law = Equation(2 * sympy.Symbol(name), (name,), "y", 0.0, 0.0, "sample")
        assert law(**{name: 4}) == 8.0


def test_columns_of_their_own_units_are_arguments():
    law = replace(equation(1, 1.0, u / 1e200), inner=u, units=(1e200, 1.0), target_unit=1.0)
    assert law(u=3e200) == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"m": 1}, "give a value for 'v' too"),
        ({}, "give a value for 'm', 'v' too"),
        ({"m": 1, "V": 2}, "'V' is no column of this equation; did you mean 'v'|'V' is no column .*; there are"),
        ({"m": 1, "v": 1, "q": 2}, "'q' is no column of this equation"),
        ({"m": "heavy", "v": 1}, "column 'm': 'heavy' is neither a number nor an array"),
        ({"m": [1, 2], "v": [1, 2, 3]}, r"do not fit together: 'm' \(2,\), 'v' \(3,\)"),
    ],
)
def test_arguments_that_do_not_fit_are_named(given, message):
    with pytest.raises(InputDataError, match=message):
        ENERGY(**given)


def test_rows_and_columns_together_are_refused():
    with pytest.raises(InputDataError, match="not both"):
        ENERGY(X, m=1)
