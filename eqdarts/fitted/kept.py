"""What a model keeps of a search: equations as they are shown, with probabilities, and the rows beside them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from eqdarts.data.groups import Groups
from eqdarts.data.kept import Training
from eqdarts.data.noise import Noise
from eqdarts.data.table import Table
from eqdarts.equation.constant_units import with_constant_units
from eqdarts.equation.equation import Equation
from eqdarts.equation.evaluation import as_written
from eqdarts.equation.excluded import Excluded
from eqdarts.equation.front import Front
from eqdarts.equation.left_out import with_left_out
from eqdarts.equation.model_file import Summary
from eqdarts.equation.precision import with_digits
from eqdarts.equation.rivals import each_alone, rated
from eqdarts.equation.selection import choose
from eqdarts.errors import warn
from eqdarts.formula.numbers import MOST_DIGITS
from eqdarts.graph.space import SearchSpace
from eqdarts.grouped.fitting import FoundInGroups
from eqdarts.grouped.outputs import FoundShared
from eqdarts.knowledge.admission import excluded_by
from eqdarts.losses.noise import LossNoise, left_of, rows_of_fit
from eqdarts.runtime.leaving import in_time
from eqdarts.search.discover import Found
from eqdarts.search.history import EpochRecord
from eqdarts.search.loop import SearchResult
from eqdarts.search.problem import Problem

_WILD, _NEARLY_ALL = 100, 0.95  # times the median distance from the law; share of the loss (neither is tuned)
_ROUNDED = 1e-9  # of the greatest y; a distance from the law below it is rounding


@dataclass(frozen=True, eq=False)
class Kept:
    """What `fit` stores.

    Attributes
    ----------
    front : Front
    rivals : tuple of Equation
    leaves_something : bool
        Is what the best equation leaves more than noise?
    space : SearchSpace or None
    target : str
    training : Training
    summary : Summary
    noise : Noise
    stop_reason : str
    history : tuple of EpochRecord
    alpha_history : tuple of arrays
        After every epoch.
    excluded : tuple of Excluded
    groups : Groups or None
        Of the rows of the training table.
    problem, result : Problem, SearchResult, or None
        For `resample` and for a search that goes on; without the rows of a large table and without histories.
    """

    front: Front
    rivals: tuple[Equation, ...]
    leaves_something: bool
    space: SearchSpace | None
    target: str
    training: Training
    summary: Summary
    noise: Noise
    stop_reason: str
    history: tuple[EpochRecord, ...]
    alpha_history: tuple[np.ndarray, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    groups: Groups | None = None
    problem: Problem | None = None
    result: SearchResult | None = None


def kept_of(found: Found) -> Kept:
    """Of a search in one table."""
    problem, result, training = found.problem, found.result, found.training
    plain = not isinstance(training.noise, LossNoise)
    rows = training.table if plain else _near_best(found)
    left = None if plain else partial(_left_of, training)
    sure = in_time(found.until, lambda: rated(found.front, rows, plain, left))
    if sure is None:
        sure = rated(found.front, rows, plain, left, forms=each_alone)

    def shown(equation: Equation) -> Equation:
        # Without the time to see how many digits it takes, it has all: fewer may be another law.
        known = in_time(found.until, lambda: with_digits(equation, rows)) or replace(equation, digits=MOST_DIGITS)
        rated = in_time(found.until, lambda: with_left_out(known, rows)) if plain else None
        return with_constant_units(rated or known, problem.units)

    rivals, equations = (tuple(map(shown, some)) for some in (sure.rivals, sure.equations))
    return Kept(
        Front(equations, found.front.rows), rivals, sure.leaves_something, found.space, problem.table.target,
        training, found.summary, training.noise,
        stop_reason="constant" if result is None else result.stop_reason,
        history=() if result is None else result.history,
        alpha_history=() if result is None else result.alpha_history,
        excluded=excluded_by(problem.admission),
        problem=problem.reduced(),
        result=result and replace(result, history=(), alpha_history=()),
    )  # fmt: skip


def kept_of_groups(found: FoundInGroups) -> Kept:
    """Of a search in groups of rows."""
    sure = found.rated
    return Kept(
        Front(sure.equations, found.front.rows), sure.rivals, sure.leaves_something, found.space,
        found.training.table.target, found.training, found.summary, found.noise, found.stop_reason, found.history,
        groups=found.groups,
    )  # fmt: skip


def kept_of_outputs(found: FoundShared) -> tuple[Kept, ...]:
    """Of a search for outputs with one structure: what each of them keeps."""
    return tuple(
        Kept(
            one.front, one.rivals, found.leaves_something, found.space, one.training.table.target, one.training,
            one.summary, one.noise, found.stop_reason, found.history,
        )
        for one in found.outputs
    )  # fmt: skip


def _near_best(found: Found) -> Table:
    """The rows as least squares sees them near the best equation by a loss."""
    best, kept = found.front[choose(found.front, "best", found.front.rows)], found.training
    return rows_of_fit(kept.table, kept.noise, best.predict(kept.table.X))


def _left_of(training: Training, equation: Equation) -> np.ndarray | None:
    """What an equation leaves of the rows by the loss of the fit."""
    assert isinstance(training.noise, LossNoise)
    return left_of(training.table, training.noise, equation.predict(training.table.X))


def warn_of_limits(equation: Equation, training: Training) -> None:
    """Say so where the equation has only a limit on the training rows."""
    missing = np.flatnonzero(~np.isfinite(as_written(equation.expression, equation.columns, training.table.X)))
    if len(missing) and equation.inner is None:
        warn(
            f"as it is written the equation is not defined on {len(missing)} of {len(training.table)} rows (it needs "
            f"{' and '.join(equation.domain())}); its limit is taken there, and its constants come of the other rows"
        )


def warn_of_outliers(equation: Equation, training: Training) -> None:
    """Say so where a loss that wild rows hardly move is nearly all of them, so that it tells forms apart no more."""
    noise, rows = training.noise, training.table
    if not isinstance(noise, LossNoise) or noise.loss.is_family or not hasattr(noise.loss, "per_row"):
        return
    value = equation.predict(rows.X)
    with np.errstate(all="ignore"):
        left, lost = np.abs(rows.y - value), noise.loss.per_row(rows.y, value)
    wild = left > _WILD * max(float(np.median(left)), _ROUNDED * float(np.abs(rows.y).max()))
    share = float(lost[wild].sum() / lost.sum()) if wild.any() and np.isfinite(lost).all() else 0.0
    if share > _NEARLY_ALL:
        farthest = rows.y[int(left.argmax())]
        warn(
            f"{int(wild.sum())} of {len(rows)} rows lie more than {_WILD} times as far from the equation as half of "
            f"the rows do, the farthest at {rows.target} = {farthest:.4g}, and make up {share:.1%} of the loss, which "
            "then hardly tells one form from another: leave them out if they are mistakes"
        )
