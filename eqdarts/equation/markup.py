"""Equations as a table in HTML, for notebooks: typeset by MathML, which needs no script. All text is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from eqdarts.data.noise import ADDITIVE, Noise
from eqdarts.equation.equation import Equation
from eqdarts.equation.figures import level, percent, shown_explained

#: Colours are those of the page that it stands in, light or dark; nothing outside `.eqdarts` is touched.
STYLE = """<style>
.eqdarts { color: inherit; max-width: 100%; overflow-x: auto; }
.eqdarts p { margin: 0.4em 0; }
.eqdarts .eqdarts-law { font-size: 1.5em; margin: 0.4em 0; }
.eqdarts math { math-style: normal; }
.eqdarts .eqdarts-more { opacity: 0.8; }
.eqdarts table { border-collapse: collapse; margin: 0.5em 0; border: none; font-variant-numeric: tabular-nums; }
.eqdarts table th, .eqdarts table td { padding: 0.25em 0.7em; text-align: right; border: none; background: none;
  white-space: nowrap; vertical-align: middle; }
.eqdarts table th { font-weight: 600; border-bottom: 1px solid rgba(128, 128, 128, 0.6); }
.eqdarts tbody tr:nth-child(n) { background: none; border-bottom: 1px solid rgba(128, 128, 128, 0.2); }
.eqdarts tbody tr.eqdarts-chosen:nth-child(n) { background: rgba(70, 130, 220, 0.18); }
.eqdarts table .eqdarts-left { text-align: left; }
</style>"""


def figure(value: float, digits: int) -> str:
    """So many significant digits, written out up to a million.

    Examples
    --------
    >>> figure(30821.0, 4), figure(0.0123456, 3), figure(-1.5e7, 3)
    ('30820', '0.0123', '−1.5e+07')
    """
    return f"{float(f'{value:.{digits}g}'):.6g}".replace("-", "−")


def in_words(noise: Noise) -> str:
    """The head of a column of errors."""
    return "error, %" if noise.form == "proportional" else "error"


def equations_markup(equations: Sequence[Equation], noise: Noise = ADDITIVE, chosen: int | None = None) -> str:
    """A ``<table>``: a row per equation, with the chosen one marked. What no equation has is no column."""
    known = any(equation.left_out is not None for equation in equations)
    rated = any(equation.probability is not None for equation in equations)
    heads = ["", "complexity", noise.explained_name, in_words(noise), *["left out"] * known, *["probability"] * rated]
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    body = "".join(_row(k, e, noise, known, rated, k == chosen) for k, e in enumerate(equations))
    return (
        f'<table><thead><tr>{head}<th scope="col" class="eqdarts-left">equation</th></tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def _row(number: int, equation: Equation, noise: Noise, known: bool, rated: bool, chosen: bool) -> str:
    figures = [
        f"▸ {number}" if chosen else str(number),
        str(equation.complexity),
        shown_explained(equation, noise),
        _figure(level(equation.loss, noise)),
        *[_figure(level(equation.left_out, noise))] * known,
        *[percent(equation.probability)] * rated,
    ]
    cells = "".join(f"<td>{escape(figure)}</td>" for figure in figures)
    mark = ' class="eqdarts-chosen" aria-current="true"' if chosen else ""
    return f'<tr{mark}>{cells}<td class="eqdarts-left">{equation.mathml(block=False)}</td></tr>'


def _figure(value: float | None) -> str:
    return "" if value is None else figure(value, 4)
