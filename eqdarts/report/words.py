"""Numbers and sentences as a reader who is no programmer expects them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

from eqdarts.data.noise import Noise
from eqdarts.equation.figures import percent
from eqdarts.formula.numbers import DIGITS, MOST_DIGITS, Measured
from eqdarts.losses.noise import LossNoise

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_LEAST, _MOST = -4, 6  # powers of ten between which numbers are written out
_NEAR_ONE = 1e-4  # what a law leaves of the variance, below which 1 - R² says more than R²


def number(value: float | None, digits: int = 4) -> str:
    """With so many significant digits, written out where that is short, otherwise with a power of ten.

    Examples
    --------
    >>> number(21987.9), number(-0.00212345), number(3.1e-9), number(1e6), number(float("nan"))
    ('21\u202f990', '−0.002123', '3.1 × 10⁻⁹', '10⁶', 'not known')
    """
    if value is None or math.isnan(value):
        return "not known"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    decimal = Decimal(f"{value:.{digits - 1}e}").normalize()
    return _written(decimal, decimal.adjusted())


def _written(decimal: Decimal, magnitude: int) -> str:
    if not decimal or _LEAST <= magnitude < _MOST:
        return _signed(_grouped(f"{decimal:f}") if decimal else "0")
    digits = f"{decimal.scaleb(-magnitude):f}"
    ten = f"10{str(magnitude).translate(_SUPERSCRIPT)}"
    return _signed(ten if digits == "1" else f"{digits} × {ten}")


def _grouped(digits: str) -> str:
    """Thousands apart, by a space that ends no line, where there are five digits or more."""
    whole, point, rest = digits.partition(".")
    return f"{int(whole):,}".replace(",", "\u202f") + point + rest if len(whole.lstrip("-")) > 4 else digits


def _signed(text: str) -> str:
    """With a minus sign instead of a hyphen."""
    return text.replace("-", "−")


def measured(value: float, error: float) -> str:
    """A value and its standard error, of which two digits count; the value ends at the same place.

    Examples
    --------
    >>> measured(365.0395, 0.01035), measured(-38.514, 2.0586), measured(3.00012e8, 1.2e4)
    ('365.040 ± 0.010', '−38.5 ± 2.1', '(3.00012 ± 0.00012) × 10⁸')
    """
    if math.isinf(error):
        return f"{number(value)} (not determined by the rows)"
    if not error > 0 or not math.isfinite(value):
        return number(value) if error == 0 else f"{number(value)} (error not known)"
    if is_rounding(value, error):
        return f"{number(value, 10)} (its error is that of rounding)"
    shown = Measured.of(abs(value), error, DIGITS)
    both = f"{'−' if value < 0 else ''}{shown.value} ± {shown.error}"
    return f"({both}) × 10{str(shown.power).translate(_SUPERSCRIPT)}" if shown.power else both


def interval(low: float, high: float, error: float) -> str:
    """Limits that end at the place of the second digit of the standard error; "" where there are none.

    Examples
    --------
    >>> interval(202.5956, 223.35642, 4.6588), interval(float("nan"), 1.0, 1.0)
    ('202.6 to 223.4', '')
    """
    if not (math.isfinite(low) and math.isfinite(high) and low < high and error > 0):
        return ""
    place = math.floor(math.log10(error)) - 1
    digits = [max(1, math.floor(math.log10(abs(x))) - place + 1) if x else 1 for x in (low, high)]
    return "" if max(digits) > MOST_DIGITS else f"{number(low, digits[0])} to {number(high, digits[1])}"


def is_rounding(value: float, error: float) -> bool:
    """Is a standard error so small that it says nothing of data?"""
    return 0 < error < 1e-10 * abs(value)


def r_squared(missing: float) -> str:
    """R², or D² by another loss, given what a law leaves: beyond four nines by how much it falls short of 1.

    Empty of NaN, which is what is not known.

    Examples
    --------
    >>> r_squared(0.0278), r_squared(9.7e-9), r_squared(0.0)
    ('0.9722', '1 − 9.7 × 10⁻⁹', '1')
    """
    if missing != missing:
        return ""
    if not 0 < missing < _NEAR_ONE:
        return number(round(1 - missing, 4) + 0.0)
    return "1" if missing < 1e-30 else f"1 − {number(missing, 2)}"


def level_text(noise: Noise, loss: float, unit: str = "") -> str:
    """The level of the errors of an equation with this loss; unit: that of the target, where it has one.

    Examples
    --------
    >>> level_text(Noise("proportional"), 0.01), level_text(Noise(), 9.5e8, "d")
    ('10 % of the value', '30\u202f800 d')
    >>> level_text(Noise("given", unit=0.2), 0.01)
    '0.5 times the errors given'
    """
    if isinstance(noise, LossNoise):
        return noise.text(loss)
    if noise.known is not None:
        return f"{number(math.sqrt(loss) / noise.known, 3)} times the errors given"
    size = noise.level(loss)
    if noise.form == "proportional":
        return f"{number(100 * size, 3)} % of the value"
    if noise.form == "poisson":
        return f"{number(size, 3)} times the root of the value"
    return f"{number(size, 3)} {unit}".rstrip()


def chance(probability: float) -> str:
    """A probability as a sentence has it.

    Examples
    --------
    >>> chance(0.456), chance(0.9999), chance(1e-9)
    ('46\xa0%', 'more than 99\xa0%', 'less than 1\xa0%')
    """
    return percent(probability).replace(">", "more than ").replace("<", "less than ").replace(" %", "\u00a0%")


def listing(names: Sequence[str], joint: str = "and") -> str:
    """As in a sentence.

    Examples
    --------
    >>> listing(["a"]), listing(["a", "b"]), listing(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {joint} {names[-1]}"


def count(k: int, one: str, many: str | None = None) -> str:
    """A number of things.

    Examples
    --------
    >>> count(1, "row"), count(12_000, "row")
    ('1 row', '12\u202f000 rows')
    """
    return f"{_grouped(str(k))} {one if k == 1 else many or f'{one}s'}"
