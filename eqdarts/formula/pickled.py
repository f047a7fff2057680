"""Formulas that are the same after they were pickled or copied.

SymPy builds a formula anew from its arguments then, and multiplies 2.5·(x − 1950) out: it prints otherwise, and keeps
fewer digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy
from sympy.core.function import AppliedUndef
from sympy.core.parameters import distribute


@dataclass(frozen=True)
class _Node:
    """A part of a formula, as it was put together."""

    kind: type[sympy.Basic]
    args: tuple[Any, ...]


class KeepsFormulas:
    """A dataclass whose formulas, also those in tuples, stay as they were written."""

    def __getstate__(self) -> dict[str, Any]:
        return {name: taken_apart(value) for name, value in self.__dict__.items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update({name: put_together_again(value) for name, value in state.items()})


def taken_apart(value: Any) -> Any:
    """Formulas as trees of plain tuples, and anything else as it is.

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> formula = sympy.Mul(sympy.Float(2.5), x - 1950, evaluate=False)
    >>> put_together_again(taken_apart(formula))
    2.5*(x - 1950)
    """
    if type(value) is tuple:
        return tuple(map(taken_apart, value))
    whole = not isinstance(value, sympy.Expr) or not value.args or isinstance(value, AppliedUndef)
    return value if whole else _Node(value.func, tuple(map(taken_apart, value.args)))


def put_together_again(value: Any) -> Any:
    """The inverse of `taken_apart`."""
    if type(value) is tuple:
        return tuple(map(put_together_again, value))
    if not isinstance(value, _Node):
        return value
    return made_of(value.kind, tuple(map(put_together_again, value.args)))


def made_of(kind: type[sympy.Basic], args: tuple[Any, ...]) -> Any:
    """A part of a formula with these arguments as they are."""
    with distribute(False):
        made = kind(*args)
    return made if made.func == kind and made.args == args else kind(*args, evaluate=False)
