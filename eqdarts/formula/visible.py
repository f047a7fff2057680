"""Names from anywhere as a terminal, a document or a spreadsheet may have them."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


#: With these a formula of a spreadsheet begins, and with the wide signs of East Asia as well.
_BEGINS_FORMULA = "=+-@\t\r\n＝＋－＠"


def visible(text: str) -> str:
    """Text for a terminal, a figure or a document: what is not printed, or turns the line around, as its code.

    Letters of any script, and spaces of any width, stay as they are.

    Examples
    --------
    >>> visible("a\\x1b[2Jb\\u202ec\\nd")
    'a\\\\x1b[2Jb\\\\u202ec\\\\nd'
    """
    return "".join(c if c.isprintable() or unicodedata.category(c) == "Zs" else ascii(c)[1:-1] for c in text)


def shortened(text: str, widest: int = 100) -> str:
    """Text on one line of a listing: visible, and cut where it is longer than that.

    Examples
    --------
    >>> shortened("x + 1"), shortened("x" * 9, 7)
    ('x + 1', 'xxxx...')
    """
    shown = visible(text)
    return shown if len(shown) <= widest else f"{shown[: widest - 3]}..."


def visible_lines(text: str) -> str:
    """The same of a listing, whose line ends stay.

    Examples
    --------
    >>> visible_lines("a\\x1b\\nb")
    'a\\\\x1b\\nb'
    """
    return "\n".join(map(visible, text.split("\n")))


def as_cell(text: str, formula: bool = False) -> str:
    """Text for a cell of a CSV file that no spreadsheet takes for a formula of its own.

    formula: is it an equation, whose names stand in backticks? A space before its minus sign does then
    """
    shown = visible(text)
    if formula and shown.startswith("-"):
        return f" {shown}"
    return f"'{shown}" if text[:1] and text[0] in _BEGINS_FORMULA else shown


def csv_text(table: pd.DataFrame, **options: Any) -> str:
    """A table as CSV in which no cell is a formula to a spreadsheet, whatever the names and values are."""
    safe = table.rename(columns=as_cell)
    for k, name in enumerate(table.columns):
        cells = [as_cell(v, name == "equation") if isinstance(v, str) else v for v in table.iloc[:, k]]
        if any(isinstance(v, str) for v in cells):
            safe.isetitem(k, cells)
    return str(safe.to_csv(**options))
