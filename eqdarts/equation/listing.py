"""A front as a table, and as lines of text; what rivals the best of it has."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from eqdarts.data.noise import ADDITIVE, Noise
from eqdarts.equation.by_group import ByGroup
from eqdarts.equation.equation import Equation
from eqdarts.equation.figures import explained, level, percent, shown_explained
from eqdarts.equation.front import Front
from eqdarts.equation.selection import scores
from eqdarts.formula.numbers import DIGITS
from eqdarts.formula.text import format_name
from eqdarts.formula.visible import shortened, visible

_WIDEST = 100  # characters of a line's equation
_DECIDED = 2 / 3  # a form of more probability than all others twice over is what the rows say (not tuned)
_HELD, _MOST = 0.9, 5  # of the probability by those that are named, and how many they are at the most (not tuned)
_GROUPS = 12  # whose constants are printed with the front
_WORDS = {2: "two", 3: "three", 4: "four", 5: "five"}


def front_table(front: Front, noise: Noise = ADDITIVE) -> pd.DataFrame:
    """A row per equation, simplest first, with the columns of `equation_table` and its score."""
    table = equation_table(tuple(front), noise)
    table.insert(list(table).index("equation"), "score", scores(front))
    return table


def equation_table(equations: Sequence[Equation], noise: Noise = ADDITIVE) -> pd.DataFrame:
    """A row per equation: complexity, loss, r2, error, loo, probability, equation, sympy, origin.

    By another loss than the squared one d2 in place of r2. And units, of the constants that carry one, where those of
    the columns were given.
    """
    table = pd.DataFrame(
        {
            "complexity": [e.complexity for e in equations],
            "loss": [e.loss for e in equations],
            noise.explained_key: [explained(e, noise) for e in equations],
            "error": [noise.level(e.loss) for e in equations],
            "loo": [np.nan if e.left_out is None else noise.level(e.left_out) for e in equations],
            "probability": pd.array([e.probability for e in equations], dtype="float64"),
            "equation": [e.text() for e in equations],
            "sympy": [e.expression for e in equations],
            "origin": [e.origin for e in equations],
        }
    )
    if any(e.constant_units is not None for e in equations):
        table.insert(list(table).index("sympy"), "units", [constants_with_units(e) for e in equations])
    return table


def constants_with_units(equation: Equation) -> str:
    """The constants that carry a unit, as "9.81 m/s^2, 3 kg"; empty if there are none."""
    units = equation.constant_units
    if not units:
        return ""
    values = equation.constants["value"]
    digits = equation.digits or DIGITS
    return ", ".join(
        f"{float(f'{values[name]:.{digits}g}'):g} {unit}" for name, unit in units.items() if name in values
    )


def front_text(
    front: Front,
    chosen: int,
    noise: Noise = ADDITIVE,
    rivals: Sequence[Equation] = (),
    leaves_something: bool = False,
    automatic: int | None = None,
) -> str:
    """A line per equation, simplest first, with an arrow at the chosen one.

    Beside the error of each stands that of rows left out, where it is known of some.

    Below them a line of noise that is not plain, one if it is not the `automatic` choice, one if there is more than
    noise, and rivals between which the rows do not decide.
    """
    share = noise.form == "proportional"
    head = [f"{'error, %' if share else 'error':>9}"]
    known = any(equation.left_out is not None for equation in front)
    head += [f"{'left out':>9}"] * known
    share_head = "R2" if noise.explained_key == "r2" else "explained"
    lines = [f"   complexity        loss {share_head:>9}  {'  '.join(head)}  probability  equation"]
    for i, equation in enumerate(front):
        mark = "->" if i == chosen else "  "
        losses = [equation.loss, equation.left_out][: 1 + known]
        levels = [level(loss, noise) for loss in losses]
        errors = "  ".join(f"{'' if value is None else f'{value:.4g}':>9}" for value in levels)
        fit = f"{equation.loss:10.4g}  {shown_explained(equation, noise):>8}  {errors}"
        lines.append(f"{mark} {equation.complexity:10d}  {fit}  {percent(equation.probability):>11}  {_line(equation)}")
    if noise != ADDITIVE:
        share_text = shown_explained(front[chosen], noise)
        more = f", {noise.explained_name} {share_text}" if noise.explained_key != "r2" and share_text else ""
        lines.append(f"{noise.title}, {noise.text(front[chosen].loss)}{more}")
    carried = constants_with_units(front[chosen])
    lines += [f"units of its constants: {carried}"] if carried else []
    lines += cautions(front, chosen, leaves_something, automatic)
    sentence, named = undecided(rivals)
    lines += [sentence] if sentence else []
    return "\n".join([*lines, *(f"{percent(rival.probability):>11}  {_line(rival)}" for rival in named)])


def group_text(own: ByGroup) -> str:
    """A line for each group with its constants, of many groups for the first, and one for each constant they share."""
    lines = [f"constants of each {visible(own.column)}:"]
    table = own.table.iloc[:_GROUPS].rename(index=visible).rename_axis(visible(own.column))
    for name in own.names:
        table[f"{name} std_error"] = [_short(v, 2) for v in table[f"{name} std_error"]]
        table[name] = [_short(v, DIGITS) for v in table[name]]
    table["residual"] = [_short(v, 3) for v in table["residual"]]
    lines += table.to_string().split("\n") if own.names else ["  none: all groups obey one equation"]
    if len(own.labels) > _GROUPS and own.names:
        lines.append(f"  and {len(own.labels) - _GROUPS} more, in constants_")
    if own.shared:
        lines.append(
            "shared: " + ", ".join(f"{k} = {_short(v, DIGITS)} ± {_short(e, 2)}" for k, (v, e) in own.shared.items())
        )
    return "\n".join(map(visible, lines))


def _short(value: float, digits: int) -> str:
    return f"{value:.{digits}g}"


def cautions(front: Front, chosen: int, leaves_something: bool, automatic: int | None = None) -> list[str]:
    """What a reader should know of the marked equation beside its figures, in sentences."""
    found = []
    if front[chosen].composed is not None:
        found.append(f"With the template: {front[chosen].parts_text()}.")
    if automatic is not None and automatic != chosen:
        found.append(
            f"This one was selected; the automatic choice is that of complexity {front[automatic].complexity}."
        )
    if leaves_something:
        found.append(
            "The best of these leaves more than noise, as rows near each other err alike: the law may be another."
        )
    return found


def undecided(rivals: Sequence[Equation]) -> tuple[str, Sequence[Equation]]:
    """A sentence and the forms that it speaks of; none where one form holds most of the probability."""
    shares = [rival.probability or 0.0 for rival in rivals]
    if len(rivals) < 2 or shares[0] >= _DECIDED:
        return "", ()
    enough = next((k for k in range(2, _MOST + 1) if sum(shares[:k]) >= _HELD), None)
    if enough is None:
        return "The rows do not decide between many forms; the most probable are", rivals[:_MOST]
    return f"The rows do not decide between these {_WORDS[enough]}:", rivals[:enough]


def _line(equation: Equation) -> str:
    return shortened(f"{format_name(equation.target)} = {equation.text()}", _WIDEST)
