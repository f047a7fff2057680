"""The front as a chart that the page draws: where its points and ticks stand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from eqdarts.report.words import number

WIDTH, HEIGHT = 460.0, 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 64.0, 18.0, 18.0, 46.0
_TICKS = 6  # on an axis, at the most


@dataclass(frozen=True)
class Tick:
    """A mark on an axis."""

    place: float
    text: str


@dataclass(frozen=True)
class Chart:
    """Places of the points of a front, in units of a drawing of `WIDTH` times `HEIGHT`.

    Attributes
    ----------
    points : tuple of (float, float)
        In the order of the front.
    steps : str
        The line that joins them: the least error of equations that are as simple.
    x_ticks, y_ticks : tuple of Tick
    left, right, top, bottom : float
        Of the field that holds the points.
    """

    points: tuple[tuple[float, float], ...]
    steps: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    left: float = _LEFT
    right: float = WIDTH - _RIGHT
    top: float = _TOP
    bottom: float = HEIGHT - _BOTTOM
    width: float = WIDTH
    height: float = HEIGHT


def chart(complexities: Sequence[int], errors: Sequence[float]) -> Chart:
    """Errors are drawn by their logarithms; one of zero stands below all others."""
    positive = [e for e in errors if 0 < e < math.inf] or [1.0]
    least, greatest = min(positive), max(positive)
    errors = [min(e, greatest) for e in errors]  # beyond the doubles is above all others
    floor = least / max((greatest / least) ** 0.25, 10.0)
    none = min(errors) <= 0
    low, high = math.log10(floor if none else least), math.log10(greatest)
    pad = 0.06 * (high - low) or 0.5
    low, high = low - pad, high + pad
    first, last = min(complexities), max(complexities)
    wide = 0.05 * (last - first) or 1.0

    def x(value: float) -> float:
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * (value - first + wide) / (last - first + 2 * wide), 1)

    def y(value: float) -> float:
        place = (math.log10(value if value > 0 else floor) - low) / (high - low)
        return round(HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * place, 1)

    points = tuple((x(c), y(e)) for c, e in zip(complexities, errors, strict=True))
    path = [f"M{points[0][0]} {points[0][1]}"]
    path += [f"H{px}V{py}" for px, py in points[1:]]
    zero = (Tick(y(0.0), "0"),) if none else ()
    levels = [v for v in _levels(10**low, 10**high) if not none or v >= least / 1.01]
    return Chart(
        points,
        "".join(path),
        tuple(Tick(x(v), str(v)) for v in _whole_steps(first, last)),
        (*zero, *(Tick(y(v), number(v)) for v in levels)),
    )


def _whole_steps(first: int, last: int) -> list[int]:
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10**9) if (last - first) / s < _TICKS)
    return list(range(-(-first // step) * step, last + 1, step)) or [first]


def _levels(low: float, high: float) -> list[float]:
    """Round numbers, evenly spread by their logarithms where decades are many, and plain steps where there is none."""
    decades = math.log10(high / low)
    if decades < 1:
        size = 10.0 ** math.floor(math.log10((high - low) / 3))
        step = next(s * size for s in (1, 2, 5, 10) if (high - low) / (s * size) < _TICKS)
        return [k * step for k in range(math.ceil(low / step), math.floor(high / step) + 1)]
    for parts in ((1, 2, 5), (1, 3), (1,)):
        found = [
            p * 10.0**k for k in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1) for p in parts
        ]
        found = [v for v in found if low <= v <= high]
        if len(found) <= _TICKS:
            return found
    every = math.ceil(decades / _TICKS)
    return [10.0**k for k in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1) if k % every == 0]
