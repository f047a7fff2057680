"""The units of constants, as text and in LaTeX: in those of the table where they fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

import sympy

from eqdarts.dimensions.grammar import factors_of
from eqdarts.dimensions.unit import BASE_UNITS, Dimension, Unit

_DERIVED = {
    "N": (("mass", 1), ("length", 1), ("time", -2)),
    "J": (("mass", 1), ("length", 2), ("time", -2)),
    "W": (("mass", 1), ("length", 2), ("time", -3)),
    "Pa": (("mass", 1), ("length", -1), ("time", -2)),
    "V": (("mass", 1), ("length", 2), ("time", -3), ("current", -1)),
    "C": (("current", 1), ("time", 1)),
}  # fmt: skip
_ROUNDING = 1e-12  # relative: factors that are nearer are equal
_NAMED = tuple(Unit(name, {base: Fraction(power) for base, power in of}) for name, of in _DERIVED.items())


def unit_text(dimension: Dimension, factor: sympy.Expr, known: Sequence[Unit]) -> str:
    """A unit of this dimension, which is so many coherent ones.

    The text of a column's unit where that is it; else as few symbols as possible, of those of the table first, then of
    SI; with a number before them where nothing else gives it.

    Examples
    --------
    >>> speed, cm = {"length": Fraction(1), "time": Fraction(-1)}, Unit("cm", {"length": Fraction(1)}, sympy.S(1) / 100)
    >>> unit_text(speed, sympy.S(1), []), unit_text(speed, sympy.S(1) / 100, [cm]), unit_text(speed, sympy.S(60), [])
    ('m/s', 'cm/s', '60 m/s')
    """
    same = [unit for unit in known if dict(unit.dimension) == dict(dimension) and unit.factor == factor]
    if same:
        return same[0].text
    own = {next(iter(u.dimension)): u for u in reversed(known) if _is_base(u)}
    systems = [own, {}] if own else [{}]
    compound = [u for u in known if len(u.dimension) > 1]
    for bases in systems:
        for named in ((compound, _NAMED), ((), ())):
            powers, made = min(_written(dimension, bases, *named), key=lambda pair: len(pair[0]))
            if abs(float(made / factor) - 1) < _ROUNDING:
                return _joined(powers)
    powers, made = _of_bases(dimension, {})
    return f"{float(factor / made):.6g} {_joined(powers)}"


def _is_base(unit: Unit) -> bool:
    return len(unit.dimension) == 1 and set(unit.dimension.values()) == {Fraction(1)} and " " not in unit.text


def _written(
    dimension: Dimension, bases: Mapping[str, Unit], before: Iterable[Unit], behind: Iterable[Unit]
) -> Iterable[tuple[list[tuple[str, Fraction]], sympy.Expr]]:
    """Ways to write it, as powers of symbols, and what each makes in coherent units.

    before, behind: units of several base quantities that may be one of the symbols, better or worse than base units
    """
    yield from _with_one_of(dimension, bases, before)
    yield _of_bases(dimension, bases)
    yield from _with_one_of(dimension, bases, behind)


def _with_one_of(
    dimension: Dimension, bases: Mapping[str, Unit], named: Iterable[Unit]
) -> Iterable[tuple[list[tuple[str, Fraction]], sympy.Expr]]:
    for unit in named:
        for sign in (1, -1):
            left = dict(dimension)
            for base, power in unit.dimension.items():
                left[base] = left.get(base, Fraction(0)) - sign * power
            powers, made = _of_bases({base: power for base, power in left.items() if power}, bases)
            symbols = [(name, power * sign) for name, power in factors_of(unit.text).powers]
            if len(symbols) == 1:
                yield [*symbols, *powers], made * unit.factor**sign


def _of_bases(dimension: Dimension, bases: Mapping[str, Unit]) -> tuple[list[tuple[str, Fraction]], sympy.Expr]:
    powers, made = [], sympy.Integer(1)
    for base, power in dimension.items():
        unit = bases.get(base)
        powers.append((BASE_UNITS.get(base, base) if unit is None else unit.text, power))
        if unit is not None:
            made *= unit.factor ** sympy.Rational(power.numerator, power.denominator)
    order = list(BASE_UNITS.values())
    return sorted(powers, key=lambda p: (p[1] < 0, order.index(p[0]) if p[0] in order else len(order))), made


def _joined(powers: Sequence[tuple[str, Fraction]]) -> str:
    above = [_power(name, power) for name, power in powers if power > 0]
    below = [_power(name, -power) for name, power in powers if power < 0]
    if not below:
        return " ".join(above)
    under = below[0] if len(below) == 1 else f"({' '.join(below)})"
    return f"{' '.join(above) or '1'}/{under}"


def _power(name: str, power: Fraction) -> str:
    if power == 1:
        return name
    shown = _number(power)
    return f"{name}^{shown}" if power.denominator == 1 or "/" not in shown else f"{name}^({shown})"


def _number(power: Fraction) -> str:
    """A power as units are read; what a fit gave has four decimals."""
    return str(power) if power.denominator <= 12 else f"{float(power):.4f}".rstrip("0").rstrip(".")


def unit_latex(text: str) -> str:
    r"""In upright type, with negative powers.

    Examples
    --------
    >>> print(unit_latex("kg m/s²"), unit_latex("J/(mol K)"))
    \mathrm{kg\,m\,s^{-2}} \mathrm{J\,mol^{-1}\,K^{-1}}
    """
    if text.startswith("["):  # a dimension
        return rf"\text{{{text}}}"
    factors = factors_of(text)
    parts = [] if factors.number == 1 else [f"{float(factors.number):.6g}"]
    for name, power in factors.powers:
        shown = "" if power == 1 else f"^{{{_number(power)}}}"
        parts.append(_SYMBOLS.get(name, name) + shown)
    return rf"\mathrm{{{_THIN.join(parts)}}}"


_THIN = r"\,"
_SYMBOLS = {
    "%": r"\%", "\u00b5": r"\mu ", "\u03bc": r"\mu ", "\u03a9": r"\Omega ", "\u2126": r"\Omega ", "\u00b0": r"^{\circ}",
    "\u00b0C": r"^{\circ}C", "\u00b0F": r"^{\circ}F",
}  # fmt: skip
