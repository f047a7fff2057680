"""The terms on which libraries of symbolic regression compete, and what is kept of their work."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Snapshot:
    """What a library held after so many seconds of its work.

    Attributes
    ----------
    seconds : float
    texts : tuple of str
        Formulas over the names of the columns, the chosen one first if there is a choice; may be empty.
    loss : float or None
        1 − R² of the best on rows that it was not fitted to, where the library says so or predicts otherwise than its
        formula does; otherwise the formulas tell.
    """

    seconds: float
    texts: tuple[str, ...] = ()
    loss: float | None = None


@dataclass(frozen=True, eq=False)
class Task:
    """A table and the terms on which a library may work on it.

    enough: called off the clock with what is held; true ends the work   X_test, y_test: for `Snapshot.loss` only
    """

    X: pd.DataFrame
    y: np.ndarray
    X_test: pd.DataFrame
    y_test: np.ndarray
    budget: float
    seed: int
    threads: int
    enough: Callable[[Snapshot], bool]

    @property
    def names(self) -> list[str]:
        return list(self.X.columns)

    def loss(self, prediction: np.ndarray) -> float:
        return lost(self.y_test, prediction)


@dataclass(frozen=True)
class Library:
    """How a library is loaded, and how it works on a task.

    distribution: its name for `pip`   load: imports and whatever is done once in a process
    work: the history; what it holds at the end comes last, the chosen formula first
    """

    distribution: str
    module: str
    load: Callable[[], object]
    work: Callable[[Task], list[Snapshot]]


def lost(y: np.ndarray, prediction: np.ndarray) -> float:
    """1 − R², infinite where that is undefined."""
    with np.errstate(all="ignore"):
        loss = float(np.sum((y - prediction) ** 2) / np.sum((y - y.mean()) ** 2))
    return loss if np.isfinite(loss) else np.inf


def stepwise(task: Task, steps: Iterator[Callable[[float], Snapshot]]) -> list[Snapshot]:
    """The history of a library that works in steps: no step is begun that the longest so far would take too long.

    steps: each yields a function from the seconds so far to the snapshot, which runs off the clock
    """
    spent, longest, history = 0.0, 0.0, []
    while spent + longest < task.budget or not history:
        start = time.perf_counter()
        shown = next(steps, None)
        last = time.perf_counter() - start
        if shown is None:
            break
        spent, longest = spent + last, max(longest, last)
        history.append(shown(spent))
        if task.enough(history[-1]):
            break
    return history
