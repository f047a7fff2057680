"""Searches on other columns: what symmetries leave, and columns that lie far from zero from near their values."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import sympy
from known_graphs import population_of, problem_of
from random_graphs import draw_graphs

from eqdarts import DARTSRegressor, refit
from eqdarts.darts.architecture import prior
from eqdarts.equation.equation import Equation
from eqdarts.equation.front import Front
from eqdarts.fit.graphs import predict_graphs
from eqdarts.formula.tape import tape
from eqdarts.graph.space import SearchSpace
from eqdarts.options import SearchConfig
from eqdarts.propose.symmetry import Reduction
from eqdarts.propose.terms import Node, Term
from eqdarts.search.branches import Branches
from eqdarts.search.machine import Machine
from eqdarts.search.problem import View
from eqdarts.search.reformulations import AT_ONCE, in_groups, origins_of, symmetries
from eqdarts.search.runs import SampledState
from eqdarts.search.stops import Watch
from eqdarts.search.sums import Sums

SECONDS = 1.7e9 + 60.0 * np.arange(60)
COOLING = 300 + 40 * np.exp(-(SECONDS - 1.7e9) / 900)


@pytest.mark.parametrize(
    ("column", "origin"),
    [
        (SECONDS, 1.7e9),
        (np.arange(1950.0, 2021.0), 1950.0),
        (273.15 + np.linspace(0, 3, 31), 273.0),
        (1420.1 + np.linspace(0, 0.6, 31), 1420.0),
        (5.1234 + np.linspace(0, 0.004, 31), 5.123),
        (-1e6 - np.linspace(0, 5, 31), -1000005.0),
        (np.linspace(1, 100, 31), 0.0),
        (np.linspace(-1e9, 1e9, 31), 0.0),
        (np.full(31, 7.0), 0.0),
    ],
)
def test_the_origin_is_a_round_number_below_a_column_that_is_far_from_zero(column, origin):
    assert origins_of(column[:, None]).tolist() == [origin]


@pytest.fixture(scope="module")
def cooling():
    model = DARTSRegressor(
        max_epochs=12, max_time=None, random_state=0, verbose=0, n_jobs=1, operations=("zero", "linear", "exp")
    )
    return model.fit(pd.DataFrame({"t": SECONDS}), COOLING)


def test_a_law_of_dates_is_found_and_is_exact(cooling):
    assert cooling.stop_reason_ == "exact"
    law = cooling.front_[cooling.best_index_]
    assert law.origin.startswith("shifted, ")
    assert law.relative_loss < 1e-24
    t = sympy.Symbol("t")
    np.testing.assert_allclose(float(law.expression.diff(t).subs(t, 1_700_000_000)), -40 / 900, rtol=1e-12)
    assert law.genotype.inputs == ("t - 1700000000",)


def test_what_is_shown_of_it_is_not_multiplied_out(cooling):
    assert "(t - 1700000000)" in str(cooling.front_[cooling.best_index_])
    assert "0.001111 " in cooling.latex()


def test_it_keeps_its_digits_when_it_is_saved_and_when_it_is_fitted_again(cooling):
    table, law = pd.DataFrame({"t": SECONDS}), cooling.equation()
    np.testing.assert_array_equal(Equation.from_json(law.to_json()).predict(table), law.predict(table))
    again = cooling.refit(table, 300 + 40 * np.exp(-(SECONDS - 1.7e9) / 950))
    assert again.relative_loss < 1e-20
    text = refit("300 + 40*exp(-0.0012*(t - 1700000000))", table, COOLING)
    assert text.relative_loss < 1e-20


def test_it_stays_together_when_a_large_table_refits_it():
    """A law of 10,400 dates: the refit to all rows multiplies nothing out."""
    seconds = 1.7e9 + 0.5 * np.arange(10_400)
    law = 300.0 + 40.0 * np.exp(-(seconds - 1.7e9) / 900.0)
    model = DARTSRegressor(
        max_epochs=12, max_time=None, random_state=0, verbose=0, n_jobs=1, operations=("zero", "linear", "exp")
    ).fit(pd.DataFrame({"t": seconds}), law)
    assert model.front_[model.best_index_].relative_loss < 1e-20
    assert "(t - 1700000000)" in str(model.front_[model.best_index_])


P, Q, R = sympy.symbols("x1:4", positive=True)
POSITIVE = np.random.default_rng(3).uniform(1, 3, (211, 3))
#: Laws, and the groups and the prefactor that their symmetries leave.
SYMMETRIC = {
    "product": (P * sympy.tanh(Q / R), {Q / R}, P),
    "difference": (sympy.sin(P - R) + Q**2, {Q, P - R}, sympy.Integer(1)),
    "powers": (sympy.exp(-(Q**2) * R) / P, {Q**2 * R}, 1 / P),
}


def values_of(expression):
    return tape(expression, (P, Q, R)).value(*POSITIVE.T)


@pytest.mark.parametrize("law", SYMMETRIC)
def test_a_symmetry_leaves_a_smaller_table_of_the_same_law(law):
    """The groups and the prefactor are those of the law, and y is the prefactor times the new target."""
    expression, groups, prefactor = SYMMETRIC[law]
    problem = problem_of(POSITIVE, values_of(expression))
    found = symmetries(expression, problem.symbols, POSITIVE)
    assert all(len(r.groups) < 3 for r in found)
    written = {}
    for reduction in found:
        names, before = reduction.symbolic((P, Q, R))
        written[frozenset(names), before] = reduction
    smaller = in_groups(problem, written[frozenset(groups), prefactor])
    assert smaller.table.X.shape == (211, len(groups))
    np.testing.assert_allclose(smaller.table.y * values_of(prefactor), problem.table.y, rtol=1e-12)
    for column in smaller.table.X.T:
        assert any(np.allclose(column, values_of(group), rtol=1e-12) for group in groups)


@pytest.mark.parametrize("law", SYMMETRIC)
def test_graphs_of_a_smaller_table_predict_the_same_as_formulas_of_the_columns(law):
    expression, _, _ = SYMMETRIC[law]
    problem = problem_of(POSITIVE, values_of(expression))
    for reduction in symmetries(expression, problem.symbols, POSITIVE)[:5]:
        smaller, (groups, prefactor) = in_groups(problem, reduction), reduction.symbolic(problem.symbols)
        view = View(groups, prefactor, smaller.x_scale, smaller.y_scale, kind="symmetry")
        space = SearchSpace(smaller.table.names, 2, ("zero", "linear", "exp", "tanh", "sin"))
        graphs = draw_graphs(space, 5, np.random.default_rng(1))
        predicted = (
            predict_graphs(space, graphs, smaller.scaled).numpy() * smaller.y_scale * reduction.apply(POSITIVE)[1]
        )
        for k in range(5):
            genotype = graphs.batch.genotype(space, k)
            formula = view.formula(space, genotype, graphs.w[k].numpy(), graphs.coefficients[k].numpy())
            np.testing.assert_allclose(values_of(formula), predicted[k], rtol=1e-9, atol=1e-9 * np.abs(predicted).max())
            assert view.named(genotype).inputs == tuple(map(str, groups))


def test_a_table_that_floats_cannot_hold_is_not_reduced():
    problem = problem_of(POSITIVE, POSITIVE[:, 0])
    forms = tuple(tuple(Fraction(int(i == j)) for j in range(3)) for i in range(3))
    huge = Reduction(forms, ((Fraction(4000), Fraction(0), Fraction(0)),), (Fraction(0),) * 3)
    constant = Reduction(forms, ((Fraction(0),) * 3,), (Fraction(0),) * 3)
    assert in_groups(problem, huge) is None
    assert in_groups(problem, constant) is None
    assert in_groups(problem, replace(constant, groups=(forms[1],))).table.X.shape == (211, 1)


def test_a_branch_finds_the_law_that_its_parent_imitates():
    """The search on the columns knows a sine of the difference; the law is a hyperbolic tangent of it."""
    X = POSITIVE[:, :2]
    y = 2 * np.tanh(X[:, 0] - X[:, 1])
    problem = problem_of(X, y)
    space = SearchSpace(("x1", "x2"), 2, ("zero", "linear", "power", "tanh", "sin"), signed=(False, False))
    difference = Node("sum", ((0, "linear", (1.0, 0.0)), (1, "linear", (-1.0, 0.0))))
    imitation = population_of(space, problem, [Term((difference, Node("sum", ((2, "sin", (0.8, 0.0)),))))])
    assert 1e-4 < imitation.loss[0] < 0.5
    config = SearchConfig(operations=space.operations, max_nodes=2, replicas=64, max_epochs=12, max_time=None)
    watch = Watch(config, start=0.0)
    branches = Branches(space, watch, problem, np.random.default_rng(0), Machine())
    state = SampledState(prior(space), 2, imitation, imitation, Sums(imitation))
    front, certain, epoch = Front(rows=211), False, 0
    while not certain and epoch < 12:
        epoch += 1
        front, certain = branches.epoch(state, front, epoch)
        assert certain <= (epoch >= 4), "symmetries are asked for after four epochs"
    assert certain
    assert front[-1].origin.startswith("symmetry, ")
    share = branches.shares["symmetry"]
    assert share.kept == sum(e.origin.startswith("symmetry") for e in front) > 0
    assert share.graphs >= 64
    assert share.seconds > 0
    assert sympy.simplify(front[-1].expression - 2 * sympy.tanh(sympy.Symbol("x1") - sympy.Symbol("x2"))) == 0


def test_columns_that_are_scaled_are_taken_in_their_own_units_as_well():
    problem = problem_of(POSITIVE, POSITIVE[:, 0])
    scaled = replace(problem, x_scale=np.array([64.0, 1.0, 0.125]))
    (own,) = AT_ONCE["units"].of(scaled)
    assert own.problem.x_scale.tolist() == own.view.x_scale.tolist() == [1.0, 1.0, 1.0]
    assert own.view.origin("move") == "units, move"
    assert own.judged_on is scaled
    assert not list(AT_ONCE["units"].of(replace(problem, x_scale=np.ones(3))))
    assert not list(AT_ONCE["units"].of(replace(problem, x_scale=np.array([1e6, 1.0, 1.0]))))


def test_columns_far_from_zero_are_taken_from_their_beginning():
    (near,) = AT_ONCE["shifted"].of(problem_of(SECONDS[:, None], COOLING))
    np.testing.assert_array_equal(near.problem.table.X[:, 0], SECONDS - 1.7e9)
    assert near.view.names == ("x1 - 1700000000",)
    assert near.judged_on is near.problem
    assert not list(AT_ONCE["shifted"].of(problem_of(POSITIVE, POSITIVE[:, 0])))


def test_the_few_rows_at_which_laws_may_be_undefined_are_left_out():
    x = np.linspace(-5, 5, 41)
    (regular,) = AT_ONCE["regular"].of(problem_of(x[:, None], np.sinc(x)))
    assert regular.problem.table.X[:, 0].tolist() == [v for v in x if v not in (0, 1)]
    assert len(regular.judged_on.whole.table) == 41, "equations are judged on all rows"
    assert not list(AT_ONCE["regular"].of(problem_of(POSITIVE, POSITIVE[:, 0])))


def test_companions_of_each_kind_take_turns_and_those_of_one_kind_among_them():
    X = np.stack([axis.ravel() for axis in np.meshgrid(np.arange(1.0, 6), np.arange(1.0, 6))], axis=1)
    problem = problem_of(X, np.sin(X[:, 0] * X[:, 1]) + X[:, 0])
    problem = replace(problem, x_scale=np.array([2.0, 1.0]))
    space = SearchSpace(("x1", "x2"), 1, ("zero", "linear", "power"), signed=(False, False))
    config = SearchConfig(
        operations=space.operations, max_nodes=1, replicas=16, max_epochs=8, max_time=None,
        proposers=("sample", "regular", "units"),
    )  # fmt: skip
    branches = Branches(space, Watch(config, start=0.0), problem, np.random.default_rng(0), Machine())
    nothing_known = population_of(space, problem, [])
    state = SampledState(prior(space), 1, nothing_known, nothing_known, Sums(nothing_known))
    front, told = Front(rows=25), []
    for epoch in range(1, 5):
        front, _ = branches.epoch(state, front, epoch)
        told += branches.shares
    assert told == ["regular", "units", "regular", "units"]
    assert [[b.epochs for b in kind] for kind in branches._companions] == [[2], [1, 1]]


def test_noisy_rows_that_agree_in_a_group_open_a_branch_before_any_graph_is_known():
    rng = np.random.default_rng(0)
    X = rng.uniform(1, 4, (100, 2))
    y = X[:, 1] * np.tanh(X[:, 0] / X[:, 1]) + rng.normal(0, 0.003, 100)
    problem = problem_of(X, y)
    space = SearchSpace(("x1", "x2"), 1, ("zero", "linear", "power"), signed=(False, False))
    config = SearchConfig(operations=space.operations, max_nodes=1, replicas=16, max_epochs=8, max_time=None)
    branches = Branches(space, Watch(config, start=0.0), problem, np.random.default_rng(0), Machine())
    nothing_known = population_of(space, problem, [])
    state = SampledState(prior(space), 1, nothing_known, nothing_known, Sums(nothing_known), noisy=True)
    branches.epoch(replace(state, noisy=False), Front(rows=100), 1)
    assert not branches._branches
    branches.epoch(state, Front(rows=100), 2)
    view = branches._branches[0].view
    assert (str(view.inputs), str(view.prefactor)) == ("(x1/x2,)", "x2")
    assert branches._branches[0].state.noisy
