"""Every source of candidate graphs, without a search; which of them a search asks; and a source of one's own."""

from dataclasses import replace

import numpy as np
import pytest

from eqdarts import PROPOSERS, DARTSRegressor, InputDataError
from eqdarts.darts.architecture import prior
from eqdarts.darts.sampling import sample
from eqdarts.data.table import Table
from eqdarts.fit.assess import Assessor
from eqdarts.graph.operations import DEFAULT_OPERATIONS
from eqdarts.graph.population import best, nothing
from eqdarts.graph.space import SearchSpace
from eqdarts.propose.library import library_of
from eqdarts.propose.proposer import Effort, Graphs, Question, Situation
from eqdarts.propose.sources import SOURCES, check_proposers, made
from eqdarts.search.reformulations import AT_ONCE, Dimensionless, Symmetries

N, REPLICAS = 4, 64
X = np.random.default_rng(1).uniform(1, 3, (97, 2))


def rows_of(y):
    return Table(X, y)


def space_of(**options):
    return SearchSpace(("x", "z"), N, DEFAULT_OPERATIONS, signed=(False, False), **options)


def situation(y, known, age=0, seed=0):
    """Where a search of y stands, with good graphs or without."""
    space, rng, rows = space_of(), np.random.default_rng(seed), rows_of(y)
    weights, assessor = prior(space), Assessor(space, rows, rows)
    population = nothing(space)
    if known:
        batch, w = sample(space, weights.alpha, weights.beta, rng.integers(1, 3, 200), rng, weights.gamma)
        population = best(assessor.best_fifth(batch, w, np.array(["sample"] * 200, dtype=object))[0], 97)
    return Situation(space, weights, population, assessor, rng, REPLICAS, REPLICAS // 2, 3, age, False)


@pytest.mark.parametrize("name", ["sample", "neighbour", "move", "gradient"])
def test_proposers_give_graphs_of_the_space_that_repeat(name):
    y = X[:, 0] * np.exp(-X[:, 1])
    one, two = (SOURCES[name]().propose(situation(y, known=True)) for _ in range(2))
    now = situation(y, known=True)
    used = np.flatnonzero(one.batch.readout[:, :N].any(axis=0))
    assert len(one.batch)
    assert used.max() < now.nodes
    assert np.isin(one.batch.operations, np.arange(len(now.space.operations))).all()
    assert [one.batch.key(k) for k in range(len(one.batch))] == [two.batch.key(k) for k in range(len(two.batch))]
    np.testing.assert_array_equal(one.w, two.w)
    assert SOURCES[name].in_addition or len(one.batch) <= now.room


def test_what_starts_from_good_graphs_waits_for_them():
    now = situation(X[:, 0], known=False)
    assert [SOURCES[name]().propose(now) for name in ("neighbour", "move", "gradient")] == [None] * 3
    assert len(SOURCES["sample"]().propose(now).batch) == now.room


def test_neighbours_are_proposed_once_in_a_run():
    y = X[:, 0] * np.exp(-X[:, 1])
    source = SOURCES["neighbour"]()
    batches = [source.propose(situation(y, known=True, age=age)).batch for age in (0, 1, 2, 0)]
    assert batches[0].keys() != batches[1].keys()
    assert batches[0].keys() == batches[3].keys(), "a new run starts anew"


def test_the_gradient_tells_what_each_part_promises():
    found = SOURCES["gradient"]().propose(situation(X[:, 0] + np.sin(X[:, 1]), known=True)).evidence
    assert len(found.promise) == len(found.batch) == len(found.w) > 100
    assert 0 <= found.promise.min() < found.promise.max() <= 1 + 1e-9


def test_waves_come_at_the_start_of_a_run():
    source = SOURCES["wave"]()
    first, later, again = (source.propose(situation(X[:, 0], known=False, age=age)) for age in (0, 1, 0))
    assert later is None
    assert first is again


#: Laws that a solver finds by itself, with the effort and the link that it takes.
SOLVED = {
    "product": (X[:, 0] ** 1.5 / X[:, 1], Effort.AT_ONCE, 0),
    "monomials": (X[:, 0] * X[:, 1] - 3 * X[:, 0] + 1, Effort.AT_ONCE, 0),
    "ratio": ((1 + X[:, 0]) / (2 + X[:, 0] * X[:, 1]), Effort.BESIDE, 1),
    "library": (np.sin(X[:, 0]) + 2 * np.exp(X[:, 1]) - X[:, 0], Effort.BESIDE, 0),
}


@pytest.mark.parametrize("name", SOLVED)
def test_solvers_find_their_laws_by_linear_algebra(name):
    y, effort, asked = SOLVED[name]
    space, rows = space_of(), rows_of(y)
    assessor = Assessor(space, rows, rows)
    values = assessor.node_values_on
    question = Question(space, rows, False, values, lambda: library_of(space, rows, values), effort, "identity", asked)
    found = SOURCES[name]().solve(question)[0]
    fitted = assessor.of_readout(found.batch, found.w, np.array([name] * len(found.batch), dtype=object), False)
    assert fitted.loss.min() < 1e-20
    if effort < Effort.BESIDE:
        later = replace(question, asked=1, noisy=True, effort=Effort.BESIDE)
        assert not SOURCES[name]().solve(later)


_REFORMULATIONS = {**AT_ONCE, "dimensionless": Dimensionless(), "symmetry": Symmetries()}


def test_names_stand_in_the_order_of_the_library():
    assert check_proposers(None) == PROPOSERS == check_proposers(PROPOSERS[::-1])
    assert check_proposers(["move", "sample"]) == ("sample", "move")
    assert all(source.name == name for name, source in SOURCES.items())
    assert all(one.name == name for name, one in _REFORMULATIONS.items())
    assert (*SOURCES, *_REFORMULATIONS) == PROPOSERS
    proposers, solvers = made(PROPOSERS)
    assert list(dict.fromkeys(one.name for one in (*proposers, *solvers))) == list(SOURCES)
    assert {one.name for one in proposers} & {one.name for one in solvers} == {"shape"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("sample", "expected names or classes"),
        ((), "expected names or classes"),
        (("smaple",), "'smaple' is none of sample, wave"),
        ((3,), "expected a name, or a class"),
        (("symmetry", "units"), "none of them gives graphs; add one of sample, wave"),
        ((dict,), "expected a name, or a class"),
        ((type("Twin", (), {"name": "move", "propose": print}),), "has the name of another source, 'move'"),
    ],
)
def test_wrong_sources_are_refused(given, message):
    with pytest.raises(InputDataError, match=message):
        DARTSRegressor(proposers=given, verbose=0).fit(X, X[:, 0])


