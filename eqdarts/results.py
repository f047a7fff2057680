"""The files about a fitted model that people take away."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd

from eqdarts.formula.records import dump
from eqdarts.formula.visible import csv_text
from eqdarts.plots import overview, plot_groups
from eqdarts.report import report_html


def equation_tex(model: Any, X: pd.DataFrame, y: pd.Series) -> bytes:
    """The chosen equation in LaTeX."""
    return f"{model.latex()}\n".encode()


def equations_csv(model: Any, X: pd.DataFrame, y: pd.Series) -> bytes:
    """The front as a table."""
    equations = model.equations_.drop(columns="sympy", errors="ignore")
    if len(model.outputs_) > 1:
        chosen = np.concatenate([np.arange(len(one.front_)) == one.best_index_ for one in model.outputs_])
    else:
        chosen = equations.index == model.best_index_
    equations.insert(0, "chosen", chosen)
    return csv_text(equations, index_label="index").encode()


def fit_png(model: Any, X: pd.DataFrame, y: pd.Series) -> bytes:
    """A picture of the fit and the front; of a model in groups, of each group."""
    picture = BytesIO()
    in_groups = getattr(model, "groups_", None)  # what tells classes has no groups
    figure = plot_groups(model) if in_groups else overview(model, X, y)
    figure.savefig(picture, format="png", dpi=150)
    return picture.getvalue()


def model_json(model: Any, X: pd.DataFrame, y: pd.Series) -> bytes:
    """What `DARTSRegressor.load` reads."""
    return str(dump(model.to_dict())).encode()


def report_page(model: Any, X: pd.DataFrame, y: pd.Series) -> bytes:
    """All there is to say about it, as a page."""
    return report_html(model, X, y).encode()


#: By file names, what makes the contents of each.
FILES = {
    "equation.tex": equation_tex, "equations.csv": equations_csv, "fit.png": fit_png, "model.json": model_json,
    "report.html": report_page,
}  # fmt: skip
