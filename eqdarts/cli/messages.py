"""Errors and warnings on stderr, one line each, and requests to end."""

from __future__ import annotations

import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from eqdarts.formula.visible import visible

INTERRUPTED = 130  # the exit code that shells give a program which Ctrl-C has ended


def one_line(message: Any) -> str:
    """A message as the terminal may have it, whatever names are in it."""
    return visible(" ".join(str(message).split()))


def say(message: Any) -> None:
    """A line on stderr."""
    print(f"eqdarts: {one_line(message)}", file=sys.stderr)


def show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """What stands in for `warnings.showwarning`."""
    say(f"warning: {message}")


@contextmanager
def heard() -> Iterator[list[str]]:
    """The warnings that are shown meanwhile, as texts in a list too."""
    texts: list[str] = []

    def note(message: Warning | str, *where: Any, **more: Any) -> None:
        texts.append(" ".join(str(message).split()))
        before(message, *where, **more)

    with warnings.catch_warnings():
        before, warnings.showwarning = warnings.showwarning, note
        yield texts


@contextmanager
def ended_like_interrupted() -> Iterator[None]:
    """A request to end, such as of a batch system whose time is up, is handled like Ctrl-C."""
    ours = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    if ours:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
