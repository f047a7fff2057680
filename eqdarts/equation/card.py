"""A fitted model as a notebook shows it: the typeset law, how good and how sure it is, and the front."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from eqdarts.data.noise import ADDITIVE, Noise
from eqdarts.equation.equation import Equation
from eqdarts.equation.figures import level, percent, shown_explained
from eqdarts.equation.front import Front
from eqdarts.equation.listing import cautions, undecided
from eqdarts.equation.markup import STYLE, equations_markup, figure


def card(
    front: Front,
    chosen: int,
    law: Equation,
    rows: int,
    noise: Noise = ADDITIVE,
    rivals: Sequence[Equation] = (),
    leaves_something: bool = False,
    automatic: int | None = None,
) -> str:
    """HTML without scripts. law: the chosen equation, with the standard errors of its constants if they are known"""
    sentence, named = undecided(rivals)
    listed = "".join(
        f'<p class="eqdarts-more">{escape(percent(rival.probability))}&ensp;{rival.mathml(block=False)}</p>'
        for rival in named
    )
    said = [*cautions(front, chosen, leaves_something, automatic), *([sentence] if sentence else [])]
    parts = [
        f'<div class="eqdarts">{STYLE}<div class="eqdarts-law">{law.mathml(block=False)}</div>',
        _with_errors(law),
        f"<p>{escape(' · '.join(_facts(law, rows, noise)))}</p>",
        *(f"<p>{escape(line)}</p>" for line in said),
        listed,
        equations_markup(tuple(front), noise, chosen),
        "</div>",
    ]
    return "".join(parts)


def _with_errors(law: Equation) -> str:
    if law.fit is None or not law.fit.names or law.fit.undetermined:
        return ""
    return f'<p class="eqdarts-more">with standard errors:&ensp;{law.mathml(errors=True, block=False)}</p>'


def _facts(law: Equation, rows: int, noise: Noise) -> list[str]:
    """How good the law is, and how sure its form."""
    share = shown_explained(law, noise)
    facts = [f"{rows:,} {'row' if rows == 1 else 'rows'}", *[f"{noise.explained_name} {share}"] * bool(share)]
    facts.append(_error(law, noise))
    if law.probability is not None:
        facts.append(f"probability of this form {percent(law.probability)}")
    return facts


def _error(law: Equation, noise: Noise) -> str:
    """Of the rows of the fit, and of each by the constants that the others give."""
    if noise.known is not None:
        return noise.text(law.loss)
    units = {"proportional": " % of the value", "poisson": " times the root of the value"}.get(noise.form, "")
    within, beyond = level(law.loss, noise), level(law.left_out, noise)
    left_out = "" if beyond is None else f" ({figure(beyond, 3)} on rows left out)"
    return f"error {figure(within or 0.0, 3)}{units}{left_out}"
