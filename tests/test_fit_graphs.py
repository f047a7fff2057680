"""Constants of fixed graphs: what a fit promises, row weights, and options of the readout."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from random_graphs import draw_graphs, draw_inputs, space_of, table_of

from eqdarts.fit.graphs import basis_of, fit_graphs, losses, predict_graphs, used_columns
from eqdarts.graph.genotype import Genotype, GenotypeBatch

R, n = 7, 17
SPACE = space_of(2)  # E = 5
#: Without redundant parameters, along which rounding alone decides the way of a fit.
PLAIN = space_of(1, operations=("zero", "exp"))
seeds = st.integers(0, 2**32 - 1)


def problem(seed, rows=n, space=SPACE):
    rng = np.random.default_rng(seed)
    inputs = draw_inputs(space, rng, rows)
    graphs = draw_graphs(space, R, rng)
    if space is PLAIN:  # exp(a·x) with a small a is nearly a line, and the inputs are in the readout
        graphs.w[graphs.w.abs() < 0.7] = 0.7
    return graphs, table_of(inputs, rng.normal(size=rows)), rng


def one_graph(space, operations, aggregators, readout, w):
    batch = GenotypeBatch.of(space, [Genotype(operations, aggregators, readout)])
    constants = torch.zeros(1, len(space.edges), space.n_parameters, dtype=torch.float64)
    for e, values in w.items():
        constants[0, e, : len(values)] = torch.tensor(values, dtype=torch.float64)
    return batch, constants


@given(seeds)
def test_loss_is_that_of_the_predictions_and_never_rises(seed):
    graphs, rows, _ = problem(seed)
    previous = torch.full((R,), torch.inf).double()
    for steps in (0, 3):
        fitted = fit_graphs(SPACE, graphs.batch, graphs.w, rows, steps)
        finite = fitted.loss.isfinite()
        again = losses(SPACE, fitted, rows)
        torch.testing.assert_close(again[finite], fitted.loss[finite], rtol=1e-6, atol=1e-12)
        assert (fitted.loss <= previous).all()
        previous = fitted.loss


@given(seeds)
def test_the_readout_beats_any_other(seed):
    graphs, rows, rng = problem(seed)
    fitted = fit_graphs(SPACE, graphs.batch, graphs.w, rows, steps=0)
    used, _ = used_columns(SPACE, graphs.batch, graphs.w)
    coefficients = torch.where(
        used, fitted.coefficients * (1 + 0.1 * torch.as_tensor(rng.normal(size=used.shape))), 0.0
    )
    moved = losses(SPACE, type(fitted)(fitted.batch, fitted.w, coefficients, fitted.loss), rows)
    finite = fitted.loss.isfinite()
    assert (moved[finite] >= fitted.loss[finite] * (1 - 1e-9)).all()


@given(seeds)
def test_undefined_graphs_have_infinite_loss_and_change_no_other(seed):
    graphs, rows, _ = problem(seed, 29, PLAIN)
    graphs.w[3] = 1e4  # exp(1e4 x) overflows
    fitted = fit_graphs(PLAIN, graphs.batch, graphs.w, rows, steps=3)
    finite = fitted.loss.isfinite()
    healthy = finite.nonzero()[:, 0].numpy()
    alone = fit_graphs(PLAIN, graphs.batch.select(healthy), graphs.w[finite], rows, steps=3)
    torch.testing.assert_close(alone.loss, fitted.loss[finite], rtol=1e-5, atol=1e-14)
    assert (fitted.loss[~finite] == torch.inf).all()
    assert (losses(PLAIN, fitted, rows)[~finite] == torch.inf).all()


def has_a_clear_readout(graphs, rows):
    """Of which graphs do the rows tell the readout columns apart, so that no ridge is felt? bool [R]."""
    used, _ = used_columns(SPACE, graphs.batch, graphs.w)
    basis = torch.where(used[:, :, None], basis_of(SPACE, graphs, rows), 0.0) * torch.as_tensor(rows.roots)
    norm = torch.linalg.vector_norm(basis, dim=-1, keepdim=True)
    size = torch.linalg.svdvals(torch.where(norm > 0, basis / norm, 0.0).nan_to_num(0.0, 0.0, 0.0))  # [R, Q]
    least = size.gather(1, (norm[:, :, 0] > 0).sum(dim=1, keepdim=True).clamp(min=1) - 1)
    return least[:, 0] > 1e-5


@given(seeds)
def test_row_weights_equal_repeated_rows(seed):
    graphs, rows, rng = problem(seed, 29)
    counts = rng.integers(0, 4, 29)
    counts[0] = 1
    repeated = rows.rows(np.repeat(np.arange(29), counts))
    weighted = replace(rows, weights=counts / counts.mean())
    one = fit_graphs(SPACE, graphs.batch, graphs.w, weighted, steps=0)
    two = fit_graphs(SPACE, graphs.batch, graphs.w, repeated, steps=0)
    # Rows of weight 0 may be undefined.
    seen = one.loss.isfinite() & two.loss.isfinite() & has_a_clear_readout(graphs, weighted)
    torch.testing.assert_close(one.loss[seen], two.loss[seen], rtol=1e-5, atol=1e-10)
    torch.testing.assert_close(losses(SPACE, two, weighted)[seen], losses(SPACE, two, repeated)[seen])


def test_row_weights_steer_the_parameters_as_repeated_rows_do():
    rng = np.random.default_rng(6)
    operations, readout = ("exp", "exp", "zero", "zero", "zero"), (True, False, False, False, True)
    batch, w = one_graph(SPACE, operations, ("product", "sum"), readout, {0: [0.8], 1: [-0.9]})
    rows = table_of(draw_inputs(SPACE, rng, 29), rng.normal(size=29))
    counts = rng.integers(0, 4, 29)
    repeated = rows.rows(np.repeat(np.arange(29), counts))
    weighted = replace(rows, weights=counts / counts.mean())
    one, two, plain = (fit_graphs(SPACE, batch, w, r, steps=4) for r in (weighted, repeated, rows))
    torch.testing.assert_close(one.w, two.w, rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(one.loss, two.loss, rtol=1e-9, atol=0)
    assert (one.w - plain.w).abs().max() > 1e-3


def test_a_law_is_found_with_its_constants():
    """y = 3 u^2.5 exp(−v/2) + 1 from a product node started nearby."""
    space = space_of(1, operations=("zero", "power", "exp"), signed=(False, False), readout_inputs=False)
    batch, w = one_graph(space, ("power", "exp"), ("product",), (True, False, False, True), {0: [1.0], 1: [0.3]})
    inputs = draw_inputs(space, np.random.default_rng(2), 29)
    u, v = inputs
    fitted = fit_graphs(space, batch, w, table_of(inputs, 3 * u**2.5 * torch.exp(-v / 2) + 1), steps=40)
    torch.testing.assert_close(fitted.w[0, :, 0], torch.tensor([2.5, -0.5]).double(), rtol=1e-9, atol=0)
    torch.testing.assert_close(fitted.coefficients[0], torch.tensor([3.0, 0, 0, 1]).double(), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("inputs", [True, False])
@pytest.mark.parametrize("coefficients", [True, False])
def test_columns_that_the_space_lacks_or_fixes_are_not_fitted(inputs, coefficients, intercept):
    space = space_of(
        2, readout_inputs=inputs, readout_coefficients=coefficients, readout_intercept=intercept
    )  # fmt: skip
    rng = np.random.default_rng(3)
    graphs = draw_graphs(space, 53, rng)
    rows = table_of(draw_inputs(space, rng, n), rng.normal(size=n))
    fitted = fit_graphs(space, graphs.batch, graphs.w, rows, steps=2)
    ok = fitted.loss.isfinite()
    c, readout = fitted.coefficients[ok], torch.as_tensor(graphs.batch.readout)[ok]
    assert len(c) > 10
    assert (c[~readout] == 0).all()
    if not inputs:
        assert (c[:, 2:4] == 0).all()
    if not intercept:
        assert (c[:, 4] == 0).all()
    if not coefficients:
        assert (c[:, :2][readout[:, :2]] == 1).all()
        assert (c[:, 2:4][readout[:, 2:4]] == inputs).all()
    if intercept:
        assert len(c[:, 4][readout[:, 4]].unique()) > 1


def test_predictions_of_unused_columns_do_not_count():
    """A dead node may be undefined on other rows."""
    space = space_of(2, operations=("zero", "scale", "ln"))
    batch, w = one_graph(
        space,
        ("scale", "zero", "ln", "zero", "zero"),
        ("sum", "sum"),
        (True, False, False, False, True),
        {0: [2.0], 2: [1.0, 0.0]},
    )
    rows = table_of(draw_inputs(space, np.random.default_rng(4), n), np.linspace(0, 1, n))
    fitted = fit_graphs(space, batch, w, rows, steps=2)
    assert predict_graphs(space, fitted, replace(rows, X=-np.abs(rows.X))).isfinite().all()
