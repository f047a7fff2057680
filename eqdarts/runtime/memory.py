"""How much memory the process has, and how much more a fit may take."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass, field
from numbers import Integral
from types import ModuleType
from typing import Any

from eqdarts.errors import InputDataError, check_range, shown

resource: ModuleType | None
try:
    import resource
except ImportError:  # Windows
    resource = None

_UNITS = {"": 1, "b": 1} | {
    f"{letter}{kind}b": base**power
    for power, letter in enumerate("kmgt", 1)
    for kind, base in (("", 1000), ("i", 1024))
}
_LOOPS = 150_000_000  # bytes that compiled loops and their library take; not tuned (benchmarks/budgets.py memory)
_NOTED = 0.9  # of the most, at which a search is to end: what ends it takes some more (not tuned)


def bytes_of(option: str, value: Any) -> int:
    """A number of bytes, or a text such as "2 GB", as bytes.

    kB, MB, GB and TB are powers of 1000, KiB, MiB, GiB and TiB of 1024.

    Raises
    ------
    InputDataError
        Naming the option.

    Examples
    --------
    >>> bytes_of("max_memory", "1.5 GB"), bytes_of("max_memory", "512 MiB"), bytes_of("max_memory", 1000)
    (1500000000, 536870912, 1000)
    """
    found = None
    if isinstance(value, str):
        found = re.fullmatch(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([A-Za-z]*)\s*", value)
        if found is None or found[2].lower() not in _UNITS:
            raise InputDataError(
                f"{option}={shown(value)}: expected a number of bytes, or a text such as '2 GB' or '500 MB'"
            )
        value = round(float(found[1]) * _UNITS[found[2].lower()])
    elif not isinstance(value, Integral) and isinstance(value, float) and value.is_integer():
        value = int(value)
    check_range(option, value, 1, integer=True)
    return int(value)


def resident() -> int | None:
    """Bytes that the process has in memory now; None where the system does not tell."""
    if sys.platform.startswith("linux"):
        try:
            with open("/proc/self/statm", "rb") as file:
                return int(file.read().split()[1]) * _PAGE
        except (OSError, IndexError, ValueError):
            return None
    if sys.platform == "darwin" and resource is not None:
        return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)  # the most it ever had
    return None


_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


@dataclass(frozen=True)
class Memory:
    """What a fit may take.

    Attributes
    ----------
    most : int
        Bytes by which the process may grow.
    start : int or None
        What it had before.
    """

    most: int
    start: int | None = field(default_factory=lambda: resident())

    @property
    def is_full(self) -> bool:
        """Is so much of it taken that the search is to end?"""
        now = resident()
        return now is not None and self.start is not None and now - self.start > _NOTED * self.most

    def check_table(self, size: int, loops: bool) -> None:
        """Raise `InputDataError` where a table of so many bytes leaves nothing for a search.

        size: of what is kept of it at once   loops: are those to be loaded that a search runs?
        """
        beside = _LOOPS * loops
        if self.start is not None and size + beside > _NOTED * self.most:
            what = f", and the loops of a search take {beside / 1e6:.0f} MB" if beside else ""
            raise InputDataError(
                f"max_memory: the table takes {size / 1e6:.2g} MB with the copies that a search makes of it{what}, "
                f"which is too much beside {self.most / 1e6:.3g} MB; raise max_memory, or give fewer rows or columns"
            )
