"""Discovered dynamics: each state over time with its observations, and the phase portrait."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eqdarts.errors import EqdartsError
from eqdarts.plots.axes import dress, label
from eqdarts.plots.fonts import plain
from eqdarts.plots.style import BLUE, GREY, LIGHT, RED, SMALL, bare, new_page

_WIDTH, _HEIGHT = 3.4, 2.5  # inches of a panel
_MOST_STATES, _MOST_PORTRAITS = 6, 3
_TIMES = 600  # of a drawn trajectory
_ARROWS, _FINE = 17, 160  # per side, of a vector field and of the grid of nullclines
_MARGIN = 0.08  # of the range of the observations, around them


def plot_dynamics(law: Any) -> Figure:
    """A figure of what `eqdarts.dynamics.fit` found.

    On top every state over time: observations, and the trajectory from where it was fitted to begin. Below, of two
    variables the field of directions, with the curves on which one of them stands still; of more, pairs against each
    other; of one, its slope. A law that depends on inputs or time has no field.

    Parameters
    ----------
    law : Dynamics

    Returns
    -------
    Figure
    """
    names = law.states[:_MOST_STATES]
    curves = [_trajectory(law, one, start) for one, start in zip(law.observed.trajectories, law.starts, strict=True)]
    shown = list(curves[0][1].columns)
    pairs = list(combinations(shown, 2)) if len(shown) <= 3 else list(pairwise(shown))
    pairs = pairs[:_MOST_PORTRAITS]
    wide = max(len(names), len(pairs))
    figure = new_page((min(_WIDTH * wide + 0.6, 11.0), 2 * _HEIGHT + 0.4))
    upper, lower = np.asarray(figure.subfigures(2, 1, height_ratios=(1.0, 1.25)))
    for name, ax in zip(names, np.atleast_1d(upper.subplots(1, len(names))), strict=True):
        _over_time(law, name, curves, ax)
    below = np.atleast_1d(lower.subplots(1, max(len(pairs), 1)))
    if not pairs:
        _of_one(law, below[0])
    for pair, ax in zip(pairs, below, strict=False):
        _portrait(law, pair, curves, ax)
    return figure


def _trajectory(law: Any, one: Any, start: np.ndarray) -> tuple[np.ndarray, pd.DataFrame]:
    """Times and variables of the law from where the observations begin; as far as it goes."""
    t = one.t[law.lags - 1 :] if law.kind == "map" else np.linspace(one.t[0], one.t[-1], _TIMES)
    for share in (1.0, 0.5, 0.25, 0.1):
        shown = t[: max(2, int(share * len(t)))]
        try:
            return shown, law.predict(shown, start, one.inputs(shown) if law.observed.inputs else None)
        except EqdartsError:
            continue
    return t[:1], pd.DataFrame([start[: len(law.states)]], columns=list(law.states))


def _seen(law: Any, name: str) -> list[np.ndarray]:
    """The observations of a variable, trajectory by trajectory; of a velocity none."""
    if name not in law.states:
        return []
    return [one.x[:, law.states.index(name)] for one in law.observed.trajectories]


def _over_time(law: Any, name: str, curves: list[tuple[np.ndarray, pd.DataFrame]], ax: Axes) -> None:
    seen = _seen(law, name)
    for one, x, (t, z) in zip(law.observed.trajectories, seen, curves, strict=True):
        ax.plot(one.t, x, "o", color=GREY, markersize=2.6, alpha=0.6, markeredgewidth=0)
        ax.plot(t, z[name], "-" if law.kind == "flow" else ".-", color=BLUE, linewidth=1.5, markersize=3)
    x = np.concatenate(seen)
    low, high = ax.get_ylim()
    ax.set_ylim(max(low, x.min() - np.ptp(x)), min(high, x.max() + np.ptp(x)))
    dress(ax, "x", np.concatenate([one.t for one in law.observed.trajectories]), "linear")
    dress(ax, "y", x, "linear")
    label(ax, "x", law.observed.time)
    label(ax, "y", name)
    bare(ax)


def _portrait(law: Any, pair: tuple[str, str], curves: list[tuple[np.ndarray, pd.DataFrame]], ax: Axes) -> None:
    along = [
        np.concatenate([*_seen(law, name), *(z[name] for _, z in curves if name not in law.states)]) for name in pair
    ]
    ends = [_around(values) for values in along]
    if law.kind == "flow" and law.depends_on_variables_only and law.variables == pair:
        _field(law, ends, ax)
    for a, b in zip(*(_seen(law, name) for name in pair), strict=False):
        ax.plot(a, b, "o", color=GREY, markersize=2.6, alpha=0.6, markeredgewidth=0)
    for _, z in curves:
        ax.plot(z[pair[0]], z[pair[1]], "-" if law.kind == "flow" else ".", color=BLUE, linewidth=1.5, markersize=3)
    for which, name, values, end in zip("xy", pair, along, ends, strict=True):
        dress(ax, which, values, "linear")
        label(ax, which, name)
        (ax.set_xlim if which == "x" else ax.set_ylim)(*end)
    bare(ax)


def _field(law: Any, ends: list[tuple[float, float]], ax: Axes) -> None:
    """Directions, and the curves on which one of two variables stands still."""
    coarse = np.meshgrid(*(np.linspace(*end, _ARROWS) for end in ends))
    fine = np.meshgrid(*(np.linspace(*end, _FINE) for end in ends))
    extent = ax.get_window_extent()
    sides = np.array([extent.width, extent.height]) / [np.ptp(end) for end in ends]  # of a unit, to the eye
    unit = law.slopes(np.column_stack([g.ravel() for g in coarse])) * sides
    length = np.linalg.norm(unit, axis=1, keepdims=True)
    with np.errstate(all="ignore"):
        unit = np.where(length > 0, unit / length, 0.0)
    ax.quiver(
        *(g.ravel() for g in coarse), *unit.T, color=LIGHT, scale=26, width=0.0035, angles="uv", pivot="mid", zorder=0
    )
    values = law.slopes(np.column_stack([g.ravel() for g in fine])).reshape(_FINE, _FINE, 2)
    when = law.observed.time
    for k, (name, style) in enumerate(zip(law.variables, ("--", ":"), strict=True)):
        if np.isfinite(values[..., k]).all() and values[..., k].min() < 0 < values[..., k].max():
            ax.contour(*fine, values[..., k], levels=[0.0], colors=RED, linestyles=style, linewidths=1.2)
            ax.plot([], [], style, color=RED, linewidth=1.2, label=plain(f"d{name}/d{when} = 0"))
    if ax.get_legend_handles_labels()[0]:
        ax.legend(fontsize=SMALL, loc="upper right", framealpha=0.8, edgecolor="none")


def _of_one(law: Any, ax: Axes) -> None:
    """Of a single state its slope, or its next value, against itself."""
    name, seen = law.states[0], _seen(law, law.states[0])
    x = np.concatenate(seen)
    places = np.linspace(*_around(x), _FINE)
    label(ax, "y", name, ", next" if law.kind == "map" else f", slope by {law.observed.time}")
    if law.kind == "map":
        after = np.concatenate([one[1:] for one in seen])
        ax.plot(np.concatenate([one[:-1] for one in seen]), after, "o", color=GREY, markersize=3, alpha=0.6, mew=0)
        ax.plot(places[[0, -1]], places[[0, -1]], color=LIGHT, linewidth=1)
    else:
        ax.axhline(0.0, color=LIGHT, linewidth=1, zorder=0)
    if law.depends_on_variables_only and len(law.variables) == 1:
        ax.plot(places, law.slopes(places[:, None])[:, 0], color=BLUE, linewidth=1.5)
    dress(ax, "x", x, "linear")
    label(ax, "x", name)
    bare(ax)


def _around(x: np.ndarray) -> tuple[float, float]:
    room = _MARGIN * float(np.ptp(x))
    return float(x.min()) - room, float(x.max()) + room
