"""The relaxed forward pass: hand-computed graphs, replicas that do not mix, and domains that are left."""

from dataclasses import replace

import pytest
import torch

from eqdarts.darts.architecture import Architecture
from eqdarts.darts.relaxation import Relaxation
from eqdarts.darts.supernet import (
    forward,
    initial_architecture,
    initial_parameters,
    mean_squared_error,
    readout,
    readout_fitted,
    readout_used,
)
from eqdarts.fit.graphs import Tensors
from eqdarts.graph.operations import OPERATIONS
from eqdarts.graph.space import SearchSpace

R, n, d, N = 3, 11, 2, 2
OPS = ("zero", "linear", "exp", "power", "odd_power", "ln", "affine_power")  # M = 7, P = 3
SPACE = SearchSpace(("u", "v"), N, OPS)
RELAXATIONS = [Relaxation("softmax"), Relaxation("sigmoid"), Relaxation("gumbel", 0.6)]


@pytest.fixture
def start(generator):
    architecture = initial_architecture(SPACE, R, generator)
    architecture = Architecture(1000 * architecture.alpha, 1000 * architecture.beta)
    w, coefficients = initial_parameters(SPACE, R, generator)
    X = torch.rand(n, d, generator=generator, dtype=torch.float64) + 0.3
    return architecture, w, coefficients, X


def one_hot(space, operations, aggregators):
    """Logits of one replica that choose these operations, whatever the aggregator, and these aggregators."""
    alpha = torch.zeros(1, len(space.aggregators), len(space.edges), len(space.operations), dtype=torch.float64)
    for e, name in enumerate(operations):
        alpha[:, :, e, space.operations.index(name)] = 9.0
    beta = torch.zeros(1, space.nodes, len(space.aggregators), dtype=torch.float64)
    for j, name in enumerate(aggregators):
        beta[:, j, space.aggregators.index(name)] = 9.0
    return Architecture(alpha, beta)


def test_waves_start_at_frequencies_that_the_table_shows_in_every_other_replica(generator):
    space = SearchSpace(("x", "z"), 2, ("zero", "sin", "exp"), frequencies=((), (62.8, 9.0)))
    w, _ = initial_parameters(space, 5, generator)
    from_z = [e for e, (i, _) in enumerate(space.edges) if i == 1]
    assert w[:, from_z, 1, 0][::2].tolist() == [[62.8, 62.8], [9.0, 9.0], [62.8, 62.8]]
    assert (w[1::2, :, 1, 0] < 5).all()
    others = [e for e, (i, _) in enumerate(space.edges) if i != 1]
    assert (w[:, others, 1, 0] < 5).all()
    assert (w[:, :, 1, 1].abs() <= torch.pi).all()
    assert (w[:, :, 2, 0].abs() <= 2).all()


def test_shapes_and_ranges_of_the_start(generator):
    architecture = initial_architecture(SPACE, R, generator)
    w, coefficients = initial_parameters(SPACE, R, generator)
    assert architecture.alpha.shape == (R, 2, 5, 7)
    assert architecture.beta.shape == (R, N, 2)
    assert architecture.alpha.abs().max() < 0.01
    assert w.shape == (R, 5, 7, 3)
    assert coefficients.shape == (R, N + d + 1)
    for m, op in enumerate(SPACE.rows):
        assert (w[:, :, m, len(op.parameters) :] == 0).all()
        for p, (low, high) in enumerate(op.initial):
            assert ((w[:, :, m, p] >= low) & (w[:, :, m, p] <= high)).all()


def test_one_hot_weights_are_the_graph_written_by_hand(start):
    _, w, coefficients, X = start
    # Edges: u→k1, v→k1, u→k2, v→k2, k1→k2.
    logits = one_hot(SPACE, ("exp", "linear", "power", "zero", "linear"), ("sum", "product"))
    w, c = w[:1], coefficients[:1]
    prediction, defined = forward(SPACE, Relaxation("gumbel"), logits, w, c, X)
    u, v = X.T
    k1 = torch.exp(w[0, 0, 2, 0] * u) + (w[0, 1, 1, 0] * v + w[0, 1, 1, 1])
    k2 = u.abs() ** w[0, 2, 3, 0] * (w[0, 4, 1, 0] * k1 + w[0, 4, 1, 1])
    by_hand = c[0, 0] * k1 + c[0, 1] * k2 + c[0, 2] * u + c[0, 3] * v + c[0, 4]
    torch.testing.assert_close(prediction[0], by_hand)
    assert defined[:, :, 0].all()


