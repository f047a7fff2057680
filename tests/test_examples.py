"""Every example runs, prints LaTeX and saves its picture; what it finds in a second is not judged."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = sorted(path for path in (ROOT / "examples").glob("*.py") if not path.name.startswith("_"))
KEPLER = ROOT / "examples" / "kepler.py"
OTHERS = [script for script in SCRIPTS if script != KEPLER]


def test_there_are_twelve():
    assert len(SCRIPTS) >= 12


def check(output, folder, script):
    """A front, LaTeX, and the picture where it was asked for, with nothing beside it."""
    lines = output.splitlines()
    heads = lines[0].replace("left out", "loo").split()
    if script.stem == "iris":
        assert lines[0].split() == ["complexity", "log", "loss", "deviance", "explained", "accuracy", "scores"]
        heads = []
    assert not heads or heads == [
        "complexity",
        "loss",
        "R2",
        "error",
        *(["loo"] if "loo" in heads else []),
        "probability",
        "equation",
    ]
    typeset = [line for line in lines if (" = " in line or " &= " in line) and "}" in line and "  " not in line]
    assert typeset, output  # LaTeX
    assert (folder / "pictures" / f"{script.stem}.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(folder.iterdir()) == [folder / "pictures"]


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("script", OTHERS, ids=[path.stem for path in OTHERS])
def test_example_runs(script, tmp_path, monkeypatch, capsys):
    if "autora" in script.stem:
        pytest.importorskip("autora.state", reason="needs eqdarts[autora]")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(script.parent)
    monkeypatch.setattr(sys, "argv", [str(script), "--max-time", "1", "--output", "pictures"])
    runpy.run_path(str(script), run_name="__main__")
    check(capsys.readouterr().out, tmp_path, script)


@pytest.mark.slow
def test_the_first_example_runs_in_a_process_of_its_own(tmp_path):
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, KEPLER, "--max-time", "1", "--output", "pictures"],
        capture_output=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"},
        encoding="utf-8", timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    check(done.stdout, tmp_path, KEPLER)


def test_each_says_what_is_expected_and_found_and_stands_on_the_page():
    page = (ROOT / "docs" / "examples.md").read_text(encoding="utf-8")
    for script in SCRIPTS:
        first = script.read_text(encoding="utf-8").split('"""')[1]
        assert "\nExpected: " in first
        assert "ound" in first or "Undecided" in first
        assert f"`{script.name}`" in page


def test_each_table_has_a_source_and_a_licence():
    sections = (ROOT / "data" / "README.md").read_text(encoding="utf-8").split("\n## ")[1:]
    for table in (ROOT / "data").glob("*.csv"):
        (section,) = [section for section in sections if table.name in section.splitlines()[0]]
        assert "**Source**" in section
        assert "**Licence**" in section


@pytest.mark.parametrize(
    ("table", "original"),
    [("carbon_lamp", "DanWood"), ("interference_filter", "Eckerle4"), ("southern_oscillation", "ENSO"),
     ("electron_mobility", "Thurber")],
)  # fmt: skip
def test_tables_of_reference_problems_hold_their_numbers(table, original):
    rows = pd.read_csv(ROOT / "data" / f"{table}.csv")
    lines = (ROOT / "data" / "strd" / f"{original}.dat").read_text(encoding="ascii").splitlines()
    numbers = np.array([line.split() for line in lines[60:] if line.strip()], dtype=float)
    assert np.array_equal(rows.to_numpy(), numbers[:, ::-1])
