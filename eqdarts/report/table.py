"""The table in words: its columns and their ranges, what the search did not see, its noise, where a law fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from eqdarts.data import as_frame, check_finite_columns, given_columns, given_target, select
from eqdarts.data.zero import LADDER
from eqdarts.equation.equation import Equation
from eqdarts.errors import InputDataError
from eqdarts.formula.visible import visible
from eqdarts.losses.goal import unexplained
from eqdarts.losses.loss import Loss
from eqdarts.losses.named import SQUARED
from eqdarts.losses.noise import LossNoise
from eqdarts.report.words import count, level_text, number

_WORST = 5  # rows that are named
_FORMS = {
    "additive": "alike in all rows",
    "proportional": "in proportion to the value",
    "poisson": "in proportion to the root of the value, as that of counts",
    "given": "as given for each row",
}


@dataclass(frozen=True)
class Rows:
    """Rows of a table that a model can predict.

    Attributes
    ----------
    X : DataFrame
        The columns of the model, in its order; its index is what the author calls the rows.
    y : array [n]
    """

    X: pd.DataFrame
    y: np.ndarray

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True)
class Column:
    """A column of the table, and what became of it."""

    name: str
    unit: str
    least: str
    greatest: str
    role: str


@dataclass(frozen=True)
class Failure:
    """A row that a law fits badly: its name, values of columns, target, prediction, difference."""

    row: str
    values: tuple[str, ...]
    observed: str
    predicted: str
    difference: str


def units_of(model: Any) -> dict[str, str]:
    """The units of columns and target that are known."""
    return dict(getattr(model, "units_", {}))


def rows_of(model: Any, X: Any, y: Any) -> Rows | None:
    """The rows given, or else those that the model keeps; None where there are none.

    Raises
    ------
    InputDataError
        If only one of X and y is given, or they do not fit the model or each other.
    """
    if (X is None) != (y is None):
        raise InputDataError("give both X and y, or neither")
    columns = model.front_[0].columns
    if X is None:
        try:
            X, y = model.training_rows()
        except InputDataError:
            return None
    table = as_frame(X)
    if not isinstance(table, pd.DataFrame):
        table = pd.DataFrame(given_columns(table)[0])
        if table.shape[1] != len(columns):
            raise InputDataError(f"X has {count(table.shape[1], 'column')}, and the model has {len(columns)}")
        table.columns = pd.Index(columns)
    table, target = select(table, columns), given_target(y)[0]
    if len(target) != len(table):
        raise InputDataError(f"X has {len(table)} rows and y has {len(target)}; give one value for each row")
    used = sorted({columns.index(name) for equation in model.front_ for name in equation.formula.used})
    check_finite_columns(table.to_numpy()[:, used], [columns[k] for k in used])
    check_finite_columns(target[:, None], (model.target_name_,))
    return Rows(table, target)


def thinned(rows: Rows, most: int, residual: np.ndarray) -> Rows:
    """At most so many rows, drawn at random; those with the greatest residuals [n] of a law are among them."""
    if len(rows) <= most:
        return rows
    worst = _worst(residual)
    others = np.setdiff1d(np.arange(len(rows)), worst)
    drawn = np.random.default_rng(0).choice(others, most - len(worst), replace=False)
    kept = np.sort(np.concatenate([worst, drawn]))
    return Rows(rows.X.iloc[kept], rows.y[kept])


def columns_of(model: Any) -> tuple[Column, ...]:
    """Ranges of the columns that the model was fitted to, and which of them the search saw."""
    seen, summary, units = model.screened_columns_, model.training_, units_of(model)
    found = []
    for name, low, high in zip(model.front_[0].columns, summary.minimum, summary.maximum, strict=True):
        if low == high:
            role = "left out: the same in all rows"
        elif model.search_space_ is None or name in seen:
            role = "searched"
        else:
            role = "left out: of little influence beside the others"
        found.append(Column(visible(name), visible(units.get(name, "")), number(low), number(high), role))
    return tuple(found)


def facts(model: Any) -> tuple[tuple[str, str], ...]:
    """What is known of the table that the model was fitted to: a label, and what there is to say."""
    summary, loss = model.training_, float(model.front_[model.best_index_].loss)
    unit = visible(units_of(model).get(model.target_name_, ""))
    rows = count(summary.rows, "row")
    if summary.distinct_rows < summary.rows:
        rows += f", {count(summary.distinct_rows, 'of them different', 'of them different')}"
    target = f"{visible(model.target_name_)}: mean {number(summary.target_mean)}, standard deviation "
    noise = model.noise_
    exact = model.front_[model.best_index_].relative_loss < LADDER.exact
    size = "residuals are" if noise.known is not None else "its size is about"
    by_loss = isinstance(noise, LossNoise)
    form, size = (noise.loss.name, "its") if by_loss else (_FORMS.get(noise.form, noise.form), size)
    return (
        ("Rows", rows),
        ("Columns", count(len(summary.minimum), "column")),
        ("Target", f"{target}{number(summary.target_std)} {unit}".rstrip()),
        (
            "Loss" if by_loss else "Noise",
            "none: the law that was chosen leaves nothing"
            if exact
            else f"{form}; {size} {level_text(noise, loss, unit)}",
        ),
    )


def are_others(model: Any, rows: Rows) -> bool:
    """Are these other rows than those that the model was fitted to?"""
    summary = model.training_
    if len(rows) != summary.rows:
        return True
    size = summary.target_std or abs(summary.target_mean) or 1.0
    return abs(float(np.mean(rows.y / size)) - summary.target_mean / size) > 1e-9


def failures(equation: Equation, rows: Rows) -> tuple[Failure, ...]:
    """The rows that an equation fits worst, those first on which it is not defined."""
    predicted = equation.predict(rows.X)
    residual = rows.y - predicted
    return tuple(
        Failure(
            visible(str(rows.X.index[k])),
            tuple(number(float(rows.X[name].iloc[k])) for name in equation.formula.used),
            number(float(rows.y[k])),
            number(float(predicted[k])) if np.isfinite(predicted[k]) else "not defined",
            number(float(residual[k]), 3) if np.isfinite(residual[k]) else "",
        )
        for k in _worst(residual)
    )


def row_heading(rows: Rows | None) -> str:
    """What stands above the names of rows."""
    return "Row, from 0" if rows is not None and isinstance(rows.X.index, pd.RangeIndex) else "Row"


def measures(equation: Equation, rows: Rows, loss: Loss) -> tuple[float, float]:
    """What an equation leaves of the variance of these rows, or of a loss, and the root of its mean squared error."""
    predicted = equation.predict(rows.X)
    residual = rows.y - predicted
    size = float(np.abs(rows.y - rows.y.mean()).max()) or 1.0  # squares of large values would overflow
    square = float(np.mean(np.square(residual / size)))
    variance = float(np.mean(np.square((rows.y - rows.y.mean()) / size)))
    missing = square / variance if variance else np.nan
    if loss != SQUARED:
        missing = unexplained(loss, rows.y, predicted)
    return missing, float(np.sqrt(square)) * size


def _worst(residual: np.ndarray) -> np.ndarray:
    size = np.where(np.isfinite(residual), np.abs(residual), np.inf)
    return np.argsort(-size, kind="stable")[:_WORST]
