"""Options of a search, and the model that has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer

from eqdarts.cli.reading import names
from eqdarts.errors import InputDataError

if TYPE_CHECKING:
    from eqdarts.classifier import DARTSClassifier
    from eqdarts.estimator import DARTSRegressor

PANEL = "The search"

Seed = Annotated[
    int,
    typer.Option(
        metavar="N", min=0, max=2**32 - 1, help="Seed of every random number.", show_default=True, rich_help_panel=PANEL
    ),
]
Noise = Annotated[
    str,
    typer.Option(
        metavar="FORM",
        help="How errors grow with the value: additive, proportional, poisson or auto.",
        rich_help_panel=PANEL,
    ),
]
Template = Annotated[
    str | None,
    typer.Option(
        metavar="LAW",
        help="A law of which parts are known: 'a*x1 + f(x2, x3)'. Functions and constants are found.",
        rich_help_panel=PANEL,
    ),
]
SharedGraph = Annotated[
    bool,
    typer.Option(
        "--shared-graph",
        help="Of several targets: one structure for all, with constants of each.",
        rich_help_panel=PANEL,
    ),
]
Loss = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="What is made small: squared, absolute, huber, log_cosh, quantile:0.9, poisson, negative_binomial, "
        "binomial (with trials as --weights) or bernoulli.",
        rich_help_panel=PANEL,
    ),
]
Units = Annotated[
    str | None,
    typer.Option(
        metavar="NAME=UNIT,…",
        help="Units of columns and target, such as 'm=kg,v=m/s,E=J', or header: those in the names.",
        rich_help_panel=PANEL,
    ),
]


def named_units(text: str | None) -> dict[str, str] | str | None:
    """A unit by the name of each column; a pair that contains a comma is quoted, as in a CSV file."""
    if text is None or text.strip() == "header":
        return None if text is None else "header"
    pairs = [pair.rpartition("=") for pair in names("--units", text) or ()]
    for name, sign, unit in pairs:
        if not sign or not name.strip():
            raise InputDataError(f"--units: {name or unit!r}: expected NAME=UNIT, such as v=m/s, or header")
    return {name.strip(): unit.strip() for name, _, unit in pairs}


def named_loss(text: str) -> Any:
    """A loss by its name, with the number that may follow it: quantile:0.9, huber:2 or negative_binomial:0.5."""
    from eqdarts.losses import Huber, NegativeBinomial, Quantile, loss_of

    name, colon, number = text.partition(":")
    if not colon:
        return loss_of(text)
    made = {"quantile": Quantile, "huber": Huber, "negative_binomial": NegativeBinomial}
    if name not in made:
        raise InputDataError(f"--loss {text}: a number may follow {', '.join(made)} only")
    try:
        value = float(number)
    except ValueError:
        raise InputDataError(f"--loss {text}: expected a number after the colon, such as quantile:0.9") from None
    return made[name](value)


@dataclass(frozen=True)
class Searching:
    """What is searched, and for how long."""

    PANEL: ClassVar[str] = PANEL
    max_time: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, help="After these the best equation so far is printed.")
    ] = 60.0
    max_epochs: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Epochs of the search; unlike seconds, they repeat.")
    ] = None
    max_fits: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Graphs that are fitted in each search; they repeat too.")
    ] = None
    max_memory: Annotated[
        str | None, typer.Option(metavar="SIZE", help="By how much the process may grow, such as '2 GB'.")
    ] = None
    max_complexity: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Only equations with at most so many nodes.")
    ] = None
    operations: Annotated[
        str | None, typer.Option(metavar="A,B,…", help="Candidate operations; see 'eqdarts operations'.")
    ] = None
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress bar.")] = False

    def operation_names(self) -> tuple[str, ...] | None:
        """The candidate operations, if they were named."""
        return names("--operations", self.operations)

    def model(
        self,
        seed: int,
        noise: str = "additive",
        units: str | None = None,
        template: str | None = None,
        loss: str = "squared",
        known: Mapping[str, Any] | None = None,
        shared_graph: bool = False,
    ) -> DARTSRegressor:
        """A model of these options, not yet fitted. Its import takes seconds. known: what is known of the law"""
        from eqdarts.estimator import DARTSRegressor

        return DARTSRegressor(
            max_time=self.max_time,
            max_epochs=self.max_epochs,
            max_fits=self.max_fits,
            max_memory=self.max_memory,
            max_complexity=self.max_complexity,
            random_state=seed,
            operations=self.operation_names(),
            loss=loss if ":" not in loss else named_loss(loss),
            noise=noise,
            units=named_units(units),
            template=template,
            shared="graph" if shared_graph else None,
            **(known or {}),
            verbose=0 if self.quiet else 1,
        )

    def classifier(self, seed: int) -> DARTSClassifier:
        """The same for classes."""
        from eqdarts.classifier import DARTSClassifier

        return DARTSClassifier(
            max_time=self.max_time,
            max_epochs=self.max_epochs,
            max_fits=self.max_fits,
            max_memory=self.max_memory,
            max_complexity=self.max_complexity,
            random_state=seed,
            operations=self.operation_names(),
            verbose=0 if self.quiet else 1,
        )
