"""How many threads linear algebra may use while a search runs."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController


def one_thread() -> AbstractContextManager[Any]:
    """Within it, BLAS and OpenMP have one thread each: on small arrays a second one makes them slower."""
    return _pools().limit(limits=1)


@cache
def _pools() -> ThreadpoolController:
    """The thread pools of the process; looking for them takes longer than a simple fit does."""
    return ThreadpoolController()
