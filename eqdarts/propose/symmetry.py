"""Symmetries of a function, read off its slopes, and what they leave of its columns.

A law of physics often depends on fewer quantities than it has columns: on a difference θ1 − θ2, or on a product such as
h·ω/(k·T) beside a factor h·ω. Along such a symmetry the slopes of the function balance,

    Σ τ_i ∂f/∂x_i = 0                 f depends on differences (or sums) of columns
    Σ v_i x_i ∂f/∂x_i = q f           f is a product of powers, times a function of products of powers

and the slopes of a fit that is good but not the law show it. What is left to find has fewer columns (dimensional
analysis without units; Udrescu & Tegmark 2020 test for symmetries of single pairs).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, islice

import numpy as np
import sympy
from scipy.linalg import qr


@dataclass(frozen=True)
class _Reading:
    """How symmetries are read off slopes; not tuned. What they buy: benchmarks/README.md.

    Attributes
    ----------
    tolerances : tuple of float
        Of the imbalance, relative to the slopes in it: of imitations that are good, and of worse ones.
    off, off_half : float
        Most that a number may differ from the whole number or the half that stands for it: halves are rarer.
    largest : int
        A number: larger exponents are rare, and more often what an imitation has.
    condition : float
        Of the columns that are divided out; beyond, the numbers have no digits that could be read.
    pivots : int
        Choices of these columns that are tried.
    kept : int
        Ways of writing one reduction: a law may be simple in one of them only.
    """

    tolerances: tuple[float, ...] = (0.003, 0.01, 0.03, 0.1)
    off: float = 0.15
    off_half: float = 0.05
    largest: int = 4
    condition: float = 1e3
    pivots: int = 200
    kept: int = 3


_READING = _Reading()


@dataclass(frozen=True)
class Reduction:
    """y = M·f(g_1, …, g_m): a prefactor and groups, both products of powers of linear forms of the columns.

    Attributes
    ----------
    forms : tuple of tuples of Fraction, [p][d]
        Linear forms u of the d columns; most are a column itself.
    groups : tuple of tuples of Fraction, [m][p]
        Exponents of the forms in every group.
    prefactor : tuple of Fraction, [p]
        Exponents of the forms in M.
    """

    forms: tuple[tuple[Fraction, ...], ...]
    groups: tuple[tuple[Fraction, ...], ...]
    prefactor: tuple[Fraction, ...]

    def apply(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The groups [n, m] and the prefactor [n] of rows X [n, d]."""
        u = X @ np.array(self.forms, dtype=float).T  # [n, p]
        return np.column_stack([_product(u, e) for e in self.groups]), _product(u, self.prefactor)

    def symbolic(self, columns: tuple[sympy.Expr, ...]) -> tuple[tuple[sympy.Expr, ...], sympy.Expr]:
        """The groups and the prefactor as expressions."""
        forms = [sympy.Add(*(_rational(c) * x for c, x in zip(form, columns, strict=True))) for form in self.forms]

        def product(exponents: tuple[Fraction, ...]) -> sympy.Expr:
            return sympy.Mul(*(u ** _rational(e) for u, e in zip(forms, exponents, strict=True)))

        return tuple(map(product, self.groups)), product(self.prefactor)

    @property
    def length(self) -> float:
        """How much there is to write."""
        numbers = [*self.prefactor, *(e for group in self.groups for e in group)]
        return float(sum(abs(e) + (e.denominator > 1) for e in numbers))


def _rational(value: Fraction) -> sympy.Rational:
    return sympy.Rational(value.numerator, value.denominator)


def _product(u: np.ndarray, exponents: tuple[Fraction, ...]) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.prod([u[:, i] ** float(e) for i, e in enumerate(exponents) if e] or [np.ones(len(u))], axis=0)


def reductions(X: np.ndarray, value: np.ndarray, slopes: np.ndarray) -> list[Reduction]:
    """What the symmetries of a function leave of it, the fewest groups first.

    X : array [n, d]   value : array [n]   slopes : array [n, d], ∂value/∂x
    """
    found: dict[Reduction, None] = {}
    for forms, by_forms in _forms(X, value, slopes):
        u = X @ np.array(forms, dtype=float).T
        for groups, prefactor in _groups(u, value, by_forms):
            found.setdefault(Reduction(forms, groups, prefactor))
            if len(groups) == 1 and (u > 0).all():
                # exp(−1/g) is harder to find than exp(−g), and nothing says which of the two it is.
                found.setdefault(Reduction(forms, (tuple(-e for e in groups[0]),), prefactor))
    whole = X.shape[1]
    smaller = [r for r in found if len(r.groups) < whole and np.isfinite(np.column_stack(r.apply(X))).all()]
    return sorted(smaller, key=lambda r: (len(r.groups), r.length))


