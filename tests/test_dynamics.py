"""Dynamics: curves, the weak form, trajectories, maps, input, files and pictures."""

import json

import numpy as np
import pandas as pd
import pytest
import sympy
from scipy.integrate import solve_ivp

import eqdarts
from eqdarts import InputDataError, dynamics
from eqdarts.dynamics.candidates import freed, weighed
from eqdarts.dynamics.choose import refined
from eqdarts.dynamics.given import curves_of, observed
from eqdarts.dynamics.model import of_flow
from eqdarts.dynamics.shooting import segments, shoot
from eqdarts.dynamics.smoothing import smooth
from eqdarts.dynamics.steps import statistics
from eqdarts.dynamics.system import System
from eqdarts.dynamics.weak import bumps, weak_form
from eqdarts.errors import EqdartsError
from eqdarts.simplify.form import form_of

TERMS = [("x", "x"), ("x", "x*y"), ("y", "y"), ("y", "x*y")]
QUICK = {"max_epochs": 1, "max_time": None, "replicas": 64, "random_state": 0, "verbose": 0, "n_jobs": 1}


def trajectory(f, start, end, n, noise, names, seed=0):
    t = np.linspace(0, end, n)
    z = solve_ivp(f, (0, end), start, t_eval=t, rtol=1e-10, atol=1e-12).y.T
    return t, pd.DataFrame(z + noise * z.std(axis=0) * np.random.default_rng(seed).normal(size=z.shape), columns=names)


def predators(t, z):
    return [1.5 * z[0] - z[0] * z[1], -3 * z[1] + z[0] * z[1]]


def same_form(found, text, columns):
    return form_of(freed(sympy.expand(found)), columns) == form_of(
        freed(eqdarts.parse_expression(text, columns)), columns
    )


@pytest.fixture(scope="module")
def hares():
    return trajectory(predators, [10, 5], 5, 90, 0.01, ["x", "y"])


@pytest.fixture(scope="module")
def law(hares):
    """The true form, fitted to trajectories; without a search."""
    given = observed(*hares, None, None)
    curves = curves_of(given, 1, False)
    texts = ("1.0*x - 0.8*x*y", "0.8*x*y - 2.0*y"), ("1.0*x", "0.0 - 1.0*y")
    lists = [
        [weighed(eqdarts.parse_expression(text[k], given.states), weak_form(curves, k), "search") for text in texts]
        for k in range(2)
    ]
    system = System(tuple(some[0].expression for some in lists), given.states)
    return of_flow(given, lists, refined(system, (0, 0), curves, given.spread, np.inf))


@pytest.mark.parametrize("uneven", [False, True])
def test_curves_have_the_slopes_of_the_function_within_their_errors(uneven):
    rng = np.random.default_rng(1)
    t = np.sort(rng.uniform(0, 6, 101)) if uneven else np.linspace(0, 6, 101)
    curve = smooth(t, np.sin(t) + 0.02 * rng.normal(size=101))
    inner = np.linspace(0.3, 5.7, 53)
    assert 0.015 < curve.noise < 0.025
    for order, exact in enumerate((np.sin, np.cos)):
        off = (curve.at(inner, order) - exact(inner)) / curve.error(inner, order)
        assert np.sqrt(np.mean(off**2)) < 2


def test_curves_go_through_observations_without_noise():
    t = np.linspace(0, 4, 60)
    curve = smooth(t, np.exp(-t))
    assert curve.noise < 1e-6
    assert np.abs(curve.at(t, 1) + np.exp(-t)).max() < 1e-3


def test_weak_rows_of_a_polynomial_are_exact():
    t = np.linspace(0, 2, 31)
    given = observed(t, np.column_stack([t**2 - 1.0]), None, None)  # x' = 2·t
    (curves,) = curves_of(given, 1, timed=True)
    form = weak_form([curves], 0)
    right = form.integrate @ (2 * form.values[:, 1])
    assert np.linalg.norm(right - form.target) < 1e-6 * np.linalg.norm(form.target)
    found = weighed(eqdarts.parse_expression("1.0*t", form.columns), form, "")
    assert abs(float(found.expression.coeff(sympy.Symbol("t"))) - 2) < 1e-6


