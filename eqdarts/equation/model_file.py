"""A fitted model as plain values for JSON, and back; every field is checked, and none is evaluated."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from eqdarts.data.noise import ADDITIVE, Noise
from eqdarts.data.table import Table
from eqdarts.equation.equation import Equation
from eqdarts.equation.excluded import Excluded, read_excluded, write_excluded
from eqdarts.equation.front import Front
from eqdarts.equation.regression.record import read_noise, write_noise
from eqdarts.equation.selection import CRITERIA
from eqdarts.errors import InputDataError, warn
from eqdarts.formula.records import Record, parse_json, read_text
from eqdarts.graph.links import LINK_NAMES
from eqdarts.graph.operations import OPERATIONS
from eqdarts.graph.space import AGGREGATORS, SearchSpace
from eqdarts.losses.loss import Loss
from eqdarts.losses.noise import LossNoise
from eqdarts.losses.own import Own
from eqdarts.options import MAX_NODES

FORMAT, VERSION = "eqdarts model", 1
FORMAT_OUTPUTS = "eqdarts model of several outputs"
CLASSES_FORMAT = "eqdarts classifier"  # of files that another kind of model reads
_STOPS = (
    "exact", "settled", "max_epochs", "max_fits", "max_time", "max_memory", "patience", "interrupted", "error",
    "constant",
)  # fmt: skip
_MAX_FORMULAS = 1_000_000  # characters
_MAX_EQUATIONS = 1000
_BY_NAME = ("units", "constants")  # settings that may be plain values by the names of columns
_NESTED = ("constraints",)  # and one that a fit checks, whatever is in it


@dataclass(frozen=True)
class Summary:
    """What is kept of the table that a model was fitted to.

    Attributes
    ----------
    rows, distinct_rows : int
        As given, and after equal rows were merged.
    minimum, maximum : tuple of float
        Of each column.
    target_mean, target_std : float
        The standard deviation is that of the rows themselves (divided by n).
    """

    rows: int
    distinct_rows: int
    minimum: tuple[float, ...]
    maximum: tuple[float, ...]
    target_mean: float
    target_std: float

    @classmethod
    def of(cls, table: Table, distinct_rows: int) -> Summary:
        """Of a table in memory."""
        X, y = table.X, table.y
        # Divided first: squares of large values would overflow.
        size = float(np.abs(y).max()) or 1.0
        return cls(
            len(y),
            distinct_rows,
            tuple(map(float, X.min(axis=0))),
            tuple(map(float, X.max(axis=0))),
            float(np.mean(y / size)) * size,
            float(np.std(y / size)) * size,
        )


@dataclass(frozen=True)
class Saved:
    """What a file holds of a model."""

    settings: dict[str, Any]
    columns: tuple[str, ...]
    named_columns: bool
    target: str
    stop_reason: str
    training: Summary
    space: SearchSpace | None
    front: Front
    noise: Noise = ADDITIVE
    rivals: tuple[Equation, ...] = ()
    leaves_something: bool = False
    selected: int | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    excluded: tuple[Excluded, ...] = ()


def write(saved: Saved, best_index: int) -> dict[str, Any]:
    """Plain values; settings that JSON cannot hold are left out with a `SearchWarning`.

    Raises
    ------
    InputDataError
        If an equation cannot be written, or `read` would find the formulas too long.
    """
    training, space = saved.training, saved.space
    record = {
        "format": FORMAT,
        "version": VERSION,
        "target": saved.target,
        "columns": list(saved.columns),
        "units": dict(saved.units),
        "named_columns": saved.named_columns,
        "settings": write_settings(saved.settings),
        "stop_reason": saved.stop_reason,
        "best_index": best_index,
        "selected": saved.selected,
        "noise": write_noise(saved.noise),
        **({"evidence": saved.front.rows} if isinstance(saved.noise, LossNoise) else {}),
        "training": {
            "rows": training.rows,
            "distinct_rows": training.distinct_rows,
            "minimum": list(training.minimum),
            "maximum": list(training.maximum),
            "target_mean": training.target_mean,
            "target_std": training.target_std,
        },
        "search_space": None if space is None else {
            "inputs": list(space.inputs),
            "nodes": space.nodes,
            "operations": list(space.operations),
            "aggregators": list(space.aggregators),
            "signed": list(space.signed),
            "readout_inputs": space.readout_inputs,
            "readout_coefficients": space.readout_coefficients,
            "readout_intercept": space.readout_intercept,
            "links": list(space.links),
        },
        "equations": [
            {"complexity": e.complexity, **e.to_record(), "latex": e.latex()}
            for e in saved.front
        ],
        "rivals": [e.to_record() for e in saved.rivals],
        "leaves_something": saved.leaves_something,
        "excluded": write_excluded(saved.excluded),
    }  # fmt: skip
    _check_formulas(Record(record, "model"))
    return record


def opened(path: str | os.PathLike[str]) -> Record:
    """The fields of a file.

    Raises
    ------
    InputDataError
        Naming the file.
    """
    return parse_json(read_text(path), os.fsdecode(path))


def read(data: Record, defaults: Mapping[str, Any]) -> Saved:
    """What `write` made. defaults: of the settings, by name.

    Raises
    ------
    InputDataError
        Naming the file and the field.
    """
    if data.data.get("format") == CLASSES_FORMAT:
        raise data.error("format", "this model tells classes; load it with DARTSClassifier.load or eqdarts.load_model")
    data.header(FORMAT, VERSION)
    columns = data.items("columns", Record.text)
    if not columns or len(set(columns)) < len(columns):
        raise data.error("columns", "expected at least one name, and each of them once")
    target = data.text("target")
    space = _space(data.record("search_space"), columns) if "search_space" in data else None
    _check_formulas(data)
    equations = data.items("equations", lambda r, k: _equation(r.record(k), columns, target, space), _MAX_EQUATIONS)
    if not equations:
        raise data.error("equations", "expected at least one")
    rivals: tuple[Equation, ...] = ()
    if "rivals" in data:  # files of before have none
        rivals = data.items("rivals", lambda r, k: _rival(r.record(k), columns, target, space), _MAX_EQUATIONS)
    training = _training(data.record("training"), len(columns))
    front = Front(equations, data.integer("evidence", 1) if "evidence" in data else training.distinct_rows)
    noise = read_noise(data)
    settings = read_settings(data.record("settings"), defaults)
    if isinstance(noise, LossNoise) and "loss" not in settings:  # an object, which the noise holds
        settings["loss"] = noise.loss
    return Saved(
        settings=settings,
        columns=columns,
        named_columns=data.boolean("named_columns"),
        target=target,
        stop_reason=data.choice("stop_reason", _STOPS),
        training=training,
        space=space,
        front=front,
        noise=noise,
        rivals=rivals,
        leaves_something="leaves_something" in data and data.boolean("leaves_something"),
        units=_units(data, (*columns, target)),
        excluded=_excluded(data, columns, target),
        selected=data.integer("selected", 0, len(front) - 1) if "selected" in data else None,
    )


def _units(data: Record, names: tuple[str, ...]) -> dict[str, str]:
    """Of those columns that have one; files of before have none."""
    if "units" not in data:
        return {}
    units = data.record("units")
    return {name: units.text(name) for name in names if name in units}


def _excluded(data: Record, columns: tuple[str, ...], target: str) -> tuple[Excluded, ...]:
    """Files of before have none."""
    if "excluded" not in data:
        return ()
    return data.items("excluded", lambda r, k: read_excluded(r.record(k), columns, target), _MAX_EQUATIONS)


def check_formulas(records: Sequence[dict[str, Any]], where: str) -> None:
    """Refuse so much text in the formulas of all outputs that reading it would take minutes."""
    parts = [record.get(part) for record in records for part in ("equations", "rivals")]
    _check_formulas(Record({"equations": [e for part in parts if isinstance(part, list) for e in part]}, where))


def _check_formulas(data: Record) -> None:
    """Refuse so much text in formulas that reading it would take minutes."""
    rivals = data.take("rivals", list, "a list") if "rivals" in data else []
    equations = [e for e in (*data.take("equations", list, "a list"), *rivals) if isinstance(e, dict)]
    parts = [p for e in equations for p in (e, e.get("scaled"), e.get("fit")) if isinstance(p, dict)]
    texts = [p.get(key) for p in parts for key in ("expression", "template")]
    total = sum(len(text) for text in texts if isinstance(text, str))
    if total > _MAX_FORMULAS:
        raise data.error("equations", f"{total} characters of formulas; at most {_MAX_FORMULAS} are read")


def _equation(data: Record, columns: tuple[str, ...], target: str, space: SearchSpace | None) -> Equation:
    equation = Equation.from_record(data, columns, target)
    if equation.loss < 0:
        raise data.error("loss", "expected a number at least 0, or null where it is beyond the doubles")
    if not 0 <= equation.relative_loss < math.inf:
        raise data.error("relative_loss", "expected a number at least 0")
    genotype = equation.genotype
    if genotype is not None and space is not None:
        d, n = len(genotype.inputs or space.inputs), space.nodes
        sizes = (len(genotype.operations), len(genotype.aggregators), len(genotype.readout))
        if sizes != (n * d + n * (n - 1) // 2, n, n + d + 1):
            raise data.error("genotype", "its lengths do not fit the search space")
    return equation


def _rival(data: Record, columns: tuple[str, ...], target: str, space: SearchSpace | None) -> Equation:
    rival = _equation(data, columns, target, space)
    if rival.probability is None:
        raise data.error("probability", "is missing")
    return rival


def _training(data: Record, d: int) -> Summary:
    low, high = data.items("minimum", Record.number), data.items("maximum", Record.number)
    if not len(low) == len(high) == d:
        raise data.error("minimum", f"expected {d} numbers, and {d} of maximum")
    rows = data.integer("rows", 1)
    return Summary(
        rows,
        data.integer("distinct_rows", 1, rows),
        low,
        high,
        data.number("target_mean"),
        data.number("target_std", 0.0),
    )


def _space(data: Record, columns: tuple[str, ...]) -> SearchSpace | None:
    """None, with a warning, if it has operations that are not registered here; predictions need none of them."""
    operations = data.items("operations", Record.text)
    unknown = [name for name in operations if name not in OPERATIONS]
    if unknown:
        warn(
            f"{data.where}: the operations {', '.join(map(ascii, unknown[:20]))} are not registered here; "
            "predictions are the same, but search_space_ is left out"
        )
        return None
    inputs, signed = data.items("inputs", lambda r, k: r.choice(k, columns)), data.items("signed", Record.boolean)
    if len(signed) != len(inputs):
        raise data.error("signed", f"expected {len(inputs)} values")
    try:
        return SearchSpace(
            inputs=inputs,
            nodes=data.integer("nodes", 1, MAX_NODES),
            operations=operations,
            aggregators=data.items("aggregators", lambda r, k: r.choice(k, AGGREGATORS)),
            signed=signed,
            readout_inputs=data.boolean("readout_inputs"),
            readout_coefficients=data.boolean("readout_coefficients"),
            readout_intercept=data.boolean("readout_intercept"),
            links=data.items("links", lambda r, k: r.choice(k, LINK_NAMES)),
        )
    except InputDataError as error:
        known = str(error).startswith(data.where)
        raise error if known else InputDataError(f"{data.where}: {error}") from error


def write_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Those that JSON can hold; a `SearchWarning` names the others."""
    kept, left_out = {}, []
    for name, value in settings.items():
        if isinstance(value, Loss) and not isinstance(value, Own):
            continue  # it stands in the noise
        plain = _plain(value)
        if plain is None and value is not None:
            left_out.append(name)
        else:
            kept[name] = plain
    if left_out:
        warn(f"{', '.join(left_out)}: left out, as JSON cannot hold it; set it again after loading, with set_params")
    return kept


