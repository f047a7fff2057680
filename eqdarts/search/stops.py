"""When a search ends: by epochs, fits, time, memory or patience, when it is settled, or with an exact equation."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from eqdarts.equation.front import Front
from eqdarts.equation.selection import choose
from eqdarts.graph.population import Population
from eqdarts.graph.space import SearchSpace
from eqdarts.options import SearchConfig
from eqdarts.runtime.interrupts import Interrupts
from eqdarts.runtime.memory import Memory
from eqdarts.search.budget import BUDGET, Tally
from eqdarts.search.exactness import Exactness, is_plain
from eqdarts.search.finish import finish, offer_all
from eqdarts.search.memory import ExactMemory
from eqdarts.search.problem import Problem, View

# An exact equation that is no proof is doubted until the search has so many times more epochs, and so many.
_DOUBT, _DOUBT_EPOCHS = 5, 100
_LOOK_EPOCHS = 5  # in which a shorter one is looked for, if it is longer than laws are


@dataclass
class Watch:
    """Decides when to stop. Ctrl-C is time that is over, and so is memory that is full.

    Attributes
    ----------
    config : SearchConfig
    start : float
        When the search began, in `time.monotonic`.
    interrupts : Interrupts
    best : float
        The score of the best graph that was some progress.
    stale : int
        Epochs since then.
    closing : float
        When equations must be there in a search that is settled.
    pauses : bool
        Is something done now that is off the clock?
    memory : Memory or None
        What may be taken; None if there is no limit.
    full : float or None
        When so much was taken, in `time.monotonic`.
    tally : Tally
        Of graphs that were fitted.
    """

    config: SearchConfig
    start: float
    interrupts: Interrupts = field(default_factory=Interrupts)
    best: float = np.inf
    stale: int = 0
    closing: float = np.inf
    pauses: bool = False
    memory: Memory | None = None
    full: float | None = None
    tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        self.tally.most = self.config.max_fits

    @property
    def cut_short(self) -> bool:
        """Is the time for equations over where epochs count? Then it decided which there are: fits do not repeat."""
        limit = self.config.max_time
        return limit is not None and not self.by_clock and self.seconds >= limit - self._after

    def without(self, work: Callable[[], None]) -> Callable[[], None]:
        """This work, off the clock."""

        def done() -> None:
            begin, self.pauses = time.monotonic(), True
            try:
                work()
            finally:
                self.start += time.monotonic() - begin
                self.pauses = False

        return done

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.start

    @property
    def deadline(self) -> float:
        """When equations must be there, in `time.monotonic`."""
        end = np.inf if self.config.max_time is None else self.start + self.config.max_time - self._after
        end = min(end, self.closing)
        early = [moment for moment in (self.interrupts.first, self.filled()) if moment is not None]
        return min([end, *(moment + BUDGET.after_interrupt for moment in early)])

    def filled(self) -> float | None:
        """When memory was full, in `time.monotonic`; None if it was not."""
        if self.full is None and self.memory is not None and self.memory.is_full:
            self.full = time.monotonic()
        return self.full

    @property
    def end(self) -> float:
        """When all must be over, in `time.monotonic`."""
        return self.deadline + self._after

    @property
    def _after(self) -> float:
        """Seconds for what comes once equations are there."""
        of_time = np.inf if self.config.max_time is None else BUDGET.after * self.config.max_time
        return min(BUDGET.after_seconds, of_time)

    @property
    def longest(self) -> float:
        """When an epoch is left, in `time.monotonic`."""
        if self.pauses:
            return np.inf
        full = self.filled()
        if full is not None or self.config.max_time is None:
            return np.inf if full is None else full
        return min(self.deadline, self.start + BUDGET.longest * self.config.max_time)

    def epochs(self, work: Callable[[], None]) -> None:
        """Do this, which Ctrl-C leaves, and the time when it is up."""
        self.interrupts.during(work, lambda: self.longest, BUDGET.first_seconds)

    def equations(self, work: Callable[[], None]) -> None:
        """Do this, in the time that there is for it."""
        self.interrupts.during(work, lambda: self.deadline)

    def surely(self, work: Callable[[], None]) -> None:
        """Do this, and if time is up, in a moment."""
        self.interrupts.during(work, lambda: self.end, BUDGET.sure_seconds)

    @property
    def by_clock(self) -> bool:
        """Does time decide what is done while the search runs? Not where epochs count, so that fits repeat."""
        config = self.config
        return config.max_time is not None and config.max_epochs is None and config.max_fits is None

    def until(self, share: float) -> float:
        """When this share of the time is over, in `time.monotonic`; never if time does not decide."""
        if self.config.max_time is None or not self.by_clock:
            return -np.inf if self.interrupts.noted else np.inf
        return min(self.deadline, self.start + share * self.config.max_time)

    def within(self, share: float, deadline: float) -> float:
        """When this share of what is left until a deadline is over; the deadline where time does not decide."""
        now = time.monotonic()
        return now + share * (deadline - now) if self.by_clock else deadline

    def is_over(self, leaves_noise: bool = False) -> bool:
        """Has the search had its share of the time?

        leaves_noise: does its best graph, as far as is known by now? Then time is better spent on equations
        """
        share = BUDGET.search_noisy if leaves_noise else BUDGET.search
        out_of_time = self.config.max_time is not None and self.seconds >= share * self.config.max_time
        return out_of_time or self.interrupts.noted or self.filled() is not None or self.tally.is_full

    def done(self, epochs: int) -> float:
        """Share of the search that is done, by epochs and fits where their number is set, else by time."""
        shares = []
        if self.config.max_epochs is not None:
            shares.append(epochs / self.config.max_epochs)
        if self.config.max_fits is not None:
            shares.append(self.tally.done / self.config.max_fits)
        if shares:
            return min(1.0, max(shares))
        if self.config.max_time is not None:
            return min(1.0, self.seconds / max(self.config.max_time, 1e-9))
        return 0.0

    def note(self, score: float) -> None:
        """Another epoch is over; score: of the best graph by now."""
        self.stale = 0 if score < self.best - 1.0 else self.stale + 1
        self.best = min(self.best, score)

    def reason(self, epoch: int, settled: bool = False, leaves_noise: bool = False) -> str | None:
        """Why the search ends after this epoch; None if it goes on.

        settled: did as many runs agree as are wanted?   leaves_noise: see `is_over`
        """
        config = self.config
        if config.max_epochs is not None and epoch >= config.max_epochs:
            return "max_epochs"
        if self.filled() is not None:
            return "max_memory"
        if self.tally.is_full:
            return "max_fits"
        if self.is_over(leaves_noise):
            return "max_time"
        if settled:
            return "settled"
        if config.patience is not None and self.stale >= config.patience:
            return "patience"
        return None

    def close(self) -> None:
        """Give what comes after the epochs of a settled search a time of its own: not all that is left."""
        if self.by_clock:
            self.closing = time.monotonic() + max(BUDGET.settled_seconds, BUDGET.settled * self.seconds)


class ExactGraphs:
    """Finishes graphs that fit to rounding, and says when one of them is the law.

    One that is as long as what it explains, such as four constants for four rows, is none: it would not be chosen, be
    it beside the mean alone. A large flexible formula comes close to rounding as well, so not every exact equation ends
    the search at once: it needs few constants, and more than four rows for each of them. A large one with constants may
    hide a law that is shorter, such as a quotient with tanh a sum of two exponentials, and waits some epochs for it.
    In the first epoch constants are not fitted by compiled loops, which a law that is found at once shall not wait for.
    view: of the graphs, by default the columns
    """

    def __init__(self, problem: Problem, watch: Watch, view: View | None = None) -> None:
        self._problem, self._watch, self._view = problem, watch, view
        self._exactness = Exactness(problem)
        self._exact_loss = problem.exact_loss
        self._tried: set[bytes] = set()
        self._simplest = np.inf  # complexity of the simplest graph finished as an exact equation
        self._since: int | None = None  # the epoch of the first exact equation
        self._proven_since: int | None = None  # and of the first that proves itself
        self._spent = 0.0

    def memory(self) -> ExactMemory:
        """What it remembers."""
        return ExactMemory(frozenset(self._tried), self._simplest, self._since, self._proven_since, self._spent)

    def recall(self, memory: ExactMemory) -> None:
        """Go on from there."""
        self._tried, self._simplest, self._spent = set(memory.tried), memory.simplest, memory.spent
        self._since, self._proven_since = memory.since, memory.proven_since

    def finish(self, space: SearchSpace, population: Population, front: Front, epoch: int) -> tuple[Front, bool]:
        """The front with the simplest exact graph that is new; true when the search may end."""
        start = time.monotonic()
        if not self._watch.by_clock or self._spent <= BUDGET.exact_seconds + BUDGET.exact * self._watch.seconds:
            problem = self._problem if epoch > 1 else self._problem.without_loops
            front = self._finish_one(space, population, front, problem)
        self._spent += time.monotonic() - start
        exact = [e for e in front if self._exactness.is_exact(e)]
        if not exact or front[choose(front, "best", front.rows)] not in exact:
            return front, False
        proofs = [e for e in exact if self._exactness.is_proof(e)]
        if proofs:
            if self._proven_since is None:
                self._proven_since = epoch
            looked = epoch - self._proven_since >= _LOOK_EPOCHS or epoch == self._watch.config.max_epochs
            return front, looked or any(map(is_plain, proofs))
        if self._since is None:
            self._since = epoch
        return front, epoch > _DOUBT * self._since + _DOUBT_EPOCHS

    def _finish_one(self, space: SearchSpace, population: Population, front: Front, problem: Problem) -> Front:
        keys = population.batch.keys()
        places = np.flatnonzero((population.loss < self._exact_loss) & (population.complexity < self._simplest))
        for k in sorted(places, key=lambda k: population.complexity[k]):
            if keys[k] in self._tried:
                continue
            self._tried.add(keys[k])
            found = list(finish(space, population, [int(k)], problem, self._watch.deadline, view=self._view))
            if any(map(self._exactness.is_exact, found)):
                self._simplest = float(population.complexity[k])
            return offer_all(front, iter(found))
        return front
