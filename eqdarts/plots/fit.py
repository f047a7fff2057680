"""The equation against the data: along a column, or predicted against observed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from eqdarts.losses.goal import unexplained
from eqdarts.losses.noise import LossNoise
from eqdarts.plots.axes import along, dress, label, scaled
from eqdarts.plots.marks import band, bars, points, undefined, without_poles
from eqdarts.plots.rows import Rows, rows, used_columns, values_along
from eqdarts.plots.style import GREY, RED, bare, new_axes, room_of
from eqdarts.plots.writing import law

_RIVAL = 0.05  # probability of a form that is drawn beside the chosen one (not tuned)


def plot_fit(
    model: Any,
    X: Any = None,
    y: Any = None,
    ax: Axes | None = None,
    index: int | None = None,
    title: bool = True,
    rivals: bool = True,
    y_error: Any = None,
) -> Axes:
    """An equation against the data.

    With one column in it: the points and the curve, under the equation. With several: `plot_parity`. Within the band
    are 95 % of new observations, by the noise and by how well the constants are known; where the errors of rows were
    given, it is that of the law itself. Values that are positive and very unevenly spread get a logarithmic axis.

    Parameters
    ----------
    model : fitted DARTSRegressor
    X : DataFrame or array [n, d], optional
    y : array [n], optional
        By default both are the training rows, which a model from a file does not have.
    ax : Axes, optional
        To draw on; by default new ones, which pyplot does not know: ``ax.figure.savefig("fit.png")``.
    index : int, optional
        A row of ``model.equations_``; by default the chosen one.
    title : bool
        Write the equation above it?
    rivals : bool
        Draw the other forms that the rows leave a probability of at least 5 %, as thin lines?
    y_error : float or array [n], optional
        Standard deviations of the observations, as `fit` takes them, which are drawn as bars.

    Returns
    -------
    Axes
    """  # fmt: skip
    found = rows(model, X, y, index, y_error)
    column = _column(found)
    if column is None:
        several = bool(used_columns(found.equation))
        return _parity(found, ax, title) if several else _of_constant(found, ax, title)
    ax = new_axes((5.4, 4.0)) if ax is None else ax
    x, shown = found.X[:, column], found.drawn()
    dress(ax, "x", x)
    dress(ax, "y", found.y, _scale(found.y, found))
    points(ax, shown.X[:, column], shown.y, len(found), label="data")
    bars(ax, shown.X[:, column], shown)
    if np.isfinite(x).any():
        _curve(ax, found, column)
        if rivals:
            _rivals(ax, model, found, column)
    else:  # a constant of a table without the column
        ax.axhline(float(found.predicted[0]), color=RED, linewidth=1.6, label="equation", zorder=3)
    label(ax, "x", found.column(column))
    label(ax, "y", found.target)
    ax.legend(frameon=False)
    undefined(ax, found, "lower left", drawn=True)
    return _finished(ax, found, title)


def plot_parity(
    model: Any,
    X: Any = None,
    y: Any = None,
    ax: Axes | None = None,
    index: int | None = None,
    title: bool = True,
    y_error: Any = None,
) -> Axes:
    """Predicted against observed values, and the diagonal on which they agree.

    Within the band are 95 % of observations, by noise of the form and level that the model has.

    Parameters
    ----------
    model : fitted DARTSRegressor
    X, y, ax, index, title, y_error
        As in `plot_fit`.

    Returns
    -------
    Axes
    """
    return _parity(rows(model, X, y, index, y_error), ax, title)


def how_much(found: Rows) -> str:
    """R² of the rows in mathtext, or by another loss the explained share of that, by its name."""
    y, predicted = found.y[found.defined], found.predicted[found.defined]
    if not isinstance(found.noise, LossNoise):
        return r_squared(y, predicted)
    return f"{found.noise.explained_name} {1 - unexplained(found.noise.loss, y, predicted):.4g}"


def r_squared(y: np.ndarray, predicted: np.ndarray) -> str:
    """R² of rows in mathtext; so close to 1 as its digits do not show, what it lacks of it."""
    unit = float(np.abs(y - y.mean()).max(initial=0.0))  # squares of values as they are may leave the range of doubles
    missing = np.square((y - predicted) / unit).sum() / np.square((y - y.mean()) / unit).sum() if unit else 0.0
    if not 0 < missing < 1e-4:
        return f"$R^2 = {1 - missing:.4g}$"
    mantissa, exponent = f"{missing:.1e}".split("e")
    return rf"$R^2 = 1 - {mantissa} \cdot 10^{{{int(exponent)}}}$"


def _column(found: Rows) -> int | None:
    """The column along which the equation is a curve, if there is one."""
    used = used_columns(found.equation)
    if len(used) == 1:
        return used[0]
    return 0 if not used and found.X.shape[1] == 1 else None


def _scale(values: np.ndarray, found: Rows) -> str:
    """Logarithmic only if what the equation gives has a place there, too."""
    scale = scaled(values)
    predicted = found.predicted[found.defined]
    return scale if scale == "linear" or not len(predicted) or predicted.min() > 0 else "linear"


def _of_constant(found: Rows, ax: Axes | None, title: bool) -> Axes:
    """The rows in their order, and a line."""
    ax, shown = new_axes((5.4, 4.0)) if ax is None else ax, found.drawn()
    dress(ax, "x", found.number, "linear")
    dress(ax, "y", found.y)
    points(ax, shown.number + 1.0, shown.y, len(found), label="data")
    bars(ax, shown.number + 1.0, shown)
    ends = np.array([1.0, float(found.number.max() + 1)])
    value = np.full(2, found.predicted[0])
    ax.plot(ends, value, color=RED, linewidth=1.6, label="equation", zorder=3)
    reach = found.reach(value)
    band(ax, ends, value - reach, value + reach)
    label(ax, "x", "row", ", in the order of the table")
    label(ax, "y", found.target)
    ax.legend(frameon=False)
    return _finished(ax, found, title)


def _curve(ax: Axes, found: Rows, column: int) -> None:
    grid = _grid(ax, found, column)
    curve = values_along(found.equation, grid, column)
    limits = _around(ax.get_ylim(), curve, ax.get_yscale())
    ax.plot(grid, without_poles(curve, limits), color=RED, linewidth=1.6, label="equation", zorder=3)
    ax.set_ylim(limits)
    band(ax, grid, *found.limits(curve, grid, column))


def _rivals(ax: Axes, model: Any, found: Rows, column: int) -> None:
    """Thin lines for what else the rows leave; limits of axes stay."""
    table = getattr(model, "rivals_", None)
    if table is None:
        return
    grid, limits = _grid(ax, found, column), ax.get_ylim()
    some = [(e, p) for e, p in zip(table["sympy"], table["probability"], strict=True)
            if p >= _RIVAL and e != found.equation.expression]  # fmt: skip
    for k, (expression, _) in enumerate(some):
        with np.errstate(all="ignore"):
            curve = values_along(replace(found.equation, expression=expression, inner=None), grid, column)
        name = f"{len(some)} rivals, each" if len(some) > 1 else "a rival,"
        ax.plot(grid, without_poles(curve, limits), color=GREY, linewidth=0.8, zorder=2.5,
                label=f"{name} ≥ {100 * _RIVAL:.0f} % probable" if not k else None)  # fmt: skip
    ax.set_ylim(limits)


def _grid(ax: Axes, found: Rows, column: int) -> np.ndarray:
    x = found.X[:, column]
    low, high = float(x.min()), float(x.max())
    return along(low, high, ax.get_xscale()) if high > low else np.array([low])


def _around(limits: tuple[float, float], curve: np.ndarray, scale: str) -> tuple[float, float]:
    """Limits that show the curve, but do not follow a pole."""
    low, high = limits
    curve = curve[np.isfinite(curve) & (curve > 0 if scale == "log" else True)]
    if not len(curve):
        return limits
    if scale == "log":
        found = _around(tuple(np.log(limits)), np.log(curve), "linear")
        return float(np.exp(found[0])), float(np.exp(found[1]))
    height = high - low
    least, most = float(curve.min()) - 0.03 * height, float(curve.max()) + 0.03 * height
    return min(low, max(least, low - 0.3 * height)), max(high, min(most, high + 0.3 * height))


def _parity(found: Rows, ax: Axes | None, title: bool) -> Axes:
    ax = new_axes((4.6, 4.4)) if ax is None else ax
    shown, defined = found.drawn(), found.defined
    both = np.concatenate([found.y, found.predicted[defined]])
    scale = scaled(both)
    for which in ("x", "y"):
        dress(ax, which, both, scale)
    points(ax, shown.y, shown.predicted, len(found))
    bars(ax, shown.y, shown, across=True)
    low, high = _padded(float(both.min()), float(both.max()), scale)
    ax.set_xlim(low, high)
    ax.set_ylim(low, high)
    diagonal = along(low, high, scale)
    ax.plot(diagonal, diagonal, color=GREY, linewidth=1.0, linestyle=(0, (4, 3)), zorder=1)
    if found.noise.shows_level:
        reach = found.reach(diagonal)
        band(ax, diagonal, diagonal - reach, diagonal + reach)
    label(ax, "x", found.target, ", observed")
    label(ax, "y", found.target, ", predicted")
    if title and defined.any():
        ax.text(0.04, 0.96, how_much(found), transform=ax.transAxes, va="top")
    undefined(ax, found, "lower right")
    return _finished(ax, found, title)


def _padded(low: float, high: float, scale: str) -> tuple[float, float]:
    if scale == "log":
        room = (high / low) ** 0.04
        return low / room, high * room
    room = 0.04 * (high - low) or 0.5 * abs(high) or 1.0
    return low - room, high + room


def _finished(ax: Axes, found: Rows, title: bool) -> Axes:
    if title:
        written = law(found.equation, room_of(ax))
        ax.set_title(written.text, fontsize=written.size, pad=10)
    bare(ax)
    return ax
