"""Digits that a column was rounded to, as its values show: an equation need not be closer to them than that.

A column was rounded if all its values lie on a lattice: multiples of a step (decimals, or halves, quarters and fifths),
numbers of so many significant digits, or numbers that a single-precision float holds. Values that were not rounded lie
on a fine lattice by chance only; how unlikely that is tells the two apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from eqdarts.data.zero import spacings

_SURE = 20.0  # nats against chance from which a lattice is believed; some forty are tried
_DIGITS = 16  # significant digits of a double
_SLACK = 2.0  # spacings of doubles by which a multiple of a power of ten may be off
_PARTS = (125.0, 25.0, 5.0, 2.0)  # decimals that may be eighths, quarters, halves or fifths


@dataclass(frozen=True)
class Lattice:
    """Multiples of part·10^−power; or if `digits` is set, numbers with so many significant digits.

    single: kept as single-precision floats
    """

    power: int = 0
    part: float = 1.0
    digits: int | None = None
    single: bool = False

    def errors(self, values: np.ndarray) -> np.ndarray:
        """The greatest error [n] that rounding to it can have made."""
        with np.errstate(all="ignore"):
            return 0.5 * self._steps(values) + self._slack(values)

    def holds(self, values: np.ndarray) -> bool:
        """Do all these values lie on it?"""
        powers = self._powers(values)
        ten = 10.0 ** np.abs(powers)
        with np.errstate(all="ignore"):
            count = np.rint(np.where(powers >= 0, values * ten, values / ten) / self.part) * self.part
            nearest = np.where(powers >= 0, count / ten, count * ten)
            return bool((np.abs(values - nearest) <= self._slack(values)).all())

    def evidence(self, values: np.ndarray) -> float:
        """Nats against all these values lying on it by chance."""
        chance = (2 * self._slack(values) + np.spacing(np.abs(values))) / self._steps(values)
        return float(-np.log(np.minimum(chance, 1.0)).sum())

    def coarseness(self, values: np.ndarray) -> float:
        """The greater, the fewer numbers lie on it."""
        return float(np.log(self._steps(values)).sum())

    def _steps(self, values: np.ndarray) -> np.ndarray:
        return self.part * 10.0 ** -self._powers(values)

    def _powers(self, values: np.ndarray) -> np.ndarray:
        """Of each value: its step is part·10^−power."""
        if self.digits is None:
            return np.full(len(values), float(self.power))
        leading = _leading(values)
        # A zero has no digits; it is taken for as exact as the smallest of the others.
        smallest = leading[np.isfinite(leading)].min(initial=0.0)
        return self.digits - 1 - np.where(np.isfinite(leading), leading, smallest)

    def _slack(self, values: np.ndarray) -> np.ndarray:
        """By how much storing a number can move it."""
        size = np.abs(values)
        return 0.5 * np.spacing(size.astype(np.float32)).astype(float) if self.single else _SLACK * np.spacing(size)


@dataclass(frozen=True)
class Single(Lattice):
    """Numbers that a single-precision float holds."""

    single: bool = True

    def errors(self, values: np.ndarray) -> np.ndarray:
        """What arithmetic in single precision leaves: the values were computed in it rather than rounded to it."""
        with np.errstate(over="ignore"):
            return np.asarray(spacings(values.astype(np.float32)), dtype=float)


def lattice_of(values: np.ndarray) -> Lattice | None:
    """What the values were rounded to; None if no rounding is visible."""
    distinct = np.unique(np.abs(values[values != 0]))
    if not len(distinct) or not np.isfinite(distinct).all():
        return None
    with np.errstate(all="ignore"):
        plain = _coarsest(distinct, False)
        if plain is not None or not (distinct.astype(np.float32) == distinct).all():
            return plain
        return _coarsest(distinct, True) or Single()


def _coarsest(values: np.ndarray, single: bool) -> Lattice | None:
    """The lattice with the greatest steps that these positive values lie on, unless they may do so by chance."""
    found = [lattice for lattice in _holding(values, single) if lattice.evidence(values) > _SURE]
    return max(found, key=lambda lattice: lattice.coarseness(values), default=None)


def _holding(values: np.ndarray, single: bool) -> Iterator[Lattice]:
    """The coarsest lattice of each kind that holds all these positive values."""
    largest = int(_leading(values[-1:])[0])
    decimals = (Lattice(power, single=single) for power in range(-largest, _DIGITS - largest))
    plain = next((lattice for lattice in decimals if lattice.holds(values)), None)
    if plain is not None:
        yield plain
        # A few values can all be even, say, by chance.
        parts = (Lattice(plain.power, part, single=single) for part in _PARTS if len(values) * np.log(part) > _SURE)
        yield from (lattice for lattice in parts if lattice.holds(values))
    digits = (Lattice(digits=count, single=single) for count in range(1, _DIGITS))
    yield from (lattice for lattice in digits if lattice.holds(values))


def _leading(values: np.ndarray) -> np.ndarray:
    """The power of ten of the first digit of each value; −∞ for 0."""
    with np.errstate(divide="ignore"):
        return np.floor(np.log10(np.abs(values)) + 1e-12)  # the logarithm of a power of ten may come out a bit less


def rounding(values: np.ndarray) -> np.ndarray:
    """The greatest error [n] that rounding can have made in each of these values; 0 where none is visible.

    Examples
    --------
    >>> rounding(np.array([0.12, 1.3, 2.57, 3.14])).round(6)
    array([0.005, 0.005, 0.005, 0.005])
    >>> rounding(np.array([1.2e-3, 3.4e-2, 5.6, 780.0])).round(6)
    array([5.e-05, 5.e-04, 5.e-02, 5.e+00])
    >>> rounding(np.sqrt(np.arange(2.0, 8.0)))
    array([0., 0., 0., 0., 0., 0.])
    """
    lattice = lattice_of(values)
    return np.zeros(len(values)) if lattice is None else lattice.errors(values)


def rounding_alike(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same of the columns X [n, d] that were rounded as y [n] was, and of y: [n, d] and [n].

    What was written in the same format may have come before y was computed, as in a trajectory and its slopes. A
    column with digits of its own was given so, and is exact: 0.
    """
    lattice = lattice_of(y)
    if lattice is None:
        return np.zeros(X.shape), np.zeros(len(y))
    alike = (lattice.holds(column) and lattice_of(column) == lattice for column in X.T)
    errors = [lattice.errors(c) if same else np.zeros(len(y)) for c, same in zip(X.T, alike, strict=True)]
    return np.stack(errors, axis=1) if errors else np.zeros(X.shape), lattice.errors(y)
