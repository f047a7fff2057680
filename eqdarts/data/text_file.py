"""A file as text: unpacked, and decoded as it says or seems to be."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import re
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import IO

from eqdarts.errors import EqdartsError, InputDataError

#: How much of a file is looked at to find out how it is written. Not tuned: some thousand lines.
HEAD_BYTES = 2**18
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_OTHER = "cp1252"  # what most text is that is no UTF-8
_BINARY = re.compile("[\0-\x08\x0e-\x1a\x1c-\x1f]")
#: What a packed file that is damaged raises.
DAMAGED = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, gzip.BadGzipFile)


def first_bytes(path: Path, count: int = 4) -> bytes:
    """So many at its beginning; raises `InputDataError` if it cannot be read."""
    if path.is_dir():
        raise InputDataError(f"{path}: cannot be read: it is a folder; check the path")
    try:
        with path.open("rb") as file:
            return file.read(count)
    except FileNotFoundError as error:
        raise InputDataError(f"{path}: no such file; check the path") from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = getattr(error, "strerror", None) or error
        raise InputDataError(f"{path}: cannot be read ({reason}); check the path") from error


def is_workbook(path: Path) -> bool:
    """Is it a spreadsheet of the kind .xlsx?"""
    if not first_bytes(path).startswith(b"PK\x03\x04"):
        return False
    with suppress(*DAMAGED, OSError), zipfile.ZipFile(path) as archive:
        return any(name.startswith("xl/") for name in archive.namelist())
    return False


def unpacked(path: Path) -> IO[bytes]:
    """The bytes of a file, which may be compressed (.gz, .bz2, .xz, or .zip with a single file)."""
    start = first_bytes(path, 8)
    if start.startswith(b"\x1f\x8b"):
        return gzip.open(path)  # type: ignore[return-value]
    if start.startswith(b"BZh"):
        return bz2.open(path)
    if start.startswith(b"\xfd7zXZ"):
        return lzma.open(path)
    if start.startswith(b"PK\x03\x04"):
        return _only_member(path)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise InputDataError(f"{path}: this is a spreadsheet of an old kind; save the table as .xlsx or CSV first")
    for mark, kind in ((b"\x28\xb5\x2f\xfd", "zstd"), (b"7z\xbc\xaf", "7z"), (b"%PDF", "a PDF"), (b"\x89PNG", "PNG")):
        if start.startswith(mark):
            raise InputDataError(f"{path}: this is {kind}, not text; save the table as CSV first")
    return path.open("rb")


def _only_member(path: Path) -> IO[bytes]:
    try:
        archive = zipfile.ZipFile(path)  # closed with the member, which holds it
    except DAMAGED as error:
        raise InputDataError(
            f"{path}: this is a spreadsheet or an archive that cannot be read, not text; save the table as CSV first"
        ) from error
    members = [name for name in archive.namelist() if not name.endswith("/")]
    if len(members) != 1 or any(name.startswith(("xl/", "content.xml")) for name in members):
        archive.close()
        raise InputDataError(
            f"{path}: this is a spreadsheet or an archive of {len(members)} files, not text; save the table as CSV "
            "first"
        )
    return archive.open(members[0])


def opened(path: Path, encoding: str) -> io.TextIOWrapper:
    """Its text, with every line end as a line feed."""
    _check_encoding(encoding)
    return io.TextIOWrapper(unpacked(path), encoding=encoding, newline=None)


def head_of(path: Path, encoding: str | None) -> tuple[str, str]:
    """The first lines of a file, none of them cut, and the encoding, which is looked for where it is None.

    Raises
    ------
    InputDataError
        If the file cannot be read, is empty, or is not text in this encoding.
    """
    try:
        with unpacked(path) as file:
            start = file.read(HEAD_BYTES)
    except (*DAMAGED, OSError) as error:
        raise damaged(path, error) from error
    whole = len(start) < HEAD_BYTES
    marked = next((name for mark, name in _MARKS.items() if start.startswith(mark)), None)
    used = encoding or marked or "utf-8"
    _check_encoding(used)
    try:
        text = _decoded(start, used, whole)
    except UnicodeError as error:
        if encoding is not None or marked is not None:
            raise not_text(path, used, start, error, marked) from error
        try:
            text, used = _decoded(start, _OTHER, whole), _OTHER
        except UnicodeError:
            _check_text(path, start.decode("latin-1"), used, encoding, marked)
            raise InputDataError(
                f"{path}: this is neither UTF-8 nor {_OTHER}; say the encoding (--encoding)"
            ) from error
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    _check_text(path, text, used, encoding, marked)
    return (text if whole else text[: text.rfind("\n") + 1] or text), used


def _check_encoding(encoding: str) -> None:
    """Raise `InputDataError` unless it makes text of bytes; codecs such as hex and rot13 do not."""
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    except (LookupError, ValueError) as error:
        raise InputDataError(f"encoding={encoding!r} is not known; try 'utf-8' or 'latin-1'") from error


def _decoded(start: bytes, encoding: str, whole: bool) -> str:
    return codecs.getincrementaldecoder(encoding)().decode(start, final=whole)


def _check_text(path: Path, text: str, used: str, given: str | None, marked: str | None) -> None:
    start = text.lstrip().lower()
    for beginnings, kind in ((("<!doctype", "<html", "<?xml"), "a web page or XML"), (('{"', "[{", "[["), "JSON")):
        if start.startswith(beginnings):
            raise InputDataError(f"{path}: this is {kind}, not a table in text; save the table as CSV first")
    binary = _BINARY.search(text)
    if not text.strip():
        raise InputDataError(f"{path}: the file is empty; expected a header line and rows of numbers")
    if binary is None:
        return
    if binary[0] == "\0" and text.count("\0") > len(text) / 8 and (given is None or marked is None):
        other = "utf-16" if marked == "utf-16" else "utf-16-le"
        raise InputDataError(
            f"{path}: contains NUL characters, so it is not {used} text; try encoding {other!r} (--encoding)"
        )
    line = text.count("\n", 0, binary.start()) + 1
    raise InputDataError(
        f"{path}: line {line} holds the character {binary[0]!r}, so it is not a table in text; save it as CSV first"
    )


def not_text(path: Path, encoding: str, start: bytes, error: UnicodeError, marked: str | None = None) -> InputDataError:
    """The line that is no text in this encoding, and which one to try."""
    line = start.count(b"\n", 0, getattr(error, "start", 0)) + 1
    other = marked if marked not in (None, encoding) else ("cp1252" if encoding.startswith("utf") else "utf-8")
    return InputDataError(f"{path}: line {line} is not {encoding} text; try encoding {other!r} (--encoding)")


def damaged(path: Path, error: Exception) -> EqdartsError:
    """What an unreadable file says."""
    if isinstance(error, FileNotFoundError):
        return InputDataError(f"{path}: no such file; check the path")
    if isinstance(error, OSError) and error.strerror:
        return InputDataError(f"{path}: cannot be read ({error.strerror}); check the path")
    return InputDataError(f"{path}: a compressed file that is damaged ({' '.join(str(error).split())}); copy it again")
