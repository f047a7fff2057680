"""An equation as a program: source of other languages, a module of torch, conditions and solutions."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Expr

from eqdarts.equation.exports.c import to_c
from eqdarts.equation.exports.domain import conditions
from eqdarts.equation.exports.excel import EXCEL_DIGITS, to_excel
from eqdarts.equation.exports.formula import Formula
from eqdarts.equation.exports.python import to_python
from eqdarts.equation.exports.solving import solve_for
from eqdarts.equation.exports.torch import EquationModule, to_torch
from eqdarts.equation.written import Written


class Exported(Written):
    """What other programs take of an equation."""

    @property
    def formula(self) -> Formula:
        """What predictions and exports compute."""
        raise NotImplementedError

    def python(self, name: str | None = None) -> str:
        """The source of a NumPy function of the columns that stand in the equation, in the order of the table.

        It needs nothing but NumPy (and SciPy, if the equation holds erf or erfc). Names of columns that are no
        identifiers are changed, and the docstring says which is which.

        Parameters
        ----------
        name : str, optional
            Of the function; by default like the target.

        Raises
        ------
        InputDataError
            If the name is no identifier, or the equation has a function without a counterpart.

        Examples
        --------
        >>> import sympy
        >>> from eqdarts import Equation
        >>> G, m, r = sympy.symbols("G m r")
        >>> law = Equation(G * m / r**2, ("G", "m", "r"), "g", 0.0, 0.0, "sample")
        >>> print(law.python().splitlines()[-1].strip())
        return G*m/r**2
        """
        return to_python(self.formula, name)

    def c(self, name: str | None = None) -> str:
        """The source of a C99 function of the columns that stand in the equation, as `python` has it.

        It includes ``math.h`` and returns NaN or infinity off the domain; constants keep every bit.
        """
        return to_c(self.formula, name)

    def excel(self, cells: Mapping[str, str] | None = None) -> str:
        """A spreadsheet formula.

        Parameters
        ----------
        cells : mapping of str to str, optional
            The cell or name of each column, such as ``{"mass": "$B$2"}``; by default A2, B2, ... in the order of
            the columns.

        Returns
        -------
        str
            Beginning with "="; in English, with commas. Off the domain a spreadsheet shows an error, or its own
            idea of the root of a negative number. Constants have 15 digits, as many as a spreadsheet keeps; of an
            equation that needs more, or was not fitted, they are sums of two numbers.

        Raises
        ------
        InputDataError
            For an unknown column or something that is no cell; if the formula is too long or beyond the range
            of numbers in a spreadsheet.

        Examples
        --------
        >>> import sympy
        >>> from eqdarts import Equation
        >>> x = sympy.Symbol("x")
        >>> Equation(-(x**2) + 1, ("x",), "y", 0.0, 0.0, "sample").excel()
        '=1 - A2^2'
        """
        return to_excel(self.formula, cells, self.digits is None or self.digits > EXCEL_DIGITS)

    def torch(self) -> EquationModule:
        """A module of all columns X [n, d] -> [n], with the constants as one float64 parameter ``constants``.

        Differentiable by X and by the constants.
        """
        return to_torch(self.formula)

    def domain(self) -> list[str]:
        """Conditions on the columns under which the equation gives a real number.

        They come from logarithms, inverse functions, denominators and powers that are no whole numbers; those
        that always hold are left out. They speak of the equation as it is written, and so of exported code:
        sin(x)/x has ``x != 0``, where `predict` gives the limit. `is_defined` tests rows by what `predict` gives.

        Examples
        --------
        >>> import sympy
        >>> from eqdarts import Equation
        >>> x, y = sympy.symbols("x y")
        >>> Equation(sympy.log(x) / (x - y), ("x", "y"), "z", 0.0, 0.0, "sample").domain()
        ['x - y != 0', 'x > 0']
        """
        return conditions(self.expression, self._shown(None))

    def solve_for(self, column: str, max_time: float = 20.0) -> list[Expr]:
        """Expressions for a column, over the other columns and a symbol named like the target.

        SymPy solves in a process of its own, which ends after max_time seconds; it takes about one to start.

        Returns
        -------
        list of Expr
            At least one. Solutions that need complex numbers or functions that are not elementary are left out,
            and one may be valid on part of the domain only.

        Raises
        ------
        InputDataError
            If the column does not stand in the equation, or no solution is found in time.

        Examples
        --------
        >>> import sympy
        >>> from eqdarts import Equation
        >>> T, l = sympy.symbols("T l")
        >>> period = Equation(2.006 * sympy.sqrt(l), ("l",), "T", 0.0, 0.0, "sample")
        >>> [sympy.N(s, 4) for s in period.solve_for("l")]
        [0.2485*T**2]
        """
        return solve_for(Formula(self.expression, self.columns, self.target), column, max_time)
