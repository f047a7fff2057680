"""Turns a raw fitted formula into one a person would write: redundant constants folded, values snapped.

Three steps alternate. `canonical` rewrites by rules that never change a value on the data; `rewriting` and `limits`
have shorter forms, the latter such as the data cannot tell from it, and `snap` replaces constants by simpler ones, both
where a refit of the others shows that the data do not object.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import sympy

from eqdarts.data.table import Table
from eqdarts.data.zero import LADDER, measure_of
from eqdarts.fit.formula import compile_template, fit_constants, template
from eqdarts.formula.tape import on_rows
from eqdarts.simplify.canonical import canonical, known_of
from eqdarts.simplify.description import description_length
from eqdarts.simplify.limits import limiting_forms
from eqdarts.simplify.rewriting import rewritten
from eqdarts.simplify.snapping import Simplified, snap

_SMALL = 1e-6  # share of a sum inside a formula below which a term may be rounding
_MOST_CONSTANTS = 40
_MOST_LIMITS = 3  # limits taken one after another; a limit may have limits


def simplify(
    expression: sympy.Expr,
    columns: tuple[sympy.Symbol, ...],
    sample: Table,
    deadline: float = float("inf"),
    passes: int = 3,
    beam: int = 1,
) -> Simplified:
    """Fold, refit and snap until nothing changes, or until the deadline (in `time.monotonic`).

    The loss of the result is that of the refitted formula on the sample; at the deadline the best
    so far is returned.

    beam: see `snap`
    """
    known = known_of(sample, columns)
    current = canonical(_without_negligible(expression, columns, sample), columns, sample.X, known)
    best: Simplified | None = None
    for _ in range(passes):
        current = _plainer(current, columns, sample, deadline)
        form = template(current, columns)
        if len(form.constants) > _MOST_CONSTANTS:
            break
        outcome = snap(form, sample, deadline, beam)
        if outcome is None:
            break
        if best is None or _worth(outcome, best, len(sample)):
            best = outcome
        following = canonical(outcome.expression, columns, sample.X, known)
        best = replace(best, expression=following) if best is outcome else best
        if following == current or time.monotonic() > deadline:
            break
        current = following
    if best is None:
        value = on_rows(expression, columns, sample.X)
        loss = float(measure_of(sample).loss(np.mean((value - sample.y) ** 2)))
        return Simplified(expression, loss if np.isfinite(loss) else np.inf)
    return best


def _plainer(expression: sympy.Expr, columns: tuple[sympy.Symbol, ...], sample: Table, deadline: float) -> sympy.Expr:
    """The formula with its parts near a limit written as the limit, or in other functions, where that is shorter."""
    n = len(sample)

    def length_of(candidate: sympy.Expr) -> tuple[float, sympy.Expr]:
        form = template(candidate, columns)
        fit = fit_constants(compile_template(form), form.values, sample)
        fitted = form.at(fit.values)
        return (description_length(fit.loss, fitted, n) if np.isfinite(fit.loss) else np.inf), fitted

    for _ in range(_MOST_LIMITS):
        forms = [*rewritten(expression), *limiting_forms(expression, columns, sample.X)]
        if not forms or time.monotonic() > deadline:
            break
        length, _ = length_of(expression)
        for form in forms:
            simpler_length, simpler = length_of(canonical(form, columns, sample.X, known_of(sample, columns)))
            if simpler_length < length:
                expression = simpler
                break
        else:
            break
    return expression


def _worth(new: Simplified, old: Simplified, n: int) -> bool:
    return description_length(new.loss, new.expression, n) <= description_length(old.loss, old.expression, n)


def _without_negligible(expression: sympy.Expr, columns: tuple[sympy.Symbol, ...], sample: Table) -> sympy.Expr:
    """Without the terms that are rounding beside y: what a readout leaves of a node that it does not need."""
    expanded = sympy.expand_mul(expression, deep=False)
    least = LADDER.term * measure_of(sample).deviation

    def is_small(term: sympy.Expr, limit: float) -> bool:
        return _root_mean_square(term, columns, sample.X) < limit

    with np.errstate(all="ignore"):
        left = sympy.Add(*(term for term in sympy.Add.make_args(expanded) if not is_small(term, least)))
        for inner in sorted(left.atoms(sympy.Add) - {left}, key=sympy.default_sort_key):
            limit = _SMALL * _root_mean_square(inner, columns, sample.X)
            rest = sympy.Add(*(term for term in inner.args if not is_small(term, limit)))
            # Beside 1e12 an x is small, and still all that varies in log(1e12 + x).
            without = left.xreplace({inner: rest}) if rest != inner else left
            if without != left and is_small(without - left, least):
                left = without
    return expression if left == expanded else left


def _root_mean_square(expression: sympy.Expr, columns: tuple[sympy.Symbol, ...], X: np.ndarray) -> float:
    return float(np.sqrt(np.mean(on_rows(expression, columns, X) ** 2)))
