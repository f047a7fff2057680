"""What commands do with a model that tells classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from eqdarts.cli.document import of_equation, of_model, rows_of
from eqdarts.cli.messages import say
from eqdarts.errors import InputDataError, warn

if TYPE_CHECKING:
    from eqdarts.cli.cells import Cells

_KINDS = ("text", "latex")


def is_classifier(model: Any) -> bool:
    """Does a model tell classes?"""
    return hasattr(model, "classes_")


def columns_of(model: Any) -> tuple[str, ...]:
    """The columns that a model of either kind was fitted to."""
    first = model.front_[0]
    found: tuple[str, ...] = (first.equations[0] if is_classifier(model) else first).columns
    return found


def document_of(model: Any, warnings: Sequence[str], files: Sequence[str] = ()) -> dict[str, Any]:
    """What was found as one JSON document, of either kind of model."""
    if not is_classifier(model):
        return of_model(model, warnings, files)
    best, front = int(model.best_index_), rows_of(model.equations_)
    for row, one in zip(front, model.front_, strict=True):
        row["latex"] = one.latex()
    one = model.front_[best]
    scored = [one.classes[k] for k in one.scored]
    return {
        "target": model.target_name_,
        "columns": list(one.equations[0].columns),
        "classes": list(one.classes),
        "baseline": one.classes[one.baseline],
        "scores": {name: of_equation(e) for name, e in zip(scored, one.equations, strict=True)},
        "probabilities": dict(zip(one.classes, map(str, one.sympy()), strict=True)),
        "front": [{"index": k, "chosen": k == best, **row} for k, row in enumerate(front)],
        "rows": model.training_.rows,
        "stop_reason": model.stop_reason_,
        "settings": model.to_dict()["settings"],
        "files": list(files),
        "warnings": list(warnings),  # last, as what stands above may warn
    }


def written(model: Any, kind: str) -> str:
    """The scores of a classifier as text or LaTeX."""
    if kind not in _KINDS:
        raise InputDataError(
            f"--as {kind}: this model tells classes; there are {' and '.join(_KINDS)}, and in Python each score by "
            "itself, as model.equation(label)"
        )
    found: str = model.latex() if kind == "latex" else "\n".join(model.front_[model.best_index_].text())
    return found


def with_classes(
    model: Any, cells: Cells, column: str | None, interval: float | None
) -> tuple[Cells, tuple[str, ...], list[str]]:
    """The table with the most probable class of each row and the probability of every class.

    Beside it the names that the scores speak of, and those of the new columns.
    """
    import numpy as np

    if interval is not None:
        raise InputDataError("--interval: this model tells classes, by probabilities that need no limits; leave it out")
    one, columns, target = model.front_[model.best_index_], columns_of(model), model.target_name_
    cells.grid.check_labels(columns)
    cells.warn_of_other_units({name: unit for name, unit in model.units_.items() if name in one.used})
    new = [column or f"predicted {target}", *(f"P({name})" for name in one.classes)]
    taken = [name for name in new if name in cells.names]
    if taken:
        raise InputDataError(f"{cells.path}: there is a column {taken[0]!r} already; rename it")
    X, rows = cells.numbers(one.used)
    probabilities = one.probabilities(X.reindex(columns=list(columns)).to_numpy(dtype=float))
    defined = np.isfinite(probabilities).all(axis=1)
    if not defined.all():
        first = rows.where(int(np.flatnonzero(~defined)[0]))
        warn(f"a score has no value on {int((~defined).sum())} of {len(X)} rows (first: {first})")
    names = np.array([*one.classes, ""], dtype=object)
    told = names[np.where(defined, probabilities.argmax(axis=1), len(one.classes))]
    if target in rows.grid.header:
        labels = rows.grid.classes(target)[rows.rows]
        right = float(np.mean([str(label) == name for label, name in zip(labels.tolist(), told, strict=True)]))
        say(f"on the {len(told)} rows with {target!r}: {100 * right:.4g} % right")
    whole = rows.with_columns({new[0]: told, **dict(zip(new[1:], probabilities.T, strict=True))})
    return whole, (*one.used, target), new
