"""An equation as a differentiable torch module."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import sympy
import torch
from torch import Tensor

from eqdarts.equation.exports.formula import Formula
from eqdarts.errors import InputDataError
from eqdarts.fit.formula import template
from eqdarts.formula.functions import BY_KIND
from eqdarts.formula.tape import Tape, tape


class EquationModule(torch.nn.Module):
    """y = f(X) with the constants of the equation as parameters.

    Attributes
    ----------
    constants : Parameter [K]
        The floats of the equation in float64, in the order in which they stand in it.
    """

    units: Tensor

    def __init__(self, compiled: Tape, values: np.ndarray, units: tuple[float, ...], target_unit: float) -> None:
        super().__init__()
        self.constants = torch.nn.Parameter(torch.tensor(values, dtype=torch.float64))
        self.register_buffer("units", torch.tensor(units or 1.0, dtype=torch.float64))
        self._tape, self._target_unit = compiled, target_unit

    def forward(self, X: Tensor) -> Tensor:
        """X [n, d], all columns of the table in their order. Returns [n]; NaN off the domain."""
        X = X.to(self.constants) / self.units
        inputs = [*X.unbind(1), *self.constants.unbind(0)]
        values: list[Any] = []
        for step in self._tape.steps:
            parts = [values[i] for i in step.inputs]
            if step.kind == "number":
                values.append(step.number)
            elif step.kind == "argument":
                values.append(inputs[int(step.number)])
            else:
                values.append(_apply(step.kind, parts))
        value = torch.as_tensor(values[-1], dtype=self.constants.dtype, device=self.constants.device)
        return self._target_unit * value.expand(len(X))


def to_torch(formula: Formula) -> EquationModule:
    """The module of a formula."""
    columns = tuple(sympy.Symbol(c) for c in formula.columns)
    form = template(formula.expression, columns)
    compiled = tape(form.expression, [*columns, *form.constants])
    for step in compiled.steps:
        if isinstance(step.kind, type) and step.kind not in _SEVERAL and step.kind not in BY_KIND:
            raise InputDataError(
                f"{step.kind.__name__} has no counterpart in torch; export the equation in another form"
            )
    return EquationModule(compiled, form.values, formula.units, formula.target_unit)


def _power(base: Any, exponent: Any) -> Any:
    if not isinstance(exponent, Tensor):
        if exponent == 2:
            return base * base
        if exponent == -1:
            return 1 / base
        if exponent == 0.5:
            return torch.sqrt(base)
    return torch.pow(base, exponent)


def _largest(function: Callable[[Tensor, Tensor], Tensor]) -> Callable[[list[Any]], Any]:
    def of(parts: list[Any]) -> Any:
        like = next(p for p in parts if isinstance(p, Tensor))
        tensors = [
            p if isinstance(p, Tensor) else torch.as_tensor(p, dtype=like.dtype, device=like.device) for p in parts
        ]
        return reduce(function, tensors)

    return of


_SEVERAL: dict[type, Callable[[list[Any]], Any]] = {
    sympy.Add: lambda parts: reduce(lambda a, b: a + b, parts),
    sympy.Mul: lambda parts: reduce(lambda a, b: a * b, parts),
    sympy.Pow: lambda parts: _power(*parts),
    sympy.Max: _largest(torch.maximum),
    sympy.Min: _largest(torch.minimum),
}


def _apply(kind: type, parts: list[Any]) -> Any:
    if kind in _SEVERAL:
        return _SEVERAL[kind](parts)
    return getattr(torch, BY_KIND[kind].torch)(parts[0])
