"""Dynamics as plain values for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eqdarts.formula.records import or_null
from eqdarts.formula.text import format_expression

if TYPE_CHECKING:
    from eqdarts.dynamics.model import Dynamics

FORMAT, VERSION = "eqdarts dynamics", 1


def to_dict(law: Dynamics) -> dict[str, Any]:
    """Plain values."""
    given = law.observed
    return {
        "format": FORMAT,
        "version": VERSION,
        "kind": law.kind,
        "lags": law.lags,
        "order": law.system.order,
        "timed": law.system.timed,
        "states": list(given.states),
        "inputs": list(given.inputs),
        "time": given.time,
        "columns": list(law.system.columns),
        "equations": [format_expression(e) for e in law.system.expressions],
        "errors": [or_null(e) for e in law.errors],
        "loss": law.loss.tolist(),
        "followed": law.followed,
        "starts": law.starts.tolist(),
        "places": list(law.places),
        "fronts": [
            [
                {"equation": format_expression(c.expression), "loss": c.loss, "length": c.length, "origin": c.origin}
                for c in some
            ]
            for some in law.fronts
        ],
        "trajectories": [{"t": one.t.tolist(), "x": one.x.tolist(), "u": one.u.tolist()} for one in given.trajectories],
    }
