"""Figures show what they say: labels, curves, marks; they leave global settings alone."""

from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")

import matplotlib.pyplot as plt
from drawn_models import GENOTYPE, OPERATIONS, one_column, several_columns, texts
from matplotlib.patches import Circle, FancyArrowPatch

from eqdarts import plots
from eqdarts.errors import InputDataError
from eqdarts.graph.genotype import Genotype
from eqdarts.graph.links import LINK_NAMES


@pytest.fixture(autouse=True)
def clean():
    before = dict(mpl.rcParams)
    yield
    plt.close("all")
    assert dict(mpl.rcParams) == before


def test_history_shows_losses_and_growth():
    model = several_columns()
    model.history_.loc[0, "validation_loss"] = np.inf
    ax = plots.plot_history(model)
    ax.figure.canvas.draw()
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("epoch", "loss", "log")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["train", "validation", "best so far"]
    assert texts(ax) == ["$N=2$", "$N=3$"]
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), model.history_["epoch"])


def test_weights_fill_one_band_per_edge():
    model = several_columns()
    ax = plots.plot_weights(model, node=1)
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == ["m1 → k₂ Σ", "m2 → k₂ Σ", "r → k₂ Σ", "k₁ → k₂ Σ"]
    assert len(ax.collections) == 4 * len(OPERATIONS)
    tops = [collection.get_paths()[0].get_extents().ymax for collection in ax.collections[6::7]]
    np.testing.assert_allclose(tops, np.arange(4)[::-1] + 0.94)
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend[-1] in ("zero", "others")
    assert len(plots.plot_weights(model).get_yticks()) == len(model.search_space_.edges)
    assert len(plots.plot_weights(model, edges=[4, 0]).get_yticks()) == 2


def test_weights_of_the_sigmoid_are_lines():
    ax = plots.plot_weights(several_columns(relaxation="sigmoid"), node=0)
    assert len(ax.lines) == 3 * len(OPERATIONS)
    assert len(ax.patches) == 3


def test_weights_of_one_epoch_and_without_a_graph():
    ax = plots.plot_weights(several_columns(epochs=1, genotype_=None), node=0)
    ax.figure.canvas.draw()
    assert len(ax.collections) == 3 * len(OPERATIONS)


@pytest.mark.parametrize("wrong", [{"node": 3}, {"node": -1}, {"edges": [99]}, {"edges": []}])
def test_weights_of_what_is_not_there(wrong):
    with pytest.raises(InputDataError, match="choose from 0 to"):
        plots.plot_weights(several_columns(), **wrong)


def test_graph_draws_live_nodes_and_operations():
    model = several_columns()
    ax = plots.plot_graph(model)
    ax.figure.canvas.draw()
    operations = [o for o in model.genotype_.operations if o != "zero"]
    shown = texts(ax)
    for text in ("m1", "m2", "r", "force", "Σ", "Π", "k₁", *operations):
        assert text in shown
    assert sum(isinstance(patch, Circle) for patch in ax.patches) == 3
    assert sum(isinstance(patch, FancyArrowPatch) for patch in ax.patches) == len(operations) + 3


def test_graph_of_a_genotype_leaves_out_dead_branches():
    genotype = Genotype(("power", "zero", "exp", "sin", "zero"), ("product", "sum"), (True, False, False, False, True))
    ax = plots.plot_graph(genotype)
    shown = texts(ax)
    assert "power" in shown
    assert not {"exp", "sin", "k₂", "Σ"} & set(shown)
    assert {"x1", "x2", "y"} <= set(shown)
    assert {"mass", "y"} <= set(texts(plots.plot_graph(genotype, inputs=["mass", "speed"])))
    with pytest.raises(InputDataError, match="1 names for a graph of 2 inputs"):
        plots.plot_graph(genotype, inputs=["mass"])


def with_graph(genotype):
    model = several_columns()
    model.front_[-1] = replace(model.front_[-1], genotype=genotype)
    return model


@pytest.mark.parametrize("link", LINK_NAMES)
def test_graph_shows_how_the_readout_becomes_the_target(link):
    genotype = replace(GENOTYPE, link=link)
    for shown, target in ((texts(plots.plot_graph(with_graph(genotype))), "force"),
                          (texts(plots.plot_graph(genotype)), "y")):  # fmt: skip
        assert (target in shown) == (link == "identity")
        assert (f"{target} = {link}(·)" in shown) == (link != "identity")


def test_graph_of_another_row_of_one_edge_and_of_none():
    genotype = Genotype(("zero", "zero"), ("sum",), (False, False, False, True))
    plots.plot_graph(genotype).figure.canvas.draw()
    model = several_columns()
    for index in (0, 1):
        with pytest.raises(InputDataError, match="no graph"):
            plots.plot_graph(model, index=index)
    with pytest.raises(InputDataError, match="index=3"):
        plots.plot_graph(model, index=3)


def test_labels_of_a_straight_edge_stand_on_it_and_not_at_its_ends():
    ax = plots.plot_graph(Genotype(("power",), ("product",), (True, False, False)), inputs=["x"])
    label = next(text for text in ax.texts if text.get_text() == "power")
    assert 0.4 < label.get_position()[0] < 1.2


def test_names_of_columns_are_text_wherever_they_stand():
    name = "$k_1$ <b> \\frac{x}"
    ax = plots.plot_graph(GENOTYPE, inputs=[name, "b" * 90, "c"])
    ax.figure.canvas.draw()
    assert r"\$k_1\$ <b> \frac{x}" in texts(ax)
    assert any(text.endswith("…") and text.count("\n") == 1 for text in texts(ax))


def test_axes_are_used_when_given_and_pyplot_knows_no_others():
    several, one = several_columns(), one_column()
    draw = [
        lambda ax: plots.plot_fit(one, ax=ax), lambda ax: plots.plot_parity(several, ax=ax),
        lambda ax: plots.plot_residuals(several, ax=ax), lambda ax: plots.plot_response(several, ax=ax),
        lambda ax: plots.plot_front(several, ax=ax), lambda ax: plots.plot_graph(several, ax=ax),
        lambda ax: plots.plot_alpha(several, ax=ax), lambda ax: plots.plot_history(several, ax=ax),
        lambda ax: plots.plot_weights(several, ax=ax),
    ]  # fmt: skip
    _, axes = plt.subplots(1, len(draw))
    for function, ax in zip(draw, axes, strict=True):
        assert function(ax) is ax
        assert function(None) is not ax
    assert plt.get_fignums() == [1]


def test_a_figure_shows_itself_in_a_notebook():
    assert plots.plot_graph(GENOTYPE)._repr_png_().startswith(b"\x89PNG")
