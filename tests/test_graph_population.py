"""The population: one member per graph, simple ones kept, and who becomes a parent."""

import numpy as np
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from random_graphs import draw_graphs, draw_inputs, node_values, space_of

from eqdarts.graph.genotype import prune
from eqdarts.graph.population import (
    Population,
    best,
    complexity_of,
    joined,
    nothing,
    parent_odds,
    scores,
    without_idle_factors,
)

SPACE = space_of(2, operations=("zero", "exp", "power", "odd_power"))
ROWS = 53
seeds = st.integers(0, 2**32 - 1)


def draw(seed, replicas=31):
    """Members with repeated graphs, equal losses, and some that are undefined."""
    rng = np.random.default_rng(seed)
    graphs = draw_graphs(SPACE, replicas, rng)
    batch = graphs.batch.select(rng.integers(0, replicas, replicas))
    loss = np.round(10.0 ** rng.uniform(-9, 0, replicas), 3)
    loss[rng.random(replicas) < 0.1] = np.inf
    return Population(
        batch, graphs.w.numpy(), graphs.coefficients.numpy(), loss, loss / 2,
        rng.integers(0, 19, replicas), np.array(["sample"] * replicas, dtype=object),
    )  # fmt: skip


def as_set(population):
    return {
        (k, loss, c) for k, loss, c in zip(population.batch.keys(), population.loss, population.complexity, strict=True)
    }


@given(seeds)
def test_members_are_unique_finite_and_in_the_order_of_their_score(seed):
    kept = best(draw(seed), ROWS)
    keys = kept.batch.keys()
    assert len(set(keys)) == len(keys)
    assert np.isfinite(kept.loss).all()
    score = scores(kept.loss, kept.complexity, ROWS)
    assert (np.diff(score) >= 0).all()


def stands_for(kept, population, k):
    """Is graph k kept, or another with the same key and no worse score, or no larger and of nearly the same loss?"""
    key, score = population.batch.keys()[k], scores(population.loss, population.complexity, ROWS)[k]
    keys = kept.batch.keys()
    same = np.array([other == key for other in keys], dtype=bool)
    near = np.abs(misfit(kept) - misfit(population)[k]) < 0.1
    near &= kept.complexity <= population.complexity[k]
    return (same & (scores(kept.loss, kept.complexity, ROWS) <= score)).any() or near.any()


def misfit(population):
    return scores(population.loss, np.zeros(len(population)), ROWS)


@given(seeds)
def test_what_is_left_out_has_one_that_stands_for_it(seed):
    population = draw(seed)
    kept = best(population, ROWS, size=1000, per_band=1000)
    assert len(set(kept.batch.keys())) == len(kept)
    for k in np.flatnonzero(np.isfinite(population.loss)):
        assert stands_for(kept, population, k)


def test_of_two_graphs_of_the_same_loss_the_simpler_one_is_kept():
    two = draw(3, 2)
    loss, complexity = np.array([0.5, 0.5 * (1 + 1e-6)]), np.array([9, 4])
    population = Population(two.batch, two.w, two.coefficients, loss, loss, complexity, two.origin)
    assert best(population, ROWS).complexity.tolist() == [4]
    apart = Population(two.batch, two.w, two.coefficients, loss * [1, 2], loss, complexity, two.origin)
    assert len(best(apart, ROWS)) == 2


