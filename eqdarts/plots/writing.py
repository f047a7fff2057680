"""Equations in figures: as mathematics where matplotlib can draw it, broken or made smaller where it is long."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import MathTextParser

from eqdarts.equation.equation import Equation
from eqdarts.formula.latex import DIGITS, symbol_latex
from eqdarts.formula.visible import visible
from eqdarts.plots.fonts import in_mathematics, plain, width_of
from eqdarts.plots.style import shortened

_SIZE, _LEAST = 12.0, 8.0  # points of an equation: as a rule, and below which it is broken into lines
_LINES = 3
_FUNCTION = re.compile(r"(?<=[0-9a-zA-Z}]) (?=\\(?:sin|cos|tan|exp|ln|log|a?sinh|a?cosh|a?tanh|arc|operatorname))")
_ESCAPED = (r"\\", r"\{", r"\}")  # in names
_LONGEST = 3000  # characters of LaTeX that are given to mathtext, which takes a second for some thousands


@dataclass(frozen=True)
class Written:
    """Text for matplotlib, of one or more lines, and its size in points."""

    text: str
    size: float

    @property
    def width(self) -> float:
        """In points."""
        return max(w for w, _ in map(self._extent, self.text.split("\n")))

    @property
    def height(self) -> float:
        """In points."""
        return sum(h for _, h in map(self._extent, self.text.split("\n")))

    def _extent(self, line: str) -> tuple[float, float]:
        math = _extent(line) if line.startswith("$") else (0.0, 0.0)
        return (math[0] * self.size / _SIZE, math[1] * self.size / _SIZE) if math[0] else (
            width_of(line, self.size), 1.2 * self.size
        )  # fmt: skip


def law(equation: Equation, room: float, size: float = _SIZE, lines: int = _LINES) -> Written:
    """``target = expression`` for so many points of width; the text ends with … where it cannot all be shown."""
    latex = _latex(equation, None)
    head = f"{_name(equation.target)} = "
    text = f"{equation.target} = {readable(equation.text())}"
    return _fitted(latex, head, text, room, size, lines)


def right_side(equation: Equation, room: float, size: float, least: float) -> Written:
    """The expression alone, for a list: one line of mathematics, or two of text."""
    digits = min(equation.digits or DIGITS, DIGITS)
    latex = _latex(equation, digits)
    latex = latex.removeprefix(f"{_name(equation.target)} = ")
    math = _math(latex, r"\frac")
    width = _width(math)
    if width and width * least / _SIZE <= room:
        return Written(math, min(size, _SIZE * room / width))
    text = shortened(readable(equation.text(digits)), room, least + 1)
    return Written("\n".join(map(plain, text.split("\n"))), least + 1)


def readable(text: str) -> str:
    """An expression as text with the signs of print; names in backticks stay as they are.

    Examples
    --------
    >>> readable("-2*x**2/sqrt(`a*b`)"), readable("3.5e-7*x2e5")
    ('−2·x^2/√(a*b)', '3.5·10^−7·x2e5')
    """
    parts = text.split("`")
    for k in range(0, len(parts), 2):
        part = re.sub(r"\b(\d+\.?\d*)e(-?\d+)\b", r"\1*10**\2", parts[k])
        part = part.replace("**", "^").replace("*", "·").replace("-", "−")
        parts[k] = re.sub(r"\bsqrt\b", "√", re.sub(r"\blog\b", "ln", part))
    return "".join(parts)


def template(equation: Equation, room: float, size: float = _SIZE) -> Written | None:
    """The formula with the names of its constants; None where no fit is known."""
    fit = equation.fit
    if fit is None:
        return None
    form = Equation(fit.template, equation.columns, equation.target, equation.loss, equation.relative_loss, "template")
    return law(form, room, size)


def symbol(name: str) -> str:
    """A name as it stands in formulas."""
    math = f"${_name(name)}$"
    return math if _width(math) else plain(name)


def _latex(equation: Equation, digits: int | None) -> str:
    """With a sign between names that have spaces in them."""
    names = (*equation.columns, equation.target)
    wordy = any(symbol_latex(name).startswith(r"\text{") for name in equation.formula.used)
    return drawable(equation.latex(digits, "dot" if wordy else None), names)


def drawable(latex: str, names: Sequence[str]) -> str:
    r"""LaTeX with names of columns as mathtext reads them: its ``\text`` has escapes of its own.

    Examples
    --------
    >>> print(drawable(symbol_latex("{a} \\to_b") + "^{2}", ["{a} \\to_b"]))
    \text{\{a\} \\to_b}^{2}
    """
    for name in names:
        token = symbol_latex(name)
        if token.startswith(r"\text{"):
            latex = latex.replace(token, _name(name))
    return _FUNCTION.sub(r" \\, ", latex)


def _name(name: str) -> str:
    token = symbol_latex(name)
    if not token.startswith(r"\text{"):
        return token
    escaped = re.sub(r"([\\{}$])", r"\\\1", visible(name))
    return rf"\text{{{escaped}}}"


def _fitted(latex: str, head: str, text: str, room: float, size: float, lines: int) -> Written:
    whole = _math(latex)
    width = _width(whole)
    if width and width * _LEAST / _SIZE <= room:
        return Written(whole, min(size, _SIZE * room / width))
    if width:
        terms = _terms(latex.removeprefix(head))
        for count in range(2, lines + 1):
            broken = [_math(line) for line in _even(head, terms, count)]
            widest = max(map(_width, broken))
            if min(map(_width, broken)) > 0 and widest * _LEAST / _SIZE <= room:
                return Written("\n".join(broken), min(size, _SIZE * room / widest))
    small = shortened(text, room, _LEAST, lines)
    widest = width_of(small, _LEAST)
    grown = min(size, _LEAST * room / widest) if "\n" not in small and widest else _LEAST
    return Written("\n".join(map(plain, small.split("\n"))), grown)


def _even(head: str, terms: list[str], count: int) -> list[str]:
    """Terms on so many lines of about the same length."""
    sizes = [len(re.sub(r"\\[a-z]+|[{}^_]", "", t)) for t in terms]
    total, lines, done = sum(sizes), [head], 0
    for term, size in zip(terms, sizes, strict=True):
        if done >= total * len(lines) / count and lines[-1] != head:
            lines.append(r"\quad ")
        lines[-1] += term
        done += size
    return lines


def _terms(latex: str) -> list[str]:
    r"""A sum as its terms, each with its sign; braces and ``\left … \right`` are left whole.

    Examples
    --------
    >>> _terms(r"a + \left(b - c\right) d - \frac{1 + e}{2}")
    ['a', ' + \\left(b - c\\right) d', ' - \\frac{1 + e}{2}']
    """
    depth, terms = 0, [""]
    for part in re.split(r"(\\\\|\\[{}]|\\left\b|\\right\b|[{}]|(?<=\S) [+-] )", latex):
        depth += (part in ("{", r"\left")) - (part in ("}", r"\right"))
        if part in (" + ", " - ") and depth == 0:
            terms.append("")
        terms[-1] += part
    return terms


def _math(latex: str, outer: str = r"\dfrac") -> str:
    return f"${_display(latex, outer)}$"


def _width(math: str) -> float:
    return _extent(math)[0]


@lru_cache(maxsize=256)
def _extent(math: str) -> tuple[float, float]:
    """Width and height in points at `_SIZE`; 0 where mathtext cannot draw it."""
    if len(math) > _LONGEST or not all(map(in_mathematics, math)):
        return 0.0, 0.0
    try:
        found = _MATH.parse(math, dpi=72, prop=FontProperties(size=_SIZE))
    except ValueError:
        return 0.0, 0.0
    return float(found.width), float(found.height)


def _display(latex: str, outer: str = r"\dfrac") -> str:
    r"""Fractions outside braces at full size, as ``\displaystyle`` has them, and others, which were tiny, on the line.

    Examples
    --------
    >>> print(_display(r"\frac{a}{b + \frac{1}{c + d} + e^{\frac{x}{2}}}"))
    \dfrac{a}{b + 1/\left(c + d\right) + e^{x/2}}
    """
    written, k, depth = "", 0, 0
    while k < len(latex):
        if latex.startswith(r"\frac{", k):
            above, middle = _group(latex, k + 5)
            below, end = _group(latex, middle)
            above, below = _display_within(above), _display_within(below)
            if depth == 0:
                written += f"{outer}{{{above}}}{{{below}}}"
            else:
                alone = re.match(r"$|[})]| [+-] | *\\right", latex[end:]) is not None
                inline = f"{_atom(above)}/{_atom(below)}"
                written += inline if alone else rf"\left({inline}\right)"
            k = end
            continue
        if latex.startswith(_ESCAPED, k):
            written, k = written + latex[k : k + 2], k + 2
            continue
        depth += (latex[k] == "{") - (latex[k] == "}")
        written, k = written + latex[k], k + 1
    return written


def _display_within(latex: str) -> str:
    return _display("{" + latex + "}")[1:-1]


def _group(latex: str, start: int) -> tuple[str, int]:
    """What stands between the braces that open at a place, and where they have closed."""
    depth, k = 0, start
    while k < len(latex):
        if latex.startswith(_ESCAPED, k):
            k += 2
            continue
        depth += (latex[k] == "{") - (latex[k] == "}")
        k += 1
        if depth == 0:
            break
    return latex[start + 1 : k - 1], k


def _atom(latex: str) -> str:
    """In parentheses unless it is one number, name or power."""
    whole = re.fullmatch(r"-?[\w.]+|[a-zA-Z]\^\{[^{}]*\}|\\(?:mathrm|text)\{[^{}]*\}(?:\^\{[^{}]*\})?", latex)
    return latex if whole else rf"\left({latex}\right)"


_MATH = MathTextParser("path")
