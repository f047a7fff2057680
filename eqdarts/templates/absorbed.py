"""What no rows can tell apart: constants and functions of a template that another of its functions can take in.

Where T changes with a constant a as it changes with f, but for a factor r = (∂T/∂a)/(∂T/∂f), and r depends on nothing
but f and its arguments, then whatever a is, another f gives the same T: as in a + f(x), a·f(x) or a·x + f(x). A
function g whose arguments are those of f is taken in alike, as in f(x) + g(x). That r depends on nothing else is that
its gradient, by the columns and by the values of all functions, lies in the span of the gradients of the arguments of f
and of what depends on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import sympy

from eqdarts.errors import InputDataError, warn
from eqdarts.formula.latex import to_text
from eqdarts.formula.tape import function
from eqdarts.formula.templates import Template, UnknownFunction

_POINTS = 6  # at which gradients are compared
_DRAWS = 40  # of points, of which some are off the domain
_ZERO = 1e-7  # of the length of a gradient


def identifiable(template: Template, X: np.ndarray) -> Template:
    """The template without the constants that others take in, which is told.

    X: rows [n, d] of its columns, near which it is asked

    Raises
    ------
    InputDataError
        If one of its functions can take in another.
    """
    sight = _Sight(template, X)
    for f in template.functions:
        for g in template.functions:
            if f is not g and sight.takes_in(f, g):
                first, second = (to_text(one.uses[0]) for one in (f, g))
                raise InputDataError(
                    f"template: {first} can take in all of {second}, so that no rows tell them apart; leave "
                    f"{second} out"
                )
    for name in template.constants:
        by, plainly = sight.absorbs(name)
        if by and plainly:
            without, value = _without(template, name)
            warn(
                f"template: {by} can take in the constant {name}, so that no rows tell it; it is left out (taken as "
                f"{value})"
            )
            return identifiable(without, X)
        if by:
            warn(f"template: {by} can take in the constant {name}: only how simple the formulas are tells it")
    return template


def _without(template: Template, name: str) -> tuple[Template, int]:
    """With a constant at 0, or at 1 where something else would vanish with it or it stands below a bar."""
    others = {n for n in template.constants if n != name}
    for value in (0, 1):
        expression = template.expression.xreplace({sympy.Symbol(name): sympy.Integer(value)})
        left = replace(template, expression=expression)
        finite = not expression.has(sympy.zoo, sympy.nan, sympy.oo)
        same = {f.name for f in left.functions} == {f.name for f in template.functions}
        if finite and same and others == set(left.constants):
            break
    return left, value


class _Sight:
    """A template seen locally, at some points."""

    def __init__(self, template: Template, X: np.ndarray) -> None:
        self._template = template
        uses = [use for f in template.functions for use in f.uses]
        self._values = {use: sympy.Symbol(f" F{k}") for k, use in enumerate(uses)}
        self._bare = template.expression.xreplace(self._values)
        self._columns = [sympy.Symbol(name) for name in template.columns]
        self._constants = [sympy.Symbol(name) for name in template.constants]
        self._coordinates = [*self._columns, *self._values.values()]
        self._points = self._drawn(X)

    def _drawn(self, X: np.ndarray) -> np.ndarray:
        """Points [number, coordinates and constants]: rows with values for the functions and constants."""
        rng = np.random.default_rng(0)
        more = len(self._values) + len(self._constants)
        rows = X[rng.integers(len(X), size=_DRAWS)]
        size = 10.0 ** rng.uniform(-0.5, 0.5, (_DRAWS, more))
        sign = np.where(rng.uniform(size=(_DRAWS, more)) < 0.25, -1.0, 1.0)
        return np.hstack([rows, size * sign])

    def takes_in(self, f: UnknownFunction, g: UnknownFunction) -> bool:
        """Can f take in all of g?"""
        if len(f.uses) > 1 or len(g.uses) > 1 or not self._depends(f, g.uses[0].args):
            return False
        return self._is_of(self._ratio(self._values[g.uses[0]], f), f)

    def absorbs(self, name: str) -> tuple[str, bool]:
        """What takes in a constant, a function or another constant, "" if nothing does.

        And whether it does so plainly: by a multiple of f and a term beside it, as f does in a + f, and not in a + f².
        """
        symbol = sympy.Symbol(name)
        for f in self._template.functions:
            if len(f.uses) == 1:
                ratio = self._ratio(symbol, f)
                if self._is_of(ratio, f):
                    linear = self._in_span([ratio.diff(self._values[f.uses[0]])], [*f.uses[0].args])
                    return to_text(f.uses[0]), linear
        for other in self._constants:
            if other != symbol and self._in_span([self._bare.diff(symbol) / self._bare.diff(other)], []):
                return other.name, True
        return "", False

    def _ratio(self, symbol: sympy.Symbol, f: UnknownFunction) -> sympy.Expr:
        return self._bare.diff(symbol) / self._bare.diff(self._values[f.uses[0]])

    def _is_of(self, ratio: sympy.Expr, f: UnknownFunction) -> bool:
        """Does this depend on f and its arguments only?"""
        known = [g for g in self._template.functions for use in g.uses if self._depends(f, use.args)]
        values = [self._values[use] for g in {g.name: g for g in known}.values() for use in g.uses]
        return self._in_span([ratio], [*f.uses[0].args, *values])

    def _depends(self, f: UnknownFunction, arguments: Sequence[sympy.Expr]) -> bool:
        """Are these functions of the arguments of f?"""
        return self._in_span(list(arguments), list(f.uses[0].args))

    def _in_span(self, forms: list[sympy.Expr], span: list[sympy.Expr]) -> bool:
        """Do the gradients of these forms lie in the span of those, at all points where they are defined?"""
        slopes, base = self._gradients(forms), self._gradients(span)
        defined = np.flatnonzero(np.isfinite(slopes).all(axis=(1, 2)) & np.isfinite(base).all(axis=(1, 2)))[:_POINTS]
        for k in defined:
            sizes = np.abs(self._points[k, : len(self._coordinates)]) + 1e-300  # so that all coordinates count alike
            gradients, known = slopes[k] * sizes, base[k] * sizes
            rest = gradients
            if len(known):
                rest = gradients - gradients @ np.linalg.pinv(known) @ known
            if not (np.linalg.norm(rest, axis=1) <= _ZERO * np.maximum(np.linalg.norm(gradients, axis=1), 1e-6)).all():
                return False
        return bool(len(defined))

    def _gradients(self, forms: list[sympy.Expr]) -> np.ndarray:
        """By the coordinates [points, forms, coordinates]."""
        symbols = [*self._coordinates, *self._constants]
        out = np.empty((len(self._points), len(forms), len(self._coordinates)))
        with np.errstate(all="ignore"):
            for i, form in enumerate(forms):
                for j, coordinate in enumerate(self._coordinates):
                    slope = form.diff(coordinate)
                    finite = not slope.has(sympy.zoo, sympy.nan)
                    out[:, i, j] = function(slope, symbols)(*self._points.T) if finite else np.nan
        return out
