"""The graph behind the chosen equation."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch
from matplotlib.path import Path

from eqdarts.errors import InputDataError
from eqdarts.graph.genotype import Genotype, GenotypeBatch, prune
from eqdarts.graph.space import SearchSpace
from eqdarts.plots.style import GREY, LIGHT, MARKS, input_names, new_axes, plain

_FILLS = {"input": "#f4f1e4", "sum": "#dbe8f5", "product": "#fae3d3", "output": "#e0efdf"}


def plot_graph(model: Any, ax: Axes | None = None, inputs: Sequence[str] | None = None) -> Axes:
    """The chosen graph: inputs on the left, latent nodes, the target on the right.

    Σ marks a node that sums its edges, Π one that multiplies them; an edge carries the name of
    its operation, except those of the linear readout. Where the target is a function of the readout,
    its name stands beside the target. Dead branches are not drawn.

    Parameters
    ----------
    model : fitted DARTSRegressor, or Genotype
    ax : Axes, optional
    inputs : sequence of str, optional
        Column names; those of the model by default, or x_1 … x_d.

    Returns
    -------
    Axes

    Raises
    ------
    InputDataError
        When the chosen equation has no graph.
    """
    genotype = model if isinstance(model, Genotype) else model.genotype_
    if genotype is None:
        raise InputDataError("the chosen equation has no graph to draw; fit a target that varies")
    nodes = len(genotype.aggregators)
    d = (len(genotype.operations) - nodes * (nodes - 1) // 2) // nodes
    names = tuple(inputs) if inputs is not None else genotype.inputs or input_names(model, d)
    if len(names) != d:
        raise InputDataError(f"inputs: {len(names)} names for a graph of {d} inputs; give one each")
    target = plain("y" if isinstance(model, Genotype) else model.target_name_)
    if genotype.link != "identity" or genotype.prefactor != "1":
        readout = "(·)" if genotype.link == "identity" else f"{genotype.link}(·)"
        target = f"{target} = {readout}" if genotype.prefactor == "1" else f"{target} = {genotype.prefactor} {readout}"
    layout = _Layout(genotype, d)
    width = 1.55 * layout.depth + 0.1 * (max(map(len, names)) + len(target)) + 0.8
    height = 0.85 * layout.rows + 0.5
    ax = new_axes((max(3.0, 0.95 * width), max(1.6, 0.95 * height))) if ax is None else ax
    layout.draw(ax, [plain(name) for name in names], target)
    return ax


class _Layout:
    """A layered drawing: a vertex per column along every edge, ordered to keep edges from crossing."""

    def __init__(self, genotype: Genotype, d: int) -> None:
        operations = tuple(dict.fromkeys(("zero", "identity", *genotype.operations)))
        space = SearchSpace(tuple(f"x{i}" for i in range(d)), len(genotype.aggregators), operations)
        graph = prune(space, GenotypeBatch.of(space, [genotype])).genotype(space, 0)
        self.d, self.aggregators, self.intercept = d, graph.aggregators, graph.readout[-1]
        end = d + space.nodes  # number of the output vertex
        self.end = end
        edges = [(i, d + j, o) for (i, j), o in zip(space.edges, graph.operations, strict=True) if o != "zero"]
        edges += [(d + j, end, "") for j in range(space.nodes) if graph.readout[j]]
        edges += [(i, end, "") for i in range(d) if graph.readout[space.nodes + i]]
        column = dict.fromkeys(range(d), 0)
        for vertex in range(d, end + 1):
            sources = [column[i] for i, j, _ in edges if j == vertex]
            if sources:
                column[vertex] = 1 + max(sources)
        column.setdefault(end, 1)
        self.edges, self.depth = edges, column[end]
        self.used = {i for i, _, _ in edges}
        # Vertices by column; an edge that skips columns passes through a dummy vertex (edge, column) in each.
        columns: list[list[Any]] = [[] for _ in range(self.depth + 1)]
        for vertex, c in column.items():
            if vertex >= d or vertex in self.used or d <= 8:
                columns[c].append(vertex)
        self.chains: list[list[Any]] = []
        for k, (i, j, _) in enumerate(edges):
            dummies = [("dummy", k, c) for c in range(column[i] + 1, column[j])]
            for c, dummy in zip(range(column[i] + 1, column[j]), dummies, strict=True):
                columns[c].append(dummy)
            self.chains.append([i, *dummies, j])
        self.rows = max(map(len, columns))
        self._place(columns)

    def _place(self, columns: list[list[Any]]) -> None:
        links = [(a, b) for chain in self.chains for a, b in pairwise(chain)]
        height = {v: -float(k) for column in columns for k, v in enumerate(column)}
        for sweep in range(8):
            for column in columns[1:] if sweep % 2 == 0 else columns[-2::-1]:
                if column is columns[0]:
                    continue  # inputs keep the order of the table
                near = {
                    v: [height[b if a == v else a] for a, b in links if v in (a, b) and (sweep % 2 == 1) == (a == v)]
                    for v in column
                }
                column.sort(key=lambda v, near=near: -np.mean(near[v]) if near[v] else -height[v])  # type: ignore[misc]
                for k, v in enumerate(column):
                    height[v] = (len(column) - 1) / 2 - k
            for k, v in enumerate(columns[0]):
                height[v] = (len(columns[0]) - 1) / 2 - k
        self.at = {v: (1.55 * c, 0.85 * height[v]) for c, column in enumerate(columns) for v in column}

    def draw(self, ax: Axes, names: list[str], target: str) -> None:
        radius, gap = 0.24, 0.06
        for chain, (_, _, operation) in zip(self.chains, self.edges, strict=True):
            points = [np.array(self.at[v]) for v in chain]
            points[0] = points[0] + [radius + gap / 2 if chain[0] >= self.d else gap, 0.0]
            points[-1] = points[-1] - [radius + gap / 2 if chain[-1] != self.end else gap, 0.0]
            path = _smooth(points)
            color = "#404040" if operation else GREY
            ax.add_patch(
                FancyArrowPatch(path=path, arrowstyle="-|>", mutation_scale=10, color=color, linewidth=1.1,
                                fill=True, capstyle="butt", joinstyle="miter", zorder=1)
            )  # fmt: skip
        for text, place in self._labels():
            ax.text(*place, text, ha="center", va="center", fontsize=8.5, zorder=3,
                    bbox={"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none"})  # fmt: skip
        for v, place in self.at.items():
            if isinstance(v, tuple):
                continue
            if v < self.d:
                known = v in self.used
                _box(ax, names[v], place, "right", _FILLS["input"] if known else "white", "black" if known else LIGHT)
            elif v == self.end:
                _box(ax, target, place, "left", _FILLS["output"], "black")
            else:
                aggregator = self.aggregators[v - self.d]
                ax.add_patch(Circle(place, radius, facecolor=_FILLS[aggregator], edgecolor="#404040", zorder=2))
                ax.text(*place, MARKS[aggregator], ha="center", va="center", fontsize=12, zorder=4)
                ax.text(place[0], place[1] - radius - 0.05, f"$k_{{{v - self.d + 1}}}$", ha="center", va="top",
                        fontsize=9, color=GREY, zorder=4)  # fmt: skip
        heights = [y for _, y in self.at.values()]
        ax.set_xlim(-0.1 * max(map(len, names)) - 0.3, 1.55 * self.depth + 0.1 * len(target) + 0.4)
        ax.set_ylim(min(heights) - 0.65, max(heights) + 0.5)
        ax.set_aspect("equal")
        ax.set_axis_off()

    def _labels(self) -> list[tuple[str, tuple[float, float]]]:
        """Each label on its edge, where it is farthest from the labels set before and from the nodes."""
        placed: list[tuple[float, float, float]] = []
        solid = [(*p, 0.3) for v, p in self.at.items() if not isinstance(v, tuple)]
        labels = []
        for chain, (_, _, operation) in zip(self.chains, self.edges, strict=True):
            if not operation:
                continue
            path = _smooth([np.array(self.at[v]) for v in chain])
            line = np.asarray(path.to_polygons(closed_only=False)[0])
            half = 0.04 * len(operation) + 0.08
            best, most = (0.0, 0.0), -np.inf
            for share in (0.5, 0.42, 0.58, 0.35, 0.65, 0.28, 0.72):
                x, y = line[round(share * (len(line) - 1))]
                free = [max(abs(x - a) / (half + b), abs(y - c) / 0.26) for a, c, b in placed]
                free += [max(abs(x - a) / (half + b), abs(y - c) / 0.4) for a, c, b in solid]
                room = min([1.0, *free]) - 0.1 * abs(share - 0.5)
                if room > most:
                    best, most = (float(x), float(y)), room
            placed.append((*best, half))
            labels.append((operation, best))
        return labels


def _smooth(points: list[np.ndarray]) -> Path:
    """Cubic curves through the points, horizontal at each."""
    vertices, codes = [points[0]], [Path.MOVETO]
    for a, b in pairwise(points):
        reach = np.array([0.5 * (b[0] - a[0]), 0.0])
        vertices += [a + reach, b - reach, b]
        codes += [Path.CURVE4] * 3
    return Path(vertices, codes)


def _box(ax: Axes, text: str, place: tuple[float, float], side: Any, fill: str, color: str) -> None:
    ax.text(*place, text, ha=side, va="center", fontsize=10, color=color, zorder=4,
            bbox={"boxstyle": "round,pad=0.35", "facecolor": fill, "edgecolor": color, "linewidth": 0.9})  # fmt: skip
