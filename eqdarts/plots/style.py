"""What all figures share: colours, new Axes that show themselves in a notebook, names as plain text, sizes of text."""

from __future__ import annotations

import io
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eqdarts.plots.fonts import in_fonts, width_of

#: Colours by the names under which a page may set others. Blue and red stay apart for those who do not tell red from
#: green, grey is read on white and on black.
PALETTE = {"blue": "#2f6da8", "red": "#c8452d", "grey": "#767676", "light": "#c9c9c9"}
BLUE, RED, GREY, LIGHT = PALETTE.values()
INK = "currentColor"  # of text and axes where a figure stands in a page; elsewhere they are as matplotlib has them
MARKS = {"sum": "Σ", "product": "Π"}
SMALL = 8.5  # points, of notes and lists
_BREAKS = " ·/_-−"  # behind which a line may end
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class _Shown:
    """Shown as a picture at the end of a notebook's cell, as pyplot's figures are, without pyplot."""

    def _repr_png_(self) -> bytes:
        file = io.BytesIO()
        figure: Any = self if isinstance(self, Figure) else self.get_figure(root=True)  # type: ignore[attr-defined]
        figure.savefig(file, format="png", dpi=110)
        return file.getvalue()


class Page(_Shown, Figure):
    """A figure that pyplot does not know."""


class Panel(_Shown, Axes):
    """Its Axes."""


def new_page(size: tuple[float, float]) -> Page:
    return Page(figsize=size, layout="constrained")


def new_axes(size: tuple[float, float]) -> Axes:
    """Axes on a figure of their own, in inches."""
    return new_page(size).add_subplot(axes_class=Panel)


def new_paper(size: tuple[float, float]) -> Axes:
    """Axes without a frame that fill a figure of their own, in inches."""
    ax: Axes = Page(figsize=size).add_axes((0.0, 0.0, 1.0, 1.0), axes_class=Panel)
    ax.set_axis_off()
    return ax


def bare(ax: Axes) -> None:
    """A finished picture: no frame on the right and above, and fonts for all letters."""
    in_fonts(ax)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)


def node_name(j: int) -> str:
    """Of a latent node that is counted from 0.

    Examples
    --------
    >>> node_name(11)
    'k₁₂'
    """
    return f"k{str(j + 1).translate(_SUBSCRIPTS)}"


def shortened(text: str, room: float, size: float, lines: int = 2) -> str:
    """Plain text broken into lines that have so much room in points, and cut with … where these are too few.

    Examples
    --------
    >>> shortened("a name that goes on and on and on", 63, 10)
    'a name that\\ngoes on a…'
    """
    words, broken = list(text), [""]
    while words:
        letter = words.pop(0)
        if not broken[-1] or width_of(broken[-1] + letter, size) <= room:
            broken[-1] += letter
            continue
        if len(broken) == lines:
            while broken[-1] and width_of(broken[-1] + "…", size) > room:
                broken[-1] = broken[-1][:-1]
            broken[-1] = broken[-1].rstrip() + "…"
            break
        at = max(broken[-1].rfind(sign) for sign in _BREAKS) + 1
        if letter == " ":
            broken.append("")
        elif at > len(broken[-1]) / 2:
            broken[-1:] = [broken[-1][:at].rstrip(" "), broken[-1][at:] + letter]
        else:
            broken.append(letter)
    return "\n".join(broken)


def room_of(ax: Axes, axis: str = "x") -> float:
    """The width or height of axes, in points."""
    figure: Any = ax.get_figure(root=True)
    extent = ax.get_window_extent()
    return float(extent.width if axis == "x" else extent.height) * 72 / float(figure.dpi)


def note(ax: Axes, text: str, place: str = "upper left") -> None:
    """A few small words within the axes, in a corner."""
    vertical, horizontal = place.split()
    x, y = (0.02 if horizontal == "left" else 0.98), (0.97 if vertical == "upper" else 0.03)
    ax.text(x, y, text, transform=ax.transAxes, ha=horizontal, va="top" if vertical == "upper" else "bottom",
            fontsize=SMALL, color=GREY, zorder=5,
            bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.8})  # fmt: skip
