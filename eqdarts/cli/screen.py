"""What a terminal shows: coloured tables as wide as it is, and the law as it is written by hand.

Names come from anywhere, so that nothing here is read as markup, and no escape sequence comes through.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from eqdarts.formula.visible import visible

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console
    from rich.table import Table

    from eqdarts.data.noise import Noise
    from eqdarts.equation.equation import Equation
    from eqdarts.equation.regression.report import FitReport
    from eqdarts.estimator import DARTSRegressor

_ROOMY = 100  # columns of a terminal from which there is room for the error of rows left out; not tuned
_NARROW = 20  # characters that an equation has at least; not tuned
_DIGITS = 6
_GAP = 2  # characters between the columns of a table
_FORM = re.compile(r" *[<>]?\d+ %  ")  # before a form of those that rival
#: Why a search ended, in words.
_ENDS = {
    "exact": "the law is exact on all rows",
    "settled": "independent runs found the same law, and none a better one",
    "max_epochs": "as many epochs as --max-epochs says",
    "max_fits": "as many fits as --max-fits says",
    "max_time": "the time was up (--max-time)",
    "max_memory": "the memory was full (--max-memory)",
    "patience": "many epochs without progress",
    "constant": "the target is constant",
    "interrupted": "it was interrupted",
    "error": "an error in the search, see above",
}


def is_terminal() -> bool:
    """Does a person see what is printed?"""
    return sys.stdout.isatty()


def console() -> Console:
    """Where tables are printed; numbers and names are not coloured by guess."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


def show_heading(text: str) -> None:
    """A line above what follows."""
    console().rule(_text(visible(text)), align="left", style="dim")


def show_model(model: DARTSRegressor) -> None:
    """The front, what it leaves open, the chosen law with its constants, and its LaTeX."""
    screen = console()
    screen.print(_front(model, screen.width))
    screen.print()
    notes = str(model).splitlines()[1 + len(model.front_) :]  # below a line for each equation
    for note in notes:
        _show_note(visible(note), screen)
    if notes:
        screen.print()
    show_law(model.equation(), screen)
    screen.print(f"The search ended: {_ENDS.get(model.stop_reason_, model.stop_reason_)}.", style="dim")


def _show_note(note: str, screen: Console) -> None:
    """A sentence, or a form with its probability, whose further lines are indented."""
    form = _FORM.match(note)
    if form is None:
        screen.print(note, style="yellow")
        return
    first, *rest = broken(note[form.end() :], max(screen.width - form.end(), _NARROW)).split("\n")
    for line in (form[0] + first, *(" " * form.end() + line for line in rest)):
        screen.print(line, style="yellow")


def show_law(law: Equation, screen: Console | None = None) -> None:
    """A formula as it is written by hand, its constants with their errors, and its LaTeX."""
    screen = screen or console()
    for line in written(law, screen.width - 4, _has_symbols()).splitlines():
        screen.print(f"    {line}", style="bold green", no_wrap=True, crop=False)
    screen.print()
    if law.n_constants:
        screen.print(_constants(law))
        screen.print()
    screen.print("LaTeX:", style="dim", end=" ")
    screen.print(law.latex(), soft_wrap=True)


def show_fit(law: Equation) -> None:
    """A formula that was fitted by itself: as `show_law`, and how well it fits."""
    screen = console()
    show_law(law, screen)
    if law.fit is not None:
        fit = law.fit
        if law.n_constants:
            screen.print("LaTeX with errors:", style="dim", end=" ")
            screen.print(law.latex(errors=True), soft_wrap=True)
        screen.print(
            f"{_share(law, fit.noise)}residual standard deviation {fit.residual_std:.4g}, of "
            f"{fit.observations} rows and {fit.degrees_of_freedom} degrees of freedom.",
            style="dim",
        )
        if fit.x_error is not None:
            _show_without(fit, screen)


def _show_without(fit: FitReport, screen: Console) -> None:
    """What the constants would be if columns had no errors."""
    screen.print(f"With errors of columns as given, {visible(fit.x_error.text() if fit.x_error else '')}.", style="dim")
    made = table(["constant", "value", "without these errors", "change"], left=("constant",))
    for name, row in fit.x_error_effect.iterrows():
        exact = {"value": row["value_exact"], "std_error": row["std_error_exact"]}
        change = "" if not math.isfinite(row["change"]) else f"{100 * row['change']:+.2g} %"
        made.add_row(_text(visible(str(name))), _text(measured(row, None)), _text(measured(exact, None)), _text(change))
    screen.print(made)


