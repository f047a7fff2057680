"""What can go wrong, by name, and the checks of shape and range that raise it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_kept: ContextVar[list[str] | None] = ContextVar("eqdarts warnings that are kept", default=None)


class EqdartsError(Exception):
    """Base class of every error that eqdarts raises on purpose."""


class InputDataError(EqdartsError, ValueError):
    """The table, a column or an option cannot be used as it is.

    The message names the column, row or option and says what to do. It is a `ValueError` too,
    as users of scikit-learn expect.
    """


class SearchWarning(UserWarning):
    """Something was left out or changed, and the result is still usable."""


def warn(message: str, stacklevel: int = 1) -> None:
    """Issue a `SearchWarning`, or keep its text where `kept_warnings` asks for it."""
    kept = _kept.get()
    if kept is None:
        warnings.warn(message, SearchWarning, stacklevel=stacklevel + 1)
    else:
        kept.append(message)


@contextmanager
def kept_warnings() -> Iterator[list[str]]:
    """Warnings of eqdarts in this thread, as texts in a list instead of on the screen.

    `warnings.catch_warnings` changes the whole process, and for good where two threads leave it in another order.
    """
    kept: list[str] = []
    token = _kept.set(kept)
    try:
        yield kept
    finally:
        _kept.reset(token)


def check_choice(name: str, value: Any, choices: tuple[Any, ...]) -> None:
    """Raise `InputDataError` unless `value` is one of `choices`."""
    if value not in choices:
        raise InputDataError(f"{name}={value!r} is not known; choose one of {', '.join(map(repr, choices))}")


def check_range(name: str, value: Any, low: float, high: float = float("inf"), integer: bool = False) -> None:
    """Raise `InputDataError` unless `value` is a number in [low, high] (an integer if asked)."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not low <= value <= high or (integer and int(value) != value):
        kind = "an integer" if integer else "a number"
        bounds = f"at least {low:g}" if high == float("inf") else f"from {low:g} to {high:g}"
        raise InputDataError(f"{name}={value!r}: expected {kind} {bounds}")
