"""From a fitted graph to a formula: the same numbers, in the units of the table."""

import numpy as np
import pytest
import sympy
import torch
from hypothesis import given
from hypothesis import strategies as st
from random_graphs import ALL, draw_graphs, draw_inputs, space_of, table_of

from eqdarts.darts.sampling import draw_parameters
from eqdarts.fit.graphs import FittedGraphs, predict_graphs
from eqdarts.graph.genotype import Genotype, GenotypeBatch
from eqdarts.graph.links import LINKS
from eqdarts.graph.space import AGGREGATORS
from eqdarts.graph.tensor_program import GraphProgram
from eqdarts.graph.to_sympy import Constants, column_symbols, plain, to_expression

R, n = 3, 11
SPACE = space_of(signed=(True, False))  # N = 3, E = 9
SYMBOLS = column_symbols(SPACE.inputs, (False, True))


def evaluated(expression, symbols, inputs):
    function = sympy.lambdify(symbols, expression, "numpy", dummify=True)
    with np.errstate(all="ignore"):
        return np.broadcast_to(function(*inputs), inputs.shape[1:])


def assert_agree(space, graphs, inputs, x_scale, y_scale, symbols=SYMBOLS):
    """Returns how many graphs were compared: those that are defined and moderate."""
    scaled = torch.as_tensor(inputs / x_scale[:, None])
    rows = table_of(scaled, np.zeros(inputs.shape[1]))
    predictions = predict_graphs(space, graphs, rows).numpy() * y_scale
    program = GraphProgram(space, graphs.batch)
    nodes = program.forward(program.pack(graphs.w), scaled).abs().numpy()
    size = np.abs(graphs.coefficients.numpy()).sum(axis=1) * np.maximum(1.0, nodes.max(axis=(1, 2))) * y_scale
    compared = 0
    for r in range(len(graphs.batch)):
        if not (nodes[r] < 1e3).all():
            continue
        constants = Constants(graphs.w[r].numpy(), graphs.coefficients[r].numpy(), x_scale, y_scale)
        expression = to_expression(space, graphs.batch.genotype(space, r), constants, symbols)
        np.testing.assert_allclose(
            evaluated(expression, symbols, inputs), predictions[r], rtol=1e-9, atol=1e-9 * size[r]
        )
        if not compared:  # symbols without assumptions change no value
            bare, names = plain(expression), [sympy.Symbol(s.name) for s in symbols]
            assert {s.assumptions0.get("real") for s in bare.free_symbols} <= {None}
            np.testing.assert_allclose(evaluated(bare, names, inputs), predictions[r], rtol=1e-9, atol=1e-9 * size[r])
        compared += 1
    return compared


@given(st.integers(0, 2**32 - 1), st.tuples(*[st.integers(-60, 60)] * 3))
def test_expressions_agree_with_graphs_in_any_units(seed, exponents):
    rng = np.random.default_rng(seed)
    x_scale, y_scale = 2.0 ** np.array(exponents[:2]), 2.0 ** exponents[2]
    inputs = draw_inputs(SPACE, rng, n).numpy() * x_scale[:, None]
    assert_agree(SPACE, draw_graphs(SPACE, R, rng, absent=0.6), inputs, x_scale, y_scale)


def test_most_random_graphs_are_compared():
    rng = np.random.default_rng(0)
    inputs = draw_inputs(SPACE, rng, n).numpy()
    assert assert_agree(SPACE, draw_graphs(SPACE, 29, rng, absent=0.6), inputs, np.ones(2), 1.0) > 7


@pytest.mark.parametrize("aggregator", AGGREGATORS)
@pytest.mark.parametrize("name", ALL)
def test_every_operation_agrees_on_inputs_and_on_nodes(name, aggregator):
    rng = np.random.default_rng(1)
    space = space_of(2, signed=(False, False))
    genotype = Genotype(
        (name, "identity", "zero", "identity", name), (aggregator,) * 2, (True, True, False, True, True)
    )
    batch = GenotypeBatch.of(space, [genotype] * 17)
    w = torch.as_tensor(draw_parameters(space, batch, rng)) * 0.5
    graphs = FittedGraphs(batch, w, torch.as_tensor(rng.normal(size=(17, 5)) * batch.readout), torch.zeros(17))
    x_scale = np.array([8.0, 0.25])
    inputs = draw_inputs(space, rng, n).numpy() * 0.5 * x_scale[:, None]
    symbols = column_symbols(space.inputs, (True, True))
    assert assert_agree(space, graphs, inputs, x_scale, 4.0, symbols) >= 1


