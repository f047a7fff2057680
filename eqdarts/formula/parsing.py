"""Formulas from text, by a parser that knows numbers, names, + − * / ** and a list of functions, and nothing else.

The text may come from anyone: nothing in it is evaluated as Python, its length and nesting are bounded before
anything is built, and no number is ever computed that a double could not hold, though one may be written.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import sympy
from sympy.core.function import AppliedUndef

from eqdarts.errors import InputDataError
from eqdarts.formula.functions import BY_NAME, FUNCTIONS, Function
from eqdarts.formula.tokens import MAX_NESTING, Token, misread, tokens_of

MAX_LENGTH = 50_000
_MAX_DIGITS = 400
_MAX_BITS = 4096  # of an exact power
_MAX_EXPONENT = 1e6
_MAX_ARGUMENTS = 50
_MAX_TERMS = 10_000  # of a formula that SymPy folds: to learn whether a part is zero it may multiply out all of it
_CANCELLED = 1e-9  # an irrational sum this small beside its terms may be zero, which SymPy would try to prove

_BASES = {"log10": 10, "log2": 2}
_INFINITE = (sympy.zoo, sympy.nan, sympy.oo, -sympy.oo)
_NOT_NUMBERS = tuple(map(type, _INFINITE))
_SEVERAL: dict[str, tuple[type, Callable[..., float]]] = {
    "Max": (sympy.Max, max),
    "Min": (sympy.Min, min),
    "max": (sympy.Max, max),
    "min": (sympy.Min, min),
}
#: What a formula may consist of.
NODES: tuple[type, ...] = (
    sympy.Symbol, sympy.Integer, sympy.Rational, sympy.Float, type(sympy.pi), type(sympy.E),
    sympy.Add, sympy.Mul, sympy.Pow, sympy.Max, sympy.Min, *(row.kind for row in FUNCTIONS),
)  # fmt: skip


def parse_expression(
    text: str, columns: Sequence[str] = (), *, others: bool = True, evaluate: bool = True, unknown: bool = False
) -> sympy.Expr:
    """A formula in text as a SymPy expression, over plain symbols named like the columns.

    Parameters
    ----------
    text : str
        Numbers, names, ``+ - * / **`` (or ``^``, and ``− × · ÷``), parentheses, ``pi``, and functions: exp, log (or
        ln), log10, log2, sqrt, sin, cos, tan, asin, acos, atan (or arcsin, …), sinh, cosh, tanh, asinh, acosh, atanh,
        Abs (or abs), sign, Max, Min, erf, erfc. A name that is no word, such as "flow rate (m3/s)", or that means
        something else, such as "pi", stands in backticks, as in pandas; a backtick in it is doubled.
    columns : sequence of str
        Names that may stand in it.
    others : bool
        May other names stand in it too, such as those of constants that are to be fitted?
    evaluate : bool
        Let SymPy fold numbers and sort terms, as it does by default, unless multiplying out would give more than
        ten thousand terms. False: as written, so that the result of `format_expression` gives exactly the
        expression that was formatted.
    unknown : bool
        May other functions stand in it too, such as f of "a*f(x) + b"? They become applied undefined functions of
        SymPy.

    Returns
    -------
    sympy.Expr
        Whole numbers and fractions of them are exact; numbers with a point or an exponent are floats.

    Raises
    ------
    InputDataError
        Saying what is wrong and where; the only exception, whatever the text.

    Examples
    --------
    >>> parse_expression("9.81*`fall time (s)`**2/2").free_symbols
    {fall time (s)}
    >>> parse_expression("m*v^2/2")
    m*v**2/2
    >>> parse_expression("__import__('os')")
    Traceback (most recent call last):
    eqdarts.errors.InputDataError: expression: "'" at character 12 of "__import__('os')" is not part of a formula
    """
    if not isinstance(text, str):
        raise InputDataError(f"expression: expected text, got {type(text).__name__}")
    if len(text) > MAX_LENGTH:
        raise InputDataError(f"expression: {len(text)} characters; at most {MAX_LENGTH} are read")
    try:
        tokens = tokens_of(text)
        written = _Parser(text, tokens, tuple(columns), others, unknown, False).formula()
        if not evaluate or _expanded(written) > _MAX_TERMS:
            return written
        return _Parser(text, tokens, tuple(columns), others, unknown, True).formula()
    except InputDataError:
        raise
    except RecursionError as error:
        raise InputDataError("expression: nested too deeply; split it up") from error
    except Exception as error:  # SymPy compares what it sorts and folds, and fails in many ways on odd constants
        raise InputDataError("expression: SymPy cannot build it; are there undefined constants in it?") from error


def split_equation(text: str) -> tuple[str | None, str]:
    """What stands on the left of ``=``, if there is one outside of backticks, and what on the right.

    Raises
    ------
    InputDataError
        If there are several.

    Examples
    --------
    >>> split_equation("E = m*v^2/2"), split_equation("`a=b`*x")
    (('E', 'm*v^2/2'), (None, '`a=b`*x'))
    """
    places = [m.start() for m in re.finditer(r"`(?:[^`]|``)*`|=", text) if m.group() == "="]
    if not places:
        return None, text
    if len(places) > 1:
        raise misread(text, places[1], 1, "{}: a second =; give one equation")
    return text[: places[0]].strip(), text[places[0] + 1 :].strip()


@dataclass(frozen=True)
class _Part:
    """A piece of the formula.

    value: of a piece without symbols, else None   form: "number" or "power" where it is one without parentheses
    """

    expr: sympy.Expr
    value: float | None
    form: str = ""


class _Parser:
    """Recursive descent, a method for each level of precedence."""

    def __init__(
        self, text: str, tokens: list[Token], columns: tuple[str, ...], others: bool, unknown: bool, evaluate: bool
    ) -> None:
        self._text, self._tokens, self._evaluate = text, tokens, evaluate
        self._columns, self._others, self._unknown = columns, others, unknown
        self._at = 0
        self._depth = 0

    def formula(self) -> sympy.Expr:
        whole = self._sum()
        result = whole.expr
        if self._next.kind != "end":
            raise self._refused("{}: expected + - * / ** or the end")
        if whole.value is not None and math.isinf(whole.value):
            raise self._refused("{}: the number is too large", self._tokens[0])
        for node in sympy.preorder_traversal(result):
            if not isinstance(node, NODES) and not (self._unknown and isinstance(node, AppliedUndef)):
                raise InputDataError(f"expression: it contains {node}, so it is not a formula of real numbers")
            if isinstance(node, sympy.Rational) and max(node.p.bit_length(), node.q.bit_length()) > _MAX_BITS:
                raise InputDataError("expression: it contains a number that is too large")
        return result

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self, *signs: str) -> Token | None:
        token = self._next
        if token.kind != "sign" or token.text not in signs:
            return None
        self._at += 1
        return token

    def _refused(self, message: str, token: Token | None = None) -> InputDataError:
        token = token or self._next
        return misread(self._text, token.place, len(token.text), message)

    def _deeper(self, by: int) -> None:
        self._depth += by
        if self._depth > MAX_NESTING:
            raise self._refused(f"{{}}: more than {MAX_NESTING} levels of parentheses and powers")

    def _signs(self) -> bool:
        """Is there an odd number of minus signs here?"""
        negative = False
        while token := self._take("+", "-"):
            negative ^= token.text == "-"
        return negative

    def _sum(self) -> _Part:
        first = self._next
        terms = [self._product(self._signs())]
        while token := self._take("+", "-"):
            terms.append(self._product((token.text == "-") ^ self._signs()))
        if len(terms) == 1:
            return terms[0]
        value = _of_all(terms, math.fsum)
        size = sum(abs(t.value or 0.0) for t in terms)
        total = self._build(sympy.Add, terms, value, first)
        if value is not None and abs(value) < _CANCELLED * size and not total.expr.is_Rational and not _floating(terms):
            raise self._refused("{}: the constants of this sum cancel; write 0 or a decimal number", first)
        return total

    def _product(self, negative: bool) -> _Part:
        first = self._next
        factors = [self._power()]
        while token := self._take("*", "/"):
            minus, factor = self._signs(), self._power()
            if minus:
                factor = self._joined([factor], True, token)
            if token.text == "*":
                factors.append(factor)
            elif _whole(factors[-1]) and _whole(factor) and factor.value:
                fraction = sympy.Rational(factors[-1].expr, factor.expr)
                factors[-1] = _Part(fraction, float(fraction), "number")
            elif len(factors) == 1 and factors[0].form == "number" and factors[0].expr == 1 and factor.value is None:
                factors = [self._inverse(factor, token)]
            else:
                factors.append(self._inverse(factor, token))
        return self._joined(factors, negative, first)

    def _joined(self, factors: list[_Part], negative: bool, token: Token) -> _Part:
        if negative:
            if factors[0].form == "number":
                factors = [_Part(-factors[0].expr, -(factors[0].value or 0.0), "number"), *factors[1:]]
            else:
                factors = [_Part(sympy.Integer(-1), -1.0, "number"), *factors]
        if len(factors) == 1:
            return factors[0]
        return self._build(sympy.Mul, factors, _of_all(factors, math.prod), token)

    def _inverse(self, part: _Part, token: Token) -> _Part:
        if part.form == "power" and part.value is None and part.expr.is_Pow and part.expr.exp.is_Number:
            base, exponent = _Part(part.expr.base, None), -part.expr.exp
        else:
            base, exponent = part, sympy.Integer(-1)
        return self._raised(base, _Part(exponent, float(exponent)), token)

    def _power(self) -> _Part:
        base = self._atom()
        token = self._take("**", "^")
        if token is None:
            return base
        self._deeper(1)
        minus, exponent = self._signs(), self._power()
        self._deeper(-1)
        return self._raised(base, self._joined([exponent], True, token) if minus else exponent, token)

    def _raised(self, base: _Part, exponent: _Part, token: Token) -> _Part:
        if exponent.value is not None and abs(exponent.value) > _MAX_EXPONENT:
            raise self._refused(f"{{}}: the exponent is larger than {_MAX_EXPONENT:g}", token)
        if exponent.value is not None and exponent.expr.is_Rational:
            bits = sum(max(n.p.bit_length(), n.q.bit_length()) for n in base.expr.atoms(sympy.Rational))
            if bits * abs(exponent.value) > _MAX_BITS:
                raise self._refused("{}: the power is too large to be computed exactly; use a decimal number", token)
        value = None
        if base.value is not None and exponent.value is not None:
            value = self._number(token, lambda: math.pow(base.value or 0.0, exponent.value or 0.0))
        return replace(self._build(sympy.Pow, [base, exponent], value, token), form="power")

    def _atom(self) -> _Part:
        token = self._next
        self._at += 1
        if token.kind == "number":
            return self._literal(token)
        if token.kind == "quoted":
            return self._symbol(token.text[1:-1].replace("``", "`"), token)
        if token.kind == "name":
            if self._next.text == "(":
                return self._call(token)
            return _Part(sympy.pi, math.pi) if token.text == "pi" else self._symbol(token.text, token)
        if token.text == "(":
            self._deeper(1)
            inner = self._sum()
            self._deeper(-1)
            if not self._take(")"):
                raise self._refused("{}: expected a closing parenthesis")
            return replace(inner, form="")
        raise self._refused("{}: expected a number, a name or a parenthesis", token)

    def _literal(self, token: Token) -> _Part:
        mantissa, _, exponent = token.text.lower().partition("e")
        if len(mantissa) > _MAX_DIGITS or len(exponent) > 5:
            raise self._refused("{}: the number has too many digits", token)
        value = float(token.text)
        if token.text.isdigit():
            if math.isinf(value):
                raise self._refused("{}: the number is too large", token)
            return _Part(sympy.Integer(int(token.text)), value, "number")
        # Beyond the range of doubles SymPy's floats go on, as factors of columns whose size makes up for theirs.
        normal = 2.3e-308 < abs(value) < math.inf or not mantissa.strip("0.")
        return _Part(sympy.Float(value) if normal else sympy.Float(token.text, precision=53), value, "number")

    def _symbol(self, name: str, token: Token) -> _Part:
        if name not in self._columns:
            if token.kind == "name" and not name.isascii():
                raise self._refused("{}: a name with other than English letters stands in backticks", token)
            if token.kind == "name" and (name in BY_NAME or name in _SEVERAL or name == "sqrt"):
                raise self._refused("{} is a function; give its argument in parentheses", token)
            if not name:
                raise self._refused("{}: the name is empty", token)
            if not self._others:
                near = difflib.get_close_matches(name, self._columns, 1)
                known = ", ".join(map(repr, self._columns[:20])) or "none"
                advice = f"did you mean {near[0]!r}?" if near else f"there are {known}"
                raise self._refused(f"{{}} is not a column; {_plain(advice)}", token)
        return _Part(sympy.Symbol(name), None)

    def _call(self, token: Token) -> _Part:
        several = _SEVERAL.get(token.text)
        base = _BASES.get(token.text)
        row = BY_NAME.get("log" if base else token.text)
        if several is None and row is None and token.text != "sqrt":
            if self._unknown:
                return self._of_unknown(token)
            known = ", ".join([*(f.name for f in FUNCTIONS), "sqrt", "Max", "Min"])
            raise self._refused(f"{{}} is not a known function; there are {known}", token)
        arguments = self._arguments()
        if several is not None:
            return self._largest(several, arguments, token)
        if len(arguments) > 1:
            raise self._refused(f"{{}}: {len(arguments)} arguments; it takes one", token)
        if row is None:
            return self._raised(arguments[0], _Part(sympy.Rational(1, 2), 0.5), token)
        applied = self._applied(row, arguments[0], token)
        if base is None:
            return applied
        whole = _Part(sympy.Integer(base), float(base), "number")
        return self._joined([applied, self._inverse(self._applied(row, whole, token), token)], False, token)

    def _arguments(self) -> list[_Part]:
        self._take("(")
        self._deeper(1)
        arguments = [self._sum()]
        while self._take(","):
            arguments.append(self._sum())
        self._deeper(-1)
        if not self._take(")"):
            raise self._refused("{}: expected a closing parenthesis")
        return arguments

    def _of_unknown(self, token: Token) -> _Part:
        name = token.text
        if name in self._columns:
            raise self._refused(
                "{} is a column; write * between it and the parenthesis, or give the unknown function another name",
                token,
            )
        if not name.isascii():
            raise self._refused("{}: the name of an unknown function has English letters only", token)
        if self._tokens[self._at + 1].text == ")":
            raise self._refused("{}: an unknown function needs an argument, such as f(x1)", token)
        arguments = self._arguments()
        if len(arguments) > _MAX_ARGUMENTS:
            raise self._refused(f"{{}}: {len(arguments)} arguments; at most {_MAX_ARGUMENTS} are read", token)
        return _Part(sympy.Function(name)(*(part.expr for part in arguments)), None)

    def _largest(self, several: tuple[type, Callable[..., float]], arguments: list[_Part], token: Token) -> _Part:
        kind, choose = several
        if len({a.expr for a in arguments}) < 2 or len(arguments) > _MAX_ARGUMENTS:
            raise self._refused(f"{{}}: expected 2 to {_MAX_ARGUMENTS} different arguments", token)
        # SymPy would compare all of them with one another.
        return _Part(kind(*(a.expr for a in arguments), evaluate=False), _of_all(arguments, choose))

    def _applied(self, row: Function, argument: _Part, token: Token) -> _Part:
        value = None
        if argument.value is not None:
            value = self._number(token, lambda: row.value(argument.value or 0.0))
        if row.name == "exp" and argument.expr == 1:
            return _Part(sympy.E, math.e)
        # SymPy expands what stands in Abs and sign to learn its sign, which can take for ever.
        evaluate = self._evaluate and not (row.name in ("Abs", "sign") and value is None)
        return self._finite(_node(row.kind, [argument.expr], evaluate), value, token)

    def _build(self, kind: type, parts: Sequence[_Part], value: float | None, token: Token) -> _Part:
        if value is not None and not math.isfinite(value):
            raise self._refused("{}: a constant here is not a finite number", token)
        expr = _node(kind, [p.expr for p in parts], self._evaluate)
        return self._finite(expr, value, token)

    def _finite(self, expr: sympy.Expr, value: float | None, token: Token) -> _Part:
        if any(part in _INFINITE for part in (expr, *expr.args)):
            raise self._refused("{}: a division by zero", token)
        return _Part(expr, value)

    def _number(self, token: Token, compute: Callable[[], float]) -> float:
        try:
            value = compute()
        except (OverflowError, ValueError, ZeroDivisionError):
            value = math.nan
        if not math.isfinite(value):
            raise self._refused("{}: a constant here is not a finite real number", token)
        return value


def _node(kind: type, arguments: Sequence[sympy.Expr], evaluate: bool) -> sympy.Expr:
    """kind(*arguments), folded by SymPy where that leads to a formula of real numbers."""
    if evaluate:
        try:
            folded = kind(*arguments)
        except Exception:  # as above: folding fails where the formula itself is sound
            return kind(*arguments, evaluate=False)
        if all(isinstance(node, (*NODES, *_NOT_NUMBERS, AppliedUndef)) for node in sympy.preorder_traversal(folded)):
            return folded
    return kind(*arguments, evaluate=False)


def _expanded(expression: sympy.Expr) -> float:
    """Terms of the largest part, multiplied out; an upper bound."""
    largest = 1.0

    def terms(node: sympy.Expr) -> float:
        nonlocal largest
        counts = [terms(a) for a in node.args]
        count = 1.0
        if isinstance(node, sympy.Add):
            count = math.fsum(counts)
        elif isinstance(node, sympy.Mul):
            count = math.prod(counts)
        elif isinstance(node, sympy.Pow) and node.exp.is_Integer and counts[0] > 1:
            power, base = abs(int(node.exp)), counts[0]
            small = power * base <= _MAX_TERMS
            count = float(math.comb(power + int(base) - 1, power)) if small and power < 100 else math.inf
        largest = max(largest, count)
        return count

    terms(expression)
    return largest


def _plain(text: str) -> str:
    """Safe inside a format string."""
    return text.replace("{", "{{").replace("}", "}}")


def _of_all(parts: Sequence[_Part], compute: Callable[[list[float]], float]) -> float | None:
    values = [p.value for p in parts if p.value is not None]
    if len(values) < len(parts):
        return None
    try:
        return float(compute(values))
    except OverflowError:
        return math.inf
    except ValueError:  # ∞ − ∞
        return math.nan


def _whole(part: _Part) -> bool:
    return part.form == "number" and part.expr.is_Rational


def _floating(parts: Sequence[_Part]) -> bool:
    return any(p.expr.has(sympy.Float) for p in parts)
