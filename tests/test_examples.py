"""Every example runs, prints LaTeX and saves its picture; what it finds in two seconds is not judged."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = sorted(path for path in (ROOT / "examples").glob("*.py") if not path.name.startswith("_"))


def test_there_are_seven():
    assert len(SCRIPTS) >= 7


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=[path.stem for path in SCRIPTS])
def test_example_runs(script, tmp_path):
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        "PYTHONIOENCODING": "utf-8",
    }
    process = subprocess.run(
        [sys.executable, script, "--max-time", "2", "--output", "pictures"],
        capture_output=True, cwd=tmp_path, env=environment, encoding="utf-8", timeout=300,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    lines = process.stdout.splitlines()
    assert lines[0].split() == ["complexity", "loss", "score", "equation"]
    assert any(" = " in line and "}" in line and "  " not in line for line in lines), process.stdout  # LaTeX
    assert (tmp_path / "pictures" / f"{script.stem}.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(tmp_path.iterdir()) == [tmp_path / "pictures"]
