"""Where compiled loops are kept from one process to the next: where numba would, or in a temporary folder, or nowhere.

numba refuses to compile where it finds no folder that can be written, as in a read-only image without a home, and
a full disk or a damaged file ends what it does. None of that is a reason for a fit to fail.

What is kept is found again by the code of a function and of all that it calls. numba looks at the file of the function
alone, so it would go on with old code of a function that another module has changed.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from functools import cache
from pathlib import Path
from threading import Event, Lock
from types import FunctionType
from typing import Any

from eqdarts.errors import warn

_ADVICE = "to choose another place, set NUMBA_CACHE_DIR to a folder that can be written"
_lock = Lock()
_said = Event()  # that some loop was not saved


def keep(loop: Any) -> None:
    """Let this function of numba's load what earlier processes compiled, and save what it compiles itself."""
    try:
        loop._cache = _forgiving()(loop.py_func)
    except RuntimeError:  # "no locator available"
        _keep_elsewhere(loop)


def _keep_elsewhere(loop: Any) -> None:
    from numba.core import config

    settings: Any = config
    folder = _temporary()
    if folder is None:
        return
    with _lock:
        before, settings.CACHE_DIR = settings.CACHE_DIR, str(folder)
        try:
            loop._cache = _forgiving()(loop.py_func)
        except RuntimeError:  # also where there is no file with the function
            pass
        finally:
            settings.CACHE_DIR = before


@cache
def recipe(function: FunctionType) -> str:
    """A digest of the code of a function, of the numbers that it takes from its module, and of what it calls."""
    known: set[FunctionType] = set()
    parts: list[str] = []

    def visit(function: FunctionType) -> None:
        if function in known:
            return
        known.add(function)
        code = function.__code__
        parts.append(repr((code.co_code, code.co_varnames, code.co_names)))
        constants = (c for c in code.co_consts if _is_plain(c) and c != function.__doc__)
        parts.extend(repr(sorted(c)) if isinstance(c, frozenset) else repr(c) for c in constants)
        for name in code.co_names:
            value = function.__globals__.get(name)
            called = getattr(value, "__wrapped__", value)  # of a loop, the Python function
            if isinstance(called, FunctionType):
                visit(called)
            elif _is_plain(value):
                parts.append(f"{name} = {value!r}")

    visit(function)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _is_plain(value: object) -> bool:
    return isinstance(value, int | float | str | bytes | tuple | frozenset)


@cache
def _forgiving() -> Any:
    """numba's cache of a function, for which a file that cannot be used is one that is not there."""
    from numba.core.caching import FunctionCache

    class Forgiving(FunctionCache):  # type: ignore[misc]
        def _index_key(self, sig: Any, codegen: Any) -> Any:
            return *super()._index_key(sig, codegen), recipe(self._py_func)

        def load_overload(self, sig: Any, target_context: Any) -> Any:
            try:
                return super().load_overload(sig, target_context)
            except Exception:  # whatever a file that is damaged or forbidden leads to
                return None

        def save_overload(self, sig: Any, data: Any) -> None:
            try:
                super().save_overload(sig, data)
            except Exception:
                self._save_anew(sig, data)

        def _save_anew(self, sig: Any, data: Any) -> None:
            try:
                self.flush()  # a damaged index
                super().save_overload(sig, data)
            except Exception as error:
                self.disable()
                _say_unsaved(self.cache_path, error)

    return Forgiving


@cache
def _temporary() -> Path | None:
    """A folder of this user alone, since what lies there is run; said once. None if there is none."""
    try:
        folder = Path(tempfile.gettempdir()) / f"eqdarts-{os.getuid() if hasattr(os, 'getuid') else 'loops'}"
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
    except OSError:
        usable = False
    else:
        usable = stat.S_ISDIR(status.st_mode) and os.access(folder, os.W_OK | os.X_OK)
        if hasattr(os, "getuid"):
            usable = usable and status.st_uid == os.getuid() and not status.st_mode & 0o077
    if not usable:
        warn(f"compiled loops cannot be kept: each process compiles them again, which takes a minute; {_ADVICE}")
        return None
    warn(f"compiled loops are kept in {folder}, as neither the package nor the home can be written; {_ADVICE}")
    return folder


def _say_unsaved(path: str, error: Exception) -> None:
    if _said.is_set():
        return
    _said.set()
    reason = getattr(error, "strerror", None) or error
    warn(f"compiled loops cannot be kept in {path} ({reason}): other processes compile them again; {_ADVICE}")
