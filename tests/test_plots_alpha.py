"""How α moved: which edges, weights and epochs are drawn."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from drawn_models import GENOTYPE, drawn, equation, several_columns, texts
from matplotlib.patches import PathPatch
from PIL import Image

from eqdarts import plots
from eqdarts.errors import InputDataError
from eqdarts.graph.genotype import Genotype
from eqdarts.plots.alpha import course_of

SMALL = Genotype(("power", "zero", "sin"), ("product",), (True, False, False, False, True))


def test_weights_of_an_edge_are_those_of_its_node_and_add_up():
    model = several_columns()
    course = course_of(model)
    np.testing.assert_allclose(course.weights.sum(axis=-1), 1)
    e = course.edges.index((0, 4))  # m1 → k₂, a sum
    alpha = model.alpha_history_[:, 0, 0, 3]
    expected = np.exp(alpha) / np.exp(alpha).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(course.weights[:, e], expected)
    assert course.operations[course.law[e]] == "sin"
    assert set(course.colors) == {course.operations.index(o) for o in set(GENOTYPE.operations) - {"zero"}}


def test_the_run_and_the_replica_that_came_nearest_to_the_law_are_shown():
    model = several_columns(epochs=6)
    model.history_["nodes"] = [1, 2, 1, 2, 1, 2]
    places = [model.search_space_.operations.index(o) for o in GENOTYPE.operations]
    alpha = np.zeros((6, 2, 2, len(places), 7))
    alpha[3, 1, :, np.arange(len(places)), places] = 5.0  # the end of the second run
    model.alpha_history_ = alpha
    course = course_of(model)
    assert course.epochs.tolist() == [3, 4]
    assert course.agreement[1] > 0.9 > course.agreement[0]


def test_panels_are_epochs_and_the_law():
    ax = plots.plot_alpha(several_columns(), panels=2)
    ax.figure.canvas.draw()
    shown = texts(ax)
    assert [t for t in shown if t.startswith("epoch")] == ["epoch 1", "epoch 7"]
    assert "the law" in shown
    assert sum(t.startswith("weight of the law's operations: ") for t in shown) == 2
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend[-1] == "other candidates"
    assert set(legend[:-1]) == set(GENOTYPE.operations) - {"zero"}


def test_lines_that_pass_above_nodes_stay_below_the_captions():
    genotype = Genotype(
        ("power", "zero", "sin", "zero", "zero", "exp"), ("sum",) * 3, (False, False, True, False, True)
    )
    front = [equation("sin(a)", ["a"], genotype=genotype)]
    ax = plots.plot_alpha(drawn(front, pd.DataFrame({"a": [1.0, 2]})), panels=1)
    ax.figure.draw_without_rendering()
    captions = [t for t in ax.texts if t.get_text().startswith(("epoch", "weight"))]
    to_axes = ax.transData.inverted()
    lowest = min(to_axes.transform(t.get_window_extent())[0, 1] for t in captions)
    lines = [patch for patch in ax.patches if isinstance(patch, PathPatch)]
    assert len(lines) > 6
    assert max(line.get_path().get_extents().y1 for line in lines) < lowest


def test_what_alpha_says_nothing_of_is_an_error_that_says_why():
    model = several_columns()
    with pytest.raises(InputDataError, match="no graph"):
        plots.plot_alpha(model, index=0)
    with pytest.raises(InputDataError, match="no history of α"):
        plots.plot_alpha(several_columns(alpha_history_=np.array([])))
    model.front_[2] = replace(model.front_[2], genotype=replace(GENOTYPE, inputs=("a/b", "b", "c")))
    with pytest.raises(InputDataError, match="found in a search of a reformulation"):
        plots.plot_alpha(model)


def test_animation_is_a_gif_of_all_epochs_that_ends_with_the_law(tmp_path):
    model = several_columns(epochs=2, nodes=1)
    model.front_[2] = replace(model.front_[2], genotype=SMALL)
    path = tmp_path / "alpha.gif"
    plots.animate_alpha(model, path, dpi=30)
    with Image.open(path) as image:
        assert image.format == "GIF"
        assert image.n_frames >= 5
    with pytest.raises(InputDataError, match=r"\.gif"):
        plots.animate_alpha(model, tmp_path / "alpha.mp4")
    with pytest.raises(InputDataError, match="nowhere"):
        plots.animate_alpha(several_columns(epochs=1), tmp_path / "nowhere" / "alpha.gif", dpi=30)
