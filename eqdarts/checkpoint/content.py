"""The bytes of a checkpoint: a line that says what it is, a tree of plain values, and a block of numbers.

The line is JSON with the checksum of all that follows, so that a file that was cut off, changed, or written by another
version is refused before anything in it is looked at.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eqdarts.checkpoint.codec import DamagedError, Listed, decode, encode

FORMAT, VERSION = "eqdarts checkpoint", 1
_LONGEST_HEAD = 10_000  # bytes of the first line


@dataclass(frozen=True)
class Head:
    """What the first line says.

    Attributes
    ----------
    library : str
        The version of eqdarts that wrote the file.
    epochs : int
        That the search had done.
    finished : bool
        Has it ended, with its result in the file?
    """

    library: str
    epochs: int
    finished: bool


def pack(head: Head, value: Any, classes: Mapping[str, Listed]) -> bytes:
    """The file of a value.

    Raises
    ------
    CannotHoldError
        Naming what no file can hold.
    """
    tree, block = encode(value, classes)
    text = json.dumps(tree, allow_nan=False, separators=(",", ":")).encode()
    body = text + block
    line = {"format": FORMAT, "version": VERSION, **vars(head), "tree": len(text), "sha256": _checksum(body)}
    return json.dumps(line).encode() + b"\n" + body


def read_head(content: bytes) -> Head:
    """What the first line says. content: of the file, or the beginning of it

    Raises
    ------
    DamagedError
        If it is no checkpoint of this version.
    """
    line = _line(content)
    library, epochs, finished = (line.get(name) for name in ("library", "epochs", "finished"))
    if not (type(library) is str and type(epochs) is int and type(finished) is bool):
        raise DamagedError("its first line lacks a field")
    return Head(library[:60], epochs, finished)


def unpack(content: bytes, classes: Mapping[str, Listed]) -> Any:
    """The inverse of `pack`.

    Raises
    ------
    DamagedError
        Saying what is wrong.
    """
    line, body = _line(content), content[content.index(b"\n") + 1 :]
    if line.get("sha256") != _checksum(body):
        raise DamagedError("its content does not have its checksum: it was changed or cut off")
    length = line.get("tree")
    if type(length) is not int or not 0 <= length <= len(body):
        raise DamagedError("its first line lacks a field")
    try:
        tree = json.loads(body[:length])
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"its values are no JSON ({type(error).__name__})") from error
    return decode(tree, body[length:], classes)


def _line(content: bytes) -> dict[str, Any]:
    first, end, _ = content[:_LONGEST_HEAD].partition(b"\n")
    try:
        line = json.loads(first) if end else None
    except (ValueError, RecursionError):
        line = None
    if not isinstance(line, dict) or line.get("format") != FORMAT:
        raise DamagedError("it is no checkpoint of eqdarts, or its beginning is lost")
    if line.get("version") != VERSION:
        raise DamagedError(
            f"it is of version {str(line.get('version'))[:20]} of its format, and {VERSION} is read here"
        )
    return line


def _checksum(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
