"""Buckingham's theorem: a law of pure numbers is a prefactor times a function of groups without dimension.

d columns whose units have rank r leave d − r groups: y = M(x)·F(π_1, …, π_{d−r}) (Buckingham 1914, Phys. Rev. 4,
345). Which products M and π are is open: any r independent columns may be divided out of the others. A law is simple in
few of these, so the shortest are listed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import heapify, heappop, heappush
from itertools import combinations, islice

import numpy as np

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
    visited : int
        Products that are gone through for one that is listed: where columns have both signs some are none.
    """

    tried: int = 1000
    each: int = 6
    repeated: int = 2
    largest: int = 4
    visited: int = 8


_CHOICE = _Choice()
_FARTHEST = 24  # of doubled exponents


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
    prefactors: dict[Exponents, None] = {}
    groups: dict[tuple[Exponents, ...], None] = {}
    for of_target, others in _of_bases(columns, target):
        if _is_plain(of_target):
            prefactors.setdefault(of_target)
        if all(map(_is_plain, others)):
            groups.setdefault(others)
    pairs = [
        Grouping(m, g)
        for m in sorted(prefactors, key=_length)[: _CHOICE.each]
        for g in sorted(groups, key=lambda g: sum(map(_length, g)))[: _CHOICE.each]
    ]
    pairs.sort(key=lambda pair: _length(pair.prefactor) + sum(map(_length, pair.groups)))
    return _varied(pairs)[:most]


def products_of(columns: Sequence[Dimension], target: Dimension, signed: Sequence[bool], most: int) -> list[Exponents]:
    """At most so many products of powers of these columns that have a dimension, shortest first.

    They are one of them times products without dimension: each is reached from a shorter one by a group, or its root.

    signed: of each column; one that is has whole powers from 0

    Examples
    --------
    >>> mass, speed = {"mass": Fraction(1)}, {"length": Fraction(1), "time": Fraction(-1)}
    >>> energy = {"mass": Fraction(1), "length": Fraction(2), "time": Fraction(-2)}
    >>> [[str(e) for e in powers] for powers in products_of([mass, speed, speed], energy, (False,) * 3, 3)]
    [['1', '0', '2'], ['1', '1', '1'], ['1', '2', '0']]
    """
    found = list(_of_bases(columns, target))
    starts = dict.fromkeys(_doubled(of_target) for of_target, _ in found if _is_halves(of_target))
    groups = dict.fromkeys(_doubled(group) for _, others in found for group in others if _is_halves(group))
    steps = [sign * step for group in groups for step in _steps(group) for sign in (1, -1)]
    least = np.array([0 if negative else -_FARTHEST for negative in signed])
    fractional = np.array([not negative for negative in signed])
    queue = [(_doubled_length(start), start) for start in starts]
    heapify(queue)
    seen, kept = set(starts), list[Exponents]()
    for _ in range(_CHOICE.visited * most):
        if not queue or len(kept) == most:
            break
        _, powers = heappop(queue)
        here = np.array(powers)
        if (here >= least).all() and not (here % 2 * ~fractional).any():
            kept.append(tuple(Fraction(power, 2) for power in powers))
        for step in steps:
            following = tuple((here + step).tolist())
            if following not in seen and max(map(abs, following)) <= _FARTHEST:
                seen.add(following)
                heappush(queue, (_doubled_length(following), following))
    return kept


def _of_bases(columns: Sequence[Dimension], target: Dimension) -> Iterator[tuple[Exponents, tuple[Exponents, ...]]]:
    """For sets of columns to divide out: the product of these with the dimension, and what makes each other one pure.

    None if no product of columns has it.
    """
    rank = _rank(columns)
    for basis in islice(combinations(range(len(columns)), rank), _CHOICE.tried):
        if _rank([columns[i] for i in basis]) < rank:
            continue
        of_target = _powers(columns, basis, target)
        if of_target is None:
            return
        others = []
        for j in range(len(columns)):
            found = None if j in basis else _powers(columns, basis, columns[j])
            if found is not None:
                others.append(tuple(Fraction(int(i == j)) - power for i, power in enumerate(found)))
        yield of_target, tuple(others)


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


def _is_halves(powers: Exponents) -> bool:
    return all(power.denominator <= 2 for power in powers)


def _doubled(powers: Exponents) -> tuple[int, ...]:
    return tuple(int(2 * power) for power in powers)


def _doubled_length(doubled: tuple[int, ...]) -> int:
    """Twice the length of the powers that these are twice."""
    return sum(abs(power) + 2 * (power % 2) for power in doubled)


def _steps(doubled: tuple[int, ...]) -> list[np.ndarray]:
    """A group as a step, and its root where that has whole powers and halves."""
    whole = np.array(doubled)
    return [whole] if (whole % 2).any() else [whole, whole // 2]
