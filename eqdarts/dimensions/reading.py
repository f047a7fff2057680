"""Text such as ``kg m/s²`` → a unit. Pint says what the names mean; its registry is one of our own."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import sympy

from eqdarts.dimensions.grammar import factors_of
from eqdarts.dimensions.unit import Unit
from eqdarts.errors import EqdartsError, InputDataError

_PI = Fraction("3.1415926535897932384626433832795028841971693993751")  # as Pint has it
#: Names that mean something else to Pint, or nothing: an absorbance unit, a picohenry, and spellings of headers.
_OTHERWISE = {
    "AU": "au", "Ohm": "ohm", "yrs": "year", "years": "year", "days": "day", "hours": "hour", "hrs": "hour",
    "hr": "hour", "sec": "second", "secs": "second", "amu": "unified_atomic_mass_unit", "sr": "steradian",
    "\u2030": "permille", "pH": "dimensionless", "ppmv": "ppm", "ppbv": "ppb",
}  # fmt: skip


def read_unit(text: str) -> Unit:
    """What a unit means.

    Raises
    ------
    InputDataError
        If it cannot be read, naming the part that means nothing and what it may be.

    Examples
    --------
    >>> read_unit("kJ").factor, {base: str(power) for base, power in read_unit("m3/s").dimension.items()}
    (1000, {'length': '3', 'time': '-1'})
    >>> read_unit("metre per secnd")
    Traceback (most recent call last):
    eqdarts.errors.InputDataError: unit 'metre per secnd': 'secnd' is no unit; did you mean 'second'?
    """
    factors = factors_of(text)
    found = Unit("", {}, sympy.Rational(factors.number.numerator, factors.number.denominator))
    for name, power in factors.powers:
        try:
            found = found * _meaning(name) ** power
        except KeyError:
            close = difflib.get_close_matches(name, _names(), n=1, cutoff=0.6)
            hint = f"; did you mean {close[0]!r}?" if close else '; of a number without dimension it is "1"'
            raise InputDataError(f"unit {text!r}: {name!r} is no unit{hint}") from None
    return Unit(text.strip(), found.dimension, found.factor, found.has_offset)


@cache
def _registry() -> Any:
    """A registry of our own, with exact numbers; made by the first who asks, which takes half a second."""
    try:
        import pint
    except ImportError as error:
        raise EqdartsError("units need pint; pip install 'eqdarts[units]', or leave out units=") from error
    return pint.UnitRegistry(non_int_type=Fraction, cache_folder=None)


@cache
def _names() -> tuple[str, ...]:
    """That may have been meant."""
    return tuple(sorted(name for name in _registry()._units if name.isascii() and name.isidentifier()))


@cache
def _meaning(name: str) -> Unit:
    """Of one name, with a prefix or without.

    Raises
    ------
    KeyError
        If it has none.
    """
    import pint

    registry = _registry()
    try:
        unit = registry.Unit(_OTHERWISE.get(name, name))
    except (pint.PintError, AttributeError, AssertionError, ValueError, TypeError):
        raise KeyError(name) from None
    parts = [registry._units[part] for part in unit._units]
    if any(part.is_logarithmic for part in parts):
        raise InputDataError(f'unit {name!r} is logarithmic; a number of it has no dimension, so its unit is "1"')
    offset = not all(part.is_multiplicative for part in parts)
    if offset:
        unit = registry.Unit(f"delta_{unit}")
    value = Fraction(registry.Quantity(Fraction(1), unit).to_root_units().magnitude)
    dimension = {base.strip("[]"): Fraction(power) for base, power in unit.dimensionality.items() if power}
    # Pint's root unit of mass is the gram.
    value /= Fraction(1000) ** int(dimension.get("mass", 0))
    return Unit("", dimension, _exact(value), offset)


def _exact(value: Fraction) -> sympy.Expr:
    """With π where its digits stand in a number."""
    tries: tuple[tuple[Callable[[Fraction], Fraction], sympy.Expr], ...] = (
        (lambda v: v, sympy.Integer(1)),
        (lambda v: v / _PI, sympy.pi),
        (lambda v: v * _PI, 1 / sympy.pi),
    )
    plain = [(change(value), times) for change, times in tries]
    number, times = min(plain, key=lambda pair: pair[0].numerator.bit_length() + pair[0].denominator.bit_length())
    return sympy.Rational(number.numerator, number.denominator) * times
