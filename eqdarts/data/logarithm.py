"""A target on a logarithmic scale, where errors that grow with the value are alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from eqdarts.data.chunks import Derived, Source
from eqdarts.data.table import Table
from eqdarts.errors import InputDataError


def log_of(y: pd.Series) -> pd.Series:
    """The natural logarithm of a column, which is called so.

    Raises
    ------
    InputDataError
        Naming the first row without one.

    Examples
    --------
    >>> log_of(pd.Series([1.0, np.e], name="P"))
    0    0.0
    1    1.0
    Name: log(P), dtype: float64
    >>> log_of(pd.Series([1.0, 0.0], name="P"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    eqdarts.errors.InputDataError: log_target: 'P' is 0.0 in row 2 below the header, and only ...
    """
    found = pd.Series(_logarithms(y.to_numpy(dtype=np.float64), str(y.name), 0), y.index, name=f"log({y.name})")
    found.attrs = dict(y.attrs)
    return found


def _logarithms(y: np.ndarray, name: str, start: int) -> np.ndarray:
    if (y <= 0).any():
        row = int(np.flatnonzero(y <= 0)[0])
        raise InputDataError(
            f"log_target: {name!r} is {y[row]} in row {start + row + 1} below the header, and only numbers above zero "
            "have a logarithm; leave such rows out, or say that errors are proportional (noise, --noise)"
        )
    return np.log(y)


@dataclass(frozen=True, eq=False)
class Logarithm(Derived):
    """The same table, with the logarithm of its target.

    Examples
    --------
    >>> table = Table(np.array([[1.0], [2.0]]), np.array([1.0, np.e]), ("x",), "P")
    >>> [(chunk.target, chunk.y.tolist()) for chunk in Logarithm(table).chunks()]
    [('log(P)', [0.0, 1.0])]
    """

    source: Source

    @property
    def target(self) -> str:
        return f"log({self.source.target})"

    def chunks(self) -> Iterator[Table]:
        start = 0
        for chunk in self.source.chunks():
            yield replace(chunk, y=_logarithms(chunk.y, self.source.target, start), target=self.target)
            start += len(chunk)
