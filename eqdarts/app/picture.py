"""The front as a picture that is drawn again with every look: what is left unexplained against the length of a law."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Point = tuple[float, float]
WIDTH, HEIGHT = 560, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 84, 18, 18, 54
_LEAST = 1e-12  # share that stands at the bottom: rounding, not a measure of anything
_MOST_TICKS = 5


@dataclass(frozen=True)
class Dot:
    """An equation: where it is, and which of the given ones."""

    x: float
    y: float
    number: int
    chosen: bool


@dataclass(frozen=True)
class Picture:
    """Places in a drawing of `WIDTH` by `HEIGHT`.

    outline: path of the staircase of graphs; empty if there are none   across, up: places and labels of ticks
    """

    dots: tuple[Dot, ...]
    outline: str
    across: tuple[tuple[float, str], ...]
    up: tuple[tuple[float, str], ...]


def picture(equations: Sequence[Point], chosen: int, outline: Sequence[Point] = ()) -> Picture:
    """The front of equations (complexity, share unexplained), and that of graphs behind it."""
    both = [*equations, *outline]
    widest = max(10.0, max(c for c, _ in both))
    low = min(max(share, _LEAST) for _, share in both)
    bottom = min(-2, math.floor(math.log10(low)))

    def x(complexity: float) -> float:
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * complexity / widest, 1)

    def y(share: float) -> float:
        height = HEIGHT - _TOP - _BOTTOM
        return round(_TOP + height * min(1.0, max(0.0, math.log10(max(share, _LEAST)) / bottom)), 1)

    dots = tuple(Dot(x(c), y(share), k, k == chosen) for k, (c, share) in enumerate(equations))
    step = math.ceil(-bottom / _MOST_TICKS)
    up = tuple((y(10.0**p), _share(p)) for p in range(0, bottom - 1, -step))
    return Picture(dots, _staircase([(x(c), y(s)) for c, s in outline], x(widest)), _across(widest, x), up)


def _staircase(corners: Sequence[Point], end: float) -> str:
    if not corners:
        return ""
    steps = [f"M{corners[0][0]} {corners[0][1]}", *(f"H{x} V{y}" for x, y in corners[1:]), f"H{end}"]
    return " ".join(steps)


def _across(widest: float, x: object) -> tuple[tuple[float, str], ...]:
    step = next(s for s in (2, 5, 10, 20, 50, 100, 10**9) if widest / s <= _MOST_TICKS)
    assert callable(x)
    return tuple((x(c), str(c)) for c in range(0, int(widest) + 1, step))


def _share(power: int) -> str:
    """10^power as a percentage, or as a power where that has too many zeros.

    Examples
    --------
    >>> _share(0), _share(-3), _share(-6)
    ('100 %', '0.1 %', '10⁻⁶')
    """
    if power >= -4:
        return f"{100 * 10.0**power:.10g} %"
    return "10" + "".join("⁻⁰¹²³⁴⁵⁶⁷⁸⁹"[0 if c == "-" else 1 + int(c)] for c in str(power))
