"""The text of a formula as numbers, names and signs, with an error that shows the place of what is none of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from eqdarts.errors import InputDataError

MAX_TOKENS = 10_000
MAX_NESTING = 40

_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]+)"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<quoted>`(?:[^`]|``)*`)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<sign>\*\*|[-+*/^(),−×·⋅÷])"
)
_TYPESET = {"−": "-", "×": "*", "·": "*", "⋅": "*", "÷": "/"}  # as copied from a page


@dataclass(frozen=True)
class Token:
    """A number, a name, a name in backquotes, a sign, or the end; and where it stands."""

    kind: str
    text: str
    place: int


def misread(text: str, place: int, length: int, message: str) -> InputDataError:
    """An error about a piece of a formula. message: with {} for it and where it stands"""
    start, end = max(0, place - 20), place + 20
    excerpt = ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")
    piece = text[place : place + min(length, 30)]
    where = f"{piece!r} at character {place + 1} of {excerpt!r}" if piece else f"the end of {excerpt!r}"
    return InputDataError("expression: " + message.format(where))


def tokens_of(text: str) -> list[Token]:
    """The tokens of a formula, the end as the last.

    Raises
    ------
    InputDataError
        If a piece is none, there are too many, or too many parentheses stand inside one another.

    Examples
    --------
    >>> [token.text for token in tokens_of("2·x^2")]
    ['2', '*', 'x', '^', '2', '']
    """
    tokens: list[Token] = []
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            advice = " opens a name that is not closed" if text[place] == "`" else " is not part of a formula"
            raise misread(text, place, 1, "{}" + advice)
        kind = str(match.lastgroup)
        if (
            kind == "name"
            and tokens
            and tokens[-1].kind == "number"
            and tokens[-1].place + len(tokens[-1].text) == place
        ):
            raise misread(text, tokens[-1].place, 30, "{}: a number runs into a name; write * between them")
        if kind != "space":
            tokens.append(Token(kind, _TYPESET.get(match.group(), match.group()), place))
        place = match.end()
    if len(tokens) > MAX_TOKENS:
        raise InputDataError(f"expression: {len(tokens)} numbers, names and signs; at most {MAX_TOKENS} are read")
    _check_nesting(text, tokens)
    return [*tokens, Token("end", "", len(text))]


def _check_nesting(text: str, tokens: Sequence[Token]) -> None:
    """Refuse what the parser would go too deep for, before it starts."""
    depth = 0
    for token in tokens:
        depth += (token.text == "(") - (token.text == ")")
        if depth > MAX_NESTING:
            raise misread(text, token.place, 1, f"{{}}: more than {MAX_NESTING} parentheses inside one another")
