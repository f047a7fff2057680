"""Options that choose another equation of a front, and the model that has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer

from eqdarts.errors import InputDataError

if TYPE_CHECKING:
    from eqdarts.estimator import DARTSRegressor

Model = Annotated[Path, typer.Argument(metavar="MODEL.json", help="A model that 'eqdarts fit --output' wrote.")]


Output = Annotated[
    str | None, typer.Option("--target", metavar="COLUMN", help="Of a model of several targets, only this one.")
]


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

    def apply(self, model: Any) -> Any:
        """The model, which has the chosen equation from now on."""
        if self != Choosing():
            model.select(self.index, complexity=self.complexity, form=self.form)
        return model

    def load(self, path: Path, target: str | None = None) -> Any:
        """A model of either kind from a file, or that of one of its targets, with the chosen equation."""
        from eqdarts.loading import load_model

        model: Any = load_model(path)
        if target is not None:
            model = model.output(target)
        check_targets([one.target_name_ for one in model.outputs_], self)
        return self.apply(model)

    def load_for(self, path: Path, target: str | None) -> DARTSRegressor:
        """The model of one target from a file, with the chosen equation; that of a file of one, whatever is asked."""
        from eqdarts.estimator import DARTSRegressor

        model = DARTSRegressor.load(path)
        if len(model.outputs_) > 1:
            if target is None:
                names = ", ".join(one.target_name_ for one in model.outputs_)
                raise InputDataError(f"--target COLUMN: the model has the targets {names}; name one of them")
            model = model.output(target)
        return self.apply(model)


def check_targets(targets: Sequence[str], choosing: Choosing, shared_graph: bool = False) -> None:
    """Refuse the choice of an equation where it is not said of which target, and a target that is named twice.

    shared_graph: are several targets to have one structure?
    """
    if shared_graph and len(targets) < 2:
        raise InputDataError("--shared-graph is for several targets; give --target for each of them")
    if len(set(targets)) < len(targets):
        raise InputDataError(f"--target: {max(targets, key=targets.count)!r} is named twice; name each column once")
    if len(targets) > 1 and choosing != Choosing():
        raise InputDataError(
            f"--select, --complexity and --form are for one target, and here are {', '.join(targets)}; choose from the "
            "saved model, with --target and one of them"
        )
