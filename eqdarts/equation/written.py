"""An equation as text, LaTeX and MathML."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan

from sympy import Expr

from eqdarts.dimensions.writing import unit_latex
from eqdarts.equation.by_group import ByGroup
from eqdarts.equation.composed import Composed
from eqdarts.equation.regression.naming import floats_as_symbols
from eqdarts.equation.regression.report import FitReport
from eqdarts.errors import InputDataError
from eqdarts.formula.latex import to_latex, to_latex_with_errors, to_text
from eqdarts.formula.mathml import mathml
from eqdarts.formula.numbers import DIGITS


class Written:
    """How an equation is written for people, with as many digits of its constants as mean something."""

    expression: Expr
    columns: tuple[str, ...]
    target: str
    digits: int | None
    fit: FitReport | None
    by_group: ByGroup | None
    constant_units: Mapping[str, str] | None
    composed: Composed | None

    def text(self, precision: int | None = None) -> str:
        """The expression in one line, which `refit` and `eqdarts.formula.parsing.parse_expression` read.

        A name that is no word, or that means something else there, such as pi, stands in backticks.

        Parameters
        ----------
        precision : int, optional
            Significant digits of the constants, from 1 to 17; by default `digits`.

        Examples
        --------
        >>> import sympy
        >>> from eqdarts import Equation
        >>> flow = sympy.Symbol("flow rate (m3/s)")
        >>> Equation(0.333333 * flow**2, (flow.name,), "p", 0.0, 0.0, "sample").text()
        '0.3333*`flow rate (m3/s)`**2'
        """
        return to_text(self.expression, self._shown(precision))

    def parts_text(self, precision: int | None = None) -> str:
        """Of a template: it and its parts in one line; "" for an equation that is no template's."""
        return "" if self.composed is None else self.composed.text(self.target, self._shown(precision))

    def _shown(self, precision: int | None) -> int:
        return precision if precision is not None else self.digits or DIGITS

    def sympy(self) -> Expr:
        """The expression, over symbols named like the columns."""
        return self.expression

    def latex(self, precision: int | None = None, mul: str | None = None, errors: bool = False) -> str:
        """``target = expression`` in LaTeX; of a template, that and its parts: y = a f(x), f(x) = …, a = ….

        Parameters
        ----------
        precision : int, optional
            Significant digits of the constants, from 1 to 17; by default `digits`.
        mul : {None, "dot", "times", "thin"}
            The sign between factors: ·, ×, or a thin space. None: nothing, or a thin space where names are words.
            Constants that carry a unit, where those of the columns were given, are printed with it.
        errors : bool
            Print every constant with its standard error, as (1.234 ± 0.012): the error with two significant digits,
            and the value to the same place. Parts of a template are put in.

        Raises
        ------
        InputDataError
            For an unknown sign, digits out of range, or if no standard errors are known.
        """
        if self.composed is not None and not errors:
            return self.composed.latex(self.target, self._shown(precision), mul)
        if not errors and not self.constant_units:
            return to_latex(self.expression, self.target, self._shown(precision), mul)
        form, constants = self._measured() if errors else self._unmeasured()
        units = {name: unit_latex(unit) for name, unit in (self.constant_units or {}).items()}
        return to_latex_with_errors(form, self.target, constants, self._shown(precision), mul, units)

    def mathml(self, precision: int | None = None, errors: bool = False, block: bool = True) -> str:
        """``target = expression`` as a ``<math>`` element for a page, which browsers typeset; names are escaped.

        precision, errors: as for `latex`   block: on a line of its own, or within a text
        """
        form, constants = self._measured() if errors else (self.expression, None)
        return mathml(form, self.target, self._shown(precision), constants, block)

    def _measured(self) -> tuple[Expr, dict[str, tuple[float, float]]]:
        """The formula with symbols for its constants, and the value and standard error of each."""
        fit = self.fit
        if fit is None and self.by_group is not None:
            raise InputDataError(
                "errors=True: the equation has constants for each group, whose errors stand in by_group.table and "
                "by_group.shared_table, and in latex_groups() of the model"
            )
        if fit is None:
            raise InputDataError(
                "errors=True: no standard errors are known; take it from model.equation(), or refit it"
            )
        rows = zip(fit.table.index, fit.table.value, fit.table.std_error, strict=True)
        return fit.template, {str(name): (float(value), float(error)) for name, value, error in rows}

    def _unmeasured(self) -> tuple[Expr, dict[str, tuple[float, float]]]:
        """The same without standard errors."""
        form, symbols, values = floats_as_symbols(self.expression, self.columns)
        return form, {symbol.name: (float(value), nan) for symbol, value in zip(symbols, values, strict=True)}

    def _repr_latex_(self) -> str:
        """For notebooks."""
        return f"$\\displaystyle {self.latex()}$"
