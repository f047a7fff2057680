"""What the pages of docs/ show is what happens, and nothing that is asked for is missing."""

import ast
import inspect
import re
import shlex
import textwrap

import numpy as np
import pandas as pd
import pytest
from command_line import ROOT, run_here
from pages import PAGES, README, blocks, run_session, sessions

import eqdarts

DOCS = ROOT / "docs"


def named(page):
    return str(page.relative_to(DOCS).with_suffix(""))


#: Pages whose sessions take more than five seconds, as they search several times.
LONG = {
    "howto/classes", "howto/dynamics", "howto/losses", "howto/many_fits", "howto/prior_knowledge", "howto/python",
    "howto/several_outputs",
}  # fmt: skip


def marked(page):
    return pytest.param(page, id=named(page), marks=[pytest.mark.slow] if named(page) in LONG else [])


@pytest.mark.parametrize("page", [marked(page) for page in PAGES if sessions(page)])
def test_python_sessions(page, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert run_session(page).attempted > 5


def programs(page):
    """Python that is no session, as beside that of other libraries."""
    found = re.findall(r"^ *```python[^\n]*\n(.*?)^ *```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block) for block in found if not block.lstrip().startswith(">>>")]


def test_programs_are_python():
    assert len([ast.parse(program) for page in PAGES for program in programs(page)]) > 8


@pytest.mark.parametrize("page", sorted((DOCS / "coming_from").glob("*.md")), ids=named)
def test_programs_beside_those_of_other_libraries_run(page, capsys):
    X = pd.DataFrame(np.random.default_rng(0).uniform(1, 5, (40, 2)), columns=["a", "b"])
    (program,) = [program for program in programs(page) if "from eqdarts" in program]
    program = program.replace("DARTSRegressor(", "DARTSRegressor(replicas=16, verbose=0,").replace(
        "epochs=500", "epochs=3"
    )
    exec(compile(program, page.name, "exec"), {"X": X, "y": (X.a * X.b).rename("y")})
    assert "a b" in capsys.readouterr().out.replace("*", " ") or page.stem == "autora"


def test_commands_are_known(capsys):
    """Each command and option that a page shows; those of the README are run."""
    lines = [line for page in PAGES for block in blocks(page, "(?:sh|console)") for line in block.splitlines()]
    shown = [shlex.split(line.removeprefix("$ "), comments=True) for line in lines if re.match(r"(\$ )?eqdarts ", line)]
    assert len(shown) > 5
    helps = {name: run_here([name, "--help"], capsys).stdout for _, name, *_ in shown if not name.startswith("-")}
    for _, command, *rest in shown:
        options = {word.split("=")[0] for word in rest if word.startswith("--")}
        assert not {option for option in options if not re.search(rf"{option}\b", helps[command])}, (command, options)


def test_every_option_stands_in_the_table():
    named_there = set(re.findall(r"`(\w+)", (DOCS / "reference" / "options.md").read_text(encoding="utf-8")))
    assert set(inspect.signature(eqdarts.DARTSRegressor).parameters) <= named_there


def test_every_public_name_stands_in_the_reference():
    text = "\n".join(page.read_text(encoding="utf-8") for page in (DOCS / "reference").glob("*.md"))
    assert not [name for name in eqdarts.__all__ if not re.search(rf"\b{name}\b", text)]


def test_every_page_is_in_the_menu():
    menu = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").split("\nnav:")[1]
    assert sorted(re.findall(r"[\w/]+\.md", menu)) == sorted(str(page.relative_to(DOCS)) for page in PAGES)


@pytest.mark.parametrize("page", [README, *PAGES], ids=lambda page: page.stem)
def test_pages_load_nothing_from_elsewhere(page):
    assert not re.findall(r"!\[[^]]*\]\(\s*\w+://|<(?:script|img|link|iframe)\b", page.read_text(encoding="utf-8"))
