"""What a fitted classifier says: classes, probabilities, scores, and the equations behind them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import sympy
from numpy.typing import ArrayLike
from sklearn import get_config
from sklearn.base import ClassifierMixin
from sklearn.utils import estimator_html_repr
from sklearn.utils.validation import check_is_fitted

from eqdarts.classes.card import card
from eqdarts.classes.coverage import extrapolation_of_classes
from eqdarts.classes.likelihood import ClassRows
from eqdarts.classes.listing import front_table, front_text
from eqdarts.classes.scores import Scores, probabilities_of
from eqdarts.classes.selection import choose, credible, doubted, place_of
from eqdarts.data import check_finite_columns
from eqdarts.equation.equation import Equation
from eqdarts.errors import InputDataError, check_range, shown, warn
from eqdarts.fitted.given import GivenRows

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from typing_extensions import Self


@dataclass(frozen=True)
class ClassSummary:
    """What is kept of the table that a classifier was fitted to.

    Attributes
    ----------
    rows : int
    counts : tuple of float
        Of each class, by the weights of the rows; of shares their sums.
    minimum, maximum : tuple of float
        Of each column.
    """

    rows: int
    counts: tuple[float, ...]
    minimum: tuple[float, ...]
    maximum: tuple[float, ...]


class ClassAnswers(ClassifierMixin, GivenRows):
    """A fitted classifier, whose attributes `DARTSClassifier` describes; its `fit` and `load` set them."""

    model_selection: str
    classes_: np.ndarray
    front_: tuple[Scores, ...]
    target_name_: str
    units_: dict[str, str]
    training_: ClassSummary
    stop_reasons_: dict[Any, str]
    _selected: int | None
    _training: ClassRows | None  # None where the model comes of a file
    _of_shares: bool

    def select(self, index: int | None = None, *, complexity: int | None = None, form: Any = None) -> Self:
        """Choose another row of `equations_`, which `predict`, `latex`, pictures and files have from now on.

        Without an argument the choice goes back to `model_selection`. `fit` and `clone` forget what was selected, and
        `save` keeps it.

        Parameters
        ----------
        index : int, optional
            A row of `equations_`.
        complexity : int, optional
            Of one of its rows.
        form
            Not here: rows are sets of scores, which have no one form.

        Raises
        ------
        InputDataError
            If there is no such row.
        """
        check_is_fitted(self)
        if form is not None:
            raise InputDataError(
                f"form={shown(form)}: a row of equations_ of a classifier is a set of scores; choose it by index or "
                "complexity"
            )
        if index is not None and complexity is not None:
            raise InputDataError("index and complexity: give one of them")
        if complexity is not None:
            there = [one.complexity for one in self.front_]
            if complexity not in there:
                listed = ", ".join(map(str, there))
                raise InputDataError(f"complexity={shown(complexity)}: no row of equations_ has it; there are {listed}")
            index = there.index(complexity)
        self._selected = None if index is None else place_of(self.front_, index)
        return self

    def predict(self, X: ArrayLike, index: int | None = None) -> np.ndarray:
        """The most probable class of each row.

        Where a score is not defined nothing is known but the frequencies of the classes: the most frequent one is
        predicted, and a `SearchWarning` says on how many rows.

        Parameters
        ----------
        X : DataFrame or array [n, d]
        index : int, optional
            A row of `equations_`.

        Returns
        -------
        array [n]
            Labels, as they were given.
        """
        probabilities = self.predict_proba(X, index)
        probabilities[~np.isfinite(probabilities).all(axis=1)] = self.training_.counts
        found: np.ndarray = self.classes_[probabilities.argmax(axis=1)]
        return found

    def predict_proba(self, X: ArrayLike, index: int | None = None) -> np.ndarray:
        """The probability of each class, in the order of `classes_`.

        Returns
        -------
        array [n, K]
            Rows add up to 1; NaN, with a `SearchWarning`, where a score is not defined.
        """
        return probabilities_of(self._scores(X, index))

    def predict_log_proba(self, X: ArrayLike, index: int | None = None) -> np.ndarray:
        """The logarithm of `predict_proba`, exact where a probability is too small for a double."""
        scores = self._scores(X, index)
        highest = scores.max(axis=1, keepdims=True)
        found: np.ndarray = scores - highest - np.log(np.exp(scores - highest).sum(axis=1, keepdims=True))
        return found

    def decision_function(self, X: ArrayLike, index: int | None = None) -> np.ndarray:
        """The scores: of two classes that of the second [n], of more all of them [n, K], 0 for the baseline."""
        scores = self._scores(X, index)
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """The accuracy: the share of rows whose most probable class is their label.

        Raises
        ------
        InputDataError
            If y is a table of shares, of which no row is right or wrong.
        """
        if np.ndim(y) == 2 and np.shape(y)[1] > 1:
            raise InputDataError(
                "the score of a classifier is its accuracy, which needs a label for each row, and y has "
                f"{np.shape(y)[1]} columns; compare shares with predict_proba(X)"
            )
        return float(super().score(X, y, sample_weight))

    def sympy(self, index: int | None = None) -> dict[Any, sympy.Expr]:
        """The probability of each class by its label, as an expression over symbols named like the columns."""
        return dict(zip(self.classes_.tolist(), self._set(index).sympy(), strict=True))

    def latex(
        self, index: int | None = None, precision: int | None = None, mul: str | None = None, errors: bool = False
    ) -> str:
        """Scores and probabilities in LaTeX, as ``aligned`` of amsmath; options as in `Equation.latex`."""
        return self._set(index).latex(precision, mul, errors)

    def equation(self, label: Any = None, index: int | None = None) -> Equation:
        """The score of a class, with the standard errors of its constants.

        They come of Fisher's information of all constants of all scores. A class that is told from the others without a
        doubtful row leaves them open, which a warning says.

        Parameters
        ----------
        label : label, optional
            A class other than the baseline; of two classes the second, by default.
        index : int, optional
            A row of `equations_`.

        Examples
        --------
        See `DARTSClassifier`.
        """
        one = self._set(index)
        labels = [self.classes_.tolist()[k] for k in one.scored]
        if label is None and one.is_binary:
            label = labels[0]
        if label not in labels:
            base = shown(self.classes_.tolist()[one.baseline])
            raise InputDataError(
                f"label={shown(label)}: the classes that have an equation are {', '.join(map(shown, labels))}; the "
                f"score of {base}, which the others are compared with, is 0"
            )
        found = one.equations[labels.index(label)]
        if found.fit is not None and found.fit.undetermined:
            warn(f"the rows do not determine {', '.join(found.fit.undetermined)}: no standard errors")
        if found.fit is not None and not found.fit.converged:
            warn(f"not converged: {found.fit.message}; constants may run away, and errors are those of the last ones")
        return found

    @property
    def baseline_(self) -> Any:
        """The label of the class whose score is 0."""
        check_is_fitted(self)
        return self.classes_.tolist()[self.front_[0].baseline]

    @property
    def best_index_(self) -> int:
        """The row of `equations_` that `select` or else `model_selection` chooses."""
        check_is_fitted(self)
        return self._automatic_index() if self._selected is None else self._selected

    @property
    def outputs_(self) -> tuple[Self]:
        """Itself: a model of one target."""
        return (self,)

    def output(self, target: str) -> Self:
        """Itself, if that is its target."""
        check_is_fitted(self)
        if target != self.target_name_:
            raise InputDataError(f"target={shown(target)}: the model has the target {self.target_name_!r} only")
        return self

    @property
    def stop_reason_(self) -> str:
        """Why the searches ended; several reasons of several searches have commas between them."""
        check_is_fitted(self)
        return ", ".join(dict.fromkeys(self.stop_reasons_.values()))

    @property
    def selected_(self) -> int | None:
        """The row that `select` chose, if one was."""
        check_is_fitted(self)
        return self._selected

    @property
    def equations_(self) -> pd.DataFrame:
        """The front as a table."""
        check_is_fitted(self)
        return front_table(self.front_, self.classes_.tolist())

    def extrapolation(self, X: ArrayLike, threshold: float = 0.1) -> pd.DataFrame:
        """Which rows ask the model about what its training table does not cover.

        Only the columns that the credible sets of scores use are looked at: the chosen one, and those of `equations_`
        whose share of belief, e^(-length), is at least a fiftieth of the greatest.

        Parameters
        ----------
        X : DataFrame or array [n, d]
        threshold : float
            Disagreement from which a row is flagged.

        Returns
        -------
        DataFrame
            outside_range, columns and outside_hull as in `DARTSRegressor.extrapolation`; disagreement: the greatest
            difference of a class's probability by the credible sets, infinite where one is not defined; flagged: one
            of these.
        """
        chosen = self._set(None)
        check_range("threshold", threshold, 0)
        rows = self._rows(X)
        check_finite_columns(rows, self._columns)
        found = extrapolation_of_classes(rows, credible(self.front_, chosen), self._kept(), self.training_, threshold)
        return found.set_axis(X.index, axis=0) if isinstance(X, pd.DataFrame) else found

    def training_rows(self) -> tuple[pd.DataFrame, np.ndarray]:
        """The rows X [n, d] of the fit, and their labels [n] or shares [n, K].

        Raises
        ------
        InputDataError
            If the model comes of a file, which does not hold them.
        """
        kept = self._kept()
        y = kept.shares if self._of_shares else self.classes_[kept.shares.argmax(axis=1)]
        return pd.DataFrame(kept.X, columns=list(kept.names)), y

    def plot(self, X: Any = None, y: Any = None, index: int | None = None) -> Figure:
        """A page of pictures: calibration, confusion, the front, and how probabilities go with each column.

        Parameters
        ----------
        X : DataFrame or array [n, d], optional
        y : array [n], optional
            By default both are the training rows, which a model from a file does not have.
        index : int, optional
            A row of `equations_`; by default the chosen one.
        """
        from eqdarts.plots.classes_page import class_page

        return class_page(self, X, y, index)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "front_")

    def __str__(self) -> str:
        if not hasattr(self, "front_"):
            return repr(self)
        place = self.best_index_
        near = doubted(self.front_)
        rivals = [k for k in near if k != place] if place in near else []
        return front_text(self.front_, place, self._automatic_index(), self._apart(), rivals)

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
            bundle["text/latex"] = f"$\\displaystyle {self.latex()}$"
        return bundle

    def _as_html(self) -> str:
        diagram: str = estimator_html_repr(self)
        if not hasattr(self, "front_"):
            return diagram
        return card(self.front_, self.best_index_, self.training_.rows, self._apart()) + diagram

    @property
    def _columns(self) -> tuple[str, ...]:
        return self.front_[0].equations[0].columns

    def _automatic_index(self) -> int:
        return choose(self.front_, self.model_selection)

    def _set(self, index: int | None) -> Scores:
        check_is_fitted(self)
        return self.front_[self.best_index_ if index is None else place_of(self.front_, index)]

    def _scores(self, X: Any, index: int | None) -> np.ndarray:
        one, rows = self._set(index), self._rows(X)
        check_finite_columns(rows, self._columns)
        scores = one.values(rows)
        undefined = np.flatnonzero(~np.isfinite(scores).all(axis=1))
        if len(undefined):
            warn(f"a score is not defined on {len(undefined)} of {len(scores)} rows (first: row {undefined[0]})")
        return scores

    def _apart(self) -> list[str]:
        """Classes that their score tells from all others on the rows of the fit."""
        one = self._set(None)
        return [
            one.classes[k]
            for k, equation in zip(one.scored, one.equations, strict=True)
            if equation.fit is not None and equation.fit.names and equation.fit.undetermined == equation.fit.names
        ]

    def _kept(self) -> ClassRows:
        check_is_fitted(self)
        if self._training is None:
            raise InputDataError("this model was saved without its training rows; give X and y")
        return self._training
