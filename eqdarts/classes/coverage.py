"""Where a classifier is asked about rows that its training table says nothing about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import pandas as pd

from eqdarts.classes.likelihood import ClassRows
from eqdarts.classes.scores import Scores
from eqdarts.equation.extrapolation import uncovered, with_flags


class _Ranges(Protocol):
    @property
    def minimum(self) -> tuple[float, ...]: ...
    @property
    def maximum(self) -> tuple[float, ...]: ...


def extrapolation_of_classes(
    X: np.ndarray, sets: Sequence[Scores], rows: ClassRows, ranges: _Ranges, threshold: float
) -> pd.DataFrame:
    """A row per row of X [n, d]; see `DARTSClassifier.extrapolation`.

    sets: the chosen one, and others that a reader may believe as well   rows: of the fit
    """
    names = {name for one in sets for name in one.used}
    used = [k for k, name in enumerate(rows.names) if name in names]
    low, high = np.array(ranges.minimum), np.array(ranges.maximum)
    found = uncovered(X, rows.names, used, rows.X, low, high)
    probabilities = np.stack([one.probabilities(X) for one in sets])  # [S, n, K]
    defined = np.isfinite(probabilities).all(axis=(0, 2))
    gap = np.where(defined, np.ptp(np.nan_to_num(probabilities), axis=0).max(axis=1), np.inf)
    return with_flags(found, gap, threshold)
