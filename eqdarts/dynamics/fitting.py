"""`fit`: ordinary differential equations, or difference equations, from noisy trajectories."""

from __future__ import annotations

import inspect
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import sympy
from sklearn.utils import check_random_state

from eqdarts.dynamics.candidates import candidates, reweighed
from eqdarts.dynamics.choose import choose
from eqdarts.dynamics.given import Curves, curves_of, observed
from eqdarts.dynamics.maps import fit_map
from eqdarts.dynamics.model import KINDS, Dynamics, of_flow
from eqdarts.dynamics.system import System
from eqdarts.dynamics.weak import weak_form
from eqdarts.errors import EqdartsError, InputDataError, check_choice, check_flag, check_range
from eqdarts.estimator import DARTSRegressor
from eqdarts.runtime.interrupts import interrupts
from eqdarts.search.fit_options import fit_options

# None of these is tuned.
_SEARCHED = 0.45  # of the time, for the searches; the rest is for trajectories
_FITTED = 0.97  # and when these are fitted
_REWEIGHED = 12  # of the shortest candidates, with the errors of right-hand sides in the covariance
_ROWS_PER_FREEDOM, _LEAST_ROWS, _MOST_ROWS = 2.0, 50, 400  # of the table of derivatives


def fit(
    t: Any,
    states: Any,
    *,
    inputs: Any = None,
    trajectories: Any = None,
    kind: str = "flow",
    order: int = 1,
    lags: int = 1,
    autonomous: bool = True,
    max_time: float | None = 60.0,
    random_state: Any = None,
    **options: Any,
) -> Dynamics:
    """Discover the differential equations of noisy trajectories, dx/dt = f(x, y, ...) for every state.

    A curve is drawn through the observations of each state, by what the rows say of its smoothness and of their noise
    (`eqdarts.dynamics.smoothing`). `DARTSRegressor` searches each right-hand side in the table of its derivatives, and
    sums of monomials are added (Brunton, Proctor & Kutz 2016). Their constants are refitted, and they are ranked, in
    the weak form, which takes no derivative of data (Messenger & Bortz 2021). The best are combined, integrated and
    fitted to the observations themselves, in segments that are as long as the trajectories can be followed, and the
    shortest description of these is chosen.

    Parameters
    ----------
    t : array [n], or a list of them
        Times, rising, at any distances. None for steps 0, 1, 2, ...
    states : DataFrame or array [n, k], or a list of them
        A column per state; those of arrays are called x1, x2, ... A list has a table per trajectory, of any lengths.
    inputs : DataFrame or array [n, m], or a list of them, optional
        Known columns that drive the states, such as a temperature or a dose. Between times they are interpolated.
    trajectories : array [n], optional
        A label for each row of one table: where it changes, another trajectory begins.
    kind : {"flow", "map"}
        Differential equations; or difference equations, x[t+1] = f(x[t], ...), for steps of equal length.
    order : {1, 2}
        Of the differential equations. With 2, d²x/dt² = f(x, xdot, ...), where the velocity of x is called xdot; it is
        not observed.
    lags : int
        Of difference equations: how many steps back the law may look. x[t-1] is called x_lag1.
    autonomous : bool
        False: time is a column too.
    max_time : float, optional
        Seconds for everything together. None: no limit; `max_epochs` bounds the searches then.
    random_state : int, RandomState or None
        Every random number comes from it.
    **options
        All other options of `DARTSRegressor`, for the search of each right-hand side.

    Returns
    -------
    Dynamics
        Prints the equations; `predict` integrates them, `constants` has standard errors, `plot` shows the trajectories.

    Raises
    ------
    InputDataError
        If times repeat or fall, a value is missing, a state is constant, there are fewer than 8 times, or an option is
        not known; the message names the row or the option.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from eqdarts import dynamics
    >>> t = np.linspace(0, 10, 60)
    >>> x = 10 / (1 + 19 * np.exp(-0.8 * t)) + 0.02 * np.random.default_rng(0).normal(size=60)
    >>> law = dynamics.fit(t, pd.DataFrame({"x": x}), max_epochs=1, max_time=None, random_state=0, verbose=0)
    >>> side = law.sympy()["x"].expand()
    >>> (x,) = side.free_symbols
    >>> [round(float(side.coeff(x, power)), 2) for power in (1, 2)]
    [0.8, -0.08]
    >>> bool(abs(law.predict([0, 20], [0.5])["x"].iloc[-1] - 10) < 0.1)
    True
    """
    start = time.monotonic()
    check_choice("kind", kind, KINDS)
    check_choice("order", order, (1, 2))
    check_range("lags", lags, 1, 20, integer=True)
    check_flag("autonomous", autonomous)
    settings = _settings(options, max_time, random_state, kind)
    if kind == "map" and order != 1:
        raise InputDataError("order: difference equations look back by lags=2, they have no second order")
    if kind == "flow" and lags != 1:
        raise InputDataError("lags are of difference equations; for them give kind='map'")
    given = observed(t, states, inputs, trajectories, maps=kind == "map")
    rng = np.random.default_rng(check_random_state(random_state).randint(2**31))
    if kind == "map":
        return fit_map(given, int(lags), bool(autonomous), settings, max_time, rng)
    deadline = np.inf if max_time is None else start + _FITTED * max_time
    curves = curves_of(given, order, not autonomous)
    lists = []
    with interrupts() as pressed:  # in the search of one state it is for those of the others too
        for k in range(len(given.states)):
            left = None
            if max_time is not None:
                rest = deadline - time.monotonic() - (_FITTED - _SEARCHED) * max_time
                left = max(0.5, rest / (len(given.states) - k))
            found = searched(curves, k, settings, left, rng)
            lists.append(candidates(weak_form(curves, k), found))
    deadline = time.monotonic() if pressed.noted else deadline
    for k, some in enumerate(lists):
        if not some:
            raise EqdartsError(f"no right-hand side of {given.states[k]!r} is defined all along its curve")
    pilot = System(tuple(some[0].expression for some in lists), curves[0].columns, order, not autonomous)
    with np.errstate(all="ignore"):
        slopes = [[pilot.by_states(k, one.values(one.grid)) for one in curves] for k in range(len(lists))]
    lists = [reweighed(some[:_REWEIGHED], weak_form(curves, k, slopes[k])) for k, some in enumerate(lists)]
    chosen = choose(lists, curves, given.spread, deadline)
    return of_flow(given, lists, chosen)


