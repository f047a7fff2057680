"""Discover equations from data by differentiable architecture search."""

from eqdarts.errors import EqdartsError, InputDataError, SearchWarning
from eqdarts.estimator import DARTSRegressor
from eqdarts.operations import OPERATIONS, Operation, register_operation

__version__ = "0.1.0"
__all__ = ["OPERATIONS", "EqdartsError", "InputDataError", "Operation", "SearchWarning", "register_operation"]
