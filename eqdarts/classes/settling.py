"""Fitted sets of scores → what a model keeps of them: constants with errors, digits, deviance, accuracy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import sympy

from eqdarts.classes.choosing import ScoreSet, with_constants
from eqdarts.classes.likelihood import ClassRows, ScoreForm, scores_of
from eqdarts.classes.scores import Scores, score_names
from eqdarts.data.noise import GIVEN, Noise
from eqdarts.equation.equation import Equation
from eqdarts.equation.regression.report import FitReport
from eqdarts.formula.numbers import DIGITS, MOST_DIGITS

_SEEN = 0.05  # nats that the rounding of all constants may cost; not tuned, as nobody sees it in a picture
_CONFIDENCE = 0.95


def settled(one: ScoreSet, rows: ClassRows, classes: tuple[str, ...]) -> Scores:
    """What is kept of a set that was fitted to these rows."""
    names = score_names(classes, rows.baseline, rows.names)
    deviance = 2 * (rows.saturated - one.fit.log_likelihood)
    counts = rows.weights @ rows.shares
    null = 2 * (rows.saturated - float(counts @ np.log(counts / rows.total)))
    digits = _digits(one, rows)
    equations = tuple(
        replace(
            equation,
            target=name,
            loss=max(deviance / rows.total, 0.0),
            relative_loss=max(deviance / null, 0.0),
            probability=None,
            left_out=None,
            digits=digits,
            fit=_report(one, rows, k, deviance),
        )
        for k, (equation, name) in enumerate(zip(with_constants(one), names, strict=True))
    )
    right = rows.shares.argmax(axis=1) == one.fit.probabilities.argmax(axis=1)
    return Scores(
        equations,
        classes,
        rows.baseline,
        log_loss=-one.fit.log_likelihood / rows.total,
        deviance=deviance,
        null_deviance=null,
        accuracy=float(np.average(right, weights=rows.weights)),
        length=one.length,
    )


def constant(expression: sympy.Expr, rows: ClassRows) -> Equation:
    """The score of a class that no column changes."""
    return Equation(expression, rows.names, "s", 1.0, 1.0, "constant")


def _digits(one: ScoreSet, rows: ClassRows) -> int:
    """As many as it takes, from four, that what is shown is as likely as what was fitted."""
    for digits in range(DIGITS, MOST_DIGITS):
        values = [np.array([float(f"{v:.{digits}g}") for v in part]) for part in one.fit.values]
        if rows.log_likelihood(scores_of(one.forms, values, rows)) > one.fit.log_likelihood - _SEEN:
            return digits
    return MOST_DIGITS


def _report(one: ScoreSet, rows: ClassRows, k: int, deviance: float) -> FitReport:
    """What the joint information says of the constants of score number k; limits are normal, as a likelihood's are."""
    form: ScoreForm = one.forms[k]
    ends = np.cumsum([0, *(len(values) for values in one.fit.values)])
    part, total = slice(ends[k], ends[k + 1]), int(ends[-1])
    names = tuple(c.name for c in form.constants)
    lost = tuple(name for name, error in zip(names, one.fit.errors[k], strict=True) if not np.isfinite(error))
    observations = int((rows.weights > 0).sum())
    covariance = one.fit.covariance[part, part]
    return FitReport(
        names=names,
        values=one.fit.values[k],
        std_errors=one.fit.errors[k],
        covariance=covariance,
        rss=deviance,
        observations=observations,
        degrees_of_freedom=observations - total,
        residual_std=1.0,
        aic=deviance + 2 * total,
        bic=deviance + float(np.log(rows.total)) * total,
        mdl=one.length,
        converged=one.fit.converged,
        message="the likelihood is at its maximum" if one.fit.converged else "the likelihood still rose",
        starts=1,
        starts_agreeing=1,
        condition=_condition(covariance),
        identifiable=not lost,
        undetermined=lost,
        at_bound=(),
        fixed={},
        confidence=_CONFIDENCE,
        template=form.form,
        noise=Noise(GIVEN),
    )


def _condition(covariance: np.ndarray) -> float:
    if not np.isfinite(covariance).all():
        return float("inf")
    sizes = np.sqrt(np.diag(covariance))
    return float(np.sqrt(np.linalg.cond(covariance / np.outer(sizes, sizes)))) if len(sizes) else 1.0
