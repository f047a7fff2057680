"""How sure the equation of a front is, and what rivals it has."""

import numpy as np
import pandas as pd
import pytest
import sympy

from eqdarts import DARTSRegressor
from eqdarts.data.table import Table
from eqdarts.equation.equation import Equation
from eqdarts.equation.front import Front
from eqdarts.equation.listing import front_text
from eqdarts.equation.rivals import by_form, probabilities, rated
from eqdarts.simplify.description import description_length

x, t = sympy.symbols("x t")
F = sympy.Float
ROWS = np.random.default_rng(0).uniform(1, 3, (23, 2))


def table_of(law, noise=0.0):
    value = np.broadcast_to(sympy.lambdify((x, t), law)(*ROWS.T), 23)
    return Table(ROWS, value + noise * np.random.default_rng(1).normal(size=23), ("x", "t"))


def equation(expression, loss=0.01):
    return Equation(expression, ("x", "t"), "y", loss, loss, "sample")


def test_probabilities_add_up_and_fall_with_length():
    found = probabilities([-50.0, -47.0, -47.0, 400.0])
    assert found.sum() == pytest.approx(1)
    assert found[0] > found[1] == found[2] > found[3]
    assert found[3] < 1e-6


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (F(2.5) * x + 1, 3 * x + F(0.7)),  # constants
        (3 * x**2, F(3.004) * x ** F(1.998)),  # an exponent, where the rows do not tell it
        (2 * x / (x + 3), 1 / (F(0.5) + F(1.5) / x)),  # the same function
        (2 * sympy.cos(x), 2 * sympy.sin(x + sympy.pi / 2)),
    ],
)
def test_what_constants_make_equal_is_one_form(one, other):
    table = table_of(one, 0.1)
    assert len(by_form([equation(one), equation(other)], table)) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (3 * x**2, 3 * x**3),
        (2 * x, 2 * x + F(0.001) * t),  # a term more, however small
        (2 * x / (x + 3), F(0.66) * sympy.tanh(x)),
        (2 * sympy.exp(-x), 2 * sympy.exp(-x) - F(0.001) * sympy.exp(-F(0.3) * x)),
    ],
)
def test_other_functions_are_other_forms(one, other):
    assert len(by_form([equation(one), equation(other)], table_of(one, 0.1))) == 2


def test_a_front_remembers_what_it_beat():
    best, beaten, mean = equation(3 * x, 0.0100), equation(3 * t, 0.0101), equation(F(5.0), 1.0)
    front = Front(rows=100)
    for one in (beaten, mean, best, beaten):
        front = front.offer(one)
    assert list(front) == [mean, best]
    assert [e for e, _ in front.offered] == [best, beaten]  # the mean is far too long
    lengths = [description_length(e.loss, e.expression, 100) for e in (best, beaten)]
    assert [nats for _, nats in front.offered] == lengths


def test_a_rival_of_the_same_size_is_named():
    law, other, mean = equation(3 * x, 0.0100), equation(3 * t, 0.0101), equation(F(5.0), 1.0)
    table = table_of(3 * x, 0.3)
    sure = rated(Front(rows=23).offer(law).offer(other).offer(mean), table)
    assert list(sure.equations) == [mean, law]
    assert list(sure.rivals) == [law, other]
    assert sure.equations[1].probability == sure.rivals[0].probability > sure.rivals[1].probability > 0.4
    text = front_text(Front(sure.equations, 23), 1, rivals=sure.rivals)
    assert "The rows do not decide between these two:" in text
    assert "y = 3*t" in text
    apart = rated(Front(rows=23).offer(equation(3 * x, 1e-4)).offer(other), table)
    assert apart.equations[0].probability > 0.99
    assert "decide" not in front_text(Front(apart.equations, 23), 0, rivals=apart.rivals)


def test_what_is_no_noise_leaves_room_for_another_law():
    X = np.linspace(0, 6, 120)[:, None]
    rows = Table(X, np.sin(X[:, 0]) + 0.05 * np.random.default_rng(0).normal(size=120), ("x",))

    def best(expression):
        value = sympy.lambdify(x, expression)(X[:, 0])
        loss = float(np.mean((value - rows.y) ** 2))
        return Front(rows=120).offer(Equation(expression, ("x",), "y", loss, loss / float(rows.y.var()), "sample"))

    law, imitation = rated(best(sympy.sin(x)), rows), rated(best(F(0.95) - F(0.31) * x), rows)
    assert (law.leaves_something, imitation.leaves_something) == (False, True)
    assert law.rivals[0].probability == 1
    assert imitation.rivals[0].probability == 0.5
    assert "more than noise" in front_text(
        Front(imitation.equations), 0, rivals=imitation.rivals, leaves_something=True
    )


def test_many_rivals_are_many():
    rivals = tuple(Equation(k * x, ("x",), "y", 0.1, 0.1, "sample", probability=1 / 9) for k in range(2, 11))
    text = front_text(Front(rivals[:1]), 0, rivals=rivals)
    assert "between many forms" in text
    assert text.count("11 %") == 6


@pytest.fixture(scope="module")
def model():
    X = pd.DataFrame({"x": np.linspace(1, 3, 12)})
    y = 2 * X.x + np.random.default_rng(0).normal(0, 0.5, 12)
    small = {"operations": ["scale", "power", "exp"], "max_nodes": 1, "replicas": 64, "max_epochs": 2}
    return DARTSRegressor(max_time=None, links=["identity"], random_state=0, verbose=0, **small).fit(X, y.rename("y"))


def test_a_model_says_how_sure_it_is(model):
    rivals, chosen = model.rivals_, model.equation()
    assert rivals["probability"].is_monotonic_decreasing
    assert rivals["probability"].between(0.01, 1).all()
    assert rivals["probability"].sum() <= 1 + 1e-9
    assert chosen.probability == rivals["probability"][0] == model.equations_["probability"][model.best_index_]
    assert chosen.derivative("x").probability is None
    assert Equation.from_json(chosen.to_json()).probability == chosen.probability


def test_an_exact_law_is_sure():
    X = np.linspace(1, 2, 20)[:, None]
    model = DARTSRegressor(max_epochs=2, replicas=16, random_state=0, verbose=0).fit(X, 1 / X[:, 0])
    assert model.equation().probability > 0.99
    assert len(model.rivals_) == 1
    assert ">99 %" in str(model)


def test_a_file_keeps_rivals_and_old_ones_have_none(model, tmp_path):
    path = tmp_path / "model.json"
    model.save(path)
    again = DARTSRegressor.load(path)
    pd.testing.assert_frame_equal(again.rivals_, model.rivals_)
    assert str(again) == str(model)
