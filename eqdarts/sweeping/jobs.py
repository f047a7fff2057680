"""What is to be fitted: every target, group, setting and seed of a table, each with a key that knows its data."""

from __future__ import annotations

import difflib
import hashlib
import inspect
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from eqdarts.data import check_names, check_numeric
from eqdarts.data.columns import listed
from eqdarts.data.table import Table
from eqdarts.errors import InputDataError, check_range, warn
from eqdarts.estimator import DARTSRegressor

_OPTIONS = tuple(inspect.signature(DARTSRegressor).parameters)
#: Options that a sweep sets itself, and what to do instead.
_TAKEN = {
    "random_state": "give seeds=[...]",
    "verbose": "progress=True shows one bar for all fits",
    "callback": "fits may run in other processes",
    "checkpoint": "its fits would all write one file; give folder=, which keeps every fit that is done",
}
#: Part of every key, so that a later form of description is not taken for this one.
_FORM = "eqdarts sweep 1"


@dataclass(frozen=True)
class Job:
    """One fit, without its rows.

    Attributes
    ----------
    key : str
        Hash of the description and of the rows. The name of the setting does not count.
    target : str
    inputs : tuple of str
    group : tuple
        Values of the columns that make groups; empty without groups.
    setting : str
    options : tuple of (str, value)
        Of `DARTSRegressor`, plain values, sorted by name.
    seed : int
    """

    key: str
    target: str
    inputs: tuple[str, ...]
    group: tuple[Any, ...]
    setting: str
    options: tuple[tuple[str, Any], ...]
    seed: int


@dataclass(frozen=True, eq=False)
class Plan:
    """All jobs of a sweep, in the order of the result: by target, group, setting and seed.

    Attributes
    ----------
    jobs : tuple of Job
    by : tuple of str
    """

    jobs: tuple[Job, ...]
    by: tuple[str, ...]
    _names: tuple[str, ...]
    _values: np.ndarray  # [n, columns]
    _rows: Mapping[tuple[Any, ...], np.ndarray]
    _drop_missing: bool

    def tasks(self, keys: set[str]) -> Iterator[tuple[Job, Table]]:
        """These jobs with their rows, each key once. Jobs on the same rows follow each other and share them."""
        left, last, data = set(keys), None, None
        for job in self.jobs:
            if job.key not in left:
                continue
            left.remove(job.key)
            if data is None or last != (job.target, job.group):
                last = job.target, job.group
                rows = self._rows[job.group]
                data = _data(self._values, self._names, rows, job.inputs, job.target, self._drop_missing)
            yield job, data


def plan(
    table: pd.DataFrame,
    targets: str | Sequence[str],
    inputs: Sequence[str] | None,
    by: str | Sequence[str],
    seeds: Sequence[int],
    settings: Mapping[str, Mapping[str, Any]] | None,
    drop_missing: bool = False,
) -> Plan:
    """The jobs that `eqdarts.sweep` describes.

    Raises
    ------
    InputDataError
        Naming the column, seed or option that cannot be used.
    """
    if not isinstance(table, pd.DataFrame):
        raise InputDataError(f"table: expected a pandas DataFrame, got {type(table).__name__}")
    names = check_names(list(table.columns))
    table, rows_given = table.set_axis(list(names), axis=1), len(table)
    goals = _columns("targets", targets, names)
    groups = _columns("by", by, names, least=0)
    if drop_missing and groups:
        table = table[table[list(groups)].notna().all(axis=1)]
    chosen = _inputs(table, goals, groups, inputs)
    numeric = tuple(dict.fromkeys([*goals, *chosen]))
    both = [name for name in groups if name in numeric]
    if both:
        raise InputDataError(f"by: {listed(both)} cannot make groups and be fitted as well; name it in one of the two")
    check_numeric(table[list(numeric)])
    values = table[list(numeric)].to_numpy(dtype=np.float64, na_value=np.nan)
    rows = _groups(table, groups)
    options = _settings(settings)
    numbers = _seeds(seeds)
    jobs = []
    left_out = dict.fromkeys(goals, rows_given - len(table))
    for target in goals:
        used = tuple(name for name in chosen if name != target)
        if not used:
            raise InputDataError(f"inputs: no column is left to explain {target!r} with; add one")
        for group, places in rows.items():
            data = _data(values, numeric, places, used, target, drop_missing)
            left_out[target] += len(places) - len(data.y)
            digest = _digest(data)
            for (setting, chosen_options), seed in product(options.items(), numbers):
                described = [_FORM, target, used, [_label(v) for v in group], chosen_options, seed, digest]
                key = hashlib.blake2b(json.dumps(described).encode(), digest_size=16).hexdigest()
                jobs.append(Job(key, target, used, group, setting, chosen_options, seed))
    if any(left_out.values()):
        counts = ", ".join(f"{count} for {target!r}" for target, count in left_out.items() if count)
        warn(f"left out rows with missing values, of {rows_given}: {counts}")
    return Plan(tuple(jobs), groups, numeric, values, rows, drop_missing)


def description(job: Job, by: tuple[str, ...]) -> dict[str, Any]:
    """The job as plain values for JSON."""
    return {
        "key": job.key,
        "target": job.target,
        "inputs": list(job.inputs),
        "group": {name: _label(value) for name, value in zip(by, job.group, strict=True)},
        "setting": job.setting,
        "options": dict(job.options),
        "seed": job.seed,
    }


