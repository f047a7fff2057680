"""Genotypes: to names and back, and what counts as the same graph."""

import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_graphs import draw_batch, space_of

from eqdarts import InputDataError
from eqdarts.graph.genotype import Genotype, GenotypeBatch, concatenate, prune
from eqdarts.graph.links import LINK_NAMES

SPACE = space_of()
R = 5


def draw(space, replicas, seed):
    """Any graphs with any links."""
    rng = np.random.default_rng(seed)
    batch = draw_batch(space, replicas, rng)
    batch.links[:] = rng.integers(len(LINK_NAMES), size=replicas)
    return batch


@given(st.integers(0, 2**32 - 1))
def test_dict_genotype_batch_and_back_are_the_identity(seed):
    batch = draw(SPACE, R, seed)
    genotypes = [batch.genotype(SPACE, r) for r in range(R)]
    for genotype in genotypes:
        assert Genotype.from_dict(json.loads(json.dumps(genotype.to_dict()))) == genotype
        assert pickle.loads(pickle.dumps(genotype)) == genotype
    again = GenotypeBatch.of(SPACE, genotypes)
    assert again.keys() == batch.keys()
    np.testing.assert_array_equal(again.links, batch.links)
    assert concatenate([again.select([r]) for r in range(R)]).keys() == batch.keys()


@given(st.integers(0, 2**32 - 1))
def test_keys_are_equal_where_genotypes_are(seed):
    space = space_of(1, inputs=("u",), operations=("zero", "square"))
    batch = draw(space, 101, seed)
    keys, genotypes = batch.keys(), [batch.genotype(space, r) for r in range(101)]
    assert len(set(keys)) == len(set(genotypes)) < 101
    assert all((keys[0] == k) == (genotypes[0] == g) for k, g in zip(keys, genotypes, strict=True))


def test_keys_differ_where_only_links_do():
    batch = draw_batch(SPACE, 1, np.random.default_rng(3)).select([0] * len(LINK_NAMES))
    assert len(set(batch.keys())) == 1
    batch.links[:] = np.arange(len(LINK_NAMES))
    assert len(set(batch.keys())) == len({batch.genotype(SPACE, r) for r in range(len(LINK_NAMES))}) == len(LINK_NAMES)


@given(st.integers(0, 2**32 - 1))
def test_links_stay_with_their_graphs(seed):
    batch = draw(SPACE, R, seed)
    order = np.random.default_rng(seed).permutation(R)
    np.testing.assert_array_equal(batch.select(order).links, batch.links[order])
    np.testing.assert_array_equal(prune(SPACE, batch).links, batch.links)


def test_the_link_is_identity_unless_given():
    """In a batch, and in a dict written before there were links."""
    batch = draw_batch(SPACE, R, np.random.default_rng(4))
    bare = GenotypeBatch(batch.operations, batch.aggregators, batch.readout)
    assert {bare.genotype(SPACE, r).link for r in range(R)} == {"identity"}
    data = bare.genotype(SPACE, 0).to_dict()
    assert data.pop("link") == "identity"
    assert Genotype.from_dict(data) == bare.genotype(SPACE, 0)


def test_no_genotypes_make_an_empty_batch():
    batch = GenotypeBatch.of(SPACE, [])
    assert (len(batch), batch.keys()) == (0, [])
    assert (batch.operations.shape, batch.links.shape) == ((0, 9), (0,))


@pytest.mark.parametrize("data", [{}, {"operations": 3, "aggregators": [], "readout": []}])
def test_dicts_that_are_no_genotypes_are_refused(data):
    with pytest.raises(InputDataError, match=r"genotype: .*expected operations, aggregators and readout"):
        Genotype.from_dict(data)


def test_a_genotype_of_another_space_is_refused():
    genotype = Genotype(("cosh",) * 9, ("sum",) * 3, (True,) * 6)
    with pytest.raises(InputDataError, match="another search space"):
        GenotypeBatch.of(SPACE, [genotype])
    genotype = Genotype(("zero",) * 9, ("sum",) * 3, (True,) * 6, "cosh")
    with pytest.raises(InputDataError, match="another search space"):
        GenotypeBatch.of(SPACE, [genotype])
