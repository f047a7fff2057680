"""Which searches a checkpoint can hold, and whether one goes on with a table and with options."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from eqdarts import __version__
from eqdarts.checkpoint.codec import CannotHoldError, encode
from eqdarts.checkpoint.keeper import Keeper, Saved, check_new, read_saved
from eqdarts.checkpoint.table_print import TablePrint
from eqdarts.data.noise import GIVEN
from eqdarts.data.table import Table
from eqdarts.errors import InputDataError, shown
from eqdarts.search.fit_options import FitOptions
from eqdarts.search.kept_classes import CLASSES
from eqdarts.search.large import SUBSET_ROWS, is_large

#: Options that say when to stop, what is shown, and what is taken of the result: they may change when a search goes on.
FREE = (
    "max_epochs", "max_time", "max_fits", "max_memory", "patience", "agreeing_runs", "callback", "n_jobs", "verbose",
    "model_selection", "checkpoint",
)  # fmt: skip


def keeper_of(
    settings: Mapping[str, Any], table: Table, options: FitOptions, resumed: Saved | None = None
) -> Keeper | None:
    """What writes the checkpoint of a search; None if there is to be none. resumed: what it goes on from

    Raises
    ------
    InputDataError
        If this search can have none, or the table is another one than that of the file.
    """
    path = settings["checkpoint"]
    if path is None:
        return None
    if is_large(len(table), options):
        raise InputDataError(
            f"checkpoint: a file keeps a search, and not the passes over more than {SUBSET_ROWS} rows; give so many of "
            "them, or leave checkpoint= out"
        )
    now = TablePrint.of(table, "y_error" if options.noise.form == GIVEN else "sample_weight")
    if resumed is None:
        check_new(path)
    else:
        differences = list(resumed.table.differences(now))
        if differences:
            raise InputDataError(
                f"checkpoint: {os.fsdecode(path)!r} is of another table: {'; '.join(differences[:5])}"
                f"{'; ...' if len(differences) > 5 else ''}. Give the same one, or fit anew"
            )
    held = {name: value for name, value in settings.items() if _can_be_held(value) and name != "checkpoint"}
    left_out = tuple(name for name in settings if name not in held and name not in (*FREE, "random_state"))
    saved = Saved(held, left_out, now, None)
    return Keeper(path, saved, CLASSES, __version__, resumed)


def opened(path: str | os.PathLike[str]) -> Saved:
    """What a checkpoint of a search holds.

    Raises
    ------
    InputDataError
        Naming the file, and what is wrong.
    """
    return read_saved(path, CLASSES, __version__)


def settings_with(saved: Saved, path: str | os.PathLike[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a search that goes on. given: by the user now

    Raises
    ------
    InputDataError
        Naming the first option that is not what it was, or that the file could not hold.
    """
    for name, value in given.items():
        if name not in saved.settings and name not in (*saved.left_out, *FREE):
            raise InputDataError(f"resume: {name!r} is no option of DARTSRegressor")
        if name not in FREE and name not in saved.left_out and not _same(saved.settings[name], value):
            raise InputDataError(
                f"resume: {name} was {shown(saved.settings[name])}, is {shown(value)}; a search goes on with the "
                f"options it began with. Leave {name} out, or fit anew"
            )
    for name in saved.left_out:
        if name not in given:
            raise InputDataError(f"resume: a file cannot hold {name}; give it again: resume(..., {name}=...)")
    changed = {name: value for name, value in given.items() if name in (*FREE, *saved.left_out)}
    return {**saved.settings, **changed, "checkpoint": os.fspath(path)}


def _can_be_held(value: Any) -> bool:
    try:
        encode(value, CLASSES)
    except CannotHoldError:
        return False
    return True


def _same(before: Any, now: Any) -> bool:
    plain = [list(value) if isinstance(value, tuple | list | np.ndarray) else value for value in (before, now)]
    return bool(plain[0] == plain[1])
