"""Power laws of few noisy rows, found by trying small exponents."""

import numpy as np
import pytest
import sympy

from eqdarts import DARTSRegressor
from eqdarts.data.table import Table
from eqdarts.fit.assess import Assessor
from eqdarts.graph.operations import DEFAULT_OPERATIONS
from eqdarts.graph.space import SearchSpace
from eqdarts.propose.lattice import lattice, laws_of_small_exponents

ROWS = 10
LAWS = {
    "two of four": ("abcd", lambda a, b, c, d: a**1.5 / d),
    "all of four": ("abcd", lambda a, b, c, d: a * b * c**0.5 / d**2),
    "of five": ("abcde", lambda a, b, c, d, e: a * b * c / (d * e)),
    "two terms": ("abcde", lambda a, b, c, d, e: a * b * c * (1 / d - 1 / e)),
    "both signs": ("abc", lambda a, b, c: a**2 * b * c),
}


def table_of(name, seed=1, noise=0.01):
    columns, law = LAWS[name]
    rng = np.random.default_rng(seed)
    X = rng.uniform(1.0, 5.0, (ROWS, len(columns)))
    X[:, :2] -= 3.0 if name == "both signs" else 0.0
    y = law(*X.T)
    return Table(X, y + noise * np.std(y) * rng.normal(size=ROWS))


@pytest.mark.parametrize("name", LAWS)
def test_the_law_is_the_best_of_its_size(name):
    rows = table_of(name)
    signed = tuple(map(bool, (rows.X < 0).any(axis=0)))
    space = SearchSpace(tuple(LAWS[name][0]), 6, DEFAULT_OPERATIONS, signed=signed)
    batch, w = laws_of_small_exponents(space, rows, ("identity",))
    assessor = Assessor(space, rows, rows, rows)
    found = assessor.of_readout(batch, w, np.array(["lattice"] * len(batch), dtype=object), True)
    assert found.loss.min() < 4e-4
    best = [int(np.argmin(found.loss))]
    fresh = table_of(name, seed=2, noise=0.0)
    nodes = assessor.node_values_on(fresh, batch.select(np.array(best)), w[best])[0]
    basis = np.stack([*nodes, np.ones(ROWS)]).T
    left = fresh.y - basis @ np.linalg.lstsq(basis, fresh.y, rcond=None)[0]
    assert np.abs(left).max() < 1e-9 * np.abs(fresh.y).max()


@pytest.mark.parametrize(("signed", "most"), [((False,) * 4, 20_000), ((True, False), 100), ((False,) * 9, 20_000)])
def test_exponents_are_few_enough_and_whole_where_columns_have_both_signs(signed, most):
    exponents = lattice(signed, most)
    assert 0 < len(exponents) <= most
    assert len(np.unique(exponents, axis=0)) == len(exponents)
    assert exponents.any(axis=1).all()
    of_signed = exponents[:, np.array(signed)]
    assert (of_signed >= 0).all()
    assert (of_signed == np.rint(of_signed)).all()


def test_of_very_many_columns_there_are_none():
    assert lattice((False,) * 40, 20_000).shape == (0, 40)


def test_ten_rows_show_a_product_of_four_columns():
    rows = table_of("all of four")
    model = DARTSRegressor(max_epochs=1, max_time=None, replicas=64, random_state=0, verbose=0)
    model.fit(rows.X, rows.y)
    a, b, c, d = (s for s in sorted(model.sympy().free_symbols, key=str))
    assert (model.sympy() * d**2 / (a * b * sympy.sqrt(c))).is_number
