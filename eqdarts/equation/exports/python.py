"""An equation as the source of a NumPy function."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Sequence
from functools import reduce

from eqdarts.equation.exports.formula import ATOM, POWER, Code, Formula, Language, check_word, code, identifiers
from eqdarts.formula.functions import FUNCTIONS, Function
from eqdarts.formula.text import format_expression, format_name

#: What the source uses, and what a reader takes for something else.
_TAKEN = {"np", "special", *dir(builtins), *(f.python.split(".")[-1] for f in FUNCTIONS)}


def _reserved(word: str) -> bool:
    return word in _TAKEN or keyword.iskeyword(word) or keyword.issoftkeyword(word)


def to_python(formula: Formula, name: str | None = None) -> str:
    """The source of a function of the columns that stand in the formula, in the order of the table."""
    check_word(name)
    words = identifiers(formula.used, set() if name is None else {name}, _reserved)
    function = name or identifiers([formula.target], set(words.values()), _reserved)[formula.target]
    arguments = [words[c] for c in formula.used]
    body = code(formula.expression, {c: Code(words[c], ATOM) for c in formula.used}, _LANGUAGE)
    value = body.text if formula.target_unit == 1 else f"{formula.target_unit!r}*{body.within(ATOM)}"
    lines = ["import numpy as np"]
    if "special." in value:
        lines.append("from scipy import special")
    lines += ["", "", f"def {function}({', '.join(arguments)}):", *_docstring(formula, words)]
    for c in formula.used:
        unit = "" if formula.unit(c) == 1 else f" / {formula.unit(c)!r}"
        lines.append(f"    {words[c]} = np.asarray({words[c]}, dtype=float){unit}")
    lines += ['    with np.errstate(all="ignore"):', f"        return {value}", ""]
    return "\n".join(lines)


def _docstring(formula: Formula, words: dict[str, str]) -> list[str]:
    text = f"{format_name(formula.target)} = {format_expression(formula.expression)}"
    lines = [_escaped(text)]
    if formula.units or formula.target_unit != 1:
        lines[0] += f", in units of {formula.target_unit!r}; columns in units of their own"
    if formula.used:
        lines += ["", *(f"{words[c]}: column {_escaped(ascii(c))}, numbers or arrays" for c in formula.used)]
    lines += ["", "NaN or infinity off the domain."]
    indented = [f"    {line}" if line else "" for line in lines]
    return [f'    """{lines[0]}', *indented[1:], '    """']


def _escaped(text: str) -> str:
    """Safe inside a docstring, whatever the names of columns are."""
    printable = "".join(c if c.isascii() and c.isprintable() else ascii(c)[1:-1] for c in text)
    return printable.replace("\\", "\\\\").replace('"', '\\"')


def _number(value: float) -> Code:
    return Code(repr(value), ATOM)


def _function(row: Function, argument: str) -> str:
    return f"{row.python}({argument})"


def _power(base: Code, exponent: Code, value: float | None) -> Code:
    if value == 0.5:
        return Code(f"np.sqrt({base.text})", ATOM)
    if value is not None and value == round(value) and 0 < value < 1e6:
        exponent = Code(str(round(value)), ATOM)
    return Code(f"{base.within(ATOM)}**{exponent.within(ATOM)}", POWER)


def _largest(kind: str, arguments: Sequence[str]) -> str:
    name = "np.maximum" if kind == "Max" else "np.minimum"
    return reduce(lambda a, b: f"{name}({a}, {b})", arguments)


_LANGUAGE = Language(_number, _function, _power, _largest, lambda product: "-" + product.text)
