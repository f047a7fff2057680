"""Tables of any length: a search on some of the rows, whose equations are then refitted to all of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from eqdarts.data.chunks import Source
from eqdarts.data.first_rows import Head
from eqdarts.data.kept import Training, keep
from eqdarts.data.measured import Weighed
from eqdarts.data.subset import Drawn, Subset, draw
from eqdarts.data.table import Table
from eqdarts.data.zero import LADDER
from eqdarts.equation.confirm import confirmed
from eqdarts.equation.equation import Equation
from eqdarts.equation.front import Front
from eqdarts.equation.model_file import Summary
from eqdarts.equation.selection import choose
from eqdarts.errors import warn
from eqdarts.losses.noise import LossNoise
from eqdarts.runtime.interrupts import Interrupts, interrupts
from eqdarts.runtime.threads import one_thread
from eqdarts.search.discover import Found, admitted, discover
from eqdarts.search.earlier import Earlier
from eqdarts.search.fit_options import FitOptions
from eqdarts.search.progress import both, progress
from eqdarts.search.stops import Watch

SUBSET_ROWS = 10_000  # a table with more becomes equations on so many, which are then refitted to all
_LONG = 10_000_000  # numbers of a table from which its first rows are searched before it is read
_HEAD_EPOCHS = 4  # of that search


def is_large(rows: int, options: FitOptions) -> bool:
    """Does the search see some of so many rows only? Not where the user says which rows validate."""
    return rows > SUBSET_ROWS and options.splits_by_share and not isinstance(options.noise, LossNoise)


def first_rows(source: Source) -> Table:
    """A whole table that is not large; of a large one a row more than that."""
    return _head(source, SUBSET_ROWS + 1).table


@contextmanager
def discovered_in_large(
    source: Source, options: FitOptions, rng: np.random.Generator, earlier: Earlier | None = None
) -> Iterator[Found]:
    """What is found on some rows of a large table, refitted to all; Ctrl-C while it is stored costs nothing of it.

    earlier: what the search goes on from
    """
    drawn = Drawn(source, SUBSET_ROWS, int(rng.integers(2**31 - 1)), options.threads)
    start = time.monotonic()
    if source.size >= _LONG and earlier is None:
        with np.errstate(all="ignore"), interrupts() as noted:
            sight = _at_first_sight(drawn, options, rng.spawn(1)[0], noted)
            if sight is not None:
                yield _of_all(*sight, source)
                return
    spent = time.monotonic() - start
    subset = drawn.subset()
    watch = Watch(options.config, time.monotonic() - spent, memory=options.memory)
    with np.errstate(all="ignore"), interrupts() as watch.interrupts:
        found = discover(subset.table, options, rng, watch, earlier=earlier)
        yield _of_all(_confirmed(found, _weighed(source, found), options, watch.interrupts), subset, source)


def _at_first_sight(
    source: Drawn, options: FitOptions, rng: np.random.Generator, noted: Interrupts
) -> tuple[Found, Subset] | None:
    """What a short search on the first rows finds, if it is exact on all rows: the table is then read but once.

    After Ctrl-C what it has found is all there is. Columns that are constant in these rows would be left out of it.
    """
    config = options.config
    head = _head(source, SUBSET_ROWS)
    wide = options.max_columns is not None and len(source.names) > options.max_columns
    if config.optimizer != "lm" or wide or not (np.ptp(head.table.X, axis=0).all() and np.ptp(head.table.y)):
        return None
    epochs = _HEAD_EPOCHS if config.max_epochs is None else min(_HEAD_EPOCHS, config.max_epochs)
    short = Watch(replace(config, max_epochs=epochs), time.monotonic(), noted, memory=options.memory)
    found = discover(head.table, options, rng, short, only_exact=True)
    if found.result is None or not (found.result.stop_reason == "exact" or noted.noted):
        return None
    history = found.result.history
    with progress(options.verbose, short.config, head.table.target) as shown:

        def show() -> None:
            for record in history:
                both(shown, options.callback)(record)

        noted.during(show)
        worth = max(LADDER.exact, found.problem.rounding_loss)
        whole = found if noted.noted else _confirmed(found, source, options, noted, worth)
    if noted.noted:
        return _interrupted(found, len(head.table)), head
    return (whole, source.subset()) if whole.front else None


def _confirmed(
    found: Found, source: Source, options: FitOptions, noted: Interrupts, worth: float | None = None
) -> Found:
    """With constants and losses of the whole table; as it is after Ctrl-C."""
    fronts: list[Front] = []

    def refit() -> None:
        fronts.append(confirmed(found.front, source, threads=options.threads, worth=worth))

    with one_thread():
        noted.during(refit)
    return (
        replace(found, front=admitted(fronts[0], found.problem))
        if fronts
        else _interrupted(found, len(found.problem.table))
    )


def _interrupted(found: Found, rows: int) -> Found:
    """What was found on a part of a large table, before it was refitted to all of it."""
    warn(
        f"interrupted before the equations were refitted to the whole table: their constants and losses are those of "
        f"{rows} rows"
    )
    return replace(found, result=found.result and replace(found.result, stop_reason="interrupted"))


def _of_all(found: Found, subset: Subset, source: Source) -> Found:
    """With what is kept of the whole table."""
    low, high = (tuple(map(float, bound)) for bound in (subset.low, subset.high))
    summary = Summary(subset.rows, subset.observations, low, high, subset.mean, subset.std)
    training, noise, law = _training(source, subset), found.training.noise, _chosen(found)
    weighed = noise.weigh(training.table, law.predict(training.table.X))
    training = replace(training, table=weighed, noise=noise, counts=training.table.weights)
    if noise.known is not None and weighed.weights is not None:
        # Chunk by chunk weights could not be made 1 on average, by which a loss becomes a multiple of given errors.
        mean = subset.weight / subset.observations
        unit = replace(noise, unit=noise.unit / float(np.sqrt(mean)))
        training = replace(training, table=replace(weighed, weights=weighed.weights / mean), noise=unit)
    return replace(found, training=training, summary=summary)


def _chosen(found: Found) -> Equation:
    """The equation by whose values errors go in the rows that were not searched."""
    return found.front[choose(found.front, "best", found.front.rows)]


def _weighed(source: Source, found: Found) -> Source:
    """The whole table with the weights that its noise gives every row."""
    noise = found.training.noise
    return Weighed(source, noise, _chosen(found).predict) if noise.depends_on_law else source


def _training(source: Source, subset: Subset) -> Training:
    """What a model keeps of a large table."""
    if not isinstance(source, Table):
        sample = subset.table.rows(subset.uniform)
        return Training(sample, subset.observations, subset.rows / len(sample), subset.low, subset.high)
    kept = keep(source, subset.observations)
    return replace(kept, table=kept.table.copied()) if kept.table.X is source.X else kept


def _head(source: Source, rows: int) -> Subset:
    """So many first rows, all of them."""
    return draw(Head(source, rows), rows, seed=0)
