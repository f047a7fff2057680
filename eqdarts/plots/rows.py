"""Rows of a table beside what an equation of a model gives there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from eqdarts.data import as_frame, evenly, given_target, has_columns, is_numeric, rows_of
from eqdarts.data.cells import checked_errors
from eqdarts.data.columns import listed
from eqdarts.data.noise import Noise
from eqdarts.data.units import units_known, with_unit
from eqdarts.data.zero import LADDER
from eqdarts.equation.equation import Equation
from eqdarts.errors import InputDataError, kept_warnings, warn

LEVEL = 0.95  # of observations that a band holds
WITHIN = 1.96  # standard deviations: of normal errors, so many hold that share
MOST_DRAWN = 20_000  # points of one picture; more of them make no other picture, and files that nobody opens


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows that are drawn.

    Attributes
    ----------
    equation : Equation
    noise : Noise
    X : array [n, d]
        NaN in columns that a table does not have and the equation does not need.
    y : array [n]
    predicted : array [n]
        NaN where the equation is not defined.
    number : int array [n]
        Of each row in the table, from 0.
    fitted : Equation or None
        The equation with the errors of its constants, where they are known.
    units : mapping of str to str
        Of columns and the target, by their names.
    errors : array [n] or None
        Standard deviations of the observations, where they were handed over.
    """

    equation: Equation
    noise: Noise
    X: np.ndarray
    y: np.ndarray
    predicted: np.ndarray
    number: np.ndarray
    fitted: Equation | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    errors: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.y)

    @property
    def unit(self) -> str:
        """Of the target; empty if it is not known."""
        return self.units.get(self.equation.target, "")

    @property
    def target(self) -> str:
        """As an axis has it, with its unit."""
        return with_unit(self.equation.target, self.units)

    def column(self, place: int) -> str:
        """As an axis has it, with its unit."""
        return with_unit(self.equation.columns[place], self.units)

    @property
    def residuals(self) -> np.ndarray:
        return self.y - self.predicted

    @property
    def defined(self) -> np.ndarray:
        """Rows [n] on which the equation gives a number."""
        return np.isfinite(self.predicted)

    def reach(self, values: np.ndarray) -> np.ndarray:
        """How far about these values [n] of the equation 95 % of observations lie."""
        return reach(self.equation, self.noise, values)

    def limits(
        self, curve: np.ndarray, grid: np.ndarray, column: int, held: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Between which 95 % of new observations lie at values [n] of one column, where the equation gives the curve.

        By noise alone where no errors of the constants are known, or the rows do not determine them. Where the errors
        of rows were given, those of new ones are not known: then they are limits of the law itself.
        """
        if self.fitted is not None:
            kind = "observation" if self.noise.shows_level else "mean"
            table = _table_along(self.equation, grid, column, held)
            with np.errstate(all="ignore"):
                _, low, high = self.fitted.predict(table, interval=LEVEL, kind=kind)
            if np.isfinite(low[np.isfinite(curve)]).all():
                return low, high
        reach = self.reach(curve)
        return curve - reach, curve + reach

    def drawn(self) -> Rows:
        """At most so many rows as one picture holds, those with the largest residuals among them."""
        if len(self) <= MOST_DRAWN:
            return self
        some = evenly(len(self), MOST_DRAWN - 100)
        far = np.argsort(-np.abs(np.nan_to_num(self.residuals)), kind="stable")[:100]
        kept = np.unique(np.concatenate([some, far]))
        errors = None if self.errors is None else self.errors[kept]
        parts = {name: getattr(self, name)[kept] for name in ("X", "y", "predicted", "number")}
        return replace(self, **parts, errors=errors)


def reach(equation: Equation, noise: Noise, values: np.ndarray) -> np.ndarray:
    """How far about values [n] of an equation 95 % of observations lie, by the form and the level of its noise."""
    return np.asarray(WITHIN * noise.level(equation.loss) * noise.spreads(values))


def equation_at(model: Any, index: int | None) -> Equation:
    """A row of the front, by default the chosen one.

    Raises
    ------
    InputDataError
        If there is no such row.
    """
    place = place_of(model, index)
    equation: Equation = model.front_[place]
    return equation


def place_of(model: Any, index: int | None) -> int:
    """The row of the front that is meant."""
    if index is None:
        return int(model.best_index_)
    if not isinstance(index, Integral) or isinstance(index, bool) or not 0 <= index < len(model.front_):
        raise InputDataError(f"index={index!r}: equations_ has the rows 0 to {len(model.front_) - 1}")
    return int(index)


def rows(model: Any, X: Any, y: Any, index: int | None = None, y_error: Any = None) -> Rows:
    """The given rows, or those of the training table; y_error: the standard deviation of each, or of all.

    Raises
    ------
    InputDataError
        If there are none, or X and y do not fit together.
    """
    equation = equation_at(model, index)
    if equation.by_group is not None:
        raise InputDataError("the equation has constants for each group; plots.plot_groups(model) draws all of them")
    if X is None and y is None:
        X, y = _training(model)
    if X is None or y is None:
        raise InputDataError("give both X and y, or neither for the training rows")
    target = given_target(y)[0]
    table = _table(model, X, equation)
    if len(table) != len(target):
        raise InputDataError(f"X has {len(table)} rows and y has {len(target)}; give a value of y for each row")
    errors = None if y_error is None else checked_errors(y_error, len(target))
    known = np.isfinite(target) & np.isfinite(table[:, _places(equation)]).all(axis=1)
    if not known.all():
        warn(f"{int((~known).sum())} of {len(known)} rows have missing values and are not drawn")
    if not known.any():
        raise InputDataError("there are no rows to draw")
    table, target = table[known], target[known]
    with np.errstate(all="ignore"):
        predicted = equation.predict(table)
    predicted = np.where(np.isfinite(predicted), predicted, np.nan)
    fitted = _fitted(model, place_of(model, index))
    return Rows(
        equation, model.noise_, table, target, predicted, np.flatnonzero(known), fitted, units_known(model),
        None if errors is None else errors[known],
    )  # fmt: skip


def values_along(equation: Equation, grid: np.ndarray, column: int, held: np.ndarray | None = None) -> np.ndarray:
    """What it gives at values [n] of one column, the others held [d]; NaN where it is not defined."""
    table = _table_along(equation, grid, column, held)
    with np.errstate(all="ignore"):
        found = equation.predict(table)
    return np.where(np.isfinite(found), found, np.nan)


def _table_along(equation: Equation, grid: np.ndarray, column: int, held: np.ndarray | None) -> np.ndarray:
    table = np.full((len(grid), len(equation.columns)), np.nan) if held is None else np.tile(held, (len(grid), 1))
    table[:, column] = grid
    return table


def _fitted(model: Any, place: int) -> Equation | None:
    """The equation with the errors of its constants; pictures do without where there are none."""
    with kept_warnings():
        try:
            found: Equation = model.equation(place)
        except InputDataError:
            return None
    return found if found.fit is not None else None


def column_place(equation: Equation, column: str | int) -> int:
    """The place of a column by its name or number.

    Raises
    ------
    InputDataError
        If there is none.
    """
    names = equation.columns
    if isinstance(column, str) and column in names:
        return names.index(column)
    if isinstance(column, Integral) and not isinstance(column, bool) and 0 <= column < len(names):
        return int(column)
    raise InputDataError(f"column={column!r}: there are {listed(names)}, or their numbers 0 to {len(names) - 1}")


def exact(equation: Equation) -> bool:
    """Does it leave nothing but rounding?"""
    return equation.relative_loss <= LADDER.exact


def used_columns(equation: Equation) -> list[int]:
    """Places of the columns that stand in the equation."""
    return _places(equation)


def _places(equation: Equation) -> list[int]:
    return [equation.columns.index(name) for name in equation.formula.used]


def _table(model: Any, X: Any, equation: Equation) -> np.ndarray:
    """Rows [n, d] as the equation takes them; NaN in columns that it does not need and that are no numbers there."""
    frame = as_frame(X)
    if not isinstance(frame, pd.DataFrame):
        return rows_of(X, equation.columns, equation.formula.used)
    named = hasattr(model, "feature_names_in_") or has_columns(frame, equation.formula.used)
    if not named and frame.shape[1] == len(equation.columns):  # as in `predict`: in the order of the fit
        return rows_of(frame.to_numpy(), equation.columns, equation.formula.used)
    numbers = {str(name) for k, name in enumerate(frame.columns) if is_numeric(frame.iloc[:, k])}
    shown = [name for name in equation.columns if name in numbers or name in equation.formula.used]
    return rows_of(frame, equation.columns, shown)


def _training(model: Any) -> Any:
    try:
        return model.training_rows()
    except InputDataError as error:
        raise InputDataError("a model from a file has no training rows; give X and y") from error
