"""``eqdarts refit``: the constants of a formula, fitted to a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eqdarts.cli.cells import Cells, cells_of
from eqdarts.cli.choosing import Choosing
from eqdarts.cli.completing import columns
from eqdarts.cli.document import dumps, of_equation, plain
from eqdarts.cli.groups import grouped
from eqdarts.cli.messages import heard
from eqdarts.cli.output import AsJson
from eqdarts.cli.reading import PANEL as TABLE
from eqdarts.cli.reading import Reading
from eqdarts.cli.screen import is_terminal, show_fit
from eqdarts.cli.searching import named_loss
from eqdarts.errors import InputDataError
from eqdarts.formula.visible import visible

if TYPE_CHECKING:
    import pandas as pd
    import sympy

    from eqdarts.equation.equation import Equation
    from eqdarts.equation.regression.report import FitReport

EXAMPLES = """\
# A decay; a, k and b are no columns, so they are its constants.
eqdarts refit 'a*exp(-k*t) + b' decay.csv --target activity
# From starting values, with one constant that is known.
eqdarts refit 'v = vmax*s/(km + s)' rates.csv --start km=0.1 --fix vmax=200
# Both columns are measured, x with an error of 0.1, y with one of its own in each row.
eqdarts refit 'a*x + b' pairs.csv --target y --x-error x=0.1 --y-error sigma
# The law of a saved model with constants for another table.
eqdarts refit results/model.json other.csv"""


@grouped
def refit(
    formula: Annotated[
        str,
        typer.Argument(
            metavar="FORMULA", help="In the names of the columns; other names are constants. Or a saved MODEL.json."
        ),
    ],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A table with a header line.")],
    *,
    target: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            autocompletion=columns,
            help="The column to explain; by default the left side, or that of the model.",
        ),
    ] = None,
    start: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Where a constant starts; may be repeated.")
    ] = None,
    fix: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="A constant that is known; may be repeated.")
    ] = None,
    bound: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=LOW:HIGH", help="Between which a constant is; either may be left out."),
    ] = None,
    confidence: Annotated[float, typer.Option(metavar="SHARE", help="Of the intervals of constants.")] = 0.95,
    loss: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What is made small, as in 'eqdarts fit'.",
            show_default="squared, or that of the model",
        ),
    ] = None,
    noise: Annotated[
        str | None,
        typer.Option(
            metavar="FORM",
            help="How errors grow with the value: additive, proportional, poisson or auto.",
            show_default="additive, or that of the model",
        ),
    ] = None,
    y_error: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN|NUMBER",
            help="A column with the standard deviation of the error of each row, or the same number for all.",
            rich_help_panel=TABLE,
        ),
    ] = None,
    x_error: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=NUMBER|COLUMN",
            help="The standard deviation of the errors of a column; may be repeated. It needs --y-error.",
            rich_help_panel=TABLE,
        ),
    ] = None,
    reading: Reading,
    choosing: Choosing,
    as_json: AsJson = False,
) -> None:
    """Fit the constants of a formula to a table.

    It prints them with their standard errors and intervals, and how well the formula fits.
    """
    options = {
        "start": _numbers("--start", start),
        "fixed": _numbers("--fix", fix),
        "bounds": _bounds(bound),
        "confidence": confidence,
    }
    with heard() as warnings, cells_of(file, reading) as cells:
        law = _fitted(formula, cells, target, choosing, options, loss, noise, y_error, x_error or ())
        if as_json:
            print(dumps(_document(law, formula, list(warnings))))
        elif is_terminal():
            show_fit(law)
        else:
            _print(law)


def _fitted(
    formula: str,
    cells: Cells,
    target: str | None,
    choosing: Choosing,
    options: dict[str, Any],
    loss: str | None,
    noise: str | None,
    y_error: str | None,
    x_error: Sequence[str],
) -> Equation:
    from eqdarts.equation.refit import refit
    from eqdarts.equation.regression.given import check_columns
    from eqdarts.formula.parsing import parse_expression, split_equation
    from eqdarts.losses.named import SQUARED, free

    kind = named_loss(loss or "squared")
    expression: sympy.Expr | str
    left: str | None
    if formula.endswith(".json"):
        model = choosing.load_for(Path(formula), target)
        found = model.equation()
        expression = form = found.expression
        own = () if found.by_group is None else found.by_group.names
        used = sorted(set(found.formula.used).difference(own))
        cells.grid.check_labels(model.front_[0].columns)
        left = model.target_name_
        by_loss = model.loss_ != SQUARED
        noise = noise or (
            model.noise_.form if model.noise_.depends_on_law and y_error is None and not by_loss else None
        )
        kind = free(model.loss_) if loss is None else kind
    else:
        if choosing != Choosing():
            raise InputDataError("--select, --complexity and --form are for a MODEL.json, not for a formula")
        left, right = split_equation(formula)
        left = None if left is None else _unquoted(left)
        expression, form = formula, parse_expression(right, cells.spellings)
        check_columns(form, cells.spellings, _named(options), "--start {}=1")
        used = sorted(symbol.name for symbol in form.free_symbols if cells.has(symbol.name))
    target = target or left
    if target is None:
        raise InputDataError("--target COLUMN: which column is to be explained? Or write the formula as 'y = …'")
    used = [name for name in used if name != target]
    of_columns = _errors_by_name(x_error, used, cells)
    named = [error for error in (y_error, *of_columns.values()) if error is not None and _is_column(error, cells)]
    X, _ = cells.numbers(list(dict.fromkeys([*used, target, *named])))

    def errors(given: str) -> pd.Series | float | None:
        return X[given] if given in named else _number(given)

    return refit(
        expression,
        X[used],
        X[target],
        loss=kind,
        noise=noise or "additive",
        y_error=None if y_error is None else errors(y_error),
        x_error={name: errors(given) for name, given in of_columns.items()} if of_columns else None,
        **options,
    )


def _named(options: Mapping[str, Any]) -> set[str]:
    """The constants of which options say something."""
    return {name for option in ("start", "fixed", "bounds") for name in options[option]}


def _is_column(text: str, cells: Cells) -> bool:
    return cells.has(text) or _number(text) is None


def _errors_by_name(pairs: Sequence[str], used: Sequence[str], cells: Cells) -> dict[str, str]:
    """Numbers or names of columns by the names of columns, of texts such as ``x=0.1`` or ``x=sigma_x``."""
    found = {}
    for pair in pairs:
        name, mark, error = (part.strip() for part in pair.rpartition("="))
        name = _unquoted(name)
        if not mark or not name or not error:
            raise InputDataError(f"--x-error {pair!r}: expected a column and its error, such as x=0.1 or x=sigma_x")
        if name not in used:
            raise InputDataError(f"--x-error {pair!r}: {name!r} is no column of the formula; it has {', '.join(used)}")
        if _is_column(error, cells) and not cells.has(error):
            raise InputDataError(f"--x-error {pair!r}: {error!r} is neither a number nor a column of {cells.path}")
        found[name] = error
    return found


def _document(law: Equation, formula: str, warnings: list[str]) -> dict[str, Any]:
    fit = law.fit
    if fit is None:
        return {"formula": formula, "target": law.target, **of_equation(law), "warnings": warnings}
    return {
        "formula": formula,
        "target": law.target,
        **of_equation(law),
        "fixed": {name: plain(value) for name, value in fit.fixed.items()},
        "loss": plain(law.loss),
        fit.noise.explained_key: plain(1 - fit.noise.missing(law.loss, law.relative_loss)),
        "residual_std": plain(fit.residual_std),
        "rows": fit.observations,
        "degrees_of_freedom": fit.degrees_of_freedom,
        "aic": plain(fit.aic),
        "bic": plain(fit.bic),
        "converged": fit.converged,
        "noise": fit.noise.form,
        "x_error": None if fit.x_error is None else _of_column_errors(fit),
        "warnings": warnings,
    }


def _of_column_errors(fit: FitReport) -> dict[str, Any]:
    assert fit.x_error is not None
    rows = fit.x_error_effect.reset_index(names="name").to_dict("records")
    effect = [{str(key): value if key == "name" else plain(value) for key, value in row.items()} for row in rows]
    return {"columns": {name: list(span) for name, span in fit.x_error.columns.items()}, "constants": effect}


def _print(law: Equation) -> None:
    from eqdarts.formula.text import format_name

    print(visible(f"{format_name(law.target)} = {law.text()}"))
    print()
    for line in str(law.fit).splitlines():
        print(visible(line))
    print()
    print(law.latex())
    if law.n_constants and law.fit is not None:
        print(law.latex(errors=True))


def _numbers(option: str, pairs: Sequence[str] | None) -> dict[str, float]:
    """Numbers by names, of texts such as ``a=1.5``."""
    found = {}
    for pair in pairs or ():
        name, mark, number = pair.rpartition("=")
        value = _number(number)
        if not mark or not name.strip() or value is None:
            raise InputDataError(f"{option} {pair!r}: expected the name of a constant and a number, such as a=1.5")
        found[_unquoted(name)] = value
    return found


def _bounds(pairs: Sequence[str] | None) -> dict[str, tuple[float | None, float | None]]:
    """Limits by names, of texts such as ``a=0:10`` or ``a=0:``."""
    found = {}
    for pair in pairs or ():
        name, mark, limits = pair.rpartition("=")
        ends = limits.split(":")
        values = [_number(end) if end.strip() else None for end in ends]
        wrong = any(end.strip() and value is None for end, value in zip(ends, values, strict=True))
        if not mark or not name.strip() or len(ends) != 2 or wrong:
            raise InputDataError(f"--bound {pair!r}: expected a constant and its limits, such as a=0:10 or a=0:")
        found[_unquoted(name)] = (values[0], values[1])
    return found


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _unquoted(name: str) -> str:
    """A name without the backticks that it has in a formula."""
    name = name.strip()
    quoted = len(name) > 2 and name.startswith("`") and name.endswith("`")
    return name[1:-1].replace("``", "`") if quoted else name