def show_cells(names: Sequence[str], rows: Sequence[Sequence[str]], total: int) -> None:
    """The first rows of a table, numbers in six digits, and how many there are."""
    screen = console()
    made = table(names, folded=True)
    for row in rows:
        made.add_row(*(_text(_short(cell)) for cell in row))
    screen.print(made)
    if len(rows) < total:
        screen.print(f"… and {total - len(rows)} more rows; --output FILE.csv writes them all", style="dim")


def show_results(results: pd.DataFrame) -> None:
    """A row for each fit of a sweep; the last column is its equation. What is alike in all rows is left out."""
    screen = console()
    *columns, laws = ([str(name), *results.iloc[:, k]] for k, name in enumerate(results.columns))
    columns = [cells for cells in columns if len(results) < 2 or len(set(map(str, cells[1:]))) > 1]
    texts = [[cell if isinstance(cell, str) else "" if cell != cell else f"{cell:.5g}" for cell in c] for c in columns]
    taken = sum(max(map(len, cells)) + _GAP for cells in texts)
    made = table([*(cells[0] for cells in texts), laws[0]], left=(laws[0],))
    for *cells, law in zip(*(cells[1:] for cells in texts), laws[1:], strict=True):
        found = isinstance(law, str)
        formula = broken(visible(law), max(screen.width - taken, _NARROW)) if found else "no equation"
        made.add_row(*map(_text, cells), _text(formula, "" if found else "red"))
    screen.print(made)


def _short(cell: str) -> str:
    """A number in six digits if it has more of them; anything else as it is."""
    if len(cell) <= _DIGITS:
        return cell
    try:
        return f"{float(cell):.{_DIGITS}g}"
    except ValueError:
        return cell


