"""Figures show what they say: labels, curves, marks; they leave global settings alone."""

from dataclasses import replace
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.patches import Circle, FancyArrowPatch

from eqdarts import plots
from eqdarts.data.noise import Noise
from eqdarts.errors import InputDataError
from eqdarts.graph.genotype import Genotype
from eqdarts.graph.links import LINK_NAMES
from eqdarts.graph.space import SearchSpace

OPERATIONS = ("zero", "scale", "linear", "power", "exp", "sin", "logistic")
LATEX = r"\mathrm{force} = 6.67 \cdot 10^{-11} \frac{m_{1} m_{2}}{r^{2}}"


class FakeModel(SimpleNamespace):
    """The attributes of a fitted model that figures read."""

    def predict(self, X):
        return self.function(np.asarray(X, dtype=float))

    def latex(self, index=None):
        return self.latex_text


def fake_model(names=("m1", "m2", "r"), nodes=3, epochs=23, latex=LATEX, **changes):
    space = SearchSpace(tuple(names), nodes, OPERATIONS)
    rng = np.random.default_rng(0)
    steps = rng.normal(size=(epochs, 2, len(space.edges), len(OPERATIONS)))
    alpha = 0.6 * np.cumsum(steps, axis=0)
    alpha[:, :, 0, 2] = -np.inf
    loss = 10 ** np.linspace(0, -6, epochs)
    values = {
        "function": lambda X: X[:, 0] * X[:, 1] / X[:, 2] ** 2 if len(names) == 3 else 3 * np.exp(-0.5 * X[:, 0]) + 1,
        "latex_text": latex,
        "target_name_": "force",
        "feature_names_in_": np.array(names, dtype=object),
        "best_index_": 3,
        "noise_": Noise(),
        "equations_": pd.DataFrame(
            {
                "complexity": [1, 3, 5, 9, 13],
                "loss": [1.2, 0.3, 0.04, 3e-9, 2.6e-9],
                "score": [0, 1, 2, 9, 0.1],
                "equation": ["0.3", "m1", "m1/r", "6.67e-11*m1*m2/r**2", "m1**2"],
            }
        ),
        "history_": pd.DataFrame(
            {
                "epoch": np.arange(1, epochs + 1),
                "seconds": 0.1,
                "nodes": np.repeat([1, 2, 3], epochs)[::3][:epochs],
                "train_loss": loss * rng.lognormal(size=epochs),
                "validation_loss": loss * rng.lognormal(1, 1, size=epochs),
                "best_loss": loss,
            }
        ),
        "alpha_history_": alpha[:, None],
        "search_space_": space,
        "genotype_": Genotype(
            ("power", "power", "zero", "sin", "zero", "exp", "zero", "zero", "zero", "logistic", "power", "scale"),
            ("product", "sum", "product"),
            (False, True, True, False, False, True, True),
        ),
    }
    return FakeModel(**{**values, **changes})


@pytest.fixture(autouse=True)
def clean():
    before = dict(mpl.rcParams)
    yield
    plt.close("all")
    assert dict(mpl.rcParams) == before


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_fit_of_one_column_is_points_and_a_curve_under_the_equation():
    model = fake_model(("time",), latex=r"\mathrm{force} = 3 e^{- 0.5 t} + 1")
    X = pd.DataFrame({"time": np.linspace(0, 5, 11)})
    y = model.predict(X)
    ax = plots.plot_fit(model, X, y)
    ax.figure.canvas.draw()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time", "force")
    assert ax.get_title() == r"$\mathrm{force} = 3 e^{- 0.5 t} + 1$"
    np.testing.assert_array_equal(ax.collections[0].get_offsets(), np.column_stack([X, y]))
    x_curve, y_curve = ax.lines[0].get_data()
    assert (x_curve[0], x_curve[-1]) == (0, 5)
    np.testing.assert_allclose(y_curve, 3 * np.exp(-0.5 * x_curve) + 1)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["data", "equation"]


def test_fit_of_several_columns_is_predicted_against_observed():
    model = fake_model()
    X = np.random.default_rng(0).uniform(1, 2, (11, 3))
    y = model.predict(X)
    ax = plots.plot_fit(model, X, y + 0.1)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("force, observed", "force, predicted")
    np.testing.assert_allclose(ax.collections[0].get_offsets(), np.column_stack([y + 0.1, y]))
    assert "R^2" in texts(ax)[0]
    assert "10^{" not in texts(ax)[0]
    ends, _ = ax.lines[0].get_data()
    assert ends[0] <= y.min()
    assert ends[1] >= y.max() + 0.1
    assert "1 - " in texts(plots.plot_fit(model, X, y * (1 + 1e-5 * X[:, 0])))[0]


