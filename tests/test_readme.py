"""What the README shows is what happens: its Python sessions and its commands."""

import re
import shlex

import pytest
from command_line import ROOT, run_here
from pages import README, blocks, run_session

LINES = [line for block in blocks(README, "sh") for line in block.splitlines()]
COMMANDS = [line for line in LINES if line.startswith("eqdarts ")]
SETUP = [line for line in LINES if line.startswith("python3 -m venv ")]


def test_python_sessions(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_session(README).attempted > 10


@pytest.mark.parametrize("command", COMMANDS)
def test_commands(command, tmp_path, monkeypatch, capsys):
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)
    arguments = shlex.split(command)[1:]
    if "--jobs" in arguments:  # processes of their own load all libraries, and are tested with sweeps
        arguments[arguments.index("--jobs") + 1] = "1"
    if arguments[0] in ("fit", "demo", "sweep"):
        arguments += ["--max-epochs", "1", "--max-time", "1", "--quiet"]
        arguments += [] if "--operations" in arguments else ["--operations", "scale,power"]  # a front of few, for speed
    done = run_here(arguments, capsys)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert all((tmp_path / path).is_dir() for path in re.findall(r"--output (\S+)", command))


def test_two_lines_set_up_and_run():
    demo, tests = SETUP
    assert demo.endswith("-c constraints.txt . && .venv/bin/eqdarts demo")
    assert tests.endswith("-c constraints.txt '.[test]' && .venv/bin/python -m pytest -n auto --dist worksteal")


def test_files_named_exist():
    for path in re.findall(r"\]\(([^):]+)\)", README.read_text(encoding="utf-8")):
        assert (ROOT / path).is_file(), path
