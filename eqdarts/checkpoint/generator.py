"""Random generators as plain values, and back."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

_KINDS: dict[str, type[np.random.BitGenerator]] = {
    kind.__name__: kind
    for kind in (np.random.PCG64, np.random.PCG64DXSM, np.random.MT19937, np.random.Philox, np.random.SFC64)
}


@dataclass(frozen=True)
class GeneratorState:
    """Where a generator stands: what it draws next, and which generators it spawns next.

    Attributes
    ----------
    kind : str
    state : mapping
        As its bit generator has it.
    entropy : int, tuple of int or None
    spawn_key : tuple of int
    pool_size, children : int
        Of its seed sequence.
    """

    kind: str
    state: Mapping[str, Any]
    entropy: int | tuple[int, ...] | None
    spawn_key: tuple[int, ...]
    pool_size: int
    children: int

    @classmethod
    def of(cls, rng: np.random.Generator) -> GeneratorState:
        """That of a generator now.

        Examples
        --------
        >>> rng = np.random.default_rng(3)
        >>> again = GeneratorState.of(rng).generator()
        >>> rng.random() == again.random(), rng.spawn(1)[0].random() == again.spawn(1)[0].random()
        (True, True)
        """
        bits = rng.bit_generator
        seeds: Any = bits.seed_seq
        entropy = seeds.entropy
        if entropy is not None and not isinstance(entropy, int):
            entropy = tuple(map(int, np.atleast_1d(entropy)))
        return cls(
            type(bits).__name__,
            copy.deepcopy(bits.state),
            entropy,
            tuple(map(int, seeds.spawn_key)),
            int(seeds.pool_size),
            int(seeds.n_children_spawned),
        )

    def generator(self) -> np.random.Generator:
        """A new one that stands there.

        Raises
        ------
        ValueError
            If this is no state of a generator that is known.
        """
        if self.kind not in _KINDS:
            raise ValueError(f"{self.kind!r} is no generator of random numbers that is known")
        seeds = np.random.SeedSequence(
            self.entropy, spawn_key=self.spawn_key, pool_size=self.pool_size, n_children_spawned=self.children
        )
        bits = _KINDS[self.kind](seeds)
        bits.state = dict(self.state)
        return np.random.Generator(bits)
