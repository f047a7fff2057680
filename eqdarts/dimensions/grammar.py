"""Text such as ``kg m/s²`` → its factors. What the names mean is another matter (`eqdarts.dimensions.reading`).

Headers have ``m3/s``, ``s-1`` and ``W/m^2/K``. A solidus divides by the one factor behind it, so ``J/(mol K)`` and
``J/mol/K`` are alike. Nothing is evaluated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from eqdarts.errors import InputDataError

_LONGEST = 200  # characters of a unit
_NONE = ("", "1", "-", "\u2013", "dimensionless", "none")
_SUPERSCRIPTS = str.maketrans(
    "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207b\u207a", "0123456789-+"
)
_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_TOKEN = re.compile(
    rf"""\s*(?:
    (?P<power>\*\*|\^) |
    (?P<times>[*\u00b7\u22c5\u00d7]) |
    (?P<over>/) |
    (?P<open>\() | (?P<close>\)) |
    (?P<raised>[\u2070\u00b9\u00b2\u00b3\u2074-\u2079\u207b\u207a]+) |
    (?P<number>{_NUMBER}) |
    (?P<name>\u00b0[CF]|[^\W\d\u00b2\u00b3\u00b9\u2070-\u207f]+|[%\u2030\u00b0\u2103\u2109])
    )""",
    re.VERBOSE,
)
_MOST_POWER = 99  # an exponent beyond it is a slip
_MOST_PARTS = 10_000  # of which a power is a number; fitted ones are written with four decimals


@dataclass(frozen=True)
class Factors:
    """A number times powers of names, in the order in which they stand.

    Attributes
    ----------
    number : Fraction
    powers : tuple of (str, Fraction)
    """

    number: Fraction = Fraction(1)
    powers: tuple[tuple[str, Fraction], ...] = ()

    def __mul__(self, other: Factors) -> Factors:
        return Factors(self.number * other.number, self.powers + other.powers)

    def to(self, power: Fraction) -> Factors:
        """Of a number other than one whole powers only."""
        number = Fraction(1) if self.number == 1 else Fraction(self.number**power)
        return Factors(number, tuple((name, own * power) for name, own in self.powers))


def factors_of(text: str) -> Factors:
    """What a unit is made of.

    Raises
    ------
    InputDataError
        If it cannot be read.

    Examples
    --------
    >>> [(name, str(power)) for name, power in factors_of("kg m/s²").powers]
    [('kg', '1'), ('m', '1'), ('s', '-2')]
    """
    if text.strip() in _NONE:
        return Factors()
    if len(text) > _LONGEST:
        raise InputDataError(f"unit of {len(text)} characters; at most {_LONGEST} are read")
    return _Reader(text).read()


class _Reader:
    """Reads one text by recursive descent: factors, each with a power, times or over each other."""

    def __init__(self, text: str) -> None:
        self._text, self._place = text, 0
        self._tokens = self._split()

    def read(self) -> Factors:
        found = self._product()
        if self._kind():
            raise self._error(f"{self._tokens[self._place][1]!r} is out of place")
        return found

    def _split(self) -> list[tuple[str, str]]:
        tokens, at = [], 0
        end = len(self._text.rstrip())
        while at < end:
            match = _TOKEN.match(self._text, at)
            if match is None or match.lastgroup is None:
                raise self._error(f"{self._text[at:].strip()[:20]!r} cannot be read")
            kind, value, at = match.lastgroup, match[match.lastgroup], match.end()
            if kind == "name" and value == "per":
                kind, value = "over", "/"
            tokens.append((kind, value))
        return tokens

    def _kind(self) -> str:
        return self._tokens[self._place][0] if self._place < len(self._tokens) else ""

    def _take(self) -> str:
        self._place += 1
        return self._tokens[self._place - 1][1]

    def _product(self) -> Factors:
        found = self._factor()
        while self._kind() and self._kind() != "close":
            divides = self._kind() == "over"
            if self._kind() in ("times", "over"):
                self._take()
            other = self._factor()
            found = found * (other.to(Fraction(-1)) if divides else other)
        return found

    def _factor(self) -> Factors:
        kind = self._kind()
        if kind == "open":
            self._take()
            found = self._product()
            if self._kind() != "close":
                raise self._error("a parenthesis is not closed")
            self._take()
        elif kind == "number":
            value = Fraction(self._take())
            if value <= 0:
                raise self._error("a factor must be above zero")
            found = Factors(value)
        elif kind == "name":
            found = Factors(powers=((self._take(), Fraction(1)),))
        else:
            raise self._error(f"a unit is missing {'at its end' if not kind else f'before {self._take()!r}'}")
        power = self._power(is_name=kind == "name")
        if power is not None and power.denominator > 1 and found.number != 1:
            raise self._error("a number to a broken power")
        return found if power is None else found.to(power)

    def _power(self, is_name: bool) -> Fraction | None:
        if self._kind() == "raised":
            return self._checked(self._take().translate(_SUPERSCRIPTS))
        if self._kind() == "power":
            self._take()
            closed = self._kind() == "open"
            if closed:
                self._take()
            if self._kind() != "number":
                raise self._error("a number is missing behind the sign of a power")
            text = self._take()
            if closed and self._kind() == "over":
                self._take()
                text = f"{text}/{self._take()}" if self._kind() == "number" else "?"
            if closed and (self._kind() != "close" or not self._take()):
                raise self._error("a parenthesis is not closed")
            return self._checked(text)
        if is_name and self._kind() == "number":
            return self._checked(self._take())
        return None

    def _checked(self, text: str) -> Fraction:
        try:
            power = Fraction(text)
        except (ValueError, ZeroDivisionError):
            raise self._error(f"the power {text!r} is no number") from None
        if abs(power) > _MOST_POWER:
            raise self._error(f"the power {text} is beyond {_MOST_POWER}")
        if power.denominator > _MOST_PARTS:
            raise self._error(f"the power {text} has too many digits; four behind the point are enough")
        return power

    def _error(self, what: str) -> InputDataError:
        return InputDataError(f"unit {self._text!r}: {what}")
