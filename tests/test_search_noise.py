"""Which form of noise a table is taken to have before it is searched, and the sketches by which it is judged."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqdarts.data.noise import AUTO, FORMS, Noise, weighted
from eqdarts.data.table import Table
from eqdarts.fit.sketch import sketch
from eqdarts.search.noise import noise_of

#: A law by its name: columns, their range, and values that span decades.
LAWS = {
    "decay": (1, (0, 7), lambda X: 1000 * np.exp(-X[:, 0])),
    "Arrhenius": (1, (250, 400), lambda X: 1e6 * np.exp(-3000 / X[:, 0])),
    "gravity": (3, (1, 5), lambda X: 50 * X[:, 0] * X[:, 1] / X[:, 2] ** 2),
}


def table(law, form, n=80, seed=0):
    """Rows of a law, with errors of this form, or none; and what the law gives at them."""
    d, ends, values = LAWS[law] if isinstance(law, str) else law
    rng = np.random.default_rng(seed)
    X = rng.uniform(*ends, (n, d))
    exact = values(X)
    y = {
        "additive": lambda: exact + 0.05 * exact.std() * rng.normal(size=n),
        "proportional": lambda: exact * (1 + 0.1 * rng.normal(size=n)),
        "poisson": lambda: rng.poisson(exact).astype(float),
        "none": lambda: exact,
    }[form]()
    return Table(X, y), exact


def form_of(rows, said=AUTO):
    return noise_of(rows, Noise(said))[1].form


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("form", FORMS)
def test_the_form_of_errors_is_found(law, form):
    found = [form_of(table(law, form, seed=seed)[0]) for seed in range(3)]
    assert found == [form] * 3


@pytest.mark.parametrize("n", [10, 40, 200])
@pytest.mark.parametrize(
    "law",
    [
        *LAWS.values(),
        (1, (0.1, 12), lambda x: 2 + np.sin(5 * x[:, 0]) / x[:, 0]),
        (1, (0, 10), lambda x: np.exp(-x[:, 0]) * (2 + np.sin(9 * x[:, 0]))),
        (2, (1, 5), lambda x: np.exp(np.sin(3 * x[:, 0] * x[:, 1]))),
        (3, (1, 5), lambda x: x[:, 0] ** 3 / (np.exp(x[:, 0] * x[:, 1] / x[:, 2]) - 1)),
        (4, (1, 5), lambda x: np.sqrt(x[:, 0] ** 2 + x[:, 1] ** 2 + x[:, 2] * x[:, 3])),
    ],
)
def test_rows_without_noise_have_no_form_whatever_the_law_is(law, n):
    rows, exact = table(law, "none", n)
    assert form_of(rows) == "additive"
    rounded = np.array([float(f"{v:.3g}") for v in exact])  # by as much as a share of each value
    assert form_of(Table(rows.X, rounded)) == "additive"


def test_few_rows_do_not_decide():
    assert form_of(table("decay", "proportional", n=5)[0]) == "additive"


def test_signs_do_not_matter_and_an_offset_does():
    rows, _ = table("gravity", "proportional")
    assert form_of(rows) == form_of(Table(rows.X, -rows.y)) == "proportional"
    assert form_of(Table(rows.X, rows.y - 20)) == "additive"  # the errors are no share of what is left


def test_errors_that_are_proportional_down_to_a_background():
    """0.5 everywhere and 10 % of the value: some small values are negative, and the large ones err by 100."""
    law = np.exp(-np.linspace(0, 7, 80)) * 1000
    errors = np.hypot(0.5, 0.1 * law) * np.random.default_rng(1).normal(size=80)
    rows = Table(np.linspace(0, 7, 80)[:, None], law + errors)
    _, noise, _ = noise_of(rows, Noise(AUTO))
    assert noise.form == "proportional"
    assert 1 < noise.floor < 30  # the background is a tenth of 5


@pytest.mark.parametrize("factor", [1e-200, 1e-12, 1e9, 1e200])
def test_units_do_not_matter(factor):
    rows, _ = table("decay", "proportional")
    _, noise, values = noise_of(rows, Noise(AUTO))
    _, other, scaled = noise_of(Table(rows.X, factor * rows.y), Noise(AUTO))
    assert noise.form == other.form == "proportional"
    np.testing.assert_allclose(scaled / factor, values, rtol=1e-6)


@pytest.mark.parametrize("form", ["proportional", "poisson"])
def test_weights_are_those_of_the_law_rather_than_of_the_target(form):
    rows, exact = table("decay", form, n=200)
    _, noise, values = noise_of(rows, Noise(form))
    near, far = (np.abs(np.log(noise.spreads(v) / noise.spreads(exact))).mean() for v in (values, rows.y))
    assert near < far / 2
    # Where no sketch comes near, they are taken at y.
    wild = Table(rows.X, np.exp(3 * np.random.default_rng(0).normal(size=200)))
    np.testing.assert_array_equal(noise_of(wild, Noise(form))[2], wild.y)


def test_what_was_said_is_not_doubted():
    rows, _ = table("decay", "additive")
    for noise in (Noise(), Noise("given", unit=3.0)):
        same, found, values = noise_of(rows, noise)
        assert (same, found) == (rows, noise)
        assert weighted(same, found, values)[0].weights is None
    assert form_of(rows, "poisson") == "poisson"
    constant = Table(rows.X, np.full(len(rows), 2.0))
    assert form_of(constant) == "additive"


@given(st.integers(0, 2**32 - 1), st.sampled_from(["identity", "log"]))
def test_a_sketch_draws_what_it_is_made_of(seed, link):
    """Polynomials, and exponentials of polynomials of logarithms, to rounding; and a higher degree adds nothing."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(1, 3, (60, 2))
    a, b, c = rng.normal(size=3)
    u, v = (X if link == "identity" else np.log(X)).T
    y = 4 + a * u + b * u * v + c * v
    y = y if link == "identity" else np.exp(y)
    noise = 0.01 * rng.normal(size=60)
    exact = sketch(Table(X, y), np.arange(60), Noise())
    np.testing.assert_allclose(exact.values, y, rtol=1e-6, atol=1e-6 * np.abs(y).max())
    noisy = sketch(Table(X, y + noise * y.std()), np.arange(60), Noise())
    assert np.sqrt(np.mean((noisy.values - y) ** 2)) < 0.01 * y.std()


def test_a_row_that_counts_twice_is_two_rows():
    rows, _ = table("decay", "proportional", n=30)
    counts = np.tile([1.0, 2.0], 15)
    twice = rows.rows(np.repeat(np.arange(30), counts.astype(int)))
    weighed = Table(rows.X, rows.y, weights=counts)
    one = sketch(weighed, np.arange(30), Noise("proportional"))
    both = sketch(twice, np.arange(45), Noise("proportional"))
    assert one.log_likelihood == pytest.approx(both.log_likelihood)
