"""``eqdarts report``: a page about a saved model."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from eqdarts.cli.cells import cells_of
from eqdarts.cli.choosing import Choosing, Model, Output
from eqdarts.cli.classes import columns_of, is_classifier
from eqdarts.cli.groups import grouped
from eqdarts.cli.messages import heard
from eqdarts.cli.output import PANEL, check_file, write_pages
from eqdarts.cli.reading import Reading
from eqdarts.formula.visible import visible

EXAMPLES = """\
# The page of a law, with pictures of the table that it was fitted to.
eqdarts report results/model.json data.csv -o report.html
# The same with the equation in row 2 of the front.
eqdarts report results/model.json data.csv --select 2 --title "Springs" """


@grouped
def report(
    model: Model,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="A table with the columns of the model and the target, for the pictures."),
    ] = None,
    *,
    target: Output = None,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE.html", help="Where the page is written.", rich_help_panel=PANEL),
    ] = Path("report.html"),
    title: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What stands above the page.", rich_help_panel=PANEL)
    ] = None,
    reading: Reading,
    choosing: Choosing,
) -> None:
    """Write a page about a saved model for a browser.

    It is one file that needs no network, and shows the law, the front to click through, pictures, constants with
    errors, code, data and methods. A model of several targets makes a page for each.
    """
    check_file(output, ".html", model, *([] if file is None else [file]))
    with heard() as notes, nullcontext() if file is None else cells_of(file, reading) as cells:
        # After the table, as the import of the model takes seconds.
        found = choosing.load(model, target)
        X = y = None
        if cells is not None:
            columns, targets = columns_of(found.outputs_[0]), [one.target_name_ for one in found.outputs_]
            cells.grid.check_labels(columns)
            cells.warn_of_other_units(found.units_)
            if is_classifier(found):
                X, kept = cells.numbers(columns)
                y = cells.grid.classes(targets[0])[kept.rows]
            else:
                rows, _ = cells.numbers([*columns, *targets])
                X, y = rows[list(columns)], rows[targets[0]] if len(targets) == 1 else rows[targets]
    for page in write_pages(output, found, X, y, notes, title):
        print(f"written to {visible(str(page))}")
