"""Names of columns above a table: each of them once, and what to say of those that are missing."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence

from eqdarts.data.columns import listed
from eqdarts.data.numerals import looks_like_number
from eqdarts.errors import InputDataError, warn


def similar(name: str, names: Sequence[str], also: Sequence[str] = ()) -> str:
    """The sentence that helps someone who mistyped a column name. also: other ways to write the names"""
    lower = {other.lower(): other for other in (*also, *names) if other}
    close = difflib.get_close_matches(name.lower(), list(lower), n=1)
    hint = f"did you mean {lower[close[0]]!r}? " if close else ""
    return f"{hint}the columns are {listed(names)}"


def check_header(path: str, named: Sequence[str], target: str, features: Sequence[str] | None) -> None:
    """Raise `InputDataError` unless a file with these columns has the target and the features, each of them once."""
    check_targets(path, named, (target,))
    if features is None:
        return
    if isinstance(features, str) or not len(features):
        raise InputDataError(f"features={features!r}: expected a list of column names")
    repeated = [name for name, count in Counter(features).items() if count > 1]
    if repeated:
        raise InputDataError(f"features: {listed(repeated)} stands twice; list each column once")
    if target in features:
        raise InputDataError(f"features: {target!r} is the target as well; take it out of the features")
    for name in features:
        if name not in named:
            raise InputDataError(f"{path}: no column {name!r} among the features; {similar(name, named)}")


def check_targets(path: str, named: Sequence[str], targets: Sequence[str]) -> None:
    """Raise `InputDataError` unless each of these columns stands there, and no column twice."""
    check_once(path, named)
    for target in targets:
        if target not in named:
            if named and all(map(looks_like_number, named)):
                raise InputDataError(
                    f"{path}: no column {target!r} for the target; the first line holds only numbers, {listed(named)}; "
                    "write names of columns above it"
                )
            raise InputDataError(f"{path}: no column {target!r} for the target; {similar(target, named)}")


def warn_of_nameless(path: str, header: Sequence[str]) -> None:
    """Say which columns are left out, as they have no name."""
    nameless = [f"column {k + 1} (it has no name)" for k, name in enumerate(header) if not name]
    if nameless:
        warn(f"{path}: left out {', '.join(nameless)}")


def check_once(path: str, named: Sequence[str]) -> None:
    """Raise `InputDataError` if two columns have the same name."""
    repeated = [name for name, count in Counter(named).items() if count > 1]
    if repeated:
        raise InputDataError(f"{path}: more than one column is called {listed(repeated)}; rename them")
