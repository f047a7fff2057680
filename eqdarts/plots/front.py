"""The front: how much error each bit of complexity takes away, with the equations that do it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from eqdarts.data.noise import Noise
from eqdarts.data.units import units_known, with_unit
from eqdarts.equation.equation import Equation
from eqdarts.equation.listing import percent
from eqdarts.losses.noise import LossNoise
from eqdarts.plots.axes import dress, label, whole_numbers
from eqdarts.plots.rows import place_of
from eqdarts.plots.style import BLUE, GREY, LIGHT, RED, SMALL, bare, new_axes, room_of
from eqdarts.plots.writing import Written, right_side

_DECADES = 6  # of errors below the largest that are drawn: what lies below is exact for any instrument (not tuned)
_LEAST = 7.0  # points of an equation in the list
_SHARE = 0.6  # of the height that the list may take


@dataclass(frozen=True)
class _Row:
    """A line of the list."""

    place: int
    equation: Written
    probability: str
    height: float  # points


def plot_front(
    model: Any, ax: Axes | None = None, index: int | None = None, equations: bool = True, chosen: bool = True
) -> Axes:
    """Error against complexity of every equation of the front, each with its number in ``model.equations_``.

    The error is what an equation leaves, as a standard deviation in units of the target, or as a share of the value
    where noise is. Errors of less than a millionth of the largest are drawn below a line that says so.

    Parameters
    ----------
    model : fitted DARTSRegressor
    ax : Axes, optional
        As in `plot_fit`.
    index : int, optional
        The row that is ringed; by default the chosen one.
    equations : bool
        List the equations by their numbers? Those for which there is no room are left out, which is said.
    chosen : bool
        Write out the ringed one too? Not where it stands above the picture.

    Returns
    -------
    Axes
    """
    front, ringed, noise = list(model.front_), place_of(model, index), model.noise_
    ax = new_axes((6.4, 4.6)) if ax is None else ax
    unit = 1.0 if noise.known is None else noise.known
    unit = 0.01 if noise.form == "proportional" else unit
    errors = np.array([noise.level(e.loss) / unit for e in front])
    sizes = np.array([float(e.complexity) for e in front])
    top = float(errors.max()) or 1.0
    below = errors < top * 10.0**-_DECADES
    floor = float(errors[~below].min()) / 10 if below.any() and not below.all() else top / 2
    shown = np.where(below, floor / 2, errors)
    ax.plot(sizes, shown, color=LIGHT, drawstyle="steps-post", linewidth=1.2, zorder=1)
    for k, (size, error) in enumerate(zip(sizes, shown, strict=True)):
        ax.scatter([size], [error], s=28, color=BLUE, marker="v" if below[k] else "o", zorder=3, gid=f"row-{k}")
        ax.annotate(str(k), (size, error), (4, 3), textcoords="offset points", fontsize=SMALL, zorder=4,
                    color=RED if k == ringed else GREY, weight="bold" if k == ringed else "normal")  # fmt: skip
    ax.scatter(sizes[ringed], shown[ringed], s=120, facecolors="none", edgecolors=RED, linewidths=1.8, zorder=4)
    dress(ax, "y", shown, "log", float(shown.max()) * 1.0001)
    whole_numbers(ax.xaxis)
    pad = 0.07 * (np.ptp(sizes) or 4.0)
    ax.set_xlim(sizes.min() - pad, sizes.max() + pad)
    low, high = float(shown.min()), float(shown.max())
    room = max(high / low, 10.0) ** 0.06
    ax.set_ylim(low / room, high * room)
    if below.any():
        ax.axhline(floor, color=GREY, linewidth=0.8, linestyle=(0, (1, 3)), zorder=0)
        ax.annotate(r"$\blacktriangledown$ " + rf"less than $10^{{-{_DECADES}}}$ of the largest error", (0.99, floor),
                    (0, 3), xycoords=ax.get_yaxis_transform(), textcoords="offset points", ha="right", va="bottom",
                    fontsize=SMALL, color=GREY)  # fmt: skip
    ax.set_xlabel("complexity")
    own = noise.shows_level and noise.form not in _WITHOUT_UNIT
    target = with_unit(model.target_name_, units_known(model)) if own else model.target_name_
    by_loss = isinstance(noise, LossNoise)
    label(ax, "y", noise.level_name if by_loss else "error" if noise.known is not None else target, _what(noise))
    if equations:
        _list(ax, front, ringed, chosen, (sizes, shown))
    bare(ax)
    return ax


_WITHOUT_UNIT = ("proportional", "poisson")


def _what(noise: Noise) -> str:
    if isinstance(noise, LossNoise):
        return ""
    if noise.known is not None:
        return ", in units of the given errors"
    return {"proportional": ", error in %", "poisson": ", error / √value"}.get(noise.form, ", error")


def _list(
    ax: Axes, front: Sequence[Equation], ringed: int, chosen: bool, points: tuple[np.ndarray, np.ndarray]
) -> None:
    """Equations by their numbers in the upper right; what is drawn gives way."""
    width, height = room_of(ax), room_of(ax, "y")
    sure = any(e.probability is not None for e in front)
    indent = 16.0 + (34.0 if sure else 0.0)
    room = max(60.0, 0.97 * width - indent)
    rows = [_row(k, e, room) for k, e in enumerate(front) if chosen or k != ringed]
    kept, left_out = _fitting(rows, front, ringed, _SHARE * height - 14.0)
    if not kept:
        return
    widest = indent + max(row.equation.width for row in kept)
    tall = sum(row.height for row in kept) + (12.0 if left_out else 0.0) + (12.0 if sure else 0.0)
    left = 1 - widest / width
    _make_room(ax, points, left, 1 - tall / height)
    y = 0.0

    def write(x: float, text: str, **options: Any) -> None:
        ax.annotate(text, (left, 1.0), (x, -y), xycoords="axes fraction", textcoords="offset points", va="center",
                    zorder=5, **{"fontsize": SMALL, "color": GREY, **options})  # fmt: skip

    if sure:
        y += 6.0
        write(46.0, "probability", ha="right", fontsize=SMALL - 1)
        y += 6.0
    for row in kept:
        y += row.height / 2
        color: dict[str, Any] = {"color": RED} if row.place == ringed else {}
        write(0.0, str(row.place), weight="bold" if row.place == ringed else "normal", **color)
        write(46.0, row.probability, ha="right", **color)
        ink = color or {"color": ax.xaxis.label.get_color()}
        write(indent, row.equation.text, fontsize=row.equation.size, **ink)
        y += row.height / 2
    if left_out:
        y += 6.0
        write(indent, f"and {left_out} more")


def _row(place: int, equation: Equation, room: float) -> _Row:
    written = right_side(equation, room, 10.0, _LEAST)
    return _Row(place, written, percent(equation.probability), max(12.0, written.height + 4.0))


def _fitting(rows: list[_Row], front: Sequence[Equation], ringed: int, room: float) -> tuple[list[_Row], int]:
    """The rows that have room, the ringed and the more probable first, in their order; and how many have none."""
    first = sorted(rows, key=lambda r: (r.place != ringed, -(front[r.place].probability or 0.0), r.place))
    kept: list[_Row] = []
    for row in first:
        if sum(r.height for r in kept) + row.height <= room:
            kept.append(row)
    return sorted(kept, key=lambda r: r.place), len(rows) - len(kept)


def _make_room(ax: Axes, points: tuple[np.ndarray, np.ndarray], left: float, bottom: float) -> None:
    """Raise the upper limit until what is drawn to the right of the list's edge lies below it; no ticks above."""
    x0, x1 = ax.get_xlim()
    low, high = np.log(ax.get_ylim())
    sizes, shown = points
    beside = (sizes - x0) / (x1 - x0) >= left - 0.08
    if beside.any():
        # The step to the next point runs at the height of the one before it.
        first = max(0, int(np.argmax(beside)) - 1)
        most = np.log(shown[first:].max())
        share = max(0.25, bottom - 0.06)
        high = max(high, low + (most - low) / share)
    ax.set_ylim(np.exp(low), np.exp(high))
    ax.spines["left"].set_bounds(np.exp(low), float(shown.max()))
    ax.yaxis.label.set_y((np.log(shown.max()) - low) / (high - low) / 2)
