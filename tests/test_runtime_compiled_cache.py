"""Compiled loops run wherever they can be kept, and where they cannot."""

import errno
import importlib.util
import os
import sys
import tempfile
import warnings

import pytest
from numba.core import config
from numba.core.caching import FunctionCache

from eqdarts.errors import SearchWarning
from eqdarts.runtime import compiled_cache as kept

SOURCE = """
from eqdarts.runtime.loops import compiled

@compiled
def twice(x):
    return 2 * x

@compiled
def six_times(x):
    return 3 * twice(x)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """Nothing was said yet, and the temporary folder is this one."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    kept._temporary.cache_clear()
    kept._said.clear()
    yield folder
    kept._temporary.cache_clear()
    kept._said.clear()


@pytest.fixture
def nowhere(monkeypatch):
    """numba finds no place, as in a read-only image without a home: it looks at a folder that was not named."""
    monkeypatch.setattr(config, "CACHE_LOCATOR_CLASSES", "UserProvidedCacheLocator")
    monkeypatch.setattr(config, "CACHE_DIR", "")


@pytest.fixture
def process(tmp_path):
    """A function that loads the loops as a new process does."""
    path = tmp_path / "package" / "few_loops.py"
    path.parent.mkdir()
    path.write_text(SOURCE)

    def load():
        spec = importlib.util.spec_from_file_location("few_loops", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules["few_loops"] = module  # where numba looks for it
        spec.loader.exec_module(module)
        return module

    yield load
    sys.modules.pop("few_loops", None)


def own_folder(temporary):
    (folder,) = temporary.iterdir()
    return folder


def loaded(function):
    return sum(function.machine.stats.cache_hits.values())


@pytest.mark.usefixtures("nowhere")
def test_without_a_place_loops_are_kept_in_a_temporary_folder_and_that_is_said_once(process, temporary):
    first = process()
    with pytest.warns(SearchWarning, match="compiled loops are kept in .*set NUMBA_CACHE_DIR") as caught:
        assert (first.six_times(7), first.twice(0.5)) == (42, 1)
    assert len(caught) == 1
    assert config.CACHE_DIR == ""
    assert str(own_folder(temporary)) in str(caught[0].message)
    if os.name == "posix":
        assert own_folder(temporary).stat().st_mode & 0o777 == 0o700
    second = process()
    assert second.six_times(7) == 42
    assert loaded(second.six_times) == 1
    assert loaded(first.six_times) == 0


@pytest.mark.skipif(os.name != "posix", reason="owners and modes of POSIX")
@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize("kind", ["open to others", "of another user", "a link", "a file"])
def test_loops_of_others_are_not_run(kind, process, temporary, monkeypatch):
    folder = temporary / f"eqdarts-{os.getuid()}"
    folder.mkdir(mode=0o700)
    if kind == "open to others":
        folder.chmod(0o770)
    elif kind == "of another user":
        monkeypatch.setattr(os, "getuid", lambda: folder.stat().st_uid + 1)
        folder.rename(temporary / f"eqdarts-{os.getuid()}")
    elif kind == "a link":
        folder.rename(temporary / "elsewhere")
        folder.symlink_to(temporary / "elsewhere")
    else:
        folder.rmdir()
        folder.touch(mode=0o700)
    before = sorted(temporary.rglob("*"))
    module = process()
    with pytest.warns(SearchWarning, match="cannot be kept: each process compiles them again") as caught:
        assert (module.six_times(7), module.twice(0.5)) == (42, 1)
    assert len(caught) == 1
    assert sorted(temporary.rglob("*")) == before


@pytest.mark.usefixtures("nowhere")
def test_without_any_temporary_folder_loops_run(process, monkeypatch):
    def none():
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    with pytest.warns(SearchWarning, match="cannot be kept"):
        assert process().six_times(7) == 42


@pytest.mark.parametrize("damage", [b"", b"\x80", b"nonsense"])
def test_a_damaged_file_is_compiled_again_and_replaced(damage, process, tmp_path):
    def files(kind):
        return sorted(tmp_path.rglob(f"few_loops.twice*.{kind}"))

    assert process().twice(7) == 14
    for kind in ("nbi", "nbc"):
        (file,) = files(kind)
        file.write_bytes(damage)
        module = process()
        assert module.twice(7) == 14
        assert loaded(module.twice) == 0
        again = process()
        assert again.twice(7) == 14
        assert loaded(again.twice) == 1


def test_a_disk_that_is_full_is_said_once_and_ends_nothing(process, monkeypatch):
    def full(self, sig, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(FunctionCache, "save_overload", full)
    module = process()
    with pytest.warns(SearchWarning, match=r"cannot be kept in .* \(No space left on device\)") as caught:
        assert (module.six_times(7), module.twice(0.5)) == (42, 1)
    assert len(caught) == 1


def test_where_numba_finds_a_place_nothing_is_said(process, temporary):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert process().six_times(7) == 42
    assert list(temporary.iterdir()) == []


def test_a_loop_is_compiled_anew_where_one_that_it_calls_has_changed(tmp_path, monkeypatch):
    """Also one in another module, and a number that the other takes from its module."""
    monkeypatch.syspath_prepend(tmp_path)
    called, calling = tmp_path / "called_loops.py", tmp_path / "calling_loops.py"
    head = "from eqdarts.runtime.loops import compiled\n"
    calling.write_text(
        f"{head}from called_loops import times\n@compiled\ndef three_times(x):\n    return 3 * times(x)\n"
    )

    def three_times(factor, x):
        called.write_text(f"{head}FACTOR = {factor}\n@compiled\ndef times(x):\n    return FACTOR * x\n")
        importlib.invalidate_caches()
        for name in ("called_loops", "calling_loops"):
            sys.modules.pop(name, None)
        found = importlib.import_module("calling_loops").three_times
        return found(x), loaded(found)

    try:
        assert three_times(2, 7) == (42, 0)
        assert three_times(2, 7) == (42, 1)
        assert three_times(50, 7) == (1050, 0)
    finally:
        for name in ("called_loops", "calling_loops"):
            sys.modules.pop(name, None)
