"""Processes that work for another one end when that one does, whatever ended it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from threading import Thread
from typing import Any

from sklearn.utils.parallel import delayed

_INTERVAL = 0.5  # seconds between two looks; not tuned


def delayed_here(function: Callable[..., Any]) -> Callable[..., Any]:
    """`delayed` of joblib, for a call whose process ends when this one has ended.

    A fit takes minutes, and nobody is left to take its result. Processes of Windows go on.
    """
    call = delayed(_call)

    def later(*arguments: Any) -> Any:
        return call(os.getpid(), function, *arguments)

    return later


def _call(master: int, function: Callable[..., Any], *arguments: Any) -> Any:
    if master != os.getpid() and os.name == "posix":
        _watch(master, os.getpid())
    return function(*arguments)


@cache
def _watch(master: int, own: int) -> None:
    """Look after the master in a thread, once in each process; a forked one has a number of its own."""
    Thread(target=_end_with, args=(master, os.getppid() == master), daemon=True).start()


def _end_with(master: int, parent: bool) -> None:
    while os.getppid() == master if parent else runs(master):
        time.sleep(_INTERVAL)
    os._exit(1)  # compiled loops do not hold the interpreter, and would not be asked


def runs(process: int) -> bool:
    """Whether a process of this number runs. For POSIX: on Windows, asking would end it."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True  # another user's
    return not _is_over(process)


def _is_over(process: int) -> bool:
    """Has it ended, and only its number is kept because nobody asked how? Known on Linux, elsewhere false."""
    try:
        status = Path(f"/proc/{process}/stat").read_bytes()
    except OSError:
        return False
    return status.rpartition(b")")[2].split()[:1] in ([b"Z"], [b"X"])
