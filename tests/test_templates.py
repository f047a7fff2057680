"""The search for the unknown functions of a template."""

import numpy as np
import pandas as pd
import pytest
import sympy

from eqdarts import DARTSRegressor
from eqdarts.data.table import Table
from eqdarts.equation.composed import Composed, put_together
from eqdarts.equation.equation import Equation
from eqdarts.equation.evaluation import evaluate
from eqdarts.errors import InputDataError, kept_warnings
from eqdarts.formula.parsing import parse_expression
from eqdarts.formula.templates import read_template
from eqdarts.simplify.description import size
from eqdarts.templates.absorbed import identifiable
from eqdarts.templates.joined import Joint, joined
from eqdarts.templates.pilot import pilot_of
from eqdarts.templates.scaffold import Scaffold
from eqdarts.templates.working import working_table

NAMES = ("x1", "x2", "x3")
RNG = np.random.default_rng(5)
X = RNG.uniform(0.5, 3, (131, 3))
x1, x2, x3 = X.T
SMALL = {"max_epochs": 1, "max_time": None, "replicas": 32, "max_nodes": 2, "links": ["identity"]}
SMALL |= {"proposers": ["monomials"], "random_state": 0, "verbose": 0, "n_jobs": 1}


def law(text):
    return read_template(text, NAMES, "y")


def seen(text):
    with kept_warnings() as said:
        return str(identifiable(law(text), X)), said


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a + f(x1)", "f(x1)"),
        ("a*f(x1)*x2", "x2*f(x1)"),
        ("a*x1 + b + f(x1)", "f(x1)"),
        ("exp(a + f(x1))", "exp(f(x1))"),
        ("f(x1/x2) + a*x2/x1", "f(x1/x2)"),
        ("f(x1 - x2) + a*x1 - a*x2", "f(x1 - x2)"),
        ("a*b*x1 + f(x2)", "b*x1 + f(x2)"),
    ],
)
def test_a_constant_that_a_function_takes_in_is_left_out_and_told(text, left):
    found, said = seen(text)
    assert found == left
    assert "can take in the constant a" in said[0]


@pytest.mark.parametrize(
    "text",
    ["a*x1 + f(x2, x3)", "exp(-f(x1))*g(x2) + a", "f(x1)*g(x2) + a*x3", "f(x1)/(a + x2)", "f(x1) - f(x2) + a",
     "f(x1)*x2 + g(x1)", "f(x1, x2) + g(x2, x3)", "x1**a*f(x2)"],
)  # fmt: skip
def test_what_rows_can_tell_stays(text):
    found, said = seen(text)
    assert (found, said) == (str(law(text)), [])


@pytest.mark.parametrize("text", ["f(x1) + g(x1)", "f(x1)*g(x1, x2)", "f(x1, x2) + g(x2)", "exp(f(x1))*g(x1)"])
def test_functions_that_no_rows_tell_apart_are_refused(text):
    with pytest.raises(InputDataError, match="no rows tell them apart"):
        seen(text)


def test_a_constant_that_only_simplicity_tells_stays_with_a_word():
    found, said = seen("exp(-f(x1)) + a")
    assert found == "a + exp(-f(x1))"
    assert "how simple" in said[0]


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("f(x1)*g(x2) + a*x3", (x1**2 + 1) * np.sin(x2) + 2 * x3),
        ("f(x1) - f(x2)", np.log(x1) - np.log(x2)),
        ("f(x1/x2)*x3 + a*x1", np.tanh(x1 / x2) * x3 + 2.5 * x1),
    ],
)
def test_a_pilot_and_its_working_tables_draw_smooth_functions(text, truth):
    y = truth + 0.02 * truth.std() * RNG.normal(size=len(truth))
    scaffold, table = Scaffold.of(law(text)), Table(X, y, NAMES)
    with np.errstate(all="ignore"):
        pilot = pilot_of(scaffold, table, np.random.default_rng(0), np.inf)
        works = [working_table(scaffold, table, pilot, place) for place in range(len(scaffold.places))]
    assert 1e-4 < pilot.loss < 6e-4
    fitted, _, _ = scaffold.linearise(X, pilot.constants, pilot.values)
    assert np.std(fitted - truth) < 0.02 * truth.std()
    for function, work in zip(scaffold.template.functions, works, strict=True):
        assert work.names == function.arguments
        assert np.isclose(np.mean(work.weights), 1)
        assert len(work) <= len(function.uses) * len(X)


def test_a_working_response_is_the_function_where_the_template_is_linear_in_it():
    truth = 3 * x1 + np.exp(-x2) * x3**2
    scaffold, table = Scaffold.of(law("a*x1 + f(x2, x3)")), Table(X, truth, NAMES)
    pilot = pilot_of(scaffold, table, np.random.default_rng(0), np.inf)
    work = working_table(scaffold, table, pilot, 0)
    # What the pilot's constant errs by is left in it, and nothing of what its functions err by.
    assert np.abs(work.y - (truth - pilot.constants[0] * x1)[: len(work)]).max() < 1e-12 or len(work) < len(X)
    assert np.abs(np.sort(work.y) - np.sort(np.exp(-x2) * x3**2)[-len(work) :]).max() < 0.5


