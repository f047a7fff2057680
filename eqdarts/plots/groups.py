"""One form in several groups: points and curve of each."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eqdarts.data import given_target
from eqdarts.equation.equation import Equation
from eqdarts.errors import InputDataError
from eqdarts.plots.axes import label
from eqdarts.plots.fonts import in_fonts, plain
from eqdarts.plots.style import GREY, RED, new_page, note
from eqdarts.plots.writing import law

_TOGETHER = 6  # groups in one picture; more have one each
_MOST = 60  # pictures
_STEPS = 200  # of a curve


def plot_groups(model: Any, X: Any = None, y: Any = None, groups: Any = None, index: int | None = None) -> Figure:
    """Points and curve of each group, under the form that all of them have.

    Up to six groups stand in one picture, in colours; more have small ones of their own, on the same axes. Where the
    equation has several columns, or none, predicted values stand against observed ones.

    Parameters
    ----------
    model : DARTSRegressor, fitted with ``groups=``
    X : DataFrame or array [n, d], optional
    y : array [n], optional
    groups : array [n], optional
        By default all three are the training rows, which a model from a file does not have.
    index : int, optional
        A row of ``model.equations_``; by default the chosen one.

    Returns
    -------
    Figure
        Ready for ``savefig``; pyplot does not know it.
    """
    equation = model.front_[model.best_index_ if index is None else index]
    own = equation.by_group
    if own is None:
        raise InputDataError("plot_groups: the model was fitted without groups; plots.plot_fit draws it")
    X, y, place = _rows(model, equation, X, y, groups)
    used = [k for k, name in enumerate(equation.columns) if name in equation.formula.used]
    across = used[0] if len(used) == 1 else None
    shown = [g for g in range(len(own.labels)) if (place == g).any()]
    few = len(shown) <= _TOGETHER
    panels = shown[:_MOST]
    columns = 1 if few else min(10, int(np.ceil(np.sqrt(1.6 * len(panels)))))
    bands = 1 if few else -(-len(panels) // columns)
    width, height = (7.2, 4.8) if few else (max(6.0, 1.35 * columns + 0.8), 1.25 * bands + 1.4)
    figure = new_page((width, height))
    axes = np.atleast_1d(figure.subplots(bands, columns, sharex=True, sharey=True)).ravel()
    for k, g in enumerate(panels):
        ax = axes[0] if few else axes[k]
        mine = place == g
        colour = f"C{k}" if few else RED
        _draw(ax, equation, X[mine], y[mine], own.labels[g], across, _range(X, across), colour, few)
    for ax in axes[max(0, len(panels) - columns) : len(panels)]:  # nothing stands below them
        ax.tick_params(labelbottom=True)
    if across is None:
        for ax in axes[: 1 if few else len(panels)]:
            ax.axline((float(np.mean(y)), float(np.mean(y))), slope=1, color=GREY, linewidth=0.8, zorder=0)
    for ax in axes[1 if few else len(panels) :]:
        ax.set_visible(False)
    _name(figure, axes, equation, across, few, bands, columns, len(panels))
    if len(shown) > len(panels):
        note(axes[len(panels) - 1], f"{len(shown) - len(panels)} more groups", "lower right")
    written = law(equation, 0.94 * 72 * width, size=14.0)
    figure.suptitle(written.text, fontsize=written.size)
    in_fonts(figure)
    return figure


def _rows(model: Any, equation: Equation, X: Any, y: Any, groups: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    own = equation.by_group
    assert own is not None
    if X is None:
        if model._groups is None or model._training is None:
            raise InputDataError("plot_groups: this model came of a file without its rows; give X, y and groups")
        table = model._training.table
        return table.X, table.y, model._groups.place
    rows, values = model._rows(X), given_target(y)[0]
    return rows, values, own.places(model._labels(equation, X, groups), len(rows))


def _range(X: np.ndarray, across: int | None) -> tuple[float, float]:
    return (0.0, 1.0) if across is None else (float(X[:, across].min()), float(X[:, across].max()))


def _draw(
    ax: Axes, equation: Equation, X: np.ndarray, y: np.ndarray, name: str, across: int | None,
    ends: tuple[float, float], colour: str, few: bool,
) -> None:  # fmt: skip
    """One group: its points, and its curve along the column or its predictions."""
    size = 18 if few else 7
    if across is None:
        with np.errstate(all="ignore"):
            ax.scatter(y, equation.predict(X, groups=name), s=size, color=colour, label=plain(name), linewidths=0)
    else:
        grid = np.tile(np.median(X, axis=0), (_STEPS, 1))
        grid[:, across] = np.linspace(*ends, _STEPS)
        with np.errstate(all="ignore"):
            curve = equation.predict(grid, groups=name)
        ax.plot(grid[:, across], curve, color=colour, linewidth=1.4 if few else 1.0, zorder=2)
        point = colour if few else GREY
        ax.scatter(X[:, across], y, s=size, color=point, label=plain(name), linewidths=0, zorder=3)
    if not few:
        ax.set_title(plain(name), fontsize=7, pad=2)
        ax.tick_params(labelsize=6)


def _name(
    figure: Figure, axes: np.ndarray, equation: Equation, across: int | None, few: bool, bands: int, columns: int,
    panels: int,
) -> None:  # fmt: skip
    own = equation.by_group
    assert own is not None
    x = f"{equation.target}, observed" if across is None else equation.columns[across]
    y = f"{equation.target}, predicted" if across is None else equation.target
    if few:
        label(axes[0], "x", x)
        label(axes[0], "y", y)
        axes[0].legend(frameon=False, title=plain(own.column), loc="center left", bbox_to_anchor=(1.0, 0.5))
        return
    figure.supxlabel(plain(x), fontsize=10)
    figure.supylabel(plain(y), fontsize=10)
