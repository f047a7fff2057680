"""What a person asks on the page: which column, by which others, with which errors, for how long."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

from eqdarts.errors import InputDataError

#: Forms of noise in plain words; the first is the default.
NOISES = {
    "additive": "by the same amount everywhere",
    "proportional": "by the same share of the value",
    "poisson": "as counts do, by the root of the value",
    "auto": "I do not know: look at the rows",
}
#: What may be said of a file, with words for it.
DELIMITERS = {"": "found out", ",": "commas", ";": "semicolons", "\t": "tabs", " ": "spaces", "|": "bars"}
DECIMALS = {"": "found out", ".": "a point", ",": "a comma"}
_LONGEST = 86_400.0


class Form(Protocol):
    """A form as it was sent."""

    def get(self, name: str, default: str = "") -> Any: ...
    def getlist(self, name: str) -> Sequence[Any]: ...


@dataclass(frozen=True)
class Question:
    """What is searched for.

    Attributes
    ----------
    target : str
    features : tuple of str
        Once it is asked, without the target and the errors.
    errors : str
        The column with the standard deviation of the error of each row; empty if there is none.
    noise : str
        One of `NOISES`.
    drop_missing : bool
        Leave out rows with missing cells?
    max_time : float
        Seconds.
    max_epochs : int or None
    """

    target: str = ""
    features: tuple[str, ...] = ()
    errors: str = ""
    noise: str = "additive"
    drop_missing: bool = False
    max_time: float = 60.0
    max_epochs: int | None = None

    def as_command(self) -> dict[str, Any]:
        """For the process that searches."""
        return asdict(self)


@dataclass(frozen=True)
class Writing:
    """How a file is written, as far as it is known; what is empty is found out.

    Attributes
    ----------
    delimiter, decimal, encoding, sheet : str
    na : tuple of str
        Cells that count as missing.
    """

    delimiter: str = ""
    decimal: str = ""
    encoding: str = ""
    sheet: str = ""
    na: tuple[str, ...] = ()

    def as_command(self) -> dict[str, Any]:
        """For the process that reads."""
        return asdict(self)


def written(form: Form) -> Writing:
    """How a file is written, as a form says."""
    delimiter, decimal = _text(form, "delimiter"), _text(form, "decimal")
    return Writing(
        delimiter=delimiter if delimiter in DELIMITERS else "",
        decimal=decimal if decimal in DECIMALS else "",
        encoding=_text(form, "encoding").strip(),
        sheet=_text(form, "sheet").strip(),
        na=tuple(cell for part in _text(form, "na").split(",") if (cell := part.strip())),
    )


def _text(form: Form, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def first_guess(columns: Sequence[dict[str, Any]]) -> Question:
    """The last column of numbers by all others, which is how most tables are laid out.

    It is itself among the others: whoever explains another one by it has to mark nothing more.
    """
    names = [c["name"] for c in columns if c["usable"]]
    missing = any(c["missing"] for c in columns if c["usable"])
    return Question(target=names[-1], features=tuple(names), drop_missing=missing)


def asked(form: Form, columns: Sequence[dict[str, Any]]) -> Question:
    """The question of a form; columns come as numbers, so that no name has to survive the way.

    Raises
    ------
    InputDataError
        With a sentence for the page.
    """
    target, errors = _column(form.get("target"), columns), _column(form.get("errors"), columns)
    features = tuple(name for value in form.getlist("features") if (name := _column(value, columns, labels=True)))
    if not target:
        raise InputDataError("Choose the column that is to be explained.")
    question = Question(
        target=target,
        features=tuple(name for name in features if name not in (target, errors)),
        errors=errors,
        noise=form.get("noise") if form.get("noise") in NOISES else "additive",
        drop_missing=form.get("drop_missing") == "yes",
        max_time=_seconds(form.get("max_time", "60")),
        max_epochs=None,
    )
    if errors == target:
        raise InputDataError(f"The column {target!r} cannot be its own error; choose another or none.")
    if not question.features:
        raise InputDataError("Choose at least one other column to explain it with.")
    if errors and question.noise != "additive":
        question = replace(question, noise="additive")  # the errors are known, so nothing is to be assumed of them
    return question


def _column(value: Any, columns: Sequence[dict[str, Any]], labels: bool = False) -> str:
    """The name of a column of numbers, or of labels too, by its number."""
    place = number_below(value, len(columns))
    if place is None:
        return ""
    column = columns[place]
    return str(column["name"]) if column["usable"] or (labels and column["labels"]) else ""


def number_below(value: Any, count: int) -> int | None:
    """The number that a text from a browser is, if it is below count; Python reads no thousands of digits.

    Examples
    --------
    >>> number_below("3", 7), number_below("7", 7), number_below("9" * 5000, 7), number_below("-1", 7)
    (3, None, None, None)
    """
    digits = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10
    return int(value) if digits and int(value) < count else None


def _seconds(text: Any) -> float:
    try:
        seconds = float(str(text).replace(",", "."))
    except ValueError:
        seconds = math.nan
    if not 1 <= seconds <= _LONGEST:
        raise InputDataError("The time is a number of seconds from 1 to 86400, which is a day.")
    return seconds