def test_absent_edges_add_zero_and_multiply_by_one(start, generator):
    X = start[-1]
    bare = replace(SPACE, readout_inputs=False, readout_intercept=False, readout_coefficients=False, nodes=1)
    w, coefficients = initial_parameters(bare, 1, generator)
    for aggregator, value in (("sum", 0.0), ("product", 1.0)):
        logits = one_hot(bare, ("zero", "zero"), (aggregator,))
        prediction, _ = forward(bare, Relaxation("gumbel"), logits, w, coefficients, X)
        assert (prediction == value).all()


def test_a_softmax_mixture_is_the_weighted_sum():
    space = SearchSpace(("u",), 1, ("zero", "identity", "square"), ("product",), readout_inputs=False)
    alpha = torch.tensor([0.3, -0.2, 0.5], dtype=torch.float64)
    logits = Architecture(alpha.view(1, 1, 1, 3), torch.zeros(1, 1, 1, dtype=torch.float64))
    c = torch.tensor([[2.0, 0.0, -1.0]], dtype=torch.float64)
    u = torch.linspace(-1, 2, n, dtype=torch.float64)
    prediction, _ = forward(space, Relaxation("softmax"), logits, torch.zeros(1, 1, 3, 0), c, u[:, None])
    weights = alpha.softmax(dim=0)
    torch.testing.assert_close(prediction[0], 2 * (weights[0] * 1 + weights[1] * u + weights[2] * u**2) - 1)


@pytest.mark.parametrize("relaxation", RELAXATIONS, ids=lambda r: r.name)
def test_a_replica_alone_is_that_replica_in_the_batch(relaxation, start):
    architecture, w, c, X = start
    together, defined = forward(SPACE, relaxation, architecture, w, c, X)
    for r in range(R):
        one = slice(r, r + 1)
        part = Architecture(architecture.alpha[one], architecture.beta[one])
        alone, defined_alone = forward(SPACE, relaxation, part, w[one], c[one], X)
        torch.testing.assert_close(alone[0], together[r])
        assert (defined_alone[0] == defined[r]).all()


@pytest.mark.parametrize("relaxation", RELAXATIONS[:2], ids=lambda r: r.name)
def test_gradients_are_the_finite_differences(relaxation, start):
    architecture, w, c, X = start

    def prediction(alpha, beta, w, c):
        return forward(SPACE, relaxation, Architecture(alpha, beta), w, c, X)[0]

    # Small parameters, so that no operation is near the edge of its domain.
    arguments = [v.requires_grad_() for v in (architecture.alpha, architecture.beta, 0.3 * w, c)]
    assert torch.autograd.gradcheck(prediction, arguments)


@pytest.mark.parametrize("relaxation", RELAXATIONS, ids=lambda r: r.name)
@pytest.mark.parametrize("aggregators", [("sum",), ("product",), ("sum", "product")], ids="-".join)
def test_leaving_the_domain_poisons_neither_value_nor_gradient(relaxation, aggregators, generator):
    space = SearchSpace(("u", "v"), N, tuple(OPERATIONS), aggregators)
    architecture = initial_architecture(space, R, generator)
    w, c = initial_parameters(space, R, generator)
    X = torch.randn(n, d, generator=generator, dtype=torch.float64)
    X[0], X[1, 0] = 0.0, 1e200  # a zero and a value whose square overflows
    leaves = [v.requires_grad_() for v in (architecture.alpha, architecture.beta, w, c)]
    prediction, defined = forward(space, relaxation, Architecture(*leaves[:2]), w, c, X)
    assert torch.isfinite(prediction).all()
    assert not defined.all()
    assert defined[:, :, space.zero].all()
    scale = prediction.detach().abs().max()
    for gradient in torch.autograd.grad((prediction / scale).sum(), leaves):
        assert torch.isfinite(gradient).all()


