"""Units in a header: ``r [m]`` and ``P (mmHg)`` are columns r and P, and their units stand beside them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_IN_BRACKETS = re.compile(r"(?P<name>.*?\S)\s*\[(?P<unit>[^\[\]]*)\]")
_IN_PARENTHESES = re.compile(r"(?P<name>.*?\S)\s+\((?P<unit>[^()]*)\)")
_NO_UNIT = ("", "-", "\u2013", "1")  # of a number without dimension
_PREFIXED = (
    "g s m A K mol cd Hz N Pa J W C V F \u03a9 \u2126 Ohm ohm S Wb T H lm lx Bq Gy Sv kat L l eV bar cal M G rad pc Da"
)
_ALONE = (
    "% \u2030 ppm ppb ppt ppmv ppbv min h d wk yr yrs year years day days hour hours hr hrs sec secs atm Torr torr "
    "mmHg cmHg inHg psi dB dBm Np deg \u00b0 \u00b0C \u00b0F degC degF degK rpm px au AU ly in ft yd mi lb lbs oz "
    "gal mph kn kt bp \u00c5 Angstrom counts count cpm cps erg dyn Gauss Oe P St ha t u amu sr U IU kgf month months "
    "week weeks mag"
)
_PREFIX = "(?:da|[YZEPTGMkhdcm\u00b5\u03bcunpfazy])?"
_SYMBOL = f"(?:{_PREFIX}(?:{'|'.join(map(re.escape, _PREFIXED.split()))})|{'|'.join(map(re.escape, _ALONE.split()))})"
_POWER = r"(?:\^?[+\u2212-]?[0-9]+(?:\.[0-9]+)?|[\u207b\u00b9\u00b2\u00b3\u2070-\u2079]+|\*\*-?[0-9]+)?"
_FACTOR = f"(?:10(?:\\^|\\*\\*)?-?[0-9]+|1|{_SYMBOL}{_POWER})"
_UNIT = re.compile(f"{_FACTOR}(?:\\s*[*/\u00b7\u22c5\u00d7 .]\\s*{_FACTOR})*")


@dataclass(frozen=True)
class Headings:
    """Names of columns, and how the header has them.

    Attributes
    ----------
    full : tuple of str
        As they stand in the file.
    names : tuple of str
        Without units.
    units : dict
        Of the names that have one.

    Examples
    --------
    >>> found = Headings.of(["t [s]", "flow (m3/s)", "T (min)", "T (max)", "Re [-]"])
    >>> found.names, found.units
    (('t', 'flow', 'T (min)', 'T (max)', 'Re'), {'t': 's', 'flow': 'm3/s'})
    >>> found.name("flow (m3/s)"), found.name("flow"), found.name("flux")
    ('flow', 'flow', 'flux')
    """

    full: tuple[str, ...]
    names: tuple[str, ...]
    units: Mapping[str, str]

    @classmethod
    def of(cls, header: Sequence[str]) -> Headings:
        """Columns whose names would be the same without units keep them in their names."""
        parts = [split_unit(heading) for heading in header]
        bare = Counter(_without_brackets(heading) for heading in header)
        names = tuple(
            name if bare[_without_brackets(heading)] == 1 else heading
            for heading, (name, _) in zip(header, parts, strict=True)
        )
        split = [(name, unit) for name, heading, (_, unit) in zip(names, header, parts, strict=True) if name != heading]
        units = {name: unit for name, unit in split if unit}
        return cls(tuple(header), names, units)

    def name(self, given: str) -> str:
        """The name of a column that is given by it, or as the header has it."""
        return self.names[self.full.index(given)] if given not in self.names and given in self.full else given


def split_unit(heading: str) -> tuple[str, str]:
    """A name, and the unit that stands behind it; empty if there is none.

    Anything in brackets is a unit, and in parentheses what is made of common symbols. A dash or a one in brackets says
    that there is none.

    Examples
    --------
    >>> [split_unit(text) for text in ("r [m]", "P (mmHg)", "a (m s^-2)", "T (mean)", "f(x)", "x[0]", "v / (m/s)")]
    [('r', 'm'), ('P', 'mmHg'), ('a', 'm s^-2'), ('T (mean)', ''), ('f(x)', ''), ('x[0]', ''), ('v / (m/s)', '')]
    """
    if found := _IN_BRACKETS.fullmatch(heading):
        unit = found["unit"].strip()
        if unit in _NO_UNIT and heading[found.end("name")].isspace():
            return found["name"], ""
        if any(c.isalpha() or c in "%\u2030\u00b0" for c in unit):
            return found["name"], unit
    found = _IN_PARENTHESES.fullmatch(heading)
    if found and found["name"][-1] not in "/*+-=" and _UNIT.fullmatch(unit := found["unit"].strip()) and unit != "1":
        return found["name"], unit
    return heading, ""


def _without_brackets(heading: str) -> str:
    found = _IN_BRACKETS.fullmatch(heading) or _IN_PARENTHESES.fullmatch(heading)
    return found["name"] if found else heading


def with_unit(name: str, units: Mapping[str, str]) -> str:
    """A name as an axis or a caption has it.

    Examples
    --------
    >>> with_unit("r", {"r": "m"}), with_unit("x", {"r": "m"})
    ('r in m', 'x')
    """
    return f"{name} in {units[name]}" if name in units else name


def units_known(model: Any) -> Mapping[str, str]:
    """Those that a fitted model keeps; none of another object."""
    units: Mapping[str, str] = getattr(model, "units_", {})
    return units


def inside_logarithm(name: str) -> str | None:
    """The quantity whose logarithm a target is by its name.

    Examples
    --------
    >>> inside_logarithm("log(E)"), inside_logarithm("E")
    ('E', None)
    """
    return name[4:-1] if name.startswith("log(") and name.endswith(")") else None


def _with_inner(name: Any) -> list[Any]:
    return [name, inside_logarithm(str(name))]


def units_of(*tables: Any) -> dict[str, str]:
    """The units that tables of pandas carry in their ``attrs``, by the names of columns; empty of anything else.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"r": [1.0], "P": [2.0]})
    >>> table.attrs["units"] = {"r": "m", "P": "s", "gone": "K"}
    >>> units_of(table[["r"]], table["P"])
    {'r': 'm', 'P': 's'}
    """
    found: dict[str, str] = {}
    for table in tables:
        units = getattr(table, "attrs", {}).get("units") if hasattr(table, "attrs") else None
        if isinstance(units, Mapping):
            names = table.columns if hasattr(table, "columns") else _with_inner(getattr(table, "name", None))
            found |= {str(name): str(units[name]) for name in names if isinstance(units.get(name), str) and units[name]}
    return found