def test_only_what_is_named_is_asked():
    y = np.sqrt(1 + X[:, 0] ** 2) + np.sin(X[:, 1])
    options = {"max_epochs": 3, "max_time": None, "replicas": 64, "random_state": 0, "verbose": 0}
    model = DARTSRegressor(proposers=("sample", "move"), **options).fit(X, y)
    assert {origin.split(",")[0] for origin in model.equations_["origin"]} <= {
        "constant",
        "sample",
        "move",
        "monomials",
    }
    shares = [name for name in model.history_ if name.endswith("_graphs")]
    assert shares == ["sample_graphs", "move_graphs"]
    assert model.history_["sample_graphs"].tolist() == [64, 32, 32]
    assert model.history_["move_graphs"].tolist() == [0, 32, 32]
    assert (model.history_[["sample_seconds", "move_seconds"]] >= 0).all(axis=None)
    assert model.history_[["sample_kept", "move_kept"]].to_numpy()[-1].sum() > 0


class Hint:
    """Knows that the law is a product of a sine and an exponential."""

    name, in_addition = "hint", True

    def propose(self, now):
        from eqdarts.propose.terms import Node, Term, graphs_of

        edges = ((0, "sin", (1.1, 0.1)), (1, "exp", (-0.9,)))
        return Graphs(*graphs_of(now.space, [("identity", [Term((Node("product", edges),))])]))


def test_a_source_of_ones_own_is_one_class():
    y = 4 * np.sin(1.3 * X[:, 0] + 0.2) * np.exp(-0.7 * X[:, 1]) - 5
    options = {"max_epochs": 2, "max_time": None, "replicas": 16, "random_state": 0, "verbose": 0}
    model = DARTSRegressor(proposers=("sample", Hint), **options).fit(X, y)
    assert model.equations_["origin"][model.best_index_].startswith("hint")
    assert model.equations_["loss"].min() < 1e-20
    assert model.history_["hint_graphs"].tolist()[0] == 1
