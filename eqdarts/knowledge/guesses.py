"""Starting equations: text that a user gave, as formulas whose constants are fitted to a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd
import sympy

from eqdarts.data.columns import listed
from eqdarts.data.table import Table
from eqdarts.equation.equation import Equation
from eqdarts.equation.refit import refit
from eqdarts.errors import InputDataError, kept_warnings, shown, warn
from eqdarts.formula.likely import likely_column
from eqdarts.formula.parsing import parse_expression, split_equation

_STARTS = 8  # of the fit of a guess; not tuned
_NUMBERED = re.compile(r"(.*?)(\d+)")


def checked_guesses(guesses: Any) -> tuple[str, ...]:
    """The texts of the option; raise `InputDataError` if they are none."""
    if guesses is None:
        return ()
    if isinstance(guesses, str) or not isinstance(guesses, Sequence):
        raise InputDataError(f"guesses={shown(guesses)}: expected a list of texts, such as ['v*c/(K + c)']")
    for guess in guesses:
        if not isinstance(guess, str):
            raise InputDataError(f"guesses: {shown(guess)} is no text; write the formula, such as 'v*c/(K + c)'")
    return tuple(guesses)


def read_guess(text: str, columns: Sequence[str], target: str) -> sympy.Expr:
    """The right-hand side of a guess, over columns and constants.

    A name that is no column is a constant, unless it looks like a column that is not there.

    Raises
    ------
    InputDataError
        With the guess, and what is wrong with it.

    Examples
    --------
    >>> read_guess("rate = v*c/(K + c)", ("c", "T"), "rate")
    c*v/(K + c)
    >>> read_guess("v*x3", ("x1", "x2"), "y")
    Traceback (most recent call last):
    eqdarts.errors.InputDataError: guesses: 'v*x3' has x3, which is no column; the columns are 'x1', 'x2'
    """
    where = f"guesses: {shown(text)}"
    try:
        left, right = split_equation(text)
        formula = parse_expression(right, columns)
    except InputDataError as error:
        raise InputDataError(f"{where}: {error}") from error
    if left is not None and left.strip("`") not in (target, "y"):
        raise InputDataError(f"{where} is one of {left!r}, and the target is {target!r}")
    names = sorted(symbol.name for symbol in formula.free_symbols)
    if target in names and target not in columns:
        raise InputDataError(f"{where} has the target {target!r} on the right; solve for it first")
    for name in names:
        if name not in columns and any(_resemble(name, column) for column in columns):
            raise InputDataError(f"{where} has {name}, which is no column; the columns are {listed(columns)}")
        likely = None if name in columns else likely_column(name, columns)
        if likely is not None:
            raise InputDataError(
                f"{where} has {name}, which is no column; did you mean {likely!r}? A constant needs a name less like "
                "that of a column"
            )
    if not set(names) & set(columns):
        raise InputDataError(f"{where} has none of the columns, which are {listed(columns)}")
    return formula


def _resemble(name: str, column: str) -> bool:
    """Is it the same word in other letters, or of the same numbered kind?"""
    if name.casefold().replace("_", "") == column.casefold().replace("_", "").replace(" ", "") and len(name) > 1:
        return True
    one, other = _NUMBERED.fullmatch(name), _NUMBERED.fullmatch(column)
    if one is not None and one[1] == "x":  # so columns without names are called
        return True
    return one is not None and other is not None and one[1] == other[1]


def fitted_guess(text: str, table: Table) -> Equation:
    """A guess with its constants fitted to the rows; numbers in it are exact where it has names for constants.

    Raises
    ------
    InputDataError
        If it cannot be fitted, with the guess.

    Warns
    -----
    SearchWarning
        If the rows do not determine a constant, as where a column's name is misspelt.
    """
    formula = read_guess(text, table.names, table.target)
    X = pd.DataFrame(table.X, columns=list(table.names))
    try:
        with kept_warnings():
            law = refit(
                formula, X, pd.Series(table.y, name=table.target), sample_weight=table.weights, n_starts=_STARTS
            )
    except InputDataError as error:
        raise InputDataError(f"guesses: {shown(text)}: {error}") from error
    if law.fit is not None and law.fit.undetermined:
        warn(
            f"guesses: {shown(text)}: the rows do not determine {', '.join(law.fit.undetermined)}, which count as "
            f"constants; the columns are {listed(table.names)}"
        )
    return law
