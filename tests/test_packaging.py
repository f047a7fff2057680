"""What is built holds what is needed, and the version stands in one place."""

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest
from pages import ROOT

import eqdarts

LEFT = shutil.ignore_patterns("__pycache__", "*.egg-info", ".git", ".venv", "build", "dist", "results", ".*_cache")
BUILD = "from setuptools import build_meta as b; b.build_wheel('dist'); b.build_sdist('dist')"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    source = tmp_path_factory.mktemp("source") / "eqdarts"
    shutil.copytree(ROOT, source, ignore=LEFT)
    (source / "dist").mkdir()
    done = subprocess.run([sys.executable, "-c", BUILD], cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return source / "dist"


def test_the_wheel_holds_every_file_of_the_package(built):
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "eqdarts").rglob("*") if path.is_file()}
    files = {name for name in files if "__pycache__" not in name}
    assert "eqdarts/py.typed" in files
    assert files <= held
    assert not [
        name for name in held if name.split("/")[0] not in ("eqdarts", f"eqdarts-{eqdarts.__version__}.dist-info")
    ]


def test_the_source_distribution_can_be_tested_and_documented(built):
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as held:
        names = {name.split("/", 1)[1] for name in held.getnames() if "/" in name}
    wanted = {"README.md", "CHANGELOG.md", "CITATION.cff", "LICENSE", "constraints.txt", "mkdocs.yml", "docs/index.md",
              "tests/conftest.py", "data/planets.csv", "data/strd/ENSO.dat", "examples/kepler.py"}  # fmt: skip
    assert wanted <= names


def test_the_version_stands_in_one_place_and_in_what_is_cited():
    version = re.escape(eqdarts.__version__)
    assert "version = attr: eqdarts.__version__" in (ROOT / "setup.cfg").read_text(encoding="utf-8")
    assert re.search(rf"^version: {version}$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    assert re.search(rf"^## {version}\b", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
