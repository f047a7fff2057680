"""``eqdarts show``: a saved model again, and its law in other languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from eqdarts.cli.choosing import Choosing, Model, Output
from eqdarts.cli.classes import document_of, is_classifier, written
from eqdarts.cli.document import dumps
from eqdarts.cli.groups import grouped
from eqdarts.cli.messages import heard
from eqdarts.cli.output import AsJson, print_model
from eqdarts.errors import check_choice

if TYPE_CHECKING:
    from eqdarts.estimator import DARTSRegressor

EXAMPLES = """\
# The front of a saved model, its law, constants with errors, and LaTeX.
eqdarts show results/model.json
# The front as a table for a paper (LaTeX, booktabs).
eqdarts show results/model.json --as table
# The equation in row 2 as a function in Python.
eqdarts show results/model.json --select 2 --as python > law.py"""
_KINDS = ("text", "latex", "table", "mathml", "python", "c", "excel")


@grouped
def show(
    model: Model,
    *,
    target: Output = None,
    choosing: Choosing,
    kind: Annotated[
        str | None, typer.Option("--as", metavar="KIND", help=f"Print the law only, as {', '.join(_KINDS)}.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print a saved model again, or its law in another language."""
    if kind is not None:
        check_choice("--as", kind, _KINDS)
    with heard() as warnings:
        found = choosing.load(model, target)
        if as_json:
            print(dumps(document_of(found, warnings)))
        elif kind is None:
            print_model(found)
        elif is_classifier(found):
            print(written(found, kind))
        elif kind == "latex":
            print(found.latex())
        else:
            print("\n".join(_written(one, kind) for one in found.outputs_))


def _written(model: DARTSRegressor, kind: str) -> str:
    if kind == "table":
        return model.latex_table()
    law = model.equation()
    return str(law.text() if kind == "text" else getattr(law, kind)())
