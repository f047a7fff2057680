"""Local changes of graphs: every child is a graph of the space, and renumbering keeps its function."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from random_graphs import draw_batch, draw_graphs, draw_inputs, space_of

from eqdarts.darts.prior import link_log_odds, log_odds
from eqdarts.darts.sampling import blank, draw_parameters, odds_of
from eqdarts.graph.genotype import GenotypeBatch, live_nodes, prune, used_counts
from eqdarts.graph.links import LINK_NAMES
from eqdarts.graph.operations import DEFAULT_OPERATIONS
from eqdarts.graph.space import AGGREGATORS
from eqdarts.graph.tensor_program import GraphProgram
from eqdarts.propose.moves import move, renumber, used_nodes
from eqdarts.propose.neighbours import neighbours

N = 5
LINKS = ("sqrt", "identity", "arccos")
SPACES = {
    "both": space_of(N, operations=DEFAULT_OPERATIONS, signed=(True, False)),
    "product": space_of(N, operations=DEFAULT_OPERATIONS, aggregators=("product",), signed=(False, True)),
    "reversed": space_of(N, aggregators=("product", "sum"), readout_inputs=False),
    "classic": space_of(N, inputs=("u",), operations=("zero", "exp"), aggregators=("sum",)),
    "links": space_of(N, operations=("zero", "scale", "power"), links=LINKS),
}
seeds = st.integers(0, 2**32 - 1)


@dataclass
class Draft:
    """One graph, to be changed in place."""

    operations: np.ndarray
    aggregators: np.ndarray
    readout: np.ndarray
    w: np.ndarray

    def renumbered(self, odds, used, drop=-1, gap=-1):
        renumber(odds, used, drop, gap, self.operations, self.aggregators, self.readout, self.w)

    @property
    def batch(self):
        return GenotypeBatch(self.operations[None], self.aggregators[None], self.readout[None])


def draft(graphs, r=0):
    batch = graphs.batch
    return Draft(
        batch.operations[r].copy(), batch.aggregators[r].copy(), batch.readout[r].copy(), graphs.w[r].numpy().copy()
    )


def drawn_links(space, replicas, rng):
    return rng.choice([LINK_NAMES.index(name) for name in space.links], replicas)


def parents_of(space, replicas, rng, limit=N):
    """Pruned graphs with at most `limit` nodes, as the population has them."""
    graphs = draw_graphs(space, replicas, rng)
    target = np.array([j for _, j in space.edges])
    graphs.batch.operations[:, target >= limit] = space.zero
    graphs.batch.readout[:, limit : space.nodes] = False
    graphs.batch.links[:] = drawn_links(space, replicas, rng)
    return type(graphs)(prune(space, graphs.batch), graphs.w, graphs.coefficients, graphs.loss)


def prior_of(space):
    return odds_of(space, log_odds(space), np.zeros((space.nodes, len(space.aggregators))), link_log_odds(space))


def pair(graphs, places):
    return graphs.batch.select(places), graphs.w.numpy()[places]


def arrays(batch, w):
    return batch.operations, batch.aggregators, batch.readout, batch.links, w


@pytest.mark.parametrize("name", SPACES)
@given(seed=seeds)
def test_children_are_graphs_of_the_space(name, seed):
    """Children of children of …, each with at most `limit` nodes."""
    space, rng = SPACES[name], np.random.default_rng(seed)
    limit = int(rng.integers(1, N + 1))
    odds, graphs = prior_of(space), parents_of(space, 29, rng, limit)
    batch, w = pair(graphs, np.arange(29))
    for _ in range(5):
        order = rng.permutation(29)
        batch, w = move(space, odds, limit, (batch, w), (batch.select(order), w[order]), rng)
        E = np.arange(len(space.edges))
        assert space.allowed[E, batch.operations].all()
        assert {AGGREGATORS[a] for a in batch.aggregators.ravel()} <= set(space.aggregators)
        assert {LINK_NAMES[k] for k in batch.links} <= set(space.links)
        assert batch.readout.dtype == bool
        assert batch.keys() == prune(space, batch).keys()
        live = live_nodes(space, batch)
        assert not live[:, limit:].any()
        target = np.array([j for _, j in space.edges])
        assert ((batch.operations != space.zero) <= live[:, target]).all()
        assert not batch.readout[:, : space.nodes][~live].any()
        assert w.shape == (29, len(space.edges), space.n_parameters)
        assert np.isfinite(w).all()


@given(seed=seeds)
def test_parents_are_left_alone(seed):
    space, rng = SPACES["links"], np.random.default_rng(seed)
    graphs, odds = parents_of(space, 14, rng), prior_of(space)
    parents, others = pair(graphs, np.arange(7)), pair(graphs, np.arange(7, 14))
    before = [a.copy() for a in (*arrays(*parents), *arrays(*others))]
    move(space, odds, N, parents, others, rng)
    for now, then in zip((*arrays(*parents), *arrays(*others)), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_equal_generators_make_equal_children():
    space = SPACES["both"]
    graphs = parents_of(space, 23, np.random.default_rng(1))
    one, two = (
        move(space, prior_of(space), N, pair(graphs, np.arange(23)), pair(graphs, np.arange(23)[::-1]), rng)
        for rng in (np.random.default_rng(2), np.random.default_rng(2))
    )
    for a, b in zip(arrays(*one), arrays(*two), strict=True):
        np.testing.assert_array_equal(a, b)


def test_every_kind_of_change_happens():
    space, rng = SPACES["both"], np.random.default_rng(3)
    graphs = parents_of(space, 2, rng, 3)
    before = graphs.batch
    first, second = np.zeros(199, dtype=int), np.ones(199, dtype=int)
    children, w = move(space, prior_of(space), N, pair(graphs, first), pair(graphs, second), rng)
    nodes = children.readout[:, :N].sum(axis=1)
    same = children.operations == before.operations[0]
    assert (children.aggregators != before.aggregators[0]).any()
    assert (~same).any(axis=1).mean() > 0.6
    assert (children.readout[:, N] != before.readout[0, N]).any()
    assert nodes.min() < before.readout[0, :N].sum() < nodes.max()
    # What a move does not touch keeps its constants; where no operation changed, some start again.
    kept = (w == graphs.w[0].numpy()).all(axis=2) & same
    assert kept[same].mean() > 0.7
    assert (~kept[same.all(axis=1)]).any()


def test_a_node_of_the_other_graph_is_grafted():
    """Only the other graph has constants of 7."""
    space, rng = SPACES["classic"], np.random.default_rng(8)
    exp = space.operations.index("exp")
    (one, w), (other, other_w) = blank(space, 199), blank(space, 199)
    one.operations[:, 0] = other.operations[:, 0] = exp
    one.readout[:, 0] = other.readout[:, 0] = True
    w[:, 0], other_w[:, 0] = 1.0, 7.0
    _, moved = move(space, prior_of(space), N, (one, w), (other, other_w), rng)
    grafted = (moved == 7.0).any(axis=(1, 2))
    assert 0.02 < grafted.mean() < 0.4


def test_a_node_comes_between_the_ends_of_an_edge():
    """cos(7·u) becomes cos(7·k) of a new node k(u), and the old edge goes."""
    space, rng = SPACES["both"], np.random.default_rng(8)
    one, w = blank(space, 399)
    cos = space.operations.index("cos")
    one.operations[:, 0] = cos
    one.readout[:, 0] = True
    w[:, 0] = 7.0
    children, moved = move(space, prior_of(space), N, (one, w), (one, w), rng, subdivide=True)
    behind = space.into(1).start + space.n_inputs  # the edge k_1 → k_2
    between = (children.operations[:, behind] == cos) & (moved[:, behind] == 7.0).all(axis=1)
    between &= children.operations[:, 0] != space.zero
    alone = between & (children.operations[:, space.into(1).start] == space.zero)
    assert alone.mean() > 0.02
    assert not children.readout[alone, 0].all()  # what the new node says is said through the old one


def test_links_of_children_are_those_of_the_parents_or_drawn_by_their_odds():
    space, rng = SPACES["links"], np.random.default_rng(9)
    graphs = parents_of(space, 1, rng)
    places = np.zeros(4001, dtype=int)
    parents = pair(graphs, places)
    gamma = np.array([-np.inf, 0.0, np.log(3.0)])
    zeros = np.zeros((len(space.aggregators), len(space.edges), len(space.operations)))
    odds = odds_of(space, zeros, np.zeros((N, len(space.aggregators))), gamma)
    parents[0].links[:] = LINK_NAMES.index("sqrt")  # which has no chance of being drawn
    children, _ = move(space, odds, N, parents, parents, rng)
    share = np.bincount(children.links, minlength=len(LINK_NAMES)) / 4001
    assert share[LINK_NAMES.index("sqrt")] > 0.8
    identity, arccos = (share[LINK_NAMES.index(name)] for name in ("identity", "arccos"))
    assert identity > 0.005
    np.testing.assert_allclose(arccos / identity, 3.0, rtol=0.4)


def test_without_odds_of_links_children_keep_theirs():
    space, rng = SPACES["links"], np.random.default_rng(10)
    graphs = parents_of(space, 211, rng)
    odds = odds_of(space, log_odds(space), np.zeros((N, 2)))
    parents = pair(graphs, np.arange(211))
    children, _ = move(space, odds, N, parents, parents, rng)
    np.testing.assert_array_equal(children.links, graphs.batch.links)


def test_constants_of_new_edges_start_in_their_ranges():
    space, rng = SPACES["both"], np.random.default_rng(4)
    odds, graphs = prior_of(space), parents_of(space, 2, rng)
    places = np.arange(211) % 2
    children, w = move(space, odds, N, pair(graphs, places), pair(graphs, 1 - places), rng)
    present = children.operations != space.zero
    assert (w >= odds.low[children.operations])[present].all()
    assert (w <= odds.high[children.operations])[present].all()


def readout_values(space, one, inputs):
    """The nodes that the readout uses, in their order."""
    program = GraphProgram(space, one.batch)
    nodes = program.forward(program.pack(torch.as_tensor(one.w[None])), inputs)
    return nodes[0, torch.as_tensor(one.readout[: space.nodes])]


@pytest.mark.parametrize("name", SPACES)
@given(seed=seeds)
def test_inserting_an_empty_node_keeps_the_function(name, seed):
    space, rng = SPACES[name], np.random.default_rng(seed)
    odds, graphs, inputs = prior_of(space), parents_of(space, 1, rng, N - 1), draw_inputs(space, rng)
    one = draft(graphs)
    before = readout_values(space, one, inputs)
    at = int(rng.integers(N))
    one.renumbered(odds, N - 1, gap=at)
    assert not one.readout[at]
    assert (one.operations[space.into(at)] == space.zero).all()
    torch.testing.assert_close(readout_values(space, one, inputs), before, rtol=1e-12, atol=0, equal_nan=True)
    # And dropping it again is the inverse.
    one.renumbered(odds, N, drop=at)
    again, parent = (prune(space, batch) for batch in (one.batch, graphs.batch))
    for now, then in zip(arrays(again, None)[:3], arrays(parent, None)[:3], strict=True):
        np.testing.assert_array_equal(now, then)
    torch.testing.assert_close(readout_values(space, one, inputs), before, rtol=1e-12, atol=0, equal_nan=True)


@pytest.mark.parametrize("name", SPACES)
@given(seed=seeds)
def test_dropping_an_unused_node_keeps_the_function(name, seed):
    space, rng = SPACES[name], np.random.default_rng(seed)
    graphs, inputs = draw_graphs(space, 1, rng), draw_inputs(space, rng)
    at = int(rng.integers(N))
    graphs.batch.readout[0, at] = False
    leaving = [e for e, (i, _) in enumerate(space.edges) if i == space.n_inputs + at]
    graphs.batch.operations[0, leaving] = space.zero
    one = draft(graphs)
    before = readout_values(space, one, inputs)
    one.renumbered(prior_of(space), N, drop=at)
    torch.testing.assert_close(readout_values(space, one, inputs), before, rtol=1e-12, atol=0, equal_nan=True)
    assert one.readout[: space.nodes].sum() == len(before)


@given(seed=seeds)
def test_used_nodes_end_with_the_last_one_that_has_an_edge(seed):
    space, rng = SPACES["both"], np.random.default_rng(seed)
    batch = draw_batch(space, 5, rng, absent=0.9)
    for operations, count in zip(batch.operations, used_counts(space, batch), strict=True):
        last = [j for j in range(N) if (operations[space.into(j)] != space.zero).any()]
        assert used_nodes(prior_of(space), operations) == count == max(last, default=-1) + 1


def test_a_space_with_one_choice_does_not_loop_or_fail():
    space = space_of(1, inputs=("u",), operations=("zero", "exp"), aggregators=("sum",))
    rng = np.random.default_rng(5)
    batch = prune(space, draw_batch(space, 53, rng, absent=0.0))
    parents = batch, draw_parameters(space, batch, rng)
    children, _ = move(space, prior_of(space), 1, parents, parents, rng)
    assert set(np.unique(children.operations)) <= {0, 1}


def test_an_empty_parent_can_grow():
    space, rng = SPACES["both"], np.random.default_rng(6)
    empty = blank(space, 53)
    children, _ = move(space, prior_of(space), N, empty, empty, rng)
    assert live_nodes(space, children).any()


@pytest.mark.parametrize("name", SPACES)
@given(seed=seeds)
def test_neighbours_are_all_graphs_that_differ_in_one_edge(name, seed):
    space = SPACES[name]
    rng = np.random.default_rng(seed)
    graphs = draw_graphs(space, 1, rng)
    batch, w = prune(space, graphs.batch), graphs.w.numpy()
    odds = odds_of(space, log_odds(space), np.zeros((N, len(space.aggregators))))
    children, children_w = neighbours(space, odds, batch, w, rng)
    used = used_nodes(odds, batch.operations[0])
    expected = set()
    for e in range(odds.first[used]):
        a = space.aggregators.index(AGGREGATORS[batch.aggregators[0, space.edges[e][1]]])
        for m in np.flatnonzero(odds.edge[a, e] > 0):
            if m != batch.operations[0, e]:
                one = batch.select([0])
                one.operations[0, e] = m
                expected.add(prune(space, one).keys()[0])
    assert set(children.keys()) == expected
    assert children_w.shape == (len(children), *w.shape[1:])
    # An edge that is as it was keeps its constants; those of an absent one mean nothing.
    kept = (children.operations == batch.operations).all(axis=0) & (batch.operations[0] != space.zero)
    np.testing.assert_array_equal(children_w[:, kept], np.repeat(w, len(children), axis=0)[:, kept])
