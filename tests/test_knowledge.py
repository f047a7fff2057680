"""Constraints: they contradict nothing, checkers say what holds, and what comes back keeps them."""

import json
import math

import numpy as np
import pandas as pd
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from random_expressions import X, formulas
from random_graphs import draw_graphs, space_of
from strategies import examples

from eqdarts import Constraints, DARTSRegressor, Equation, Front, InputDataError, SearchWarning, parse_expression
from eqdarts.cli.knowing import Knowing
from eqdarts.data.table import Table
from eqdarts.graph.genotype import prune
from eqdarts.graph.to_sympy import Constants, column_symbols, to_expression
from eqdarts.knowledge.admission import Admission, broken_forms
from eqdarts.knowledge.box import Box, around
from eqdarts.knowledge.of_graphs import GraphGate
from eqdarts.knowledge.shape import broken_shapes, broken_values, mended
from eqdarts.report import report_html

COLUMNS = ("x1", "x2")
RNG = np.random.default_rng(5)
TABLE = Table(RNG.uniform(1, 4, (41, 2)), RNG.uniform(1, 9, 41), COLUMNS, "y")


def broken(text, margin=0.0, **fields):
    """What a formula breaks on the box 1 .. 4 of both columns."""
    constraints = Constraints(margin=margin, **fields)
    expression = parse_expression(text, COLUMNS)
    box = Box.of(np.array([[1.0, 1.0], [4.0, 4.0]]), np.array([0.0, 10.0]), margin)
    values = broken_values(expression, COLUMNS, constraints, box)
    return [
        *broken_forms(expression, constraints),
        *broken_shapes(expression, COLUMNS, constraints, box),
        *(f"value {constraints.values[k]}" for k in values),
    ]


@pytest.mark.parametrize(
    ("fields", "keeps", "breaks", "name"),
    [
        ({"must": ["x1"]}, "x1 + x2", "x2", "must have x1"),
        ({"never": ["x1"]}, "x2", "x1*x2", "must not have x1"),
        ({"operations": {"x1": ["exp"]}}, "exp(x1*x2) + 1/x2", "exp(x2)/x1", "operations of x1"),
        ({"operations": {"x1": ["logistic"]}}, "1/(1 + exp(-x1))", "sin(exp(x1))", "operations of x1"),
        ({"operations": {"x1": []}}, "3*x1*sin(x2)", "2.0**x1", "operations of x1"),
        ({"nesting": {"sin": 0}}, "sin(x1**2) + exp(x1)", "sin(exp(x1))", "nesting of sin"),
        ({"nesting": {"exp": 1}}, "exp(sin(x1))", "exp(sin(log(x1)))", "nesting of exp"),
        ({"nesting": {"exp": {"exp": 0}}}, "exp(sin(log(x1)))", "exp(x1 + exp(x2))", "nesting of exp"),
        ({"max_constants": 1}, "1.5*x1 + 3*x2", "1.5*x1 + 3.7", "max_constants"),
        ({"increasing": ["x1"]}, "log(x1)*x2", "x1*(3 - x1)", "increasing in x1"),
        ({"decreasing": ["x1"]}, "x2/x1", "x2 - 1/x1", "decreasing in x1"),
        ({"convex": ["x1"]}, "x1**2 - x2**2", "sqrt(x1)", "convex in x1"),
        ({"concave": ["x2"]}, "x1**2 - x2**2", "exp(x2)", "concave in x2"),
        ({"sign": "positive"}, "x1 - 0.5", "x1 - 1", "positive"),
        ({"sign": "nonnegative"}, "x1 - 1", "x1 - 2", "nonnegative"),
        ({"sign": "negative"}, "-x1", "x1", "negative"),
        ({"bounds": (None, 5)}, "x1 + x2/4", "x1 + x2", "bounds"),
        ({"at": [({"x1": 0}, 0)]}, "x1*exp(x2)", "x1 + x2", "value 0 at x1 = 0"),
        ({"at": [({"x1": 0}, 3, 0.2)]}, "x1 + 3.1", "x1 + 3.3", "value 3 at x1 = 0"),
        ({"at": [({"x1": 0}, 1)]}, "sin(x1)/x1", "sin(2*x1)/x1", "value 1 at x1 = 0"),
        ({"at": [({"x1": math.inf}, 2)]}, "2*x1/(x1 + x2)", "2*x1/(x1 + x2) + 1/x2", "value 2 at x1 -> inf"),
        ({"at": [({"x1": math.inf}, 0)]}, "x1*exp(-x1)", "log(x1)", "value 0 at x1 -> inf"),
        ({"at": [({"x1": -math.inf}, 0)]}, "exp(x1)", "exp(-x1)", "value 0 at x1 -> -inf"),
        ({"sign": "nonnegative"}, "sqrt(x1 - 1)", "sqrt(x1 - 2)", "defined everywhere"),
    ],
)
def test_checkers_say_what_holds(fields, keeps, breaks, name):
    assert broken(keeps, **fields) == []
    assert broken(breaks, **fields) == [name]


