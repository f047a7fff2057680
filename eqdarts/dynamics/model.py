"""Discovered dynamics: the equations of all states, what they predict, and how sure they are."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sympy import Expr

from eqdarts.dynamics.candidates import Candidate
from eqdarts.dynamics.choose import Chosen, refined
from eqdarts.dynamics.forward import flow, iterates
from eqdarts.dynamics.given import Observed, curves_of, prediction_inputs
from eqdarts.dynamics.steps import statistics, steps
from eqdarts.dynamics.system import System
from eqdarts.dynamics.writing import to_dict
from eqdarts.equation.equation import Equation
from eqdarts.errors import InputDataError, check_range
from eqdarts.formula.latex import symbol_latex, to_latex, to_text
from eqdarts.formula.records import dump
from eqdarts.formula.text import format_name
from eqdarts.formula.visible import visible
from eqdarts.runtime.writing import write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS = ("flow", "map")
#: Nats by which a right-hand side may be longer than the shortest, and is listed though not on the front (not tuned).
_SHOWN = 10.0


@dataclass(frozen=True, eq=False)
class Dynamics:
    """Equations of motion, as `fit` found them.

    Attributes
    ----------
    system : System
        The right-hand sides.
    observed : Observed
        The trajectories that they were fitted to.
    kind : {"flow", "map"}
    lags : int
        Of a map.
    fronts : tuple of tuple of Candidate
        Of each state the right-hand sides that were found, shortest description first.
    places : tuple of int
        Which of these was chosen for each state.
    errors : array [K]
        Standard errors of all constants, one equation after the other; infinite where the rows do not determine one.
    loss : array [k]
        Mean squared residual of each state: of integrated trajectories, or of the next step of a map.
    followed : int
        Observations in a row over which integrated trajectories were fitted.
    starts : array [trajectories, d]
        Where each trajectory begins: fitted; of a map its first observations.
    """

    system: System
    observed: Observed
    kind: str
    lags: int
    fronts: tuple[tuple[Candidate, ...], ...]
    places: tuple[int, ...]
    errors: np.ndarray
    loss: np.ndarray
    followed: int
    starts: np.ndarray

    @property
    def states(self) -> tuple[str, ...]:
        """Their names."""
        return self.observed.states

    @property
    def variables(self) -> tuple[str, ...]:
        """What a prediction starts from: the states; then their velocities, or their values in the steps before."""
        count = self.lags if self.kind == "map" else self.system.order
        return self.system.columns[: count * len(self.states)]

    @cached_property
    def equations(self) -> dict[str, Equation]:
        """The equation of each state, with LaTeX, exports and all that an `Equation` has."""
        pairs = zip(self.states, self.system.expressions, strict=True)
        return {name: self._equation(k, expression) for k, (name, expression) in enumerate(pairs)}

    @property
    def constants(self) -> pd.DataFrame:
        """A row per constant: state, name, value and std_error, in the order in which they stand in the equations."""
        rows = []
        for k, (name, form) in enumerate(zip(self.states, self.system.templates, strict=True)):
            values = zip(form.values, self.system.of_state(self.errors, k), strict=True)
            rows += [(name, f"c{i}", float(v), float(e)) for i, (v, e) in enumerate(values)]
        return pd.DataFrame(rows, columns=["state", "constant", "value", "std_error"])

    def sympy(self) -> dict[str, Expr]:
        """The right-hand side of each state."""
        return dict(zip(self.states, self.system.expressions, strict=True))

    def text(self, digits: int = 4) -> str:
        """The equations, a line each, with so many significant digits."""
        sides = (to_text(e, digits) for e in self.system.expressions)
        return "\n".join(visible(f"{self._left(name)} = {side}") for name, side in zip(self.states, sides, strict=True))

    def latex(self, digits: int = 4) -> str:
        r"""The equations as LaTeX, aligned at their signs of equality."""
        lines = []
        for name, expression in zip(self.states, self.system.expressions, strict=True):
            right = to_latex(expression, "y", digits).split(" = ", 1)[1]
            lines.append(f"{self._left_latex(name)} &= {right}")
        return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"

    def __str__(self) -> str:
        level = ", ".join(f"{name} {np.sqrt(loss):.3g}" for name, loss in zip(self.states, self.loss, strict=True))
        what = "the next step" if self.kind == "map" else f"trajectories integrated over {self.followed} observations"
        return f"{self.text()}\nroot mean square residual of {what}: {visible(level)}"

    def _repr_latex_(self) -> str:
        """For notebooks."""
        return f"${self.latex()}$"

    def predict(self, t: Any, x0: Any, inputs: Any = None) -> pd.DataFrame:
        """The states at times t, from their values x0 at the first of them.

        Parameters
        ----------
        t : array [n]
            Rising. Of a map: steps, of which only the number counts.
        x0 : sequence of float, or mapping from names
            The `variables` at the first time: states, and for second order their velocities; of a map with lags the
            states, then those of the step before, and so on.
        inputs : DataFrame or array [n, m]
            At these times, if the law has inputs.

        Returns
        -------
        DataFrame [n, k]
            With the times as its index; of second order the velocities stand behind the states.

        Raises
        ------
        EqdartsError
            If the trajectory leaves all bounds, saying when.
        """
        times, u = prediction_inputs(self.observed, t, inputs)
        start = self._start(x0)
        if self.kind == "map":
            z, names = iterates(self.system, len(self.states), times, start, u), self.states
        else:
            z, names = flow(self.system, self.observed, times, start, u), self.variables
        return pd.DataFrame(z, columns=list(names), index=pd.Index(times, name=self.observed.time))

    def score(self, t: Any, states: Any, x0: Any = None, inputs: Any = None) -> float:
        """R² of a predicted trajectory, averaged over the states.

        x0: where it starts; by default the first row of `states`, noise included, which only laws of first order have
        """
        data = (
            states[list(self.states)].to_numpy(float) if isinstance(states, pd.DataFrame) else np.asarray(states, float)
        )
        data = data.reshape(len(data), -1)
        if x0 is None:
            if len(self.variables) != len(self.states):
                raise InputDataError(f"x0: give the first values of {', '.join(self.variables)}")
            x0 = data[0]
        left = self.predict(t, x0, inputs)[list(self.states)].to_numpy() - data
        return float(np.mean(1 - (left**2).sum(axis=0) / ((data - data.mean(axis=0)) ** 2).sum(axis=0)))

    @property
    def depends_on_variables_only(self) -> bool:
        """Are states and velocities all that the law looks at? Then it has a vector field."""
        return self.system.columns == self.variables

    def slopes(self, values: np.ndarray) -> np.ndarray:
        """dz/dt [n, d] at variables z [n, d]; of a map the next states [n, k]."""
        constants = self.system.constants[:, None, None]
        of = self.system.sides if self.kind == "map" else self.system.slope
        return of(values.T[:, None], np.zeros((0, len(values))), 0.0, constants)[:, 0].T

    def front(self, state: str) -> pd.DataFrame:
        """The right-hand sides that were found for a state, simplest first.

        A row each: complexity, loss (of the weak form, or of the next step of a map, as a share of the variance),
        length (of the description, in nats: the shortest is the best by that alone), equation, sympy, origin, chosen.
        """
        k = self._state(state)
        rows = [
            (c.complexity, c.loss, c.length, to_text(c.expression), c.expression, c.origin, place == self.places[k])
            for place, c in self._shown(k)
        ]
        return pd.DataFrame(
            rows, columns=["complexity", "loss", "length", "equation", "sympy", "origin", "chosen"]
        )  # fmt: skip

    def select(self, state: str, row: int) -> Dynamics:
        """With another row of `front(state)`; constants of all equations are fitted to the trajectories again."""
        k = self._state(state)
        shown = self._shown(k)
        check_range("row", row, 0, len(shown) - 1, integer=True)
        places = (*self.places[:k], shown[row][0], *self.places[k + 1 :])
        sides = [*self.system.expressions]
        sides[k] = self.fronts[k][places[k]].expression
        system = replace(self.system, expressions=tuple(sides))
        if self.kind == "map":
            errors, loss = statistics(system, *steps(self.observed, self.lags, self.system.timed))
            return replace(self, system=system, places=places, errors=errors, loss=loss)
        curves = curves_of(self.observed, self.system.order, self.system.timed)
        chosen = refined(system, places, curves, self.observed.spread, time.monotonic() + 60)
        return _with(self, chosen)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write equations, candidates and observations to a JSON file, for `eqdarts.dynamics.load`."""
        write_text(path, dump(to_dict(self)))

    def plot(self) -> Figure:
        """A figure: each state over time with its observations, and the phase portrait of two states or more."""
        from eqdarts.plots.trajectories import plot_dynamics

        return plot_dynamics(self)

    def _equation(self, k: int, expression: Expr) -> Equation:
        name = self.states[k]
        target = f"{name}_next" if self.kind == "map" else f"d{name}/dt" if self.system.order == 1 else f"d²{name}/dt²"
        place = self.fronts[k][self.places[k]]
        return Equation(expression, self.system.columns, target, float(self.loss[k]), place.loss, place.origin)

    def _shown(self, k: int) -> list[tuple[int, Candidate]]:
        """Places and candidates: the front of complexity and loss, those nearly as short as the best, the chosen."""
        some = list(enumerate(self.fronts[k]))
        kept = [
            (p, c) for p, c in some
            if p == self.places[k] or c.length <= some[0][1].length + _SHOWN
            or not any(o.complexity <= c.complexity and o.loss < c.loss for _, o in some)
        ]  # fmt: skip
        return sorted(kept, key=lambda pair: (pair[1].complexity, pair[1].loss))

    def _state(self, state: str) -> int:
        if state not in self.states:
            raise InputDataError(f"{state!r} is none of the states {', '.join(map(repr, self.states))}")
        return self.states.index(state)

    def _start(self, x0: Any) -> np.ndarray:
        if isinstance(x0, dict | pd.Series):
            missing = [name for name in self.variables if name not in x0]
            if missing:
                raise InputDataError(f"x0: {', '.join(missing)} missing; it starts from {', '.join(self.variables)}")
            x0 = [x0[name] for name in self.variables]
        start = np.asarray(x0, dtype=float).ravel()
        if len(start) != len(self.variables) or not np.isfinite(start).all():
            raise InputDataError(f"x0: expected {len(self.variables)} numbers, of {', '.join(self.variables)}")
        return start

    def _left(self, name: str) -> str:
        shown, time_name = format_name(name), self.observed.time
        if self.kind == "map":
            return f"{shown}[{time_name}+1]"
        return f"d{shown}/d{time_name}" if self.system.order == 1 else f"d²{shown}/d{time_name}²"

    def _left_latex(self, name: str) -> str:
        shown, when = symbol_latex(name), symbol_latex(self.observed.time)
        if self.kind == "map":
            return f"{shown}[{when}+1]"
        if self.system.order == 2:
            return rf"\frac{{\mathrm{{d}}^2 {shown}}}{{\mathrm{{d}} {when}^2}}"
        return rf"\frac{{\mathrm{{d}} {shown}}}{{\mathrm{{d}} {when}}}"


def of_flow(given: Observed, lists: Sequence[Sequence[Candidate]], chosen: Chosen) -> Dynamics:
    """What `fit` returns."""
    system = chosen.shot.system
    errors, loss = chosen.shot.errors, chosen.shot.loss
    return Dynamics(
        system, given, "flow", 1, tuple(map(tuple, lists)), chosen.places, errors, loss, chosen.observations,
        chosen.starts_of(given),
    )  # fmt: skip


def _with(law: Dynamics, chosen: Chosen) -> Dynamics:
    errors = chosen.shot.errors
    return replace(
        law, system=chosen.shot.system, places=chosen.places, errors=errors, loss=chosen.shot.loss,
        followed=chosen.observations, starts=chosen.starts_of(law.observed),
    )  # fmt: skip
