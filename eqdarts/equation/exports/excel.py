"""An equation as a spreadsheet formula.

In a spreadsheet a minus sign binds tighter than ^, powers are taken from left to right, and a number that is typed
in keeps 15 digits; so signs of powers are factors, both sides of ^ stand in parentheses, and where more digits matter a
double is written as a sum of two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from eqdarts.equation.exports.formula import ATOM, POWER, PRODUCT, SUM, Code, Formula, Language, code
from eqdarts.errors import InputDataError
from eqdarts.formula.functions import Function

EXCEL_DIGITS = 15  # of a number that is typed in
_LONGEST = 8192  # characters of a formula in Excel
_CELL = re.compile(
    r"(?:(?:[A-Za-z_]\w*|'[^'\[\]*?:/\\\x00-\x1f]+')!)?(?:\$?[A-Za-z]{1,3}\$?[1-9]\d{0,6}|(?![A-Za-z]{1,3}\d+$)[A-Za-z_][\w.]*)",
    re.ASCII,
)
#: Rows and columns in the other notation of cells, and truth values.
_NO_NAME = re.compile(r"(?:.*!)?(?:R|C|RC|R\d+C\d*|TRUE|FALSE)", re.ASCII | re.IGNORECASE)


def to_excel(formula: Formula, cells: Mapping[str, str] | None = None, every_bit: bool = True) -> str:
    """The formula over cells A2, B2, … in the order of the columns, or over those given.

    every_bit: do constants keep more than 15 digits, as sums of two numbers?
    """
    names = {c: f"{letters(k)}2" for k, c in enumerate(formula.columns)}
    for column, cell in (cells or {}).items():
        if column not in names:
            raise InputDataError(f"cells: {column!r} is none of the columns {', '.join(map(repr, formula.columns))}")
        if not isinstance(cell, str) or not _CELL.fullmatch(cell) or _NO_NAME.fullmatch(cell):
            raise InputDataError(
                f"cells: {cell!r} for column {column!r} is not a cell or a name, such as 'A2' or 'mass'"
            )
        names[column] = cell
    symbols = {c: _scaled(names[c], formula.unit(c)) for c in formula.used}
    body = code(formula.expression, symbols, _language(_number if every_bit else _short_number))
    text = body.text
    if formula.target_unit != 1:
        text = f"{_number(formula.target_unit).within(PRODUCT)}*{body.within(ATOM)}"
    if len(text) >= _LONGEST:
        raise InputDataError(f"the formula has {len(text)} characters; a spreadsheet takes at most {_LONGEST - 1}")
    return "=" + text


def letters(place: int) -> str:
    """A, B, …, Z, AA, …"""
    return (letters(place // 26 - 1) if place >= 26 else "") + chr(ord("A") + place % 26)


def _scaled(cell: str, unit: float) -> Code:
    return Code(cell, ATOM) if unit == 1 else Code(f"({cell}/{_number(unit).within(ATOM)})", ATOM)


def _short_number(value: float) -> Code:
    if value != 0 and not 2.3e-308 <= value < 9.99e307:
        raise InputDataError(f"{value!r} is outside the range of numbers in a spreadsheet")
    return Code(f"{value:.{EXCEL_DIGITS}G}", ATOM)


def _number(value: float) -> Code:
    short = _short_number(value).text
    rest = value - float(short)
    if rest == 0 or abs(rest) < 2.3e-308:
        return Code(short, ATOM)
    return Code(f"{short}{'-' if rest < 0 else '+'}{abs(rest):.15G}", SUM)


def _function(row: Function, argument: str) -> str:
    return f"{row.excel}({argument})"


def _power(base: Code, exponent: Code, value: float | None) -> Code:
    if value == 0.5:
        return Code(f"SQRT({base.text})", ATOM)
    return Code(f"{base.within(ATOM)}^{exponent.within(ATOM)}", POWER)


def _largest(kind: str, arguments: Sequence[str]) -> str:
    return f"{kind.upper()}({','.join(arguments)})"


def _minus(product: Code) -> str:
    return f"-1*{product.within(PRODUCT)}"


def _language(number: Callable[[float], Code]) -> Language:
    return Language(number, _function, _power, _largest, _minus)
