"""What functions stand around what in a formula, and in the operations of graphs: for constraints on the form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import sympy

from eqdarts.formula.functions import BY_KIND
from eqdarts.graph.links import LINKS
from eqdarts.graph.operations import OPERATIONS

POWER, EXP = "power", "exp"
_NONE = (POWER, "Abs", "sign")  # that count as no functions where functions stand in one another


def chains(expression: sympy.Basic, above: tuple[str, ...] = ()) -> Iterator[tuple[sympy.Symbol, tuple[str, ...]]]:
    """Each symbol of a formula and the functions that it stands in, outermost first, for every place where it stands.

    Examples
    --------
    >>> x, y = sympy.symbols("x y")
    >>> list(chains(sympy.sin(x**2) / y))
    [(y, ('power',)), (x, ('sin', 'power'))]
    """
    if isinstance(expression, sympy.Symbol):
        yield expression, above
    elif isinstance(expression, sympy.Pow):
        yield from chains(expression.base, (*above, POWER))
        yield from chains(expression.exp, (*above, EXP))
    elif isinstance(expression, sympy.Function):
        kind = type(expression)
        name = BY_KIND[kind].name if kind in BY_KIND else kind.__name__
        for argument in expression.args:
            yield from chains(argument, (*above, name))
    else:
        for argument in expression.args:
            yield from chains(argument, above)


@cache
def chain_of_operation(name: str) -> tuple[str, ...]:
    """The longest chain of functions around x in an operation, outermost first."""
    operation = OPERATIONS[name]
    parameters = sympy.symbols(f"w:{len(operation.parameters)}", positive=True) if operation.parameters else ()
    return _longest(lambda x: operation.symbolic(x, *parameters))


@cache
def chain_of_link(name: str) -> tuple[str, ...]:
    """The same of a link."""
    return _longest(LINKS[name].symbolic)


def _longest(symbolic: Callable[[Any], sympy.Expr]) -> tuple[str, ...]:
    x = sympy.Symbol("x", real=True)
    return max((chain for symbol, chain in chains(symbolic(x)) if symbol == x), key=len, default=())


def allowed_functions(operations: tuple[str, ...]) -> frozenset[str]:
    """The functions that these operations are written with."""
    return frozenset(name for operation in operations for name in chain_of_operation(operation))


def misplaced(expression: sympy.Expr, operations: Mapping[str, Sequence[str]]) -> str | None:
    """A column that stands in a function which is not allowed around it."""
    allowed = {column: allowed_functions(tuple(names)) for column, names in operations.items()}
    for symbol, chain in chains(expression):
        if symbol.name in allowed and not set(chain) <= allowed[symbol.name]:
            return symbol.name
    return None


def nested_too_deep(expression: sympy.Expr, nesting: Mapping[str, int | Mapping[str, int]]) -> str | None:
    """A function with more functions in one another inside it than are allowed."""
    for _, chain in chains(expression):
        for place, outer in enumerate(chain):
            inner = counted(chain[place + 1 :])
            if outer in nesting and exceeds(nesting[outer], inner):
                return outer
    return None


def counted(chain: tuple[str, ...]) -> tuple[str, ...]:
    """Those of a chain that count as functions."""
    return tuple(name for name in chain if name not in _NONE)


def exceeds(limit: int | Mapping[str, int], inner: tuple[str, ...]) -> bool:
    """Are these more functions than a limit of nesting allows?"""
    if isinstance(limit, Mapping):
        return any(inner.count(name) > most for name, most in limit.items())
    return len(inner) > limit