def _plain(value: Any) -> Any:
    """The value as JSON has it; None where it cannot be held."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        items = [_plain(item) for item in value]
        return None if any(item is None or isinstance(item, list) for item in items) else items
    if hasattr(value, "to_dict"):  # constraints, which are plain then
        return value.to_dict()
    if isinstance(value, Mapping):  # such as the units of columns
        named = {name: _plain(item) for name, item in value.items() if isinstance(name, str)}
        plain = len(named) == len(value) and not any(item is None or isinstance(item, list) for item in named.values())
        return named if plain else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, str | bool | int) else None


def read_settings(data: Record, defaults: Mapping[str, Any], kind: str = "DARTSRegressor") -> dict[str, Any]:
    """The inverse of `write_settings`. defaults: of the options, by name   kind: of the model that has them"""
    settings = {}
    for name, value in data.data.items():
        if name not in defaults:
            raise data.error(name, f"is no option of {kind}")
        if isinstance(value, dict) and name in _NESTED:
            settings[name] = value
            continue
        if isinstance(value, dict) and (
            name not in _BY_NAME or any(isinstance(v, dict | list) for v in value.values())
        ):
            raise data.error(name, "expected a plain value or a list of them")
        if isinstance(value, list):
            if any(isinstance(item, dict | list) for item in value):
                raise data.error(name, "expected a list of plain values")
            value = tuple(value) if isinstance(defaults[name], tuple) else value
        if isinstance(value, str) and len(value) > 1000:
            raise data.error(name, f"{len(value)} characters; at most 1000 are read")
        settings[name] = value
    if settings.get("model_selection", "best") not in CRITERIA:
        raise data.error("model_selection", f"expected one of {', '.join(CRITERIA)}")
    return settings
