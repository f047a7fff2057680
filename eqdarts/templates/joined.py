"""Formulas of the unknown functions, put into their template and fitted together."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import sympy
from sympy.core.function import AppliedUndef

from eqdarts.data.table import Table
from eqdarts.equation.composed import Composed, put_together
from eqdarts.equation.front import Front
from eqdarts.fit.formula import Template as Form
from eqdarts.fit.formula import compile_template, fit_constants, template
from eqdarts.formula.templates import Template
from eqdarts.graph.to_sympy import column_symbols, plain
from eqdarts.simplify.canonical import canonical
from eqdarts.simplify.description import description_length, size
from eqdarts.simplify.reduce import shortest_writing
from eqdarts.simplify.snapping import snap

# None of these is tuned.
_FORMULAS = 8  # of each function that are tried
_JOINED = 100  # of their combinations, at the most
_CLOSER = 16  # of these whose constants are made simple, beside those that are better than every simpler one
_SIGNED = 6  # functions at the most whose signs are looked at


@dataclass(frozen=True, eq=False)
class Joint:
    """A template with formulas for its functions, whose constants are free.

    Attributes
    ----------
    template : Template
    bodies : tuple of (applied function, Form)
        The formula of each function, over its arguments and constants that no other has.
    numbers : tuple of expressions
        Of the constants of the template, and then of those of the bodies.
    """

    template: Template
    bodies: tuple[tuple[AppliedUndef, Form], ...]
    numbers: tuple[sympy.Expr, ...]

    @classmethod
    def of(cls, law: Template, formulas: Sequence[sympy.Expr], constants: Sequence[sympy.Expr]) -> Joint:
        """With these formulas, one for each function, and numbers; floats are where the fit starts."""
        bodies, numbers = [], list(constants)
        for k, (function, formula) in enumerate(zip(law.functions, formulas, strict=True)):
            applied = function.applied
            form = template(formula, applied.args)
            own = [sympy.Symbol(f" {k}, {i}") for i in range(len(form.constants))]
            body = form.expression.xreplace(dict(zip(form.constants, own, strict=True)))
            bodies.append((applied, replace(form, expression=body, constants=tuple(own))))
            numbers += [sympy.Float(value) for value in form.values]
        return cls(law, tuple(bodies), tuple(numbers))

    @property
    def form(self) -> Form:
        """The law as a formula of the columns, with symbols for all constants that are floats now."""
        roles = ["factor"] * len(self.template.constants)
        symbols = [sympy.Symbol(name) for name in self.template.constants]
        for _, body in self.bodies:
            symbols += body.constants
            roles += body.roles
        formulas = {applied: body.expression for applied, body in self.bodies}
        whole = put_together(self.template.expression, formulas, {})
        pairs = zip(symbols, self.numbers, roles, strict=True)
        held = {s: n for s, n, _ in pairs if not isinstance(n, sympy.Float)}
        free = [k for k, s in enumerate(symbols) if s not in held]
        columns = tuple(map(sympy.Symbol, self.template.columns))
        return Form(
            whole.xreplace(held),
            columns,
            tuple(symbols[k] for k in free),
            np.array([float(self.numbers[k]) for k in free]),
            tuple(roles[k] for k in free),
        )

    def at(self, found: Sequence[sympy.Expr]) -> Joint:
        """With these numbers for the constants of `form`."""
        new = iter(found)
        return replace(
            self, numbers=tuple(next(new) if isinstance(n, sympy.Float) else n for n in self.numbers)
        )  # fmt: skip

    def fitted(self, table: Table, steps: int = 40) -> tuple[Joint, float]:
        """With its constants fitted to a table, and the loss; infinite where it is undefined."""
        form = self.form
        code = compile_template(form)
        fit = fit_constants(code, form.values, table, steps=steps)
        return self.at(tuple(map(sympy.Float, fit.values))), float(fit.loss)

    def simpler(self, table: Table, deadline: float) -> Joint | None:
        """With simple numbers for its constants where the rows do not object; None if it is undefined on them."""
        outcome = snap(self.form, table, deadline)
        return None if outcome is None else self.at(outcome.numbers)

    def written(self, rows: list[np.ndarray]) -> Joint:
        """With each formula in its shortest writing, and as few minus signs before them as there can be.

        rows: of the arguments of each function [n, d]
        """
        composed = self.composed
        formulas = [_plainly(*one, X) for one, X in zip(composed.functions, rows, strict=True)]
        numbers = [number for _, number in composed.constants]
        return Joint.of(self.template, self._with_signs(formulas, numbers, rows), numbers)

    def _with_signs(
        self, formulas: list[sympy.Expr], numbers: list[sympy.Expr], rows: list[np.ndarray]
    ) -> list[sympy.Expr]:
        """Signs that cancel in the template, as those of two factors do, are left out."""
        law, best = self.template, formulas
        bare = [sympy.Dummy(real=True) for _ in law.functions]
        values = {f.applied: symbol for f, symbol in zip(law.functions, bare, strict=True)}
        whole = put_together(law.expression, values, dict(zip(law.constants, numbers, strict=True)))
        for turned in product((False, True), repeat=len(bare)):
            signs = {symbol: -symbol for symbol, turn in zip(bare, turned, strict=True) if turn}
            if signs and len(bare) <= _SIGNED and whole.xreplace(signs) == whole:
                others = [-f if turn else f for f, turn in zip(formulas, turned, strict=True)]
                if _minus_signs(others) < _minus_signs(best):
                    best = others
        return best

    @property
    def composed(self) -> Composed:
        """The law with its parts."""
        count = len(self.template.constants)
        constants = tuple(zip(self.template.constants, self.numbers[:count], strict=True))
        functions, start = [], count
        for applied, body in self.bodies:
            end = start + len(body.constants)
            functions.append((applied, body.at(self.numbers[start:end])))
            start = end
        return Composed(self.template.expression, tuple(functions), constants)

    @property
    def expression(self) -> sympy.Expr:
        """The law as a formula of the columns."""
        return self.composed.expression


def _plainly(applied: AppliedUndef, formula: sympy.Expr, X: np.ndarray) -> sympy.Expr:
    names = tuple(argument.name for argument in applied.args)
    symbols = column_symbols(names, tuple(bool((column > 0).all()) for column in X.T))
    known = formula.xreplace(dict(zip(applied.args, symbols, strict=True)))
    return plain(shortest_writing(canonical(known, symbols, X)))


def _minus_signs(formulas: list[sympy.Expr]) -> int:
    return sum(bool(formula.could_extract_minus_sign()) for formula in formulas)


def formulas_of(front: Front) -> list[sympy.Expr]:
    """The formulas of a function that are worth trying: the shortest descriptions, and the rest of the front."""
    found = [equation.expression for equation, _ in front.offered[:_FORMULAS]]
    return list(dict.fromkeys([*found, *(equation.expression for equation in front)]))


def joined(
    law: Template,
    choices: Sequence[Sequence[sympy.Expr]],
    constants: np.ndarray,
    sample: Table,
    rows: list[np.ndarray],
    deadline: float,
) -> Iterator[Joint]:
    """Combinations of formulas, fitted jointly: those of the shortest descriptions, and the best of every complexity.

    choices: formulas of each function, best first   constants: of the template, where fits start
    rows: of the arguments of each function [n, d]
    """
    starts = [sympy.Float(value) for value in constants]
    ranks = sorted(product(*(range(len(some)) for some in choices)), key=lambda places: (sum(places), places))
    found: list[_Tried] = []
    for places in ranks[:_JOINED]:
        formulas = [some[k] for some, k in zip(choices, places, strict=True)]
        joint, loss = Joint.of(law, formulas, starts).fitted(sample)
        if np.isfinite(loss):
            whole = joint.expression
            found.append(_Tried(joint, loss, size(whole), description_length(loss, whole, len(sample))))
        if time.monotonic() > deadline and found:
            break
    found.sort(key=lambda one: one.length)
    best = [one for one in found if not any(o.size <= one.size and o.loss < one.loss for o in found)]
    for one in dict.fromkeys([*found[:_CLOSER], *best]):
        simple = one.joint.simpler(sample, deadline) if time.monotonic() < deadline else None
        yield one.joint if simple is None else simple.written(rows)


@dataclass(frozen=True, eq=False)
class _Tried:
    """A combination with its loss, its complexity, and the length of its description."""

    joint: Joint
    loss: float
    size: int
    length: float
