"""Gradients of both levels against finite differences and against a problem solved by hand."""

from functools import partial

import pytest
import torch

from eqdarts.darts.architecture import Architecture
from eqdarts.darts.bilevel import (
    clip,
    descend,
    fair_gradient,
    finite,
    first_order,
    parameter_decay,
    second_order,
    train_gradient,
)
from eqdarts.darts.relaxation import Relaxation
from eqdarts.darts.supernet import initial_architecture, initial_parameters, mean_squared_error
from eqdarts.fit.graphs import Tensors
from eqdarts.graph.space import SearchSpace

R, n, d, N = 3, 11, 2, 2
SPACE = SearchSpace(("u", "v"), N, ("zero", "linear", "exp", "power", "sin", "logistic", "tanh"))  # M = 7
PLACES = list(range(0, 70, 3))  # of the A · E · M = 70 entries of a replica's α


def losses(relaxation, generator):
    """Train loss on 11 rows and validation loss on 5."""

    def rows(count):
        X = torch.rand(count, d, generator=generator, dtype=torch.float64) + 0.3
        return Tensors(X.T, X[:, 0] * torch.exp(-X[:, 1]))

    return [partial(mean_squared_error, SPACE, relaxation, rows(count)) for count in (n, 5)]


@pytest.fixture
def start(generator):
    architecture = initial_architecture(SPACE, R, generator)
    architecture = Architecture(500 * architecture.alpha, 500 * architecture.beta)
    w, coefficients = initial_parameters(SPACE, R, generator)
    return architecture, w, coefficients


def central_difference(value, at, places, step=1e-5):
    """Slopes of value(at) [R] by the entries `places` of at[r], all replicas at once: [R, places]."""
    slopes = []
    for place in places:
        shift = torch.zeros_like(at)
        shift.flatten(1)[:, place] = step
        slopes.append((value(at + shift) - value(at - shift)) / (2 * step))
    return torch.stack(slopes, dim=1)


