"""What the README shows is what happens: its Python sessions, its commands, and the names in its table."""

import doctest
import inspect
import re
import shlex

import pytest
from command_line import ROOT, run_here

from eqdarts import OPERATIONS, DARTSRegressor

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


COMMANDS = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("eqdarts ")]
SETUP = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("python3 -m venv ")]


def test_python_sessions(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # Epochs instead of seconds, so that a slow machine sees the same search.
    text = "\n".join(blocks("python")).replace("max_time=60", "max_time=None, max_epochs=2")
    known = set(OPERATIONS)
    try:
        session = doctest.DocTestParser().get_doctest(text, {}, "README.md", "README.md", 0)
        report: list[str] = []
        results = doctest.DocTestRunner(verbose=False).run(session, out=report.append)
    finally:
        for name in set(OPERATIONS) - known:
            del OPERATIONS[name]
    assert results.attempted > 10
    assert not results.failed, "".join(report)


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


def test_every_option_stands_in_the_table():
    table = README.split("## Options of `DARTSRegressor`")[1].split("\n## ")[0]
    named = set(re.findall(r"`(\w+)", table))
    assert set(inspect.signature(DARTSRegressor).parameters) <= named


def test_files_named_exist():
    for path in re.findall(r"\]\((docs/[^)]+)\)", README):
        assert (ROOT / path).is_file()
