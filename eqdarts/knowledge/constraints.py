"""`Constraints`: what a user knows that an equation must, may and must not be; checked against a table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from eqdarts.data.columns import listed
from eqdarts.data.table import Table
from eqdarts.errors import InputDataError, check_choice, check_range, listed_names, shown
from eqdarts.formula.functions import BY_NAME
from eqdarts.formula.text import format_name
from eqdarts.graph.operations import OPERATIONS

#: Signs of a prediction, and the bounds that each sets; those of strict ones are not reached.
SIGNS: dict[str, tuple[float, float]] = {
    "positive": (0.0, math.inf),
    "nonnegative": (0.0, math.inf),
    "negative": (-math.inf, 0.0),
    "nonpositive": (-math.inf, 0.0),
}
TOLERANCE = 1e-6  # of the spread of the target: what a value may be off where none is given (not tuned)
_COLUMNS = ("must", "never", "increasing", "decreasing", "convex", "concave")


@dataclass(frozen=True)
class Value:
    """A value that the law has somewhere.

    Attributes
    ----------
    point : dict
        Columns and their values there, which may be infinite; the other columns are anywhere in their ranges.
    value : float
    tolerance : float or None
        By which it may differ; None for rounding only.
    """

    point: Mapping[str, float]
    value: float
    tolerance: float | None = None

    def __str__(self) -> str:
        where = ", ".join(
            f"{format_name(name)} {'->' if math.isinf(at) else '='} {at:g}" for name, at in self.point.items()
        )
        return f"{self.value:g} at {where}"


@dataclass(frozen=True, repr=False)
class Constraints:
    """What is known of a law, which every equation of the front then has.

    Constraints on the form are kept by the search itself: columns in `never` are not in its table, and graphs that
    break another one are not fitted. Those on the shape are checked on the range of the data and its margin: at some
    five hundred points spread evenly (a Sobol sequence), at the corners and at rows of the table, slopes by the
    derivative of the formula. That is a sample, no proof. A formula that is undefined at one of the points breaks them.

    Parameters
    ----------
    must, never : sequence of str
        Columns that must stand in the equation, and such as must not.
    operations : mapping of str to sequence of str
        For a column the operations (`eqdarts.OPERATIONS`) within which it may stand, however deep; sums, differences
        and products are always allowed. Of an operation that is written with others, such as "logistic" with exp
        and a quotient, these are allowed. A quotient by the column is a "power".
    nesting : mapping of str to int, or to a mapping
        How many functions may stand within one another inside this function: ``{"sin": 0}`` allows none inside a sine.
        Or for each inner function how many of it: ``{"exp": {"exp": 0}}``, as PySR's `nested_constraints` has it.
        Powers are no functions here, but those with a column in the exponent, which are "exp".
    max_constants : int, optional
        Fitted constants at the most.
    increasing, decreasing : sequence of str
        Columns with which the prediction never falls, or never rises, the others held.
    convex, concave : sequence of str
        Columns along which it curves upward only, or downward only.
    sign : {"positive", "nonnegative", "negative", "nonpositive"}, optional
        Of the prediction.
    bounds : (low, high), optional
        Of the prediction; None for a side that is open.
    at : sequence of (point, value) or (point, value, tolerance)
        Values that are known: ``[({"x": 0}, 0.0), ({"t": math.inf}, 20.0, 0.5)]``. Columns that a point does not name
        are anywhere in their ranges. Without a tolerance only rounding is allowed, so that a fitted constant has to
        drop out.
    margin : float
        How far beyond the range of each column shapes are checked, as a share of it. Columns that are positive stay so:
        they go down to half of their least value at the most.

    Examples
    --------
    >>> from eqdarts import Constraints
    >>> Constraints(must=["dose"], increasing=["dose"], sign="nonnegative", at=[({"dose": 0}, 0.0)]).given
    {'must': ('dose',), 'increasing': ('dose',), 'sign': 'nonnegative', 'at': (({'dose': 0.0}, 0.0),)}
    >>> Constraints(must=["x1"], never=["x1"])
    Traceback (most recent call last):
    eqdarts.errors.InputDataError: constraints: 'x1' stands in must and in never; take it out of one
    """

    must: Sequence[str] = ()
    never: Sequence[str] = ()
    operations: Mapping[str, Sequence[str]] = field(default_factory=dict)
    nesting: Mapping[str, int | Mapping[str, int]] = field(default_factory=dict)
    max_constants: int | None = None
    increasing: Sequence[str] = ()
    decreasing: Sequence[str] = ()
    convex: Sequence[str] = ()
    concave: Sequence[str] = ()
    sign: str | None = None
    bounds: tuple[float | None, float | None] | None = None
    at: Sequence[Any] = ()
    margin: float = 0.1

    def __post_init__(self) -> None:
        for name in _COLUMNS:
            object.__setattr__(self, name, listed_names(f"constraints: {name}", getattr(self, name)))
        object.__setattr__(self, "operations", _operations(self.operations))
        object.__setattr__(self, "nesting", _nesting(self.nesting))
        object.__setattr__(self, "at", tuple(map(_at, _items("at", self.at))))
        if self.max_constants is not None:
            check_range("constraints: max_constants", self.max_constants, 0, integer=True)
        check_range("constraints: margin", self.margin, 0, 10)
        if self.sign is not None:
            check_choice("constraints: sign", self.sign, tuple(SIGNS))
        if self.bounds is not None:
            object.__setattr__(self, "bounds", _bounds(self.bounds))
        self._check_agreement()

    def _check_agreement(self) -> None:
        for one, other in (("must", "never"), ("increasing", "decreasing"), ("convex", "concave")):
            both = [name for name in getattr(self, one) if name in getattr(self, other)]
            if both:
                raise InputDataError(f"constraints: {both[0]!r} stands in {one} and in {other}; take it out of one")
        if self.sign is not None and self.bounds is not None:
            low, high = SIGNS[self.sign]
            if not max(low, self.limits[0]) < min(high, self.limits[1]):
                raise InputDataError(
                    f"constraints: sign={self.sign!r} leaves nothing of bounds={self.bounds!r}; change one of them"
                )
        low, high = self.limits
        for known in self.values:
            if not low <= known.value <= high:
                raise InputDataError(f"constraints: at has the value {known}, which is outside of sign and bounds")

    @classmethod
    def of(cls, given: Any) -> Constraints:
        """Those that an estimator was given: None, constraints, or a dict of their fields.

        Raises
        ------
        InputDataError
            Naming the field.
        """
        if given is None or isinstance(given, cls):
            return given or cls()
        if not isinstance(given, Mapping):
            raise InputDataError(f"constraints={shown(given)}: expected eqdarts.Constraints, or a dict of its fields")
        known = [f.name for f in fields(cls)]
        unknown = [name for name in given if name not in known]
        if unknown:
            raise InputDataError(f"constraints: {unknown[0]!r} is not known; there are {', '.join(known)}")
        return cls(**given)

    @property
    def given(self) -> dict[str, Any]:
        """The fields that say something."""
        return {f.name: getattr(self, f.name) for f in fields(self) if _says(f.name, getattr(self, f.name))}

    def __repr__(self) -> str:
        return f"Constraints({', '.join(f'{name}={value!r}' for name, value in self.given.items())})"

    def __bool__(self) -> bool:
        return bool(set(self.given) - {"margin"})

    @property
    def limits(self) -> tuple[float, float]:
        """The bounds of the prediction that sign and bounds set together."""
        low, high = SIGNS.get(self.sign or "", (-math.inf, math.inf))
        if self.bounds is not None:
            low = low if self.bounds[0] is None else max(low, self.bounds[0])
            high = high if self.bounds[1] is None else min(high, self.bounds[1])
        return low, high

    @property
    def values(self) -> tuple[Value, ...]:
        """The values that are known."""
        return tuple(Value(*known) for known in self.at)

    @property
    def has_shapes(self) -> bool:
        """Is something said of the shape?"""
        names = "increasing", "decreasing", "convex", "concave", "sign", "bounds"
        return any(getattr(self, name) for name in names)

    def check_names(
        self, columns: Sequence[str], target: str, operations: Sequence[str], max_complexity: int | None
    ) -> None:
        """Raise `InputDataError` where the columns of a table, or another option, contradict them.

        operations: those of the search
        """
        named = [(option, name) for option in _COLUMNS for name in getattr(self, option)]
        named += [("operations", name) for name in self.operations]
        named += [("at", name) for known in self.values for name in known.point]
        for option, name in named:
            if name not in columns:
                what = "the target" if name == target else "no column"
                raise InputDataError(
                    f"constraints: {option} names {name!r}, which is {what}; the columns are {listed(columns)}"
                )
        for name, allowed in self.operations.items():
            missing = [operation for operation in allowed if operation not in operations]
            if missing:
                raise InputDataError(
                    f"constraints: operations allows {missing[0]!r} for {name!r}, which is not among the operations of "
                    f"the search; there are {', '.join(operations)}"
                )
        if not set(columns) - set(self.never):
            raise InputDataError("constraints: never names all columns; leave one")
        least = len(self.must) + (len(self.must) > 1)
        if max_complexity is not None and least > max_complexity:
            raise InputDataError(
                f"constraints: must names {len(self.must)} columns, which take {least} nodes, and "
                f"max_complexity={max_complexity}; raise it"
            )

    def check_rows(self, table: Table) -> None:
        """The same of its rows. Some beyond the bounds may be noise; half of them are not."""
        for name in self.must:
            if np.ptp(table.X[:, table.names.index(name)]) == 0:
                raise InputDataError(f"constraints: must names {name!r}, which has one value only in this table")
        low, high = self.limits
        outside = (table.y < low) | (table.y > high)
        if 2 * outside.sum() > len(table):
            raise InputDataError(
                f"constraints: {outside.sum()} of {len(table)} values of {table.target!r} are outside of "
                f"{low:g} to {high:g}, as sign and bounds have it (first: row {np.flatnonzero(outside)[0]})"
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, of which `of` makes the same constraints; infinite numbers are text."""
        plain: dict[str, Any] = {}
        for name, value in self.given.items():
            if name == "at":
                plain[name] = [[{c: _number_text(v) for c, v in point.items()}, *rest] for point, *rest in value]
            elif isinstance(value, Mapping):
                plain[name] = {k: list(v) if isinstance(v, tuple) else v for k, v in value.items()}
            else:
                plain[name] = list(value) if isinstance(value, tuple) else value
        return plain


