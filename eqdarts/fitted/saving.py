"""A fitted model, which is saved to a file and comes of one."""

from __future__ import annotations

import inspect
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from eqdarts.equation.front import Front
from eqdarts.equation.model_file import Saved, opened, read, write
from eqdarts.fitted.grouped import InGroups
from eqdarts.formula.records import Record, dump
from eqdarts.knowledge.constraints import Constraints
from eqdarts.runtime.writing import write_text
from eqdarts.search.history import history_table

if TYPE_CHECKING:
    from typing_extensions import Self


class FittedModel(InGroups):
    """All that a fitted model does; how it is fitted stands in the class below."""

    history_: pd.DataFrame
    alpha_history_: np.ndarray

    def to_dict(self) -> dict[str, Any]:
        """Everything that `save` writes, as plain values for JSON.

        Settings that JSON cannot hold, such as `callback` or a `RandomState`, are left out with a `SearchWarning`.
        """
        check_is_fitted(self)
        saved = Saved(
            settings=_with_constraints(self.get_params(deep=False)),
            columns=self.front_[0].columns,
            named_columns=hasattr(self, "feature_names_in_"),
            target=self.target_name_,
            stop_reason=self.stop_reason_,
            training=self.training_,
            space=self.search_space_,
            front=Front(tuple(map(self._with_errors, self.front_)), self.front_.rows),
            noise=self.noise_,
            rivals=self._rivals,
            leaves_something=self.leaves_more_than_noise_,
            units=self.units_,
            selected=self.selected_,
            excluded=self._excluded,
        )
        return write(saved, self.best_index_)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted model to a JSON file, for `load`; the file is replaced as a whole or not at all.

        It holds the front with graphs, constants and their standard errors, the names and ranges of the columns, and
        the settings. Not the training rows, so `resample`, `stability` and `extrapolation` need a new fit, nor
        `history_` and `alpha_history_`. Settings that JSON cannot hold, such as `callback` or a `RandomState`, are
        left out with a `SearchWarning`.

        Parameters
        ----------
        path : str or path

        Raises
        ------
        EqdartsError
            If the file cannot be written, or an equation holds a function that no file can (`InputDataError`).

        Examples
        --------
        >>> import numpy as np, os, tempfile
        >>> from eqdarts import DARTSRegressor
        >>> X = np.linspace(1, 2, 20)[:, None]
        >>> model = DARTSRegressor(max_epochs=2, replicas=16, random_state=0, verbose=0).fit(X, 1 / X[:, 0])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(os.path.join(folder, "model.json"))
        ...     again = DARTSRegressor.load(os.path.join(folder, "model.json"))
        >>> print(again, bool((again.predict(X) == model.predict(X)).all()))  # doctest: +ELLIPSIS
           complexity ...y = 1/x1 True
        """
        write_text(path, dump(self.to_dict()))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """A model that `save` wrote. Predictions are the same to the last bit.

        Nothing in the file is evaluated as code, so a file of unknown origin does no harm.

        Raises
        ------
        InputDataError
            If it is damaged, foreign or of a later release; naming the field.

        Warns
        -----
        SearchWarning
            If its graphs have operations that are not registered here; `search_space_` is None then.
        """
        return cls._of_record(opened(path))

    @classmethod
    def _of_record(cls, data: Record) -> Self:
        saved = read(data, {name: p.default for name, p in inspect.signature(cls).parameters.items()})
        model = cls(**saved.settings)
        model.n_features_in_ = len(saved.columns)
        if saved.named_columns:
            model.feature_names_in_ = np.array(saved.columns, dtype=object)
        return model._restore(saved)

    def _restore(self, saved: Saved) -> Self:
        """What `fit` keeps, from a file."""
        self.front_, self.search_space_, self.target_name_ = saved.front, saved.space, saved.target
        self.training_, self.stop_reason_, self.noise_ = saved.training, saved.stop_reason, saved.noise
        self._rivals, self._selected = saved.rivals, saved.selected
        self.leaves_more_than_noise_ = saved.leaves_something
        self.units_ = dict(saved.units)
        self._excluded = saved.excluded
        self._training = self._problem = self._result = self._groups = None
        self.history_ = history_table(())
        self.alpha_history_ = np.array([])
        return self


def _with_constraints(settings: dict[str, Any]) -> dict[str, Any]:
    """Those that were given as a dict of fields are as plain as others."""
    given = settings.get("constraints")
    return settings if given is None else {**settings, "constraints": Constraints.of(given)}
