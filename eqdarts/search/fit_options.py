"""What a fit is told: the settings of its search, and what stands around it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Integral
from typing import Any

from eqdarts.data.noise import ADDITIVE, Noise, check_form
from eqdarts.dimensions.table_units import TableUnits, check_units
from eqdarts.equation.selection import CRITERIA
from eqdarts.errors import InputDataError, check_choice, check_flag, check_range, shown
from eqdarts.fit.backend import available_cores, check_device
from eqdarts.formula.templates import check_template
from eqdarts.knowledge.constraints import Constraints
from eqdarts.knowledge.guesses import checked_guesses, read_guess
from eqdarts.knowledge.named import check_constant_names, checked_constants
from eqdarts.losses.named import loss_of
from eqdarts.losses.noise import LossNoise, noise_given
from eqdarts.options import SearchConfig, search_config
from eqdarts.options_together import check_together
from eqdarts.propose.sources import check_proposers
from eqdarts.runtime.memory import Memory
from eqdarts.search.history import EpochRecord

SHARED = ("graph",)  # what several outputs may share


@dataclass(frozen=True, eq=False)
class FitOptions:
    """The parameters of an estimator, checked; `DARTSRegressor` documents each.

    Attributes
    ----------
    config : SearchConfig
    validation : float, array or splitter
    max_complexity, max_columns : int or None
    callback : callable or None
    device : str
    threads : int
        `n_jobs`, as a number of threads.
    verbose : int
    noise : Noise
        What was said of it; its form may be "auto".
    units : TableUnits or None
        Of a table that is known; `fit_options` only looks whether the option can be read as such.
    guesses : tuple of str
    constants : mapping of str to float
    constraints : Constraints
    template : str or None
        A law of which parts are known, in text; which of its names are columns the table says.
    memory : Memory or None
        What the fit may take from now on; None if there is no limit.
    """

    config: SearchConfig
    validation: Any
    max_complexity: int | None
    max_columns: int | None
    callback: Callable[[EpochRecord], None] | None
    device: str
    threads: int
    verbose: int
    noise: Noise = ADDITIVE
    units: TableUnits | None = None
    guesses: tuple[str, ...] = ()
    constants: Mapping[str, float] = field(default_factory=dict)
    constraints: Constraints = field(default_factory=Constraints)
    template: str | None = None
    memory: Memory | None = None

    @property
    def splits_by_share(self) -> bool:
        """Are rows to validate drawn, and not named by the user?"""
        return isinstance(self.validation, (int, float))

    def check_columns(self, columns: Sequence[str], target: str) -> None:
        """Raise `InputDataError` where what is known of the law names something else than these columns."""
        self.constraints.check_names(columns, target, self.config.operations, self.max_complexity)
        check_constant_names(self.constants, tuple(columns), target)
        for guess in self.guesses:
            names = {symbol.name for symbol in read_guess(guess, columns, target).free_symbols}
            never = sorted(names.intersection(self.constraints.never))
            if never:
                raise InputDataError(f"guesses: {guess!r} has {never[0]!r}, which constraints name in never")


def fit_options(parameters: Mapping[str, Any], **beside: Any) -> FitOptions:
    """The options that the parameters of an estimator give, by name.

    beside: what else they have to go together with (`eqdarts.options_together`)

    Raises
    ------
    InputDataError
        Naming an option that is out of range, without effect in the search that the others choose, or not for what
        else is asked.
    """
    check_choice("model_selection", parameters["model_selection"], CRITERIA)
    check_form(parameters["noise"])
    check_units(parameters["units"])
    noise = noise_given(loss_of(parameters["loss"]), parameters["noise"])
    for name in ("max_complexity", "max_columns"):
        if parameters[name] is not None:
            check_range(name, parameters[name], 1, integer=True)
    n_jobs, verbose, callback = parameters["n_jobs"], parameters["verbose"], parameters["callback"]
    if not isinstance(n_jobs, Integral) or n_jobs != -1:
        check_range("n_jobs", n_jobs, 1, integer=True)
    if not isinstance(verbose, bool):
        check_range("verbose", verbose, 0)
    if callback is not None and not callable(callback):
        raise InputDataError(f"callback={shown(callback)}: expected a function of one EpochRecord, or None")
    if parameters["template"] is not None:
        check_template(parameters["template"])
    if parameters["shared"] is not None:
        check_choice("shared", parameters["shared"], SHARED)
    check_flag("warm_start", parameters["warm_start"])
    path = parameters["checkpoint"]
    if path is not None and not (isinstance(path, str | os.PathLike) and os.fspath(path)):
        raise InputDataError(f"checkpoint={shown(path)}: expected the path of a file, such as 'run.ckpt', or None")
    check_device(parameters["device"])
    config = search_config(parameters)
    if config.proposers is not None:
        config = replace(config, proposers=check_proposers(config.proposers))
    options = FitOptions(
        config,
        validation=parameters["validation"],
        max_complexity=parameters["max_complexity"],
        max_columns=parameters["max_columns"],
        callback=callback,
        device=parameters["device"],
        threads=available_cores() if n_jobs == -1 else int(n_jobs),
        verbose=verbose,
        noise=noise,
        guesses=checked_guesses(parameters["guesses"]),
        constants=checked_constants(parameters["constants"]),
        constraints=Constraints.of(parameters["constraints"]),
        template=parameters["template"],
        memory=None if config.max_memory is None else Memory(min(config.max_memory, sys.maxsize)),
    )
    linked = isinstance(noise, LossNoise) and noise.loss.link.name != "identity" and noise.loss.name
    check_together(parameters, linked=linked, **beside)
    return options
