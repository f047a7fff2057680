"""The page of a classifier: scores in large letters, then calibration, confusion, the front, and each column."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eqdarts.plots.axes import dress, number, whole_numbers
from eqdarts.plots.classes import judged, plot_calibration, plot_confusion, plot_probability
from eqdarts.plots.fonts import in_fonts
from eqdarts.plots.style import BLUE, GREY, LIGHT, RED, SMALL, bare, new_axes, new_page
from eqdarts.plots.writing import law

_MOST = 6  # columns that have pictures of their own
_ACROSS = 3
_MOST_SCORES = 4  # that stand in the title
_DECADES = 6  # of log losses that are drawn


def class_page(model: Any, X: Any = None, y: Any = None, index: int | None = None) -> Figure:
    """The page for the data at hand, under the scores.

    Parameters
    ----------
    model : fitted DARTSClassifier
    X, y, index
        As in `plot_calibration`.

    Returns
    -------
    Figure
        Ready for ``savefig``; pyplot does not know it.
    """
    place = model.best_index_ if index is None else index
    one = model.front_[place]
    columns = list(_most_telling(model, X, y, place))
    bands = -(-len(columns) // _ACROSS)
    width = 11.4
    figure = new_page((width, 4.9 + 3.3 * bands + 0.3 * len(one.equations)))
    grid = figure.add_gridspec(1 + bands, 6, height_ratios=[4.2, *([3.2] * bands)])
    plot_calibration(model, X, y, ax=figure.add_subplot(grid[0, :2]), index=place)
    plot_confusion(model, X, y, ax=figure.add_subplot(grid[0, 2:4]), index=place)
    plot_score_front(model, ax=figure.add_subplot(grid[0, 4:]), index=place)
    across = min(_ACROSS, max(1, len(columns)))
    for k, column in enumerate(columns):
        row, start = 1 + k // across, (6 // across) * (k % across)
        ax = figure.add_subplot(grid[row, start : start + 6 // across])
        plot_probability(model, X, y, column, ax=ax, index=place)
        if k % across:
            ax.set_ylabel("")
    lines = [law(equation, 0.94 * 72 * width, size=14.0) for equation in one.equations[:_MOST_SCORES]]
    more = len(one.equations) - len(lines)
    text = "\n".join([*(line.text for line in lines), *([f"and {more} more scores"] if more else [])])
    figure.suptitle(text, fontsize=min(line.size for line in lines))
    facts = [
        f"log loss {number(one.log_loss, 4)}",
        f"accuracy {number(one.accuracy, 4)}",
        f"{100 * one.explained:.4g} % of the deviance explained",
        f"{model.training_.rows:,} rows in the fit",
    ]
    figure.supxlabel("     ".join(facts), fontsize=10, color=GREY)
    in_fonts(figure)
    return figure


def _most_telling(model: Any, X: Any, y: Any, index: int) -> list[str]:
    """The columns of the scores, of many those that move probabilities most."""
    one = model.front_[index]
    if len(one.used) <= _MOST:
        return list(one.used)
    found = judged(model, X, y, index)
    held = np.tile(np.median(found.X, axis=0), (len(found), 1))
    moved = {}
    for name in one.used:
        table, place = held.copy(), one.equations[0].columns.index(name)
        table[:, place] = found.X[:, place]
        moved[name] = float(np.nanstd(one.probabilities(table), axis=0).sum())
    best = sorted(one.used, key=lambda name: -moved[name])[:_MOST]
    return [name for name in one.used if name in best]


def plot_score_front(model: Any, ax: Axes | None = None, index: int | None = None) -> Axes:
    """Log loss against the complexity of all scores together, each with its number in ``model.equations_``.

    Parameters
    ----------
    model : fitted DARTSClassifier
    ax : Axes, optional
    index : int, optional
        The row that is ringed; by default the chosen one.

    Returns
    -------
    Axes
    """
    ringed = model.best_index_ if index is None else index
    ax = new_axes((5.2, 4.2)) if ax is None else ax
    sizes = np.array([float(one.complexity) for one in model.front_])
    losses = np.array([one.log_loss for one in model.front_])
    shown = np.maximum(losses, losses.max() * 10.0**-_DECADES)
    ax.plot(sizes, shown, color=LIGHT, drawstyle="steps-post", linewidth=1.2, zorder=1)
    ax.scatter(sizes, shown, s=28, color=BLUE, zorder=3)
    for k, (size, loss) in enumerate(zip(sizes, shown, strict=True)):
        ax.annotate(str(k), (size, loss), (4, 3), textcoords="offset points", fontsize=SMALL,
                    color=RED if k == ringed else GREY, weight="bold" if k == ringed else "normal")  # fmt: skip
    ax.scatter(sizes[ringed], shown[ringed], s=120, facecolors="none", edgecolors=RED, linewidths=1.8, zorder=4)
    if shown.min() < shown.max() / 3:
        dress(ax, "y", shown, "log")
    whole_numbers(ax.xaxis)
    ax.set_xlabel("complexity of all scores")
    ax.set_ylabel("log loss, nats per row")
    bare(ax)
    return ax
