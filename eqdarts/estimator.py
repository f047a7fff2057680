"""The scikit-learn surface: `DARTSRegressor`. No mathematics here."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
import sympy
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
from tqdm import tqdm

from eqdarts.config import SearchConfig
from eqdarts.equation import Equation, Front
from eqdarts.errors import InputDataError, check_choice, check_range
from eqdarts.latex import to_latex, to_text
from eqdarts.operations import DEFAULT_OPERATIONS
from eqdarts.search.finish import Problem, snapping_rows
from eqdarts.search.loop import EpochRecord, SearchResult, run
from eqdarts.search_space import SearchSpace
from eqdarts.selection import CRITERIA, choose, scores
from eqdarts.table import check_finite_columns, check_names, merge_rows, prepare, split_rows


class DARTSRegressor(RegressorMixin, BaseEstimator):
    """TODO"""

    def __init__(
        self,
        *,
        operations: Sequence[str] | None = None,
        aggregators: Sequence[str] = ("sum", "product"),
        max_nodes: int = 4,
        replicas: int = 256,
        relaxation: str = "gumbel",
        temperature: tuple[float, float] = (1.0, 0.2),
        optimizer: str = "auto",
        order: int = 1,
        max_epochs: int | None = None,
        max_time: float | None = 60.0,
        patience: int | None = 200,
        validation: Any = 0.25,
        w_steps: int = 10,
        alpha_steps: int = 1,
        w_learning_rate: float = 0.025,
        w_weight_decay: float = 3e-4,
        alpha_learning_rate: float = 0.05,
        alpha_weight_decay: float = 1e-4,
        parameter_decay: float = 0.0,
        fair_weight: float = 1.0,
        readout_inputs: bool = True,
        readout_coefficients: bool = True,
        readout_intercept: bool = True,
        discretisation: str = "argmax",
        model_selection: str = "best",
        max_complexity: int | None = None,
        callback: Callable[[EpochRecord], None] | None = None,
        device: str = "cpu",
        verbose: int = 1,
        random_state: Any = None,
    ) -> None:
        self.operations = operations
        self.aggregators = aggregators
        self.max_nodes = max_nodes
        self.replicas = replicas
        self.relaxation = relaxation
        self.temperature = temperature
        self.optimizer = optimizer
        self.order = order
        self.max_epochs = max_epochs
        self.max_time = max_time
        self.patience = patience
        self.validation = validation
        self.w_steps = w_steps
        self.alpha_steps = alpha_steps
        self.w_learning_rate = w_learning_rate
        self.w_weight_decay = w_weight_decay
        self.alpha_learning_rate = alpha_learning_rate
        self.alpha_weight_decay = alpha_weight_decay
        self.parameter_decay = parameter_decay
        self.fair_weight = fair_weight
        self.readout_inputs = readout_inputs
        self.readout_coefficients = readout_coefficients
        self.readout_intercept = readout_intercept
        self.discretisation = discretisation
        self.model_selection = model_selection
        self.max_complexity = max_complexity
        self.callback = callback
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> DARTSRegressor:
        """Search for the equation behind y."""
        names, target = _names_of(X, y)
        config = self._config()
        check_choice("model_selection", self.model_selection, CRITERIA)
        X_array, y_array, names = self._validated(X, y, names)
        weights = None if sample_weight is None else _weights(sample_weight, X_array)
        seed = check_random_state(self.random_state).randint(2**31 - 1)
        rng = np.random.default_rng(seed)

        self.target_name_ = target
        columns = names
        if isinstance(self.validation, float | int):
            X_array, y_array, weights = merge_rows(X_array, y_array, weights)
            weights = None if np.ptp(weights) == 0 else weights / weights.mean()
        prepared = prepare(X_array, y_array, columns, weights)
        problem = Problem(
            X_array[:, prepared.kept], y_array, weights, prepared.names, columns, target,
            prepared.scales.x, prepared.scales.y, snapping_rows(len(y_array), rng),
        )  # fmt: skip
        self._search(problem, config, rng, prepared.constant is not None)
        return self

    def _search(self, problem: Problem, config: SearchConfig, rng: np.random.Generator, constant: bool) -> None:
        train, validation = split_rows(len(problem.y), self.validation, rng)
        train, validation = _at_most(train, 120, rng), _at_most(validation, 120, rng)
        if len(problem.y) < 60:
            train = validation = np.arange(len(problem.y))
        space = SearchSpace(
            problem.names, config.max_nodes, config.operations, config.aggregators,
            tuple(bool(c.min() <= 0) for c in problem.X.T),
            config.readout_inputs, config.readout_coefficients, config.readout_intercept,
        )  # fmt: skip
        result = run(space, config, problem, train, validation, rng, self.callback)
        self._store(result, space, len(problem.y))

    def _store(self, result: SearchResult, space: SearchSpace, n: int) -> None:
        self.search_space_ = space
        self.front_ = result.front
        self.n_rows_ = n
        self.history_ = pd.DataFrame([asdict(r) for r in result.history])
        self.alpha_history_ = np.array(result.alpha_history)
        self.stop_reason_ = result.stop_reason

    @property
    def best_index_(self) -> int:
        check_is_fitted(self)
        return choose(self.front_, self.model_selection, self.n_rows_)

    @property
    def equations_(self) -> pd.DataFrame:
        check_is_fitted(self)
        front = self.front_
        return pd.DataFrame(
            {
                "complexity": [e.complexity for e in front],
                "loss": [e.loss for e in front],
                "score": scores(front),
                "equation": [to_text(e.expression) for e in front],
                "sympy": [e.expression for e in front],
                "origin": [e.origin for e in front],
            }
        )

    def _row(self, index: int | None) -> Equation:
        check_is_fitted(self)
        return self.front_[self.best_index_ if index is None else index]

    def sympy(self, index: int | None = None) -> sympy.Expr:
        return self._row(index).expression

    def latex(self, index: int | None = None, precision: int = 4) -> str:
        row = self._row(index)
        return to_latex(row.expression, row.target, precision)

    def predict(self, X: ArrayLike, index: int | None = None) -> np.ndarray:
        row = self._row(index)
        array = validate_data(self, X, reset=False, dtype=np.float64)
        return row.predict(array)

    def _validated(self, X: ArrayLike, y: ArrayLike, names):
        X_array, y_array = validate_data(self, X, y, dtype=np.float64, y_numeric=True, ensure_min_samples=2)
        y_array = np.asarray(y_array, dtype=np.float64)
        return X_array, y_array, names or tuple(f"x{i + 1}" for i in range(X_array.shape[1]))

    def _config(self) -> SearchConfig:
        optimizer = self.optimizer
        if optimizer == "auto":
            optimizer = "lm" if self.relaxation == "gumbel" else "adam"
        return SearchConfig(
            operations=DEFAULT_OPERATIONS if self.operations is None else tuple(self.operations),
            aggregators=tuple(self.aggregators), max_nodes=self.max_nodes, replicas=self.replicas,
            relaxation=self.relaxation, temperature=tuple(self.temperature), optimizer=optimizer, order=self.order,
            max_epochs=self.max_epochs, max_time=self.max_time, patience=self.patience,
            w_steps=self.w_steps, alpha_steps=self.alpha_steps, w_learning_rate=self.w_learning_rate,
            w_weight_decay=self.w_weight_decay, alpha_learning_rate=self.alpha_learning_rate,
            alpha_weight_decay=self.alpha_weight_decay, parameter_decay=self.parameter_decay,
            fair_weight=self.fair_weight, readout_inputs=self.readout_inputs,
            readout_coefficients=self.readout_coefficients, readout_intercept=self.readout_intercept,
        )  # fmt: skip


def _at_most(rows, limit, rng):
    return rows if len(rows) <= limit else np.sort(rng.choice(rows, limit, replace=False))


def _names_of(X, y):
    names = tuple(map(str, X.columns)) if isinstance(X, pd.DataFrame) else ()
    target = str(y.name) if isinstance(y, pd.Series) and y.name is not None else "y"
    return names, target


def _weights(sample_weight, X):
    return _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
