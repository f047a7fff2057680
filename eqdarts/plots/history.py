"""How the search went: losses and architecture weights, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from eqdarts.errors import InputDataError
from eqdarts.graph.genotype import Genotype
from eqdarts.graph.space import SearchSpace
from eqdarts.plots.fonts import plain
from eqdarts.plots.style import BLUE, GREY, LIGHT, MARKS, RED, bare, new_axes, node_name

# Twelve hues that stay apart for most readers (Paul Tol's "muted" and "bright" sets).
_HUES = ("#332288", "#88ccee", "#44aa99", "#117733", "#999933", "#ddcc77",
         "#cc6677", "#882255", "#aa4499", "#4477aa", "#ee6677", "#ccbb44")  # fmt: skip


def plot_history(model: Any, ax: Axes | None = None) -> Axes:
    """Train and validation loss per epoch, and the best loss so far; dashed lines where a node was added.

    Parameters
    ----------
    model : fitted DARTSRegressor
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = new_axes((5.4, 3.4)) if ax is None else ax
    history = model.history_
    for column, label, color, width in (
        ("train_loss", "train", BLUE, 1.0),
        ("validation_loss", "validation", RED, 1.0),
        ("best_loss", "best so far", LIGHT, 3.0),
    ):
        if column in history:
            values = history[column].where(np.isfinite(history[column]) & (history[column] > 0))
            mark = "o" if len(history) == 1 else None
            ax.plot(
                history["epoch"], values, label=label, color=color, linewidth=width, marker=mark, zorder=3 - width / 2
            )
    ax.set_yscale("log")
    if "nodes" in history:
        grown = history[history["nodes"].diff() > 0]
        near, last, line = 0.09 * np.ptp(history["epoch"]), -np.inf, 0
        for epoch, nodes in zip(grown["epoch"], grown["nodes"], strict=True):
            line = line + 1 if epoch - last < near else 0  # labels that would touch go below each other
            last = epoch
            ax.axvline(epoch, color=LIGHT, linewidth=1.0, linestyle=(0, (4, 3)), zorder=0)
            ax.annotate(f"$N={nodes:g}$", (epoch, 1.0), (3, -3 - 10 * line), xycoords=ax.get_xaxis_transform(),
                        textcoords="offset points", va="top", fontsize=8, color=GREY)  # fmt: skip
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if len(history) == 1:
        ax.set_xlim(history["epoch"].iloc[0] - 0.5, history["epoch"].iloc[0] + 0.5)
    ax.set_xlabel("epoch")
    ax.set_ylabel("loss")
    ax.legend(frameon=False)
    bare(ax)
    return ax


