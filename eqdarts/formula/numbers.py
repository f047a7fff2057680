"""Numbers as a paper has them: significant digits, powers of ten, and values that end where their errors do."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

import sympy
from mpmath.libmp import to_str

from eqdarts.formula.substitution import put_in

DIGITS, MOST_DIGITS = 4, 17  # significant ones of a float: as a rule, and as many as a double has


def rounded(expression: sympy.Expr, digits: int) -> sympy.Expr:
    """Floats rounded to so many significant digits; whole ones become integers."""

    def short(value: sympy.Float) -> sympy.Expr:
        number = float(f"{float(value):.{digits}g}")
        if abs(number) == float("inf") or (number == 0 and not value.is_zero):
            return sympy.Float(to_str(value._mpf_, digits))  # beyond the doubles
        return sympy.Integer(int(number)) if number == int(number) and abs(number) < 10**digits else sympy.Float(number)

    return put_in(expression, {f: short(f) for f in expression.atoms(sympy.Float)})


def decimal(number: sympy.Float) -> tuple[str, int]:
    """The shortest decimal that is read as this double, and a power of ten to multiply it by.

    Without one where the number is of ordinary size, or its digits reach down to the point.
    """
    value = float(number)
    ordinary = abs(value) < float("inf") and (value != 0 or number.is_zero)
    shortest = Decimal(repr(value) if ordinary else to_str(number._mpf_, 15)).normalize()
    magnitude = shortest.adjusted()
    if -4 < magnitude < max(5, len(shortest.as_tuple().digits)):
        return f"{shortest:f}", 0
    return f"{shortest.scaleb(-magnitude):f}", magnitude


@dataclass(frozen=True)
class Measured:
    """A value that is not negative and its standard error, in digits, both times a power of ten.

    Attributes
    ----------
    value : str
    error : str
        "" of a constant that is exact or whose error is not known, "∞" of one that is not determined.
    power : int
    """

    value: str
    error: str
    power: int

    @classmethod
    def of(cls, value: float, error: float, digits: int) -> Measured:
        """An error has two significant digits and its value ends at the same place (JCGM 100:2008, 7.2.6).

        digits: of a value whose error is not known; all of them if the error is 0

        Examples
        --------
        >>> Measured.of(1.23412, 0.0123, 4)
        Measured(value='1.234', error='0.012', power=0)
        """
        if not error > 0 or not math.isfinite(value) or error == math.inf:
            number = sympy.Float(value) if error == 0 else rounded(sympy.Float(value), digits)
            return cls(*_split(number, "∞" if error == math.inf else ""))
        place = int(f"{error:.1e}".split("e")[1]) - 1
        step = Decimal(1).scaleb(place)
        shown, spread = (Decimal(repr(x)).quantize(step) for x in (value, error))
        magnitude = max(shown, spread).adjusted()
        if place <= 0 and -4 <= magnitude < 6:
            return cls(f"{shown:f}", f"{spread:f}", 0)
        return cls(f"{shown.scaleb(-magnitude):f}", f"{spread.scaleb(-magnitude):f}", magnitude)


def _split(number: sympy.Expr, error: str) -> tuple[str, str, int]:
    value, power = decimal(number) if isinstance(number, sympy.Float) else (str(number), 0)
    return value, error, power
