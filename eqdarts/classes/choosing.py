"""Which score of every class: the sets of scores that are worth showing, each fitted to all rows at once.

Each class comes with the front of its own search, on its rows and those of the baseline. A set is one score for each.
Its length is the nats to write down its scores and, by them, the classes of the rows (Rissanen 1978); scores are
exchanged one by one as long as that makes it shorter, from the classes' frequencies alone and from what each search
chose. All sets on these two ways are compared, and those stay that are not both larger and worse than another.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import log

import numpy as np
import sympy

from eqdarts.classes.likelihood import ClassRows, JointFit, ScoreForm, fit_scores
from eqdarts.equation.equation import Equation
from eqdarts.runtime.leaving import in_time
from eqdarts.simplify.description import description_length

# None of these is tuned.
_ROUNDS = 10  # in which every score may be exchanged
_ROWS = 10_000  # of a larger table, on which sets are compared; those that stay are fitted to all of it
_AT_FIRST = 0.5  # of the time, from the frequencies (not tuned)
_ROUNDING = 1e-9  # of a loss, and nats of a length: less is no difference


@dataclass(frozen=True, eq=False)
class ScoreSet:
    """A set of scores with the constants of a joint fit.

    Attributes
    ----------
    equations : tuple of Equation
        Each with the constants that it came with.
    forms : tuple of ScoreForm
    fit : JointFit
    complexity : int
    length : float
        In nats.
    """

    equations: tuple[Equation, ...]
    forms: tuple[ScoreForm, ...]
    fit: JointFit
    complexity: int
    length: float

    @property
    def loss(self) -> float:
        return -self.fit.log_likelihood

    def dominates(self, other: ScoreSet) -> bool:
        """Is it as small and as good?"""
        return self.complexity <= other.complexity and self.loss <= other.loss + _ROUNDING * abs(other.loss)


def joint_front(
    fronts: Sequence[Sequence[Equation]], starts: Sequence[int], rows: ClassRows, deadline: float = np.inf
) -> tuple[ScoreSet, ...]:
    """The sets that stay, smallest first.

    fronts: of each class but the baseline, scores as equations; the first is a constant
    starts: the place that each search chose   deadline: in `time.monotonic`, after which no more sets are compared
    """
    most = np.linspace(0, len(rows.X) - 1, min(len(rows.X), _ROWS)).round().astype(int)
    compared = _Compared(fronts, rows if len(most) == len(rows.X) else rows.some(most))
    now = time.monotonic()
    compared.exchange(tuple(0 for _ in fronts), now + _AT_FIRST * (deadline - now))
    compared.exchange(tuple(starts), deadline)
    kept = undominated([s for s in compared.known.values() if np.isfinite(s.length)])
    if compared.rows is not rows:
        best = min(kept, key=lambda s: s.length)
        others = (in_time(deadline, partial(_on, s, rows)) for s in kept if s is not best)
        kept = undominated([_on(best, rows), *(s for s in others if s is not None)])
    return tuple(kept)


def _on(one: ScoreSet, rows: ClassRows) -> ScoreSet:
    """The same set, fitted to these rows."""
    return fitted(one.equations, one.forms, rows, one.fit.values)


def undominated(sets: Sequence[ScoreSet]) -> list[ScoreSet]:
    """Those that no other is as small as and as good; of two that are alike in that the one of the shorter length."""
    kept: list[ScoreSet] = []
    for one in sorted(sets, key=lambda s: (s.length, s.complexity)):
        if np.isfinite(one.length) and not any(one.dominates(other) or other.dominates(one) for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda s: s.complexity)


def fitted(
    equations: tuple[Equation, ...],
    forms: tuple[ScoreForm, ...],
    rows: ClassRows,
    values: Sequence[np.ndarray] | None = None,
) -> ScoreSet:
    """A set with the constants of its joint fit, which begins at these values."""
    fit = fit_scores(forms, rows, values)
    written = sum(description_length(1.0, equation.expression, max(2, round(rows.total))) for equation in equations)
    return ScoreSet(equations, forms, fit, sum(e.complexity for e in equations), written - fit.log_likelihood)


@dataclass
class _Compared:
    """Sets that were fitted, by the places of their scores."""

    fronts: Sequence[Sequence[Equation]]
    rows: ClassRows
    known: dict[tuple[int, ...], ScoreSet] = field(default_factory=dict)
    _forms: dict[tuple[int, int], ScoreForm] = field(default_factory=dict)

    def exchange(self, places: tuple[int, ...], deadline: float) -> None:
        """Exchange scores one by one while that makes the set shorter, and until the deadline."""
        best = self._set(places, None)
        for _ in range(_ROUNDS):
            before = places
            for k, front in enumerate(self.fronts):
                for j in range(len(front)):
                    other = (*places[:k], j, *places[k + 1 :])
                    tried = in_time(deadline, partial(self._set, other, best, k))
                    if tried is None:
                        return
                    if tried.length < best.length - _ROUNDING:
                        places, best = other, tried
            if places == before:
                return

    def _set(self, places: tuple[int, ...], near: ScoreSet | None, changed: int = 0) -> ScoreSet:
        if places not in self.known:
            forms = tuple(self._form(k, j) for k, j in enumerate(places))
            values = [form.values for form in forms]
            if near is not None and np.isfinite(near.length):
                values = [v if k == changed else near.fit.values[k] for k, v in enumerate(values)]
            equations = tuple(front[j] for front, j in zip(self.fronts, places, strict=True))
            self.known[places] = fitted(equations, forms, self.rows, values)
        return self.known[places]

    def _form(self, k: int, j: int) -> ScoreForm:
        if (k, j) not in self._forms:
            self._forms[k, j] = ScoreForm.of(self.fronts[k][j].expression, self.rows.names)
        return self._forms[k, j]


def frequencies(rows: ClassRows) -> list[sympy.Expr]:
    """The constant score of each class but the baseline: its logarithmic odds."""
    counts = rows.weights @ rows.shares
    return [sympy.Float(log(counts[k] / counts[rows.baseline])) for k in rows.scored]


def with_constants(one: ScoreSet) -> tuple[Equation, ...]:
    """Its equations with the constants of the joint fit."""
    return tuple(
        replace(equation, expression=form.at(values), inner=None, units=(), target_unit=1.0)
        for equation, form, values in zip(one.equations, one.forms, one.fit.values, strict=True)
    )
