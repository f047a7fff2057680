"""Options that keep a search in a file, and go on from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer

from eqdarts.cli.messages import say
from eqdarts.errors import InputDataError

if TYPE_CHECKING:
    from eqdarts.estimator import DARTSRegressor


@dataclass(frozen=True)
class Keeping:
    """Where a search is kept while it runs."""

    PANEL: ClassVar[str] = "The search"
    checkpoint: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep the search in this file while it runs.")
    ] = None
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on with the search in the file of --checkpoint, or begin if there is none."),
    ] = False

    def check(self) -> None:
        """Refuse to go on from no file."""
        if self.resume and self.checkpoint is None:
            raise InputDataError("--resume: it goes on from the file of --checkpoint; give that too")

    def fit(self, model: DARTSRegressor, X: Any, y: Any, **beside: Any) -> DARTSRegressor:
        """The model, fitted; anew or from where the search in the file stood."""
        if self.checkpoint is None:
            return model.fit(X, y, **beside)
        path = str(self.checkpoint)
        if self.resume and self.checkpoint.exists():
            options = {name: value for name, value in model.get_params(deep=False).items() if name != "checkpoint"}
            return type(model).resume(path, X, y, **beside, **options)
        if self.resume:
            say(f"{path} is not there yet; the search begins")
        return model.set_params(checkpoint=path).fit(X, y, **beside)
