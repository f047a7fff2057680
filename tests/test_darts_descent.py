"""The classic search in small: it learns, keeps replicas apart, and does what its settings say."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from eqdarts import OPERATIONS, InputDataError
from eqdarts.darts.architecture import Architecture
from eqdarts.darts.descent import epoch, start
from eqdarts.darts.discretise import k_best
from eqdarts.fit.graphs import Tensors
from eqdarts.graph.space import SearchSpace
from eqdarts.options import SearchConfig

R = 3
SPACE = SearchSpace(("x",), 1, ("zero", "linear", "exp", "logistic", "power"), ("sum",), (False,))
CLASSIC = SearchConfig(
    operations=SPACE.operations,
    aggregators=("sum",),
    replicas=R,
    relaxation="softmax",
    optimizer="adam",
    w_steps=5,
    w_learning_rate=0.05,
)
EVERY_WAY = {
    "softmax": CLASSIC,
    "sigmoid": replace(CLASSIC, relaxation="sigmoid"),
    "gumbel": replace(CLASSIC, relaxation="gumbel"),
    "sgd": replace(CLASSIC, optimizer="sgd"),
    "second order": replace(CLASSIC, order=2),
    "gumbel, second order": replace(CLASSIC, relaxation="gumbel", order=2),
}


def decay_law(count, scale=3.6):
    """y = 3 exp(−0.5 x) + 1 in scaled units."""
    x = torch.linspace(0.1, 4.1, count, dtype=torch.float64)
    return Tensors(x[None], (3 * torch.exp(-0.5 * x) + 1) / scale)


TRAIN, VALIDATION = decay_law(11), decay_law(7)


def run(space, config, epochs, seed=5, train=TRAIN, validation=VALIDATION):
    generator = torch.Generator().manual_seed(seed)
    state, records = start(space, config, generator), []
    for done in range(epochs):
        state, record = epoch(space, config, state, train, validation, done / epochs, generator)
        records.append(record)
    return state, records


@pytest.mark.parametrize("config", EVERY_WAY.values(), ids=EVERY_WAY.keys())
def test_the_validation_loss_falls(config):
    state, records = run(SPACE, config, 30)
    assert state.epochs == 30
    first, last = (np.median([r.validation_loss for r in part]) for part in (records[:3], records[-3:]))
    assert last < 0.5 * first
    assert all(r.finite.all() for r in records)


def test_the_classic_search_comes_close_to_the_law():
    _, records = run(SPACE, CLASSIC, 100)
    assert records[-1].validation_loss.min() < 0.02 * float(VALIDATION.y.var())
    assert records[-1].alpha.shape == (R, 1, 1, 5)
    assert (records[0].alpha != records[-1].alpha).any()


@pytest.mark.parametrize("config", EVERY_WAY.values(), ids=EVERY_WAY.keys())
def test_the_same_seed_gives_the_same_search_and_the_global_generator_is_untouched(config):
    before = torch.get_rng_state()
    one, two = (run(SPACE, config, 3)[1][-1] for _ in range(2))
    assert (one.alpha == two.alpha).all()
    assert (one.validation_loss == two.validation_loss).all()
    assert (torch.get_rng_state() == before).all()


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_replica_that_overflows_holds_still_and_disturbs_no_other(optimizer):
    config = replace(CLASSIC, optimizer=optimizer, w_weight_decay=0.1, parameter_decay=0.1)
    generator = torch.Generator().manual_seed(5)
    state, spoiled = (start(SPACE, config, torch.Generator().manual_seed(5)) for _ in range(2))
    spoiled.coefficients[1] = 1e200
    w, alpha = spoiled.w[1].clone(), spoiled.architecture.alpha[1].clone()
    for done in range(3):
        state, record = epoch(SPACE, config, state, TRAIN, VALIDATION, done / 3, generator)
        spoiled, spoiled_record = epoch(SPACE, config, spoiled, TRAIN, VALIDATION, done / 3, generator)
        assert spoiled_record.finite.tolist() == [True, False, True]
    assert (spoiled.w[1] == w).all()
    assert (spoiled.architecture.alpha[1] == alpha).all()
    np.testing.assert_allclose(spoiled_record.alpha[[0, 2]], record.alpha[[0, 2]])
    np.testing.assert_allclose(spoiled_record.train_loss[[0, 2]], record.train_loss[[0, 2]])


@pytest.mark.parametrize("relaxation", ["softmax", "sigmoid", "gumbel"])
def test_every_operation_and_aggregator_on_inputs_of_both_signs(relaxation, generator):
    space = SearchSpace(("u", "v"), 2, tuple(OPERATIONS))

    def rows(count):
        X = torch.randn(count, 2, generator=generator, dtype=torch.float64)
        return Tensors(X.T, X[:, 0] * X[:, 1], torch.rand(count, generator=generator, dtype=torch.float64).sqrt())

    config = replace(CLASSIC, operations=space.operations, aggregators=space.aggregators, relaxation=relaxation)
    state, records = run(space, config, 5, train=rows(11), validation=rows(7))
    assert all(r.finite.all() for r in records)
    assert np.isfinite(records[-1].validation_loss).all()
    assert torch.isfinite(state.w).all()
    assert (records[0].beta != records[-1].beta).all()
    assert len(k_best(space, state.architecture, 2)) == 2 * R


def test_parameter_decay_lowers_alpha_of_operations_with_many_parameters():
    _, plain = run(SPACE, CLASSIC, 5)
    _, decayed = run(SPACE, replace(CLASSIC, parameter_decay=0.5), 5)
    change = (decayed[-1].alpha - plain[-1].alpha).mean(axis=(0, 1, 2))  # [M]
    zero, linear, exp, logistic, power = change
    assert max(linear, logistic) < min(exp, power) < zero + 1e-9


def test_the_fair_loss_drives_sigmoid_weights_to_the_ends():
    def indecision(weight):
        _, records = run(SPACE, replace(EVERY_WAY["sigmoid"], fair_weight=weight), 40)
        return np.abs(1 / (1 + np.exp(-records[-1].alpha)) - 0.5).mean()

    assert indecision(10.0) > indecision(0.0) + 0.05


def test_coefficients_that_are_not_fitted_do_not_move():
    space = replace(SPACE, readout_inputs=False, readout_coefficients=False, readout_intercept=False)
    state, _ = run(space, replace(CLASSIC, w_weight_decay=0.5), 3)
    assert (state.coefficients == torch.tensor([1.0, 0.0, 0.0])).all()


@pytest.mark.slow
def test_importing_leaves_the_global_generator_untouched():
    check = (
        "import torch; before = torch.get_rng_state(); import eqdarts.search.relaxed, eqdarts.darts.descent; "
        "assert (torch.get_rng_state() == before).all()"
    )
    subprocess.run([sys.executable, "-c", check], check=True, cwd=Path(__file__).parents[1])


def test_records_are_copies():
    _, records = run(SPACE, CLASSIC, 3)
    assert (records[1].alpha != records[2].alpha).any()


def test_epochs_follow_the_state_given(generator):
    state = start(SPACE, CLASSIC, generator)
    assert isinstance(state.architecture, Architecture)
    state, record = epoch(SPACE, CLASSIC, state, TRAIN, VALIDATION, 0.0, generator)
    assert (record.epoch, state.epochs) == (0, 1)


def test_gauss_newton_is_not_an_optimiser_of_mixtures(generator):
    with pytest.raises(InputDataError, match="optimizer='lm' is not known"):
        start(SPACE, SearchConfig(), generator)
