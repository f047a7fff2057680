"""`refit` in groups: the constants of any formula, some a group's own and some shared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy

from eqdarts.data.groups import Groups
from eqdarts.data.noise import Noise, weighted
from eqdarts.data.table import Table
from eqdarts.data.zero import Target
from eqdarts.equation.by_group import ByGroup, own_name
from eqdarts.equation.equation import Equation
from eqdarts.equation.regression.minimise import local, minimise, sum_of_squares
from eqdarts.equation.regression.model import Model
from eqdarts.errors import InputDataError, warn
from eqdarts.fit.covariance import spread
from eqdarts.fit.formula import Compiled
from eqdarts.fit.joint import GroupRows, JointFit, fit_jointly, joint_errors, values_of
from eqdarts.simplify.description import joint_length

_STEPS = 300  # of a joint fit at the most (not tuned)
_ROUNDS = 5  # of weights at the values of the fit
_STARTS = 6  # of a group on its own: where all groups together, and some of the others, came to
_SAME = 1e-6  # relative change of values at which weights stay


@dataclass(frozen=True, eq=False)
class Constants:
    """The constants of a formula, by name.

    Attributes
    ----------
    symbols : tuple of Symbol
    start : array [K]
        NaN where nothing is known.
    own : bool array [K]
    held : mapping of str to float
        Constants that are given; they do not stand in the form any more.
    """

    symbols: tuple[sympy.Symbol, ...]
    start: np.ndarray
    own: np.ndarray
    held: Mapping[str, float]


def own_constants(constants: Sequence[sympy.Symbol], shared: Any) -> np.ndarray:
    """Which constants each group has of its own: all but those that are named as shared; bool [K].

    Raises
    ------
    InputDataError
        Naming a constant that the formula does not have.
    """
    given = (shared,) if isinstance(shared, str) else tuple(shared)
    names = [c.name for c in constants]
    for name in given:
        if name not in names:
            raise InputDataError(
                f"shared: {name!r} is no constant that is fitted; there are {', '.join(names) or 'none'}"
            )
    return np.array([name not in given for name in names], dtype=bool)


def refit_groups(
    form: sympy.Expr, constants: Constants, table: Table, groups: Groups, noise: Noise, n_starts: int, seed: int
) -> Equation:
    """Least squares over all groups. table: rows in the order of the user, with the columns of the form"""
    order = np.argsort(groups.place, kind="stable")
    sorted_rows, place = table.rows(order), groups.place[order]
    columns = tuple(map(sympy.Symbol, table.names))
    K, G = len(constants.symbols), len(groups.labels)
    lower, upper = np.full(K, -np.inf), np.full(K, np.inf)
    model = Model(form, columns, constants.symbols, sorted_rows, lower, upper)
    code = Compiled(model.code, len(columns), K)
    starts = _starts(model, constants, place, n_starts, seed)
    if not starts:
        raise InputDataError("the formula is not defined on the rows at any start; give start={name: value}")
    free, given = np.ones(K, dtype=bool), sorted_rows
    best, rows = JointFit(starts[0], np.inf), _rows(given, place)
    for _ in range(_ROUNDS if noise.depends_on_law else 1):
        if np.isfinite(best.squares):
            starts = [best.values]
            given, noise = weighted(sorted_rows, noise, values_of(code, rows, best.values))
        elif noise.depends_on_law:
            given, noise = weighted(sorted_rows, noise, sorted_rows.y)
        rows = _rows(given, place)
        before = best.values
        fits = [fit_jointly(code, rows, s, constants.own, free, _STEPS) for s in starts]
        best = min(fits, key=lambda fit: fit.squares)
        if np.allclose(before, best.values, rtol=_SAME, atol=0) or not np.isfinite(best.squares):
            break
    if not np.isfinite(best.squares):
        raise InputDataError("the formula is not defined on all rows of all groups; give start={name: value}")
    return _equation(form, constants, given, rows, code, best, groups, noise, G)


def _rows(table: Table, place: np.ndarray) -> GroupRows:
    return GroupRows(table.X, table.y, table.roots, place)


def _starts(model: Model, constants: Constants, place: np.ndarray, n_starts: int, seed: int) -> list[np.ndarray]:
    """Constants [G, K]: all shared, and each group on its own where its rows are enough."""
    G, K = int(place.max()) + 1, len(constants.symbols)
    together = minimise(model, constants.start, n_starts, np.random.default_rng(seed))
    if together is None:
        return []
    out = [np.tile(together.theta, (G, 1))]
    if constants.own.any() and K:
        alone = out[0].copy()
        for g in range(G):
            rows = model.rows.rows(np.flatnonzero(place == g))
            if len(rows) > K:
                reached = _nearest(model.on(rows), [together.theta, *alone[:g][:-_STARTS:-1]])
                alone[g] = alone[g] if reached is None else reached
        middle = np.median(alone, axis=0)
        # A shared constant begins as most groups have it, and the others of each group as they are with it.
        out += [np.where(constants.own, alone, middle), np.where(constants.own, out[0], middle)]
    return out


def _nearest(model: Model, starts: Sequence[np.ndarray]) -> np.ndarray | None:
    """The best of the optima that lie near these constants [K]; None if the formula is not defined at any."""
    found = [reached for start in starts if (reached := local(model, start)) is not None]
    return min(found, key=lambda theta: sum_of_squares(model, theta), default=None)


def _equation(
    form: sympy.Expr, constants: Constants, table: Table, rows: GroupRows, code: Compiled, best: JointFit,
    groups: Groups, noise: Noise, G: int,
) -> Equation:  # fmt: skip
    own = constants.own
    free = np.ones(len(own), dtype=bool)
    known = None if noise.known is None else noise.known**2
    errors = joint_errors(code, rows, best, own, free, known)
    spreads = np.where(np.isnan(errors.errors), np.inf, errors.errors)
    names = {c: own_name(c.name, table.names) for c, mine in zip(constants.symbols, own, strict=True) if mine}
    numbers: dict[sympy.Symbol, sympy.Expr] = {c: sympy.Symbol(name) for c, name in names.items()}
    shared = [k for k in range(len(own)) if not own[k]]
    numbers |= {constants.symbols[k]: sympy.Float(best.values[0, k]) for k in shared}
    expression = form.xreplace(numbers)
    residual = values_of(code, rows, best.values) - table.y
    total = float((rows.roots**2).sum())
    relative = float(Target.of(table.y, rows.roots**2).loss(best.squares / total))
    length = joint_length(relative, expression, rows.counts, int(own.sum()), len(shared))
    by_group = ByGroup(
        groups.name, groups.labels, tuple(names.values()), best.values[:, own], spreads[:, own], rows.counts,
        np.sqrt(rows.sums(residual**2) / rows.counts),
        {constants.symbols[k].name: (float(best.values[0, k]), float(spreads[0, k])) for k in shared}
        | {name: (value, 0.0) for name, value in constants.held.items()},
        length, errors.freedom,
    )  # fmt: skip
    if not best.converged:
        warn(f"not converged after {_STEPS} steps; constants may run away, or give other starting values")
    lost = [groups.labels[g] for g in range(G) if np.isinf(spreads[g]).any()]
    if errors.freedom > 0 and lost:
        warn(
            f"the rows do not determine all constants of {_some(lost)}: no standard errors of these; share more of them"
        )
    elif errors.freedom <= 0:
        warn("there are as many constants as rows: no standard errors; share more of them")
    return Equation(expression, table.names, table.target, best.squares / total, relative, "refit", by_group=by_group)


def _some(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - 3} more groups" if len(labels) > 3 else ""
    return ", ".join(map(repr, labels[:3])) + more


def with_group(equation: Equation, table: Table, label: str) -> Equation:
    """The equation with one more group, whose own constants are fitted to these rows; shared ones stay as they are.

    Standard errors take the residuals of the fit for the noise, as the rows of one group are few.
    """
    own = equation.by_group
    assert own is not None, "an equation of groups"
    symbols = tuple(map(sympy.Symbol, own.names))
    K = len(symbols)
    none = np.full(K, np.inf)
    values, errors = np.zeros(K), none
    if K:
        columns = tuple(map(sympy.Symbol, table.names))
        model = Model(equation.expression, columns, symbols, table, -none, none)
        some = own.values[:: max(1, len(own.values) // _STARTS)]
        found = _nearest(model, [np.median(own.values, axis=0), *some])
        if found is None:
            raise InputDataError(f"the equation is not defined on the rows of {label!r} with any constants")
        values = found
        _, J = model.linearise(values)
        unit = own.deviation / model.scale
        errors = spread(np.nan_to_num(J.T, nan=0.0, posinf=0.0, neginf=0.0), np.zeros(K, dtype=bool)).errors * unit
    grown = replace(
        own, labels=(*own.labels, label), values=np.vstack([own.values, values]),
        errors=np.vstack([own.errors, np.where(np.isnan(errors), np.inf, errors)]),
        rows=np.append(own.rows, len(table)), residual=np.append(own.residual, 0.0),
    )  # fmt: skip
    new = replace(equation, by_group=grown)
    with np.errstate(all="ignore"):
        left = float(np.sqrt(np.mean((new.predict(table.X, groups=label) - table.y) ** 2)))
    residual = np.append(own.residual, left)
    return replace(new, by_group=replace(grown, residual=residual))
