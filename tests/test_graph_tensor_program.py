"""Fixed graphs: values by definition, derivatives by differences, replicas that do not mix."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from random_graphs import ALL, ROWS, draw_batch, draw_graphs, draw_inputs, node_values, space_of, well_conditioned

from eqdarts.darts.architecture import Architecture
from eqdarts.darts.relaxation import Relaxation
from eqdarts.darts.sampling import draw_parameters
from eqdarts.darts.supernet import forward
from eqdarts.graph.genotype import Genotype, GenotypeBatch, constants_of, live_nodes, prune
from eqdarts.graph.space import AGGREGATORS
from eqdarts.graph.tensor_program import GraphProgram

R = 7
SPACE = space_of()  # E = 9
seeds = st.integers(0, 2**32 - 1)


def live(values, space, batch):
    """NaN-proof: dead nodes are nobody's business."""
    return torch.where(torch.as_tensor(live_nodes(space, batch))[:, :, None], values, 0.0)


@given(seeds)
def test_values_follow_the_definition(seed):
    rng = np.random.default_rng(seed)
    graphs, inputs = draw_graphs(SPACE, R, rng), draw_inputs(SPACE, rng)
    program = GraphProgram(SPACE, graphs.batch)
    nodes = live(program.forward(program.pack(graphs.w), inputs), SPACE, graphs.batch)
    expected = live(node_values(SPACE, graphs.batch, graphs.w, inputs), SPACE, graphs.batch)
    torch.testing.assert_close(nodes, expected, rtol=1e-10, atol=1e-12, equal_nan=True)


def differences(program, packed, inputs, coefficients, step=1e-6):
    """Central differences of Σ_j c_j·k_j by every packed parameter: [R, P, n]."""
    columns = []
    for p in range(packed.shape[1]):
        sides = []
        for sign in (1, -1):
            moved = packed.clone()
            moved[:, p] += sign * step
            sides.append(torch.einsum("rj,rjn->rn", coefficients, program.forward(moved, inputs)))
        columns.append((sides[0] - sides[1]) / (2 * step))
    return torch.stack(columns, dim=1)


def assert_jacobian(space, graphs, inputs):
    """Returns how many replicas were checked: those whose values and slopes are moderate."""
    program = GraphProgram(space, graphs.batch)
    packed = program.pack(graphs.w)
    coefficients = graphs.coefficients[:, : space.nodes]
    nodes, pullback = program.linearise(packed, inputs)
    torch.testing.assert_close(nodes, program.forward(packed, inputs), rtol=1e-12, atol=0, equal_nan=True)
    jacobian = pullback(coefficients)
    assert jacobian.shape == (len(graphs.batch), packed.shape[1], inputs.shape[1])
    assert (jacobian[~program.live_parameters] == 0).all()
    numeric = differences(program, packed, inputs, coefficients)
    # Where differences depend on their step they are no measure.
    coarse = differences(program, packed, inputs, coefficients, step=2e-6)
    steady = torch.isclose(numeric, coarse, rtol=1e-5, atol=1e-5).flatten(1).all(dim=1)
    ok = well_conditioned(nodes) & well_conditioned(numeric) & steady
    torch.testing.assert_close(jacobian[ok], numeric[ok], rtol=1e-5, atol=1e-5)
    return int(ok.sum())


@pytest.mark.parametrize("aggregator", AGGREGATORS)
@pytest.mark.parametrize("name", ALL)
def test_jacobian_of_each_operation_equals_differences(name, aggregator):
    """The operation stands on an edge from an input and on one from a node."""
    rng = np.random.default_rng(5)
    space = space_of(2)
    edges = (name, "linear", "linear", "zero", name)  # u→k1, v→k1, u→k2, v→k2, k1→k2
    genotype = Genotype(edges, (aggregator, aggregator), (True, True, False, False, True))
    batch = GenotypeBatch.of(space, [genotype] * 101)
    graphs = draw_graphs(space, 101, rng)
    graphs = type(graphs)(batch, torch.as_tensor(draw_parameters(space, batch, rng)), graphs.coefficients, graphs.loss)
    assert assert_jacobian(space, graphs, draw_inputs(space, rng).abs()) >= 3


@given(seeds)
def test_jacobian_of_random_graphs_equals_differences(seed):
    rng = np.random.default_rng(seed)
    assert_jacobian(SPACE, draw_graphs(SPACE, R, rng), draw_inputs(SPACE, rng))


def test_most_random_graphs_are_checked():
    rng = np.random.default_rng(0)
    assert assert_jacobian(SPACE, draw_graphs(SPACE, 101, rng), draw_inputs(SPACE, rng)) > 20


