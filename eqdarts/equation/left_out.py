"""What an equation leaves of rows that had no part in the fit of its constants."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import sympy

from eqdarts.data.table import Table
from eqdarts.data.zero import LADDER
from eqdarts.equation.equation import Equation
from eqdarts.fit.formula import compile_template, template
from eqdarts.fit.leave_out import left_out

_MOST_ROWS = 2000  # of a table that is not short beside the constants; more hardly differ from the rows of the fit


def with_left_out(equation: Equation, table: Table) -> Equation:
    """With the mean squared error of each row by the constants that the others give; as it is where none is of use.

    So it is where nothing but rounding is left, in long tables, and if it is not finite. Rows that were equal and are
    merged are left out together.
    """
    if len(table) > _MOST_ROWS or equation.inner is not None or equation.relative_loss < LADDER.exact:
        return equation
    form = template(equation.expression, tuple(sympy.Symbol(name) for name in table.names))
    with np.errstate(all="ignore"):
        errors = left_out(compile_template(form), form.values, table)
        loss = float(np.average(np.square(errors), weights=table.weights))
    return replace(equation, left_out=loss) if np.isfinite(loss) else equation
