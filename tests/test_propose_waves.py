"""Waves that the table shows start sines: their frequencies, whole graphs of them, and features of residuals."""

import numpy as np
import pytest

from eqdarts import DARTSRegressor
from eqdarts.darts.architecture import Architecture, prior
from eqdarts.darts.sampling import odds_of, sample
from eqdarts.data.table import Table
from eqdarts.fit.assess import Assessor
from eqdarts.graph.operations import DEFAULT_OPERATIONS, WAVE_PARAMETERS
from eqdarts.graph.population import nothing
from eqdarts.graph.space import SearchSpace
from eqdarts.propose.features import draw_features
from eqdarts.propose.proposer import Situation
from eqdarts.propose.waves import Waves, graphs_with_waves, with_frequencies, with_waves_of_residuals

X = np.linspace(0, 1, 157)
Z = np.random.default_rng(0).uniform(-1, 2, 157)
HERTZ = np.arange(0, 1, 1 / 400)


def rows_of(columns, y):
    return Table(np.atleast_2d(columns).T, y)


def waves_of(space, rows):
    """The space with the frequencies of a table, and graphs with them."""
    space = with_frequencies(space, rows)
    return space, *graphs_with_waves(space, rows)


def space_of(d=1, **options):
    options.setdefault("operations", DEFAULT_OPERATIONS)
    return SearchSpace(tuple(f"x{i}" for i in range(d)), 4, **options)


def least_loss(space, rows, batch, w):
    return (
        Assessor(space, rows, rows)
        .of_readout(batch, w, np.array(["wave"] * len(batch), dtype=object), False)
        .loss.min()
    )


#: Columns, y, and the frequencies of the first column.
WAVES = {
    "one": (X, 2 * np.sin(62.8 * X + 1) + 3, [62.8]),
    "far from zero": (X + 100, 2 * np.sin(62.8 * X + 1), [62.8]),
    "seconds": (1.7e9 + 1e5 * X, np.sin(62.8 * X), [62.8e-5]),
    "two": (HERTZ, np.sin(100 * np.pi * HERTZ) + 0.5 * np.sin(240 * np.pi * HERTZ), [100 * np.pi, 240 * np.pi]),
    "growing": (X, X * np.sin(62.8 * X), [62.8]),
    "on a line": (X, 3 * X + np.sin(62.8 * X), [62.8]),
    "unequal distances": (X**1.7, np.sin(200 * X**1.7), [200]),
    "times a column": (np.stack([X, Z]), Z * np.sin(80 * X + 1), [80]),
    "few rows": (X[::13], np.sin(25 * X[::13] + 1), [25]),
}


@pytest.mark.parametrize("case", WAVES)
def test_frequencies_and_graphs_are_those_of_the_law(case):
    columns, y, law = WAVES[case]
    rows = rows_of(columns, y)
    plain = space_of(len(rows.names), signed=tuple((rows.X <= 0).any(axis=0).tolist()))
    space, batch, w = waves_of(plain, rows)
    for omega in law:
        assert min(abs(found / omega - 1) for found in space.frequencies[0]) < 1e-4
    assert least_loss(space, rows, batch, w) < 1e-12
    again = waves_of(plain, rows)
    np.testing.assert_array_equal(again[2], w)


def test_below_a_link():
    rows = rows_of(X, 1 / (2 + np.sin(62.8 * X)))
    space, batch, w = waves_of(space_of(links=("identity", "reciprocal")), rows)
    assert least_loss(space, rows, batch, w) < 1e-20


@pytest.mark.parametrize(
    ("y", "options"),
    [
        (X**2, {}),
        (np.exp(3 * X), {}),
        (np.sin(2 * X), {}),
        (np.random.default_rng(0).normal(size=157), {}),
        (np.sin(62.8 * X), {"operations": ("zero", "linear", "power", "exp")}),
    ],
)
def test_there_are_none_where_none_stand_out(y, options):
    space, batch, _ = waves_of(space_of(**options), rows_of(X, y))
    assert not any(space.frequencies)
    assert len(batch) == 0


PLANE = np.random.default_rng(1).uniform(0, np.array([[10.0], [3.0]]), (2, 120))
TRAVELLING = np.sin(4 * PLANE[0] - 12 * PLANE[1] + 1)


@pytest.mark.parametrize(
    "y",
    [
        1.5 * TRAVELLING + 2,
        TRAVELLING + 0.5 * np.sin(3 * PLANE[0] + 7 * PLANE[1]),
        2 * np.sin(6 * PLANE[0] + 1) * np.cos(9 * PLANE[1] + 2),
    ],
)
def test_waves_along_two_columns_are_graphs_to_start_from(y):
    rows = rows_of(PLANE, y)
    space, batch, w = waves_of(space_of(2), rows)
    assert least_loss(space, rows, batch, w) < 1e-6


def test_waves_along_two_columns_below_a_link():
    rows = rows_of(PLANE, 1 / (2 + TRAVELLING))
    space, batch, w = waves_of(space_of(2, links=("identity", "reciprocal")), rows)
    assert least_loss(space, rows, batch, w) < 1e-6


def test_noise_of_two_columns_has_no_waves():
    _, batch, _ = waves_of(space_of(2), rows_of(PLANE, np.random.default_rng(0).normal(size=120)))
    assert not len(batch)


