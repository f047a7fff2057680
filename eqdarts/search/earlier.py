"""What an earlier search left, and another one goes on from: α, the best graphs, and the equations of the front.

The next search may have more time, other rows, or both; its columns and what its graphs may be stay the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from eqdarts.data.table import Table
from eqdarts.equation.confirm import confirmed
from eqdarts.equation.equation import Equation
from eqdarts.errors import InputDataError, shown
from eqdarts.graph.population import Population
from eqdarts.graph.space import SearchSpace
from eqdarts.search.problem import Problem

#: Options that say what graphs there are, what they mean or how they are judged.
FIXED = (
    "operations", "aggregators", "links", "max_nodes", "relaxation", "optimizer", "readout_inputs",
    "readout_coefficients", "readout_intercept", "units", "constraints", "loss", "template",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Earlier:
    """Where a search ended.

    Attributes
    ----------
    settings : mapping
        All options that it had.
    columns : tuple of str
        Of its table.
    target : str
    space : SearchSpace
    problem : Problem
        Whose scales its constants are in.
    alpha, beta : arrays [R, A, E, M], [R, N, A]
    gamma : array [L] or None
        Of the links of its space.
    population : Population
    noisy : bool
        Did its rows count as noisy?
    equations : tuple of Equation
    """

    settings: Mapping[str, Any]
    columns: tuple[str, ...]
    target: str
    space: SearchSpace
    problem: Problem
    alpha: np.ndarray
    beta: np.ndarray
    gamma: np.ndarray | None
    population: Population
    noisy: bool
    equations: tuple[Equation, ...]

    def check(self, columns: tuple[str, ...], target: str, settings: Mapping[str, Any]) -> None:
        """Raise `InputDataError` unless a search of these columns with these options can go on from here."""
        for what, before, now in (
            ("the columns were", self.columns, columns),
            ("the target was", (self.target,), (target,)),
        ):
            if before != now:
                raise InputDataError(
                    f"warm_start: {what} {_listed(before)}, and now {_listed(now)}; give the same ones, or fit with "
                    "warm_start=False"
                )
        for name in FIXED:
            option, changed = self.settings.get(name), settings.get(name)
            if not _equal(option, changed):
                raise InputDataError(
                    f"warm_start: {name} was {shown(option)}, and is {shown(changed)} now, so that graphs of "
                    "the earlier fit are none of this one; set it back, or fit with warm_start=False"
                )
        option, changed = (given.get("max_columns") for given in (self.settings, settings))
        if _at_most(option, columns) != _at_most(changed, columns):
            raise InputDataError(
                f"warm_start: max_columns was {shown(option)}, and is {shown(changed)} now, and a fit that goes on "
                "searches the columns of the earlier one; set it back, or fit with warm_start=False"
            )

    def on(self, problem: Problem, rows: Table) -> Earlier:
        """With equations that are refitted to other rows. problem: that they are a problem of"""
        limit = np.inf if problem.max_complexity is None else problem.max_complexity
        known = [equation for equation in self.equations if equation.complexity <= limit]
        front = confirmed(known, rows, rows=problem.evidence)
        return replace(self, equations=tuple(front))

    def in_scales_of(self, problem: Problem) -> Problem:
        """This problem in the scales of the earlier one, in which constants of graphs mean the same."""
        before = self.problem
        same = (before.x_unit == problem.x_unit).all() and before.y_unit == problem.y_unit
        return replace(problem, x_scale=before.x_scale, y_scale=before.y_scale) if same else problem

    def link_weights(self, space: SearchSpace, otherwise: np.ndarray) -> np.ndarray:
        """γ for the links of another space, where links may have come or gone with the values of y."""
        known = {} if self.gamma is None else dict(zip(self.space.links, self.gamma.tolist(), strict=True))
        return np.array([known.get(link, value) for link, value in zip(space.links, otherwise.tolist(), strict=True)])


def _at_most(limit: int | None, columns: tuple[str, ...]) -> int:
    """How many of the columns a search sees."""
    return len(columns) if limit is None else min(int(limit), len(columns))


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def _equal(before: Any, now: Any) -> bool:
    plain = [list(value) if isinstance(value, tuple | list) else value for value in (before, now)]
    return bool(plain[0] == plain[1])
