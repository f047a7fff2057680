"""The front, constants, axes and formulas of figures."""

from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import sympy
from drawn_models import GENOTYPE, drawn, equation, one_column, several_columns, texts
from matplotlib.backends.backend_agg import FigureCanvasAgg

from eqdarts import plots, refit
from eqdarts.data.noise import Noise
from eqdarts.equation.equation import Equation
from eqdarts.errors import InputDataError
from eqdarts.plots.axes import PlainLog, PlainLogLocator
from eqdarts.plots.fonts import font_with, plain, width_of
from eqdarts.plots.writing import drawable, law, right_side

AWKWARD = ["a$b$", "x_{1}^2", "<b>&amp;", "\\frac{a}{b}\\to", "Größe µ °C", "n" * 120, "100 % # ~ ^", "{", "\\"]


def front_points(ax):
    """Offsets of the points with a number, by it."""
    named = {c.get_gid(): c.get_offsets()[0] for c in ax.collections if c.get_gid()}
    return np.array([named[f"row-{k}"] for k in range(len(named))])


def test_front_shows_errors_and_lists_the_equations_by_number():
    ax = plots.plot_front(several_columns())
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("complexity", "force, error", "log")
    np.testing.assert_allclose(front_points(ax), [[1, 1.2**0.5], [1, 0.3**0.5], [6, 0.1]])
    shown = texts(ax)
    for text in ("0", "1", "2", "$0.8$", "$m_{1}$", r"$\frac{m_{1} m_{2}}{r^{2}}$"):
        assert text in shown
    assert r"$\frac{m_{1} m_{2}}{r^{2}}$" not in texts(plots.plot_front(several_columns(), chosen=False))
    assert "$m_{1}$" not in texts(plots.plot_front(several_columns(), equations=False))


def test_front_rings_the_row_that_is_asked_for():
    ax = plots.plot_front(one_column(), index=1)
    ring = next(c for c in ax.collections if c.get_gid() is None)
    np.testing.assert_allclose(ring.get_offsets()[0], front_points(ax)[1])
    assert "10 %" in texts(ax)


@pytest.mark.parametrize(
    ("noise", "name", "factor"),
    [(Noise("proportional"), "force, error in %", 100), (Noise("poisson"), "force, error / √value", 1),
     (Noise("given", unit=0.1), "error, in units of the given errors", 10)],
)  # fmt: skip
def test_errors_are_in_units_of_the_noise(noise, name, factor):
    ax = plots.plot_front(several_columns(noise_=noise))
    assert ax.get_ylabel() == name
    assert front_points(ax)[2, 1] == pytest.approx(0.1 * factor)


def test_front_with_an_exact_law_front_of_one_and_of_many():
    model = several_columns()
    model.front_[2] = replace(model.front_[2], loss=0.0, relative_loss=0.0)
    ax = plots.plot_front(model)
    assert any("less than $10^{-6}$ of the largest error" in text for text in texts(ax))
    assert 0.01 < front_points(ax)[2, 1] < front_points(ax)[1, 1] / 10
    for front in (
        [model.front_[2]],
        [model.front_[0]],
        [equation(str(k + 1.5), ["a"], loss=9.0**-k) for k in range(40)],
    ):
        table = pd.DataFrame({name: [1.0, 2] for name in front[0].columns})
        ax = plots.plot_front(drawn(front, table))
        ax.figure.canvas.draw()
        assert len(front_points(ax)) == len(front)
    assert any(text.startswith("and ") and text.endswith(" more") for text in texts(ax))


def test_what_is_listed_lies_above_what_is_drawn():
    model = one_column()
    ax = plots.plot_front(model)
    renderer = FigureCanvasAgg(ax.figure).get_renderer()
    ax.figure.draw_without_rendering()
    numbers = set(map(str, range(len(model.front_))))
    at_points = [t for t in ax.texts if t.get_text() in numbers and t.xycoords == "data"]
    listed = [t for t in ax.texts if t.get_text() and t not in at_points]
    boxes = [t.get_window_extent(renderer) for t in listed]
    places = ax.transData.transform(front_points(ax))
    assert not any(box.contains(*place) for box in boxes for place in places)
    assert min(box.y0 for box in boxes) > places[-1][1]
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])


def test_constants_with_their_errors_under_the_formula_that_names_them():
    x = np.linspace(1, 3, 30)
    X, y = pd.DataFrame({"x": x}), pd.Series(2 * x + 1 + 0.1 * np.cos(9 * x), name="force")
    model = drawn([refit("a*x + b", X, y)], X)
    ax = plots.plot_constants(model)
    table = model.front_[0].constants
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels[0].startswith("$a$ = 2.0")
    assert "±" in labels[1]
    assert ax.get_title() == r"$\mathrm{force} = a x + b$"
    wide = ax.lines[0].get_xdata()
    np.testing.assert_allclose(np.ptp(wide), 100 * (table.high["a"] - table.low["a"]) / table.value["a"])
    with pytest.raises(InputDataError, match="level=2"):
        plots.plot_constants(model, level=2)
    with pytest.raises(InputDataError, match="no errors of constants"):
        plots.plot_constants(one_column())


