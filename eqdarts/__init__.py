"""Discover equations from data by differentiable architecture search."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from eqdarts.errors import EqdartsError, InputDataError, SearchWarning

if TYPE_CHECKING:
    from eqdarts import dynamics
    from eqdarts.classifier import DARTSClassifier
    from eqdarts.data.indicators import one_hot
    from eqdarts.data.reading import read_table
    from eqdarts.equation.equation import Equation
    from eqdarts.equation.front import Front
    from eqdarts.equation.refit import refit
    from eqdarts.estimator import DARTSRegressor
    from eqdarts.formula.parsing import parse_expression
    from eqdarts.graph.operations import OPERATIONS, Operation
    from eqdarts.graph.registering import register_operation
    from eqdarts.knowledge.constraints import Constraints
    from eqdarts.loading import load_model
    from eqdarts.pipelines import unscaled
    from eqdarts.propose.sources import PROPOSERS
    from eqdarts.sweeping import sweep

__version__ = "0.1.0"
__all__ = [
    "OPERATIONS",
    "PROPOSERS",
    "Constraints",
    "DARTSClassifier",
    "DARTSRegressor",
    "EqdartsError",
    "Equation",
    "Front",
    "InputDataError",
    "Operation",
    "SearchWarning",
    "dynamics",
    "load_model",
    "one_hot",
    "parse_expression",
    "read_table",
    "refit",
    "register_operation",
    "sweep",
    "unscaled",
]

#: Where the other public names live. They are loaded on first use (PEP 562), since torch takes seconds
#: and ``eqdarts --help`` needs none of it.
_HOMES = {
    "Constraints": "eqdarts.knowledge.constraints",
    "DARTSClassifier": "eqdarts.classifier",
    "DARTSRegressor": "eqdarts.estimator",
    "Equation": "eqdarts.equation.equation",
    "Front": "eqdarts.equation.front",
    "OPERATIONS": "eqdarts.graph.operations",
    "load_model": "eqdarts.loading",
    "Operation": "eqdarts.graph.operations",
    "PROPOSERS": "eqdarts.propose.sources",
    "one_hot": "eqdarts.data.indicators",
    "parse_expression": "eqdarts.formula.parsing",
    "read_table": "eqdarts.data.reading",
    "refit": "eqdarts.equation.refit",
    "register_operation": "eqdarts.graph.registering",
    "sweep": "eqdarts.sweeping",
    "unscaled": "eqdarts.pipelines",
}


def __getattr__(name: str) -> Any:
    if name == "dynamics":  # a module itself, which takes as long to load as what it uses
        return import_module("eqdarts.dynamics")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, "dynamics"})
