"""Weights from α: normalisation, masks, and gradients that stay finite."""

import pytest
import torch

from eqdarts import InputDataError
from eqdarts.darts.relaxation import (
    Relaxation,
    gumbel_noise,
    sigmoid,
    softmax,
    straight_through,
    temperature_at,
    zero_one_loss,
)

R, E, M = 3, 5, 7
MASKS = {"all": torch.ones(M, dtype=torch.bool), "some": torch.arange(M) % 3 != 1, "one": torch.arange(M) == 4}
COMPETING = {"softmax": softmax, "gumbel": lambda alpha, allowed: straight_through(alpha, allowed, 0.7)}


@pytest.fixture
def alpha(generator):
    return torch.randn(R, E, M, generator=generator, dtype=torch.float64).requires_grad_()


@pytest.mark.parametrize("allowed", MASKS.values(), ids=MASKS.keys())
@pytest.mark.parametrize("weigh", COMPETING.values(), ids=COMPETING.keys())
def test_competing_weights_sum_to_one_over_the_allowed(weigh, allowed, alpha):
    weights = weigh(alpha, allowed)
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(R, E, dtype=torch.float64))
    assert (weights[..., ~allowed] == 0).all()


@pytest.mark.parametrize("allowed", MASKS.values(), ids=MASKS.keys())
@pytest.mark.parametrize("weigh", [*COMPETING.values(), sigmoid], ids=[*COMPETING.keys(), "sigmoid"])
def test_gradients_are_finite_and_zero_where_masked(weigh, allowed, alpha):
    values = torch.linspace(-2.0, 3.0, M, dtype=torch.float64)
    (gradient,) = torch.autograd.grad((weigh(alpha, allowed) * values).sum(), alpha)
    assert torch.isfinite(gradient).all()
    assert (gradient[..., ~allowed] == 0).all()
    if weigh is sigmoid:
        assert (gradient[..., allowed & (values != 0)] != 0).all()


def test_sigmoid_weights_do_not_compete(alpha):
    weights = sigmoid(alpha, MASKS["some"])
    torch.testing.assert_close(weights[..., 0], torch.sigmoid(alpha[..., 0]))
    assert (weights[..., 1] == 0).all()


def test_straight_through_is_one_hot_with_the_gradient_of_softmax(alpha):
    values = torch.linspace(-2.0, 3.0, M, dtype=torch.float64)
    temperature, allowed = 0.4, MASKS["some"]
    hard = straight_through(alpha, allowed, temperature)
    assert set(hard.detach().unique().tolist()) == {0.0, 1.0}
    (expected,) = torch.autograd.grad((softmax(alpha / temperature, allowed) * values).sum(), alpha)
    (gradient,) = torch.autograd.grad((hard * values).sum(), alpha)
    torch.testing.assert_close(gradient, expected)


def test_perturbed_argmax_is_a_draw_from_softmax(generator):
    alpha = torch.tensor([0.0, 1.0, -1.0], dtype=torch.float64)
    drawn = (alpha + gumbel_noise(torch.Size((20011, 3)), generator)).argmax(dim=-1)
    share = torch.bincount(drawn, minlength=3) / len(drawn)
    torch.testing.assert_close(share.double(), alpha.softmax(dim=0), atol=0.01, rtol=0)


def test_only_gumbel_is_perturbed(alpha, generator):
    assert Relaxation("softmax").perturb(alpha, generator) is alpha
    assert Relaxation("sigmoid").perturb(alpha, generator) is alpha
    first, second = (Relaxation("gumbel").perturb(alpha, generator) for _ in range(2))
    assert (first != second).all()


def test_aggregators_compete_under_every_relaxation(alpha):
    for name in ("softmax", "sigmoid", "gumbel"):
        weights = Relaxation(name).node_weights(alpha)
        torch.testing.assert_close(weights.sum(dim=-1), torch.ones(R, E, dtype=torch.float64))


def test_zero_one_loss_is_the_formula_and_counts_only_the_allowed(alpha):
    allowed = MASKS["some"].expand(E, M)
    loss = zero_one_loss(alpha, allowed)
    by_hand = [-((torch.sigmoid(a[allowed]) - 0.5) ** 2).sum() / allowed.sum() for a in alpha]
    torch.testing.assert_close(loss, torch.stack(by_hand))
    # The ends are the minimum, −1/4, and indecision is the maximum, 0.
    assert zero_one_loss(torch.full((1, M), 50.0), MASKS["all"]) == pytest.approx(-0.25)
    assert zero_one_loss(torch.zeros(1, M), MASKS["all"]) == 0


def test_temperature_goes_geometrically_from_first_to_last():
    assert temperature_at(0.0, (2.0, 0.5)) == 2.0
    assert temperature_at(0.5, (2.0, 0.5)) == pytest.approx(1.0)
    assert temperature_at(1.0, (2.0, 0.5)) == pytest.approx(0.5)
    assert temperature_at(1.7, (2.0, 0.5)) == pytest.approx(0.5)


def test_unknown_relaxations_and_bad_temperatures_are_refused():
    with pytest.raises(InputDataError, match="relaxation='argmax' is not known"):
        Relaxation("argmax")
    with pytest.raises(InputDataError, match="temperature"):
        Relaxation("gumbel", 0.0)
