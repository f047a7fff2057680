"""Names in a formula that are no columns: constants, or columns that were misspelt?"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

_ALIKE = 0.75  # share of letters in common from which a constant may be a misspelt column (not tuned)
_NUMBERED = re.compile(r"(.*?[^\W\d])_?(\d+)")


def likely_column(name: str, columns: Sequence[str]) -> str | None:
    """The column that a name, which is none, may be meant for.

    Names that are made of a column on purpose, such as temp_0 and k_temp of temp, and those that differ in their
    numbers only, such as x0 beside x1 and x2, are constants; a number beyond those of all columns is none.

    Examples
    --------
    >>> columns = ["voltage", "x1", "x2"]
    >>> [likely_column(name, columns) for name in ("volatge", "Voltage", "x3", "x0", "voltage_0", "k")]
    ['voltage', 'voltage', 'x1', None, None, None]
    """
    same = [c for c in columns if c.casefold() == name.casefold() and len(name) > 1]
    alike = [c for c in columns if not _is_made_of(name, c)] if len(name) > 2 else []
    near = difflib.get_close_matches(name, alike, 1, _ALIKE)
    found = [*same, *near, *_beyond(name, columns)]
    return found[0] if found else None


def _is_made_of(name: str, column: str) -> bool:
    rest = name.removeprefix(column)
    marked = rest != name and (rest.startswith("_") or rest.isdigit())
    return marked or name.endswith(column) or re.sub(r"\d+", "", name) == re.sub(r"\d+", "", column)


def _beyond(name: str, columns: Sequence[str]) -> list[str]:
    """The columns that have the name with smaller numbers."""
    numbered = _NUMBERED.fullmatch(name)
    if numbered is None:
        return []
    found = {c: int(m.group(2)) for c in columns if (m := _NUMBERED.fullmatch(c)) and m.group(1) == numbered.group(1)}
    return [*found] if found and int(numbered.group(2)) > max(found.values()) else []
