"""How sure a law is, in sentences; and what rivals it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from eqdarts.data.zero import LADDER
from eqdarts.equation.figures import percent
from eqdarts.formula.mathml import mathml
from eqdarts.report.words import chance, count, level_text

_CLEAR, _DECIDED = 0.9, 2 / 3  # probabilities from which the rows speak clearly, and decide (not tuned)
_FEW = 3  # rows for each constant, below which a reader is warned (not tuned)
_MOST = 12  # rivals that are shown


@dataclass(frozen=True)
class Rival:
    """A form of equation that has some probability."""

    formula: Markup
    probability: str
    share: float
    error: str
    complexity: str


def rivals_of(model: Any, unit: str = "") -> tuple[Rival, ...]:
    """The most probable forms; none where there is only one. unit: that of the target, where it has one."""
    table = model.rivals_
    if len(table) < 2:
        return ()
    digits = {e.expression: e.digits for e in model.front_}
    return tuple(
        Rival(
            Markup(mathml(row.sympy, "", digits.get(row.sympy) or 4, block=False)),  # nosec B704 # it escapes names
            percent(row.probability),
            round(100 * row.probability, 1),
            level_text(model.noise_, row.loss, unit),
            str(row.complexity),
        )
        for row in table.head(_MOST).itertuples()
    )


def sentences(model: Any) -> tuple[str, ...]:
    """What the rows say about the chosen equation, and what they do not."""
    chosen = model.front_[model.best_index_]
    rows, constants = model.training_.distinct_rows, chosen.n_constants
    found = []
    if model.stop_reason_ == "constant":
        return ("The target has the same value in all rows: there is nothing to explain.",)
    if chosen.relative_loss < LADDER.exact:
        found.append("It gives the target of every row to the last digit.")
    found.append(_of_probability(model, chosen.probability))
    if model.leaves_more_than_noise_:
        found.append(
            "Rows near each other err alike, which noise alone does not do: the best equation leaves something "
            "unexplained, and the law may be another one."
        )
    if chosen.probability is not None:
        found.append(
            "That is the probability that the law has this form, or one that is equal to it within what the rows show, "
            "if it is among the forms that the search came upon."
        )
    if rows < _FEW * (constants + 1):
        found.append(
            f"{count(rows, 'row')} for {count(constants, 'constant')} are few: what fits them well may fail on "
            "the next one."
        )
    return tuple(sentence for sentence in found if sentence)


def _of_probability(model: Any, probability: float | None) -> str:
    if probability is None:
        return ""
    share = chance(probability)
    top = max(model.rivals_.probability, default=probability)
    if top > probability + 1e-9:
        return (
            f"Its form is not the most probable one: it has a probability of {share}, and another one {chance(top)}. "
            "See below what else it might be."
        )
    if probability >= _CLEAR:
        return f"The rows speak clearly for its form: of all that the search came upon it has a probability of {share}."
    if probability >= _DECIDED:
        return (
            f"The rows favour its form, though not beyond doubt: it has a probability of {share}. See below what else "
            "it might be."
        )
    return (
        f"The rows do not decide: its form is the most probable one, with a probability of only {share}. Choose among "
        "the rivals below by what you know beside the table, or collect rows where they differ."
    )