def test_shapes_are_asked_for_in_the_margin_too():
    assert broken("x1*(8 - x1)", increasing=["x1"]) == []
    assert broken("x1*(8 - x1)", increasing=["x1"], margin=0.1) == ["increasing in x1"]


@examples(15)
@given(slope=st.floats(-5, 5).filter(lambda a: abs(a) > 1e-3), power=st.sampled_from([1, 2, 3]), shift=st.floats(-3, 3))
def test_monotone_is_what_the_slope_says(slope, power, shift):
    text = f"{slope!r}*x1**{power} + {shift!r}*x2"
    assert bool(broken(text, increasing=["x1"])) == (slope < 0)
    assert bool(broken(text, decreasing=["x1"])) == (slope > 0)


@examples(25)
@given(expression=formulas)
def test_bounds_are_what_values_say(expression):
    expression = expression.xreplace({s: sympy.Symbol(s.name) for s in expression.free_symbols})
    box, constraints = Box.of(X, X[:, 0], 0.0), Constraints(bounds=(-9.0, 9.0), margin=0.0)
    value = Equation(expression, ("u", "v"), "y", 0.0, 0.0, "sample").predict(box.points)
    within = bool((np.abs(value) <= 9.0).all())
    assert (not list(broken_shapes(expression, ("u", "v"), constraints, box))) == within


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"must": ["x1"], "never": ["x1"]}, "must and in never"),
        ({"increasing": ["x1"], "decreasing": ["x1"]}, "increasing and in decreasing"),
        ({"must": "x1"}, r"such as \['x1'\]"),
        ({"bounds": (3, 1)}, "must be less"),
        ({"bounds": 3}, r"expected \(low, high\)"),
        ({"sign": "positive", "bounds": (-3, -1)}, "leaves nothing of bounds"),
        ({"sign": "up"}, "choose one of"),
        ({"sign": "positive", "at": [({"x1": 0}, -2.0)]}, "outside of sign and bounds"),
        ({"at": [("x1", 0)]}, "expected a point and a value"),
        ({"at": [({"x1": 0}, math.nan)]}, "expected a point and a value"),
        ({"operations": {"x1": ["root"]}}, "'root', which is not known"),
        ({"nesting": {"sine": 0}}, "no function"),
        ({"nesting": {"sin": -1}}, "at least 0"),
        ({"margin": -1}, "margin"),
        ({"max_constants": 1.5}, "max_constants"),
        ({"increase": ["x1"]}, "'increase' is not known"),
    ],
)
def test_contradictions_are_refused_at_once(fields, message):
    with pytest.raises(InputDataError, match=message):
        Constraints.of(fields)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"must": ["x9"]}, "must names 'x9', which is no column"),
        ({"increasing": ["y"]}, "increasing names 'y', which is the target"),
        ({"at": [({"x9": 0}, 5.0)]}, "at names 'x9'"),
        ({"never": ["x1", "x2"]}, "never names all columns"),
        ({"operations": {"x1": ["gamma"]}}, "not known"),
        ({"operations": {"x1": ["square"]}}, "not among the operations of the search"),
        ({"must": ["x1", "x2"]}, "take 3 nodes, and max_complexity=2"),
        ({"bounds": (0, 2)}, "values of 'y' are outside of 0 to 2"),
        ({"sign": "negative"}, "are outside of"),
    ],
)
def test_contradictions_to_the_table_are_refused_before_the_search(fields, message):
    called = []
    model = DARTSRegressor(
        constraints=fields, max_complexity=2, max_epochs=1, callback=called.append, random_state=0, verbose=0
    )
    with pytest.raises(InputDataError, match=message):
        model.fit(pd.DataFrame(TABLE.X, columns=list(COLUMNS)), pd.Series(TABLE.y, name="y"))
    assert not called