def test_derivatives_of_bumps_are_theirs():
    grid = np.linspace(0, 1, 4001)
    phi, first, second = bumps(grid, np.array([0.4, 0.5]), 0.3)
    assert np.abs(np.gradient(phi, grid, axis=1) - first).max() < 1e-4
    assert np.abs(np.gradient(first, grid, axis=1) - second).max() < 1e-2


def test_constants_come_back_with_their_errors(law):
    x, y = sympy.symbols("x y")
    found = [
        float(sympy.Poly(law.sympy()[state], x, y).coeff_monomial(eqdarts.parse_expression(term)))
        for state, term in TERMS
    ]
    for value, truth in zip(found, (1.5, -1, -3, 1), strict=True):
        row = (law.constants["value"] - value).abs().idxmin()
        assert abs(value - truth) < 4 * law.constants["std_error"][row]
    assert law.followed == 90
    assert (np.sqrt(law.loss) < 0.013 * law.observed.spread).all()


def test_a_constant_of_steps_that_rows_do_not_determine_has_no_finite_error():
    """At 0 and 1 no row tells x from x²; the mean where x is 0 is known as well as ever."""
    x = np.tile([0.0, 1.0], 6)
    y = 2 + 3 * x + 0.1 * np.random.default_rng(0).normal(size=12)
    system = System((eqdarts.parse_expression("2.125 + 1.5*x + 1.25*x**2", ("x",)),), ("x",))
    errors, (loss,) = statistics(system, x[:, None], y[:, None])
    at_zero = system.constants == 2.125
    assert errors[at_zero] == pytest.approx(np.sqrt(12 * loss / (12 - 3) / 6))
    assert np.isinf(errors[~at_zero]).all()


def test_a_constant_of_trajectories_that_rows_do_not_determine_has_no_finite_error():
    """Two inputs that go together, as two gauges of one thing do: x' = 0.5·u + 0.25·v + 1.5 with v = 2·u."""
    t = np.linspace(0, 3, 40)
    inputs = pd.DataFrame({"u": np.cos(t), "v": 2 * np.cos(t)})
    x = np.sin(t) + 1.5 * t + 0.01 * np.random.default_rng(0).normal(size=40)
    curves = curves_of(observed(t, pd.DataFrame({"x": x}), inputs, None), 1, timed=False)
    system = System((eqdarts.parse_expression("0.5*u + 0.25*v + 1.5", ("x", "u", "v")),), ("x", "u", "v"))
    shot = shoot(system, segments(curves, 40, np.array([x.std()])))
    design = np.column_stack([np.ones(40), np.sin(t), t])
    residual = x - design @ np.linalg.lstsq(design, x)[0]
    error = np.sqrt(np.linalg.inv(design.T @ design)[2, 2] * (residual @ residual) / (40 - 4))
    known = np.isfinite(shot.errors)
    assert shot.errors[known] == pytest.approx(error, rel=1e-3)
    assert system.constants[known] == pytest.approx(1.5)


def test_a_prediction_from_elsewhere_is_the_law(law):
    t, z = trajectory(predators, [4, 2], 4, 50, 0.0, ["x", "y"])
    assert law.score(t, z) > 0.99
    assert law.predict(t, {"y": 2, "x": 4}).equals(law.predict(t, [4, 2]))


