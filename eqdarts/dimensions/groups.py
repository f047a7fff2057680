"""Buckingham's theorem: a law of pure numbers is a prefactor times a function of groups without dimension.

d columns whose units have rank r leave d − r groups: y = M(x)·F(π_1, …, π_{d−r}) (Buckingham 1914, Phys. Rev. 4,
345). Which products M and π are is open: any r independent columns may be divided out of the others. A law is simple in
few of these, so the shortest are listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, islice

from eqdarts.dimensions.solving import Affine, solved
from eqdarts.dimensions.unit import Dimension

Exponents = tuple[Fraction, ...]


@dataclass(frozen=True)
class _Choice:
    """Which ways are listed; not tuned.

    Attributes
    ----------
    tried : int
        Sets of columns to divide out.
    each : int
        Prefactors, and sets of groups, that are combined.
    repeated : int
        Times that one of them is listed.
    largest : int
        An exponent: larger ones are rare in laws.
    """

    tried: int = 1000
    each: int = 6
    repeated: int = 2
    largest: int = 4


_CHOICE = _Choice()


@dataclass(frozen=True)
class Grouping:
    """y = M·F(π_1, …, π_m), all of them products of powers of the d columns.

    Attributes
    ----------
    prefactor : tuple of Fraction [d]
    groups : tuple of tuples of Fraction [m][d]
    """

    prefactor: Exponents
    groups: tuple[Exponents, ...]


def groupings(columns: Sequence[Dimension], target: Dimension, most: int) -> list[Grouping]:
    """At most so many ways to write a law of these columns with pure numbers, shortest first; none if there is none.

    Examples
    --------
    >>> mass, speed = {"mass": Fraction(1)}, {"length": Fraction(1), "time": Fraction(-1)}
    >>> energy = {"mass": Fraction(1), "length": Fraction(2), "time": Fraction(-2)}
    >>> [[str(e) for e in g.prefactor] for g in groupings([mass, speed], energy, 3)]
    [['1', '2']]
    """
    rank = _rank(columns)
    prefactors: dict[Exponents, None] = {}
    groups: dict[tuple[Exponents, ...], None] = {}
    for basis in islice(combinations(range(len(columns)), rank), _CHOICE.tried):
        if _rank([columns[i] for i in basis]) < rank:
            continue
        of_target = _powers(columns, basis, target)
        if of_target is None:
            return []
        if _is_plain(of_target):
            prefactors.setdefault(of_target)
        others = []
        for j in range(len(columns)):
            found = None if j in basis else _powers(columns, basis, columns[j])
            if found is not None:
                others.append(tuple(Fraction(int(i == j)) - power for i, power in enumerate(found)))
        if all(map(_is_plain, others)):
            groups.setdefault(tuple(others))
    pairs = [
        Grouping(m, g)
        for m in sorted(prefactors, key=_length)[: _CHOICE.each]
        for g in sorted(groups, key=lambda g: sum(map(_length, g)))[: _CHOICE.each]
    ]
    pairs.sort(key=lambda pair: _length(pair.prefactor) + sum(map(_length, pair.groups)))
    return _varied(pairs)[:most]


def _varied(pairs: Sequence[Grouping]) -> list[Grouping]:
    """Without those whose parts both were listed before often enough."""
    kept: list[Grouping] = []
    for pair in pairs:
        same_prefactor = sum(other.prefactor == pair.prefactor for other in kept)
        same_groups = sum(other.groups == pair.groups for other in kept)
        if min(same_prefactor, same_groups) < _CHOICE.repeated:
            kept.append(pair)
    return kept


def _rank(vectors: Sequence[Dimension]) -> int:
    bases = sorted({base for vector in vectors for base in vector})
    rows = [[vector.get(base, Fraction(0)) for base in bases] for vector in vectors]
    rank = 0
    for column in range(len(bases)):
        pivot = next((k for k in range(rank, len(rows)) if rows[k][column]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        for k in range(rank + 1, len(rows)):
            times = rows[k][column] / rows[rank][column]
            rows[k] = [a - times * b for a, b in zip(rows[k], rows[rank], strict=True)]
        rank += 1
    return rank


def _powers(columns: Sequence[Dimension], basis: Sequence[int], wanted: Dimension) -> Exponents | None:
    """Exponents of the columns of a basis whose product has a dimension; None if none has."""
    bases = {base for vector in (*(columns[i] for i in basis), wanted) for base in vector}
    equations = [
        Affine(
            {i: columns[i][base] for i in basis if base in columns[i]}, {"": -wanted[base]} if base in wanted else {}
        )
        for base in sorted(bases)
    ]
    found = solved(equations, basis)
    if found is None:
        return None
    return tuple(found.get(i, {}).get("", Fraction(0)) for i in range(len(columns)))


def _is_plain(powers: Exponents) -> bool:
    return all(abs(power) <= _CHOICE.largest and power.denominator <= 2 for power in powers)


def _length(powers: Exponents) -> float:
    return float(sum(abs(power) + (power.denominator > 1) for power in powers))
