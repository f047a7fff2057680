"""The sources of candidate graphs, by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from eqdarts.errors import InputDataError, shown
from eqdarts.propose.draw import Draw
from eqdarts.propose.gradient import Gradient
from eqdarts.propose.lattice import Lattice
from eqdarts.propose.library import Library
from eqdarts.propose.monomials import Monomials
from eqdarts.propose.moves import Moves
from eqdarts.propose.neighbours import Neighbours
from eqdarts.propose.products import Products
from eqdarts.propose.proposer import Proposer, Solver
from eqdarts.propose.ratios import Ratios
from eqdarts.propose.shapes import Shapes
from eqdarts.propose.waves import Waves

Source = Callable[[], "Proposer | Solver"]

#: All of them, in the order in which they are asked.
SOURCES: dict[str, Source] = {
    source.name: source
    for source in (Draw, Waves, Shapes, Neighbours, Moves, Gradient, Products, Monomials, Lattice, Ratios, Library)
}
#: Names of other problems whose laws are laws of the table; their graphs come from the same sources.
REFORMULATIONS = ("units", "shifted", "regular", "dimensionless", "symmetry")
#: All these names: what `DARTSRegressor(proposers=...)` has by default.
PROPOSERS = (*SOURCES, *REFORMULATIONS)


def check_proposers(given: Any) -> tuple[str | Source, ...]:
    """The sources that an option names, those of the library first and in its order.

    Raises
    ------
    InputDataError
        If one is neither a name nor a class of a source, or if there is none.
    """
    if given is None:
        return PROPOSERS
    if isinstance(given, str) or not isinstance(given, Sequence) or not len(given):
        raise InputDataError(f"proposers={shown(given)}: expected names or classes of sources, such as {PROPOSERS}")
    for source in given:
        if isinstance(source, str) and source not in PROPOSERS:
            raise InputDataError(f"proposers: {shown(source)} is none of {', '.join(PROPOSERS)}")
        own = inspect.isclass(source) and isinstance(getattr(source, "name", None), str)
        if not isinstance(source, str) and not (own and _is_source(source)):
            raise InputDataError(
                f"proposers: {shown(source)}: expected a name, or a class with a `name` and a method `propose` or "
                "`solve`; see eqdarts.propose.proposer"
            )
        if own and source.name in PROPOSERS:
            raise InputDataError(f"proposers: {shown(source)} has the name of another source, {source.name!r}")
    if all(isinstance(source, str) and source in REFORMULATIONS for source in given):
        raise InputDataError(f"proposers={shown(given)}: none of them gives graphs; add one of {', '.join(SOURCES)}")
    return (*(name for name in PROPOSERS if name in given), *(s for s in given if not isinstance(s, str)))


def _is_source(source: Any) -> bool:
    return callable(getattr(source, "propose", None)) or callable(getattr(source, "solve", None))


def made(sources: Sequence[str | Source]) -> tuple[list[Proposer], list[Solver]]:
    """New ones of both kinds, for the search of one table; a source may be of both."""
    given = [source for source in sources if source not in REFORMULATIONS]
    instances = [(SOURCES[source] if isinstance(source, str) else source)() for source in given]
    proposers: list[Any] = [one for one in instances if hasattr(one, "propose")]
    solvers: list[Any] = [one for one in instances if hasattr(one, "solve")]
    return proposers, solvers
