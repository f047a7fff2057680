"""Genotypes: to names and back, and what counts as the same graph."""

import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_graphs import draw_batch, space_of

from eqdarts import InputDataError
from eqdarts.genotype import Genotype, GenotypeBatch, concatenate

SPACE = space_of()
R = 5


@given(st.integers(0, 2**32 - 1))
def test_dict_genotype_batch_and_back_are_the_identity(seed):
    batch = draw_batch(SPACE, R, np.random.default_rng(seed))
    genotypes = [batch.genotype(SPACE, r) for r in range(R)]
    for genotype in genotypes:
        assert Genotype.from_dict(json.loads(json.dumps(genotype.to_dict()))) == genotype
        assert pickle.loads(pickle.dumps(genotype)) == genotype
    again = GenotypeBatch.of(SPACE, genotypes)
    assert again.keys() == batch.keys()
    assert concatenate([again.select([r]) for r in range(R)]).keys() == batch.keys()


@given(st.integers(0, 2**32 - 1))
def test_keys_are_equal_where_genotypes_are(seed):
    space = space_of(1, inputs=("u",), operations=("zero", "square"))
    batch = draw_batch(space, 29, np.random.default_rng(seed))
    keys, genotypes = batch.keys(), [batch.genotype(space, r) for r in range(29)]
    assert len(set(keys)) == len(set(genotypes)) < 29
    assert all((keys[0] == k) == (genotypes[0] == g) for k, g in zip(keys, genotypes, strict=True))


def test_no_genotypes_make_an_empty_batch():
    batch = GenotypeBatch.of(SPACE, [])
    assert (len(batch), batch.keys()) == (0, [])
    assert batch.operations.shape == (0, 9)


@pytest.mark.parametrize("data", [{}, {"operations": 3, "aggregators": [], "readout": []}])
def test_dicts_that_are_no_genotypes_are_refused(data):
    with pytest.raises(InputDataError, match=r"genotype: .*expected operations, aggregators and readout"):
        Genotype.from_dict(data)


def test_a_genotype_of_another_space_is_refused():
    genotype = Genotype(("cosh",) * 9, ("sum",) * 3, (True,) * 6)
    with pytest.raises(InputDataError, match="another search space"):
        GenotypeBatch.of(SPACE, [genotype])
