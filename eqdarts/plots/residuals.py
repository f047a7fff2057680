"""What an equation leaves: residuals against a column, the prediction, or the order of rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from eqdarts.errors import check_choice
from eqdarts.plots.axes import dress, label
from eqdarts.plots.fonts import width_of
from eqdarts.plots.marks import points, undefined
from eqdarts.plots.rows import WITHIN, Rows, column_place, exact, rows
from eqdarts.plots.style import GREY, RED, bare, new_axes, note, room_of

_BINNED = 40  # rows from which means of neighbouring rows are drawn: fewer are seen as they are (not tuned)


def plot_residuals(
    model: Any,
    X: Any = None,
    y: Any = None,
    column: str | int | None = None,
    ax: Axes | None = None,
    index: int | None = None,
    against: str = "order",
    y_error: Any = None,
) -> Axes:
    """Observed less predicted, against a column or against the order of the rows.

    Where noise goes with the law's value, residuals are divided by what it goes with, or by their own errors where
    these are handed over. Within the band are 95 % of them if they are noise; of more than a few rows, the line is the
    mean of neighbours, with two standard errors: where it leaves zero, the equation misses something.

    Parameters
    ----------
    model : fitted DARTSRegressor
    X, y
        As in `plot_fit`.
    column : str or int, optional
        The column on the other axis, by name or number.
    ax, index
        As in `plot_fit`.
    against : {"order", "prediction"}
        What is on the other axis where no column is given.
    y_error : float or array [n], optional
        Standard deviations of the observations, as `fit` takes them.

    Returns
    -------
    Axes

    Raises
    ------
    InputDataError
        If there is no such column.
    """  # fmt: skip
    check_choice("against", against, ("order", "prediction"))
    found = rows(model, X, y, index, y_error)
    ax = new_axes((5.4, 3.2)) if ax is None else ax
    x, name, what = _other(found, column, against)
    spreads, unit = _units(found)
    share = 100.0 if unit == "%" else 1.0
    values = share * found.residuals / spreads
    kept = found.defined & np.isfinite(x)
    dress(ax, "x", x[kept], "linear" if not name else None)
    dress(ax, "y", values[kept], "linear")
    shown = np.isin(found.number, found.drawn().number) & kept
    points(ax, x[shown], values[shown], int(kept.sum()))
    reach = WITHIN if unit == "error" else share * WITHIN * found.noise.level(found.equation.loss)
    most = float(np.abs(values[kept]).max(initial=reach)) or 1.0
    ax.set_ylim(-1.12 * most, 1.12 * most)
    ax.axhline(0.0, color=GREY, linewidth=1.0, zorder=1)
    if found.noise.shows_level or unit == "error":
        ax.axhspan(-reach, reach, color=RED, alpha=0.12, linewidth=0, zorder=0)
    _means(ax, x[kept], values[kept])
    label(ax, "x", name or "row", what)
    label(ax, "y", _named(ax, found, unit))
    if exact(found.equation):
        note(ax, "nothing but rounding")
    undefined(ax, found, "lower left")
    bare(ax)
    return ax


def _other(found: Rows, column: str | int | None, against: str) -> tuple[np.ndarray, str, str]:
    """Values [n] on the other axis, their name, and what of it."""
    if column is not None:
        place = column_place(found.equation, column)
        return found.X[:, place], found.column(place), ""
    if against == "prediction":
        return found.predicted, found.target, ", predicted"
    return found.number + 1.0, "", ", in the order of the table"


def _units(found: Rows) -> tuple[np.ndarray, str]:
    """What residuals are divided by [n], and the unit that they have then."""
    if found.errors is not None:
        return found.errors, "error"
    if not found.noise.depends_on_law:
        return np.ones(len(found)), ""
    spreads = found.noise.spreads(np.where(found.defined, found.predicted, 1.0))
    return spreads, {"proportional": "%", "poisson": "root"}.get(found.noise.form, "deviation")


def _named(ax: Axes, found: Rows, unit: str) -> str:
    names = {
        "%": ("residual, % of the value", "residual, %"),
        "root": ("residual / √value", "residual / √value"),
        "error": ("residual / error", "residual / error"),
        "deviation": ("residual / standard deviation", "residual / s.d."),
    }
    bare_name = f"residual in {found.unit}" if found.unit else "residual"
    whole, short = names.get(unit, (f"residual of {found.target}", bare_name))
    return whole if width_of(whole, 10) <= room_of(ax, "y") else short


def _means(ax: Axes, x: np.ndarray, values: np.ndarray) -> None:
    """Means of neighbours along x, with two standard errors to either side."""
    n = len(x)
    if n < _BINNED or np.ptp(x) == 0:
        return
    order = np.argsort(x, kind="stable")
    groups = [g for g in np.array_split(order, int(np.clip(np.sqrt(n), 5, 25))) if len(g) > 1]
    places = np.array([np.median(x[g]) for g in groups])
    means = np.array([values[g].mean() for g in groups])
    errors = np.array([values[g].std(ddof=1) / np.sqrt(len(g)) for g in groups])
    ax.fill_between(places, means - 2 * errors, means + 2 * errors, color=GREY, alpha=0.3, linewidth=0, zorder=3)
    ax.plot(places, means, color=RED, linewidth=1.4, zorder=4)
