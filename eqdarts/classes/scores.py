"""A set of scores, one for each class but the baseline: what it predicts, and how it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sympy
from scipy.special import softmax

from eqdarts.equation.equation import Equation
from eqdarts.formula.latex import symbol_latex, text_latex
from eqdarts.formula.text import format_name


@dataclass(frozen=True, eq=False)
class Scores:
    """K − 1 equations of scores; that of the baseline is 0, and P_k = exp(s_k) / Σ_j exp(s_j).

    Attributes
    ----------
    equations : tuple of Equation
        In the order of the classes, the baseline left out.
    classes : tuple of str
        The K classes as text.
    baseline : int
        Place of the class whose score is 0.
    log_loss : float
        Nats for each row by which the class was missed, on average.
    deviance : float
        Twice the nats of all rows beyond what the best probabilities could reach, which of labels is 0.
    null_deviance : float
        The same of the classes' frequencies.
    accuracy : float
        Share of the rows whose most probable class is their own; of shares, of the greatest one.
    length : float
        Nats to write down all scores, and the classes of the rows by them.
    """

    equations: tuple[Equation, ...]
    classes: tuple[str, ...]
    baseline: int
    log_loss: float
    deviance: float
    null_deviance: float
    accuracy: float
    length: float

    @property
    def complexity(self) -> int:
        """Nodes of all expression trees."""
        return sum(equation.complexity for equation in self.equations)

    @property
    def explained(self) -> float:
        """The share of the deviance that the scores take away, as R² has it for squares (McFadden 1974)."""
        return 1.0 - self.deviance / self.null_deviance if self.null_deviance > 0 else 0.0

    @property
    def scored(self) -> tuple[int, ...]:
        """Places of the classes that have equations."""
        return tuple(k for k in range(len(self.classes)) if k != self.baseline)

    @property
    def is_binary(self) -> bool:
        return len(self.classes) == 2

    @property
    def used(self) -> tuple[str, ...]:
        """The columns that stand in some score."""
        names = {name for equation in self.equations for name in equation.formula.used}
        return tuple(name for name in self.equations[0].columns if name in names)

    def values(self, X: np.ndarray) -> np.ndarray:
        """All scores [n, K]; NaN where one is not defined."""
        found = np.zeros((len(X), len(self.classes)))
        for k, equation in zip(self.scored, self.equations, strict=True):
            found[:, k] = equation.predict(X)
        return found

    def probabilities(self, X: np.ndarray) -> np.ndarray:
        """Of all classes [n, K]; rows add up to 1, and are NaN where a score is not defined."""
        return probabilities_of(self.values(X))

    def sympy(self) -> tuple[sympy.Expr, ...]:
        """The probability of each class, in the order of the classes."""
        powers: list[sympy.Expr] = [sympy.Integer(1)] * len(self.classes)
        for k, equation in zip(self.scored, self.equations, strict=True):
            powers[k] = _exp(equation.expression)
        if self.is_binary:  # one exponential instead of two
            (k,), (equation,) = self.scored, self.equations
            up, down = 1 / (1 + _exp(-equation.expression)), 1 / (1 + _exp(equation.expression))
            return (down, up) if k else (up, down)
        return tuple(power / sympy.Add(*powers) for power in powers)

    def text(self, precision: int | None = None) -> tuple[str, ...]:
        """Each score in a line."""
        return tuple(f"{format_name(e.target)} = {e.text(precision)}" for e in self.equations)

    def latex(self, precision: int | None = None, mul: str | None = None, errors: bool = False) -> str:
        """Scores and probabilities, one below the other, for a display in mathematics (package amsmath)."""
        lines = [
            f"{self._symbol(k)} &= {right_side(equation, precision, mul, errors)}"
            for k, equation in zip(self.scored, self.equations, strict=True)
        ]
        if self.is_binary:
            (k,) = self.scored
            lines.append(f"P({_word(self.classes[k])}) &= {sympy.latex(1 / (1 + sympy.exp(-sympy.Symbol('s'))))}")
        else:
            own, other = sympy.Symbol("s_k"), sympy.Symbol("s_j")
            total = sympy.Sum(sympy.exp(other), (sympy.Symbol("j"), 1, len(self.classes)))
            lines.insert(self.baseline, f"{self._symbol(self.baseline)} &= 0")
            lines.append(f"P(k) &= {sympy.latex(sympy.exp(own) / total)}")
        return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"

    def _symbol(self, k: int) -> str:
        return "s" if self.is_binary else f"s_{{{_word(self.classes[k])}}}"


def _exp(exponent: sympy.Expr) -> sympy.Expr:
    """SymPy would make exp(x + 45.3) a number times exp(x), which nobody recognises."""
    return sympy.exp(exponent, evaluate=False)


def right_side(equation: Equation, precision: int | None = None, mul: str | None = None, errors: bool = False) -> str:
    """The score itself in LaTeX, without its name."""
    written = equation.latex(precision, mul, errors and equation.fit is not None and not equation.fit.undetermined)
    return written.removeprefix(f"{symbol_latex(equation.target)} = ")


def _word(name: str) -> str:
    """A class in LaTeX: a number as it is, a word upright, anything else as text."""
    if name.isascii() and name.isalnum():
        return name if name.isdigit() else rf"\mathrm{{{name}}}"
    return text_latex(name)


def probabilities_of(scores: np.ndarray) -> np.ndarray:
    """The softmax [n, K] of scores [n, K].

    Examples
    --------
    >>> probabilities_of(np.array([[0.0, np.log(3.0)]])).tolist()
    [[0.25, 0.75]]
    """
    found: np.ndarray = softmax(np.asarray(scores, dtype=float), axis=1)
    return found


def score_names(classes: Sequence[str], baseline: int, columns: Sequence[str]) -> tuple[str, ...]:
    """How the scores of all classes but the baseline are called, so that no column is called so.

    Examples
    --------
    >>> score_names(("no", "yes"), 0, ("x",)), score_names(("a", "b", "c"), 1, ("s_a",))
    (('s',), ('score_a', 'score_c'))
    """
    scored = [name for k, name in enumerate(classes) if k != baseline]
    for prefix in ("s", "score", *(f"score{k}" for k in range(2, len(columns) + 3))):
        names = (prefix,) if len(scored) == 1 else tuple(f"{prefix}_{name}" for name in scored)
        if not set(names) & set(columns):
            return names
    raise AssertionError("there are more prefixes than columns")
