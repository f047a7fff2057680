"""What a fitted model says of what was found: its equations, as values, formulas, tables and text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import pandas as pd
import sympy
from numpy.typing import ArrayLike
from sklearn import get_config
from sklearn.base import RegressorMixin
from sklearn.utils import estimator_html_repr
from sklearn.utils.validation import check_is_fitted
from sympy import Expr

from eqdarts.data import as_frame, check_finite_columns
from eqdarts.data.kept import Training
from eqdarts.data.noise import Noise
from eqdarts.equation.card import card
from eqdarts.equation.equation import Equation
from eqdarts.equation.excluded import Excluded, excluded_table, excluded_text
from eqdarts.equation.front import Front
from eqdarts.equation.latex_table import latex_table
from eqdarts.equation.listing import equation_table, front_table, front_text, group_text
from eqdarts.equation.model_file import Summary
from eqdarts.equation.picking import picked, place
from eqdarts.equation.prediction import Interval
from eqdarts.equation.refit import with_fit
from eqdarts.equation.selection import choose
from eqdarts.errors import InputDataError, warn
from eqdarts.fitted.given import GivenRows
from eqdarts.graph.genotype import Genotype
from eqdarts.graph.space import SearchSpace
from eqdarts.losses.loss import Loss
from eqdarts.losses.named import SQUARED
from eqdarts.losses.noise import LossNoise

if TYPE_CHECKING:
    from typing_extensions import Self


class Answers(RegressorMixin, GivenRows):
    """A fitted model: which of its equations is the chosen one, and what that says.

    `fit` and `load` of classes below it set the attributes, which `DARTSRegressor` describes.
    """

    model_selection: str
    front_: Front
    search_space_: SearchSpace | None
    target_name_: str
    units_: dict[str, str]
    noise_: Noise
    training_: Summary
    stop_reason_: str
    leaves_more_than_noise_: bool
    _rivals: tuple[Equation, ...]
    _excluded: tuple[Excluded, ...]
    _selected: int | None
    _training: Training | None  # None where the model comes of a file

    def select(
        self, index: int | None = None, *, complexity: int | None = None, form: str | sympy.Expr | None = None
    ) -> Self:
        """Choose another equation: from now on `predict`, `latex`, pictures, exports and files have it.

        Without an argument the choice goes back to `model_selection`. `fit` and `clone` forget what was selected, and
        `save` keeps it. For a single call every method takes ``index=``.

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
        check_is_fitted(self)
        self._selected = picked(self.front_, self._evidence, index, complexity, form)
        return self

    @overload
    def predict(self, X: ArrayLike, index: int | None = None, *, groups: Any = ...) -> np.ndarray: ...
    @overload
    def predict(
        self, X: ArrayLike, index: int | None = None, *, interval: float, kind: str = ..., y_error: Any = None
    ) -> Interval: ...
    def predict(
        self,
        X: ArrayLike,
        index: int | None = None,
        *,
        interval: float | None = None,
        kind: str = "observation",
        y_error: ArrayLike | None = None,
        groups: Any = None,
    ) -> np.ndarray | Interval:
        """The chosen equation, or row `index` of `equations_`, on rows X [n, d].

        Of a DataFrame the columns of the fit are taken by their names, whatever their order and whatever else there
        is; so they are in `score`, `refit` and `extrapolation`. Those of an array are in the order of the fit.

        Parameters
        ----------
        X : DataFrame or array [n, d]
        index : int, optional
        interval : float, optional
            Limits of this level as well, such as 0.95, as if the form of the equation had been known; `stability` has
            those over all forms.
        kind : {"observation", "mean"}
        y_error : float or array [n], optional
            These as in `Equation.predict`; of a model that was fitted with `y_error`, limits of an observation need it.
        groups : array [n], label or str, optional
            Of a model that was fitted with groups: the group of each row, or of all; by default the column of X that
            has the name of the groups.

        Returns
        -------
        array [n], or Interval
            NaN, with a `SearchWarning`, where the equation is not defined. Where it is 0/0 as it is written and has a
            limit, as sin(x)/x at x = 0, that limit. With an `interval`: ``value, low, high``, an array each.
        """
        row = self._row(index)
        X_array = self._rows(X)
        check_finite_columns(X_array, row.columns)
        labels = self._labels(row, X, groups)
        limits = None
        if interval is not None:
            limits = self._with_errors(row).predict(X_array, interval, kind, y_error)
        prediction = row.predict(X_array, groups=labels) if limits is None else limits.value
        undefined = np.flatnonzero(~np.isfinite(prediction))
        if len(undefined):
            warn(
                f"the equation is not defined on {len(undefined)} of {len(prediction)} rows (first: row {undefined[0]})"
            )
        return prediction if limits is None else limits

    def _labels(self, equation: Equation, X: Any, groups: Any) -> Any:
        """The groups of rows X: as given, or the column of X that has their name; None if they are not known."""
        own = equation.by_group
        if own is None:
            if groups is not None:
                raise InputDataError("groups: the model was fitted without groups; leave it out")
            return None
        table = as_frame(X)
        known = isinstance(table, pd.DataFrame) and own.column in table.columns
        if known and (groups is None or (isinstance(groups, str) and groups == own.column)):
            return table[own.column]
        return groups

    def sympy(self, index: int | None = None) -> sympy.Expr:
        """The chosen equation, or row `index` of `equations_`, over symbols named like the columns."""
        return self._row(index).expression

    def latex(
        self, index: int | None = None, precision: int | None = None, mul: str | None = None, errors: bool = False
    ) -> str:
        """``target = expression`` in LaTeX, with `precision` significant digits; see `Equation.latex`.

        With a template that and its parts: y = a f(x), f(x) = …, a = ….
        """
        row = self.equation(index) if errors else self._row(index)
        return row.latex(precision, mul, errors)

    def latex_table(
        self,
        rows: Sequence[int] | None = None,
        *,
        errors: bool = True,
        precision: int | None = None,
        caption: str | None = None,
        label: str | None = None,
    ) -> str:
        r"""The front as a table for a paper, in LaTeX with the package booktabs.

        Parameters
        ----------
        rows : sequence of int, optional
            Rows of `equations_`, in this order; by default all. An arrow stands at the chosen one.
        errors : bool
            Constants with their standard errors, where they are known; as if the form had been known beforehand.
        precision : int, optional
            Significant digits of constants whose errors are not shown.
        caption, label : str, optional
            As LaTeX. With one of them the ``tabular`` stands in a ``table``. Units of columns stand in the caption.

        Returns
        -------
        str
            A column for the right-hand sides, complexity, R² (by another loss the explained deviance or loss), the
            error (`error` of `equations_`, in per cent where noise is proportional), that of rows left out, and the
            probability of the form.

        Examples
        --------
        >>> import numpy as np
        >>> from eqdarts import DARTSRegressor
        >>> x = np.arange(1.0, 21.0)
        >>> model = DARTSRegressor(max_epochs=2, replicas=16, random_state=0, verbose=0).fit(x[:, None], 3 * x**2)
        >>> print(model.latex_table([1]).splitlines()[4])
        $\rightarrow$ & $3 x_{1}^{2}$ & 5 & $1$ & $0$ & $>99$\,\% \\
        """
        check_is_fitted(self)
        places = range(len(self.front_)) if rows is None else [place(self.front_, row) for row in rows]
        if not len(places):
            raise InputDataError("rows: expected at least one row of equations_")
        equations = [self._with_errors(self.front_[k]) if errors else self.front_[k] for k in places]
        chosen = next((k for k, row in enumerate(places) if row == self.best_index_), None)
        return latex_table(equations, chosen, self.noise_, precision, errors, caption, label, self.units_)

    def equation(self, index: int | None = None) -> Equation:
        """The chosen equation, or row `index` of `equations_`, with the standard errors of its constants.

        They come from the linearisation at its constants on the training rows (of a table of more than two million
        values: on a random sample of them, scaled to the whole), as if the structure had been known.

        Examples
        --------
        >>> import numpy as np, pandas as pd
        >>> from eqdarts import DARTSRegressor
        >>> rng = np.random.default_rng(0)
        >>> X = pd.DataFrame({"t": rng.uniform(0, 5, 100)})
        >>> y = 9.81 / 2 * X.t**2 + rng.normal(0, 0.1, 100)
        >>> model = DARTSRegressor(max_epochs=3, replicas=64, random_state=0, verbose=0).fit(X, y.rename("h"))
        >>> model.equation().constants.round(3)
            value  std_error    low   high
        c0  4.904      0.001  4.903  4.906
        """
        found = self._row(index)
        if found.fit is None and found.by_group is None:
            found = with_fit(found, self._kept())
        if found.fit is not None and found.fit.undetermined:
            names = ", ".join(found.fit.undetermined)
            warn(f"the rows do not determine {names}: no standard errors")
        return found

    @property
    def best_index_(self) -> int:
        """The row of `equations_` that `select` or else `model_selection` chooses."""
        selected = self.selected_
        return self._automatic_index() if selected is None else selected

    @property
    def selected_(self) -> int | None:
        """The row that `select` chose, if one was."""
        check_is_fitted(self)
        return self._selected

    @property
    def genotype_(self) -> Genotype | None:
        """The graph of the chosen equation."""
        return self._row(None).genotype

    @property
    def functions_(self) -> dict[str, Expr]:
        """What was found for each unknown function of the template, by name; over its columns, or u, u1, u2, … where
        something else than a column stands in their place. Empty without a template.
        """
        composed = self._row(None).composed
        return {} if composed is None else composed.formulas

    @property
    def screened_columns_(self) -> tuple[str, ...]:
        """The columns that the search saw; none of a constant target."""
        check_is_fitted(self)
        first = self.front_[0]
        if first.composed is not None:
            used = {symbol.name for symbol in first.composed.template.free_symbols}
            return tuple(name for name in first.columns if name in used)
        return () if self.search_space_ is None else self.search_space_.inputs

    @property
    def equations_(self) -> pd.DataFrame:
        """The front as a table."""
        check_is_fitted(self)
        return front_table(self.front_, self.noise_)

    @property
    def rivals_(self) -> pd.DataFrame:
        """The forms that the rows leave, most probable first."""
        check_is_fitted(self)
        return equation_table(self._rivals, self.noise_)

    @property
    def excluded_(self) -> pd.DataFrame:
        """What constraints kept out of the front."""
        check_is_fitted(self)
        return excluded_table(self._excluded, self.noise_)

    @property
    def loss_(self) -> Loss:
        """The loss, with the parameters that it left to the rows, such as the scale of `Huber`."""
        check_is_fitted(self)
        return self.noise_.loss if isinstance(self.noise_, LossNoise) else SQUARED

    def excluded_text(self) -> str:
        """What constraints kept out, in one line; empty where there was nothing."""
        check_is_fitted(self)
        return excluded_text(self._excluded)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "front_")

    @property
    def _repr_html_(self) -> Callable[[], str]:
        """For notebooks: what was found, and below it scikit-learn's own diagram; nothing where that is turned off."""
        if get_config()["display"] != "diagram":
            raise AttributeError("_repr_html_: scikit-learn is told to display estimators as text")
        return self._as_html

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        """The forms that a notebook may choose from."""
        bundle = {"text/plain": str(self)}
        if get_config()["display"] == "diagram":
            bundle["text/html"] = self._as_html()
        if hasattr(self, "front_"):
            bundle["text/latex"] = self._row(None)._repr_latex_()
        return bundle

    def _as_html(self) -> str:
        diagram: str = estimator_html_repr(self)
        return self._card() + diagram if hasattr(self, "front_") else diagram

    def _card(self) -> str:
        """What was found, for a notebook."""
        best = self.best_index_
        return card(
            self.front_, best, self._with_errors(self.front_[best]), self.training_.rows, self.noise_, self._rivals,
            self.leaves_more_than_noise_, self._automatic_index(),
        )  # fmt: skip

    def __str__(self) -> str:
        if not hasattr(self, "front_"):
            return repr(self)
        shown = front_text(
            self.front_,
            self.best_index_,
            self.noise_,
            self._rivals,
            self.leaves_more_than_noise_,
            self._automatic_index(),
        )
        own = self._row(None).by_group
        groups = "" if own is None else group_text(own)
        return "\n".join(filter(None, (shown, groups, self.excluded_text())))

    @property
    def _columns(self) -> tuple[str, ...]:
        return self.front_[0].columns

    @property
    def _evidence(self) -> int:
        """What lengths of descriptions go by: rows, or as many observations as the rows are worth by a loss."""
        return self.front_.rows if isinstance(self.noise_, LossNoise) else self.training_.distinct_rows

    def _automatic_index(self) -> int:
        return choose(self.front_, self.model_selection, self._evidence)

    def _row(self, index: int | None) -> Equation:
        check_is_fitted(self)
        if index is None:
            return self.front_[self.best_index_]
        return self.front_[place(self.front_, index)]

    def _with_errors(self, equation: Equation) -> Equation:
        """With the standard errors of its constants, if the rows are there and doubles can hold them."""
        known = equation.fit is not None or equation.by_group is not None
        if known or self._training is None or equation.inner is not None:
            return equation
        return with_fit(equation, self._training)

    def _kept(self) -> Training:
        check_is_fitted(self)
        if self._training is None:
            raise InputDataError("this model was saved without its training rows; use refit(X, y) with a table")
        return self._training
