"""Pictures of a classifier: are its probabilities right, which classes does it confuse, and how do they go with x."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes

from eqdarts.data import rows_of
from eqdarts.errors import InputDataError, check_range, kept_warnings, shown, warn
from eqdarts.formula.visible import visible
from eqdarts.plots.axes import along, dress, label, scaled
from eqdarts.plots.fonts import plain
from eqdarts.plots.style import BLUE, GREY, LIGHT, RED, SMALL, bare, new_axes, note, shortened

_WILSON = 1.96  # standard deviations: limits hold the true share in 95 % of cases
_MOST_SHOWN = 30  # classes of a confusion table whose counts can be read
_DARK = 0.55  # of the greatest share of a row, from which counts are white


@dataclass(frozen=True, eq=False)
class Judged:
    """Rows with their classes and what the model says of them; those where it says nothing are left out.

    Attributes
    ----------
    X : array [n, d]
    own : int array [n]
        The place of each row's class; of shares that of the greatest.
    shares : array [n, K]
    probabilities : array [n, K]
    """

    X: np.ndarray
    own: np.ndarray
    shares: np.ndarray
    probabilities: np.ndarray

    def __len__(self) -> int:
        return len(self.own)


def judged(model: Any, X: Any = None, y: Any = None, index: int | None = None) -> Judged:
    """These rows, or those of the fit.

    Raises
    ------
    InputDataError
        If only one of X and y is given, or a label is none of the classes.
    """
    if (X is None) != (y is None):
        raise InputDataError("give X and y, or none of them for the training rows")
    if X is None:
        X, y = model.training_rows()
    shares = _shares(model, y)
    with kept_warnings():
        probabilities = model.predict_proba(X, index)
    if len(probabilities) != len(shares):
        raise InputDataError(f"X has {len(probabilities)} rows and y has {len(shares)}; give one label for each row")
    defined = np.isfinite(probabilities).all(axis=1)
    if not defined.all():
        warn(f"{int((~defined).sum())} of {len(defined)} rows are left out, as a score is not defined there")
    columns = model.front_[0].equations[0].columns
    used = {name for one in model.front_ for name in one.used}
    rows = rows_of(X, columns, [name for name in columns if name in used])
    return Judged(rows[defined], shares[defined].argmax(axis=1), shares[defined], probabilities[defined])


def _shares(model: Any, y: Any) -> np.ndarray:
    """Of each class [n, K], of labels or shares."""
    given = np.asarray(y)
    if given.ndim == 2 and given.shape[1] == len(model.classes_):
        return given.astype(float)
    labels = [str(label) for label in given.reshape(-1).tolist()]  # a file has text where the fit may have had numbers
    known = {str(name): k for k, name in enumerate(model.classes_.tolist())}
    unknown = next((row for row, name in enumerate(labels) if name not in known), None)
    if unknown is not None:
        there = ", ".join(map(shown, list(known)[:20]))
        raise InputDataError(f"y: {shown(labels[unknown])} (row {unknown}) is no class of the model; there are {there}")
    return (np.array([known[name] for name in labels])[:, None] == np.arange(len(known))).astype(float)


def plot_calibration(
    model: Any, X: Any = None, y: Any = None, ax: Axes | None = None, index: int | None = None, bins: int = 10
) -> Axes:
    """How often a class occurs among rows that were given it with about the same probability.

    On the diagonal probabilities mean what they say. Rows are sorted by probability into as many groups of about the
    same number; bars are 95 % limits of a share of so many rows (Wilson 1927), and the columns below say how many
    rows have which probability. With more than two classes there is a curve for each, of that class against all others.

    Parameters
    ----------
    model : fitted DARTSClassifier
    X : DataFrame or array [n, d], optional
    y : array [n] of labels, or [n, K] of shares, optional
        By default both are the training rows, on which any model looks a little better than on new ones.
    ax : Axes, optional
    index : int, optional
        A row of ``model.equations_``; by default the chosen one.
    bins : int
        Groups at the most, from 2 to 100.

    Returns
    -------
    Axes
    """
    check_range("bins", bins, 2, 100, integer=True)
    found = judged(model, X, y, index)
    ax = new_axes((5.2, 5.2)) if ax is None else ax
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=1.0, linestyle=(0, (4, 3)), zorder=1)
    classes = [1] if len(model.classes_) == 2 else list(range(len(model.classes_)))
    colors = _colors(len(classes))
    names = [visible(str(name)) for name in model.classes_.tolist()]
    _histogram(ax, found.probabilities[:, classes], colors)
    for k, color in zip(classes, colors, strict=True):
        said, true, counts = _groups(found.shares[:, k], found.probabilities[:, k], int(bins))
        low, high = _limits(true, counts)
        ax.errorbar(said, true, yerr=[true - low, high - true], color=color, marker="o", markersize=5, linewidth=1.4,
                    elinewidth=1.0, capsize=2.5, zorder=3, label=_short(names[k]), gid=f"class-{k}")  # fmt: skip
    if len(classes) > 1:
        ax.legend(loc="upper left", fontsize=SMALL, frameon=False)
    ax.set_xlim(-0.02, 1.02)
    ax.set_ylim(-0.02, 1.02)
    what = f"probability of {names[1]}" if len(classes) == 1 else "probability of the class"
    label(ax, "x", what)
    label(ax, "y", "share of rows that are it")
    note(ax, f"{len(found):,} rows", "lower right")
    bare(ax)
    return ax


def _short(name: str) -> str:
    return plain(shortened(name, 110, SMALL, 1))


def _groups(shares: np.ndarray, probabilities: np.ndarray, bins: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean probability, share, and number of rows of each group [m], by quantiles.

    scikit-learn's `calibration_curve` has the same of labels, without the numbers of rows.
    """
    edges = np.percentile(probabilities, np.linspace(0, 100, bins + 1))
    place = np.searchsorted(edges[1:-1], probabilities)
    counts = np.bincount(place, minlength=bins)
    filled = counts > 0
    said, true = (np.bincount(place, values, minlength=bins)[filled] for values in (probabilities, shares))
    return said / counts[filled], true / counts[filled], counts[filled]


