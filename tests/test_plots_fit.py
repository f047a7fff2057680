"""Fit, parity, residuals and responses: which rows, curves and bands are drawn, and what is said of them."""

import numpy as np
import pandas as pd
import pytest
from drawn_models import drawn, equation, one_column, several_columns, texts

from eqdarts import plots, refit
from eqdarts.data.noise import Noise
from eqdarts.errors import InputDataError, SearchWarning


def points(ax):
    return np.asarray(ax.collections[0].get_offsets())


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_fit_of_one_column_is_points_and_a_curve_under_the_equation():
    model = one_column()
    X, y = model.rows
    ax = plots.plot_fit(model)
    ax.figure.canvas.draw()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time", "force")
    assert ax.get_title() == r"$\mathrm{force} = 1 + 3 \, e^{- 0.5 \, \mathrm{time}}$"
    np.testing.assert_array_equal(points(ax), np.column_stack([X, y]))
    x_curve, y_curve = ax.lines[0].get_data()
    assert (x_curve[0], x_curve[-1]) == (0.5, 5)
    np.testing.assert_allclose(y_curve, 3 * np.exp(-0.5 * x_curve) + 1)
    assert legend(ax) == ["data", "equation"]
    assert plots.plot_fit(model, title=False).get_title() == ""


def test_another_row_of_the_front_is_drawn():
    model = one_column()
    ax = plots.plot_fit(model, index=1)
    x, curve = ax.lines[0].get_data()
    np.testing.assert_allclose(curve, 2.5 - 0.4 * x)
    for wrong in (3, -1, 1.5, True):
        with pytest.raises(InputDataError, match="rows 0 to 2"):
            plots.plot_fit(model, index=wrong)


def test_one_column_of_three_in_the_equation_is_a_curve_too():
    model = several_columns()
    ax = plots.plot_fit(model, index=1)
    assert ax.get_xlabel() == "m1"
    np.testing.assert_allclose(points(ax)[:, 0], model.rows[0]["m1"])


def test_rivals_are_thin_lines():
    model = one_column()
    rivals = [model.front_[1], model.front_[2]]
    model.rivals_ = pd.DataFrame({"sympy": [e.expression for e in rivals], "probability": [0.3, 0.6]})
    ax = plots.plot_fit(model)
    assert legend(ax) == ["data", "equation", "a rival, ≥ 5 % probable"]
    np.testing.assert_allclose(ax.lines[1].get_ydata(), 2.5 - 0.4 * ax.lines[1].get_xdata())
    assert len(plots.plot_fit(model, rivals=False).lines) == 1


def test_fit_of_several_columns_is_predicted_against_observed():
    model = several_columns()
    X, y = model.rows
    ax = plots.plot_fit(model, X, y + 0.1)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("force, observed", "force, predicted")
    np.testing.assert_allclose(points(ax), np.column_stack([y + 0.1, y]))
    assert "R^2" in texts(ax)[0]
    assert "10^{" not in texts(ax)[0]
    assert ax.get_xlim() == ax.get_ylim()
    assert "1 - " in texts(plots.plot_parity(model, X, y * (1 + 1e-5 * X.m1)))[0]


@pytest.mark.parametrize(("noise", "power"), [(Noise(), 0), (Noise("proportional"), 1), (Noise("poisson"), 0.5)])
def test_a_band_shows_where_observations_lie(noise, power):
    one, several = one_column(noise_=noise), several_columns(noise_=noise)
    for ax in (plots.plot_fit(one), plots.plot_parity(several), plots.plot_response(several, column="r")):
        edge = ax.collections[1].get_paths()[0].vertices
        for x in (edge[:, 0].min(), edge[:, 0].max()):
            ends = edge[np.isclose(edge[:, 0], x)][:, 1]
            middle = (ends.max() + ends.min()) / 2
            assert (ends.max() - ends.min()) / 2 == pytest.approx(1.96 * 0.1 * middle**power)


def test_a_band_knows_how_well_constants_are_known():
    x = np.linspace(1, 3, 9)
    X, y = pd.DataFrame({"x": x}), pd.Series(2 * x + 1 + 0.3 * np.cos(9 * x), name="force")
    model = drawn([refit("a*x + b", X, y)], X, rows=(X, y))
    _, low, high = model.front_[0].predict([[1.0], [3.0]], interval=0.95)
    for ax in (plots.plot_fit(model), plots.plot_response(model)):
        edge = ax.collections[1].get_paths()[0].vertices
        np.testing.assert_allclose(sorted({*edge[edge[:, 0] == 1, 1]}), [low[0], high[0]])
        np.testing.assert_allclose(sorted({*edge[edge[:, 0] == 3, 1]}), [low[1], high[1]])