@pytest.mark.parametrize("operations", [("zero", "scale", "cos"), ("zero", "sin")])
def test_waves_along_two_columns_keep_to_the_space(operations):
    plain = SearchSpace(("x0", "x1"), 3, operations, ("sum",))
    rows = rows_of(PLANE, TRAVELLING)
    _, batch, _ = waves_of(plain, rows)
    assert (batch.operations < len(operations)).all()
    assert not batch.aggregators.any()


def test_a_travelling_wave_is_found():
    t = np.arange(0, 3, 0.2)
    x, t = (a.ravel() for a in np.meshgrid(np.arange(0, 6, 0.4), t))
    model = DARTSRegressor(max_epochs=3, max_time=None, replicas=64, random_state=0, verbose=0, n_jobs=1)
    y = 3 * np.cos(4 * x - 12 * t)
    assert model.fit(np.stack([x, t], 1), y).score(np.stack([x, t], 1), y) > 1 - 1e-9


def test_graphs_keep_to_the_space():
    rows = rows_of(X, 3 * X + np.sin(62.8 * X))
    small = SearchSpace(("x",), 1, ("zero", "cos"), ("sum",))
    space, batch, w = waves_of(small, rows)
    assert least_loss(space, rows, batch, w) < 1e-20
    assert (batch.operations < 2).all()


def test_drawn_sines_start_at_frequencies_that_stand_out():
    space = space_of(2, frequencies=((62.8,), ()))
    size = (len(space.aggregators), len(space.edges), len(space.operations))
    batch, w = sample(space, np.zeros(size), np.zeros((4, 2)), np.full(500, 4), np.random.default_rng(0))
    places = [m for m, row in enumerate(space.rows) if row.parameters == WAVE_PARAMETERS]
    assert [space.operations[m] for m in places] == ["sin", "cos"]
    sines = np.isin(batch.operations, places)
    first = np.array([i == 0 for i, _ in space.edges])
    assert 0.4 < (w[..., 0] == 62.8)[sines & first].mean() < 0.6
    assert not (w[..., 0] == 62.8)[sines & ~first].any()
    assert not odds_of(space_of(2), np.zeros(size), np.zeros((4, 2))).known.any()


def test_residuals_show_waves_that_the_target_hides():
    rows = rows_of(X, 100 * X**3 + np.sin(50 * X))
    space = space_of(operations=("zero", "power", "linear", "scale", "sin"))
    assessor = Assessor(space, rows, rows)
    batch, w = sample(
        space, np.zeros((2, len(space.edges), 5)), np.zeros((4, 2)), np.full(1, 1), np.random.default_rng(0)
    )
    batch.operations[:], batch.aggregators[:], w[:] = space.zero, 1, 0.0
    batch.operations[0, 0], w[0, 0, 0], batch.readout[0, 0] = 1, 3.0, True
    cubic = assessor.of_readout(batch, w, np.array(["cubic"], dtype=object), False)
    rng = np.random.default_rng(0)
    weights = Architecture(np.zeros((2, len(space.edges), 5)), np.zeros((4, 2)))
    drawn = draw_features(space, weights, assessor, rng)
    features = with_waves_of_residuals(space, drawn, cubic, rows, assessor)
    more = features.w[len(drawn.w) :, 0, 0]
    assert len(more)
    assert more[0] == pytest.approx(50, rel=1e-3)


@pytest.mark.parametrize("case", ["growing", "two", "times a column", "on a line"])
def test_a_fit_finds_such_laws_in_its_first_epoch(case):
    columns, y, _ = WAVES[case]
    model = DARTSRegressor(max_epochs=2, max_time=None, random_state=0, n_jobs=1).fit(np.atleast_2d(columns).T, y)
    assert model.stop_reason_ == "exact"
    assert model.score(np.atleast_2d(columns).T, y) > 1 - 1e-12


@pytest.mark.parametrize("looks", [0, 1, 3])
def test_when_time_is_over_nothing_more_is_looked_for(looks):
    """A periodogram for each link, column and pair of columns takes seconds, whatever time a search has."""
    rng = np.random.default_rng(0)
    columns = rng.uniform(0, 10, (3, 300))
    rows = Table(columns.T, columns[0] * np.sin(5 * columns[1] - 4 * columns[2]))
    left = [True] * looks

    def is_over():
        return not left or not left.pop()

    space = with_frequencies(space_of(3), rows, lambda: True)
    assert space.frequencies == ((), (), ())
    space = space_of(3, frequencies=((), (5.0,), ()))
    graphs_with_waves(space, rows, is_over)
    assert not left, "it looks at the clock"
    if not looks:
        assert not len(graphs_with_waves(space, rows, is_over)[0])


def test_a_search_asks_for_no_waves_when_its_time_is_over():
    rows = Table(np.stack([X, Z], axis=1), Z * np.sin(80 * X + 1))
    space = with_frequencies(space_of(2), rows)
    weights, assessor = prior(space), Assessor(space, rows, rows)
    known, rng = nothing(space), np.random.default_rng(0)
    counts = []
    for over in (False, True):
        now = Situation(space, weights, known, assessor, rng, 32, 32, 2, 0, False, lambda over=over: over)
        counts.append(len(Waves().propose(now).batch))
    assert counts[0] > counts[1] == 0
