"""Models for figures, which no search has made: equations, rows, and a history of α."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import sympy

from eqdarts.data.noise import ADDITIVE
from eqdarts.equation.equation import Equation
from eqdarts.errors import InputDataError
from eqdarts.formula.parsing import parse_expression
from eqdarts.graph.genotype import Genotype
from eqdarts.graph.space import SearchSpace

OPERATIONS = ("zero", "scale", "linear", "power", "exp", "sin", "logistic")
GENOTYPE = Genotype(
    ("power", "power", "zero", "sin", "zero", "exp", "zero", "zero", "zero", "logistic", "power", "scale"),
    ("product", "sum", "product"),
    (False, True, True, False, False, True, True),
)


class Drawn(SimpleNamespace):
    """The attributes of a fitted model that figures read."""

    def training_rows(self):
        if self.rows is None:
            raise InputDataError("this model was saved without its training rows")
        return self.rows

    def equation(self, index=None):
        return self.front_[self.best_index_ if index is None else index]


def equation(text, columns, target="force", loss=0.01, relative_loss=1e-4, **more):
    """An equation of a front, in the names of the columns."""
    expression = parse_expression(text, columns) if isinstance(text, str) else sympy.sympify(text)
    return Equation(expression, tuple(columns), target, loss, relative_loss, "sample", **more)


def one_column(law="3*exp(-0.5*time) + 1", n=11, **changes):
    """A constant, a line and a law of `time`; the rows lie on the law."""
    X = pd.DataFrame({"time": np.linspace(0.5, 5, n)})
    front = [
        equation("2", ["time"], loss=1.0, relative_loss=1.0, probability=0.001),
        equation("2.5 - 0.4*time", ["time"], loss=0.25, relative_loss=0.25, probability=0.1),
        equation(law, ["time"], loss=0.01, relative_loss=0.01, probability=0.9),
    ]
    return drawn(front, X, **changes)


def several_columns(n=11, names=("m1", "m2", "r"), **changes):
    """A front of three columns whose last equation is m1·m2/r²; the rows lie on it."""
    X = pd.DataFrame(np.random.default_rng(0).uniform(1, 2, (n, 3)), columns=list(names))
    a, b, c = map(sympy.Symbol, names)
    front = [
        equation(sympy.Float(0.8), names, loss=1.2, relative_loss=1.0),
        equation(a, names, loss=0.3, relative_loss=0.3),
        equation(a * b / c**2, names, loss=0.01, relative_loss=1e-2, genotype=GENOTYPE),
    ]
    return drawn(front, X, **changes)


def drawn(front, X, epochs=7, nodes=3, operations=OPERATIONS, **changes):
    """The last of the front is chosen; α takes random steps."""
    space = SearchSpace(front[0].columns, nodes, operations)
    rng = np.random.default_rng(0)
    alpha = 0.6 * np.cumsum(rng.normal(size=(epochs, 1, 2, len(space.edges), len(operations))), axis=0)
    alpha[:, :, :, 0, 2] = -np.inf
    loss = 10 ** np.linspace(0, -6, epochs)
    history = {
        "epoch": np.arange(1, epochs + 1),
        "seconds": 0.1,
        "nodes": np.sort(np.arange(epochs) % 3) + 1,
        "train_loss": loss * rng.lognormal(size=epochs),
        "validation_loss": loss * rng.lognormal(1, 1, size=epochs),
        "best_loss": loss,
    }
    values = {
        "front_": front,
        "best_index_": len(front) - 1,
        "target_name_": front[0].target,
        "noise_": ADDITIVE,
        "rows": (X, pd.Series(front[-1].predict(X), name=front[0].target)),
        "rivals_": pd.DataFrame({"sympy": [], "probability": []}),
        "history_": pd.DataFrame(history),
        "alpha_history_": alpha,
        "search_space_": space,
        "genotype_": front[-1].genotype,
    }
    return Drawn(**{**values, **changes})


def texts(ax):
    """What is written on axes."""
    return [text.get_text() for text in ax.texts]
