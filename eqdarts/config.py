"""Every knob of the search, in one frozen value that is checked when it is built."""

from __future__ import annotations

from dataclasses import dataclass

from eqdarts.errors import InputDataError, check_choice, check_range
from eqdarts.links import check_links
from eqdarts.operations import DEFAULT_OPERATIONS

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

    def __post_init__(self) -> None:
        check_links(self.links)
        check_choice("relaxation", self.relaxation, RELAXATIONS)
        check_choice("optimizer", self.optimizer, OPTIMIZERS)
        check_choice("order", self.order, (1, 2))
        check_choice("discretisation", self.discretisation, DISCRETISATIONS)
        for name in ("max_nodes", "replicas", "w_steps", "alpha_steps"):
            check_range(name, getattr(self, name), 1, integer=True)
        for name in ("max_epochs", "patience"):
            if getattr(self, name) is not None:
                check_range(name, getattr(self, name), 1, integer=True)
        for name in (
            "w_learning_rate",
            "w_weight_decay",
            "alpha_learning_rate",
            "alpha_weight_decay",
            "parameter_decay",
            "fair_weight",
        ):
            check_range(name, getattr(self, name), 0)
        if self.max_time is not None:
            check_range("max_time", self.max_time, 0)
        if self.max_time is None and self.max_epochs is None and self.patience is None:
            raise InputDataError("max_time, max_epochs and patience are all None: the search would never end; set one")
        if len(self.temperature) != 2:
            raise InputDataError(f"temperature={self.temperature!r}: expected (first, last)")
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
