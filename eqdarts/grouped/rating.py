"""How probable the forms are that the front of several groups was offered, as `eqdarts.equation.rivals` has it.

A form is what is left of a formula without its constants, whether these are a group's own or shared: of each the
shortest speaks. Two that agree on all rows to a small part of the noise are one, written in two ways.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import sympy

from eqdarts.data.nearby import holds_something
from eqdarts.data.zero import LADDER
from eqdarts.equation.equation import Equation
from eqdarts.equation.front import Front
from eqdarts.equation.precision import with_digits
from eqdarts.equation.rivals import SURENESS, Rated, probabilities
from eqdarts.formula.numbers import MOST_DIGITS
from eqdarts.grouped.rows import GroupedTable
from eqdarts.simplify.form import form_of


def rated_groups(front: Front, table: GroupedTable) -> Rated:
    """The front and the rivals of its best, each with the probability of its form. table: as the front was judged"""
    forms: dict[sympy.Expr, list[tuple[Equation, float]]] = {}
    same: dict[sympy.Expr, sympy.Expr] = {}  # the form that stands for another one
    values: dict[sympy.Expr, np.ndarray] = {}
    for equation, length in front.offered:
        form = _form(equation)
        if form not in same:
            value = _values(equation, table)
            near = (known for known, of_known in values.items() if _agree(value, of_known, equation, table))
            same[form] = next(near, form)
            values.setdefault(same[form], value)
        forms.setdefault(same[form], []).append((equation, length))
    best = front.offered[0][0]
    leaves_something = _leaves_something(best, table)
    shares = probabilities([some[0][1] for some in forms.values()]) * (1 - SURENESS.unseen * leaves_something)
    share = {form: float(p) for form, p in zip(forms, shares, strict=True)}
    of = {form: share[known] for form, known in same.items()}
    order = sorted(forms, key=lambda form: -share[form])

    def shown(equation: Equation) -> Equation:
        labels = np.repeat(np.array(table.labels, dtype=object), table.stacked.counts)
        rated = replace(equation, probability=of.get(_form(equation), 0.0))
        return with_digits(rated, table.pooled, labels)

    rivals = (shown(forms[form][0][0]) for form in order if share[form] >= SURENESS.shown)
    return Rated(tuple(map(shown, front)), tuple(rivals), leaves_something)


def not_rated(front: Front) -> Rated:
    """The same where there was no time for it: with all digits, as fewer may be another law."""
    return Rated(tuple(replace(equation, digits=MOST_DIGITS) for equation in front), (), False)


def _form(equation: Equation) -> sympy.Expr:
    own = () if equation.by_group is None else equation.by_group.names
    numbers = {sympy.Symbol(name): sympy.Float(1.2345) for name in own}
    return form_of(equation.expression.xreplace(numbers), equation.columns)


def _values(equation: Equation, table: GroupedTable) -> np.ndarray:
    """On all rows [N]."""
    labels = np.repeat(np.array(table.labels, dtype=object), table.stacked.counts)
    with np.errstate(all="ignore"):
        return equation.predict(table.pooled.X, groups=labels)


def _agree(one: np.ndarray, other: np.ndarray, equation: Equation, table: GroupedTable) -> bool:
    """Do two fits differ by next to nothing beside the noise?"""
    apart = table.loss(float(np.sum(((one - other) * table.pooled.roots) ** 2)))
    return apart <= SURENESS.equal**2 * max(equation.relative_loss, LADDER.exact)


def _leaves_something(equation: Equation, table: GroupedTable) -> bool:
    """Do rows near each other err alike, whatever their group? Of outputs, those of one of them."""
    rows = table.pooled
    if equation.relative_loss < LADDER.exact or len(rows) > SURENESS.rows or not rows.X.shape[1]:
        return False
    with np.errstate(all="ignore"):
        residual = (_values(equation, table) - rows.y) / table.measure.deviation * rows.roots
    if table.alike:
        return holds_something(rows, residual)
    # Outputs of one row may err alike, as one sample or day has it: that is no law.
    parts = np.split(residual, table.stacked.first[1:])
    return any(holds_something(group, part) for group, part in zip(table.groups, parts, strict=True))
