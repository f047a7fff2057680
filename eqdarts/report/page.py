"""One file that shows a fitted model: `report_html` writes it, from what the other modules of this room say."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date
from typing import Any

from eqdarts import __version__
from eqdarts.data.noise import Noise
from eqdarts.data.units import with_unit
from eqdarts.errors import kept_warnings
from eqdarts.formula.visible import visible
from eqdarts.losses.named import SQUARED
from eqdarts.losses.noise import LossNoise
from eqdarts.report.classes import class_html
from eqdarts.report.drawings import Sheet
from eqdarts.report.front import chart
from eqdarts.report.groups import group_sentences
from eqdarts.report.laws import columns_in, law
from eqdarts.report.methods import all_bibtex, course, paragraph, references
from eqdarts.report.pictures import of_law, of_search, shown_laws
from eqdarts.report.shell import environment, policy, resource
from eqdarts.report.sureness import rivals_of, sentences
from eqdarts.report.table import are_others, columns_of, facts, failures, measures, row_heading, rows_of, units_of
from eqdarts.report.words import count, listing, number, r_squared
from eqdarts.runtime.writing import write_text

#: What the paper means by α, for those who have not read it.
_ALPHA = (
    "The search tries graphs: arrows lead from the columns over a few nodes to the target, and each arrow carries a "
    "function. α is what it has learned to prefer: for each arrow, how likely it is that this function belongs there. "
    "In the beginning all functions stand about alike, and those grow that help to predict rows which the constants "
    "were not fitted to."
)


def report_html(
    model: Any, X: Any = None, y: Any = None, *, title: str | None = None, notes: Sequence[str] = ()
) -> str:
    """A page that shows a fitted model: law, front, rivals, pictures, constants, code, data and methods.

    It is one file that loads nothing and runs no script but its own. Choosing another equation of the front changes
    all that is shown. Pictures are drawn of at most `eqdarts.report.pictures.MOST_LAWS` equations and `MOST_ROWS` rows.

    Parameters
    ----------
    model : fitted DARTSRegressor or DARTSClassifier
        Of a classifier: scores, probabilities, calibration, and which classes are confused.
    X : DataFrame or array [n, d], optional
    y : Series or array [n], optional
        Rows for the pictures; by default those that the model keeps. A model that was loaded from a file keeps none,
        and without rows the pictures that need them are left out.
    title : str, optional
    notes : sequence of str
        Sentences about how the table was read, which stand with the data.

    Returns
    -------
    str

    Raises
    ------
    InputDataError
        If X and y do not fit the model.

    Examples
    --------
    >>> import numpy as np
    >>> from eqdarts import DARTSRegressor
    >>> X = np.linspace(1, 2, 20)[:, None]
    >>> model = DARTSRegressor(max_epochs=2, replicas=16, random_state=0, verbose=0).fit(X, 1 / X[:, 0])
    >>> report_html(model, title="A reciprocal")[:15]
    '<!doctype html>'
    """
    if hasattr(model, "classes_"):
        return class_html(model, X, y, title, notes)
    rows = None if model.groups_ else rows_of(model, X, y)
    with kept_warnings():  # of equations other than the chosen one; what they say stands in the report
        return _page(model, rows, title, notes)


def write_report(
    model: Any, X: Any, y: Any, path: str | os.PathLike[str], *, title: str | None = None, notes: Sequence[str] = ()
) -> None:
    """Write `report_html` to a file, which is replaced as a whole or not at all.

    Raises
    ------
    EqdartsError
        If the file cannot be written.
    """
    write_text(path, report_html(model, X, y, title=title, notes=notes))


def _page(model: Any, rows: Any, title: str | None, notes: Sequence[str]) -> str:
    best, noise, sheet = model.best_index_, model.noise_, Sheet()
    equations = [model.equation(i) for i in range(len(model.front_))]
    drawn = shown_laws(model)
    units = {visible(name): visible(unit) for name, unit in units_of(model).items()}
    target = visible(model.target_name_)
    unit = units.get(target, "")
    laws = [law(equation, i, noise, unit) for i, equation in enumerate(equations)]
    style, script = resource("style.css"), resource("script.js")
    error_name = {"proportional": "error, as a share of the value", "given": "residuals over errors"}.get(noise.form)
    cited, today = references(__version__), date.today()
    context = {
        "title": visible(title) if title is not None else f"A law for {target}",
        "subtitle": f"{_of_columns(equations[best])}{count(model.training_.rows, 'row')}",
        "release": __version__,
        "date": f"{today.day} {today:%B %Y}",
        "laws": laws,
        "best": best,
        "error_term": _error_term(noise),
        "given_errors": noise.known is not None,
        "sure": sentences(model),
        "chart": chart([e.complexity for e in equations], [entry.level for entry in laws]),
        "error_name": error_name or f"typical error{f' in {unit}' if unit else ''}, on a logarithmic scale",
        "share_name": noise.explained_name[0].upper() + noise.explained_name[1:],
        "error_heading": "Error" if _error_term(noise) == "Typical error" else _error_term(noise),
        "pictures": {i: of_law(model, i, rows, sheet) if i in drawn else () for i in range(len(laws))},
        "failures": {i: failures(e, rows) if rows is not None else () for i, e in enumerate(equations)},
        "used": {i: [with_unit(visible(name), units) for name in e.formula.used] for i, e in enumerate(equations)},
        "target": target,
        "observed": with_unit(target, units),
        "has_units": bool(units),
        "row_heading": row_heading(rows),
        "rivals": rivals_of(model, unit),
        "facts": facts(model),
        "columns": columns_of(model),
        "notes": [*_notes(model, rows), *map(visible, notes)],
        "search": [
            course(model),
            *([_ALPHA] if model.search_space_ is not None else []),
            *filter(None, [visible(model.excluded_text())]),
        ],
        "search_pictures": of_search(model, sheet),
        "methods": {i: paragraph(model, e, i == best, __version__) for i, e in enumerate(equations)},
        "references": cited,
        "bibtex": all_bibtex(cited),
        "style": style,
        "script": script,
        "policy": policy(style, script),
    }
    context["sheet"] = sheet.letter_sheet()
    return environment().get_template("report.html").render(context)


def _error_term(noise: Noise) -> str:
    """What stands before how far an equation is from the rows."""
    return "Loss" if isinstance(noise, LossNoise) else "Typical error" if noise.known is None else "Residuals"


def _of_columns(equation: Any) -> str:
    used = [visible(name) for name in columns_in(equation)]
    return f"{visible(equation.target)} from {listing(used)}; " if used else ""


def _notes(model: Any, rows: Any) -> list[str]:
    own = model.front_[model.best_index_].by_group
    if own is not None:
        return [visible(line) for line in group_sentences(own)]
    if rows is None:
        return [
            "This report was made without rows, so nothing in it compares the law with data. "
            "“eqdarts report model.json data.csv” shows that as well."
        ]
    if not are_others(model, rows):
        return []
    missing, error = measures(model.front_[model.best_index_], rows, model.loss_)
    name = "R² =" if model.loss_ == SQUARED else f"an {model.noise_.explained_name} of"
    return [
        f"Pictures show {count(len(rows), 'row')}, which are not those that the model was fitted to. On them the law "
        f"that was chosen has {name} {r_squared(missing)} and an error of {number(error)}."
    ]
