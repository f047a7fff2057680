"""Every knob of the search, in one frozen value that is checked when it is built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eqdarts.errors import InputDataError, check_choice, check_flag, check_range, shown
from eqdarts.graph.links import check_links
from eqdarts.graph.operations import DEFAULT_OPERATIONS

MAX_NODES = 1000  # a model file with more is not read
RELAXATIONS = ("gumbel", "softmax", "sigmoid")
OPTIMIZERS = ("lm", "adam", "sgd")
DISCRETISATIONS = ("argmax", "sample", "k_best")


@dataclass(frozen=True)
class SearchConfig:
    """Settings of one search; `DARTSRegressor` documents each.

    Raises
    ------
    InputDataError
        When built with a value out of range, or with options that contradict each other.
    """

    operations: tuple[str, ...] = DEFAULT_OPERATIONS
    aggregators: tuple[str, ...] = ("sum", "product")
    links: tuple[str, ...] = ("identity",)
    max_nodes: int = 6
    replicas: int = 2048
    relaxation: str = "gumbel"
    temperature: tuple[float, float] = (1.0, 0.2)
    optimizer: str = "lm"
    order: int = 1
    discretisation: str = "argmax"
    max_epochs: int | None = None
    max_time: float | None = 60.0
    patience: int | None = 1000
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
    symmetries: bool = True
    proposers: tuple[Any, ...] | None = None

    def __post_init__(self) -> None:
        check_links(self.links)
        check_choice("relaxation", self.relaxation, RELAXATIONS)
        check_choice("optimizer", self.optimizer, OPTIMIZERS)
        check_choice("order", self.order, (1, 2))
        check_choice("discretisation", self.discretisation, DISCRETISATIONS)
        for name in ("max_nodes", "replicas", "w_steps", "alpha_steps", "max_epochs", "patience"):
            value = getattr(self, name)
            if value is not None or name not in ("max_epochs", "patience"):
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
        for name in ("readout_inputs", "readout_coefficients", "readout_intercept", "symmetries"):
            check_flag(name, getattr(self, name))
        if self.max_time is not None:
            check_range("max_time", self.max_time, 0, finite=False)
            object.__setattr__(self, "max_time", float(min(self.max_time, 1e300)))
        if self.max_time is None and self.max_epochs is None and self.patience is None:
            raise InputDataError("max_time, max_epochs and patience are all None: the search would never end; set one")
        if not isinstance(self.temperature, tuple) or len(self.temperature) != 2:
            raise InputDataError(
                f"temperature={shown(self.temperature)}: expected two numbers, (first, last), such as (1.0, 0.2)"
            )
        for value in self.temperature:
            check_range("temperature", value, 1e-6)
        if self.optimizer != "lm" and self.links != ("identity",):
            raise InputDataError(f"links={self.links!r}: a relaxed search has only the identity; leave links out")
        if self.optimizer == "lm" and self.relaxation != "gumbel":
            raise InputDataError(
                f"optimizer='lm' fits sampled graphs, and relaxation={self.relaxation!r} samples none; "
                "choose optimizer='adam' or relaxation='gumbel'"
            )
        if self.optimizer == "lm" and self.order == 2:
            raise InputDataError(
                "order=2 unrolls a gradient step of w, and optimizer='lm' takes none; choose optimizer='adam'"
            )
