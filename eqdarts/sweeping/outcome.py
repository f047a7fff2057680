"""What came of one fit, as plain values; and the fit itself, where everything that fails becomes an outcome too."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, fields
from typing import Any

from eqdarts.data.table import Table
from eqdarts.errors import kept_warnings
from eqdarts.estimator import DARTSRegressor
from eqdarts.formula.records import Record, or_null
from eqdarts.losses.named import SQUARED
from eqdarts.sweeping.jobs import Job

_LONGEST = 100_000  # characters of a formula or a message


@dataclass(frozen=True)
class Outcome:
    """One fit, done or failed.

    Attributes
    ----------
    key : str
        Of the job.
    seconds : float
    equation, latex : str or None
        The chosen equation: its right-hand side, and target = expression.
    complexity : int or None
    loss : float or None
        Mean squared error on the rows of the fit.
    r2 : float or None
    stop_reason : str or None
    warnings : str or None
        Messages of the fit, one after the other.
    error : str or None
        Class and message, if it failed; all others but the key and the seconds are None then.
    """

    key: str
    seconds: float
    equation: str | None = None
    latex: str | None = None
    complexity: int | None = None
    loss: float | None = None
    r2: float | None = None
    stop_reason: str | None = None
    warnings: str | None = None
    error: str | None = None


#: Fields of an outcome that describe the fit, in the order of the result.
FIELDS = tuple(field.name for field in fields(Outcome) if field.name != "key")

#: An outcome, and the model as `DARTSRegressor.to_dict` has it, if it was asked for.
Result = tuple[Outcome, dict[str, Any] | None]


def run(job: Job, data: Table, with_model: bool) -> Result:
    """Fit one equation. Every error of the fit becomes part of the outcome.

    Raises
    ------
    KeyboardInterrupt
        If the user ended the search: what it had by then is not what the job describes.
    """
    start = time.monotonic()
    options = {"n_jobs": 1, **dict(job.options), "verbose": 0, "random_state": job.seed}
    with kept_warnings() as kept:
        try:
            model = DARTSRegressor(**options).fit(*data.as_pandas())
            seconds = time.monotonic() - start
            record = model.to_dict() if with_model else None
        except Exception as error:  # one fit of many: the others go on
            return failed(job, error, time.monotonic() - start), None
    if model.stop_reason_ == "interrupted":
        raise KeyboardInterrupt
    chosen = model.front_[model.best_index_]
    texts = dict.fromkeys(" ".join(text.split()) for text in kept)
    outcome = Outcome(
        key=job.key,
        seconds=seconds,
        equation=chosen.text(),
        latex=model.latex(),
        complexity=chosen.complexity,
        loss=or_null(chosen.loss),
        r2=_r2(chosen.loss, model.training_.target_std) if model.loss_ == SQUARED else None,
        stop_reason=model.stop_reason_,
        warnings="; ".join(texts) or None,
    )
    return outcome, record


def failed(job: Job, error: BaseException, seconds: float = 0.0) -> Outcome:
    """The outcome of a job that raised this error."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return Outcome(job.key, seconds, error=text[:_LONGEST])


def read(data: Record) -> Outcome:
    """An outcome from a record that holds its fields.

    Raises
    ------
    InputDataError
        Naming the field that is missing or damaged.
    """

    def text(name: str) -> str | None:
        return data.text(name, _LONGEST) if name in data else None

    def number(name: str) -> float | None:
        return data.number(name) if name in data else None

    outcome = Outcome(
        key=data.text("key"),
        seconds=data.number("seconds", 0.0),
        equation=text("equation"),
        latex=text("latex"),
        complexity=data.integer("complexity") if "complexity" in data else None,
        loss=number("loss"),
        r2=number("r2"),
        stop_reason=text("stop_reason"),
        warnings=text("warnings"),
        error=text("error"),
    )
    if (outcome.equation is None) == (outcome.error is None):
        raise data.error("error", "expected an equation or an error")
    return outcome


def _r2(loss: float, std: float) -> float | None:
    if not math.isfinite(loss):
        return None
    if std == 0:
        return 1.0 if loss == 0 else 0.0
    return 1 - (math.sqrt(loss) / std) ** 2
