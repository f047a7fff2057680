"""Where a system goes from a start: integrated, or step by step."""

from __future__ import annotations

import numpy as np
from scipy.integrate import solve_ivp
from scipy.interpolate import CubicSpline

from eqdarts.dynamics.given import Observed
from eqdarts.dynamics.system import System
from eqdarts.errors import EqdartsError

# None of these is tuned.
_FAR = 1e4  # times the range of the observations: further off a trajectory means nothing
_TOLERANCE = 1e-8  # relative, and of the range of a state: far below any noise


def flow(system: System, given: Observed, t: np.ndarray, start: np.ndarray, u: np.ndarray) -> np.ndarray:
    """The variables [n, d] at times t [n], with inputs u [n, m]; by the method of Petzold (1983), stiff or not."""
    drive = CubicSpline(t, u) if u.shape[1] else None
    constants = system.constants[:, None, None]
    largest = max(float(np.abs(one.x).max()) for one in given.trajectories)
    far = _FAR * max(largest, float(np.abs(start).max()))

    def slope(now: float, z: np.ndarray) -> np.ndarray:
        inputs = np.zeros((0, 1)) if drive is None else drive(now)[:, None]
        return system.slope(z[:, None, None], inputs, now, constants)[:, 0, 0]

    def left(now: float, z: np.ndarray) -> float:
        return far - float(np.abs(z).max())

    left.terminal = True  # type: ignore[attr-defined]
    with np.errstate(all="ignore"):
        found = solve_ivp(
            slope,
            (t[0], t[-1]),
            start,
            method="LSODA",
            t_eval=t,
            events=left,
            rtol=_TOLERANCE,
            atol=_TOLERANCE * largest,
        )
    z = np.asarray(found.y, dtype=float).T
    if len(z) < len(t) or not np.isfinite(z).all():
        last = float(found.t_events[0][0]) if len(found.t_events[0]) else float(found.t[-1]) if len(found.t) else t[0]
        raise EqdartsError(
            f"the trajectory from {start.tolist()} leaves all bounds near t = {last:g} (it began at {t[0]:g}): predict "
            "a shorter time, start nearer to the observations, or select another right-hand side"
        )
    return z


def iterates(system: System, states: int, t: np.ndarray, start: np.ndarray, u: np.ndarray) -> np.ndarray:
    """The states [n, k] of a map at n steps.

    start: the states, then those of the steps before
    """
    constants = system.constants[:, None, None]
    past, out = start, [start[:states]]
    with np.errstate(all="ignore"):
        for now, inputs in zip(t[:-1], u[:-1], strict=True):
            new = system.sides(past[:, None, None], inputs[:, None], now, constants)[:, 0, 0]
            if not np.isfinite(new).all():
                raise EqdartsError(f"the states leave all bounds after the step at {now:g}; start elsewhere")
            past = np.concatenate([new, past[:-states]]) if len(past) > states else new
            out.append(new)
    return np.array(out)
