"""What is said of an equation in a cell of a table: probability, what it explains, the level of its errors."""

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


def missing(equation: Equation, noise: Noise) -> float:
    """What it leaves of the variance of the rows of the fit, or of the loss of the best constant."""
    return noise.missing(equation.loss, equation.relative_loss)


def explained(equation: Equation, noise: Noise) -> float:
    """R² of the rows of the fit, or D² by another loss; 0 of a constant, and not a rounding error less."""
    return round(1.0 - missing(equation, noise), 15) + 0.0


def shown_explained(equation: Equation, noise: Noise) -> str:
    """The same in five digits, where more would be rounding; empty where it is not known."""
    share = explained(equation, noise)
    return "" if share != share else f"{round(share, 9) + 0.0:.5g}"


def level(loss: float | None, noise: Noise) -> float | None:
    """The level of errors with this mean square: per cent of the value where they are proportional to it."""
    if loss is None:
        return None
    return noise.level(loss) * (100 if noise.form == "proportional" else 1)
