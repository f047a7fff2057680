"""Which search a table gets."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from eqdarts.checkpoint.keeper import Keeper
from eqdarts.data import with_errors
from eqdarts.data.table import Table
from eqdarts.losses.given import weighed_for
from eqdarts.losses.noise import LossNoise
from eqdarts.search.discover import Found, discovered
from eqdarts.search.earlier import Earlier
from eqdarts.search.fit_options import FitOptions
from eqdarts.search.large import discovered_in_large, is_large
from eqdarts.search.warm_up import are_compiled
from eqdarts.templates.search import discovered_by_template

_COPIES = 3  # of a table in memory, at the least: checked, of equal rows, and kept (not tuned)


def searched(
    table: Table,
    options: FitOptions,
    rng: np.random.Generator,
    start: float,
    earlier: Earlier | None,
    keeper: Keeper | None = None,
) -> AbstractContextManager[Found]:
    """What is found on a checked table in memory, while Ctrl-C costs nothing of it.

    start: when the time of the search began, in `time.monotonic`   earlier: what it goes on from
    keeper: writes where it stands
    """
    if options.template is not None:
        return discovered_by_template(table, options.template, options, rng, start)
    if is_large(len(table), options):
        return discovered_in_large(table, options, rng, earlier)
    return discovered(table, options, rng, start, earlier, keeper)


def weighed(
    table: Table, options: FitOptions, form: str, sample_weight: ArrayLike | None, y_error: ArrayLike | None
) -> tuple[Table, FitOptions]:
    """The table with the weights of its rows, and options with what was said of its noise.

    Raises
    ------
    InputDataError
        If the table takes more memory than there may be.
    """
    if options.memory is not None:
        options.memory.check_table(_COPIES * (table.X.nbytes + table.y.nbytes), not are_compiled())
    if isinstance(options.noise, LossNoise):
        return weighed_for(options.noise.loss, table, sample_weight, y_error), options
    table, noise = with_errors(table, form, sample_weight, y_error)
    return table, replace(options, noise=noise)
