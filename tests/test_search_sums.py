"""Which solvers a search asks, when, and what of their graphs it keeps."""

import numpy as np
import pytest
from known_graphs import assessor_of, node, population_of, problem_of

from eqdarts.fit.assess import Assessor
from eqdarts.fit.backend import CompiledBackend
from eqdarts.graph.population import joined, nothing
from eqdarts.graph.space import SearchSpace
from eqdarts.propose.library import Library
from eqdarts.propose.monomials import Monomials
from eqdarts.propose.proposer import Effort, Graphs, Judged
from eqdarts.propose.terms import Term, graphs_of
from eqdarts.search.log import Log
from eqdarts.search.sums import Sums, SumSearch, are_sums, best_first, has_sums, judged_graphs, plain_sums

SPACE = SearchSpace(
    ("x1", "x2"), 3, ("zero", "linear", "power", "exp"), signed=(False, False), links=("identity", "reciprocal")
)
X = np.random.default_rng(5).uniform(1, 3, (89, 2))
PRODUCT = node((0, "power", (1.0,)), (1, "power", (2.0,)), aggregator="product")
GROWTH = node((0, "exp", (0.7,)))


class Asked:
    """A solver that gives what it was given, and remembers what it was asked."""

    def __init__(self, *found, name="asked"):
        self.name, self._found, self.questions = name, found, []

    def solve(self, question):
        self.questions.append(question)
        return list(self._found)


def graphs(*sums, **how):
    return Graphs(*graphs_of(SPACE, [("identity", terms) for terms in sums]), **how)


def search(y, *solvers, compiled=False):
    problem = problem_of(X, y)
    assessor = assessor_of(SPACE, problem)
    if compiled:
        rows = assessor.train
        assessor = Assessor(SPACE, rows, rows, rows, CompiledBackend(SPACE, 1))
    return SumSearch(SPACE, assessor, solvers)


LAW = 2 * X[:, 0] * X[:, 1] ** 2 - 1


def test_sums_of_monomials_are_found_before_all_else():
    sums = search(X[:, 0] * X[:, 1] - 3 * X[:, 0] + 1, Monomials()).opening(False, Log())
    assert len(sums.exact) >= 1
    best = sums.exact.select(np.argsort(sums.exact.complexity)[:1])
    assert best.origin[0] == "monomials"
    np.testing.assert_allclose(np.sort(best.coefficients[best.coefficients != 0]), [-3, 1, 1], rtol=1e-9)


def test_what_is_exact_is_enough():
    first, second, log = Asked(graphs([PRODUCT]), name="first"), Asked(name="second"), Log()
    sums = search(LAW, first, second).opening(False, log)
    assert len(sums.exact) == 1
    np.testing.assert_allclose(sums.exact.coefficients[0][[0, -1]], [2.0, -1.0], rtol=1e-9)
    assert second.questions == []
    assert {name: share.graphs for name, share in log.shares.items()} == {"first": 1}


def test_all_solvers_are_asked_with_more_and_more_effort():
    first, second = Asked(graphs([GROWTH])), Asked()
    sums = search(LAW, first, second).opening(False, Log())
    assert len(sums.exact) == 0
    assert len(sums.population) > 0
    for solver in (first, second):
        assert [q.effort for q in solver.questions] == [Effort.AT_ONCE, Effort.BEFORE_LOOPS]
    assert {q.noisy for q in first.questions} == {False}


def test_noisy_data_are_asked_about_once_and_at_all_rows():
    solver = Asked(graphs([GROWTH]))
    search(LAW, solver).opening(True, Log())
    assert [(q.effort, q.noisy, len(q.rows.y)) for q in solver.questions] == [(Effort.AT_ONCE, True, 89)]


def test_beside_the_search_each_link_is_asked_for_once_from_the_third_epoch_on():
    solver = Asked(graphs([GROWTH]))
    sums = search(LAW, solver, compiled=True)
    now, asked = sums.start(), []
    for epochs in range(7):
        now = sums.epoch(now, epochs, 89, False, False, Log())
        asked.append(len(solver.questions))
    assert asked[:3] == [0, 0, 0]
    assert asked[-1] == now.asked == 2
    assert [(q.link, q.asked, q.effort) for q in solver.questions] == [
        ("identity", 0, Effort.BESIDE), ("reciprocal", 1, Effort.BESIDE),
    ]  # fmt: skip
    assert set(now.population.origin) == {"asked"}


