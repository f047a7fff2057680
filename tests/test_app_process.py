"""The process of a table, itself."""

import os
import signal
import threading
import time

import pytest

from eqdarts.app.process import Worker
from eqdarts.app.question import Question
from eqdarts.app.worker import Stops

TABLE = "x,y\n" + "".join(f"{x},{7 * x + (x * x * 37) % 11}\n" for x in range(1, 31))


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "session"
    made.mkdir()
    (made / "table.csv").write_text(TABLE)
    return made


def read(folder, name="table.csv"):
    return {"do": "read", "path": str(folder / name), "shown_as": name, "form": {}}


def test_it_reads_explains_and_leaves_nothing(folder):
    worker = Worker(folder, print)
    try:
        (folder / "broken.csv").write_text("nothing")
        reply = worker.ask(read(folder, "broken.csv"))
        assert reply["is"] == "error"
        assert "broken.csv" in reply["message"]
        assert worker.ask(read(folder))["rows"] == 30
    finally:
        worker.close()
    assert not folder.exists()
    assert worker.ask(read(folder))["is"] == "lost"


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_what_ended_it_is_said(folder):
    worker = Worker(folder, print)
    try:
        os.kill(worker.number, signal.SIGKILL)
        reply = worker.ask(read(folder))
        assert reply["is"] == "lost"
        assert "memory" in reply["message"]
        assert worker.ask(read(folder))["is"] == "lost"
    finally:
        worker.close()


@pytest.mark.slow  # a process that searches takes seconds to start
def test_a_stop_ends_a_search_as_ctrl_c_does(folder):
    seen = threading.Event()
    worker = Worker(folder, lambda event: seen.set() if "markup" in event else None)
    replies = []
    try:
        worker.ask(read(folder))
        question = Question("y", ("x",), max_time=3600).as_command()
        search = {**read(folder), "do": "search", "question": question}
        asking = threading.Thread(target=lambda: replies.append(worker.ask(search, patience=None)))
        asking.start()
        assert seen.wait(300)
        worker.stop()
        asking.join(120)
        assert replies[0]["is"] == "found"
        assert "stopped" in replies[0]["ending"]
        # It is ready for the next command, and a stop that comes too late ends nothing.
        worker.stop()
        time.sleep(0.2)
        made = worker.ask({"do": "make", "name": "equation.tex", "index": 0})
        assert made["is"] == "made"
    finally:
        worker.close()


def test_a_stop_that_comes_early_ends_what_it_was_for_and_nothing_else(monkeypatch):
    monkeypatch.setattr("eqdarts.app.worker._press_ctrl_c", lambda: None)
    stops = Stops()
    stops.ask()
    with pytest.raises(KeyboardInterrupt), stops.allowed():
        pytest.fail("it was not stopped")
    with stops.allowed():
        pass
    stops.ask()
    stops.forget()
    with stops.allowed():
        pass
