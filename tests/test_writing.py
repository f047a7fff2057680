"""Several files are written, or none; and what a killed process left aside is removed, and nothing else."""

import os
import re
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from eqdarts import EqdartsError
from eqdarts.runtime import writing
from eqdarts.runtime.writing import write_files, write_text


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture
def gone():
    """The number of a process that is over."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_all_are_written(tmp_path):
    (tmp_path / "b").write_bytes(b"old")
    write_files({tmp_path / "a": b"1", str(tmp_path / "b"): b"2", tmp_path / "c": b""})
    assert contents(tmp_path) == {"a": b"1", "b": b"2", "c": b""}


@pytest.mark.parametrize("bad", ["folder", "missing/c", "a/c"])
@pytest.mark.parametrize("place", range(3))
def test_none_is_written_if_one_cannot_be(bad, place, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "a").write_bytes(b"old")
    paths = [tmp_path / "a", tmp_path / "b"]
    paths.insert(place, tmp_path / bad)
    with pytest.raises(EqdartsError, match=re.escape(repr(str(tmp_path / bad)))):
        write_files(dict.fromkeys(paths, b"new"))
    assert contents(tmp_path) == {"a": b"old"}


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_what_fails_or_is_interrupted_leaves_nothing_aside(failing, tmp_path, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, failing, interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_files({tmp_path / "a": b"1", tmp_path / "b": b"2"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
@pytest.mark.parametrize("error", [PermissionError(13, "used by another program"), KeyboardInterrupt()], ids=type)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(4))
def test_a_move_that_fails_leaves_all_as_it_was(number, after, error, links, tmp_path, monkeypatch):
    before = {"a": b"old a", "c": b"old c", "d": b"old d"}
    for name, content in before.items():
        (tmp_path / name).write_bytes(content)
    replace, done = os.replace, []

    def failing(source, place):
        done.append(place)
        if len(done) == number + 1:
            if after:
                replace(source, place)
            raise error
        replace(source, place)

    def no_links(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "replace", failing)
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    with pytest.raises((EqdartsError, KeyboardInterrupt)):
        write_files({tmp_path / name: f"new {name}".encode() for name in "abcd"})
    assert contents(tmp_path) == before


@pytest.mark.skipif(os.name != "posix", reason="no SIGKILL")
def test_what_a_killed_process_left_is_removed_by_the_next_one(tmp_path):
    code = """
        import os, signal, sys
        from eqdarts.runtime.writing import write_files
        replace = os.replace

        def kill(*paths):
            os.kill(os.getpid(), signal.SIGKILL)

        os.replace = kill
        write_files({os.path.join(sys.argv[1], name): b"new" for name in "abc"})
    """
    (tmp_path / "a").write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code), tmp_path], check=False)
    assert done.returncode == -9
    assert len(contents(tmp_path)) == 5  # one of them another name of what was there
    write_text(tmp_path / "b", "newer")
    assert contents(tmp_path) == {"a": b"old", "b": b"newer"}


def test_only_what_dead_processes_left_is_removed(tmp_path, gone):
    running, here, other = os.getppid(), os.getpid(), "0" * 8
    host, process = writing._HOST, writing._PROCESS
    old = [f".eqdarts-{host}-{gone}-{process}-0", f".eqdarts-{host}-{here}-{other}-7", f".eqdarts-{other}-1-{other}-1"]
    kept = [
        f".eqdarts-{host}-{running}-{other}-0", f".eqdarts-{host}-{here}-{process}-7", f".eqdarts-{other}-1-{other}-0",
        f".eqdarts-{host}-{gone}-{process}", f"eqdarts-{host}-{gone}-{process}-0", ".eqdarts-notes",
        f".eqdarts-{host}-{gone}-{process}-0.txt", f".eqdarts-{host}-{gone}-{process}-x",
    ]  # fmt: skip
    for name in (*old, *kept):
        (tmp_path / name).touch()
    os.utime(tmp_path / old[-1], (0, 0))
    (tmp_path / f".eqdarts-{host}-{gone}-{process}-1").mkdir()
    (tmp_path / f".eqdarts-{host}-{gone}-{process}-2").symlink_to(tmp_path / kept[0])
    write_text(tmp_path / "a", "new")
    assert set(contents(tmp_path)) - {f".eqdarts-{host}-{gone}-{process}-2"} == {"a", *kept}
    assert (tmp_path / f".eqdarts-{host}-{gone}-{process}-1").is_dir()


def test_threads_that_write_the_same_file_leave_one_of_their_texts(tmp_path):
    texts = [str(k) * 10_000 for k in range(7)]
    threads = [threading.Thread(target=write_text, args=(tmp_path / "a", text)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]
    assert Path(tmp_path / "a").read_text() in texts