@pytest.mark.parametrize(("noise", "power"), [(Noise(), 0), (Noise("proportional"), 1), (Noise("poisson"), 0.5)])
def test_a_band_shows_where_observations_lie(noise, power):
    model = fake_model(("time",), noise_=noise)
    model.equations_.loc[3, "loss"] = 0.01
    X = np.linspace(0, 5, 11)[:, None]
    one = plots.plot_fit(model, X, model.predict(X))
    several = fake_model(noise_=noise, equations_=model.equations_)
    Z = np.random.default_rng(0).uniform(1, 2, (11, 3))
    for ax in (one, plots.plot_fit(several, Z, several.predict(Z))):
        edge = ax.collections[1].get_paths()[0].vertices
        for x in (edge[:, 0].min(), edge[:, 0].max()):
            ends = edge[np.isclose(edge[:, 0], x)][:, 1]
            middle = (ends.max() + ends.min()) / 2
            assert (ends.max() - ends.min()) / 2 == pytest.approx(1.96 * 0.1 * middle**power)


def test_only_fractions_outside_braces_are_enlarged():
    model = fake_model(latex=r"y = \frac{e^{\frac{a}{b}}}{c}")
    X = np.arange(33.0).reshape(11, 3) + 1
    assert plots.plot_fit(model, X, X[:, 0]).get_title() == r"$y = \dfrac{e^{\frac{a}{b}}}{c}$"


@pytest.mark.parametrize("spread", [False, True])
def test_unevenly_spread_values_get_a_logarithmic_axis(spread):
    model = fake_model(("a",), function=lambda X: X[:, 0])
    x = np.geomspace(1, 1e4, 11) if spread else np.linspace(1, 1e4, 11)
    ax = plots.plot_fit(model, x[:, None], x)
    assert ax.get_xscale() == ax.get_yscale() == ("log" if spread else "linear")


def test_an_equation_that_cannot_be_drawn_is_written_plainly_or_left_out():
    X = np.ones((11, 3))
    X[:, 0] = np.arange(11)
    y = X[:, 0]
    undrawable = fake_model(latex=r"y = \begin{cases} 1 & x \\ 2 \end{cases}")
    assert plots.plot_fit(undrawable, X, y).get_title() == "force = 6.67e-11*m1*m2/r**2"
    endless = fake_model(latex="y = " + " + ".join(["x"] * 400))
    endless.equations_.loc[3, "equation"] = " + ".join(["x"] * 400)
    assert plots.plot_fit(endless, X, y).get_title() == ""


def test_column_names_are_not_taken_for_mathematics():
    model = fake_model(("price $x_$",), target_name_="cost $ and $ more", latex="y = x")
    ax = plots.plot_fit(model, np.arange(11.0)[:, None], np.arange(11.0))
    ax.figure.canvas.draw()
    assert ax.get_xlabel() == r"price \$x_\$"


def test_front_marks_the_chosen_equation():
    ax = plots.plot_front(fake_model())
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("complexity", "loss", "log")
    everything, chosen = (collection.get_offsets() for collection in ax.collections)
    assert len(everything) == 5
    np.testing.assert_allclose(chosen, [[9, 3e-9]])
    assert texts(ax) == [f"${LATEX}$".replace("frac", "dfrac")]


def test_front_with_a_loss_of_zero_and_front_of_one():
    model = fake_model()
    model.equations_.loc[3, "loss"] = 0.0
    ax = plots.plot_front(model)
    ax.figure.canvas.draw()
    assert 0 < ax.collections[1].get_offsets()[0, 1] < 1e-15
    assert "0" in texts(ax)
    alone = fake_model(equations_=model.equations_.loc[[3]])
    plots.plot_front(alone).figure.canvas.draw()


def test_history_shows_losses_and_growth():
    model = fake_model()
    model.history_.loc[0, "validation_loss"] = np.inf
    ax = plots.plot_history(model)
    ax.figure.canvas.draw()
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("epoch", "loss", "log")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["train", "validation", "best so far"]
    assert texts(ax) == ["$N=2$", "$N=3$"]
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), model.history_["epoch"])


