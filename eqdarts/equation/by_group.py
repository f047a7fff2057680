"""The constants of an equation that are other numbers in each group of rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from eqdarts.data.groups import places_of
from eqdarts.errors import InputDataError
from eqdarts.formula.records import Record, or_null

INDEX = "g"  # of the constants that groups have of their own
_MOST = 100_000  # groups and rows of them in a file


@dataclass(frozen=True, eq=False)
class ByGroup:
    """Constants that each group has of its own, and what the others are known to.

    Attributes
    ----------
    column : str
        Name of the column of labels.
    labels : tuple of str
        The G groups.
    names : tuple of str
        The K own constants, symbols of the expression such as ``a_g``.
    values, errors : array [G, K]
        Standard errors are infinite where the rows do not determine a constant.
    rows : int array [G]
        Of each group.
    residual : array [G]
        Root mean square of the residuals of each group, in units of the target.
    shared : mapping of str to (value, standard error)
        Constants that all groups share, in the order in which the expression has them.
    length : float
        Of the description of all groups, in nats (`eqdarts.simplify.description.joint_length`).
    freedom : int
        Rows less constants.
    """

    column: str
    labels: tuple[str, ...]
    names: tuple[str, ...]
    values: np.ndarray
    errors: np.ndarray
    rows: np.ndarray
    residual: np.ndarray
    shared: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    length: float = np.nan
    freedom: int = 0

    @property
    def n_constants(self) -> int:
        """How many numbers were fitted."""
        return self.values.size + len(self.shared)

    @property
    def table(self) -> pd.DataFrame:
        """A row per group: value and standard error of each own constant, the rows, and what is left of them."""
        columns: dict[str, np.ndarray] = {}
        for k, name in enumerate(self.names):
            columns[name] = self.values[:, k]
            columns[f"{name} std_error"] = self.errors[:, k]
        columns |= {"rows": self.rows, "residual": self.residual}
        return pd.DataFrame(columns, index=pd.Index(self.labels, name=self.column, dtype=object))

    @property
    def shared_table(self) -> pd.DataFrame:
        """A row per shared constant: value, std_error, low, high, the last two of 95 % by Student's t."""
        index = pd.Index(list(self.shared), dtype=object)
        table = pd.DataFrame(list(self.shared.values()), columns=["value", "std_error"], index=index, dtype=float)
        reach = student.ppf(0.975, self.freedom) if self.freedom > 0 else np.inf
        away = np.where(table.std_error == 0, 0.0, reach * table.std_error)
        return table.assign(low=table.value - away, high=table.value + away)

    @property
    def deviation(self) -> float:
        """Standard deviation of a residual, all groups together; that of the rows where no freedom is left."""
        squares = float(self.residual**2 @ self.rows)
        return float(np.sqrt(squares / (self.freedom if self.freedom > 0 else int(self.rows.sum()))))

    def places(self, groups: Any, n: int) -> np.ndarray:
        """The group of each of n rows: int [n].

        Raises
        ------
        InputDataError
            If there are no labels, or one that is unknown.
        """
        if groups is None:
            raise InputDataError(
                f"the equation has constants for each group: give groups=, a label of {self.column!r} for each row or "
                f"one for all, such as groups={self.labels[0]!r}"
            )
        return places_of(groups, n, self.labels)

    def beside(self, X: np.ndarray, groups: Any) -> np.ndarray:
        """Rows X [n, d] with the constants of their groups beside them: [n, d + K].

        Where groups have none of their own, rows of any group will do, and `groups` need not be given.
        """
        if not self.names:
            return X
        return np.column_stack([X, self.values[self.places(groups, len(X))]])

    def of(self, label: Any) -> dict[str, float]:
        """The own constants of one group, by name."""
        k = int(self.places(label, 1)[0])
        return dict(zip(self.names, self.values[k].tolist(), strict=True))

    def to_record(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "column": self.column,
            "labels": list(self.labels),
            "names": list(self.names),
            "values": self.values.tolist(),
            "errors": [[or_null(e) for e in row] for row in self.errors.tolist()],
            "rows": self.rows.tolist(),
            "residual": self.residual.tolist(),
            "shared": [{"name": k, "value": v, "std_error": or_null(e)} for k, (v, e) in self.shared.items()],
            "length": or_null(self.length),
            "freedom": int(self.freedom),
        }

    @classmethod
    def from_record(cls, data: Record) -> ByGroup:
        """The inverse of `to_record`.

        Raises
        ------
        InputDataError
            Naming the field that is wrong.
        """
        labels = data.items("labels", Record.text, _MOST)
        names = data.items("names", Record.text)
        values, errors = (data.items(key, _row_of(len(names)), _MOST) for key in ("values", "errors"))
        rows = data.items("rows", lambda r, k: r.integer(k, 1), _MOST)
        residual = data.items("residual", Record.number, _MOST)
        if not len(values) == len(errors) == len(rows) == len(residual) == len(set(labels)) == len(labels):
            raise data.error("labels", "expected each group once, with its constants, rows and residual")
        shared = data.items("shared", lambda r, k: _shared(r.record(k)))
        shape = len(labels), len(names)
        return cls(
            data.text("column"), labels, names, np.array(values).reshape(shape),
            np.nan_to_num(np.array(errors).reshape(shape), nan=np.inf), np.array(rows), np.array(residual),
            dict(shared), data.number_or_nan("length"), data.integer("freedom", -(2**53)),
        )  # fmt: skip


def _row_of(length: int) -> Callable[[Record, str], tuple[float, ...]]:
    """Reads so many numbers, NaN for null."""

    def read(record: Record, key: str) -> tuple[float, ...]:
        row = record.items(key, Record.number_or_nan)
        if len(row) != length:
            raise record.error(key, f"expected {length} numbers, got {len(row)}")
        return row

    return read


def _shared(data: Record) -> tuple[str, tuple[float, float]]:
    error = data.number_or_nan("std_error")
    return data.text("name"), (data.number("value"), np.inf if np.isnan(error) else error)


def own_name(name: str, taken: Collection[str]) -> str:
    """The name of a constant with the index of its group, and with another one where a column has that name.

    Examples
    --------
    >>> own_name("k", ("t", "y")), own_name("k", ("k_g",))
    ('k_g', 'k_gg')
    """
    index = INDEX
    while f"{name}_{index}" in taken:
        index += INDEX
    return f"{name}_{index}"
