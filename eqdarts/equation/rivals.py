"""How sure: the forms that a front was offered, constants aside, and the probability of each.

The length of a description is in nats, so e^−length, made to add up to 1 over the forms, is a posterior (MacKay 1992).
It is too sure of itself: the code is crude, the equations were chosen by the rows that judge them, and the law may be
none of them. One temperature, fitted to how often answers are right, takes that back.

Of equations that differ by their constants only, which is one form, the shortest speaks. So it does of those that
agree on the rows to within a small part of the noise and are one form there: their exponents differ, or the one can be
made the other by choosing its constants.

No length tells of a law that was not come upon. Neighbouring rows do: where they err alike, what the best leaves is no
noise, and no form has more than half of the probability.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy

from eqdarts.data.nearby import holds_something
from eqdarts.data.table import Table, evenly
from eqdarts.data.zero import LADDER, measure_of
from eqdarts.equation.equation import Equation
from eqdarts.equation.front import Front
from eqdarts.fit.formula import compile_template, fit_constants
from eqdarts.simplify.form import family, form_of


@dataclass(frozen=True)
class _Sureness:
    """How lengths become probabilities, and which equations are one form.

    Attributes
    ----------
    temperature : float
        Nats of description that change odds by e. Fitted: benchmarks/README.md, "How sure".
    agreement : float
        The root mean square by which two equations differ on the rows, over that of the residuals, up to which they may
        be one (not tuned).
    equal : float
        The same where constants alone could make them differ (not tuned).
    compared : int
        Of the shortest forms, how many are compared on the rows.
    rows : int
        That they are compared on, at the most.
    unseen : float
        The probability that the law is none of the forms, where the best leaves more than noise (not tuned: an even
        chance).
    shown : float
        The least probability of a rival.
    """

    temperature: float = 3.0
    agreement: float = 0.2
    equal: float = 1e-3
    compared: int = 8
    rows: int = 2000
    unseen: float = 0.5
    shown: float = 0.01


SURENESS = _Sureness()


@dataclass(frozen=True)
class Rated:
    """A front and its rivals, each equation with the probability of its form.

    Attributes
    ----------
    equations : tuple of Equation
        Of the front.
    rivals : tuple of Equation
        Of each form that has some probability the shortest, whether on the front or not; most probable first.
    leaves_something : bool
        Do rows that are near each other err alike, by the best of them?
    """

    equations: tuple[Equation, ...]
    rivals: tuple[Equation, ...]
    leaves_something: bool


def rated(
    front: Front,
    table: Table,
    squared: bool = True,
    left: Callable[[Equation], np.ndarray | None] | None = None,
    forms: Callable[[Sequence[Equation], Table, bool], list[list[Equation]]] | None = None,
) -> Rated:
    """How probable the forms are that a front was offered.

    table: the rows of the fit, as least squares sees them   squared: are losses those of least squares?
    left: what an equation leaves of the rows [n], where that is another thing than what it is off by
    forms: sorts equations into forms, by default `by_form`
    """
    length = {equation.expression: nats for equation, nats in front.offered}
    rows = table.evenly(SURENESS.rows)
    sort = by_form if forms is None else forms
    sorted_forms = sort([equation for equation, _ in front.offered], rows, squared)
    best = sorted_forms[0][0]
    residual = None if left is None else left(best)
    if residual is not None:
        residual = residual[evenly(len(table), SURENESS.rows)]
    leaves_something = _leaves_something(best, rows, residual)
    shares = probabilities([length[form[0].expression] for form in sorted_forms])
    shares *= 1 - SURENESS.unseen * leaves_something
    share = {equation.expression: float(p) for form, p in zip(sorted_forms, shares, strict=True) for equation in form}
    rivals = [form[0] for form in sorted_forms if share[form[0].expression] >= SURENESS.shown]
    return Rated(
        tuple(replace(e, probability=share.get(e.expression, 0.0)) for e in front),
        tuple(replace(e, probability=share[e.expression]) for e in rivals),
        leaves_something,
    )


def probabilities(lengths: Sequence[float]) -> np.ndarray:
    """Of forms whose descriptions have these lengths in nats; they add up to 1."""
    over = np.asarray(lengths, dtype=float) - np.min(lengths)
    with np.errstate(under="ignore"):
        weight = np.exp(-over / SURENESS.temperature)
    return np.asarray(weight / weight.sum())


def by_form(equations: Sequence[Equation], rows: Table, squared: bool = True) -> list[list[Equation]]:
    """Equations, shortest description first, sorted into forms; the same order among forms and in each."""
    written: dict[sympy.Expr, list[Equation]] = {}
    for equation in equations:
        written.setdefault(form_of(equation.expression, equation.columns), []).append(equation)
    forms: list[list[Equation]] = []
    for k, some in enumerate(written.values()):
        same = (form for form in forms if k < SURENESS.compared and _are_one(form[0], some[0], rows, squared))
        known = next(same, None)
        if known is None:
            forms.append(some)
        else:
            known.extend(some)
    return forms


def each_alone(equations: Sequence[Equation], rows: Table, squared: bool = True) -> list[list[Equation]]:
    """Every equation as a form of its own, where there is no time to compare them."""
    return [[equation] for equation in equations]


def _leaves_something(equation: Equation, rows: Table, residual: np.ndarray | None) -> bool:
    if equation.relative_loss < LADDER.exact:
        return False
    if residual is not None:
        return holds_something(rows, residual)
    with np.errstate(all="ignore"):
        residual = (equation.predict(rows.X) - rows.y) / measure_of(rows).deviation * rows.roots
    return holds_something(rows, residual)


def _are_one(one: Equation, other: Equation, rows: Table, squared: bool = True) -> bool:
    """Do they agree on the rows, and does nothing but exponents or the choice of constants keep them apart?"""
    left = (e.relative_loss if squared else _apart(e.predict(rows.X), rows.y, rows) for e in (one, other))
    noise = max(min(left), LADDER.exact)
    if _apart(one.predict(rows.X), other.predict(rows.X), rows) > SURENESS.agreement**2 * noise:
        return False
    if form_of(one.expression, one.columns, False) == form_of(other.expression, other.columns, False):
        return True
    if one.inner is not None or other.inner is not None:
        return False
    return _reaches(one, other, rows, noise) and _reaches(other, one, rows, noise)


def _reaches(one: Equation, other: Equation, rows: Table, noise: float) -> bool:
    """Is there a formula of the family of one that is the other on the rows?"""
    symbols = tuple(sympy.Symbol(name) for name in one.columns)
    form = family(one.expression, symbols)
    fit = fit_constants(compile_template(form), form.values, replace(rows, y=other.predict(rows.X)))
    return fit.loss <= SURENESS.equal**2 * noise


def _apart(one: np.ndarray, other: np.ndarray, rows: Table) -> float:
    """The mean square of what two predictions differ by, as a share of the variance of y; infinite off a domain."""
    with np.errstate(all="ignore"):
        apart = float(np.average(np.square((one - other) / measure_of(rows).deviation), weights=rows.weights))
    return apart if np.isfinite(apart) else np.inf
