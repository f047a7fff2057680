"""A front as a table, and as lines of text."""

from __future__ import annotations

import pandas as pd

from eqdarts.data.noise import ADDITIVE, Noise
from eqdarts.equation.equation import Equation
from eqdarts.equation.front import Front
from eqdarts.equation.selection import scores
from eqdarts.formula.text import format_name
from eqdarts.formula.visible import visible

_WIDEST = 100  # characters of a line's equation


def front_table(front: Front, noise: Noise = ADDITIVE) -> pd.DataFrame:
    """A row per equation, simplest first: complexity, loss, r2, error, score, equation, sympy, origin."""
    return pd.DataFrame(
        {
            "complexity": [e.complexity for e in front],
            "loss": [e.loss for e in front],
            "r2": [_r2(e) for e in front],
            "error": [noise.level(e.loss) for e in front],
            "score": scores(front),
            "equation": [e.text() for e in front],
            "sympy": [e.expression for e in front],
            "origin": [e.origin for e in front],
        }
    )


def front_text(front: Front, chosen: int, noise: Noise = ADDITIVE) -> str:
    """A line per equation, simplest first, with an arrow at the chosen one, and a line of noise that is not plain."""
    share = noise.form == "proportional"
    lines = [f"   complexity        loss        R2  {'error, %' if share else 'error':>9}  equation"]
    for i, equation in enumerate(front):
        mark = "->" if i == chosen else "  "
        text = visible(f"{format_name(equation.target)} = {equation.text()}")
        text = text if len(text) <= _WIDEST else text[: _WIDEST - 3] + "..."
        error = noise.level(equation.loss) * (100 if share else 1)
        fit = f"{equation.loss:10.4g}  {round(_r2(equation), 9) + 0.0:8.5g}  {error:9.4g}"
        lines.append(f"{mark} {equation.complexity:10d}  {fit}  {text}")
    if noise != ADDITIVE:
        lines.append(f"noise: {noise.form}, {noise.text(front[chosen].loss)}")
    return "\n".join(lines)


def _r2(equation: Equation) -> float:
    """R² of the rows of the fit; 0 of a mean, and not a rounding error less."""
    return round(1.0 - equation.relative_loss, 15) + 0.0
