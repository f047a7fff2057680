"""When a checkpoint is written, and what is done where it cannot be: one warning, and the search goes on."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from eqdarts.checkpoint.codec import CannotHoldError, DamagedError, Listed
from eqdarts.checkpoint.content import Head, pack, read_head, unpack
from eqdarts.checkpoint.table_print import TablePrint
from eqdarts.errors import EqdartsError, InputDataError, warn
from eqdarts.runtime.leaving import unleft
from eqdarts.runtime.lock import FileLock
from eqdarts.runtime.writing import write_files

INTERVAL = 30.0  # seconds between two checkpoints; not tuned
_SHARE = 100.0  # and this many times the processor's time that the last one took: one per cent at the most
_MOST_BYTES = 2_000_000_000
_HEAD_BYTES = 10_000


@dataclass(frozen=True, eq=False)
class Saved:
    """What a checkpoint holds.

    Attributes
    ----------
    settings : dict
        The options of the estimator, but for those that no file can hold.
    left_out : tuple of str
        The names of these.
    table : TablePrint
    boundary : object
        Where the search stood after its last epoch.
    result : object or None
        What it found, if it has ended.
    """

    settings: dict[str, Any]
    left_out: tuple[str, ...]
    table: TablePrint
    boundary: Any
    result: Any = None


class Keeper:
    """Writes where a search stands.

    path: of the file   saved: what it holds beside the search   classes: of objects it may hold
    library: the version of eqdarts   resumed: what the search goes on from
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        saved: Saved,
        classes: Mapping[str, Listed],
        library: str,
        resumed: Saved | None = None,
    ) -> None:
        self._path, self._saved, self._classes, self._library = path, saved, classes, library
        self.resumed = resumed
        self._lock = FileLock(path)
        self._may_write = True
        self._has_warned = False
        self._next = 0.0  # in `time.monotonic`
        self._epochs = 0
        self._is_written = True

    def begin(self) -> None:
        """Ask for the file."""
        try:
            self._may_write = self._lock.take()
        except OSError:
            return  # what the file itself says, when it is written, is what a user needs
        if not self._may_write:
            self._warn(f"process {self._lock.holder} writes it; no checkpoint of this search is written")

    def note(self, boundary: Any, epochs: int) -> None:
        """An epoch is over; written if it is time."""
        self._saved = replace(self._saved, boundary=boundary, result=None)
        self._epochs, self._is_written = epochs, False
        if time.monotonic() >= self._next:
            self.write()

    def conclude(self, result: Any) -> None:
        """The search is over."""
        if self._saved.boundary is not None:
            self._saved = replace(self._saved, result=result)
            self._is_written = False
            self.write()

    @unleft
    def write(self) -> None:
        """Write what is known, unless that is in the file."""
        if self._is_written or not self._may_write:
            return
        begin = time.process_time()
        try:
            head = Head(self._library, self._epochs, self._saved.result is not None)
            content = pack(head, self._saved, self._classes)
            if len(content) > _MOST_BYTES:
                raise CannotHoldError(f"more than {_MOST_BYTES} bytes")
            write_files({self._path: content})
            self._is_written = True
        except CannotHoldError as error:
            self._may_write = False
            self._warn(f"it cannot hold {error}; no checkpoint is written from now on")
        except EqdartsError as error:
            self._warn(f"{error}; the search goes on, and a later one may be")
        except Exception as error:  # whatever it is, what was found is worth more than the file
            self._may_write = False
            self._warn(f"{type(error).__name__}: {error}; no checkpoint is written from now on")
        self._next = time.monotonic() + max(INTERVAL, _SHARE * (time.process_time() - begin))

    def end(self) -> None:
        """Write what is not, and let others have the file."""
        try:
            self.write()
        finally:
            self._lock.release()

    def _warn(self, text: str) -> None:
        if not self._has_warned:
            self._has_warned = True
            warn(f"checkpoint {os.fsdecode(self._path)!r}: {text}")


@contextmanager
def keeping(keeper: Keeper | None) -> Iterator[Keeper | None]:
    """Its file is its own within; on the way out, whatever the reason, what is known is written."""
    if keeper is None:
        yield None
        return
    keeper.begin()
    try:
        yield keeper
    finally:
        keeper.end()


def check_new(path: str | os.PathLike[str]) -> None:
    """Raise `InputDataError` if a search that begins would write over what someone may need."""
    name = os.fsdecode(path)
    try:
        with open(name, "rb") as file:
            head = read_head(file.read(_HEAD_BYTES))
    except DamagedError as error:
        raise InputDataError(
            f"checkpoint: {name!r} is there, and {error}; give another path, or remove the file"
        ) from error
    except (OSError, ValueError):
        return
    if head.finished or _is_written_by_another(path):
        return
    raise InputDataError(
        f"checkpoint: {name!r} holds a search that is not over, with {head.epochs} epochs; go on with "
        f"DARTSRegressor.resume({name!r}, X, y), on the command line with --resume, or remove the file"
    )


def _is_written_by_another(path: str | os.PathLike[str]) -> bool:
    lock = FileLock(path)
    with suppress(OSError):
        if not lock.take():
            return True
        lock.release()
    return False


def read_saved(path: str | os.PathLike[str], classes: Mapping[str, Listed], library: str) -> Saved:
    """What a checkpoint holds.

    Raises
    ------
    InputDataError
        Naming the file, and what is wrong.
    """
    name = os.fsdecode(path)
    try:
        with open(name, "rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise InputDataError(f"checkpoint: {name!r} cannot be read ({getattr(error, 'strerror', error)})") from error
    try:
        if len(content) > _MOST_BYTES:
            raise DamagedError(f"it has more than {_MOST_BYTES} bytes")
        head = read_head(content)
        if head.library != library:
            raise InputDataError(
                f"checkpoint: {name!r} was written by eqdarts {head.library}, and this is {library}: a search goes on "
                "as it began with the same version only; install that one, or fit anew"
            )
        saved = unpack(content, classes)
        if not isinstance(saved, Saved) or saved.boundary is None:
            raise DamagedError("it holds no search")
    except DamagedError as error:
        raise InputDataError(f"checkpoint: {name!r} cannot be used: {error}") from error
    return saved
