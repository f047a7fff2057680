"""Local changes of graphs: every child is a graph of the space, and renumbering keeps its function."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from random_graphs import draw_batch, draw_graphs, draw_inputs, space_of

from eqdarts.genotype import GenotypeBatch, live_nodes, prune
from eqdarts.graph import GraphProgram
from eqdarts.operations import DEFAULT_OPERATIONS
from eqdarts.search.moves import Draft, Mutator, _renumber
from eqdarts.search.prior import log_odds
from eqdarts.search.sampling import Starts, draw_parameters
from eqdarts.search_space import AGGREGATORS

N = 5
SPACES = {
    "both": space_of(N, operations=DEFAULT_OPERATIONS, signed=(True, False)),
    "product": space_of(N, operations=DEFAULT_OPERATIONS, aggregators=("product",), signed=(False, True)),
    "reversed": space_of(N, aggregators=("product", "sum"), readout_inputs=False),
    "classic": space_of(N, inputs=("u",), operations=("zero", "exp"), aggregators=("sum",)),
}
seeds = st.integers(0, 2**32 - 1)


def draft(graphs, r):
    batch = graphs.batch
    return Draft(
        batch.operations[r].copy(), batch.aggregators[r].copy(), batch.readout[r].copy(), graphs.w[r].numpy().copy()
    )


def batch_of(drafts):
    return GenotypeBatch(
        *(np.stack([getattr(d, name) for d in drafts]) for name in ("operations", "aggregators", "readout"))
    )


def parents_of(space, replicas, rng, limit=N):
    """Pruned graphs with at most `limit` nodes, as the population has them."""
    graphs = draw_graphs(space, replicas, rng)
    target = np.array([j for _, j in space.edges])
    graphs.batch.operations[:, target >= limit] = space.zero
    graphs.batch.readout[:, limit : space.nodes] = False
    pruned = prune(space, graphs.batch)
    return type(graphs)(pruned, graphs.w, graphs.coefficients, graphs.loss)


def mutator_of(space, rng, limit=N):
    return Mutator(space, log_odds(space), np.zeros((space.nodes, len(space.aggregators))), limit, rng)


@pytest.mark.parametrize("name", SPACES)
@settings(max_examples=40)
@given(seed=seeds)
def test_children_are_graphs_of_the_space(name, seed):
    space, rng = SPACES[name], np.random.default_rng(seed)
    limit = int(rng.integers(1, N + 1))
    parents = parents_of(space, 3, rng, limit)
    mutator = mutator_of(space, rng, limit)
    drafts = [draft(parents, r) for r in range(3)]
    children = []
    for k in range(29):
        children.append(mutator.propose(drafts[k % 3], drafts[(k + 1) % 3]))
        drafts.append(children[-1])
    batch = prune(space, batch_of(children))
    E = np.arange(len(space.edges))
    assert space.allowed[E, batch.operations].all()
    assert {AGGREGATORS[a] for a in batch.aggregators.ravel()} <= set(space.aggregators)
    assert batch.readout.dtype == bool
    assert batch.keys() == prune(space, batch).keys()
    live = live_nodes(space, batch)
    assert not live[:, limit:].any()
    target = np.array([j for _, j in space.edges])
    assert ((batch.operations != space.zero) <= live[:, target]).all()
    assert not batch.readout[:, : space.nodes][~live].any()
    w = np.stack([c.w for c in children])
    assert w.shape == (29, len(space.edges), space.n_parameters)
    assert np.isfinite(w).all()


@given(seed=seeds)
def test_parents_are_left_alone(seed):
    space, rng = SPACES["both"], np.random.default_rng(seed)
    parents = parents_of(space, 2, rng)
    one, two = draft(parents, 0), draft(parents, 1)
    mutator = mutator_of(space, rng)
    for _ in range(7):
        mutator.propose(one, two)
    for r, d in enumerate((one, two)):
        for now, before in zip(
            (d.operations, d.aggregators, d.readout, d.w),
            (*(getattr(parents.batch, n)[r] for n in ("operations", "aggregators", "readout")), parents.w[r].numpy()),
            strict=True,
        ):
            np.testing.assert_array_equal(now, before)


def test_every_kind_of_change_happens():
    space, rng = SPACES["both"], np.random.default_rng(3)
    parents = parents_of(space, 2, rng, 3)
    before = parents.batch
    mutator = mutator_of(space, rng)
    children = batch_of([mutator.propose(draft(parents, 0), draft(parents, 1)) for _ in range(199)])
    nodes = (prune(space, children).readout[:, :N]).sum(axis=1)
    assert (children.aggregators != before.aggregators[0]).any()
    assert (children.operations != before.operations[0]).any(axis=1).mean() > 0.7
    assert nodes.min() < before.readout[0, :N].sum() < nodes.max()


def test_constants_of_new_edges_start_in_their_ranges():
    space, rng = SPACES["both"], np.random.default_rng(4)
    starts = Starts(space)
    low, high = starts.low, starts.high
    parents = parents_of(space, 2, rng)
    mutator = mutator_of(space, rng)
    for _ in range(53):
        child = mutator.propose(draft(parents, 0), draft(parents, 1))
        present = child.operations != space.zero
        assert (child.w >= low[child.operations])[present].all()
        assert (child.w <= high[child.operations])[present].all()


def readout_values(space, d, inputs):
    """The nodes that the readout uses, in their order."""
    batch = batch_of([d])
    program = GraphProgram(space, batch)
    nodes = program.forward(program.pack(torch.as_tensor(d.w[None])), inputs)
    return nodes[0, torch.as_tensor(d.readout[: space.nodes])]


@pytest.mark.parametrize("name", SPACES)
@settings(max_examples=40)
@given(seed=seeds)
def test_inserting_an_empty_node_keeps_the_function(name, seed):
    space, rng = SPACES[name], np.random.default_rng(seed)
    parents, inputs = parents_of(space, 1, rng, N - 1), draw_inputs(space, rng)
    one = draft(parents, 0)
    before = readout_values(space, one, inputs)
    at = int(rng.integers(N))
    _renumber(space, one, [*range(at), None, *range(at, N - 1)])
    assert not one.readout[at]
    assert (one.operations[space.into(at)] == space.zero).all()
    torch.testing.assert_close(readout_values(space, one, inputs), before, rtol=1e-12, atol=0, equal_nan=True)
    # And dropping it again is the inverse.
    _renumber(space, one, [j for j in range(N) if j != at])
    again = batch_of([one])
    assert prune(space, again).keys() == prune(space, parents.batch).keys()
    torch.testing.assert_close(readout_values(space, one, inputs), before, rtol=1e-12, atol=0, equal_nan=True)


@pytest.mark.parametrize("name", SPACES)
@settings(max_examples=40)
@given(seed=seeds)
def test_dropping_an_unused_node_keeps_the_function(name, seed):
    space, rng = SPACES[name], np.random.default_rng(seed)
    graphs, inputs = draw_graphs(space, 1, rng), draw_inputs(space, rng)
    at = int(rng.integers(N))
    graphs.batch.readout[0, at] = False
    leaving = [e for e, (i, _) in enumerate(space.edges) if i == space.n_inputs + at]
    graphs.batch.operations[0, leaving] = space.zero
    one = draft(graphs, 0)
    before = readout_values(space, one, inputs)
    _renumber(space, one, [j for j in range(N) if j != at])
    torch.testing.assert_close(readout_values(space, one, inputs), before, rtol=1e-12, atol=0, equal_nan=True)
    assert one.readout[: space.nodes].sum() == len(before)


def test_a_space_with_one_choice_does_not_loop_or_fail():
    space = space_of(1, inputs=("u",), operations=("zero", "exp"), aggregators=("sum",))
    rng = np.random.default_rng(5)
    batch = prune(space, draw_batch(space, 2, rng, absent=0.0))
    w = draw_parameters(space, batch, rng)
    mutator = mutator_of(space, rng, 1)
    drafts = [Draft(batch.operations[r], batch.aggregators[r], batch.readout[r], w[r]) for r in range(2)]
    children = batch_of([mutator.propose(*drafts) for _ in range(53)])
    assert set(np.unique(children.operations)) <= {0, 1}


def test_an_empty_parent_can_grow():
    space, rng = SPACES["both"], np.random.default_rng(6)
    empty = Draft(
        np.full(len(space.edges), space.zero), np.zeros(N, dtype=int), np.zeros(space.n_readout, dtype=bool),
        np.zeros((len(space.edges), space.n_parameters)),
    )  # fmt: skip
    children = [mutator_of(space, rng).propose(empty, empty) for _ in range(53)]
    assert any(live_nodes(space, prune(space, batch_of([c]))).any() for c in children)