def test_a_trajectory_that_leaves_all_bounds_is_named():
    t = np.linspace(0, 1, 20)
    x = 1 / (2 - t)
    given = observed(t, x, None, None)
    curves = curves_of(given, 1, False)
    one = weighed(eqdarts.parse_expression("1.0*x**2", given.states), weak_form(curves, 0), "search")
    law = of_flow(given, [[one]], refined(System((one.expression,), given.states), (0,), curves, given.spread, np.inf))
    assert abs(float(law.sympy()["x"].coeff(sympy.Symbol("x") ** 2)) - 1) < 1e-4
    with pytest.raises(EqdartsError, match=r"leaves all bounds near t = (2|1\.999)"):
        law.predict([0, 1, 3], [0.5])


def test_what_is_shown(law):
    lines = law.latex().splitlines()
    assert lines[0] == r"\begin{aligned}"
    assert lines[1].startswith(r"\frac{\mathrm{d} x}{\mathrm{d} t} &= ")
    assert str(law).startswith("dx/dt = ")
    assert "\ndy/dt = " in str(law)
    front = law.front("x")
    assert list(front["chosen"]) == [False, True]
    assert front["complexity"].is_monotonic_increasing
    assert law.equations["y"].target == "dy/dt"


def test_another_candidate_may_be_selected(law):
    other = law.select("y", 0)
    assert other.sympy()["y"].free_symbols == {sympy.Symbol("y")}
    assert other.loss[1] > 2 * law.loss[1]
    assert other.front("y")["chosen"][0]
    with pytest.raises(InputDataError, match="none of the states 'x', 'y'"):
        law.select("z", 0)


def test_a_file_gives_the_same_again(law, tmp_path):
    law.save(tmp_path / "law.json")
    again = dynamics.load(tmp_path / "law.json")
    assert str(again) == str(law)
    assert again.sympy() == law.sympy()
    t = np.linspace(0, 3, 11)
    assert again.predict(t, [3, 3]).equals(law.predict(t, [3, 3]))
    assert again.constants.equals(law.constants)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("format", "eqdarts model", "format"),
        ("states", ["x", "z"], "columns"),
        ("places", [0, 9], "equations"),
        ("equations", ["x + q", "y"], "q"),
        ("starts", [[1.0]], "starts"),
    ],
)
def test_a_damaged_file_is_refused(law, tmp_path, field, value, message):
    path = tmp_path / "law.json"
    law.save(path)
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))
    with pytest.raises(InputDataError, match=message):
        dynamics.load(path)


def test_pictures_have_what_they_should(law):
    figure = law.plot()
    assert [ax.get_ylabel() for ax in figure.axes] == ["x", "y", "y"]
    assert [text.get_text() for text in figure.axes[2].get_legend().get_texts()] == ["dx/dt = 0", "dy/dt = 0"]


def test_a_map_is_found_in_its_steps(tmp_path):
    rng = np.random.default_rng(0)
    x = [0.3]
    for _ in range(50):
        x.append(3.7 * x[-1] * (1 - x[-1]) + 0.003 * rng.normal())
    law = dynamics.fit(
        None, np.array(x), kind="map", operations=["scale", "power"], max_nodes=2, links=["identity"], **QUICK
    )
    assert same_form(law.sympy()["x"], "x - x**2", ("x",))
    assert str(law).startswith("x[t+1] = ")
    assert law.predict(range(4), [0.3])["x"].tolist() == pytest.approx([0.3, 0.777, 0.641, 0.851], abs=0.01)
    law.save(tmp_path / "map.json")
    assert str(dynamics.load(tmp_path / "map.json")) == str(law)
    assert law.plot().axes[1].get_ylabel() == "x, next"


@pytest.mark.slow
def test_a_law_is_found_in_noise(hares):
    law = dynamics.fit(*hares, **QUICK)
    assert same_form(law.sympy()["x"], "x - x*y", ("x", "y"))
    assert same_form(law.sympy()["y"], "y - x*y", ("x", "y"))