def test_jacobian_of_a_product_with_zero_factors():
    """u = 0 makes one factor 0 on some rows, u = v = 0 makes two: dividing by a factor would give NaN."""
    space = space_of(1, operations=("zero", "scale"), inputs=("u", "v", "t"))
    batch = GenotypeBatch.of(space, [Genotype(("scale",) * 3, ("product",), (True, False, False, False, False))])
    inputs = torch.tensor([[0.0, 0.0, 0.0, 2.0, 1.0], [0.0, 3.0, 0.0, 5.0, 1.0], [7.0, 2.0, 0.0, 0.0, 1.0]]).double()
    program = GraphProgram(space, batch)
    packed = torch.tensor([[2.0, 3.0, 5.0]], dtype=torch.float64)
    nodes, pullback = program.linearise(packed, inputs)
    product = inputs.prod(dim=0)
    torch.testing.assert_close(nodes[0, 0], 30 * product)
    by_hand = torch.stack([15 * product, 10 * product, 6 * product])
    torch.testing.assert_close(pullback(torch.ones(1, 1).double())[0], by_hand)


def test_slopes_pass_through_zero_factors_to_earlier_nodes():
    """k1 = a·u and k2 = v·k1: ∂k2/∂a = u·v, also where u or v is 0."""
    space = space_of(2, operations=("zero", "scale", "identity"))
    genotype = Genotype(
        ("scale", "zero", "zero", "identity", "identity"), ("sum", "product"), (False, True, False, False, False)
    )
    program = GraphProgram(space, GenotypeBatch.of(space, [genotype]))
    inputs = torch.tensor([[0.0, 0.0, 2.0, 3.0], [0.0, 5.0, 0.0, 7.0]], dtype=torch.float64)
    _, pullback = program.linearise(torch.tensor([[1.3]]).double(), inputs)
    torch.testing.assert_close(pullback(torch.tensor([[0.0, 1.0]]).double())[0, 0], inputs.prod(dim=0))


def test_an_infinite_slope_on_one_row_leaves_the_others_their_own():
    """k1 = relu(u + b) is 0 on a row, where k2 = |k1|^½ has an infinite slope."""
    space = space_of(2, inputs=("u",), operations=("zero", "relu", "power"))
    genotype = Genotype(("relu", "zero", "power"), ("sum", "sum"), (False, True, False, False))
    program = GraphProgram(space, GenotypeBatch.of(space, [genotype]))
    inputs = torch.tensor([[-2.0, 1.0, 4.0]], dtype=torch.float64)
    nodes, pullback = program.linearise(torch.tensor([[1.0, 0.5, 0.5]], dtype=torch.float64), inputs)
    jacobian = pullback(torch.tensor([[0.0, 1.0]], dtype=torch.float64))[0]
    k1 = torch.tensor([1.5, 4.5], dtype=torch.float64)
    torch.testing.assert_close(nodes[0, 1, 1:], k1.sqrt())
    torch.testing.assert_close(jacobian[1, 1:], 0.5 / k1.sqrt())
    assert (jacobian[:, 0] == 0).all()


@given(seeds)
def test_a_replica_alone_equals_itself_in_the_batch(seed):
    rng = np.random.default_rng(seed)
    graphs, inputs = draw_graphs(SPACE, R, rng), draw_inputs(SPACE, rng)
    coefficients = graphs.coefficients[:, : SPACE.nodes]
    program = GraphProgram(SPACE, graphs.batch)
    nodes, pullback = program.linearise(program.pack(graphs.w), inputs)
    jacobian = pullback(coefficients)
    for r in range(R):
        alone = GraphProgram(SPACE, graphs.batch.select([r]))
        mine, pull = alone.linearise(alone.pack(graphs.w[[r]]), inputs)
        torch.testing.assert_close(mine[0], nodes[r], rtol=1e-12, atol=1e-300, equal_nan=True)
        slopes = pull(coefficients[[r]])[0][alone.live_parameters[0]]
        together = jacobian[r][program.live_parameters[r]]
        torch.testing.assert_close(slopes, together, rtol=1e-12, atol=1e-300, equal_nan=True)


@given(seeds)
def test_pack_and_unpack_are_inverse_on_live_parameters(seed):
    rng = np.random.default_rng(seed)
    batch = draw_batch(SPACE, R, rng)
    program = GraphProgram(SPACE, batch)
    w = torch.as_tensor(rng.normal(size=(R, len(SPACE.edges), SPACE.n_parameters)))
    packed = program.pack(w)
    assert (packed[~program.live_parameters] == 0).all()
    unpacked = program.unpack(packed)
    kept = unpacked != 0
    assert torch.equal(unpacked[kept], w[kept])
    assert torch.equal(kept.flatten(1).sum(dim=1), program.live_parameters.sum(dim=1))
    assert torch.equal(program.pack(unpacked), packed)


@pytest.mark.parametrize("operations", [("zero", "square"), ALL], ids=["no parameters", "all"])
@pytest.mark.parametrize("replicas", [0, 3])
def test_batches_without_parameters_and_without_replicas_work(operations, replicas):
    space = space_of(2, operations=operations)
    rng = np.random.default_rng(1)
    graphs, inputs = draw_graphs(space, 3, rng), draw_inputs(space, rng)
    w, coefficients = graphs.w[:replicas], graphs.coefficients[:replicas, :2]
    program = GraphProgram(space, graphs.batch.select(slice(replicas)))
    nodes, pullback = program.linearise(program.pack(w), inputs)
    assert nodes.shape == (replicas, 2, ROWS)
    assert pullback(coefficients).shape[::2] == (replicas, ROWS)
    assert program.unpack(program.pack(w)).shape == w.shape


