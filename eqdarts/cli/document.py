"""What was found as one JSON document, for scripts."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from eqdarts import __version__

if TYPE_CHECKING:
    import pandas as pd

    from eqdarts.equation.equation import Equation
    from eqdarts.estimator import DARTSRegressor


def dumps(document: dict[str, Any]) -> str:
    """A document in ASCII, so that no terminal nor encoding minds what names are in it."""
    return json.dumps({"eqdarts": __version__, **document}, indent=2, allow_nan=False)


def of_model(model: DARTSRegressor, warnings: Sequence[str], files: Sequence[str] = ()) -> dict[str, Any]:
    """The chosen law with its constants and their errors, the front, its rivals, and how the search went.

    Of a model of several targets a list of these.

    warnings: that were shown, a list that may grow here   files: what was written
    """
    if len(model.outputs_) > 1:
        outputs = [_of_one(one) for one in model.outputs_]
        return {"outputs": outputs, "latex": model.latex(), "files": list(files), "warnings": list(warnings)}
    return {**_of_one(model), "files": list(files), "warnings": list(warnings)}  # the last, as that may warn


def _of_one(model: DARTSRegressor) -> dict[str, Any]:
    law, best = model.equation(), int(model.best_index_)
    front = rows_of(model.equations_)
    for row, equation in zip(front, model.front_, strict=True):
        row["latex"] = equation.latex()
    chosen = {name: value for name, value in front[best].items() if name != "score"}
    return {
        "target": law.target,
        "columns": list(law.columns),
        "law": {**chosen, "index": best, **of_equation(law)},
        "front": [{"index": k, "chosen": k == best, **row} for k, row in enumerate(front)],
        "rivals": rows_of(model.rivals_),
        "loss": model.loss_.name,
        "noise": {"form": model.noise_.form, "text": model.noise_.text(law.loss)},
        "rows": model.training_.rows,
        "stop_reason": model.stop_reason_,
        "settings": model.to_dict()["settings"],
    }


def of_equation(equation: Equation) -> dict[str, Any]:
    """A formula in all its digits, as LaTeX, and its constants."""
    constants = equation.constants.reset_index(names="name")
    return {
        "equation": equation.text(),
        "expression": str(equation),
        "latex": equation.latex(),
        "columns": list(equation.formula.used),
        "constants": rows_of(constants),
        "confidence": None if equation.fit is None else equation.fit.confidence,
    }


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table of numbers and texts; what is no finite number is null."""
    return [
        {str(name): plain(value) for name, value in row.items()}
        for row in table.drop(columns="sympy", errors="ignore").to_dict("records")
    ]


def plain(value: Any) -> Any:
    """A cell as JSON has it."""
    if isinstance(value, str | bool) or value is None:
        return value
    number = float(value)
    if not math.isfinite(number):
        return None
    return int(value) if isinstance(value, int) else number