def _settings(options: dict[str, Any], max_time: float | None, random_state: Any, kind: str) -> dict[str, Any]:
    """The options of each search, checked before any."""
    known = [name for name in inspect.signature(DARTSRegressor).parameters if name not in ("max_time", "random_state")]
    for name in options:
        if name not in known:
            raise InputDataError(f"{name} is no option; those of DARTSRegressor are {', '.join(known)}")
    model = DARTSRegressor(**options, max_time=max_time, random_state=random_state)
    fit_options(model.get_params(deep=False), dynamics=kind)
    return dict(options)


def searched(
    curves: Sequence[Curves], state: int, options: dict[str, Any], share: float | None, rng: np.random.Generator
) -> list[sympy.Expr]:
    """Right-hand sides that the search finds in the table of derivatives of one state."""
    X, y, weight = derivative_table(curves, state)
    model = DARTSRegressor(**{**options, "max_time": share, "random_state": int(rng.integers(2**31))})
    model.fit(X, y, weight)
    return list(dict.fromkeys([*model.rivals_["sympy"], *model.equations_["sympy"]]))


def derivative_table(curves: Sequence[Curves], state: int) -> tuple[pd.DataFrame, pd.Series, np.ndarray]:
    """States and a derivative, with weights by its error; as many rows as the curves have to say."""
    parts, targets, errors = [], [], []
    total = sum(one.observations for one in curves)
    for one in curves:
        curve = one.smooths[state]
        freedom = max(s.freedom for s in one.smooths)
        least = max(8, _LEAST_ROWS * one.observations // total)
        count = int(np.clip(_ROWS_PER_FREEDOM * freedom, least, _MOST_ROWS))
        t = np.linspace(*curve.span, count)
        parts.append(one.values(t))
        targets.append(curve.at(t, one.order))
        errors.append(curve.error(t, one.order))
    X = pd.DataFrame(np.concatenate(parts), columns=list(curves[0].columns))
    error = np.concatenate(errors)
    return X, pd.Series(np.concatenate(targets), name="derivative"), (np.median(error) / error) ** 2
