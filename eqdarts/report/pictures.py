"""Which pictures of eqdarts.plots a report shows, of how many rows, and what is to be seen in each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from eqdarts import plots
from eqdarts.equation.equation import Equation
from eqdarts.formula.visible import visible
from eqdarts.losses.noise import LossNoise
from eqdarts.report.drawings import Sheet
from eqdarts.report.table import Rows, thinned

#: Bounds of the size of a report, and of the time to make it (not tuned): equations with pictures, columns of an
#: equation with pictures of their own, rows that are drawn, and rows that are drawn as shapes and not as pixels.
MOST_LAWS, MOST_COLUMNS, MOST_ROWS, MOST_SHAPES = 10, 4, 20_000, 300
_CREDIBLE, _MOST_CREDIBLE = 0.05, 4  # equations whose pictures are all drawn: the chosen one, and such rivals
_BROAD = 2.0  # width over height
_RESOLUTION = 150  # dots per inch of points that are pixels


@dataclass(frozen=True)
class Picture:
    """A picture with its title and what it shows.

    Attributes
    ----------
    title : str
    drawing : Markup
    caption : str
    wide : bool
        Does it take the place of two?
    broad : bool
        Would a phone show it too small to be read, so that it is moved there to be seen?
    """

    title: str
    drawing: Markup
    caption: str
    wide: bool = False
    broad: bool = False


def shown_laws(model: Any) -> tuple[int, ...]:
    """Rows of the front that get pictures: the chosen one, the most probable, and those next to it in size."""
    best, laws = model.best_index_, range(len(model.front_))
    order = sorted(laws, key=lambda i: (i != best, -(model.front_[i].probability or 0.0), abs(i - best)))
    return tuple(order[:MOST_LAWS])


def credible_laws(model: Any) -> frozenset[int]:
    """Those of them all of whose pictures are drawn."""
    first, *others = shown_laws(model)
    probable = [i for i in others if (model.front_[i].probability or 0.0) >= _CREDIBLE]
    return frozenset([first, *probable[: _MOST_CREDIBLE - 1]])


def of_law(model: Any, index: int, rows: Rows | None, sheet: Sheet) -> tuple[Picture, ...]:
    """Fit, residuals, responses, constants and graph of an equation; those that there are rows for."""
    equation = model.front_[index]
    if equation.by_group is not None:
        caption = "The rows of each group, and the equation with the constants of this group."
        drawn_groups = partial(_of_groups, model, index)
        can = getattr(model, "_groups", None) is not None
        return (_picture(sheet, "Groups", caption, drawn_groups, wide=True),) if can else ()
    credible = index in credible_laws(model)
    drawn = [] if rows is None else list(_of_rows(model, index, equation, rows, credible))
    if equation.n_constants and credible:
        caption = "Each constant with its standard error and its 95 % interval."
        drawn.append(("Constants", caption, partial(plots.plot_constants, model, index=index)))
    if equation.genotype is not None:
        caption = (
            "The graph from which the equation was read, before it was written as plainly as the rows allow: columns "
            "on the left, the target on the right; Σ adds what comes in, Π multiplies it."
        )
        drawn.append(("The graph behind it", caption, partial(plots.plot_graph, model, index=index)))
    return tuple(_picture(sheet, title, caption, draw) for title, caption, draw in drawn)


def _of_groups(model: Any, index: int) -> Axes:
    axes: Axes = plots.plot_groups(model, index=index).axes[0]
    return axes


def of_search(model: Any, sheet: Sheet) -> tuple[Picture, ...]:
    """How α moved towards the chosen law, if the model remembers it."""
    if not np.size(model.alpha_history_) or model.genotype_ is None:
        return ()
    caption = (
        "The graph of the law at some epochs of the search. The wider a line is, the more the search preferred to have "
        "this function there; grey lines are other functions. At the end stands the law itself."
    )
    return (_picture(sheet, "How α moved", caption, partial(plots.plot_alpha, model), wide=True),)


def _of_rows(
    model: Any, index: int, equation: Equation, rows: Rows, credible: bool
) -> Iterator[tuple[str, str, Callable[[], Axes]]]:
    """Title, caption and what draws it, of each picture; of an equation that hardly is the law two of them."""
    some = thinned(rows, MOST_ROWS, rows.y - equation.predict(rows.X))
    used, target = list(equation.formula.used), visible(equation.target)
    given: dict[str, Any] = {"X": some.X, "y": some.y, "index": index}
    of_rows, of_law = (
        "About 95 % of the rows should be within the band.",
        "A band is that of the equation, not of rows.",
    )
    band = of_law if isinstance(model.noise_, LossNoise) else of_rows
    if len(used) <= 1:
        yield "Fit", f"The equation and the rows. {band}", partial(plots.plot_fit, model, **given, title=False)
    else:
        caption = f"On the line, what the equation predicts is what was observed. {band}"
        yield "Predicted and observed", caption, partial(plots.plot_parity, model, **given, title=False)
    caption = "What the equation leaves, row by row: if it is the law, there is no pattern in it."
    yield "Residuals in the order of rows", caption, partial(plots.plot_residuals, model, **given)
    if not credible:
        return
    for name in [*used, *(name for name in equation.columns if name not in used)][:MOST_COLUMNS]:
        unused = "" if name in used else " The equation does not use it: a pattern here says that it should."
        caption = f"What the equation leaves, along {visible(name)}.{unused}"
        yield f"Residuals along {visible(name)}", caption, partial(plots.plot_residuals, model, **given, column=name)
    for name in used[:MOST_COLUMNS] if len(used) > 1 else ():
        caption = (
            f"How {target} answers to {visible(name)} alone, the other columns held at their medians; each row stands "
            "as far from the curve as its residual."
        )
        yield f"Response to {visible(name)}", caption, partial(plots.plot_response, model, **given, column=name)


def _picture(sheet: Sheet, title: str, caption: str, draw: Callable[[], Axes], wide: bool = False) -> Picture:
    """One that cannot be drawn, as of numbers whose squares leave the range of doubles, says so in its place."""
    try:
        ax = draw()
        figure = ax.get_figure(root=True)
        assert isinstance(figure, Figure)
        figure.set_dpi(_RESOLUTION)
        ax.set_title("")  # the page has titles of its own
        for points in (p for axes in figure.axes for p in axes.collections if isinstance(p, PathCollection)):
            points.set_rasterized(len(np.asarray(points.get_offsets())) > MOST_SHAPES)
        across, high = figure.get_size_inches()
        return Picture(title, sheet.draw(figure, title), caption, wide, wide or across > _BROAD * high)
    except (ValueError, ArithmeticError) as error:
        return Picture(title, Markup(), f"This picture cannot be drawn ({visible(str(error))}).", wide)
