"""What is said of an equation in a cell of a table: probability, R², the level of its errors."""

from __future__ import annotations

from eqdarts.data.noise import Noise
from eqdarts.equation.equation import Equation


def percent(probability: float | None) -> str:
    """As a whole percentage that never says what is certain.

    Examples
    --------
    >>> percent(0.456), percent(0.9999), percent(1e-9), percent(None)
    ('46 %', '>99 %', '<1 %', '')
    """
    if probability is None:
        return ""
    whole = round(100 * probability)
    return ">99 %" if whole > 99 else "<1 %" if whole < 1 else f"{whole} %"


def r2(equation: Equation) -> float:
    """R² of the rows of the fit; 0 of a mean, and not a rounding error less."""
    return round(1.0 - equation.relative_loss, 15) + 0.0


def shown_r2(equation: Equation) -> str:
    """R² in five digits, where more would be rounding."""
    return f"{round(r2(equation), 9) + 0.0:.5g}"


def level(loss: float | None, noise: Noise) -> float | None:
    """The level of errors with this mean square: per cent of the value where they are proportional to it."""
    if loss is None:
        return None
    return noise.level(loss) * (100 if noise.form == "proportional" else 1)