def test_weights_fill_one_band_per_edge():
    model = fake_model()
    ax = plots.plot_weights(model, node=1)
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == ["m1 → $k_{2}$ Σ", "m2 → $k_{2}$ Σ", "r → $k_{2}$ Σ", "$k_{1}$ → $k_{2}$ Σ"]
    assert len(ax.collections) == 4 * len(OPERATIONS)
    tops = [collection.get_paths()[0].get_extents().ymax for collection in ax.collections[6::7]]
    np.testing.assert_allclose(tops, np.arange(4)[::-1] + 0.94)
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend[-1] in ("zero", "others")
    assert len(plots.plot_weights(model).get_yticks()) == len(model.search_space_.edges)
    assert len(plots.plot_weights(model, edges=[4, 0]).get_yticks()) == 2


def test_weights_of_the_sigmoid_are_lines():
    ax = plots.plot_weights(fake_model(relaxation="sigmoid"), node=0)
    assert len(ax.lines) == 3 * len(OPERATIONS)
    assert len(ax.patches) == 3


def test_weights_of_one_epoch_and_without_a_graph():
    ax = plots.plot_weights(fake_model(epochs=1, genotype_=None), node=0)
    ax.figure.canvas.draw()
    assert len(ax.collections) == 3 * len(OPERATIONS)


@pytest.mark.parametrize("wrong", [{"node": 3}, {"node": -1}, {"edges": [99]}, {"edges": []}])
def test_weights_of_what_is_not_there(wrong):
    with pytest.raises(InputDataError, match="choose from 0 to"):
        plots.plot_weights(fake_model(), **wrong)


def test_graph_draws_live_nodes_and_operations():
    model = fake_model()
    ax = plots.plot_graph(model)
    ax.figure.canvas.draw()
    operations = [o for o in model.genotype_.operations if o != "zero"]
    shown = texts(ax)
    for text in ("m1", "m2", "r", "force", "Σ", "Π", "$k_{1}$", *operations):
        assert text in shown
    assert sum(isinstance(patch, Circle) for patch in ax.patches) == 3
    assert sum(isinstance(patch, FancyArrowPatch) for patch in ax.patches) == len(operations) + 3


def test_graph_of_a_genotype_leaves_out_dead_branches():
    genotype = Genotype(("power", "zero", "exp", "sin", "zero"), ("product", "sum"), (True, False, False, False, True))
    ax = plots.plot_graph(genotype)
    shown = texts(ax)
    assert "power" in shown
    assert not {"exp", "sin", "$k_{2}$", "Σ"} & set(shown)
    assert {"x1", "x2", "y"} <= set(shown)
    assert {"mass", "y"} <= set(texts(plots.plot_graph(genotype, inputs=["mass", "speed"])))
    with pytest.raises(InputDataError, match="1 names for a graph of 2 inputs"):
        plots.plot_graph(genotype, inputs=["mass"])


@pytest.mark.parametrize("link", LINK_NAMES)
def test_graph_shows_how_the_readout_becomes_the_target(link):
    genotype = replace(fake_model().genotype_, link=link)
    for shown, target in (
        (texts(plots.plot_graph(fake_model(genotype_=genotype))), "force"),
        (texts(plots.plot_graph(genotype)), "y"),
    ):
        assert (target in shown) == (link == "identity")
        assert (f"{target} = {link}(·)" in shown) == (link != "identity")


def test_graph_that_is_a_constant_or_absent():
    genotype = Genotype(("zero", "zero"), ("sum",), (False, False, False, True))
    plots.plot_graph(genotype).figure.canvas.draw()
    with pytest.raises(InputDataError, match="no graph"):
        plots.plot_graph(fake_model(genotype_=None))


def test_axes_are_used_when_given_and_overview_stays_out_of_pyplot():
    model = fake_model()
    X = np.random.default_rng(0).uniform(1, 2, (11, 3))
    draw = {
        plots.plot_fit: (model, X, model.predict(X)),
        plots.plot_front: (model,),
        plots.plot_history: (model,),
        plots.plot_weights: (model,),
        plots.plot_graph: (model,),
    }
    _, axes = plt.subplots(1, 5)
    for (function, arguments), ax in zip(draw.items(), axes, strict=True):
        assert function(*arguments, ax=ax) is ax
    assert plt.get_fignums() == [1]
    figure = plots.overview(model, X, model.predict(X))
    assert len(figure.axes) == 2
    assert plt.get_fignums() == [1]
