"""What the process of a table does: it looks at it, searches for an equation, and writes files about what it found."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from eqdarts.app.reading import looked_at, read
from eqdarts.app.telling import Watcher, told
from eqdarts.data.indicators import one_hot
from eqdarts.errors import InputDataError, kept_warnings
from eqdarts.estimator import DARTSRegressor
from eqdarts.results import FILES


class Stops(Protocol):
    """Lets a search be ended: `eqdarts.app.worker.Stops`."""

    def allowed(self) -> AbstractContextManager[None]: ...


class Desk:
    """One table at a time, and the model of it.

    folder: where files about the model are written   tell: takes events
    """

    def __init__(self, folder: str, stops: Stops, tell: Callable[[dict[str, Any]], None]) -> None:
        self._folder, self._stops, self._tell = Path(folder), stops, tell
        self._found: tuple[DARTSRegressor, pd.DataFrame, pd.Series] | None = None
        self._searches = 0

    def do(self, what: str, **command: Any) -> dict[str, Any]:
        """The reply to a command: "read", "search" or "make"."""
        works: dict[str, Callable[..., dict[str, Any]]] = {
            "read": looked_at, "search": self._search, "make": self._make,
        }  # fmt: skip
        return works[what](**command)

    def _search(self, question: dict[str, Any], path: str, shown_as: str, form: dict[str, Any]) -> dict[str, Any]:
        """Search for the equation of a column; what it finds by and by is told.

        question: the fields of `eqdarts.app.question.Question`
        """
        with kept_warnings():  # they were shown with the table
            table = read(path, shown_as, form)
        X, y, errors = asked_for(table, question)
        model = DARTSRegressor(
            max_time=question["max_time"], max_epochs=question["max_epochs"], noise=question["noise"],
            callback=Watcher(str(y.name), self._tell), random_state=0, verbose=0,
        )  # fmt: skip
        self._tell({"is": "progress"})
        with kept_warnings() as notes:
            try:
                with self._stops.allowed():
                    model.fit(X, y, y_error=errors)
            except KeyboardInterrupt:
                if not hasattr(model, "front_"):
                    return {"is": "stopped"}
        model.set_params(callback=None)
        self._found, self._searches = (model, X, y), self._searches + 1
        return {"is": "found", "notes": notes, **told(model)}

    def _make(self, name: str, index: int) -> dict[str, Any]:
        """Write a file about one of the equations."""
        if self._found is None:
            raise InputDataError("there is no equation yet")
        model, X, y = self._found
        path = self._folder / f"{self._searches}-{index}-{name}"
        if not path.exists():
            path.write_bytes(FILES[name](model.select(index), X, y))
        return {"is": "made", "path": str(path)}


def asked_for(table: pd.DataFrame, question: dict[str, Any]) -> tuple[pd.DataFrame, pd.Series, pd.Series | None]:
    """Columns, target and errors of a question, without rows that have missing cells there if it says so.

    Columns of labels become columns of 0 and 1.
    """
    features, target, errors = question["features"], question["target"], question["errors"]
    part = table[[*features, target, *([errors] if errors else [])]]
    if question["drop_missing"]:
        part = part.dropna().reset_index(drop=True)
    labels = [name for name in features if not pd.api.types.is_numeric_dtype(part[name])]
    X = one_hot(part[features], labels)
    X.attrs = dict(table.attrs)  # units
    return X, part[target], part[errors] if errors else None
