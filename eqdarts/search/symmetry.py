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
from itertools import combinations

import numpy as np
import sympy

_TOLERANCES = (0.003, 0.01, 0.03, 0.1)  # of the imbalance, relative to the slopes in it
_OFF = 0.15  # most that a number may differ from the fraction that stands for it
_DENOMINATOR, _LARGEST = 2, 4  # of fractions, and the largest number
_MOST_GROUPS = 4
_MOST_PIVOTS = 200  # choices of the columns that are divided out
_KEPT = 3  # ways of writing one reduction that are kept: a law may be simple in one of them only


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

    def symbolic(self, columns: tuple[sympy.Symbol, ...]) -> tuple[tuple[sympy.Expr, ...], sympy.Expr]:
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
    for forms, kept in _forms(X, value, slopes):
        u = X @ np.array(forms, dtype=float).T
        for groups, prefactor in _groups(u, value, slopes[:, kept]):
            found.setdefault(Reduction(forms, groups, prefactor))
    whole = X.shape[1]
    smaller = [r for r in found if len(r.groups) < whole and np.isfinite(np.column_stack(r.apply(X))).all()]
    return sorted(smaller, key=lambda r: (len(r.groups), r.length))


def _forms(
    X: np.ndarray, value: np.ndarray, slopes: np.ndarray
) -> Iterator[tuple[tuple[tuple[Fraction, ...], ...], list[int]]]:
    """Linear forms that the function depends on, and the column whose slope is that of each: first the columns."""
    d = X.shape[1]
    unit = [tuple(Fraction(int(i == j)) for j in range(d)) for i in range(d)]
    yield tuple(unit), list(range(d))
    scale = np.sqrt(np.mean((slopes * X.std(axis=0)) ** 2, axis=0))
    relevant = np.flatnonzero(scale > _TOLERANCES[1] * value.std())
    seen = set()
    for tolerance in _TOLERANCES:
        null = _null_space(slopes[:, relevant], tolerance)
        # Later columns are taken away from earlier ones.
        for pivots in list(combinations(range(len(relevant)), len(null)))[::-1] if len(null) else []:
            rows = _solved(null, pivots)
            if rows is None or any(np.count_nonzero(row) != 2 for row in np.array(rows, dtype=float)):
                continue
            left = [j for j in range(len(relevant)) if j not in pivots]
            forms = []
            for j in left:
                form = list(unit[relevant[j]])
                for p, row in zip(pivots, rows, strict=True):
                    form[relevant[p]] = -row[j]
                u = X @ np.array(form, dtype=float)
                forms.append(tuple(-c for c in form) if (u < 0).all() and np.count_nonzero(form) > 1 else tuple(form))
            if tuple(forms) not in seen:
                seen.add(tuple(forms))
                yield tuple(forms), [int(relevant[j]) for j in left]
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
    for tolerance in _TOLERANCES:
        null = _null_space(flows, tolerance)
        k = len(null)
        if k in counts or not 0 < k < p or p - k > _MOST_GROUPS:
            continue
        counts.add(k)
        ways = []
        for pivots in list(combinations(range(p), k))[:_MOST_PIVOTS]:
            rows = _solved(null, pivots)
            if rows is None or not _balanced(flows, rows, 2 * tolerance):
                continue
            left = [j for j in range(p) if j not in pivots]
            groups = []
            for j in left:
                group = list(identity[j])
                for pivot, row in zip(pivots, rows, strict=True):
                    group[pivot] = -row[j]
                groups.append(tuple(group))
            prefactor = [Fraction(0)] * p
            for pivot, row in zip(pivots, rows, strict=True):
                prefactor[pivot] = row[p]
            if _is_defined(u, groups, prefactor):
                ways.append((tuple(groups), tuple(prefactor)))
        ways.sort(key=lambda way: Reduction((), *way).length)
        yield from ways[:_KEPT]


def _is_defined(u: np.ndarray, groups: list[tuple[Fraction, ...]], prefactor: list[Fraction]) -> bool:
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


def _solved(null: np.ndarray, pivots: tuple[int, ...]) -> list[tuple[Fraction, ...]] | None:
    """The basis of the null space that is one at its pivot and zero at the others; None if it is not of fractions."""
    square = null[:, pivots]
    size = np.abs(square).max(initial=0.0)
    if size == 0 or np.linalg.cond(square) > 1e3:
        return None
    rows = np.linalg.solve(square, null)
    exact = np.round(rows * _DENOMINATOR) / _DENOMINATOR
    if np.abs(rows - exact).max() > _OFF or np.abs(exact).max() > _LARGEST:
        return None
    return [tuple(Fraction(float(v)) for v in row) for row in exact]


def _balanced(flows: np.ndarray, rows: list[tuple[Fraction, ...]], tolerance: float) -> bool:
    """Is each sum of flows small beside its largest term?"""
    for row in rows:
        terms = flows * np.array(row, dtype=float)
        largest = np.sqrt(np.mean(terms**2, axis=0)).max()
        alone = np.count_nonzero(np.array(row, dtype=float)) == 1
        bound = tolerance * (np.sqrt(np.mean(flows[:, -1] ** 2)) if alone else largest)
        if np.sqrt(np.mean(terms.sum(axis=1) ** 2)) > bound:
            return False
    return True