def test_slopes_of_a_scaffold_are_finite_differences():
    scaffold = Scaffold.of(law("exp(-f(x1))*g(x2)**2 + a*x3"))
    constants, values = np.array([0.7]), RNG.uniform(0.5, 1.5, (2, len(X)))
    _, by_constants, by_uses = scaffold.linearise(X, constants, values)
    step = 1e-6
    for k in range(2):
        moved = [values + sign * step * np.eye(2)[k][:, None] for sign in (1, -1)]
        above, below = (scaffold.value(X, constants, value) for value in moved)
        assert np.allclose((above - below) / (2 * step), by_uses[k], rtol=1e-6)
    above, below = (scaffold.value(X, constants + sign * step, values) for sign in (1, -1))
    assert np.allclose((above - below) / (2 * step), by_constants[0], rtol=1e-6)


def test_formulas_are_joined_fitted_and_made_simple_together():
    y = (x1**2 + 1) * np.sin(x2) + 2 * x3
    u, v = sympy.symbols("x1 x2")
    choices = [[-1.3 * u, -0.71 * u**2 - 0.7], [0.4 * v, -1.41 * sympy.sin(v)]]
    table = Table(X, y + 0.1 * np.random.default_rng(1).normal(size=len(y)), NAMES)
    found = list(joined(law("f(x1)*g(x2) + a*x3"), choices, np.array([1.0]), table, [X[:, :1], X[:, 1:2]], np.inf))
    best = found[0].composed
    assert best.formulas == {"f": u**2 + 1, "g": sympy.sin(v)}
    assert best.constants == (("a", sympy.Integer(2)),)
    assert np.allclose(evaluate(best.expression, NAMES, X), y)


def test_what_is_put_together_is_what_its_parts_say():
    template = law("a*f(x1/x2) - f(x3)")
    joint = Joint.of(template, [1.5 * sympy.exp(-2.5 * sympy.Symbol("u"))], [sympy.Float(4.25)])
    composed = joint.composed
    expected = 4.25 * 1.5 * np.exp(-2.5 * x1 / x2) - 1.5 * np.exp(-2.5 * x3)
    assert np.allclose(evaluate(composed.expression, NAMES, X), expected)
    assert composed.text("y") == "y = a*f(x1/x2) - f(x3), f(u) = 1.5*exp(-2.5*u), a = 4.25"


@pytest.fixture(scope="module")
def model():
    table = pd.DataFrame(X, columns=list(NAMES))[:70]
    y = (3 * x1 + 2.5 * x2**2 / x3)[:70]
    y = pd.Series(y + 0.03 * y.std() * np.random.default_rng(1).normal(size=len(y)), name="force")
    return DARTSRegressor(template="force = a*x1 + f(x2, x3)", **SMALL).fit(table, y)


def test_a_function_is_found_beside_a_constant(model):
    assert model.functions_["f"].subs({"x2": 2, "x3": 5}) == pytest.approx(2, rel=0.02)
    assert set(map(str, model.functions_["f"].free_symbols)) == {"x2", "x3"}
    assert model.score(pd.DataFrame(X, columns=list(NAMES)), 3 * x1 + 2.5 * x2**2 / x3) > 0.999
    assert model.screened_columns_ == NAMES
    assert model.genotype_ is None
    assert len(model.history_) == 2
    assert all(row.composed is not None for row in model.front_)


def test_every_equation_of_the_front_has_the_templates_form(model):
    for row in model.front_:
        composed = row.composed
        whole = put_together(composed.template, dict(composed.functions), dict(composed.constants))
        assert np.allclose(evaluate(whole, row.columns, X), row.predict(X), rtol=1e-9)


def test_it_is_printed_with_its_parts(model):
    assert model.latex().startswith(r"\mathrm{force} = a x_{1} + f{\left(x_{2},x_{3} \right)}, \quad f")
    assert "With the template: force = a*x1 + f(x2, x3), f(x2, x3) = " in str(model)
    assert model.latex(errors=True).startswith(r"\mathrm{force} = 3 x_{1} + ")


def test_it_is_saved_with_its_parts(model, tmp_path):
    model.save(tmp_path / "model.json")
    again = DARTSRegressor.load(tmp_path / "model.json")
    assert again.functions_ == model.functions_
    assert again.latex() == model.latex()
    assert again.template == model.template
    table = pd.DataFrame(X, columns=list(NAMES))
    assert np.array_equal(again.predict(table), model.predict(table))