def test_undefined_candidates_leave_their_weight_to_the_others():
    space = SearchSpace(("u",), 1, ("zero", "identity", "ln"), ("sum",), readout_inputs=False)
    logits = Architecture(torch.zeros(2, 1, 1, 3, dtype=torch.float64), torch.zeros(2, 1, 1, dtype=torch.float64))
    w = torch.zeros(2, 1, 3, 2, dtype=torch.float64)
    w[0, 0, 2] = torch.tensor([1.0, 0.0])  # ln(u), not defined at −1
    w[1, 0, 2] = torch.tensor([0.0, 1.0])  # ln(1) = 0, defined
    c = torch.tensor([[1.0, 0.0, 0.0]] * 2, dtype=torch.float64)
    u = torch.tensor([[-1.0], [2.0]], dtype=torch.float64)
    prediction, defined = forward(space, Relaxation("softmax"), logits, w, c, u)
    assert defined[:, 0].tolist() == [[True, True, False], [True, True, True]]
    torch.testing.assert_close(prediction, torch.stack([u[:, 0] / 2, u[:, 0] / 3]))


def test_candidates_that_are_not_allowed_have_no_gradient(start):
    space = replace(SPACE, signed=(False, True))
    architecture, w, c, X = start
    alpha = architecture.alpha.requires_grad_()
    prediction, defined = forward(space, Relaxation("softmax"), Architecture(alpha, architecture.beta), w, c, X)
    (gradient,) = torch.autograd.grad(prediction.sum(), alpha)
    taking_part = (torch.as_tensor(space.allowed) & defined).unsqueeze(1).expand_as(alpha)
    assert not space.allowed.all()
    assert (gradient[~taking_part] == 0).all()
    assert (gradient[taking_part] != 0).all()


@pytest.mark.parametrize("fitted", [True, False])
@pytest.mark.parametrize("inputs", [True, False])
@pytest.mark.parametrize("intercept", [True, False])
def test_coefficients_of_unused_columns_stay_zero_and_fixed_ones_stay_one(fitted, inputs, intercept, start, generator):
    space = replace(SPACE, readout_coefficients=fitted, readout_inputs=inputs, readout_intercept=intercept)
    architecture, w, _, X = start
    _, c = initial_parameters(space, R, generator)
    used, moving = readout_used(space), readout_fitted(space)
    assert (c[:, ~used] == 0).all()
    assert (c[:, used & ~moving] == 1).all()
    c.requires_grad_()
    prediction, _ = forward(space, Relaxation("softmax"), architecture, w, c, X)
    if moving.any():
        (gradient,) = torch.autograd.grad(prediction.sum(), c)
        assert (gradient[:, ~moving] == 0).all()
        assert (gradient[:, moving] != 0).all()
    # What stands in the places that are not fitted has no effect.
    assert (readout(space, torch.full_like(c, 7.0))[:, ~moving] == c[:, ~moving]).all()


def test_the_loss_weights_rows(start):
    architecture, w, c, X = start
    relaxation = Relaxation("softmax")
    y = X[:, 0] * X[:, 1]
    plain = mean_squared_error(SPACE, relaxation, Tensors(X.T, y), architecture, w, c)
    alike = mean_squared_error(SPACE, relaxation, Tensors(X.T, y, torch.full_like(y, 0.37)), architecture, w, c)
    torch.testing.assert_close(plain, alike)
    half = torch.where(torch.arange(n) < 5, 1.0, 0.0).double()
    selected = mean_squared_error(SPACE, relaxation, Tensors(X[:5].T, y[:5]), architecture, w, c)
    whole = forward(SPACE, relaxation, architecture, w, c, X)[0]
    torch.testing.assert_close(selected, (whole[:, :5] - y[:5]).square().mean(dim=1))
    # Rows of weight 0 still decide which candidates are defined; here they change nothing.
    torch.testing.assert_close(
        mean_squared_error(SPACE, relaxation, Tensors(X.T, y, half), architecture, w, c), selected
    )


def test_a_space_without_any_parameter_works(generator):
    space = SearchSpace(("u",), 1, ("zero", "identity"), ("sum",))
    architecture = initial_architecture(space, R, generator)
    w, c = initial_parameters(space, R, generator)
    assert w.shape == (R, 1, 2, 1), "at least one, which none of these uses"
    prediction, _ = forward(space, Relaxation("softmax"), architecture, w, c, torch.ones(n, 1, dtype=torch.float64))
    assert prediction.shape == (R, n)


def test_the_start_comes_from_the_generator_alone():
    before = torch.get_rng_state()
    one, two = (initial_parameters(SPACE, R, torch.Generator().manual_seed(7)) for _ in range(2))
    assert (one[0] == two[0]).all()
    assert (one[1] == two[1]).all()
    initial_architecture(SPACE, R, torch.Generator().manual_seed(7))
    assert (torch.get_rng_state() == before).all()
