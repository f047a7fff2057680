"""An equation of a front by row, complexity or form; a model that was told which follows in all it does."""

import pickle
from copy import copy

import numpy as np
import pandas as pd
import pytest
import sympy
from sklearn.base import clone

from eqdarts import DARTSRegressor, InputDataError
from eqdarts.equation.equation import Equation
from eqdarts.equation.front import Front
from eqdarts.equation.picking import picked
from eqdarts.formula.records import dump

F = sympy.Float
t, x, odd = sympy.Symbol("t"), sympy.Symbol("x"), sympy.Symbol("<b> (m)")
EXPRESSIONS = (
    F(2.5),
    F(1.5) * x,
    F(2.1) * x ** sympy.Rational(3, 2),
    F(2.1) * sympy.exp(F(-0.3) * t) + x,
    (F(19.6) * x + t**2) * odd / 2,
    F(1.1) * sympy.log(F(3.0) * x + 1) * t ** F(0.77) + F(0.1),
)
FRONT = Front(tuple(Equation(e, ("t", "x", "<b> (m)"), "y", 4.0**-k, 4.0**-k, "t") for k, e in enumerate(EXPRESSIONS)))


@pytest.mark.parametrize(
    ("form", "place"),
    [
        ("a", 0), ("y = a*x", 1), ("x", 1), ("2.1*x**1.5", 2), ("a*x**(3/2)", 2), ("a*exp(-k*t) + b*x", 3),
        ("A*exp(t/tau) + x", 3), ("a*x*`<b> (m)` + b*`<b> (m)`*t**2", 4), ("a*x**p", 2), ("a*x**(-q)", 2),
        ("(a*x + b*t**n)*`<b> (m)`", 4), ("a*log(b*x + c)*t**d + e", 5), (sympy.Symbol("k") * x, 1),
    ],
)  # fmt: skip
def test_forms_are_found_whatever_their_constants_are_called(form, place):
    assert picked(FRONT, 30, form=form) == place


@pytest.mark.parametrize("form", ["a*x**2", "a*exp(-k*t)", "a*t", "a*x + b", "exp(a*t)*exp(b*x) + c", "a*x**p + b"])
def test_a_form_that_is_not_there_is_refused_and_all_that_are_there_are_named(form):
    with pytest.raises(InputDataError, match=r"no equation.*refit\. There are 0: 2\.5; 1: 1\.5\*x; "):
        picked(FRONT, 30, form=form)


def test_of_equations_of_one_form_the_shortest_description_is_taken():
    for loss, place in ((0.19, 0), (0.0019, 1)):
        given = ((x + F(0.5), 0.2), (F(2.5) * x + F(0.5), loss))
        front = Front(tuple(Equation(expression, ("x",), "y", some, some, "t") for expression, some in given))
        assert picked(front, 30, form="a*x + b") == place


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"index": 6}, "rows 0 to 5"), ({"index": -1}, "rows 0 to 5"), ({"index": True}, "rows 0 to 5"),
        ({"index": "2"}, "rows 0 to 5"), ({"complexity": 2}, "there are 1, 3, 5"),
        ({"complexity": 1.5}, "complexity"), ({"index": 1, "form": "a"}, "index and form"), ({"form": 3}, "form=3"),
        ({"form": "a*"}, "form='a\\*'"), ({"form": "z = a*x"}, "'z' stands on the left"),
        ({"form": "a=b=c"}, "second ="),
    ],
)  # fmt: skip
def test_what_is_not_there_is_an_error_that_says_what_is(asked, message):
    with pytest.raises(InputDataError, match=message):
        picked(FRONT, 30, **asked)


def table():
    X = pd.DataFrame({"x": np.random.default_rng(0).uniform(1, 3, 60)})
    return X, (X.x**2).rename("F")


@pytest.fixture(scope="module")
def fitted():
    """Of an exact monomial, which is found before there is a search."""
    return DARTSRegressor(max_epochs=2, replicas=16, verbose=0, random_state=0).fit(*table())


@pytest.fixture
def model(fitted):
    return copy(fitted)


def test_all_that_a_model_does_follows_what_was_selected(model, tmp_path):
    X, y = table()
    automatic, other = model.best_index_, 0 if model.best_index_ else len(model.front_) - 1
    assert model.select(other) is model
    assert model.best_index_ == model.selected_ == other
    assert model.sympy() == model.equation().expression == model.front_[other].expression
    np.testing.assert_array_equal(model.predict(X), model.predict(X, index=other))
    assert model.latex() == model.latex(index=other) != model.latex(index=automatic)
    assert model.score(X, y) != copy(model).select().score(X, y)
    assert model.genotype_ == model.front_[other].genotype
    arrow = next(line for line in str(model).splitlines() if line.startswith("->"))
    assert arrow.endswith(f"F = {model.front_[other].text()}")
    assert f"the automatic choice is that of complexity {model.front_[automatic].complexity}" in str(model)
    model.save(tmp_path / "model.json")
    again = DARTSRegressor.load(tmp_path / "model.json")
    assert again.best_index_ == again.selected_ == other
    assert pickle.loads(pickle.dumps(model)).best_index_ == other
    assert again.select().best_index_ == model.select().best_index_ == automatic
    assert model.selected_ is None
    assert "automatic" not in str(model)


def test_complexity_and_form_select_as_well(model):
    last = model.front_[len(model.front_) - 1]
    assert model.select(complexity=last.complexity).sympy() == last.expression
    assert model.select(form=last.expression).sympy() == last.expression


def test_a_fit_and_a_clone_forget_it_and_an_error_does_not(model):
    model.select(0)
    with pytest.raises(InputDataError, match="no equation"):
        model.select(form="a*sin(b*x)")
    assert model.selected_ == 0
    assert not hasattr(clone(model), "_selected")
    assert model.fit(*table()).selected_ is None


def test_files_of_before_have_no_selection_and_a_wrong_one_is_refused(model, tmp_path):
    saved = model.select(0).to_dict()
    for selected, place in ((None, model.select().best_index_), (1, 1)):
        (tmp_path / "m.json").write_text(dump({**saved, "selected": selected}), encoding="utf-8")
        assert DARTSRegressor.load(tmp_path / "m.json").best_index_ == place
    del saved["selected"]
    (tmp_path / "m.json").write_text(dump(saved), encoding="utf-8")
    assert DARTSRegressor.load(tmp_path / "m.json").selected_ is None
    (tmp_path / "m.json").write_text(dump({**saved, "selected": 99}), encoding="utf-8")
    with pytest.raises(InputDataError, match="selected"):
        DARTSRegressor.load(tmp_path / "m.json")
