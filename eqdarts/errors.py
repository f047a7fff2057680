"""What can go wrong, by name, warnings, and the checks of options."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator
from contextvars import ContextVar
from itertools import takewhile
from numbers import Integral, Real
from pathlib import Path
from types import FrameType
from typing import Any

_PACKAGE = f"{Path(__file__).parent}{os.sep}"
_kept: ContextVar[list[str] | None] = ContextVar("eqdarts warnings that are kept", default=None)


class EqdartsError(Exception):
    """Base class of every error that eqdarts raises on purpose."""


class InputDataError(EqdartsError, ValueError):
    """The table, a column or an option cannot be used as it is.

    The message names the column, row or option and says what to do. It is a `ValueError` too,
    as users of scikit-learn expect.
    """


class InputTypeError(InputDataError, TypeError):
    """The same, for a value that is neither text nor a number; a `TypeError` too."""


class NoSuchResultError(InputDataError, AttributeError):
    """A fitted model has no such thing, as it was fitted in another way; an `AttributeError` too.

    Whoever looks at all attributes of a model, as scikit-learn's diagram does, passes those over.
    """


class SearchWarning(UserWarning):
    """Something was left out or changed, and the result is still usable."""


def warn(message: str) -> None:
    """Issue a `SearchWarning` at the line that called eqdarts, or keep its text where `kept_warnings` asks for it."""
    kept = _kept.get()
    if kept is None:
        warnings.warn(message, SearchWarning, stacklevel=_frames_within() + 2)
    else:
        kept.append(message)


def _frames_within() -> int:
    """How many frames stand between `warn` and the line that called eqdarts, those of other libraries included."""
    frame: FrameType | None = sys._getframe(2)
    files: list[str] = []
    while frame is not None:
        files.append(frame.f_code.co_filename)
        frame = frame.f_back
    count = max((k + 1 for k, file in enumerate(files) if file.startswith(_PACKAGE)), default=0)
    # Entry points are decorated by contexts, which stand between them and their callers.
    return count + sum(1 for _ in takewhile(lambda file: file == contextlib.__file__, files[count:]))


@contextlib.contextmanager
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
    plain = value is None or (isinstance(value, (str, Real)) and not isinstance(value, bool))
    if not plain or value not in choices:
        raise InputDataError(f"{name}={shown(value)} is not known; choose one of {', '.join(map(repr, choices))}")


def check_range(
    name: str, value: Any, low: float, high: float = float("inf"), integer: bool = False, finite: bool = True
) -> None:
    """Raise `InputDataError` unless `value` is a number in [low, high], finite and an integer if asked."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    endless = number and (finite or integer) and value == float("inf")
    if not number or not low <= value <= high or endless or (integer and int(value) != value):
        kind = "an integer" if integer else "a finite number" if endless else "a number"
        bounds = f"at least {low:g}" if high == float("inf") else f"from {low:g} to {high:g}"
        raise InputDataError(f"{name}={shown(value)}: expected {kind} {bounds}")


def check_flag(name: str, value: Any) -> None:
    """Raise `InputDataError` unless `value` is true or false (or 1 or 0)."""
    if type(value).__name__ not in ("bool", "bool_") and not (isinstance(value, Integral) and value in (0, 1)):
        raise InputDataError(f"{name}={shown(value)}: expected True or False")


def listed_names(option: str, value: Any) -> tuple[str, ...]:
    """A list of names as a tuple; raise `InputDataError` if it is something else."""
    if isinstance(value, str):
        raise InputDataError(f"{option}={value!r}: expected a list of names, such as [{value!r}]")
    try:
        names = tuple(value)
    except TypeError:
        names = (None,)
    if not all(isinstance(name, str) for name in names):
        raise InputDataError(f"{option}={shown(value)}: expected a list of names")
    return names


def shown(value: Any) -> str:
    """A value that came from somewhere, on one line of a message."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else text[:77] + "..."
