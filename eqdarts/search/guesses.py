"""From a starting equation: itself, and what is one or two changes away from it, with all constants fitted together.

A guess that is nearly right lacks a factor, a term, or the dependence of one of its constants on a column. So the
whole, and each constant, is multiplied by a power or an exponential of a column, and has a multiple of it added; of the
changed formulas the best are changed once more. What is farther away is left to branches
(`eqdarts.search.reformulations`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import sympy

from eqdarts.data.table import Table
from eqdarts.equation.equation import Equation
from eqdarts.fit.formula import compile_template, fit_constants, template
from eqdarts.formula.substitution import put_in
from eqdarts.search.finish import Draft, equations_of
from eqdarts.search.problem import Problem
from eqdarts.simplify.description import description_length
from eqdarts.simplify.simplify import simplify
from eqdarts.simplify.snapping import Simplified


@dataclass(frozen=True)
class _Changes:
    """How far it goes. Not tuned.

    Attributes
    ----------
    rounds : int
        Changes one after another.
    heads : int
        Formulas that are changed in the second round.
    most : int
        Changed formulas of a round that are fitted.
    finished : int
        Changed formulas that become equations.
    rows, steps : int
        Of the fits.
    share : float
        Of the time that is left, at the most.
    """

    rounds: int = 2
    heads: int = 3
    most: int = 160
    finished: int = 6
    rows: int = 200
    steps: int = 25
    share: float = 0.25


_CHANGES = _Changes()


def from_guess(
    problem: Problem, guess: sympy.Expr, deadline: float, within: Callable[[float, float], float]
) -> Iterator[Equation]:
    """Equations of a fitted guess over the symbols of a problem, and of its changes.

    deadline: in `time.monotonic`   within: as of a `Watch`
    """
    rows = problem.formula_rows
    yield from _finished(problem, [guess], "guess", deadline)
    end = within(_CHANGES.share, deadline)
    fitted, heads = {guess: _length(guess, _loss(guess, problem.symbols, rows), rows)}, [guess]
    for _ in range(_CHANGES.rounds):
        tried = 0
        for head in heads:
            for changed in changes(head, problem.symbols):
                if time.monotonic() > end or tried >= _CHANGES.most:
                    break
                tried += 1
                found = _fitted(changed, problem)
                if found is not None:
                    fitted.setdefault(found.expression, _length(found.expression, found.loss, rows))
        heads = sorted(fitted, key=fitted.__getitem__)[: _CHANGES.heads]
    best = [one for one in sorted(fitted, key=fitted.__getitem__) if one != guess][: _CHANGES.finished]
    yield from _finished(problem, best, "guess, changed", deadline)


def _finished(problem: Problem, formulas: list[sympy.Expr], origin: str, deadline: float) -> Iterator[Equation]:
    """As they are, and made simple."""
    for formula in formulas:
        loss = _loss(formula, problem.symbols, problem.formula_rows)
        if not np.isfinite(loss):
            continue
        yield from equations_of(problem, Draft(formula, Simplified(formula, loss), origin, None))
        simple = simplify(formula, problem.symbols, problem.formula_rows, deadline)
        if np.isfinite(simple.loss):
            yield from equations_of(problem, Draft(formula, simple, origin, None))


def changes(formula: sympy.Expr, symbols: tuple[sympy.Symbol, ...]) -> Iterator[sympy.Expr]:
    """The formula with one change, whose new constants are at starting values.

    Examples
    --------
    >>> x, z = sympy.symbols("x z")
    >>> list(changes(2.5 * x, (z,)))[:3]
    [2.5*x*z**0.5, 2.5*x/z**0.5, 2.5*x*exp(0.1*z)]
    """
    form = template(formula, symbols)
    for column in symbols:
        for new in _with(formula, column):
            yield new
        for place, constant in enumerate(form.constants):
            if form.roles[place] == "exponent":
                continue
            numbers = form.numbers(form.values)
            for new in _with(numbers[constant], column):
                yield put_in(form.expression, {**numbers, constant: new})
    yield formula + sympy.Float(0.1 * (abs(form.values).max(initial=0.0) or 1.0))


def _with(part: sympy.Expr, column: sympy.Symbol) -> tuple[sympy.Expr, ...]:
    return (
        part * column ** sympy.Float(0.5),
        part * column ** sympy.Float(-0.5),
        part * sympy.exp(sympy.Float(0.1) * column),
        part * (1 + sympy.Float(0.1) * column),
        part + sympy.Float(0.1) * column,
        part + sympy.Float(0.1) / column,
    )


def _fitted(formula: sympy.Expr, problem: Problem) -> Simplified | None:
    """With its constants fitted: on few rows, then on more."""
    rows = problem.formula_rows
    form = template(formula, problem.symbols)
    code, values = compile_template(form), form.values
    for some in (rows.evenly(_CHANGES.rows), rows)[len(rows) <= _CHANGES.rows :]:
        fit = fit_constants(code, values, some, steps=_CHANGES.steps)
        if not np.isfinite(fit.loss):
            return None
        values = fit.values
    return Simplified(form.at(values), fit.loss)


def _loss(formula: sympy.Expr, symbols: tuple[sympy.Symbol, ...], rows: Table) -> float:
    form = template(formula, symbols)
    return fit_constants(compile_template(form), form.values, rows, steps=0).loss


def _length(formula: sympy.Expr, loss: float, rows: Table) -> float:
    return description_length(loss, formula, len(rows))


def in_problem(problem: Problem, guess: Equation) -> sympy.Expr | None:
    """A guess over the symbols of a problem, in its units; None where it has a column that the search does not see."""
    used = {symbol.name for symbol in guess.expression.free_symbols}
    if not used <= set(problem.table.names):
        return None
    inside = {
        sympy.Symbol(s.name): s if unit == 1 else s * sympy.Float(unit)
        for s, unit in zip(problem.symbols, problem.x_unit.tolist(), strict=True)
    }
    formula = put_in(guess.expression, inside)
    return formula if problem.y_unit == 1 else formula / sympy.Float(problem.y_unit)


def with_guesses(problem: Problem, guesses: tuple[Equation, ...]) -> Problem:
    """The problem that a search goes on from them."""
    formulas = (in_problem(problem, guess) for guess in guesses)
    return replace(problem, guesses=tuple(formula for formula in formulas if formula is not None))