def _limits(share: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Between which a share of n rows leaves the true one (Wilson 1927)."""
    z = _WILSON**2 / n
    middle = (share + z / 2) / (1 + z)
    half = np.sqrt(z * (share * (1 - share) + z / 4)) / (1 + z)
    return np.minimum(middle - half, share), np.maximum(middle + half, share)


def _histogram(ax: Axes, probabilities: np.ndarray, colors: list[Any]) -> None:
    """How many rows have which probability, along the lower edge."""
    counts = np.array([np.histogram(column, bins=25, range=(0, 1))[0] for column in probabilities.T])
    edges = np.linspace(0, 1, 26)
    for column, color in zip(counts, colors, strict=True):
        ax.stairs(0.16 * column / max(1, counts.max()) - 0.02, edges, baseline=-0.02, fill=True, color=color,
                  alpha=0.28 if len(colors) == 1 else 0.18, zorder=0)  # fmt: skip


def _colors(count: int) -> list[Any]:
    """As many that are told apart; blue, red and grey first."""
    if count <= 3:
        return [BLUE, RED, GREY][:count]
    return [colormaps["viridis"](place) for place in np.linspace(0.0, 0.92, count)]


def plot_confusion(model: Any, X: Any = None, y: Any = None, ax: Axes | None = None, index: int | None = None) -> Axes:
    """How many rows of each class the model takes for which: a row of the picture is a class, the diagonal is right.

    Parameters
    ----------
    model : fitted DARTSClassifier
    X, y, index
        As in `plot_calibration`.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    found = judged(model, X, y, index)
    ax = new_axes((5.2, 4.8)) if ax is None else ax
    names = [visible(str(name)) for name in model.classes_.tolist()]
    counts = np.zeros((len(names), len(names)), dtype=int)
    np.add.at(counts, (found.own, found.probabilities.argmax(axis=1)), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for i, j in np.ndindex(*counts.shape) if len(names) <= _MOST_SHOWN else ():
        ax.text(j, i, f"{counts[i, j]:,}", ha="center", va="center", fontsize=10 if len(names) < 12 else SMALL,
                color="white" if shares[i, j] > _DARK else LIGHT if not counts[i, j] else "black")  # fmt: skip
    ticks = range(len(names)) if len(names) <= _MOST_SHOWN else []
    short = [plain(shortened(name, 80, SMALL, 2)) for name in names]
    ax.set_xticks(list(ticks), short[: len(ticks)], rotation=0 if len(names) < 6 else 60)
    ax.set_yticks(list(ticks), short[: len(ticks)])
    right = np.trace(counts) / max(1, counts.sum())
    label(ax, "x", f"taken for ({100 * right:.4g} % right)")
    label(ax, "y", "class of the row")
    bare(ax)
    return ax


def plot_probability(
    model: Any,
    X: Any = None,
    y: Any = None,
    column: str | None = None,
    ax: Axes | None = None,
    index: int | None = None,
) -> Axes:
    """The probability of every class along one column, the others held at their medians; below it where its rows lie.

    Parameters
    ----------
    model : fitted DARTSClassifier
    X, y, index
        As in `plot_calibration`.
    column : str, optional
        By default the first that stands in a score.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    InputDataError
        If there is no such column.
    """
    one = model.front_[model.best_index_ if index is None else index]
    columns, used = one.equations[0].columns, one.used
    name = column if column is not None else (used or columns)[0]
    if name not in columns:
        raise InputDataError(f"column={shown(name)}: there are {', '.join(map(repr, columns[:20]))}")
    found, place = judged(model, X, y, index), columns.index(name)
    ax = new_axes((5.2, 3.6)) if ax is None else ax
    values = found.X[:, place]
    values = values[np.isfinite(values)]
    if not len(values):
        values = np.array([0.0, 1.0])
    x = along(float(values.min()), float(values.max()), scaled(values))
    with kept_warnings():
        table = np.tile(np.median(found.X, axis=0), (len(x), 1))  # NaN of columns that no score needs
        table[:, place] = x
        curves = one.probabilities(table)
    names, colors = [visible(text) for text in one.classes], _colors(len(one.classes))
    for k, color in enumerate(colors):
        ax.plot(x, curves[:, k], color=color, linewidth=1.8, label=_short(names[k]))
        own = found.X[found.own == k, place]
        ax.plot(own, np.full(len(own), -0.05 - 0.045 * k), "|", color=color, markersize=5, alpha=0.5)
    dress(ax, "x", values)
    ax.set_ylim(-0.05 - 0.045 * len(colors), 1.04)
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1])
    ax.legend(loc="best", fontsize=SMALL, framealpha=0.85, edgecolor="none")
    label(ax, "x", name)
    label(ax, "y", "probability" if len(used) < 2 else "probability, others at their medians")
    bare(ax)
    return ax
