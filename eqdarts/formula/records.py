"""JSON from anywhere, read with limits and checked field by field."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from eqdarts.errors import InputDataError

T = TypeVar("T")

MAX_BYTES = 20_000_000
MAX_NAME = 1000  # characters of the name of a column
_MAX_NESTING = 20
_MAX_DIGITS = 30
_SHOWN = 40  # characters of a bad value in a message


def read_text(path: str | os.PathLike[str]) -> str:
    """The text of a file that is not too large.

    Raises
    ------
    InputDataError
        Naming the file.
    """
    name = os.fsdecode(path)
    try:
        with open(name, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputDataError(f"{name!r} cannot be read ({reason})") from error
    if len(data) > MAX_BYTES:
        raise InputDataError(f"{name!r} has more than {MAX_BYTES} bytes; it is not a file of eqdarts")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputDataError(
            f"{name!r} is not text in UTF-8 (byte {error.start}); it is not a file of eqdarts"
        ) from error


def dump(record: dict[str, Any]) -> str:
    """A record as indented text, lists of plain values on one line; floats keep every bit.

    Raises
    ------
    InputDataError
        If `parse_json` would find it too large.
    """
    text = _indented(record, "") + "\n"
    if len(text) > MAX_BYTES:  # it is all ASCII
        raise InputDataError(f"the file would have {len(text)} bytes; at most {MAX_BYTES} are read back")
    return text


def or_null(value: float) -> float | None:
    """JSON has no infinity, and nothing that is no number; `Record.number_or_nan` reads it back."""
    return float(value) if math.isfinite(value) else None


def _indented(value: Any, margin: str) -> str:
    inner = margin + "  "
    if isinstance(value, dict) and value:
        fields = [f"{inner}{json.dumps(key)}: {_indented(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(fields) + f"\n{margin}}}"
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return "[\n" + ",\n".join(inner + _indented(item, inner) for item in value) + f"\n{margin}]"
    return json.dumps(value, allow_nan=False)


def parse_json(text: str, what: str) -> Record:
    """The object in a text.

    Raises
    ------
    InputDataError
        Beginning with `what`; the only exception, whatever the text.
    """
    if not isinstance(text, str):
        raise InputDataError(f"{what}: expected text, got {type(text).__name__}")
    _check_nesting(text, what)

    def integer(digits: str) -> int:
        if len(digits) > _MAX_DIGITS:
            raise InputDataError(f"{what}: a number of {len(digits)} digits; at most {_MAX_DIGITS} are read")
        return int(digits)

    def real(digits: str) -> float:
        value = float(digits) if len(digits) <= 400 else math.inf
        if not math.isfinite(value):
            raise InputDataError(f"{what}: the number {digits[:_SHOWN]} is too large")
        return value

    def constant(name: str) -> float:
        raise InputDataError(f"{what}: {name} is not a number in JSON")

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        out = dict(items)
        if len(out) < len(items):
            raise InputDataError(f"{what}: a field stands twice")
        return out

    try:
        data = json.loads(
            text, parse_int=integer, parse_float=real, parse_constant=constant, object_pairs_hook=pairs
        )  # fmt: skip
    except InputDataError:
        raise
    except (ValueError, RecursionError) as error:
        raise InputDataError(f"{what}: not valid JSON ({error})") from error
    if not isinstance(data, dict):
        raise InputDataError(f"{what}: expected a JSON object, got {_kind(data)}")
    return Record(data, what)


def _check_nesting(text: str, what: str) -> None:
    depth, inside, escaped = 0, False, False
    for character in text:
        if inside:
            inside, escaped = escaped or character != '"', character == "\\" and not escaped
        elif character == '"':
            inside = True
        elif character in "[{":
            depth += 1
            if depth > _MAX_NESTING:
                raise InputDataError(f"{what}: more than {_MAX_NESTING} brackets inside one another")
        elif character in "]}":
            depth -= 1


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


@dataclass(frozen=True)
class Record:
    """A JSON object whose fields are taken out by kind.

    Attributes
    ----------
    data : dict
    where : str
        The way to it, for messages.
    """

    data: dict[str, Any]
    where: str

    def __contains__(self, name: str) -> bool:
        return self.data.get(name) is not None

    def error(self, name: str, message: str) -> InputDataError:
        text = f"{self.where}: {name[:_SHOWN]}: {message}"
        return InputDataError("".join(c if c.isprintable() else ascii(c)[1:-1] for c in text))

    def take(self, name: str, kind: type[T], expected: str) -> T:
        """A field of exactly this type."""
        if name not in self.data:
            raise self.error(name, "is missing")
        value = self.data[name]
        if type(value) is not kind:
            shown = ascii(value)[:_SHOWN] if isinstance(value, str | int | float) else _kind(value)
            raise self.error(name, f"expected {expected}, got {shown}")
        return value  # type: ignore[no-any-return]

    def text(self, name: str, longest: int = MAX_NAME) -> str:
        value = self.take(name, str, "text")
        if len(value) > longest:
            raise self.error(name, f"{len(value)} characters; at most {longest} are read")
        return value

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        value = self.text(name)
        if value not in choices:
            raise self.error(name, f"{ascii(value)[:_SHOWN]} is not known; there are {', '.join(choices[:20])}")
        return value

    def boolean(self, name: str) -> bool:
        return self.take(name, bool, "true or false")

    def integer(self, name: str, low: int = 0, high: int = 2**53) -> int:
        value = self.take(name, int, "a whole number")
        if not low <= value <= high:
            raise self.error(name, f"expected a whole number from {low} to {high}, got {ascii(value)[:_SHOWN]}")
        return value

    def number(self, name: str, low: float = -math.inf) -> float:
        """A finite number; whole ones are read too."""
        if type(self.data.get(name)) is int:
            return float(self.integer(name, -(2**53)))
        value = self.take(name, float, "a number")
        if value < low:
            raise self.error(name, f"expected a number at least {low:g}, got {value!r}")
        return value

    def share(self, name: str) -> float:
        """A number from 0 to 1."""
        value = self.number(name, 0.0)
        if value > 1:
            raise self.error(name, f"expected a number from 0 to 1, got {value!r}")
        return value

    def number_or_nan(self, name: str) -> float:
        """NaN for null."""
        return math.nan if name in self.data and self.data[name] is None else self.number(name)

    def record(self, name: str) -> Record:
        return Record(self.take(name, dict, "an object"), f"{self.where}: {name}")

    def items(self, name: str, read: Callable[[Record, str], T], longest: int = 1_000_000) -> tuple[T, ...]:
        """A list, each of its items taken out by `read`, which gets a record and the name of the item in it."""
        values = self.take(name, list, "a list")
        if len(values) > longest:
            raise self.error(name, f"{len(values)} items; at most {longest} are read")
        inner = Record({str(k): v for k, v in enumerate(values)}, f"{self.where}: {name}")
        return tuple(read(inner, str(k)) for k in range(len(values)))

    def header(self, form: str, version: int) -> None:
        """Check that this is a file of that format, and of no later version."""
        if self.data.get("format") != form:
            got = ascii(self.data.get("format"))[:_SHOWN]
            raise self.error("format", f"expected {form!r}, got {got}; this is not a file of that kind")
        found = self.integer("version", 1)
        if found > version:
            raise self.error("version", f"{found}, but this release reads up to {version}; update eqdarts")
