r"""Reads the LaTeX that eqdarts prints, and nothing else, as a person does: products of neighbours, `\frac`, powers.

It knows no SymPy printer. Names are those of the columns, each as it is printed; where two columns are printed alike
nobody can tell which is meant, which is an error.
"""

import re

import sympy

from eqdarts.formula.latex import names_latex

_FUNCTIONS = {
    r"\exp": sympy.exp,
    r"\ln": sympy.log, r"\sin": sympy.sin, r"\cos": sympy.cos, r"\tan": sympy.tan, r"\arcsin": sympy.asin,
    r"\arccos": sympy.acos, r"\arctan": sympy.atan, r"\sinh": sympy.sinh, r"\cosh": sympy.cosh, r"\tanh": sympy.tanh,
    r"\operatorname{arcsinh}": sympy.asinh, r"\operatorname{arccosh}": sympy.acosh,
    r"\operatorname{arctanh}": sympy.atanh, r"\operatorname{asinh}": sympy.asinh, r"\operatorname{acosh}": sympy.acosh,
    r"\operatorname{atanh}": sympy.atanh, r"\operatorname{arsinh}": sympy.asinh, r"\operatorname{arcosh}": sympy.acosh,
    r"\operatorname{artanh}": sympy.atanh, r"\operatorname{sign}": sympy.sign, r"\operatorname{erf}": sympy.erf,
    r"\operatorname{erfc}": sympy.erfc, r"\max": sympy.Max, r"\min": sympy.Min,
}  # fmt: skip
_NUMBER = re.compile(r"\d+(\.\d*)?|\.\d+")
_TIMES = (r"\cdot", r"\times", r"\,")


class Unreadable(ValueError):
    """What a person could not read, or could read in two ways."""


def read_latex(latex: str, columns, evaluate=False) -> sympy.Expr:
    """The right-hand side as an expression over symbols named like the columns."""
    names = {}
    for name, printed in names_latex(columns).items():
        if printed in names:
            raise Unreadable(f"{names[printed]} and {name!r} are both printed as {printed}")
        names[printed] = sympy.Symbol(name)
    return _Reader(_right_of(latex), names, evaluate).all()


def _right_of(latex):
    """What stands behind the first " = " that is in no braces."""
    depth = 0
    for k, character in enumerate(latex):
        escaped = k and latex[k - 1] == "\\" and (k < 2 or latex[k - 2] != "\\")
        if character in "{}" and not escaped:
            depth += 1 if character == "{" else -1
        if not depth and latex[k : k + 3] == " = ":
            return latex[k + 3 :]
    return latex


class _Reader:
    def __init__(self, text, names, evaluate):
        self.text, self.at, self.evaluate = text, 0, evaluate
        self.names = sorted(names.items(), key=lambda item: -len(item[0]))

    def all(self):
        value = self.sum()
        if not self.ends():
            raise Unreadable(f"{self.text[self.at :]!r} is left of {self.text!r}")
        return value

    def ends(self):
        self.space()
        return self.at == len(self.text)

    def space(self):
        while self.text[self.at : self.at + 1] == " ":
            self.at += 1

    def sees(self, *tokens):
        self.space()
        return any(self.text.startswith(t, self.at) and not self._goes_on(t) for t in tokens)

    def _goes_on(self, token):
        """Is it only the beginning of a longer command, as \\sin of \\sinh?"""
        after = self.text[self.at + len(token) : self.at + len(token) + 1]
        return token[:1] == "\\" and token[-1].isalpha() and after.isalpha()

    def take(self, *tokens):
        self.space()
        for token in tokens:
            if self.sees(token):
                self.at += len(token)
                return token
        return ""

    def expect(self, token):
        if not self.take(token):
            raise Unreadable(f"expected {token!r} at {self.text[self.at :]!r} of {self.text!r}")

    def sum(self):
        terms = []
        sign = self.take("-", "+")
        while True:
            term = self.product()
            terms.append(sympy.Mul(-1, term, evaluate=self.evaluate) if sign == "-" else term)
            sign = self.take("-", "+")
            if not sign:
                return terms[0] if len(terms) == 1 else sympy.Add(*terms, evaluate=self.evaluate)

    def product(self):
        factors = [self.power()]
        while True:
            signed = self.take(*_TIMES)
            if not signed and (self.ends() or self.sees("-", "+", "}", ")", r"\right", "]", ",", r"\pm", "/", "=")):
                break
            if not signed and self.text[self.at].isdigit():
                raise Unreadable(f"two numbers without a sign at {self.text[self.at :]!r} of {self.text!r}")
            factors.append(self.power())
        if self.take("/"):  # u^{3/2}
            factors.append(sympy.Pow(self.power(), -1, evaluate=self.evaluate))
        return factors[0] if len(factors) == 1 else sympy.Mul(*factors, evaluate=self.evaluate)

    def power(self):
        base = self.atom()
        if not self.take("^"):
            return base
        exponent = self.braced()
        if self.sees("^"):
            raise Unreadable(f"two exponents at {self.text[self.at :]!r} of {self.text!r}")
        return sympy.Pow(base, exponent, evaluate=self.evaluate)

    def braced(self):
        self.expect("{")
        value = self.sum()
        self.expect("}")
        return value

    def atom(self):
        self.space()
        rest = self.text[self.at :]
        number = _NUMBER.match(rest)
        if number:
            self.at += number.end()
            digits = number.group()
            return sympy.Integer(digits) if digits.isdigit() else sympy.Float(digits)
        for printed, symbol in self.names:
            if self.sees(printed):
                self.take(printed)
                return symbol
        if self.take("e"):
            return sympy.E
        if self.take(r"\pi"):
            return sympy.pi
        if self.take(r"\frac"):
            above, below = self.braced(), self.braced()
            return sympy.Mul(above, sympy.Pow(below, -1, evaluate=self.evaluate), evaluate=self.evaluate)
        if self.take(r"\sqrt"):
            root = sympy.Integer(2)
            if self.take("["):
                root = self.sum()
                self.expect("]")
            return sympy.Pow(self.braced(), 1 / root, evaluate=self.evaluate)
        if self.take(r"\left|"):
            value = self.braced()
            self.expect(r"\right|")
            return sympy.Abs(value, evaluate=self.evaluate)
        if self.take(r"\left("):
            return self.closed()
        if self.take("("):  # e^{- (x - 1)}
            value = self.sum()
            self.expect(")")
            return value
        name = self.take(*_FUNCTIONS)
        if name:
            return self.call(_FUNCTIONS[name])
        raise Unreadable(f"what is {rest!r} in {self.text!r}?")

    def closed(self):
        value = self.sum()
        if self.take(r"\pm"):
            self.sum() if not self.take(r"\infty") else None
        self.expect(r"\right)")
        return value

    def call(self, function):
        exponent = self.braced() if self.take("^") else None
        braces = self.take("{")
        self.expect(r"\left(")
        arguments = [self.sum()]
        while self.take(","):
            arguments.append(self.sum())
        self.expect(r"\right)")
        if braces:
            self.expect("}")
        value = function(*arguments, evaluate=self.evaluate)
        return value if exponent is None else sympy.Pow(value, exponent, evaluate=self.evaluate)
