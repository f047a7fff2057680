"""Graphs drawn from the architecture weights."""

from __future__ import annotations

from eqdarts.darts.sampling import sample
from eqdarts.propose.proposer import Graphs, Situation


class Draw:
    """Graphs of 1 to so many latent nodes drawn from α, β and γ; all of an epoch while no good ones are known."""

    name, in_addition = "sample", False

    def propose(self, now: Situation) -> Graphs:
        """Half of the room, or all of it."""
        size = now.room - now.room // 2 if now.is_known else now.room
        counts = now.rng.integers(1, now.nodes + 1, size=size)
        weights = now.architecture
        return Graphs(*sample(now.space, weights.alpha, weights.beta, counts, now.rng, weights.gamma))
