"""The shapes of textbooks, without a search: each is fitted from its starts, at constants that are none of them."""

import numpy as np
import pytest

from eqdarts.data.table import Table
from eqdarts.fit.assess import Assessor
from eqdarts.graph.operations import DEFAULT_OPERATIONS
from eqdarts.graph.space import SearchSpace
from eqdarts.propose.shapes import graphs_with_shapes

N = 6
X = np.linspace(0.3, 9.7, 60)
SHAPES = {
    "Michaelis-Menten": lambda x: 3.1 * x / (1.7 + x),
    "Hill": lambda x: 0.4 + 2.3 * x**2.6 / (3.9**2.6 + x**2.6),
    "logistic": lambda x: 0.2 + 5.3 / (1 + np.exp(-(x - 4.4) / 0.83)),
    "Gompertz": lambda x: 4.1 * np.exp(-3.7 * np.exp(-0.61 * x)),
    "asymptotic": lambda x: 7.2 - 5.1 * np.exp(-0.33 * x),
    "two decays": lambda x: 2.2 * np.exp(-0.17 * x) + 5.7 * np.exp(-1.9 * x),
    "Bateman": lambda x: 3.3 * (np.exp(-0.21 * x) - np.exp(-1.3 * x)),
    "stretched": lambda x: 4.4 * np.exp(-((x / 3.3) ** 1.6)),
    "Weibull": lambda x: 1 - np.exp(-((x / 4.1) ** 2.7)),
    "Ricker": lambda x: 2.1 * x * np.exp(-0.7 * x),
    "Arrhenius": lambda x: 6.1 * np.exp(-2.7 / x),
    "Vogel": lambda x: 6.1 * np.exp(-5.3 / (x + 0.9)),
    "slope of Vogel's": lambda x: 41.0 * np.exp(-5.3 / (x + 0.9)) / (x + 0.9) ** 2,
    "Eyring": lambda x: 0.8 * x * np.exp(-3.1 / x),
    "sinh": lambda x: 0.3 * (np.exp(0.41 * x) - np.exp(-0.41 * x)),
    "Planck": lambda x: 3.4 * x**3 / np.expm1(1.13 * x),
    "two powers": lambda x: 7.7 / (x * (x + 2.9) ** 2),
    "Sutherland": lambda x: 1.7 * x**1.5 / (x + 4.2),
    "isentropic": lambda x: 1.9 * (1 + 0.21 * x**2) ** 3.5,
    "Gauss": lambda x: 0.7 + 2.9 * np.exp(-((x - 6.1) ** 2) / (2 * 0.57**2)),
    "Lorentz": lambda x: 0.7 - 2.9 / ((x - 2.3) ** 2 + 0.31),
    "two peaks": lambda x: 2.9 * np.exp(-((x - 6.1) ** 2) / 0.8) - 1.9 * np.exp(-((x - 2.4) ** 2) / 1.4),
    "two peaks of a kind": lambda x: 0.5 + 2.7 * np.exp(-((x - 3) ** 2) / 0.6) + 1.4 * np.exp(-((x - 7) ** 2) / 1.7),
    "two lines": lambda x: 0.3 + 1.7 / ((x - 2.9) ** 2 + 0.31) + 1.1 / ((x - 7.2) ** 2 + 0.63),
    "damped": lambda x: 1.1 + 3.3 * np.exp(-0.23 * x) * np.sin(2.1 * x + 0.4),
    "mean decay": lambda x: 2.3 * (1 - np.exp(-0.63 * x)) / x,
    "fin": lambda x: 1.7 * np.tanh(0.54 * x) / x,
    "mean saturation": lambda x: 0.3 + 2.1 * np.log(1 + 1.3 * x) / x,
    "logarithmic mean": lambda x: 3.1 * (x - 2.2) / np.log(x / 2.2),
    "Langevin": lambda x: 1.9 * (1 / np.tanh(0.83 * x) - 1 / (0.83 * x)),
    "offset": lambda x: 2.0 * (x + 2.2) ** 0.7,
    "logarithm": lambda x: 1.4 * np.log(x + 0.6) - 3,
}  # fmt: skip


CLOSE = 1e-6  # of the variance; the best graphs are fitted further in every epoch


def best_of(columns, y):
    space = SearchSpace(tuple("xzv"[: len(columns)]), N, DEFAULT_OPERATIONS, signed=(False,) * len(columns))
    rows = Table(columns.T, y)
    batch, w = graphs_with_shapes(space, rows)
    found = Assessor(space, rows, rows).best_fifth(batch, w, np.array(["shape"] * len(batch), dtype=object))[0]
    return float(found.loss.min())


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_is_found_from_its_starts(name):
    assert best_of(X[None], SHAPES[name](X)) < CLOSE


@pytest.mark.parametrize("shift", [-60.0, -2.0])
@pytest.mark.parametrize("name", ["logistic", "Gauss", "asymptotic", "Lorentz"])
def test_where_the_column_lies_does_not_matter(name, shift):
    assert best_of(X[None] + shift, SHAPES[name](X)) < CLOSE


@pytest.mark.parametrize("name", ["Michaelis-Menten", "asymptotic", "Arrhenius", "Bateman"])
def test_another_column_may_be_its_amplitude(name):
    rng = np.random.default_rng(0)
    x, z = rng.uniform(0.3, 9.7, 80), rng.uniform(1, 3, 80)
    assert best_of(np.stack([x, z]), SHAPES[name](x) * z**1.3) < CLOSE


def test_only_what_the_space_has_is_given():
    space = SearchSpace(("x",), 2, ("zero", "scale", "exp"), aggregators=("sum",))
    batch, _ = graphs_with_shapes(space, Table(X[:, None], X))
    used = {space.operations[m] for m in np.unique(batch.operations)}
    assert len(batch)
    assert used <= {"zero", "exp"}
    many = SearchSpace(tuple("abcd"), 6, DEFAULT_OPERATIONS)
    assert not len(graphs_with_shapes(many, Table(np.random.default_rng(0).normal(size=(9, 4)), np.arange(9.0)))[0])
    none = SearchSpace(("x",), 2, ("zero", "scale"), aggregators=("sum",))
    assert not len(graphs_with_shapes(none, Table(X[:, None], X))[0])
