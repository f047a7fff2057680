"""A fitted classifier as a notebook shows it: typeset scores and probabilities, how good they are, and the front."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import sympy

from eqdarts.classes.listing import cautions, shown_share
from eqdarts.classes.scores import Scores
from eqdarts.equation.markup import STYLE, figure
from eqdarts.formula.mathml import mathml
from eqdarts.formula.visible import visible


def card(front: Sequence[Scores], chosen: int, rows: int, apart: Sequence[str]) -> str:
    """HTML without scripts. rows: of the fit"""
    one = front[chosen]
    lines = "".join(f'<div class="eqdarts-law">{line}</div>' for line in formulas(one))
    facts = [
        f"{rows:,} {'row' if rows == 1 else 'rows'}",
        f"log loss {figure(one.log_loss, 4)}",
        f"accuracy {shown_share(one.accuracy)}",
        f"share of the deviance explained {shown_share(one.explained)}",
    ]
    said = "".join(f"<p>{escape(text)}</p>" for text in [" · ".join(facts), *cautions(apart)])
    return f'<div class="eqdarts">{STYLE}{lines}{said}{table_markup(front, chosen)}</div>'


def formulas(one: Scores, block: bool = False) -> list[str]:
    """Scores and what makes probabilities of them, as MathML."""
    found = [equation.mathml(block=block) for equation in one.equations]
    if one.is_binary:
        (k,) = one.scored
        logistic = 1 / (1 + sympy.exp(-sympy.Symbol(one.equations[0].target)))
        return [*found, mathml(logistic, f"P({visible(one.classes[k])})", block=block)]
    return [*found, *softmax_markup(one, block)]


def softmax_markup(one: Scores, block: bool) -> list[str]:
    """The probability of every class by the scores."""
    scores = {k: sympy.exp(sympy.Symbol(e.target)) for k, e in zip(one.scored, one.equations, strict=True)}
    total = sympy.Add(1, *scores.values())
    return [
        mathml(scores.get(k, sympy.Integer(1)) / total, f"P({visible(name)})", block=block)
        for k, name in enumerate(one.classes)
    ]


def table_markup(front: Sequence[Scores], chosen: int) -> str:
    """A ``<table>``: a row per set, with the chosen one marked."""
    heads = ["", "complexity", "log loss", "accuracy", "explained"]
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    return (
        f'<table><thead><tr>{head}<th scope="col" class="eqdarts-left">scores</th></tr></thead><tbody>'
        + "".join(_row(k, one, k == chosen) for k, one in enumerate(front))
        + "</tbody></table>"
    )


def _row(number: int, one: Scores, chosen: bool) -> str:
    figures = [
        f"▸ {number}" if chosen else str(number),
        str(one.complexity),
        figure(one.log_loss, 4),
        shown_share(one.accuracy),
        shown_share(one.explained),
    ]
    cells = "".join(f"<td>{escape(text)}</td>" for text in figures)
    mark = ' class="eqdarts-chosen" aria-current="true"' if chosen else ""
    scores = "<br>".join(equation.mathml(block=False) for equation in one.equations)
    return f'<tr{mark}>{cells}<td class="eqdarts-left">{scores}</td></tr>'
