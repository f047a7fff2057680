"""docs/reliability.md names tests and commands that exist, and every count with its commit."""

import ast
import re
import shlex

import pytest
from command_line import ROOT, run_here

PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
PROMISES = ["Checkpoints", "Budgets", "Determinism", "Numerics", "Truth in reporting", "Fuzzing", "Security", "Soak",
            "Python versions"]  # fmt: skip
#: What stands there as code, inline or as a block of commands.
CODE = [*re.findall(r"`([^`\n]+)`", PAGE), *"\n".join(re.findall(r"^```sh\n(.*?)^```", PAGE, re.M | re.S)).splitlines()]
WORDS = [word for line in CODE for word in line.removeprefix("$ ").split()]
FILES = sorted({word for word in WORDS if re.match(r"(?:tests|benchmarks|docs|examples|eqdarts|\.ci)/", word)})
COMMANDS = sorted({line.removeprefix("$ ") for line in CODE if re.match(r"(\$ )?(eqdarts|python) ", line)})


def test_every_promise_has_its_section():
    assert re.findall(r"^## (.*)$", PAGE, re.M) == PROMISES


@pytest.mark.parametrize("named", FILES)
def test_files_and_tests_that_it_names_exist(named):
    file, *parts = named.split("::")
    assert (ROOT / file).exists()
    if parts:
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        assert {part.split("[")[0] for part in parts} <= defined


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_that_it_names_are_known(command, capsys):
    """Of a program its options stand in its text, those of pytest in its own or in conftest.py."""
    program, *words = shlex.split(command, comments=True)
    options = {word.split("=")[0] for word in words if word.startswith("--")}
    if program == "eqdarts":
        known = run_here([words[0], "--help"], capsys).stdout
    elif words[0] == "-m":
        known = (ROOT / "tests" / "conftest.py").read_text(encoding="utf-8") + "--dist --hypothesis-profile --durations"
    else:
        known = (ROOT / words[0]).read_text(encoding="utf-8")
    assert not [option for option in options if not re.search(rf"{option}\b", known)]


def test_a_count_names_its_commit():
    """A paragraph that says what was counted, says where: "at 1a2b3c4"."""
    counted = [p for p in PAGE.split("\n\n") if re.match(r"\*?\*?(Measured|Counted)\b", p)]
    assert not [p for p in counted if not re.search(r"\b(?=[0-9a-f]*\d)[0-9a-f]{7,}\b", p)]
