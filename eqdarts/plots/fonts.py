"""Letters of any script: a font that has them, and how wide they are."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text
from matplotlib.textpath import TextToPath

from eqdarts.formula.visible import visible

_PATHS = TextToPath()


def plain(text: str) -> str:
    """Text that matplotlib does not take for mathematics; letters that no font of this machine has are codes.

    Examples
    --------
    >>> print(plain("price $ µ"))
    price \\$ µ
    """
    letters = (c if font_with(c) is not None else ascii(c)[1:-1] for c in visible(text))
    return "".join(letters).replace("$", r"\$")


def width_of(text: str, size: float) -> float:
    """Points that plain text takes in this size, without kerning; of lines the widest."""
    return max((size / 10 * sum(map(_advance, visible(line))) for line in text.split("\n")), default=0.0)


def in_fonts(picture: Axes | Figure) -> None:
    """Let every text have the fonts that its letters need."""
    for text in picture.findobj(Text):
        if isinstance(text, Text) and not text.get_text().isascii():
            names = dict.fromkeys(font_with(c) for c in text.get_text())
            others = [name for name in names if name]
            if others:
                text.set_fontfamily([*_families(), *others])


@lru_cache(maxsize=4096)
def font_with(letter: str) -> str | None:
    """The name of a font that has a letter: empty for the usual one, None if this machine has none.

    Fonts of last resort have boxes for all letters, which say less than codes.
    """
    if letter.isascii() or _has(font_manager.findfont(FontProperties()), letter):
        return ""
    fonts = (e for e in font_manager.fontManager.ttflist if "lastresort" not in e.name.replace(" ", "").lower())
    return next((e.name for e in fonts if _has(e.fname, letter)), None)


@lru_cache(maxsize=4096)
def in_mathematics(letter: str) -> bool:
    """Can formulas have it? Matplotlib draws them in fonts of its own."""
    return letter.isascii() or _has(font_manager.findfont("DejaVu Sans"), letter)


def _has(path: Any, letter: str) -> bool:
    try:
        return bool(font_manager.get_font(path).get_char_index(ord(letter)))
    except (OSError, RuntimeError):  # a font that is gone or broken
        return False


def _families() -> list[str]:
    found = mpl.rcParams["font.family"]
    return [found] if isinstance(found, str) else list(found)


@lru_cache(maxsize=4096)
def _advance(letter: str) -> float:
    """Points from a letter of ten points to the next."""
    name = font_with(letter)
    if name is None:
        return sum(map(_advance, ascii(letter)[1:-1]))
    font = FontProperties(family=[*_families(), *([name] if name else [])], size=10)
    doubled, single = (float(_PATHS.get_text_width_height_descent(letter * n, font, False)[0]) for n in (2, 1))
    return doubled - single
