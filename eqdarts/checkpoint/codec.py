"""Objects of listed classes as plain values and numbers, and back. No class that is not listed is ever made.

A tree holds plain values as JSON has them; each array, number for number, is a piece of a block of bytes beside it.
What is the same object in two places is one object again when it is read: arrays, formulas, objects of listed classes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any

import numpy as np

from eqdarts.formula.trees import from_tree, is_formula, to_tree

_NUMBERS = "biuf"  # kinds of arrays: truth values, whole numbers, floats
_SPECIAL = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class CannotHoldError(ValueError):
    """An object is of no class that is listed."""


class DamagedError(ValueError):
    """What is read was not written by `encode`."""


@dataclass(frozen=True)
class Listed:
    """A class whose objects a file may hold.

    Attributes
    ----------
    kind : type
    parts : callable
        Object → its parts.
    make : callable
        The inverse.
    """

    kind: type
    parts: Callable[[Any], tuple[Any, ...]]
    make: Callable[..., Any]


def listed(*kinds: type | Listed) -> dict[str, Listed]:
    """Classes by name: dataclasses, by the fields of which they are made, and what has been listed otherwise."""
    rows = [kind if isinstance(kind, Listed) else _by_fields(kind) for kind in kinds]
    found = {row.kind.__name__: row for row in rows}
    assert len(found) == len(rows), "two classes of one name"
    return found


def _by_fields(kind: type) -> Listed:
    if issubclass(kind, Enum):
        return Listed(kind, lambda value: (value.name,), lambda name: kind[name])
    assert is_dataclass(kind)
    names = tuple(f.name for f in fields(kind) if f.init)

    def parts(value: Any) -> tuple[Any, ...]:
        return tuple(getattr(value, name) for name in names)

    def make(*values: Any) -> Any:
        return kind(**dict(zip(names, values, strict=True)))

    return Listed(kind, parts, make)


def encode(value: Any, classes: Mapping[str, Listed]) -> tuple[Any, bytes]:
    """The tree, and the block.

    Raises
    ------
    CannotHoldError
        Naming what no file can hold.

    Examples
    --------
    >>> encode((1, np.arange(2.0), {"a": None}), {})[0]
    {'tuple': [1, {'array': ['<f8', [2], [0], 0]}, {'dict': [['a', None]]}]}
    >>> decode(*encode({"x": (np.inf, b"!")}, {}), {})
    {'x': (inf, b'!')}
    """
    writer = _Writer(classes)
    return writer.plain(value), b"".join(writer.pieces)


def decode(tree: Any, block: bytes, classes: Mapping[str, Listed]) -> Any:
    """The inverse of `encode`.

    Raises
    ------
    DamagedError
        If the two were not made by it, or with other classes.
    """
    try:
        return _Reader(block, classes).value(tree)
    except DamagedError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError, MemoryError) as error:
        raise DamagedError(f"{type(error).__name__}: {error}") from error


class _Writer:
    def __init__(self, classes: Mapping[str, Listed]) -> None:
        self._names = {row.kind: (name, row) for name, row in classes.items()}
        self._numbers: dict[int, int] = {}  # of what was written, by identity
        self._alive: list[Any] = []  # so that no identity is given twice
        self.pieces: list[bytes] = []
        self._size = 0

    def plain(self, value: Any) -> Any:
        kind = type(value)
        if value is None or kind in (bool, int, str):
            return value
        if kind is float:
            return value if math.isfinite(value) else {"float": repr(value)}
        if kind is list:
            return [self.plain(item) for item in value]
        if id(value) in self._numbers:
            return {"again": self._numbers[id(value)]}
        if kind is tuple:
            return {"tuple": [self.plain(item) for item in value]}
        if kind in (set, frozenset):
            return {kind.__name__: [self.plain(item) for item in value]}
        if kind is dict:
            return {"dict": [[self.plain(key), self.plain(item)] for key, item in value.items()]}
        if kind is bytes:
            return {"bytes": value.hex()}
        if isinstance(value, np.generic) and value.dtype.kind in _NUMBERS:
            return {"number": [value.dtype.str, self._piece(value.tobytes())]}
        return self._numbered(value, self._compound(value, kind))

    def _compound(self, value: Any, kind: type) -> Any:
        if kind is np.ndarray:
            return self._array(value)
        if kind in self._names:
            name, row = self._names[kind]
            return {"object": [name, *(self.plain(part) for part in row.parts(value))]}
        if is_formula(value):
            try:
                return {"formula": to_tree(value)}
            except ValueError as error:
                raise CannotHoldError(str(error)) from error
        raise CannotHoldError(f"an object of the class {kind.__module__}.{kind.__qualname__}")

    def _numbered(self, value: Any, tree: Any) -> Any:
        self._numbers[id(value)] = len(self._alive)
        self._alive.append(value)
        return tree

    def _array(self, value: np.ndarray) -> Any:
        if value.dtype.kind == "O" and value.ndim == 1 and all(type(item) is str for item in value):
            words, places = np.unique(value.astype(str), return_inverse=True)
            return {"words": [words.tolist(), places.reshape(-1).tolist()]}
        if value.dtype.kind not in _NUMBERS:
            raise CannotHoldError(f"an array of {value.dtype}")
        # In the order of its memory: sums over an axis are taken in that order, to the last bit.
        axes = np.argsort([-abs(stride) for stride in value.strides], kind="stable").tolist()
        moved = np.ascontiguousarray(value.transpose(axes))
        return {"array": [value.dtype.str, list(value.shape), axes, self._piece(moved.tobytes())]}

    def _piece(self, content: bytes) -> int:
        start = self._size
        self.pieces.append(content)
        self._size += len(content)
        return start


class _Reader:
    def __init__(self, block: bytes, classes: Mapping[str, Listed]) -> None:
        self._block, self._classes = block, classes
        self._made: list[Any] = []

    def value(self, tree: Any) -> Any:
        if isinstance(tree, list):
            return [self.value(item) for item in tree]
        if not isinstance(tree, dict):
            return tree
        ((tag, content),) = tree.items()
        match tag:
            case "again":
                if not (type(content) is int and 0 <= content < len(self._made)):
                    raise DamagedError("an object stands before itself")
                return self._made[content]
            case "float":
                return _SPECIAL[content]
            case "tuple":
                return tuple(self.value(item) for item in content)
            case "set":
                return {self.value(item) for item in content}
            case "frozenset":
                return frozenset(self.value(item) for item in content)
            case "dict":
                return {self.value(key): self.value(item) for key, item in content}
            case "bytes":
                return bytes.fromhex(content)
            case "number":
                kind, start = content
                return self._numbers(kind, 1, start)[0]
        made = self._compound(tag, content)
        self._made.append(made)
        return made

    def _compound(self, tag: str, content: Any) -> Any:
        match tag:
            case "array":
                kind, shape, axes, start = content
                if sorted(axes) != list(range(len(shape))) or any(type(n) is not int or n < 0 for n in shape):
                    raise DamagedError("the shape of an array")
                lengths = [shape[axis] for axis in axes]
                return (
                    self._numbers(kind, math.prod(lengths), start).reshape(lengths).transpose(np.argsort(axes).tolist())
                )
            case "words":
                words, places = content
                if not all(type(word) is str for word in words):
                    raise DamagedError("a word that is no text")
                return np.array([words[place] for place in places], dtype=object)
            case "object":
                name, *parts = content
                if name not in self._classes:
                    raise DamagedError(f"{str(name)[:60]!r} is no class of a checkpoint")
                return self._classes[name].make(*map(self.value, parts))
            case "formula":
                return from_tree(content)
        raise DamagedError(f"{str(tag)[:60]!r} is no kind of value")

    def _numbers(self, kind: Any, count: int, start: Any) -> np.ndarray:
        dtype = np.dtype(kind) if type(kind) is str and len(kind) <= 4 else None
        if dtype is None or dtype.kind not in _NUMBERS or type(start) is not int or start < 0:
            raise DamagedError("the kind of an array")
        if start + count * dtype.itemsize > len(self._block):
            raise DamagedError("an array is cut off")
        return np.frombuffer(self._block, dtype, count, start).copy()
