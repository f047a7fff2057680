"""Several outputs of the same columns → one structure for all, and what the model of each output keeps.

Outputs are groups of rows whose targets are not alike: each is measured in units of its own deviation, the structure is
searched and chosen for all together (`eqdarts.grouped.discover`), and every constant is an output's own. Then each
equation is written for each output, with the numbers of this one, in the units of its target.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import sympy

from eqdarts.data.kept import Training, keep
from eqdarts.data.noise import GIVEN, Noise
from eqdarts.data.table import Table
from eqdarts.data.zero import measure_of
from eqdarts.equation.equation import Equation
from eqdarts.equation.front import Front
from eqdarts.equation.joint import Joint
from eqdarts.equation.left_out import with_left_out
from eqdarts.equation.model_file import Summary
from eqdarts.equation.precision import with_digits
from eqdarts.errors import InputDataError
from eqdarts.formula.substitution import put_in
from eqdarts.graph.space import SearchSpace
from eqdarts.grouped.discover import discover_groups
from eqdarts.grouped.rating import not_rated, rated_groups
from eqdarts.runtime.interrupts import interrupts
from eqdarts.runtime.leaving import in_time
from eqdarts.search.fit_options import FitOptions
from eqdarts.search.history import EpochRecord
from eqdarts.simplify.description import size

_ROUND = 1e-9  # as far as a constant of an exact equation may be from an integer that it is shown as (not tuned)
_EXACT = 1e-20  # loss of such an equation (not tuned)


@dataclass(frozen=True, eq=False)
class FoundOfOutput:
    """What the model of one output keeps.

    Attributes
    ----------
    front : Front
        Row k has the same structure for all outputs.
    rivals : tuple of Equation
    training : Training
    summary : Summary
    noise : Noise
    """

    front: Front
    rivals: tuple[Equation, ...]
    training: Training
    summary: Summary
    noise: Noise


@dataclass(frozen=True, eq=False)
class FoundShared:
    """What is found for all outputs.

    Attributes
    ----------
    outputs : tuple of FoundOfOutput
    space : SearchSpace or None
    history : tuple of EpochRecord
        Of the first search, which saw the rows of all outputs.
    leaves_something : bool
    stop_reason : str
    """

    outputs: tuple[FoundOfOutput, ...]
    space: SearchSpace | None
    history: tuple[EpochRecord, ...]
    leaves_something: bool
    stop_reason: str


@contextmanager
def discovered_for_all(
    tables: Sequence[Table], options: FitOptions, noises: Sequence[Noise], rng: np.random.Generator, start: float
) -> Iterator[FoundShared]:
    """What is found for outputs of the same columns; Ctrl-C, then and while it is stored, costs nothing of it.

    tables: checked, one per output   noises: of each
    """
    counted = [_counted(table) for table in tables]
    labels = [table.target for table in tables]
    known = noises[0].form == GIVEN
    with np.errstate(all="ignore"), interrupts() as noted:
        seen = [_in_own_units(table) if known else table for table in counted]
        found = discover_groups(
            seen, labels, replace(options, noise=noises[0]), rng, start, noted, "output", alike=False
        )
        rated = in_time(found.end, partial(rated_groups, found.front, found.table)) or not_rated(found.front)
        result = found.found.result
        outputs = []
        for table, whole, unit, noise in zip(counted, tables, found.units, noises, strict=True):
            of_front, rivals = (
                tuple(of_output(equation, table, float(unit)) for equation in some)
                for some in (rated.equations, rated.rivals)
            )
            training = keep(table, whole.observations, noise, table.weights, most=table.X.size)
            front = Front(of_front, found.front.rows)
            outputs.append(FoundOfOutput(front, rivals, training, Summary.of(whole, len(table)), noise))
        yield FoundShared(
            tuple(outputs), found.space, () if result is None else result.history, rated.leaves_something,
            found.stop_reason,
        )  # fmt: skip


def check_outputs(tables: Sequence[Table]) -> None:
    """Raise `InputDataError` where an output has no shape that others could share."""
    for table in tables:
        if table.y.min() == table.y.max():
            raise InputDataError(
                f"shared: the output {table.target!r} has one value only, which every structure has; leave it out of y"
            )


def of_output(equation: Equation, table: Table, unit: float) -> Equation:
    """An equation of all outputs with the constants of one of them, in the units of its target.

    unit: of the target, in which the equation was fitted
    """
    own = equation.by_group
    assert own is not None, "equations of several outputs have constants of each"
    numbers = {sympy.Symbol(name): value for name, value in own.of(table.target).items()}
    factor = next(f for f in sympy.Mul.make_args(equation.expression) if f in numbers)
    numbers[factor] *= unit
    structure, multiplied = spread(equation.expression, factor, set(numbers))
    numbers |= {constant: numbers[constant] * numbers[factor] for constant in multiplied}
    joint = Joint(size(structure), equation.relative_loss, own.length)
    exact = equation.relative_loss < _EXACT
    expression = put_in(structure, {name: _number(value, exact) for name, value in numbers.items()})
    one = replace(
        equation, expression=expression, target=table.target, by_group=None, digits=None, joint=joint,
    )  # fmt: skip
    square = float(np.average((one.predict(table.X) - table.y) ** 2, weights=table.weights))
    one = replace(one, loss=square, relative_loss=float(measure_of(table).loss(square)))
    return with_left_out(with_digits(one, table), table)


def spread(
    expression: sympy.Expr, factor: sympy.Symbol, own: set[sympy.Symbol]
) -> tuple[sympy.Expr, tuple[sympy.Symbol, ...]]:
    """a·(b + f(x)) as b + a·f(x), and the constants that are multiplied by a so.

    Only where a does not stand more often then. Where every term has a constant of its own a is needless, and goes.

    Examples
    --------
    >>> a, b, x = sympy.symbols("a b x")
    >>> spread(a * (b + sympy.exp(x)), a, {a, b})
    (a*exp(x) + b, (b,))
    >>> spread(a * (1 - sympy.exp(-b * x)), a, {a, b})[1]
    ()
    """
    rest = [part for part in sympy.Mul.make_args(expression) if part != factor]
    if len(rest) != 1 or not rest[0].is_Add:
        return expression, ()
    terms = [(term, [f for f in sympy.Mul.make_args(term) if f in own]) for term in rest[0].args]
    found = tuple(constants[0] for _, constants in terms if constants)
    once = all(sum(node == c for node in sympy.preorder_traversal(expression)) == 1 for c in found)
    if not once or len(found) < len(terms) - 1:
        return expression, ()
    return sympy.Add(*(term if constants else factor * term for term, constants in terms)), found


def _number(value: float, exact: bool) -> sympy.Expr:
    """As it was fitted; an integer where the rows have no noise and say so."""
    near = round(value)
    return sympy.Integer(near) if exact and abs(value - near) <= _ROUND * abs(value) else sympy.Float(value)


def _counted(table: Table) -> Table:
    """Without rows of weight 0, in an order that does not depend on that of the rows that came."""
    order = table.order()
    return table.rows(order if table.weights is None else order[table.weights[order] > 0])


def _in_own_units(table: Table) -> Table:
    """With weights that come of given errors, for the target in units of its deviation."""
    return replace(table, weights=table.roots**2 * float(np.var(table.y)))
