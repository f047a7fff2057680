"""Every knob of the search, in one frozen value that is checked when it is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from eqdarts.errors import InputDataError, check_choice, check_flag, check_range, listed_names, shown
from eqdarts.graph.links import LINK_NAMES, check_links
from eqdarts.graph.operations import DEFAULT_OPERATIONS, in_order
from eqdarts.graph.space import AGGREGATORS
from eqdarts.runtime.memory import bytes_of

MAX_NODES = 1000  # a model file with more is not read
RELAXATIONS = ("sampled", "softmax", "sigmoid", "gumbel")
OPTIMIZERS = ("lm", "adam", "sgd")
DISCRETISATIONS = ("argmax", "sample", "k_best")
_ENDS = ("max_epochs", "max_fits", "patience", "agreeing_runs")  # each may be None
_SAMPLED_REPLICAS, _RELAXED_REPLICAS = 2048, 16


@dataclass(frozen=True)
class SearchConfig:
    """Settings of one search; `DARTSRegressor` documents each.

    Raises
    ------
    InputDataError
        When built with a value out of range, with options that contradict each other, or with one that the search
        they choose does not read, and that has another value than by default.
    """

    operations: tuple[str, ...] = DEFAULT_OPERATIONS
    aggregators: tuple[str, ...] = ("sum", "product")
    links: tuple[str, ...] = ("identity",)
    max_nodes: int = 6
    replicas: int = 2048
    relaxation: str = "sampled"
    temperature: tuple[float, float] = (1.0, 0.2)
    optimizer: str = "lm"
    order: int = 1
    discretisation: str = "argmax"
    max_epochs: int | None = None
    max_fits: int | None = None
    max_time: float | None = 60.0
    max_memory: int | None = None
    patience: int | None = 1000
    agreeing_runs: int | None = 2
    w_steps: int = 10
    alpha_steps: int = 1
    w_learning_rate: float = 0.025
    w_weight_decay: float = 3e-4
    alpha_learning_rate: float = 0.05
    alpha_weight_decay: float = 1e-3
    parameter_decay: float = 0.0
    fair_weight: float = 1.0
    readout_inputs: bool = True
    readout_coefficients: bool = True
    readout_intercept: bool = True
    proposers: tuple[Any, ...] | None = None

    def __post_init__(self) -> None:
        check_links(self.links)
        check_choice("relaxation", self.relaxation, RELAXATIONS)
        check_choice("optimizer", self.optimizer, OPTIMIZERS)
        check_choice("order", self.order, (1, 2))
        check_choice("discretisation", self.discretisation, DISCRETISATIONS)
        for name in ("max_nodes", "replicas", "w_steps", "alpha_steps", *_ENDS):
            value = getattr(self, name)
            if value is not None or name not in _ENDS:
                check_range(name, value, 1, MAX_NODES if name == "max_nodes" else float("inf"), integer=True)
                object.__setattr__(self, name, int(value))  # 3.0 and NumPy's integers are integers too
        for name in (
            "w_learning_rate",
            "w_weight_decay",
            "alpha_learning_rate",
            "alpha_weight_decay",
            "parameter_decay",
            "fair_weight",
        ):
            check_range(name, getattr(self, name), 0)
        for name in ("readout_inputs", "readout_coefficients", "readout_intercept"):
            check_flag(name, getattr(self, name))
        if self.max_time is not None:
            check_range("max_time", self.max_time, 0, finite=False)
            object.__setattr__(self, "max_time", float(min(self.max_time, 1e300)))
        if self.max_memory is not None:
            object.__setattr__(self, "max_memory", bytes_of("max_memory", self.max_memory))
        if self.max_time is None and self.max_epochs is None and self.max_fits is None and self.patience is None:
            raise InputDataError(
                "max_time, max_epochs, max_fits and patience are all None: the search would never end; set one"
            )
        if not isinstance(self.temperature, tuple) or len(self.temperature) != 2:
            raise InputDataError(
                f"temperature={shown(self.temperature)}: expected two numbers, (first, last), such as (1.0, 0.2)"
            )
        for value in self.temperature:
            check_range("temperature", value, 1e-6)
        if self.optimizer == "lm" and self.relaxation != "sampled":
            raise InputDataError(
                f"optimizer='lm' fits sampled graphs, and relaxation={self.relaxation!r} samples none; "
                "choose optimizer='adam' or relaxation='sampled'"
            )
        if self.optimizer != "lm" and self.relaxation == "sampled":
            raise InputDataError(
                f"optimizer={self.optimizer!r} takes steps on a mixture, and relaxation='sampled' has none; choose "
                "relaxation='softmax', 'sigmoid' or 'gumbel', or leave optimizer out"
            )
        self._check_that_all_are_read()

    def _check_that_all_are_read(self) -> None:
        """Raise `InputDataError` for an option that has no effect here, and was changed."""
        for scope in _SCOPES:
            for name in () if scope.holds(self) else scope.options:
                value, default = getattr(self, name), type(self).__dataclass_fields__[name].default
                if value is not default and (default is None or value != default):
                    raise InputDataError(
                        f"{name}={shown(value)} has no effect with relaxation={self.relaxation!r} and "
                        f"optimizer={self.optimizer!r}: it is an option of {scope.search}; leave it out, or choose "
                        f"{scope.choice}"
                    )


@dataclass(frozen=True)
class _Scope:
    """Options that only some searches read."""

    options: tuple[str, ...]
    holds: Callable[[SearchConfig], bool]
    search: str
    choice: str


def _samples(config: SearchConfig) -> bool:
    return config.optimizer == "lm"


_SCOPES = (
    _Scope(
        ("order", "discretisation", "w_steps", "alpha_steps", "w_learning_rate", "w_weight_decay", "parameter_decay"),
        lambda config: not _samples(config),
        "relaxed searches",
        "relaxation='softmax', 'sigmoid' or 'gumbel'",
    ),
    _Scope(
        ("temperature",),
        lambda config: not _samples(config) and config.relaxation == "gumbel",
        "the relaxed search with Gumbel noise",
        "relaxation='gumbel'",
    ),
    _Scope(
        ("fair_weight",),
        lambda config: config.relaxation == "sigmoid",
        "the relaxed search with independent sigmoids",
        "relaxation='sigmoid'",
    ),
    _Scope(("proposers", "links", "agreeing_runs"), _samples, "the search of sampled graphs", "relaxation='sampled'"),
)


def search_config(parameters: Mapping[str, Any]) -> SearchConfig:
    """The settings of the search that the parameters of an estimator ask for.

    Parameters
    ----------
    parameters : mapping
        By name, at least those of `SearchConfig`. Its own are more exact: "auto" and None become what they stand for.

    Raises
    ------
    InputDataError
        Naming the parameter.
    """
    given = {field.name: parameters[field.name] for field in fields(SearchConfig)}
    check_choice("optimizer", given["optimizer"], ("auto", *OPTIMIZERS))
    check_choice("relaxation", given["relaxation"], RELAXATIONS)
    check_flag("readout_coefficients", given["readout_coefficients"])
    if given["optimizer"] == "auto":
        given["optimizer"] = "lm" if given["relaxation"] == "sampled" else "adam"
    samples = given["optimizer"] == "lm"
    if given["replicas"] is None:
        given["replicas"] = _SAMPLED_REPLICAS if samples else _RELAXED_REPLICAS
    given["operations"] = _with_zero(given["operations"])
    given["aggregators"] = _sorted(listed_names("aggregators", given["aggregators"]), AGGREGATORS)
    if given["links"] is None:
        given["links"] = LINK_NAMES if samples and given["readout_coefficients"] else ("identity",)
    else:
        given["links"] = _sorted(listed_names("links", given["links"]), LINK_NAMES)
    if isinstance(given["temperature"], list | np.ndarray) and np.ndim(given["temperature"]) == 1:
        given["temperature"] = tuple(given["temperature"])
    return SearchConfig(**given)


def _with_zero(operations: Any) -> tuple[str, ...]:
    names = DEFAULT_OPERATIONS if operations is None else listed_names("operations", operations)
    return in_order(names if "zero" in names else ("zero", *names))


def _sorted(names: tuple[str, ...], order: tuple[str, ...]) -> tuple[str, ...]:
    """The same set in one order, whichever way it was written; unknown names, which are refused later, come last."""
    return tuple(sorted(names, key=lambda name: order.index(name) if name in order else len(order)))