@pytest.mark.parametrize("spread", [False, True])
def test_unevenly_spread_values_get_a_logarithmic_axis(spread):
    x = np.geomspace(1, 1e4, 11) if spread else np.linspace(1, 1e4, 11)
    model = drawn([equation("a", ["a"])], pd.DataFrame({"a": x}))
    ax = plots.plot_fit(model)
    assert ax.get_xscale() == ax.get_yscale() == ("log" if spread else "linear")


def test_rows_come_by_name_from_a_table_with_more_or_from_the_training_rows():
    model = several_columns()
    X, y = model.rows
    more = pd.DataFrame({"text": ["a"] * len(X), "r": X.r, "m2": X.m2, "m1": X.m1})
    for given in (X, more, X.to_numpy()):
        np.testing.assert_allclose(points(plots.plot_parity(model, given, y)), np.column_stack([y, y]))
    loaded = several_columns(rows=None)
    with pytest.raises(InputDataError, match="give X and y"):
        plots.plot_fit(loaded)
    with pytest.raises(InputDataError, match="give both X and y"):
        plots.plot_residuals(loaded, X)
    with pytest.raises(InputDataError, match="11 rows and y has 3"):
        plots.plot_parity(loaded, X, y[:3])
    with pytest.raises(InputDataError, match="'m2' is missing"):
        plots.plot_parity(loaded, X[["m1", "r"]], y)


def test_rows_on_which_it_is_not_defined_or_with_missing_values_are_named():
    X = pd.DataFrame({"c": np.linspace(-1, 3, 9)})
    model = drawn([equation("log(c)", ["c"])], X, rows=(X, pd.Series(np.ones(9), name="force")))
    assert "not defined on 3 of 9 rows" in texts(plots.plot_fit(model))
    for ax in (plots.plot_residuals(model, column="c"), plots.plot_parity(model)):
        assert "not defined on 3 of 9 rows, which are not drawn" in texts(ax)
        ax.figure.canvas.draw()
    y = model.rows[1].copy()
    y[4] = np.nan
    with pytest.warns(SearchWarning, match="1 of 9 rows have missing values"):
        assert len(points(plots.plot_fit(model, X, y))) == 8


def test_a_pole_is_no_line():
    X = pd.DataFrame({"c": np.linspace(0, 3, 40)})
    model = drawn([equation("1/(c - 1.01)", ["c"])], X, rows=(X, pd.Series(np.linspace(-2, 2, 40), name="force")))
    ax = plots.plot_fit(model)
    assert np.isnan(ax.lines[0].get_ydata()).sum() >= 1
    assert -6 < ax.get_ylim()[0] < ax.get_ylim()[1] < 6


def test_many_rows_are_thinned_and_it_is_said():
    n = 30_000
    X = pd.DataFrame({"c": np.linspace(0, 3, n)})
    y = pd.Series(X.c.to_numpy() ** 2, name="force")
    y[17] = 100.0
    model = drawn([equation("c**2", ["c"])], X, rows=(X, y))
    ax = plots.plot_fit(model)
    assert len(points(ax)) <= 20_000
    assert points(ax)[:, 1].max() == 100
    assert any(f"of {n:,} rows are drawn" in text for text in texts(ax))
    assert ax.collections[0].get_rasterized()
    assert ax.collections[0].get_alpha() < 0.5


def test_a_constant_and_five_rows():
    X = pd.DataFrame({"a": [1.0, 2, 3, 4, 5], "b": 0.0})
    y = pd.Series([2.1, 3.9, 6.2, 7.8, 10.1], name="force")
    for table in (X, X[["a"]]):
        model = drawn([equation("6", list(table))], table, rows=(table, y))
        ax = plots.plot_fit(model)
        np.testing.assert_allclose(ax.lines[0].get_ydata(), 6)
        plots.plot(model).canvas.draw()


def test_residuals_against_a_column_the_prediction_and_the_order():
    model = several_columns(n=50)
    X, y = model.rows
    y = y + np.linspace(-1, 1, 50)
    for options, x, name in (
        ({}, np.arange(1, 51), "row, in the order of the table"),
        ({"column": "r"}, X.r, "r"),
        ({"column": 0}, X.m1, "m1"),
        ({"against": "prediction"}, model.rows[1], "force, predicted"),
    ):
        ax = plots.plot_residuals(model, X, y, **options)
        np.testing.assert_allclose(points(ax), np.column_stack([x, np.linspace(-1, 1, 50)]))
        assert (ax.get_xlabel(), ax.get_ylabel()) == (name, "residual of force")
    means = plots.plot_residuals(model, X, y).lines[-1].get_ydata()
    assert (np.diff(means) > 0).all()
    for wrong in ("mass", 3, -1):
        with pytest.raises(InputDataError, match="column="):
            plots.plot_residuals(model, column=wrong)


