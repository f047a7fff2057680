"""Which constants enter a formula linearly, and so are solved for rather than searched.

A formula f is affine in a set of constants if no second derivative by two of them is left. A quotient N/D may
be affine above and below in more constants than f itself is: multiplied out, y·D − N = 0 is linear in them
(Levy 1959), which gives starting values.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import sympy

_MOST_OPERATIONS = 300  # of a formula that is brought to one fraction
_DIGITS = 15  # of values that tell whether a constant is left in a slope
_STEPS = (sympy.Abs, sympy.sign, sympy.Heaviside, sympy.Max, sympy.Min, sympy.Piecewise)
_PLACES = 2  # at which they are taken


def linear_constants(form: sympy.Expr, constants: Sequence[sympy.Symbol]) -> tuple[sympy.Symbol, ...]:
    """A largest set of constants in which the formula is jointly affine, in their order.

    Examples
    --------
    >>> a, b, c, x = sympy.symbols("a b c x")
    >>> linear_constants(a * (b + sympy.exp(-c * x)), (a, b, c))
    (a,)
    """
    return _joint([form], constants)


def fraction_constants(
    form: sympy.Expr, constants: Sequence[sympy.Symbol]
) -> tuple[sympy.Expr, sympy.Expr, tuple[sympy.Symbol, ...]] | None:
    """Numerator, denominator, and the constants in which both are affine; None if the formula is no such fraction."""
    if form.count_ops() > _MOST_OPERATIONS:
        return None
    above, below = sympy.fraction(sympy.together(form))
    if not below.free_symbols & set(constants):
        return None
    both = _joint([above, below], constants)
    return (above, below, both) if below.free_symbols & set(both) else None


def _joint(forms: Sequence[sympy.Expr], constants: Sequence[sympy.Symbol]) -> tuple[sympy.Symbol, ...]:
    slopes = {c: [f.diff(c) for f in forms] for c in constants}
    single = [c for c in constants if not any(_depends(s, c) for s in slopes[c])]
    clash = {frozenset(p) for p in combinations(single, 2) if any(_depends(s, p[1]) for s in slopes[p[0]])}

    def largest(chosen: tuple[sympy.Symbol, ...], left: list[sympy.Symbol]) -> tuple[sympy.Symbol, ...]:
        if not left:
            return chosen
        first, rest = left[0], left[1:]
        allowed = [c for c in rest if frozenset((first, c)) not in clash]
        found = largest((*chosen, first), allowed)
        # Leaving `first` out can only win if it excludes others.
        return found if len(allowed) == len(rest) else max(found, largest(chosen, rest), key=len)

    return largest((), single)


def _depends(slope: sympy.Expr, constant: sympy.Symbol) -> bool:
    """Does the slope change with the constant?

    Values of its derivative tell, as multiplying out takes for ever where sums have high powers.
    """
    if not slope.has(constant):
        return False
    if any(step.has(constant) for step in slope.atoms(*_STEPS)):
        return True  # alike on one side of a step
    change = slope.diff(constant)
    symbols = sorted(change.free_symbols, key=str)
    for place in range(_PLACES):
        numbers = {s: sympy.Rational(3 * k + 5 * place + 7, 2 * k + 11) for k, s in enumerate(symbols, 1)}
        if not _is_zero(change.evalf(_DIGITS, subs=numbers)):
            return True
    return False


def _is_zero(value: sympy.Expr) -> bool:
    """Is a value nothing but what cancels? Of such SymPy knows no digit, however many it takes."""
    return bool(value.is_number) and all(part == 0 or part._prec == 1 for part in value.as_real_imag())
