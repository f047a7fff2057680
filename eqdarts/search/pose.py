"""From a checked table to the problem of a search: rows merged and split, columns screened and in working units."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from eqdarts.data.columns import check_varying, is_constant, listed, scales_of, varying
from eqdarts.data.kept import Training, keep
from eqdarts.data.noise import weighted
from eqdarts.data.rounding import rounding_alike
from eqdarts.data.screening import screened
from eqdarts.data.split import split_rows
from eqdarts.data.table import Table
from eqdarts.errors import InputDataError
from eqdarts.knowledge.admission import Admission
from eqdarts.knowledge.guesses import fitted_guess, read_guess
from eqdarts.losses.noise import LossNoise, noise_of_loss
from eqdarts.search.budget import BUDGET
from eqdarts.search.fit_options import FitOptions
from eqdarts.search.guesses import with_guesses
from eqdarts.search.memory import Chosen
from eqdarts.search.noise import noise_of
from eqdarts.search.problem import OF_LITTLE, Problem, Sizes, moderate, snapping_rows
from eqdarts.search.stops import Watch
from eqdarts.search.working import piloted


@dataclass(frozen=True, eq=False)
class Posed:
    """A table as a problem.

    Attributes
    ----------
    problem : Problem
    is_constant : bool
        Does the target have one value only, so that there is nothing to search?
    training : Training
        What a model keeps of the table.
    """

    problem: Problem
    is_constant: bool
    training: Training


def pose(
    table: Table,
    options: FitOptions,
    rng: np.random.Generator,
    watch: Watch,
    columns: tuple[str, ...] | None = None,
    chosen: Chosen | None = None,
) -> Posed:
    """The problem that a checked table poses.

    columns: that were chosen before, if a search goes on   chosen: all that was, if it goes on from a checkpoint
    """
    # Equal rows as one: a row given twice and a row of weight 2 come out alike. Where validation names some rows, they
    # stay as they are, and a model keeps copies.
    counted = table.merged() if options.splits_by_share else table.copied()
    goal = None
    if isinstance(options.noise, LossNoise):
        rows, goal = piloted(counted, options.noise.loss, counted.weights, options.splits_by_share)
        training = keep(counted, table.observations, noise_of_loss(goal.loss, null=goal.null), counted.weights)
    else:
        rows, noise = weighted(*noise_of(counted, options.noise))
        training = keep(rows, table.observations, noise, counted.weights)
    rows = rows.of_mean_weight_one()
    known = rows if goal is None else replace(rows, y=goal.y)
    used, constant = varying(rows), is_constant(rows)
    used = used.select([k for k, name in enumerate(used.names) if name not in options.constraints.never])
    if not constant:
        options.constraints.check_rows(table)
        check_varying([name for name in rows.names if name not in options.constraints.never], used)
        columns = columns if chosen is None else chosen.columns
        if columns is None:
            used = _with_all(screened(used, options.max_columns, rng, watch.until(BUDGET.screening)), used, options)
        else:
            used = _as_before(used, columns)
            _check_guesses(options, rows, columns)
    sizes = OF_LITTLE if goal is not None and goal.loss.is_family else Sizes()
    subset, train, validation = _rows_taken(rows.y, options, rng, sizes, constant, chosen)
    x_scale, y_scale = scales_of(used)
    units, target_unit = _extreme(x_scale), float(_extreme(np.array([y_scale]))[0])
    if goal is not None and goal.loss.link.name != "identity":
        target_unit = 1.0  # scores have no unit
    x_rounding, y_rounding = rounding_alike(used.X, used.y)
    problem = Problem(
        # Columns of extreme magnitude are scaled; moderate ones keep their own units, where constants look simple.
        table=used.scaled(units, target_unit),
        columns=rows.names,
        x_scale=moderate(x_scale / units),
        y_scale=float(moderate(np.array([y_scale / target_unit]))[0]),
        x_unit=units,
        y_unit=target_unit,
        subset=subset,
        train=train,
        validation=validation,
        max_complexity=options.max_complexity,
        rounding=None if goal else y_rounding / target_unit,
        x_rounding=None if goal else x_rounding / units,
        units=options.units,
        admission=Admission(options.constraints, known) if options.constraints else None,
        goal=goal,
        sizes=sizes,
    )
    if not constant and options.guesses:
        problem = with_guesses(problem, tuple(fitted_guess(guess, rows) for guess in options.guesses))
    return Posed(problem, constant, training)


def _rows_taken(
    y: np.ndarray, options: FitOptions, rng: np.random.Generator, sizes: Sizes, constant: bool, chosen: Chosen | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Numbers of the rows for formulas, and for the steps of w and of α."""
    if chosen is not None:
        return chosen.rows(len(y))
    subset, everything = snapping_rows(len(y), rng, sizes.formula), np.arange(len(y))
    return subset, *((everything, everything) if constant else _steps(y, options, rng, sizes.step))


def _as_before(table: Table, columns: tuple[str, ...]) -> Table:
    """The columns of an earlier search."""
    fixed = [name for name in columns if name not in table.names]
    if fixed:
        raise InputDataError(
            f"warm_start: {listed(fixed)} of the earlier fit has one value only in these rows; give rows in which it "
            "varies, or fit with warm_start=False"
        )
    return table.select([table.names.index(name) for name in columns])


def _check_guesses(options: FitOptions, table: Table, columns: tuple[str, ...]) -> None:
    """Raise `InputDataError` if a guess has a column that the earlier search did not see."""
    for guess in options.guesses:
        used = {symbol.name for symbol in read_guess(guess, table.names, table.target).free_symbols}
        unseen = sorted(used.intersection(table.names).difference(columns))
        if unseen:
            raise InputDataError(
                f"warm_start: guesses: {guess!r} has {listed(unseen)}, which the earlier search did not see; leave it "
                "out, or fit with warm_start=False"
            )


def _with_all(screened: Table, table: Table, options: FitOptions) -> Table:
    """With the columns that must stand in the equation, or stand in a guess, whatever screening says of them."""
    names = {*screened.names, *options.constraints.must}
    for guess in options.guesses:
        names |= {symbol.name for symbol in read_guess(guess, table.names, table.target).free_symbols} & {*table.names}
    if len(names) == len(screened.names):
        return screened
    return table.select([k for k, name in enumerate(table.names) if name in names])


def _steps(y: np.ndarray, options: FitOptions, rng: np.random.Generator, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers for the steps of w and of α, at most so many for each."""
    train, validation = split_rows(len(y), options.validation, rng, y)
    if options.splits_by_share and len(y) < Sizes().step // 2:
        train = validation = np.arange(len(y))
    return _at_most(train, rng, most), _at_most(validation, rng, most)


def _at_most(rows: np.ndarray, rng: np.random.Generator, most: int) -> np.ndarray:
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))


def _extreme(scales: np.ndarray) -> np.ndarray:
    """The scales whose squares and products would leave the range of floats; 1 for the others."""
    return np.where((scales > 2.0**-60) & (scales < 2.0**60), 1.0, scales)
