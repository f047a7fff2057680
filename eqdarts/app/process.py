"""The process that reads a table and searches for its equation, as the app sees it.

A search fills a core and holds the interpreter, so it has a process of its own: the page stays quick, one tab does not
hold up the other, and whatever happens in a search ends nothing else. Commands go in and events come out as lines of
JSON. The process ends when its input does, so none outlives the app, whatever ended that.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess  # nosec B404 # no shell, and nothing of a user's among its arguments
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from typing import Any

Event = dict[str, Any]

#: Seconds that a command may take, where it is no search (not tuned).
PATIENCE = 180.0
_END = 2.0  # seconds that a process has to end by itself (not tuned)


class Worker:
    """A process of `eqdarts.app.worker`.

    folder: where its files are, and what it writes; it removes that when it ends   watch: called with progress events
    """

    def __init__(self, folder: Path, watch: Callable[[Event], None]) -> None:
        self._watch = watch
        self._replies: queue.Queue[Event] = queue.Queue()
        self._asking, self._writing = Lock(), Lock()
        self._log = folder / "errors.txt"
        own_group: dict[str, Any] = {"start_new_session": True}
        if os.name == "nt":
            own_group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}  # type: ignore[attr-defined]
        with open(self._log, "wb") as log:
            # Ctrl-C at the terminal is meant for the app, which then ends this process in its own way.
            self._process = subprocess.Popen(  # nosec B603 # this Python, a module of ours, a folder of ours
                [sys.executable, "-m", "eqdarts.app.worker", str(folder)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, cwd=folder, env=_environment(), **own_group,
            )  # fmt: skip
        Thread(target=self._listen, daemon=True).start()

    @property
    def number(self) -> int:
        """Of the process."""
        return self._process.pid

    def ask(self, command: Event, patience: float | None = PATIENCE) -> Event:
        """Send a command and wait for its reply; one at a time.

        Returns
        -------
        dict
            ``is`` says of which kind it is: "error" or "lost", with a message, or as the command says.
        """
        with self._asking:
            if not self._send(command):
                return self._lost()
            try:
                reply = self._replies.get(timeout=patience)
            except queue.Empty:
                self.close()
                return {"is": "lost", "message": f"no answer within {patience:.0f} seconds"}
            if reply["is"] == "lost":
                self._replies.put(reply)  # for whoever asks next
            return reply

    def stop(self) -> None:
        """End the search that runs as Ctrl-C does; its reply comes soon after."""
        self._send({"do": "stop"})

    def close(self) -> None:
        """End the process and what it left in its folder."""
        with suppress(OSError, ValueError):
            self._process.stdin.close()  # type: ignore[union-attr]
        try:
            self._process.wait(_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _send(self, command: Event) -> bool:
        line = json.dumps(command).encode() + b"\n"
        try:
            with self._writing:
                assert self._process.stdin is not None
                self._process.stdin.write(line)
                self._process.stdin.flush()
        except (OSError, ValueError):  # it has ended, or is closed
            return False
        return True

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                event = json.loads(line)
                if event["is"] == "progress":
                    self._watch(event)
                else:
                    self._replies.put(event)
        self._replies.put(self._lost())

    def _lost(self) -> Event:
        """What is known of the end of the process."""
        code = self._process.wait()
        last = ""
        with suppress(OSError):
            text = self._log.read_text("utf-8", errors="replace").strip()
            last = text.splitlines()[-1][:300] if text else ""
        if code == -9:
            return {"is": "lost", "message": "it was ended from outside, as the system does when memory runs out"}
        return {"is": "lost", "message": f"it ended with code {code}" + (f": {last}" if last else "")}


def _environment() -> dict[str, str]:
    """That of the app, in which the process finds the same modules, and none where the app happened to be started."""
    paths = os.pathsep.join(os.path.abspath(path) for path in sys.path if path)
    return {**os.environ, "PYTHONPATH": paths, "PYTHONIOENCODING": "utf-8"}