def _data(
    values: np.ndarray, names: tuple[str, ...], rows: np.ndarray, inputs: tuple[str, ...], target: str, drop: bool
) -> Table:
    """The rows of a fit. drop: without those that have a missing value"""
    places = np.array([names.index(name) for name in (*inputs, target)])
    table = values[np.ix_(rows, places)]
    table = table[~np.isnan(table).any(axis=1)] if drop else table
    return Table(np.ascontiguousarray(table[:, :-1]), table[:, -1].copy(), inputs, target)


def _digest(data: Table) -> str:
    found = hashlib.blake2b(repr(data.X.shape).encode(), digest_size=16)
    found.update(np.ascontiguousarray(data.X).data)
    found.update(np.ascontiguousarray(data.y).data)
    return found.hexdigest()


def _columns(option: str, names: str | Sequence[str], known: tuple[str, ...], least: int = 1) -> tuple[str, ...]:
    found = (names,) if isinstance(names, str) else tuple(map(str, names))
    if len(found) < least:
        raise InputDataError(f"{option}: expected at least one column")
    repeated = [name for k, name in enumerate(found) if name in found[:k]]
    if repeated:
        raise InputDataError(f"{option}: {listed(repeated)} stands twice; name each column once")
    for name in found:
        if name not in known:
            raise InputDataError(f"{option}: no column {name!r}; {_similar(name, known)}")
    return found


def _similar(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return (f"did you mean {close[0]!r}? " if close else "") + f"there are {listed(known)}"


def _inputs(
    table: pd.DataFrame, targets: tuple[str, ...], by: tuple[str, ...], inputs: Sequence[str] | None
) -> tuple[str, ...]:
    if inputs is not None:
        return _columns("inputs", inputs, tuple(table.columns))
    others = [name for name in table.columns if name not in targets and name not in by]
    chosen = tuple(name for name in others if pd.api.types.is_numeric_dtype(table[name]))
    left_out = [name for name in others if name not in chosen]
    if left_out:
        warn(f"inputs: left out {listed(left_out)}, which holds no numbers")
    if not chosen:
        raise InputDataError("inputs: the table has no column of numbers besides targets and groups; add one")
    return chosen


def _groups(table: pd.DataFrame, by: tuple[str, ...]) -> dict[tuple[Any, ...], np.ndarray]:
    """Row numbers of every group, in the order in which the groups appear."""
    if not len(table):
        raise InputDataError("table: it has no rows")
    if not by:
        return {(): np.arange(len(table))}
    for name in by:
        missing = table[name].isna().to_numpy()
        if missing.any():
            raise InputDataError(
                f"by: {int(missing.sum())} of {len(table)} values of column {name!r} are missing "
                f"(first: row {int(missing.argmax())}); drop or fill them"
            )
    codes = table.groupby(list(by), sort=False, observed=True).ngroup().to_numpy()
    # Stable: within a group the rows keep their order.
    parts = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])
    first = table[list(by)].iloc[[int(rows[0]) for rows in parts]]
    return dict(zip(first.itertuples(index=False, name=None), parts, strict=True))


def _seeds(seeds: Sequence[int]) -> tuple[int, ...]:
    if not np.iterable(seeds) or isinstance(seeds, str):
        raise InputDataError(f"seeds={seeds!r}: expected a list of whole numbers, such as range(3)")
    given = [int(seed) if isinstance(seed, np.integer) else seed for seed in seeds]
    for seed in given:
        check_range("seeds", seed, 0, 2**32 - 1, integer=True)
    found = tuple(dict.fromkeys(map(int, given)))
    if not found:
        raise InputDataError("seeds: expected at least one, such as [0]")
    return found


def _settings(settings: Mapping[str, Mapping[str, Any]] | None) -> dict[str, tuple[tuple[str, Any], ...]]:
    """Options of every setting, as plain values."""
    if settings is None:
        return {"default": ()}
    if not isinstance(settings, Mapping) or not settings or not all(isinstance(s, Mapping) for s in settings.values()):
        raise InputDataError(
            f"settings={settings!r}: expected names and options of DARTSRegressor, "
            "such as {'short': {'max_time': 5}}"
        )
    return {str(name): tuple(sorted(_checked(str(name), options))) for name, options in settings.items()}


def _checked(setting: str, options: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in options.items():
        if name in _TAKEN:
            raise InputDataError(f"settings: {setting!r}: {name} cannot be set; {_TAKEN[name]}")
        if name not in _OPTIONS:
            raise InputDataError(
                f"settings: {setting!r}: {name!r} is no option of DARTSRegressor; {_similar(name, _OPTIONS)}"
            )
        try:
            yield name, _plain(value)
        except TypeError as error:
            raise InputDataError(
                f"settings: {setting!r}: {name}={value!r}: expected a number, text, or a list of them"
            ) from error


def _plain(value: Any) -> Any:
    """The value as JSON can hold it, lists as tuples."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple | range):
        return tuple(map(_plain, value))
    if value is None or isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise TypeError(type(value).__name__)


def _label(value: Any) -> Any:
    """A value of a group for JSON: numbers and text as they are, others such as dates as text."""
    try:
        return _plain(value)
    except TypeError:
        return str(value)
