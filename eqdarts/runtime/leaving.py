"""Work that is left when its time is over, wherever it stands: for calls that do not look at the clock, as of SymPy.

A thread looks at the clock and raises `TimeIsUp` in the thread that works, as `PyThreadState_SetAsyncExc` of Python
does it: in any thread, without a signal, whose handler and timer belong to the user. A single call of machine code is
not left, so long ones are made of short ones.

Nothing is raised where it could be too late, nor where it could leave something broken that others use: see `_is_safe`.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
from collections.abc import Callable
from types import CodeType, FrameType
from typing import TypeVar

import numpy as np

Deadline = float | Callable[[], float]
F = TypeVar("F", bound=Callable[..., object])
T = TypeVar("T")

_SHORTEST, _LONGEST = 0.002, 0.05  # seconds between two looks at the clock; not tuned
_MOMENT = 0.02  # seconds of the processor's time for what is a matter of little, if no time is left
_STILL = 0.002  # seconds in which Python does not take the turn from a thread; it does after sys.getswitchinterval()
_COMING = 40  # looks, half a millisecond apart, at whether what was raised comes; it does at once


_clock = time.perf_counter
_raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc


class TimeIsUp(BaseException):
    """Raised in work whose time is over. It is no `Exception`, so that none that is expected there is mistaken for it.

    Each piece of work has a class of its own.
    """


def within(deadline: Deadline, work: Callable[[], object], at_least: float = 0.0) -> bool:
    """Do this, and leave it where it stands at the deadline (in `time.monotonic`); returns whether it was done.

    After it nothing is raised any more. Work within work has no more time than what is around it.

    deadline: a time, or what says it, if it can change meanwhile
    at_least: seconds of the processor's time that it has in any case, however busy the machine is

    Examples
    --------
    >>> def work():
    ...     while True:
    ...         pass
    >>> within(time.monotonic() + 0.01, work)
    False
    """
    until = deadline if callable(deadline) else lambda: deadline
    if deadline == np.inf:
        work()
        return True
    if not at_least and time.monotonic() >= until():
        return False
    limit = _Limit(until, at_least)
    mend = _whole()
    try:
        try:
            _watch(limit)
            work()
            limit.close()
        except limit.kind:
            raise
        except BaseException:
            try:  # noqa: SIM105 - a context would be one more place where it may come
                limit.close()
            except limit.kind:
                pass
            raise
    except limit.kind:
        mend()
        return False
    finally:
        if limit in _limits:  # what is around it may have been left before it was there
            _limits.remove(limit)
    return True


def in_time(deadline: Deadline, work: Callable[[], T]) -> T | None:
    """What this gives, if it does by the deadline (in `time.monotonic`), or within a moment; else None."""
    given: list[T] = []
    within(deadline, lambda: given.append(work()), _MOMENT)
    return given[0] if given else None


def unleft(function: F) -> F:
    """A function whose calls are never left: work around it goes on until it is done."""
    _UNLEFT.add(function.__code__)  # type: ignore[attr-defined]
    return function


class _Limit:
    """Of one piece of work. Who has taken the token, which is there once, decides: the work is over, or it is left."""

    def __init__(self, deadline: Callable[[], float], at_least: float) -> None:
        self.thread = threading.get_ident()
        self._busy = _clock_of(self.thread)
        self._deadline, self._processor = deadline, self._busy() + at_least
        self._around = next((one for one in reversed(_limits) if one.thread == self.thread), None)
        self.kind: type[TimeIsUp] = type("TimeIsUp", (TimeIsUp,), {})
        self.is_raised = self._is_leaving = False
        self._tokens = [None]

    @property
    def left(self) -> float:
        """Seconds until its time is over, at the least."""
        own = max(self._deadline() - time.monotonic(), self._processor - self._busy())
        return own if self._around is None else min(own, self._around.left)

    def take(self) -> bool:
        """Once only, and in one instruction, whichever thread asks."""
        try:
            self._tokens.pop()
        except IndexError:
            return False
        return True

    def close(self) -> None:
        """Nothing is raised any more; what is on its way is raised in here.

        A press may break this off, and then it is done again.
        """
        while not self.take():
            if self.is_raised or not _is_watched():
                break
            if not self._is_leaving:  # taken in here, before
                return
            time.sleep(0.0005)
        else:
            return
        for _ in range(_COMING):
            time.sleep(0.0005)

    def leave(self) -> None:
        """Raise in the thread that works, if it may be left and is not done.

        It stands still from the look at where it is until it is raised: Python asks a thread for its turn after five
        milliseconds at the earliest, and in less than these it is done, or not done at all.
        """
        thread, kind = ctypes.c_ulong(self.thread), ctypes.py_object(self.kind)
        time.sleep(0)
        begin, self._is_leaving = _clock(), True
        if not _is_safe(self.thread) or not self.take():
            self._is_leaving = False
        elif _clock() - begin < _STILL:
            _raise_in(thread, kind)
            self.is_raised = True
        else:
            self._tokens.append(None)
            self._is_leaving = False


def _clock_of(thread: int) -> Callable[[], float]:
    """Seconds that the processor gave to a thread, whatever others do; of the process where the system does not say."""
    if not hasattr(time, "pthread_getcpuclockid"):
        return time.process_time
    clock = time.pthread_getcpuclockid(thread)
    return lambda: time.clock_gettime(clock)


_limits: list[_Limit] = []
_lock = threading.Lock()
_watcher: threading.Thread | None = None
_wake = threading.Event()


def _watch(limit: _Limit) -> None:
    global _watcher
    _limits.append(limit)
    with _lock:
        if not _is_watched():
            _wake.clear()
            _watcher = threading.Thread(target=_look, name="eqdarts clock", daemon=True)
            _watcher.start()


def _is_watched() -> bool:
    return _watcher is not None and _watcher.is_alive()


def _look() -> None:
    """What the thread does, until there is no limit left."""
    global _watcher
    while True:
        pause = _LONGEST
        for limit in _innermost():
            left = limit.left
            if left > 0:
                pause = min(pause, left)
            elif not limit.is_raised:
                pause = _SHORTEST
                if _is_safe(limit.thread):
                    limit.leave()
        with _lock:
            if not _limits:
                _watcher = None
                return
        _wake.wait(max(_SHORTEST, pause))
        _wake.clear()


def _innermost() -> list[_Limit]:
    return list({limit.thread: limit for limit in list(_limits)}.values())


def rest() -> None:
    """End the thread, if no work has a limit now."""
    watcher = _watcher
    if watcher is not None and not _limits:
        _wake.set()
        watcher.join(1.0)


def _after_fork() -> None:
    """The thread is not there in a process that was forked off."""
    global _lock, _watcher
    _lock, _watcher = threading.Lock(), None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)

_UNLEFT: set[CodeType] = {threading.Thread.start.__code__}
_ENDS = {"__enter__", "__exit__", "__del__", "deduce_all_facts"}
_MODULES = ("<frozen importlib", f"{os.sep}numba{os.sep}", f"{os.sep}llvmlite{os.sep}")


def _is_safe(thread: int) -> bool:
    """May the work of this thread be left where it stands?

    Not while a module is imported, of which a part would stay; while numba compiles or loads a loop; while a context
    begins or ends; and not in the midst of what SymPy concludes of a symbol, which it keeps. Nor while it starts
    another thread, which has the number of the one that starts it until it runs.
    """
    frame: FrameType | None = sys._current_frames().get(thread)
    while frame is not None and frame.f_code is not within.__code__:
        code = frame.f_code
        if code in _UNLEFT or code.co_name in _ENDS or any(part in code.co_filename for part in _MODULES):
            return False
        frame = frame.f_back
    return True


def _whole() -> Callable[[], None]:
    """What makes the state of the thread, which work that is left may have changed for a moment, as it is now."""
    errors = np.geterr()
    parameters = getattr(sys.modules.get("sympy.core.parameters"), "global_parameters", None)
    precise = getattr(sys.modules.get("mpmath"), "mp", None)
    torch = sys.modules.get("torch")
    known = {} if parameters is None else dict(parameters.__dict__)
    precision = None if precise is None else precise.prec
    gradients = None if torch is None else torch.is_grad_enabled()

    def mend() -> None:
        np.seterr(**errors)
        for name, value in known.items():
            setattr(parameters, name, value)
        if precise is not None and precise.prec != precision:
            precise.prec = precision
        if torch is not None and torch.is_grad_enabled() != gradients:
            torch.set_grad_enabled(gradients)
        cache = sys.modules.get("sympy.core.cache")
        if cache is not None:  # a symbol in it may know but a part of what it was about to learn
            cache.clear_cache()

    return mend