def _says(name: str, value: Any) -> bool:
    return value != 0.1 if name == "margin" else value is not None and (isinstance(value, int) or bool(value))


def _number_text(value: float) -> float | str:
    return value if math.isfinite(value) else f"{value:g}"


def _items(option: str, value: Any) -> tuple[Any, ...]:
    if isinstance(value, str | Mapping) or not isinstance(value, Sequence):
        raise InputDataError(f"constraints: {option}={shown(value)}: expected a list")
    return tuple(value)


def _mapping(option: str, value: Any) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise InputDataError(f"constraints: {option}={shown(value)}: expected a mapping by name")
    return value


def _operations(given: Any) -> dict[str, tuple[str, ...]]:
    allowed = {
        str(name): listed_names(f"constraints: operations of {name!r}", names)
        for name, names in _mapping("operations", given).items()
    }
    for column, names in allowed.items():
        unknown = [name for name in names if name not in OPERATIONS]
        if unknown:
            raise InputDataError(
                f"constraints: operations of {column!r} has {unknown[0]!r}, which is not known; there are "
                f"{', '.join(OPERATIONS)}"
            )
    return allowed


def _nesting(given: Any) -> dict[str, int | dict[str, int]]:
    limits: dict[str, int | dict[str, int]] = {}
    for outer, limit in _mapping("nesting", given).items():
        if isinstance(limit, Mapping):
            limits[_function(outer)] = {_function(inner): _count(outer, n) for inner, n in limit.items()}
        else:
            limits[_function(outer)] = _count(outer, limit)
    return limits


