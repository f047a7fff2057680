"""What any fitted model is given: rows, whose columns it knows by name, and a seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from eqdarts.data import as_frame, given_columns, has_columns, select, with_indicators
from eqdarts.errors import InputDataError, shown


class GivenRows(BaseEstimator):
    """Rows for a model that was fitted to a table of the same columns."""

    random_state: Any

    @property
    def _columns(self) -> tuple[str, ...]:
        """The names of the columns of the fit."""
        raise NotImplementedError

    def _rows(self, X: Any) -> np.ndarray:
        """Rows X [n, d] of the columns of the fit: of a table by their names, of an array in their order.

        NaN where a value is missing.
        """
        named, columns, table = hasattr(self, "feature_names_in_"), self._columns, as_frame(X)
        if isinstance(table, pd.DataFrame):
            table = with_indicators(table, columns, all_labels=True)
        found = isinstance(table, pd.DataFrame) and (named or has_columns(table, columns))
        rows, names = given_columns(select(table, columns) if found else table)
        return self._validated(rows, None if found and not named else names, reset=False)

    def _validated(self, X: np.ndarray, names: tuple[str, ...] | None, reset: bool) -> np.ndarray:
        """What scikit-learn checks: as many columns as before, with the same names."""
        table = X if names is None else pd.DataFrame(X, columns=list(names), copy=False)
        try:
            found: np.ndarray = validate_data(self, table, reset=reset, dtype=np.float64, ensure_all_finite=False)
        except (TypeError, ValueError) as error:
            raise InputDataError(" ".join(str(error).split())) from error
        return found

    def _generator(self) -> np.random.Generator:
        try:
            state = check_random_state(self.random_state)
        except (TypeError, ValueError) as error:
            raise InputDataError(
                f"random_state={shown(self.random_state)}: expected a whole number from 0 to {2**32 - 1}, None, or a "
                "numpy.random.RandomState"
            ) from error
        return np.random.default_rng(state.randint(2**31 - 1))