@pytest.mark.parametrize(
    ("noise", "name", "factor"),
    [(Noise("proportional"), "residual, % of the value", lambda f: 100 / f),
     (Noise("poisson"), "residual / √value", lambda f: f**-0.5)],
)  # fmt: skip
def test_residuals_are_in_units_of_the_noise(noise, name, factor):
    model = several_columns(noise_=noise)
    X, y = model.rows
    ax = plots.plot_residuals(model, X, y + 0.1)
    assert ax.get_ylabel() == name
    np.testing.assert_allclose(points(ax)[:, 1], 0.1 * factor(y))


def test_units_stand_at_axes():
    model = one_column(units_={"time": "s", "force": "kg m/s$^2$"})
    force = r"force in kg m/s\$^2\$"
    for ax, x, y in (
        (plots.plot_fit(model), "time in s", force),
        (plots.plot_parity(model), f"{force}, observed", f"{force}, predicted"),
        (plots.plot_response(model), "time in s", force),
        (plots.plot_residuals(model, column="time"), "time in s", f"residual of {force}"),
        (plots.plot_front(model), "complexity", f"{force}, error"),
    ):
        assert (ax.get_xlabel(), ax.get_ylabel()) == (x, y)
    assert r"error 0.1 kg m/s\$^2\$" in plots.plot(model).get_supxlabel()
    model.noise_ = Noise("proportional")
    assert plots.plot_residuals(model).get_ylabel() == "residual, % of the value"


def test_errors_of_rows_are_bars_and_units_of_residuals():
    model = several_columns()
    X, y = model.rows
    errors = np.linspace(0.1, 0.5, 11)
    bars = plots.plot_parity(model, X, y, y_error=errors).collections[1].get_segments()
    np.testing.assert_allclose([np.ptp(bar[:, 0]) for bar in bars], 2 * errors)
    bars = plots.plot_fit(one_column(), y_error=0.2).collections[1].get_segments()
    np.testing.assert_allclose([np.ptp(bar[:, 1]) for bar in bars], 0.4)
    ax = plots.plot_residuals(model, X, y + 0.1, y_error=errors)
    np.testing.assert_allclose(points(ax)[:, 1], 0.1 / errors)
    assert ax.get_ylabel() == "residual / error"
    with pytest.raises(InputDataError, match="y_error"):
        plots.plot_residuals(model, X, y, y_error=-errors)


def test_what_is_exact_leaves_nothing_but_rounding():
    model = drawn([equation("c**2", ["c"], loss=1e-33, relative_loss=0.0)], pd.DataFrame({"c": [1.0, 2, 3]}))
    assert "nothing but rounding" in texts(plots.plot_residuals(model))


def test_response_holds_the_others_at_their_medians():
    model = several_columns(n=21)
    X, y = model.rows
    ax = plots.plot_response(model, X, y + 0.1, column="r")
    x, curve = ax.lines[0].get_data()
    middle = X.median()
    np.testing.assert_allclose(curve, middle.m1 * middle.m2 / x**2)
    np.testing.assert_allclose(points(ax)[:, 1], middle.m1 * middle.m2 / X.r**2 + 0.1)
    assert ax.get_title(loc="left").startswith("at m1 = ")
    held = plots.plot_response(model, column="r", at={"m1": 3.0}).lines[0].get_ydata()
    np.testing.assert_allclose(held, 3 * middle.m2 / x**2)
    assert plots.plot_response(model, column="m2", index=1).get_title(loc="left") == "not in the equation"
    with pytest.raises(InputDataError, match="'r' is the column that varies"):
        plots.plot_response(model, column="r", at={"r": 1.0})


def test_pages_have_what_the_data_ask_for():
    one, several = plots.plot(one_column()), plots.plot(several_columns())
    assert [ax.get_xlabel() for ax in one.axes] == ["complexity", "", "time"]
    assert one.get_suptitle() == r"$\mathrm{force} = 1 + 3 \, e^{- 0.5 \, \mathrm{time}}$"
    assert "probability 90 %" in one.get_supxlabel()
    assert one.get_supxlabel().endswith("11 rows")
    labels = [ax.get_xlabel() for ax in several.axes]
    assert labels == ["force, observed", "complexity", "", "m1", "", "m2", "", "r"]
    assert len({ax.get_ylim() for ax in several.axes[2::2]}) == 1
    figure = plots.overview(one_column())
    assert len(figure.axes) == 2
    for page in (one, several, figure):
        page.canvas.draw()
        formulas = [page.get_suptitle(), *(t for ax in page.axes for t in (ax.get_title(), *texts(ax)))]
        formulas = [text for text in formulas if text.startswith("$") and "R^2" not in text]
        assert len(formulas) == len(set(formulas))
