"""How the target answers to one column while the others are held."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from eqdarts.errors import InputDataError
from eqdarts.plots.axes import along, dress, label, number, scaled
from eqdarts.plots.fonts import plain, width_of
from eqdarts.plots.marks import band, points, without_poles
from eqdarts.plots.rows import Rows, column_place, rows, used_columns, values_along
from eqdarts.plots.style import GREY, RED, SMALL, bare, new_axes, room_of, shortened


def plot_response(
    model: Any,
    X: Any = None,
    y: Any = None,
    column: str | int | None = None,
    ax: Axes | None = None,
    index: int | None = None,
    at: Mapping[str, float] | None = None,
) -> Axes:
    """What an equation gives along one column, the others held at their medians.

    The points are the rows, each as far from the curve as its residual (a partial residual); where noise goes with
    the law's value, as many of its standard deviations. Within the band are 95 % of new observations, by the noise and
    by how well the constants are known.

    Parameters
    ----------
    model : fitted DARTSRegressor
    X, y
        As in `plot_fit`.
    column : str or int, optional
        By name or number; by default the first that stands in the equation.
    ax, index
        As in `plot_fit`.
    at : mapping of str to float, optional
        Values at which other columns are held instead.

    Returns
    -------
    Axes

    Raises
    ------
    InputDataError
        If there is no such column.
    """  # fmt: skip
    found = rows(model, X, y, index)
    place = _place(found, column)
    ax = new_axes((4.6, 3.6)) if ax is None else ax
    held = _held(found, place, at or {})
    x = found.X[:, place]
    known = np.isfinite(x)
    if not known.any():
        raise InputDataError(f"column {found.equation.columns[place]!r} has no values in this table")
    there = values_along(found.equation, x, place, held)
    with np.errstate(all="ignore"):
        spread = found.noise.spreads(there) / found.noise.spreads(found.predicted)
    partial = there + found.residuals * spread
    shown = np.isin(found.number, found.drawn().number) & known & np.isfinite(partial)
    dress(ax, "x", x[known])
    low, high = float(x[known].min()), float(x[known].max())
    grid = along(low, high, ax.get_xscale()) if high > low else np.array([low])
    curve = values_along(found.equation, grid, place, held)
    seen = np.concatenate([partial[shown], _of_ordinary_size(curve, partial[shown])])
    dress(ax, "y", seen, scaled(seen))
    points(ax, x[shown], partial[shown], int((known & found.defined).sum()), label="data")
    ax.plot(grid, without_poles(curve, ax.get_ylim()), color=RED, linewidth=1.6, label="equation", zorder=3)
    band(ax, grid, *found.limits(curve, grid, place, held))
    label(ax, "x", found.column(place))
    label(ax, "y", found.target)
    _say(ax, found, place, held, bool(at))
    bare(ax)
    return ax


def _of_ordinary_size(curve: np.ndarray, partial: np.ndarray) -> np.ndarray:
    """The values of a curve that decide about its axis: not those beside a pole."""
    curve = curve[np.isfinite(curve)]
    if not len(partial) or not len(curve):
        return curve
    room = 0.3 * (np.ptp(partial) or 1.0)
    return np.asarray(np.clip(curve, partial.min() - room, partial.max() + room))


def _place(found: Rows, column: str | int | None) -> int:
    if column is not None:
        return column_place(found.equation, column)
    return next(iter(used_columns(found.equation)), 0)


def _held(found: Rows, place: int, at: Mapping[str, float]) -> np.ndarray:
    """Values [d] of all columns: medians, or what is asked for."""
    values = np.full(found.X.shape[1], np.nan)
    for k, column in enumerate(found.X.T):
        known = column[np.isfinite(column)]
        values[k] = np.median(known) if len(known) else np.nan
    for name, value in at.items():
        k = column_place(found.equation, name)
        if k == place:
            raise InputDataError(f"at: {name!r} is the column that varies")
        values[k] = value
    return values


def _say(ax: Axes, found: Rows, place: int, held: np.ndarray, asked: bool) -> None:
    """Which values the others have, as a small title."""
    others = [k for k in used_columns(found.equation) if k != place]
    if place not in used_columns(found.equation):
        text = "not in the equation"
    elif not others:
        return
    else:
        names = [shortened(found.equation.columns[k], 80.0, SMALL, lines=1) for k in others]
        text = "at " + ", ".join(f"{name} = {_short(held[k])}" for name, k in zip(names, others, strict=True))
    if width_of(text, SMALL) > room_of(ax):
        text = "the others at their medians" if not asked else "the others as asked for, or at their medians"
    written = plain(shortened(text, room_of(ax), SMALL, lines=1))
    ax.set_title(written, fontsize=SMALL, color=GREY, loc="left", pad=4)


def _short(value: float) -> str:
    text = number(value, 3)
    return f"{value:.3g}" if text.startswith("$") else text
