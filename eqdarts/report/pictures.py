"""Which pictures of eqdarts.plots a report shows, of how many rows, and what is to be seen in each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eqdarts import plots
from eqdarts.report.drawings import Sheet
from eqdarts.report.table import Rows, thinned

#: Bounds of the size of a report (not tuned): equations with pictures, and rows in a picture.
MOST_LAWS, MOST_ROWS = 10, 300
_SIZE, _FLAT = (5.2, 3.7), (9.0, 3.2)


@dataclass(frozen=True)
class Picture:
    """A picture with its title and what it shows."""

    title: str
    drawing: Markup
    caption: str
    wide: bool = False


def shown_laws(model: Any) -> frozenset[int]:
    """Rows of the front that get pictures: the chosen one, the most probable, and those next to it in size."""
    best, laws = model.best_index_, range(len(model.front_))
    order = sorted(laws, key=lambda i: (i != best, -(model.front_[i].probability or 0.0), abs(i - best)))
    return frozenset(order[:MOST_LAWS])


def of_law(model: Any, index: int, rows: Rows | None, sheet: Sheet) -> tuple[Picture, ...]:
    """Fit and graph of the chosen equation; that of which there are rows."""
    equation = model.front_[index]
    found = []
    if index != model.best_index_:
        return ()
    if rows is not None:
        some = thinned(rows, MOST_ROWS, rows.y - equation.predict(rows.X))
        caption = "The equation and the rows. About 95 % of them should be within the band."
        found.append(_picture(sheet, "Fit", caption, lambda ax: plots.plot_fit(model, some.X, some.y, ax=ax)))
    if equation.genotype is not None:
        caption = "The graph from which the equation was read: columns on the left, the target on the right."
        found.append(_picture(sheet, "Graph", caption, lambda ax: plots.plot_graph(model, ax=ax)))
    return tuple(found)


def of_search(model: Any, sheet: Sheet) -> tuple[Picture, ...]:
    """How α moved, if the model remembers it."""
    if not len(model.history_):
        return ()
    caption = "How well the graphs of each epoch did; below is better."
    return (_picture(sheet, "Loss over the epochs", caption, lambda ax: plots.plot_history(model, ax=ax)),)


def _picture(
    sheet: Sheet, title: str, caption: str, draw: Callable[[Axes], object], size: tuple[float, float] = _SIZE
) -> Picture:
    figure = Figure(size, layout="constrained")
    ax = figure.subplots()
    draw(ax)
    ax.set_title("")
    return Picture(title, sheet.draw(figure, title), caption, size is _FLAT)
