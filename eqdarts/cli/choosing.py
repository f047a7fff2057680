"""Options that choose another equation of a front, and the model that has it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

if TYPE_CHECKING:
    from eqdarts.estimator import DARTSRegressor

Model = Annotated[Path, typer.Argument(metavar="MODEL.json", help="A model that 'eqdarts fit --output' wrote.")]


@dataclass(frozen=True)
class Choosing:
    """Which equation of the front counts; without an option the one that the model has chosen."""

    PANEL: ClassVar[str] = "The choice"
    index: Annotated[
        int | None, typer.Option("--select", "--index", metavar="ROW", help="This row of the front; the first is 0.")
    ] = None
    complexity: Annotated[
        int | None, typer.Option(metavar="N", help="The equation of the front with so many nodes.")
    ] = None
    form: Annotated[
        str | None,
        typer.Option(metavar="FORMULA", help="The equation of this form, such as 'a*exp(-k*t)'; a and k are any."),
    ] = None

    def apply(self, model: DARTSRegressor) -> DARTSRegressor:
        """The model, which has the chosen equation from now on."""
        if self != Choosing():
            model.select(self.index, complexity=self.complexity, form=self.form)
        return model

    def load(self, path: Path) -> DARTSRegressor:
        """A model from a file, with the chosen equation."""
        from eqdarts.estimator import DARTSRegressor

        return self.apply(DARTSRegressor.load(path))
