"""One structure for several outputs: `shared="graph"`."""

import numpy as np
import pandas as pd
import pytest
import sympy

from eqdarts import DARTSRegressor, InputDataError
from eqdarts.data.table import Table
from eqdarts.equation.front import Front
from eqdarts.formula.substitution import rebuilt_with
from eqdarts.grouped.candidates import all_free
from eqdarts.grouped.outputs import of_output, spread
from eqdarts.grouped.rating import rated_groups
from eqdarts.grouped.rows import GroupedTable
from eqdarts.grouped.sharing import first_states, shared_out
from eqdarts.grouped.state import Family
from eqdarts.grouped.writing import as_equation

QUICK = {
    "max_epochs": 1, "replicas": 32, "max_nodes": 1, "links": ["identity"], "proposers": ["product"],
    "max_time": None, "verbose": 0, "random_state": 0, "n_jobs": 1, "shared": "graph",
}  # fmt: skip


def table(n=20):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.uniform(1, 3, (n, 2)), columns=["m", "r"])
    return X, pd.DataFrame({"F": X.m / X.r**2, "E": -7250.0 * X.m / X.r**2})


def outputs_of(laws, noise=0.03, n=37, seed=0):
    rng = np.random.default_rng(seed)
    x = np.sort(rng.uniform(0.3, 5, n))
    return tuple(
        Table(x[:, None], y + noise * y.std() * rng.normal(size=n), ("t",), name)
        for name, y in ((name, law(x)) for name, law in laws.items())
    )


def best_of(expression, tables):
    """The best state of a form, as an equation in units of the targets, and as that of each output."""
    units = [float(np.std(t.y)) for t in tables]
    grouped = GroupedTable(
        tuple(Table(t.X, t.y / u, t.names, "y") for t, u in zip(tables, units, strict=True)),
        tuple(t.target for t in tables),
        alike=False,
    )
    form = all_free(sympy.sympify(expression), (sympy.Symbol("t"),))
    with np.errstate(all="ignore"):
        states = list(shared_out(first_states(Family.of(form, "given"), grouped), grouped, np.inf))
        best = min(states, key=lambda s: s.length)
        ones = np.ones(len(grouped))
        equation = as_equation(best, grouped, "output", ones, ones)
        return equation, [of_output(equation, t, u) for t, u in zip(tables, units, strict=True)], grouped


def test_constants_are_each_outputs_own_and_in_its_units():
    k = {"small": 0.5, "large": 0.5}  # equal in both, and yet of each its own
    tables = outputs_of({"small": lambda t: 2 * np.exp(-0.5 * t), "large": lambda t: -3e5 * np.exp(-0.5 * t)})
    joint, (small, large), _ = best_of("1.3*exp(-0.7*t)", tables)
    assert len(joint.by_group.names) == 2
    assert not joint.by_group.shared
    for one, factor, of in ((small, 2, tables[0]), (large, -3e5, tables[1])):
        a, rate = (float(part) for part in sorted(one.expression.atoms(sympy.Float), key=abs, reverse=True))
        assert (a, rate) == pytest.approx((factor, -k[one.target]), rel=0.05)
        assert one.loss == pytest.approx(np.mean((one.predict(of.X) - of.y) ** 2))
        assert one.relative_loss == pytest.approx(one.loss / np.var(of.y), rel=1e-6)
        assert one.description_length(1) == joint.description_length(1)  # the choice is that of all
    assert small.rank == large.rank


def test_an_output_far_from_zero_is_measured_by_its_own_mean():
    tables = outputs_of({"near": lambda t: 2 * t, "far": lambda t: 1e6 + 3 * t}, noise=0.1)
    _, (near, far), grouped = best_of("1.3*t + 0.7", tables)
    assert grouped.measure.variance == pytest.approx(1)
    assert 0.003 < near.relative_loss < 0.02
    assert 0.003 < far.relative_loss < 0.02
    assert far.expression.is_Add
    assert near.expression.is_Add


def test_outputs_of_one_row_that_err_alike_leave_nothing_to_explain():
    tables = outputs_of({"one": lambda t: 2 * t, "other": lambda t: 5 * t}, noise=0)
    error = 0.1 * np.random.default_rng(1).normal(size=37)
    tables = [Table(t.X, t.y + error * t.y.std(), t.names, t.target) for t in tables]
    joint, _, grouped = best_of("1.3*t", tables)
    assert not rated_groups(Front((joint,), len(grouped)), grouped).leaves_something


def test_a_factor_is_spread_where_it_stands_no_more_often_then():
    a, b, c, x = sympy.symbols("a b c x")
    assert spread(a * (b + c * sympy.exp(x)), a, {a, b, c}) == (b + c * sympy.exp(x), (b, c))
    assert spread(a * (b + b * x), a, {a, b})[1] == ()  # b is in both
    assert spread(a * x * (b + x), a, {a, b})[1] == ()


