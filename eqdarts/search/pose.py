"""From a checked table to the problem of a search: rows merged, columns screened and scaled, their rounding seen."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from eqdarts.data import Prepared, merge_rows, prepare, rounding_alike
from eqdarts.data.chunks import ArraySource
from eqdarts.data.kept import Training, keep
from eqdarts.data.screening import screened
from eqdarts.search.budget import BUDGET
from eqdarts.search.fit_options import FitOptions
from eqdarts.search.problem import Problem, moderate, snapping_rows
from eqdarts.search.stops import Watch


@dataclass(frozen=True, eq=False)
class Posed:
    """A table as a problem.

    Attributes
    ----------
    problem : Problem
    y : array [n]
        Of its rows, as it was given.
    is_constant : bool
        Does the target have one value only, so that there is nothing to search?
    training : Training
        What a model keeps of the table.
    """

    problem: Problem
    y: np.ndarray
    is_constant: bool
    training: Training


def pose(table: ArraySource, options: FitOptions, rng: np.random.Generator, watch: Watch) -> Posed:
    """The problem that a checked table poses."""
    rows, training = _merged(table) if options.splits_by_share else _as_given(table)
    prepared = prepare(rows.X, rows.y, rows.names, rows.weights)
    if prepared.constant is None:
        prepared = screened(prepared, options.max_columns, rng, watch.until(BUDGET.screening))
    problem = _in_working_units(rows, prepared, snapping_rows(len(rows.y), rng), options.max_complexity)
    return Posed(problem, rows.y, prepared.constant is not None, training)


def _merged(table: ArraySource) -> tuple[ArraySource, Training]:
    """Equal rows as one: a row given twice and a row of weight 2 come out alike."""
    X, y, weights = merge_rows(table.X, table.y, table.weights)
    rows = replace(table, X=X, y=y, weights=None if np.ptp(weights) == 0 else weights / weights.mean())
    return rows, keep(X, y, weights, _observations(table))


def _as_given(table: ArraySource) -> tuple[ArraySource, Training]:
    """The rows as they are, since validation names some of them; a model keeps copies."""
    return table, keep(table.X.copy(), table.y.copy(), table.weights, _observations(table))


def _observations(table: ArraySource) -> int:
    return len(table.y) if table.weights is None else int((table.weights > 0).sum())


def _in_working_units(rows: ArraySource, prepared: Prepared, subset: np.ndarray, max_complexity: int | None) -> Problem:
    """Prepared columns are scaled; moderate ones go back to their own units, where constants look simple."""
    units, target_unit = _extreme(prepared.scales.x), float(_extreme(np.array([prepared.scales.y]))[0])
    x_rounding, y_rounding = rounding_alike(rows.X[:, prepared.kept], rows.y)
    return Problem(
        X=prepared.X * (prepared.scales.x / units),
        y=prepared.y * (prepared.scales.y / target_unit),
        weights=rows.weights,
        names=prepared.names,
        columns=rows.names,
        target=rows.target,
        x_scale=moderate(prepared.scales.x / units),
        y_scale=float(moderate(np.array([prepared.scales.y / target_unit]))[0]),
        x_unit=units,
        y_unit=target_unit,
        subset=subset,
        max_complexity=max_complexity,
        rounding=y_rounding / target_unit,
        x_rounding=x_rounding / units,
    )


def _extreme(scales: np.ndarray) -> np.ndarray:
    """The scales whose squares and products would leave the range of floats; 1 for the others."""
    return np.where((scales > 2.0**-60) & (scales < 2.0**60), 1.0, scales)
