"""Pages: what a scientist looks at first, for the data at hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eqdarts.data.outputs import columns_of
from eqdarts.equation.listing import percent
from eqdarts.losses.noise import LossNoise
from eqdarts.plots.axes import number
from eqdarts.plots.classes_page import class_page
from eqdarts.plots.fit import how_much, plot_fit, plot_parity
from eqdarts.plots.fonts import in_fonts, plain
from eqdarts.plots.front import plot_front
from eqdarts.plots.groups import plot_groups
from eqdarts.plots.residuals import plot_residuals
from eqdarts.plots.response import plot_response
from eqdarts.plots.rows import Rows, equation_at, exact, rows, used_columns
from eqdarts.plots.style import GREY, new_page, note
from eqdarts.plots.writing import law

_MOST = 6  # columns that have pictures of their own
_ACROSS = 3


def plot(model: Any, X: Any = None, y: Any = None, index: int | None = None) -> Figure:
    """The page for the data at hand, under the equation.

    With one column in it: fit, residuals and front. With several: predicted against observed, the front, and for each
    column the response and the residuals. Of a model of several outputs: fit and front of each. Of a classifier:
    calibration, confusion, the front, and probabilities. Of groups: what `plot_groups` draws.

    Parameters
    ----------
    model : fitted DARTSRegressor or DARTSClassifier
    X, y, index
        As in `plot_fit`.

    Returns
    -------
    Figure
        Ready for ``savefig``; pyplot does not know it.
    """
    if hasattr(model, "classes_"):
        return class_page(model, X, y, index)
    if _has_several(model) and index is None:
        return _of_outputs(model, X, y)
    if equation_at(model, index).by_group is not None:
        return plot_groups(model, X, y, index=index)
    found = rows(model, X, y, index)
    if len(used_columns(found.equation)) <= 1:
        return _of_one(model, X, y, index, found)
    return _of_several(model, X, y, index, found)


def overview(model: Any, X: Any = None, y: Any = None, index: int | None = None) -> Figure:
    """Fit and front side by side, under the equation; of a model of several outputs below one another.

    Parameters
    ----------
    model : fitted DARTSRegressor
    X, y, index
        As in `plot_fit`.

    Returns
    -------
    Figure
        Ready for ``savefig``; pyplot does not know it.
    """
    if hasattr(model, "classes_"):
        return class_page(model, X, y, index)
    if _has_several(model) and index is None:
        return _of_outputs(model, X, y)
    if equation_at(model, index).by_group is not None:
        return plot_groups(model, X, y, index=index)
    found = rows(model, X, y, index)
    figure = new_page((10.4, 4.6))
    left, right = figure.subplots(1, 2)
    plot_fit(model, X, y, ax=left, index=index, title=False)
    _head(figure, found, 10.4)
    plot_front(model, ax=right, index=index, chosen=False)
    return figure


def _has_several(model: Any) -> bool:
    return len(getattr(model, "outputs_", ())) > 1


def _of_outputs(model: Any, X: Any, y: Any) -> Figure:
    """A band for each output: the equation against the data, and the front."""
    outputs = model.outputs_
    columns = [None] * len(outputs) if y is None else columns_of(y, [one.target_name_ for one in outputs])
    figure = new_page((10.4, 4.4 * len(outputs)))
    axes = figure.subplots(len(outputs), 2, squeeze=False)
    for one, column, (left, right) in zip(outputs, columns, axes, strict=True):
        plot_fit(one, X, column, ax=left)
        plot_front(one, ax=right, chosen=False)
    return figure


def _of_one(model: Any, X: Any, y: Any, index: int | None, found: Rows) -> Figure:
    figure, used = new_page((10.8, 6.2)), used_columns(found.equation)
    grid = figure.add_gridspec(2, 2, height_ratios=(2.4, 1), width_ratios=(1, 1))
    front = figure.add_subplot(grid[:, 1])
    if used or found.X.shape[1] == 1:
        fit = figure.add_subplot(grid[0, 0])
        rest = figure.add_subplot(grid[1, 0], sharex=fit)
        plot_fit(model, X, y, ax=fit, index=index, title=False)
        plot_residuals(model, X, y, column=used[0] if used else 0, ax=rest, index=index)
        fit.set_xlabel("")
        fit.tick_params(labelbottom=False)
    else:  # a constant of many columns: its residuals would be the same picture
        plot_fit(model, X, y, ax=figure.add_subplot(grid[:, 0]), index=index, title=False)
    _head(figure, found, 10.8)
    plot_front(model, ax=front, index=index, chosen=False)
    return figure


def _of_several(model: Any, X: Any, y: Any, index: int | None, found: Rows) -> Figure:
    columns, left_out = _shown_columns(found)
    bands = -(-len(columns) // _ACROSS)
    width, height = 10.8, 4.4 + 4.6 * bands
    figure = new_page((width, height))
    ratios = [4.0, *([2.6, 1.7] * bands)]
    grid = figure.add_gridspec(1 + 2 * bands, 6, height_ratios=ratios)
    parity, front = figure.add_subplot(grid[0, :3]), figure.add_subplot(grid[0, 3:])
    plot_parity(model, X, y, ax=parity, index=index, title=False)
    across = min(_ACROSS, len(columns))
    step = 6 // across
    responses: list[Axes] = []
    for k, column in enumerate(columns):
        row, place = 1 + 2 * (k // across), step * (k % across)
        above = figure.add_subplot(grid[row, place : place + step])
        responses.append(above)
        below = figure.add_subplot(grid[row + 1, place : place + step], sharex=above)
        plot_response(model, X, y, column, ax=above, index=index)
        plot_residuals(model, X, y, column, ax=below, index=index)
        above.set_xlabel("")
        above.tick_params(labelbottom=False)
        if place:
            for ax in (above, below):
                ax.set_ylabel("")
    _alike(responses)
    if left_out:
        note(parity, f"{left_out} more columns in it: plot_response(model, column=…)", "lower right")
    _head(figure, found, width)
    plot_front(model, ax=front, index=index, chosen=False)
    return figure


def _alike(axes: Sequence[Axes]) -> None:
    """One range of the target, so that the columns compare, unless some have a logarithmic axis and others not."""
    if len({ax.get_yscale() for ax in axes}) > 1:
        return
    low, high = zip(*(ax.get_ylim() for ax in axes), strict=True)
    for ax in axes:
        ax.set_ylim(min(low), max(high))


def _shown_columns(found: Rows) -> tuple[list[int], int]:
    """Columns with pictures of their own, in the order of the table, and how many of the equation have none.

    Those that move the prediction most come first where there are too many.
    """
    used = used_columns(found.equation)
    if len(used) <= _MOST:
        return used, 0
    middle = np.nanmedian(found.X, axis=0)
    spreads = {}
    for k in used:
        table = np.tile(middle, (len(found), 1))
        table[:, k] = found.X[:, k]
        with np.errstate(all="ignore"):
            values = found.equation.predict(table)
        spreads[k] = float(np.nanstd(values)) if np.isfinite(values).any() else 0.0
    return sorted(sorted(used, key=lambda k: -spreads[k])[:_MOST]), len(used) - _MOST


def _head(figure: Figure, found: Rows, width: float) -> None:
    """The law in large letters, and in small ones how good it is."""
    equation, defined = found.equation, found.defined
    written = law(equation, 0.94 * 72 * width, size=16.0)
    facts = [how_much(found)] if defined.any() else []
    facts.append("exact to rounding" if exact(equation) else _error(found))
    if equation.probability is not None:
        facts.append(f"probability {percent(equation.probability)}")
    facts.append(f"{len(found):,} rows")
    figure.suptitle(written.text, fontsize=written.size)
    in_fonts(figure)
    figure.supxlabel("     ".join(facts), fontsize=10, color=GREY)


def _error(found: Rows) -> str:
    if isinstance(found.noise, LossNoise):
        return found.noise.text(found.equation.loss)
    return f"error {_level(found)}"


def _level(found: Rows) -> str:
    level = found.noise.level(found.equation.loss)
    if found.noise.known is not None:
        return f"{number(level / found.noise.known, 3)} times as given"
    if found.noise.form == "proportional":
        return f"{number(100 * level, 3)} % of the value"
    if found.noise.form == "poisson":
        return f"{number(level, 3)} times √value"
    return f"{number(level, 3)} {plain(found.unit)}".rstrip()
