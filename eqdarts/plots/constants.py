"""Constants with their errors, and which is which."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from eqdarts.errors import InputDataError
from eqdarts.plots.axes import number
from eqdarts.plots.fonts import width_of
from eqdarts.plots.rows import place_of
from eqdarts.plots.style import BLUE, GREY, SMALL, bare, new_axes, note, room_of
from eqdarts.plots.writing import symbol, template

_WIDEST = 1.0  # relative: an interval that is wider than its value says that it may be zero, and no more


def plot_constants(model: Any, ax: Axes | None = None, index: int | None = None, level: float = 0.95) -> Axes:
    """The fitted constants of an equation with their standard errors and confidence intervals.

    Intervals are drawn in per cent of the value, so that constants of any size stand on one axis, the interval thin and
    the standard error thick. Above them is the formula that says which is which.

    Parameters
    ----------
    model : fitted DARTSRegressor
    ax : Axes, optional
        As in `plot_fit`.
    index : int, optional
        A row of ``model.equations_``; by default the chosen one.
    level : float
        Of the intervals, between 0 and 1.

    Returns
    -------
    Axes

    Raises
    ------
    InputDataError
        If no errors are known, as in a file of an earlier release.
    """
    equation = model.equation(place_of(model, index))
    if equation.fit is None:
        raise InputDataError("no errors of constants are known of this equation; refit it, or fit the model again")
    table, reach = equation.fit.table, equation.fit.reach(level)
    if not 0 < level < 1:
        raise InputDataError(f"level={level!r}: expected a number between 0 and 1, such as 0.95")
    n = len(table)
    own = ax is None
    ax = new_axes((5.4, 1.5 + 0.42 * max(n, 1))) if ax is None else ax
    values, errors = table["value"].to_numpy(float), table["std_error"].to_numpy(float)
    with np.errstate(all="ignore"):
        relative = 100 * errors / np.abs(values)
    known = np.isfinite(relative)
    far = reach if np.isfinite(reach) else 1.0  # without degrees of freedom errors are not known either
    most = min(130 * _WIDEST, 1.15 * far * float(relative[known].max(initial=0.0))) or 1.0
    bar: dict[str, Any] = {"color": BLUE, "solid_capstyle": "butt"}
    for k in range(n):
        place = n - 1 - k
        if known[k]:
            wide, narrow = far * relative[k], relative[k]
            ax.plot([-wide, wide], [place, place], linewidth=1.4, zorder=2, **bar)
            ax.plot([-narrow, narrow], [place, place], linewidth=4.5, zorder=3, **bar)
        ax.scatter([0], [place], s=34, color=BLUE, edgecolors="white", linewidths=0.8, zorder=4)
    ax.axvline(0, color=GREY, linewidth=0.8, zorder=0)
    ax.set_xlim(-most, most)
    ax.set_ylim(-0.7, n - 0.3)
    labels = [f"{symbol(str(name))} = {measured(v, e)}" for name, v, e in zip(table.index, values, errors, strict=True)]
    ax.set_yticks(np.arange(n)[::-1], labels)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(f"standard error and {100 * level:g} % interval, % of the value")
    if most >= 100:
        ax.axvline(-100, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
        ax.annotate("zero", (-100, 1.0), (3, -2), xycoords=ax.get_xaxis_transform(), textcoords="offset points",
                    va="top", fontsize=SMALL, color=GREY)  # fmt: skip
    if not n:
        note(ax, "no fitted constants: all numbers are exact")
    beside = max(map(width_of, labels, [10.0] * n), default=0.0)  # the labels take room from the axes
    written = template(equation, min(room_of(ax), room_of(ax) / 0.775 - beside - 40) if own else room_of(ax))
    if written is not None:
        ax.set_title(written.text, fontsize=written.size, pad=8)
    bare(ax)
    ax.spines["left"].set_visible(False)
    return ax


def measured(value: float, error: float) -> str:
    """A value and its standard error, which has two digits, to the same place.

    Examples
    --------
    >>> measured(19.61864, 0.013428), measured(1234567.0, 4321.0), measured(2.0, float("inf"))
    ('19.619 ± 0.013', '(1.2346 ± 0.0043) $\\\\times 10^{6}$', '2, not determined')
    """
    if error == 0:
        return f"{number(value, 6)}, given"
    if not np.isfinite(error):
        return f"{number(value)}, {'not determined' if error == np.inf else 'error not known'}"
    if not np.isfinite(value):
        return number(value)
    size = max(abs(value), error)
    power = int(np.floor(np.log10(size)))
    power = power if not -4 <= power < 5 else 0
    value, error = value / 10.0**power, error / 10.0**power
    digits = 1 - int(np.floor(np.log10(error)))
    digits = min(max(digits, 0), 12)
    text = f"{value:.{digits}f} ± {error:.{digits}f}".replace("-", "−")
    return f"({text}) $\\times 10^{{{power}}}$" if power else text
