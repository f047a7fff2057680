"""Linear equations with exact numbers, the same ones for every base quantity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

_ZERO = Fraction(0)


@dataclass(frozen=True)
class Affine:
    """A vector of exponents: a known one, and multiples of unknown ones.

    Attributes
    ----------
    unknowns : mapping
        How many times each unknown vector, by its number.
    known : mapping
        Exponents by base quantity.
    """

    unknowns: Mapping[int, Fraction] = field(default_factory=dict)
    known: Mapping[str, Fraction] = field(default_factory=dict)

    @classmethod
    def of(cls, known: Mapping[str, Fraction]) -> Affine:
        """Without unknowns."""
        return cls({}, known)

    @classmethod
    def unknown(cls, number: int) -> Affine:
        """One of them."""
        return cls({number: Fraction(1)})

    @property
    def is_zero(self) -> bool:
        """Is nothing left?"""
        return not self.unknowns and not self.known

    def __add__(self, other: Affine) -> Affine:
        return Affine(_added(self.unknowns, other.unknowns), _added(self.known, other.known))

    def __sub__(self, other: Affine) -> Affine:
        return self + other.times(Fraction(-1))

    def times(self, factor: Fraction) -> Affine:
        """Each of its numbers multiplied."""
        if not factor:
            return Affine()
        if factor == 1:
            return self
        return Affine(
            {key: value * factor for key, value in self.unknowns.items()},
            {key: value * factor for key, value in self.known.items()},
        )


def _added(one: Mapping, other: Mapping) -> dict:  # type: ignore[type-arg]
    total = dict(one)
    for key, value in other.items():
        total[key] = total.get(key, _ZERO) + value
    return {key: value for key, value in total.items() if value}


def solved(equations: Sequence[Affine], order: Sequence[int]) -> dict[int, dict[str, Fraction]] | None:
    """The unknowns that make all these zero; None if nothing does.

    Those that may be anything are zero: of `order` the last ones.
    """
    rank = {unknown: k for k, unknown in enumerate(order)}
    rows: dict[int, Affine] = {}  # by the unknown that each is solved for, one times it
    for equation in equations:
        left = equation
        for pivot, row in rows.items():
            if pivot in left.unknowns:
                left = left - row.times(left.unknowns[pivot])
        if not left.unknowns:
            if left.known:
                return None
            continue
        pivot = min(left.unknowns, key=lambda unknown: rank[unknown])
        left = left.times(1 / left.unknowns[pivot])
        for other, row in rows.items():
            if pivot in row.unknowns:
                rows[other] = row - left.times(row.unknowns[pivot])
        rows[pivot] = left
    return {pivot: {base: -power for base, power in row.known.items()} for pivot, row in rows.items()}
