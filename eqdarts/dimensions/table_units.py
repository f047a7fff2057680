"""The units of a table's columns and of its target, as a fit is told them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy

from eqdarts.data.header import similar
from eqdarts.data.units import inside_logarithm
from eqdarts.dimensions.reading import read_unit
from eqdarts.dimensions.unit import Dimension, Unit
from eqdarts.errors import InputDataError, shown

HEADER = "header"
_SCALE = "\u00d7"  # before a prime, which is a base of its own where factors count


@dataclass(frozen=True)
class TableUnits:
    """What is known of the units of a table.

    Attributes
    ----------
    columns : mapping
        By name; a column that is not there may have any unit.
    target : Unit
    of_logarithm : bool
        Is the target the logarithm of a quantity of that unit?
    """

    columns: Mapping[str, Unit]
    target: Unit
    of_logarithm: bool = False

    @property
    def known(self) -> tuple[Unit, ...]:
        """All of them, that of the target first."""
        return (self.target, *self.columns.values())

    def dimensions(self) -> dict[str, Dimension]:
        """Of the columns."""
        return {name: unit.dimension for name, unit in self.columns.items()}

    def scales(self) -> dict[str, Dimension]:
        """The same, and their factors as powers of primes and π, which are bases of their own."""
        return {name: with_scale(unit) for name, unit in self.columns.items()}


def check_units(given: Any) -> None:
    """Raise `InputDataError` unless it is None, "header", or texts by the names of columns."""
    if given is None or (isinstance(given, str) and given == HEADER):
        return
    if not isinstance(given, Mapping):
        raise InputDataError(
            f'units={shown(given)}: expected a unit for each column, such as {{"m": "kg", "v": "m/s"}}, or "header"'
        )
    if not given:
        raise InputDataError("units={}: no column has one; leave the option out")
    for name, text in given.items():
        if not isinstance(name, str) or not isinstance(text, str):
            raise InputDataError(f"units: {shown(name)}: {shown(text)}: expected a name and a unit, both as text")


def table_units(
    given: Any, names: Sequence[str], target: str, header: Mapping[str, str]
) -> tuple[TableUnits | None, dict[str, str]]:
    """What `units=` says of a table, and the text of each column's unit, those of the header included.

    given: as `check_units` has it   header: the units that stand there

    Raises
    ------
    InputDataError
        Naming the column, and the part of its unit that means nothing.
    """
    check_units(given)
    shown_units = {name: text for name, text in header.items() if name in (*names, target)}
    if given is None:
        return None, shown_units
    from_header = isinstance(given, str)
    texts = dict(header) if from_header else dict(given)
    inner = inside_logarithm(target)
    for name in texts if not from_header else ():
        if name not in names and name not in (target, inner):
            raise InputDataError(f"units: no column {name!r}; {similar(name, [*names, target])}")
    if from_header and not any(name in texts for name in names):
        raise InputDataError(
            'units="header": no column has a unit in its name, such as "m [kg]"; give them as units={"m": "kg"}'
        )
    of_logarithm = target not in texts and inner in texts
    if target not in texts and not of_logarithm:
        raise InputDataError(
            f'units: the target {target!r} has none, and columns have; give its unit, or "1" if it is a number '
            "without dimension"
        )
    wanted = inner if of_logarithm and inner is not None else target
    units = {name: _read(name, text) for name, text in texts.items() if name in names or name == wanted}
    found = TableUnits({name: units[name] for name in names if name in units}, units[wanted], of_logarithm)
    return found, shown_units | {name: text for name, text in texts.items() if name in (*names, target)}


def _read(name: str, text: str) -> Unit:
    try:
        return read_unit(text)
    except InputDataError as error:
        raise InputDataError(f"units: column {name!r}: {error}") from None


def with_scale(unit: Unit) -> Dimension:
    """Its dimension, with its factor as powers of primes and π."""
    return {**unit.dimension, **_powers(unit.factor)}


def _powers(factor: sympy.Expr) -> dict[str, Fraction]:
    found: dict[str, Fraction] = {}
    for part in sympy.Mul.make_args(factor):
        base, exponent = part.as_base_exp()
        power = Fraction(int(exponent.p), int(exponent.q))
        primes = {"\u03c0": 1} if base is sympy.pi else sympy.factorrat(base)
        for prime, times in primes.items():
            key = f"{_SCALE}{prime}"
            found[key] = found.get(key, Fraction(0)) + power * times
    return {key: power for key, power in found.items() if power}


def split_scale(found: Dimension) -> tuple[Dimension, sympy.Expr]:
    """The inverse of `with_scale`: a dimension and a factor."""
    factor = sympy.Integer(1)
    for key, power in found.items():
        if key.startswith(_SCALE):
            prime = sympy.pi if key[1:] == "\u03c0" else sympy.Integer(int(key[1:]))
            factor *= prime ** sympy.Rational(power.numerator, power.denominator)
    return {key: power for key, power in found.items() if not key.startswith(_SCALE)}, factor
