"""A fitted model and tables: the one that it keeps, another one, and resampled ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from eqdarts.data import check_finite_columns, given_target
from eqdarts.data.groups import Groups
from eqdarts.data.noise import ADDITIVE
from eqdarts.equation.constant_units import with_constant_units
from eqdarts.equation.equation import Equation
from eqdarts.equation.extrapolation import extrapolation, extrapolation_in_groups
from eqdarts.equation.precision import with_digits
from eqdarts.equation.refit import refit_equation, with_fit
from eqdarts.equation.regression.column_errors import column_errors
from eqdarts.equation.selection import choose
from eqdarts.equation.stability import Stability, stability
from eqdarts.errors import InputDataError, check_choice, check_range
from eqdarts.fitted.answers import Answers
from eqdarts.losses.named import free
from eqdarts.losses.noise import LossNoise
from eqdarts.runtime.threads import one_thread
from eqdarts.search.loop import SearchResult
from eqdarts.search.problem import Problem
from eqdarts.search.resample import resample

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Examined(Answers):
    """A fitted model that is put to tables."""

    validation: Any
    _problem: Problem | None  # these two for `resample`; None where the model comes of a file
    _result: SearchResult | None
    _groups: Groups | None  # of the training rows; None without groups, or where the model comes of a file

    def training_rows(self) -> tuple[pd.DataFrame, pd.Series]:
        """Rows X [m, d] and y [m] of the training table that the model keeps; a random sample of a large one.

        Equal rows may be merged.
        """
        return self._kept().table.as_pandas()

    def plot(self, X: Any = None, y: Any = None, index: int | None = None) -> Figure:
        """A page of pictures for the data at hand, under the equation: `eqdarts.plots.plot`, which `eqdarts.plots` has
        one by one.

        With one column in the equation: fit, residuals and front. With several: predicted against observed values, the
        front, and for each column the response and the residuals.

        Parameters
        ----------
        X : DataFrame or array [n, d], optional
        y : array [n], optional
            By default both are the training rows, which a model from a file does not have.
        index : int, optional
            A row of `equations_`; by default the chosen one.

        Returns
        -------
        matplotlib.figure.Figure
            ``model.plot().savefig("page.pdf")``; in a notebook it shows itself.
        """
        from eqdarts.plots.page import plot

        return plot(self, X, y, index)

    def refit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        index: int | None = None,
        sample_weight: ArrayLike | None = None,
        *,
        noise: str | None = None,
        y_error: ArrayLike | None = None,
        x_error: Any = None,
    ) -> Equation:
        """The chosen structure, or that of row `index`, with constants for another table. The model stays as it is.

        Parameters
        ----------
        X : DataFrame or array [n, d]
            The columns that the model was fitted on.
        y : Series or array [n]
        index : int, optional
        sample_weight : array [n], optional
        noise : str, optional
            By default that of the fit.
        y_error : float or array [n], optional
        x_error : mapping or array, optional
            These as in `eqdarts.refit`.

        Returns
        -------
        Equation
            With `constants`, `fit` and `intervals`, as `eqdarts.refit` returns it; the search for the constants starts
            from those of the model. Where errors go with the value of the law, that is the best law of the front,
            fitted to these rows, for all equations, as it was in the fit; with `noise` given it is each by itself.
        """
        row, form = self._row(index), noise
        if row.by_group is not None:
            raise InputDataError(
                "refit: the equation has constants for each group; refit_group(X, y, name) adds a group, and "
                "eqdarts.refit(formula, X, y, groups=) fits all of them"
            )
        if form is None:  # errors are given for the rows of one table
            form = self.noise_.form if self.noise_.depends_on_law and y_error is None else ADDITIVE.form
        if isinstance(self.noise_, LossNoise):
            form = ADDITIVE.form if noise is None else noise
        loss = free(self.loss_)
        rows = self._rows(X)
        spreads = None if x_error is None else column_errors(x_error, X, row.columns, len(rows))
        law = self.front_[choose(self.front_, "best", self.front_.rows)] if noise is None else None
        found = refit_equation(row, rows, given_target(y)[0], sample_weight, form, y_error, loss, spreads, law)
        return replace(found, dimensional=row.dimensional, constant_units=row.constant_units)

    def resample(self, k: int) -> list[Equation]:
        """Up to k further equations: graphs drawn from the learned architecture weights, refitted.

        Equal graphs are merged, and those that are not defined on the data left out, so fewer than
        k may come back. Repeatable: the draws follow from `random_state`.
        """
        check_is_fitted(self)
        check_range("k", k, 1, integer=True)
        self._check_ungrouped("resample")
        if self._problem is None:
            raise InputDataError("resample needs the training rows, which a file does not hold; fit again")
        if self._result is None or self.search_space_ is None:
            return list(self.front_)
        rng = self._generator()
        with np.errstate(all="ignore"), one_thread():
            drawn = resample(self.search_space_, self._result, self._problem, k, rng)
        kept, units = self._kept(), self._problem.units
        return [with_constant_units(with_fit(with_digits(e, kept.table), kept), units) for e in drawn]

    def stability(
        self,
        n_resamples: int = 20,
        *,
        method: str = "bootstrap",
        n_jobs: int | None = None,
        random_state: int = 0,
        max_time: float | None = None,
    ) -> Stability:
        """Repeat the search on resampled tables, to see which form and which columns come back.

        Parameters
        ----------
        n_resamples : int
            At least 2.
        method : {"bootstrap", "subsample"}
            As many rows as the table, drawn with replacement; or 63 % of the rows, drawn without.
        n_jobs : int, optional
            Searches that run at once in processes of their own; None: one after the other in this process, -1: as
            many as there are cores. Operations of one's own are known in this process only.
        random_state : int
            Seed of the tables and of the searches.
        max_time : float, optional
            Seconds for all searches together; by default each may take the model's own `max_time`.

        Returns
        -------
        Stability
            Printable, with the tables `forms` and `columns`, and `predict_interval`.
        """
        check_is_fitted(self)
        self._check_ungrouped("stability")
        check_range("n_resamples", n_resamples, 2, integer=True)
        check_choice("method", method, ("bootstrap", "subsample"))
        if max_time is not None:
            check_range("max_time", max_time, 0)
        if np.ndim(self.validation) == 1 and not hasattr(self.validation, "split"):
            raise InputDataError("validation: row numbers do not fit resampled tables; fit with a share or a splitter")
        return stability(self, self._kept(), int(n_resamples), method, n_jobs, random_state, max_time)

    def extrapolation(self, X: ArrayLike, threshold: float = 3.0, *, groups: Any = None) -> pd.DataFrame:
        """Which rows ask the model about what its training table does not cover.

        Only the columns that the credible equations use are looked at. Credible are those of the front whose share
        of belief is at least a fiftieth of the greatest (`eqdarts.equation.selection.credibility`), and the chosen one.

        Parameters
        ----------
        X : DataFrame or array [n, d]
        threshold : float
            Disagreement from which a row is flagged, in residual standard deviations of the chosen equation.
        groups : array [n], label or str, optional
            Of a model that was fitted with groups, as in `predict`. Where constants are a group's own, each row is held
            against the rows of its group; a group of `refit_group` against those of all others.

        Returns
        -------
        DataFrame
            outside_range: some column is below its least or above its greatest training value; columns: which;
            outside_hull: the row is no mixture of training rows (convex hull; missing with more than ten columns,
            where hardly a new row is inside any hull); disagreement: greatest less least prediction of the credible
            equations, in residual standard deviations; flagged: one of these.
        """
        chosen = self._row(None)
        check_range("threshold", threshold, 0)
        X_array = self._rows(X)
        check_finite_columns(X_array, chosen.columns)
        labels, kept = self._labels(chosen, X, groups), self._kept()
        if chosen.by_group is None:
            found = extrapolation(X_array, self.front_, chosen, kept, threshold)
        else:
            found = extrapolation_in_groups(X_array, labels, self.front_, chosen, kept, self._groups, threshold)
        return found.set_axis(X.index, axis=0) if isinstance(X, pd.DataFrame) else found

    def _check_ungrouped(self, what: str) -> None:
        if self._row(None).by_group is not None:
            raise InputDataError(
                f"{what}: not of a model with constants by group; fit one group alone, or without groups="
            )
