"""The compiled loops against their reference, the torch program, and against mathematics."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from random_graphs import ALL, draw_batch, draw_graphs, draw_inputs, space_of, table_of

from eqdarts.data.table import Table
from eqdarts.fit.backend import CompiledBackend, TorchBackend, backend_of
from eqdarts.fit.compiled.elementary import CODES, apply, pull_back
from eqdarts.fit.compiled.graphs import Kernel, LoopRows, apply_link
from eqdarts.fit.compiled.own import NONE
from eqdarts.fit.compiled.program import forward, jacobian, lay_out
from eqdarts.fit.compiled.separable import cholesky, damped_step, dot, substitute
from eqdarts.fit.graphs import fit_graphs, losses
from eqdarts.graph.genotype import Genotype, GenotypeBatch, live_nodes
from eqdarts.graph.links import LINK_NAMES, LINKS
from eqdarts.graph.operations import OPERATIONS
from eqdarts.graph.space import AGGREGATORS
from eqdarts.graph.tensor_program import GraphProgram

R, n = 7, 17
SPACE = space_of()  # d = 2, N = 3, E = 9, all operations
CPU = torch.device("cpu")
seeds = st.integers(0, 2**32 - 1)


def rows_of(space, rng, weighted=False, zeros=0.0, size=n):
    """A table; `zeros` is the share of inputs that are 0."""
    inputs = draw_inputs(space, rng, size)
    inputs[torch.as_tensor(rng.random(inputs.shape) < zeros)] = 0.0
    weights = np.sqrt(rng.uniform(0.1, 2, size)) if weighted else None
    return table_of(inputs, rng.normal(size=size), weights)


def kernel_nodes(space, batch, w, inputs, r=0, coefficients=None):
    """Node values [N, n] of graph r, and the Jacobian [P, n] of Σ c_j k_j; parameters live and packed."""
    d, size = inputs.shape
    edges = len(space.edges)
    codes = np.array([CODES[name] for name in space.operations])
    counts = np.zeros(len(CODES), dtype=np.int64)
    for row in space.rows:
        counts[CODES[row.name]] = len(row.parameters)
    sources, targets = (np.array([e[k] for e in space.edges]) for k in (0, 1))
    code, source, node, first = (np.zeros(edges, dtype=np.int64) for _ in range(4))
    live, parameters = lay_out(
        codes[batch.operations[r]], batch.readout[r], sources, targets, counts, d, code, source, node, first
    )
    program = GraphProgram(space, batch.select([r]))
    packed = np.zeros(parameters + 3)
    packed[:parameters] = program.pack(torch.as_tensor(w[[r]]))[0, :parameters]
    product = batch.aggregators[r] == AGGREGATORS.index("product")
    rows = LoopRows(table_of(inputs, np.ones(size)))
    nodes = np.empty((space.nodes, size))
    values, inner = np.empty((edges, size)), np.empty((edges, size))
    forward(live, code, source, node, first, product, packed, NONE, inputs, rows.logs, rows.signs, nodes, values, inner)
    slopes = np.zeros((parameters + 3, size))
    if coefficients is not None:
        jacobian(
            live, code, source, node, first, product, packed, NONE, inputs, rows.logs, nodes, values, inner,
            coefficients, np.empty_like(nodes), np.empty(size), np.empty((edges, size)), np.empty(size), slopes,
        )  # fmt: skip
    return nodes, slopes[:parameters], program


def test_codes_are_those_of_operations_that_ship():
    assert set(CODES) <= set(OPERATIONS)  # a row without one is a tape
    assert len(set(CODES.values())) == len(CODES)
    assert CODES["zero"] == 0


# --- one operation ---------------------------------------------------------------------------------------------------


def operation_at(name, rng, size=29):
    """x [n] and w [P] where the operation is defined."""
    op = OPERATIONS[name]
    low, high = (np.array([pair[k] for pair in op.initial]) for k in (0, 1))
    while True:
        w = rng.uniform(low, high)
        x = rng.uniform(-1.5, 1.5, size)
        if op.domain is None or name in ("power", "odd_power"):
            return x, w
        fine = op.domain(torch.as_tensor(x), *torch.as_tensor(w)).numpy()
        if fine.sum() >= 5:
            return x[fine], w


def value_of(name, x, w):
    value, inner = np.empty_like(x), np.empty_like(x)
    apply(CODES[name], x, np.concatenate([w, np.zeros(3)]), NONE, value, inner)
    return value, inner


@pytest.mark.parametrize("name", ALL)
def test_values_of_each_operation_are_those_of_torch(name):
    rng = np.random.default_rng(1)
    for _ in range(23):
        x, w = operation_at(name, rng)
        expected = OPERATIONS[name].numeric(torch.as_tensor(x), *torch.as_tensor(w)).numpy()
        np.testing.assert_allclose(value_of(name, x, w)[0], expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", [name for name in ALL if OPERATIONS[name].domain is not None])
def test_off_their_domain_operations_are_not_finite_or_agree_with_torch(name):
    op = OPERATIONS[name]
    rng = np.random.default_rng(2)
    low, high = (np.array([pair[k] for pair in op.initial]) for k in (0, 1))
    off = 0
    for _ in range(53):
        w = rng.uniform(low, high)
        w[1:2] *= rng.integers(2)  # where a·x + b = a·x, it is 0 at 0
        x = np.concatenate([rng.uniform(-3, 3, 29), [0.0, -0.0]])
        found, expected = value_of(name, x, w)[0], op.numeric(torch.as_tensor(x), *torch.as_tensor(w)).numpy()
        off += np.sum(~np.isfinite(expected))
        np.testing.assert_array_equal(np.isfinite(found), np.isfinite(expected))
        fine = np.isfinite(expected)
        np.testing.assert_allclose(found[fine], expected[fine], rtol=1e-12)
    assert off > 0


@pytest.mark.parametrize("name", ["relu", "softplus", "tanh", "abs", "identity", "logistic", "gaussian"])
def test_what_is_undefined_stays_undefined(name):
    x = np.array([np.nan, 1.0])
    assert np.isnan(value_of(name, x, np.ones(len(OPERATIONS[name].parameters)))[0]).tolist() == [True, False]


@pytest.mark.parametrize("name", ALL)
def test_slopes_of_each_operation_equal_central_differences(name):
    rng, step = np.random.default_rng(3), 1e-6
    for _ in range(23):
        x, w = operation_at(name, rng)
        x, flow = np.where(np.abs(x) < 0.1, 0.5, x), rng.normal(size=x.shape)
        value, inner = value_of(name, x, w)
        by_x, by_w = np.zeros_like(x), np.zeros((len(w) + 3, len(x)))
        pull_back(CODES[name], x, np.concatenate([w, np.zeros(3)]), NONE, value, inner, flow, True, by_x, by_w)
        sides = [(value_of(name, x + step, w)[0], value_of(name, x - step, w)[0])]
        sides += [(value_of(name, x, w + h)[0], value_of(name, x, w - h)[0]) for h in step * np.eye(len(w))]
        numeric = np.array([flow * (a - b) / (2 * step) for a, b in sides])
        # Near a pole or a kink differences say little.
        scale = np.max(np.abs(numeric), axis=0)
        curved = np.abs(value_of(name, x + 1e-3, w)[0] + value_of(name, x - 1e-3, w)[0] - 2 * value) > 1e-4
        fine = (scale < 1e2) & ~curved
        np.testing.assert_allclose(by_x[fine], numeric[0][fine], rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(by_w[: len(w), fine], numeric[1:, fine], rtol=1e-5, atol=1e-7)


# --- one graph -------------------------------------------------------------------------------------------------------


def compared(graphs, rows, r):
    """Nodes and Jacobian by the kernel and by the torch program, and the rows [n] where all of that is moderate.

    A row that is undefined for one node may be defined for another that follows, such as 1/ln(0).
    """
    c = graphs.coefficients[[r], : SPACE.nodes]
    nodes, slopes, program = kernel_nodes(
        SPACE, graphs.batch, graphs.w.numpy(), rows.columns, r, graphs.coefficients[r].numpy()
    )
    expected, pull = program.linearise(program.pack(graphs.w[[r]]), torch.as_tensor(rows.columns))
    expected_slopes = pull(c)[0, : len(slopes)].numpy()
    fine = (np.abs(expected[0].numpy()) < 1e2).all(axis=0) & (np.abs(expected_slopes) < 1e3).all(axis=0)
    return (nodes, slopes), (expected[0].numpy(), expected_slopes), fine


@given(seeds, st.sampled_from([0.0, 0.2]))
def test_nodes_and_jacobian_are_those_of_the_torch_program(seed, zeros):
    rng = np.random.default_rng(seed)
    graphs, rows = draw_graphs(SPACE, R, rng), rows_of(SPACE, rng, zeros=zeros)
    live = live_nodes(SPACE, graphs.batch)
    for r in range(R):
        (nodes, slopes), (expected, expected_slopes), fine = compared(graphs, rows, r)
        at = np.ix_(live[r], fine)
        np.testing.assert_allclose(nodes[at], expected[at], rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(slopes[:, fine], expected_slopes[:, fine], rtol=1e-9, atol=1e-10)
        undefined = live[r][:, None] & ~np.isfinite(expected)
        assert not np.isfinite(nodes[undefined]).any()


def test_most_rows_are_compared():
    rng = np.random.default_rng(0)
    graphs, rows = draw_graphs(SPACE, 101, rng), rows_of(SPACE, rng, zeros=0.1)
    assert np.mean([compared(graphs, rows, r)[2] for r in range(101)]) > 0.3


def test_powers_of_zero_in_a_monomial():
    """u^p·v^q: 0 to a positive power is 0, to a negative one infinite, to the power 0 one; 0·∞ is undefined."""
    space = space_of(1, operations=("zero", "power", "odd_power"))
    inputs = np.array([[0.0, 0.0, 0.0, 2.0, -2.0], [0.0, 3.0, -3.0, 0.0, 3.0]])
    batch = GenotypeBatch.of(space, [Genotype(("power", "odd_power"), ("product",), (True, False, False, False))])

    def nodes(p, q):
        return kernel_nodes(space, batch, np.array([[[p], [q]]]), inputs)[0][0]

    np.testing.assert_allclose(nodes(2.0, 1.0), [0, 0, 0, 0, 12])
    np.testing.assert_allclose(nodes(0.0, 1.0), [0, 3, -3, 0, 3])
    for p, q in ((2.0, -2.0), (2.0, -1.0), (-1.0, 2.0), (-2.0, -2.0)):
        finite = np.isfinite(nodes(p, q))
        assert not finite[0], (p, q)
        assert finite.tolist() == [False, p > 0, p > 0, q > 0, True]


# --- fits ------------------------------------------------------------------------------------------------------------


@given(seeds, st.booleans(), st.sampled_from([0.0, 0.1]))
def test_the_readout_and_its_loss_are_those_of_the_torch_program(seed, weighted, zeros):
    rng = np.random.default_rng(seed)
    graphs, rows = draw_graphs(SPACE, R, rng), rows_of(SPACE, rng, weighted, zeros)
    expected = fit_graphs(SPACE, graphs.batch, graphs.w, rows, steps=0)
    w, c, loss = Kernel(SPACE).fit(graphs.batch, graphs.w.numpy(), rows, 0)
    # Beside columns of 1e10, or nearly equal ones, rounding is all that is left of the rest.
    fine = (expected.loss.isfinite() & (expected.coefficients.abs().amax(dim=1) < 1e4)).numpy()
    np.testing.assert_allclose(loss[fine], expected.loss.numpy()[fine], rtol=1e-10, atol=1e-10)
    np.testing.assert_array_equal(w[fine], expected.w.numpy()[fine])
    undefined = expected.loss.isinf().numpy()
    assert (loss[undefined] == np.inf).all()
    assert (np.isnan(c[undefined]).any(axis=1) | ~graphs.batch.readout[undefined].any(axis=1)).all()


SMOOTH = space_of(1, operations=("zero", "exp", "sin", "power", "logistic", "affine_power"), signed=(False, True))


def smooth_problem(seed, replicas=R, weighted=False):
    """Graphs of two edges whose parameters the data determine, started near the truth."""
    rng = np.random.default_rng(seed)
    rows = rows_of(SMOOTH, rng, weighted, size=53)
    u, v = rows.columns
    y = 2 * u**1.5 * np.exp(-0.6 * v) + 0.3 + 0.05 * rows.y
    readout = (True, False, False, True)
    batch = GenotypeBatch.of(SMOOTH, [Genotype(("power", "exp"), ("product",), readout)] * replicas)
    w = np.zeros((replicas, 2, SMOOTH.n_parameters))
    w[:, 0, 0], w[:, 1, 0] = rng.uniform(0.7, 2.2, replicas), rng.uniform(-1.2, -0.2, replicas)
    return batch, w, replace(rows, y=y)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("steps", [1, 2, 3, 30])
def test_steps_are_those_of_the_torch_program(steps, weighted):
    batch, w, rows = smooth_problem(5, weighted=weighted)
    expected = fit_graphs(SMOOTH, batch, torch.as_tensor(w), rows, steps)
    found, c, loss = Kernel(SMOOTH).fit(batch, w, rows, steps)
    np.testing.assert_allclose(found, expected.w.numpy(), rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(c, expected.coefficients.numpy(), rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(loss, expected.loss.numpy(), rtol=1e-8)
    assert np.abs(found - w).max() > 1e-3


@pytest.mark.parametrize("name", [name for name in ALL if OPERATIONS[name].parameters])
def test_each_operation_takes_the_steps_of_the_torch_program(name):
    """On an edge from an input and on one from a node; one parameter moves, as others may be redundant beside it."""
    rng = np.random.default_rng(7)
    space = space_of(2, inputs=("u",), operations=("zero", name))
    rows = rows_of(space, rng, size=31)
    rows = replace(rows, X=np.abs(rows.X), y=np.sin(3 * rows.columns[0]) + 0.1 * rows.y)
    genotype = Genotype((name, "zero", name), ("sum", "sum"), (False, True, False, True))
    batch = GenotypeBatch.of(space, [genotype] * 101)
    low, high = (np.array([pair[k] for pair in OPERATIONS[name].initial]) for k in (0, 1))
    w = np.zeros((101, 3, space.n_parameters))
    w[:, [0, 2]] = rng.uniform(low, high, (101, 2, len(low)))
    frozen = np.ones(w.shape, dtype=bool)
    frozen[::2, 0, 0] = frozen[1::2, 2, 0] = False
    expected = fit_graphs(space, batch, torch.as_tensor(w), rows, 1, torch.as_tensor(frozen))
    found, _, loss = Kernel(space).fit(batch, w, rows, 1, frozen)
    _, _, start = Kernel(space).fit(batch, w, rows, 0)
    fine = np.isfinite(start) & (expected.coefficients.abs().amax(dim=1) < 30).numpy()
    assert fine.sum() >= 5
    np.testing.assert_allclose(loss[fine], expected.loss.numpy()[fine], rtol=1e-6)
    assert (loss <= start).all()
    np.testing.assert_array_equal(found[frozen & (w != 0)], w[frozen & (w != 0)])


@given(seeds)
def test_a_fit_never_raises_the_loss_and_measures_what_it_says(seed):
    rng = np.random.default_rng(seed)
    graphs, rows = draw_graphs(SPACE, R, rng), rows_of(SPACE, rng, weighted=True)
    kernel, compiled, previous = Kernel(SPACE), rows, np.full(R, np.inf)
    for steps in (0, 3, 9):
        w, c, loss = kernel.fit(graphs.batch, graphs.w.numpy(), compiled, steps)
        assert (loss <= previous).all()
        previous = loss
        again, _ = kernel.measure(graphs.batch, w, c, compiled)
        fine = np.isfinite(loss) & (np.abs(c).max(axis=1) < 1e4)
        np.testing.assert_allclose(again[fine], loss[fine], rtol=1e-6, atol=1e-12)
        assert (again[~np.isfinite(loss)] == np.inf).all()


@given(seeds, st.booleans())
def test_measure_equals_losses(seed, weighted):
    rng = np.random.default_rng(seed)
    graphs, rows = draw_graphs(SPACE, R, rng), rows_of(SPACE, rng, weighted, zeros=0.05)
    expected = losses(SPACE, graphs, rows).numpy()
    w, c = graphs.w.numpy(), graphs.coefficients.numpy()
    loss, size = Kernel(SPACE).measure(graphs.batch, w, c, rows)
    fine = expected < 1e6
    np.testing.assert_allclose(loss[fine], expected[fine], rtol=1e-9, atol=1e-12)
    assert (loss[~np.isfinite(expected)] == np.inf).all()
    _, reference = TorchBackend(SPACE, CPU).measure(graphs.batch, w, c, rows)
    np.testing.assert_allclose(size[fine], reference[fine], rtol=1e-9, atol=1e-12)


def test_frozen_parameters_keep_their_value_and_the_rest_is_fitted():
    batch, w, rows = smooth_problem(6)
    frozen = np.zeros(w.shape, dtype=bool)
    frozen[:, 0, 0] = True
    found, c, loss = Kernel(SMOOTH).fit(batch, w, rows, 30, frozen)
    np.testing.assert_array_equal(found[:, 0], w[:, 0])
    assert (found[:, 1, 0] != w[:, 1, 0]).all()
    expected = fit_graphs(SMOOTH, batch, torch.as_tensor(w), rows, 30, torch.as_tensor(frozen))
    np.testing.assert_allclose(found, expected.w.numpy(), rtol=1e-7)
    np.testing.assert_allclose(c, expected.coefficients.numpy(), rtol=1e-7, atol=1e-12)
    _, _, held = Kernel(SMOOTH).fit(batch, w, rows, 30, np.ones(w.shape, dtype=bool))
    _, _, start = Kernel(SMOOTH).fit(batch, w, rows, 0)
    np.testing.assert_array_equal(held, start)
    assert (loss < start).all()


def test_a_law_is_found_from_round_exponents():
    """y = 3·u²·exp(−v/2) + 1 with the exponent held at 2."""
    batch, w, rows = smooth_problem(8)
    u, v = rows.columns
    rows = Table(rows.X, 3 * u**2 * np.exp(-v / 2) + 1)
    w[:, 0, 0] = 2.0
    frozen = np.zeros(w.shape, dtype=bool)
    frozen[:, 0, 0] = True
    found, c, loss = Kernel(SMOOTH).fit(batch, w, rows, 30, frozen)
    np.testing.assert_allclose(found[:, 1, 0], -0.5, rtol=1e-9)
    np.testing.assert_allclose(c, [[3, 0, 0, 1]] * R, atol=1e-9)
    assert (loss < 1e-22).all()


@pytest.mark.parametrize("threads", [2, 5])
def test_threads_change_no_bit(threads):
    """Undefined graphs stand among the others."""
    rng = np.random.default_rng(9)
    links = ("identity", "reciprocal", "reciprocal_sqrt")
    space = space_of(links=links)
    graphs, rows = draw_graphs(space, 211, rng), rows_of(space, rng, weighted=True, zeros=0.02)
    graphs.batch.links[:] = rng.choice([LINK_NAMES.index(name) for name in links], 211)
    rows = replace(rows, y=np.exp(rows.y))
    one, many = (Kernel(space, t) for t in (1, threads))
    expected = one.fit(graphs.batch, graphs.w.numpy(), rows, 5)
    found = many.fit(graphs.batch, graphs.w.numpy(), rows, 5)
    assert 0 < np.isinf(expected[2]).sum() < 211
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(
        many.measure(graphs.batch, *found[:2], rows), one.measure(graphs.batch, *expected[:2], rows), strict=True
    ):
        np.testing.assert_array_equal(a, b)


@given(seeds)
def test_a_graph_alone_equals_itself_in_the_batch(seed):
    rng = np.random.default_rng(seed)
    graphs, rows = draw_graphs(SPACE, R, rng), rows_of(SPACE, rng)
    together = Kernel(SPACE).fit(graphs.batch, graphs.w.numpy(), rows, 3)
    for r in range(R):
        alone = Kernel(SPACE).fit(graphs.batch.select([r]), graphs.w.numpy()[[r]], rows, 3)
        for a, b in zip(alone, together, strict=True):
            np.testing.assert_array_equal(a[0], b[r])


def test_what_is_given_is_left_alone_and_an_empty_batch_is_no_trouble():
    batch, w, rows = smooth_problem(10)
    start, keys = w.copy(), batch.keys()
    Kernel(SMOOTH).fit(batch, w, rows, 5)
    np.testing.assert_array_equal(w, start)
    assert batch.keys() == keys
    nothing = np.arange(0)
    for backend in (CompiledBackend(SMOOTH, 2), TorchBackend(SMOOTH, CPU)):
        found = backend.fit(batch.select(nothing), w[nothing], rows, 5, np.zeros(w[nothing].shape, dtype=bool))
        assert [len(a) for a in found] == [0, 0, 0]
        assert [len(a) for a in backend.measure(batch.select(nothing), *found[:2], rows)] == [0, 0]


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("inputs", [True, False])
def test_columns_that_the_space_lacks_are_not_fitted(inputs, intercept):
    space = space_of(2, readout_inputs=inputs, readout_intercept=intercept)
    rng = np.random.default_rng(11)
    graphs, rows = draw_graphs(space, 53, rng), rows_of(space, rng)
    _, c, loss = Kernel(space).fit(graphs.batch, graphs.w.numpy(), rows, 0)
    expected = fit_graphs(space, graphs.batch, graphs.w, rows, 0)
    fine = np.isfinite(loss)
    assert ((c[fine] != 0) == (expected.coefficients.numpy()[fine] != 0)).all()
    assert (c[fine][:, 2:4] != 0).any() == inputs
    assert (c[fine][:, 4] != 0).any() == intercept


# --- linear algebra --------------------------------------------------------------------------------------------------


@given(seeds, st.integers(1, 7))
def test_cholesky_and_substitution_solve(seed, size):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(size, size + 2))
    matrix, right = a @ a.T, rng.normal(size=size)
    factor, x = matrix.copy(), right.copy()
    assert cholesky(factor, size)
    np.testing.assert_allclose(np.tril(factor), np.linalg.cholesky(matrix), rtol=1e-7, atol=1e-9)
    substitute(factor, size, x)
    np.testing.assert_allclose(matrix @ x, right, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(dot(x, right), x @ right, rtol=1e-9, atol=1e-12)
    assert not cholesky(-matrix, size)


def test_steps_are_damped_shortened_and_zero_where_undefined():
    curvature, gradient = np.array([[2.0, 0.0], [0.3, 1.0]]), np.array([1.0, -1.0])
    matrix, step = np.empty((2, 2)), np.empty(2)
    damped_step(gradient, curvature, 2, 0.5, matrix, step)
    np.testing.assert_allclose(step, np.linalg.solve([[3.0, 0.3], [0.3, 1.5]], gradient))
    damped_step(100 * gradient, curvature, 2, 0.5, matrix, step)
    np.testing.assert_allclose(np.linalg.norm(step), 4.0)
    damped_step(np.array([np.nan, 1.0]), curvature, 2, 0.5, matrix, step)
    assert step.tolist() == [0.0, 0.0]


# --- links -----------------------------------------------------------------------------------------------------------


def targets_of(name, rng, size=53):
    """Some y in the range of the link."""
    low, high = {"arcsin": (-1.5, 1.5), "logistic": (0.05, 0.95)}.get(name, (0.1, 3.0))
    return rng.uniform(low, high, size)


@pytest.mark.parametrize("name", LINKS)
def test_compiled_links_are_those_of_the_table(name):
    f = np.random.default_rng(12).normal(size=53) * 2
    f[:2] = [0.0, 1.0]
    found = f.copy()
    apply_link(LINK_NAMES.index(name), found)
    with np.errstate(all="ignore"):
        expected = LINKS[name].value(f)
    np.testing.assert_array_equal(np.isfinite(found), np.isfinite(expected))
    fine = np.isfinite(expected)
    np.testing.assert_allclose(found[fine], expected[fine], rtol=1e-14)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", LINKS)
def test_backends_agree_on_links(name, weighted):
    """A fit of the linked target, and a loss of the target itself."""
    space = space_of(1, operations=SMOOTH.operations, signed=(False, True), links=(name,))
    batch, w, rows = smooth_problem(13, weighted=weighted)
    batch.links[:] = LINK_NAMES.index(name)
    rng = np.random.default_rng(14)
    rows = replace(rows, y=targets_of(name, rng))
    compiled, tensors = CompiledBackend(space, 1), TorchBackend(space, CPU)
    for steps in (0, 2):
        one, two = (b.fit(batch, w, rows, steps) for b in (compiled, tensors))
        for found, expected in zip(one, two, strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9)
        for found, expected in zip(
            compiled.measure(batch, *two[:2], rows), tensors.measure(batch, *two[:2], rows), strict=True
        ):
            np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_graphs_with_different_links_do_not_mix():
    links = ("identity", "sqrt", "reciprocal")
    space = space_of(1, operations=SMOOTH.operations, signed=(False, True), links=links)
    batch, w, rows = smooth_problem(15)
    batch.links[:] = [LINK_NAMES.index(name) for name in ("sqrt", "identity", *links, "sqrt", "reciprocal")]
    rows = replace(rows, y=np.abs(rows.y) + 0.2)
    for backend in (CompiledBackend(space, 1), TorchBackend(space, CPU)):
        together = backend.fit(batch, w, rows, 3)
        for r in range(R):
            alone = backend.fit(batch.select([r]), w[[r]], rows, 3)
            for a, b in zip(alone, together, strict=True):
                np.testing.assert_allclose(a[0], b[r], rtol=1e-9)


@pytest.mark.parametrize("backend", ["compiled", "torch"])
def test_an_inverse_distance_is_found_through_its_link(backend):
    """y = 1/√(u² + v²) is one node: y^−2 = u² + v², with exponents to be found."""
    space = space_of(1, operations=("zero", "power"), links=("identity", "reciprocal_sqrt"))
    rng = np.random.default_rng(16)
    inputs = draw_inputs(space, rng, 41)
    rows = table_of(inputs, 1 / inputs.square().sum(dim=0).sqrt())
    genotype = Genotype(("power", "power"), ("sum",), (True, False, False, False), "reciprocal_sqrt")
    batch = GenotypeBatch.of(space, [genotype])
    chosen = CompiledBackend(space, 1) if backend == "compiled" else TorchBackend(space, CPU)
    w, c, loss = chosen.fit(batch, np.array([[[1.4], [2.3]]]), rows, 60)
    np.testing.assert_allclose(w.ravel(), 2.0, rtol=1e-9)
    np.testing.assert_allclose(c[0], [1, 0, 0, 0], atol=1e-9)
    assert loss[0] < 1e-22
    assert chosen.measure(batch, w, c, rows)[0][0] < 1e-22


def test_the_weights_of_a_linked_target_make_its_loss_that_of_y_to_first_order():
    rng = np.random.default_rng(17)
    space = space_of(1, operations=("zero", "power"), links=("reciprocal",), readout_inputs=False)
    u = rng.uniform(0.4, 1.6, (2, 101))
    y = 1 / (0.7 * u[0] ** 2 + 0.4) + 1e-4 * rng.normal(size=101)
    rows = table_of(u, y)
    batch = GenotypeBatch.of(space, [Genotype(("power", "zero"), ("sum",), (True, False, False, True), "reciprocal")])
    kernel = Kernel(space)
    w, c, loss = kernel.fit(batch, np.array([[[2.0], [0.0]]]), rows, 0)
    np.testing.assert_allclose(kernel.measure(batch, w, c, rows)[0], loss, rtol=1e-2)


# --- the choice ------------------------------------------------------------------------------------------------------


def test_the_kernel_takes_what_it_knows_and_the_tensor_program_the_rest():
    assert Kernel.covers(SPACE)
    assert isinstance(backend_of(SPACE, CPU, 1), CompiledBackend)
    assert isinstance(backend_of(SPACE, torch.device("meta"), 1), TorchBackend)
    given_coefficients = space_of(1, readout_coefficients=False)
    assert not Kernel.covers(given_coefficients)
    assert isinstance(backend_of(given_coefficients, CPU, 1), TorchBackend)


def test_an_operation_of_the_user_goes_into_the_loops(monkeypatch):
    own = type(OPERATIONS["square"])("own", (), torch.square, lambda x: x**2)
    monkeypatch.setitem(OPERATIONS, "own", own)
    assert isinstance(backend_of(space_of(1, operations=("zero", "own")), CPU, 1), CompiledBackend)


@given(seeds)
def test_settled_starts_leave_no_domain(seed):
    rng = np.random.default_rng(seed)
    space = space_of(1, operations=("zero", "affine_power", "ln", "sqrt", "arcsin", "sin"), readout_inputs=False)
    batch = draw_batch(space, 40, rng)
    w = rng.uniform(-3, 3, (40, len(space.edges), space.n_parameters))
    rows = table_of(draw_inputs(space, rng, n), np.ones(n))
    kernel = Kernel(space)
    before, settled = kernel.node_values(batch, w, rows), kernel.settled(batch, w, rows)
    after = kernel.node_values(batch, settled, rows)
    live = live_nodes(space, batch)[:, 0]
    assert np.isfinite(after[live]).all()
    assert not np.isfinite(before[live]).all()  # there was something to settle
    fine = np.isfinite(before).all(axis=(1, 2))
    np.testing.assert_array_equal(settled[fine], w[fine])
    power = batch.operations == space.operations.index("affine_power")
    np.testing.assert_array_equal(settled[power][:, 2], w[power][:, 2])  # an exponent is no shift


def test_a_node_inside_another_is_settled_first():
    space = space_of(2, inputs=("u",), operations=("zero", "ln"), aggregators=("sum",), readout_inputs=False)
    ln = space.operations.index("ln")
    operations = np.zeros((1, len(space.edges)), dtype=np.int64)
    operations[0, [0, space.into(1).start + 1]] = ln
    batch = GenotypeBatch(operations, np.zeros((1, 2), dtype=np.int64), np.array([[False, True, False, True]]))
    w = np.full((1, len(space.edges), space.n_parameters), -1.0)
    rows = Table(np.linspace(1, 2, 9)[:, None], np.ones(9))
    kernel = Kernel(space)
    assert np.isfinite(kernel.node_values(batch, kernel.settled(batch, w, rows), rows)[0, 1]).all()


@given(seeds)
def test_node_values_are_those_of_a_linearised_graph(seed):
    rng = np.random.default_rng(seed)
    graphs = draw_graphs(SPACE, R, rng)
    rows = rows_of(SPACE, rng)
    linear = Kernel(SPACE).linearise(graphs.batch, graphs.w.numpy(), graphs.coefficients.numpy(), rows)
    np.testing.assert_array_equal(Kernel(SPACE).node_values(graphs.batch, graphs.w.numpy(), rows), linear.nodes)


@pytest.mark.slow
def test_a_search_needs_no_loop_that_was_not_compiled_before():
    """In a process of its own, as other tests call loops too: an unforeseen one would compile on the search's time."""
    program = """
import gc, warnings
import numpy as np
from eqdarts import DARTSRegressor
from eqdarts.propose.sources import SOURCES
from eqdarts.runtime.loops import compiled
from eqdarts.search.warm_up import compile_loops

warnings.simplefilter("ignore")

def known():
    loops = [found for found in gc.get_objects() if type(found) is compiled]
    return {(loop.__module__, loop.__name__, str(types)) for loop in loops for types in loop.machine.signatures}

compile_loops()
before = known()
rng = np.random.default_rng(0)
X = rng.uniform(1, 2, (90, 3))
y = X[:, 0] * np.sin(3 * X[:, 1]) + 0.1 * rng.normal(size=90)
for weights in (None, rng.uniform(1, 2, 90)):
    # Which loops run does not depend on these.
    few = {"operations": ["linear", "power", "sin"], "links": ["identity", "reciprocal"], "max_nodes": 2}
    few |= {"replicas": 24, "proposers": tuple(SOURCES)}
    DARTSRegressor(max_epochs=14, random_state=0, verbose=0, **few).fit(X, y, weights)
print(sorted(known() - before))
"""
    out = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert out.stdout.strip() == "[]"
