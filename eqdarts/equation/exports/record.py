"""An equation as plain values for JSON, and back. Formulas are text that the whitelist parser reads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Protocol

import sympy

from eqdarts.equation.exports.formula import Formula
from eqdarts.errors import InputDataError
from eqdarts.formula.known import KnownConstant, known_in, with_known
from eqdarts.formula.numbers import MOST_DIGITS
from eqdarts.formula.parsing import MAX_LENGTH, parse_expression
from eqdarts.formula.records import Record, or_null
from eqdarts.formula.text import format_expression
from eqdarts.graph.genotype import Genotype
from eqdarts.graph.links import LINK_NAMES
from eqdarts.graph.space import AGGREGATORS


class Exported(Protocol):
    """What is read of an equation."""

    @property
    def expression(self) -> sympy.Expr: ...
    @property
    def columns(self) -> tuple[str, ...]: ...
    @property
    def loss(self) -> float: ...
    @property
    def relative_loss(self) -> float: ...
    @property
    def origin(self) -> str: ...
    @property
    def genotype(self) -> Genotype | None: ...
    @property
    def inner(self) -> sympy.Expr | None: ...
    @property
    def units(self) -> tuple[float, ...]: ...
    @property
    def target_unit(self) -> float: ...
    @property
    def digits(self) -> int | None: ...
    @property
    def probability(self) -> float | None: ...
    @property
    def left_out(self) -> float | None: ...
    @property
    def dimensional(self) -> int: ...
    @property
    def constant_units(self) -> Mapping[str, str] | None: ...


def in_table_units(formula: Formula) -> sympy.Expr:
    """The formula with its units multiplied out; its numbers may be beyond the range of doubles."""
    units = dict(zip(formula.columns, formula.units, strict=True)) if formula.units else {}
    own = {sympy.Symbol(name): sympy.Symbol(name) / sympy.Float(u) for name, u in units.items() if u != 1}
    outer = sympy.Float(formula.target_unit) if formula.target_unit != 1 else sympy.Integer(1)
    return outer * formula.expression.subs(own)


def write(equation: Exported) -> dict[str, Any]:
    """Everything but columns and target, which the equations of a model share."""
    scaled = None
    if equation.inner is not None:
        scaled = {
            "expression": format_expression(equation.inner),
            "column_units": list(equation.units),
            "target_unit": equation.target_unit,
        }
    known = known_in(equation.expression)
    return {
        "expression": _for_readers(equation.expression) if scaled else format_expression(equation.expression),
        "known": {name: [one.number, one.choices] for name, one in known.items()} or None,
        "loss": or_null(equation.loss),
        "relative_loss": or_null(equation.relative_loss),
        "origin": equation.origin,
        "genotype": None if equation.genotype is None else equation.genotype.to_dict(),
        "scaled": scaled,
        "digits": equation.digits,
        "probability": equation.probability,
        "left_out": equation.left_out,
        **_of_units(equation),
    }


def _of_units(equation: Exported) -> dict[str, Any]:
    """Nothing where those of the columns were not given."""
    if equation.constant_units is None:
        return {}
    return {"dimensional": equation.dimensional, "constant_units": dict(equation.constant_units)}


def read(record: Record, columns: tuple[str, ...], target: str) -> dict[str, Any]:
    """The arguments of an equation."""
    fields: dict[str, Any] = {
        "columns": columns,
        "target": target,
        "loss": _or_beyond(record.number_or_nan("loss")),
        "relative_loss": record.number_or_nan("relative_loss"),
        "origin": record.text("origin"),
        "genotype": _genotype(record.record("genotype")) if "genotype" in record else None,
    }
    if "digits" in record:
        fields["digits"] = record.integer("digits", 1, MOST_DIGITS)
    if "probability" in record:
        fields["probability"] = record.share("probability")
    if "left_out" in record:
        fields["left_out"] = record.number("left_out", 0.0)
    if "constant_units" in record:
        units_of = record.record("constant_units")
        fields["constant_units"] = {name: units_of.text(name) for name in units_of.data}
        fields["dimensional"] = record.integer("dimensional", 0)
    if "scaled" not in record:
        known = read_known(record)
        return {**fields, "expression": with_known(_expression(record, (*columns, *known)), known)}
    scaled = record.record("scaled")
    inner = _expression(scaled, columns)
    units = scaled.items("column_units", Record.number)
    target_unit = scaled.number("target_unit")
    if len(units) != len(columns) or not all(u > 0 for u in (*units, target_unit)):
        raise scaled.error("column_units", f"expected {len(columns)} positive numbers, and a positive target_unit")
    expression = in_table_units(Formula(inner, columns, target, units, target_unit))
    return {**fields, "expression": expression, "inner": inner, "units": units, "target_unit": target_unit}


def _or_beyond(loss: float) -> float:
    """A loss that JSON cannot hold is a mean square beyond the doubles, as of a target of 1e200."""
    return math.inf if math.isnan(loss) else loss


def read_known(record: Record) -> dict[str, KnownConstant]:
    """The known constants that stand in an equation, by name."""
    if "known" not in record:
        return {}
    known = record.record("known")
    pairs = {name: known.items(name, Record.number) for name in known.data}
    if any(len(pair) != 2 or pair[0] == 0 or not pair[1] >= 1 for pair in pairs.values()):
        raise record.error("known", "expected a number other than zero and a count for each name")
    return {name: KnownConstant(name, value, int(choices)) for name, (value, choices) in pairs.items()}


def _expression(record: Record, columns: tuple[str, ...]) -> sympy.Expr:
    text = record.text("expression", MAX_LENGTH)
    try:
        return parse_expression(text, columns, others=False, evaluate=False)
    except InputDataError as error:
        raise InputDataError(f"{record.where}: {error}") from error


def _genotype(record: Record) -> Genotype:
    return Genotype(
        record.items("operations", Record.text),
        record.items("aggregators", lambda r, k: r.choice(k, AGGREGATORS)),
        record.items("readout", Record.boolean),
        record.choice("link", LINK_NAMES),
        record.items("inputs", lambda r, k: r.text(k, MAX_LENGTH)) if "inputs" in record else (),
        record.text("prefactor", MAX_LENGTH) if "prefactor" in record else "1",
    )


def _for_readers(expression: sympy.Expr) -> str:
    """Text that is never read back."""
    try:
        return format_expression(expression)
    except InputDataError:
        return str(expression)