def table(headings: Sequence[str], left: Sequence[str] = (), folded: bool = False) -> Table:
    """An empty table; columns are of numbers but those on the left of their headings.

    folded: may headings be of several lines?
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    made = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, header_style="dim")
    for heading in headings:
        words = heading in left
        side: Literal["left", "right"] = "left" if words else "right"
        made.add_column(_text(heading), justify=side, overflow="fold", no_wrap=not (words or folded))
    return made


def _text(text: str, style: str = "") -> Any:
    from rich.text import Text

    return Text("\n".join(map(visible, text.split("\n"))), style=style)


def _front(model: DARTSRegressor, width: int) -> Table:
    """A row for each equation of the front, the chosen one marked, in so many characters."""
    from eqdarts.equation.figures import percent
    from eqdarts.formula.text import format_name

    share = model.noise_.form == "proportional"
    factor = 100 if share else 1
    heading = f"{format_name(model.target_name_)} ="
    left_out = width >= _ROOMY and any(equation.left_out is not None for equation in model.front_)
    headings = [
        "",
        "row",
        "nodes",
        model.noise_.explained_name,
        "error, %" if share else "error",
        *["left out"] * left_out,
        "how sure",
        heading,
    ]
    rows = []
    for k, equation in enumerate(model.front_):
        levels = [equation.loss, equation.left_out][: 1 + left_out]
        rows.append(
            [
                ("→" if _has_symbols() else "->") if k == model.best_index_ else "",
                str(k),
                str(equation.complexity),
                explained(model.noise_.missing(equation.loss, equation.relative_loss)),
                *("" if loss is None else f"{model.noise_.level(loss) * factor:.4g}" for loss in levels),
                percent(equation.probability),
            ]
        )
    taken = sum(max(map(len, cells)) + _GAP for cells in zip(headings, *rows, strict=False))
    made = table(headings, left=("", heading))
    for k, (cells, equation) in enumerate(zip(rows, model.front_, strict=True)):
        cells.append(broken(visible(equation.text()), max(width - taken, _NARROW)))
        made.add_row(*(_text(cell, "bold green" if k == model.best_index_ else "") for cell in cells))
    return made


def broken(formula: str, width: int) -> str:
    """A formula on lines of at most so many characters, which end at its signs and not within its names.

    Examples
    --------
    >>> print(broken("11.92*height**(3/4)*mass + sin(2*t)", 16))
    11.92*height**(3
    /4)*mass + sin(2
    *t)
    """
    lines = [""]
    for piece in re.findall(r"(?: [-+] |\*\*|`[^`]*`|[\w.]+\(*|.)\)*", formula):
        if len(lines[-1]) + len(piece.rstrip()) > width and lines[-1]:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return "\n".join(line.rstrip() for line in lines)


def _share(law: Equation, noise: Noise) -> str:
    """What it explains, by its name; empty where that is not known."""
    share = explained(noise.missing(law.loss, law.relative_loss))
    return f"{noise.explained_name[0].upper()}{noise.explained_name[1:]} {share}; " if share else ""


def explained(relative_loss: float) -> str:
    """R², or its like, in five digits that never says that nothing is left where something is; empty of NaN.

    Examples
    --------
    >>> [explained(loss) for loss in (1.0, 0.31, 2e-4, 3e-9, 0.0)]
    ['0', '0.69', '0.9998', '>0.99999', '1']
    """
    if relative_loss != relative_loss:
        return ""
    value = round(1.0 - relative_loss, 5) + 0.0
    return ">0.99999" if value == 1 and relative_loss > 1e-15 else f"{value:.5g}"


def _constants(law: Equation) -> Table:
    """A row for each constant: value ± standard error, and its interval."""
    level = 0.95 if law.fit is None else law.fit.confidence
    made = table(["constant", "value ± standard error", f"{100 * level:g} % interval"], left=("constant",))
    for name, row in law.constants.iterrows():
        made.add_row(_text(visible(str(name))), _text(measured(row, law.digits)), _text(_interval(row)))
    return made


def measured(row: Mapping[str, float] | pd.Series, digits: int | None) -> str:
    """A value and its standard error, as a paper has them."""
    from eqdarts.formula.numbers import DIGITS, Measured

    value, error = float(row["value"]), float(row["std_error"])
    shown = Measured.of(abs(value), error, digits or DIGITS)
    sign, tens = "-" if value < 0 else "", f"e{shown.power}" if shown.power else ""
    if not shown.error:
        return f"{sign}{shown.value}{tens}"
    both = f"{sign}{shown.value} ± {shown.error}"
    return f"({both}){tens}" if tens else both


def _interval(row: pd.Series) -> str:
    """Its limits, which end where the standard error does."""
    from eqdarts.formula.numbers import DIGITS, Measured

    if not math.isfinite(row["low"]) or not math.isfinite(row["high"]):
        return ""
    texts = []
    for limit in (float(row["low"]), float(row["high"])):
        shown = Measured.of(abs(limit), float(row["std_error"]), DIGITS)
        texts.append(f"{'-' if limit < 0 else ''}{shown.value}{f'e{shown.power}' if shown.power else ''}")
    return " … ".join(texts)


def _has_symbols() -> bool:
    """Can what is printed be more than ASCII?"""
    return "utf" in (getattr(sys.stdout, "encoding", None) or "").lower()


def written(law: Equation, width: int, symbols: bool) -> str:
    """A formula over several lines, with fractions and powers as by hand; on one where it is too wide for that."""
    from eqdarts.formula.text import format_name

    shown = _by_hand(law, symbols)
    if max(map(len, shown.splitlines())) <= width:
        return shown
    return visible(f"{format_name(law.target)} = {law.text()}")


def _by_hand(law: Equation, symbols: bool) -> str:
    import sympy
    from sympy.printing.pretty.pretty import PrettyPrinter
    from sympy.printing.pretty.pretty_symbology import pretty_use_unicode
    from sympy.printing.pretty.stringpict import prettyForm

    from eqdarts.formula.numbers import DIGITS, decimal, rounded

    class Printer(PrettyPrinter):
        """Names as they are, and numbers in as many digits as they have."""

        def _print_Symbol(self, e: sympy.Symbol, bold_name: bool = False) -> prettyForm:
            return prettyForm(visible(e.name))

        def _print_Float(self, e: sympy.Float) -> prettyForm:
            digits, power = decimal(e)
            return prettyForm(f"{digits}e{power}" if power else digits)

    form = sympy.Eq(sympy.Symbol(law.target), rounded(law.expression, law.digits or DIGITS), evaluate=False)
    before = pretty_use_unicode(symbols)  # SymPy keeps it for the whole process
    try:
        printed = Printer({"use_unicode": symbols, "wrap_line": False, "use_unicode_sqrt_char": True}).doprint(form)
    finally:
        pretty_use_unicode(before)
    return "\n".join(line.rstrip() for line in printed.splitlines())