def plot_weights(
    model: Any, node: int | None = None, edges: Sequence[int] | None = None, replica: int = 0, ax: Axes | None = None
) -> Axes:
    """Architecture weights of some edges over the epochs, one band per edge.

    A band is as high as one. With softmax and Gumbel weights it is divided among the operations;
    with sigmoid weights each operation is a line in it. Where a node may sum or multiply, the
    weights shown are those for the aggregator of the chosen graph.

    Parameters
    ----------
    model : fitted DARTSRegressor
    node : int, optional
        Show the edges into this latent node, counted from 0; by default all edges.
    edges : sequence of int, optional
        Places in ``model.search_space_.edges``, instead of `node`.
    replica : int
        Which of the R searches; sampled graphs share one set of weights, number 0.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    space: SearchSpace = model.search_space_
    alphas_of(model)  # is there a history?
    shown = _chosen_edges(space, node, edges)
    ax = new_axes((6.4, min(9.0, 1.2 + 0.5 * len(shown)))) if ax is None else ax
    lines = getattr(model, "relaxation", None) == "sigmoid"
    weights = _edge_weights(model, shown, replica)  # [epochs, edges, M]
    peak = weights.max(axis=(0, 1))
    weighty = [int(m) for m in np.argsort(-peak, kind="stable") if peak[m] > 0.05 and m != space.zero][: len(_HUES)]
    colors = {m: _HUES[k] for k, m in enumerate(sorted(weighty))}
    colors[space.zero] = "#9a9a9a" if lines else "#ececec"
    rest = [m for m in range(weights.shape[2]) if m not in colors]
    groups = [*([m] for m in sorted(weighty)), *([rest] if rest else []), [space.zero]]
    epochs = np.asarray(model.history_["epoch"], dtype=np.float64)
    if len(epochs) == 1:
        epochs = epochs[0] + np.array([-0.5, 0.5])
    for row, band in enumerate(np.moveaxis(weights, 1, 0)):  # [epochs, M]
        band = np.repeat(band, 2, axis=0) if len(band) == 1 else band
        base = len(shown) - 1 - row + 0.06
        if lines:
            ax.axhspan(base, base + 0.88, color="#f6f6f6", zorder=0)
            for m in (*rest, *sorted(weighty), space.zero):
                ax.plot(epochs, base + 0.88 * band[:, m], color=colors.get(m, LIGHT), linewidth=1.2)
        else:
            below = np.full(len(epochs), base)
            for group in groups:
                above = below + 0.88 * band[:, group].sum(axis=1)
                ax.fill_between(epochs, below, above, color=colors.get(group[0], "#b0b0b0"), linewidth=0)
                below = above
    names = (*map(plain, space.inputs), *map(node_name, range(space.nodes)))
    marks = [MARKS[_aggregator(model, j)] if len(space.aggregators) > 1 else "" for j in range(space.nodes)]
    labels = [f"{names[i]} → {node_name(j)} {marks[j]}".rstrip() for i, j in (space.edges[e] for e in shown)]
    ax.set_yticks(np.arange(len(shown))[::-1] + 0.5, labels)
    ax.tick_params(axis="y", length=0)
    ax.set_xlim(epochs[0], epochs[-1])
    ax.set_ylim(0, len(shown))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.set_xlabel("epoch")
    handles = [Patch(color=colors[m], label=space.operations[m]) for m in (*sorted(weighty), space.zero)]
    handles += [Patch(color="#b0b0b0", label="others")] if rest else []
    ax.legend(handles=handles, frameon=False, loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0)
    bare(ax)
    ax.spines["left"].set_visible(False)
    return ax


def alphas_of(model: Any) -> np.ndarray:
    """The history of α of a model, [epochs, R, A, E, M].

    Raises
    ------
    InputDataError
        If it has none.
    """
    history = np.asarray(model.alpha_history_, dtype=np.float64)
    if history.ndim != 5 or not len(history):
        raise InputDataError(
            "there is no history of α: files, and fits with a template or groups, do not hold it, and a constant needs "
            "none; fit again"
        )
    return history


def _chosen_edges(space: SearchSpace, node: int | None, edges: Sequence[int] | None) -> list[int]:
    places = range(len(space.edges))
    if edges is not None:
        outside = [e for e in edges if e not in places]
        if outside or not len(edges):
            raise InputDataError(f"edges={list(edges)!r}: choose from 0 to {len(places) - 1}")
        return [int(e) for e in edges]
    if node is None:
        return list(places)
    if node not in range(space.nodes):
        raise InputDataError(f"node={node!r}: choose from 0 to {space.nodes - 1}")
    return list(places[space.into(node)])


def _aggregator(model: Any, node: int) -> str:
    """Of a node in the chosen graph; the first that the search space has when there is no graph."""
    genotype: Genotype | None = model.genotype_
    known: tuple[str, ...] = model.search_space_.aggregators
    if genotype is None or genotype.inputs or genotype.aggregators[node] not in known:
        return known[0]
    return genotype.aggregators[node]


def _edge_weights(model: Any, shown: list[int], replica: int) -> np.ndarray:
    """α of these edges turned into weights: [epochs, edges, M]."""
    space: SearchSpace = model.search_space_
    history = alphas_of(model)  # [epochs, R, A, E, M]
    if replica not in range(history.shape[1]):
        raise InputDataError(f"replica={replica!r}: choose from 0 to {history.shape[1] - 1}")
    alpha = history[:, replica]
    rows = []
    for e in shown:
        place = space.aggregators.index(_aggregator(model, space.edges[e][1]))
        rows.append(alpha[:, min(place, alpha.shape[1] - 1), e])
    logits = np.stack(rows, axis=1)
    if getattr(model, "relaxation", None) == "sigmoid":
        return 1 / (1 + np.exp(-np.clip(logits, -700, 700)))
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return odds / odds.sum(axis=-1, keepdims=True)
