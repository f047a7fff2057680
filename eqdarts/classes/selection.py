"""Chooses one set of scores of a front."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np

from eqdarts.classes.scores import Scores
from eqdarts.equation.selection import CRITERIA
from eqdarts.errors import InputDataError, check_choice, shown

# Neither is tuned.
_CREDIBLE = 50  # times less belief than the greatest share, and no less, as of equations of one number
_LEAST = 1e-12  # of a log loss, below which classes are told apart


def choose(front: Sequence[Scores], criterion: str) -> int:
    """The place of the chosen set.

    "best": the shortest description of classes and scores together (Rissanen 1978); "accuracy": the lowest log loss;
    "score": the steepest fall of the logarithm of the log loss per complexity.
    """
    check_choice("model_selection", criterion, CRITERIA)
    if criterion == "best":
        return int(np.argmin([one.length for one in front]))
    losses = np.log([max(one.log_loss, _LEAST) for one in front])
    if criterion == "accuracy":
        return int(np.argmin(losses))
    grown = np.diff([one.complexity for one in front])
    return int(np.argmax([0.0, *(-np.diff(losses) / np.maximum(grown, 1))]))


def place_of(front: Sequence[Scores], index: Any) -> int:
    """A row of the front, by its number."""
    if not isinstance(index, Integral) or isinstance(index, bool) or not 0 <= int(index) < len(front):
        raise InputDataError(f"index={shown(index)}: equations_ has the rows 0 to {len(front) - 1}")
    return int(index)


def doubted(front: Sequence[Scores]) -> list[int]:
    """Places of the sets that a reader may believe as well as that of the shortest description, itself included."""
    lengths = np.array([one.length for one in front])
    return np.flatnonzero(lengths <= lengths.min() + np.log(_CREDIBLE)).tolist()


def credible(front: Sequence[Scores], chosen: Scores) -> list[Scores]:
    """The chosen set, and all others that a reader may believe as well."""
    return [chosen, *(front[k] for k in doubted(front) if front[k] is not chosen)]
