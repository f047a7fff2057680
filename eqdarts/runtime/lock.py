"""One process at a time writes a file: a lock beside it, which the system takes back when its process ends."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


class FileLock:
    """The right to write a file, for whoever asks first.

    Processes and threads that hold it are told apart. When a process ends, however it does, it no longer holds it; so
    none is left behind, whatever file is. On Windows the file itself is what is held, as it cannot be removed while it
    is open. File systems without locks give it to everyone: then the last one who writes wins, and no file is ever half
    written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(os.path.realpath(path) + ".lock")
        self._file: int | None = None

    def take(self) -> bool:
        """Whether it is had now; false if another one holds it.

        Raises
        ------
        OSError
            If no file can be made there.
        """
        while self._file is None:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            if not _hold(file):
                os.close(file)
                return False
            if self._is_there(file):
                self._file = file
                os.truncate(file, 0)
                os.write(file, str(os.getpid()).encode())
            else:  # whoever had it has just removed it
                os.close(file)
        return True

    @property
    def holder(self) -> str:
        """The number of the process that holds it, if it can be read."""
        with suppress(OSError, ValueError):
            return str(int(self._path.read_bytes()[:20]))
        return "unknown"

    def release(self) -> None:
        """Let others have it."""
        if self._file is not None:
            file, self._file = self._file, None
            if os.name != "posix":  # no file that is open can be removed there, and no later one is another's
                os.close(file)
            with suppress(OSError):
                self._path.unlink()
            if os.name == "posix":
                os.close(file)

    def _is_there(self, file: int) -> bool:
        """Is the open file still the one beside the path?"""
        try:
            return os.name != "posix" or os.path.samestat(os.fstat(file), os.stat(self._path))
        except OSError:
            return False


def _hold(file: int) -> bool:
    if sys.platform == "win32":
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # no locks on this file system
        return True
    return True
