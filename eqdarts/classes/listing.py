"""Sets of scores as a table, and as lines of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from eqdarts.classes.scores import Scores
from eqdarts.formula.visible import shortened, visible

_WIDEST = 100  # characters of a line's scores


def front_table(front: Sequence[Scores], labels: Sequence[Any]) -> pd.DataFrame:
    """A row per set, smallest first: complexity, log_loss, deviance, explained, accuracy, length, a column of text for
    each score, and all of them as SymPy expressions by the label of their class.
    """
    texts = {
        equation.target: [one.equations[k].text() for one in front] for k, equation in enumerate(front[0].equations)
    }
    return pd.DataFrame(
        {
            "complexity": [one.complexity for one in front],
            "log_loss": [one.log_loss for one in front],
            "deviance": [one.deviance for one in front],
            "explained": [one.explained for one in front],
            "accuracy": [one.accuracy for one in front],
            "length": [one.length for one in front],
            **texts,
            "sympy": [
                {labels[k]: e.expression for k, e in zip(one.scored, one.equations, strict=True)} for one in front
            ],
        }
    )


def front_text(
    front: Sequence[Scores], chosen: int, automatic: int, apart: Sequence[str] = (), rivals: Sequence[int] = ()
) -> str:
    """A line per set, smallest first, with an arrow at the chosen one; below it that in full, with its probabilities.

    apart: classes that their score tells from all others   rivals: places of sets that are as credible
    """
    lines = ["   complexity  log loss  deviance  explained  accuracy  scores"]
    for i, one in enumerate(front):
        figures = f"{one.complexity:10d}  {one.log_loss:8.4f}  {one.deviance:8.4g}  {shown_share(one.explained):>9}"
        scores = shortened("; ".join(one.text()), _WIDEST)
        lines.append(f"{'->' if i == chosen else '  '} {figures}  {shown_share(one.accuracy):>8}  {scores}")
    if automatic != chosen:
        size = front[automatic].complexity
        lines.append(f"This one was selected; the automatic choice is that of complexity {size}.")
    if rivals:
        sizes = ", ".join(str(front[k].complexity) for k in rivals)
        lines.append(f"The rows do not decide between this one and those of complexity {sizes}.")
    return "\n".join([*lines, "", *in_full(front[chosen]), *cautions(apart)])


def in_full(one: Scores) -> list[str]:
    """All scores, and what makes probabilities of them, in lines."""
    lines = list(one.text())
    if one.is_binary:
        (k,) = one.scored
        return [*map(visible, lines), f"P({visible(one.classes[k])}) = 1/(1 + exp(-{one.equations[0].target}))"]
    names = iter(one.equations)
    exponents = " + ".join("1" if k == one.baseline else f"exp({next(names).target})" for k in range(len(one.classes)))
    lines.append(f"the score of {visible(one.classes[one.baseline])} is 0")
    return [*map(visible, lines), visible(f"P(class) = exp(its score)/({exponents})")]


def cautions(apart: Sequence[str]) -> list[str]:
    """What a reader should know of classes that are told from all others without a doubtful row."""
    if not apart:
        return []
    names = ", ".join(map(visible, apart))
    return [
        f"No row is in doubt whether it is {names}: these rows say where the border lies, but not how sharp it is. The "
        "constants are those of one row more, of unknown class, and have no errors."
    ]


def shown_share(value: float) -> str:
    """A share in four digits, that never says that nothing is left where something is.

    Examples
    --------
    >>> shown_share(0.98765), shown_share(0.99999), shown_share(1.0), shown_share(-0.0)
    ('0.9877', '>0.9999', '1', '0')
    """
    rounded = round(value, 4) + 0.0
    return ">0.9999" if rounded == 1 and value < 1 - 1e-12 else f"{rounded:.4g}"
