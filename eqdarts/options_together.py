"""Which options go together: one table of those that do not, why, and what to do; every fit looks here first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from eqdarts.errors import InputDataError, shown

_EITHER = "leave one of the two out"


@dataclass(frozen=True)
class Choice:
    """Something that a fit may be asked for.

    Attributes
    ----------
    text : str
        As documentation writes it.
    made : callable
        From settings by name: was it asked for?
    said : callable
        From these settings: what a message calls it.
    """

    text: str
    made: Callable[[Mapping[str, Any]], bool]
    said: Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True)
class Rule:
    """A choice that goes with none of these others, why, and what to do instead."""

    one: str
    others: tuple[str, ...]
    why: str
    instead: str = _EITHER


def _option(name: str, default: Any = None) -> Choice:
    """An option that is made with any value but its default and nothing, such as an empty list."""

    def made(settings: Mapping[str, Any]) -> bool:
        value = settings.get(name, default)
        value = getattr(value, "given", value)  # of constraints: what they say
        return value is not None and (bool(value) if default is None else value != default)

    return Choice(f"`{name}=`", made, lambda settings: f"{name}={shown(settings[name])}")


def _loss(settings: Mapping[str, Any]) -> bool:
    """Another loss than squares, whether it is named, an object or a function."""
    loss = settings.get("loss", "squared")
    return bool(getattr(loss, "name", loss) != "squared")


def _by_rows(settings: Mapping[str, Any]) -> bool:
    """Are rows to validate named, or drawn by a splitter of the user?"""
    return not isinstance(settings.get("validation", 0.25), int | float)


def _beside(*names: str) -> Choice:
    """What `fit` is given beside the table, under one of these names."""

    def said(settings: Mapping[str, Any]) -> str:
        return f"{next(name for name in names if settings.get(name) is not None)}="

    return Choice(
        f"`{names[0]}=`", lambda settings: any(settings.get(name) is not None for name in names), said
    )  # fmt: skip


def _fact(text: str, made: Callable[[Mapping[str, Any]], bool]) -> Choice:
    return Choice(text, made, lambda settings: text)


#: By the names that rules call them. Those that are no option stand for what a fit is of.
CHOICES: dict[str, Choice] = {
    **{name: _option(name) for name in ("template", "guesses", "constants", "constraints", "units", "shared")},
    "checkpoint": _option("checkpoint"),
    "warm_start": _option("warm_start", False),
    "noise": _option("noise", "additive"),
    "noise of the law": Choice(
        '`noise="proportional"` or `"poisson"`',
        lambda settings: settings.get("noise") in ("proportional", "poisson"),
        lambda settings: f"noise={settings['noise']!r}",
    ),
    "loss": Choice("`loss=`", _loss, lambda s: f"loss={shown(getattr(s['loss'], 'name', s['loss']))}"),
    "validation by rows": Choice("`validation=` of rows or a splitter", _by_rows, lambda settings: "validation="),
    "groups": _beside("groups"),
    "sample_weight": _beside("sample_weight", "weights"),
    "y_error": _beside("y_error"),
    "x_error": _beside("x_error"),
    "a loss with a link": Choice(
        "a loss with a log or logistic link",
        lambda settings: bool(settings.get("linked")),
        lambda settings: f"loss={settings['linked']!r}",
    ),
    "several outputs": _fact("a y of several columns", lambda settings: settings.get("outputs", 0) > 1),
    "one output": _fact("a y of one column", lambda settings: settings.get("outputs", 0) == 1),
    "a large file": _fact("`fit_file` of more than 10,000 rows", lambda settings: bool(settings.get("large_file"))),
    "classes": _fact("`DARTSClassifier`", lambda settings: bool(settings.get("classes"))),
    "a flow": _fact('`dynamics.fit` of kind "flow"', lambda settings: settings.get("dynamics") == "flow"),
    "a map": _fact('`dynamics.fit` of kind "map"', lambda settings: settings.get("dynamics") == "map"),
}

#: What does not go together; of several that are broken the first is said.
RULES: tuple[Rule, ...] = (
    Rule("groups", ("several outputs",), "groups are of one column of y", "fit one column at a time"),
    Rule(
        "groups",
        ("units", "constraints", "guesses", "constants", "template"),
        "it is of one equation for all rows, and not for constants by group",
    ),
    Rule("groups", ("loss",), "constants by group are fitted by least squares"),
    Rule("groups", ("warm_start",), "a fit by groups makes several searches, and none of them goes on"),
    Rule(
        "groups",
        ("validation by rows",),
        "each of several searches needs rows of its own to validate",
        "give a share, such as validation=0.25",
    ),
    Rule(
        "shared",
        ("one output",),
        "a structure is shared by two columns of y or more",
        "hand over all of them, or leave shared= out",
    ),
    Rule(
        "shared",
        ("units", "constraints", "guesses", "constants", "template"),
        "it is of one equation, and not for one structure of several outputs",
    ),
    Rule(
        "shared",
        ("loss", "noise"),
        "one structure is fitted by least squares, with errors that are alike in all rows or given as y_error",
    ),
    Rule(
        "shared",
        ("validation by rows",),
        "each of several searches needs rows of its own to validate",
        "give a share, such as validation=0.25",
    ),
    Rule(
        "warm_start",
        ("several outputs",),
        "a fit of several outputs does not go on",
        "fit each column by itself, or with warm_start=False",
    ),
    Rule("warm_start", ("template",), "a fit with a template makes several searches, and none of them goes on"),
    Rule("warm_start", ("loss",), "only fits with loss='squared' go on"),
    Rule(
        "checkpoint",
        ("groups", "several outputs", "shared", "template"),
        "a file keeps one search, and such a fit makes several",
    ),
    Rule("checkpoint", ("warm_start",), "a file does not keep the model that a fit goes on from"),
    Rule(
        "checkpoint",
        ("a large file",),
        "a file keeps a search, and not the passes over so many rows",
        "read 10,000 of them and use fit",
    ),
    Rule("template", ("loss",), "the functions of a template are searched by squared errors"),
    Rule("template", ("guesses", "constants", "constraints"), "they do not reach into a template's functions"),
    Rule("template", ("units",), "the functions of a template are not searched by units"),
    Rule(
        "template",
        ("validation by rows",),
        "rows that are named do not fit the tables of its functions",
        "give a share, such as validation=0.25",
    ),
    Rule(
        "template",
        ("a large file",),
        "of so many rows no functions are searched",
        "read the file into memory and use fit",
    ),
    Rule("loss", ("guesses", "constants"), "they need loss='squared', with any form of noise"),
    Rule("loss", ("noise", "y_error", "x_error"), "it belongs to least squares, and a loss has its own idea of errors"),
    Rule("a loss with a link", ("units",), "what is searched is a score, which has no unit, and not the target itself"),
    Rule(
        "loss",
        ("a large file",),
        "only least squares are refitted to rows that are read in chunks",
        "read the table and hand it over to fit",
    ),
    Rule("y_error", ("sample_weight",), "both say how much a row counts, and 1/y_error² is a weight, up to a factor"),
    Rule("y_error", ("noise of the law",), "both say what the error of a row is"),
    Rule(
        "validation by rows",
        ("a large file",),
        "the search draws its own rows of so many",
        "give a share, such as validation=0.25",
    ),
    Rule("classes", ("loss",), "the likelihood of the classes is what is fitted"),
    Rule("classes", ("noise",), "the probabilities say how much rows of one class scatter"),
    Rule(
        "classes",
        ("template",),
        "each class has a score of its own",
        "fit a template to one of them by DARTSRegressor(loss='bernoulli')",
    ),
    Rule("classes", ("guesses",), "a guess is of one score", "fit that class by DARTSRegressor(loss='bernoulli')"),
    Rule("classes", ("constants",), "known constants need loss='squared'", "write them in the columns"),
    Rule("classes", ("units",), "a score is a number without unit, of columns that have one", "leave it out"),
    Rule("classes", ("shared",), "each class has a score of its own", "leave it out"),
    Rule(
        "classes",
        ("checkpoint",),
        "a file keeps one search, and each class has its own",
        "keep that of one class, by DARTSRegressor(loss='bernoulli')",
    ),
    Rule("classes", ("warm_start",), "its searches are of several targets", "fit anew with more time"),
    Rule(
        "a flow",
        ("template", "constraints"),
        "sums of terms are tried beside what the search finds, and they would not heed it",
        "leave it out",
    ),
    Rule(
        "a flow",
        ("loss", "noise"),
        "derivatives have errors of their own, which the curves through the observations say",
        "leave it out",
    ),
    Rule("a flow", ("units",), "the search is of derivatives, whose columns have no header", "leave it out"),
    Rule(
        "a flow", ("shared", "warm_start", "checkpoint"), "each state is searched by itself, and anew", "leave it out"
    ),
    Rule("a map", ("shared", "warm_start", "checkpoint"), "each state is searched by itself, and anew", "leave it out"),
)


def check_together(settings: Mapping[str, Any], **beside: Any) -> None:
    """Raise `InputDataError` if two things that a fit is asked for do not go together.

    Parameters
    ----------
    settings : mapping of str to object
        Options by name; those that are not there have their defaults.
    **beside
        What else `CHOICES` look at: what `fit` is given beside the table, and what the fit is of.

    Examples
    --------
    >>> check_together({"guesses": ["a*x"]})
    >>> check_together({"loss": "huber"}, y_error=0.1)
    Traceback (most recent call last):
    eqdarts.errors.InputDataError: loss='huber' and y_error= do not go together: ...; leave one of the two out
    """
    asked = {**settings, **beside}
    made = {name for name, choice in CHOICES.items() if choice.made(asked)}
    for rule in RULES:
        for other in rule.others if rule.one in made else ():
            if other in made:
                one, two = (CHOICES[name].said(asked).replace("`", "") for name in (rule.one, other))
                raise InputDataError(f"{one} and {two} do not go together: {rule.why}; {rule.instead}")


def not_with(one: str) -> dict[str, str]:
    """What does not go with a choice that is always the first of its rules, and why, with what to do."""
    return {
        other: rule.why if rule.instead == "leave it out" else f"{rule.why}; {rule.instead}"
        for rule in RULES
        if rule.one == one
        for other in rule.others
    }
