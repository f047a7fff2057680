"""One discovered equation: what it predicts, how it is written, what is known of its constants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import nan
from typing import Any, overload

import numpy as np
import pandas as pd
import sympy
from numpy.typing import ArrayLike
from sympy import Expr

from eqdarts.data import rows_of, rows_of_values
from eqdarts.equation.by_group import ByGroup
from eqdarts.equation.composed import Composed
from eqdarts.equation.evaluation import evaluate
from eqdarts.equation.exported import Exported
from eqdarts.equation.exports import record
from eqdarts.equation.exports.calculus import derivative
from eqdarts.equation.exports.formula import Formula
from eqdarts.equation.joint import Joint
from eqdarts.equation.prediction import Interval, check_interval, limits
from eqdarts.equation.regression import record as fit_record
from eqdarts.equation.regression.intervals import Resampling, interval_limits
from eqdarts.equation.regression.naming import floats_as_symbols
from eqdarts.equation.regression.report import FitReport
from eqdarts.errors import InputDataError, check_choice, check_range
from eqdarts.formula.numbers import MOST_DIGITS
from eqdarts.formula.pickled import KeepsFormulas
from eqdarts.formula.records import MAX_NAME, Record, dump, parse_json
from eqdarts.formula.substitution import put_in
from eqdarts.formula.text import format_name
from eqdarts.formula.visible import shortened
from eqdarts.graph.genotype import Genotype
from eqdarts.simplify.description import NATS_PER_UNIT, count_constants, description_length, size

_FORMAT, _VERSION = "eqdarts equation", 1
_LONGEST_TARGET = 10 * MAX_NAME  # that of a derivative is made of several names


@dataclass(frozen=True)
class Equation(KeepsFormulas, Exported):
    """target = expression, over symbols named like the columns.

    Attributes
    ----------
    expression : sympy.Expr
        Floats are fitted constants; integers, fractions and multiples of π are exact.
    columns : tuple of str
        All columns of the table, in the order of X, whether they stand in the expression or not.
    target : str
    loss : float
        Mean squared error on all rows, in squared units of the target.
    relative_loss : float
        What is beyond the rounding of doubles, in units of the variance of the target (`eqdarts.data.zero`).
    origin : str
        What found it: a source of graphs, as in `eqdarts.PROPOSERS`, "relaxed", "resampled" or "constant"; after
        "units, ", "shifted, ", "regular, " or "symmetry, " in a search of a reformulation
        (`eqdarts.search.reformulations`), and with ", rounded" if its exponents were held at round values. "refit" for
        a given structure, "derivative" for one that came of another equation.
    genotype : Genotype or None
        The graph it was read from.
    inner, units, target_unit : sympy.Expr, tuple of float, float
        The same equation with every column in units of `units` and the target in `target_unit`, where
        their magnitudes are so extreme that the expression itself would overflow; else None.
    fit : FitReport or None
        How well the constants are known, and how well the equation fits.
    digits : int or None
        Significant digits with which constants are shown: as many as it takes that what is shown predicts the rows of
        the fit as well as the equation itself (`eqdarts.equation.precision`). None: it was not fitted; four are shown.
    probability : float or None
        Of its form, constants aside, among all forms that the search came upon: that it is the law, or equal to it
        within what the rows show (`eqdarts.equation.rivals`). None: it was not found by a search.
    dimensional : int
        How many of its constants carry a unit, as far as those of the columns are known.
    constant_units : mapping of str to str, or None
        The units of those constants, by their names in `constants`; None where units were not given.
    left_out : float or None
        Mean squared error of each row by the constants that the other rows give, as `loss` is that of all rows by all.
        None: it is not known (`eqdarts.equation.left_out`).
    by_group : ByGroup or None
        Constants that each group of rows has of its own: symbols of the expression that are no columns.
    composed : Composed or None
        The template that the equation was put together by, with its parts; None if there was none.
    joint : Joint or None
        Of an equation of one of several outputs that have one structure: what all of them together say of it.
    """

    expression: Expr
    columns: tuple[str, ...]
    target: str
    loss: float
    relative_loss: float
    origin: str
    genotype: Genotype | None = None
    inner: Expr | None = None
    units: tuple[float, ...] = ()
    target_unit: float = 1.0
    fit: FitReport | None = field(default=None, compare=False, repr=False)
    digits: int | None = None
    probability: float | None = field(default=None, compare=False)
    left_out: float | None = field(default=None, compare=False)
    dimensional: int = 0
    constant_units: Mapping[str, str] | None = field(default=None, compare=False)
    by_group: ByGroup | None = field(default=None, compare=False, repr=False)
    composed: Composed | None = field(default=None, compare=False, repr=False)
    joint: Joint | None = field(default=None, compare=False, repr=False)

    @property
    def complexity(self) -> int:
        """Nodes of the expression tree."""
        return size(self.expression)

    def description_length(self, rows: int) -> float:
        """Nats to write down what it leaves of so many rows, and itself (`eqdarts.simplify.description`)."""
        if self.by_group is not None:
            return self.by_group.length
        if self.joint is not None:
            return self.joint.length
        length = description_length(self.relative_loss, self.expression, rows)
        return length + NATS_PER_UNIT * self.dimensional

    @property
    def rank(self) -> tuple[int, float]:
        """Complexity and relative loss by which a front compares it: those of all outputs that have its structure."""
        if self.joint is not None:
            return self.joint.complexity, self.joint.loss
        return self.complexity, self.relative_loss

    def of_group(self, label: Any) -> Equation:
        """The equation of one group, with numbers for the constants that it has of its own.

        Raises
        ------
        InputDataError
            If there are no groups, or no such one.
        """
        if self.by_group is None:
            raise InputDataError("the equation has the same constants for all rows; it was fitted without groups")
        numbers = {sympy.Symbol(name): sympy.Float(value) for name, value in self.by_group.of(label).items()}
        return replace(self, expression=put_in(self.expression, numbers), by_group=None, fit=None)

    @property
    def n_constants(self) -> int:
        """How many constants were fitted."""
        if self.by_group is not None:
            return self.by_group.n_constants
        return count_constants(self.expression) if self.fit is None else len(self.fit.names)

    @property
    def constants(self) -> pd.DataFrame:
        """A row per constant, by name: value, std_error, low, high; and unit, where those of the columns were given.

        Standard errors and limits are asymptotic, and NaN without `fit`: `DARTSRegressor.equation` adds it to an
        equation of a front. Those of groups stand in `by_group`.
        """
        if self.fit is not None:
            return self._with_units(self.fit.table)
        if self.by_group is not None:
            return self.by_group.shared_table
        _, symbols, values = floats_as_symbols(self.expression, self.columns)
        index = pd.Index([s.name for s in symbols], dtype=object)
        unknown = np.full(len(values), np.nan)
        table = pd.DataFrame({"value": values, "std_error": unknown, "low": unknown, "high": unknown}, index=index)
        return self._with_units(table)

    def _with_units(self, table: pd.DataFrame) -> pd.DataFrame:
        """Empty for a pure number."""
        units = self.constant_units
        return table if units is None else table.assign(unit=[units.get(str(name), "") for name in table.index])

    def intervals(
        self,
        method: str = "asymptotic",
        level: float = 0.95,
        *,
        resampling: str = "residual",
        n_resamples: int = 500,
        random_state: int = 0,
    ) -> pd.DataFrame:
        """Confidence intervals of the constants.

        Parameters
        ----------
        method : {"asymptotic", "profile", "bootstrap"}
            By the linear approximation at the optimum; by following the sum of squares away from it, which sees
            curvature (Bates & Watts 1988, section 6.1); or by the spread over resampled tables.
        level : float
            Between 0 and 1.
        resampling : {"residual", "pairs"}
            Of the bootstrap: redraw the residuals and keep X, or redraw whole rows, which needs no equal errors.
        n_resamples : int
            Tables of the bootstrap, at least 10.
        random_state : int
            Seed of the bootstrap.

        Returns
        -------
        DataFrame
            A row per fitted constant: value, low, high.

        Raises
        ------
        InputDataError
            For an unknown option, or without the rows that the method needs.

        Examples
        --------
        >>> import numpy as np
        >>> from eqdarts import refit
        >>> x = np.linspace(1, 3, 9)
        >>> line = refit("a*x1 + b", x, 2 * x + 1 + 0.1 * np.cos(9 * x))
        >>> line.intervals("profile", 0.9).round(3)
           value    low   high
        a  2.018  1.942  2.095
        b  0.958  0.798  1.119
        """
        check_choice("method", method, ("asymptotic", "profile", "bootstrap"))
        check_choice("resampling", resampling, ("residual", "pairs"))
        check_range("n_resamples", n_resamples, 10, integer=True)
        if not 0 < level < 1:
            raise InputDataError(f"level={level!r}: expected a number between 0 and 1, such as 0.95")
        fit = self.fit
        if fit is None and self.by_group is not None:
            raise InputDataError(
                "intervals: there are none of constants by group; their standard errors stand in by_group.table and "
                "by_group.shared_table"
            )
        if fit is None:
            raise InputDataError("no fit is known of this equation; take it from model.equation(), or refit it")
        with np.errstate(all="ignore"):
            low, high = interval_limits(fit, method, level, Resampling(resampling, int(n_resamples), random_state))
        index = pd.Index(fit.names, dtype=object)
        return pd.DataFrame({"value": fit.values, "low": low, "high": high}, index=index)

    def __str__(self) -> str:
        return self.text(MOST_DIGITS)

    def __repr__(self) -> str:
        written = shortened(f"{format_name(self.target)} = {self.text()}")
        return f"Equation({written!r}, complexity={self.complexity}, loss={self.loss:.4g})"

    @property
    def formula(self) -> Formula:
        """What predictions and exports compute, a function of the columns, and of constants by group beside them."""
        if self.by_group is not None:
            return Formula(self.expression, (*self.columns, *self.by_group.names), self.target)
        if self.inner is None:
            return Formula(self.expression, self.columns, self.target)
        return Formula(self.inner, self.columns, self.target, self.units, self.target_unit)

    @overload
    def predict(self, X: pd.DataFrame | ArrayLike, *, groups: Any = ...) -> np.ndarray: ...
    @overload
    def predict(
        self, X: pd.DataFrame | ArrayLike, interval: float, kind: str = ..., y_error: ArrayLike | None = ...
    ) -> Interval: ...
    def predict(
        self,
        X: pd.DataFrame | ArrayLike,
        interval: float | None = None,
        kind: str = "observation",
        y_error: ArrayLike | None = None,
        *,
        groups: Any = None,
    ) -> np.ndarray | Interval:
        """The equation on rows X [n, d]; NaN outside its domain.

        Where it is 0/0 as it is written and has a limit, as sin(x)/x at x = 0, its value is the limit.

        Parameters
        ----------
        X : DataFrame or array [n, d]
            Of a DataFrame of any library the columns that stand in the equation are taken by their names, whatever
            their order and whatever else there is; those of an array are in the order of `columns`.
        interval : float, optional
            Limits of this level as well, such as 0.95; they need `fit`.
        kind : {"observation", "mean"}
            Limits of a new observation, noise included and of the form that the fit had; or of what many would have as
            their mean. By the covariance of the constants and Student's t, or normal where errors were given
            (`eqdarts.equation.prediction`).
        y_error : float or array [n], optional
            Standard deviations of the errors of the new observations; by default as large as the fit shows.
        groups : array [n] or label, optional
            The group of each row, or of all, where constants go by group.

        Returns
        -------
        array [n], or Interval
            ``value, low, high``, an array [n] each. Limits are infinite where the rows of the fit do not determine the
            value.

        Raises
        ------
        InputDataError
            Naming the columns that are missing; or if no standard errors are known.

        Examples
        --------
        >>> import numpy as np
        >>> from eqdarts import refit
        >>> x = np.arange(9.0)
        >>> line = refit("a*x1 + b", x, 2 * x + 1 + np.cos(9 * x))
        >>> value, low, high = line.predict([[4.0], [20.0]], interval=0.95)
        >>> (high - value).round(2).tolist()
        [2.09, 4.6]
        """
        if self.by_group is not None:
            return self._by_groups(self.by_group, X, groups, interval)
        rows = rows_of(X, self.columns, self.formula.used)
        value = self._value(rows)
        if interval is None:
            return value
        check_interval(interval, kind)
        if self.fit is None:
            raise InputDataError(
                f"interval={interval}: no standard errors are known; take it from model.equation(), or refit it"
            )
        return limits(self.fit, self.columns, rows, value, interval, kind, y_error)

    def _by_groups(self, own: ByGroup, X: pd.DataFrame | ArrayLike, groups: Any, interval: float | None) -> np.ndarray:
        if interval is not None:
            raise InputDataError("interval: there are no limits of predictions with constants by group; leave it out")
        used = [name for name in self.formula.used if name not in own.names]
        return evaluate(
            self.expression, (*self.columns, *own.names), own.beside(rows_of(X, self.columns, used), groups)
        )

    def _value(self, rows: np.ndarray) -> np.ndarray:
        if self.inner is None:
            return evaluate(self.expression, self.columns, rows)
        with np.errstate(all="ignore"):
            return self.target_unit * evaluate(self.inner, self.columns, rows / self.units)

    def __call__(self, X: pd.DataFrame | ArrayLike | None = None, /, **columns: ArrayLike) -> np.ndarray | float:
        """The equation at values of its columns, as a function of their names.

        Parameters
        ----------
        X : DataFrame, array [n, d] or mapping, optional
            Rows, as `predict` takes them, or what stands for them by name, also a single row of a DataFrame; then no
            columns are given.
        **columns : number or array
            By name; arrays are broadcast. Those that do not stand in the equation may be left out. A name that is no
            word is given as ``law(**{"flow rate (m3/s)": 2})``.

        Returns
        -------
        float, or array of the shape of the arrays
            NaN outside the domain.

        Raises
        ------
        InputDataError
            Naming a column that is unknown or missing.

        Examples
        --------
        >>> m, v = sympy.symbols("m v")
        >>> energy = Equation(m * v**2 / 2, ("m", "v"), "E", 0.0, 0.0, "sample")
        >>> energy(m=2, v=3), energy(m=2, v=[1, 2, 3]).tolist()
        (9.0, [1.0, 4.0, 9.0])
        """
        values: Mapping[str, ArrayLike] = columns
        if X is not None:
            if columns:
                raise InputDataError("give rows or columns by name, not both")
            if isinstance(X, Mapping):
                values = X
            elif isinstance(X, pd.Series) and set(self.formula.used) <= set(X.index):  # a row of a table
                values = {name: X[name] for name in self.formula.used}
            else:
                return self.predict(X)
        rows, shape = rows_of_values(values, self.columns, self.formula.used)
        value = self.predict(rows).reshape(shape)
        return value if shape else float(value)

    def to_json(self) -> str:
        """The equation as JSON, for `from_json`; constants keep every bit.

        Raises
        ------
        InputDataError
            If it holds a function that `eqdarts.formula.parsing.parse_expression` does not read, or anything else that
            `from_json` would refuse, such as a name of many thousand characters.
        """
        head = {"format": _FORMAT, "version": _VERSION, "target": self.target, "columns": list(self.columns)}
        text = dump({**head, **self.to_record()})
        self.from_json(text)
        return text

    @classmethod
    def from_json(cls, text: str) -> Equation:
        """The inverse of `to_json`. Nothing in the text is evaluated as code.

        Raises
        ------
        InputDataError
            Naming the field that is wrong.

        Examples
        --------
        >>> x = sympy.Symbol("x")
        >>> law = Equation(0.1 * x, ("x",), "y", 0.0, 0.0, "sample")
        >>> Equation.from_json(law.to_json()) == law
        True
        """
        data = parse_json(text, "equation")
        data.header(_FORMAT, _VERSION)
        return cls.from_record(data, data.items("columns", Record.text), data.text("target", _LONGEST_TARGET))

    def to_record(self) -> dict[str, object]:
        """Plain values for JSON, without columns and target."""
        parts = {} if self.composed is None else {"composed": self.composed.to_record()}
        parts |= {} if self.joint is None else {"joint": self.joint.to_record()}
        plain = {**record.write(self), **parts, "fit": None if self.fit is None else fit_record.write(self.fit)}
        return plain if self.by_group is None else {**plain, "by_group": self.by_group.to_record()}

    @classmethod
    def from_record(cls, data: Record, columns: tuple[str, ...], target: str) -> Equation:
        """The inverse of `to_record`."""
        fit = fit_record.read(data.record("fit"), columns, record.read_known(data)) if "fit" in data else None
        composed = Composed.from_record(data.record("composed"), columns) if "composed" in data else None
        if "by_group" not in data:
            joint = Joint.from_record(data.record("joint")) if "joint" in data else None
            return cls(**record.read(data, columns, target), fit=fit, composed=composed, joint=joint)
        own = ByGroup.from_record(data.record("by_group"))
        if set(own.names) & {*columns, target} or len(set(own.names)) < len(own.names):
            raise data.error("by_group", "names of constants are names of columns, or stand twice")
        return cls(**record.read(data, (*columns, *own.names), target) | {"columns": columns}, fit=fit, by_group=own)

    def derivative(self, column: str) -> Equation:
        r"""The partial derivative by a column, as an equation; its losses are NaN, as there is no data for it.

        At the corners of \|u\| and Max it is the mean of both slopes.

        Raises
        ------
        InputDataError
            If there is no such column.

        Examples
        --------
        >>> t = sympy.Symbol("t")
        >>> speed = Equation(4.905 * t**2, ("t",), "s", 0.0, 0.0, "sample").derivative("t")
        >>> print(speed.target, "=", speed)
        ∂s/∂t = 9.81*t
        """
        slope = derivative(self.formula, column)
        changed: dict[str, Any] = {"target": slope.target, "loss": nan, "relative_loss": nan, "origin": "derivative"}
        changed |= {
            "genotype": None,
            "fit": None,
            "probability": None,
            "left_out": None,
            "composed": None,
            "joint": None,
        }
        changed |= {"dimensional": 0, "constant_units": None}
        if self.inner is None:
            return replace(self, expression=slope.expression, **changed)
        return replace(
            self, expression=record.in_table_units(slope), inner=slope.expression, target_unit=slope.target_unit,
            **changed,
        )  # fmt: skip

    def is_defined(self, X: pd.DataFrame | ArrayLike) -> np.ndarray:
        """On which rows X [n, d] the equation gives a finite number: bool [n]."""
        return np.isfinite(self.predict(X))
