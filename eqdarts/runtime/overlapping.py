"""Changes of the whole process that last while any fit runs, in whichever thread."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, get_ident


class Overlapping:
    """A change that the first of overlapping users makes and the last one takes back, in whatever order they leave.

    Parameters
    ----------
    change : callable
        Makes the change, and returns what takes it back.
    """

    def __init__(self, change: Callable[[], Callable[[], object]]) -> None:
        self._change = change
        self._lock = Lock()
        self._threads: list[int] = []  # of those who are within, each as often as it is
        self._take_back: Callable[[], object] | None = None
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._after_fork)

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """While it lasts, the change is there."""
        thread = get_ident()
        with self._lock:
            if self._take_back is None:
                self._take_back = self._change()
            self._threads.append(thread)
        try:
            yield
        finally:
            with self._lock:
                self._threads.remove(thread)
                self._end_if_last()

    def _end_if_last(self) -> None:
        if not self._threads and self._take_back is not None:
            take_back, self._take_back = self._take_back, None
            take_back()

    def _after_fork(self) -> None:
        """Of the threads, a forked process has the one that forked; another may have held the lock."""
        self._lock = Lock()
        self._threads = [thread for thread in self._threads if thread == get_ident()]
        self._end_if_last()
