"""Which constants of a formula are a group's own, and which are shared: as the length of the description says.

From several places, all constants own, all shared, one own or one shared, constants change their kind one at a time as
long as the description of all groups becomes shorter. A constant may become a simple number in all groups as well, by
which needless ones leave the formula.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import sympy

from eqdarts.data.zero import LADDER
from eqdarts.fit.joint import joint_errors
from eqdarts.grouped.rows import GroupedTable
from eqdarts.grouped.state import Family, State, effective, fitted, pooled, separate
from eqdarts.runtime.leaving import in_time
from eqdarts.simplify.snapping import simpler_values


@dataclass(frozen=True)
class Effort:
    """How much is tried; none is tuned.

    Attributes
    ----------
    first, trial, last : int
        Steps of the fits of first states, of trials and of what is kept.
    beam : int
        States that are followed side by side.
    targets : int
        Simple numbers that are tried for a constant.
    denominator : int
        Of fractions that a constant other than an exponent may be, at the most.
    rounding : float
        Nats that rounding a number may cost: as much as 1.6 standard errors do.
    better : float
        Nats by which a state has to be shorter.
    """

    first: int = 25
    trial: int = 10
    last: int = 60
    beam: int = 3
    targets: int = 3
    denominator: int = 2
    rounding: float = 1.28
    better: float = 1e-6


EFFORT = Effort()


def first_states(family: Family, table: GroupedTable) -> list[State]:
    """The states from which the way begins, shortest description first."""
    K = len(family)
    together = pooled(family, table)
    alone = separate(family, table, together)
    start = np.tile(together, (len(table.groups), 1))
    masks = [np.zeros(K, dtype=bool), np.ones(K, dtype=bool)]
    masks += [np.arange(K) == k for k in range(K)]
    masks += [np.arange(K) != k for k in range(K)] if K > 2 else []
    if not table.alike:
        masks = [np.ones(K, dtype=bool)]
    found: list[State] = []
    for own in masks:
        starts = [start, alone] if own.sum() == 1 else [alone if own.any() else start]
        tried = [fitted(family, table, s, own, {}, EFFORT.first) for s in starts]
        found.append(min(tried, key=lambda s: s.length))
    return sorted((s for s in found if np.isfinite(s.length)), key=lambda s: s.length)


def promise(family: Family, table: GroupedTable) -> float:
    """A rough length of the family, by few fits: of all constants own, or of all shared."""
    together = pooled(family, table, 20)
    alone = separate(family, table, together, 20, passed=2)
    K, n = effective(family, table.stacked, together), len(table)
    ones, nothing = np.ones(len(family), dtype=bool), np.zeros(len(family), dtype=bool)
    start = np.tile(together, (len(table.groups), 1))
    lengths = []
    for values, own in ((alone, ones), (start, nothing)) if table.alike else ((alone, ones),):
        loss = table.loss(fitted(family, table, values, own, {}, 4).fit.squares)
        if np.isfinite(loss):
            left = max(loss, LADDER.exact)
            counts = np.minimum(table.stacked.counts, K).sum() if own.any() else K
            lengths.append(0.5 * n * np.log(left) + 0.5 * counts * np.log(n / counts / min(left, 1.0)))
    return float(min(lengths, default=np.inf))


def shared_out(first: list[State], table: GroupedTable, deadline: float) -> Iterator[State]:
    """All states that were once the shortest of their place, fitted to the end; at least the first one.

    deadline: in `time.monotonic`
    """
    known: dict[tuple[object, ...], State] = {state.key: state for state in first}
    beam = first[: EFFORT.beam]
    kept = list(beam)
    while beam and time.monotonic() < deadline:
        following: dict[tuple[object, ...], State] = {}
        for state in beam:
            for trial in _changed(state, table, known, deadline):
                if trial.length < state.length - EFFORT.better:
                    following[trial.key] = trial
            if time.monotonic() > deadline:
                break
        beam = sorted(following.values(), key=lambda s: s.length)[: EFFORT.beam]
        beam = [fitted(s.family, table, s.fit.values, s.own, s.held, EFFORT.first) for s in beam]
        kept += beam
    for state in sorted(kept, key=lambda s: s.length):
        last = partial(fitted, state.family, table, state.fit.values, state.own, state.held, EFFORT.last)
        yield in_time(deadline, last) or state


def _changed(
    state: State, table: GroupedTable, known: dict[tuple[object, ...], State], deadline: float
) -> Iterator[State]:
    """The state with one constant of another kind, but for those that were tried; until the deadline."""
    n = len(table)
    errors = joint_errors(state.family.code, table.stacked, state.fit, state.own, state.free)
    for k in np.flatnonzero(state.free).tolist():
        trials: list[tuple[np.ndarray, dict[int, sympy.Expr], float]] = []
        if table.alike:
            own = state.own.copy()
            own[k] = not own[k]
            trials.append((own, state.held, np.inf))
        elif k == state.family.factor:  # which carries the unit of each target
            continue
        value, error = _typical(state.fit.values[:, k], errors.errors[:, k])
        for target, changes in _numbers(value, error, state.family.form.roles[k], n, bool(state.own[k])):
            rest = state.own.copy()
            rest[k] = False
            trials.append((rest, {**state.held, k: target}, np.inf if changes else EFFORT.rounding))
        for kinds, held, most in trials:
            key = tuple(kinds.tolist()), tuple(sorted(held.items()))
            if key in known:
                continue
            start = state.fit.values.copy()
            if state.own[k] and k not in held:
                start[:, k] = value
            found = in_time(deadline, partial(fitted, state.family, table, start, kinds, held, EFFORT.trial))
            if found is None:
                return
            known[key] = found
            misfit = 0.5 * n * np.log((table.loss(found.fit.squares) + LADDER.exact) / (_loss(state, table)))
            if misfit <= most:
                yield found


def _loss(state: State, table: GroupedTable) -> float:
    return table.loss(state.fit.squares) + LADDER.exact


def _typical(values: np.ndarray, errors: np.ndarray) -> tuple[float, float]:
    """The mean of a constant over groups by precision, and its standard error."""
    weight = np.where(np.isfinite(errors) & (errors > 0), errors, np.inf) ** -2.0
    if not np.isfinite(weight).all() or weight.sum() <= 0:
        return float(np.median(values)), float(np.min(errors))
    return float(np.average(values, weights=weight)), float(weight.sum() ** -0.5)


def _numbers(value: float, error: float, role: str, n: int, own: bool) -> list[tuple[sympy.Expr, bool]]:
    """Simple numbers that a constant may be in all groups; and does the formula get another one by it?"""
    # A needless constant may be 1 whatever it is now; of an own one no other number is likely.
    out: list[tuple[sympy.Expr, bool]] = [(sympy.Integer(0), True), (sympy.Integer(1 if value > 0 else -1), True)]
    if own or not np.isfinite(error):
        return out
    more = sorted(simpler_values(value, role, error, n), key=lambda t: -t[1])
    # What several groups share is to be known with its error: 2.28 ± 0.13 says more than 7/3.
    more = [t for t in more if role == "exponent" or (t[0].is_Rational and t[0].q <= EFFORT.denominator)]
    seen = {target for target, _ in out}
    return out + [(t, role == "exponent") for t, _ in more if t not in seen][: EFFORT.targets]
