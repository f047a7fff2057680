"""A table with a column of groups → what a model keeps of the search in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from eqdarts.data.groups import Groups
from eqdarts.data.kept import Training, keep
from eqdarts.data.noise import Noise
from eqdarts.data.table import Table
from eqdarts.equation.front import Front
from eqdarts.equation.model_file import Summary
from eqdarts.equation.rivals import Rated
from eqdarts.graph.space import SearchSpace
from eqdarts.grouped.discover import discover_groups
from eqdarts.grouped.rating import not_rated, rated_groups
from eqdarts.runtime.interrupts import interrupts
from eqdarts.runtime.leaving import in_time
from eqdarts.search.fit_options import FitOptions
from eqdarts.search.history import EpochRecord


@dataclass(frozen=True, eq=False)
class FoundInGroups:
    """What a model keeps of it.

    Attributes
    ----------
    front : Front
    rated : Rated
        The same with probabilities.
    space : SearchSpace or None
    history : tuple of EpochRecord
        Of the first search, which saw the rows of all groups.
    training : Training
    groups : Groups
        Of the rows of the training table.
    summary : Summary
    noise : Noise
    stop_reason : str
    """

    front: Front
    rated: Rated
    space: SearchSpace | None
    history: tuple[EpochRecord, ...]
    training: Training
    groups: Groups
    summary: Summary
    noise: Noise
    stop_reason: str


@contextmanager
def discovered_in_groups(
    table: Table, groups: Groups, options: FitOptions, rng: np.random.Generator, start: float
) -> Iterator[FoundInGroups]:
    """What is found in the groups of a checked table; Ctrl-C, then and while it is stored, costs nothing of it."""
    table, groups = _counted(table, groups)
    order = table.order()
    order = order[np.argsort(groups.place[order], kind="stable")]
    sorted_rows, groups = table.rows(order), replace(groups, place=groups.place[order])
    with np.errstate(all="ignore"), interrupts() as noted:
        found = discover_groups(groups.tables(sorted_rows), groups.labels, options, rng, start, noted, groups.name)
        rated = in_time(found.end, partial(rated_groups, found.front, found.table)) or not_rated(found.front)
        result = found.found.result
        weights = found.table.pooled.weights
        kept = replace(sorted_rows, weights=weights)
        yield FoundInGroups(
            found.front,
            rated,
            found.space,
            () if result is None else result.history,
            keep(kept, table.observations, found.noise, sorted_rows.weights, most=kept.X.size),
            groups,
            Summary.of(table, len(table)),
            found.noise,
            found.stop_reason,
        )


def _counted(table: Table, groups: Groups) -> tuple[Table, Groups]:
    """Without rows of weight 0, and the groups that have no others."""
    if table.weights is None or (table.weights > 0).all():
        return table, groups
    used = np.flatnonzero(table.weights > 0)
    return table.rows(used), groups.of_rows(used)
