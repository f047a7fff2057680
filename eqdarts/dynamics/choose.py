"""Which right-hand sides go together: integrated trajectories decide."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from eqdarts.dynamics.candidates import Candidate, freed
from eqdarts.dynamics.given import Curves, Observed
from eqdarts.dynamics.shooting import Segments, Shot, segments, segments_of, shoot, substeps_for
from eqdarts.dynamics.system import System
from eqdarts.runtime.leaving import in_time
from eqdarts.simplify.description import description_length

# None of these is tuned.
_FIRST = 12  # observations in the first segments
_LONGER = 3  # times, from one length to the next
_RIVALS, _LARGER = 5, 2  # candidates of a state that are tried, and how many of those are larger than its shortest
_RIVALS_SHARE = 0.5  # of the time that is left, to try them; the rest is for longer segments
_ROUNDS = 3  # over all states
_FLOOR = 1e-12  # of the variance: integration is not more exact
_WORSE = 2.0  # times the noise: longer trajectories that leave more are lost, in chaos or to a poor optimum
_MOST_STEPS = 1200  # of an integration, one after the other


@dataclass(frozen=True, eq=False)
class Chosen:
    """A combination of right-hand sides, fitted to trajectories.

    Attributes
    ----------
    shot : Shot
    places : tuple of int
        Which candidate of each state.
    length : float
        Of its description, in nats.
    observations : int
        In a segment.
    seconds : float
        That one step of integration took in this fit.
    """

    shot: Shot
    places: tuple[int, ...]
    length: float
    observations: int
    seconds: float

    def starts_of(self, given: Observed) -> np.ndarray:
        """Where each trajectory [trajectories, d] begins."""
        counts = [segments_of(len(one), self.observations) for one in given.trajectories]
        return np.asarray(self.shot.starts.T[np.cumsum([0, *counts[:-1]])])


def choose(
    rivals: Sequence[Sequence[Candidate]], curves: Sequence[Curves], scale: np.ndarray, deadline: float
) -> Chosen:
    """The combination whose trajectories have the shortest description.

    rivals: of each state, shortest first   scale: spread [k] of the states   deadline: in `time.monotonic`
    """
    tried = [tried_of(some) for some in rivals]
    columns, order, timed = curves[0].columns, curves[0].order, curves[0].timed

    def system(places: Sequence[int]) -> System:
        expressions = tuple(some[p].expression for some, p in zip(rivals, places, strict=True))
        return System(expressions, columns, order, timed)

    places = tuple(0 for _ in rivals)
    length = min(_FIRST, max(len(one.trajectory) for one in curves))
    given = segments(curves, length, scale, substeps_for(system(places), curves, length, scale))
    known: dict[tuple[int, ...], Chosen] = {}

    def of(where: tuple[int, ...]) -> Chosen:
        if where not in known:
            known[where] = _fitted(system(where), where, given, length)
        return known[where]

    best, now = of(places), time.monotonic()
    halfway = now + _RIVALS_SHARE * (deadline - now)
    for _ in range(_ROUNDS):
        before = best
        for state, some in enumerate(tried):
            for place in some:
                if time.monotonic() > halfway:
                    break
                other = in_time(halfway, partial(of, (*best.places[:state], place, *best.places[state + 1 :])))
                if other is None:
                    break
                best = min(best, other, key=lambda c: c.length)
        if best is before:
            break
    finalists = sorted(known.values(), key=lambda c: c.length)[:2]
    return _prolonged(best, [c for c in finalists if c is not best], given, curves, scale, deadline)


def refined(
    system: System, places: tuple[int, ...], curves: Sequence[Curves], scale: np.ndarray, deadline: float
) -> Chosen:
    """One combination, fitted to segments as long as it can follow."""
    length = min(_FIRST, max(len(one.trajectory) for one in curves))
    given = segments(curves, length, scale, substeps_for(system, curves, length, scale))
    return _prolonged(_fitted(system, places, given, length), [], given, curves, scale, deadline)


def tried_of(some: Sequence[Candidate]) -> list[int]:
    """Places of those that trajectories are asked about: the best, and of the others the shortest."""
    simpler = [k for k, c in enumerate(some) if c.complexity <= some[0].complexity]
    larger = [k for k, c in enumerate(some) if c.complexity > some[0].complexity][:_LARGER]
    return sorted([*simpler[: _RIVALS - len(larger)], *larger])


def _fitted(system: System, places: tuple[int, ...], given: Segments, observations: int) -> Chosen:
    start = time.monotonic()
    shot, n = shoot(system, given), int(given.seen.sum())
    total = sum(
        description_length(max(float(loss) / spread**2, _FLOOR), expression, n)
        for loss, spread, expression in zip(shot.loss, given.scale, shot.system.expressions, strict=True)
    )
    seconds = (time.monotonic() - start) / (observations * given.substeps)
    return Chosen(shot, places, total, observations, seconds)


def _all_fitted(some: Sequence[Chosen], given: Segments, observations: int) -> list[Chosen]:
    return [_fitted(c.shot.system, c.places, given, observations) for c in some]


def _prolonged(
    best: Chosen,
    others: Sequence[Chosen],
    given: Segments,
    curves: Sequence[Curves],
    scale: np.ndarray,
    deadline: float,
) -> Chosen:
    """Fitted to longer and longer segments, as long as trajectories follow; of several the shortest description."""
    longest = max(len(one.trajectory) for one in curves)
    length = best.observations
    while length < longest and time.monotonic() < deadline:
        length = min(length * _LONGER, longest)
        if length * _LONGER > 2 * longest:
            length = longest
        left = deadline - time.monotonic()
        if best.seconds * length > left:
            break
        substeps = substeps_for(best.shot.system, curves, length, scale)
        if substeps * length > _MOST_STEPS or best.seconds * substeps * length > left:
            break
        if best.seconds * substeps * length * (1 + len(others)) > left:
            others = []
        longer = segments(curves, length, scale, substeps)
        allowed = _WORSE * np.maximum(np.sqrt(best.shot.loss), longer.noise)
        now = in_time(deadline, partial(_all_fitted, [best, *others], longer, length)) or []
        following = [c for c in now if (np.sqrt(c.shot.loss) <= allowed).all()]
        if not following:
            break
        given = longer
        best, *others = sorted(following, key=lambda c: c.length)
    return _freer(best, given, deadline)


def _freer(best: Chosen, given: Segments, deadline: float) -> Chosen:
    """With factors that were 1 fitted too, if observations ask for it."""
    system = best.shot.system
    free = replace(system, expressions=tuple(map(freed, system.expressions)))
    steps = best.observations * given.substeps
    if len(free.constants) == len(system.constants) or best.seconds * steps > deadline - time.monotonic():
        return best
    freer = in_time(deadline, partial(_fitted, free, best.places, given, best.observations))
    return best if freer is None else min(best, freer, key=lambda c: c.length)
