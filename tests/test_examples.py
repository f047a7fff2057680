"""Every example runs, prints LaTeX and saves its picture; what it finds in a second is not judged."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = sorted(path for path in (ROOT / "examples").glob("*.py") if not path.name.startswith("_"))


def test_there_are_seven():
    assert len(SCRIPTS) >= 7


def check(output, folder, script):
    """A front, LaTeX, and the picture where it was asked for, with nothing beside it."""
    lines = output.splitlines()
    heads = lines[0].replace("left out", "loo").split()
    assert heads == [
        "complexity",
        "loss",
        "R2",
        "error",
        *(["loo"] if "loo" in heads else []),
        "probability",
        "equation",
    ]
    assert any(" = " in line and "}" in line and "  " not in line for line in lines), output  # LaTeX
    assert (folder / "pictures" / f"{script.stem}.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(folder.iterdir()) == [folder / "pictures"]


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("script", SCRIPTS[1:], ids=[path.stem for path in SCRIPTS[1:]])
def test_example_runs(script, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(script.parent)
    monkeypatch.setattr(sys, "argv", [str(script), "--max-time", "1", "--output", "pictures"])
    runpy.run_path(str(script), run_name="__main__")
    check(capsys.readouterr().out, tmp_path, script)


def test_the_first_example_runs_in_a_process_of_its_own(tmp_path):
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, SCRIPTS[0], "--max-time", "1", "--output", "pictures"],
        capture_output=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"},
        encoding="utf-8", timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    check(done.stdout, tmp_path, SCRIPTS[0])
