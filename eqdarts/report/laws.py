"""What a page says of each equation of a front: the formula, its measures, its constants and its code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import sympy
from markupsafe import Markup

from eqdarts.data.noise import Noise
from eqdarts.equation.equation import Equation
from eqdarts.equation.exports.excel import letters
from eqdarts.equation.figures import percent
from eqdarts.equation.latex_table import group_table
from eqdarts.equation.regression.report import FitReport
from eqdarts.errors import EqdartsError
from eqdarts.formula.mathml import mathml
from eqdarts.formula.numbers import DIGITS
from eqdarts.formula.text import format_name
from eqdarts.formula.visible import visible
from eqdarts.report.words import interval, is_rounding, level_text, listing, measured, r_squared


@dataclass(frozen=True)
class Constant:
    """A fitted number of a law."""

    symbol: Markup
    value: str
    limits: str


@dataclass(frozen=True)
class Code:
    """A law in a language, or why it cannot be written in it.

    Attributes
    ----------
    key, label : str
        For ids, and for readers.
    text : str
    hint : str
        How to use it.
    missing : bool
        Is text the reason why there is none?
    """

    key: str
    label: str
    text: str
    hint: str
    missing: bool = False


@dataclass(frozen=True)
class Law:
    """An equation of the front.

    Attributes
    ----------
    index : int
        Its row of `DARTSRegressor.equations_`.
    text : str
        In one line.
    formula, whole, small : Markup
        Typeset as a line of its own, within a text, and without its left side.
    form, measured : Markup or None
        With names for its constants, where it has any; with their standard errors, where these are known.
    level : float
        Of its errors, for the chart.
    complexity, r2, error, left_out, probability : str
        As they are shown; "" where they are not known.
    share : float
        The probability as a percentage.
    constants : tuple of Constant
    remarks : tuple of str
        What one should know before relying on it.
    used, unused : str
        Columns that stand in it, and those that do not.
    codes : tuple of Code
    """

    index: int
    text: str
    formula: Markup
    whole: Markup
    small: Markup
    form: Markup | None
    measured: Markup | None
    level: float
    complexity: str
    r2: str
    error: str
    left_out: str
    probability: str
    share: float
    constants: tuple[Constant, ...]
    remarks: tuple[str, ...]
    used: str
    unused: str
    codes: tuple[Code, ...]


def law(equation: Equation, index: int, noise: Noise, unit: str = "") -> Law:
    """All that is said of one equation of a front, with the standard errors of its constants, if it can be.

    unit: of the target
    """
    digits = equation.digits or DIGITS
    fit = equation.fit
    constants = () if fit is None else constants_of(fit, equation.constant_units or {})
    used = columns_in(equation)
    unused = [name for name in equation.columns if name not in equation.formula.used]
    return Law(
        index=index,
        text=visible(f"{format_name(equation.target)} = {equation.text()}"),
        formula=typeset(equation, True),
        whole=typeset(equation, False),
        small=_markup(mathml(equation.expression, "", digits, block=False)),
        form=_markup(mathml(fit.template, equation.target, digits)) if fit is not None and constants else None,
        measured=_with_errors(equation, digits),
        level=noise.level(equation.loss),
        complexity=str(equation.complexity),
        r2=r_squared(noise.missing(equation.loss, equation.relative_loss)),
        error=level_text(noise, equation.loss, unit),
        left_out="" if equation.left_out is None else level_text(noise, equation.left_out, unit),
        probability=percent(equation.probability),
        share=round(100 * (equation.probability or 0.0), 1),
        constants=constants,
        remarks=tuple(_remarks(equation)),
        used=listing([visible(name) for name in used]) or "none",
        unused=listing([visible(name) for name in unused]),
        codes=_codes(equation),
    )


def columns_in(equation: Equation) -> list[str]:
    """The columns that stand in it; constants of a group are none, though they come with the rows as columns do."""
    own = () if equation.by_group is None else equation.by_group.names
    return [name for name in equation.formula.used if name not in own]


def _with_errors(equation: Equation, digits: int) -> Markup | None:
    fit = equation.fit
    if fit is None or not np.isfinite(fit.std_errors).any():
        return None
    rows = zip(fit.table.index, fit.table.value, fit.table.std_error, strict=True)
    constants = {str(name): (float(value), float(error)) for name, value, error in rows}
    if any(is_rounding(value, error) for value, error in constants.values()):
        return None
    return _markup(mathml(fit.template, equation.target, digits, constants))


def typeset(equation: Equation, block: bool) -> Markup:
    """``target = expression`` as MathML."""
    return _markup(mathml(equation.expression, equation.target, equation.digits or DIGITS, block=block))


def _markup(text: str) -> Markup:
    return Markup(text)  # nosec B704 # `mathml` escapes names


def constants_of(fit: FitReport, units: Mapping[str, str]) -> tuple[Constant, ...]:
    """Each constant with its standard error and limits."""
    return tuple(
        Constant(
            _markup(mathml(sympy.Symbol(str(name)), block=False)),
            _in_unit(measured(float(row.value), float(row.std_error)), units.get(str(name))),
            interval(float(row.low), float(row.high), float(row.std_error)),
        )
        for name, row in fit.table.iterrows()
    )


def _in_unit(value: str, unit: str | None) -> str:
    if unit is None:
        return value
    return f"({value}) {visible(unit)}" if "±" in value and not value.startswith("(") else f"{value} {visible(unit)}"


def _remarks(equation: Equation) -> list[str]:
    found = []
    fit = equation.fit
    if fit is not None and fit.undetermined:
        names = listing(fit.undetermined)
        found.append(f"The rows do not determine {names}: other values of {names} fit as well.")
    if fit is not None and fit.names and fit.degrees_of_freedom == 0:
        found.append("It has as many constants as there are rows, so it fits them whatever they are.")
    conditions = equation.domain()
    if conditions:
        shown = [visible(c).replace(">=", "≥").replace("<=", "≤").replace("!=", "≠") for c in conditions]
        found.append(f"It is defined where {listing(shown)}.")
    if not equation.formula.used:
        found.append("It is the mean of the target: what any other equation has to beat.")
    return found


def _codes(equation: Equation) -> tuple[Code, ...]:
    cells = [
        f"{visible(name)} in {letters(k)}2" for k, name in enumerate(equation.columns) if name in equation.formula.used
    ]
    return (
        _code("latex", "LaTeX", equation.latex, "For a paper."),
        _with_errors_in_latex(equation),
        _code("python", "Python", equation.python, "Needs NumPy only."),
        _code("c", "C", equation.c, "C99; include math.h."),
        _code("excel", "Excel", equation.excel, f"With {listing(cells)}." if cells else "For a cell."),
    )


def _with_errors_in_latex(equation: Equation) -> Code:
    own = equation.by_group
    if own is not None:
        return _code("errors", "LaTeX of the groups", lambda: group_table(own), "Constants with standard errors.")
    return _code("errors", "LaTeX with errors", lambda: equation.latex(errors=True), "Constants with standard errors.")


def _code(key: str, label: str, write: Callable[[], str], hint: str) -> Code:
    try:
        return Code(key, label, write(), hint)
    except EqdartsError as error:
        return Code(key, label, visible(str(error)), "", missing=True)
