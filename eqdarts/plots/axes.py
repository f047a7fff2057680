"""Axes as readers of a journal know them: logarithmic where values ask for it, plain numbers, names of columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import Formatter, Locator, MaxNLocator, NullFormatter, NullLocator, ScalarFormatter

from eqdarts.plots.fonts import plain
from eqdarts.plots.style import room_of, shortened

_LEAST, _MOST = 1e-3, 1e4  # numbers between them are written out on logarithmic axes, others as powers of ten


def scaled(values: np.ndarray) -> str:
    """ "log" when all values are positive and most are small beside the largest, else "linear"."""
    values = values[np.isfinite(values)]
    if not len(values) or values.min() <= 0:
        return "linear"
    return "log" if values.max() > 50 * values.min() and values.max() > 5 * np.median(values) else "linear"


def dress(ax: Axes, which: str, values: np.ndarray, scale: str | None = None, most: float = np.inf) -> None:
    """Scale and ticks of one axis ("x" or "y") for these values; most: where logarithmic ticks end."""
    scale = scaled(values) if scale is None else scale
    axis = ax.xaxis if which == "x" else ax.yaxis
    (ax.set_xscale if which == "x" else ax.set_yscale)(scale)
    if scale == "log":
        axis.set_major_locator(PlainLogLocator(most))
        axis.set_minor_locator(_Between(most))
        axis.set_major_formatter(PlainLog())
        axis.set_minor_formatter(NullFormatter())
    else:
        axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
        formatter = PlainLinear(useOffset=False, useMathText=True)
        formatter.set_powerlimits((-4, 6))
        axis.set_major_formatter(formatter)


def label(ax: Axes, which: str, name: str, what: str = "") -> None:
    """The name of a column, and what of it, at an axis; a long name takes two lines.

    All names of columns come to axes by here.
    """
    text = shortened(f"{name}{what}", max(60.0, 0.98 * room_of(ax, which)), _size(ax))
    (ax.set_xlabel if which == "x" else ax.set_ylabel)(plain(text) if "\n" not in text else _lines(text))


def along(low: float, high: float, scale: str, n: int = 400) -> np.ndarray:
    """Places from the least to the greatest value, evenly spread to the eye."""
    if scale == "log":
        return np.geomspace(low, high, n)
    return np.linspace(low, high, n)


def number(value: float, digits: int = 4) -> str:
    """As readers write it: plain where it is short, else times a power of ten, in mathtext.

    Examples
    --------
    >>> number(20.0), number(0.00123), number(1.5e7), number(1e-9), number(float("nan")), number(-0.0)
    ('20', '0.00123', '$1.5\\\\times 10^{7}$', '$10^{-9}$', '–', '0')
    """
    if not np.isfinite(value):
        return "–"
    rounded = float(f"{value:.{digits}g}") + 0.0
    if rounded == 0 or _LEAST <= abs(rounded) < 10 * _MOST:
        return f"{rounded:,.10g}".replace("-", "−")
    mantissa, power = f"{rounded:.{digits - 1}e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    tens = f"10^{{{int(power)}}}"
    return f"${tens}$" if mantissa == "1" else f"$-{tens}$" if mantissa == "-1" else rf"${mantissa}\times {tens}$"


class PlainLinear(ScalarFormatter):
    """Numbers as text, and a power of ten that they share as mathematics, which takes long to set."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        return super().__call__(x, pos).removeprefix(r"$\mathdefault{").removesuffix("}$")


class PlainLog(Formatter):
    """20, 50 and 100 instead of powers of ten with factors; beyond what is short to write, 10ⁿ."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        return number(x, 6)


class PlainLogLocator(Locator):
    """At most seven labels: powers of ten, or 1, 2 and 5 of each, or round numbers within a decade.

    most: where they end, if the axis goes on; there is something else above then
    """

    def __init__(self, most: float = np.inf) -> None:
        self.most = most

    def __call__(self) -> Any:
        return self.tick_values(*self.axis.get_view_interval())  # type: ignore[union-attr]

    def tick_values(self, vmin: float, vmax: float) -> Any:
        low, high = _ends(vmin, vmax, self.most)
        if not 0 < low < high < np.inf:
            return np.array([])
        if high < 8 * low:
            ticks = np.asarray(MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(low, high))
            return ticks[(ticks >= low) & (ticks <= high)]
        for factors in ((1, 2, 5), (1, 3), (1,)):
            ticks = _ticks(low, high, factors, 1)
            if len(ticks) <= 7:
                return ticks
        return _ticks(low, high, (1,), int(np.ceil((np.log10(high) - np.log10(low)) / 6)))


class _Between(PlainLogLocator):
    """Small ticks: 1 to 9 of few decades, powers of ten of many."""

    def tick_values(self, vmin: float, vmax: float) -> Any:
        low, high = _ends(vmin, vmax, self.most)
        if not 0 < low < high < np.inf or np.log10(high) - np.log10(low) > 40:
            return np.array([])
        return _ticks(low, high, range(1, 10) if high < 1e7 * low else (1,), 1)


def _ends(vmin: float, vmax: float, most: float) -> tuple[float, float]:
    low, high = sorted((vmin, vmax))
    return low, min(high, most)


def _ticks(low: float, high: float, factors: Sequence[int], step: int) -> np.ndarray:
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
    powers = [p for p in range(first, last + 1) if p % step == 0]
    found = np.array([f * 10.0**p for p in powers for f in factors])
    return found[(found >= low * (1 - 1e-9)) & (found <= high * (1 + 1e-9))]


def whole_numbers(axis: Any) -> None:
    """Ticks of an axis that counts."""
    axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axis.set_minor_locator(NullLocator())


def _size(ax: Axes) -> float:
    return float(ax.xaxis.label.get_fontsize())


def _lines(text: str) -> str:
    return "\n".join(map(plain, text.split("\n")))