def test_one_equation_is_saved_with_its_parts(model):
    row = model.equation()
    again = Equation.from_json(row.to_json())
    assert again.composed == row.composed
    damaged = row.to_json().replace('"template": "a*x1', '"template": "h(x1) + a*x1')
    with pytest.raises(InputDataError, match="h\\(x1\\) is none of its functions"):
        Equation.from_json(damaged)


def test_what_is_made_of_it_has_no_template(model):
    assert model.resample(2) == list(model.front_)
    slope = model.equation().derivative("x1")
    assert slope.composed is None


def fit(text, y=None, columns=X, **options):
    y = 2 * x1 + x2 if y is None else y
    with kept_warnings() as said:
        model = DARTSRegressor(template=text, **{**SMALL, **options}).fit(columns, y)
    return model, said


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("a*x1 + f(x4)", {}, "'x4' is no column; did you mean x1"),
        ("a*x1", {}, "no unknown function"),
        (7, {}, "template: expected text"),
        ("f(x1) + g(x1)", {}, "no rows tell them apart"),
        ("f(log(x1 - 1))", {}, "not defined on"),
        ("f(x1 - x1 + 0*x2, x2)", {}, "made of columns"),
        ("f(x1)", {"validation": np.arange(40)}, "validation"),
        ("f(x1)", {"constraints": {"must": ["x1"]}}, "constraints"),
        ("f(x1)", {"guesses": ["a*x1"]}, "guesses"),
        ("f(x1)", {"constants": {"R": 8.314}}, "constants"),
        ("f(x1)", {"units": {"x1": "m", "x2": "m", "x3": "m", "y": "s"}}, "units"),
        ("f(x1)", {"loss": "absolute"}, "loss"),
        ("log(f(x1)) + x2", {"y": np.ones(len(X))}, "has one value only"),
    ],
)  # fmt: skip
def test_what_cannot_be_searched_is_refused_before(text, options, message):
    with pytest.raises(InputDataError, match=message):
        fit(text, **options)


def test_laws_that_are_all_too_large_are_an_error_that_says_so():
    with pytest.raises(InputDataError, match="more than 1 nodes; raise max_complexity"):
        fit("x1 + f(x2)", max_complexity=1, proposers=("monomials",), max_epochs=1)


def test_an_argument_of_one_value_is_refused():
    with pytest.raises(InputDataError, match="x3 in f\\(x3\\) has one value only, 2"):
        fit("f(x3)", columns=np.column_stack([X[:, :2], np.full(len(X), 2.0)]))


def test_a_column_that_stands_nowhere_is_told():
    with kept_warnings() as said, pytest.raises(InputDataError, match="no rows"):
        DARTSRegressor(template="f(x1) + g(x1, x3)", **SMALL).fit(X, x1)
    assert said == ["template: the columns x2 stand nowhere in it and are left out"]


def test_two_functions_are_found_in_noisy_rows():
    rng = np.random.default_rng(3)
    rows = rng.uniform(0.5, 3, (120, 2))
    truth = np.exp(-(rows[:, 0] ** 2) / 2) + 3 * np.sqrt(rows[:, 1])
    y = truth + 0.03 * truth.std() * rng.normal(size=120)
    model, _ = fit("exp(-f(x1)) + g(x2)", y, rows)
    assert tuple(map(str, model.functions_.values())) == ("x1**2/2", "3*sqrt(x2)")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "law", "functions"),
    [
        ("f(x1)*g(x2) + a*x3", lambda a, b, c: (a**2 + 1) * np.sin(b) + 2 * c, ("x1**2 + 1", "sin(x2)")),
        ("exp(-f(x1)) + g(x2)", lambda a, b, c: np.exp(-(a**2) / 2) + 3 * np.sqrt(b), ("x1**2/2", "3*sqrt(x2)")),
    ],
)
def test_two_functions_are_recovered_from_noisy_rows(text, law, functions):
    rng = np.random.default_rng(3)
    rows = rng.uniform(0.5, 3, (200, 3))
    truth = law(*rows.T)
    y = truth + 0.03 * truth.std() * rng.normal(size=200)
    model, _ = fit(text, y, rows, max_epochs=3, replicas=256, links=None, proposers=None)
    for found, expected, column in zip(model.functions_.values(), functions, ("x1", "x2"), strict=True):
        # sin(x2) may be written as cos(x2 + 4.716), whose phase is 3π/2 within its error.
        value, truth = (
            evaluate(form, (column,), rows[:, [int(column[1]) - 1]]) for form in (found, parse_expression(expected))
        )
        assert np.abs(value - truth).max() < 0.02 * np.std(truth)
        assert size(found) <= size(parse_expression(expected)) + 2


def test_parts_are_compared_by_what_they_are():
    f, x = sympy.Function("f"), sympy.Symbol("x")
    assert Composed(f(x), ((f(x), x**2),)) == Composed(f(x), ((f(x), x**2),))
