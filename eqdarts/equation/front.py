"""The front: the best equations for each complexity."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from eqdarts.data.zero import LADDER
from eqdarts.equation.equation import Equation
from eqdarts.equation.markup import STYLE, equations_markup
from eqdarts.formula.text import format_name
from eqdarts.formula.visible import shortened

_ROUNDING = 1e-9  # losses (relative) and lengths closer than this are one
_ROWS = 100  # of a front whose table is not known
#: Nats by which an equation may be longer than the shortest and is remembered: what is beyond has no probability to
#: speak of, whatever the temperature (`eqdarts.equation.rivals`).
_REMEMBERED = 60.0


@dataclass(frozen=True)
class _Rank:
    """What decides about an equation of a front."""

    equation: Equation
    complexity: int
    loss: float
    length: float  # of its description, in nats

    @classmethod
    def of(cls, equation: Equation, rows: int) -> _Rank:
        complexity, loss = equation.rank
        return cls(equation, complexity, loss, equation.description_length(rows))

    def dominates(self, other: _Rank) -> bool:
        """Is it as simple and as good? Losses that differ by rounding are equal."""
        return self.complexity <= other.complexity and self.loss <= other.loss * (1 + _ROUNDING) + LADDER.exact

    def beats(self, other: _Rank) -> bool:
        """And as short to describe?"""
        return self.dominates(other) and self.length <= other.length + _ROUNDING


@dataclass(frozen=True)
class Front:
    """Equations none of which is as simple as another and fits as well: losses fall as complexity rises.

    By these two alone a law would fall to an imitation of the same size that fits the noise a little better. So where
    one equation is as simple and as good as another, the shorter description of the two stays, digits of numbers
    included; which are left does not depend on the order in which they came.

    What is beaten is not forgotten: how sure the best is depends on all that were offered (`offered`).

    Attributes
    ----------
    equations : tuple of Equation
        Simplest first. Of those given the front is kept.
    rows : int
        Of their table, for description lengths.
    """

    equations: tuple[Equation, ...] = ()
    rows: int = _ROWS
    _ranks: tuple[_Rank, ...] = field(default=(), repr=False, compare=False)  # of all that may come to stay
    _offered: tuple[_Rank, ...] = field(default=(), repr=False, compare=False)  # of all that are remembered

    def __post_init__(self) -> None:
        ranks, offered = list(self._ranks), self._offered
        if not ranks:
            given = [_Rank.of(equation, self.rows) for equation in self.equations]
            for rank in given:
                ranks, offered = _with(ranks, rank), _remembering(offered, rank)
        kept: list[_Rank] = []
        for rank in sorted(ranks, key=lambda r: (r.length, r.complexity, r.loss)):
            if not any(rank.dominates(other) or other.dominates(rank) for other in kept):
                kept.append(rank)
        kept.sort(key=lambda r: r.complexity)
        object.__setattr__(self, "_ranks", tuple(ranks))
        object.__setattr__(self, "_offered", offered)
        object.__setattr__(self, "equations", tuple(r.equation for r in kept))

    def __len__(self) -> int:
        return len(self.equations)

    def __iter__(self) -> Iterator[Equation]:
        return iter(self.equations)

    def __getitem__(self, index: int) -> Equation:
        return self.equations[index]

    def __repr__(self) -> str:
        if not self.equations:
            return "Front()"
        last = self.equations[-1]
        count = "1 equation" if len(self) == 1 else f"{len(self)} equations"
        sizes = sorted({self.equations[0].complexity, last.complexity})
        text = shortened(f"{format_name(last.target)} = {last.text()}")
        return f"Front({count}, complexity {' to '.join(map(str, sizes))}, the last {text!r})"

    def _repr_html_(self) -> str:
        """For notebooks."""
        return f'<div class="eqdarts">{STYLE}{equations_markup(self.equations)}</div>'

    def offer(self, equation: Equation) -> Front:
        """The front of this equation and all that were offered before."""
        new = _Rank.of(equation, self.rows)
        ranks, offered = _with(list(self._ranks), new), _remembering(self._offered, new)
        if offered is self._offered and not (ranks and ranks[-1] is new):
            return self
        return Front(rows=self.rows, _ranks=tuple(ranks), _offered=offered)

    def only(self, wanted: Callable[[Equation], bool]) -> Front:
        """The front of those that are wanted, of all that were offered and not beaten."""
        kept = {rank.equation.expression: wanted(rank.equation) for rank in (*self._ranks, *self._offered)}
        if all(kept.values()):
            return self
        ranks, offered = (
            tuple(rank for rank in some if kept[rank.equation.expression]) for some in (self._ranks, self._offered)
        )
        return Front(rows=self.rows, _ranks=ranks, _offered=offered)

    def taken_apart(self) -> tuple[int, tuple[Equation, ...], tuple[Equation, ...]]:
        """The rows, the equations that may come to stay, and those that are remembered, for `put_together`."""
        ranked, offered = (tuple(rank.equation for rank in ranks) for ranks in (self._ranks, self._offered))
        return self.rows, ranked, offered

    @classmethod
    def put_together(cls, rows: int, ranked: tuple[Equation, ...], offered: tuple[Equation, ...]) -> Front:
        """The front that was taken apart: it takes and refuses the same equations from now on.

        Examples
        --------
        >>> import sympy
        >>> front = Front((Equation(sympy.Symbol("x"), ("x",), "y", 0.5, 0.5, "sample"),), 20)
        >>> again = Front.put_together(*front.taken_apart())
        >>> again == front, again.offered == front.offered
        (True, True)
        """
        ranks, known = (tuple(_Rank.of(equation, rows) for equation in some) for some in (ranked, offered))
        return cls(rows=rows, _ranks=ranks, _offered=known)

    @property
    def offered(self) -> tuple[tuple[Equation, float], ...]:
        """Each equation that was offered, on the front or not, and the length of its description, shortest first.

        Those that are many nats longer than the shortest are left out.
        """
        return tuple((rank.equation, rank.length) for rank in sorted(self._offered, key=lambda r: r.length))


def _with(ranks: list[_Rank], new: _Rank) -> list[_Rank]:
    """With one more, unless it is beaten, and without those that it beats."""
    if not np.isfinite(new.loss) or any(rank.beats(new) for rank in ranks):
        return ranks
    return [*(rank for rank in ranks if not new.beats(rank)), new]


def _remembering(offered: tuple[_Rank, ...], new: _Rank) -> tuple[_Rank, ...]:
    """With one more, unless it is known or far too long, and without those that are so now."""
    shortest = min((rank.length for rank in offered), default=np.inf)
    known = any(rank.equation.expression == new.equation.expression for rank in offered)
    if known or not np.isfinite(new.loss) or new.length > shortest + _REMEMBERED:
        return offered
    return (*(rank for rank in offered if rank.length <= new.length + _REMEMBERED), new)
