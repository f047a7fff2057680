"""Dynamics from a JSON file: every field is checked, and none is evaluated."""

from __future__ import annotations

import os

import numpy as np
import sympy

from eqdarts.data.columns import check_names
from eqdarts.dynamics.candidates import Candidate
from eqdarts.dynamics.given import Observed, Trajectory
from eqdarts.dynamics.model import KINDS, Dynamics
from eqdarts.dynamics.system import System
from eqdarts.dynamics.writing import FORMAT, VERSION
from eqdarts.formula.parsing import parse_expression
from eqdarts.formula.records import Record, parse_json, read_text

_LONGEST = 100_000  # characters of a formula
_MOST = 1000  # candidates of a state


def load(path: str | os.PathLike[str]) -> Dynamics:
    """The dynamics that `Dynamics.save` wrote; nothing in the file is evaluated as code.

    Raises
    ------
    InputDataError
        If it is damaged, foreign or of a later release; naming the field.
    """
    return from_record(parse_json(read_text(path), f"{os.fsdecode(path)}"))


def from_record(data: Record) -> Dynamics:
    """From what `to_dict` made."""
    data.header(FORMAT, VERSION)
    states, inputs, columns = (data.items(name, Record.text) for name in ("states", "inputs", "columns"))
    check_names(columns)
    k, m = len(states), len(inputs)
    order, lags = data.integer("order", 1, 2), data.integer("lags", 1, 20)
    if not k or columns[:k] != states or len(columns) < k * max(order, lags) + m:
        raise data.error("columns", "they do not begin with the states")

    def formula(record: Record, name: str) -> sympy.Expr:
        return parse_expression(record.text(name, _LONGEST), columns, others=False)

    def candidate(record: Record, name: str) -> Candidate:
        one = record.record(name)
        return Candidate(formula(one, "equation"), one.number("loss", 0.0), one.number("length"), one.text("origin"))

    def trajectory(record: Record, name: str) -> Trajectory:
        one = record.record(name)
        t = np.array(one.items("t", Record.number))
        x, u = (
            np.array(one.items(key, lambda r, n: r.items(n, Record.number)), dtype=float).reshape(len(t), -1)
            if width else np.zeros((len(t), 0))
            for key, width in (("x", k), ("u", m))
        )  # fmt: skip
        if x.shape != (len(t), k) or u.shape != (len(t), m) or (np.diff(t) <= 0).any():
            raise one.error("x", f"expected {len(t)} rows of {k} states at rising times")
        return Trajectory(t, x, u)

    fronts = data.items("fronts", lambda r, n: r.items(n, candidate, _MOST))
    places = data.items("places", lambda r, n: r.integer(n, 0, _MOST))
    timed, equations = data.boolean("timed"), data.items("equations", formula)
    if not (len(fronts) == len(places) == len(equations) == k) or any(
        p >= len(some) for p, some in zip(places, fronts, strict=True)
    ):
        raise data.error("equations", f"expected one for each of the {k} states, and its place among the candidates")
    system = System(equations, columns, order, timed)
    errors = np.array(data.items("errors", Record.number_or_nan), dtype=float)
    if len(errors) != len(system.constants):
        raise data.error("errors", f"{len(errors)} of {len(system.constants)} constants")
    loss = np.array(data.items("loss", lambda r, n: r.number(n, 0.0)), dtype=float)
    trajectories = data.items("trajectories", trajectory)
    observed = Observed(trajectories, states, inputs, data.text("time"))
    starts = np.array(data.items("starts", lambda r, n: r.items(n, Record.number)), dtype=float)
    if starts.shape != (len(trajectories), k * (order if order > 1 else lags)):
        raise data.error("starts", f"of shape {starts.shape}")
    return Dynamics(
        system,
        observed,
        data.choice("kind", KINDS),
        lags,
        fronts,
        places,
        errors,
        loss,
        data.integer("followed"),
        starts,
    )
