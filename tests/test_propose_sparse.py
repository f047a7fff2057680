"""Few of many columns that explain a target."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqdarts.propose.monomials import monomials, values_of
from eqdarts.propose.sparse import Limits, chosen_terms


@given(
    st.sets(st.sampled_from([tuple(e) for e in monomials((True, True)) if abs(e).sum() <= 4]), min_size=1, max_size=4),
    st.integers(0, 10**6),
)
def test_the_terms_of_a_polynomial_are_found(terms, seed):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-2, 2, (60, 2))
    y = sum((rng.choice([-1, 1]) * rng.uniform(0.5, 2) * np.prod(X ** np.array(t), axis=1) for t in terms), 0.0) + 1.0
    exponents = monomials((True, True))
    cost = (np.abs(exponents).sum(axis=1) > 1).astype(int)
    found = chosen_terms(values_of(exponents, X), y, np.ones(60), cost, Limits(6, 8))
    assert {frozenset(map(tuple, exponents[list(places)])) for places in found} >= {frozenset(terms)}


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_target_without_values_below_a_link_has_no_terms(bad):
    columns = np.random.default_rng(2).normal(size=(3, 20))
    target = np.where(np.arange(20) == 3, bad, 1.0)
    assert chosen_terms(columns, target, np.ones(20), np.ones(3, dtype=int), Limits(6, 3)) == []


@pytest.mark.parametrize("all_pairs", [False, True])
def test_columns_that_do_not_vary_are_no_terms(all_pairs):
    rng = np.random.default_rng(3)
    columns = np.stack([np.full(30, 7.0), rng.normal(size=30), np.full(30, np.nan)])
    found = chosen_terms(
        columns, 2 * columns[1] + 1, np.ones(30), np.zeros(3, dtype=int), Limits(6, 3, all_pairs=all_pairs)
    )
    assert {k for places in found for k in places} == {1}


def test_all_pairs_find_two_terms_of_which_none_says_much_alone():
    """The difference of two columns that are nearly one, among many that are nearer to it than either."""
    rng = np.random.default_rng(4)
    common, law = rng.normal(size=(2, 40))
    columns = np.concatenate([[common, common + 0.01 * law], law + rng.normal(size=(200, 40))])
    target = columns[1] - columns[0]
    one, all_of_them = (
        chosen_terms(columns, target, np.ones(40), np.ones(202, dtype=int), Limits(6, 2, all_pairs=p))
        for p in (False, True)
    )
    assert (0, 1) in all_of_them
    assert (0, 1) not in one


def test_no_sum_costs_more_than_it_may():
    rng = np.random.default_rng(5)
    columns = rng.normal(size=(30, 50))
    cost = rng.integers(0, 4, 30)
    for choice in chosen_terms(columns, columns.sum(axis=0), np.ones(50), cost, Limits(5, 6, all_pairs=True)):
        assert cost[list(choice)].sum() <= 5


@given(st.sets(st.integers(0, 24), min_size=1, max_size=3), st.integers(0, 10**6))
def test_weights_and_an_offset_change_nothing_about_an_exact_sum(terms, seed):
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(25, 40))
    target = rng.uniform(1, 2, len(terms)) @ columns[sorted(terms)] + 7.0
    for root in (np.ones(40), rng.uniform(0.1, 3, 40)):
        assert chosen_terms(columns, target, root, np.ones(25, dtype=int), Limits(6, 4))[-1] == tuple(sorted(terms))


@given(st.integers(0, 10**6))
def test_of_equal_columns_the_cheapest_and_of_equal_sums_the_cheapest_and_first_are_taken(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, 40))
    columns = np.stack([-3.7 * b + 1.0, a, b, a + 2 * b, 0.3 * a])
    cost = np.array([2, 1, 1, 3, 1])
    found = chosen_terms(columns, 2 * a - b, np.ones(40), cost, Limits(6, 4))
    assert {k for choice in found for k in choice} == {1, 2, 3}
    assert found[-1] == (1, 2)
