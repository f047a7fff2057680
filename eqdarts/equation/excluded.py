"""What constraints kept out of a front: a table, a sentence, and plain values for files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eqdarts.data.noise import ADDITIVE, Noise
from eqdarts.equation.equation import Equation
from eqdarts.equation.figures import explained
from eqdarts.formula.records import Record
from eqdarts.formula.text import format_name
from eqdarts.formula.visible import shortened

_WIDEST = 100  # characters of the equation in a sentence
_NAMED = 3  # constraints in a sentence
_MOST = 10**12  # graphs that a file may count


@dataclass(frozen=True)
class Excluded:
    """What one constraint kept out.

    Attributes
    ----------
    constraint : str
        Such as "increasing in x1".
    graphs, equations : int
        Graphs that were not fitted, or not kept, and equations that were not taken.
    best : Equation or None
        The equation of these that fits best.
    """

    constraint: str
    graphs: int = 0
    equations: int = 0
    best: Equation | None = None


def excluded_table(excluded: Sequence[Excluded], noise: Noise = ADDITIVE) -> pd.DataFrame:
    """A row per constraint: constraint, graphs, equations, complexity, loss, r2 (or d2) and equation of the best."""
    best = [one.best for one in excluded]
    return pd.DataFrame(
        {
            "constraint": [one.constraint for one in excluded],
            "graphs": [one.graphs for one in excluded],
            "equations": [one.equations for one in excluded],
            "complexity": pd.array([None if e is None else e.complexity for e in best], dtype="Int64"),
            "loss": [np.nan if e is None else e.loss for e in best],
            noise.explained_key: [np.nan if e is None else explained(e, noise) for e in best],
            "equation": [None if e is None else e.text() for e in best],
        }
    )


def excluded_text(excluded: Sequence[Excluded]) -> str:
    """One line; empty where nothing was kept out.

    Examples
    --------
    >>> excluded_text([Excluded("must have x1", 120), Excluded("positive", 3, 1)])
    'Constraints kept out 123 graphs and 1 equation (positive; must have x1).'
    """
    if not excluded:
        return ""
    counts = [(sum(one.graphs for one in excluded), "graph"), (sum(one.equations for one in excluded), "equation")]
    count = " and ".join(f"{n:,} {what}{'s' * (n != 1)}" for n, what in counts if n)
    names = [one.constraint for one in sorted(excluded, key=lambda one: -one.equations)]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    text = f"Constraints kept out {count or 'nothing'} ({'; '.join(names[:_NAMED])}{more})"
    best = [one for one in excluded if one.best is not None]
    if not best:
        return f"{text}."
    one = min(best, key=lambda one: one.best.relative_loss if one.best else np.inf)
    assert one.best is not None
    law = shortened(f"{format_name(one.best.target)} = {one.best.text()}", _WIDEST)
    return f"{text}; the best that broke one ({one.constraint}): {law}"


def write_excluded(excluded: Sequence[Excluded]) -> list[dict[str, object]]:
    """Plain values for JSON."""
    return [
        {
            "constraint": one.constraint,
            "graphs": one.graphs,
            "equations": one.equations,
            "best": None if one.best is None else one.best.to_record(),
        }
        for one in excluded
    ]


def read_excluded(data: Record, columns: tuple[str, ...], target: str) -> Excluded:
    """The inverse, of one."""
    best = Equation.from_record(data.record("best"), columns, target) if "best" in data else None
    return Excluded(
        data.text("constraint"), data.integer("graphs", 0, _MOST), data.integer("equations", 0, _MOST), best
    )
