"""Links: transformations of the target that are searched, y = g(Σ c_q φ_q) with g of the readout.

With f = g⁻¹(y) the constants of the readout stay linear whatever g is, so a sum inside a root or in a
denominator needs no node of its own. The residuals of f are weighted by |dg/df|, which makes them
residuals of y to first order (McCullagh & Nelder 1989, ch. 2).

There is no exponential link: products have factors exp(a·x) already, and exp(Σ c·x^p) with tiny p is an
endless supply of large formulas that imitate any monomial.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import sympy

from eqdarts.data.table import Table
from eqdarts.errors import InputDataError

_CAP = 10.0  # the largest weight, as a multiple of the median: g may be infinitely steep at some rows
_MARGIN = 1e-9  # how close to the end of its domain a target may come, relative to its size


@dataclass(frozen=True)
class Transformation:
    """One g, of the target that it gives: not the link function of a likelihood, which is `eqdarts.losses.link.Link`.

    Attributes
    ----------
    name : str
    value : callable
        g(f), elementwise; NaN off its domain.
    inverse : callable
        f = g⁻¹(y).
    slope : callable
        |dg/df| as a function of y.
    symbolic : callable
        g in SymPy.
    covers : callable
        Can g give every one of these y [n]?
    homogeneous : bool
        Is g(f)/s = g(f') for some f' proportional to f, or shifted? Then the scale of y does not matter.
    """

    name: str
    value: Callable[[np.ndarray], np.ndarray]
    inverse: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]
    symbolic: Callable[[sympy.Expr], sympy.Expr]
    covers: Callable[[np.ndarray], bool]
    homogeneous: bool = True

    def target(self, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """f [n] and the weights of its residuals [n]."""
        weight = self.slope(y)
        return self.inverse(y), np.minimum(weight, _CAP * np.median(weight))


def below(table: Table, link: str) -> Table:
    """The table whose target is what the readout gives below a link, weighted so that its residuals are those of y."""
    return table.once(_below, link)


def _below(table: Table, link: str) -> Table:
    if link == "identity":
        return table
    target, weight = LINKS[link].target(table.y)
    return replace(table, y=target, weights=(weight * table.roots) ** 2)


def _positive(y: np.ndarray) -> bool:
    return bool(y.min() > _MARGIN * np.abs(y).max())


def _not_zero(y: np.ndarray) -> bool:
    return bool(np.abs(y).min() > _MARGIN * np.abs(y).max())


LINKS: dict[str, Transformation] = {
    link.name: link
    for link in (
        Transformation("identity", lambda f: f, lambda y: y, np.ones_like, lambda f: f, lambda y: True),
        Transformation("reciprocal", lambda f: 1 / f, lambda y: 1 / y, np.square, lambda f: 1 / f, _not_zero),
        Transformation(
            "sqrt", np.sqrt, np.square, lambda y: 0.5 / y, sympy.sqrt,
            _positive,
        ),
        Transformation(
            "reciprocal_sqrt", lambda f: 1 / np.sqrt(f), lambda y: y**-2.0, lambda y: 0.5 * y**3,
            lambda f: 1 / sympy.sqrt(f), _positive,
        ),
        Transformation(
            "ln", np.log, np.exp, lambda y: np.exp(-y), sympy.log, lambda y: bool(np.abs(y).max() < 30),
            homogeneous=False,
        ),
        Transformation(
            "arcsin", np.arcsin, np.sin, lambda y: 1 / np.cos(y), sympy.asin,
            lambda y: bool(np.abs(y).max() < np.pi / 2), homogeneous=False,
        ),
        Transformation(
            "arccos", np.arccos, np.cos, lambda y: 1 / np.sin(y), sympy.acos,
            lambda y: bool(y.min() > 0 and y.max() < np.pi), homogeneous=False,
        ),
        Transformation(
            "logistic", lambda f: 1 / (1 + np.exp(-f)), lambda y: np.log(y / (1 - y)), lambda y: y * (1 - y),
            lambda f: 1 / (1 + sympy.exp(-f)), lambda y: bool(y.min() > 0 and y.max() < 1), homogeneous=False,
        ),
    )
}  # fmt: skip

#: Places of the links in a genotype batch.
LINK_NAMES: tuple[str, ...] = tuple(LINKS)


def check_links(names: tuple[str, ...]) -> None:
    """Raise `InputDataError` if a name is unknown or there is none."""
    unknown = [name for name in names if name not in LINKS]
    if unknown or not names:
        raise InputDataError(f"links: {', '.join(map(repr, unknown)) or 'none given'}; choose from {', '.join(LINKS)}")


def usable(names: tuple[str, ...], y: np.ndarray, scaled: bool) -> tuple[str, ...]:
    """Those links that can give every y [n]. scaled: does the search see y times some factor?"""
    chosen = tuple(n for n in names if LINKS[n].covers(y) and (LINKS[n].homogeneous or not scaled))
    return chosen or ("identity",)
