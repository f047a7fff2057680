"""A fitted model of several outputs: one model for each, side by side."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import sympy
from sklearn import get_config
from sklearn.metrics import r2_score
from sklearn.utils import Tags, check_random_state, estimator_html_repr
from sklearn.utils.validation import check_is_fitted

from eqdarts.data import as_frame, units_of
from eqdarts.data.cells import checked_weights
from eqdarts.data.columns import listed
from eqdarts.data.outputs import aligned, beside
from eqdarts.data.user_table import given_target
from eqdarts.equation.model_file import FORMAT_OUTPUTS, VERSION, check_formulas
from eqdarts.equation.prediction import Interval
from eqdarts.errors import InputDataError, NoSuchResultError, kept_warnings, warn
from eqdarts.fitted.saving import FittedModel
from eqdarts.formula.latex import aligned_latex
from eqdarts.formula.records import Record
from eqdarts.losses.goal import unexplained
from eqdarts.losses.named import SQUARED
from eqdarts.runtime.interrupts import interrupts

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike
    from typing_extensions import Self

_MOST = 1000  # outputs of a file
_SQUARE = 1e-140, 1e140  # sizes whose squares are doubles of all digits

_BEYOND = 1.25  # times its share that a fit takes, the loops compiled (not tuned)


class OutputsModel(FittedModel):
    """A fitted model, whose y may have had several columns.

    Then it holds a model for each, and answers for all of them where that makes sense; what needs one output says how
    to come by it. A model of one column is all that `FittedModel` says.
    """

    max_time: float | None
    random_state: Any
    _outputs: tuple[Self, ...]  # set where there are several

    @property
    def outputs_(self) -> tuple[Self, ...]:
        """A fitted model for each column of y; the model itself, if there was one."""
        check_is_fitted(self)
        return self.__dict__.get("_outputs") or (self,)

    def output(self, name: str) -> Self:
        """The model of one output, by the name of its column.

        It has its own front, `select`, constants and rows, and is what a fit of this column alone would be, unless the
        structure is `shared`. What is selected there counts here too.

        Raises
        ------
        InputDataError
            If there is no such output.

        Examples
        --------
        >>> import numpy as np, pandas as pd
        >>> from eqdarts import DARTSRegressor
        >>> x = pd.DataFrame({"t": np.arange(1.0, 21.0)})
        >>> both = pd.DataFrame({"h": 3 * x.t**2, "v": 6 * x.t})
        >>> model = DARTSRegressor(max_epochs=2, replicas=16, random_state=0, verbose=0).fit(x, both)
        >>> model.sympy()
        [3*t**2, 6*t]
        >>> model.output("v").equation()(t=2.0)
        12.0
        """
        for one in self.outputs_:
            if one.target_name_ == name:
                return one
        raise InputDataError(f"there is no output {name!r}; there are {listed(self._names)}")

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            outputs = self.__dict__.get("_outputs")
            if outputs and not name.startswith("__") and hasattr(outputs[0], name):
                raise NoSuchResultError(
                    f"this model has the outputs {listed(self._names)}, and each has that of its own: ask "
                    f"model.output({self._names[0]!r}) instead of the model"
                )
            return object.__getattribute__(self, name)  # again, as that says why there is none

    def select(
        self, index: int | None = None, *, complexity: int | None = None, form: str | sympy.Expr | None = None
    ) -> Self:
        """Choose another equation: from now on `predict`, `latex`, pictures, exports and files have it.

        Without an argument the choice goes back to `model_selection`. `fit` and `clone` forget what was selected, and
        `save` keeps it. For a single call every method takes ``index=``. Of several outputs with one structure
        (``shared="graph"``) all get the same row, which is looked up among the equations of the first; others are
        selected one by one (`output`).

        Parameters
        ----------
        index : int, optional
            A row of `equations_`.
        complexity : int, optional
            Of one of its equations.
        form : str or sympy.Expr, optional
            Such as "a*exp(-k*t)": symbols that are no columns, and numbers, stand for any constant; exponents that are
            numbers stand for themselves. Of several equations that have the form, the one of the shortest description.

        Returns
        -------
        DARTSRegressor
            Itself.

        Raises
        ------
        InputDataError
            If there is no such equation; the message lists those that there are.

        Examples
        --------
        >>> import numpy as np
        >>> from eqdarts import DARTSRegressor
        >>> x = np.arange(1.0, 21.0)
        >>> model = DARTSRegressor(max_epochs=2, replicas=16, random_state=0, verbose=0).fit(x[:, None], 3 * x**2)
        >>> print(model.select(complexity=1).latex())
        y = 430.5
        >>> print(model.select(form="a*x1**n").latex())
        y = 3 x_{1}^{2}
        >>> model.select().selected_ is None
        True
        """
        if not self._several or self._several[0].front_[0].joint is None:
            return super().select(index, complexity=complexity, form=form)
        first, *others = self._several
        row = first.select(index, complexity=complexity, form=form).selected_
        for one in others:
            one.select(row)
        return self

    def predict(
        self,
        X: ArrayLike,
        index: int | None = None,
        *,
        interval: float | None = None,
        kind: str = "observation",
        y_error: ArrayLike | None = None,
        groups: Any = None,
    ) -> Any:
        """The chosen equation, or row `index` of `equations_`, on rows X [n, d]; of several outputs those of all.

        Of a DataFrame the columns of the fit are taken by their names, whatever their order and whatever else there
        is; so they are in `score`, `refit` and `extrapolation`. Those of an array are in the order of the fit.

        Parameters
        ----------
        X : DataFrame or array [n, d]
        index : int, optional
            Of a model of one output.
        interval : float, optional
            Limits of this level as well, such as 0.95, as if the form of the equation had been known; `stability` has
            those over all forms.
        kind : {"observation", "mean"}
        y_error : float or array [n] or [n, k], optional
            These as in `Equation.predict`; of a model that was fitted with `y_error`, limits of an observation need it.
        groups : array [n] or label, optional
            Of a model that was fitted with groups: the group of each row, or of all; by default the column of X that
            has the name of the groups.

        Returns
        -------
        array [n], or [n, k] of k outputs, or Interval
            NaN, with a `SearchWarning`, where the equation is not defined. Where it is 0/0 as it is written and has a
            limit, as sin(x)/x at x = 0, that limit. With an `interval`: ``value, low, high``, an array each.
        """
        outputs = self._several
        if index is not None or not outputs:
            answer: Any = super().predict  # whose overloads tell apart what is handed on here
            return answer(X, index, interval=interval, kind=kind, y_error=y_error, groups=groups)
        if groups is not None:
            raise InputDataError("groups: the model was fitted without groups; leave it out")
        X = as_frame(X)
        if interval is None:
            return np.column_stack([one.predict(X) for one in outputs])
        errors = beside("y_error", y_error, [pd.Series(name=name) for name in self._names])
        found = [
            one.predict(X, interval=interval, kind=kind, y_error=error)
            for one, error in zip(outputs, errors, strict=True)
        ]
        return Interval(*(np.column_stack(part) for part in zip(*found, strict=True)))

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """R² of the predictions; by another loss than the squared one D², the explained deviance or loss.

        D² is 1 less the loss of the predictions over that of the best constant for y: of counts as
        `sklearn.metrics.d2_tweedie_score` with power 1 has it, of 0 and 1 as `d2_log_loss_score`, and of quantiles as
        `d2_pinball_score`. Of several outputs it is the mean of theirs, as scikit-learn has it.

        Columns of a table y that are called like the outputs are taken by their names.

        Raises
        ------
        InputDataError
            If an equation is not defined on some row, so that there is no R² of all.
        """
        if self._several:
            y = aligned(y, self._names)
        if self.outputs_[0].loss_ == SQUARED:
            return float(r2_score(*_of_moderate_size(np.asarray(y), self._defined(X)), sample_weight=sample_weight))
        if self._several:
            columns = as_frame(y)
            columns = columns.to_numpy() if isinstance(columns, pd.DataFrame) else np.asarray(columns)
            scores = [one.score(X, columns[:, k], sample_weight) for k, one in enumerate(self._several)]
            return float(np.mean(scores))
        known = given_target(y)[0]
        weights = None if sample_weight is None else checked_weights(sample_weight, len(known))
        return 1.0 - unexplained(self.loss_, known, self._defined(X), weights)

    def _defined(self, X: ArrayLike) -> np.ndarray:
        """Predictions, which a score needs of all rows."""
        prediction = np.asarray(self.predict(X))
        lost = np.flatnonzero(~np.isfinite(prediction.reshape(len(prediction), -1)).all(axis=1))
        if len(lost):
            raise InputDataError(
                f"score: the equation is not defined on {len(lost)} of {len(prediction)} rows (first: row {lost[0]}); "
                "leave these rows out"
            )
        return prediction

    def sympy(self, index: int | None = None) -> Any:
        """The chosen equation, or row `index` of `equations_`, over symbols named like the columns.

        A list of the equations of several outputs.
        """
        if index is not None or not self._several:
            return super().sympy(index)
        return [one.sympy() for one in self._several]

    def latex(
        self, index: int | None = None, precision: int | None = None, mul: str | None = None, errors: bool = False
    ) -> str:
        """``target = expression`` in LaTeX, with `precision` significant digits; see `Equation.latex`.

        Of several outputs a line for each, in the environment ``aligned`` of the package amsmath.
        """
        if index is not None or not self._several:
            return super().latex(index, precision, mul, errors)
        return aligned_latex([one.latex(None, precision, mul, errors) for one in self._several])

    @property
    def equations_(self) -> pd.DataFrame:
        """The front as a table; of several outputs all fronts, with the columns output and row.

        The row is that which `index` and `select` of the output take.
        """
        return self._joined("equations_") if self._several else super().equations_

    @property
    def rivals_(self) -> pd.DataFrame:
        """The forms that the rows leave, most probable first; with the column output where there are several."""
        return self._joined("rivals_") if self._several else super().rivals_

    def plot(self, X: Any = None, y: Any = None, index: int | None = None) -> Figure:
        """A page of pictures for the data at hand, under the equation: `eqdarts.plots.plot`, which `eqdarts.plots` has
        one by one.

        With one column in the equation: fit, residuals and front. With several: predicted against observed values, the
        front, and for each column the response and the residuals. Of several outputs: fit and front of each.

        Parameters
        ----------
        X : DataFrame or array [n, d], optional
        y : array [n] or [n, k], optional
            By default both are the training rows, which a model from a file does not have.
        index : int, optional
            A row of `equations_`; by default the chosen one.

        Returns
        -------
        matplotlib.figure.Figure
            ``model.plot().savefig("page.pdf")``; in a notebook it shows itself.
        """
        return super().plot(X, y, index)

    def to_dict(self) -> dict[str, Any]:
        """Everything that `save` writes, as plain values for JSON.

        Settings that JSON cannot hold, such as `callback` or a `RandomState`, are left out with a `SearchWarning`.
        """
        if not self._several:
            return super().to_dict()
        records = [one.to_dict() for one in self._several]
        check_formulas(records, "model")
        return {"format": FORMAT_OUTPUTS, "version": VERSION, "outputs": records}

    @classmethod
    def _of_record(cls, data: Record) -> Self:
        if data.data.get("format") != FORMAT_OUTPUTS:
            return super()._of_record(data)
        data.header(FORMAT_OUTPUTS, VERSION)
        records = data.items("outputs", lambda r, k: r.record(k), _MOST)
        check_formulas([record.data for record in records], data.where)
        outputs = tuple(super(OutputsModel, cls)._of_record(record) for record in records)
        names = [one.target_name_ for one in outputs]
        columns = [one.front_[0].columns for one in outputs]
        if len(outputs) < 2 or len(set(names)) < len(names) or len(set(columns)) > 1:
            raise data.error("outputs", "expected two or more of different targets and the same columns")
        settings = outputs[0].get_params(deep=False)
        if isinstance(settings.get("units"), Mapping):
            settings["units"] = {
                name: unit for one in outputs for name, unit in (one.get_params()["units"] or {}).items()
            }
        if outputs[0].front_[0].joint is not None:
            settings["shared"] = "graph"
        return cls(**settings)._keep(outputs)

    def __sklearn_is_fitted__(self) -> bool:
        return bool(self._several) or super().__sklearn_is_fitted__()

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def __str__(self) -> str:
        if not self._several:
            return super().__str__()
        return "\n\n".join(f"output {one.target_name_}\n{one}" for one in self._several)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        if not self._several:
            return super()._repr_mimebundle_(**kwargs)
        whole = {"text/plain": str(self), "text/latex": f"$\\displaystyle {self.latex()}$"}
        return {**whole, "text/html": self._as_html()} if get_config()["display"] == "diagram" else whole

    def _as_html(self) -> str:
        if not self._several:
            return super()._as_html()
        diagram: str = estimator_html_repr(self)
        return "".join(one._card() for one in self._several) + diagram

    def _fit_outputs(self, X: Any, outputs: Sequence[pd.Series], options: Mapping[str, Any]) -> Self:
        """A model for each of these columns, fitted one after the other; `max_time` is for all of them together.

        Each gets what is left of it, divided by how many are to come, and the same seed, so that without a limit of
        time none depends on the others.

        options: what `fit` takes beside the table, of all outputs or a column for each
        """
        given = {option: beside(option, value, outputs) for option, value in options.items()}
        parameters, left = self.get_params(deep=False), self.max_time
        seed = self.random_state
        if isinstance(seed, np.random.RandomState):
            seed = int(check_random_state(seed).randint(2**31 - 1))
        models = []
        for k, output in enumerate(outputs):
            own = {"random_state": seed, "units": _units_of(parameters.get("units"), output, outputs)}
            models.append(type(self)(**{**parameters, **own}))
            rows = {option: values[k] for option, values in given.items()}
            with kept_warnings():  # they come again
                models[-1]._checked(X, output, **rows, header=units_of(X, output))
        unsearched = []
        with interrupts() as pressed:
            for k, (one, output) in enumerate(zip(models, outputs, strict=True)):
                share = None if left is None else left / (len(outputs) - k)
                start = time.monotonic()
                one.set_params(max_time=share)
                unsearched += [one] * pressed.noted
                one.fit(X, output, **{option: values[k] for option, values in given.items()})
                if left is not None and share is not None:  # what is far beyond its share was compilation
                    left -= min(time.monotonic() - start, _BEYOND * share)
                one.set_params(max_time=self.max_time)
            self._keep(tuple(models))
        if unsearched:
            names = listed([one.target_name_ for one in unsearched])
            warn(
                f"interrupted before {names} had been searched: the equation of each is a constant, or one that needs "
                "no search"
            )
        return self

    def _keep(self, outputs: tuple[Self, ...]) -> Self:
        """Hold these models, and forget what was fitted before."""
        self._forget()
        first = outputs[0]
        self._outputs = outputs
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(first, name):
                setattr(self, name, getattr(first, name))
        self.units_ = {name: unit for one in outputs for name, unit in one.units_.items()}
        self.history_ = self._joined("history_")
        return self

    def _forget(self) -> None:
        """Forget what a fit before has set; parameters stay."""
        parameters = self.get_params(deep=False)
        for name in [name for name in self.__dict__ if name not in parameters]:
            delattr(self, name)

    @property
    def _several(self) -> tuple[Self, ...]:
        """The models of several outputs; none where there is one."""
        return self.__dict__.get("_outputs", ())

    @property
    def _names(self) -> list[str]:
        return [one.target_name_ for one in self.outputs_]

    def _joined(self, attribute: str) -> pd.DataFrame:
        tables = []
        for one in self._several:
            table = getattr(one, attribute).rename_axis("row").reset_index()
            table.insert(0, "output", one.target_name_)
            tables.append(table)
        return pd.concat(tables, ignore_index=True)


def _units_of(units: Any, output: pd.Series, outputs: Sequence[pd.Series]) -> Any:
    """The option without the units of the other outputs."""
    if not isinstance(units, Mapping):
        return units
    others = {str(other.name) for other in outputs} - {str(output.name)}
    return {name: unit for name, unit in units.items() if name not in others} or None


def _of_moderate_size(y: np.ndarray, prediction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both in units of powers of two, where squares would leave the doubles; R² has no unit."""
    size = np.max(np.abs(prediction), initial=0.0)
    if (
        _SQUARE[0] < size < _SQUARE[1]
        or size == 0
        or y.shape != prediction.shape
        or not np.issubdtype(y.dtype, np.number)
    ):
        return y, prediction
    unit = np.exp2(np.clip(np.round(np.log2(size)), -1000, 1000))
    return y / unit, prediction / unit
