"""Links: the score f that is searched, and the mean that it stands for, in numbers and in symbols.

A generalised linear model (McCullagh & Nelder 1989) has g(mean) = f. Here f is any formula, and `predict` returns the
mean: f itself, exp(f), which is positive, or 1/(1 + exp(−f)), which lies between 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import sympy
from scipy.special import expit, logit

_LARGEST = 700.0  # exp of it is a double
_SURE = 30.0  # a score beyond which a probability is 0 or 1 to the last digits of a double


@dataclass(frozen=True)
class Link:
    """How a score becomes a mean.

    Attributes
    ----------
    name : {"identity", "log", "logit"}
    mean : callable
        Means [n] of scores [n].
    slope : callable
        ∂mean/∂score [n] at scores [n], above zero.
    score : callable
        The inverse of `mean`.
    mean_of, score_of : callable
        The same of expressions. `score_of` only takes the written form apart, so it changes no number.

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> LOGIT.mean_of(2 * x - 1), LOGIT.score_of(LOGIT.mean_of(2 * x - 1))
    (1/(exp(1 - 2*x) + 1), 2*x - 1)
    """

    name: str
    mean: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]
    score: Callable[[np.ndarray], np.ndarray]
    mean_of: Callable[[sympy.Expr], sympy.Expr]
    score_of: Callable[[sympy.Expr], sympy.Expr]


def _same(f: sympy.Expr) -> sympy.Expr:
    return f


def _exponential(f: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(np.minimum(f, _LARGEST)))


def _logistic_slope(f: np.ndarray) -> np.ndarray:
    p = expit(np.clip(f, -_SURE, _SURE))
    return np.asarray(p * (1 - p))


def _log_of(expression: sympy.Expr) -> sympy.Expr:
    """ln of an expression: of a product its factors' sum, of a power the exponent times that of the base."""
    if expression.is_Mul and not any(factor.is_negative for factor in expression.args):
        return sympy.Add(*map(_log_of, expression.args))
    if isinstance(expression, sympy.exp):
        return expression.args[0]
    if expression.is_Pow:
        return expression.exp * _log_of(expression.base)
    return sympy.log(expression)


def _logistic_of(f: sympy.Expr) -> sympy.Expr:
    return 1 / (1 + sympy.exp(-f))


def _logit_of(p: sympy.Expr) -> sympy.Expr:
    """The f of 1/(1 + e^−f), which SymPy may have written as a product of powers; ln(p/(1 − p)) of anything else."""
    below = p.as_base_exp()[0] if p.is_Pow and p.exp == -1 else None
    if below is not None and below.is_Add and sympy.Integer(1) in below.args:
        return -_log_of(below - 1)
    return sympy.log(p / (1 - p))


IDENTITY = Link("identity", np.asarray, np.ones_like, np.asarray, _same, _same)  # named, so that models pickle
LOG = Link("log", _exponential, _exponential, np.log, sympy.exp, _log_of)
LOGIT = Link("logit", expit, _logistic_slope, logit, _logistic_of, _logit_of)
