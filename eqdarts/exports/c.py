"""An equation as the source of a C99 function that needs nothing but ``math.h``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import reduce

from eqdarts.exports.formula import ATOM, PRODUCT, Code, Formula, Language, check_word, code, identifiers
from eqdarts.formatting import format_expression, format_name
from eqdarts.functions import FUNCTIONS, Function

_KEYWORDS = """
    auto break case char const continue default do double else enum extern float for goto if inline int long register
    restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
    main isnan NAN INFINITY sqrt pow
"""
_TAKEN = {*re.findall(r"\w+", _KEYWORDS), *(f.c for f in FUNCTIONS)}
#: NaN stays NaN, as in NumPy; fmax and fmin would drop it.
_HELPERS = {
    "sign": "static double {name}_sign(double x)\n{{\n    return isnan(x) ? x : (double)((x > 0) - (x < 0));\n}}",
    "maximum": "static double {name}_maximum(double a, double b)\n{{\n    return isnan(a) || a > b ? a : b;\n}}",
    "minimum": "static double {name}_minimum(double a, double b)\n{{\n    return isnan(a) || a < b ? a : b;\n}}",
}


def to_c(formula: Formula, name: str | None = None) -> str:
    """The source of a function of the columns that stand in the formula, in the order of the table."""
    check_word(name)
    taken = {*_TAKEN, name} if name is not None else _TAKEN
    words = identifiers(formula.used, taken)
    function = name or identifiers([formula.target], {*taken, *words.values()})[formula.target]
    symbols = {c: _scaled(words[c], formula.unit(c)) for c in formula.used}
    body = code(formula.expression, symbols, _language(function))
    value = body.text if formula.target_unit == 1 else f"{formula.target_unit!r}*{body.within(ATOM)}"
    helpers = [text.format(name=function) for key, text in _HELPERS.items() if f"{function}_{key}(" in value]
    comment = [f"{format_name(formula.target)} = {format_expression(formula.expression)}"]
    if formula.units or formula.target_unit != 1:
        comment[0] += f", in units of {formula.target_unit!r}; columns in units of their own"
    comment += [f"{words[c]}: column {c!r}" for c in formula.used]
    arguments = ", ".join(f"double {words[c]}" for c in formula.used) or "void"
    parts = [
        "#include <math.h>",
        *helpers,
        "/* " + "\n   ".join(map(_escaped, comment))
        + f" */\ndouble {function}({arguments})\n{{\n    return {value};\n}}",
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _escaped(text: str) -> str:
    """Safe inside a comment, whatever the names of columns are."""
    printable = "".join(c if c.isascii() and c.isprintable() else ascii(c)[1:-1] for c in text)
    return re.sub(r"(?<=\*)(?=/)|(?<=/)(?=\*)|(?<=\?)(?=\?)", " ", printable)


def _scaled(word: str, unit: float) -> Code:
    return Code(word, ATOM) if unit == 1 else Code(f"({word}/{unit!r})", ATOM)


def _language(function: str) -> Language:
    def call(row: Function, argument: str) -> str:
        return f"{function}_sign({argument})" if row.c == "sign" else f"{row.c}({argument})"

    def largest(kind: str, arguments: Sequence[str]) -> str:
        name = f"{function}_maximum" if kind == "Max" else f"{function}_minimum"
        return reduce(lambda a, b: f"{name}({a}, {b})", arguments)

    return Language(lambda v: Code(repr(v), ATOM), call, _power, largest, lambda product: "-" + product.text)


def _power(base: Code, exponent: Code, value: float | None) -> Code:
    if value == 0.5:
        return Code(f"sqrt({base.text})", ATOM)
    if value == 2 and re.fullmatch(r"\w+", base.text):
        return Code(f"{base.text}*{base.text}", PRODUCT)
    return Code(f"pow({base.text}, {exponent.text})", ATOM)
