"""The process of one table: reads commands as lines of JSON, and writes what came of them in the same way.

``{"do": "read"}`` looks at a table, ``{"do": "search"}`` finds its equations, ``{"do": "make"}`` writes a file about
one of them, and ``{"do": "stop"}`` ends a search as Ctrl-C does. It ends, and leaves nothing, when its input ends.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

from eqdarts.errors import EqdartsError

if TYPE_CHECKING:
    from eqdarts.app.desk import Desk


class Stops:
    """Lets a search be ended while it runs, and nothing else."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = False
        self._asked = False

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """Within it a stop raises KeyboardInterrupt in the main thread, also one that was asked for just before."""
        try:
            with self._lock:
                self._open = True
                asked = self._asked
            if asked:
                raise KeyboardInterrupt
            yield
        finally:
            with self._lock:
                self._open = self._asked = False

    def forget(self) -> None:
        """What was asked before was not for the search that comes."""
        with self._lock:
            self._asked = self._asked and self._open

    def ask(self) -> None:
        """End the search that runs, or that is about to."""
        with self._lock:
            self._asked = True
            if self._open:
                _press_ctrl_c()


def _press_ctrl_c() -> None:
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)  # wakes it where it waits
    else:
        signal.raise_signal(signal.SIGINT)


def listen(lines: BinaryIO, commands: queue.Queue[dict[str, Any]], stops: Stops, folder: str) -> None:
    """Pass commands on; at the end of input nobody is left to work for."""
    for line in lines:
        command = json.loads(line)
        if command["do"] == "stop":
            stops.ask()
            continue
        if command["do"] == "search":
            stops.forget()
        commands.put(command)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)  # compiled loops do not hold the interpreter, and would not be asked


def main(folder: str) -> None:
    """Do what is asked, one after the other."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # What libraries print goes to the log; only events go to the app.
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    commands: queue.Queue[dict[str, Any]] = queue.Queue()
    stops = Stops()
    threading.Thread(target=listen, args=(sys.stdin.buffer, commands, stops, folder), daemon=True).start()

    def tell(event: dict[str, Any]) -> None:
        out.write(json.dumps(event).encode() + b"\n")

    from eqdarts.app.reading import looked_at  # pandas, but not what searches

    desk: Desk | None = None
    while True:
        command = commands.get()
        try:
            what = command.pop("do")
            if what == "read":
                tell(looked_at(**command))
            # Whoever looks at the table now will want a search, which does not wait for these modules then.
            from eqdarts.app.desk import Desk

            desk = desk or Desk(folder, stops, tell)
            if what != "read":
                tell(desk.do(what, **command))
        except EqdartsError as error:
            tell({"is": "error", "message": str(error)})
        except Exception as error:  # whatever it is, the page says so and the next command is done
            tell({"is": "error", "message": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main(sys.argv[1])