def test_odd_functions_of_sums_are_written():
    c, x = sympy.symbols("c x")
    written = rebuilt_with(sympy.sin(c * x - 1), {c: sympy.Float(-2.5)}, as_written=True)
    assert written == sympy.sin(sympy.Float(-2.5) * x - 1)


@pytest.fixture(scope="module")
def model():
    return DARTSRegressor(**QUICK).fit(*table())


def test_each_output_has_the_law_with_its_constants(model):
    X, Y = table()
    assert [str(law) for law in model.sympy()] == ["m/r**2", "-7250*m/r**2"]
    assert model.get_params()["shared"] == "graph"
    np.testing.assert_allclose(model.predict(X), Y, rtol=1e-9)
    assert len({len(one.front_) for one in model.outputs_}) == 1
    assert r"F &= \frac{m}{r^{2}}" in model.latex()
    assert "E = -7250*m/r**2" in str(model)


def test_one_row_is_selected_for_all(model):
    X, Y = table()
    model.select(0)
    assert [one.best_index_ for one in model.outputs_] == [0, 0]
    np.testing.assert_allclose(model.predict(X), np.tile(Y.mean(), (len(X), 1)))
    model.select(form="a*m/r**2")
    assert len({one.best_index_ for one in model.outputs_}) == 1
    assert str(model.sympy()[0]) == "m/r**2"
    assert all(one.selected_ is None for one in model.select().outputs_)
    with pytest.raises(InputDataError, match="index"):
        model.select(99)


def test_save_and_load(model, tmp_path):
    X, _ = table()
    model.save(tmp_path / "model.json")
    again = DARTSRegressor.load(tmp_path / "model.json")
    assert (again.predict(X) == model.predict(X)).all()
    assert str(again) == str(model)
    assert again.get_params() == model.get_params()
    assert [one.best_index_ for one in again.select(0).outputs_] == [0, 0]


@pytest.mark.parametrize(
    ("options", "given", "message"),
    [
        ({"shared": "alpha"}, {}, "shared='alpha'.*graph"),
        ({"shared": 1}, {}, "shared=1"),
        ({"template": "a*f(m)"}, {}, "shared='graph' and template="),
        ({"guesses": ["a*m"]}, {}, "shared='graph' and guesses="),
        ({"constants": {"R": 8.3}}, {}, "shared='graph' and constants="),
        ({"units": {"m": "kg"}}, {}, "shared='graph' and units="),
        ({"constraints": {"must": ["m"]}}, {}, "shared='graph' and constraints="),
        ({"loss": "absolute"}, {}, "shared='graph' and loss='absolute' .*least squares"),
        ({"noise": "poisson"}, {}, "shared='graph' and noise='poisson' .*least squares"),
        ({"warm_start": True}, {}, "warm_start"),
        ({}, {"groups": "m"}, "groups= and a y of several columns .*one column at a time"),
        ({"validation": [0, 1]}, {}, "validation"),
    ],
)
def test_what_does_not_go_together_is_said_before_the_search(options, given, message):
    with pytest.raises(InputDataError, match=message):
        DARTSRegressor(**{**QUICK, **options}).fit(*table(), **given)


def test_one_output_shares_with_none(tmp_path):
    X, Y = table()
    with pytest.raises(InputDataError, match="a y of one column"):
        DARTSRegressor(**QUICK).fit(X, Y["F"])
    with pytest.raises(InputDataError, match="a y of one column"):
        DARTSRegressor(**QUICK).fit_file(tmp_path / "none.csv", "F")
    with pytest.raises(InputDataError, match="shared='alpha'"):
        DARTSRegressor(**{**QUICK, "shared": "alpha"}).fit(X, Y["F"])
    with pytest.warns(match="one value only"), pytest.raises(InputDataError, match="'c' has one value only"):
        DARTSRegressor(**QUICK).fit(X, Y.assign(c=2.0))


@pytest.mark.slow
def test_one_structure_is_recovered_from_noisy_outputs_of_different_scales():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.uniform(0.5, 3, (60, 2)), columns=["x1", "x2"])
    truth = {"p": (2.0, 0.5), "q": (3000.0, 1.2)}
    Y = pd.DataFrame({name: a * np.exp(-k * X.x1) * X.x2 for name, (a, k) in truth.items()})
    Y += 0.03 * Y.std().to_numpy() * rng.normal(size=Y.shape)
    options = {
        "max_epochs": 3,
        "replicas": 64,
        "max_nodes": 2,
        "proposers": ["sample", "product", "shape", "neighbour"],
    }
    model = DARTSRegressor(**{**QUICK, **options}).fit(X, Y)
    x1, x2 = sympy.symbols("x1 x2")
    for one in model.outputs_:
        constants = one.equation().constants
        a, k = truth[one.target_name_]
        assert one.sympy() == sympy.Float(constants.value["c0"]) * x2 * sympy.exp(constants.value["c1"] * x1)
        for name, true in (("c0", a), ("c1", -k)):
            assert abs(constants.value[name] - true) < 3 * constants.std_error[name]
