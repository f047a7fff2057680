"""What a search did, epoch by epoch, and the same as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from eqdarts.search.log import Share

_NESTED = ("shares", "sight")  # fields that are no columns


@dataclass(frozen=True)
class Sight:
    """What there is to see of the front after an epoch.

    Attributes
    ----------
    equations : tuple of (int, float, str)
        Complexity, loss relative to the variance of y, and text of every equation of the front so far.
    chosen : int
        Which of them would be chosen now.
    outline : tuple of (int, float)
        Complexity and loss of fitted graphs of which none is both simpler and better: most of them never become
        equations, so these are ahead of the front.
    """

    equations: tuple[tuple[int, float, str], ...]
    chosen: int
    outline: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class EpochRecord:
    """One row of the history.

    Attributes
    ----------
    epoch, seconds, nodes, train_loss, validation_loss, best_loss, graphs, found
        See `DARTSRegressor.history_`.
    equation : str
        The best one so far, as text.
    shares : dict of str to Share
        What each source of graphs did in the epoch; empty for relaxed searches.
    sight : Sight or None
        For those who watch; no part of the history as a table.
    """

    epoch: int
    seconds: float
    nodes: int
    train_loss: float
    validation_loss: float
    best_loss: float
    graphs: int
    found: int
    equation: str
    shares: dict[str, Share] = field(default_factory=dict)
    sight: Sight | None = field(default=None, compare=False)

    def as_row(self) -> dict[str, Any]:
        """Flat: `NAME_graphs`, `NAME_seconds` and `NAME_kept` for every source of graphs."""
        row = {name: value for name, value in vars(self).items() if name not in _NESTED}
        shares = {f"{name}_{what}": value for name, share in self.shares.items() for what, value in vars(share).items()}
        return {**row, **shares}


def history_table(records: Sequence[EpochRecord]) -> pd.DataFrame:
    """A row per epoch, with columns for each source of graphs: 0 where it had no part."""
    names = [name for name in EpochRecord.__dataclass_fields__ if name not in _NESTED]
    table = pd.DataFrame([record.as_row() for record in records], columns=None if records else names)
    return _whole(table)


def appended(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Two histories as one, of a search that went on: epochs, seconds and graphs are counted on."""
    if not len(before) or not len(after):
        return after if len(after) else before
    on = {name: after[name] + before[name].iloc[-1] for name in ("epoch", "seconds", "graphs")}
    return _whole(pd.concat([before, after.assign(**on)], ignore_index=True))


def _whole(table: pd.DataFrame) -> pd.DataFrame:
    """With 0 for sources of graphs that had no part in an epoch."""
    sources = table.columns.difference(list(EpochRecord.__dataclass_fields__))
    whole = [name for name in sources if not name.endswith("_seconds")]
    return table.fillna(dict.fromkeys(sources, 0)).astype(dict.fromkeys(whole, "int64"))
