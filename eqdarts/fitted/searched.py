"""Which search a table gets, and what options it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from eqdarts.data import with_errors
from eqdarts.data.noise import GIVEN, Noise
from eqdarts.data.table import Table
from eqdarts.data.user_table import check_no_form
from eqdarts.errors import InputDataError, check_choice
from eqdarts.losses.given import check_no_errors, weighed_for
from eqdarts.losses.named import loss_of
from eqdarts.losses.noise import LossNoise
from eqdarts.search.discover import Found, discovered
from eqdarts.search.earlier import Earlier
from eqdarts.search.fit_options import SHARED, FitOptions
from eqdarts.search.large import SUBSET_ROWS, check_share, discovered_in_large, is_large
from eqdarts.templates.search import discovered_by_template

#: None with groups: they are of one equation for all rows.
_NOT_BY_GROUP = ("units", "constraints", "guesses", "constants", "template")


def searched(
    table: Table, options: FitOptions, rng: np.random.Generator, start: float, earlier: Earlier | None
) -> AbstractContextManager[Found]:
    """What is found on a checked table in memory, while Ctrl-C costs nothing of it.

    start: when the time of the search began, in `time.monotonic`   earlier: what it goes on from
    """
    if options.template is not None:
        return discovered_by_template(table, options.template, options, rng, start)
    if is_large(len(table), options):
        return discovered_in_large(table, options, rng, earlier)
    return discovered(table, options, rng, start, earlier)


def weighed(
    table: Table, options: FitOptions, form: str, sample_weight: ArrayLike | None, y_error: ArrayLike | None
) -> tuple[Table, FitOptions]:
    """The table with the weights of its rows, and options with what was said of its noise."""
    if isinstance(options.noise, LossNoise):
        return weighed_for(options.noise.loss, table, sample_weight, y_error), options
    table, noise = with_errors(table, form, sample_weight, y_error)
    return table, replace(options, noise=noise)


def with_errors_of_file(options: FitOptions, settings: Mapping[str, Any]) -> FitOptions:
    """The options, where a column of a file has the errors of its rows. settings: those of the estimator"""
    check_no_form(settings["noise"])
    check_no_errors(loss_of(settings["loss"]))
    return replace(options, noise=Noise(GIVEN))


def check_for_groups(settings: Mapping[str, Any]) -> None:
    """Raise `InputDataError` if an option is not for constants by group."""
    for name in _NOT_BY_GROUP:
        if settings[name] is not None:
            raise InputDataError(f"groups: {name} is not for constants by group; leave {name}= or groups= out")
    if settings["warm_start"]:
        raise InputDataError("warm_start: a fit by groups does not go on; leave warm_start= or groups= out")
    if settings["loss"] != "squared":
        raise InputDataError("groups: constants by group are fitted by least squares; leave loss= or groups= out")


def check_for_outputs(settings: Mapping[str, Any]) -> None:
    """Raise `InputDataError` if an option is not for one structure of several outputs."""
    check_choice("shared", settings["shared"], SHARED)
    for name in _NOT_BY_GROUP:
        if settings[name] is not None:
            raise InputDataError(f"shared: {name}= is not for one structure of several outputs; leave either out")
    if settings["loss"] != "squared" or settings["noise"] != "additive":
        raise InputDataError(
            "shared: one structure is fitted by least squares, with errors that are alike in all rows or given as "
            "y_error; leave loss= and noise=, or shared= out"
        )


def check_one_output(shared: Any) -> None:
    """Raise `InputDataError` where one column of y is to share its structure."""
    if shared is not None:
        check_choice("shared", shared, SHARED)
        raise InputDataError(
            "shared='graph': y has one column, and a structure is shared by two or more; hand over all of them, or "
            "leave shared= out"
        )


def check_for_large_file(options: FitOptions) -> None:
    """Raise `InputDataError` if an option needs all rows in memory."""
    check_share(options)
    if options.template is not None:
        raise InputDataError(
            f"template: of a file of more than {SUBSET_ROWS} rows no functions are searched; read it into memory "
            "and use fit"
        )