def _count(outer: str, value: Any) -> int:
    check_range(f"constraints: nesting of {outer!r}", value, 0, integer=True)
    return int(value)


def _function(name: Any) -> str:
    """The name under which a function is written."""
    if name not in BY_NAME:
        known = ", ".join(dict.fromkeys(row.name for row in BY_NAME.values()))
        raise InputDataError(f"constraints: nesting names {name!r}, which is no function; there are {known}")
    return BY_NAME[name].name


def _bounds(given: Any) -> tuple[float | None, float | None]:
    try:
        low, high = (None if side is None or math.isinf(side) else float(side) for side in given)
    except (TypeError, ValueError) as error:
        raise InputDataError(f"constraints: bounds={shown(given)}: expected (low, high), None for open") from error
    if any(side is not None and math.isnan(side) for side in (low, high)):
        raise InputDataError(f"constraints: bounds={shown(given)}: expected numbers")
    if low is not None and high is not None and not low < high:
        raise InputDataError(f"constraints: bounds={shown(given)}: the first must be less than the second")
    return low, high


def _at(given: Any) -> tuple[Any, ...]:
    wrong = f"constraints: at has {shown(given)}; expected a point and a value, such as ({{'x1': 0}}, 0.0)"
    try:
        point, value, *rest = given
        numbers = {str(name): float(number) for name, number in point.items()}
        others = tuple(float(number) for number in (value, *rest))
    except (TypeError, ValueError, AttributeError) as error:
        raise InputDataError(wrong) from error
    fine = numbers and not any(map(math.isnan, numbers.values())) and all(map(math.isfinite, others))
    if not fine or len(rest) > 1 or (rest and others[1] < 0):
        raise InputDataError(wrong)
    return (numbers, *others)