def test_a_must_column_that_does_not_vary_is_refused():
    X = pd.DataFrame({"x1": np.arange(9.0), "x2": np.ones(9)})
    with pytest.raises(InputDataError, match="'x2', which has one value only"):
        DARTSRegressor(constraints={"must": ["x2"]}, max_epochs=1, verbose=0).fit(X, X.x1.rename("y"))


def test_positive_columns_stay_positive_in_the_margin():
    low, high = around(np.array([[0.3, 0.0, -2.0], [9.0, 5.0, -1.0]]), 0.5)
    assert low.tolist() == [0.15, 0.0, -2.5]
    assert high.tolist() == [13.35, 7.5, -0.5]


def test_constraints_are_their_plain_values():
    some = Constraints(
        must=["x1"], operations={"x2": ["exp"]}, nesting={"sin": 0, "exp": {"log": 1}}, bounds=(None, 4), margin=0.0,
        at=[({"x1": math.inf}, 2.0), ({"x1": 0}, 1.0, 0.5)],
    )  # fmt: skip
    assert Constraints.of(json.loads(json.dumps(some.to_dict()))) == some
    assert not Constraints()
    assert bool(some)


def test_graphs_are_judged_as_their_formulas():
    """Constraints on the form say the same of a graph and of the formula that it is."""
    constraints = Constraints(
        must=["x1"], operations={"x2": ["power", "exp"]}, nesting={"sin": 0, "exp": {"exp": 0}}, margin=0.0
    )
    space = space_of(2, COLUMNS, ("zero", "linear", "power", "exp", "sin", "logistic"))
    graphs = draw_graphs(space, 61, np.random.default_rng(0))
    batch = prune(space, graphs.batch)
    admission = Admission(constraints, TABLE)
    kept = GraphGate(space, admission, TABLE, 1.0).forms(batch)
    for k in range(len(batch)):
        scales = Constants(graphs.w[k].numpy(), graphs.coefficients[k].numpy(), np.ones(2), 1.0)
        expression = to_expression(space, batch.genotype(space, k), scales, column_symbols(COLUMNS, (False, False)))
        assert kept[k] == (not list(broken_forms(expression, constraints))), (k, expression)
    assert 0 < kept.sum() < len(kept)
    assert sum(one.graphs for one in admission.excluded.values()) == (~kept).sum()


def test_what_a_formula_is_wrong_by_is_taken_off():
    x = sympy.Symbol("x1")
    constraints = Constraints(at=[({"x1": 0}, 2.0)])
    found = mended(3.5 * sympy.exp(-x) + 1.25, constraints.values)
    assert float(found.subs(x, 0)) == pytest.approx(2.0)
    assert mended(1 / x, constraints.values) is None


def law(text, loss):
    return Equation(parse_expression(text, COLUMNS), COLUMNS, "y", loss, loss, "sample")


def test_the_gate_counts_and_keeps_the_best_of_what_it_refuses():
    admission = Admission(Constraints(sign="positive", must=["x1"]), TABLE)
    front = Front(rows=41)
    for one in (law("5.0", 1.0), law("x1 - 3", 0.5), law("x1 - 4*x2", 0.2), law("x1 + x2**2", 0.1)):
        front = front.offer(one)
    kept = admission.only(front)
    assert [str(e) for e in kept] == ["x1 + x2**2"]
    assert admission.excluded["positive"].equations == 2
    assert str(admission.excluded["positive"].best) == "x1 - 4*x2"
    assert admission.excluded["must have x1"].equations == 1
    with pytest.raises(InputDataError, match=r"no equation .* keeps all constraints. Constraints kept out .*positive"):
        admission.only(Front((law("x1 - 3", 0.5),), 41))


