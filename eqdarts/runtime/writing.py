"""Files written whole or not at all, several at once, and what killed processes left of that."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from eqdarts.errors import EqdartsError
from eqdarts.runtime.orphans import runs

_HOST = hashlib.blake2b(platform.node().encode(), digest_size=4).hexdigest()
_PROCESS = secrets.token_hex(4)  # tells this process from an earlier one of the same number
_ASIDE = re.compile(r"\.eqdarts-([0-9a-f]{8})-(\d{1,10})-([0-9a-f]{8})-\d{1,10}")
_OLD = 86_400  # seconds after which a file of another machine belongs to nobody; not tuned
_numbers = count()


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a file complete or not at all: it is made aside and then moved into place.

    Raises
    ------
    EqdartsError
        Naming the file.
    """
    write_files({path: text.encode("utf-8")})


def write_files(contents: Mapping[str | os.PathLike[str], bytes]) -> None:
    """Write files, each complete or not at all, and none if one of them cannot be written.

    All are made aside, in the folders where they belong, and then moved into place; if one cannot be moved, those
    before it become what they were. What a killed process left aside there is removed.

    Raises
    ------
    EqdartsError
        Naming the file.
    """
    asides: list[Path] = []
    try:
        places = []
        for path in contents:
            with _naming(path):
                places.append(_place(path))
        for folder in {place.parent for place in places}:
            _remove_leftovers(folder)
        for path, place in zip(contents, places, strict=True):
            with _naming(path):
                asides.append(place.with_name(_name_aside()))
                _write_aside(asides[-1], place, contents[path])
        _move(contents, asides, places)
    finally:
        for aside in asides:
            with suppress(OSError):
                aside.unlink()


def _move(paths: Iterable[str | os.PathLike[str]], asides: Sequence[Path], places: Sequence[Path]) -> None:
    """Move files into place, all or none."""
    before: list[tuple[Path, Path | None]] = []  # places that are moved to, and what was there
    try:
        for path, aside, place in zip(paths, asides, places, strict=True):
            with _naming(path):
                before.append((place, _second_name(place)))
                os.replace(aside, place)
    except BaseException:
        for (place, old), aside in reversed(list(zip(before, asides, strict=False))):
            if not aside.exists():  # it was moved
                with suppress(OSError):
                    if old is None:
                        place.unlink()
                    else:
                        os.replace(old, place)
        raise
    finally:
        for _, old in before:
            if old is not None:
                with suppress(OSError):
                    old.unlink()


def _second_name(place: Path) -> Path | None:
    """Another name for what is at a place, which it keeps when another file is moved there."""
    if not place.exists():
        return None
    second = place.with_name(_name_aside())
    try:
        os.link(place, second)
    except OSError:  # a file system without links
        shutil.copy2(place, second)
    return second


@contextmanager
def _naming(path: str | os.PathLike[str]) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EqdartsError(f"{os.fsdecode(path)!r} cannot be written ({error.strerror or error})") from error


def _place(path: str | os.PathLike[str]) -> Path:
    """Where the file itself is or will be, behind links."""
    place = Path(os.path.realpath(path))
    if place.is_dir():
        raise IsADirectoryError(None, "it is a folder")
    return place


def _write_aside(aside: Path, place: Path, content: bytes) -> None:
    with open(aside, "xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if place.exists():
        os.chmod(aside, place.stat().st_mode & 0o777)


def _name_aside() -> str:
    return f".eqdarts-{_HOST}-{os.getpid()}-{_PROCESS}-{next(_numbers)}"


def _remove_leftovers(folder: Path) -> None:
    """Remove what processes that are gone left aside in a folder."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _is_left_over(entry):
                with suppress(OSError):
                    os.unlink(entry)


def _is_left_over(entry: os.DirEntry[str]) -> bool:
    found = _ASIDE.fullmatch(entry.name)
    if found is None or not entry.is_file(follow_symlinks=False):
        return False
    host, process, token = found.groups()
    if host == _HOST and os.name == "posix":
        return token != _PROCESS if int(process) == os.getpid() else not runs(int(process))
    return time.time() - entry.stat(follow_symlinks=False).st_mtime > _OLD