def _forms(
    X: np.ndarray, value: np.ndarray, slopes: np.ndarray
) -> Iterator[tuple[tuple[tuple[Fraction, ...], ...], np.ndarray]]:
    """Linear forms [p][d] that the function depends on, and its slopes [n, p] by them: first the columns themselves."""
    d = X.shape[1]
    unit = [tuple(Fraction(int(i == j)) for j in range(d)) for i in range(d)]
    yield tuple(unit), slopes
    scale = np.sqrt(np.mean((slopes * X.std(axis=0)) ** 2, axis=0))
    relevant = np.flatnonzero(scale > _READING.tolerances[1] * value.std())
    for tolerance in _READING.tolerances:
        null = _null_space(slopes[:, relevant], tolerance)
        # Later columns are taken away from earlier ones.
        for pivots in (
            list(combinations(range(len(relevant)), len(null)))[: -_READING.pivots - 1 : -1] if len(null) else ()
        ):
            rows = {q: row for q, row in _solved(null, pivots) if sum(v != 0 for v in row) == 2}
            if rows:
                left = [j for j in range(len(relevant)) if j not in rows]
                forms = []
                for j in left:
                    form = list(unit[relevant[j]])
                    for q, row in rows.items():
                        form[relevant[q]] = -row[j]
                    forms.append(form)
                sign = np.where((X @ np.array(forms, dtype=float).T < 0).all(axis=0), -1, 1)
                signed = (tuple(int(t) * c for c in form) for t, form in zip(sign, forms, strict=True))
                yield tuple(signed), slopes[:, relevant[left]] * sign
                break


def _groups(
    u: np.ndarray, value: np.ndarray, slopes: np.ndarray
) -> Iterator[tuple[tuple[tuple[Fraction, ...], ...], tuple[Fraction, ...]]]:
    """Exponents of the groups and of the prefactor, for several tolerances and choices of what is divided out."""
    p = u.shape[1]
    identity = tuple(tuple(Fraction(int(i == j)) for j in range(p)) for i in range(p))
    yield identity, (Fraction(0),) * p
    flows = np.column_stack([u * slopes, -value])  # [n, p + 1]
    counts = set()
    for tolerance in _READING.tolerances:
        null = _null_space(flows, tolerance)
        k = len(null)
        if k in counts or not 0 < k <= p:
            continue
        counts.add(k)
        ways = set()
        for pivots in _pivots(null[:, :p]):
            # A row that is not of fractions is left out, and the column of its pivot stays.
            rows = {q: row for q, row in _solved(null, pivots) if _is_balanced(flows, row, 2 * tolerance)}
            left = [j for j in range(p) if j not in rows]
            if not rows or not left:
                continue
            groups = []
            for j in left:
                group = list(identity[j])
                for pivot, row in rows.items():
                    group[pivot] = -row[j]
                groups.append(tuple(group))
            prefactor = tuple(rows[i][p] if i in rows else Fraction(0) for i in range(p))
            if _is_defined(u, groups, prefactor):
                ways.add((tuple(groups), prefactor))
        yield from sorted(ways, key=lambda way: (len(way[0]), Reduction((), *way).length, way))[: _READING.kept]


def _pivots(null: np.ndarray) -> list[tuple[int, ...]]:
    """Choices of one column for each vector of the null space [k, p], the best conditioned first."""
    k, p = null.shape
    best = tuple(sorted(int(i) for i in qr(null, mode="r", pivoting=True)[1][:k]))
    return list(dict.fromkeys([best, *islice(combinations(range(p), k), _READING.pivots)]))


def _is_defined(u: np.ndarray, groups: list[tuple[Fraction, ...]], prefactor: tuple[Fraction, ...]) -> bool:
    """Roots and negative powers of positive forms only; the prefactor may be a whole power of others."""
    for i in np.flatnonzero(~(u > 0).all(axis=0)):
        exponents = [group[i] for group in groups]
        if any(e.denominator > 1 or e < 0 for e in exponents) or prefactor[i].denominator > 1:
            return False
        if prefactor[i] and not u[:, i].all():
            return False
    return True


def _null_space(matrix: np.ndarray, tolerance: float) -> np.ndarray:
    """Vectors v [k, m] with matrix·v ≈ 0, relative to what they add up."""
    size = np.sqrt(np.mean(matrix**2, axis=0))
    size = np.maximum(size, tolerance * size.max(initial=0.0)) + 1e-300
    scaled = matrix / size
    values, vectors = np.linalg.eigh(scaled.T @ scaled / len(matrix))
    small = np.sqrt(np.maximum(values, 0.0)) < tolerance
    return vectors[:, small].T / size


def _solved(null: np.ndarray, pivots: tuple[int, ...]) -> list[tuple[int, tuple[Fraction, ...]]]:
    """The basis of the null space that is one at its pivot and zero at the others: pivots and vectors of fractions."""
    square = null[:, pivots]
    if not np.abs(square).max(initial=0.0) or np.linalg.cond(square) > _READING.condition:
        return []
    rows = np.linalg.solve(square, null)
    halves = np.round(2 * rows) / 2
    exact = np.where(np.abs(rows - halves) < _READING.off_half, halves, np.round(rows))
    good = (np.abs(rows - exact).max(axis=1) < _READING.off) & (np.abs(exact).max(axis=1) <= _READING.largest)
    return [(q, tuple(Fraction(float(v)) for v in exact[i])) for i, q in enumerate(pivots) if good[i]]


def _is_balanced(flows: np.ndarray, row: tuple[Fraction, ...], tolerance: float) -> bool:
    """Is the sum of flows small beside its largest term, and that of one beside the function?"""
    terms = flows * np.array(row, dtype=float)
    alone = sum(v != 0 for v in row) == 1
    size = flows[:, -1] if alone else terms[:, np.argmax(np.mean(terms**2, axis=0))]
    return bool(np.mean(terms.sum(axis=1) ** 2) <= tolerance**2 * np.mean(size**2))
