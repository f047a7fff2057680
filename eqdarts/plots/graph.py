"""The graph behind the chosen equation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch

from eqdarts.errors import InputDataError
from eqdarts.graph.genotype import Genotype
from eqdarts.plots.fonts import in_fonts, plain, width_of
from eqdarts.plots.layout import ACROSS, APART, RADIUS, Layout
from eqdarts.plots.rows import equation_at
from eqdarts.plots.style import BLUE, GREY, LIGHT, MARKS, RED, new_paper, node_name, room_of, shortened

UNIT = 68.0  # points, of what is one in the layout
EDGE, BROWN, GREEN = "#505050", "#b09a4a", "#5a9a55"
_FILLS = {"sum": BLUE, "product": RED}
_WIDEST = 120.0  # points of a name


def plot_graph(
    model: Any, ax: Axes | None = None, inputs: Sequence[str] | None = None, index: int | None = None
) -> Axes:
    """The graph of an equation: inputs on the left, latent nodes, the target on the right.

    Σ marks a node that sums its edges, Π one that multiplies them; an edge carries the name of
    its operation, except those of the linear readout. Where the target is a function of the readout,
    its name stands beside the target. Dead branches are not drawn.

    Parameters
    ----------
    model : fitted DARTSRegressor, or Genotype
    ax : Axes, optional
    inputs : sequence of str, optional
        Column names; those of the model by default, or x1 … xd.
    index : int, optional
        A row of ``model.equations_``; by default the chosen one.

    Returns
    -------
    Axes

    Raises
    ------
    InputDataError
        When the equation has no graph.
    """
    genotype = model if isinstance(model, Genotype) else equation_at(model, index).genotype
    if genotype is None:
        raise InputDataError(
            "this equation has no graph to draw; those of constants, guesses, templates and groups have none"
        )
    nodes = len(genotype.aggregators)
    d = (len(genotype.operations) - nodes * (nodes - 1) // 2) // nodes
    names = tuple(inputs) if inputs is not None else genotype.inputs or _input_names(model, d)
    if len(names) != d:
        raise InputDataError(f"inputs: {len(names)} names for a graph of {d} inputs; give one each")
    target = target_text(genotype, "y" if isinstance(model, Genotype) else model.target_name_)
    layout = Layout(genotype, d)
    shown = [short_name(name) for name in names]
    width = ACROSS * layout.depth + (max(width_of(n, 10) for n in shown) + width_of(target, 10)) / UNIT + 0.9
    height = APART * layout.rows + 0.5
    ax = new_paper((max(2.0, 0.95 * width), max(1.2, 0.95 * height))) if ax is None else ax
    draw(ax, layout, shown, target)
    in_fonts(ax)
    return ax


def short_name(name: str) -> str:
    """In a box: two lines at the most."""
    return "\n".join(map(plain, shortened(name, _WIDEST, 10).split("\n")))


def target_text(genotype: Genotype, name: str) -> str:
    """The target, and how the readout becomes it where it is not the readout itself."""
    target = short_name(name)
    if genotype.link == "identity" and genotype.prefactor == "1":
        return target
    readout = "(·)" if genotype.link == "identity" else f"{genotype.link}(·)"
    return f"{target} = {readout}" if genotype.prefactor == "1" else f"{target} = {plain(genotype.prefactor)} {readout}"


def _input_names(model: Any, d: int) -> tuple[str, ...]:
    """Of the d columns that the search saw."""
    space = getattr(model, "search_space_", None)
    columns = () if isinstance(model, Genotype) else model.front_[0].columns
    for names in (() if space is None else space.inputs, columns):
        if len(names) == d:
            return tuple(names)
    return tuple(f"x{i + 1}" for i in range(d))


def draw(ax: Axes, layout: Layout, names: list[str], target: str) -> None:
    """The graph on axes that are its paper; letters are as large as its size there allows."""
    left, right = max(width_of(n, 10) for n in names) / UNIT + 0.4, width_of(target, 10) / UNIT + 0.5
    heights = [y for _, y in layout.at.values()]
    ax.set_xlim(-left, ACROSS * layout.depth + right)
    ax.set_ylim(min(heights) - 0.65, max(heights) + 0.5)
    ax.set_aspect("equal")
    ax.set_axis_off()
    wide, tall = np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim())
    scale = float(np.clip(min(room_of(ax) / wide, room_of(ax, "y") / tall) / UNIT, 0.45, 1.3))
    for k, (_, _, operation) in enumerate(layout.edges):
        ax.add_patch(
            FancyArrowPatch(path=layout.path(k), arrowstyle="-|>", mutation_scale=10 * scale, fill=True,
                            color=EDGE if operation else GREY, linewidth=1.1, capstyle="butt", joinstyle="miter",
                            zorder=1)
        )  # fmt: skip
    for text, place in layout.labels():
        ax.text(*place, text, ha="center", va="center", fontsize=8.5 * scale, zorder=3,
                bbox={"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none"})  # fmt: skip
    vertices(ax, layout, names, target, scale)


def vertices(
    ax: Axes, layout: Layout, names: list[str], target: str, scale: float, shift: tuple[float, float] = (0.0, 0.0)
) -> None:
    """Inputs, nodes and the target; an empty name is a dot."""
    for v, at in layout.at.items():
        if isinstance(v, tuple):
            continue
        place = (at[0] + shift[0], at[1] + shift[1])
        if v < layout.d:
            known = v in layout.used
            _box(ax, names[v], place, "right", BROWN if known else "none", known, scale)
        elif v == layout.end:
            _box(ax, target, place, "left", GREEN, True, scale)
        else:
            aggregator = layout.aggregators[v - layout.d]
            ax.add_patch(Circle(place, RADIUS, facecolor=(_FILLS[aggregator], 0.2), edgecolor=EDGE, zorder=2))
            ax.text(*place, MARKS[aggregator], ha="center", va="center", fontsize=12 * scale, zorder=4)
            ax.text(place[0], place[1] - RADIUS - 0.05, node_name(v - layout.d), ha="center", va="top",
                    fontsize=9 * scale, color=GREY, zorder=4)  # fmt: skip


def _box(ax: Axes, text: str, place: tuple[float, float], side: Any, fill: str, known: bool, scale: float) -> None:
    if not text:
        ax.scatter(*place, s=16 * scale, color=GREY, zorder=4)
        return
    box = {"boxstyle": "round,pad=0.35", "edgecolor": EDGE if known else LIGHT, "linewidth": 0.9,
           "facecolor": fill if fill == "none" else (fill, 0.2)}  # fmt: skip
    color: dict[str, Any] = {} if known else {"color": GREY}
    ax.text(*place, text, ha=side, va="center", fontsize=10 * scale, zorder=4, bbox=box, **color)
