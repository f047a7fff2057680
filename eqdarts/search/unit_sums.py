"""Sums of products that have the unit of the target: what laws of pure numbers are at their simplest.

Few products of powers have the unit of the target at all (`eqdarts.dimensions.groups`), so all of the short ones are at
hand, and linear algebra chooses the terms among them, below every link: m·v²/2 + m·g·h, or 1/(1/d₁ + n/d₂). Where the
columns admit no product without dimension there is one, and the law is a constant times it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import sympy

from eqdarts.data.table import Table
from eqdarts.data.zero import LADDER, measure_of
from eqdarts.dimensions.groups import Exponents, products_of
from eqdarts.dimensions.table_units import TableUnits
from eqdarts.graph.links import LINKS, Transformation, below
from eqdarts.propose.sparse import Choice, Limits, chosen_terms
from eqdarts.search.problem import Problem
from eqdarts.simplify.description import NATS_PER_NODE, NATS_PER_SYMBOL, digits_of

#: Nats of an exact factor between units, up to which it stands in formulas, as 1/1000 and π/180 do; not tuned.
_PLAIN_FACTOR = 14.0
#: Which power of the unit of the target a sum below each link has; below others it is a pure number, as is the target.
_POWER = {"identity": 1, "reciprocal": -1, "sqrt": 2, "reciprocal_sqrt": -2}


@dataclass(frozen=True)
class _Effort:
    """How many sums are looked at; not tuned.

    Attributes
    ----------
    products : int
        The shortest, below each link.
    terms, rows_per_term : int
        Of a sum at the most, and rows for each of them at the least.
    steps : int
        Of fitting their coefficients.
    given : float
        The least share of the rows whose value a link can give.
    kept, near : int, float
        Sums that become equations, and the most nats by which they are worse than the best.
    """

    products: int = 240
    terms: int = 5
    rows_per_term: int = 4
    steps: int = 4
    given: float = 0.5
    kept: int = 8
    near: float = 16.0


_EFFORT = _Effort()


@dataclass(frozen=True, eq=False)
class Units:
    """The units of a table all of whose columns have one, for products of powers of its columns.

    Attributes
    ----------
    problem : Problem
    known : TableUnits
    """

    problem: Problem
    known: TableUnits

    @classmethod
    def of(cls, problem: Problem) -> Units | None:
        """None unless all columns have units, none of them with a zero of its own."""
        units, names = problem.units, problem.table.names
        if units is None or units.of_logarithm or not all(name in units.columns for name in names):
            return None
        some = (units.target, *(units.columns[name] for name in names))
        return None if any(unit.has_offset for unit in some) else cls(problem, units)

    @property
    def dimensions(self) -> list[dict[str, Fraction]]:
        """Of the columns of the search."""
        return [dict(self.known.columns[name].dimension) for name in self.problem.table.names]

    def target(self, power: int = 1) -> dict[str, Fraction]:
        """The dimension of a power of the target."""
        return {base: power * own for base, own in self.known.target.dimension.items()}

    def product(self, powers: Sequence[Fraction], of_target: int, as_float: bool = False) -> sympy.Expr:
        """Powers of the columns, with the exact number that makes their units the power of that of the target.

        as_float: is a number that has many digits a float then? Otherwise it is left out.
        """
        exact = [sympy.Rational(power.numerator, power.denominator) for power in powers]
        columns = [self.known.columns[name].factor for name in self.problem.table.names]
        factors = [factor * _power_of_two(x) for factor, x in zip(columns, self.problem.x_unit, strict=True)]
        whole = (self.known.target.factor * _power_of_two(self.problem.y_unit)) ** of_target
        number = sympy.Mul(*(f**e for f, e in zip(factors, exact, strict=True))) / whole
        if digits_of(number) > _PLAIN_FACTOR:
            number = sympy.Float(float(number)) if as_float else sympy.Integer(1)
        return number * sympy.Mul(*(x**e for x, e in zip(self.problem.symbols, exact, strict=True)))


def _power_of_two(value: float) -> sympy.Rational:
    return sympy.Rational(*float(value).as_integer_ratio())


@dataclass(frozen=True, eq=False)
class _Sum:
    """A sum below a link: the powers of its terms, their coefficients, its values [n], and nats to compare sums by."""

    link: str
    terms: tuple[Exponents, ...]
    coefficients: np.ndarray
    values: np.ndarray
    nats: float


def unit_sums(problem: Problem, links: Sequence[str]) -> list[sympy.Expr]:
    """The best of them over the symbols of a problem, with fitted coefficients, best first.

    links: below which they are looked for
    """
    units = Units.of(problem)
    if units is None:
        return []
    rows = problem.formula_rows
    offers = [offer for link in links for offer in _offers(units, link, rows)]
    usable = problem.usable_links(tuple(links))
    found = [one for offer in offers if offer.link in usable for one in offer.sums(below(rows, offer.link))]
    if found:
        # Targets and weights below a link share the noise of y, which may also be below zero; what the best sum gives
        # does neither.
        values = min(found, key=lambda one: one.nats).values
        again = ((offer, _at(offer.link, values, rows)) for offer in offers if offer.link != "identity")
        found += [one for offer, table in again if table is not None for one in offer.sums(table)]
    found.sort(key=lambda one: one.nats)
    best = {_key(one): one for one in reversed(found)}
    found = sorted(best.values(), key=lambda one: one.nats)
    return [_written(units, one) for one in found[: _EFFORT.kept] if one.nats <= found[0].nats + _EFFORT.near]


def _key(one: _Sum) -> tuple[str, frozenset[Exponents]]:
    return one.link, frozenset(one.terms)


@dataclass(frozen=True, eq=False)
class _Offer:
    """The products that may stand below a link, and their values [K, n] and cost [K] on some rows."""

    link: str
    products: list[Exponents]
    values: np.ndarray
    cost: np.ndarray
    rows: Table

    def sums(self, linked: Table) -> Iterator[_Sum]:
        """Of each number of terms the few best. linked: the rows below the link"""
        most = min(_EFFORT.terms, len(self.rows) // _EFFORT.rows_per_term)
        limits = Limits(int(self.cost.max()) * most, most, all_pairs=True, intercept=False)
        for choice in chosen_terms(self.values, linked.y, linked.roots, self.cost, limits):
            terms = self.values[list(choice)]
            coefficients, values = _fitted(terms, self.link, self.rows, linked)
            loss = float(measure_of(self.rows).loss(_loss(values, self.rows)))
            if np.isfinite(loss):
                nats = _nats(loss, choice, self.cost, len(self.rows))
                yield _Sum(self.link, tuple(self.products[k] for k in choice), coefficients, values, nats)


def _offers(units: Units, link: str, rows: Table) -> Iterator[_Offer]:
    """The products below a link, if there are any."""
    power, problem = _POWER.get(link), units.problem
    if power is None and units.target():
        return
    products = products_of(units.dimensions, units.target(power or 1), problem.signed, _EFFORT.products)
    if products:
        cost = np.array([_symbols(powers) for powers in products])
        yield _Offer(link, products, _values(products, rows), cost, rows)


def _at(link: str, values: np.ndarray, rows: Table) -> Table | None:
    """What is below a link, linear around these values [n] of y; rows whose value it cannot give count for nothing.

    None if these are most.
    """
    g = LINKS[link]
    with np.errstate(all="ignore"):
        f = g.inverse(values)
        slope = _slope(g, f)
        y, weights = f + (rows.y - values) / slope, (slope * rows.roots) ** 2
        good = np.isfinite(y) & np.isfinite(weights) & (np.abs(g.value(f) - values) < 1e-6 * np.abs(values))
    if good.mean() < _EFFORT.given:
        return None
    return replace(rows, y=np.where(good, y, 0.0), weights=np.where(good, weights, 0.0))


def _slope(g: Transformation, f: np.ndarray) -> np.ndarray:
    h = 1e-6 * np.abs(f)
    return (g.value(f + h) - g.value(f - h)) / (2 * h)


def _values(products: Sequence[Exponents], rows: Table) -> np.ndarray:
    """Values [K, n] of products of powers."""
    with np.errstate(all="ignore"):
        return np.stack([np.prod(rows.X ** np.array(powers, dtype=float), axis=1) for powers in products])


def _symbols(powers: Exponents) -> int:
    """Nodes of a product: each column, its exponent, and its coefficient."""
    return 2 + sum((power != 0) + (power not in (0, 1)) for power in powers)


def _nats(loss: float, choice: Choice, cost: np.ndarray, n: int) -> float:
    size = int(cost[list(choice)].sum())
    return 0.5 * n * float(np.log(max(loss, LADDER.exact))) + NATS_PER_NODE * size + NATS_PER_SYMBOL * len(choice)


def _fitted(terms: np.ndarray, link: str, rows: Table, linked: Table) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients [k] of terms [k, n] below a link, and the values [n] that they give.

    Weights below a link are right to first order only, so some steps of Gauss and Newton follow.
    """
    g = LINKS[link]
    coefficients = _solved(terms, linked)
    with np.errstate(all="ignore"):
        values = g.value(coefficients @ terms)
        for _ in range(_EFFORT.steps if link != "identity" else 0):
            table = _at(link, values, rows) if np.isfinite(values).all() else None
            if table is None:
                break
            following = _solved(terms, table)
            new = g.value(following @ terms)
            if not _loss(new, rows) < _loss(values, rows):
                break
            coefficients, values = following, new
    return coefficients, values


def _solved(terms: np.ndarray, table: Table) -> np.ndarray:
    sizes = np.abs(terms).max(axis=1)
    base = (terms / sizes[:, None] * table.roots).T
    return np.linalg.lstsq(base, table.y * table.roots, rcond=None)[0] / sizes


def _loss(values: np.ndarray, rows: Table) -> float:
    with np.errstate(all="ignore"):
        loss = float(np.average((values - rows.y) ** 2, weights=rows.weights))
    return loss if np.isfinite(loss) else np.inf


def _written(units: Units, one: _Sum) -> sympy.Expr:
    power, terms = _POWER.get(one.link, 1), []
    for powers, coefficient in zip(one.terms, one.coefficients.tolist(), strict=True):
        bare = sympy.Mul(*(x ** sympy.Rational(str(e)) for x, e in zip(units.problem.symbols, powers, strict=True)))
        product = units.product(powers, power)
        terms.append(sympy.Float(coefficient / float(product / bare)) * product)
    return LINKS[one.link].symbolic(sympy.Add(*terms))
