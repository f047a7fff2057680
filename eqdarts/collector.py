"""Spares a fit Python's full garbage collections."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_NEVER = 1_000_000  # collections of the middle generation between two full ones

_lock = Lock()
_fits = 0  # that are running, in any thread
_threshold = (0, 0, 0)  # to go back to after the last of them


@contextmanager
def no_full_collections() -> Iterator[None]:
    """Without full collections of garbage, here and in other threads; the setting of before comes back.

    A full one walks over everything that torch and SymPy hold, a third of a second at the first fit of a process.
    Young objects are collected as ever, and all others once the last fit has ended.
    """
    global _fits, _threshold
    with _lock:
        if _fits == 0:
            _threshold = gc.get_threshold()
            gc.set_threshold(*_threshold[:2], _NEVER)
        _fits += 1
    try:
        yield
    finally:
        with _lock:
            _fits -= 1
            if _fits == 0:
                gc.set_threshold(*_threshold)
