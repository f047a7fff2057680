"""Plain scores, which are always among the candidates: sums of a few columns, as logistic regression has them.

A search by a working response that begins at a pilot may pass them by where the classes are told apart without a
doubtful row; and readers ask how much better a found score is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sympy

from eqdarts.classes.likelihood import ClassRows, ScoreForm, fit_scores

_LINES, _MOST = 3, 3  # columns that have a score of their own, and columns of the largest sum (not tuned)


def planes(X: np.ndarray, names: Sequence[str], share: np.ndarray, weights: np.ndarray) -> list[sympy.Expr]:
    """Scores of one column each, the best of them first, and sums that begin with the best and grow by one column.

    X: [n, d] of the columns that may stand in them   share: [n] of the class, the rest being the baseline
    weights: [n]
    """
    rows = ClassRows(X, tuple(names), np.column_stack([1 - share, share]), weights, 0)
    scale = np.abs(X).max(axis=0)
    usable = [k for k in range(X.shape[1]) if np.ptp(X[:, k]) > 0 and np.isfinite(scale[k])]

    def fitted(columns: tuple[int, ...]) -> tuple[float, sympy.Expr]:
        # Of distinct size, as constants of equal size are one.
        slopes = [sympy.Float(0.01 * (1 + 0.1 * j) / scale[k]) for j, k in enumerate(columns)]
        start = sympy.Add(
            sympy.Float(0.013), *(b * sympy.Symbol(names[k]) for b, k in zip(slopes, columns, strict=True))
        )
        form = ScoreForm.of(start, names)
        found = fit_scores([form], rows)
        return found.log_likelihood, form.at(found.values[0])

    lines = sorted(((*fitted((k,)), k) for k in usable), key=lambda line: -line[0])
    kept = [expression for _, expression, _ in lines[:_LINES]]
    chosen = tuple(k for _, _, k in lines[:1])
    while chosen and len(chosen) < min(_MOST, len(usable)):
        tried = [(*fitted((*chosen, k)), k) for k in usable if k not in chosen]
        _, expression, best = max(tried, key=lambda one: one[0])
        kept.append(expression)
        chosen = (*chosen, best)
    return kept
