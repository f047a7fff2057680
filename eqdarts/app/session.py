"""One table in one tab: its files, its process, and where it stands."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock, Thread
from typing import Any, Protocol

from eqdarts.app.process import Event, Worker
from eqdarts.app.question import Question, Writing, first_guess
from eqdarts.errors import EqdartsError, InputDataError

CHOOSING, SEARCHING, FOUND, ENDED = "choosing", "searching", "found", "ended"
#: Tables that may be open at once: each has a process with a few hundred megabytes (not tuned).
MOST = 8
_FORGOTTEN = 2 * 3600.0  # seconds without a word from its page after which a session is closed
_UNWATCHED = 120.0  # and after which it makes room for another; the pages say something every 20 seconds


@dataclass(frozen=True)
class View:
    """Where a session stands, all at once: it is replaced, never changed.

    Attributes
    ----------
    stage : str
        CHOOSING, SEARCHING, FOUND or ENDED.
    table : dict
        What `eqdarts.app.reading.looked_at` says.
    writing : Writing
        How the file is written, as far as it was said.
    question : Question
    message : str
        What went wrong with the last one, if anything.
    progress : dict
        The last event of the search, and when it came: ``at``, in seconds since the search began.
    began : float
        When the search did, in `time.monotonic`; before it does, when it was asked for.
    stopping : bool
        Was it asked to stop?
    found : dict
        What `eqdarts.app.desk.told` says.
    """

    stage: str
    table: dict[str, Any]
    writing: Writing
    question: Question
    message: str = ""
    progress: dict[str, Any] = field(default_factory=dict)
    began: float = 0.0
    stopping: bool = False
    found: dict[str, Any] = field(default_factory=dict)


class Works(Protocol):
    """What reads and searches for a session: `eqdarts.app.process.Worker`."""

    def ask(self, command: Event, patience: float | None = ...) -> Event: ...
    def stop(self) -> None: ...
    def close(self) -> None: ...


#: How one is started: with its folder, and with what takes its progress.
Start = Callable[[Path, Callable[[Event], None]], Works]


class Session:
    """A table, its process, and what was found.

    Raises
    ------
    InputDataError
        If the file cannot be read as a table.
    """

    def __init__(self, folder: Path, path: Path, name: str, writing: Writing, start: Start) -> None:
        self.name, self._folder, self._path = name, folder, path
        self.seen = time.monotonic()
        self._lock = Lock()
        self._worker = start(folder, self._watch)
        reply = self._worker.ask({"do": "read", **self._file(writing)})
        if reply["is"] != "table":
            self.close()
            raise InputDataError(_why(reply, f"{name}: the table cannot be read; "))
        self.view = View(CHOOSING, reply, writing, first_guess(reply["columns"]))

    def read(self, writing: Writing) -> None:
        """Read the file once more; the table stays as it is if that fails."""
        if self.view.stage != CHOOSING:
            return
        reply = self._worker.ask({"do": "read", **self._file(writing)})
        with self._lock:
            if self.view.stage != CHOOSING:
                return
            if reply["is"] == "table":
                self.view = View(CHOOSING, reply, writing, first_guess(reply["columns"]))
            else:
                self.view = replace(self.view, writing=writing, message=_why(reply))

    def search(self, question: Question) -> None:
        """Begin a search; nothing happens if one runs."""
        with self._lock:
            if self.view.stage in (SEARCHING, ENDED):
                return
            self.view = replace(
                self.view, stage=SEARCHING, question=question, message="", progress={}, stopping=False,
                began=time.monotonic(),
            )  # fmt: skip
        Thread(target=self._search, args=(question,), daemon=True).start()

    def stop(self) -> None:
        """End the search; what it has found becomes equations."""
        with self._lock:
            if self.view.stage != SEARCHING:
                return
            self.view = replace(self.view, stopping=True)
        self._worker.stop()

    def ask_again(self) -> None:
        """Back to the choice of columns."""
        with self._lock:
            if self.view.stage == FOUND:
                self.view = replace(self.view, stage=CHOOSING, message="", found={})

    def complain(self, question: Question, message: str) -> None:
        """Show what is wrong with a question."""
        with self._lock:
            if self.view.stage == CHOOSING:
                self.view = replace(self.view, question=question, message=message)

    def file(self, name: str, index: int) -> bytes:
        """A file about an equation, which is made if it is not there yet."""
        reply = self._worker.ask({"do": "make", "name": name, "index": index})
        if reply["is"] != "made":
            raise EqdartsError(_why(reply, f"{name} could not be made: "))
        return Path(reply["path"]).read_bytes()

    def close(self) -> None:
        """End the process and remove the files."""
        self._worker.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _search(self, question: Question) -> None:
        command = {"do": "search", **self._file(self.view.writing), "question": question.as_command()}
        reply = self._worker.ask(command, patience=None)
        with self._lock:
            if reply["is"] == "found":
                self.view = replace(self.view, stage=FOUND, found=reply)
            elif reply["is"] == "stopped":
                self.view = replace(self.view, stage=CHOOSING, message="Stopped before there was an equation.")
            elif reply["is"] == "lost":
                self.view = replace(self.view, stage=ENDED, message=_why(reply, "The search has come to an end: "))
            else:
                self.view = replace(self.view, stage=CHOOSING, message=_why(reply))

    def _file(self, writing: Writing) -> Event:
        """Which one it is, for a command."""
        return {"path": str(self._path), "shown_as": self.name, "form": writing.as_command()}

    def _watch(self, event: Event) -> None:
        now = time.monotonic()
        with self._lock:
            if self.view.stage != SEARCHING:
                return
            # From the first word of it on its time runs.
            began = self.view.began if self.view.progress else now
            progress = {**self.view.progress, **event, "at": now - began}
            self.view = replace(self.view, began=began, progress=progress)


def _why(reply: Event, before: str = "") -> str:
    """The message of a reply; what eqdarts says of a table needs no words before it."""
    return str(reply["message"]) if reply["is"] == "error" else before + str(reply.get("message", reply["is"]))


class Sessions:
    """All that are open, by names that cannot be guessed.

    folder: in which each has its own
    """

    def __init__(self, folder: Path, start: Start = Worker) -> None:
        self._folder, self._start = folder, start
        self._open: dict[str, Session] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._open)

    def get(self, token: str) -> Session | None:
        """The session of this name; it is seen now."""
        session = self._open.get(token)
        if session is not None:
            session.seen = time.monotonic()
        return session

    def new_folder(self) -> Path:
        """Where a session may have its files."""
        folder = self._folder / secrets.token_hex(8)
        folder.mkdir(mode=0o700)
        return folder

    def open(self, folder: Path, path: Path, name: str, writing: Writing) -> str:
        """The name of a new session.

        Raises
        ------
        InputDataError
            If the file is no table, or too many are open.
        """
        self.sweep(room_for=1)
        if len(self._open) >= MOST:
            raise InputDataError(f"{MOST} tables are open already; close one of them first.")
        session = Session(folder, path, name, writing, self._start)
        token = secrets.token_urlsafe(16)
        with self._lock:
            self._open[token] = session
        return token

    def close(self, token: str) -> None:
        """End a session; nothing happens if there is none of this name."""
        with self._lock:
            session = self._open.pop(token, None)
        if session is not None:
            session.close()

    def sweep(self, room_for: int = 0) -> None:
        """Close those whose pages are long gone; while there are too many, also those that nobody watches now."""
        now = time.monotonic()
        by_age = sorted(self._open.items(), key=lambda item: item[1].seen)
        for token, session in by_age:
            unseen, idle = now - session.seen, session.view.stage != SEARCHING
            crowded = len(self._open) + room_for > MOST
            if idle and unseen > (_UNWATCHED if crowded else _FORGOTTEN):
                self.close(token)

    def close_all(self) -> None:
        """End all of them."""
        for token in list(self._open):
            self.close(token)