def test_a_constant_alone_is_said():
    admission = Admission(Constraints(increasing=["x1"]), TABLE)
    with pytest.warns(SearchWarning, match="no equation but a constant keeps all constraints"):
        kept = admission.only(Front((law("5.5", 1.0), law("-x1", 0.5)), 41))
    assert [str(e) for e in kept] == ["5.5"]


@pytest.fixture(scope="module")
def saturating():
    """A noisy table whose best formulas, let alone, are neither 0 at 0 nor always rising."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"dose": rng.uniform(0.5, 10, 40), "other": rng.uniform(1, 5, 40)})
    return X, (3 * X.dose / (2 + X.dose) + 0.25 * rng.normal(size=40)).rename("effect")


KNOWN = Constraints(increasing=["dose"], sign="nonnegative", at=[({"dose": 0}, 0.0)], never=["other"])


def fitted(table, constraints, **options):
    model = DARTSRegressor(constraints=constraints, random_state=0, verbose=0, n_jobs=1, max_time=None, **options)
    return model.fit(*table)


@pytest.fixture(scope="module")
def constrained(saturating):
    return fitted(saturating, KNOWN, max_epochs=1, replicas=32, links=["identity"], proposers=["shape", "monomials"])


def test_what_comes_back_keeps_the_constraints(constrained, saturating):
    admission = Admission(KNOWN, Table(*(np.asarray(a, dtype=float) for a in saturating), ("dose", "other"), "effect"))
    assert all(admission.admits(equation) for equation in constrained.front_)
    assert "other" not in {s.name for e in constrained.front_ for s in e.expression.free_symbols}
    assert abs(constrained.predict(pd.DataFrame({"dose": [0.0], "other": [1.0]}))[0]) < 1e-6


def test_what_was_kept_out_is_told_and_saved(constrained, tmp_path):
    excluded = constrained.excluded_
    assert excluded.equations.sum() > 0
    assert "value 0 at dose = 0" in set(excluded.constraint)
    assert "Constraints kept out" in str(constrained)
    constrained.save(tmp_path / "model.json")
    again = DARTSRegressor.load(tmp_path / "model.json")
    pd.testing.assert_frame_equal(again.excluded_, excluded)
    assert Constraints.of(again.constraints) == KNOWN
    assert str(again) == str(constrained)
    assert "Constraints kept out" in report_html(again)


@pytest.mark.slow
def test_the_law_is_found_where_it_is_not_without_constraints(saturating):
    free = fitted(saturating, None, max_epochs=6, replicas=256)
    held = fitted(saturating, KNOWN, max_epochs=6, replicas=256)
    assert not Admission(
        KNOWN, Table(*(np.asarray(a, dtype=float) for a in saturating), ("dose", "other"), "effect")
    ).admits(free.front_[free.best_index_])
    assert held.select(form="a*dose/(b + dose)").selected_ == held.select().best_index_


def test_the_command_line_says_the_same():
    knowing = Knowing(
        guess=["v*c/(K + c)"], constant=["R=8.314", "N=6.02e23"], must="a,b", increasing="a", positive=True, bounds="0,"
    )
    assert knowing.options() == {
        "guesses": ["v*c/(K + c)"],
        "constants": {"R": 8.314, "N": 6.02e23},
        "constraints": {"must": ("a", "b"), "increasing": ("a",), "sign": "positive", "bounds": (0.0, None)},
    }
    assert Knowing().options() == {"guesses": None, "constants": None, "constraints": None}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"constant": ["R"]}, "--constant 'R': expected NAME=VALUE"),
        ({"constant": ["R=x"]}, "--constant 'R=x'"),
        ({"bounds": "3"}, "--bounds '3': expected LOW,HIGH"),
        ({"bounds": "a,b"}, "--bounds 'a,b'"),
    ],
)
def test_what_the_command_line_cannot_read_is_said(given, message):
    with pytest.raises(InputDataError, match=message):
        Knowing(**given).options()
