"""Ctrl-C, or a request to end, while a fit runs: it ends what is being done, and never what was found.

Python raises KeyboardInterrupt between any two instructions: while a result is being stored, in a `finally`, or just
after the `try` that was there to catch it. So Ctrl-C is only noted, and what asks the clock asks for it too. It raises
within a stage that is run by `Interrupts.during`, which can be left at any point, and is at its deadline.

SIGTERM, by which a batch system says that the time of a job is up, counts as Ctrl-C: where nobody else handles it, and
not in the processes of a pool, which it is to end.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType

from eqdarts.runtime.leaving import Deadline, rest, within

#: Handlers that are ours to replace.
_USUAL = {signal.SIGINT: (signal.default_int_handler,), signal.SIGTERM: (signal.SIG_DFL, signal.default_int_handler)}


class Interrupts:
    """Whether Ctrl-C was pressed.

    Attributes
    ----------
    first : float or None
        When, in `time.monotonic`; None if it was not.
    """

    def __init__(self) -> None:
        self.first: float | None = None
        self._leaves = False  # does a press leave the stage that runs?

    @property
    def noted(self) -> bool:
        """Was it pressed?"""
        return self.first is not None

    def note(self) -> None:
        """It was pressed now."""
        if self.first is None:
            self.first = time.monotonic()

    def during(self, stage: Callable[[], None], deadline: Deadline = float("inf"), at_least: float = 0.0) -> None:
        """Do this; Ctrl-C leaves it where it is, and so does a KeyboardInterrupt that comes from elsewhere.

        So does the deadline (in `time.monotonic`); what comes after it is not begun.

        at_least: seconds of the processor's time that it has in any case
        """
        outer = self._leaves
        try:
            try:
                self._leaves = True
                within(deadline, stage, at_least)
            finally:
                self._leaves = outer
        except KeyboardInterrupt:
            # A press raises but once, so that none can arrive here.
            self._leaves = outer
            self.note()

    def pressed(self, number: int, frame: FrameType | None) -> None:
        """The handler of the signals. Who asks a second time to end the process is obeyed."""
        if number == signal.SIGTERM:
            signal.signal(number, signal.SIG_DFL)
        self.note()
        if self._leaves:
            self._leaves = False
            raise KeyboardInterrupt


_OUTER: ContextVar[Interrupts | None] = ContextVar("eqdarts_interrupts", default=None)


@contextmanager
def interrupts() -> Iterator[Interrupts]:
    """Within it Ctrl-C is noted. In threads and below other handlers, only what raises KeyboardInterrupt is.

    One within another is the same: a press in one search of several is for all that come after it.
    """
    outer = _OUTER.get()
    if outer is not None:
        yield outer
        return
    found = Interrupts()
    token = _OUTER.set(found)
    try:
        with _heard_by(found):
            yield found
    finally:
        _OUTER.reset(token)
        rest()


@contextmanager
def _heard_by(found: Interrupts) -> Iterator[None]:
    """With its handler, where there is no other one."""
    before = {}
    try:
        for number in _ours():
            before[number] = signal.signal(number, found.pressed)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ours() -> list[signal.Signals]:
    """The signals that nobody else handles."""
    if threading.current_thread() is not threading.main_thread():
        return []
    ours = [number for number, usual in _USUAL.items() if signal.getsignal(number) in usual]
    return ours if multiprocessing.current_process().name == "MainProcess" else ours[: ours.count(signal.SIGINT)]
