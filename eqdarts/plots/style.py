"""What all figures share: colours, marks, new Axes, names as plain text, equations that fit."""

from __future__ import annotations

import re
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import MathTextParser

from eqdarts.formula.visible import visible

#: Colours by the names under which a page may set others. Blue and red stay apart for those who do not tell red from
#: green, grey is read on white and on black.
PALETTE = {"blue": "#2f6da8", "red": "#c8452d", "grey": "#767676", "light": "#c9c9c9"}
BLUE, RED, GREY, LIGHT = PALETTE.values()
INK = "currentColor"  # of text and axes where a figure stands in a page; elsewhere they are as matplotlib has them
MARKS = {"sum": "Σ", "product": "Π"}


def new_axes(size: tuple[float, float]) -> Axes:
    _, ax = plt.subplots(figsize=size, layout="constrained")
    return ax


def bare(ax: Axes) -> None:
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)


def plain(text: str) -> str:
    """Text that matplotlib does not take for mathematics."""
    return text if text.startswith("$k_") else visible(text).replace("$", r"\$")


def input_names(model: Any, d: int) -> tuple[str, ...]:
    names = getattr(model, "feature_names_in_", None)
    if names is None and hasattr(model, "search_space_"):
        names = model.search_space_.inputs
    if names is None or len(names) != d:
        names = [f"x{i + 1}" for i in range(d)]
    return tuple(map(str, names))


def equation_text(model: Any, ax: Axes, share: float) -> tuple[str, float]:
    """The chosen equation as mathtext and a size at which it fits this share of the axes' width.

    An equation that mathtext cannot draw is given as plain text, one that does not fit as nothing.
    """
    room = share * ax.get_window_extent().width * 72 / ax.get_figure(root=True).dpi  # type: ignore[union-attr]
    latex = f"${_display(model.latex())}$"
    written = plain(f"{model.target_name_} = {model.equations_.loc[model.best_index_, 'equation']}")
    for text in (latex, written):
        try:
            width = MathTextParser("path").parse(text, dpi=72, prop=FontProperties(size=12)).width
        except ValueError:
            continue
        if width <= room * 12 / 6.5:
            return text, min(12.0, 12.0 * room / width)
    return "", 12.0


def _display(latex: str) -> str:
    r"""Fractions outside braces at full size, as ``\displaystyle`` would have them; mathtext does not know it."""
    parts = re.split(r"([{}]|\\frac\b)", latex)
    depth = 0
    for k, part in enumerate(parts):
        depth += (part == "{") - (part == "}")
        if part == r"\frac" and depth == 0:
            parts[k] = r"\dfrac"
    return "".join(parts)
