"""How many threads linear algebra may use while a search runs."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import torch
from threadpoolctl import ThreadpoolController

from eqdarts.runtime.overlapping import Overlapping


@contextmanager
def one_thread() -> Iterator[None]:
    """Within it, BLAS, OpenMP and torch have one thread each: on small arrays a second one makes them slower.

    The number of NumPy's BLAS belongs to the whole process, and comes back when the last of overlapping searches ends.
    Those of OpenMP, and of the BLAS within torch, belong to the thread that calls.

    With one thread, a process that was forked off another one does not wait for that one's threads, which it does not
    have: the BLAS within torch would, for ever.
    """
    torch.get_num_threads()  # what torch sets once in each thread, so that it is not set within
    pools, _ = _pools()
    before = [pool.num_threads for pool in pools]
    limit_mkl = _limit_of_mkl()
    mkl_before = limit_mkl(1)
    try:
        _set(pools, [1] * len(pools))
        with _one_thread_of_process():
            yield
    finally:
        limit_mkl(mkl_before)
        _set(pools, before)


def _limit_process() -> Callable[[], None]:
    """Set the pools of the process to one thread; returns what sets them back, in whichever thread it is called."""
    _, pools = _pools()
    before = [pool.num_threads for pool in pools]
    _set(pools, [1] * len(pools))
    return lambda: _set(pools, before)


_one_thread_of_process = Overlapping(_limit_process)


def _set(pools: Sequence[Any], numbers: Sequence[int | None]) -> None:
    for pool, number in zip(pools, numbers, strict=True):
        # threadpoolctl lets one thread alone set a pool of the process, and does nothing in others without a word.
        release = getattr(pool, "clear_controlling_thread", lambda force: None)
        release(force=True)
        pool.set_num_threads(number)
        release(force=True)


@cache
def _pools() -> tuple[Sequence[Any], Sequence[Any]]:
    """The pools whose number belongs to a thread, and those of the whole process.

    Looking for them takes longer than a simple fit does.
    """
    found = ThreadpoolController().lib_controllers
    own = [pool for pool in found if "openmp" in (pool.internal_api, getattr(pool, "threading_layer", None))]
    return own, [pool for pool in found if pool not in own]


@cache
def _limit_of_mkl() -> Callable[[int], int]:
    """Sets the number of threads of the MKL within torch for this thread, 0 for its default; returns that of before.

    Threadpoolctl does not see it, and OpenMP's number means nothing to it where torch's was set. Without MKL it does
    nothing.
    """
    name = "torch_cpu.dll" if sys.platform == "win32" else "libtorch_cpu.so"
    try:
        limit = ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / name)).MKL_Set_Num_Threads_Local
    except (OSError, AttributeError):
        return lambda number: 0
    limit.argtypes, limit.restype = [ctypes.c_int], ctypes.c_int
    return limit  # type: ignore[no-any-return]
