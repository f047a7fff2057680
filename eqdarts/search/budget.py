"""How the time of a search is divided.

Where a number of epochs is set, or no time, these shares are not applied while the search runs, so that fits repeat;
`max_time` ends it all the same.
"""

from __future__ import annotations

from dataclasses import dataclass

_CLOSING = 0.05  # of the most, for what comes after the epochs (not tuned)


@dataclass
class Tally:
    """The graphs whose constants were fitted, of a search and all of its branches.

    Attributes
    ----------
    most : int or None
        How many may be.
    done : int
    """

    most: int | None = None
    done: int = 0

    @property
    def is_full(self) -> bool:
        """Were as many fitted as may be?"""
        return self.most is not None and self.done >= self.most

    def room(self, wanted: int, closing: bool = False) -> int:
        """How many of so many may still be fitted, which are counted. closing: after the epochs

        Examples
        --------
        >>> tally = Tally(100)
        >>> tally.room(70), tally.room(70), tally.room(70), tally.room(70, closing=True)
        (70, 30, 0, 5)
        """
        if self.most is not None:
            most = self.most + round(_CLOSING * self.most) if closing else self.most
            wanted = max(0, min(wanted, most - self.done))
        self.done += wanted
        return wanted


@dataclass(frozen=True)
class Budget:
    """Shares of time, and seconds, in the order in which they are spent; none is tuned.

    Attributes
    ----------
    screening : float
        Of `max_time`, at the most, for choosing columns of a wide table before the search.
    search, search_noisy : float
        Of `max_time`, when epochs end. What is left turns graphs into equations; where the best one leaves noise
        only, many are as good, and which of them is the law is only seen in its equation.
    exact, exact_seconds : float
        Of the time so far, and seconds beside it, for finishing graphs that fit to rounding in between, as one may be
        the law: of the search, and of each branch on its own.
    unit_sums : float
        Of what is left after the first epoch, for the sums of products that have the unit of the target.
    look_seconds : float
        For one equation to read, after 4, 16, 64, … epochs.
    simplest : float
        Of what is left when epochs end, for the simplest graph of every size, so that the front has no holes.
    branches : float
        Of what is then left, for the best graphs of branches.
    neighbours : float
        Of what is then left, for fitting neighbours of the best graphs of noisy data. The rest is for the best of all.
    longest : float
        Of `max_time`, after which an epoch that is not over is left where it stands.
    after, after_seconds : float
        Of `max_time`, and the most seconds, that are kept for what comes once there are equations: the best graph and
        the best sum surely, how probable each equation is, and with how many digits it is written.
    sure_seconds, first_seconds : float
        Of the processor's time, for the best graph and the best sum, and for the search itself, if no time is left.
    after_interrupt : float
        Seconds for equations after the epochs, once Ctrl-C was pressed.
    settled, settled_seconds : float
        Of the time so far, as much as others leave, and seconds at the least: for all that comes after the epochs of a
        settled search.
    """

    screening: float = 0.25
    search: float = 0.9
    search_noisy: float = 0.7
    exact: float = 0.25
    exact_seconds: float = 1.0
    unit_sums: float = 0.1
    look_seconds: float = 0.5
    simplest: float = 0.3
    branches: float = 0.4
    neighbours: float = 0.25
    longest: float = 0.93
    after: float = 0.05
    after_seconds: float = 1.0
    sure_seconds: float = 0.25
    first_seconds: float = 0.1
    after_interrupt: float = 2.0
    settled: float = 0.43
    settled_seconds: float = 3.0


BUDGET = Budget()