@given(seeds)
def test_one_hot_weights_make_the_supernet_equal_the_graph(seed):
    rng = np.random.default_rng(seed)
    graphs, inputs = draw_graphs(SPACE, R, rng), draw_inputs(SPACE, rng)
    batch, E, M = graphs.batch, len(SPACE.edges), len(SPACE.operations)
    chosen = torch.as_tensor(batch.operations)
    alpha = 9.0 * torch.nn.functional.one_hot(chosen, M)[:, None].expand(R, 2, E, M).double()
    beta = 9.0 * torch.nn.functional.one_hot(torch.as_tensor(batch.aggregators), 2).double()
    w = torch.zeros(R, E, M, SPACE.n_parameters, dtype=torch.float64)
    w.scatter_(2, chosen[:, :, None, None].expand(-1, -1, 1, SPACE.n_parameters), graphs.w[:, :, None])
    prediction, defined = forward(
        SPACE, Relaxation("gumbel"), Architecture(alpha, beta), w, graphs.coefficients, inputs.T.contiguous()
    )
    program = GraphProgram(SPACE, batch)
    nodes = live(program.forward(program.pack(graphs.w), inputs), SPACE, batch)
    rest = torch.cat([inputs, torch.ones(1, ROWS).double()]).expand(R, 3, ROWS)
    basis = torch.cat([nodes, rest], dim=1)
    inside = defined.gather(2, chosen[:, :, None])[:, :, 0].all(dim=1) & well_conditioned(basis, 1e9)
    expected = torch.einsum("rq,rqn->rn", graphs.coefficients, basis)
    torch.testing.assert_close(prediction[inside], expected[inside], rtol=1e-9, atol=1e-9)


@given(seeds)
def test_dead_branches_do_not_count(seed):
    rng = np.random.default_rng(seed)
    graphs, inputs = draw_graphs(SPACE, R, rng), draw_inputs(SPACE, rng)
    batch = graphs.batch
    batch.readout[:, SPACE.nodes - 1] = rng.random(R) < 0.5
    alive = live_nodes(SPACE, batch)
    target = np.array([j for _, j in SPACE.edges])
    counts = np.array([len(op.parameters) for op in SPACE.rows])[batch.operations]
    program = GraphProgram(SPACE, batch)
    expected = (counts * alive[:, target]).sum(axis=1)
    np.testing.assert_array_equal(program.live_parameters.sum(dim=1).numpy(), expected)
    poisoned = torch.where(torch.as_tensor(alive[:, target, None]), graphs.w, torch.nan)
    values = [live(program.forward(program.pack(w), inputs), SPACE, batch) for w in (graphs.w, poisoned)]
    torch.testing.assert_close(*values, rtol=0, atol=0, equal_nan=True)


@given(seeds)
def test_prune_removes_what_is_dead_and_nothing_else(seed):
    rng = np.random.default_rng(seed)
    graphs, inputs = draw_graphs(SPACE, R, rng, absent=0.6), draw_inputs(SPACE, rng)
    before = graphs.batch
    after = prune(SPACE, before)
    assert prune(SPACE, after).keys() == after.keys()
    alive = live_nodes(SPACE, after)
    target, source = (np.array([edge[k] for edge in SPACE.edges]) for k in (1, 0))
    present = after.operations != SPACE.zero
    assert (present <= alive[:, target]).all()
    latent = source >= SPACE.n_inputs
    assert (present[:, latent] <= alive[:, source[latent] - SPACE.n_inputs]).all()
    entered = np.stack([present[:, SPACE.into(j)].any(axis=1) for j in range(SPACE.nodes)], axis=1)
    assert (entered == alive).all()
    assert (after.readout[:, SPACE.nodes :] == before.readout[:, SPACE.nodes :]).all()
    program = GraphProgram(SPACE, after)
    np.testing.assert_array_equal(
        constants_of(SPACE, after), program.live_parameters.sum(dim=1).numpy() + after.readout.sum(axis=1)
    )
    # Without constant nodes, what remains has the values it had.
    full = [(before.operations[:, SPACE.into(j)] != SPACE.zero).any(axis=1) for j in range(SPACE.nodes)]
    whole = np.stack(full).all(axis=0)
    old = node_values(SPACE, before, graphs.w, inputs)
    new = program.forward(program.pack(graphs.w), inputs)
    same = torch.as_tensor(whole[:, None] & alive)
    torch.testing.assert_close(new[same], old[same], rtol=1e-10, atol=1e-12, equal_nan=True)


@pytest.mark.parametrize("aggregators", [("sum",), ("product",), ("product", "sum")])
def test_pruned_graphs_use_only_aggregators_of_the_space(aggregators):
    space = space_of(aggregators=aggregators)
    batch = prune(space, draw_batch(space, 31, np.random.default_rng(3), absent=0.8))
    assert {AGGREGATORS[a] for a in batch.aggregators.ravel()} <= set(aggregators)
