"""The page of a classifier: scores and probabilities, the front, calibration, confusion, constants, data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eqdarts import __version__, plots
from eqdarts.classes.card import formulas
from eqdarts.classes.listing import cautions, shown_share
from eqdarts.classes.scores import Scores
from eqdarts.data.units import with_unit
from eqdarts.equation.equation import Equation
from eqdarts.errors import InputDataError, kept_warnings
from eqdarts.formula.mathml import mathml
from eqdarts.formula.numbers import DIGITS
from eqdarts.formula.visible import visible
from eqdarts.report.drawings import Sheet
from eqdarts.report.laws import Constant, constants_of
from eqdarts.report.shell import environment, policy, resource
from eqdarts.report.words import count, listing, number

_MOST_COLUMNS = 6  # with pictures of their own (not tuned)
_RESOLUTION = 150  # dots per inch of what is drawn as pixels


@dataclass(frozen=True)
class ClassPicture:
    """A picture with its title and what it shows."""

    title: str
    drawing: Markup
    caption: str


@dataclass(frozen=True)
class ScoreRow:
    """A set of scores in the table of the front."""

    index: int
    complexity: str
    log_loss: str
    accuracy: str
    explained: str
    formulas: tuple[Markup, ...]


@dataclass(frozen=True)
class ScoreConstants:
    """The constants of one score, and its form with their names."""

    form: Markup
    constants: tuple[Constant, ...]


def class_html(model: Any, X: Any = None, y: Any = None, title: str | None = None, notes: Sequence[str] = ()) -> str:
    """A page that shows a fitted classifier, in one file that loads nothing; as `eqdarts.report.report_html` has it."""
    if (X is None) != (y is None):
        raise InputDataError("give both X and y, or neither")
    best, sheet = model.best_index_, Sheet()
    one = model.front_[best]
    target = visible(model.target_name_)
    with kept_warnings():
        pictures = _pictures(model, X, y, one, sheet)
    style, script = resource("style.css"), resource("script.js")
    today = date.today()
    said = [*cautions([visible(name) for name in model._apart()])]
    context = {
        "title": visible(title) if title is not None else f"What makes the classes of {target}",
        "subtitle": f"{listing([visible(name) for name in one.classes])}; {count(model.training_.rows, 'row')}",
        "release": __version__,
        "date": f"{today.day} {today:%B %Y}",
        "formulas": [Markup(line) for line in formulas(one, block=True)],  # nosec B704 # MathML with names escaped
        "baseline": visible(one.classes[one.baseline]),
        "is_binary": one.is_binary,
        "tiles": _tiles(one),
        "used": listing([visible(name) for name in one.used]) or "none",
        "remarks": said,
        "front": [_row(k, each) for k, each in enumerate(model.front_)],
        "best": best,
        "scores": [_constants(equation) for equation in one.equations if equation.fit and equation.fit.names],
        "pictures": pictures,
        "classes": _classes(model),
        "columns": _ranges(model),
        "notes": [*([] if pictures[1:] else [_WITHOUT_ROWS]), *map(visible, notes)],
        "searches": _searches(model),
        "latex": one.latex(),
        "python": "\n\n".join(equation.python(f"score_{k + 1}") for k, equation in enumerate(one.equations)),
        "style": style,
        "script": script,
        "policy": policy(style, script),
    }
    context["sheet"] = sheet.letter_sheet()
    return environment().get_template("classes.html").render(context)


_WITHOUT_ROWS = (
    "This report was made without rows, so nothing in it compares the scores with data. “eqdarts report model.json "
    "data.csv” shows that as well."
)


def _tiles(one: Scores) -> list[tuple[str, str]]:
    return [
        ("Log loss, nats per row", number(one.log_loss)),
        ("Right by the most probable class", f"{100 * one.accuracy:.4g} %"),
        ("Of the deviance explained", f"{100 * one.explained:.4g} %"),
        ("Complexity", str(one.complexity)),
    ]


def _row(index: int, one: Scores) -> ScoreRow:
    small = tuple(Markup(equation.mathml(block=False)) for equation in one.equations)  # nosec B704 # names escaped
    return ScoreRow(
        index,
        str(one.complexity),
        number(one.log_loss),
        f"{100 * one.accuracy:.4g} %",
        shown_share(one.explained),
        small,
    )


def _constants(equation: Equation) -> ScoreConstants:
    fit = equation.fit
    assert fit is not None
    form = Markup(mathml(fit.template, equation.target, equation.digits or DIGITS))  # nosec B704 # it escapes names
    return ScoreConstants(form, constants_of(fit, {}))


def _pictures(model: Any, X: Any, y: Any, one: Scores, sheet: Sheet) -> list[ClassPicture]:
    """The front, and what there are rows for."""
    front = "Log loss of each set of scores against the size of all of them; the ringed one was chosen."
    drawn: list[tuple[str, str, Callable[[], Axes]]] = [
        ("Simple or exact", front, partial(plots.plot_score_front, model))
    ]
    if X is not None or model._training is not None:
        given = {"X": X, "y": y}
        drawn = [
            (
                "Do the probabilities mean what they say?",
                "Rows in groups of about the same probability: on the line a class occurs as often as it should. Bars "
                "are 95 % limits for so many rows; below it stands how many rows have which probability.",
                partial(plots.plot_calibration, model, **given),
            ),
            (
                "Which classes are confused?",
                "Rows by their class and by the one that the scores make most probable.",
                partial(plots.plot_confusion, model, **given),
            ),
            *drawn,
        ]
        drawn += [
            (
                f"Along {visible(name)}",
                f"The probability of each class along {visible(name)}, other columns at their medians; ticks are rows.",
                partial(plots.plot_probability, model, **given, column=name),
            )
            for name in one.used[:_MOST_COLUMNS]
        ]
    return [_picture(sheet, title, caption, draw) for title, caption, draw in drawn]


def _picture(sheet: Sheet, title: str, caption: str, draw: Callable[[], Axes]) -> ClassPicture:
    figure = draw().get_figure(root=True)
    assert isinstance(figure, Figure)
    figure.set_dpi(_RESOLUTION)
    return ClassPicture(title, sheet.draw(figure, title), caption)


def _classes(model: Any) -> list[tuple[str, str, str]]:
    """Each class, how many rows it has, and their share."""
    total = sum(model.training_.counts)
    return [
        (visible(name), number(rows), f"{100 * rows / total:.3g} %")
        for name, rows in zip(model.front_[0].classes, model.training_.counts, strict=True)
    ]


def _ranges(model: Any) -> list[tuple[str, str, str]]:
    units = {visible(name): visible(unit) for name, unit in model.units_.items()}
    ends = zip(model.front_[0].equations[0].columns, model.training_.minimum, model.training_.maximum, strict=True)
    return [(with_unit(visible(name), units), number(low), number(high)) for name, low, high in ends]


def _searches(model: Any) -> list[str]:
    baseline = visible(str(model.baseline_))
    reasons = {visible(str(label)): reason for label, reason in model.stop_reasons_.items()}
    return [
        f"The score of {name} was searched on the rows of {name} and {baseline}; its search ended by “{reason}”."
        for name, reason in reasons.items()
    ]