@pytest.mark.parametrize("name", ["softmax", "sigmoid"])
def test_first_order_is_the_finite_difference_at_fixed_w(name, start, generator):
    architecture, w, c = start
    _, validation = losses(Relaxation(name), generator)
    loss, gradient = first_order(validation, architecture, w, c)
    torch.testing.assert_close(loss, validation(architecture, w, c))
    by_alpha = central_difference(
        lambda a: validation(Architecture(a, architecture.beta), w, c), architecture.alpha, PLACES
    )
    torch.testing.assert_close(gradient.alpha.flatten(1)[:, PLACES], by_alpha, rtol=1e-5, atol=1e-7)
    by_beta = central_difference(
        lambda b: validation(Architecture(architecture.alpha, b), w, c), architecture.beta, range(4)
    )
    torch.testing.assert_close(gradient.beta.flatten(1), by_beta, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", ["softmax", "sigmoid"])
def test_second_order_is_the_finite_difference_of_the_unrolled_loss(name, start, generator):
    architecture, w, c = start
    rate, decay = 0.02, 0.1
    train, validation = losses(Relaxation(name), generator)

    def unrolled(architecture):
        _, (by_w, by_c) = train_gradient(train, architecture, w, c)
        return validation(architecture, w - rate * (by_w + decay * w), c - rate * (by_c + decay * c))

    loss, gradient = second_order(train, validation, architecture, w, c, rate, decay)
    torch.testing.assert_close(loss, unrolled(architecture))
    by_alpha = central_difference(lambda a: unrolled(Architecture(a, architecture.beta)), architecture.alpha, PLACES)
    torch.testing.assert_close(gradient.alpha.flatten(1)[:, PLACES], by_alpha, rtol=1e-4, atol=1e-7)
    by_beta = central_difference(lambda b: unrolled(Architecture(architecture.alpha, b)), architecture.beta, range(4))
    torch.testing.assert_close(gradient.beta.flatten(1), by_beta, rtol=1e-4, atol=1e-7)


def test_second_order_with_rate_zero_is_first_order(start, generator):
    train, validation = losses(Relaxation("softmax"), generator)
    _, first = first_order(validation, *start)
    _, second = second_order(train, validation, *start, learning_rate=0.0)
    torch.testing.assert_close(second.alpha, first.alpha)
    torch.testing.assert_close(second.beta, first.beta)


def test_second_order_solves_the_bilevel_problem_in_closed_form():
    """One edge from x to k_1, candidates zero and a·x, and the output k_1, so ŷ = s·a·x with s = σ(α_1 − α_0).

    On the train row (1, t):       L_train = (s·a − t)²   and   ∂L_train/∂a = 2s(s·a − t).
    On the validation row (1, v):  L_val = (s·a − v)².
    After one step a' = a − ξ·2s(s·a − t):
        dL_val/ds = 2(s·a' − v)·(a' + s·da'/ds),   da'/ds = −2ξ(2s·a − t),
    and ds/dα_1 = s(1 − s) = −ds/dα_0.  At a = w*(α) = t/s the output is t whatever α is. The second order sees
    that (with ξ = 1/(2s²), a Newton step, dL_val/ds is 0), and the first order does not.
    """
    space = SearchSpace(
        ("x",),
        1,
        ("zero", "scale"),
        ("sum",),
        readout_inputs=False,
        readout_coefficients=False,
        readout_intercept=False,
    )
    one = torch.ones(1, 1, dtype=torch.float64)
    t, v, a, rate = 1.7, 0.4, 0.6, 0.13
    train, validation = (
        partial(mean_squared_error, space, Relaxation("softmax"), Tensors(one, torch.tensor([y], dtype=torch.float64)))
        for y in (t, v)
    )
    alpha = torch.tensor([0.2, -0.3], dtype=torch.float64).view(1, 1, 1, 2)
    architecture = Architecture(alpha, torch.zeros(1, 1, 1, dtype=torch.float64))
    w = torch.tensor([0.0, a], dtype=torch.float64).view(1, 1, 2, 1)
    c = torch.tensor([[1.0, 0.0, 0.0]], dtype=torch.float64)
    s = float(torch.sigmoid(alpha[..., 1] - alpha[..., 0]))

    stepped = a - rate * 2 * s * (s * a - t)
    by_s = 2 * (s * stepped - v) * (stepped + s * -2 * rate * (2 * s * a - t))
    loss, gradient = second_order(train, validation, architecture, w, c, rate)
    assert float(loss) == pytest.approx((s * stepped - v) ** 2)
    assert gradient.alpha.flatten().tolist() == pytest.approx([-by_s * s * (1 - s), by_s * s * (1 - s)])

    w_star = torch.tensor([0.0, t / s], dtype=torch.float64).view(1, 1, 2, 1)
    _, flat = second_order(train, validation, architecture, w_star, c, 1 / (2 * s**2))
    _, sloped = first_order(validation, architecture, w_star, c)
    assert flat.alpha.abs().max() < 1e-12
    assert sloped.alpha.abs().max() > 0.1


def test_replicas_have_their_own_gradients_and_one_that_overflows_harms_no_other(start, generator):
    architecture, w, c = start
    train, validation = losses(Relaxation("softmax"), generator)
    c = c.clone()
    c[1] = 1e300
    good = torch.tensor([True, False, True])
    loss, gradients = train_gradient(train, architecture, w, c)
    assert finite(loss, gradients).tolist() == good.tolist()
    for r in (0, 2):
        one = slice(r, r + 1)
        part = Architecture(architecture.alpha[one], architecture.beta[one])
        _, alone = train_gradient(train, part, w[one], c[one])
        for g, of_one in zip(gradients, alone, strict=True):
            torch.testing.assert_close(g[r], of_one[0])
        _, alone = second_order(train, validation, part, w[one], c[one], 0.02)
        _, together = second_order(train, validation, architecture, w, c, 0.02)
        torch.testing.assert_close(together.alpha[r], alone.alpha[0])


@pytest.mark.parametrize(
    "make", [partial(torch.optim.AdamW, lr=0.1), partial(torch.optim.SGD, lr=0.1, momentum=0.9, weight_decay=0.1)]
)
def test_descend_holds_what_is_not_movable_and_forgets_its_gradient(make):
    v = torch.ones(R, 2, dtype=torch.float64)
    optimizer = make([v])
    ones = torch.ones_like(v)
    descend(optimizer, [v], [ones], [torch.ones(R, 1, dtype=torch.bool)])
    after_one = v.clone()
    movable = torch.tensor([[True], [False], [True]])
    descend(optimizer, [v], [torch.where(movable, ones, torch.nan)], [movable])
    assert (v[1] == after_one[1]).all()
    assert (v[[0, 2]] < after_one[[0, 2]]).all()
    descend(optimizer, [v], [ones], [torch.ones(R, 1, dtype=torch.bool)])
    assert torch.isfinite(v).all()
    assert (v[1] < after_one[1]).all()


def test_clip_shortens_each_replica_on_its_own():
    short, long = torch.tensor([[0.3, 0.0], [30.0, 0.0]]), torch.tensor([[0.4], [40.0]])
    a, b = clip([short, long], 5.0)
    torch.testing.assert_close(a, torch.tensor([[0.3, 0.0], [3.0, 0.0]]))
    torch.testing.assert_close(b, torch.tensor([[0.4], [4.0]]))


def test_the_fair_gradient_moves_alpha_away_from_indecision(start):
    architecture, _, _ = start
    gradient = fair_gradient(SPACE, architecture.alpha)
    assert (torch.sign(gradient) == -torch.sign(architecture.alpha)).all()


def test_parameter_decay_lowers_alpha_by_the_number_of_parameters():
    alpha = torch.zeros(R, 2, 5, 7, dtype=torch.float64)
    decayed = parameter_decay(SPACE, alpha, 0.01)
    # zero, linear(a, b), exp(a), power(p), sin(a, b), logistic(a, b), tanh(a, b)
    expected = -0.01 * torch.tensor([0, 3, 2, 2, 3, 3, 3], dtype=torch.float64)
    torch.testing.assert_close(decayed, expected.expand_as(alpha))
