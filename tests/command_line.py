"""The command line for tests: within this process, which is quick, and in one of its own, as users have it."""

import os
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

from eqdarts.cli import main

ROOT = Path(__file__).resolve().parent.parent
_HIDDEN = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)  # by Python itself


@dataclass(frozen=True)
class Finished:
    """What a command returned and wrote."""

    returncode: int
    stdout: str
    stderr: str


def run_here(arguments, capsys):
    """Run ``eqdarts`` with these arguments in this process and in its folder."""
    capsys.readouterr()
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        for category in _HIDDEN:
            warnings.simplefilter("ignore", category)
        code = main([str(argument) for argument in arguments])
    return Finished(code, *capsys.readouterr())


def run_process(arguments, folder):
    """Run ``eqdarts`` with these arguments in a process of its own and in this folder."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-m", "eqdarts", *map(str, arguments)],
        capture_output=True, cwd=folder, env=environment, encoding="utf-8", timeout=300, check=False,
    )  # fmt: skip
    return Finished(done.returncode, done.stdout, done.stderr)