@given(seeds)
def test_no_band_is_crowded_and_none_is_lost(seed):
    population = draw(seed)
    kept = best(population, ROWS, band=3, per_band=4)
    bands, counts = np.unique(kept.complexity // 3, return_counts=True)
    assert counts.max(initial=0) <= 4
    finite = np.isfinite(population.loss)
    if finite.any():
        assert misfit(kept).min() - misfit(population)[finite].min() < 0.1
    for b in np.unique(population.complexity[finite] // 3):
        mine = finite & (population.complexity // 3 == b)
        champion = np.flatnonzero(mine)[population.loss[mine].argmin()]
        assert b in bands or stands_for(kept, population, champion)


@given(seeds)
def test_keeping_the_best_again_changes_nothing(seed):
    kept = best(draw(seed), ROWS)
    again = best(kept, ROWS)
    assert as_set(again) == as_set(kept)
    assert again.batch.keys() == kept.batch.keys()


@given(seeds)
def test_the_best_of_a_union_contains_the_best(seed):
    one, two = draw(seed), draw(seed + 1)
    together = joined(one, two)
    assert len(together) == len(one) + len(two)
    assert as_set(together) == as_set(one) | as_set(two)
    assert best(together, ROWS).loss.min(initial=np.inf) == min(one.loss.min(), two.loss.min())


def test_a_simple_graph_is_kept_beside_many_that_fit_better():
    many = draw(3, 101)
    loss = np.full(101, 1e-9)
    loss[7] = 0.5
    complexity = np.full(101, 17)
    complexity[7] = 2
    population = Population(
        many.batch, many.w, many.coefficients, loss, loss, complexity, many.origin
    )  # fmt: skip
    kept = best(population, ROWS)
    assert (kept.complexity == 2).sum() == 1


def test_nothing_can_be_joined_and_chosen_from():
    empty = nothing(SPACE)
    assert len(empty) == len(best(empty, ROWS)) == 0
    one = draw(4)
    assert as_set(joined(empty, one)) == as_set(one)


@given(seeds)
def test_parents_are_drawn_with_odds(seed):
    population = best(draw(seed), ROWS)
    assume(len(population))
    odds = parent_odds(population)
    np.testing.assert_allclose(odds.sum(), 1)
    assert (odds > 0).all()
    # Who beats every simpler one, and is no larger than the best, has a share of its own.
    front = [
        k for k in np.flatnonzero(population.complexity <= population.complexity[0])
        if population.loss[k] <= population.loss[population.complexity <= population.complexity[k]].min()
    ]  # fmt: skip
    assert (odds[front] >= 0.5 / len(population)).all()


def test_complexity_counts_what_does_something():
    graphs = draw_graphs(SPACE, 1, np.random.default_rng(5))
    batch = graphs.batch
    batch.operations[:] = SPACE.zero
    batch.operations[0, :2] = [SPACE.operations.index("power"), SPACE.operations.index("exp")]
    w = np.zeros((1, 5, 1))
    terms = np.array([[1.0, 0, 0, 0, 1e-9]])
    w[0, :2, 0] = [1.7, 1.0]
    full = complexity_of(SPACE, batch, w, terms, noisy=False)
    w[0, 0, 0] = 1.5
    assert complexity_of(SPACE, batch, w, terms, noisy=False) == full - 1  # a round exponent is no constant
    w[0, 0, 0] = 1e-5
    assert complexity_of(SPACE, batch, w, terms, noisy=False) == full - 2  # an exponent of 0
    terms[0, 4] = 0.1
    assert complexity_of(SPACE, batch, w, terms, noisy=False) == full  # one more term


def test_zeros_and_ones_are_no_constants_where_they_may_be_held():
    batch = draw_graphs(SPACE, 1, np.random.default_rng(5)).batch
    batch.operations[:] = SPACE.zero
    batch.operations[0, 0] = SPACE.operations.index("exp")
    terms = np.array([[1.0, 0, 0, 0, 0]])
    counts = {
        (value, held): complexity_of(SPACE, batch, np.full((1, 5, 1), value), terms, noisy=True, held=held)[0]
        for value in (1.0, -1.0, 0.5, 1.01)
        for held in (True, False)
    }
    free = counts[1.01, False]
    assert counts[1.0, True] == counts[-1.0, True] == free - 1
    assert all(counts[key] == free for key in counts if key not in [(1.0, True), (-1.0, True)])


def test_scores_charge_for_loss_and_parts():
    loss, complexity = np.array([1e-3, 1e-4, 1e-3]), np.array([3, 3, 4])
    first, lower, longer = scores(loss, complexity, ROWS)
    assert lower < first < longer
    assert np.isfinite(scores(np.zeros(1), complexity[:1], ROWS)).all()


@given(seeds)
def test_a_factor_of_exponent_zero_can_go(seed):
    rng = np.random.default_rng(seed)
    graphs = draw_graphs(SPACE, 9, rng)
    w = np.round(graphs.w.numpy())  # many exponents of 0
    inputs = draw_inputs(SPACE, rng)
    whole = prune(SPACE, graphs.batch)
    shorter = without_idle_factors(SPACE, whole, w)
    readout = shorter.readout[:, : SPACE.nodes]
    before, after = (node_values(SPACE, batch, torch.as_tensor(w), inputs).numpy() for batch in (whole, shorter))
    assert (readout == whole.readout[:, : SPACE.nodes]).all()
    np.testing.assert_allclose(after[readout], before[readout])
    power = SPACE.operations.index("power")
    targets = np.array([j for _, j in SPACE.edges])
    product = shorter.aggregators[:, targets] == 1
    idle = (shorter.operations == power) & product & (w[:, :, 0] == 0)
    used = np.zeros((9, SPACE.nodes), dtype=int)
    np.add.at(used.T, targets, (shorter.operations != SPACE.zero).T)
    assert (used[:, targets][idle] > 0).all()
    # Two idle factors are left only where a node has nothing else.
    others = (shorter.operations != SPACE.zero) & ~idle
    alone = np.zeros((9, SPACE.nodes), dtype=int)
    np.add.at(alone.T, targets, others.T)
    assert (alone[:, targets][idle] == 0).all()
