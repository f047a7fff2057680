"""A fitted classifier as plain values for JSON, and back; every field is checked, and none is evaluated."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from eqdarts.classes.answers import ClassSummary
from eqdarts.classes.scores import Scores, score_names
from eqdarts.equation.equation import Equation
from eqdarts.equation.model_file import CLASSES_FORMAT, read_settings, write_settings
from eqdarts.errors import InputDataError, shown
from eqdarts.formula.records import Record, parse_json, read_text

FORMAT, VERSION = CLASSES_FORMAT, 1
_KINDS = {"U": "text", "i": "integer", "u": "integer", "f": "number", "b": "boolean"}
_NUMBERS = ("log_loss", "deviance", "null_deviance", "accuracy", "length")
_MOST_SETS, _MOST_CLASSES = 1000, 1000
_STOPS_LONGEST = 40


@dataclass(frozen=True, eq=False)
class SavedClasses:
    """What a file holds of a classifier."""

    settings: dict[str, Any]
    columns: tuple[str, ...]
    named_columns: bool
    target: str
    units: Mapping[str, str]
    classes: np.ndarray
    of_shares: bool
    baseline: int
    training: ClassSummary
    stop_reasons: tuple[str, ...]
    front: tuple[Scores, ...]
    selected: int | None


def write(saved: SavedClasses, best_index: int) -> dict[str, Any]:
    """Plain values; settings that JSON cannot hold are left out with a `SearchWarning`.

    Raises
    ------
    InputDataError
        If labels are neither text nor numbers, or a score cannot be written.
    """
    training = saved.training
    return {
        "format": FORMAT,
        "version": VERSION,
        "target": saved.target,
        "columns": list(saved.columns),
        "units": dict(saved.units),
        "named_columns": saved.named_columns,
        "classes": {"kind": _kind(saved.classes), "labels": saved.classes.tolist(), "shares": saved.of_shares},
        "baseline": saved.baseline,
        "settings": write_settings(saved.settings),
        "stop_reasons": list(saved.stop_reasons),
        "best_index": best_index,
        "selected": saved.selected,
        "training": {
            "rows": training.rows,
            "counts": list(training.counts),
            "minimum": list(training.minimum),
            "maximum": list(training.maximum),
        },
        "front": [
            {
                **{name: getattr(one, name) for name in _NUMBERS},
                "latex": one.latex(),
                "scores": [equation.to_record() for equation in one.equations],
            }
            for one in saved.front
        ],
    }


def read(path: str | os.PathLike[str], defaults: Mapping[str, Any]) -> SavedClasses:
    """A file that `write` made. defaults: of the settings, by name.

    Raises
    ------
    InputDataError
        Naming the file and the field.
    """
    data = parse_json(read_text(path), os.fsdecode(path))
    data.header(FORMAT, VERSION)
    columns = data.items("columns", Record.text)
    if not columns or len(set(columns)) < len(columns):
        raise data.error("columns", "expected at least one name, and each of them once")
    labels = data.record("classes")
    classes = _labels(labels)
    baseline = data.integer("baseline", 0, len(classes) - 1)
    names = tuple(map(str, classes.tolist()))
    front = data.items("front", lambda r, k: _scores(r.record(k), columns, names, baseline), _MOST_SETS)
    if not front:
        raise data.error("front", "expected at least one set of scores")
    target = data.text("target")
    units = data.record("units")
    return SavedClasses(
        settings=read_settings(data.record("settings"), defaults, "DARTSClassifier"),
        columns=columns,
        named_columns=data.boolean("named_columns"),
        target=target,
        units={name: units.text(name) for name in (*columns, target) if name in units},
        classes=classes,
        of_shares=labels.boolean("shares"),
        baseline=baseline,
        training=_training(data.record("training"), len(columns), len(classes)),
        stop_reasons=_stop_reasons(data, len(classes) - 1),
        front=front,
        selected=data.integer("selected", 0, len(front) - 1) if "selected" in data else None,
    )


def _kind(classes: np.ndarray) -> str:
    kind = _KINDS.get(classes.dtype.kind)
    if kind is None and all(isinstance(label, str) for label in classes.tolist()):
        return "object"
    if kind is None:
        label = classes.tolist()[0]
        raise InputDataError(
            f"labels of the type {type(label).__name__}, such as {shown(label)}, cannot be saved; fit with text or "
            "numbers"
        )
    return kind


def _labels(data: Record) -> np.ndarray:
    kind = data.choice("kind", (*dict.fromkeys(_KINDS.values()), "object"))
    if kind in ("text", "object"):
        texts = data.items("labels", lambda r, k: r.text(k), _MOST_CLASSES)
        found = np.array(texts, dtype=object) if kind == "object" else np.array(texts, dtype=str)
    elif kind == "boolean":
        found = np.array(data.items("labels", Record.boolean, _MOST_CLASSES), dtype=bool)
    elif kind == "integer":
        found = np.array(data.items("labels", lambda r, k: r.integer(k, -(2**63), 2**63 - 1), _MOST_CLASSES), dtype=int)
    else:
        found = np.array(data.items("labels", Record.number, _MOST_CLASSES), dtype=float)
    if len(found) < 2 or len(set(found.tolist())) < len(found):
        raise data.error("labels", "expected at least two, and each of them once")
    return found


def _scores(data: Record, columns: tuple[str, ...], classes: tuple[str, ...], baseline: int) -> Scores:
    names = score_names(classes, baseline, columns)

    def equation(records: Record, k: str) -> Equation:
        return Equation.from_record(records.record(k), columns, names[min(int(k), len(names) - 1)])

    equations = data.items("scores", equation, _MOST_CLASSES)
    if len(equations) != len(names):
        raise data.error("scores", f"expected {len(names)}, one for each class but the baseline")
    numbers = {name: data.number(name) for name in _NUMBERS}
    for name in ("log_loss", "null_deviance", "accuracy"):
        if not 0 <= numbers[name] < math.inf:
            raise data.error(name, "expected a number at least 0")
    return Scores(equations, classes, baseline, **numbers)


def _training(data: Record, d: int, K: int) -> ClassSummary:
    low, high = data.items("minimum", Record.number), data.items("maximum", Record.number)
    if not len(low) == len(high) == d:
        raise data.error("minimum", f"expected {d} numbers, and {d} of maximum")
    counts = data.items("counts", lambda r, k: r.number(k, 0.0))
    if len(counts) != K:
        raise data.error("counts", f"expected {K} numbers, one for each class")
    return ClassSummary(data.integer("rows", 1), counts, low, high)


def _stop_reasons(data: Record, K: int) -> tuple[str, ...]:
    reasons = data.items("stop_reasons", lambda r, k: r.text(k, _STOPS_LONGEST))
    if len(reasons) != K:
        raise data.error("stop_reasons", f"expected {K}, one for each class but the baseline")
    return reasons
