"""One discovered equation, and the front of the best ones for each complexity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import sympy

from eqdarts.errors import InputDataError, check_choice, check_range
from eqdarts.genotype import Genotype
from eqdarts.numeric import function
from eqdarts.regression.intervals import Resampling, bootstrap, profile
from eqdarts.regression.naming import floats_as_symbols
from eqdarts.regression.report import FitReport
from eqdarts.simplify import count_constants, size


@dataclass(frozen=True)
class Equation:
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
        The same in units of the mean square of the target.
    origin : str
        What found it: "sample", "move", "gradient", "relaxed" or "constant", or "refit"; with ", rounded" if
        its exponents were held at round values.
    genotype : Genotype or None
        The graph it was read from.
    inner, units, target_unit : sympy.Expr, tuple of float, float
        The same equation with every column in units of `units` and the target in `target_unit`, where
        their magnitudes are so extreme that the expression itself would overflow; else None.
    fit : FitReport or None
        How well the constants are known, and how well the equation fits.
    """

    expression: sympy.Expr
    columns: tuple[str, ...]
    target: str
    loss: float
    relative_loss: float
    origin: str
    genotype: Genotype | None = None
    inner: sympy.Expr | None = None
    units: tuple[float, ...] = ()
    target_unit: float = 1.0
    fit: FitReport | None = field(default=None, compare=False, repr=False)

    @property
    def complexity(self) -> int:
        """Nodes of the expression tree."""
        return size(self.expression)

    @property
    def n_constants(self) -> int:
        """How many constants were fitted."""
        return count_constants(self.expression) if self.fit is None else len(self.fit.names)

    @property
    def constants(self) -> pd.DataFrame:
        """A row per constant, by name: value, std_error, low, high.

        Standard errors and limits are asymptotic, and NaN without `fit`: `DARTSRegressor.equation` adds it to an
        equation of a front.
        """
        if self.fit is not None:
            return self.fit.table
        _, symbols, values = floats_as_symbols(self.expression, self.columns)
        index = pd.Index([s.name for s in symbols], dtype=object)
        unknown = np.full(len(values), np.nan)
        return pd.DataFrame({"value": values, "std_error": unknown, "low": unknown, "high": unknown}, index=index)

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
        if fit is None:
            raise InputDataError("no fit is known of this equation; take it from model.equation(), or refit it")
        if method == "asymptotic":
            low, high = fit.intervals(level)
        elif fit.model is None:
            raise InputDataError(f"method={method!r} needs the rows, which are not kept here; refit the equation")
        elif method == "profile":
            low, high = profile(fit, fit.model, level)
        else:
            low, high = bootstrap(fit, fit.model, level, Resampling(resampling, int(n_resamples), random_state))
        index = pd.Index(fit.names, dtype=object)
        return pd.DataFrame({"value": fit.values, "low": low, "high": high}, index=index)

    def __str__(self) -> str:
        return str(self.expression)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """The equation on rows X [n, d]; NaN outside its domain. Returns [n]."""
        if self.inner is None:
            return evaluate(self.expression, self.columns, X)
        return self.target_unit * evaluate(self.inner, self.columns, np.asarray(X, dtype=float) / self.units)


def evaluate(expression: sympy.Expr, columns: Sequence[str], X: np.ndarray) -> np.ndarray:
    """An expression over symbols named like the columns, on rows X [n, d]; NaN outside its domain."""
    symbols = [sympy.Symbol(name) for name in columns]
    value = function(expression, symbols)(*np.asarray(X, dtype=float).T)
    return np.array(np.broadcast_to(value, (len(X),)))


@dataclass(frozen=True)
class Front:
    """Equations none of which is beaten by another in both complexity and loss, simplest first."""

    equations: tuple[Equation, ...] = ()

    def __len__(self) -> int:
        return len(self.equations)

    def __iter__(self) -> Iterator[Equation]:
        return iter(self.equations)

    def __getitem__(self, index: int) -> Equation:
        return self.equations[index]

    def offer(self, equation: Equation) -> Front:
        """The front with this equation, if nothing on it is as simple and as good."""
        if not np.isfinite(equation.relative_loss):
            return self

        def beats(a: Equation, b: Equation) -> bool:
            return a.complexity <= b.complexity and a.relative_loss <= b.relative_loss

        if any(beats(e, equation) for e in self.equations):
            return self
        kept = [e for e in self.equations if not beats(equation, e)]
        return Front(tuple(sorted([*kept, equation], key=lambda e: e.complexity)))
