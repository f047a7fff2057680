"""How α moved: the relaxed graph, in which every edge may still carry anything, fading into that of the law."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.animation import PillowWriter
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, PathPatch

from eqdarts.errors import InputDataError, check_range
from eqdarts.graph.genotype import Genotype
from eqdarts.graph.space import SearchSpace
from eqdarts.plots.fonts import in_fonts, width_of
from eqdarts.plots.graph import UNIT, short_name, target_text, vertices
from eqdarts.plots.history import alphas_of
from eqdarts.plots.layout import ACROSS, Layout
from eqdarts.plots.rows import place_of
from eqdarts.plots.style import GREY, new_paper, room_of
from eqdarts.runtime.writing import write_files

# Hues that stay apart for most readers (Paul Tol's "bright" set), for the operations of the law.
_HUES = ("#4477aa", "#ee6677", "#228833", "#aa3377", "#ccbb44", "#66ccee")
_OTHERS = "#8a8a8a"
_CANDIDATES = 2  # of an edge that are drawn beside that of the law: the weightiest
_FAINT = 0.03  # weight below which a candidate is not drawn
_FRAMES, _FADE, _HOLD = 60, 5, 6  # of an animation: epochs at the most, fading into the law, the law


@dataclass(frozen=True, eq=False)
class Course:
    """The weights of all candidates of the edges of one graph, over the epochs.

    Attributes
    ----------
    layout : Layout
        Of the graph of the law.
    names, target
        As they are drawn.
    operations : tuple of str
        The M candidates.
    edges : tuple of (int, int)
        Between the vertices of the layout: those of the law and those that it does without.
    law : int array [edges]
        The place of the operation that the law has there.
    zero : int
        The place of absence.
    weights : array [epochs, edges, M]
    epochs : int array [epochs]
    """

    layout: Layout
    names: list[str]
    target: str
    operations: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]
    law: np.ndarray
    zero: int
    weights: np.ndarray
    epochs: np.ndarray

    @property
    def agreement(self) -> np.ndarray:
        """The mean weight [epochs] of the law's operations."""
        some = self.law != self.zero
        places = np.flatnonzero(some) if some.any() else np.arange(len(self.law))
        return np.asarray(self.weights[:, places, self.law[places]].mean(axis=1))

    @cached_property
    def candidates(self) -> tuple[tuple[tuple[float, int], ...], ...]:
        """For each edge the operations that are drawn, the same in all epochs, and how far their lines bend."""
        found = []
        for own, peak in zip(self.law, self.weights.max(axis=0), strict=True):
            order = [int(m) for m in np.argsort(-peak, kind="stable") if m not in (self.zero, own)]
            kept = ([int(own)] if own != self.zero else []) + order[:_CANDIDATES]
            bends = [0.3 * ((k + 1) // 2) * (-1) ** k for k in range(len(kept))]
            found.append(tuple(zip(bends, kept, strict=True)))
        return tuple(found)

    @property
    def colors(self) -> dict[int, str]:
        """Of the law's operations; all others are grey."""
        used = dict.fromkeys(int(m) for m in self.law if m != self.zero)
        return {m: _HUES[k % len(_HUES)] for k, m in enumerate(used)}


def plot_alpha(model: Any, ax: Axes | None = None, index: int | None = None, panels: int = 3) -> Axes:
    """How the architecture weights moved towards the graph of an equation, in a few pictures beside each other.

    Each shows the nodes of the law at one epoch. The lines of an edge are its weightiest candidates, as wide and as
    dark as their weight; those of the law have colours. The last picture is the law. Above each is the mean weight of
    the law's operations. A search that starts anew is shown in the run that came nearest to the law. Graphs of the
    sampled search come from many sources beside α, so α may be far from the law when that is found.

    Parameters
    ----------
    model : fitted DARTSRegressor
    ax : Axes, optional
        As in `plot_fit`.
    index : int, optional
        A row of ``model.equations_``; by default the chosen one.
    panels : int
        Epochs that are shown, at least 1.

    Returns
    -------
    Axes

    Raises
    ------
    InputDataError
        For a model from a file, which has no history, and for an equation whose graph is not one of those that α
        speaks of, as it was found in a search of a reformulation.
    """
    check_range("panels", panels, 1, integer=True)
    course = course_of(model, index)
    shown = np.unique(np.linspace(0, len(course.epochs) - 1, int(panels)).round().astype(int))
    sizes = _Sizes.of(course)
    room = (11.0, 8.0) if ax is None else (room_of(ax) / 72, room_of(ax, "y") / 72)
    across, unit = sizes.arranged(len(shown) + 1, *room)
    wide, tall = sizes.of_grid(len(shown) + 1, across)
    if ax is None:
        unit = min(unit, 1.0)
        ax = new_paper((unit * wide, unit * tall))
    _paper(ax, sizes, wide, tall)
    scale = float(np.clip(72 * unit / UNIT, 0.5, 1.2))
    for k in range(len(shown) + 1):
        place = (sizes.step * (k % across), -sizes.height * (k // across))
        last, first = k == len(shown), k % across == 0
        names = course.names if first or sizes.short else [""] * len(course.names)
        target = course.target if last or sizes.short else ""
        epoch = int(shown[min(k, len(shown) - 1)])
        _panel(ax, course, course.weights[epoch], float(last), scale, place, names, target)
        _caption(ax, course, sizes, scale, place, None if last else epoch)
    _legend(ax, course, scale)
    in_fonts(ax)
    return ax


def animate_alpha(
    model: Any, path: str | os.PathLike[str], index: int | None = None, fps: int = 8, dpi: int = 110
) -> None:
    """The same as a moving picture: a frame for each epoch, of at most 60, and the law at the end. Written as GIF.

    Parameters
    ----------
    model : fitted DARTSRegressor
    path : str or path
        Ending in .gif.
    index : int, optional
        A row of ``model.equations_``; by default the chosen one.
    fps : int
        Frames a second.
    dpi : int
        Pixels an inch.

    Raises
    ------
    InputDataError
        As `plot_alpha`.
    EqdartsError
        If the file cannot be written.
    """
    check_range("fps", fps, 1, 50, integer=True)
    if not os.fsdecode(path).lower().endswith(".gif"):
        raise InputDataError(f"path={os.fsdecode(path)!r}: the animation is a GIF; let its name end in .gif")
    if not Path(os.fsdecode(path)).absolute().parent.is_dir():
        raise InputDataError(f"path={os.fsdecode(path)!r}: there is no such folder; make it first")
    course = course_of(model, index)
    sizes = _Sizes.of(course)
    wide, tall = sizes.of_grid(1, 1)
    ax = new_paper((wide, tall))
    figure: Any = ax.get_figure(root=True)
    shown = np.unique(np.linspace(0, len(course.epochs) - 1, _FRAMES).round().astype(int))
    frames = [(int(k), 0.0) for k in shown]
    frames += [(int(shown[-1]), (k + 1) / _FADE) for k in range(_FADE)] + [(int(shown[-1]), 1.0)] * _HOLD
    writer = PillowWriter(fps=int(fps))
    with tempfile.TemporaryDirectory() as folder:
        aside = Path(folder) / "alpha.gif"
        with writer.saving(figure, os.fspath(aside), dpi):
            for epoch, share in frames:
                ax.clear()
                _paper(ax, sizes, wide, tall)
                _panel(ax, course, course.weights[epoch], share, 72 / UNIT, (0.0, 0.0), course.names, course.target)
                _caption(ax, course, sizes, 72 / UNIT, (0.0, 0.0), None if share == 1 else epoch)
                _legend(ax, course, 72 / UNIT)
                in_fonts(ax)
                writer.grab_frame()
        write_files({path: aside.read_bytes()})


def course_of(model: Any, index: int | None = None) -> Course:
    """What α said of the edges of an equation's graph.

    Raises
    ------
    InputDataError
        As `plot_alpha`.
    """
    place = place_of(model, index)
    genotype, space = model.front_[place].genotype, model.search_space_
    history = alphas_of(model)  # [epochs, R, A, E, M]
    if genotype is None:
        raise InputDataError("this equation has no graph, so that α says nothing of it")
    if (
        genotype.inputs
        or len(genotype.operations) != len(space.edges)
        or not set(genotype.operations) <= set(space.operations)
    ):
        raise InputDataError(
            f"equation {place} was found in a search of a reformulation ({model.front_[place].origin}), whose α is not "
            "kept; plot_weights shows that of the table"
        )
    layout = Layout(genotype, space.n_inputs)
    edges = tuple(
        (i, space.n_inputs + j) for i, j in space.edges if i in layout.at and space.n_inputs + j in layout.at
    )  # fmt: skip
    places = [space.edges.index((i, j - space.n_inputs)) for i, j in edges]
    law = {(i, j): operation for i, j, operation in layout.edges}
    chosen = np.array([space.operations.index(law.get(edge, "zero")) for edge in edges], dtype=int)
    weights = _weights(model, history, space, genotype, places)  # [epochs, R, edges, M]
    epochs = np.asarray(model.history_["epoch"], dtype=int)
    if not edges:
        raise InputDataError("this equation's graph has no edges that α chooses")
    some = [k for k in range(len(edges)) if chosen[k] != space.zero] or list(range(len(edges)))
    agreement = weights[:, :, some, chosen[some]].mean(axis=2)  # [epochs, R]
    run = _run(np.asarray(model.history_["nodes"]), agreement.max(axis=1))
    replica = int(agreement[run][-1].argmax())
    return Course(
        layout, [short_name(name) for name in space.inputs], target_text(genotype, model.target_name_),
        space.operations, edges, chosen, space.zero, weights[run, replica], epochs[run],
    )  # fmt: skip


def _weights(model: Any, history: np.ndarray, space: SearchSpace, genotype: Genotype, places: list[int]) -> np.ndarray:
    """[epochs, R, edges, M], for the aggregators that the graph has."""
    rows = []
    for e in places:
        aggregator = genotype.aggregators[space.edges[e][1]]
        a = space.aggregators.index(aggregator) if aggregator in space.aggregators else 0
        rows.append(history[:, :, min(a, history.shape[2] - 1), e])
    logits = np.stack(rows, axis=2) if rows else np.zeros((*history.shape[:2], 0, history.shape[-1]))
    if getattr(model, "relaxation", None) == "sigmoid":
        return np.asarray(1 / (1 + np.exp(-np.clip(logits, -700, 700))))
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True, initial=-np.inf))
    return np.asarray(odds / odds.sum(axis=-1, keepdims=True))


def _run(nodes: np.ndarray, agreement: np.ndarray) -> slice:
    """The epochs between two new starts, which begin with fewer nodes, at whose end α was nearest to the law."""
    starts = [0, *(np.flatnonzero(np.diff(nodes) < 0) + 1), len(nodes)]
    runs = [slice(a, b) for a, b in pairwise(starts)]
    return max(runs, key=lambda run: (agreement[run][-1], run.stop))


def _panel(
    ax: Axes, course: Course, weights: np.ndarray, share: float, scale: float, place: tuple[float, float],
    names: list[str], target: str,
) -> None:  # fmt: skip
    """The graph with weights [edges, M]; share: how far it has faded into the law."""
    layout, colors = course.layout, course.colors

    def moved(path: Any) -> Any:
        copy = path.deepcopy()
        copy.vertices += place
        return copy

    if share < 1:
        for (i, j), row, candidates in zip(course.edges, weights, course.candidates, strict=True):
            for bend, m in candidates:
                if row[m] < _FAINT:
                    continue
                weight = float(row[m])
                ax.add_patch(
                    PathPatch(moved(layout.direct(i, j, bend)), fill=False, color=colors.get(int(m), _OTHERS),
                              linewidth=(0.5 + 4 * weight) * scale, alpha=(0.12 + 0.85 * weight) * (1 - share),
                              zorder=1.5 if m in colors else 1)
                )  # fmt: skip
    for k, (_, _, operation) in enumerate(layout.edges):
        color = colors[course.operations.index(operation)] if operation else GREY
        seen = share if operation else 0.6
        if seen:
            ax.add_patch(
                FancyArrowPatch(path=moved(layout.path(k)), arrowstyle="-|>", mutation_scale=9 * scale, color=color,
                                alpha=seen, linewidth=(2.2 if operation else 0.9) * scale, zorder=1.6)
            )  # fmt: skip
    vertices(ax, layout, names, target, scale, place)


@dataclass(frozen=True)
class _Sizes:
    """Of panels, in units of the layout."""

    left: float  # what names of inputs take
    right: float  # what the target takes
    depth: float
    low: float
    high: float
    short: bool  # are names so short that every panel has them?

    @classmethod
    def of(cls, course: Course) -> _Sizes:
        names, target = max(width_of(name, 10) for name in course.names), width_of(course.target, 10)
        heights = [y for _, y in course.layout.at.values()]
        depth, short = ACROSS * course.layout.depth, max(names, target) < 36.0
        arcs = [height for edge, some in zip(course.edges, course.candidates, strict=True) for bend, _ in some
                for height in course.layout.direct(*edge, bend).get_extents().intervaly]  # fmt: skip
        low, high = min([*arcs, min(heights) - 0.5]) - 0.1, max([*arcs, max(heights) + 0.35]) + 0.75
        return cls(names / UNIT + 0.4, target / UNIT + 0.5, depth, low, high, short)

    @property
    def step(self) -> float:
        """From panel to panel."""
        return self.depth + (self.left + self.right + 0.3 if self.short else 0.8)

    @property
    def height(self) -> float:
        return self.high - self.low

    def of_grid(self, panels: int, across: int) -> tuple[float, float]:
        """Width and height of so many panels, and the legend."""
        return self.left + self.step * (across - 1) + self.depth + self.right, self.height * -(-panels // across) + 0.4

    def arranged(self, panels: int, width: float, height: float) -> tuple[int, float]:
        """How many stand beside each other on so much paper, so that they are largest; and the inches of a unit."""
        fits = []
        for across in range(panels, 0, -1):
            wide, tall = self.of_grid(panels, across)
            fits.append((across, min(width / wide, height / tall)))
        return max(fits, key=lambda fit: (round(fit[1], 3), -fit[0]))


def _paper(ax: Axes, sizes: _Sizes, wide: float, tall: float) -> None:
    ax.set_xlim(-sizes.left, wide - sizes.left)
    ax.set_ylim(sizes.high - tall, sizes.high)
    ax.set_aspect("equal")
    ax.set_axis_off()


def _caption(
    ax: Axes, course: Course, sizes: _Sizes, scale: float, place: tuple[float, float], epoch: int | None
) -> None:
    """Which epoch it is, and how near to the law; None: the law."""
    x, y = place[0] + sizes.depth / 2, place[1] + sizes.high
    title = "the law" if epoch is None else f"epoch {course.epochs[epoch]}"
    ax.text(x, y - 0.08, title, ha="center", va="top", fontsize=11 * scale)
    if epoch is not None:
        share = f"weight of the law's operations: {100 * course.agreement[epoch]:.0f} %"
        ax.text(x, y - 0.36, share, ha="center", va="top", fontsize=8.5 * scale, color=GREY)


def _legend(ax: Axes, course: Course, scale: float) -> None:
    lines = [Line2D([], [], color=c, linewidth=2.5, label=course.operations[m]) for m, c in course.colors.items()]
    lines.append(Line2D([], [], color=_OTHERS, linewidth=2.5, alpha=0.5, label="other candidates"))
    ax.legend(handles=lines, frameon=False, loc="lower center", ncols=len(lines), fontsize=9 * scale,
              borderaxespad=0.2, handlelength=1.4)  # fmt: skip
