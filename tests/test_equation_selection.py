"""Which equation of a front is chosen."""

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from eqdarts import InputDataError
from eqdarts.data.table import Table
from eqdarts.equation.equation import Equation
from eqdarts.equation.front import Front
from eqdarts.equation.selection import CRITERIA, choose, scores
from eqdarts.fit.formula import compile_template, fit_constants, template

F, u = sympy.Float, sympy.Symbol("u")
FORMS = (
    F(0.3),
    F(0.3) * u,
    F(0.3) * u + F(0.2),
    F(0.3) * u + F(0.2) * sympy.sin(F(5.0) * u),
    F(0.1) * u**3 + F(0.2) * u**2 + F(0.3) * u + F(0.4) * sympy.sin(F(5.0) * u + F(1.0)),
)


def front_of(y, u_values):
    """Every form, fitted; those that are beaten drop out."""
    front = Front()
    for expression in FORMS:
        form = template(expression, (u,))
        fit = fit_constants(compile_template(form), form.values, Table(u_values[:, None], y))
        size = np.mean(y**2)
        front = front.offer(Equation(form.at(fit.values), ("u",), "y", fit.loss * size, fit.loss, "sample"))
    return front


def chain(complexity, loss):
    expression = u
    for _ in range(complexity - 1):
        expression = sympy.sin(expression)
    return Equation(expression, ("u",), "y", loss, loss, "sample")


def test_rounding_has_no_part_in_a_score():
    found = [scores(Front().offer(chain(1, 0.5)).offer(chain(3, loss))) for loss in (0.0, 1e-29, 1e-25)]
    assert found[0][1] > 10
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])


@pytest.mark.parametrize("n", [29, 101, 499])
@pytest.mark.parametrize("seed", range(11))
def test_pure_noise_chooses_the_constant(seed, n):
    rng = np.random.default_rng(seed)
    front = front_of(5 + rng.normal(size=n), rng.uniform(-2, 2, n))
    assert len(front) > 1
    assert front[choose(front, "best", n)].complexity == 1
    assert choose(front, "accuracy", n) == len(front) - 1


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.1])
def test_a_line_in_noise_is_chosen_over_wiggles(noise):
    rng = np.random.default_rng(1)
    x = rng.uniform(-2, 2, 101)
    front = front_of(2.345 * x + 1.234 + noise * rng.normal(size=101), x)
    chosen = front[choose(front, "best", 101)].expression
    assert sympy.Poly(chosen, u).degree() == 1
    assert not chosen.has(sympy.sin)


def test_a_wiggle_above_the_noise_is_chosen():
    rng = np.random.default_rng(1)
    x = rng.uniform(-2, 2, 211)
    front = front_of(0.5 * x + np.sin(5 * x) + 0.1 * rng.normal(size=211), x)
    assert front[choose(front, "best", 211)].expression.has(sympy.sin)


def test_a_fall_of_six_rows_is_no_tanh():
    """Which fits half a percent of a metre better by chance; a body thrown in the air falls by the square of time."""
    t = np.array([0, 0.1, 0.2, 0.3, 0.4, 0.5])
    table, front = Table(t[:, None], np.array([1.50, 1.46, 1.31, 1.05, 0.71, 0.28])), Front(rows=6)
    for expression in (F(1.5), sympy.Rational(3, 2) - F(4.9) * u**2, F(1.5) - 5 * sympy.tanh(u**2)):
        form = template(expression, (u,))
        fit = fit_constants(compile_template(form), form.values, table)
        front = front.offer(Equation(form.at(fit.values), ("u",), "y", fit.loss, fit.loss, "sample"))
    assert [e.expression.has(sympy.tanh) for e in front] == [False, False, True]
    assert choose(front, "best", 6) == 1


def test_more_rows_afford_a_longer_equation():
    front = Front().offer(chain(1, 1.0)).offer(chain(5, 0.8))
    assert [choose(front, "best", n) for n in (11, 1009)] == [0, 1]


def test_exact_equations_differ_by_length_only():
    front = Front().offer(chain(5, 1e-26)).offer(chain(3, 1e-25)).offer(chain(1, 1e-3))
    assert front[choose(front, "best", 101)].complexity == 3


@given(st.lists(st.tuples(st.integers(1, 9), st.floats(0, 1)), min_size=1, max_size=11))
def test_every_criterion_names_a_place_on_the_front(members):
    front = Front()
    for complexity, loss in members:
        front = front.offer(chain(complexity, loss))
    for criterion in CRITERIA:
        assert choose(front, criterion, 53) in range(len(front))
    assert choose(front, "accuracy", 53) == len(front) - 1
    score = scores(front)
    assert score.shape == (len(front),)
    assert score[0] == 0
    assert (score >= 0).all()
    assert np.isfinite(score).all()


def test_scores_are_the_fall_of_the_log_loss_by_complexity():
    front = Front().offer(chain(1, 1.0)).offer(chain(3, np.exp(-4))).offer(chain(6, np.exp(-4.3)))
    np.testing.assert_allclose(scores(front), [0, 2, 0.1])
    assert choose(front, "score", 101) == 1


def test_unknown_criteria_are_refused():
    with pytest.raises(InputDataError, match="model_selection='aic' is not known"):
        choose(Front().offer(chain(1, 1.0)), "aic", 11)
