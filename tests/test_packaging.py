"""What is built holds what is needed, and the version stands in one place."""

import configparser
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import PackageNotFoundError, distribution

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from pages import ROOT

import eqdarts

#: Those that are promised, the oldest first.
PYTHONS = ["3.10", "3.11", "3.12", "3.13"]
OLDEST = f"{PYTHONS[0]}.0"
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


def pinned():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def test_versions_that_are_pinned_for_every_python_run_on_the_oldest():
    """As far as they are installed here: what else needs a newer Python stands twice, with a marker."""
    environment = {"python_version": PYTHONS[0], "python_full_version": OLDEST}
    wrong = []
    for pin in pinned():
        try:
            found = distribution(pin.name)
        except PackageNotFoundError:
            continue
        holds = pin.marker is None or pin.marker.evaluate(environment)
        needs = SpecifierSet(found.metadata.get("Requires-Python") or "")
        if holds and pin.specifier.contains(found.version) and not needs.contains(OLDEST):
            wrong.append((str(pin), str(needs)))
    assert not wrong


def test_everything_that_is_asked_for_is_pinned_for_every_python():
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg", encoding="utf-8")
    extras = {name: lines for name, lines in settings["options.extras_require"].items() if name not in ("bench",)}
    lines = "\n".join([settings["options"]["install_requires"], *extras.values()]).splitlines()
    asked = {Requirement(line).name.lower() for line in lines if line.strip() and not line.startswith("%")}
    assert "torch" in asked
    for version in PYTHONS:
        there = {
            pin.name.lower() for pin in pinned() if not pin.marker or pin.marker.evaluate({"python_version": version})
        }
        assert not asked - there, version


def test_pythons_that_are_named_are_those_that_are_allowed():
    settings = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    assert re.findall(r"Python :: (3\.\d+)$", settings, re.MULTILINE) == PYTHONS
    assert f"python_requires = >={PYTHONS[0]}" in settings
    assert f"python_version = {PYTHONS[0]}" in settings  # of mypy
    ruff = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'target-version = "py{PYTHONS[0].replace(".", "")}"' in ruff
