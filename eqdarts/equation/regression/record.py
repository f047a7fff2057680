"""A fit report as plain values for JSON, and back. The rows of the fit are not kept."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from eqdarts.data.noise import ADDITIVE, FORMS, GIVEN, Noise
from eqdarts.equation.regression.column_errors import ColumnErrors
from eqdarts.equation.regression.report import FitReport
from eqdarts.errors import InputDataError
from eqdarts.formula.known import KnownConstant, with_known
from eqdarts.formula.parsing import MAX_LENGTH, parse_expression
from eqdarts.formula.records import Record, or_null
from eqdarts.formula.text import format_expression
from eqdarts.losses.noise import LossNoise, noise_of_loss
from eqdarts.losses.record import read as read_loss
from eqdarts.losses.record import write as write_loss

#: JSON has no numbers for these.
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_NUMBERS = ("rss", "residual_std", "aic", "bic", "mdl", "condition")
_COUNTS = ("observations", "degrees_of_freedom", "starts", "starts_agreeing")


def write(fit: FitReport) -> dict[str, Any]:
    """Everything but the rows."""
    return {
        "template": format_expression(fit.template),
        "names": list(fit.names),
        "values": [_plain(v) for v in fit.values],
        "std_errors": [_plain(v) for v in fit.std_errors],
        "covariance": [[_plain(v) for v in row] for row in fit.covariance],
        "fixed": {name: _plain(value) for name, value in fit.fixed.items()},
        "confidence": fit.confidence,
        **{name: _plain(getattr(fit, name)) for name in _NUMBERS},
        **{name: int(getattr(fit, name)) for name in _COUNTS},
        "converged": bool(fit.converged),
        "message": fit.message,
        "identifiable": bool(fit.identifiable),
        "undetermined": list(fit.undetermined),
        "at_bound": list(fit.at_bound),
        "noise": write_noise(fit.noise),
        "deviance": _plain(fit.deviance),
        "x_error": None
        if fit.x_error is None
        else {
            "columns": {name: list(span) for name, span in fit.x_error.columns.items()},
            "values": [_plain(v) for v in fit.x_error.values],
            "std_errors": [_plain(v) for v in fit.x_error.std_errors],
        },
    }


def read(data: Record, columns: tuple[str, ...], constants: Mapping[str, KnownConstant]) -> FitReport:
    """The inverse of `write`. constants: that are known, by name"""
    names = data.items("names", Record.text)
    fixed = data.record("fixed")
    values, errors = data.items("values", Record.number), data.items("std_errors", _number)
    rows = data.items("covariance", lambda r, k: r.items(k, _number))
    if not len(names) == len(values) == len(errors) == len(rows) or any(len(row) != len(names) for row in rows):
        raise data.error("names", "values, std_errors and covariance differ in length")
    confidence = data.number("confidence")
    if not 0 < confidence < 1:
        raise data.error("confidence", f"expected a number between 0 and 1, got {confidence!r}")
    try:
        known = (*columns, *names, *fixed.data, *constants)
        form = parse_expression(data.text("template", MAX_LENGTH), known, others=False, evaluate=False)
    except InputDataError as error:
        raise data.error("template", str(error)) from error
    numbers: dict[str, Any] = {name: _number(data, name) for name in _NUMBERS}
    counts: dict[str, Any] = {name: data.integer(name) for name in _COUNTS}
    return FitReport(
        names=names,
        values=np.array(values, dtype=float),
        std_errors=np.array(errors, dtype=float),
        covariance=np.array(rows, dtype=float).reshape(len(names), len(names)),
        converged=data.boolean("converged"),
        message=data.text("message"),
        identifiable=data.boolean("identifiable"),
        undetermined=data.items("undetermined", lambda r, k: r.choice(k, names)),
        at_bound=data.items("at_bound", lambda r, k: r.choice(k, names)),
        fixed={name: fixed.number(name) for name in fixed.data},
        confidence=confidence,
        template=with_known(form, constants),
        noise=read_noise(data),
        deviance=_number(data, "deviance") if "deviance" in data else math.nan,
        x_error=_column_errors(data.record("x_error"), len(names)) if "x_error" in data else None,
        **numbers,
        **counts,
    )


def _column_errors(data: Record, K: int) -> ColumnErrors:
    spans = data.record("columns")
    columns = {name: spans.items(name, lambda r, k: r.number(k, 0.0), 2) for name in spans.data}
    values, errors = data.items("values", _number), data.items("std_errors", _number)
    if any(len(span) != 2 for span in columns.values()) or not len(values) == len(errors) == K:
        raise data.error("columns", "expected two numbers for each column, and values and std_errors of each constant")
    pairs = {name: (span[0], span[1]) for name, span in columns.items()}
    return ColumnErrors(pairs, np.array(values, dtype=float), np.array(errors, dtype=float))


def read_noise(data: Record) -> Noise:
    """Of a fit or a model; additive in files that do not say so."""
    if "noise" not in data:
        return ADDITIVE
    noise = data.record("noise")
    unit = noise.number("unit")
    if not unit > 0:
        raise noise.error("unit", f"expected a number above zero, got {unit!r}")
    if "loss" in noise:
        scale = None if noise.data.get("scale") is None else _number(noise, "scale")
        null = None if noise.data.get("null") is None else noise.number("null")
        return noise_of_loss(read_loss(noise.record("loss")), scale, null)
    return Noise(noise.choice("form", (*FORMS, GIVEN)), noise.number("floor", 0.0), unit)


def write_noise(noise: Noise) -> dict[str, Any]:
    """The inverse of `read_noise`."""
    if isinstance(noise, LossNoise):
        scale = None if noise.scale is None else _plain(noise.scale)
        parts = {
            "scale": scale,
            "null": None if noise.null is None else or_null(noise.null),
            "loss": write_loss(noise.loss),
        }
        return {"form": noise.form, "floor": 0.0, "unit": 1.0, **parts}
    return {"form": noise.form, "floor": noise.floor, "unit": noise.unit}


def _plain(value: float) -> float | str:
    value = float(value)
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _number(data: Record, name: str) -> float:
    if isinstance(data.data.get(name), str):
        return _SPECIAL[data.choice(name, tuple(_SPECIAL))]
    return data.number(name)