def test_data_that_turn_out_to_be_noisy_are_asked_about_anew():
    solver = Asked(graphs([GROWTH]))
    sums = search(LAW, solver, compiled=True)
    before = sums.epoch(sums.start(), 3, 89, False, False, Log())
    after = sums.epoch(before, 4, 89, True, True, Log())
    assert (before.asked, after.asked) == (1, 0)
    assert [q.noisy for q in solver.questions] == [False, True]


def test_without_solvers_or_sums_nothing_is_asked():
    y = X[:, 0]
    assert len(search(y).opening(False, Log()).population) == 0
    space = SearchSpace(("x1", "x2"), 1, ("zero", "exp"))
    none = SumSearch(space, assessor_of(space, problem_of(X, y)), [solver := Asked()])
    assert len(none.opening(False, Log()).population) == len(solver.questions) == 0


@pytest.mark.parametrize(
    ("how", "constant", "count"),
    [
        ({"judged": Judged.HELD}, 0.7, 1),
        ({"judged": Judged.LONG}, 0.5, 1),
        ({"judged": Judged.LONG, "only_exact": True}, 0.5, 1),
        ({"judged": Judged.HELD, "only_exact": True}, None, 0),
    ],
)
def test_graphs_of_a_solver_are_fitted_as_it_says(how, constant, count):
    """exp(0.7·x) for the law exp(0.5·x)."""
    assessor = assessor_of(SPACE, problem_of(X, np.exp(0.5 * X[:, 0])))
    found = judged_graphs([graphs([GROWTH], **how)], "mine", assessor, noisy=False)
    assert len(found) == count
    if count:
        assert found.origin[0] == "mine"
        np.testing.assert_allclose(found.w[0, 0, 0], constant, rtol=1e-9)
        assert (found.loss[0] < 1e-24) == (constant == 0.5)


def test_graphs_may_be_judged_in_both_ways():
    assessor = assessor_of(SPACE, problem_of(X, np.exp(0.5 * X[:, 0])))
    found = judged_graphs([graphs([GROWTH], judged=Judged.BOTH)], "mine", assessor, noisy=False)
    np.testing.assert_allclose(found.w[0, 0, 0], 0.7)
    np.testing.assert_allclose(found.w[np.argmin(found.loss), 0, 0], 0.5, rtol=1e-9)


def test_the_straight_line_needs_no_search():
    y = 3 * X[:, 0] - X[:, 1] + 2 + 0.1 * np.random.default_rng(1).normal(size=89)
    found = plain_sums(SPACE, assessor_of(SPACE, problem_of(X, y)))
    assert has_sums(found)
    line = np.flatnonzero(~found.batch.operations.any(axis=1) & found.batch.readout[:, 3:].all(axis=1))
    fitted = np.linalg.lstsq(np.column_stack([X, np.ones(89)]), y, rcond=None)[0]
    np.testing.assert_allclose(found.coefficients[line[0], 3:], fitted, rtol=1e-6)


def test_sums_have_an_order_of_their_own():
    problem = problem_of(X, LAW)
    found = population_of(SPACE, problem, [GROWTH], [PRODUCT], [Term(column=0)])
    found.origin[:] = ["sample", Monomials.name, f"{Library.name}, rounded"]
    assert are_sums(found).tolist() == [False, True, True]
    everything, sums = best_first(found, 89)
    assert sorted(everything) == [0, 1, 2]
    assert everything[0] == sums[0] == 1
    assert sums.tolist() == [k for k in everything if k != 0]
    assert not has_sums(nothing(SPACE))


def test_exact_sums_are_those_that_leave_rounding():
    problem = problem_of(X, LAW)
    both = joined(population_of(SPACE, problem, [PRODUCT]), population_of(SPACE, problem, [GROWTH]))
    assert len(Sums(both).exact) == 1
    assert len(Sums(both, exact_loss=1.0).exact) == 2
