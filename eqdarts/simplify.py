"""Turns a raw fitted formula into one a person would write: redundant constants folded, values snapped.

Two steps alternate. `canonical` rewrites by rules that never change a value on the data;
`snap` replaces constants by simpler ones where a refit of the others shows that the data do not object.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import sympy

from eqdarts.canonical import canonical
from eqdarts.constants import Rows, template
from eqdarts.description import description_length
from eqdarts.numeric import on_rows
from eqdarts.snapping import Simplified, snap
from eqdarts.zero import NEGLIGIBLE

_MOST_CONSTANTS = 40


def simplify(
    expression: sympy.Expr,
    columns: tuple[sympy.Symbol, ...],
    sample: Rows,
    deadline: float = float("inf"),
    passes: int = 3,
    beam: int = 1,
) -> Simplified:
    """Fold, refit and snap until nothing changes, or until the deadline (in `time.monotonic`).

    The loss of the result is that of the refitted formula on the sample; at the deadline the best
    so far is returned.

    beam: see `snap`
    """
    current = canonical(_without_negligible(expression, columns, sample), columns, sample.X)
    best: Simplified | None = None
    for _ in range(passes):
        form = template(current, columns)
        if len(form.constants) > _MOST_CONSTANTS:
            break
        outcome = snap(form, sample, deadline, beam)
        if outcome is None:
            break
        if best is None or _worth(outcome, best, len(sample.y)):
            best = outcome
        following = canonical(outcome.expression, columns, sample.X)
        if following == current or time.monotonic() > deadline:
            break
        current = following
        best = replace(best, expression=following) if best is outcome else best
    if best is None:
        value = on_rows(expression, columns, sample.X)
        loss = float(sample.measure.loss(np.mean((value - sample.y) ** 2)))
        return Simplified(expression, loss if np.isfinite(loss) else np.inf)
    return best


def _worth(new: Simplified, old: Simplified, n: int) -> bool:
    return description_length(new.loss, new.expression, n) <= description_length(old.loss, old.expression, n)


def _without_negligible(expression: sympy.Expr, columns: tuple[sympy.Symbol, ...], sample: Rows) -> sympy.Expr:
    """Without the terms that are rounding beside their sum: what a readout leaves of a node that it does not need."""

    def rebuild(node: sympy.Expr, size: float | None = None) -> sympy.Expr:
        if isinstance(node, sympy.Add):
            if size is None:
                size = _spread(on_rows(node, columns, sample.X))
            terms = [t for t in node.args if not _root_mean_square(t, columns, sample.X) < NEGLIGIBLE * size]
            node = sympy.Add(*terms)
        return node.func(*map(rebuild, node.args)) if node.args else node

    expanded = sympy.expand_mul(expression, deep=False)
    with np.errstate(all="ignore"):
        left = rebuild(expanded, sample.measure.deviation)
    return expression if left == expanded else left


def _spread(values: np.ndarray) -> float:
    return float(values.std() + np.spacing(np.abs(values)).max() / NEGLIGIBLE)


def _root_mean_square(expression: sympy.Expr, columns: tuple[sympy.Symbol, ...], X: np.ndarray) -> float:
    return float(np.sqrt(np.mean(on_rows(expression, columns, X) ** 2)))
