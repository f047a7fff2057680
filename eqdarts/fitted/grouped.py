"""A fitted model whose equations have constants for each group of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from eqdarts.data import check_finite_columns, given_target
from eqdarts.data.groups import text_of
from eqdarts.data.table import Table
from eqdarts.equation.by_group import ByGroup
from eqdarts.equation.equation import Equation
from eqdarts.equation.front import Front
from eqdarts.equation.group_refit import with_group
from eqdarts.equation.latex_table import group_table
from eqdarts.errors import InputDataError, NoSuchResultError
from eqdarts.fitted.examined import Examined

if TYPE_CHECKING:
    from typing_extensions import Self


class InGroups(Examined):
    """What a model knows of groups, if it was fitted with ``groups=``."""

    @property
    def groups_(self) -> tuple[str, ...]:
        """The groups of the fit, and those that `refit_group` added; none without groups."""
        check_is_fitted(self)
        if "front_" not in self.__dict__:  # a model of several outputs
            return ()
        own = self._row(None).by_group
        return () if own is None else own.labels

    @property
    def constants_(self) -> pd.DataFrame:
        """A row per group: value and standard error of each constant that groups have of their own.

        Beside them how many rows each group has, and the root mean square of what the equation leaves of these.
        Constants that all groups share stand in `shared_constants_`.
        """
        return self._by_group("constants_").table

    @property
    def shared_constants_(self) -> pd.DataFrame:
        """A row per constant that all groups share, by c0, c1, … in the order of the formula."""
        return self._by_group("shared_constants_").shared_table

    def latex_groups(self, *, caption: str | None = None, label: str | None = None) -> str:
        """The constants of each group as a table for a paper, in LaTeX with the package booktabs.

        Parameters
        ----------
        caption, label : str, optional
            As LaTeX. With one of them the ``tabular`` stands in a ``table``.
        """
        return group_table(self._by_group("latex_groups"), caption, label)

    def refit_group(self, X: ArrayLike, y: ArrayLike, name: Any) -> Self:
        """Add a group, whose own constants are fitted to its rows; shared ones stay as they are.

        From now on `predict`, `constants_` and files know the group. Standard errors take what the equation leaves of
        the groups of the fit for the noise.

        Parameters
        ----------
        X : DataFrame or array [n, d]
            The columns of the fit.
        y : Series or array [n]
        name : str or number
            Label of the group.

        Returns
        -------
        DARTSRegressor
            Itself.

        Raises
        ------
        InputDataError
            If the group is known, or has fewer rows than own constants.
        """
        own, label = self._by_group("refit_group"), text_of(name)
        if label in own.labels:
            raise InputDataError(
                f"group {label!r} was in the fit; give the new one another name, or fit anew with its rows"
            )
        chosen = self._row(None)
        rows, values = self._rows(X), given_target(y)[0]
        if len(rows) != len(values):
            raise InputDataError(f"X has {len(rows)} rows and y has {len(values)}; give one value for each row")
        check_finite_columns(rows, chosen.columns)
        check_finite_columns(values[:, None], (chosen.target,))
        if len(rows) < len(own.names):
            raise InputDataError(
                f"group {label!r} has {len(rows)} rows for {len(own.names)} own constants ({', '.join(own.names)}); "
                "give at least as many rows"
            )
        table = Table(rows, values, chosen.columns, chosen.target)
        with np.errstate(all="ignore"):
            self.front_ = Front(tuple(with_group(e, table, label) for e in self.front_), self.front_.rows)
            self._rivals = tuple(with_group(e, table, label) for e in self._rivals)
        return self

    def _by_group(self, what: str) -> ByGroup:
        check_is_fitted(self)
        own = self._row(None).by_group
        if own is None:
            raise NoSuchResultError(
                f"{what}: the model was fitted without groups; equation().constants has its constants"
            )
        return own

    def equation_of(self, group: Any, index: int | None = None) -> Equation:
        """The chosen equation, or row `index` of `equations_`, with the numbers of one group."""
        return self._row(index).of_group(group)
