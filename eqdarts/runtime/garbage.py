"""Spares a fit Python's full garbage collections."""

from __future__ import annotations

import gc
from collections.abc import Callable

from eqdarts.runtime.overlapping import Overlapping

_NEVER = 1_000_000  # collections of the middle generation between two full ones


def _stop() -> Callable[[], None]:
    before = gc.get_threshold()
    gc.set_threshold(*before[:2], _NEVER)
    return lambda: gc.set_threshold(*before)


#: Without full collections of garbage, here and in other threads; the setting of before comes back.
#: A full one walks over everything that torch and SymPy hold, a third of a second at the first fit of a process.
#: Young objects are collected as ever, and all others once the last fit has ended.
no_full_collections = Overlapping(_stop)
