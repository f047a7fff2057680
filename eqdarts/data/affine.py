"""Columns that are others times a number plus a number, as steps of scikit-learn's pipelines make them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectorMixin
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from eqdarts.errors import InputDataError


@dataclass(frozen=True, eq=False)
class Affine:
    """Columns [k] of columns [d]: slope · X[:, source] + shift.

    Attributes
    ----------
    source : int array [k]
    slope, shift : array [k]
    """

    source: np.ndarray
    slope: np.ndarray
    shift: np.ndarray

    @classmethod
    def identity(cls, d: int) -> Affine:
        return cls(np.arange(d), np.ones(d), np.zeros(d))

    def then(self, other: Affine) -> Affine:
        """First this one, then the other."""
        slope, shift = self.slope[other.source], self.shift[other.source]
        return Affine(self.source[other.source], other.slope * slope, other.slope * shift + other.shift)

    def undone(self, X: np.ndarray, d: int) -> np.ndarray:
        """The columns [d] of which it made X; NaN for those that are left out."""
        rows = np.full((len(X), d), np.nan)
        rows[:, self.source] = (X - self.shift) / self.slope
        return rows


def affine_of(step: Any, d: int, name: str = "") -> Affine:
    """What a fitted step makes of d columns. name: how messages call it

    Raises
    ------
    InputDataError
        If it is anything else, such as a logarithm, a rotation, or a scaler that clips.

    Examples
    --------
    >>> scaler = StandardScaler().fit(np.array([[1.0], [3.0]]))
    >>> found = affine_of(scaler, 1)
    >>> found.slope.tolist(), found.shift.tolist()
    ([1.0], [-2.0])
    """
    kind = f"the step {name!r} ({type(step).__name__})" if name else type(step).__name__
    if step is None or (isinstance(step, str) and step == "passthrough"):
        return Affine.identity(d)
    if getattr(step, "clip", False):
        raise InputDataError(f"{kind} clips values, which cannot be undone; use clip=False")
    places = np.arange(d)
    if isinstance(step, StandardScaler):
        scale = np.ones(d) if step.scale_ is None else step.scale_
        return Affine(places, 1 / scale, -(np.zeros(d) if not step.with_mean else step.mean_) / scale)
    if isinstance(step, MinMaxScaler):
        return Affine(places, step.scale_, step.min_)
    if isinstance(step, MaxAbsScaler):
        return Affine(places, 1 / step.scale_, np.zeros(d))
    if isinstance(step, RobustScaler):
        scale = np.ones(d) if step.scale_ is None else step.scale_
        return Affine(places, 1 / scale, -(np.zeros(d) if step.center_ is None else step.center_) / scale)
    if isinstance(step, SelectorMixin):
        kept = step.get_support(indices=True)
        return Affine(kept, np.ones(len(kept)), np.zeros(len(kept)))
    if isinstance(step, FunctionTransformer) and step.func is None:
        return Affine.identity(d)
    if isinstance(step, Pipeline):
        found = Affine.identity(d)
        for inner, part in step.steps:
            found = found.then(affine_of(part, len(found.source), f"{name}.{inner}" if name else inner))
        return found
    if isinstance(step, ColumnTransformer):
        return _of_columns(step, d, name)
    raise InputDataError(
        f"{kind} cannot be undone: only scalers that shift and stretch each column by itself can, which are "
        "StandardScaler, MinMaxScaler, MaxAbsScaler and RobustScaler, and selectors of columns"
    )


def _of_columns(step: ColumnTransformer, d: int, name: str) -> Affine:
    parts = []
    for inner, part, columns in step.transformers_:
        places = _places(columns, list(getattr(step, "feature_names_in_", ())), d)
        if isinstance(part, str) and part == "drop":
            continue
        found = affine_of(part, len(places), f"{name}.{inner}" if name else inner)
        parts.append(Affine(places[found.source], found.slope, found.shift))
    joined = (np.concatenate([getattr(part, field) for part in parts]) for field in ("source", "slope", "shift"))
    return Affine(*joined)


def _places(columns: Any, names: Sequence[Any], d: int) -> np.ndarray:
    """The columns that a `ColumnTransformer` gives to a step, which it has by name, place, slice or mask."""
    given = [columns] if isinstance(columns, str) else columns
    if isinstance(given, slice) and isinstance(given.start or given.stop, str):
        start = 0 if given.start is None else names.index(given.start)
        return np.arange(d)[start : None if given.stop is None else names.index(given.stop) + 1]
    if not isinstance(given, slice) and len(given) and all(isinstance(name, str) for name in given):
        return np.array([names.index(name) for name in given])
    places: np.ndarray = np.atleast_1d(np.arange(d)[given if isinstance(given, slice) else np.asarray(given)])
    return places
