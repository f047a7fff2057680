"""The chosen equation against the data, and among the others of its front."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from eqdarts.plots.style import BLUE, GREY, LIGHT, RED, bare, equation_text, input_names, new_axes, plain

_WITHIN = 1.96  # standard deviations: of normal errors, 95 % are less


def plot_fit(model: Any, X: Any, y: Any, ax: Axes | None = None) -> Axes:
    """The chosen equation against the data.

    With one column: the points and the curve, under the equation. With several: predicted against
    observed values and the diagonal. Within the band are 95 % of observations with noise of the form
    and level that the model has. Values that are positive and very unevenly spread get a logarithmic axis.

    Parameters
    ----------
    model : fitted DARTSRegressor
    X : DataFrame or array [n, d]
    y : array [n]
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = new_axes((5.4, 4.0)) if ax is None else ax
    y = np.asarray(y, dtype=np.float64).reshape(-1)
    predicted = np.asarray(model.predict(X))
    dots: dict[str, Any] = {
        "s": 26 if len(y) <= 200 else 10,
        "facecolors": "none" if len(y) <= 200 else BLUE,
        "edgecolors": BLUE if len(y) <= 200 else "none",
        "alpha": 1.0 if len(y) <= 200 else max(0.15, 200 / len(y)),
        "rasterized": len(y) > 2000,
    }
    if np.shape(X)[1] == 1:
        x = np.asarray(X, dtype=np.float64)[:, 0]
        _choose_scale(ax.set_xscale, x)
        _choose_scale(ax.set_yscale, y)
        grid = _along(ax, x)
        like = pd.DataFrame({X.columns[0]: grid}) if hasattr(X, "columns") else grid[:, None]
        ax.scatter(x, y, label="data", **dots)
        curve = np.asarray(model.predict(like))
        ax.plot(grid, curve, color=RED, linewidth=1.6, label="equation", zorder=3)
        _draw_noise(ax, model, grid, curve)
        ax.set_xlabel(plain(input_names(model, 1)[0]))
        ax.set_ylabel(plain(model.target_name_))
        ax.legend(frameon=False)
        _title_equation(ax, model)
    else:
        for set_scale in (ax.set_xscale, ax.set_yscale):
            _choose_scale(set_scale, np.concatenate([y, predicted]))
        ends = np.array([min(y.min(), predicted.min()), max(y.max(), predicted.max())])
        ax.plot(ends, ends, color=GREY, linewidth=1.0, linestyle=(0, (4, 3)), zorder=1)
        ax.scatter(y, predicted, **dots, zorder=2)
        along = _along(ax, ends)
        _draw_noise(ax, model, along, along)
        ax.set_xlabel(f"{plain(model.target_name_)}, observed")
        ax.set_ylabel(f"{plain(model.target_name_)}, predicted")
        ax.text(0.04, 0.96, _r_squared(y, predicted), transform=ax.transAxes, va="top")
        _title_equation(ax, model)
    bare(ax)
    return ax


def plot_front(model: Any, ax: Axes | None = None) -> Axes:
    """Loss against complexity of every equation of the front; the chosen one is ringed and written out.

    Parameters
    ----------
    model : fitted DARTSRegressor
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = new_axes((5.4, 4.0)) if ax is None else ax
    front = model.equations_.sort_values("complexity")
    chosen = model.equations_.loc[model.best_index_]
    positive = front["loss"][front["loss"] > 0]
    # A loss of zero has no place on a logarithmic axis: it is set at the size of rounding errors, and labelled.
    floor = min(1e-16 * float(positive.max()), float(positive.min()) / 10) if len(positive) else 1e-16
    loss = front["loss"].clip(lower=floor)
    for complexity in front["complexity"][front["loss"] <= 0]:
        ax.annotate("0", (complexity, floor), (0, 10), textcoords="offset points", ha="center", fontsize=9, color=GREY)
    ax.plot(front["complexity"], loss, color=LIGHT, drawstyle="steps-post", linewidth=1.2, zorder=1)
    ax.scatter(front["complexity"], loss, s=26, color=BLUE, zorder=2)
    place = (float(chosen["complexity"]), max(float(chosen["loss"]), floor))
    ax.scatter(*place, s=110, facecolors="none", edgecolors=RED, linewidths=1.8, zorder=3)
    ax.set_yscale("log")
    low, high = float(loss.min()), float(loss.max())
    pad = max(high / low, 10.0) ** 0.08
    ax.set_ylim(low / pad, high * pad**3)  # room for the equation
    ax.margins(x=0.07)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.set_xlabel("complexity")
    ax.set_ylabel("loss")
    text, size = equation_text(model, ax, 0.94)
    if text:
        ax.text(0.98, 0.97, text, transform=ax.transAxes, ha="right", va="top", color=RED, fontsize=size, zorder=4)
    bare(ax)
    return ax


def overview(model: Any, X: Any, y: Any) -> Figure:
    """Fit and front side by side, on a figure of their own.

    Parameters
    ----------
    model : fitted DARTSRegressor
    X : DataFrame or array [n, d]
    y : array [n]

    Returns
    -------
    Figure
        Ready for ``savefig``; pyplot does not know it.
    """
    figure = Figure(figsize=(10.4, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    plot_fit(model, X, y, ax=left)
    plot_front(model, ax=right)
    return figure


def _along(ax: Axes, values: np.ndarray) -> np.ndarray:
    """Places from the least to the greatest of the values, evenly spread to the eye."""
    space = np.linspace if ax.get_xscale() == "linear" else np.geomspace
    return np.asarray(space(values.min(), values.max(), 400))


def _draw_noise(ax: Axes, model: Any, x: np.ndarray, values: np.ndarray) -> None:
    """A band about the values [n] of the equation, as wide as its noise is there; limits of axes stay."""
    level = model.noise_.level(float(model.equations_.loc[model.best_index_, "loss"]))
    reach = _WITHIN * level * model.noise_.spreads(values)
    limits = ax.get_xlim(), ax.get_ylim()
    ax.fill_between(x, values - reach, values + reach, color=RED, alpha=0.12, linewidth=0, zorder=0.5)
    ax.set_xlim(limits[0])
    ax.set_ylim(limits[1])


def _choose_scale(set_scale: Any, values: np.ndarray) -> None:
    """Logarithmic when all values are positive and most are small beside the largest."""
    if values.min() > 0 and values.max() > 50 * values.min() and values.max() > 5 * np.median(values):
        set_scale("log")


def _r_squared(y: np.ndarray, predicted: np.ndarray) -> str:
    unit = float(np.abs(y - y.mean()).max())  # the squares of values as they are may leave the range of doubles
    missing = np.square((y - predicted) / unit).sum() / np.square((y - y.mean()) / unit).sum() if unit else 0.0
    if not 0 < missing < 1e-4:
        return f"$R^2 = {1 - missing:.4g}$"
    mantissa, exponent = f"{missing:.1e}".split("e")
    return rf"$R^2 = 1 - {mantissa} \cdot 10^{{{int(exponent)}}}$"


def _title_equation(ax: Axes, model: Any) -> None:
    text, size = equation_text(model, ax, 1.0)
    if text:
        ax.set_title(text, fontsize=size, pad=10)