def test_ticks_of_logarithmic_axes_are_plain_numbers():
    show = PlainLog()
    assert [show(v) for v in (1e-3, 0.02, 0.5, 1, 20, 5000, 1e4)] == [
        "0.001",
        "0.02",
        "0.5",
        "1",
        "20",
        "5,000",
        "10,000",
    ]
    assert [show(v) for v in (1e-5, 1e7)] == ["$10^{-5}$", "$10^{7}$"]
    ticks = PlainLogLocator().tick_values
    np.testing.assert_allclose(ticks(15, 300), [20, 50, 100, 200])
    np.testing.assert_allclose(ticks(0.5, 2e5), [1, 10, 100, 1e3, 1e4, 1e5])
    np.testing.assert_allclose(ticks(22, 95)[[0, -1]], [40, 80])
    for low, high in ((1e-300, 1e300), (3, 3.0001), (1e-12, 1)):
        assert 1 <= len(ticks(low, high)) <= 9
    assert len(PlainLogLocator(most=10.0).tick_values(1, 1e6)) == len(ticks(1, 10))


@pytest.mark.parametrize("name", AWKWARD)
def test_names_of_columns_are_drawn_as_they_are(name):
    X = pd.DataFrame({name: [1.0, 2, 3]})
    model = drawn([equation("2*c", ["c"])], pd.DataFrame({"c": [1.0, 2, 3]}))
    model.front_ = [replace(model.front_[0], expression=2 * sympy.Symbol(name), columns=(name,), target="t " + name)]
    ax = plots.plot_fit(model, X, [2.0, 4, 6])
    ax.figure.canvas.draw()
    shown = ax.get_xlabel().replace("\n", "").replace(r"\$", "$")
    assert name.startswith(shown.rstrip("…"))
    assert shown == name or len(name) > 60
    assert not mpl.cbook.is_math_text(ax.get_xlabel())
    written = law(model.front_[0], 2000.0).text
    assert "\t" not in written


def test_letters_that_the_usual_font_lacks_are_drawn_by_another_or_as_codes():
    X = pd.DataFrame({"温度": [1.0, 2, 3]})
    front = [Equation(2 * sympy.Symbol("温度"), ("温度",), "압력", 0.1, 0.1, "sample")]
    model = drawn(front, X)
    figure = plots.plot(model)
    figure.canvas.draw()  # a missing letter is a warning
    label = figure.axes[-1].get_xlabel()
    assert label == ("温度" if font_with("温") else r"\u6e29\u5ea6")
    plots.plot_graph(GENOTYPE, inputs=["温", "b", "c"]).figure.canvas.draw()
    assert width_of("温", 10) > 0


def test_fractions_are_large_outside_braces_and_on_the_line_within():
    names = ["a", "b", "c"]
    for text, latex in (
        ("exp(a/b)/c", r"\dfrac{e^{a/b}}{c}"),
        ("a/(b + 1/(c + 1))", r"\dfrac{a}{b + 1/\left(c + 1\right)}"),
        ("a/(b + 2*a/(3*c))", r"\dfrac{a}{\left(2 a\right)/\left(3 c\right) + b}"),
    ):
        assert law(equation(text, names, target="y"), 500.0).text == f"$y = {latex}$"
    braces = equation("c/(1 + 1/c)", ["c"])
    name = "{ 50 % } \\frac{1}{2}"
    braces = replace(braces, expression=braces.expression.xreplace({sympy.Symbol("c"): sympy.Symbol(name)}))
    drawn_law = law(replace(braces, columns=(name,)), 900.0).text
    assert drawn_law.startswith("$")
    assert drawn_law.count(r"\text{\{ 50 % \} \\frac\{1\}\{2\}}") == 2


def test_long_equations_are_made_smaller_broken_or_cut():
    terms = " + ".join(f"{k + 1.5}*x**{k + 2}" for k in range(12))
    long = equation(terms, ["x"], target="y")
    sizes = [law(long, room) for room in (2000.0, 500.0, 300.0, 60.0)]
    assert [w.text.count("\n") for w in sizes[:2]] == [0, 0]
    assert sizes[0].size == 12 > sizes[1].size >= 8
    assert sizes[2].text.count("\n") in (1, 2)
    assert all(line.startswith("$") for line in sizes[2].text.split("\n"))
    assert sizes[3].text.endswith("…")
    for written, room in zip(sizes, (2000.0, 500.0, 300.0, 60.0), strict=True):
        assert written.width <= room * 1.02
    cases = equation("Max(x, 2*x)", ["x"], target="y")
    assert law(cases, 500.0).text
    assert right_side(long, 200.0, 10.0, 7.0).text.endswith("…")


def test_names_in_text_are_escaped_for_mathtext():
    assert drawable(r"\text{a\_b} + c", ["a_b c"]) == r"\text{a\_b} + c"
    assert plain("a$b") == r"a\$b"
    assert width_of("mm", 10) > width_of("m", 10) > 0
