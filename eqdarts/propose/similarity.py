"""Similarity: groups of columns that the rows themselves show, before there is any graph.

With y = M·f(g) all rows of one g have one y/M, whatever f is. So groups and prefactors are tried, products of powers of
the columns, and each is held against the table: do rows that are near in the groups agree in y/M? That takes no model,
and few rows are enough where one group is left, as they lie close in it. (Dimensional analysis whose units are learned:
a table of a pendulum shows that it is the ratio of length and gravity that counts. Data collapse, in physics.)

Groups are made in steps, as there are too many at once: each step takes one column away, into another or into the
prefactor, and a few of the best go on to the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from eqdarts.data.nearby import left_open, planes_of
from eqdarts.propose.symmetry import Reduction

Exponents = tuple[Fraction, ...]


@dataclass(frozen=True)
class _Steps:
    """What is tried; not tuned.

    Attributes
    ----------
    most_columns : int
        Beyond, there are too many.
    rows : int
        On which each is held against the table, at the most.
    powers : tuple of Fraction
        By which one column goes into another or into the prefactor.
    largest : int
        An exponent.
    beam : int
        Of the groups of each step, from which the next goes on.
    kept : int
        Of each number of groups.
    """

    most_columns: int = 4
    rows: int = 200
    powers: tuple[Fraction, ...] = tuple(map(Fraction, ("-2", "-1", "-1/2", "1/2", "1", "2")))
    largest: int = 3
    beam: int = 3
    kept: int = 2


_STEPS = _Steps()
_NONE = Fraction(0)


@dataclass(frozen=True)
class _Split:
    """Groups and a prefactor, as exponents of the d columns; and what they leave open (see `ambiguity`)."""

    groups: tuple[Exponents, ...]
    prefactor: Exponents
    open_share: float
    error: float  # relative, of that

    @property
    def rank(self) -> float:
        """Lower is better: what is left open, and a standard error of it for every unit of exponents."""
        return self.open_share * (1.0 + self.error * Reduction((), self.groups, self.prefactor).length)


def similarities(X: np.ndarray, y: np.ndarray, root_weights: np.ndarray | None = None) -> list[Reduction]:
    """Reductions in which rows near each other agree better than in the columns, the fewest groups first.

    X : array [n, d]   y : array [n]   root_weights : array [n], of the rows' errors; by default all are equal

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> length, gravity = rng.uniform(1, 4, (2, 80))
    >>> best, *_ = similarities(np.column_stack([length, gravity]), np.tanh(length / gravity) * gravity)
    >>> best.groups, best.prefactor
    (((Fraction(1, 1), Fraction(-1, 1)),), (Fraction(0, 1), Fraction(1, 1)))
    """
    n, d = X.shape
    if not 1 < d <= _STEPS.most_columns:
        return []
    root = np.ones(n) if root_weights is None else root_weights
    some = np.linspace(0, n - 1, min(_STEPS.rows, n)).astype(int)
    held = _Held(X[some], y[some], root[some])
    unit = tuple(tuple(Fraction(int(i == j)) for j in range(d)) for i in range(d))
    whole = held.of(unit, [(_NONE,) * d])
    beam = list(whole)
    found: list[_Split] = []
    for _ in range(d - 1):
        steps = {groups: sorted(prefactors) for split in beam for groups, prefactors in _next(split)}
        splits = sorted((s for groups, tried in steps.items() for s in held.of(groups, tried)), key=lambda s: s.rank)
        beam = splits[: _STEPS.beam]
        found = [*(s for s in splits[: _STEPS.kept] if s.open_share < whole[0].open_share), *found]
    return [Reduction(unit, s.groups, s.prefactor) for s in found]


def _next(split: _Split) -> Iterator[tuple[tuple[Exponents, ...], set[Exponents]]]:
    """Groups of one column less, each with the prefactors that are tried with it."""
    count = len(split.groups)
    for gone, lost in enumerate(split.groups):
        others = [group for k, group in enumerate(split.groups) if k != gone]
        prefactors = {_times(split.prefactor, lost, p) for p in (_NONE, *_STEPS.powers)}
        if count > 1:
            yield tuple(others), prefactors
        for into in range(count):
            for power in _STEPS.powers:
                # u·v is v·u, and u/v the inverse of v/u.
                if into != gone and (abs(power) != 1 or into < gone):
                    merged = _times(split.groups[into], lost, power)
                    rest = [group for k, group in enumerate(split.groups) if k not in (gone, into)]
                    yield tuple(sorted([merged, *rest], reverse=True)), prefactors


def _times(one: Exponents, other: Exponents, power: Fraction) -> Exponents:
    return tuple(a + power * b for a, b in zip(one, other, strict=True))


class _Held:
    """Holds groups against rows."""

    def __init__(self, X: np.ndarray, y: np.ndarray, root: np.ndarray) -> None:
        self._X, self._y, self._root = X, y, root
        self._signed = [bool(np.min(column) <= 0) for column in X.T]

    def of(self, groups: tuple[Exponents, ...], prefactors: list[Exponents]) -> list[_Split]:
        """One split for each prefactor that the rows allow."""
        if not all(map(self._allows, groups)):
            return []
        with np.errstate(all="ignore"):
            g = np.column_stack([self._product(e) for e in groups])
        if not np.isfinite(g).all() or not np.ptp(g, axis=0).all():
            return []
        planes, splits = planes_of(g), []
        error = float(np.sqrt(2.0 / len(planes[0])))
        for exponents in filter(self._allows, prefactors):
            with np.errstate(all="ignore"):
                prefactor = self._product(exponents)
                ratio = self._y / prefactor
            if np.isfinite(ratio).all() and np.ptp(ratio) > 0:
                open_share = left_open(planes, ratio, self._root * np.abs(prefactor))
                splits.append(_Split(groups, exponents, open_share, error))
        return splits

    def _allows(self, exponents: Exponents) -> bool:
        """Are these powers defined, and none larger than they are in laws?"""
        usual = all(abs(e) <= _STEPS.largest and e.denominator <= 2 for e in exponents)
        return usual and all(e.denominator == 1 for e, signed in zip(exponents, self._signed, strict=True) if signed)

    def _product(self, exponents: Exponents) -> np.ndarray:
        powers = [self._X[:, i] ** float(e) for i, e in enumerate(exponents) if e]
        return np.prod(powers, axis=0) if powers else np.ones(len(self._X))