@pytest.mark.slow
def test_second_order_is_found_in_positions_alone():
    t, z = trajectory(lambda t, z: [z[1], -4 * np.sin(z[0]) - 0.3 * z[1]], [2.5, 0], 10, 120, 0.01, ["theta", "v"])
    law = dynamics.fit(t, z[["theta"]], order=2, **QUICK)
    assert same_form(law.sympy()["theta"], "sin(theta) + thetadot", ("theta", "thetadot"))
    assert list(law.predict(t, [2.5, 0]).columns) == ["theta", "thetadot"]
    assert law.score(t, z[["theta"]], x0=[2.5, 0]) > 0.99


@pytest.mark.slow
def test_inputs_and_several_trajectories_of_different_lengths():
    parts = [
        trajectory(lambda t, z: [0.8 * z[0] * (1 - z[0] / 10) - 0.5 * np.sin(t) * z[0]], [start], 8, n, 0.01, ["N"], n)
        for start, n in ((0.5, 60), (15, 40))
    ]
    u = [pd.DataFrame({"u": np.sin(t)}) for t, _ in parts]
    law = dynamics.fit([t for t, _ in parts], [x for _, x in parts], inputs=u, **QUICK)
    assert same_form(law.sympy()["N"], "N - N**2 + N*u", ("N", "u"))
    t = parts[0][0]
    assert law.predict(t, [0.5], inputs=u[0])["N"].iloc[-1] == pytest.approx(parts[0][1]["N"].iloc[-1], rel=0.1)


def bad(t=None, x=None, **options):
    t = np.arange(12.0) if t is None else t
    return lambda: dynamics.fit(t, np.sin(np.arange(12.0)) if x is None else x, **options)


def changed(row, value):
    t = np.arange(12.0)
    t[row] = value
    return t


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (bad(changed(5, 4.0)), r"time repeats at row 5 \(t = 4 after 4\).*trajectories="),
        (bad(changed(5, 3.5)), r"time falls at row 5"),
        (bad(np.arange(11.0)), "states has 12 rows and t has 11"),
        (bad(x=changed(3, np.nan)), r"column 'x': 1 of 12 values are not finite \(first: row 3\)"),
        (bad(changed(3, np.inf)), r"column 't': 1 of 12"),
        (bad(np.arange(7.0), np.arange(7.0) ** 2), "7 times; at least 8"),
        (bad(x=np.ones(12)), "state 'x' is constant"),
        (bad(x=np.zeros((12, 0))), "expected a table"),
        (bad(x=pd.DataFrame({"x": ["a"] * 12})), "'x'"),
        (bad(kind="flows"), "kind='flows' is not known"),
        (bad(order=3), "order=3"),
        (bad(lags=2), "kind='map'"),
        (bad(kind="map", order=2), "second order"),
        (bad(changed(5, 5.5), kind="map"), "have to be even; that to row 5 is 1.5"),
        (bad(max_epoch=3), "max_epoch is no option"),
        (bad(max_nodes=0), "max_nodes"),
        (bad(inputs=np.arange(11.0)), "inputs has 11 rows"),
        (bad(trajectories=[1, 2]), "2 labels"),
        (bad(trajectories=["a"] * 9 + ["b"] * 3), "trajectory b: 3 times"),
        (bad([np.arange(9.0)], [np.arange(9.0) ** 2, np.arange(9.0)]), "give a list of 2"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(InputDataError, match=message):
        call()


def test_labels_divide_a_table():
    t = np.tile(np.arange(9.0), 2)
    given = observed(t, pd.DataFrame({"x": t**2}), None, np.repeat([1, 2], 9))
    assert [len(one) for one in given.trajectories] == [9, 9]


@pytest.mark.parametrize(
    ("x0", "message"), [([1], "expected 2 numbers, of x, y"), ({"x": 1}, "y missing"), ([1, np.nan], "expected 2")]
)
def test_bad_starts_are_named(law, x0, message):
    with pytest.raises(InputDataError, match=message):
        law.predict([0, 1], x0)


def test_the_package_does_not_load_it():
    assert "dynamics" in dir(eqdarts)
    assert "dynamics" in eqdarts.__all__
