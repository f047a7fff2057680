"""Points and bands, few or many."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from eqdarts.plots.rows import Rows
from eqdarts.plots.style import BLUE, RED, note

_FEW, _MANY = 200, 2000  # rows up to which points are rings, and from which they are pixels


def points(ax: Axes, x: np.ndarray, y: np.ndarray, all_rows: int | None = None, **options: Any) -> None:
    """A point for each row; many are small and pale, so that it is seen where they are dense.

    all_rows: how many there are, if not all of them are drawn; it is said then
    """
    n = len(y)
    few = n <= _FEW
    style: dict[str, Any] = {
        "s": (26 if n <= 60 else 16) if few else 10 if n <= _MANY else 5,
        "facecolors": "none" if few else BLUE,
        "edgecolors": BLUE if few else "none",
        "linewidths": (1.1 if n <= 60 else 0.8) if few else 0.0,
        "alpha": 1.0 if few else float(np.clip(30 / np.sqrt(n), 0.12, 0.8)),
        "rasterized": n > _MANY,
        "zorder": 2,
    }
    ax.scatter(x, y, **{**style, **options})
    if all_rows is not None and all_rows > n:
        note(ax, f"{n:,} of {all_rows:,} rows are drawn", "lower right")


def bars(ax: Axes, x: np.ndarray, found: Rows, across: bool = False) -> None:
    """Errors of the observations at places x [n], where they are known; across: the observations are on the x axis."""
    if found.errors is not None:
        which: dict[str, Any] = {"xerr": found.errors} if across else {"yerr": found.errors}
        ax.errorbar(x, found.predicted if across else found.y, **which, fmt="none", ecolor=BLUE, elinewidth=0.8,
                    alpha=0.7, zorder=1.5)  # fmt: skip


def band(ax: Axes, x: np.ndarray, low: np.ndarray, high: np.ndarray, **options: Any) -> None:
    """A pale band; limits of axes stay."""
    limits = ax.get_xlim(), ax.get_ylim()
    ax.fill_between(x, low, high, **{"color": RED, "alpha": 0.15, "linewidth": 0, "zorder": 0.5, **options})
    ax.set_xlim(limits[0])
    ax.set_ylim(limits[1])


def without_poles(curve: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    """The curve [n] with gaps where it jumps by more than the height of the picture."""
    shown = curve.copy()
    with np.errstate(invalid="ignore"):
        shown[1:][np.abs(np.diff(curve)) > limits[1] - limits[0]] = np.nan
    return shown


def undefined(ax: Axes, found: Rows, place: str, drawn: bool = False) -> None:
    """Say on how many rows the equation gives no number; drawn: are they seen nevertheless?"""
    missing = int((~found.defined).sum())
    if missing:
        text = f"not defined on {missing:,} of {len(found):,} rows"
        note(ax, text if drawn else f"{text}, which are not drawn", place)