@given(st.integers(0, 2**32 - 1))
def test_folding_the_scales_back_leaves_predictions_unchanged(seed):
    """The same graph with its scales folded in, on rows in their own units, and without, on scaled rows."""
    rng = np.random.default_rng(seed)
    x_scale, y_scale = 2.0 ** rng.integers(-9, 9, 2), 2.0 ** rng.integers(-9, 9)
    graphs = draw_graphs(SPACE, 1, rng, absent=0.6)
    genotype = graphs.batch.genotype(SPACE, 0)
    scaled = draw_inputs(SPACE, rng, n).numpy()
    w, coefficients = graphs.w[0].numpy(), graphs.coefficients[0].numpy()
    inside = to_expression(SPACE, genotype, Constants(w, coefficients, np.ones(2), 1.0), SYMBOLS)
    outside = to_expression(SPACE, genotype, Constants(w, coefficients, x_scale, y_scale), SYMBOLS)
    expected = evaluated(inside, SYMBOLS, scaled) * y_scale
    found = evaluated(outside, SYMBOLS, scaled * x_scale[:, None])
    fine = np.isfinite(expected) & (np.abs(expected) < 1e6 * y_scale)
    np.testing.assert_allclose(found[fine], expected[fine], rtol=1e-8, atol=1e-8 * y_scale)


def test_a_hand_written_graph_reads_as_expected():
    """y = 8·(3·k1 + 2·u/4 + 1) with k1 = (u/4)·v²."""
    space = space_of(1, operations=("zero", "identity", "square"))
    genotype = Genotype(("identity", "square"), ("product",), (True, True, False, True))
    constants = Constants(np.zeros((2, 0)), np.array([3.0, 2.0, 0.0, 1.0]), np.array([4.0, 1.0]), 8.0)
    expression = to_expression(space, genotype, constants, SYMBOLS)
    u, v = SYMBOLS
    assert sympy.expand(expression - (6.0 * u * v**2 + 4.0 * u + 8)) == 0
    assert {s.name for s in plain(expression).free_symbols} == {"u", "v"}


@pytest.mark.parametrize("link", LINKS)
def test_the_target_is_the_link_of_the_readout(link):
    """y = 8·g(3·k1 + 0.1) with k1 = (u/4)·v², in numbers and in symbols."""
    space = space_of(1, operations=("zero", "identity", "square"))
    genotype = Genotype(("identity", "square"), ("product",), (True, False, False, True), link)
    constants = Constants(np.zeros((2, 0)), np.array([3.0, 0.0, 0.0, 0.1]), np.array([4.0, 1.0]), 8.0)
    expression = to_expression(space, genotype, constants, SYMBOLS)
    rng = np.random.default_rng(2)
    inputs = np.stack([4 * rng.uniform(0.1, 1, n), rng.uniform(-0.5, 0.5, n)])
    f = 3 * inputs[0] / 4 * inputs[1] ** 2 + 0.1
    np.testing.assert_allclose(evaluated(expression, SYMBOLS, inputs), 8 * LINKS[link].value(f), rtol=1e-12)
    assert {s.name for s in plain(expression).free_symbols} == {"u", "v"}


def test_absent_edges_and_unused_columns_leave_no_trace():
    space = space_of(1, operations=("zero", "identity"))
    genotype = Genotype(("zero", "identity"), ("product",), (True, False, False, False))
    constants = Constants(np.zeros((2, 0)), np.array([1.0, 5.0, 5.0, 5.0]), np.ones(2), 1.0)
    assert to_expression(space, genotype, constants, SYMBOLS) == SYMBOLS[1]


def test_symbols_carry_what_the_data_allow():
    u, v = column_symbols(("u", "a name 1"), (True, False))
    assert (u.is_positive, v.is_positive, v.is_real) == (True, None, True)
    assert sympy.sqrt(u**2) == u
    assert sympy.sqrt(v**2) == sympy.Abs(v)
