"""Chooses one equation of a front, and scores them all."""

from __future__ import annotations

import numpy as np

from eqdarts.data.zero import LADDER
from eqdarts.equation.front import Front
from eqdarts.errors import check_choice

CRITERIA = ("best", "accuracy", "score")


def choose(front: Front, criterion: str, n: int) -> int:
    """The place of the chosen equation on the front.

    "best": the shortest description of table and equation together (Rissanen 1978), which charges
    for every node and constant and so leaves out terms that are within the noise; "accuracy": the
    lowest loss; "score": the steepest fall of the log loss per complexity, as PySR has it.

    n: rows of the table
    """
    check_choice("model_selection", criterion, CRITERIA)
    if criterion == "accuracy":
        return int(np.argmin([e.rank[1] for e in front]))
    if criterion == "score":
        return int(np.argmax(scores(front)))
    return int(np.argmin([e.description_length(n) for e in front]))


def credibility(front: Front, n: int) -> np.ndarray:
    """Share of belief in each equation of the front, e^(−description length), adding up to 1.

    Description lengths differ about as half of the BIC does, so these are approximate posterior weights (Raftery 1995).
    """
    length = np.array([e.description_length(n) for e in front])
    with np.errstate(under="ignore"):
        weight = np.exp(length.min() - length)
    return weight / weight.sum()


def scores(front: Front) -> np.ndarray:
    """−Δ log loss / Δ complexity from one equation of the front to the next; 0 for the first."""
    losses = np.log([max(e.rank[1], LADDER.exact) for e in front])
    complexity = np.array([e.rank[0] for e in front], dtype=float)
    if len(front) < 2:
        return np.zeros(len(front))
    return np.concatenate([[0.0], -np.diff(losses) / np.maximum(np.diff(complexity), 1.0)])
