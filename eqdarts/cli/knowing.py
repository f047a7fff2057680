"""Options by which a user says what is known of the law."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import typer

from eqdarts.cli.completing import columns
from eqdarts.cli.reading import names
from eqdarts.errors import InputDataError

_COLUMNS = "A,B,…"


@dataclass(frozen=True)
class Knowing:
    """What is known of the law before the search."""

    PANEL: ClassVar[str] = "What is known"
    guess: Annotated[
        list[str] | None,
        typer.Option(metavar="FORMULA", help="A starting equation, such as 'v*c/(K + c)'; may be repeated."),
    ] = None
    constant: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="A known constant, such as R=8.314; may be repeated.")
    ] = None
    must: Annotated[
        str | None, typer.Option(metavar=_COLUMNS, autocompletion=columns, help="Columns that must stand in it.")
    ] = None
    never: Annotated[
        str | None, typer.Option(metavar=_COLUMNS, autocompletion=columns, help="Columns that must not.")
    ] = None
    increasing: Annotated[
        str | None, typer.Option(metavar=_COLUMNS, autocompletion=columns, help="Columns with which it never falls.")
    ] = None
    decreasing: Annotated[
        str | None, typer.Option(metavar=_COLUMNS, autocompletion=columns, help="Columns with which it never rises.")
    ] = None
    positive: Annotated[bool, typer.Option("--positive", help="It is above zero everywhere.")] = False
    bounds: Annotated[
        str | None,
        typer.Option(metavar="LOW,HIGH", help="It stays between; leave a side empty to open it, as in '0,'."),
    ] = None

    def options(self) -> dict[str, Any]:
        """The options of the model that say so."""
        fields: dict[str, Any] = {
            name: names(f"--{name}", getattr(self, name))
            for name in ("must", "never", "increasing", "decreasing")
            if getattr(self, name) is not None
        }
        if self.positive:
            fields["sign"] = "positive"
        if self.bounds is not None:
            fields["bounds"] = _bounds(self.bounds)
        return {
            "guesses": self.guess or None,
            "constants": dict(map(_constant, self.constant)) if self.constant else None,
            "constraints": fields or None,
        }


def _constant(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name.strip(), float(value)
    except ValueError:
        raise InputDataError(f"--constant {text!r}: expected NAME=VALUE, such as R=8.314") from None


def _bounds(text: str) -> tuple[float | None, float | None]:
    low, comma, high = text.partition(",")
    try:
        sides = tuple(float(side) if side.strip() else None for side in (low, high))
    except ValueError:
        sides = ()
    if not comma or len(sides) != 2:
        raise InputDataError(f"--bounds {text!r}: expected LOW,HIGH, such as 0,1 or 0,")
    return sides[0], sides[1]
